"""What `ioa join` does: load the agent, register it, work until Ctrl-C."""

from __future__ import annotations

from pathlib import Path

from ioa import bootstrap
from ioa.adapters.agents.card_file import CardFileError, load_card_file
from ioa.cli.failures import BadInput, HubProblem
from ioa.cli.hub_api import HubApi
from ioa.cli.joining import held_folder, named, registered
from ioa.cli.logs import log_to_stderr
from ioa.cli.model_options import ModelOptions, thinking_of
from ioa.cli.reach import given_place, local_places
from ioa.cli.terminal import Terminal, one_line, seconds, stderr
from ioa.cli.tracing import traced
from ioa.client import ClientEnded
from ioa.client.events import AgentStarted, AgentStopped, ClientEvent, Connected, Disconnected, GoalTaken
from ioa.protocol.signatures import EXTRA, can_verify
from ioa.settings import Settings


async def run_join(
    agent_file: Path,
    hub: str | None,
    token: str | None,
    name: str | None,
    options: ModelOptions,
    *,
    rotate: bool,
    json_log: bool,
    verbose: bool,
) -> None:
    """Take part until interrupted. Raises `Failure`."""
    log_to_stderr(as_json=json_log, verbose=verbose)
    settings = Settings.read()
    thinking = thinking_of(options, settings)
    try:
        agent = named(load_card_file(agent_file, thinking.mind), name)
    except CardFileError as error:
        raise BadInput(one_line(str(error))) from error
    place = given_place(settings, hub, token) or next((p for p in local_places(settings) if p.url is not None), None)
    if place is None or place.url is None:
        raise BadInput("Which hub? None runs here; start one with ioa hub, or name it: --hub URL")
    err = stderr(colour=settings.colour)
    with held_folder(settings.joined_folder, place.url, agent.name) as folder:
        async with HubApi(place.url, place.token) as api:
            own = await registered(api, agent, folder, rotate=rotate)
        err.write(f"{one_line(agent.name)} is registered at {place.url}. Ctrl-C ends its work.")
        if not can_verify():
            err.write(f"Its card is not signed, others see it as unverified; to sign it: {EXTRA}")
        try:
            with traced(err) as tracer:
                async with thinking:
                    await bootstrap.join(
                        agent, place.url, own, folder, policy=thinking.policy, listener=_Told(err), tracer=tracer
                    )
        except ClientEnded as ended:
            raise HubProblem(_why(ended, agent.name)) from ended


def _why(ended: ClientEnded, name: str) -> str:
    if ended.code == "superseded":
        return f"Another client has connected as {one_line(name)}; this one has ended. Use --name for a second one."
    if ended.code == "not_authenticated":
        return f"The hub no longer knows the token of {one_line(name)}. Join again; add --rotate for a new token."
    return one_line(str(ended))


class _Told:
    """Says what the client does, one line for each thing that its owner wants to know."""

    def __init__(self, err: Terminal) -> None:
        self._err = err
        self._away = False

    def __call__(self, event: ClientEvent) -> None:
        match event:
            case Connected():
                self._err.write("connected again" if self._away else "connected")
                self._away = False
            case Disconnected() if not self._away:
                self._away = True
                why = one_line(event.reason, 200) or f"code {event.code}"
                self._err.write(f"not connected ({why}); trying again from {seconds(event.retry_in_s)} on")
            case GoalTaken():
                self._err.write(f"forms a team for: {one_line(event.goal, 200)}")
            case AgentStarted():
                self._err.write(f"begins task {one_line(event.task_id)}{' again' if event.again else ''}")
            case AgentStopped():
                self._err.write(f"task {one_line(event.task_id)}: {event.how}")
            case _:
                pass
