"""A hub with very many agents that starts again: from the start of its process until it answers a search.

The agents are registered without HTTP, in a process of its own, with made-up cards and random vectors (to embed 100,000
cards takes half an hour). What starts again is `ioa hub` itself, with what the first has left in its folder.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from bench.cards import made_up_cards
from bench.figures import significant
from bench.hub_process import RandomVectors, register
from ioa import bootstrap
from ioa.adapters.index import open_index
from ioa.hub.security import local_token
from ioa.hub.settings import HubSettings

ROOT = Path(__file__).resolve().parents[1]
_WITHIN_S, _ASKED_EVERY_S, _SETTLED_WITHIN_S = 120.0, 0.02, 600.0


def measure(agents: int, folder: Path) -> dict:
    """Register so many in `folder`, start a hub there, and say how long that took."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "bench.discovery_restart", str(agents), str(folder)], cwd=ROOT, check=True)
    filled_s = time.perf_counter() - begin
    token = local_token(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "ioa", "hub", "--data", str(folder), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        try:
            up_s, found_s, found = _asked(f"http://127.0.0.1:{port}", token, process, begin)
            cpu_s = _cpu_s(process.pid)
        finally:
            process.terminate()
    assert len(found) == 5, found
    return {
        "agents": agents,
        "register, s": significant(filled_s),
        "listens after, s": significant(up_s),
        "first search answered after, s": significant(found_s),
        "CPU until then, s": significant(cpu_s),
    }


def _asked(url: str, token: str, process: subprocess.Popen[bytes], begin: float) -> tuple[float, float, list[dict]]:
    """Seconds until it listened, and until it answered a search, and the answer."""
    head = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=head, trust_env=False, timeout=_WITHIN_S) as http:
        while True:
            try:
                http.get("/v1/health")
                break
            except httpx.ConnectError:
                if process.poll() is not None or time.perf_counter() - begin > _WITHIN_S:
                    assert process.stderr is not None
                    raise RuntimeError(f"the hub did not start: {process.stderr.read().decode()}") from None
                time.sleep(_ASKED_EVERY_S)
        up_s = time.perf_counter() - begin
        answer = http.get("/v1/agents", params={"search": "translates rural contracts for lawyers", "limit": 5})
        assert answer.status_code == 200, answer.text
        return up_s, time.perf_counter() - begin, answer.json()["items"]


def _cpu_s(pid: int) -> float:
    """Of a process and all its threads so far; 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _fill(agents: int, folder: Path) -> None:
    index = open_index(store=RandomVectors(), background=True, file=folder / bootstrap.INDEX_FILE)
    try:
        async with bootstrap.open_hub(HubSettings(data_dir=folder, port=0), index=index, listen=False) as opened:
            await register(opened.hub, made_up_cards(agents, seed=1))
            await asyncio.to_thread(index.settle, _SETTLED_WITHIN_S)
    finally:
        index.close()


if __name__ == "__main__":
    asyncio.run(_fill(int(sys.argv[1]), Path(sys.argv[2])))
