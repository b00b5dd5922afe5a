"""Hypothesis strategies for every value that the wire can carry, read off the types themselves.

So a field that is added to a frame is tested without a word here.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import msgspec.inspect as shape
from hypothesis import strategies as st

from ioa.protocol.frames import AnyFrame, ClientFrame, HubFrame
from ioa.protocol.messages import AnyMessage

# Short values of awkward characters; the limits themselves have tests of their own.
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_MAX_ITEMS = 3


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any valid value of a type annotation that msgspec understands."""
    return _values(shape.type_info(kind))


@functools.cache
def _struct(cls: type) -> st.SearchStrategy[Any]:
    info = shape.type_info(cls)
    assert isinstance(info, shape.StructType)
    needed = {field.name: _values(field.type) for field in info.fields if field.required}
    optional = {field.name: _values(field.type) for field in info.fields if not field.required}
    return st.fixed_dictionaries(needed, optional=optional).map(lambda fields: cls(**fields))


def _values(info: shape.Type) -> st.SearchStrategy[Any]:
    match info:
        case shape.StructType():
            return _struct(info.cls)
        case shape.UnionType():
            return st.one_of([_values(member) for member in info.types])
        case shape.VarTupleType():
            least, most = info.min_length or 0, min(info.max_length or _MAX_ITEMS, _MAX_ITEMS)
            return st.lists(_values(info.item_type), min_size=least, max_size=max(least, most)).map(tuple)
        case shape.LiteralType():
            return st.sampled_from(info.values)
        case shape.StrType() if info.pattern is not None and "sha256" in info.pattern:
            return st.binary(min_size=32, max_size=32).map(lambda digest: "sha256:" + digest.hex())
        case shape.StrType() if info.pattern is not None:
            return st.from_regex(info.pattern, fullmatch=True).filter(lambda name: len(name) <= 255)
        case shape.StrType():
            return _TEXT.filter(lambda text: len(text) >= (info.min_length or 0))
        case shape.IntType():
            return st.integers(min_value=info.ge, max_value=info.le)
        case shape.FloatType():
            return st.floats(
                min_value=info.ge if info.ge is not None else info.gt,
                max_value=info.le,
                exclude_min=info.gt is not None,
                allow_nan=False,
                allow_infinity=False,
            )
        case shape.BoolType():
            return st.booleans()
        case shape.NoneType():
            return st.none()
        case _:
            raise NotImplementedError(f"{info}: add a line for this shape")


messages: st.SearchStrategy[AnyMessage] = values(AnyMessage)
client_frames: st.SearchStrategy[ClientFrame] = values(ClientFrame)
hub_frames: st.SearchStrategy[HubFrame] = values(HubFrame)
frames: st.SearchStrategy[AnyFrame] = st.one_of(client_frames, hub_frames)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def struct_types(*roots: Any) -> set[type]:
    """Every class of frame, message and value that can be reached from these types."""
    seen: set[type] = set()

    def walk(info: shape.Type) -> None:
        match info:
            case shape.StructType() if info.cls not in seen:
                seen.add(info.cls)
                for field in info.fields:
                    walk(field.type)
            case shape.UnionType():
                for member in info.types:
                    walk(member)
            case shape.VarTupleType():
                walk(info.item_type)
            case _:
                pass

    walk(shape.type_info(functools.reduce(operator.or_, roots)))
    return seen
