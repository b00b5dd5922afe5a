"""SECURITY.md names tests that exist, and every test of this folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DOCUMENT = (TESTS.parent / "SECURITY.md").read_text("utf-8")
ROWS = re.findall(r"^\| (?!attack |asset |---)(.+?) \|(.*)\|$", DOCUMENT.partition("## Attacks")[2], re.MULTILINE)
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", DOCUMENT)


def written_in(path: Path) -> set[str]:
    return set(re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE))


def test_every_attack_names_a_test_and_code_that_exists() -> None:
    assert len(ROWS) > 25
    for attack, rest in ROWS:
        assert "::test_" in rest, attack
    for file, name in NAMED:
        assert name in written_in(TESTS / file), f"{file}::{name} does not exist"
    for source in re.findall(
        r"`((?:hub|protocol|conversation|adapters|scripts)/[\w/]+\.py|bounded_yaml\.py)`", DOCUMENT
    ):
        root = TESTS.parent if source.startswith("scripts/") else TESTS.parent / "src" / "ioa"
        assert (root / source).exists(), source


@pytest.mark.parametrize("path", sorted(TESTS.glob("threats/test_*.py")), ids=lambda path: path.stem)
def test_every_test_of_a_threat_is_in_the_document(path: Path) -> None:
    if path == Path(__file__):
        return
    missing = written_in(path) - {name for file, name in NAMED if file == f"threats/{path.name}"}
    assert not missing, f"not in SECURITY.md: {sorted(missing)}"
