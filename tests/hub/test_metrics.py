"""The figures that a hub gives to Prometheus."""

from __future__ import annotations

import re

from ioa.protocol.messages import Discussion
from tests.hub.served import ALICE, served

ROOT = "root-token-of-more-than-20-characters"
LINE = re.compile(r'^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+$')


def values(text):
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in text.splitlines() if line[0] != "#")
    }


async def figures(net):
    answer = await net.ask("GET", "/metrics", token=ROOT)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


async def test_what_happens_is_counted(tmp_path):
    async with served(tmp_path, operators={"root": ROOT}) as net:
        before = values(await figures(net))
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        _, group = await net.group(ann, "Bob")
        await ann.post(Discussion, group, content="hi", next_speaker=("Bob",))
        await ann.post(Discussion, group, content="not mine to say", next_speaker=("Bob",))
        await bob.heard(group, 2)
        after = values(await figures(net))
        grown = {name: after[name] - before.get(name, 0.0) for name in after}
        assert grown["ioa_connections"] == grown["ioa_agents"] == 2
        assert grown["ioa_entries_total"] == grown["ioa_log_position"] == 2
        assert grown["ioa_groups_launched_total"] == grown["ioa_goals_open"] == 1
        assert grown['ioa_refusals_total{code="not_the_floor"}'] == 1
        assert grown["ioa_commit_seconds_count"] >= 2
        assert grown['ioa_commit_seconds_bucket{le="+Inf"}'] == grown["ioa_commit_seconds_count"]
        assert grown["ioa_frames_sent_total"] >= 8
        assert after["ioa_store_up"] == 1
        assert after["process_cpu_seconds_total"] > 0


async def test_the_text_is_what_prometheus_reads(tmp_path):
    async with served(tmp_path, operators={"root": ROOT}) as net:
        lines = (await figures(net)).splitlines()
        typed = {line.split()[2]: line.split()[3] for line in lines if line.startswith("# TYPE ")}
        helped = {line.split()[2] for line in lines if line.startswith("# HELP ")}
        assert helped == set(typed)
        assert set(typed.values()) <= {"gauge", "counter", "histogram"}
        for line in lines:
            if not line.startswith("#"):
                assert LINE.match(line), line
                name = re.sub(r"_(bucket|sum|count)$", "", re.split(r"[ {]", line)[0])
                assert name in typed or re.split(r"[ {]", line)[0] in typed, line


async def test_only_operators_see_them(tmp_path):
    async with served(tmp_path, operators={"root": ROOT}) as net:
        assert (await net.ask("GET", "/metrics", token=None)).status_code == 401
        assert (await net.ask("GET", "/metrics", token=ALICE)).status_code == 403
