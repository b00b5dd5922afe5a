"""What `ioa tools` shows, and how it serves."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ioa.adapters.agents.react.mcp_server import serve_tools
from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.toolkit import TOOLS
from ioa.adapters.agents.standalone import media_type_of
from ioa.cli.failures import BadInput, Failure
from ioa.cli.terminal import pad, stderr, stdout, wrap
from ioa.ports.agent import LocalFile
from ioa.settings import Settings

_ENDED = 128 + signal.SIGTERM
_END_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Listed:
    """A tool, and what must be installed or set before it can be used here."""

    name: str
    summary: str
    network: bool
    missing: tuple[str, ...]
    optional: str

    def as_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "summary": self.summary,
            "network": self.network,
            "ready": not self.missing,
            "missing": list(self.missing),
            "optional": self.optional,
        }


def all_tools() -> tuple[Listed, ...]:
    """Every tool that `agent.yaml` can name."""
    return tuple(
        Listed(name, maker.summary, maker.network, maker.missing(os.environ), maker.optional)
        for name, maker in TOOLS.items()
    )


def show_tools(found: Sequence[Listed]) -> None:
    """The tools as lines on stdout, what is missing below."""
    out = stdout(colour=Settings.read().colour)
    widest = max(len(entry.name) for entry in found)
    lead = " " * (widest + 13)
    for entry in found:
        mark, style = ("· lacking", "yellow") if entry.missing else ("✔ ready", "green")
        first, *more = wrap(entry.summary, max(30, out.columns - len(lead)))
        out.write(f"{out.style(mark.ljust(9), style)}  {pad(entry.name, widest)}  {first}")
        below = [*more]
        for remedy in entry.missing:
            below += wrap(f"get: {remedy}", max(30, out.columns - len(lead)))
        if entry.optional:
            below += wrap(f"more: {entry.optional}", max(30, out.columns - len(lead)))
        for line in below:
            out.write(lead + out.style(line, "dim"))
    out.write("\nGive them to an agent: tools: [read_file, web_browser] in its agent.yaml; see docs/agents.md.")


async def serve(
    names: Sequence[str], *, port: int | None, files: Sequence[Path], folder: Path | None,
    allowed_private: Sequence[str],
) -> None:  # fmt: skip
    """Offer the tools until the client leaves. Raises `Failure`."""
    # What the MCP library says about every request is of no use here; its own set-up leaves this one as it is.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    with _place(folder) as place, _ended_by_sigterm(place if folder is None else None):
        setting = ToolSetting(folder=place, files=_given(files), allowed_private=tuple(allowed_private))
        try:
            await serve_tools(
                names, "stdio" if port is None else "http", setting=setting, port=port or 0, announce=_announce
            )
        except ToolFailed as failure:
            raise BadInput(str(failure)) from failure
        except OSError as error:
            if port is None:
                raise
            raise Failure(f"Port {port} of 127.0.0.1 cannot be used: {error.strerror or error}.") from error


@contextmanager
def _ended_by_sigterm(made: Path | None) -> Generator[None]:
    """SIGTERM ends the tools in order. Whoever waits for standard input cannot be woken: then, after a moment, the
    process goes without, but not before the folder that was made for it."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    if sys.platform == "win32" or task is None:
        yield
        return
    told = False

    def leave() -> None:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
        os._exit(_ENDED)

    def end() -> None:
        nonlocal told
        told = True
        task.cancel()
        loop.call_later(_END_WITHIN_S, leave)

    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        yield
    except asyncio.CancelledError:
        if told:
            raise SystemExit(_ENDED) from None
        raise


@contextmanager
def _place(folder: Path | None) -> Generator[Path]:
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="ioa-tools-") as made:
            yield Path(made)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--folder {folder}: {error.strerror or error}.") from error
    yield folder.absolute()


def _given(files: Sequence[Path]) -> tuple[LocalFile, ...]:
    for path in files:
        if not path.is_file():
            raise BadInput(f"--file {path}: there is no such file.")
    return tuple(LocalFile(path.name, media_type_of(path.name), path.absolute()) for path in files)


def _announce(url: str) -> None:
    """Where the tools are offered; stderr, as stdout may be the client's."""
    stderr().write(f"MCP at {url} (Ctrl-C ends it)")
