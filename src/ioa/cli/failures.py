"""Exit codes, and the errors that carry them. Every text says what is wrong and what would mend it."""

from __future__ import annotations

from enum import IntEnum

import click


class Exit(IntEnum):
    """What the exit code of `ioa` says."""

    COMPLETED = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    HUB = 4
    TIMEOUT = 5
    INTERRUPTED = 130


MEANINGS: tuple[tuple[Exit, str], ...] = (
    (Exit.COMPLETED, "completed: the goal has its answer; for other commands, done"),
    (Exit.FAILED, "the goal failed or was cancelled; for doctor, a problem was found"),
    (Exit.USAGE, "wrong usage or bad input: nothing was started"),
    (Exit.PARTIAL, "a partial answer: some of the goal is done, the answer says what is not"),
    (Exit.HUB, "the hub cannot be reached, or does not accept the token"),
    (Exit.TIMEOUT, "--timeout ran out; what there was is shown"),
    (Exit.INTERRUPTED, "interrupted by Ctrl-C"),
)


class Failure(click.ClickException):
    """An error with an exit code of its own. Shown as `Error: text` on stderr."""

    exit_code = int(Exit.FAILED)


class BadInput(Failure):
    """The user gave something that cannot be used."""

    exit_code = int(Exit.USAGE)


class HubProblem(Failure):
    """The hub cannot be reached or refuses this token."""

    exit_code = int(Exit.HUB)


class Interrupted(Failure):
    """The user wants to leave at once."""

    exit_code = int(Exit.INTERRUPTED)
