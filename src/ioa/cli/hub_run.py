"""What `ioa hub` does: hold the data folder, open the hub, say where it is, wait for the end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ioa import bootstrap, data_folder
from ioa.adapters.bus.opening import open_bus
from ioa.adapters.index.engines import engine_at
from ioa.adapters.index.unavailable import MeaningsUnavailable
from ioa.adapters.store.opening import open_store
from ioa.bounded_yaml import BadYaml, load_yaml
from ioa.cli.failures import BadInput, Failure
from ioa.cli.logs import log_to_stderr
from ioa.cli.security_file import SecurityFile, read_security
from ioa.cli.terminal import stderr, stdout
from ioa.cli.tracing import traced
from ioa.hub.http_me import page_path
from ioa.hub.security import LOCAL_USER, Identity
from ioa.hub.serving import settle_memory
from ioa.hub.settings import HubSettings, SettingsError
from ioa.ports.bus import BusUnavailable
from ioa.ports.store import StoreUnavailable
from ioa.settings import Settings
from ioa.web import PAGE

DEFAULT_USER = "me"


@dataclass(frozen=True, slots=True)
class HubOptions:
    """What was given on the command line."""

    host: str
    port: int
    data: Path | None
    users: Path | None
    security: Path | None
    allowed_hosts: tuple[str, ...]
    tls_certificate: Path | None
    tls_key: Path | None
    index: str
    json_log: bool
    verbose: bool
    store: str | None = None
    bus: str | None = None
    trusted_proxies: tuple[str, ...] = ()


async def run_hub(options: HubOptions) -> None:
    """Run the hub until SIGINT or SIGTERM. Raises `Failure`."""
    log_to_stderr(as_json=options.json_log, verbose=options.verbose)
    settings = Settings.read()
    store, bus = options.store or settings.hub_store, options.bus or settings.hub_bus
    shared = store is not None and store.startswith("postgres")
    usual = settings.data / "replicas" / f"{options.port}" if shared else settings.hub_folder
    folder = (options.data or usual).expanduser().absolute()
    _check_sharing(options, settings, store, bus)
    wanted = _hub_settings(options, folder, settings.hub_token, options.trusted_proxies or settings.hub_proxies)
    try:
        engine_at(options.index)
    except ValueError as error:
        raise BadInput(f"--index: {error}.") from error
    try:
        with data_folder.hold(folder, "hub") as held, traced(stderr(colour=settings.colour)) as tracer:
            async with bootstrap.open_hub(
                wanted, index_at=options.index, tracer=tracer, store_url=store, bus_url=bus
            ) as hub:
                held.announce(hub.url)
                settle_memory()
                told = told_to_end()  # before it is said that Ctrl-C ends it
                _say_where(hub.url, await _page(hub, wanted), folder, wanted)
                await told.wait()
    except data_folder.FolderUnusable as error:
        raise BadInput(str(error)) from error
    except MeaningsUnavailable as error:
        raise Failure(f"--index: {error}.") from error
    except (StoreUnavailable, BusUnavailable) as error:
        raise Failure(f"{error}.") from error
    except OSError as error:
        raise Failure(_why(error, options, folder)) from error


def _check_sharing(options: HubOptions, settings: Settings, store: str | None, bus: str | None) -> None:
    try:
        if store is not None:
            open_store(store)  # says what is wrong with a URL; nothing is opened yet
        if bus is not None:
            open_bus(bus)
    except ValueError as error:
        raise BadInput(f"{error}.") from error
    except (StoreUnavailable, BusUnavailable) as error:
        raise Failure(f"{error}.") from error
    if bus is not None and store is None:
        raise BadInput("--bus is for hubs that share a store; give that too: --store postgresql://user@host/database")
    known = settings.hub_token or options.users or options.security
    if store is not None and store.startswith("postgres") and not known:
        raise BadInput(
            "--store: hubs that share a store must know the same users; give each of them the same IOA_HUB_TOKEN, or "
            "--users FILE, or --security FILE. A token can be made with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe())'"
        )


def _hub_settings(options: HubOptions, folder: Path, token: str | None, proxies: tuple[str, ...]) -> HubSettings:
    trusted = read_security(options.security) if options.security else SecurityFile()
    given = _users(options.users) if options.users else {DEFAULT_USER: token} if token and not trusted.users else {}
    twice = sorted(given.keys() & trusted.users.keys())
    if twice:
        raise BadInput(f"{', '.join(twice)}: in --users and in --security; say each user's token once.")
    users = {**trusted.users, **given}
    beside = options.security.resolve().parent if options.security else folder
    for path in (options.tls_certificate, options.tls_key):
        if path is not None and not path.is_file():
            raise BadInput(f"TLS: there is no file {path}.")
    try:
        return HubSettings(
            data_dir=folder,
            host=options.host,
            port=options.port,
            users=users,
            operators=trusted.operators,
            teams=trusted.teams,
            visibility=trusted.visibility,
            client_ca=beside / Path(trusted.client_ca).expanduser() if trusted.client_ca else None,
            client_certificates=trusted.client_certificates,
            certificates=trusted.certificates,
            oidc=trusted.oidc,
            quotas=trusted.quotas,
            allowed_hosts=options.allowed_hosts,
            trusted_proxies=(*trusted.trusted_proxies, *proxies),
            tls_certificate=options.tls_certificate,
            tls_key=options.tls_key,
            page=PAGE,
        )
    except SettingsError as error:
        how = "" if users else " On the command line: IOA_HUB_TOKEN=… in the environment, or --users FILE."
        raise BadInput(f"{error}.{how}") from error


def _users(path: Path) -> dict[str, str]:
    """Names and tokens from YAML. Tokens are never shown."""
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise BadInput(f"--users {path}: others can read it, and it holds tokens; run: chmod 600 {path}")
        found = load_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"--users {path} cannot be read: {error.strerror}.") from error
    except (BadYaml, UnicodeDecodeError) as error:
        raise BadInput(f"--users {path} is not YAML; write one line for each user: name: token") from error
    if not isinstance(found, dict) or not found:
        raise BadInput(f"--users {path} names nobody; write one line for each user: name: token")
    users: dict[str, str] = {}
    for name, token in cast("dict[object, object]", found).items():
        if not isinstance(name, str) or not isinstance(token, str):
            raise BadInput(f"--users {path}: the entry {name!r} is not a name with a token; put both in quotes.")
        users[name] = token
    return users


async def _page(hub: bootstrap.OpenHub, settings: HubSettings) -> str:
    """Where the page is; on a terminal, where no log keeps it, with a code that signs the first user in, once."""
    users = sorted(settings.users) or ([LOCAL_USER] if settings.has_local_user else [])
    if not users or not sys.stdout.isatty():
        return f"{hub.url}/"
    code = await hub.hub.sign_in_codes.make(Identity("user", users[0]))
    return f"{hub.url}{page_path(code)}  (signs {users[0]} in, once)"


def _say_where(url: str, page: str, folder: Path, settings: HubSettings) -> None:
    out = stdout(colour=Settings.read().colour)
    out.write(f"{out.style('ioa hub', 'bold')}  {url}")
    out.write(f"data     {folder}")
    if settings.users:
        out.write(f"users    {', '.join(sorted(settings.users))} (their tokens are not shown)")
    else:
        out.write(f"token    in {folder / data_folder.TOKEN_FILE}; commands of this user on this machine find it")
    out.write(f"page     {page}")
    if settings.tls_certificate is None and not settings.on_loopback:
        warning = (
            "warning  this is plain HTTP: whoever is on the way reads all tokens. Use --tls-certificate and --tls-key"
        )
        stderr(colour=Settings.read().colour).write(f"{warning}, or let a proxy or tunnel do TLS.")
    out.write(f"join     ioa join agent.yaml --hub {url}")
    out.write("Ctrl-C ends it. Started again, it goes on from where it was.")


def told_to_end() -> asyncio.Event:
    """Set by SIGINT and SIGTERM from now on."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(told.set))
        else:
            loop.add_signal_handler(name, told.set)
    return told


def _why(error: OSError, options: HubOptions, folder: Path) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        return f"Port {options.port} of {options.host} is taken; choose another with --port (0: any free one)."
    if error.errno in (errno.EADDRNOTAVAIL, errno.EACCES) and not error.filename:
        return f"--host {options.host} --port {options.port} cannot be listened on: {error.strerror}."
    return f"{folder}: {error.strerror or error}."
