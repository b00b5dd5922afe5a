"""Reading typed answers from what models write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

import msgspec
import pytest
from pydantic import BaseModel, Field

from ioa.adapters.models.answers import Form
from ioa.adapters.models.failure import NotLegal
from tests.models.conversing import TURN, Turn

EXPECTED = Turn(**TURN)  # pyright: ignore[reportArgumentType] - the values are of these types
TEXT = json.dumps(TURN)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"```json\n{TEXT}\n```",
        f"```\n{TEXT}\n```\nI hope this helps {{really}}!",
        f"Here is my answer:\n{TEXT}\nAnything else?",
        f"<think>maybe {{'next_state': 'discussion'}}</think>{TEXT}",
        f'I first thought of {{"content": "no", "next_state": "discussion"}}, but:\n{TEXT}',
        f'{{"note": "an object of its own"}} {TEXT}',
        TEXT.replace("}", ",}"),
        TEXT.replace('"', "'"),
        "\ufeff" + TEXT,
        f"// the turn\n{TEXT[:-1]} // end\n}}",
        "x" * 100_000 + TEXT,
    ],
)
def test_json_is_found_within_fences_prose_and_slips(text: str) -> None:
    assert Form(Turn).read(text) == EXPECTED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("I think we should pause.", "no JSON object"),
        ("and so on " * 10_000, "no JSON object"),
        (TEXT[: len(TEXT) // 2], "breaks off"),
        ("```json\n" + TEXT[: len(TEXT) // 2] + "\n```", "breaks off"),
        ('{"wrong_content": "a", "wrong_state": "b"}', "none of the fields"),
        ('{"content": "a", "next_state": "dance"}', "next_state"),
        ('{"next_state": "pause"}', "content"),
        ("[" * 50_000, "no JSON object"),
        ("{" * 5_000, "malformed"),
        ('{"a":' * 5_000, "malformed"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NotLegal, match=reason):
        Form(Turn).read(text)


class Plan(BaseModel):
    objectives: list[str] = Field(min_length=1)
    done: bool = False


@dataclass
class Choice:
    """What is chosen."""

    triggers: tuple[str, ...]


class Tree(msgspec.Struct):
    name: str
    children: list[Tree] = []


def test_answers_may_be_structs_models_dataclasses_and_plain_types() -> None:
    assert Form(Plan).read('{"objectives": ["a"]}') == Plan(objectives=["a"])
    assert Form(Choice).read({"triggers": ["all"]}) == Choice(("all",))
    literal = Form(Literal["alone", "team"])  # pyright: ignore[reportArgumentType] - a form, not a class
    assert literal.read('{"answer": "team"}') == "team"
    assert literal.read('"alone"') == "alone"
    assert Form(list[int]).read("[1, 2]") == [1, 2]
    tree = Form(Tree)
    assert tree.read('{"name": "a", "children": [{"name": "b"}]}') == Tree("a", [Tree("b")])
    for form in (Form(Turn), Form(Plan), Form(Choice), literal, tree):
        assert form.schema["type"] == "object"
        assert form.fields


def test_the_reason_names_the_field_and_the_value() -> None:
    with pytest.raises(NotLegal, match=r"objectives: .*got \[\]"):
        Form(Plan).read('{"objectives": []}')
    with pytest.raises(NotLegal, match=r"triggers: Field required"):
        Form(Choice).read({})
