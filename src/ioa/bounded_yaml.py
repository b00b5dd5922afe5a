"""YAML that somebody else may have written: plain values only, bounded in size, depth and in what aliases unfold to.

`yaml.safe_load` makes no objects, but shares what an alias repeats: forty lines can stand for more values than any
machine holds, and whoever prints or compares them is lost. Its scalars also end in errors that are no `YAMLError`
(a 13th month, a number of 5,000 digits).
"""

from __future__ import annotations

from typing import cast

import yaml

MAX_VALUES = 100_000
MAX_DEPTH = 64
_NUMBER_CHARS = 100  # 1:1:1:… in base 60 makes numbers that Python itself refuses to print
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class BadYaml(ValueError):
    """A text that is no YAML, or more than is taken. The text says what and where."""


def load_yaml(text: str) -> object:
    """The one document in `text`: mappings, lists, texts, numbers, switches, dates. Raises `BadYaml`."""
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            return None
        _measure(root)
        return cast("object", loader.construct_document(root))  # pyright: ignore[reportUnknownMemberType] - PyYAML has no types
    except yaml.YAMLError as error:
        raise BadYaml(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise BadYaml(f"nested deeper than {MAX_DEPTH} levels; write it flatter") from error
    except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError) as error:
        if isinstance(error, BadYaml):
            raise
        raise BadYaml(f"a value cannot be read ({' '.join(str(error).split())[:200]}); put it in quotes") from error


def _measure(root: yaml.Node) -> None:
    """Raises `BadYaml` for what unfolds to too much, contains itself, or is nested too deep."""
    sizes: dict[int, int] = {}  # by identity: how many values a node stands for, with all that its aliases repeat
    open_nodes: set[int] = set()

    def size(node: yaml.Node, depth: int) -> int:
        key = id(node)
        if key in sizes:
            return sizes[key]
        where = f"line {node.start_mark.line + 1}"
        if key in open_nodes:
            raise BadYaml(f"{where}: a value that contains itself (alias); write it without")
        if depth > MAX_DEPTH:
            raise BadYaml(f"{where}: nested deeper than {MAX_DEPTH} levels; write it flatter")
        if node.tag in _NUMBERS and len(str(cast("object", node.value))) > _NUMBER_CHARS:
            raise BadYaml(f"{where}: a number of more than {_NUMBER_CHARS} characters; put it in quotes if it is text")
        open_nodes.add(key)
        total = 1 + sum(size(child, depth + 1) for child in _children(node))
        open_nodes.discard(key)
        if total > MAX_VALUES:
            raise BadYaml(f"{where}: stands for more than {MAX_VALUES:,} values once its aliases are unfolded")
        sizes[key] = total
        return total

    size(root, 0)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return cast("list[yaml.Node]", node.value)
    if isinstance(node, yaml.MappingNode):
        pairs = cast("list[tuple[yaml.Node, yaml.Node]]", node.value)
        return [part for pair in pairs for part in pair]
    return []
