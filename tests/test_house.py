"""House rules that no linter knows: who silences one says why beside it; what a page links to or names is there."""

from __future__ import annotations

import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = [path for folder in ("src", "tests", "bench", "scripts", "examples") for path in (ROOT / folder).rglob("*.py")]
RULES = r"[A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)*"
SILENCES = re.compile(
    r"noqa|type: *ignore|pyright: *(ignore|basic|strict|report)|pragma: *no cover|nosec", re.IGNORECASE
)
WITH_REASON = re.compile(rf"# ((ruff: )?noqa: {RULES}|pyright: ignore\[\w+(, \w+)*\]|pragma: no cover) - \w")
CATCHES_ALL = re.compile(r"except Exception\b|suppress\((Base)?Exception\)")


def broken(source: str) -> list[int]:
    """The lines of a module where a rule is silenced, or every error caught, without a reason."""
    if not (SILENCES.search(source) or CATCHES_ALL.search(source)):
        return []
    comments = {
        token.start[0]: token.string
        for token in tokenize.generate_tokens(iter(source.splitlines(keepends=True)).__next__)
        if token.type == tokenize.COMMENT
    }
    silent = [no for no, text in comments.items() if SILENCES.search(text) and not WITH_REASON.search(text)]
    rows = enumerate(source.splitlines(), 1)
    return sorted([*silent, *(no for no, row in rows if CATCHES_ALL.search(row) and no not in comments)])


def test_what_silences_a_rule_or_catches_everything_says_why() -> None:
    assert len(FILES) > 500
    found = [
        f"{path.relative_to(ROOT)}:{no}"
        for path in FILES
        if path != Path(__file__).resolve()
        for no in broken(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


PAGES = [page for folder in ("", "docs", "bench") for page in sorted((ROOT / folder).glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
PATH = re.compile(r"`((?:src|tests|bench|docs|deploy|scripts|examples)/[\w./-]+)`")
ELSEWHERE = ("/work/", "/root/")  # folders of one machine


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_or_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in LINK.findall(text):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{target} is not there"
        assert not anchor or there.suffix != ".md" or anchor in anchors(there), f"{target}#{anchor} is no heading"
    for path in PATH.findall(text):
        assert (ROOT / path).exists(), f"{path} is not there"
    assert not [name for name in ELSEWHERE if name in text], "a path of one machine"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import os  # noqa: F401\n", [1]),
        ("import os  # noqa: F401 - for its side effects\n", []),
        ("import os  # noqa\n", [1]),
        ("a = 1\nb: str = a  # type: ignore - a reason\n", [2]),
        ("b: str = 1  # pyright: ignore - a reason\n", [1]),
        ("b: str = 1  # pyright: ignore[reportA, reportB] - a reason\n", []),
        ("try:\n    f()\nexcept Exception:\n    pass\n", [3]),
        ("try:\n    f()\nexcept Exception:  # a boundary\n    pass\n", []),
        ('x = "# noqa"\n', []),
    ],
)
def test_the_check_sees_what_it_is_for(source: str, lines: list[int]) -> None:
    assert broken(source) == lines
