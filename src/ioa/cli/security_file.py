"""`ioa hub --security FILE`: who may use the hub and how they prove it, in YAML. Tokens in it are never shown."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from ioa.bounded_yaml import BadYaml, load_yaml
from ioa.cli.failures import BadInput
from ioa.hub.oidc_settings import OidcSettings
from ioa.hub.quota_settings import Quotas
from ioa.hub.settings import ClientCertificates
from ioa.protocol.cards import Visibility


class SecurityFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file may say; docs/security.md explains it. `client_ca` is relative to the file."""

    users: dict[str, str] = {}
    operators: dict[str, str] = {}
    teams: dict[str, tuple[str, ...]] = {}
    visibility: Visibility = "public"
    trusted_proxies: tuple[str, ...] = ()
    client_ca: str | None = None
    client_certificates: ClientCertificates = "optional"
    certificates: dict[str, str] = {}
    oidc: OidcSettings | None = None
    quotas: Quotas = Quotas()


def read_security(path: Path) -> SecurityFile:
    """Raises `BadInput` that names the file, the field and the remedy."""
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise BadInput(f"--security {path}: others can read it, and it may hold tokens; run: chmod 600 {path}")
        found = load_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"--security {path} cannot be read: {error.strerror}.") from error
    except (BadYaml, UnicodeDecodeError) as error:
        raise BadInput(f"--security {path} is not YAML that can be used: {type(error).__name__}.") from error
    try:
        return msgspec.convert(found if found is not None else {}, SecurityFile)
    except msgspec.ValidationError as error:
        # The decoder's text names the field and never the value, which may be a token.
        raise BadInput(f"--security {path}: {error}; docs/security.md shows what it may hold") from error
