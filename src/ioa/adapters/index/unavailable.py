"""What an engine that keeps vectors raises when it does not answer. Light to import."""

from __future__ import annotations


class MeaningsUnavailable(Exception):
    """The engine that keeps the vectors does not answer. The text says which and why."""
