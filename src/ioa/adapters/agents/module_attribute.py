"""`module:attr` beside a card file: import a stranger's module under a name of its own, take an attribute."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from types import ModuleType


class BadTarget(ValueError):
    """A `module:attr` that names nothing. The text says what is wrong and what is near."""


def import_attribute(target: str, folder: Path) -> object:
    """What `target` (`module:attr`) names; the module is sought in `folder`, then among what is installed.

    Importing runs the module's code: only for files of this machine's own user. Raises `BadTarget`.
    """
    module_name, colon, attribute = target.partition(":")
    parts = module_name.split(".")
    if not colon or not all(part.isidentifier() for part in [*parts, *attribute.split(".")]):
        raise BadTarget(f"{target!r} is not module:attr; write for example weather:run.")
    try:
        found: object = _module(parts, folder)
    except BadTarget:
        raise
    except (Exception, SystemExit) as error:  # the module is somebody else's code
        raise BadTarget(f"importing {module_name!r} failed: {type(error).__name__}: {error}") from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise BadTarget(f"{module_name!r} has no {part!r}.{near(part, public_names(found))}")
        found = getattr(found, part)
    return found


def _module(parts: list[str], folder: Path) -> ModuleType:
    beside = folder.joinpath(*parts).with_suffix(".py")
    if not beside.is_file():
        beside = folder.joinpath(*parts, "__init__.py")
    if not beside.is_file():
        return importlib.import_module(".".join(parts))
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # at the end: siblings can be imported, nothing installed is replaced
    if len(parts) == 1 and beside.name != "__init__.py":
        return _alone(parts[0], beside)
    module = importlib.import_module(".".join(parts))
    if Path(module.__file__ or "").resolve() != beside.resolve():
        raise BadTarget(f"{'.'.join(parts)!r} is also installed ({module.__file__}); rename the folder of yours.")
    return module


def _alone(name: str, path: Path) -> ModuleType:
    """A single module under a name that its path decides: two folders may both have an agent.py."""
    unique = f"_ioa_{name}_{sha256(str(path).encode()).hexdigest()[:12]}"
    if unique in sys.modules:
        return sys.modules[unique]
    spec = importlib.util.spec_from_file_location(unique, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module  # dataclasses and pickling look it up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[unique]
        raise
    return module


def public_names(thing: object) -> list[str]:
    """The attributes that a person may have meant."""
    return [name for name in dir(thing) if not name.startswith("_")]


def near(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for a near miss, else nothing."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
