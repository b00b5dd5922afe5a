"""One hub a folder; others find it, and what a killed process leaves behind misleads nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ioa import data_folder
from ioa.data_folder import FolderInUse, free_network_folder, hold, hub_folders, running_at, token_in
from ioa.settings import Settings


def test_a_held_folder_says_who_holds_it_and_is_free_again_afterwards(tmp_path: Path) -> None:
    assert running_at(tmp_path) is None
    with hold(tmp_path, "hub") as held:
        found = running_at(tmp_path)
        assert found is not None
        assert (found.purpose, found.pid, found.url) == ("hub", os.getpid(), None)
        held.announce("http://127.0.0.1:1")
        found = running_at(tmp_path)
        assert found is not None
        assert found.url == "http://127.0.0.1:1"
    assert running_at(tmp_path) is None
    assert not (tmp_path / data_folder.NOTE_FILE).exists()


def test_a_second_one_is_refused_and_told_where_the_first_is(tmp_path: Path) -> None:
    with hold(tmp_path, "hub") as held:
        held.announce("http://127.0.0.1:1")
        with (
            pytest.raises(FolderInUse, match=r"process \d+ \(ioa hub\) at http://127\.0\.0\.1:1"),
            hold(tmp_path, "run"),
        ):
            raise AssertionError("held twice")


def test_one_that_only_reads_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = list[float]()
    with hold(tmp_path, "read"):
        monkeypatch.setattr(data_folder.time, "sleep", waits.append)
        monkeypatch.setattr(data_folder, "WAIT_FOR_READERS_S", 0.05)
        with pytest.raises(FolderInUse), hold(tmp_path, "run"):
            raise AssertionError("held twice")
    assert waits


def test_the_note_of_a_killed_process_does_not_count(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from ioa.data_folder import hold\n"
        "with hold(Path(sys.argv[1]), 'hub') as held:\n"
        "    held.announce('http://127.0.0.1:1'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert json.loads((tmp_path / data_folder.NOTE_FILE).read_text())["url"] == "http://127.0.0.1:1"
    assert running_at(tmp_path) is None
    with hold(tmp_path, "run"):
        pass


def test_networks_that_run_at_once_have_folders_of_their_own(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert hub_folders(settings) == ()
    first = free_network_folder(settings)
    with hold(first, "run"):
        second = free_network_folder(settings)
        assert second != first
        with hold(second, "read"):
            assert free_network_folder(settings) == second
        assert hub_folders(settings) == (first, second)


@pytest.mark.skipif(sys.platform == "win32", reason="file modes of POSIX")
def test_only_the_user_can_look_into_a_new_folder(tmp_path: Path) -> None:
    with hold(tmp_path / "new", "hub"):
        assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_the_token_is_read_where_the_hub_leaves_it(tmp_path: Path) -> None:
    assert token_in(tmp_path) is None
    (tmp_path / "token").write_text("abc\n")
    assert token_in(tmp_path) == "abc"
