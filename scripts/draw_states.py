"""Writes the generated parts of docs/protocol.md: tables and the diagram of the law, fields, limits and codes.

    python scripts/draw_states.py [FILE]

Each part stands between `<!-- generated: NAME -->` and `<!-- end -->`; everything else in the file is left alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import msgspec
import msgspec.inspect as shape

from ioa.conversation import connection, formation, group, hub_duties
from ioa.conversation.group import GROUP_TABLE, GroupState
from ioa.conversation.guards import GUARDS
from ioa.conversation.task import ENDED, TASK_TABLE, TaskEvent, TaskStatus
from ioa.protocol import cards, errors, frames, messages, names
from ioa.protocol.messages import KINDS, Message, kind

FILE = Path(__file__).resolve().parent.parent / "docs" / "protocol.md"
STATES: tuple[GroupState, ...] = get_args(GroupState)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def group_cell(state: GroupState, cls: type[Message]) -> str:
    if (state, cls) not in GROUP_TABLE:
        return "—"
    target = GROUP_TABLE[state, cls]
    return f"→ {target}" if target else "stays"


def group_table() -> str:
    """Kinds down, states across: the state that follows, `stays`, or a dash where it is refused."""
    rows = [[f"`{kind(cls)}`"] + [group_cell(state, cls) for state in STATES] for cls in KINDS]
    return table(["kind", *STATES], rows)


def group_diagram() -> str:
    """Mermaid. Arrows of the turns; kinds that leave the state as it is are not drawn."""
    arrows = [
        f"    {source} --> {target}: {kind(cls)}" for (source, cls), target in GROUP_TABLE.items() if target is not None
    ]
    lines = ["stateDiagram-v2", "    [*] --> discussion: launch", *arrows, "    conclusion --> [*]"]
    return "```mermaid\n" + "\n".join(lines) + "\n```"


def task_table() -> str:
    """Statuses down, events across."""
    events: tuple[TaskEvent, ...] = get_args(TaskEvent)
    statuses: tuple[TaskStatus, ...] = get_args(TaskStatus)
    rows = [
        [status + (" (ended)" if status in ENDED else "")]
        + [(f"→ {TASK_TABLE[status, event]}" if (status, event) in TASK_TABLE else "—") for event in events]
        for status in statuses
    ]
    return table(["status", *(f"`{event}`" for event in events)], rows)


def task_diagram() -> str:
    arrows = [f"    {status} --> {after}: {event}" for (status, event), after in TASK_TABLE.items()]
    ends = [f"    {status} --> [*]" for status in get_args(TaskStatus) if status in ENDED]
    return "```mermaid\n" + "\n".join(["stateDiagram-v2", "    [*] --> pending: assigned", *arrows, *ends]) + "\n```"


def words(function: Callable[..., object]) -> str:
    return " ".join((function.__doc__ or "").split())


def guards() -> str:
    """Per kind its rules in the order in which they are asked."""
    parts: list[str] = []
    for cls in KINDS:
        if cls in GUARDS:
            rules = "\n".join(f"{n}. {words(guard)}" for n, guard in enumerate(GUARDS[cls], start=1))
            parts.append(f"`{kind(cls)}`\n\n{rules}")
    return "\n\n".join(parts)


def error_codes() -> str:
    return table(["code", "meaning"], [[f"`{code}`", errors.MEANINGS[code]] for code in get_args(errors.Code)])


def limits() -> str:
    rows = [
        ("Frame from a client", f"{frames.MAX_FRAME_BYTES:,} bytes"),
        ("Frame from the hub, and entry of a log", f"{frames.MAX_HUB_FRAME_BYTES:,} bytes"),
        ("Long text (`content`, `task_desc`, `task_conclusion`, `goal` …)", f"{messages.MAX_TEXT_CHARS:,} characters"),
        ("Short text (`task_abstract`, progress, reasons …)", f"{messages.MAX_SHORT_CHARS:,} characters"),
        ("Identifier", "1 to 128 characters"),
        ("Name of an agent, when it registers", f"1 to {names.MAX_NAME_CHARS} characters"),
        ("Description on a card", f"{cards.MAX_DESCRIPTION_CHARS:,} characters"),
        ("Members of a group, with its initiator", str(messages.MAX_MEMBERS)),
        ("Tasks of one message", str(messages.MAX_TASKS_A_MESSAGE)),
        ("Tasks of a group", str(group.MAX_TASKS_A_GROUP)),
        ("Starts of a task by one assignee", str(group.MAX_STARTS_A_TASK)),
        ("Progress messages of a task by one assignee", str(group.MAX_PROGRESS_A_TASK)),
        ("Interjections in a group", str(group.MAX_INTERJECTIONS)),
        ("Artifacts of a message", str(hub_duties.MAX_ARTIFACTS)),
        ("Turns of a nested group, at least", str(hub_duties.MIN_NESTED_TURNS)),
        ("Tool calls of a team formation", str(formation.MAX_TOOL_CALLS)),
        ("Unacknowledged deliveries (`window`), usually", str(connection.DEFAULT_WINDOW)),
        ("Text of a refusal", f"{errors.MAX_RULE_CHARS:,} characters, {errors.MAX_LEGAL} entries in `legal`"),
        ("Integers", "0 to 2^53, so that a double holds them"),
    ]
    return table(["what", "limit"], [list(row) for row in rows])


def type_words(info: shape.Type) -> str:
    """The type of a field in a few words, with its limits."""
    match info:
        case shape.StrType():
            bounds = [f"≥ {info.min_length}"] if info.min_length else []
            bounds += [f"≤ {info.max_length:,}"] if info.max_length else []
            return "string" + (f" ({', '.join(bounds)} characters)" if bounds else "")
        case shape.IntType() | shape.FloatType():
            bounds = [f"{sign} {value:,}" for sign, value in (("≥", info.ge), (">", info.gt)) if value is not None]
            bounds += [f"≤ {info.le:,}"] if info.le is not None and info.le != 2**53 else []
            word = "integer" if isinstance(info, shape.IntType) else "number"
            return word + (f" ({', '.join(bounds)})" if bounds else "")
        case shape.BoolType():
            return "boolean"
        case shape.LiteralType():
            return (
                " or ".join(f'`"{value}"`' for value in info.values) if len(info.values) <= 6 else "a [code](#errors)"
            )
        case shape.VarTupleType():
            bounds = [f"≥ {info.min_length}"] if info.min_length else []
            bounds += [f"≤ {info.max_length:,}"] if info.max_length else []
            return f"list of {type_words(info.item_type)}" + (f", {', '.join(bounds)} of them" if bounds else "")
        case shape.StructType():
            return f"[{info.cls.__name__}](#{anchor(info.cls)})"
        case shape.NoneType():
            return "null"
        case shape.UnionType():
            members = [member for member in info.types if not isinstance(member, shape.NoneType)]
            if len(members) > 6:
                return "a [message](#messages)"
            return " or ".join(type_words(member) for member in info.types)
        case _:
            return type(info).__name__


def anchor(cls: type) -> str:
    """Of its heading: a frame's is its tag, a value's `Card (value)`, because there is a frame `card` too."""
    info = shape.type_info(cls)
    tag = info.tag if isinstance(info, shape.StructType) else None
    return str(tag) if tag else f"{cls.__name__.lower()}-value"


def default_words(field: shape.Field) -> str:
    """What a field means that was left out."""
    if field.required:
        return ""
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, msgspec.Struct):
        return "; all its defaults"
    return f"; `{msgspec.json.encode(value).decode()}` if left out"


def fields(cls: type, skip: tuple[str, ...] = ()) -> str:
    """A heading, the docstring, and the fields: needed ones are bold, others show what they are when left out."""
    info = shape.type_info(cls)
    assert isinstance(info, shape.StructType)
    lines = [
        f"#### {f'`{info.tag}`' if info.tag else f'{cls.__name__} (value)'}",
        "",
        " ".join((cls.__doc__ or "").split()),
        "",
    ]
    for field in info.fields:
        if field.encode_name in skip:
            continue
        name = f"**`{field.encode_name}`**" if field.required else f"`{field.encode_name}`"
        lines.append(f"- {name}: {type_words(field.type)}{default_words(field)}")
    return "\n".join(lines).rstrip()


def client_frames() -> str:
    return "\n\n".join(fields(cls) for cls in get_args(frames.ClientFrame))


def hub_frames() -> str:
    both = set(get_args(frames.ClientFrame))
    return "\n\n".join(fields(cls) for cls in get_args(frames.HubFrame) if cls not in both)


def message_header() -> str:
    return fields(Message).partition("\n\n")[2].partition("\n\n")[2]


def message_kinds() -> str:
    return "\n\n".join(fields(cls, skip=(*Message.__struct_fields__, "state")) for cls in KINDS)


def value_types() -> str:
    kinds = (
        messages.Artifact,
        messages.Budgets,
        messages.GivenResult,
        messages.Parent,
        messages.TaskAssignment,
        messages.Usage,
        cards.Card,
        cards.Evaluation,
        cards.FoundAgent,
    )
    return "\n\n".join(fields(cls) for cls in kinds)


PARTS: dict[str, Callable[[], str]] = {
    "limits": limits,
    "client frames": client_frames,
    "hub frames": hub_frames,
    "message header": message_header,
    "message kinds": message_kinds,
    "value types": value_types,
    "group table": group_table,
    "group diagram": group_diagram,
    "guards": guards,
    "task table": task_table,
    "task diagram": task_diagram,
    "error codes": error_codes,
}
_PART = re.compile(r"(<!-- generated: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def drawn(text: str) -> str:
    """The document with its generated parts made anew. Raises `KeyError` for a part that nobody makes."""
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", text)


def parts_of(text: str) -> set[str]:
    return {found[2] for found in _PART.finditer(text)}


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    file.write_text(drawn(file.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{file}: {len(PARTS)} parts")
