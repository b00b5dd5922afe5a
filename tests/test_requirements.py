"""The table of requirements is whole: identifiers are unique, and every test that it names exists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.requirements import REQUIREMENTS, Requirement

TESTS = Path(__file__).resolve().parent


@cache
def named_in(path: str) -> frozenset[str]:
    """Functions, methods as `Class::method`, and names that a module binds to a `TestCase`."""
    found: set[str] = set()
    for node in ast.parse((TESTS / path).read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name):
                found.add(name)
                found |= {f"{name}::{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
                found |= {f"{name}::{part.name}" for part in node.body if isinstance(part, ast.AsyncFunctionDef)}
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case _:
                pass
    return frozenset(name for name in found if name.startswith(("test_", "Test")))


def test_identifiers_are_unique() -> None:
    names = [requirement.id for requirement in REQUIREMENTS]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.id)
def test_a_requirement_says_what_where_and_how_it_is_shown(requirement: Requirement) -> None:
    assert requirement.source
    assert requirement.behaviour.endswith(".")
    assert requirement.tests, "no test shows it"
    assert len(set(requirement.tests)) == len(requirement.tests)
    for node in requirement.tests:
        path, _, name = node.partition("::")
        assert (TESTS / path).is_file(), f"{node}: no such file"
        assert name in named_in(path), f"{node}: no such test"
