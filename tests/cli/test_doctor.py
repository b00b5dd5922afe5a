"""`ioa doctor`: what it finds, and that it says how to mend it."""

from __future__ import annotations

import json
import sqlite3
from importlib import metadata
from pathlib import Path

import pytest

from ioa.cli import doctor, doctor_models
from ioa.settings import Settings
from ioa.testing.model_server import ModelServer, Reply
from tests.cli.conftest import Ioa
from tests.cli.fake_hub import FakeHub


def test_everything_is_looked_at_and_a_problem_is_the_exit_code(ioa: Ioa, hub: FakeHub) -> None:
    result = ioa.at(hub, "doctor", "--json")
    checks = json.loads(result.stdout)
    found = {check["check"] for check in checks}
    assert {"python", "packages", "agents", "meaning", "sqlite", "data folder", "terminal", "sandbox", "hub"} <= found
    problems = [check for check in checks if check["status"] == "problem"]
    assert result.exit_code == (1 if problems else 0)
    assert all(check["remedy"] for check in checks if check["status"] != "ok")
    (hubs,) = [check for check in checks if check["check"] == "hub"]
    assert hubs["status"] == "ok"
    assert "2 agents, 1 online" in hubs["found"]


def test_a_wrong_token_and_a_hub_that_is_away_are_problems(ioa: Ioa, hub: FakeHub) -> None:
    for arguments in (("--hub", hub.url, "--token", "wrong"), ("--hub", "http://127.0.0.1:9")):
        result = ioa("doctor", *arguments)
        assert result.exit_code == 1
        assert "problem" in result.stdout
        assert "mend:" in result.stdout


def test_the_model_of_meaning_is_tried() -> None:
    (check,) = doctor.check_meaning()
    assert check.status == "ok"
    assert "digest right" in check.found


def test_a_folder_that_cannot_be_written_or_is_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    (check,) = doctor.check_data(Settings(data=tmp_path / "file"))
    assert (check.status, "IOA_DATA" in check.remedy) == ("problem", True)
    (check,) = doctor.check_data(Settings(data=tmp_path / "new"))
    assert check.status == "ok"
    monkeypatch.setattr(doctor, "LOW_SPACE_BYTES", 2**70)
    (check,) = doctor.check_data(Settings(data=tmp_path))
    assert check.status == "warning"
    monkeypatch.setattr(doctor, "NO_SPACE_BYTES", 2**70)
    (check,) = doctor.check_data(Settings(data=tmp_path))
    assert check.status == "problem"


def test_missing_libraries_are_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ioa.adapters.agents.builtin.missing", lambda name: ("duckdb",) if name == "plotter" else ())
    checks = doctor.check_agents()
    (warning,) = [check for check in checks if check.status == "warning"]
    assert "plotter needs duckdb" in warning.found
    assert warning.remedy == "pip install 'internet-of-agents[agents]'"


def test_old_versions_and_other_encodings_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 7, 0))
    assert doctor.check_sqlite()[0].status == "problem"
    monkeypatch.setattr(doctor, "MIN_PYTHON", (4, 0))
    assert doctor.check_python()[0].status == "problem"


async def test_without_bubblewrap_the_coder_is_said_to_be_less_protected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    check = await doctor.check_sandbox()
    assert (check.status, "not shut off" in check.found) == ("warning", True)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/bin/false")
    check = await doctor.check_sandbox()
    assert (check.status, "may not be used" in check.found) == ("warning", True)


def test_a_check_that_breaks_is_a_problem_and_not_an_end(ioa: Ioa, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[doctor.Check]:
        raise RuntimeError("odd")

    monkeypatch.setattr(doctor, "check_meaning", broken)
    result = ioa("doctor")
    assert result.exit_code == 1
    assert "RuntimeError: odd" in result.stdout


def found(checks: list[doctor.Check], what: str, status: str) -> list[str]:
    return [check.found for check in checks if (check.what, check.status) == (what, status)]


def test_extras_that_are_not_whole_are_optional_and_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    required = {
        doctor.DISTRIBUTION: ["click>=8", "mcp<3,>=2.0; extra == 'mcp'", "slim[openai,google]<3; extra == 'models'"],
        "slim": ["httpx", "openai>=3; extra == 'openai'", "gemini<3,>=2; extra == 'google'"],
    }

    def requires(name: str) -> list[str]:
        if name in ("openai", "gemini"):
            raise metadata.PackageNotFoundError(name)
        return required.get(name, [])

    monkeypatch.setattr(metadata, "requires", requires)
    monkeypatch.setattr(metadata, "metadata", lambda name: requires(name) or [name])
    assert doctor_models.absent_of(required[doctor.DISTRIBUTION], "models") == ["openai", "gemini"]
    checks = doctor_models.check_extras()
    (whole,) = found(checks, "extras", "ok")
    assert "mcp" in whole
    assert "models" not in whole
    (lacking,) = [check for check in checks if check.status == "optional"]
    assert "openai, gemini not installed" in lacking.found
    assert lacking.remedy == "pip install 'internet-of-agents[models]'"


def test_each_tool_is_ready_or_says_what_it_lacks(tmp_path: Path) -> None:
    bare = doctor_models.check_tools({"PATH": str(tmp_path)})
    (lacking,) = [check for check in bare if check.status == "optional"]
    assert "web_search" in lacking.found
    assert "BRAVE_API_KEY" in lacking.remedy
    assert "IOA_WEB_SEARCH=duckduckgo" in lacking.remedy
    (ready,) = found(bare, "tools", "ok")
    assert "code_executor" in ready
    (ready,) = found(doctor_models.check_tools({"IOA_WEB_SEARCH": "duckduckgo"}), "tools", "ok")
    assert "web_search" in ready


def test_keys_are_named_and_never_shown() -> None:
    env = {"ANTHROPIC_API_KEY": "very-secret", "BRAVE_API_KEY": "secret-too", "IOA_MODEL": "x@https://me:pw@host/v1",
           "OLLAMA_HOST": "http://127.0.0.1:9"}  # fmt: skip
    checks = doctor_models.check_keys(env)
    text = " ".join(f"{check.found} {check.remedy}" for check in checks)
    assert "ANTHROPIC_API_KEY is set: --model anthropic:" in text
    assert "BRAVE_API_KEY set" in text
    assert "IOA_MODEL is set" in text
    assert not any(secret in text for secret in ("very-secret", "secret-too", "pw"))
    (none,) = doctor_models.check_keys({"OLLAMA_HOST": "http://127.0.0.1:9"})
    assert (none.status, "OPENAI_API_KEY" in none.remedy) == ("optional", True)


def test_chromium_is_found_or_what_it_would_be_good_for_is_said(tmp_path: Path) -> None:
    (check,) = doctor_models.check_chromium({"IOA_BROWSER_JAVASCRIPT": "off"})
    assert (check.status, "IOA_BROWSER_JAVASCRIPT" in check.found) == ("optional", True)
    (check,) = doctor_models.check_chromium({"IOA_CHROMIUM": str(tmp_path / "chromium")})
    assert (check.status, str(tmp_path) in check.found) == ("ok", True)


def test_optional_things_are_no_reason_to_worry(capsys: pytest.CaptureFixture[str]) -> None:
    doctor.show((doctor.Check("extras", "optional", "mcp: mcp not installed", "pip install x"),))
    said = capsys.readouterr().out
    assert "get: pip install x" in said
    assert "All is well." in said


async def test_a_model_is_called_once_and_what_is_wrong_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    script = [Reply.calling("ready", {"word": "ok"}), "I am ready."]
    async with ModelServer(script) as server:
        name = f"gpt-4o@{server.openai_url}"
        good, plain = await doctor_models.check_models([name, name])
        assert len(server.calls) == 2
    assert (good.status, "It calls tools" in good.found) == ("ok", True)
    assert (plain.status, "agent=MODEL" in plain.remedy) == ("warning", True)
    gone, keyless, unknown = await doctor_models.check_models([name, "openai:gpt-5", "nonsense"])
    assert {gone.status, keyless.status, unknown.status} == {"problem"}
    assert "nothing answers" in gone.found
    assert "OPENAI_API_KEY is not set" in keyless.found
    assert "docs/models.md" in unknown.remedy


def test_a_model_that_cannot_be_used_is_the_exit_code(ioa: Ioa, hub: FakeHub) -> None:
    result = ioa.at(hub, "doctor", "--model", "nonsense", "--json")
    assert result.exit_code == 1
    (check,) = [check for check in json.loads(result.stdout) if check["check"] == "model"]
    assert check["status"] == "problem"
