"""Options that several commands share, and what runs every asynchronous command."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from ioa.cli.failures import BadInput, Failure

if TYPE_CHECKING:
    import asyncio

P = ParamSpec("P")
R = TypeVar("R")

hub_option = click.option(
    "--hub", metavar="URL", help="URL of the hub, such as http://127.0.0.1:7700 (or IOA_HUB in the environment)."
)
token_option = click.option(
    "--token", metavar="TOKEN", help="Your token at that hub (better: IOA_TOKEN in the environment, other users see "
    "command lines)."
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else on stdout.")


def hub_options(command: Callable[P, R]) -> Callable[P, R]:
    """`--hub` and `--token`."""
    return hub_option(token_option(command))


def run_async(work: Coroutine[object, object, R], loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> R:
    """Run the asynchronous part of a command, on a loop of that kind. Ctrl-C ends it with exit code 130; what hub and
    client say about a store, a name or a journal becomes a `Failure` with that text."""
    import asyncio  # not needed for `ioa --help`

    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(work)
    except click.ClickException:
        raise
    except Exception as error:  # the boundary of the command line
        failure = _failure(error)
        if failure is None:
            raise
        raise failure from error


def _failure(error: Exception) -> Failure | None:
    """What an error of hub or client means to the user; None for a bug, whose traceback is wanted."""
    from ioa.client import JournalFailed
    from ioa.hub.data_lock import DataLocked
    from ioa.hub.settings import SettingsError
    from ioa.ports.store import StoreUnavailable
    from ioa.protocol.errors import ProtocolError
    from ioa.protocol.names import printable

    if isinstance(error, ProtocolError | DataLocked | SettingsError):
        return BadInput(printable(str(error)))
    if isinstance(error, JournalFailed | StoreUnavailable | TimeoutError):
        return Failure(printable(str(error)))
    return None


def print_json(value: object) -> None:
    """One JSON document on stdout, indented, in UTF-8."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
