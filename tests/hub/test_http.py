"""The HTTP API over a real socket: from registration to the end of a goal's event stream."""

import asyncio
import hashlib

from ioa.protocol.messages import Conclusion, Discussion
from tests.hub.served import events_of, served


async def test_a_goal_from_registration_to_its_last_event(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann", "leads teams")
        bob = await net.join("Bob", "computes")
        goal_id, comm_id = await net.group(ann, "Bob")
        watching = asyncio.create_task(events_of(net, goal_id))
        await ann.post(Discussion, comm_id, content="hello", next_speaker=("Bob",))
        await bob.heard(comm_id, 2)
        await bob.post(Conclusion, comm_id, content="done")
        events = await watching
        kinds = [event for event, _, _ in events]
        assert kinds.count("message") == 3
        assert kinds[-1] == "goal"
        assert [data["message"]["type"] for event, _, data in events if event == "message"] == [
            "launch",
            "discussion",
            "conclusion",
        ]
        assert [data["cursor"] for event, _, data in events if event == "message"] == [1, 2, 3]
        final = events[-1][2]
        assert (final["status"], final["conclusion"]) == ("completed", "done")
        assert final["channels"] == {"nested": 1, "full": 1}
        again = await events_of(net, goal_id, after=2)
        assert [number for event, number, _ in again if event == "message"] == ["3"]
        assert (await net.ask("GET", f"/v1/goals/{goal_id}")).json() == final
        group = (await net.ask("GET", f"/v1/groups/{comm_id}")).json()
        assert (group["state"], group["team_members"], group["turns"]) == ("conclusion", ["Ann", "Bob"], 2)
        log = (await net.ask("GET", f"/v1/groups/{comm_id}/messages?limit=2")).json()
        assert ([item["message"]["seq"] for item in log["items"]], log["next"]) == ([1, 2], "2")
        log = (await net.ask("GET", f"/v1/groups/{comm_id}/messages?limit=2&after=2")).json()
        assert ([item["message"]["seq"] for item in log["items"]], log["next"]) == ([3], None)


async def test_files_go_in_and_come_out_unchanged(tmp_path):
    async with served(tmp_path) as net:
        data = bytes(range(256)) * 10_000
        answer = await net.ask("PUT", "/v1/artifacts?name=d%C3%A9j%C3%A0.bin&media_type=text/html", content=data)
        assert answer.status_code == 201
        artifact = answer.json()
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        assert artifact == {"name": "déjà.bin", "media_type": "text/html", "size_bytes": len(data), "digest": digest}
        back = await net.ask("GET", f"/v1/artifacts/{digest}")
        assert back.content == data
        assert back.headers["content-disposition"].startswith("attachment")
        assert back.headers["x-content-type-options"] == "nosniff"
