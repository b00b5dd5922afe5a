"""The checks of `ioa doctor`, each a sentence about this machine and, where something is amiss, the remedy."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Literal, TypeAlias

from ioa.cli.failures import Failure
from ioa.cli.hub_api import HubApi
from ioa.cli.reach import given_place, local_places
from ioa.cli.terminal import one_line, stdout
from ioa.settings import DEFAULT_PORT, Settings

DISTRIBUTION = "internet-of-agents"
MIN_PYTHON = (3, 11)
MIN_SQLITE = (3, 35, 0)
LOW_SPACE_BYTES = 500 * 2**20
NO_SPACE_BYTES = 20 * 2**20
PROBE_S = 10.0

Status: TypeAlias = Literal["ok", "optional", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: what was looked at, how it is, what was seen, and how to mend it ("" where nothing is amiss).
    `optional` is something that is not there, and that nobody needs who does not use it."""

    what: str
    status: Status
    found: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"check": self.what, "status": self.status, "found": self.found, "remedy": self.remedy}


async def check_all(hub: str | None, token: str | None, models: Sequence[str] = ()) -> tuple[Check, ...]:
    """All checks, in the order in which they are shown. A check that itself breaks is a problem, not an end. `models`
    are called once each."""
    from ioa.cli import doctor_models

    settings = Settings.read()
    environment = doctor_models.here()
    local: tuple[tuple[str, Callable[[], list[Check]]], ...] = (
        ("python", check_python),
        ("packages", check_packages),
        ("agents", check_agents),
        ("meaning", check_meaning),
        ("sqlite", check_sqlite),
        ("data folder", lambda: check_data(settings)),
        ("terminal", check_terminal),
        ("extras", doctor_models.check_extras),
        ("tools", lambda: doctor_models.check_tools(environment)),
        ("chromium", lambda: doctor_models.check_chromium(environment)),
        ("models", lambda: doctor_models.check_keys(environment)),
    )
    checks: list[Check] = []
    for name, check in local:
        try:
            checks += await asyncio.to_thread(check)
        except Exception as error:  # noqa: BLE001 - a doctor reports what is broken, whatever it is
            checks.append(
                Check(name, "problem", f"the check itself failed: {type(error).__name__}: {error}", _REINSTALL)
            )
    checks.append(await check_sandbox())
    checks += await check_hubs(settings, hub, token)
    checks += await doctor_models.check_models(models)
    return tuple(checks)


_REINSTALL = f"pip install --force-reinstall {DISTRIBUTION}"


def check_python() -> list[Check]:
    version = platform.python_version()
    text = f"Python {version} on {platform.system()} {platform.machine()}"
    if sys.version_info < MIN_PYTHON:
        return [Check("python", "problem", text, "install Python 3.11 or newer")]
    try:
        installed = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return [Check("python", "ok", text), Check("ioa", "warning", "not installed as a package", "pip install .")]
    return [Check("python", "ok", text), Check("ioa", "ok", f"ioa {installed}")]


def check_packages() -> list[Check]:
    """What the base install needs is there. Versions were chosen by pip; here only their presence counts."""
    try:
        required = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    found: list[str] = []
    absent: list[str] = []
    for requirement in required:
        if "extra ==" in requirement:
            continue
        name = requirement.split(";")[0].strip()
        name = name[: next((place for place, char in enumerate(name) if char in "<>=!~[ ("), len(name))]
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            absent.append(name)
    if absent:
        return [Check("packages", "problem", f"missing: {', '.join(absent)}", f"pip install {' '.join(absent)}")]
    return [Check("packages", "ok", ", ".join(found))]


def check_agents() -> list[Check]:
    """Which built-in agents can work."""
    from ioa.adapters.agents.builtin import BUILTIN, builtin_agent, missing

    absent = {name: packages for name in BUILTIN if (packages := missing(name))}
    ready: list[str] = []
    broken: list[Check] = []
    for name in BUILTIN:
        if name in absent:
            continue
        try:
            builtin_agent(name)
            ready.append(name)
        except ImportError as error:
            broken.append(Check("agents", "problem", f"{name} cannot be loaded: {error}", _REINSTALL))
    checks = [Check("agents", "ok", f"ready: {', '.join(ready)}")] if ready else []
    if absent:
        lacking = "; ".join(f"{name} needs {', '.join(packages)}" for name, packages in absent.items())
        checks.append(Check("agents", "warning", lacking, f"pip install '{DISTRIBUTION}[agents]'"))
    return [*checks, *broken]


def check_meaning() -> list[Check]:
    """The model of meaning is the file that shipped, and it works."""
    from ioa.adapters.index.embedding import MeaningUnavailable, MiniLM

    began = time.perf_counter()
    try:
        model = MiniLM()
        near, far = (float(model.embed(["draw a chart"])[0] @ model.embed([text])[0]) for text in _TEXTS)
    except (MeaningUnavailable, ImportError) as error:
        return [Check("meaning", "problem", f"search by meaning does not work: {error}", _REINSTALL)]
    took = time.perf_counter() - began
    if not near > far:
        return [Check("meaning", "problem", f"the model ranks wrongly ({near:.2f} against {far:.2f})", _REINSTALL)]
    return [Check("meaning", "ok", f"{model.describe()}; digest right, first search after {took:.1f} s")]


_TEXTS = ("make a plot of the data", "solve an equation")


def check_sqlite() -> list[Check]:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        wanted = ".".join(map(str, MIN_SQLITE))
        return [Check("sqlite", "problem", f"SQLite {version}", f"use a Python with SQLite {wanted} or newer")]
    return [Check("sqlite", "ok", f"SQLite {version}")]


def check_data(settings: Settings) -> list[Check]:
    """The data folder can be written and has room."""
    folder = settings.data
    probe = folder / f".doctor-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_bytes(b"x")
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        reason = error.strerror or str(error)
        return [
            Check("data folder", "problem", f"{folder} cannot be written: {reason}", "set IOA_DATA to another folder")
        ]
    text = f"{folder}, {free / 2**30:.1f} GiB free"
    if free < LOW_SPACE_BYTES:
        status: Status = "problem" if free < NO_SPACE_BYTES else "warning"
        return [Check("data folder", status, text, "free some space, or set IOA_DATA to another disk")]
    return [Check("data folder", "ok", text)]


def check_terminal() -> list[Check]:
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        return [Check("terminal", "warning", f"output is {sys.stdout.encoding}", "set PYTHONUTF8=1 or a UTF-8 locale")]
    return [Check("terminal", "ok", "output is UTF-8")]


async def check_sandbox() -> Check:
    """Bubblewrap is there and may be used; without it the coder has weaker protection."""
    program = shutil.which("bwrap")
    if program is None:
        how = "apt-get install bubblewrap" if sys.platform == "linux" else "run the coder on a Linux machine (ioa join)"
        text = "no bubblewrap: code runs with resource limits only, not shut off from files and network"
        return Check("sandbox", "warning", text, how)
    probe = [program, "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"]
    process = await asyncio.create_subprocess_exec(
        *probe, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PROBE_S):
            _, said = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return Check("sandbox", "warning", f"{program} does not answer", "reinstall bubblewrap")
    if process.returncode != 0:
        reason = one_line(said.decode(errors="replace"), 200)
        return Check(
            "sandbox", "warning", f"bubblewrap is there but may not be used: {reason}",
            "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1)",
        )  # fmt: skip
    return Check("sandbox", "ok", f"bubblewrap works ({program})")


async def check_hubs(settings: Settings, hub: str | None, token: str | None) -> list[Check]:
    """Every hub that there is to reach answers and takes the token; where none runs, its port is free."""
    given = given_place(settings, hub, token)
    places = (given,) if given else tuple(place for place in local_places(settings) if place.url)
    checks: list[Check] = []
    for place in places:
        assert place.url is not None
        async with HubApi(place.url, place.token) as api:
            try:
                health = await api.health()
                agents = await api.agents(limit=1_000)
            except Failure as error:
                checks.append(
                    Check("hub", "problem", error.message, "start one with ioa hub, or mend --hub and --token")
                )
                continue
        online = sum(agent.online for agent in agents)
        text = f"{place.url} answers (ioa {health.version}), the token is valid, {len(agents)} agents, {online} online"
        checks.append(Check("hub", "ok", text))
    if not places:
        checks.append(Check("hub", "ok", "none was named and none runs here; ioa run starts its own"))
        checks.append(await _check_port())
    return checks


async def _check_port() -> Check:
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", DEFAULT_PORT)
    except OSError:
        text = f"port {DEFAULT_PORT} is taken by another program"
        return Check("port", "warning", text, "give ioa hub another one with --port")
    server.close()
    await server.wait_closed()
    return Check("port", "ok", f"port {DEFAULT_PORT} is free for ioa hub")


def show(checks: tuple[Check, ...]) -> None:
    """All checks as lines on stdout, remedies below what is amiss."""
    out = stdout(colour=Settings.read().colour)
    marks = {
        "ok": ("✔ ok", "green"),
        "optional": ("· optional", "dim"),
        "warning": ("! warning", "yellow"),
        "problem": ("✘ problem", "red"),
    }
    widest = max(len(check.what) for check in checks)
    for check in checks:
        mark, style = marks[check.status]
        out.write(f"{out.style(mark.ljust(10), style)}  {check.what.ljust(widest)}  {one_line(check.found)}")
        if check.remedy:
            out.write(f"{' ' * (widest + 14)}{'get' if check.status == 'optional' else 'mend'}: {check.remedy}")
    amiss = [check for check in checks if check.status in ("warning", "problem")]
    problems = sum(check.status == "problem" for check in amiss)
    warnings = len(amiss) - problems
    counts = (
        f"{problems} problem{'' if problems == 1 else 's'}",
        f"{warnings} warning{'' if warnings == 1 else 's'}",
    )
    summary = f"{', '.join(counts)}." if amiss else "All is well."
    out.write(f"\n{summary}")
