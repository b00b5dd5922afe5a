"""`ioa agents` and `ioa chats`: who is there, and what was asked so far."""

from __future__ import annotations

import time

import click

from ioa.cli.options import hub_options, json_option, print_json, run_async

_TYPES = ["Human Assistant", "Thing Assistant"]
_AGENTS = """List the agents of a hub; with TEXT, those that fit it best, with a score from 0 to 1.

TEXT is matched by words and by meaning with names, descriptions and skills.

\b
Examples:
  ioa agents
  ioa agents search "who can draw a chart"
  ioa agents search "solve equations" --online --limit 3 --json

Without --hub: the hub that runs here (ioa hub), else the network of ioa run.
"""
_CHATS = """List the goals that the network was given, newest first, with how they ended.

Without --hub: those of all networks of this machine, running or past. `ioa show ID` shows one of them; the beginning
of an ID is enough.
"""


@click.command(help=_AGENTS, short_help="List agents, or search for those that fit a text.")
@click.argument("words", nargs=-1, metavar="[search TEXT]")
@click.option(
    "--online/--offline", default=None, help="Only agents that are connected now, or only those that are not."
)
@click.option("--type", "agent_type", type=click.Choice(_TYPES, case_sensitive=False), help="Only agents of this type.")
@click.option("--skill", metavar="TEXT", help="Only agents that list this skill.")
@click.option("--verified/--unverified", default=None, help="Only agents whose cards are signed, or only the others.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
@hub_options
@json_option
def agents(
    words: tuple[str, ...], online: bool | None, agent_type: str | None, skill: str | None, verified: bool | None,
    limit: int, hub: str | None, token: str | None, as_json: bool,
) -> None:  # fmt: skip
    from ioa.cli import lists
    from ioa.cli.failures import BadInput

    text: str | None = None
    if words:
        if words[0] != "search":
            raise BadInput(f'{words[0]!r} is not known here; to search write: ioa agents search "{" ".join(words)}"')
        text = " ".join(words[1:]).strip()
        if not text:
            raise BadInput('search: the text is empty; write for example: ioa agents search "draw a chart"')
    found = run_async(
        lists.find_agents(
            hub, token, search=text, online=online, agent_type=agent_type, skill=skill, limit=limit, verified=verified
        )
    )
    if as_json:
        print_json([lists.agent_json(agent) for agent in found])
    else:
        lists.show_agents(found, searched=text)


@click.command(help=_CHATS, short_help="List what was asked so far.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many.")
@hub_options
@json_option
def chats(limit: int, hub: str | None, token: str | None, as_json: bool) -> None:
    from ioa.cli import lists

    found = run_async(lists.find_chats(hub, token, limit))
    if as_json:
        print_json([lists.chat_json(chat) for chat in found])
    else:
        lists.show_chats(found, time.time())
