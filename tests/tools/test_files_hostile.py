"""Files that are broken, locked, not what they say, or made to harm: each ends in a sentence with a remedy."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from ioa.adapters.agents.react.tools.file_kinds import office, packed, reading
from ioa.adapters.agents.react.tools.file_kinds.file_text import Source, UnreadableFile
from ioa.adapters.agents.react.tools.file_kinds.readers import read_file
from ioa.adapters.agents.react.tools.file_kinds.reading import passages_of, text_of
from tests.tools.made_files import Made, docx, laid, pdf, png, tarred, xlsx, zipped


def problem(source: Source, members: tuple[str, ...] = ()) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_file(source, members)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "made", "said"),
    [
        ("none.txt", b"", "none.txt is empty (0 bytes)."),
        ("blank.txt", b" \n\t ", "blank.txt has nothing but white space"),
        ("core.bin", bytes(range(256)), "core.bin is binary data of no kind known here"),
        ("old.doc", b"\xd0\xcf\x11\xe0" + bytes(60), "save it as .docx, .xlsx, .pptx or .eml"),
        ("all.7z", b"7z\xbc\xaf\x27\x1c" + bytes(60), "pack it as .zip or .tar.gz"),
        ("all.rar", b"Rar!\x1a\x07" + bytes(60), "pack it as .zip or .tar.gz"),
        ("run.exe", b"MZ" + bytes(60), "run.exe is a program for Windows"),
        ("cut.zip", zipped({"a": "1"})[:30], "cut.zip is not a whole ZIP archive"),
        ("cut.tar.gz", gzip.compress(tarred({"a": b"1" * 5000}))[:60], "cut.tar.gz is not whole"),
        ("cut.docx", docx()[:3000], "cut.docx is not a whole ZIP archive"),
        ("cut.pdf", b"%PDF-1.7\n1 0 obj", "cut.pdf is a broken PDF"),
        ("scan.pdf", pdf([[], []]), "scan.pdf has 2 page(s) but no text: it is a scan"),
        ("cut.png", png()[:40], "cut.png"),
        ("cut.db", b"SQLite format 3\0" + bytes(200), "cut.db is a broken SQLite database"),
        ("cut.parquet", b"PAR1" + bytes(40), "cut.parquet is a broken Parquet file"),
        ("bad.ipynb", b'{"cells": [', "bad.ipynb is no valid notebook"),
        ("bare.html", b"<html><script>x</script></html>", "bare.html contains no readable text"),
        ("hollow.docx", zipped({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}), "hollow.docx is broken"),
        ("hollow.xlsx", zipped({"[Content_Types].xml": "<x/>", "xl/workbook.xml": "<x/>"}), "hollow.xlsx is broken"),
        ("hollow.pptx", zipped({"[Content_Types].xml": "<x/>", "ppt/presentation.xml": "<"}), "hollow.pptx is broken"),
    ],
)
def test_what_cannot_be_read_is_named_with_a_remedy(tmp_path: Path, name: str, made: Made, said: str) -> None:
    assert said in problem(laid(tmp_path, name, made))


def test_a_locked_archive_and_a_locked_pdf_say_so(tmp_path: Path) -> None:
    raw = bytearray(zipped({"secret.txt": "x"}))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    source = laid(tmp_path, "locked.zip", bytes(raw))
    assert any("locked with a password" in note for note in read_file(source)[1].notes)
    assert "locked with a password" in problem(source, ("secret.txt",))
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("tide", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert "encrypted with a password" in problem(laid(tmp_path, "locked.pdf", out.getvalue()))


def test_a_member_that_unpacks_to_too_much_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MAX_MEMBER_BYTES", 10_000)
    monkeypatch.setattr(packed, "MAX_SCANNED_BYTES", 50_000)
    bomb = b"0" * 1_000_000
    assert "more than 10,000 bytes" in problem(laid(tmp_path, "bomb.zip", zipped({"big": bomb})), ("big",))
    assert "more than 10,000 bytes" in problem(laid(tmp_path, "bomb.txt.gz", gzip.compress(bomb)))
    tar = laid(tmp_path, "bomb.tar.gz", gzip.compress(tarred({"big": bomb})))
    assert "more than 50,000 bytes" in problem(tar)


def test_an_office_file_that_declares_too_much_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MAX_UNPACKED_BYTES", 1_000_000)
    out = io.BytesIO(xlsx())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/big.bin", bytes(1_000_000))
    assert "at most 1,000,000 are read; split it" in problem(laid(tmp_path, "bomb.xlsx", out.getvalue()))


def test_archives_inside_each_other_end_at_some_depth(tmp_path: Path) -> None:
    content = zipped({"x.txt": "deep"})
    for _ in range(6):
        content = zipped({"x.zip": content})
    source = laid(tmp_path, "deep.zip", content)
    assert "lies too deep" in problem(source, ("x.zip",) * 6 + ("x.txt",))


def test_a_member_is_never_written_under_its_own_name(tmp_path: Path) -> None:
    inside = tmp_path / "work"
    inside.mkdir()
    for name in ("../escaped.txt", "/etc/ioa-escaped.txt"):
        source = laid(inside, "evil.tar", tarred({name: b"words"}))
        assert read_file(source, [name])[1].text == "words"
    source = laid(inside, "evil.zip", zipped({"..\\..\\escaped.txt": "words"}))
    assert read_file(source, read_file(source)[1].members)[1].text == "words"
    assert [path.name for path in tmp_path.rglob("*")] == ["work", "file"]


def test_an_absent_member_and_a_member_of_no_archive_are_told(tmp_path: Path) -> None:
    assert "There is no member" in problem(laid(tmp_path, "a.zip", zipped({"x": "1"})), ("y",))
    assert "There is no member 'y'" in problem(laid(tmp_path, "a.tar", tarred({"x": b"1"})), ("y",))
    assert "neither an archive nor a mail" in problem(laid(tmp_path, "a.txt", "words"), ("y",))


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    text = read_file(laid(tmp_path, "x.xml", f"<?xml version='1.0'?>{laughs}"))[1]
    assert "&b;" in text.text
    assert any("entities" in note for note in text.notes)
    odt = zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": laughs})
    assert "declares entities" in problem(laid(tmp_path, "x.odt", odt))


def test_what_is_nested_beyond_reason_does_not_end_the_reader(tmp_path: Path) -> None:
    text = read_file(laid(tmp_path, "deep.json", "[" * 100_000 + "]" * 100_000))[1]
    assert text.kind == "JSON"
    assert any("nested too deeply" in note for note in text.notes)


def test_only_so_many_characters_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ioa.adapters.agents.react.tools.file_kinds import file_text

    gathered = file_text.Gathering("long.txt", room=10)
    gathered.add("one", "0123456")
    gathered.add("two", "0123456")
    gathered.add("three", "never")
    assert gathered.made("text").text == "[one]\n0123456\n\n[two]\n012"
    assert gathered.notes == ["long.txt: only its first 4,000,000 characters were read"]


async def test_a_file_that_takes_too_long_is_named(tmp_path: Path) -> None:
    source = laid(tmp_path, "slow.txt", "words")
    with pytest.raises(UnreadableFile, match=r"slow\.txt takes longer than 0\.001 seconds to read; split it"):
        await text_of(source, time_s=0.001)


async def test_a_file_that_ends_the_process_is_blamed_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A process that dies at the file called `deadly`, as a library in C does at a file made for it.
    (tmp_path / "deadly_worker.py").write_text(
        "import json, os, sys\n"
        "from ioa.adapters.agents.react.tools.file_kinds.worker import answer\n"
        "for request in json.loads(sys.stdin.read()):\n"
        "    if request['name'] == 'deadly':\n"
        "        os.abort()\n"
        "    print(json.dumps(answer(request)), flush=True)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(reading, "_WORKER", "deadly_worker")
    sources: list[Source] = []
    for name in ("one.txt", "deadly", "two.txt"):
        (tmp_path / name).write_text(f"The words of {name} are few.")
        sources.append(Source(name, tmp_path / name))
    one, deadly, two = await passages_of(sources)
    assert [p.text for p in one.passages] == ["The words of one.txt are few."]
    assert [p.text for p in two.passages] == ["The words of two.txt are few."]
    assert deadly.problem.startswith("deadly ended the process that read it")


async def test_a_module_beside_the_documents_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the document ran')")
    (tmp_path / "note.txt").write_text("words")
    monkeypatch.chdir(tmp_path)
    assert (await text_of(Source("note.txt", Path("note.txt")))).text == "words"


async def test_keys_of_services_are_not_handed_to_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    (tmp_path / "telling_worker.py").write_text(
        "import json, os, sys\n"
        "said = {'kind': 'x', 'parts': [['', ' '.join(os.environ)]], 'notes': [], 'members': [], 'passages': []}\n"
        "print(json.dumps(said))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(reading, "_WORKER", "telling_worker")
    said = (await text_of(laid(tmp_path, "x.txt", "x"))).text
    assert "PATH" in said
    assert "SOME_API_KEY" not in said
