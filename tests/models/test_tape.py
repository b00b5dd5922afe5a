"""Record and replay."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec
import pytest
from pydantic_ai import Agent

from ioa.adapters.models.mind import Mind, MindFailed, NotLegal
from ioa.adapters.models.setting import ModelSetting
from ioa.adapters.models.tape import Head, Tape
from ioa.ports.spending import BudgetSpent, ModelCall, Unlimited
from ioa.testing.clocks import ManualClock
from ioa.testing.model_server import ModelRequest, ModelServer, RateLimited, Reply, ServerError, WrongKey, structured
from tests.models.conversing import KEY, TURN, Turn, mind_of, told

HEAD = Head(version="0.1.0", goal="How many boats?", settings={"model": "openai-chat:m"}, seed=7, start_s=1_750_000_000)


class Recording(Protocol):
    def __call__(self, path: Path, head: Head | None = None) -> Tape: ...


@pytest.fixture
def recording() -> Iterator[Recording]:
    opened: list[Tape] = []

    def made(path: Path, head: Head | None = None) -> Tape:
        opened.append(Tape.recording(path, head))
        return opened[-1]

    yield made
    for tape in opened:
        tape.close()


def answering(request: ModelRequest) -> Reply:
    return structured(request, TURN | {"content": request.last_text})


def replayed(path: Path, service: str = "openai-chat:gpt-6-luna") -> tuple[Mind, Tape]:
    tape = Tape.replaying(path)
    return Mind(ModelSetting(service), env={}, tape=tape, clock=ManualClock()), tape


async def turn(mind: Mind, spending: Unlimited, prompt: str, agent: str = "alice") -> Turn:
    return await mind.decide("turn", "You are of the crew.", prompt, Turn, spending, agent=agent)


async def test_a_run_is_replayed_without_a_model_in_any_order_with_its_usage(
    tmp_path: Path, recording: Recording
) -> None:
    path = tmp_path / "run.jsonl"
    recorded = Unlimited()
    async with ModelServer(answering) as server:
        async with mind_of(server, tape=recording(path, HEAD)) as mind:
            for prompt in ("one", "two", "three"):
                await turn(mind, recorded, prompt)
        address = server.url
    text = path.read_text(encoding="utf-8")
    assert KEY not in text
    assert address not in text
    assert "authorization" not in text.lower()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [msgspec.json.decode(line)["line"] for line in text.splitlines()] == ["head", "call", "call", "call"]

    mind, tape = replayed(path)
    assert tape.head == HEAD
    played = Unlimited()
    async with mind:
        said = await asyncio.gather(*(turn(mind, played, prompt) for prompt in ("three", "one", "two")))
    assert [each.content for each in said] == ["three", "one", "two"]
    assert tape.unused() == []
    assert sorted(told(played), key=repr) == sorted(told(recorded), key=repr)


async def test_the_same_prompt_gets_its_answers_in_their_order(tmp_path: Path, recording: Recording) -> None:
    path = tmp_path / "run.jsonl"
    script = ["first", "second"]
    async with ModelServer(script) as server, mind_of(server, tape=recording(path)) as mind:
        assert [await mind.ask("", "again?", Unlimited()) for _ in range(2)] == script
    mind, tape = replayed(path)
    async with mind:
        assert await mind.ask("", "again?", Unlimited()) == "first"
        assert len(tape.unused()) == 1
        assert await mind.ask("", "again?", Unlimited()) == "second"
        with pytest.raises(MindFailed, match="not asked this often") as failure:
            await mind.ask("", "again?", Unlimited())
    assert failure.value.kind == "replay"


async def test_a_changed_prompt_is_reported_with_the_difference(tmp_path: Path, recording: Recording) -> None:
    path = tmp_path / "run.jsonl"
    prompt = "The group has:\n- alice\n- bob\nWhat now?"
    async with ModelServer(answering) as server, mind_of(server, tape=recording(path)) as mind:
        await turn(mind, Unlimited(), "Something else entirely\nwith other lines")
        await turn(mind, Unlimited(), prompt)
    mind, tape = replayed(path)
    async with mind:
        with pytest.raises(MindFailed) as failure:
            await turn(mind, Unlimited(), prompt.replace("bob", "carol"))
        with pytest.raises(MindFailed, match="no other prompt"):
            await turn(mind, Unlimited(), prompt, agent="dave")
    text = str(failure.value)
    assert failure.value.kind == "replay"
    assert "turn of alice: this prompt is not in the record run.jsonl" in text
    assert "\n-- bob\n+- carol" in text
    assert "Something else" not in text
    assert len(tape.unused()) == 2


async def test_failures_retries_and_second_answers_are_replayed_as_they_were(
    tmp_path: Path, recording: Recording
) -> None:
    path = tmp_path / "run.jsonl"
    script = [
        Reply("one").but(RateLimited(0.0)),
        "one",
        Reply().but(WrongKey()),
        structured_text("nobody"),
        structured_text("bob"),
    ]

    def legal(answer: Turn) -> None:
        if answer.next_speaker == "nobody":
            raise NotLegal("next_speaker: 'nobody' is no member.")

    async def run(mind: Mind, spending: Unlimited) -> list[object]:
        seen: list[object] = [await mind.ask("", "hello", spending)]
        with pytest.raises(MindFailed) as failure:
            await mind.ask("", "who are you?", spending)
        seen += [failure.value.kind, str(failure.value)]
        seen.append(await mind.decide("turn", "", "What now?", Turn, spending, check=legal))
        return seen

    recorded, played = Unlimited(), Unlimited()
    async with ModelServer(script) as server, mind_of(server, tape=recording(path)) as mind:
        first = await run(mind, recorded)
    mind, tape = replayed(path)
    async with mind:
        assert await run(mind, played) == first
    assert tape.unused() == []
    assert told(played) == told(recorded)
    assert len(told(played)) == 5


class Calls(Unlimited):
    """A budget of this many calls."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self._most = calls

    async def ask(self, call: ModelCall) -> str:
        if len(self.calls) >= self._most:
            raise BudgetSpent(f"calls: {self._most} of {self._most} are used")
        return await super().ask(call)


async def test_a_spent_budget_is_spent_at_the_same_place_in_a_replay(tmp_path: Path, recording: Recording) -> None:
    path = tmp_path / "run.jsonl"

    async def run(mind: Mind, spending: Unlimited) -> None:
        assert await mind.ask("", "hello", spending) == "one"
        with pytest.raises(BudgetSpent, match="2 of 2"):
            await mind.ask("", "more?", spending)  # the first attempt fails, the second is not paid for
        with pytest.raises(BudgetSpent, match="2 of 2"):
            await mind.ask("", "anything?", spending)

    recorded, played = Calls(2), Calls(2)
    script = ["one", Reply().but(RateLimited(0.0))]
    async with ModelServer(script) as server, mind_of(server, tape=recording(path)) as mind:
        await run(mind, recorded)
    mind, tape = replayed(path)
    async with mind:
        await run(mind, played)
    assert tape.unused() == []
    assert told(played) == told(recorded)


def structured_text(speaker: str) -> Reply:
    fields = msgspec.json.encode(TURN | {"next_speaker": speaker}).decode()
    return Reply(fields)


async def test_the_way_to_structured_output_does_not_change_the_record(tmp_path: Path, recording: Recording) -> None:
    path = tmp_path / "run.jsonl"

    def text_only(request: ModelRequest) -> Reply:
        if request.output_schema is not None:
            return Reply().but(ServerError(400))
        return structured_text("bob")

    async with ModelServer(text_only) as server:
        service = f"tiny@{server.openai_url}"
        async with mind_of(server, service, tape=recording(path)) as mind:
            await asyncio.gather(*(turn(mind, Unlimited(), prompt) for prompt in ("one", "two", "three")))
    mind, tape = replayed(path, service)
    async with mind:
        for prompt in ("three", "two", "one"):
            assert (await turn(mind, Unlimited(), prompt)).next_speaker == "bob"
    assert tape.unused() == []


@pytest.mark.parametrize("stream", [False, True])
async def test_a_loop_of_its_own_is_replayed_though_identifiers_of_calls_are_random(
    tmp_path: Path, recording: Recording, stream: bool
) -> None:
    path = tmp_path / "run.jsonl"

    async def run(mind: Mind, spending: Unlimited) -> str:
        await mind.ready("agent")
        agent = Agent(mind.model("agent", spending, agent="adder"), instructions="You add.")

        @agent.tool_plain
        def add(a: int, b: int) -> int:
            return a + b

        if not stream:
            return (await agent.run("2 + 3?")).output
        async with agent.run_stream("2 + 3?") as result:
            return await result.get_output()

    script = [Reply.calling("add", {"a": 2, "b": 3}), "It is 5."]
    recorded, played = Unlimited(), Unlimited()
    async with ModelServer(script) as server, mind_of(server, tape=recording(path)) as mind:
        assert await run(mind, recorded) == "It is 5."
    mind, tape = replayed(path)
    async with mind:
        assert await run(mind, played) == "It is 5."
    assert tape.unused() == []
    assert told(played) == told(recorded)


async def test_a_call_that_was_cancelled_is_not_answered(tmp_path: Path, recording: Recording) -> None:
    path = tmp_path / "run.jsonl"
    reached = asyncio.Event()

    async def hang(_: ModelRequest) -> Reply:
        reached.set()
        await asyncio.Event().wait()
        return Reply()

    async with ModelServer(hang) as server, mind_of(server, tape=recording(path)) as mind:
        asking = asyncio.create_task(mind.ask("", "anyone?", Unlimited()))
        await reached.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    tape, clock = Tape.replaying(path), ManualClock()
    async with Mind(ModelSetting("openai-chat:gpt-6-luna"), env={}, tape=tape, clock=clock) as mind:
        await mind.ready("ask")
        asking = asyncio.create_task(mind.ask("", "anyone?", Unlimited()))
        await clock.advance(0.5)
        assert not asking.done()
        await clock.advance(60)
        with pytest.raises(MindFailed, match="cancelled in the record"):
            await asking


def test_a_record_is_not_written_over_and_what_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    Tape.recording(path, HEAD).close()
    with pytest.raises(FileExistsError):
        Tape.recording(path)
    path.write_text('{"line":"song"}\n', encoding="utf-8")
    with pytest.raises(MindFailed, match="line 1 is no line of a record"):
        Tape.replaying(path)
    path.write_text('{"line":"head","format":99}\n', encoding="utf-8")
    with pytest.raises(MindFailed, match="format 99"):
        Tape.replaying(path)


async def test_a_record_whose_run_was_killed_is_played_as_far_as_it_goes(tmp_path: Path, recording: Recording) -> None:
    path = tmp_path / "run.jsonl"
    async with ModelServer(["one", "two"]) as server, mind_of(server, tape=recording(path)) as mind:
        await mind.ask("", "1", Unlimited())
        await mind.ask("", "2", Unlimited())
    path.write_bytes(path.read_bytes()[:-20])
    assert len(Tape.replaying(path).unused()) == 1
