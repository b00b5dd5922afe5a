"""What a hub's owner decides. Every limit has a default that a laptop and a team can live with."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from ioa.hub.oidc_settings import OidcSettings
from ioa.hub.proxies import Proxies
from ioa.hub.quota_settings import Quotas
from ioa.protocol.cards import Visibility
from ioa.protocol.errors import Refused
from ioa.protocol.frames import MAX_FRAME_BYTES
from ioa.protocol.names import clean_user

MIN_TOKEN_CHARS = 20
CERTIFICATE_NAMES = ("DNS:", "URI:", "email:", "CN:")
ClientCertificates: TypeAlias = Literal["optional", "required"]


class SettingsError(ValueError):
    """A setting cannot be used; the text names it, its value and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of what others may make a hub do. Times in seconds."""

    frame_bytes: int = MAX_FRAME_BYTES
    body_bytes: int = 2 * MAX_FRAME_BYTES
    artifact_bytes: int = 64 * 1024 * 1024
    connections: int = 10_000
    agents_a_user: int = 100_000
    open_goals_a_user: int = 1_000
    tokens_a_holder: int = 50
    ended_tokens_s: float = 30 * 86_400.0
    failed_sign_ins_per_s: float = 0.5
    failed_sign_ins_burst: int = 50
    frames_per_s: float = 200.0
    frames_burst: int = 1_000
    registrations_per_s: float = 1_000.0
    registrations_burst: int = 5_000
    window: int = 256
    queued_bytes: int = 4 * 1024 * 1024
    in_flight: int = 64
    cached_groups: int = 2_000
    hello_timeout_s: float = 10.0
    ping_interval_s: float = 20.0
    dead_after_s: float = 60.0
    stalled_send_s: float = 30.0
    unacknowledged_s: float = 120.0
    head_timeout_s: float = 20.0
    waiting_heads: int = 1_000
    body_timeout_s: float = 30.0
    upload_bytes_per_s: float = 1_024.0
    search_threads: int = 2


@dataclass(frozen=True, kw_only=True)
class HubSettings:
    """Where a hub listens, keeps its data, and whom it knows.

    `users` are tokens by user name. Without any, a hub on loopback makes the user `me`, who is its operator too, with a
    token of its own in the file `token` of `data_dir`; anywhere else it refuses to start. `operators` are tokens of
    those who see all and manage tokens, quotas and the audit log. `teams` are users by team, who see each other's
    agents of visibility `team`; `visibility` is that of agents whose cards do not say. `allowed_hosts` are further
    names in the Host header that a hub on loopback answers to. `trusted_proxies` are addresses and networks whose
    X-Forwarded-For and X-Forwarded-Proto are believed beside those of this machine. `tls_certificate` and `tls_key` are
    PEM files. `page` is the folder of the files that are served at `/`.

    `client_ca` (PEM) signs certificates of clients; `client_certificates` says whether everybody needs one.
    `certificates` tells whom a name in a certificate (`DNS:`, `URI:`, `email:` of its alternative names, or `CN:`) is:
    `user:NAME`, `agent:NAME`, `operator:NAME`, `peer:NAME`. `oidc` is an identity provider whose tokens are taken.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 7700
    users: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    operators: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    visibility: Visibility = "public"
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    page: Path | None = None
    client_ca: Path | None = None
    client_certificates: ClientCertificates = "optional"
    certificates: Mapping[str, str] = field(default_factory=dict[str, str])
    oidc: OidcSettings | None = None
    quotas: Quotas = field(default_factory=Quotas)
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise SettingsError(f"port {self.port} is not between 0 and 65535; 0 chooses a free one")
        for setting, tokens in (("users", self.users), ("operators", self.operators)):
            _check_tokens(setting, tokens)
        for team, members in self.teams.items():
            for member in members:
                _check_user(f"teams: {team}", member)
        if self.visibility not in get_args(Visibility):
            raise SettingsError(f"visibility {self.visibility!r} is none of {', '.join(get_args(Visibility))}")
        if len({*self.users.values(), *self.operators.values()}) < len(self.users) + len(self.operators):
            raise SettingsError("users, operators: two of them have the same token; give each one of its own")
        try:
            Proxies(self.trusted_proxies)
        except ValueError as error:
            raise SettingsError(f"trusted_proxies: {error}") from None
        for name, whom in self.certificates.items():
            scope, _, holder = whom.partition(":")
            if scope not in ("user", "agent", "operator", "peer") or not name.startswith(CERTIFICATE_NAMES):
                raise SettingsError(
                    f"certificates: {name!r}: {whom!r} must be one of {', '.join(CERTIFICATE_NAMES)} with a name, and "
                    "user:NAME, agent:NAME, operator:NAME or peer:NAME"
                )
            if scope != "agent":
                _check_user(f"certificates: {name}", holder)
        if self.client_certificates not in get_args(ClientCertificates):
            raise SettingsError(f"client_certificates {self.client_certificates!r} is neither optional nor required")
        if self.client_ca is not None and self.tls_certificate is None:
            raise SettingsError("client_ca needs tls_certificate and tls_key: clients show certificates over TLS only")
        if self.certificates and self.client_ca is None:
            raise SettingsError("certificates need client_ca, the authority that signs those of clients")
        known = self.users or self.operators or self.oidc or self.certificates
        if not self.on_loopback and not known:
            raise SettingsError(
                f"host {self.host!r} can be reached from other machines, and no users are configured: give users with "
                "tokens (setting users), or use host 127.0.0.1"
            )
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise SettingsError("tls_certificate and tls_key belong together; give both or neither")

    @property
    def has_local_user(self) -> bool:
        """Is there the user `me` with the token in the file?"""
        return self.on_loopback and not self.users

    @property
    def on_loopback(self) -> bool:
        """Can only this machine reach the hub?"""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def _check_user(setting: str, name: str) -> None:
    try:
        clean_user(name, setting)
    except Refused as error:
        raise SettingsError(error.rule) from None


def _check_tokens(setting: str, tokens: Mapping[str, str]) -> None:
    for name, token in tokens.items():
        _check_user(setting, name)
        if len(token) < MIN_TOKEN_CHARS:
            raise SettingsError(
                f"{setting}: the token of {name!r} has {len(token)} characters, at least {MIN_TOKEN_CHARS} are needed; "
                'make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
            )
