from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ioa.adapters.artifacts.http import HELD_BYTES, HttpArtifacts
from ioa.client.task_files import plain_name
from ioa.ports.artifacts import ArtifactUnavailable
from ioa.protocol.messages import Artifact


class Now:
    """A clock on which nobody waits; how long they wanted to is in `waited`."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def now_s(self) -> float:
        return 0.0

    def monotonic_s(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


class Store:
    """A hub's artifacts, which may misbehave: `answers` are given before the real ones."""

    def __init__(self) -> None:
        self.bytes: dict[str, bytes] = {}
        self.answers: list[Response | Exception] = []
        self.tokens: list[str] = []
        self.clock = Now()
        app = Starlette(
            routes=[
                Route("/v1/artifacts", self.put, methods=["PUT"]),
                Route("/v1/artifacts/{digest}", self.get),
            ]
        )
        self.exchange = HttpArtifacts(
            "http://hub.invalid", "secret", clock=self.clock, random=Random(1), transport=httpx.ASGITransport(app)
        )

    def _strange(self, request: Request) -> Response | None:
        self.tokens.append(request.headers["authorization"])
        if not self.answers:
            return None
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def put(self, request: Request) -> Response:
        strange = self._strange(request)
        if strange is not None:
            return strange
        data = await request.body()
        assert int(request.headers["content-length"]) == len(data)
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.bytes[digest] = data
        fields = {"name": request.query_params["name"], "media_type": request.query_params["media_type"]}
        return JSONResponse({**fields, "size_bytes": len(data), "digest": digest}, 201)

    async def get(self, request: Request) -> Response:
        return self._strange(request) or Response(self.bytes[request.path_params["digest"]])


@pytest.fixture
async def store():
    made = Store()
    async with made.exchange:
        yield made


def empty(folder: Path) -> bool:
    return not list(folder.iterdir())


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def refusal(status: int, message: str) -> Response:
    return JSONResponse({"error": {"code": "x", "message": message}}, status)


async def test_a_file_goes_up_and_comes_down_the_same(store: Store, tmp_path: Path):
    data = bytes(range(256)) * 5_000
    (tmp_path / "in.bin").write_bytes(data)
    artifact = await store.exchange.put(tmp_path / "in.bin", "Übersicht & mehr.bin", "application/x-thing")
    assert (artifact.name, artifact.media_type, artifact.size_bytes) == (
        "Übersicht & mehr.bin",
        "application/x-thing",
        len(data),
    )
    (tmp_path / "out").mkdir()
    path = await store.exchange.fetch(artifact, tmp_path / "out")
    assert path.name == "Übersicht & mehr.bin"
    assert path.read_bytes() == data
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == [path.name]
    assert set(store.tokens) == {"Bearer secret"}


async def test_a_long_file_is_written_in_pieces_over_what_an_ended_process_left(store: Store, tmp_path: Path):
    data = bytes(range(251)) * 12_000
    assert len(data) > 2 * HELD_BYTES
    (tmp_path / "f.txt.part").write_bytes(b"left behind")
    artifact = _artifact(data)
    store.bytes[artifact.digest] = data
    assert (await store.exchange.fetch(artifact, tmp_path)).read_bytes() == data
    store.bytes[artifact.digest] = data[:-1] + b"?"
    with pytest.raises(ArtifactUnavailable, match="digest"):
        await store.exchange.fetch(artifact, tmp_path)
    assert names(tmp_path) == ["f.txt"]
    assert (tmp_path / "f.txt").read_bytes() == data


async def test_an_empty_file_is_a_file(store: Store, tmp_path: Path):
    (tmp_path / "empty").write_bytes(b"")
    artifact = await store.exchange.put(tmp_path / "empty", "empty", "text/plain")
    (tmp_path / "out").mkdir()
    assert (await store.exchange.fetch(artifact, tmp_path / "out")).read_bytes() == b""


async def test_lost_connections_and_overloaded_hubs_are_tried_again_with_growing_waits(store: Store, tmp_path: Path):
    store.answers = [httpx.ConnectError("refused"), refusal(503, "busy"), httpx.ReadError("cut"), refusal(429, "slow")]
    (tmp_path / "f").write_bytes(b"x")
    await store.exchange.put(tmp_path / "f", "f", "text/plain")
    assert len(store.clock.waited) == 4
    assert store.clock.waited[-1] > store.clock.waited[0]


async def test_tries_end(store: Store, tmp_path: Path):
    store.answers = [httpx.ConnectError("refused") for _ in range(50)]
    (tmp_path / "f").write_bytes(b"x")
    with pytest.raises(ArtifactUnavailable, match="'f' failed 6 times: refused"):
        await store.exchange.put(tmp_path / "f", "f", "text/plain")


async def test_a_file_over_the_limit_is_named(store: Store, tmp_path: Path):
    store.answers = [refusal(413, "at most 64 MiB")]
    (tmp_path / "f").write_bytes(b"x")
    with pytest.raises(ArtifactUnavailable, match=r"'big\.bin' is too large for the hub: at most 64 MiB"):
        await store.exchange.put(tmp_path / "f", "big.bin", "text/plain")
    assert store.clock.waited == []


async def test_a_file_that_is_not_there_is_named(store: Store, tmp_path: Path):
    with pytest.raises(ArtifactUnavailable, match="'f' cannot be read"):
        await store.exchange.put(tmp_path / "nowhere", "f", "text/plain")


async def test_an_artifact_of_others_is_refused_with_the_hubs_words(store: Store, tmp_path: Path):
    store.answers = [refusal(404, "no such artifact")]
    with pytest.raises(ArtifactUnavailable, match="no such artifact"):
        await store.exchange.fetch(_artifact(b"x"), tmp_path)
    assert empty(tmp_path)


async def test_damaged_and_overlong_bytes_are_not_kept(store: Store, tmp_path: Path):
    artifact = _artifact(b"right")
    store.bytes[artifact.digest] = b"wrong"
    with pytest.raises(ArtifactUnavailable, match="digest"):
        await store.exchange.fetch(artifact, tmp_path)
    store.bytes[artifact.digest] = b"right and more"
    with pytest.raises(ArtifactUnavailable, match="longer than its 5 bytes"):
        await store.exchange.fetch(artifact, tmp_path)
    assert empty(tmp_path)


async def test_a_download_that_breaks_off_is_tried_again(store: Store, tmp_path: Path):
    artifact = _artifact(b"whole")
    store.bytes[artifact.digest] = b"whole"
    store.answers = [Response(b"who")]
    assert (await store.exchange.fetch(artifact, tmp_path)).read_bytes() == b"whole"
    assert len(store.clock.waited) == 1


def _artifact(data: bytes) -> Artifact:
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    return Artifact(name="f.txt", media_type="text/plain", size_bytes=len(data), digest=digest)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("report.md", "report.md"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "file"),
        (".hidden", "hidden"),
        ("a\x00b\n.txt", "a_b_.txt"),
        ("C:\\temp\\x.csv", "C__temp_x.csv"),
        ("  ", "file"),
        ("数据 📈.csv", "数据 📈.csv"),
        ("ends with dot. ", "ends with dot"),
    ],
)
def test_names_of_strangers_stay_in_their_folder(name, plain):
    assert plain_name(name) == plain


def test_long_names_are_cut_and_keep_their_ending():
    made = plain_name("é" * 300 + ".parquet")
    assert made.endswith("é.parquet")
    assert len(made.encode()) <= 200
