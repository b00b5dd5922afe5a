"""`ioa show` : one conversation with all its teams, messages and tasks, running or past."""

from __future__ import annotations

import click

from ioa.cli.options import hub_options, json_option, run_async

_HELP = """Show the whole conversation of a goal: its teams as a tree, every message, every task, the answer.

ID is a goal_id or a comm_id (or its beginning), as ioa chats and ioa run show them; the comm_id of a nested team shows
that team and those below it. Works for past goals too: no hub needs to run.
"""


@click.command(help=_HELP, short_help="Show one conversation with all its teams, also of a past run.")
@click.argument("identifier", metavar="ID")
@click.option("--full", is_flag=True, help="Do not shorten long texts.")
@hub_options
@json_option
def show(identifier: str, full: bool, hub: str | None, token: str | None, as_json: bool) -> None:
    from ioa.cli.show import show_tree

    run_async(show_tree(identifier, hub, token, full=full, as_json=as_json))
