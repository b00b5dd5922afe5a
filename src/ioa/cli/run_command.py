"""`ioa run`: a goal goes in, a team forms, an answer comes out."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from ioa.cli.failures import BadInput
from ioa.cli.model_options import ModelOptions, model_options
from ioa.cli.options import hub_options, json_option, run_async

MAX_GOAL_CHARS = 262_144
HELP = """Give the network GOAL and show the conversation, then the answer.

Without --hub a network is started here: a hub and the built-in agents (data analyst, mathematician, librarian,
plotter, coder, writer), on this machine only. It remembers: see ioa chats, ioa show and --continue.

Write the goal as you would to a colleague. Files that it mentions and that lie here are attached. GOAL `-` reads it
from stdin. Without GOAL three goals are shown that you can try at once.

The conversation goes to stderr, the answer to stdout. Ctrl-C cancels the goal and shows what there is; a second Ctrl-C
leaves at once.

\b
Examples:
  ioa run "Compute the mean price per region of sales.csv, plot it, and write a report"
  ioa run "What does the contract say about delivery?" --file docs/contract.pdf
  ioa run "Tell the weather in Oslo" --agent weather.yaml
  ioa run "Now the same for 2025" --continue 3f2a91c0
  ioa run "Who wrote this, and why?" --file note.txt --model openai:gpt-5-mini --max-cost 0.10
  ioa run - --json --quiet < goal.txt > answer.json
"""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What was given on the command line."""

    goal: str
    files: tuple[str, ...]
    agents: tuple[Path, ...]
    team: tuple[str, ...]
    depth: int | None
    max_turns: int | None
    timeout_s: float | None
    hub: str | None
    token: str | None
    continues: str | None
    out: Path | None
    max_calls: int | None
    max_tokens: int | None
    max_cost: float | None
    as_json: bool
    quiet: bool
    page: bool
    thinking: ModelOptions


@click.command(help=HELP, short_help="Give the network a goal; show the conversation and the answer.")
@click.argument("goal", nargs=-1)
@click.option("--file", "files", multiple=True, metavar="PATH", help="Attach a file. May be repeated.")
@click.option(
    "--agent", "agents", multiple=True, metavar="FILE", type=click.Path(path_type=Path),
    help="Start this agent (an agent.yaml) as well. May be repeated.",
)  # fmt: skip
@click.option("--team", multiple=True, metavar="NAME,…", help="These agents form the team, and no others.")
@click.option("--depth", type=click.IntRange(0, 32), metavar="N", help="How deep teams may be nested. 0: not at all.")
@click.option("--max-turns", type=click.IntRange(1, 10_000), metavar="N", help="Turns of the team before it concludes.")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(0, 2_592_000, min_open=True), metavar="S",
    help="Cancel the goal after S seconds, and show what there is (exit code 5).",
)  # fmt: skip
@hub_options
@click.option("--continue", "continues", metavar="COMM_ID", help="Go on from an earlier chat: its answer is known.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Where the answer's files go. Default: ./ioa-out/<id>/. Other files there are not overwritten.",
)  # fmt: skip
@model_options
@click.option("--max-calls", type=click.IntRange(0), metavar="N", help="Model calls of the goal, all agents together.")
@click.option("--max-tokens", type=click.IntRange(0), metavar="N", help="Tokens of the goal, read and written.")
@click.option("--max-cost", type=click.FloatRange(0), metavar="USD", help="Dollars of the goal.")
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep every model call in FILE. It holds what you gave, so it is readable by you only.",
)
@click.option(
    "--replay",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Run the goal of a record again, without a model; GOAL can be left out.",
)
@click.option(
    "--open", "page", is_flag=True,
    help="Open the page in a browser to watch and take part; it stays until Ctrl-C. GOAL can be left out.",
)  # fmt: skip
@json_option
@click.option("--quiet", "-q", is_flag=True, help="Do not show the conversation, only the answer.")
def run(
    goal: tuple[str, ...],
    team: tuple[str, ...],
    models: tuple[str, ...],
    policy: str | None,
    plan: bool,
    no_damper: bool,
    record: Path | None,
    replay: Path | None,
    **given: object,
) -> None:
    if not goal and replay is not None:
        from ioa.cli.model_options import goal_of

        goal = (goal_of(replay),)
    if not goal and given["page"]:
        if given["hub"] is not None:
            raise BadInput("--open without a goal starts a network here; for a hub that runs, open its address.")
        goal = ("",)
    if not goal:
        _show_samples()
        return
    text, *rest = goal
    if rest:
        raise BadInput(f'The goal came in {len(goal)} pieces; put it in quotes: ioa run "{text} {rest[0]} …"')
    names = tuple(name.strip() for names in team for name in names.split(","))
    if any(not name for name in names):
        raise BadInput(f"--team {','.join(names)!r} has an empty name; write for example --team 'Plotter,Writer'.")
    thinking = ModelOptions(models, policy, plan, no_damper, record, replay)
    wanted = _goal_text(text) if text or not given["page"] else ""
    options = RunOptions(goal=wanted, team=names, thinking=thinking, **given)  # pyright: ignore[reportArgumentType] - click has checked and converted them
    if sys.stderr.isatty() and not options.quiet:
        click.echo("Starting …\r", err=True, nl=False)  # what is imported next takes a second; the view writes over it
    from ioa.cli.run_flow import run_flow

    code = run_async(run_flow(options))
    click.get_current_context().exit(int(code))


def _goal_text(given: str) -> str:
    """The goal, read from stdin for `-`. Raises `BadInput` for one that says nothing, or too much."""
    text = given
    if given == "-":
        stream = sys.stdin.buffer if hasattr(sys.stdin, "buffer") else None
        try:
            text = stream.read().decode("utf-8") if stream else sys.stdin.read()
        except UnicodeDecodeError as error:
            raise BadInput(f"The goal on stdin is not UTF-8 text (byte {error.start}).") from error
    text = text.replace("\r\n", "\n").strip()
    if not any(char.isalnum() for char in text):
        source = "on stdin" if given == "-" else repr(text[:40])
        raise BadInput(f'The goal ({source}) is empty; say what you want, such as ioa run "Solve x^2 = 2".')
    if len(text) > MAX_GOAL_CHARS:
        raise BadInput(
            f"The goal has {len(text)} characters, at most {MAX_GOAL_CHARS} are taken; attach long texts with --file."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            f"The goal is not valid text at character {error.start}; is the terminal set to UTF-8?"
        ) from error
    return text


def _show_samples() -> None:
    from ioa.cli.sample_goals import checkout_of, sample_goals

    goals, folder = sample_goals(Path.cwd(), checkout_of(__file__))
    click.echo('ioa run "GOAL" gives the network a goal. Try one of these:\n')
    if folder is not None and folder != Path.cwd():
        click.echo(f"  cd {_quoted(str(folder))}\n")
    for goal in goals:
        click.echo(f"  ioa run {_quoted(goal)}\n")
    click.echo("ioa run --help explains the options.")


def _quoted(text: str) -> str:
    import shlex

    return f'"{text}"' if not set(text) & set('"$`\\!') else shlex.quote(text)
