"""Numbers in the texts that earlier tasks gave, where no table came along: taken only when just one fits."""

from __future__ import annotations

import re

from ioa.adapters.agents.answer_kinds import kind_of
from ioa.adapters.agents.answer_number import Figure, figures, figures_of, is_numeric
from ioa.adapters.agents.prose import first_sentence, plain
from ioa.adapters.agents.questions import parsed, stands
from ioa.adapters.agents.units import stems_of

_HEADLINE_CHARS = 1500
_CLAUSE_ENDS = re.compile(r"[;:]\s|,\s(?!\d{3}\b)|\.\s|\s(?:and|while|but|plus)\s")


def headlines(conclusion: str) -> list[str]:
    """What a result says at its top: the lines in bold, else the first sentence; quotations and notes are not it."""
    top = conclusion.split("\n\nPassages, word for word")[0].split("\n\nRead as:")[0]
    bold = re.findall(r"^(?:#+ |- |\d+\. )?\*\*(.+?)\*\*", top, re.MULTILINE)
    return [plain(one) for one in bold] or [plain(first_sentence(top, _HEADLINE_CHARS))]


def quoted_numbers(task: str, conclusion: str) -> list[dict[str, str]]:
    """The numbers that a text gives as the answer to `task`: `value`, `unit` and the `clause` around each.

    Where the task asks for a kind of quantity (money, a weight), only those of that kind; each value once.
    """
    task = re.sub(r"(?:\b(?:in|from|according to|per) )?\S+\.[A-Za-z]\w{1,7}\b", " ", task)
    kind = kind_of(task)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in headlines(conclusion):
        own = figures_of(line, kind) if is_numeric(kind) else figures(line)
        for one in own:
            found.setdefault(
                (one.value, one.unit), {"value": one.value, "unit": one.unit, "clause": _clause(line, one)}
            )
    numbers = list(found.values())
    if is_numeric(kind) and len(numbers) > 1 and (wanted := parsed(task).needed):
        # "The move costs 64,500 euros, of which the council pays 40,000": of the two only one is the move's cost.
        own = [one for one in numbers if all(stands(word, stems_of(one["clause"])) for word in wanted)]
        numbers = own if len(own) == 1 else numbers
    return numbers


def unit_of(value: str, conclusion: str) -> str:
    """The unit that stands with this number at the top of a text; empty when there is none, or several."""
    told = {one.unit for line in headlines(conclusion) for one in figures(line) if one.value == value}
    return told.pop() if len(told) == 1 else ""


def _clause(line: str, one: Figure) -> str:
    """The part of the sentence that the number stands in."""
    starts = [match.end() for match in _CLAUSE_ENDS.finditer(line, 0, one.start)]
    end = _CLAUSE_ENDS.search(line, one.end)
    return line[starts[-1] if starts else 0 : end.start() if end else len(line)].strip(" .")
