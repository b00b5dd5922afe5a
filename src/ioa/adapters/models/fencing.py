"""Text of others, put before a model so that it cannot pass for anything else.

Cards, messages, results, pages and files come from strangers. Each stands between `<data from="…">` and `</data>`; what
looks like such a mark inside is broken up, and names lose what could end an attribute or a line. A model may still be
talked into something: what it decides is judged by the law, and what its tools may do is limited by the tools.
"""

from __future__ import annotations

import re

from ioa.protocol.names import printable

_MARK = re.compile(r"<(?=\s*/?\s*data\b)", re.IGNORECASE)
_ENTRY = re.compile(r"^(\s*)#(?=\d)", re.MULTILINE)


def fenced(text: str, source: str = "", *, limit_chars: int | None = None) -> str:
    """The text as data. `limit_chars` cuts it, with a mark that says how much is missing."""
    if limit_chars is not None and len(text) > limit_chars:
        text = text[:limit_chars] + f" … ({len(text) - limit_chars} characters left out)"
    harmless = _ENTRY.sub(r"\1＃", _MARK.sub("‹", text))
    origin = f' from="{named(source)}"' if source else ""
    return f"<data{origin}>\n{harmless}\n</data>" if "\n" in harmless else f"<data{origin}>{harmless}</data>"


def named(name: str) -> str:
    """A name on one line, without quotes and brackets."""
    return printable(" ".join(name.split())).replace('"', "'").replace("<", "‹").replace(">", "›")
