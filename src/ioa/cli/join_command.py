"""`ioa join`: bring an agent to a hub."""

from __future__ import annotations

from pathlib import Path

import click

from ioa.cli.model_options import ModelOptions, model_options
from ioa.cli.options import hub_options, run_async

_HELP = """Bring the agent that AGENT describes to a hub, and work there until Ctrl-C.

AGENT is an agent.yaml: a name, a description, skills, and where the agent is found: a Python function, a command line,
a URL, or a built-in agent (see docs/agents.md). The agent is registered with your token and gets one of its own, which
is kept for the next time in the data folder. When the hub is away it is looked for until it is back; nothing is lost.

\b
Examples:
  ioa join weather.yaml --hub http://127.0.0.1:7700
  ioa join weather.yaml --name "Weather 2"
"""


@click.command(help=_HELP, short_help="Bring an agent (agent.yaml) to a hub.")
@click.argument("agent_file", metavar="AGENT", type=click.Path(path_type=Path))
@hub_options
@click.option("--name", metavar="NAME", help="Another name than the file's, for a second one of its kind.")
@click.option("--rotate", is_flag=True, help="Get a new token for a name that is yours; its old one ends.")
@model_options
@click.option("--json-log", is_flag=True, help="Log to stderr as one JSON object a line.")
@click.option("--verbose", "-v", is_flag=True, help="Log more.")
def join(
    agent_file: Path, hub: str | None, token: str | None, name: str | None, rotate: bool, json_log: bool, verbose: bool,
    models: tuple[str, ...], policy: str | None, plan: bool, no_damper: bool,
) -> None:  # fmt: skip
    from ioa.cli.join_run import run_join

    thinking = ModelOptions(models, policy, plan, no_damper)
    run_async(run_join(agent_file, hub, token, name, thinking, rotate=rotate, json_log=json_log, verbose=verbose))
