"""`agent.yaml`: `ioa.adapters.agents.card_file`, and the built-in agents it may name."""

from __future__ import annotations

import sys
import textwrap

import pytest

from ioa.adapters.agents import builtin
from ioa.adapters.agents.card_file import CardFileError, load_card_file
from ioa.adapters.agents.carded import TeamRules
from ioa.adapters.agents.command import CommandAgent
from ioa.adapters.agents.remote import RemoteAgent
from ioa.ports.agent import AgentFailed, Assignment


async def quiet(_: str) -> None:
    pass


@pytest.fixture
def load(tmp_path):
    def load(text: str):
        path = tmp_path / "agent.yaml"
        path.write_text(textwrap.dedent(text))
        return load_card_file(path)

    return load


CARD = "name: Weather\ndescription: Tells the weather.\n"


async def test_a_function_beside_the_file(load, tmp_path):
    (tmp_path / "sibling.py").write_text("WORD = 'sunny'\n")
    (tmp_path / "weather.py").write_text(
        "def run(task_desc):\n    import sibling\n    return sibling.WORD + task_desc\n"
    )
    made = load(CARD + "function: weather:run\nskills: [weather forecast]\nidempotent: true\ntimeout_s: 5\n")
    assert (made.card.name, made.card.skills, made.card.idempotent, made.timeout_s) == (
        "Weather", ("weather forecast",), True, 5.0,
    )  # fmt: skip
    assert (await made.perform(Assignment("t", "?", tmp_path), quiet)).conclusion == "sunny?"


async def test_two_folders_may_have_modules_of_the_same_name(tmp_path):
    made = []
    for word in ("one", "two"):
        folder = tmp_path / word
        folder.mkdir()
        (folder / "samename.py").write_text(f"class A:\n    @staticmethod\n    def run(t): return {word!r}\n")
        (folder / "a.yaml").write_text(CARD + "function: samename:A\n")
        made.append(load_card_file(folder / "a.yaml"))
    results = [(await one.perform(Assignment("t", "?", tmp_path), quiet)).conclusion for one in made]
    assert results == ["one", "two"]


def test_a_decorated_function_brings_its_card(load, tmp_path):
    (tmp_path / "decorated.py").write_text(
        "from ioa.adapters.agents.function import agent\n"
        "@agent(name='Own', description='Own words.', skills=('a',), timeout_s=9)\ndef run(t): return t\n"
    )
    made = load("function: decorated:run\nname: Other\n")
    assert (made.name, made.card.description, made.card.skills, made.timeout_s) == ("Other", "Own words.", ("a",), 9.0)


async def test_a_command_beside_the_file(load, tmp_path):
    (tmp_path / "agent.py").write_text("import sys; print('hi', sys.stdin.read())")
    made = load(CARD + f"command: [{sys.executable!r}, agent.py]\n")
    assert isinstance(made.agent, CommandAgent)
    folder = tmp_path / "task"
    folder.mkdir()
    assert (await made.perform(Assignment("t", "you", folder), quiet)).conclusion == "hi you"


def test_a_command_as_text_is_split_without_a_shell(load):
    assert load(CARD + "command: echo 'a b' {task}\n").agent.argv == ("echo", "a b", "{task}")


def test_url_team_and_type(load):
    made = load(CARD + "url: https://example.org/run\ntype: Human Assistant\nteam: {nested: false, depth: 2}\n")
    assert isinstance(made.agent, RemoteAgent)
    assert not made.agent.allow_private
    assert made.team == TeamRules(nested=False, depth=2)
    assert made.card.type == "Human Assistant"


async def test_one_who_only_discusses_needs_no_agent(load, tmp_path):
    (tmp_path / "eyes.py").write_text("def look(): return 'a red cube'\n")
    made = load(CARD + "discussion_only: true\nobserve: eyes:look\n")
    assert made.card.discussion_only
    assert made.observe is not None
    assert made.observe() == "a red cube"
    with pytest.raises(AgentFailed, match="only discusses"):
        await made.perform(Assignment("t", "?", tmp_path), quiet)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CARD + "functoin: a:b\n", "functoin: unknown key. Did you mean 'function'"),
        (CARD + "zzz: 1\n", "zzz: unknown key. Known are: name"),
        (CARD, "exactly one of function, command, url, builtin, tools is needed, got none"),
        (CARD + "url: https://a.org\nfunction: a:b\n", "got function and url"),
        ("description: d\nfunction: os:getcwd\n", "name: missing"),
        ("name: n\nfunction: os:getcwd\n", "description: missing"),
        ("name: 12\ndescription: d\nfunction: os:getcwd\n", "name: 12 is int, not text"),
        ('name: "a\\u0007b"\ndescription: d\nfunction: os:getcwd\n', r"U\+0007"),
        (CARD + "function: nomodulehere:run\n", "importing 'nomodulehere' failed: ModuleNotFoundError"),
        (CARD + "function: os:getcwdd\n", "'os' has no 'getcwdd'. Did you mean 'getcwd'"),
        (CARD + "function: '../../etc:run'\n", "is not module:attr"),
        (CARD + "function: run\n", "is not module:attr"),
        (CARD + "function: os:sep\n", "is no agent"),
        (CARD + "function: os:getcwd\ntype: Robot\n", "type: 'Robot' is none of Human Assistant | Thing Assistant"),
        (CARD + "function: os:getcwd\nskills: one\n", "skills: 'one' is str, not a list"),
        (CARD + "function: os:getcwd\nskills: [1]\n", "skills: 1 is int, not text"),
        (CARD + "function: os:getcwd\nidempotent: 'yes'\n", "idempotent: 'yes' is str; write true or false"),
        (CARD + "function: os:getcwd\ntimeout_s: -1\n", "timeout_s: -1 is not a number of seconds above 0"),
        (CARD + "function: os:getcwd\ntimeout_s: .nan\n", "timeout_s: nan"),
        (CARD + "function: os:getcwd\nteam: {deep: 1}\n", "team.deep: unknown key. Did you mean 'depth'"),
        (CARD + "function: os:getcwd\nteam: {depth: x}\n", "team.depth: 'x' is not a whole number"),
        (CARD + "function: os:getcwd\nallow_private: true\n", "allow_private: only belongs beside url"),
        (CARD + "command: []\n", "names no program"),
        (CARD + "command: [1]\n", "command: 1 is int"),
        (CARD + "command: echo 'x\n", "unbalanced quotes"),
        (CARD + "url: ftp://a.org\n", "must begin with http"),
        (CARD + "url: https://u:p@a.org\n", "user name or password"),
        ("builtin: libarian\n", "builtin: 'libarian' is none of .* Did you mean 'librarian'"),
        ("- a\n- b\n", "is list, not lines of key: value"),
        ("", "is empty, not lines"),
        ("1: a\n", "the key 1 is int"),
        ("a: [\n", "not YAML"),
        ("!!python/object/apply:os.system ['true']\n", "not YAML"),
    ],
)
def test_files_that_are_refused(load, text, said):
    with pytest.raises(CardFileError, match=said) as failure:
        load(text)
    assert "agent.yaml" in str(failure.value)


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    with pytest.raises(CardFileError, match=r"cannot be read \(No such file"):
        load_card_file(tmp_path / "no.yaml")
    (tmp_path / "bin.yaml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(CardFileError, match="not UTF-8"):
        load_card_file(tmp_path / "bin.yaml")
    (tmp_path / "large.yaml").write_text("a" * 300_000)
    with pytest.raises(CardFileError, match="larger than"):
        load_card_file(tmp_path / "large.yaml")


def test_a_module_that_breaks_or_exits_when_imported(load, tmp_path):
    (tmp_path / "breaks.py").write_text("1 / 0\n")
    (tmp_path / "exits.py").write_text("raise SystemExit(2)\n")
    for module, said in (("breaks", "ZeroDivisionError"), ("exits", "SystemExit: 2")):
        with pytest.raises(CardFileError, match=said):
            load(CARD + f"function: {module}:run\n")


@pytest.mark.parametrize("short_name", builtin.BUILTIN)
def test_each_built_in_agent_has_a_card_that_a_hub_takes(load, short_name):
    made = load(f"builtin: {short_name}\nname: Mine\n")
    assert made.name == "Mine"
    assert len(made.card.description) > 40
    assert len(made.card.skills) >= 4


def test_what_is_missing_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(builtin, "find_spec", lambda name: None)
    assert builtin.missing("librarian") == ("beautifulsoup4", "pypdf")
    assert builtin.missing("coder") == ()
    assert "pip install 'internet-of-agents[agents]'" in builtin.remedy("librarian")
    with pytest.raises(builtin.MissingLibrary, match="beautifulsoup4"):
        builtin.builtin_agent("librarian")


def test_an_unknown_short_name():
    with pytest.raises(builtin.UnknownBuiltIn, match="'poet' is none of data-analyst"):
        builtin.builtin_agent("poet")
