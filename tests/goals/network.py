"""One embedded network for all goals of a test module, and answers that can be checked."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from ioa.bootstrap import EmbeddedNetwork
from ioa.cli.hub_api import HubApi
from ioa.protocol.messages import AnyMessage


@dataclass(frozen=True)
class Answer:
    """What a person gets: the conclusion, the files on disk, and what the log says of how it came about."""

    text: str
    outcome: str
    files: tuple[Path, ...]
    groups: int
    log: tuple[AnyMessage, ...]

    @property
    def suffixes(self) -> set[str]:
        return {path.suffix.lstrip(".") for path in self.files}

    def file(self, suffix: str) -> Path:
        return next(path for path in self.files if path.suffix == f".{suffix}")


AskNetwork = Callable[[str, list[Path]], Awaitable[Answer]]

_NUMBER = re.compile(r"(?<![\w.])[-+−]?\d[\d,\u202f ]*(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)


def says(text: str, wanted: str | float) -> bool:
    """Is the word or the number in the text? Numbers count if they agree to as many digits as are shown, at least
    three significant ones (or all, if the number has fewer)."""
    if isinstance(wanted, str):
        return " ".join(wanted.split()).lower() in " ".join(text.split()).lower()
    return any(_agrees(found, float(wanted)) for found in numbers(text))


def numbers(text: str) -> list[str]:
    """All numbers in a text, as written, without thousands separators."""
    return [re.sub(r"[,\u202f ]", "", found.replace("−", "-")) for found in _NUMBER.findall(text)]


def _agrees(written: str, wanted: float) -> bool:
    try:
        value = float(written)
    except ValueError:
        return False
    if value == wanted:
        return True
    if "." not in written or "e" in written.lower():
        return False
    decimals = len(written.partition(".")[2])
    significant = len(written.replace("-", "").replace(".", "").lstrip("0"))
    return significant >= 3 and abs(value - wanted) <= 0.5 * 10**-decimals + 1e-12


async def ask(network: EmbeddedNetwork, goal: str, files: list[Path], out: Path) -> Answer:
    """Give a goal with its files, wait for its end, fetch what it made."""
    async with HubApi(network.url, network.token) as api:
        sent = [await api.upload(path, path.name, "application/octet-stream") for path in files]
        given = await api.launch(goal, artifacts=tuple(sent))
        async with api.events(given.goal_id) as events:
            async for _ in events:
                pass
        done = await api.goal(given.goal_id)
        assert done.ended, done
        log = [entry.message for comm_id in done.groups for entry in await api.messages(comm_id)]
        paths: list[Path] = []
        for number, artifact in enumerate(done.artifacts):
            path = out / f"{number}-{artifact.name}"
            path.write_bytes(await api.download(artifact.digest))
            paths.append(path)
    return Answer(
        text=done.conclusion or "", outcome=done.status, files=tuple(paths), groups=len(done.groups), log=tuple(log)
    )
