"""`ioa show` : one conversation with all its teams, messages and tasks, running or past."""

from __future__ import annotations

import click

from ioa.cli.failures import BadInput
from ioa.cli.options import hub_options, json_option, run_async

_HELP = """Show the whole conversation of a goal: its teams as a tree, every message, every task, the answer.

ID is a goal_id or a comm_id (or its beginning), as ioa chats and ioa run show them; the comm_id of a nested team shows
that team and those below it. Where models were asked, the costs by agent, team, task, decision and model. Works for
past goals too: no hub needs to run.

\b
Examples:
  ioa show 3f2a91c0
  ioa show 3f2a91c0 --transcript > talk.md
  ioa show 3f2a91c0 --trajectory >> all.jsonl
"""


@click.command(help=_HELP, short_help="Show one conversation with all its teams, also of a past run.")
@click.argument("identifier", metavar="ID")
@click.option("--full", is_flag=True, help="Do not shorten long texts.")
@click.option(
    "--transcript",
    is_flag=True,
    help="A text to read, in Markdown: who said what to whom, tasks, results, what agents did with tools, costs.",
)
@click.option(
    "--trajectory",
    is_flag=True,
    help="JSON Lines to learn from: one line a step, with state, agent, action, observation and tokens.",
)
@hub_options
@json_option
def show(
    identifier: str, full: bool, transcript: bool, trajectory: bool, hub: str | None, token: str | None, as_json: bool
) -> None:
    forms = {"--transcript": transcript, "--trajectory": trajectory, "--json": as_json}
    given = [option for option, chosen in forms.items() if chosen]
    if len(given) > 1:
        raise BadInput(f"{' and '.join(given)} exclude each other; give one of them.")
    from ioa.cli.show import Form, show_tree

    chosen: dict[str, Form] = {"--transcript": "transcript", "--trajectory": "trajectory", "--json": "json"}
    form = chosen[given[0]] if given else "conversation"
    run_async(show_tree(identifier, hub, token, full=full, form=form))
