"""Captions as text: YouTube's json3 and timed text (two forms of XML), and WebVTT."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from ioa.adapters.agents.react.tool import ToolFailed

_VTT_TIME = re.compile(r"(?:(\d+):)?(\d{2}):(\d{2})[.,]\d{3}\s+-->")
_TAG = re.compile(r"<[^>]*>")
_STRETCH_S = 60.0


@dataclass(frozen=True, slots=True)
class Caption:
    language: str
    name: str
    url: str
    automatic: bool


class _Segment(msgspec.Struct):
    utf8: str = ""


class _Event(msgspec.Struct, rename="camel"):
    t_start_ms: float = 0.0
    segs: list[_Segment] = []


class _Json3(msgspec.Struct):
    events: list[_Event] = []


def chosen_caption(captions: Sequence[Caption], language: str) -> Caption:
    """The wanted language before others, English before the rest, people's work before a machine's."""
    wanted = language.split("-")[0].lower()

    def rank(one: Caption) -> tuple[bool, bool, bool, bool]:
        own = one.language.lower()
        return own.split("-")[0] != wanted, own.split("-")[0] != "en", one.automatic, own != language.lower()

    return min(captions, key=rank)


def caption_lines(content: str) -> list[str]:
    """`[0:00] …`, one line for about a minute; words that roll over to the next caption stand once.

    Raises `ToolFailed` for an unknown form.
    """
    text = content.lstrip("\ufeff \r\n")
    if text.startswith("WEBVTT"):
        spoken = list(_vtt(text))
    elif text.startswith("{"):
        spoken = list(_json3(text))
    elif text.startswith("<"):
        spoken = list(_timed(text))
    elif not text:
        return []
    else:
        raise ToolFailed(f"These captions are in a form that is not known; they begin: {text[:80]!r}.")
    lines: list[str] = []
    begun_s, said, last = 0.0, list[str](), ""
    for at_s, words in spoken:
        flat = " ".join(words.split())
        if not flat or flat == last:
            continue
        last = flat
        if said and at_s - begun_s >= _STRETCH_S:
            lines.append(_stamped(begun_s, said))
            said = []
        begun_s = at_s if not said else begun_s
        said.append(flat)
    return [*lines, _stamped(begun_s, said)] if said else lines


def _stamped(at_s: float, said: Sequence[str]) -> str:
    minutes, seconds = divmod(int(at_s), 60)
    hours, minutes = divmod(minutes, 60)
    stamp = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"[{stamp}] {' '.join(said)}"


def _json3(text: str) -> Iterator[tuple[float, str]]:
    try:
        events = msgspec.json.decode(text, type=_Json3).events
    except msgspec.MsgspecError as error:
        raise ToolFailed(f"These captions are not YouTube's json3: {error}.") from error
    for event in events:
        yield event.t_start_ms / 1000, "".join(one.utf8 for one in event.segs)


def _timed(text: str) -> Iterator[tuple[float, str]]:
    """`<transcript><text start="1.2">` in seconds, `<timedtext><body><p t="1200">` in milliseconds."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ToolFailed("These captions declare entities; they are not YouTube's.")
    try:
        root = ET.fromstring(text)  # noqa: S314 - declarations, with which XML can swell, are refused above
    except ET.ParseError as error:
        raise ToolFailed(f"These captions cannot be read: {error}.") from error
    for one in root.iter():
        if one.tag in ("text", "p"):
            at_s = _number(one.get("start")) if one.tag == "text" else _number(one.get("t")) / 1000
            # The older form is escaped twice.
            yield at_s, _TAG.sub("", html.unescape("".join(one.itertext())))


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _vtt(text: str) -> Iterator[tuple[float, str]]:
    """Rolling captions repeat the line before: only lines that are new are taken."""
    before: list[str] = []
    for block in re.split(r"\r?\n\r?\n", text):
        lines = block.splitlines()
        timed = next((number for number, line in enumerate(lines) if _VTT_TIME.match(line)), None)
        if timed is None:
            continue
        found = _VTT_TIME.match(lines[timed])
        assert found is not None
        at_s = int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])
        spoken = [" ".join(html.unescape(_TAG.sub("", line)).split()) for line in lines[timed + 1 :]]
        fresh = [line for line in spoken if line and line not in before]
        before = [line for line in spoken if line] or before
        yield float(at_s), " ".join(fresh)
