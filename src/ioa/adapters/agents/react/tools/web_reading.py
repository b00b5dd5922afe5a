"""Reading an open page: its main text, words in it, answers and summaries; by a model where there is one."""

from __future__ import annotations

import asyncio
import re

from ioa.adapters.agents.react.tool import ToolFailed, clipped
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_engine import Loaded
from ioa.adapters.agents.react.web.page_text import PageText, page_text

_ASKED_CHARS = 40_000  # as much of a page as goes to a model at once
_AROUND = 160
_PASSAGES = 5


def main_text(loaded: Loaded, page: PageText) -> str:
    """The article of a page as Markdown by trafilatura; where it finds none, the whole text without numbers. Blocks."""
    if not loaded.html:
        return page.text
    import trafilatura

    found = trafilatura.extract(
        loaded.html, url=loaded.url, output_format="markdown", include_tables=True, include_comments=False
    )
    whole = page_text(loaded.html, loaded.url, numbered=False).text
    # It gives up on pages that are no articles; a small share of the text is then worse than all of it.
    text = found if found and len(found) > len(whole) // 10 else whole
    if not text.strip():
        raise ToolFailed(f"{loaded.url} shows no text{f' ({loaded.note})' if loaded.note else ''}.")
    return f"# {page.title}\n\n{text}" if page.title and not text.lstrip().startswith("# ") else text


def found_in(text: str, wanted: str, limit_chars: int) -> tuple[str, int]:
    """Each place of the words with its surroundings, and where the first begins. Raises `ToolFailed` for none."""
    words = wanted.split()
    if not words:
        raise ToolFailed("browser_find: the words are empty.")
    places = list(re.finditer(r"\s+".join(re.escape(word) for word in words), text, re.IGNORECASE))
    if not places:
        missing = [word for word in words if word.casefold() not in text.casefold()]
        hint = f" These words are nowhere on it: {', '.join(missing)}." if missing and len(words) > 1 else ""
        raise ToolFailed(f"{wanted!r} is not on this page.{hint} Try one word.")
    lines = [f"{len(places)} place(s) with {wanted!r}:"]
    for number, one in enumerate(places, 1):
        around = text[max(one.start() - _AROUND, 0) : one.end() + _AROUND]
        lines.append(f"{number}. … {' '.join(around.split())} …")
    return clipped("\n".join(lines), "Search for more words.", limit_chars), places[0].start()


async def answer_from(question: str, text: str, url: str, setting: ToolSetting) -> str:
    """The model's answer from the text, else the passages that fit best by words and meaning, and says which."""
    if not question.strip():
        raise ToolFailed("browser_answer: the question is empty.")
    best = await asyncio.to_thread(_passages, question, text)
    if setting.ask is not None:
        # Of a long page, what fits the question comes along wherever it stands.
        shown = text if len(text) <= _ASKED_CHARS else text[:_ASKED_CHARS] + "\n…\n" + "\n…\n".join(best)
        instruction = (
            f"Answer the question from the text alone, which is a web page ({url}). Quote the words that say it. If it "
            f"does not say, answer that it does not. Question: {question}"
        )
        return clipped(await setting.ask(instruction, shown), "Ask for less.", setting.limits.output_chars)
    if not best:
        return f"No passage of {url} has to do with {question!r} (searched by words, without a model)."
    quoted = "\n\n".join(f"> {one}" for one in best)
    return clipped(
        f"Passages of {url} that fit {question!r} best (chosen without a model; judge them yourself):\n\n{quoted}",
        "Read the page with browser_read.",
        setting.limits.output_chars,
    )


async def summary_of(text: str, url: str, setting: ToolSetting) -> str:
    """The model's summary, else headings and first sentences, and says which."""
    if setting.ask is not None:
        left_out = len(text) - _ASKED_CHARS
        instruction = f"Summarise this web page ({url}) in at most ten sentences, from its text alone."
        answer = await setting.ask(instruction, text[:_ASKED_CHARS])
        note = (
            f"\n[the last {left_out:,} of {len(text):,} characters were not read; use browser_read]"
            if left_out > 0
            else ""
        )
        return clipped(answer, "", setting.limits.output_chars) + note
    lines: list[str] = []
    fresh = True
    for line in text.splitlines():
        if line.startswith("#"):
            lines.append(line)
            fresh = True
        elif line.strip() and fresh and not line.lstrip().startswith(("|", "- ", "!")):
            lines.append(re.split(r"(?<=[.!?])\s+(?=[A-ZÄÖÜ0-9„\"'(])", line.strip())[0])
            fresh = False
    outline = "\n".join(lines)
    head = f"Headings and first sentences of {url} (an outline made without a model):\n\n"
    return clipped(head + outline, "Read the page with browser_read.", min(setting.limits.output_chars, 4_000))


def _passages(question: str, text: str) -> list[str]:
    from ioa.adapters.agents.documents import paragraphs
    from ioa.adapters.agents.passages import rank, shipped_embedder

    passages = list(paragraphs("page", text.splitlines(), markdown=True))
    found = rank(question, passages, shipped_embedder())[:_PASSAGES]
    return [
        f"{one.passage.heading}: {' '.join(one.passage.text.split())}"
        if one.passage.heading
        else " ".join(one.passage.text.split())
        for one in found
    ]
