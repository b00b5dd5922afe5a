"""An agent at a hub of somebody: registered once, with a token of its own that is kept for the next time."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from ioa import bootstrap, data_folder
from ioa.adapters.agents.card_key import BadKey, signed_card
from ioa.adapters.agents.carded import CardedAgent
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.cli.failures import BadInput
from ioa.cli.hub_api import HubApi, Rejected
from ioa.cli.terminal import one_line
from ioa.client.events import Listener, nobody_listens
from ioa.ports.tracing import SILENT, Tracer
from ioa.protocol.cards import Card
from ioa.protocol.errors import Refused
from ioa.protocol.names import clean_name, name_key


def named(agent: CardedAgent, name: str | None) -> CardedAgent:
    """The agent under another name. Raises `BadInput` for one that cannot be."""
    if name is None:
        return agent
    try:
        return replace(agent, card=msgspec.structs.replace(agent.card, name=clean_name(name, "--name")))
    except Refused as refusal:
        raise BadInput(str(refusal)) from refusal


def folder_for(root: Path, url: str, name: str) -> Path:
    """Where an agent of this name keeps what belongs to this hub."""
    key = hashlib.sha256(f"{url.rstrip('/')}\n{name_key(name)}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return root / key


@contextmanager
def held_folder(root: Path, url: str, name: str) -> Generator[Path]:
    """The agent's folder, held: two clients of one name would take the connection from each other."""
    folder = folder_for(root, url, name)
    try:
        with data_folder.hold(folder, "run"):
            yield folder
    except data_folder.FolderInUse as error:
        raise BadInput(f"{one_line(name)} is at {url} already, from this machine: {error}") from error
    except data_folder.FolderUnusable as error:
        raise BadInput(str(error)) from error


async def registered(api: HubApi, agent: CardedAgent, folder: Path, *, rotate: bool = False) -> str:
    """The agent's own token: the one kept here, with its card brought up to date, or that of a new registration. The
    card is signed with the key of the folder, if it can be and the hub knows of signatures.

    Raises `BadInput` for a name that is taken, and for a key that cannot be used."""
    card = await _signed(api, agent.card, folder)
    path = folder / data_folder.TOKEN_FILE
    kept = data_folder.token_in(folder)
    if kept is not None and not rotate:
        async with HubApi(api.url, kept) as own:
            if await own.accepts_token():
                await own.update_card(card)
                return kept
    try:
        token = (await api.register(card, rotate=rotate)).token
    except Rejected as refusal:
        if refusal.reason != "name_taken":
            raise
        raise BadInput(
            f"The name {one_line(agent.name)} is taken at {api.url}. Choose another with --name; if the agent is yours "
            "and its token is lost, add --rotate (its old token ends)."
        ) from refusal
    await asyncio.to_thread(_keep, path, token)
    return token


async def _signed(api: HubApi, card: Card, folder: Path) -> Card:
    """An older hub refuses fields that it does not know, so its agents stay unsigned."""
    if not await api.takes_signed_cards():
        return card
    try:
        return await asyncio.to_thread(signed_card, card, folder, now_s=time.time())
    except BadKey as error:
        raise BadInput(str(error)) from error


def _keep(path: Path, token: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(token + "\n", "ascii")
    fresh.replace(path)


@asynccontextmanager
async def joined(
    agents: Sequence[CardedAgent],
    api: HubApi,
    root: Path,
    policy: bootstrap.MakePolicy = RulesPolicy,
    listener: Listener = nobody_listens,
    tracer: Tracer = SILENT,
) -> AsyncGenerator[None]:
    """These agents take part at the hub while the context lasts. Raises `BadInput` for a name that is taken."""
    if not agents:
        yield
        return
    agent, *others = agents
    with held_folder(root, api.url, agent.name) as folder:
        token = await registered(api, agent, folder)
        taking_part = bootstrap.taking_part(
            agent, api.url, token, folder, policy=policy, listener=listener, tracer=tracer
        )
        async with taking_part, joined(others, api, root, policy, listener, tracer):
            yield
