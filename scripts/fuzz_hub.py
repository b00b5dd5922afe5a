"""Targets of `scripts/fuzz.py` that attack a running hub.

Called by it: fuzz_hub.py frames|http SECONDS SEED SCRATCH. 0 seconds: a fixed number of inputs."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from ioa.adapters.store.sqlite import SqliteStore
from ioa.bootstrap import open_hub
from ioa.hub.settings import HubSettings, Limits
from ioa.ports.transport import ConnectionLost
from ioa.protocol.codec import encode
from ioa.protocol.frames import Accepted, ClientFrame, Found, Post, Search
from ioa.protocol.messages import AnyMessage
from tests.hub.network import network
from tests.protocol.wire import values

TOKEN = "ioa_user_fuzz_0123456789abcdefghijklmnop"
BATCH = 100
SHORT_BATCHES = 1
SHORT_EXAMPLES = 3
PLACES = {"sender": "rogue", "comm_id": "group", "assignee": "list", "next_speaker": "list", "team_members": "list"}
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth"


class Complaints(logging.Handler):
    """Keeps what the hub logs as an error of its own: a refused frame is none."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(logging.Formatter().format(record))


frames = st.one_of(
    values(ClientFrame).map(encode),
    values(AnyMessage).map(lambda message: encode(Post(message=message))),
    st.binary(max_size=400),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
)


def at_home(data: bytes, comm_id: str, keep: bool) -> bytes:
    """The frame with the sender's own name and its own group in the places for them: so it comes further."""
    if keep:
        return data
    try:
        raw: Any = json.loads(data)
    except ValueError:
        return data
    names = {"rogue": "Rogue", "group": comm_id, "list": ["Rogue"]}

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: names[PLACES[key]] if key in PLACES else walk(inner) for key, inner in value.items()}
        return [walk(inner) for inner in value] if isinstance(value, list) else value

    return json.dumps(walk(raw)).encode()


def fuzz_frames(seconds: int, first: int, scratch: Path) -> int:
    """Batches, each on a hub of its own, until the time is over."""
    ends = time.monotonic() + seconds
    sent = accepted = 0
    number = first
    complaints = Complaints()
    logging.getLogger("ioa").addHandler(complaints)
    loop = asyncio.Runner()

    async def one_batch() -> None:
        nonlocal sent, accepted
        folder = scratch / f"hub-{number}"
        folder.mkdir()
        limits = Limits(frames_per_s=1e9, frames_burst=1_000_000_000)
        async with network(folder, limits=limits, store=SqliteStore(folder / "hub.sqlite")) as net:
            rogue, good = await net.join("Rogue"), await net.join("Good")
            theirs, ours = await net.group(rogue), await net.group(good)

            async def attack(inputs: list[tuple[bytes, bool]]) -> None:
                nonlocal sent, accepted, rogue
                for data, keep in inputs:
                    if rogue.closed:
                        rogue = await net.connect("Rogue")
                    try:
                        await rogue.connection.send(at_home(data, theirs, keep))
                    except ConnectionLost:
                        rogue = await net.connect("Rogue")
                    sent += 1
                stranger = net.wire()
                await stranger.send(inputs[0][0])  # as the first frame of a connection, where hello belongs
                await stranger.close()
                answer = await good.ask(Search(request_id=good.new_id(), desc=("does things",)))
                assert isinstance(answer, Found), answer
                accepted += sum(isinstance(frame, Accepted) for frame in rogue.frames)
                assert all(frame.code != "internal" for frame in rogue.refusals), rogue.refusals[-1]
                assert not complaints.found, complaints.found[0]
                assert {message.sender for message in good.log(ours)} <= {"Good", "@hub"}
                rogue.refusals.clear()
                rogue.frames.clear()

            here = asyncio.get_running_loop()

            @seed(number)
            @settings(max_examples=BATCH, deadline=None, database=None, suppress_health_check=tuple(HealthCheck))  # pyright: ignore[reportArgumentType] - an enum with a metaclass of its own
            @given(st.lists(st.tuples(frames, st.booleans()), min_size=1, max_size=20))
            def examples(inputs: list[tuple[bytes, bool]]) -> None:
                if not seconds or time.monotonic() < ends:
                    asyncio.run_coroutine_threadsafe(attack(inputs), here).result(timeout=30)

            await asyncio.to_thread(examples)

    with loop:
        while (number - first < SHORT_BATCHES) if not seconds else time.monotonic() < ends:
            loop.run(one_batch())
            number += 1
    if not sent:
        print("no frame was sent in the time")
        return 1
    print(f"ran {sent:,} frames, {accepted:,} of them accepted into a log, in {number - first} batches")
    return 0


def fuzz_http(seconds: int, first: int, scratch: Path) -> int:
    """schemathesis over a hub on a free port of loopback, by the description that it serves."""
    complaints = Complaints()
    logging.getLogger("ioa").addHandler(complaints)
    ready, over = threading.Event(), threading.Event()
    url: list[str] = []

    async def serve() -> None:
        known = HubSettings(data_dir=scratch / "hub", port=0, users={"fuzz": TOKEN})
        async with open_hub(known, meaning=False) as hub:
            url.append(hub.url)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30), "the hub does not start"
        command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{url[0]}/openapi.json"]
        command += ["-H", f"Authorization: Bearer {TOKEN}", "--seed", str(first)]
        command += ["--max-time", str(seconds)] if seconds else ["--max-examples", str(SHORT_EXAMPLES)]
        command += [
            "--checks",
            CHECKS,
            "--max-failures",
            "5",
            "--request-timeout",
            "20",
            "--warnings",
            "off",
            "--no-color",
            "--suppress-health-check",
            "filter_too_much",  # names that are none are hard to make up; that is no finding
        ]
        done = subprocess.run(command, check=False, cwd=scratch, capture_output=True, text=True)
        print(done.stdout, done.stderr)
    finally:
        over.set()
        thread.join(30)
    if complaints.found:
        print("the hub logged errors of its own:", *complaints.found[:3], sep="\n")
        return 1
    if not re.search(r"[1-9]\d* generated", done.stdout):
        print("schemathesis has sent nothing")
        return 1
    return done.returncode


if __name__ == "__main__":
    what, duration, start, where = sys.argv[1:]
    sys.exit({"frames": fuzz_frames, "http": fuzz_http}[what](int(duration), int(start), Path(where)))
