"""Today's hub and clients over the files of the first landed version."""

from __future__ import annotations

from collections import Counter
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path

import pytest

from ioa.conversation.group import Group, step
from ioa.protocol.codec import decode_message
from tests.compat.first_landed_version import frames, hub_over, known, old, today, unpack
from tests.compat.village import CARDS


@pytest.fixture
def left(tmp_path: Path) -> Path:
    return unpack(tmp_path)


async def test_todays_hub_shows_the_goals_of_the_first_landed_version(left: Path) -> None:
    goals = known()["goals"]
    async with hub_over(left / "hub") as api:
        for name, before in goals.items():
            now = await api.get(f"/v1/goals/{before['goal_id']}")
            assert {key: now[key] for key in before if key in now} == before, name
        assert {goal["goal_id"] for goal in await api.items("/v1/goals")} == {g["goal_id"] for g in goals.values()}


async def test_todays_law_judges_every_entry_of_the_old_logs_as_it_was_judged(left: Path) -> None:
    told = Counter(
        (frame["message"]["comm_id"], frame["message"]["seq"])
        for agent, direction, frame in frames()
        if direction == "in" and frame["frame"] == "delivery"
    )
    async with hub_over(left / "hub") as api:
        rows = await api.items("/v1/groups")
        assert len(rows) == 10
        seen = set()
        for row in rows:
            entries = await api.hub.store.log_of_group(row["comm_id"])
            group: Group | None = None
            for entry in entries:
                group, _ = step(group, decode_message(entry.body))
            assert group is not None
            assert (group.state, list(group.members)) == (row["state"], row["team_members"])
            assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
            seen |= {(entry.comm_id, entry.seq) for entry in entries}
            shown = await api.items(f"/v1/groups/{row['comm_id']}/messages", limit=3)
            assert [entry["message"]["seq"] for entry in shown] == [entry.seq for entry in entries]
            assert len(await api.items(f"/v1/groups/{row['comm_id']}/tasks")) == len(group.tasks)
        assert told.keys() <= seen  # whatever was delivered is there


async def test_files_and_contacts_are_kept(left: Path) -> None:
    team = known()["goals"]["team"]
    async with hub_over(left / "hub") as api:
        log = await api.items(f"/v1/groups/{team['comm_id']}/messages")
        files = {(file["name"], file["digest"]) for entry in log for file in entry["message"].get("artifacts", ())}
        assert {name for name, _ in files} == {"data.csv", "chart.svg"}
        for _, digest in files:
            assert "sha256:" + sha256(await api.bytes_of(digest)).hexdigest() == digest
        contacts = {item["agent"]: item["contacts"] for item in await api.items("/v1/contacts")}
        assert {one["name"] for one in contacts["Chair"]} >= {"Adder", "Painter"}


async def test_todays_clients_go_on_with_their_old_journals(left: Path) -> None:
    before = known()
    async with hub_over(left / "hub") as api, AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(today(api.url, before["tokens"][name], name, left / f"{name}.sqlite"))
            for name in CARDS
        }
        assert clients["Chair"].contacts["Adder"].completed >= 1
        goal = await api.ended(before["goals"]["open"]["goal_id"])
        assert (goal["status"], goal["conclusion"]) == ("completed", "did hold")
        again = await api.post(
            "/v1/goals",
            {"goal": "and once more", "initiator": "Chair", "continues": before["goals"]["team"]["comm_id"]},
        )
        assert (await api.ended(again["goal_id"]))["conclusion"] == "as before: drew 'did add 1 and 2'"


async def test_todays_clients_without_journals_get_everything_again(left: Path, tmp_path: Path) -> None:
    before = known()
    async with hub_over(left / "hub") as api, AsyncExitStack() as stack:
        for name in CARDS:
            await stack.enter_async_context(today(api.url, before["tokens"][name], name, tmp_path / f"new {name}"))
        goal = await api.ended(before["goals"]["open"]["goal_id"])
        assert goal["status"] == "completed"


async def test_old_clients_go_on_with_their_journals_at_todays_hub(left: Path) -> None:
    before = known()
    async with hub_over(left / "hub") as api, AsyncExitStack() as stack:
        members = [
            await stack.enter_async_context(
                old("member", api.url, before["tokens"][name], name, str(left / f"{name}.sqlite"))
            )
            for name in CARDS
        ]
        for member in members:
            assert await member.line() == "connected"
        goal = await api.ended(before["goals"]["open"]["goal_id"])
        assert (goal["status"], goal["conclusion"]) == ("completed", "did hold")
        for member in members:
            assert "not understood" not in await member.end()
