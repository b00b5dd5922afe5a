"""Every kind of file that the tools read, made and read back; the reader is chosen by content, then by name."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, table
from ioa.adapters.agents.react.tools.file_kinds.readers import read_file
from ioa.adapters.agents.react.tools.file_kinds.recognise import recognised
from tests.tools.made_files import CALENDAR, KINDS, Made, laid, mail, pdf, png, tarred, wav, xlsx, zipped


def read(folder: Path, name: str, made: Made) -> FileText:
    return read_file(laid(folder, name, made))[1]


@pytest.mark.parametrize(("name", "made", "kind", "said"), KINDS, ids=[name for name, *_ in KINDS])
def test_each_kind_becomes_text(tmp_path: Path, name: str, made: Made, kind: str, said: list[str]) -> None:
    text = read(tmp_path, name, made)
    assert text.kind == kind
    for words in said:
        assert words in text.text


def test_at_least_fifteen_kinds_are_read() -> None:
    assert len({kind for _, _, kind, _ in KINDS}) >= 25


@pytest.mark.parametrize(
    ("name", "made", "kind"), [(n, m, k) for n, m, k, _ in KINDS if callable(m) or k in ("PDF", "ZIP archive")]
)
def test_content_decides_where_the_name_lies(tmp_path: Path, name: str, made: Made, kind: str) -> None:
    text = read(tmp_path, "wrong.csv" if kind != "Parquet file" else "wrong.zip", made)
    assert text.kind == kind
    assert any(note.startswith("wrong.") and "its content is" in note for note in text.notes)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("noname", '[{"a": 1}]', "json"),
        ("noname", "From: a@b.test\nTo: c@d.test\nSubject: x\n\nhi", "mail"),
        ("page.txt", "<!DOCTYPE html><p>x</p>", "html"),
        ("letter.txt", "To: whom it may concern\n\nSubject to change.", "text"),
        ("data.csv", "{ not json", "csv"),
        ("broken.pdf", "this is no PDF", "text"),
    ],
)
def test_text_is_told_apart_by_what_it_says(tmp_path: Path, name: str, content: str, kind: str) -> None:
    assert recognised(laid(tmp_path, name, content)).kind == kind


def test_notes_tell_what_a_reader_should_know(tmp_path: Path) -> None:
    book = read(tmp_path, "orders.xlsx", xlsx)
    assert any("1 formula(s) without a stored value" in note for note in book.notes)
    assert any("sheet Margins is hidden" in note for note in book.notes)
    assert any("not described" in note for note in read(tmp_path, "seal.png", png).notes)
    assert any("no transcriber is set" in note for note in read(tmp_path, "horn.wav", wav).notes)
    assert any("not valid JSON (line 1" in note for note in read(tmp_path, "x.json", "{1}").notes)
    assert any("not valid TOML" in note for note in read(tmp_path, "x.toml", "a = = 1").notes)
    assert any("record 2 is not valid JSON" in note for note in read(tmp_path, "x.jsonl", "1\n{\n").notes)
    assert any("2 rows with the title row, 2 columns" in n for n in read(tmp_path, "x.csv", "a,b\n1,2\n").notes)
    assert any("1 rows have another number of cells" in n for n in read(tmp_path, "x.csv", "a,b\n1\n").notes)
    assert "calendar: Port" in read(tmp_path, "port.ics", CALENDAR).notes


def test_json_in_one_long_line_is_spread_over_lines(tmp_path: Path) -> None:
    text = read(tmp_path, "long.json", json.dumps([{"n": n} for n in range(500)]))
    assert max(len(line) for line in text.text.splitlines()) < 100
    assert "a list of 500" in text.notes


def test_members_of_archives_and_mails_are_read_through_each_other(tmp_path: Path) -> None:
    inner = gzip.compress(tarred({"deep/map.pdf": pdf([["Harbour map"]])}))
    source = laid(tmp_path, "all.zip", zipped({"inner.tgz": inner, "berth.eml": mail()}))
    _, text = read_file(source, ["inner.tgz", "deep/map.pdf"])
    assert text.text == "[page 1]\nHarbour map"
    _, text = read_file(source, ["berth.eml", "ships.csv"])
    assert "Ada,80" in text.text
    assert read_file(source, ["berth.eml"])[1].members == ("ships.csv",)


def test_tables_are_written_as_markdown() -> None:
    rows = [[None, None], ["a", "b|c"], [datetime(2026, 1, 2, tzinfo=UTC), b"xyz"], [None, None]]
    assert table(rows) == "| a | b\\|c |\n| --- | --- |\n| 2026-01-02 00:00:00+00:00 | <3 bytes> |"
    assert table([[1]], header=False) == "| column1 |\n| --- |\n| 1 |"
    assert table([]) == ""
