"""The words that are put to a model, one plain text file per decision.

A file holds the instructions, a line `---`, and the prompt; `$name` are its slots. What fills a slot may come from
anybody, so whoever fills it fences it first. Source of what is decided: IoA paper, 2.3 and A.2.3; the words are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

_SEAM = "\n---\n"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One decision's words. `instructions` are the same each time; `text` has slots."""

    name: str
    instructions: str
    text: str

    @property
    def slots(self) -> frozenset[str]:
        return frozenset(Template(self.text).get_identifiers())

    def filled(self, **slots: str) -> str:
        """The prompt. Raises `KeyError` for a slot that is not given, `ValueError` for one that does not exist."""
        unknown = slots.keys() - self.slots
        if unknown:
            raise ValueError(f"prompt {self.name} has no slot {', '.join(sorted(unknown))}")
        text = Template(self.text).substitute(slots)
        return "\n\n".join(part.strip("\n") for part in text.split("\n\n") if part.strip())


@cache
def prompt(name: str) -> Prompt:
    """The prompt `name`. Raises `FileNotFoundError`."""
    text = files(__package__ or __name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    instructions, seam, body = text.partition(_SEAM)
    if not seam:
        raise ValueError(f"prompt {name} has no line --- between instructions and prompt")
    return Prompt(name, instructions.strip(), body.strip())


def names() -> tuple[str, ...]:
    """All prompts there are."""
    return tuple(
        sorted(entry.name[:-4] for entry in files(__package__ or __name__).iterdir() if entry.name.endswith(".txt"))
    )
