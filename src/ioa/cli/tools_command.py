"""`ioa tools`: the tools that ReAct agents can be given, and those tools offered over MCP to any other program."""

from __future__ import annotations

from pathlib import Path

import click

from ioa.cli.options import json_option, print_json, run_async

_HELP = """List the tools that an agent with a model can be given (tools: in its agent.yaml), and what each still needs.

`ioa tools serve NAME…` offers tools over MCP (Model Context Protocol), so that other programs can use them: on standard
input and output, or with --http.

\b
Examples:
  ioa tools
  ioa tools --json
  ioa tools serve wikipedia arxiv
  ioa tools serve sql rag --file orders.csv --file handbook.pdf --http 8000
"""
_SERVE = """Offer the tools NAME… over MCP, on standard input and output until the client leaves, or with --http until
Ctrl-C.

Tools see the files of --file, and write into the folder of --folder; without it, into one that is removed at the end.
Over HTTP there is no sign-in, and it listens on this machine only: every program of every user here can call the tools.

\b
In the settings of an MCP client:
  {"mcpServers": {"ioa": {"command": "ioa", "args": ["tools", "serve", "wikipedia", "arxiv"]}}}
"""


@click.group(
    help=_HELP,
    short_help="List the tools for agents with a model, or offer them over MCP.",
    invoke_without_command=True,
)
@json_option
@click.pass_context
def tools(context: click.Context, as_json: bool) -> None:
    if context.invoked_subcommand is not None:
        return
    from ioa.cli import tools_run

    found = tools_run.all_tools()
    if as_json:
        print_json([entry.as_dict() for entry in found])
    else:
        tools_run.show_tools(found)


@tools.command(help=_SERVE, short_help="Offer tools over MCP.")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@click.option(
    "--http", "port", type=click.IntRange(0, 65_535), metavar="PORT",
    help="Serve HTTP on this port of 127.0.0.1 (0: a free one) instead of standard input and output.",
)  # fmt: skip
@click.option(
    "--file", "files", multiple=True, metavar="PATH", type=click.Path(path_type=Path),
    help="A file that the tools may read. May be repeated.",
)  # fmt: skip
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Where the tools write; files that are there can be read, too.",
)  # fmt: skip
@click.option(
    "--allow-private", "allowed_private", multiple=True, metavar="ADDRESS",
    help="A private address that network tools may reach, such as 127.0.0.1:8080. May be repeated.",
)  # fmt: skip
def serve(
    names: tuple[str, ...], port: int | None, files: tuple[Path, ...], folder: Path | None,
    allowed_private: tuple[str, ...],
) -> None:  # fmt: skip
    from ioa.cli.tools_run import serve as run

    run_async(run(names, port=port, files=files, folder=folder, allowed_private=allowed_private))
