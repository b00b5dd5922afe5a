"""An index as a file: words, vectors and lists of all cards, so that a hub that starts again has them at once.

A cache: what cannot be read is made anew, and what changed since is put in again. Numbers only, in NumPy's own
format, with checksums; nothing in it is ever executed.
"""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ioa.adapters.index.corpus import Corpus
from ioa.adapters.index.meanings import LocalMeanings, Meanings
from ioa.adapters.index.postings import Postings
from ioa.adapters.index.setting import Setting

Arrays = dict[str, NDArray[np.generic]]

FORMAT = 2  # to be raised when terms, vectors or arrays are made in another way
_LOCAL_HEADER, _LONGEST_HEADER = 30, 4_096  # bytes: before a member's name in a ZIP file, and of an array's at most
_BROKEN = (OSError, EOFError, KeyError, IndexError, ValueError, zipfile.BadZipFile)


def arrays_of(corpus: Corpus) -> Arrays:
    """The living cards of a corpus, and their vectors if it has them itself. The corpus may change afterwards."""
    slots = corpus.living()
    meanings = corpus.meanings.arrays(slots) if isinstance(corpus.meanings, LocalMeanings) else {}
    return {
        "names": _packed(corpus.names_of(slots)),
        "digests": corpus.digests_of(slots),
        **{f"words.{key}": rows for key, rows in corpus.words_of(slots).items()},
        **{f"meanings.{key}": rows for key, rows in meanings.items()},
    }


def corpus_of(arrays: Arrays, setting: Setting, meanings: Meanings | None) -> Corpus | None:
    """What `arrays_of` was made of; None if it is not whole. The vectors are in `meanings`, or among the arrays."""
    try:
        names, digests = _unpacked(arrays["names"]), arrays["digests"].astype(np.uint64)
        postings = Postings.of(_under("words.", arrays))
        local = LocalMeanings.of(_under("meanings.", arrays)) if meanings is None else None
    except _BROKEN:
        return None
    slots_used = 0 if local is None else local.slots_used
    if not postings.cards == len(names) == len(set(names)) == len(digests) or slots_used > len(names):
        return None
    made = Corpus(setting, meanings or local, postings=postings, names=names, digests=digests)
    if meanings is not None:
        for name in names:
            made.adopt(name)
    return made


def save(path: Path, arrays: Arrays, made_by: str) -> None:
    """Write the file, whole or not at all. `made_by` names the model of meaning. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.touch(0o600)
        with part.open("wb") as file:
            save_all: Callable[..., None] = np.savez  # whose other arguments have names that no array here has
            save_all(file, **arrays, made_by=_packed([str(FORMAT), made_by]))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(path: Path, made_by: str) -> Arrays | None:
    """What was saved by the same model; None if there is no such file, or none that can be read."""
    with contextlib.suppress(*_BROKEN), path.open("rb") as opened, zipfile.ZipFile(opened) as file:
        members = {info.filename.removesuffix(".npy"): info for info in file.infolist()}
        if _unpacked(_read(opened, members.pop("made_by"))) == [str(FORMAT), made_by]:
            return {name: _read(opened, info) for name, info in members.items()}
    return None


def _read(file: BinaryIO, info: zipfile.ZipInfo) -> NDArray[np.generic]:
    """An array of the file, as `np.load` reads it, in one piece: that takes a third of the time."""
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{info.filename} is compressed")
    file.seek(info.header_offset)
    head = file.read(_LOCAL_HEADER)
    file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), os.SEEK_CUR)
    rows = np.fromfile(file, np.uint8, info.file_size)
    if len(rows) != info.file_size or zlib.crc32(rows.data) != info.CRC:
        raise ValueError(f"{info.filename} is not what was saved")
    begin = io.BytesIO(rows[:_LONGEST_HEADER].tobytes())
    if np.lib.format.read_magic(begin) != (1, 0):
        raise ValueError(f"{info.filename} is of another format")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(begin)
    if dtype.hasobject:
        raise ValueError(f"{info.filename} holds objects")
    return rows[begin.tell() :].view(dtype).reshape(shape, order="F" if by_columns else "C")


def _under(start: str, arrays: Arrays) -> Arrays:
    return {name.removeprefix(start): rows for name, rows in arrays.items() if name.startswith(start)}


def _packed(texts: list[str]) -> NDArray[np.generic]:
    """Texts without zeros, each ended by one."""
    whole = "".join(f"{text}\0" for text in texts)
    return np.frombuffer(whole.encode("utf-8", "surrogatepass"), np.uint8)


def _unpacked(packed: NDArray[np.generic]) -> list[str]:
    return packed.tobytes().decode("utf-8", "surrogatepass").split("\0")[:-1]
