"""Signed cards: an agent's Ed25519 key says that a card is that agent's own word, whoever passes it on.

What is signed is written in docs/protocol.md, "Signed cards". Needs the extra `security`; without it cards can be
passed on and their keys compared, but nothing is verified.
"""

from __future__ import annotations

import base64
import json
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ioa.protocol.cards import Card
from ioa.protocol.errors import Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX = "ed25519:"
DOMAIN = b"ioa card 1\n"
"""What is signed begins with this, so that no signature of anything else can pass for one of a card."""

SIGNED = ("description", "discussion_only", "idempotent", "name", "public_key", "revision", "skills", "type")
"""The fields that the signature covers. `visibility` is a wish to the hub and not part of what others are told."""

EXTRA = 'pip install "internet-of-agents[security]"'


def can_verify() -> bool:
    """Is the library of the extra `security` there?"""
    return find_spec("cryptography") is not None


def signed_bytes(card: Card) -> bytes:
    """The canonical form: the fields of `SIGNED` as JSON with sorted keys, without blanks, in UTF-8 (RFC 8785)."""
    fields = {name: getattr(card, name) for name in SIGNED}
    return DOMAIN + json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half, as it stands on cards."""
    return PREFIX + _text(key.public_key().public_bytes_raw())


def sign_card(card: Card, key: Ed25519PrivateKey, *, revision: int) -> Card:
    """The card with this key's signature. `revision` only ever grows; Unix seconds are good ones."""
    card = replace(card, public_key=public_text(key), revision=revision, signature="")
    return replace(card, signature=PREFIX + _text(key.sign(signed_bytes(card))))


def check_signature(card: Card) -> bool:
    """True: the signature is that of the card's key. False: the card is not signed, or nothing can be verified here.

    Raises `Refused` (bad_signature) for a signature that is wrong, or a key without a signature."""
    if not card.public_key and not card.signature:
        return False
    if not card.public_key or not card.signature:
        missing = "signature" if card.public_key else "public_key"
        raise Refused("bad_signature", f"{missing} of the card of {card.name!r} is missing; sign it, or send neither")
    if not can_verify():
        return False
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(_bytes(card.public_key))
        key.verify(_bytes(card.signature), signed_bytes(card))
    except (InvalidSignature, ValueError) as error:
        raise Refused(
            "bad_signature",
            f"signature of the card of {card.name!r} is not that of its public_key over what the card says; "
            "sign it again after every change",
        ) from error
    return True


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    part = text.removeprefix(PREFIX)
    raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if _text(raw) != part:  # trailing bits: one key must not have two spellings
        raise ValueError("not the canonical spelling")
    return raw
