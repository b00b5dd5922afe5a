"""The files of a goal: those given with `--file`, and those that the goal mentions and that lie here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ioa.cli.failures import BadInput
from ioa.cli.terminal import one_line

MAX_FILE_BYTES = 64 * 1024 * 1024
"""What a hub takes by default."""

# fmt: off
# fmt: off
_DATA_SUFFIXES = frozenset({
    ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xls", ".md", ".markdown", ".txt", ".text",
    ".rst", ".log", ".pdf", ".html", ".htm", ".xml", ".py", ".yaml", ".yml", ".docx", ".png", ".svg", ".jpg", ".jpeg",
    ".db", ".sqlite",
})
# fmt: on
"""A word with such an ending means a file; other words with a dot in them may be anything (3.5, e.g., example.com)."""

_QUOTED = re.compile(r"\"([^\"\n]{1,400})\"|(?<!\w)'([^'\n]{1,400})'(?!\w)|`([^`\n]{1,400})`|“([^”\n]{1,400})”")
_WORD = re.compile(r"[^\s\"'`<>|“”]+")
_CLAUSE_END = re.compile(r"[.!?;,:]\s|\n|\bthen\b|\band\b", re.IGNORECASE)
_MAKES = re.compile(
    r"\b(sav(e|es|ed|ing)|stor(e|es|ed|ing)|export\w*|writ(e|es|ing|ten)|output\w*|put|record|creat(e|es|ed|ing)|"
    r"mak(e|es|ing)|produc(e|es|ing)|generat(e|es|ing)|nam(e|ed)|call(ed)?|convert\w*|turn|render\w*|draw|plot\w*)\b",
    re.IGNORECASE,
)
_TARGET_WORDS = frozenset({"as", "to", "into", "in", "named", "called", "titled", "file", "under"})
_MAKING_WORDS = frozenset({"create", "write", "save", "produce", "generate", "make", "output", "creating", "saving"})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send along: where it lies, and its plain name in the network."""

    path: Path
    name: str
    mentioned: bool = False


@dataclass(frozen=True, slots=True)
class _Mention:
    text: str
    start: int
    end: int
    quoted: bool


def attach(goal: str, given: Sequence[str], folder: Path) -> tuple[str, tuple[Attachment, ...]]:
    """The goal with plain file names, and its files: `given` first, then the mentioned ones, each file once.

    Paths are relative to `folder`. A path in the goal becomes the plain name under which the file travels: agents on
    other machines know no other. Raises `BadInput` for files that do not exist, are folders, or are too large; a file
    that the goal asks to be made may be missing.
    """
    found: dict[Path, Attachment] = {}
    for text in given:
        path = folder / Path(text).expanduser()
        _check(text, path, folder, "--file ")
        found.setdefault(path.resolve(), Attachment(path, _free_name(path, found)))
    pieces: list[str] = []
    done = 0
    for mention in _mentions(goal):
        path = folder / Path(mention.text).expanduser()
        if not _exists(path):
            if _is_missing_input(mention, goal) and not any(_means(mention.text, a) for a in found.values()):
                _check(mention.text, path, folder, "The goal mentions ")
            continue
        if not path.is_file():
            continue  # a folder is a word like others
        _check(mention.text, path, folder, "The goal mentions ")
        attachment = found.setdefault(path.resolve(), Attachment(path, _free_name(path, found), mentioned=True))
        if attachment.name != mention.text:
            pieces += [goal[done : mention.start], attachment.name]
            done = mention.end
    return "".join((*pieces, goal[done:])), tuple(found.values())


def _mentions(goal: str) -> Iterator[_Mention]:
    """What may be a file: quoted texts and words with a dot or a slash, in their order, none inside another."""
    places: list[_Mention] = []
    for match in _QUOTED.finditer(goal):
        group = next(number for number in range(1, 5) if match.group(number))
        start, end = match.span(group)
        places.append(_Mention(match.group(group), start, end, quoted=True))
    inside = [(match.start(), match.end()) for match in _QUOTED.finditer(goal)]
    for match in _WORD.finditer(goal):
        word = match.group()
        left = len(word) - len(word.lstrip("([{,;:"))
        text = word[left:].rstrip(".,;:!?()[]{}…")
        start = match.start() + left
        if any(begin <= start < end for begin, end in inside) or not ("." in text or "/" in text) or "://" in text:
            continue
        # "a.csv's" is cut at the quote already; "a.csv/b.csv" is a path.
        places.append(_Mention(text, start, start + len(text), quoted=False))
    return iter(sorted(places, key=lambda mention: mention.start))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for a path, or a NUL in it: a word, no file
        return False


def _is_missing_input(mention: _Mention, goal: str) -> bool:
    """Does the goal need this file, or ask for it to be made?"""
    if Path(mention.text).suffix.lower() not in _DATA_SUFFIXES or not Path(mention.text).stem:
        return False
    if mention.quoted and " " in mention.text and re.search(r"[.!?]\s", mention.text):
        return False  # a quoted sentence
    before = goal[: mention.start].rstrip("\"'`“( ")
    clause = _CLAUSE_END.split(before)[-1] or ""
    words = re.findall(r"\w+", clause.lower())
    last = next((word for word in reversed(words) if word not in {"the", "a", "an", "new", "file"}), "")
    if last in _MAKING_WORDS:
        return False
    return not (bool(_MAKES.search(clause)) and words[-1] in _TARGET_WORDS)


def _check(text: str, path: Path, folder: Path, origin: str) -> None:
    """Raises `BadInput` unless `path` is a file that can be sent."""
    shown = f"{origin}{one_line(text, 120)}"
    try:
        if not path.exists():
            raise BadInput(f"{shown}: there is no such file in {folder}.{_similar(path)}")
        if path.is_dir():
            raise BadInput(f"{shown} is a folder; name its files one by one, each with --file.")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise BadInput(
                f"{shown} has {size / 2**20:.0f} MiB; at most {MAX_FILE_BYTES // 2**20} MiB are taken. "
                "Cut it, or store it in a smaller format such as Parquet."
            )
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadInput(f"{shown} cannot be read: {reason}.") from error


def _similar(path: Path) -> str:
    """Names in that folder that look like it, as a sentence."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except (OSError, ValueError):
        return f" There is no folder {path.parent} either."
    lower = {name.lower(): name for name in names}
    near = [lower[key] for key in difflib.get_close_matches(path.name.lower(), lower, n=3, cutoff=0.6)]
    if not near:
        stem = path.stem.lower()
        near = [name for name in names if stem and Path(name).stem.lower() == stem][:3]
    return f" Similar: {', '.join(one_line(name, 80) for name in near)}." if near else ""


def _means(text: str, attachment: Attachment) -> bool:
    """Is this mention the plain name of a file that came with --file from another folder?"""
    return Path(text).name.casefold() in (attachment.name.casefold(), attachment.path.name.casefold())


def _free_name(path: Path, found: dict[Path, Attachment]) -> str:
    """The file's plain name; with its folder's name before it when another file has that name already."""
    taken = {attachment.name for attachment in found.values()}
    name = path.name
    if name in taken and path.resolve().parent.name:
        name = f"{path.resolve().parent.name}-{name}"
    number = 2
    while name in taken:
        name = f"{path.stem}-{number}{path.suffix}"
        number += 1
    return name
