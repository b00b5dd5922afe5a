"""docs/protocol.md says what the code does: generated parts, examples, links, codes."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from ioa.conversation.group import Group, step
from ioa.conversation.guards import GUARDS
from ioa.protocol.codec import decode_client_frame, decode_hub_frame, decode_message
from ioa.protocol.errors import MEANINGS, Code
from ioa.protocol.frames import ClientFrame, HubFrame
from ioa.protocol.messages import KINDS, kind
from tests.protocol.wire import struct_types

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PROTOCOL = (DOCS / "protocol.md").read_text(encoding="utf-8")


def drawing() -> Any:
    spec = importlib.util.spec_from_file_location("draw_states", ROOT / "scripts" / "draw_states.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def examples(text: str) -> list[dict[str, Any]]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def headings(text: str) -> set[str]:
    """Anchors as GitHub makes them: of the first heading with these words."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_generated_parts_are_those_that_the_code_gives() -> None:
    module = drawing()
    assert module.drawn(PROTOCOL) == PROTOCOL, "docs/protocol.md is old: run scripts/draw_states.py"
    assert module.parts_of(PROTOCOL) == set(module.PARTS)


@pytest.mark.parametrize("example", examples(PROTOCOL), ids=lambda example: json.dumps(example)[:50])
def test_every_example_decodes(example: dict[str, Any]) -> None:
    text = json.dumps(example)
    if "type" in example:
        decode_message(text)
    elif example["frame"] in tags(ClientFrame):
        decode_client_frame(text)
    else:
        decode_hub_frame(text)


def tags(union: Any) -> set[str]:
    return {str(cls.__struct_config__.tag) for cls in get_args(union)}


def test_every_kind_of_frame_and_message_has_an_example() -> None:
    shown = examples(PROTOCOL)
    assert {example["frame"] for example in shown if "frame" in example} == tags(ClientFrame) | tags(HubFrame)
    assert {example["type"] for example in shown if "type" in example} == {kind(cls) for cls in KINDS}


def test_the_log_in_the_examples_is_a_lawful_one() -> None:
    group: Group | None = None
    for example in examples(PROTOCOL):
        if "type" in example and example.get("seq"):
            group, _ = step(group, decode_message(json.dumps(example)))
            assert group.seq == example["seq"]
    assert group is not None
    assert group.ended
    assert [task.status for task in group.tasks.values()] == ["completed", "failed"]


def test_every_code_has_a_meaning_and_is_in_the_document() -> None:
    assert set(MEANINGS) == set(get_args(Code))
    for code in get_args(Code):
        assert f"| `{code}` |" in PROTOCOL


def test_every_guard_is_a_rule_in_words() -> None:
    for chain in GUARDS.values():
        for guard in chain:
            assert guard.__doc__, guard
            assert " ".join(guard.__doc__.split()) in PROTOCOL


def test_every_type_on_the_wire_has_a_heading_and_every_link_leads_somewhere() -> None:
    anchors = headings(PROTOCOL)
    for cls in struct_types(ClientFrame, HubFrame):
        tag = cls.__struct_config__.tag
        assert (str(tag) if tag else f"{cls.__name__.lower()}-value") in anchors, cls
    for target in re.findall(r"\]\(#([^)]*)\)", PROTOCOL):
        assert target in anchors, target


def test_the_small_log_in_the_concepts_is_a_lawful_one() -> None:
    group: Group | None = None
    for example in examples((DOCS / "concepts.md").read_text(encoding="utf-8")):
        group, _ = step(group, decode_message(json.dumps(example)))
    assert group is not None
    assert group.outcome == "completed"
