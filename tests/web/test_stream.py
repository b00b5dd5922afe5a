"""An agent over HTTP alone: events one way, requests the other, the same protocol."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import msgspec

from ioa.protocol.frames import Spend
from ioa.protocol.messages import Discussion
from tests.hub.served import events_of, served


class Streamed:
    """What came on one open stream."""

    def __init__(self, net, name):
        self.net = net
        self.name = name
        self.events = []
        self.news = asyncio.Event()
        self.cursor = 0

    async def read(self, answer):
        event = {}
        async for line in answer.aiter_lines():
            if not line and "event" in event:
                self.events.append((event["event"], json.loads(event["data"])))
                self.cursor = int(event.get("id", self.cursor))
                self.news.set()
                event = {}
            elif ": " in line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value

    async def until(self, kind, fits=lambda data: True):
        async with asyncio.timeout(60):
            while True:
                for event, data in self.events:
                    if event == kind and fits(data):
                        return data
                self.news.clear()
                await self.news.wait()

    async def send(self, frame):
        content = frame if isinstance(frame, bytes) else msgspec.json.encode(frame)
        return await self.net.ask("POST", "/v1/stream", token=self.net.tokens[self.name], content=content)


@asynccontextmanager
async def streamed(net, name, *, after=None):
    headers = {"Authorization": f"Bearer {net.tokens[name]}", **({"Last-Event-ID": str(after)} if after else {})}
    async with net.http.stream("GET", "/v1/stream", headers=headers) as answer:
        assert answer.status_code == 200
        one = Streamed(net, name)
        reading = asyncio.create_task(one.read(answer))
        await one.until("welcome")
        try:
            yield one
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def test_an_agent_takes_part_by_events_and_requests(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        await net.register("Pat")
        async with streamed(net, "Pat") as pat:
            assert (await net.ask("GET", "/v1/agents/Pat")).json()["online"]
            _, comm_id = await net.group(ann, "Pat")
            launch = await pat.until("delivery")
            assert launch["message"]["type"] == "launch"
            await ann.post(Discussion, comm_id, content="over to you", next_speaker=("Pat",))
            await pat.until("delivery", lambda data: data["message"]["type"] == "discussion")
            word = {"type": "discussion", "state": "communication", "sender": "Pat", "comm_id": comm_id}
            message = {**word, "message_id": "p1", "content": "I think so", "next_speaker": ["Ann"]}
            assert (await pat.send({"frame": "post", "message": message})).status_code == 202
            accepted = await pat.until("accepted")
            assert accepted == {"frame": "accepted", "message_id": "p1", "seq": 3}
            await pat.send({"frame": "post", "message": {**message, "message_id": "p2"}})
            refusal = await pat.until("refusal")
            assert (refusal["code"], refusal["reply_to"]) == ("not_the_floor", "p2")


async def test_a_stream_that_comes_again_goes_on_where_it_was(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        await net.register("Pat")
        async with streamed(net, "Pat") as first:
            _, comm_id = await net.group(ann, "Pat")
            await first.until("delivery")
            cursor = first.cursor
        await ann.post(Discussion, comm_id, content="said while Pat was away", next_speaker=("Ann",))
        async with streamed(net, "Pat", after=cursor) as second:
            missed = await second.until("delivery")
            assert missed["message"]["content"] == "said while Pat was away"
            assert missed["previous"] == cursor


async def test_a_newer_stream_takes_the_place_of_the_older(tmp_path):
    async with served(tmp_path) as net:
        await net.register("Pat")
        async with streamed(net, "Pat") as first, streamed(net, "Pat"):
            assert (await first.until("refusal"))["code"] == "superseded"
            assert "4409" in (await first.until("closed"))["reason"]


async def test_a_stream_ends_with_its_token(tmp_path):
    async with served(tmp_path) as net:
        await net.register("Pat")
        async with streamed(net, "Pat") as pat:
            await net.ask("DELETE", "/v1/agents/Pat")
            assert (await pat.until("closed"))["reason"]


async def test_nothing_can_be_sent_without_a_stream(tmp_path):
    async with served(tmp_path) as net:
        token = await net.register("Pat")
        answer = await net.ask("POST", "/v1/stream", token=token, content=b'{"frame":"ping","n":1}')
        assert answer.status_code == 409
        assert answer.json()["error"]["legal"] == ["GET /v1/stream"]


async def test_a_malformed_frame_is_refused_on_the_stream(tmp_path):
    async with served(tmp_path) as net:
        await net.register("Pat")
        async with streamed(net, "Pat") as pat:
            await pat.send(b'{"frame":"nonsense"}')
            assert (await pat.until("refusal"))["code"] == "unknown_kind"


async def test_streams_are_for_agents(tmp_path):
    async with served(tmp_path) as net:
        assert (await net.ask("GET", "/v1/stream")).status_code == 403


async def test_a_person_is_asked_into_teams_rather_than_made_to_form_them(tmp_path):
    async with served(tmp_path) as net:
        await net.join("Calculator", "computes things")
        await net.join("Pat", "approves an expense of any amount", type="Human Assistant")
        await net.ask("POST", "/v1/goals", json={"goal": "approve an expense"})
        (goal,) = (await net.ask("GET", "/v1/goals")).json()["items"]
        async with asyncio.timeout(60):
            while goal["initiator"] is None:
                goal = (await net.ask("GET", f"/v1/goals/{goal['goal_id']}")).json()
        assert goal["initiator"] == "Calculator"


async def test_a_watcher_is_told_what_was_refused(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        bob = await net.join("Bob")
        goal_id, comm_id = await net.group(ann, "Bob")
        watching = asyncio.create_task(events_of(net, goal_id))
        answer = await bob.post(Discussion, comm_id, content="me first", next_speaker=("Ann",))
        assert answer.code == "not_the_floor"
        await net.ask("POST", f"/v1/goals/{goal_id}/cancel", json={})
        (refused,) = [data for event, _, data in await watching if event == "refused"]
        said = {key: refused[key] for key in ("sender", "comm_id", "type", "code")}
        assert said == {"sender": "Bob", "comm_id": comm_id, "type": "discussion", "code": "not_the_floor"}


async def test_a_watcher_is_told_that_a_budget_is_spent(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        goal_id, comm_id = await net.group(ann, "Bob", budgets={"calls": 0})
        watching = asyncio.create_task(events_of(net, goal_id))
        answer = await ann.ask(Spend(request_id="s1", goal_id=goal_id, comm_id=comm_id, model="m", tokens=10))
        assert answer.code == "budget_spent"
        await net.ask("POST", f"/v1/goals/{goal_id}/cancel", json={})
        (refused,) = [data for event, _, data in await watching if event == "refused"]
        assert (refused["sender"], refused["type"], refused["code"]) == ("Ann", "spend", "budget_spent")
