"""Two ends over a wire that loses, repeats and reorders: everything arrives once and in order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ioa.conversation.connection import Incoming, Numbered, Outgoing
from ioa.protocol.errors import ProtocolError


class LossyWire(RuleBasedStateMachine):
    """A hub with a log of cursors, a client with a diary, and everything in between that may go wrong.

    `log` and `diary` survive; the two ends live as long as a connection.
    """

    outgoing: Outgoing[str]
    incoming: Incoming

    @initialize(window=st.integers(1, 6))
    def begin(self, window: int) -> None:
        self.window = window
        self.log: list[tuple[int, str]] = []
        self.diary: list[str] = []
        self.stored = 0  # the client's cursor, written together with the diary
        self.deliveries: list[Numbered[str]] = []
        self.acks: list[int] = []
        self.reconnect()

    @rule()
    def reconnect(self) -> None:
        """What was under way is lost; the client says where it is, the hub reads on from its log."""
        self.deliveries, self.acks = [], []
        self.incoming = Incoming(cursor=self.stored)
        self.outgoing = Outgoing(cursor=self.stored, window=self.window)
        for cursor, item in self.log:
            if cursor > self.stored:
                self.outgoing.append(cursor, item)

    @rule(gap=st.integers(1, 3))
    def accept(self, gap: int) -> None:
        cursor = (self.log[-1][0] if self.log else 0) + gap
        item = f"item {len(self.log)}"
        self.log.append((cursor, item))
        self.outgoing.append(cursor, item)

    @rule(gap=st.integers(1, 3))
    def accept_and_send(self, gap: int) -> None:
        """At once only if all before it was sent, and there is room in the window."""
        cursor = (self.log[-1][0] if self.log else 0) + gap
        delivery = Numbered(cursor, self.outgoing.last, f"item {len(self.log)}")
        before = len(self.outgoing)
        self.log.append((cursor, delivery.item))
        at_once = self.outgoing.send(delivery)
        if at_once:
            assert before < self.window
            assert not self.outgoing.ready()
            self.deliveries.append(delivery)
        elif before < self.window:  # something older waits, and this with it
            ready = self.outgoing.ready()
            assert ready[-1] == delivery
            assert len(ready) > 1
            self.deliveries.extend(ready)

    @rule()
    def send(self) -> None:
        """What is sent are the oldest unacknowledged ones, in order, never more than a window ahead."""
        unacknowledged = [cursor for cursor, _ in self.log if cursor > self.outgoing.acknowledged]
        ready = self.outgoing.ready()
        sent = [delivery.cursor for delivery in ready]
        assert sent == sorted(set(sent))
        assert set(sent) <= set(unacknowledged[: self.window])
        self.deliveries.extend(ready)

    @rule(data=st.data())
    def deliver_any(self, data: st.DataObject) -> None:
        """Out of order, and perhaps again later."""
        if self.deliveries:
            place = data.draw(st.integers(0, len(self.deliveries) - 1))
            self.receive(self.deliveries[place] if data.draw(st.booleans()) else self.deliveries.pop(place))

    @rule()
    def deliver_next(self) -> None:
        if self.deliveries:
            self.receive(self.deliveries.pop(0))

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        for way in (self.deliveries, self.acks):
            if way:
                way.pop(data.draw(st.integers(0, len(way) - 1)))

    @rule(data=st.data())
    def acknowledge_any(self, data: st.DataObject) -> None:
        if self.acks:
            place = data.draw(st.integers(0, len(self.acks) - 1))
            self.outgoing.acknowledge(self.acks[place] if data.draw(st.booleans()) else self.acks.pop(place))

    @rule()
    def silence(self) -> None:
        self.outgoing.resend()

    def receive(self, delivery: Numbered[str]) -> None:
        if self.incoming.take(delivery.cursor, delivery.previous):
            self.diary.append(delivery.item)
            self.stored = self.incoming.cursor
        self.acks.append(self.incoming.cursor)

    @invariant()
    def exactly_once_and_in_order(self) -> None:
        if hasattr(self, "log"):
            assert self.diary == [item for _, item in self.log][: len(self.diary)]

    @invariant()
    def nothing_is_forgotten_before_it_is_stored(self) -> None:
        if hasattr(self, "log"):
            assert self.outgoing.acknowledged <= self.stored
            assert len(self.outgoing) == sum(cursor > self.outgoing.acknowledged for cursor, _ in self.log)
            assert self.outgoing.idle == (len(self.outgoing) == 0)

    def teardown(self) -> None:
        """A wire that works for a while: both ends agree, after as many rounds as there are windows to fill."""
        if not hasattr(self, "log"):
            return
        self.deliveries, self.acks = [], []
        for _ in range(len(self.log) + 1):
            self.outgoing.resend()
            for delivery in self.outgoing.ready():
                self.receive(delivery)
            for cursor in self.acks:
                self.outgoing.acknowledge(cursor)
            self.acks = []
        assert self.diary == [item for _, item in self.log]
        assert self.outgoing.idle
        assert self.outgoing.acknowledged == self.stored == (self.log[-1][0] if self.log else 0)


TestLossyWire: Any = LossyWire.TestCase


@given(st.integers(1, 10), st.integers(0, 30))
def test_at_most_a_window_is_under_way(window: int, count: int) -> None:
    outgoing: Outgoing[int] = Outgoing(window=window)
    for cursor in range(1, count + 1):
        outgoing.append(cursor, cursor)
    sent = outgoing.ready()
    assert [delivery.cursor for delivery in sent] == list(range(1, min(window, count) + 1))
    assert not outgoing.ready()
    if count > window:
        outgoing.acknowledge(1)
        assert [delivery.cursor for delivery in outgoing.ready()] == [window + 1]


def test_each_delivery_names_the_one_before_it() -> None:
    outgoing: Outgoing[str] = Outgoing(cursor=10)
    outgoing.append(12, "a")
    outgoing.append(20, "b")
    assert [(delivery.previous, delivery.cursor) for delivery in outgoing.ready()] == [(10, 12), (12, 20)]


def test_a_cursor_that_was_never_sent_cannot_be_acknowledged() -> None:
    outgoing: Outgoing[str] = Outgoing()
    outgoing.append(3, "a")
    with pytest.raises(ProtocolError, match="cursor 4 was never sent; the newest is 3") as caught:
        outgoing.acknowledge(4)
    assert caught.value.code == "malformed"
    assert len(outgoing) == 1


def test_an_old_acknowledgement_takes_nothing_back() -> None:
    outgoing: Outgoing[str] = Outgoing()
    outgoing.append(3, "a")
    outgoing.append(5, "b")
    outgoing.acknowledge(5)
    outgoing.acknowledge(3)
    assert outgoing.acknowledged == 5
    assert outgoing.idle


@pytest.mark.parametrize("cursor", [0, 2, 3])
def test_cursors_grow(cursor: int) -> None:
    outgoing: Outgoing[str] = Outgoing()
    outgoing.append(3, "a")
    with pytest.raises(ValueError, match=f"cursor {cursor} does not follow 3"):
        outgoing.append(cursor, "b")


@pytest.mark.parametrize(("previous", "cursor"), [(3, 3), (3, 2), (2, 4), (4, 5)])
def test_what_is_sent_follows_what_was_queued_before(previous: int, cursor: int) -> None:
    outgoing: Outgoing[str] = Outgoing()
    assert outgoing.send(Numbered(3, 0, "a"))
    with pytest.raises(ValueError, match=f"cursors {previous}, {cursor} do not follow 3"):
        outgoing.send(Numbered(cursor, previous, "b"))
    assert outgoing.last == 3
    assert len(outgoing) == 1


@pytest.mark.parametrize(("cursor", "previous"), [(3, 3), (4, 2), (9, 7), (3, 5), (5, 5)])
def test_a_repeat_and_what_lies_beyond_a_gap_are_dropped(cursor: int, previous: int) -> None:
    incoming = Incoming(cursor=5)
    assert not incoming.take(cursor, previous)
    assert incoming.cursor == 5
    assert incoming.take(7, 5)
    assert incoming.cursor == 7


def test_an_acknowledgement_that_comes_after_going_back_is_taken_out_of_what_is_sent_again() -> None:
    outgoing: Outgoing[str] = Outgoing()
    for cursor in (1, 2, 3):
        outgoing.append(cursor, "item")
    outgoing.ready()
    outgoing.resend()
    outgoing.acknowledge(2)
    assert [delivery.cursor for delivery in outgoing.ready()] == [3]
    outgoing.append(4, "item")
    assert [delivery.cursor for delivery in outgoing.ready()] == [4]
