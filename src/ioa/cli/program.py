"""The program `ioa`: its manual, its commands in groups, and one boundary for everything that goes wrong."""

from __future__ import annotations

import click

from ioa.cli import (
    audit_command,
    cancel_command,
    doctor_command,
    export_command,
    hub_command,
    join_command,
    list_commands,
    run_command,
    show_command,
    token_command,
    tools_command,
)
from ioa.cli.failures import MEANINGS, Exit
from ioa.settings import SETTINGS

SECTIONS: tuple[tuple[str, tuple[click.Command, ...]], ...] = (
    ("Ask", (run_command.run,)),
    ("Look", (list_commands.agents, list_commands.chats, show_command.show, export_command.export)),
    ("Act", (cancel_command.cancel,)),
    ("Build a network", (hub_command.hub, join_command.join, tools_command.tools)),
    ("Guard", (token_command.token, audit_command.audit)),
    ("Mend", (doctor_command.doctor,)),
)

INTRODUCTION = """Agents that know nothing of each other find each other, form a team and finish your goal together.

\b
Examples:
  ioa run                                  three goals that you can try at once
  ioa run "Solve x^2 - 5x + 6 = 0"         starts a network here, shows the talk, then the answer
  ioa run "Summarise notes.md and chart the mean price per region of sales.csv"
  ioa chats                                what was asked so far
  ioa show 3f2a91c0                        one of them, with all its teams

\b
A network of several machines:
  ioa hub                                  here; prints its URL and where the token is
  ioa join agent.yaml --hub URL            wherever an agent lives
  ioa run "GOAL" --hub URL                 from anywhere

`ioa COMMAND --help` explains each command. docs/cli.md has all of it on one page.
"""


class Program(click.Group):
    """Shows its commands in sections, and ends interrupted commands with 130."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        longest = max(len(command.name or "") for _, commands in SECTIONS for command in commands)
        for title, commands in SECTIONS:
            with formatter.section(title):
                rows = [((c.name or "").ljust(longest), c.get_short_help_str(formatter.width)) for c in commands]
                formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Environment"):
            formatter.write_dl([(setting.variable, setting.meaning) for setting in SETTINGS])
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)).rjust(3), meaning) for code, meaning in MEANINGS])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(int(Exit.INTERRUPTED))


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        import ioa

        click.echo(f"ioa {ioa.__version__}")
        ctx.exit()


@click.group(
    "ioa",
    cls=Program,
    help=INTRODUCTION,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    no_args_is_help=True,
    subcommand_metavar="COMMAND …",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version and exit."
)
def program() -> None:
    """Replaced by INTRODUCTION in the help."""


for _title, _commands in SECTIONS:
    for _command in _commands:
        program.add_command(_command)
