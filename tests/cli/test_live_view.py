"""The conversation as it is watched: colours, the line below, wrapping, repeats and what cannot be folded."""

from __future__ import annotations

import io
import re
from typing import Any

import msgspec
import pytest

from ioa.cli.follow import Followed
from ioa.cli.live_view import PATIENCE_S, LiveView
from ioa.cli.records import Channels, Entry, Goal
from ioa.cli.tell import Teller
from ioa.cli.terminal import Terminal, width
from ioa.protocol.messages import AnyMessage, Deadline, Interjection, TaskCancel, TaskResult
from tests.cli.fake_hub import STARTED_AT, story

_CODE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def entries(messages: list[AnyMessage] | None = None) -> list[Entry]:
    return [
        Entry(cursor=place + 1, at=STARTED_AT + place, message=message)
        for place, message in enumerate(messages or story())
    ]


def goal(status: str) -> Goal:
    found = msgspec.convert({"goal_id": "g", "goal": "Do it", "status": status, "initiator": "Writer"}, Goal)
    assert found.channels == Channels()
    return found


def view(*, watched: bool, columns: int = 60) -> tuple[LiveView, io.StringIO, list[float]]:
    stream, now = io.StringIO(), [STARTED_AT]
    terminal = Terminal(stream, columns, watched, watched)
    return LiveView(terminal, lambda: now[0]), stream, now


def test_every_line_fits_the_terminal_and_colours_change_nothing_of_the_words() -> None:
    plain, coloured = (
        [Terminal(io.StringIO(), 60, colour, colour) for colour in (False, True)][index] for index in (0, 1)
    )
    tellers = [Teller(terminal, Followed()) for terminal in (plain, coloured)]
    for entry in entries(story(conclusion="word " * 80)):
        first, second = (teller.tell(entry) for teller in tellers)
        assert [_CODE.sub("", line) for line in second] == first
        assert all(width(line) <= 60 for line in first)


def test_a_repeated_entry_is_told_once_and_one_that_the_law_refuses_is_skipped() -> None:
    teller = Teller(Terminal(io.StringIO()), Followed())
    first, second, *_ = entries()
    assert teller.tell(first)
    assert not teller.tell(first)
    foreign = Interjection(sender="Nobody", comm_id="unknown", message_id="m", content="hello", seq=1)
    assert not teller.tell(Entry(cursor=99, at=STARTED_AT, message=foreign))
    assert not teller.tell(second), "an older cursor comes again after a reconnect only"


def test_what_goes_wrong_is_told_as_well() -> None:
    told = story()[:3]
    root: dict[str, Any] = {"comm_id": "c-root", "message_id": "m"}
    told += [
        TaskResult(
            sender="Data analyst", task_id="t1", status="failed", task_conclusion="no such column", seq=4, **root
        ),
        TaskCancel(sender="@hub", task_id="t2", content="too late", seq=5, **root),
        Interjection(sender="@me", content="Hurry up", seq=6, **root),
        Deadline(sender="@hub", overdue="floor", member="Writer", since=2, content="no word in 60 s", seq=7, **root),
    ]
    teller = Teller(Terminal(io.StringIO(), 200), Followed())
    lines = [line for entry in entries(told) for line in teller.tell(entry)]
    text = "\n".join(lines)
    assert "✘ Data analyst, task 1 failed in 1.0 s: no such column" in text
    assert "⊘ task 2 is cancelled by the hub: too late" in text
    assert "@me says: Hurry up" in text
    assert "⏱ Writer loses the floor: no word in 60 s" in text


def test_the_line_below_says_what_is_going_on_only_to_those_who_watch() -> None:
    shown, stream, now = view(watched=True, columns=120)
    for entry in entries()[:4]:
        shown.entry(entry)
    now[0] = STARTED_AT + 12
    shown.tick()
    below = _CODE.sub("", stream.getvalue().rpartition("\r")[2])
    assert below == "12.0 s · Data analyst at task 1, Plotter at task 2"
    shown.close()
    assert stream.getvalue().endswith("\r\x1b[2K")

    hidden, stream, _ = view(watched=False)
    for entry in entries()[:4]:
        hidden.entry(entry)
    hidden.tick()
    assert "\r" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_a_goal_that_waits_for_an_agent_says_so_after_a_while_and_once() -> None:
    shown, stream, now = view(watched=False)
    shown.launched(goal("waiting"))
    shown.tick()
    assert "No agent" not in stream.getvalue()
    now[0] += PATIENCE_S + 1
    shown.tick()
    shown.tick()
    assert stream.getvalue().count("No agent that fits is online yet") == 1


@pytest.mark.parametrize("status", ["forming", "running", "cancelled"])
def test_quiet_means_quiet(status: str) -> None:
    shown, stream, _ = view(watched=True)
    shown.quiet = True
    shown.launched(goal(status))
    for entry in entries():
        shown.entry(entry)
    shown.remark("hello")
    shown.close()
    assert stream.getvalue() == ""
    assert shown.followed.cost().turns == 5
