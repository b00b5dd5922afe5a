"""The versions of the protocol that this release speaks: the newest, and the one before it.

The newest is what `frames` and `messages` say. A hub answers a client in the version of its `hello`; a client that is
refused as `wrong_version` says hello again with the next older one. What may change within a version, and what needs a
new one, is in docs/protocol.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from ioa.protocol.frames import PROTOCOL_VERSION
from ioa.protocol.shapes import Words
from ioa.protocol.version_1 import VERSION_1

OLDER: Mapping[int, Words] = {VERSION_1.number: VERSION_1}
"""Versions that are spoken beside the newest, by number."""

SPOKEN: tuple[int, ...] = (*sorted(OLDER), PROTOCOL_VERSION)
"""All of them, oldest first."""


def next_older(version: int) -> int | None:
    """The newest version that is spoken and older than this one."""
    return max((number for number in SPOKEN if number < version), default=None)


def spoken() -> str:
    """The versions in words, such as `1 and 2`."""
    return " and ".join(map(str, SPOKEN))
