"""The manual is complete, and cheap to show."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import ioa as package
from ioa.cli.failures import MEANINGS, Exit
from ioa.cli.program import SECTIONS, program
from ioa.settings import SETTINGS, Settings
from tests.cli.conftest import Ioa

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
HEAVY = ("numpy", "onnxruntime", "httpx", "starlette", "uvicorn", "websockets", "msgspec", "yaml", "rich", "duckdb",
         "asyncio", "sqlite3", "ioa.hub", "ioa.client", "ioa.adapters", "ioa.protocol")  # fmt: skip


def test_every_setting_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for setting in SETTINGS:
        assert f"| `{setting.variable}` |" in text


def test_every_variable_that_the_source_reads_is_a_setting() -> None:
    read = set[str]()
    for path in Path(package.__file__).parent.rglob("*.py"):
        read |= set(
            re.findall(r"(?:environ|getenv|env)(?:\.get)?[\[(]\s*[\"'](IOA_[A-Z_]+)", path.read_text(encoding="utf-8"))
        )
    assert "IOA_DATA" in read
    assert read <= {setting.variable for setting in SETTINGS}


def test_every_command_option_and_exit_code_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for command in program.commands.values():
        assert f"](#ioa-{command.name}) | " in text, f"ioa {command.name} is not in the table of docs/cli.md"
        _, _, section = text.partition(f"\n## ioa {command.name}\n")
        section = section.partition("\n## ")[0]
        below = list(command.commands.values()) if isinstance(command, click.Group) else []
        for one in below:
            assert f"    ioa {command.name} {one.name} " in section, (
                f"ioa {command.name} {one.name} is not in docs/cli.md"
            )
        for parameter in [parameter for one in (command, *below) for parameter in one.params]:
            for option in (*parameter.opts, *parameter.secondary_opts):
                if isinstance(parameter, click.Option):
                    assert option in section, f"{option} of ioa {command.name} is not in docs/cli.md"
    for code, _ in MEANINGS:
        assert f"| {int(code)} |" in text
    assert {code for code, _ in MEANINGS} == set(Exit)


def test_every_command_has_its_place_in_the_manual(ioa: Ioa) -> None:
    shown = ioa("--help").stdout
    for title, commands in SECTIONS:
        assert f"{title}:" in shown
        for command in commands:
            assert re.search(rf"^  {command.name} ", shown, re.MULTILINE)
    for code, _ in MEANINGS:
        assert re.search(rf"^ +{int(code)}  ", shown, re.MULTILINE)
    for setting in SETTINGS:
        assert setting.variable in shown


@pytest.mark.parametrize("command", sorted(program.commands))
def test_every_command_explains_itself(ioa: Ioa, command: str) -> None:
    result = ioa(command, "--help")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 8


@pytest.mark.parametrize("code", ["import ioa", "from ioa.cli import main; main()"])
def test_the_manual_needs_no_heavy_module(code: str) -> None:
    program = (
        f"import sys; sys.argv = ['ioa', '--help']\ntry:\n    {code}\nexcept SystemExit: pass\nprint(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "ioa" in loaded
    assert not loaded & set(HEAVY)
    assert len(loaded) < 250


def test_the_version_is_printed(ioa: Ioa) -> None:
    assert ioa("--version").stdout == f"ioa {package.__version__}\n"


def test_the_package_gives_what_agents_need_when_it_is_first_used() -> None:
    assert callable(package.agent)
    assert {"agent", "Assignment", "Outcome", "AgentFailed", "__version__"} <= set(dir(package))
    with pytest.raises(AttributeError, match="nonsense"):
        package.nonsense  # noqa: B018 - the attribute is what is tried


def test_a_mistyped_command_or_option_gets_a_suggestion(ioa: Ioa) -> None:
    assert "run" in ioa("rum", "x").stderr
    assert "--online" in ioa("agents", "--onlin").stderr


def test_empty_settings_count_as_not_set(tmp_path: Path) -> None:
    bare = Settings.read({"IOA_DATA": str(tmp_path), "IOA_HUB": "", "IOA_TOKEN": "", "NO_COLOR": ""})
    assert bare == Settings(data=tmp_path)
    given = Settings.read({"IOA_DATA": str(tmp_path), "IOA_HUB": "http://h", "IOA_TOKEN": "t", "NO_COLOR": "1"})
    assert (given.hub_url, given.token, given.colour) == ("http://h", "t", False)


def test_every_variable_that_a_tool_reads_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    read = set[str]()
    for path in (Path(package.__file__).parent / "adapters" / "agents" / "react").rglob("*.py"):
        read |= set(re.findall(r"[\"'](IOA_[A-Z_]+|[A-Z_]+_API_KEY)\b", path.read_text(encoding="utf-8")))
    assert {"IOA_CHROMIUM", "BRAVE_API_KEY"} <= read
    assert {name for name in read if f"`{name}`" not in text} == set()


def test_every_option_of_serving_tools_is_documented() -> None:
    _, _, section = DOCS.read_text(encoding="utf-8").partition("\n## ioa tools\n")
    section = section.partition("\n## ")[0]
    group = program.commands["tools"]
    assert isinstance(group, click.Group)
    for parameter in group.commands["serve"].params:
        assert all(option in section for option in parameter.opts if option.startswith("--"))


def test_every_model_variable_and_decision_is_documented() -> None:
    from ioa.adapters.models.naming import KEYS
    from ioa.adapters.models.setting import DECISIONS

    text = (DOCS.parent / "models.md").read_text(encoding="utf-8")
    assert [key for key in KEYS.values() if f"`{key}`" not in text] == []
    assert [decision for decision in DECISIONS if f"| `{decision}` |" not in text] == []


def test_the_example_of_an_agent_with_tools_loads() -> None:
    from ioa.adapters.agents.card_file import load_card_file
    from ioa.adapters.agents.react.agent import ReactAgent

    made = load_card_file(DOCS.parents[1] / "examples" / "researcher.yaml")
    assert isinstance(made.agent, ReactAgent)
    assert made.card.name == "Researcher"
