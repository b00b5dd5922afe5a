"""Options that say what decides: rules, or which model; and what it may cost."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from ioa.cli.failures import BadInput
from ioa.settings import Settings

if TYPE_CHECKING:
    from ioa.adapters.clock import Origins
    from ioa.adapters.models.tape import Tape
    from ioa.minds import Thinking

P = ParamSpec("P")
R = TypeVar("R")


def model_options(command: Callable[P, R]) -> Callable[P, R]:
    """`--model`, `--policy`, `--plan` and `--no-damper`."""
    for option in (
        click.option("--no-damper", is_flag=True, help="Let agents repeat each other; else they are told once and the "
                     "group moves on."),
        click.option("--plan", is_flag=True, help="With a model: each group keeps a plan that all members see."),
        click.option("--policy", type=click.Choice(["rules", "model"]), help="What decides in each agent's client. "
                     "rules: no model; it says what it does not understand. Default: model where one is set."),
        click.option("--model", "models", multiple=True, metavar="MODEL", help="Let a language model decide, such as "
                     "openai:gpt-5-mini, anthropic:NAME, google:NAME, ollama:NAME, NAME@http://host:8000/v1 (or "
                     "IOA_MODEL). DECISION=MODEL sets one for a kind of decision. See docs/models.md."),
    ):  # fmt: skip
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What was given on the command line."""

    models: tuple[str, ...] = ()
    policy: str | None = None
    plan: bool = False
    no_damper: bool = False
    record: Path | None = None
    replay: Path | None = None


def thinking_of(options: ModelOptions, settings: Settings) -> Thinking:
    """What decides, by the options and the environment; without a tape. Raises `BadInput`."""
    from ioa.minds import Thinking, model_setting

    try:
        setting = model_setting(options.models or settings.models)
    except ValueError as error:
        raise BadInput(f"{'--model' if options.models else 'IOA_MODEL'}: {error}.") from error
    if options.policy == "model" and setting is None:
        raise BadInput("--policy model needs a model; name one with --model, or set IOA_MODEL." + offered())
    if options.policy == "rules":
        if options.models:
            raise BadInput("--policy rules and --model exclude each other; leave one of them out.")
        setting = None
    if options.plan and setting is None:
        raise BadInput("--plan needs a model; name one with --model.")
    made = Thinking(setting=setting, planning=options.plan, damped=not options.no_damper)
    if setting is not None and options.replay is None:
        _check(made)
    return made


def _check(thinking: Thinking) -> None:
    """Better now than in the first decision of the first agent."""
    from importlib.util import find_spec

    from ioa.adapters.models.failure import MindFailed

    if find_spec("pydantic_ai") is None:
        raise BadInput(
            'Models need more libraries: pip install "internet-of-agents[models]". Without --model the rules decide.'
        )

    assert thinking.setting is not None
    try:
        for model in {thinking.setting.default, *thinking.setting.by_decision.values()}:
            mind = thinking.mind(model)
            assert mind is not None
            mind.window_tokens("turn")
    except MindFailed as failure:
        raise BadInput(str(failure)) from failure
    except ValueError as error:
        raise BadInput(str(error)) from error


def offered() -> str:
    """A sentence with the model that this machine could use at once; "" if there is none."""
    from ioa.adapters.models.offers import found_in

    offers = found_in(os.environ)
    return f" {offers[0].because}: try --model {offers[0].model}" if offers else ""


def origins_of(tape: Tape | None) -> Origins | None:
    """The identifiers of a record, and its clock where it is played; None: the machine's."""
    from ioa.adapters.clock import Origins, RecordedClock, SystemClock, seeded_ids

    if tape is None or tape.head is None or not tape.head.seed:
        return None
    clock = RecordedClock(tape.head.start_s) if tape.replays else SystemClock()
    return Origins(clock, seeded_ids(tape.head.seed))


def goal_of(record: Path) -> str:
    """The goal that a record is of. Raises `BadInput`."""
    from ioa.adapters.models.failure import MindFailed
    from ioa.adapters.models.tape import Tape

    try:
        head = Tape.replaying(record).head
    except (MindFailed, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"--replay {record}: {why}.") from error
    if head is None or not head.goal:
        raise BadInput(f"--replay {record}: the record does not say its goal; give it too.")
    return head.goal


def told_of_replay(tape: Tape) -> list[str]:
    """What a replay did not do as it was recorded, in lines; nothing if it did all."""
    lines = [line for text in tape.missed for line in text.splitlines()]
    if tape.missed:
        lines.append(f"{len(tape.missed)} of the prompts are not in the record: the rules decided there instead.")
    unused = len(tape.unused())
    if unused:
        lines.append(f"{unused} recorded call{'s were' if unused > 1 else ' was'} not asked for.")
    return lines


@contextmanager
def taped(options: ModelOptions, thinking: Thinking, goal: str) -> Generator[Thinking]:
    """`thinking` with the record that is written or played. Raises `BadInput` for a file that cannot be used."""
    from dataclasses import replace

    if options.record is None and options.replay is None:
        yield thinking
        return
    if options.record is not None and options.replay is not None:
        raise BadInput("--record and --replay exclude each other: play a record, or make one.")
    from ioa.adapters.models.failure import MindFailed
    from ioa.adapters.models.tape import Head, Tape
    from ioa.version import version

    path = options.record or options.replay
    assert path is not None
    try:
        if options.replay is not None:
            tape = Tape.replaying(path)
        else:
            if thinking.setting is None:
                raise BadInput("--record keeps the calls of a model; name one with --model.")
            settings = {"model": thinking.setting.default, **thinking.setting.by_decision}
            head = Head(version=version(), goal=goal, settings=settings, seed=secrets.randbits(63), start_s=time.time())
            tape = Tape.recording(path, head)
    except FileExistsError as error:
        raise BadInput(f"--record {path}: the file exists; a record is of one run, give another name.") from error
    except MindFailed as failure:
        raise BadInput(f"--replay {path}: {failure}") from failure
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}.") from error
    try:
        yield replace(_replayed(thinking, tape.head.settings if tape.head else {}), tape=tape)
    finally:
        tape.close()


def _replayed(thinking: Thinking, settings: Mapping[str, str]) -> Thinking:
    """A record says itself which models it is of."""
    from dataclasses import replace

    from ioa.minds import model_setting

    if thinking.setting is not None or not settings:
        return thinking
    others = [f"{decision}={model}" for decision, model in settings.items() if decision != "model"]
    return replace(thinking, setting=model_setting([settings.get("model", ""), *others]))
