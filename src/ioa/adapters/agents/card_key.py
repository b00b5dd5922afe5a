"""The key of an agent, in its folder, readable for its owner only; its cards are signed with it.

Whoever has the file speaks as the agent wherever its name is held to this key. It never leaves the folder.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ioa.protocol.cards import Card
from ioa.protocol.signatures import can_verify, sign_card

KEY_FILE = "card_key"
_SEED_BYTES = 32


class BadKey(ValueError):
    """The key file cannot be used. The text says why, and the remedy."""


def signed_card(card: Card, folder: Path, *, now_s: float) -> Card:
    """The card signed with the key of this folder, made on the first call (mode 0600); as it is where the extra
    `security` is not installed. Blocks. Raises `BadKey`."""
    if not can_verify():
        return card
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(_seed(folder / KEY_FILE))
    return sign_card(card, key, revision=int(now_s))


def _seed(path: Path) -> bytes:
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise BadKey(f"{path}: others can read this key; run: chmod 600 {path}")
        text = path.read_text("ascii").strip()
        seed = bytes.fromhex(text)
    except FileNotFoundError:
        return _made(path)
    except (OSError, ValueError) as error:
        if isinstance(error, BadKey):
            raise
        raise BadKey(
            f"{path}: cannot be read as a key ({error}); restore it, or remove it and join with --rotate"
        ) from error
    if len(seed) != _SEED_BYTES:
        raise BadKey(
            f"{path}: holds {len(seed)} bytes, a key has {_SEED_BYTES}; restore it, or remove it and join with --rotate"
        )
    return seed


def _made(path: Path) -> bytes:
    """A new key, complete in its place or not there at all."""
    seed = secrets.token_bytes(_SEED_BYTES)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(seed.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return seed
