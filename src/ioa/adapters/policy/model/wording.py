"""What a prompt says of agents, contacts, files and earlier results, each as a list of lines."""

from __future__ import annotations

from collections.abc import Iterable

from ioa.adapters.models.fencing import fenced, named
from ioa.protocol.cards import Card, Evaluation, FoundAgent
from ioa.protocol.messages import GivenResult


def card_words(card: Card, *, limit_chars: int = 600) -> str:
    """A card as one entry of a list."""
    remarks = [card.type] if card.type != "Thing Assistant" else []
    remarks += ["talks only, takes no tasks"] if card.discussion_only else []
    note = f" ({'; '.join(remarks)})" if remarks else ""
    skills = f"\nSkills: {', '.join(card.skills)}" if card.skills else ""
    return f"- {named(card.name)}{note}: {fenced(card.description + skills, limit_chars=limit_chars)}"


def found_words(found: Iterable[tuple[str, tuple[FoundAgent, ...]]], *, best: int = 5) -> str:
    """Search hits, phrase by phrase."""
    parts: list[str] = []
    for phrase, agents in found:
        lines = [f"For “{named(phrase)}”:"]
        lines += [
            f"{card_words(hit.card, limit_chars=300)} score {hit.score:.2f}, {'online' if hit.online else 'away'}"
            for hit in agents[:best]
        ]
        parts.append("\n".join(lines if agents else [*lines, "nobody"]))
    return "\n".join(parts) or "nobody was searched yet"


def contact_words(contacts: Iterable[Evaluation], *, most: int = 30) -> str:
    """Past outcomes, the latest first."""
    latest = sorted(contacts, key=lambda contact: contact.last_at, reverse=True)[:most]
    lines = [
        f"- {named(contact.name)}: {contact.completed} tasks completed, {contact.failed} failed"
        + (f", {contact.mean_duration_s:.0f} s a task" if contact.completed else "")
        for contact in latest
        if contact.completed or contact.failed
    ]
    return "\n".join(lines) or "nobody yet"


def given_words(given: Iterable[GivenResult], *, limit_chars: int = 4_000) -> str:
    """Results from elsewhere."""
    lines = [
        f"- {named(result.agent)} did {fenced(result.task_desc, limit_chars=500)}\n"
        + fenced(result.conclusion, result.agent, limit_chars=limit_chars)
        for result in given
    ]
    return "\n".join(lines) or "nothing"


def file_words(names: Iterable[str]) -> str:
    return ", ".join(named(name) for name in names) or "none"
