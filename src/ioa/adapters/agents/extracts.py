"""What can be said of documents exactly, without weighing: counts, sections, places of a word, lists of dates or
amounts, and sentences picked for a summary. Each gives a conclusion in Markdown and an abstract in one plain line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ioa.adapters.agents.answer_kinds import EXACT_WHEN, of_name
from ioa.adapters.agents.documents import Document, Passage
from ioa.adapters.agents.kin_words import levelled, written
from ioa.adapters.agents.passages import rank
from ioa.adapters.agents.prose import plain, sentences, shortened
from ioa.adapters.agents.questions import key_words, parsed, stands, subject_words
from ioa.adapters.agents.units import units_of

if TYPE_CHECKING:
    from ioa.adapters.index.embedding import Embedder

_SECTION_CHARS = 12_000
_SUMMARY_SENTENCES = 6
_LISTED_AT_MOST = 60
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+")

Said = tuple[str, str]
"""A conclusion (Markdown) and its abstract (one plain line)."""


def count(word: str, documents: Sequence[Document]) -> Said:
    """How often a word or phrase stands there."""
    pattern = re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, word.split())) + r"(?!\w)", re.IGNORECASE)
    counts = Counter({document.name: len(pattern.findall(document.text)) for document in documents})
    total = counts.total()
    times = "once" if total == 1 else f"{total} times"
    where = documents[0].name if len(documents) == 1 else f"{len(documents)} documents"
    said = f'The word "{word}" appears {times} in {where}, whole words only, capitals or not.'
    if " " in word:
        said = said.replace("The word", "The phrase", 1)
    table = "".join(f"\n- {name}: {number}" for name, number in counts.items()) if len(counts) > 1 else ""
    return f"**{said}**" + (f"\n{table}" if table else ""), said


def section(
    title: str, documents: Sequence[Document], *, exactly: bool = False, model: Embedder | None = None
) -> Said | None:
    """A section by its heading, word for word; `None` when no heading has all the title's words (`exactly`: and no
    others)."""
    meant = subject_words if exactly else key_words
    wanted = set(meant(title))
    best: tuple[float, str, str] | None = None
    for document in documents:
        for heading in dict.fromkeys(passage.heading for passage in document.passages):
            for level in heading.split(" > "):
                words = set(meant(level))
                fits = wanted == words if exactly else wanted <= words
                if wanted and fits and (best is None or len(wanted) / len(words) > best[0]):
                    best = (len(wanted) / len(words), document.name, level)
    if best is None:
        return None
    _, name, level = best
    own = [p for d in documents if d.name == name for p in d.passages if level in p.heading.split(" > ")]
    text = "\n\n".join(passage.text for passage in own)
    cut = "" if len(text) <= _SECTION_CHARS else f"\n\n*Cut after {_SECTION_CHARS:,} of {len(text):,} characters.*"
    said = f'The section "{level}" of {own[0].citation}, word for word:'
    first = (sentences(own[0].text.splitlines()[0]) or [own[0].text])[0]
    if exactly and (ranked := rank(title, own, model)):
        first = ranked[0].sentence  # of the section's sentences the one that answers the question
    if listed := items(own[0]):
        first = f"{level}: {joined(listed)}"
    elif len(key_words(first)) < 3:  # no sentence
        first = shortened(own[0].text, 300)
    abstract = f"{shortened(plain(first), 300)} ({own[0].citation})"
    return f"**{flat(first)}** — {own[0].citation}\n\n{said}\n\n{quoted(text[:_SECTION_CHARS])}{cut}", abstract


def summary(documents: Sequence[Document]) -> Said:
    """The sentences whose words the documents use most, in their order: extracted, not written."""
    parts: list[str] = []
    first = ""
    for document in documents:
        frequency = Counter(word for passage in document.passages for word in key_words(passage.text))
        scored: list[tuple[float, int, str, Passage]] = []
        for passage in document.passages:
            for sentence in sentences(passage.text):
                words = key_words(sentence)
                if 5 <= len(words) <= 45:
                    place = 1.25 if passage is document.passages[0] else 1.0
                    score = place * sum(frequency[word] for word in words) / len(words) ** 0.7
                    scored.append((score, len(scored), sentence, passage))
        chosen: list[tuple[float, int, str, Passage]] = []
        told: Counter[str] = Counter()
        for one in sorted(scored, key=lambda one: -one[0]):
            if told[one[3].heading] < 2:  # of every section something, of none everything
                told[one[3].heading] += 1
                chosen.append(one)
            if len(chosen) == _SUMMARY_SENTENCES:
                break
        chosen.sort(key=lambda one: one[1])
        if not chosen:
            chosen = [(0.0, 0, shortened(passage.text, 300), passage) for passage in document.passages[:3]]
        first = first or f"{document.name}: {joined([plain(one[2]) for one in chosen])}"
        lines = [f'- "{flat(sentence)}" — {passage.citation}' for _, _, sentence, passage in chosen]
        parts.append(
            f"The most telling sentences of {document.name} (extracted word for word, not rewritten):\n\n"
            + "\n".join(lines)
        )
    return "\n\n".join(parts), f"Extracted from {first}"


def places(about: str, documents: Sequence[Document]) -> list[Passage]:
    """The passages that have every word of weight in `about`, as written or derived, in the order of the documents."""
    wanted = subject_words(levelled(about))
    return [
        passage
        for document in documents
        for passage in document.passages
        if all(written(word, frozenset(key_words(levelled(f"{passage.heading} {passage.text}")))) for word in wanted)
    ]


def sections_with(about: str, documents: Sequence[Document]) -> Said | None:
    """Which sections mention something; `None` when none does."""
    found: dict[tuple[str, str | int], list[Passage]] = {}
    for passage in places(about, documents):
        found.setdefault((passage.document, passage.heading or passage.page or passage.line or 0), []).append(passage)
    if not found:
        return None
    names = ", ".join(document.name for document in documents)
    lines = [f'- {own[0].citation}: "{shortened(_sentence_with(about, own), 240)}"' for own in found.values()]
    number = f"{len(found)} section{'s' if len(found) != 1 else ''}"
    said = f'{number} of {names} mention{"s" if len(found) == 1 else ""} "{about}"'
    titles = "; ".join(
        (own[0].heading.rpartition(" > ")[2] or own[0].citation)
        + (f" ({own[0].document})" if len(documents) > 1 else "")
        for own in found.values()
    )  # fmt: skip
    return f"**{said}: {flat(titles)}.**\n\n" + "\n".join(lines), f"{shortened(plain(f'{said}: {titles}'), 400)}."


def mention(about: str, documents: Sequence[Document]) -> Said | None:
    """Yes with the sentence; no when its words stand nowhere; `None` when they stand there, but never together."""
    names = ", ".join(document.name for document in documents)
    if found := places(about, documents):
        own = [passage for passage in found if passage.heading == found[0].heading]
        sentence = _sentence_with(about, own)
        said = f'Yes, {found[0].document} mentions "{about}": {flat(sentence)}'
        more = [f"- {passage.citation}" for passage in found[1:6]]
        also = "\n\nAlso here:\n" + "\n".join(more) if more else ""
        return (
            f"**{said}** — {found[0].citation}\n\n{quoted(found[0].text)}{also}",
            f"{shortened(plain(said), 300)} ({found[0].citation})",
        )
    everything = frozenset(word for d in documents for p in d.passages for word in key_words(f"{p.heading} {p.text}"))
    wanted = [word for word in re.findall(r"[\w'’-]+", about) if subject_words(word) & subject_words(about)]
    absent = [word for word in wanted if not any(written(key, everything) for key in key_words(word))]
    if not absent:
        return None
    said = f'No, "{about}" is not mentioned in {names}: the word{"s" if len(absent) > 1 else ""} {", ".join(absent)} '
    said += f"{'do' if len(absent) > 1 else 'does'} not occur there."
    return f"**{said}** Searched word by word, endings aside; other words for it were not looked for.", said


_DEADLINE = re.compile(
    r"\bdeadline|\bdue\b|\bby (?!the (?:way|hand))|\bunti?ll?\b|\bbefore\b|\bno later\b|\blatest\b|\bwithin\b|\bexpir|"
    r"\bcloses?\b|\bat least .* (?:before|ahead|in advance)|\bends? on\b|\bsubmit",
    re.IGNORECASE,
)
_DECISION = re.compile(
    r"\b(?:decided|agreed|resolved|approved|accepted|adopted|voted|decisions?|chose|selected|rejected)\b", re.IGNORECASE
)
_ACTION = re.compile(
    r"\b(?:action|to-?do|task)\b|^\W*\[[ x]\]|\b[A-Z][\w'’-]+(?: (?:and )?[A-Z][\w'’-]+)* (?:will|to|is to|"
    r"are to|agreed to|must|should)\b"
)
_NAME = re.compile(r"\b[A-Z][a-z'’-]+ (?:[A-Z]\. )?(?:(?:van|de|von|der|la|di) )*[A-Z][\w'’-]+")
_SINGULAR = {"people": "people", "persons": "people", "figures": "numbers", "sums": "amounts", "due dates": "deadlines"}


def listing(what: str, about: str, documents: Sequence[Document]) -> Said | None:
    """Every sentence that has this kind of thing (and is about `about`); `None` when there is none."""
    what = _SINGULAR.get(what, what)
    asked = parsed(about) if about else None
    found: list[tuple[str, Passage]] = []
    for document in documents:
        for number, passage in enumerate(document.passages):
            for unit in units_of(number, passage):
                if not _is_kind(what, unit.shown):
                    continue
                around = unit.stems | set(key_words(levelled(f"{passage.heading} {passage.text}")))
                if asked is None or all(stands(one, around) for one in asked.needed):
                    found.append((unit.shown, passage))
    if not found:
        return None
    names = ", ".join(document.name for document in documents)
    topic = f' about "{about}"' if about else ""
    shown = found[:_LISTED_AT_MOST]
    number = f"{len(found)} place{'s' if len(found) != 1 else ''}"
    said = f"{number} in {names} with {what}{topic}"
    lines = [f"- {flat(text)} — {passage.citation}" for text, passage in shown]
    more = f"\n\n*{len(found) - len(shown)} more are not shown.*" if len(found) > len(shown) else ""
    note = "Sentences, items and rows that look so by rules, word for word."
    brief = joined([plain(flat(text)) for text, _ in shown], 700)
    return f"**{said}:**\n\n" + "\n".join(lines) + f"{more}\n\n*{note}*", f"{said}: {brief}"


def _is_kind(what: str, text: str) -> bool:
    if what == "deadlines":
        return EXACT_WHEN.search(text) is not None and _DEADLINE.search(text) is not None
    if what in ("decisions", "actions", "action items", "action points", "to-dos", "todos", "tasks"):
        return (_DECISION if what == "decisions" else _ACTION).search(text) is not None
    if what in ("names", "people"):
        return _NAME.search(text) is not None
    kind = {
        "dates": "exact date", "numbers": "number", "percentages": "percent", "durations": "duration",
        "periods": "duration", "urls": "website", "links": "website", "websites": "website",
    }.get(what)  # fmt: skip
    if kind is None:
        kind = "email" if "mail" in what else "phone" if "phone" in what else "money"
    return of_name(kind).found(text) is not None and (kind != "money" or any(c.isdigit() for c in text))


def items(passage: Passage) -> list[str]:
    """The items of a passage that is a list, without their marks, or the rows of a table; empty when it is neither."""
    if passage.columns:
        return [unit.shown for unit in units_of(0, passage)]
    lines = [line for line in passage.text.splitlines() if line.strip()]
    listed = [line for line in lines if _ITEM.match(line)]
    if len(listed) < 2 or len(listed) < len(lines) - 2:
        return []
    return [_ITEM.sub("", line).strip() for line in listed]


def joined(parts: Sequence[str], limit: int = 400) -> str:
    """Items in one line; what does not fit is counted, not cut in the middle."""
    said = ""
    for number, part in enumerate(parts):
        one = flat(part).rstrip(".;,")
        if said and len(said) + len(one) > limit:
            return f"{said}; and {len(parts) - number} more."
        said = f"{said}; {one}" if said else one
    return f"{said}."


def quoted(text: str) -> str:
    """A Markdown quotation of these lines."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def flat(text: str) -> str:
    """On one line, without bold (it will stand in bold) and marks of a list."""
    return re.sub(r"^\d{1,2}[.)]\s+(?=[^\W\d_])", "", " ".join(text.split()).replace("**", "").lstrip("-*+• "))


def _sentence_with(about: str, passages: Sequence[Passage]) -> str:
    """The sentence of these passages that has the most of the words."""
    wanted = subject_words(levelled(about))
    units = [unit for number, passage in enumerate(passages) for unit in units_of(number, passage)]
    return max(units, key=lambda unit: sum(written(word, unit.stems) for word in wanted)).shown
