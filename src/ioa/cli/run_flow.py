"""What `ioa run` does once its words are understood: open a network, run the goal on it, show what came of it."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ioa import bootstrap, data_folder
from ioa.adapters.agents.card_file import CardFileError, load_card_file
from ioa.adapters.agents.carded import CardedAgent
from ioa.adapters.agents.standalone import media_type_of
from ioa.adapters.clock import new_id
from ioa.cli import outcome as outcomes
from ioa.cli.answer_files import check_folder
from ioa.cli.attachments import Attachment, attach
from ioa.cli.failures import BadInput, Exit, Interrupted
from ioa.cli.goal_run import GoalRequest, GoalRun
from ioa.cli.hub_api import HubApi, Rejected
from ioa.cli.hub_run import told_to_end
from ioa.cli.joining import joined
from ioa.cli.live_view import LiveView
from ioa.cli.logs import log_to_file
from ioa.cli.model_options import offered, origins_of, taped, thinking_of, told_of_replay
from ioa.cli.options import print_json
from ioa.cli.page_link import page_link, show_in_browser
from ioa.cli.reach import given_place, local_places, locate, opened
from ioa.cli.run_command import RunOptions
from ioa.cli.terminal import Terminal, one_line, stderr, stdout, wrap
from ioa.cli.tracing import traced
from ioa.minds import Thinking
from ioa.ports.tracing import Tracer
from ioa.settings import Settings
from ioa.web import PAGE

if TYPE_CHECKING:
    from ioa.adapters.models.tape import Tape

TICK_S = 1.0
MODEL_TURN_S = 300.0
"""How long a turn may take where models decide: several calls, each with retries."""


@dataclass(frozen=True, slots=True)
class Network:
    """Where the goal goes, and what decides there."""

    api: HubApi
    policy: str
    remarks: tuple[str, ...]
    tape: Tape | None = None
    thinks: bool = False
    own: bool = False
    request_id: str = field(default_factory=new_id)


async def run_flow(options: RunOptions) -> Exit:
    """Run one goal from its words to its answer on the terminal. Raises `Failure`."""
    settings = Settings.read()
    err = stderr(colour=settings.colour)
    with traced(err) as tracer:
        return await _run(options, settings, err, tracer)


async def _run(options: RunOptions, settings: Settings, err: Terminal, tracer: Tracer) -> Exit:
    out = stdout(colour=settings.colour)
    goal, attachments = attach(options.goal, options.files, Path.cwd()) if options.goal else ("", ())
    if options.out is not None:
        check_folder(options.out)
    view = LiveView(err, time.time, quiet=options.quiet)
    if not options.quiet:
        _announce(attachments, err)
    thinking = thinking_of(options.thinking, settings)
    async with _open(options, settings, thinking, goal, tracer) as network:
        if options.page:
            await _open_page(network, err)
        if not options.quiet:
            for remark in network.remarks:
                err.write("\n".join(err.style(line, "dim") for line in wrap(one_line(remark), err.columns)))
        if not goal:
            await told_to_end().wait()
            return Exit.COMPLETED
        request = GoalRequest(
            goal=goal,
            attachments=attachments,
            team=options.team,
            depth=options.depth,
            max_turns=options.max_turns,
            timeout_s=options.timeout_s,
            continues=await _continued(network.api, options.continues),
            request_id=network.request_id,
            max_calls=options.max_calls,
            max_tokens=options.max_tokens,
            max_cost_usd=options.max_cost,
            turn_timeout_s=MODEL_TURN_S if network.thinks else None,
        )
        run = GoalRun(network.api, request, view, media_type_of, time.monotonic)
        with _interruptible(run, view):
            async with _ticking(view):
                try:
                    ended = await run.run()
                except Rejected as refusal:
                    raise await _explained(refusal, network.api) from refusal
            folder = options.out or Path("ioa-out") / (ended.comm_id or ended.goal_id)[:8]
            made, problems = await outcomes.collect(
                network.api,
                ended,
                view.followed,
                folder,
                policy=network.policy,
                reason=run.reason,
            )
        if options.page and network.own:
            _show(made, problems, options, out, err)
            err.write("The page stays until Ctrl-C.")
            await told_to_end().wait()
            return made.exit_code
    _show(made, problems, options, out, err)
    if network.tape is not None and network.tape.replays:
        for line in told_of_replay(network.tape):
            err.write(one_line(line, 400))
    return made.exit_code


async def _open_page(network: Network, err: Terminal) -> None:
    """Say where the page is, and show it if there is a browser."""
    url = await page_link(network.api)
    opened_it = await show_in_browser(url)
    err.write(f"page     {url}")
    how = "It is open in your browser." if opened_it else "Open it in a browser: it signs you in, once."
    err.write(err.style(f"         {how}" + ("" if not network.own else " Ctrl-C ends the network."), "dim"))


def _show(made: outcomes.Outcome, problems: list[str], options: RunOptions, out: Terminal, err: Terminal) -> None:
    if options.as_json:
        print_json(outcomes.as_json(made))
    else:
        if not options.quiet:
            err.write()
        outcomes.show_answer(made, out)
    if not options.quiet:
        outcomes.show_footer(made, err, problems)
        return
    for problem in problems:
        err.write(problem)
    if not made.goal.conclusion and not options.as_json:
        err.write(f"There is no answer: the goal is {made.goal.status}.")


@asynccontextmanager
async def _open(
    options: RunOptions, settings: Settings, thinking: Thinking, goal: str, tracer: Tracer
) -> AsyncGenerator[Network]:
    """The network with what decides in it, and the record of that if one is wanted."""
    with taped(options.thinking, thinking, goal) as recorded:
        async with recorded:
            agents = [_loaded(path, recorded) for path in options.agents]
            async with _network(options, settings, agents, recorded, tracer) as network:
                yield network


@asynccontextmanager
async def _network(
    options: RunOptions, settings: Settings, agents: list[CardedAgent], thinking: Thinking, tracer: Tracer
) -> AsyncGenerator[Network]:
    """The hub that was named, with the given agents joined to it; else a network of our own."""
    place = given_place(settings, options.hub, options.token)
    if place is not None:
        assert place.url is not None
        async with HubApi(place.url, place.token) as api:
            health = await api.health()
            remarks = (f"hub {place.url} (ioa {health.version})",)
            async with joined(agents, api, settings.joined_folder, thinking.policy, tracer=tracer):
                yield Network(api, "each agent's own", remarks, thinking.tape, thinking.setting is not None)
        return
    folder = await _folder_for(options, settings)
    with _held(folder) as held:
        origins = origins_of(thinking.tape)
        request_id = origins.new_id() if origins is not None else new_id()
        log_to_file(folder)
        async with (
            bootstrap.embedded_network(
                folder, agents=agents, policy=thinking.policy, tracer=tracer, origins=origins, page=PAGE
            ) as network,
            HubApi(network.url, network.token) as api,
        ):
            held.announce(network.url)
            names = ", ".join(network.agent_names)
            deciding = (
                "policy: rules (no model)." + offered() if thinking.name == "rules" else f"model: {thinking.name}"
            )
            remarks = (f"network {folder}: {names}", deciding, *network.remarks)
            yield Network(
                api,
                thinking.name,
                remarks,
                thinking.tape,
                thinking.setting is not None,
                own=True,
                request_id=request_id,
            )


@contextmanager
def _held(folder: Path) -> Generator[data_folder.Hold]:
    try:
        with data_folder.hold(folder, "run") as held:
            yield held
    except data_folder.FolderUnusable as error:
        raise BadInput(str(error)) from error


async def _folder_for(options: RunOptions, settings: Settings) -> Path:
    """The folder of this run's network: the one that holds the chat to go on from, else the first that is free; one
    that knows nothing yet where model calls are recorded or played, so that both begin alike."""
    continues = options.continues
    if continues is None:
        taped = options.thinking.record is not None or options.thinking.replay is not None
        return data_folder.free_network_folder(settings, fresh=taped)
    for place in local_places(settings):
        if place.folder is None:
            continue
        async with opened(place) as api:
            found = await locate(api, continues)
        if found is None:
            continue
        if place.url is not None:
            raise BadInput(
                f"--continue {continues}: that chat belongs to the hub at {place.url}, which is running; "
                f"add --hub {place.url}, or wait until it has ended."
            )
        return place.folder
    raise BadInput(f"--continue {continues}: there is no such chat here; ioa chats lists them.")


async def _explained(refusal: Rejected, api: HubApi) -> Rejected | BadInput:
    """A refusal that names an agent nobody knows, with the names that are known."""
    if refusal.reason != "unknown_agent":
        return refusal
    known = ", ".join(one_line(agent.card.name, 40) for agent in await api.agents(limit=20))
    return BadInput(f"{refusal.message} Agents there: {known or 'none'}.")


async def _continued(api: HubApi, continues: str | None) -> str | None:
    """The full comm_id of the chat to go on from."""
    if continues is None:
        return None
    found = await locate(api, continues)
    comm_id = found and (found.comm_id or found.goal.comm_id)
    if not found or not comm_id:
        raise BadInput(f"--continue {continues}: there is no such chat at {api.url}; ioa chats lists them.")
    if not found.goal.ended:
        raise BadInput(
            f"--continue {continues}: that chat is still {found.goal.status}; cancel it, or wait for its end."
        )
    return comm_id


def _announce(attachments: tuple[Attachment, ...], err: Terminal) -> None:
    for attachment in attachments:
        path, here = attachment.path, Path.cwd()
        shown = path.relative_to(here) if path.is_relative_to(here) else path
        why = " (the goal mentions it)" if attachment.mentioned else ""
        err.write(err.style(f"attached {one_line(str(shown), 200)}{why}", "dim"))


def _loaded(path: Path, thinking: Thinking) -> CardedAgent:
    try:
        return load_card_file(path, thinking.mind)
    except CardFileError as error:
        raise BadInput(f"--agent {one_line(str(error))}") from error


@asynccontextmanager
async def _ticking(view: LiveView) -> AsyncGenerator[None]:
    """Keeps the line that says what is going on up to date."""

    async def tick() -> None:
        while True:
            view.tick()
            await asyncio.sleep(TICK_S)

    task = asyncio.create_task(tick())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        view.close()


@contextmanager
def _interruptible(run: GoalRun, view: LiveView) -> Generator[None]:
    """Ctrl-C once cancels the goal, twice leaves."""
    task = asyncio.current_task()
    count = 0

    def interrupted() -> None:
        nonlocal count
        count += 1
        if count == 1:
            view.remark("Cancelling the goal; Ctrl-C again leaves at once.")
            run.interrupt()
        elif task is not None:
            task.cancel()

    restore = _on_interrupt(interrupted)
    try:
        yield
    except asyncio.CancelledError:
        if count < 2 or task is None:
            raise
        task.uncancel()
        raise Interrupted("Left before the goal had ended.") from None
    finally:
        restore()


def _on_interrupt(call: Callable[[], None]) -> Callable[[], None]:
    """Have SIGINT call this from the event loop; returns what undoes it."""
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    try:
        if sys.platform == "win32":
            signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(call))
        else:
            loop.add_signal_handler(signal.SIGINT, call)
    except (ValueError, RuntimeError, NotImplementedError):  # not in the main thread: somebody else's program
        return lambda: None

    def undo() -> None:
        if sys.platform != "win32":
            loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)

    return undo
