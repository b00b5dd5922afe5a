"""Scripts: what the model says, in the order or in answer to what it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from ioa.testing.model_formats.conversation import ModelRequest
from ioa.testing.model_formats.playing import as_awaitable
from ioa.testing.model_formats.reply import Fault, Reply

Said: TypeAlias = Reply | str
Script: TypeAlias = Iterable[Said] | Callable[[ModelRequest], Said | Awaitable[Said]]


class ScriptFailed(AssertionError):
    """The script was asked for more than it has, or its function raised."""


def disturbed(
    script: Script, *faults: Fault, when: Callable[[ModelRequest], bool] = lambda _: True, times: int | None = 1
) -> Callable[[ModelRequest], Awaitable[Reply]]:
    """The script with these faults in the first `times` replies (None: all) to requests of which `when` is true."""
    inner = script if callable(script) else sequence(script)
    left = times

    async def play(request: ModelRequest) -> Reply:
        nonlocal left
        said = await as_awaitable(inner(request))
        reply = Reply(said) if isinstance(said, str) else said
        if left == 0 or not when(request):
            return reply
        left = None if left is None else left - 1
        return reply.but(*faults)

    return play


def sequence(script: Iterable[Said]) -> Callable[[ModelRequest], Said]:
    """A function that says one after the other, and raises `ScriptFailed` when there are no more."""
    replies = list(script)
    left = iter(replies)

    def play(request: ModelRequest) -> Said:
        said = next(left, None)
        if said is None:
            raise ScriptFailed(f"the script is spent after {len(replies)} replies")
        return said

    return play
