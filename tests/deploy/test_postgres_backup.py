"""The backup of a hub over PostgreSQL as docs/operate.md describes it: a dump while it runs, and its restoration."""

from __future__ import annotations

import asyncio
import re
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from ioa.bootstrap import open_hub
from ioa.hub.settings import HubSettings
from ioa.protocol.messages import Discussion
from ioa.testing.servers.postgres import find_postgres
from tests.hub.served import ALICE, Served

GUIDE = Path(__file__).parents[2] / "docs" / "operate.md"


@asynccontextmanager
async def hub_at(url, folder):
    settings = HubSettings(data_dir=folder, port=0, users={"alice": ALICE})
    async with open_hub(settings, meaning=False, store_url=url) as opened:
        async with httpx.AsyncClient(base_url=opened.url, trust_env=False, timeout=60) as http:
            net = Served(opened.hub, opened, http)
            yield net
        for agent in net.agents:
            await agent.leave()


def told(name: str) -> list[str]:
    """The words of the guide's command that begins with this name."""
    (line,) = re.findall(rf"^({name} .*)$", GUIDE.read_text(), re.MULTILINE)
    return line.split()


async def ran(words: list[str], **puts: Any) -> None:
    program = str(find_postgres() / words[0])
    arguments = [puts.get(word, word) for word in words[1:]]
    done = await asyncio.to_thread(subprocess.run, [program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def test_a_dump_of_the_database_while_the_hub_works_is_a_whole_backup(postgres_server, tmp_path):
    url, dump = postgres_server.database(), str(tmp_path / "ioa.dump")
    async with hub_at(url, tmp_path / "before") as net:
        ann, bob = await net.join("Ann"), await net.join("Bob")
        goal_id, group = await net.group(ann, "Bob")
        await ann.post(Discussion, group, content="kept", next_speaker=("Bob",))
        await bob.heard(group, 2)
        headers = {"Content-Type": "text/plain"}
        stored = await net.ask("PUT", "/v1/artifacts?name=a.txt", content=b"words in a file", headers=headers)
        assert stored.status_code == 201, stored.text
        await ran(told("pg_dump"), **{"--file=ioa.dump": f"--file={dump}", '"$DATABASE"': url})
        await bob.post(Discussion, group, content="after the dump", next_speaker=("Ann",))
        epoch, tokens = net.hub.store.epoch, dict(net.tokens)
    again = postgres_server.database()
    await ran(told("pg_restore"), **{"ioa.dump": dump, '"--dbname=$DATABASE"': f"--dbname={again}"})
    (renaming,) = re.findall(r"^UPDATE ioa\.epoch .*;$", GUIDE.read_text(), re.MULTILINE)
    postgres_server.run(renaming, again)
    async with hub_at(again, tmp_path / "after") as net:
        assert net.hub.store.epoch != epoch
        shown = (await net.ask("GET", f"/v1/groups/{group}/messages")).json()
        assert [entry["message"].get("content") for entry in shown["items"]][1:] == ["kept"]
        found = await net.ask("GET", f"/v1/artifacts/{stored.json()['digest']}")
        assert found.content == b"words in a file"
        assert (await net.ask("GET", f"/v1/goals/{goal_id}")).json()["status"] == "running"
        net.tokens = tokens
        bob = await net.connect("Bob")
        await bob.post(Discussion, group, content="on it goes", next_speaker=("Ann",))
        await bob.heard(group, 3)
