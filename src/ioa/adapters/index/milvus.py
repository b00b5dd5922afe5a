"""Vectors kept by Milvus, the engine of the paper; `milvus-lite`, a file, for trying.

A collection by cosine: AUTOINDEX, which is HNSW on a server, and compares all in milvus-lite. Needs the extra `milvus`.
Source: IoA paper, A.3.2 (agents are kept in Milvus).
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ioa.adapters.index.meanings import Matrix
from ioa.adapters.index.remote import Row
from ioa.adapters.index.unavailable import MeaningsUnavailable

_COLLECTION = "ioa_card_vectors"
_DIMENSIONS = 384
_LONGEST_NAME, _LONGEST_PARTS = 2_048, 16_384  # bytes
_AT_ONCE = 256  # rows a request
_MOST_FOUND = 16_384  # by Milvus
_WITHIN_S = 10.0


def _key(name: str) -> str:
    """What a row is asked for by: names would have to be quoted in Milvus' own language of filters."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class MilvusVectors:
    """An `Engine` at `uri`: a server's URL, or the path of a file that ends in `.db` for milvus-lite. Connects when
    made; raises `MeaningsUnavailable`."""

    def __init__(self, uri: str, *, token: str = "") -> None:
        """`token` is what the server asks for, `user:password` or an API key."""
        try:
            import pymilvus  # pyright: ignore[reportMissingTypeStubs] - it has none
        except ImportError as error:
            raise MeaningsUnavailable(f"Milvus needs {error.name}: install internet-of-agents[milvus]") from error
        milvus: Any = pymilvus
        self._errors: tuple[type[Exception], ...] = (milvus.MilvusException, OSError, ConnectionError)
        self._where = uri.rpartition("@")[2]
        self._lock = threading.Lock()  # milvus-lite answers one at a time
        self._client: Any = None
        try:
            self._client = milvus.MilvusClient(uri, token=token, timeout=_WITHIN_S)
            if not self._client.has_collection(_COLLECTION):
                schema: Any = milvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
                schema.add_field("key", milvus.DataType.VARCHAR, is_primary=True, max_length=32)
                schema.add_field("name", milvus.DataType.VARCHAR, max_length=_LONGEST_NAME)
                schema.add_field("digest", milvus.DataType.VARCHAR, max_length=32)
                schema.add_field("whole", milvus.DataType.FLOAT_VECTOR, dim=_DIMENSIONS)
                schema.add_field("parts", milvus.DataType.VARCHAR, max_length=_LONGEST_PARTS)
                index: Any = self._client.prepare_index_params()
                index.add_index("whole", index_type="AUTOINDEX", metric_type="COSINE")
                self._client.create_collection(
                    _COLLECTION, schema=schema, index_params=index, consistency_level="Strong"
                )
            self._client.load_collection(_COLLECTION)
        except self._errors as error:
            self.close()
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> MeaningsUnavailable:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        return MeaningsUnavailable(f"Milvus at {self._where}: {said[:200]}")

    def _ask(self, method: str, *args: Any, **options: Any) -> Any:
        with self._lock:
            if self._client is None:
                raise MeaningsUnavailable(f"Milvus at {self._where}: the connection is closed")
            try:
                return getattr(self._client, method)(_COLLECTION, *args, **options)
            except self._errors as error:
                raise self._unavailable(error) from error

    def known(self) -> dict[str, bytes]:
        return self._known("")

    def _known(self, start: str) -> dict[str, bytes]:
        """Of the rows whose keys start so; where these are more than Milvus hands out at once, part by part."""
        rows = self._ask("query", filter=f'key like "{start}%"', output_fields=["name", "digest"], limit=_MOST_FOUND)
        if len(rows) < _MOST_FOUND:
            return {row["name"]: bytes.fromhex(row["digest"]) for row in rows}
        parts = [self._known(start + digit) for digit in "0123456789abcdef"]
        return {name: digest for part in parts for name, digest in part.items()}

    def put_many(self, rows: Sequence[Row]) -> None:
        for begin in range(0, len(rows), _AT_ONCE):
            data = [
                {
                    "key": _key(row.name),
                    "name": row.name,
                    "digest": row.digest.hex(),
                    "whole": row.whole.tolist(),
                    "parts": base64.b64encode(row.parts).decode(),
                }
                for row in rows[begin : begin + _AT_ONCE]
            ]
            self._ask("upsert", data)

    def remove(self, names: Sequence[str]) -> None:
        for begin in range(0, len(names), _AT_ONCE):
            self._ask("delete", ids=list(map(_key, names[begin : begin + _AT_ONCE])))

    def near(self, vectors: Matrix, k: int) -> list[list[str]]:
        rows = self._ask(
            "search",
            data=vectors.tolist(),
            anns_field="whole",
            limit=min(k, _MOST_FOUND),
            search_params={"metric_type": "COSINE", "params": {"ef": max(k, 64)}},
            output_fields=["name"],
        )
        return [[hit["entity"]["name"] for hit in hits] for hits in rows]

    def fetch(self, names: Sequence[str]) -> list[Row]:
        found: list[Row] = []
        for begin in range(0, len(names), _AT_ONCE):
            rows = self._ask(
                "get",
                list(map(_key, names[begin : begin + _AT_ONCE])),
                output_fields=["name", "digest", "whole", "parts"],
            )
            for row in rows:
                whole = np.array(row["whole"], np.float32)
                found.append(Row(row["name"], bytes.fromhex(row["digest"]), whole, base64.b64decode(row["parts"])))
        return found

    def describe(self) -> str:
        return f"vectors in Milvus at {self._where}"

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None
