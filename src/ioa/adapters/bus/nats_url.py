"""What a URL says about the NATS servers of a hub, and what their errors mean to whoever starts it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from ioa.ports.bus import BusUnavailable, check_subject

_FORM = "give it as nats://user:password@host:4222/prefix?ca=FILE"
_FILES = ("ca", "cert", "key", "creds", "nkey")


@dataclass(frozen=True, slots=True)
class NatsSetting:
    """Servers as nats://host:port or tls://host:port, tried in turn. `creds` and `nkey` are files of NATS' own kind."""

    servers: tuple[str, ...]
    prefix: str
    user: str | None
    password: str | None
    token: str | None
    tls: ssl.SSLContext | None
    creds: str | None
    nkey: str | None


def parse(url: str) -> NatsSetting:
    """`nats://` or `tls://`, `user:password@` or `token@` or nothing, hosts with commas between them, the prefix of all
    subjects (`ioa` unless given: hubs that share servers but no store need different ones), and files: `ca`, `cert`,
    `key` for TLS, `creds` or `nkey` for NATS' own credentials.

    Raises `ValueError` that names what is wrong, and `BusUnavailable` for a file that cannot be read.
    """
    parts = urlsplit(url)
    shown = _shown(parts)
    login, _, hosts = parts.netloc.rpartition("@")
    prefix = parts.path.strip("/") or "ioa"
    try:
        check_subject(prefix)
        servers = tuple(f"{parts.scheme}://{_host(host)}" for host in hosts.split(","))
    except ValueError as error:
        raise ValueError(f"bus {shown!r}: {error}; {_FORM}") from None
    if parts.scheme not in {"nats", "tls"} or not hosts:
        raise ValueError(f"bus {shown!r}: {_FORM}")
    files = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name, file in files.items():
        if name not in _FILES:
            raise ValueError(f"bus {shown!r}: {name!r} is no setting; there are {', '.join(_FILES)}")
        if not Path(file).is_file():
            raise BusUnavailable(f"bus {shown!r}: {name}={file!r} is no file; correct the path")
    user, colon, password = login.partition(":")
    return NatsSetting(
        servers=servers,
        prefix=prefix,
        user=unquote(user) if colon else None,
        password=unquote(password) if colon else None,
        token=unquote(login) if login and not colon else None,
        tls=_tls(shown, parts.scheme, files),
        creds=files.get("creds"),
        nkey=files.get("nkey"),
    )


def _host(text: str) -> str:
    host = urlsplit(f"//{text}")
    if not host.hostname:
        raise ValueError(f"{text!r} is no host")
    name = f"[{host.hostname}]" if ":" in host.hostname else host.hostname
    return f"{name}:{host.port or 4222}"


def _shown(parts: SplitResult) -> str:
    """The URL without its password or token."""
    hosts = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"***@{hosts}" if "@" in parts.netloc else hosts).geturl()


def _tls(shown: str, scheme: str, files: dict[str, str]) -> ssl.SSLContext | None:
    if scheme != "tls" and not files.keys() & {"ca", "cert", "key"}:
        return None
    if ("cert" in files) != ("key" in files):
        raise ValueError(f"bus {shown!r}: cert and key belong together; give both or neither")
    try:
        context = ssl.create_default_context(cafile=files.get("ca"))
        if "cert" in files:
            context.load_cert_chain(files["cert"], files["key"])
    except (ssl.SSLError, OSError) as error:
        raise BusUnavailable(f"bus {shown!r}: the certificates cannot be used: {error}; give PEM files") from error
    return context


def unavailable(server: str, error: BaseException) -> BusUnavailable:
    """The error for whoever starts the hub, with the remedy."""
    said = str(error) or type(error).__name__
    text = f"{type(error).__name__} {said}".lower()
    if "authorization" in text or "authentication" in text or "nkey" in text:
        remedy = "correct its user and password, token, or ?creds=FILE in the URL"
    elif "reset by peer" in text and not server.startswith("tls:"):  # it may close before it has been heard why
        remedy = "correct its user and password, token, or ?creds=FILE in the URL if it wants any; or say tls://"
    elif isinstance(error, ssl.SSLError) or "tls" in text or "certificate" in text:
        remedy = "say tls://, and give the certificate of its authority by ?ca=FILE"
    elif server.startswith("tls:"):
        remedy = "start it, correct the URL, or give cert=FILE and key=FILE if it wants a certificate"
    else:
        remedy = "start it, or correct the URL"
    return BusUnavailable(f"NATS at {server} cannot be reached: {said}; {remedy}")
