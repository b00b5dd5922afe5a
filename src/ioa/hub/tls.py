"""TLS of a hub: its context, and whom a client's certificate names.

Python's defaults for servers: TLS 1.2 and newer, ciphers with forward secrecy. Certificates of clients are checked
against `client_ca`; what names they hold is compared exactly, never by pattern.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator, Mapping
from typing import cast

from ioa.hub.security import Identity, Scope
from ioa.hub.settings import HubSettings


def server_context(settings: HubSettings) -> ssl.SSLContext:
    """The context of a hub with a certificate. Raises `OSError` (`ssl.SSLError`) for files that cannot be used."""
    assert settings.tls_certificate is not None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    if settings.client_ca is not None:
        context.load_verify_locations(settings.client_ca)
        required = settings.client_certificates == "required"
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    return context


def identity_of(tls: ssl.SSLObject | ssl.SSLSocket | None, certificates: Mapping[str, str]) -> Identity | None:
    """Whom the certificate at the other end names; None without one, or for one that names nobody who is known here."""
    if tls is None or not certificates:
        return None
    shown = cast("Mapping[str, object] | None", tls.getpeercert())
    raw = tls.getpeercert(binary_form=True)
    if not shown or raw is None:
        return None
    for name in _names(shown):
        whom = certificates.get(name)
        if whom is not None:
            scope, _, holder = whom.partition(":")
            return Identity(
                cast("Scope", scope),
                holder,
                operator=scope == "operator",
                token_id=f"certificate-{hashlib.sha256(raw).hexdigest()[:16]}",
                expires_at=float(ssl.cert_time_to_seconds(str(shown["notAfter"]))),
            )
    return None


def _names(shown: Mapping[str, object]) -> Iterator[str]:
    """The alternative names, then the common name, as the setting writes them."""
    for kind, value in cast("tuple[tuple[str, str], ...]", shown.get("subjectAltName", ())):
        if kind in ("DNS", "URI", "email"):
            yield f"{kind}:{value}"
    for part in cast("tuple[tuple[tuple[str, str], ...], ...]", shown.get("subject", ())):
        for name, value in part:
            if name == "commonName":
                yield f"CN:{value}"
