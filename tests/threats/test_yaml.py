"""YAML that strangers wrote: agent.yaml and the users' file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.agents.card_file import load_card_file
from ioa.adapters.agents.carded import CardError
from ioa.bounded_yaml import MAX_DEPTH, BadYaml, load_yaml
from ioa.cli.failures import BadInput
from ioa.cli.hub_run import _users


def bomb(levels: int, width: int = 9) -> str:
    """Some lines that stand for `width ** levels` values."""
    lines = [f"a0: &a0 [{', '.join('x' * width)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bomb(12), "more than 100,000 values"),
        ("a: &a {b: 1}\nc: &c [*a]\nd: &d [*d]", "contains itself"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("!!python/name:os.system", "could not determine a constructor"),
        ("- " * (MAX_DEPTH + 2), "nested deeper"),
        ("[" * 100_000, "nested deeper"),
        ("1" * 5_000, "a number of more than"),
        (":".join(["59"] * 2_000), "a number of more than"),
        ("when: 2026-13-45", "month must be in 1..12"),
        ("!!bool maybe", "cannot be read"),
        ("!!timestamp soon", "cannot be read"),
        ("a: \x1b[31m", "special characters are not allowed"),
    ],
)  # fmt: skip
def test_what_unfolds_runs_or_breaks_a_reader_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadYaml, match=said):
        load_yaml(text)


def test_plain_yaml_with_a_few_aliases_is_read() -> None:
    assert load_yaml("a: &a [1, two, 3.5, true, null]\nb: *a") == {k: [1, "two", 3.5, True, None] for k in "ab"}
    assert load_yaml("") is None


@pytest.mark.parametrize("key", ["type", "skills", "name", "team", "timeout_s", "command"])
def test_an_agent_file_with_a_bomb_in_a_field_is_refused_at_once(tmp_path: Path, key: str) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(f"{bomb(12)}\n{key}: *a11\n")
    with pytest.raises(CardError, match="aliases are unfolded") as refused:
        load_card_file(path)
    assert len(str(refused.value)) < 500


def test_a_users_file_with_a_bomb_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "users.yaml"
    path.write_text(bomb(12))
    path.chmod(0o600)
    with pytest.raises(BadInput, match="is not YAML"):
        _users(path)
