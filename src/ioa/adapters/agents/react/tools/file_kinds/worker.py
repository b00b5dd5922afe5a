"""The process in which files are read: requests as one JSON list on its input, one JSON answer a line.

It runs apart from the client, with bounds on memory and time, because a hostile file can keep a library busy for ever.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

MEMORY_LIMIT_BYTES = 3 * 1024**3


def serve() -> None:
    """Answer the requests in order, each as soon as it is done."""
    _limit_memory()
    warnings.simplefilter("ignore")  # of a library about a blemish of the file
    for request in json.loads(sys.stdin.buffer.read()):
        sys.stdout.write(json.dumps(answer(request)) + "\n")
        sys.stdout.flush()


def _limit_memory() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        return  # Windows has no such limit; macOS may refuse this one: the deadline still holds


def answer(request: dict[str, Any]) -> dict[str, object]:
    """One file as `{"name", "path", "members", "passages"}`: what it says, or `{"error": ...}`."""
    from ioa.adapters.agents.react.tools.file_kinds.citable import read_passages
    from ioa.adapters.agents.react.tools.file_kinds.file_text import Source, UnreadableFile
    from ioa.adapters.agents.react.tools.file_kinds.readers import lacking, read_file

    source = Source(str(request["name"]), Path(request["path"]))
    members = [str(one) for one in request["members"]]
    try:
        if request["passages"]:
            text, passages = read_passages(source, members)
        else:
            (_, text), passages = read_file(source, members), []
    except UnreadableFile as error:
        return {"error": str(error)}
    except ModuleNotFoundError as error:
        return {"error": str(lacking(source.name, error))}
    except MemoryError:
        return {"error": f"{source.name} needs more memory to be read than it may have; split it."}
    except RecursionError:
        return {"error": f"{source.name} is nested too deeply to be read."}
    except Exception as error:  # noqa: BLE001 - boundary of the worker: a broken file provokes anything
        said = " ".join(str(error).split())[:300]
        return {"error": f"{source.name} could not be read ({type(error).__name__}: {said}); save it again."}
    return {
        "kind": text.kind,
        "parts": [[part.title, part.text] for part in text.parts],
        "notes": list(text.notes),
        "members": list(text.members),
        "passages": [[p.text, p.heading, p.page, p.line, list(p.columns)] for p in passages],
    }


if __name__ == "__main__":
    serve()
