"""A goal as one HTML file that needs no server: the page's own views, with the conversation packed into them."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from ioa.web import PAGE

ENTRY = "js/exported.js"
# Our modules import each other by relative paths only, one import a statement.
_IMPORT = re.compile(r"""(\b(?:from|import)\s*)(["'])(\.{1,2}/[^"']+)\2""")


def exported_html(packed: Mapping[str, object], *, title: str, page: Path = PAGE) -> str:
    """The file. `packed` is what `exported.js` describes: goal, entries, calls, files, exported_at.

    Nothing in it can run but the page's own modules: the Content-Security-Policy names them by digest, and the data
    are inert JSON. Raises `OSError` if the page's files cannot be read.
    """
    modules = _modules(page)
    specifiers = {name: _data_url(text) for name, text in modules.items()}
    import_map = msgspec.json.encode({"imports": specifiers}).decode()
    boot = f'import "{_specifier(ENTRY)}";'
    style = (page / "style.css").read_text("utf-8")
    policy = (
        f"default-src 'none'; script-src data: {_digest(import_map)} {_digest(boot)}; style-src {_digest(style)}; "
        "img-src blob: data:; base-uri 'none'; form-action 'none'"
    )
    return "\n".join((
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8" />',
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}" />',
        '<meta name="viewport" content="width=device-width, initial-scale=1" />',
        '<meta name="color-scheme" content="light dark" />',
        '<meta name="referrer" content="no-referrer" />',
        f"<title>{html.escape(title)}</title>",
        f"<style>{style}</style>",
        f'<script type="importmap">{import_map}</script>',
        "</head>",
        "<body>",
        '<div id="app"></div>',
        f'<script type="application/json" id="packed">{_inert(packed)}</script>',
        f'<script type="module">{boot}</script>',
        "</body>",
        "</html>",
        "",
    ))  # fmt: skip


def _inert(value: object) -> str:
    """JSON that cannot end its script element, whatever agents wrote."""
    text = msgspec.json.encode(value).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _modules(page: Path) -> dict[str, str]:
    """The modules that `ENTRY` needs, by their names in the import map."""
    found: dict[str, str] = {}
    waiting = [ENTRY]
    while waiting:
        path = waiting.pop()
        if _specifier(path) in found:
            continue
        text, needed = _named_imports((page / path).read_text("utf-8"), PurePosixPath(path))
        found[_specifier(path)] = text
        waiting += needed
    return found


def _named_imports(text: str, path: PurePosixPath) -> tuple[str, list[str]]:
    """A module whose relative imports are names of the import map, and the paths that it imports."""
    needed: list[str] = []

    def renamed(match: re.Match[str]) -> str:
        target = _joined(path.parent, match[3])
        needed.append(target)
        return f"{match[1]}{match[2]}{_specifier(target)}{match[2]}"

    return _IMPORT.sub(renamed, text), needed


def _joined(folder: PurePosixPath, relative: str) -> str:
    parts: list[str] = list(folder.parts)
    for part in relative.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _specifier(path: str) -> str:
    return f"ioa/{path}"


def _data_url(text: str) -> str:
    return "data:text/javascript;base64," + base64.b64encode(text.encode()).decode()


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
