"""The agents that come with ioa and work without a model, by their short names.

Their modules are light; the libraries of their fields are imported with the first task, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from ioa.adapters.agents.carded import CardedAgent, make_card
from ioa.ports.agent import Agent

EXTRA = "agents"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """Where a built-in agent lives, and what it needs: (import name, distribution) of each library."""

    module: str
    attribute: str
    needs: tuple[tuple[str, str], ...] = ()


BUILTIN: dict[str, BuiltIn] = {
    "data-analyst": BuiltIn(
        "ioa.adapters.agents.data_analyst",
        "DataAnalyst",
        (("duckdb", "duckdb"), ("openpyxl", "openpyxl"), ("bs4", "beautifulsoup4")),
    ),
    "mathematician": BuiltIn(
        "ioa.adapters.agents.mathematician", "Mathematician", (("sympy", "sympy"), ("pint", "pint"))
    ),
    "librarian": BuiltIn("ioa.adapters.agents.librarian", "Librarian", (("bs4", "beautifulsoup4"), ("pypdf", "pypdf"))),
    "plotter": BuiltIn("ioa.adapters.agents.plotter", "Plotter", (("matplotlib", "matplotlib"), ("duckdb", "duckdb"))),
    "coder": BuiltIn("ioa.adapters.agents.coder", "Coder"),
    "writer": BuiltIn("ioa.adapters.agents.writer", "Writer", (("markdown_it", "markdown-it-py"),)),
}


class UnknownBuiltIn(ValueError):
    """No built-in agent has this short name; the text lists those that exist."""


class MissingLibrary(ImportError):
    """A built-in agent's libraries are not installed; the text says what to install."""


def missing(short_name: str) -> tuple[str, ...]:
    """Distributions that this agent needs and that are not installed; empty when it can work."""
    return tuple(dist for module, dist in _entry(short_name).needs if find_spec(module) is None)


def remedy(short_name: str) -> str:
    """What to do about `missing(short_name)`, in one sentence; empty when nothing is missing."""
    absent = missing(short_name)
    if not absent:
        return ""
    return (
        f"The {short_name} needs {', '.join(absent)}, not installed here: "
        f"pip install 'internet-of-agents[{EXTRA}]' (or pip install {' '.join(absent)})."
    )


def builtin_agent(short_name: str) -> CardedAgent:
    """One built-in agent with its card. Raises `UnknownBuiltIn`, or `MissingLibrary` with the remedy."""
    entry = _entry(short_name)
    if absent := remedy(short_name):
        raise MissingLibrary(absent)
    made = getattr(import_module(entry.module), entry.attribute)()
    card = make_card(made.name, made.description, made.skills, idempotent=made.idempotent is True)
    return CardedAgent(card, cast("Agent", made))


def builtin_agents() -> list[CardedAgent]:
    """Every built-in agent whose libraries are installed; `missing` and `remedy` tell of the others."""
    return [builtin_agent(short_name) for short_name in BUILTIN if not missing(short_name)]


def _entry(short_name: str) -> BuiltIn:
    if short_name not in BUILTIN:
        raise UnknownBuiltIn(f"builtin: {short_name!r} is none of {', '.join(BUILTIN)}.")
    return BUILTIN[short_name]
