"""The words that the damper knows: those that say nothing, those that change everything, and those that mean the same.

They are listed in words.txt. A word that is in none of the lists counts as content: a sentence with a new one is new.
"""

from __future__ import annotations

import re
from importlib import resources


def _read() -> dict[str, list[list[str]]]:
    """The sections of words.txt: rows of words."""
    text = (resources.files("ioa.adapters.policy.damper") / "words.txt").read_text(encoding="utf-8")
    found: dict[str, list[list[str]]] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            found[section] = []
        elif line and not line.startswith("#"):
            found[section].append(line.split())
    return found


_LISTS = _read()


def _all(section: str) -> frozenset[str]:
    return frozenset(word for row in _LISTS[section] for word in row)


SILENT, GUARDS, NEGATIONS = _all("silent"), _all("guards"), _all("negations")
LIGHT, ANNOUNCING = _all("light"), _all("announcing") | SILENT
SAME: dict[str, str] = {word: row[0] for row in _LISTS["same"] for word in row}
CONTRASTS: tuple[frozenset[str], ...] = tuple(frozenset(row) for row in _LISTS["contrasts"])
NUMBER_WORDS: dict[str, str] = {
    word: str(number)
    for number, word in enumerate(
        (
            *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
            *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
        )
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "hundred": "100", "thousand": "1000", "million": "1000000"}

_AGAIN = r"(?:\s(?:above|before|earlier|previously|already))*"
_FRAME = "|".join(
    (
        # these go on without a comma
        r"(?:i\s(?:can\s|hereby\s)?)?confirm(?:ed)?(?:\sthat)?",
        r"(?:please\s)?(?:note|remember|keep\sin\smind|bear\sin\smind|recall)\sthat",
        r"it\sis\s(?:worth|important)\s(?:noting|to\snote|mentioning|to\sremember)\sthat",
        r"(?:our|the)\splan\s(?:is|remains|still\sis|stands)(?:\sthat)?",
        r"(?:so|and|also)",
        r"i\s(?:fully\s|completely\s)?(?:agree|see|understand)(?:\swith\s@?\w+)?\sthat",
        # these need one
        r"(?:as|like)\s(?:(?:i|we|was|already|previously|has\sbeen|have\sbeen|it\swas)\s)*(?:mentioned|noted|said|stated"
        + r"|planned|agreed|discussed|explained|reported|outlined|known|described)"
        + _AGAIN
        + r"(?=\s*[,:])",
        r"(?:just\s)?(?:to|let\sme|i\swill|i\swould\slike\sto|i\swant\sto|allow\sme\sto)\s(?:briefly\s|quickly\s|just\s)?"
        + r"(?:summari[sz]e|sum\sup|recap|reiterate|repeat|restate|confirm|emphasi[sz]e|underline|highlight|remind"
        + r"|clarify|be\sclear)"
        + r"(?:\s(?:our|the|again|once|more|plan|findings|results|so|far|that|everyone|you))*(?=\s*[,:])",
        r"in\s(?:summary|short|conclusion|brief|sum|other\swords)(?=\s*[,:])",
        r"(?:please\s)?(?:remember|recall)\s(?:our|the)\splan(?=\s*[,:])",
        r"(?:as\sa|a|one|just\sa)\s(?:(?:quick|short|brief|small|friendly)\s)*(?:reminder|recap|summary)(?=\s*[,:])",
        r"(?:once\s(?:again|more)|again|(?:our|the)\splan)(?=\s*[,:])",
        r"(?:great|okay|ok|alright|right|indeed|yes|sure|well|now|absolutely|exactly|of\scourse|certainly)(?=\s*[,:;.!–—])",
    )
)
FRAMES = re.compile(rf"^(?:(?:{_FRAME})(?:\s*[,:;.!–—]+\s*|\s+|$))+", re.IGNORECASE)
"""What announces that something is said again; it stands at the beginning, and the rest is what is said."""
