"""A long request as the separate things it asks for. Pure.

Searching clause by clause finds the agents that the whole request drowns; `fusion` puts their rankings together.
"""

from __future__ import annotations

import re

_MOST_CLAUSES = 12  # a request with more is searched by its first ones and as a whole
_LEAST_WORDS = 3

_LINE = re.compile(r"(?:^|[\r\n]+)\s*(?:[-*•–]|\(?\d{1,2}[.)]|\(?[a-z]\))?\s*")
_NUMBER = re.compile(r"(?:^|(?<=\s))\(?\d{1,2}[.)]\s+(?=\w)")
# Not after "e.g.", initials or within "3.5" and "a.csv": a sentence ends where space and no small letter follow.
_SENTENCE = re.compile(r"(?<=[.!?。！？])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\b[A-Z]\.)(?:\s+(?![a-z])|(?<=[。！？]))")
_LINK = re.compile(
    # Words of sequence: at the beginning, after punctuation, or after "and"; "then" anywhere.
    r"(?:^|\s*[,;.]\s*(?:and\s+|but\s+)?|\s+and\s+)(?:then|after that|afterwards|after which|"
    r"additionally|furthermore|moreover|firstly|first|secondly|second|thirdly|finally|lastly|next|"
    r"in addition|also)\b,?\s+|"
    r",?\s+(?:then|as well as)\s+|\s*;\s*(?:and\s+)?",
    re.IGNORECASE,
)
_VERBS = """
    add adjust advise analy[sz]e apply arrange assess book build buy calculate cancel change check classify clean
    collect compare compile compose compute confirm convert count create debug delete deploy describe design detect
    determine display divide download draw edit email estimate evaluate explain extract fetch file filter find fix
    forecast format gather generate get give group highlight identify implement improve inform inspect install list
    locate log look make manage measure merge modify monitor notify open optimi[sz]e order organi[sz]e outline
    perform pick place plan play plot predict prepare present print process produce prove provide publish read
    recommend record remind remove rename rent report request research reserve retrieve return review rewrite run
    save schedule search select send set share show simplify simulate solve sort start store submit suggest
    summari[sz]e sum tell test track train transfer translate turn update upload use validate verify view visuali[sz]e
    watch write
""".split()  # noqa: SIM905 - a list of words reads best as one
_AND_VERB = re.compile(
    r",?\s+and\s+(?=(?:please\s+|(?:I|we)\s+(?:\w+\s+)?(?:need|want|like)\b|(?:" + "|".join(_VERBS) + r")\s))|"
    r",\s+(?=(?:" + "|".join(_VERBS) + r")\s)",
    re.IGNORECASE,
)


def clauses(text: str) -> list[str]:
    """The things that `text` asks for, in order, as parts of it; `[text]` (stripped) if it asks for one, `[]` if empty.

    Splits at lines, list numbers, sentence ends, words of sequence ("then", "additionally", …) and at "and" or a comma
    before a verb of command. Parts of fewer than three words ("Thank you.") stay with the one before.
    Text in quotation marks is not split.
    """
    quoted: list[str] = []

    def hide(match: re.Match[str]) -> str:
        quoted.append(match.group())
        return f"\x00{len(quoted) - 1}\x00"

    hidden = re.sub(r"\"[^\"\n]{1,400}\"|“[^”\n]{1,400}”|«[^»\n]{1,400}»", hide, text.replace("\x00", " ").strip())
    parts = [hidden]
    for pattern in (_LINE, _NUMBER, _SENTENCE, _LINK, _AND_VERB):
        parts = [piece for part in parts for piece in pattern.split(part)]
    found: list[str] = []
    for part in (p.strip(" \t,;") for p in parts):
        if not part.strip(" .!?"):
            continue
        if found and len(part.split()) < _LEAST_WORDS:
            found[-1] += " " + part
        else:
            found.append(part)
    if len(found) > 1 and len(found[0].split()) < _LEAST_WORDS:
        found[:2] = [f"{found[0]} {found[1]}"]
    return [re.sub(r"\x00(\d+)\x00", lambda m: quoted[int(m.group(1))], part) for part in found[:_MOST_CLAUSES]]
