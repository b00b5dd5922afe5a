"""The tool `read_file`: pages, places of a word, members, transcripts, and which files a task has."""

from __future__ import annotations

import sys
import types
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ioa.adapters.agents.react.toolkit import Toolbox, ToolFailed, ToolLimits, ToolSetting, open_tools
from ioa.adapters.agents.react.tools.file_kinds import reading
from ioa.ports.agent import LocalFile
from tests.tools.made_files import mail, pdf, wav, zipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "task").mkdir()
    return tmp_path / "task"


def given(folder: Path, **files: str | bytes) -> tuple[LocalFile, ...]:
    found: list[LocalFile] = []
    outside = folder.parent / "given"
    outside.mkdir(exist_ok=True)
    for key, content in files.items():
        name = key.replace("__", ".")
        path = outside / f"stored-{key}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found.append(LocalFile(name, "", path))
    return tuple(found)


@pytest.fixture
async def box(folder: Path) -> AsyncIterator[Toolbox]:
    long = "\n".join(f"Line {number} of the log." for number in range(2000))
    files = given(
        folder,
        log__txt=long,
        map__pdf=pdf([["Harbour map"], ["Depth 9 m", "Mud below"]]),
        all__zip=zipped({"berth.eml": mail(), "note.txt": "inside"}),
    )
    (folder / "made").mkdir()
    (folder / "made" / "total.csv").write_text("n\n1\n")
    async with open_tools(["read_file"], ToolSetting(folder=folder, files=files)) as toolbox:
        yield toolbox


async def test_files_given_and_made_are_listed(box: Toolbox, folder: Path) -> None:
    (folder / ".hidden").write_text("x")
    (folder / "link.txt").symlink_to("/etc/hostname")
    listed = (await box.call("list_files", {})).splitlines()
    assert [line.split(" (")[0] for line in listed] == ["- log.txt", "- map.pdf", "- all.zip", "- made/total.csv"]
    assert listed[3] == "- made/total.csv (4 bytes, made during this task)"


async def test_a_long_file_is_read_page_by_page_without_loss(box: Toolbox) -> None:
    offset, read = 0, ""
    for _ in range(20):
        page = await box.call("read_file", {"name": "log.txt", "offset": offset, "limit": 9000})
        head, _, text = page.partition("\n\n")
        read += text
        if "the next part is at offset=" not in head:
            break
        assert text.endswith("log.\n")
        offset = int(head.rpartition("offset=")[2])
    assert read == "\n".join(f"Line {number} of the log." for number in range(2000))


async def test_a_short_file_is_called_complete_and_titled(box: Toolbox) -> None:
    page = await box.call("read_file", {"name": "MAP.pdf"})
    assert page == "MAP.pdf (PDF), complete\nNote: 2 page(s)\n\n[page 1]\nHarbour map\n\n[page 2]\nDepth 9 m\nMud below"


async def test_places_of_a_phrase_come_with_offsets_that_lead_there(box: Toolbox) -> None:
    found = await box.call("read_file", {"name": "log.txt", "find": "line 1234  OF"})
    assert "stands 1 time(s)" in found
    offset = int(found.partition("offset=")[2].partition(":")[0])
    page = await box.call("read_file", {"name": "log.txt", "offset": offset, "limit": 300})
    assert "Line 1234 of" in page
    assert "[page 2]" in await box.call("read_file", {"name": "map.pdf", "find": "mud"})
    assert "stands nowhere in map.pdf" in await box.call("read_file", {"name": "map.pdf", "find": "gold"})


async def test_members_are_read_through_archive_and_mail(box: Toolbox) -> None:
    page = await box.call("read_file", {"name": "all.zip", "member": "berth.eml::ships.csv"})
    assert page.startswith("all.zip > berth.eml::ships.csv (table of separated values), complete")
    assert "Ada,80" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "lag.txt"}, "Did you mean 'log.txt'? The files of this task: log.txt, map.pdf, all.zip"),
        ({"name": "../../etc/passwd"}, "There is no file '../../etc/passwd'"),
        ({"name": "map.pdf", "offset": 5000}, "offset 5,000 is outside"),
        ({"name": "map.pdf", "offset": -1}, "is outside. Begin at 0."),
        ({"name": "all.zip", "member": "none.txt"}, "There is no member none.txt in all.zip"),
        ({"nome": "map.pdf"}, "read_file: "),
    ],
)
async def test_wrong_calls_are_told_what_to_do(box: Toolbox, arguments: dict[str, object], said: str) -> None:
    with pytest.raises(ToolFailed) as caught:
        await box.call("read_file", arguments)
    assert said in str(caught.value)


async def test_a_file_is_read_once_and_again_when_it_changes(
    box: Toolbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    real = reading.run_bounded

    async def counted(*arguments: Any, **options: Any) -> object:
        started.append(arguments)
        return await real(*arguments, **options)

    monkeypatch.setattr(reading, "run_bounded", counted)
    await box.call("read_file", {"name": "map.pdf"})
    await box.call("read_file", {"name": "map.pdf", "find": "mud"})
    assert len(started) == 1
    (folder / "made" / "total.csv").write_text("n\n1\n")
    await box.call("read_file", {"name": "total.csv"})
    (folder / "made" / "total.csv").write_text("n\n1\n2\n")
    assert await box.call("read_file", {"name": "total.csv"}) != ""
    assert len(started) == 3


async def test_two_files_of_one_name_can_both_be_read(folder: Path) -> None:
    one, two = given(folder, a="first", b="second")
    (folder / "note.txt").write_text("third")
    files = (LocalFile("note.txt", "", one.path), LocalFile("note.txt", "", two.path))
    async with open_tools(["read_file"], ToolSetting(folder=folder, files=files)) as box:
        for name, text in (("note.txt", "first"), ("2/note.txt", "second"), ("./note.txt", "third")):
            assert (await box.call("read_file", {"name": name})).endswith(text)


async def test_a_transcriber_gives_the_words_of_sound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("ears")

    async def heard(path: Path) -> str:
        return f"ahoy, {path.name}"

    def deaf(path: Path) -> str:
        raise OSError("no ears")

    vars(module).update(heard=heard, deaf=deaf)
    monkeypatch.setitem(sys.modules, "ears", module)
    files = given(folder, horn__wav=wav())
    for given_as in ("ears:heard", heard):
        setting = ToolSetting(folder=folder, files=files, options={"read_file": {"transcriber": given_as}})
        async with open_tools(["read_file"], setting) as box:
            page = await box.call("read_file", {"name": "horn.wav"})
            assert "Duration: 1.50 s" in page
            assert "[transcript]\nahoy, stored-horn__wav" in page
            assert "may mishear" in page
    async with open_tools(
        ["read_file"], ToolSetting(folder=folder, files=files, options={"read_file": {"transcriber": deaf}})
    ) as box:
        with pytest.raises(ToolFailed, match=r"The transcriber failed on horn\.wav: OSError: no ears"):
            await box.call("read_file", {"name": "horn.wav"})
    setting = ToolSetting(folder=folder, options={"read_file": {"transcriber": "ears:none"}})
    with pytest.raises(ToolFailed, match="cannot be loaded"):
        async with open_tools(["read_file"], setting):
            pass


async def test_the_time_of_a_call_bounds_the_reading(folder: Path) -> None:
    setting = ToolSetting(folder=folder, files=given(folder, a__txt="x"), limits=ToolLimits(call_s=0.001))
    async with open_tools(["read_file"], setting) as box:
        with pytest.raises(ToolFailed, match=r"a\.txt takes longer than 0\.001 seconds"):
            await box.call("read_file", {"name": "a.txt"})
