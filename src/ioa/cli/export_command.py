"""`ioa export`: a conversation as one file to send to a colleague."""

from __future__ import annotations

from pathlib import Path

import click

from ioa.cli.failures import BadInput
from ioa.cli.options import hub_options, run_async

_HELP = """Write the whole conversation of a goal into one HTML file that opens in any browser, without a hub.

ID is a goal_id or a comm_id (or its beginning), as ioa chats shows them. The file holds the chats of all teams, their
graph, the tasks, the costs, a replay, and the files up to --max-file-size each; what is left out is listed. It says
everything that was said: look before you send it.

\b
Examples:
  ioa export 3f2a91c0 --html
  ioa export 3f2a91c0 --html --out talk.html
"""


@click.command(help=_HELP, short_help="Write a conversation into one HTML file, to look at without a hub.")
@click.argument("identifier", metavar="ID")
@click.option("--html", "as_html", is_flag=True, help="As one self-contained HTML file (the only form so far).")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Default: ./ioa-ID.html")
@click.option(
    "--max-file-size", type=click.FloatRange(0), default=5.0, show_default=True, metavar="MB",
    help="Files larger than this are left out.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@hub_options
def export(
    identifier: str, as_html: bool, out: Path | None, max_file_size: float, force: bool,
    hub: str | None, token: str | None,
) -> None:  # fmt: skip
    if not as_html:
        raise BadInput("Say in which form: --html.")
    from ioa.cli.export import export_goal

    run_async(export_goal(identifier, hub, token, out, max_file_bytes=int(max_file_size * 1024 * 1024), force=force))
