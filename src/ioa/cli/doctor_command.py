"""`ioa doctor`: what is installed, reachable and configured, and how to mend what is not."""

from __future__ import annotations

import click

from ioa.cli.failures import Exit
from ioa.cli.options import hub_options, json_option, print_json, run_async

_HELP = """Check this installation and say how to mend it.

Each line is ok, optional (something is not there that you may not need), a warning (something works less well) or a
problem (something does not work). The exit code is 1 when there is a problem. With --hub, or where a hub runs here, the
hub and the token are tried as well. With --model the model is asked one tiny question, which costs a few tokens.
"""


@click.command(help=_HELP, short_help="Check the installation; say how to mend it.")
@click.option(
    "--model", "models", multiple=True, metavar="MODEL",
    help="Make one tiny call of this model, and say what is wrong if it fails. May be repeated.",
)  # fmt: skip
@hub_options
@json_option
def doctor(models: tuple[str, ...], hub: str | None, token: str | None, as_json: bool) -> None:
    from ioa.cli.doctor import check_all, show

    checks = run_async(check_all(hub, token, models))
    if as_json:
        print_json([check.as_dict() for check in checks])
    else:
        show(checks)
    if any(check.status == "problem" for check in checks):
        click.get_current_context().exit(int(Exit.FAILED))
