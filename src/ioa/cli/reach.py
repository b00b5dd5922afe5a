"""Which hub a command speaks to: the one it was given, else those of this machine, running or at rest."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ioa import data_folder
from ioa.cli.failures import BadInput, HubProblem
from ioa.cli.hub_api import HubApi, Rejected
from ioa.cli.records import Goal
from ioa.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """One hub that can be asked. `url` is None for a folder of this machine in which no hub runs now."""

    folder: Path | None
    url: str | None
    token: str | None

    def __str__(self) -> str:
        return self.url or str(self.folder)


def given_place(settings: Settings, hub: str | None, token: str | None) -> Place | None:
    """The hub that the user named, by option or environment. For a hub of this machine its token is known."""
    url = hub or settings.hub_url
    if url is None:
        return None
    if "://" not in url:
        url = f"http://{url}"
    if not url.startswith(("http://", "https://")):
        raise BadInput(f"--hub {url}: a hub's URL begins with http:// or https://, such as http://127.0.0.1:7700.")
    found = token or settings.token or _token_here(settings, url)
    return Place(None, url.rstrip("/"), found)


def local_places(settings: Settings) -> tuple[Place, ...]:
    """The hubs of this machine's user: that of `ioa hub` first, then the networks of `ioa run`, each that has been
    used."""
    places: list[Place] = []
    for folder in data_folder.hub_folders(settings):
        running = data_folder.running_at(folder)
        token = data_folder.token_in(folder)
        places.append(Place(folder, running.url if running else None, token))
    return tuple(places)


@asynccontextmanager
async def opened(place: Place, *, meaning: bool = False) -> AsyncGenerator[HubApi]:
    """The API of that hub; a hub at rest is opened in this process, without a port, and searched by words alone unless
    `meaning` is set, which takes a second. Raises `HubProblem`."""
    if place.url is not None:
        async with HubApi(place.url, place.token) as api:
            yield api
        return
    assert place.folder is not None
    import httpx

    from ioa import bootstrap  # only here: it imports the hub

    try:
        with data_folder.hold(place.folder, "read"):
            async with bootstrap.resting_hub(place.folder, meaning=meaning) as resting:
                transport = httpx.ASGITransport(app=resting.app)
                async with HubApi("http://127.0.0.1", resting.token, transport=transport) as api:
                    yield api
    except data_folder.FolderUnusable as error:
        raise HubProblem(str(error)) from error


def all_places(settings: Settings, hub: str | None, token: str | None) -> tuple[Place, ...]:
    """The hub that was named, or all of this machine. Raises `BadInput` when there is none."""
    given = given_place(settings, hub, token)
    if given is not None:
        return (given,)
    places = local_places(settings)
    if not places:
        raise BadInput(
            f"There is no hub: none was named with --hub, and nothing has run here yet (looked in {settings.data}). "
            'Start with: ioa run "GOAL"'
        )
    return places


@dataclass(frozen=True, slots=True)
class Located:
    """A goal, and whether it was asked for as a goal or by one of its groups (`comm_id`)."""

    goal: Goal
    comm_id: str | None


async def locate(api: HubApi, given: str) -> Located | None:
    """The goal that `given` means: a goal_id, a comm_id, or the beginning of exactly one of them."""
    try:
        return Located(await api.goal(given), None)
    except Rejected:
        pass
    try:
        group = await api.group(given)
        return Located(await api.goal(group.goal_id), group.comm_id)
    except Rejected:
        pass
    goals = await api.goals(limit=1_000)
    by_goal = [Located(goal, None) for goal in goals if goal.goal_id.startswith(given)]
    by_group = [
        Located(goal, comm_id) for goal in goals for comm_id in goal.groups if comm_id.startswith(given) and given
    ]
    found = by_goal + by_group
    if len(found) > 1:
        names = ", ".join(sorted((hit.comm_id or hit.goal.goal_id) for hit in found)[:5])
        raise BadInput(f"{given} is the beginning of several: {names}. Give more of it.")
    return found[0] if found else None


def _token_here(settings: Settings, url: str) -> str | None:
    """The token of a hub of this user that runs at this URL."""
    for folder in data_folder.hub_folders(settings):
        running = data_folder.running_at(folder)
        if running is not None and running.url is not None and running.url.rstrip("/") == url.rstrip("/"):
            return data_folder.token_in(folder)
    return None
