"""Every test of the command line has a data folder, a working folder and an environment of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ioa.cli.program import program
from tests.cli.fake_hub import TOKEN, FakeHub, serving


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for name in ("IOA_HUB", "IOA_TOKEN", "IOA_HUB_TOKEN", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IOA_DATA", str(tmp_path / "data"))


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with serving(FakeHub()) as running:
        yield running


class Ioa:
    """Runs `ioa` with arguments in this process; `hub` adds the fake hub's address."""

    def __call__(self, *arguments: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(program, list(arguments), input=stdin)

    def at(self, hub: FakeHub, *arguments: str, stdin: str | None = None) -> Result:
        return self(*arguments, "--hub", hub.url, "--token", TOKEN, stdin=stdin)


@pytest.fixture
def ioa() -> Ioa:
    return Ioa()
