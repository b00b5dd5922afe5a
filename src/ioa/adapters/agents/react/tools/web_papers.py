"""What any catalogue of scientific papers gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A paper. `cited` is `None` where the catalogue does not count; `free_url` is empty without a free text."""

    id: str
    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str = ""
    abstract: str = ""
    cited: int | None = None
    doi: str = ""
    url: str = ""
    free_url: str = ""


@dataclass(frozen=True, slots=True)
class Papers:
    """One page of results; `total` is 0 where it is not known."""

    works: Sequence[Work]
    total: int
    more: bool


class Catalogue(Protocol):
    """Each method raises `ToolFailed`. Pages count from 1."""

    @property
    def title(self) -> str: ...

    async def search(self, query: str, count: int, page: int, first_year: str, last_year: str) -> Papers: ...

    async def work(self, paper: str) -> Work: ...

    async def related(self, paper: str, relation: str, count: int, page: int) -> Papers:
        """`relation` is `citations` or `references`."""
        ...
