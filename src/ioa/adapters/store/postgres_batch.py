"""Works as the arguments of `append_1`: arrays in PostgreSQL's binary format, and which works go together."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

from ioa.adapters.store.group_commit import stale
from ioa.ports.store import ENDED_STATE, Conflict, Document, Work, entries_follow

_TEXT, _BYTEA, _INT4, _FLOAT8, _BOOL = 25, 17, 23, 701, 16
_HEAD = struct.Struct(">iiiii")
_LENGTH = struct.Struct(">i")


class Packed:
    """An array in the binary format: number of dimensions, has-null flag, element type, length, lower bound, items."""

    data: bytes

    def __init__(self, items: Iterable[bytes], count: int, element: int) -> None:
        head = _HEAD.pack(1, 0, element, count, 1) if count else struct.pack(">iii", 0, 0, element)
        self.data = b"".join((head, *items))


class TextArray(Packed):
    """Of str."""

    def __init__(self, values: Sequence[str]) -> None:
        encoded = [value.encode() for value in values]
        super().__init__((part for item in encoded for part in (_LENGTH.pack(len(item)), item)), len(encoded), _TEXT)


class BytesArray(Packed):
    """Of bytes."""

    def __init__(self, values: Sequence[bytes]) -> None:
        super().__init__((part for item in values for part in (_LENGTH.pack(len(item)), item)), len(values), _BYTEA)


class IntArray(Packed):
    """Of int in 32 bits. Raises `struct.error` for larger ones."""

    def __init__(self, values: Sequence[int]) -> None:
        pack = struct.Struct(">ii").pack
        super().__init__((pack(4, value) for value in values), len(values), _INT4)


class FloatArray(Packed):
    """Of float in 64 bits."""

    def __init__(self, values: Sequence[float]) -> None:
        pack = struct.Struct(">id").pack
        super().__init__((pack(8, value) for value in values), len(values), _FLOAT8)


class BoolArray(Packed):
    """Of bool."""

    def __init__(self, values: Sequence[bool]) -> None:
        pack = struct.Struct(">i?").pack
        super().__init__((pack(1, value) for value in values), len(values), _BOOL)


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Packed) -> Buffer:
        return obj.data


class TextDumper(_PackedDumper):
    oid = 1009


class BytesDumper(_PackedDumper):
    oid = 1001


class IntDumper(_PackedDumper):
    oid = 1007


class FloatDumper(_PackedDumper):
    oid = 1022


class BoolDumper(_PackedDumper):
    oid = 1000


DUMPERS: tuple[tuple[type[Packed], type[Dumper]], ...] = (
    (TextArray, TextDumper),
    (BytesArray, BytesDumper),
    (IntArray, IntDumper),
    (FloatArray, FloatDumper),
    (BoolArray, BoolDumper),
)


class _Record:
    """What a batch does to one record: remove what is there (or not), then put a document (or none). The document is
    the newest; whether it must be new, or replace what, is said by the first."""

    __slots__ = ("document", "removed")

    def __init__(self) -> None:
        self.removed = False
        self.document: Document | None = None

    def put(self, document: Document) -> bool:
        """Take one more; False if it contradicts what is here already."""
        before = self.document
        if before is None:
            self.document = document
            return not (self.removed and document.replaces is not None)
        self.document = replace(document, new=before.new, replaces=before.replaces)
        return document.replaces is None or document.replaces == before.body


class Batch:
    """Works that are written by one call of `append_1`, which removes records first, and puts others after that. A work
    whose records do not fit into that order begins the next batch."""

    def __init__(self, works: Iterable[Work] = ()) -> None:
        self.works: list[Work] = []
        self.follows = True
        """As far as the works alone show it: do the entries of each group follow each other, and the exchanges of each
        record?"""
        self._begun: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._states: dict[str, str] = {}
        self._records: dict[tuple[str, str], _Record] = {}
        for work in works:
            if not self.add(work):
                raise ValueError("these works are not one batch")

    def add(self, work: Work) -> bool:
        """Take a work, or refuse it: it then needs a batch of its own, after this one."""
        if self.works and not self._fits(work):
            return False
        self.works.append(work)
        for entry in work.entries:
            if entry.comm_id not in self._begun:
                self._begun[entry.comm_id] = entry.seq
            elif entry.seq != self._last[entry.comm_id] + 1:
                self.follows = False
            self._last[entry.comm_id] = entry.seq
        self._states.update(work.states)
        for key in work.removed:
            self._records.setdefault(key, _Record()).removed = True
        for document in work.documents:
            if not self._records.setdefault((document.kind, document.key), _Record()).put(document):
                self.follows = False
        return True

    def _fits(self, work: Work) -> bool:
        wanted = [*work.removed, *((document.kind, document.key) for document in work.documents if document.new)]
        records = (self._records.get(key) for key in wanted)
        return all(record is None or record.document is None for record in records)

    def arguments(self) -> list[Packed]:
        """For `append_1`, after the writer and the number of the batch. Raises `UnicodeError`, `struct.error` for what
        the columns cannot hold."""
        groups = [group for work in self.works for group in work.groups]
        members = [
            (group.comm_id, place, name) for group in groups for place, name in enumerate(dict.fromkeys(group.members))
        ]
        entries = [entry for work in self.works for entry in work.entries]
        removed = [key for key, record in self._records.items() if record.removed]
        documents = [record.document for record in self._records.values() if record.document is not None]
        exchanged = [document for document in documents if document.replaces is not None]
        return [
            TextArray([group.comm_id for group in groups]),
            TextArray([group.goal_id for group in groups]),
            TextArray([group.owner for group in groups]),
            TextArray([group.parent for group in groups]),
            TextArray([group.state for group in groups]),
            FloatArray([group.created_at for group in groups]),
            TextArray([member[0] for member in members]),
            IntArray([member[1] for member in members]),
            TextArray([member[2] for member in members]),
            TextArray([entry.comm_id for entry in entries]),
            IntArray([entry.seq for entry in entries]),
            FloatArray([entry.at for entry in entries]),
            TextArray([entry.sender for entry in entries]),
            TextArray([entry.message_id for entry in entries]),
            BytesArray([entry.body for entry in entries]),
            TextArray(list(self._begun)),
            IntArray(list(self._begun.values())),
            TextArray(list(self._states)),
            TextArray(list(self._states.values())),
            BoolArray([state == ENDED_STATE for state in self._states.values()]),
            TextArray([kind for kind, _ in removed]),
            TextArray([key for _, key in removed]),
            *_documents([document for document in documents if document.new and document.replaces is None]),
            *_documents([document for document in documents if not document.new and document.replaces is None]),
            *_documents(exchanged),
            BytesArray([digest(document.replaces or b"") for document in exchanged]),
        ]


def _documents(documents: Sequence[Document]) -> list[Packed]:
    return [
        TextArray([document.kind for document in documents]),
        TextArray([document.key for document in documents]),
        TextArray([document.owner for document in documents]),
        BytesArray([document.body for document in documents]),
    ]


APPEND = f"SELECT append_1({', '.join(['%s', '%s', *['%b'] * 35])})".encode()


def batches(works: Iterable[Work]) -> list[Batch]:
    """The works in order, in as few batches as they fit into."""
    found = [Batch()]
    for work in works:
        if not found[-1].add(work):
            found.append(Batch([work]))
    return found


def positions(works: Sequence[Work], first: int) -> list[tuple[int, ...]]:
    """The positions of the entries of each work, if the first of all has position `first`."""
    found: list[tuple[int, ...]] = []
    for work in works:
        found.append(tuple(range(first, first + len(work.entries))))
        first += len(work.entries)
    return found


@dataclass(slots=True)
class Known:
    """What is stored, as far as it concerns some works: by it each of them is judged."""

    last_seq: dict[str, int] = field(default_factory=dict[str, int])
    messages: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    groups: set[str] = field(default_factory=set[str])
    records: dict[tuple[str, str], bytes] = field(default_factory=dict[tuple[str, str], bytes])
    """Digests of their bodies."""

    def take(self, work: Work) -> Conflict | None:
        """Why the work cannot be written after those that were taken, or None, and it is taken."""
        names = {(entry.sender, entry.message_id) for entry in work.entries}
        if not entries_follow(work, self.last_seq):
            return stale()
        if len(names) < len(work.entries) or names & self.messages:
            return Conflict("a message of this sender and message_id is stored already")
        if self.groups & {group.comm_id for group in work.groups}:
            return Conflict("the group exists already")
        for document in work.documents:
            key = (document.kind, document.key)
            body = None if key in work.removed else self.records.get(key)
            if document.new and body is not None:
                return Conflict("the record exists already")
            if document.replaces is not None and body != digest(document.replaces):
                return Conflict("the record is not what was to be replaced")
        for entry in work.entries:
            self.last_seq[entry.comm_id] = entry.seq
        self.messages |= names
        self.groups |= {group.comm_id for group in work.groups}
        for key in work.removed:
            self.records.pop(key, None)
        for document in work.documents:
            self.records[document.kind, document.key] = digest(document.body)
        return None


def digest(body: bytes) -> bytes:
    """By which bodies of records are compared."""
    return hashlib.sha256(body).digest()


def storable(work: Work) -> bool:
    """Can PostgreSQL hold all text of the work? It cannot hold the character NUL, nor half a surrogate pair."""
    texts = [
        *(text for entry in work.entries for text in (entry.comm_id, entry.sender, entry.message_id)),
        *(text for row in work.groups for text in (row.comm_id, row.goal_id, row.owner, row.parent, *row.members)),
        *(text for document in work.documents for text in (document.kind, document.key, document.owner)),
        *(text for pair in (*work.states, *work.removed) for text in pair),
    ]
    return holdable("".join(texts))


def holdable(text: str) -> bool:
    """Can it be in a column of text?"""
    return "\0" not in text and text.encode(errors="ignore").decode() == text
