"""`ioa doctor`: what it finds, and that it says how to mend it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from ioa.cli import doctor
from ioa.settings import Settings
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
