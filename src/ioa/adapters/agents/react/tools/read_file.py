"""Files of more than thirty kinds as text: pages of it, and where in it a word stands."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, cast

from ioa.adapters.agents.react.tool import Tool, ToolFailed, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, Part, Source, UnreadableFile
from ioa.adapters.agents.react.tools.file_kinds.reading import text_of
from ioa.adapters.agents.react.tools.option_numbers import positive_number
from ioa.adapters.agents.react.tools.task_files import find_file, listed_files

Transcriber: TypeAlias = Callable[[Path], str | Awaitable[str]]
"""The words spoken in a file of sound; blocks or awaits, raises what it likes."""

_KEPT_CHARS = 20_000_000
_FINDS_SHOWN = 20
_AROUND_CHARS = 160
_MEMBER_SEPARATOR = "::"


class FileReader:
    """Reads the files of one task; what was read is kept while the file stays as it was."""

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        self._read: dict[tuple[object, ...], FileText] = {}
        self._transcriber = _transcriber(setting)

    async def list_files(self) -> str:
        """List the files of this task with their sizes: those that were given and those made since."""
        return await asyncio.to_thread(listed_files, self._setting)

    async def read_file(self, name: str, offset: int = 0, limit: int = 8000, find: str = "", member: str = "") -> str:
        """Read a file as text: PDF, Word, Excel, PowerPoint, CSV, JSON, XML, HTML, mail, calendar, archives, SQLite,
        Parquet, notebooks, EPUB, RTF, OpenDocument, source code, and what is known of pictures and sound.

        Args:
            name: Name of the file, as list_files gives it.
            offset: First character to show; the answer says which offset comes next.
            limit: How many characters to show, at most 11000.
            find: Show only where this word or phrase stands, with the offset of each place.
            member: A file inside an archive or mail, by its name there; `inner.zip::letter.txt` for one inside both.
        """
        text = await self._text(name, member)
        if find.strip():
            return _found(name, text, find)
        whole = text.text
        if not 0 <= offset < max(1, len(whole)):
            raise ToolFailed(f"{name} has {len(whole):,} characters; offset {offset:,} is outside. Begin at 0.")
        end = min(offset + max(1, min(limit, self._setting.limits.output_chars - 1000)), len(whole))
        if end < len(whole):  # at the end of a line, where one is near
            end = max(whole.rfind("\n", offset + (end - offset) * 3 // 4, end) + 1, 0) or end
        more = f"; the next part is at offset={end}" if end < len(whole) else ""
        part = f"characters {offset:,} to {end:,} of {len(whole):,}{more}" if more or offset else "complete"
        notes = "".join(f"\nNote: {note}" for note in text.notes[:20]) if offset == 0 else ""
        return f"{name}{f' > {member}' if member else ''} ({text.kind}), {part}{notes}\n\n{whole[offset:end]}"

    async def _text(self, name: str, member: str) -> FileText:
        file = await asyncio.to_thread(find_file, self._setting, name)
        members = [one.strip() for one in member.split(_MEMBER_SEPARATOR)] if member.strip() else []
        try:
            key = (*file.stamp, *members)
        except OSError as error:
            raise ToolFailed(f"{name} cannot be opened: {error.strerror or error}.") from error
        known = self._read.get(key)
        if known is not None:
            return known
        try:
            limit_s = self._setting.limits.call_s
            text = await text_of(Source(Path(file.name).name, file.path), members, time_s=limit_s)
        except UnreadableFile as error:
            raise ToolFailed(str(error)) from error
        if text.kind == "sound" and self._transcriber is not None and not members:
            text = await self._heard(text, self._transcriber, file.path, name)
        self._read[key] = text
        while len(self._read) > 1 and sum(len(p.text) for one in self._read.values() for p in one.parts) > _KEPT_CHARS:
            self._read.pop(next(iter(self._read)))
        return text

    async def _heard(self, text: FileText, transcriber: Transcriber, path: Path, name: str) -> FileText:
        limit_s = positive_number(self._setting, "read_file", "transcriber_s", 600)
        try:
            async with asyncio.timeout(limit_s):
                said = await asyncio.to_thread(transcriber, path)
                words = await said if inspect.isawaitable(said) else said
        except TimeoutError as error:
            raise ToolFailed(f"{name} was not transcribed within {limit_s:g} seconds; give a shorter piece.") from error
        except Exception as error:  # a user's own function raises what it likes
            raise ToolFailed(f"The transcriber failed on {name}: {type(error).__name__}: {error}.") from error
        parts = (*text.parts, Part("transcript", str(words).strip() or "(no words were heard)"))
        return replace(text, parts=parts, notes=("the transcript was made by a program and may mishear",))


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    """`list_files` and `read_file`. Options: `transcriber` (`module:function`, or the function), `transcriber_s`."""
    reader = FileReader(setting)
    yield [tool(reader.list_files), tool(reader.read_file)]


def _transcriber(setting: ToolSetting) -> Transcriber | None:
    given = setting.options.get("read_file", {}).get("transcriber")
    if given is None or callable(given):
        return cast("Transcriber | None", given)
    module, colon, attribute = str(given).partition(":")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ToolFailed(f"The transcriber {given!r} cannot be loaded: {error}; name it as module:function.") from error
    if not colon or not callable(function):
        raise ToolFailed(f"The transcriber {given!r} is no function; name it as module:function.")
    return cast("Transcriber", function)


def _found(name: str, text: FileText, find: str) -> str:
    whole = text.text
    pattern = re.compile(r"\s+".join(re.escape(word) for word in find.split()), re.IGNORECASE)
    hits = [hit.start() for hit in pattern.finditer(whole)]
    if not hits:
        return f"{find!r} stands nowhere in {name} ({text.kind}, {len(whole):,} characters), capitals aside."
    lines = [f"{find!r} stands {len(hits):,} time(s) in {name} ({text.kind}, {len(whole):,} characters):"]
    for at in hits[:_FINDS_SHOWN]:
        around = " ".join(whole[max(0, at - _AROUND_CHARS) : at + len(find) + _AROUND_CHARS].split())
        part = _part_at(text, at)
        lines.append(f"- offset={max(0, at - _AROUND_CHARS)}{f' [{part}]' if part else ''}: … {around} …")
    if len(hits) > _FINDS_SHOWN:
        lines.append(f"{len(hits) - _FINDS_SHOWN:,} more are not shown; find a longer phrase.")
    return "\n".join(lines)


def _part_at(text: FileText, at: int) -> str:
    """The title of the part in which a character of `text.text` stands."""
    begin = 0
    for part in text.parts:
        begin += len(part.text) + (len(part.title) + 3 if part.title else 0) + 2
        if at < begin:
            return part.title
    return ""
