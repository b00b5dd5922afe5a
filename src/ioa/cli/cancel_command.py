"""`ioa cancel`: end a goal, or one of its teams."""

from __future__ import annotations

import click

from ioa.cli.options import hub_options, json_option, print_json, run_async

_HELP = """Cancel a goal, with all its teams and tasks; or one nested team.

ID is a goal_id or a comm_id (or its beginning). The comm_id of a goal's own team cancels the goal. What was found so
far stays: ioa show ID.
"""


@click.command(help=_HELP, short_help="Cancel a goal or a nested team.")
@click.argument("identifier", metavar="ID")
@hub_options
@json_option
def cancel(identifier: str, hub: str | None, token: str | None, as_json: bool) -> None:
    from ioa.cli.hub_api import HubApi
    from ioa.cli.reach import Located
    from ioa.cli.show import with_located

    async def act(api: HubApi, located: Located) -> tuple[str, str, bool]:
        goal = located.goal
        if goal.ended:
            return goal.goal_id, goal.status, False
        if located.comm_id is None or located.comm_id == goal.comm_id:
            await api.cancel_goal(goal.goal_id)
            return goal.goal_id, (await api.goal(goal.goal_id)).status, True
        await api.cancel_group(located.comm_id, "cancelled with ioa cancel")
        return located.comm_id, (await api.group(located.comm_id)).state, True

    name, status, done = run_async(with_located(identifier, hub, token, act))
    if as_json:
        print_json({"id": name, "cancelled": done, "status": status})
    elif done:
        click.echo(f"{name} is cancelled ({status}).")
    else:
        click.echo(f"{name} had ended already ({status}); nothing to cancel.")
