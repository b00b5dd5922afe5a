"""Files of every kind that the tools read, made when they are asked for; and what each of them says."""

from __future__ import annotations

import bz2
import email.message
import gzip
import io
import json
import lzma
import sqlite3
import struct
import tarfile
import wave
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from ioa.adapters.agents.react.tools.file_kinds.file_text import Source


def pdf(pages: list[list[str]]) -> bytes:
    """A PDF with these lines on its pages, written by hand."""
    objects: list[bytes] = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids: list[str] = []
    for lines in pages:
        shown = "".join(f"({line}) Tj T* " for line in lines)
        stream = f"BT /F1 12 Tf 14 TL 72 720 Td {shown}ET".encode("latin-1")
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
            % len(objects)
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>".encode()
    out = bytearray(b"%PDF-1.4\n")
    offsets: list[int] = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, at))


def zipped(members: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def docx() -> bytes:
    import docx as word

    document = word.Document()
    document.add_heading("Lease", 0)
    document.add_heading("Deposit", 1)
    document.add_paragraph("The deposit is 1,800 euros.")
    document.add_paragraph("Keys: two", style="List Bullet")
    grid = document.add_table(rows=2, cols=2)
    for row, texts in zip(grid.rows, (("Month", "Rent"), ("May", "900")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.sections[0].header.paragraphs[0].text = "Confidential"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Orders"
    for row in (["item", "price", "day"], ["tea | green", 12.5, date(2026, 3, 1)], ["sum", "=B2", None]):
        sheet.append(row)
    secret = book.create_sheet("Margins")
    secret.append(["margin", 0.25])
    secret.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pptx() -> bytes:
    import pptx as powerpoint
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    deck = powerpoint.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    title = slide.shapes.title
    assert title is not None
    title.text = "Harbour plan"
    grid = slide.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for at, text in ((0, "quay"), (1, "depth")):
        grid.cell(0, at).text = text
        grid.cell(1, at).text = f"{text} 1"
    data = CategoryChartData()
    data.categories = ["Q1", "Q2"]
    data.add_series("ships", (4, 7))
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED
    slide.shapes.add_chart(kind, Inches(1), Inches(4), Inches(4), Inches(3), data)  # pyright: ignore[reportArgumentType] - its stub knows one class of data
    notes = slide.notes_slide.notes_text_frame
    assert notes is not None
    notes.text = "Mention the tide."
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def png() -> bytes:
    from PIL import Image, PngImagePlugin

    words = PngImagePlugin.PngInfo()
    words.add_text("Description", "the hidden word is osprey")
    out = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(out, "PNG", pnginfo=words, dpi=(300, 300))
    return out.getvalue()


def jpeg() -> bytes:
    from PIL import ExifTags, Image

    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Brownie 2"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "S", 2: (33.0, 51.0, 36.0), 3: "E", 4: (151.0, 12.0, 36.0)})
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(2 * 12_000))
    return out.getvalue()


def flac() -> bytes:
    packed = (44_100 << 44) | (1 << 41) | (15 << 36) | 88_200
    return b"fLaC\0\0\0\x22" + bytes(10) + packed.to_bytes(8, "big") + bytes(16)


def mp3() -> bytes:
    title = b"\0Sea Song"
    frame = b"TIT2" + struct.pack(">I", len(title)) + b"\0\0" + title
    return b"ID3\x03\0\0\0\0\0" + bytes([len(frame)]) + frame + b"\xff\xfb\x90\0"


def mail() -> bytes:
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "ana@quay.test", "bo@quay.test", "Berth für Montag"
    message.set_content("The berth is free.")
    message.add_alternative("<p>The berth is <b>free</b>.</p>", subtype="html")
    message.add_attachment(b"ship,length\nAda,80\n", maintype="text", subtype="csv", filename="ships.csv")
    return message.as_bytes()


def sqlite() -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE ships (name TEXT, length REAL)")
        connection.executemany("INSERT INTO ships VALUES (?, ?)", [(f"ship {n}", n) for n in range(60)])
        connection.execute("CREATE VIEW long AS SELECT * FROM ships WHERE length > 50")
        connection.commit()
        return connection.serialize()


def parquet() -> bytes:
    import duckdb

    rows = "SELECT range AS n, 'berth ' || range AS berth FROM range(70)"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.parquet"
        duckdb.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet)")
        return path.read_bytes()


def epub() -> bytes:
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OPS/book.opf"/></rootfiles></container>',
            "OPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            '<metadata><dc:title>Tides</dc:title></metadata><manifest><item id="b" href="two.xhtml"/>'
            '<item id="a" href="one.xhtml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine>'
            "</package>",
            "OPS/one.xhtml": "<html><body><h1>Ebb</h1><p>The water leaves.</p></body></html>",
            "OPS/two.xhtml": "<html><body><h1>Flood</h1><p>The water comes.</p></body></html>",
        }
    )


_ODF = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body>{}</office:body>'
    "</office:document-content>"
)


def odt() -> bytes:
    body = (
        '<office:text><text:h text:outline-level="1">Rules</text:h><text:p>No<text:s/>wake<text:tab/>zone.</text:p>'
        "<text:list><text:list-item><text:p>Slow</text:p></text:list-item></text:list></office:text>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": _ODF.format(body)})


def ods() -> bytes:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    rows = "".join(
        f"<table:table-row>{''.join(cell.format(text) for text in row)}</table:table-row>"
        for row in (("ship", "tons"), ("Ada", "12"))
    )
    empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    body = f'<office:spreadsheet><table:table table:name="Fleet">{rows}{empty}</table:table></office:spreadsheet>'
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": _ODF.format(body)})


NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "source": ["# Tides\n", "by hour"]},
            {
                "cell_type": "code",
                "source": "print(6 * 7)",
                "outputs": [{"text": ["42\n"]}, {"data": {"text/plain": "<Figure>", "image/png": "AAAA"}}],
            },
        ]
    }
)
CALENDAR = (
    "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Port\r\nBEGIN:VEVENT\r\nSUMMARY:Dry dock\\, north\r\n"
    "DTSTART;TZID=Europe/Oslo:20260301T090000\r\nDTEND:20260301T160000Z\r\n"
    "ATTENDEE;CN=Ana Lind:mailto:ana@quay.test\r\nDESCRIPTION:Bring the\r\n  plans\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}"
    rb"\f0 Caf\'e9 \b open\b0\par at \u8364? 5 {\*\x hidden}\u-10179?\u-8704?}"
)
HTML = (
    "<html><head><title>Port</title></head><body><h1>Fees</h1><p>Per day.</p><table>"
    "<tr><th>berth</th><th>fee</th></tr><tr><td>A</td><td>30</td></tr></table><script>no()</script></body></html>"
)

Made = bytes | str | Callable[[], bytes]

KINDS: list[tuple[str, Made, str, list[str]]] = [
    ("plan.txt", "Plain words.\nSecond line.", "plain text", ["Plain words.\nSecond line."]),
    ("README.md", "# Title\n\nText", "Markdown", ["# Title"]),
    ("tide.py", "def tide(): ...\n", "Python source", ["def tide()"]),
    ("tide.rs", "fn tide() {}\n", "text (.rs)", ["fn tide()"]),
    ("umlaut.txt", "Größe".encode("cp1252"), "plain text", ["Größe"]),
    ("wide.txt", "Größe".encode("utf-16"), "plain text", ["Größe"]),
    ("orders.csv", "item;price\ntea;3\n", "table of separated values", ["item;price"]),
    ("orders.tsv", "item\tprice\ntea\t3\n", "table of separated values", ["tea\t3"]),
    ("one.json", '{"port": {"berths": [1, 2]}}', "JSON", ['"berths"']),
    ("many.jsonl", '{"a": 1}\n{"a": 2}\n', "JSON lines", ['{"a": 2}']),
    ("set.yaml", "port: 80\n", "YAML settings", ["port: 80"]),
    ("set.toml", "[port]\nberths = 3\n", "TOML settings", ["berths = 3"]),
    ("set.ini", "[port]\nberths=3\n", "INI settings", ["berths=3"]),
    ("fleet.xml", "<?xml version='1.0'?><fleet><ship>Ada</ship></fleet>", "XML", ["<ship>Ada</ship>"]),
    ("logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'><text>Quay</text></svg>", "SVG picture (XML)", ["Quay"]),
    ("page.html", HTML, "HTML page", ["Title: Port", "## Fees", "berth | fee", "A | 30"]),
    ("notes.rtf", RTF, "rich text (RTF)", ["Café open\nat € 5", "\N{GRINNING FACE}"]),
    ("book.ipynb", NOTEBOOK, "Jupyter notebook", ["[cell 1, markdown]", "print(6 * 7)", "42", "image/png not shown"]),
    ("map.pdf", pdf([["Harbour map"], ["Depth 9 m"]]), "PDF", ["[page 1]\nHarbour map", "[page 2]\nDepth 9 m"]),
    ("lease.docx", docx, "Word document",
     ["# Lease", "## Deposit", "1,800 euros", "- Keys: two", "| Month | Rent |", "Confidential"]),
    ("orders.xlsx", xlsx, "Excel workbook",
     ["[sheet Orders]", "| tea \\| green | 12.5 | 2026-03-01 |", "| sum | =B2 |", "[sheet Margins]"]),
    ("deck.pptx", pptx, "PowerPoint presentation",
     ["[slide 1]", "# Harbour plan", "| quay | depth |", "| ships | 4", "Speaker notes: Mention the tide."]),
    ("rules.odt", odt, "OpenDocument text", ["# Rules", "No wake\tzone.", "- Slow"]),
    ("fleet.ods", ods, "OpenDocument spreadsheet", ["[sheet Fleet]", "| Ada | 12 |"]),
    ("tides.epub", epub, "EPUB book", ["Title: Tides", "[chapter 1]\n## Ebb", "The water comes."]),
    ("seal.png", png, "picture", ["PNG; 20 x 10 pixels; mode RGB", "the hidden word is osprey", "300 x 300 dpi"]),
    ("quay.jpg", jpeg, "picture", ["JPEG; 8 x 8", "EXIF Model: Brownie 2", "-33.860000, 151.210000"]),
    ("horn.wav", wav, "sound", ["WAV, 8000 Hz, 16 bits, 1 channel(s)", "Duration: 1.50 s"]),
    ("horn.flac", flac, "sound", ["44100 Hz, 16 bits, 2 channel(s)", "Duration: 2.00 s"]),
    ("song.mp3", mp3, "sound", ["MP3", "Title: Sea Song"]),
    ("film.mp4", b"\0\0\0\x18ftypisom" + bytes(40), "video", ["Size: 52 bytes"]),
    ("all.zip", zipped({"a/one.txt": "1", "two.csv": "x"}), "ZIP archive", ["| a/one.txt | 1 |", "two.csv"]),
    ("all.tar", tarred({"a/one.txt": b"1"}), "TAR archive", ["| a/one.txt | 1 |"]),
    ("all.tar.gz", gzip.compress(tarred({"one.txt": b"1"})), "TAR archive", ["| one.txt | 1 |"]),
    ("all.tar.xz", lzma.compress(tarred({"one.txt": b"1"})), "TAR archive", ["| one.txt | 1 |"]),
    ("log.txt.gz", gzip.compress(b"one line"), "plain text", ["one line"]),
    ("log.txt.bz2", bz2.compress(b"one line"), "plain text", ["one line"]),
    ("log.txt.xz", lzma.compress(b"one line"), "plain text", ["one line"]),
    ("ships.db", sqlite, "SQLite database",
     ["CREATE TABLE ships", "first 50 of 60 rows", "| ship 49 | 49.0 |", "[view long]"]),
    ("berths.parquet", parquet, "Parquet file", ["| n | BIGINT |", "| 49 | berth 49 |"]),
    ("berth.eml", mail, "mail", ["Subject: Berth für Montag", "The berth is free."]),
    ("port.ics", CALENDAR, "calendar",
     ["Summary: Dry dock, north", "Start: 2026-03-01 09:00 (Europe/Oslo)", "End: 2026-03-01 16:00 UTC",
      "Attendee: Ana Lind (ana@quay.test)", "Description: Bring the plans"]),
]  # fmt: skip


def laid(folder: Path, name: str, made: Made) -> Source:
    if callable(made):
        made = made()
    path = folder / "file"
    path.write_bytes(made if isinstance(made, bytes) else made.encode())
    return Source(name, path)
