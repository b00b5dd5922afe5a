"""Markdown of several authors as one self-contained HTML page in which nothing of theirs can run or call out.

HTML in the Markdown is shown as text, pictures are embedded or named, never fetched, and the page's own policy
(CSP) forbids scripts and requests altogether.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

PICTURE_LIMIT_BYTES = 8 * 1024 * 1024
_PNG, _SVG = (
    b"\x89PNG\r\n\x1a\n",
    re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<svg\b", re.S),
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""

_STYLE = """:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6676; --page: #fdfdfb; --line: #d9dee6;
  --shade: #f2f4f7; --accent: #1f5fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7ee; --soft: #9aa5b5; --page: #14181f; --line: #333b47;
  --shade: #1d232c; --accent: #7db4f0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 50rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; overflow-wrap: break-word; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3, h4, h5, h6 { margin: 1.5rem 0 .4rem; }
a { color: var(--accent); }
.by { color: var(--soft); font-size: .9rem; margin: 0 0 1rem; }
h2 .number { color: var(--accent); margin-right: .35rem; font-variant-numeric: tabular-nums; }
.summary { background: var(--shade); border-left: 4px solid var(--accent); border-radius: 4px;
  padding: .75rem 1.25rem; margin: 1.5rem 0; }
.summary h2 { border: 0; margin: 0; padding: 0; font-size: 1.1rem; }
.summary ul { margin: .5rem 0; padding-left: 1.1rem; }
.summary li { margin: .35rem 0; }
.summary em { color: var(--soft); font-style: normal; font-size: .88rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-size: .95rem; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .8rem; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid var(--soft); }
blockquote { margin: 1rem 0; padding: .1rem 1rem; border-left: 3px solid var(--line); color: var(--soft); }
code { font: .88em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--shade);
  border-radius: 3px; padding: .1em .3em; }
pre { background: var(--shade); border-radius: 4px; padding: .8rem 1rem; overflow-x: auto; white-space: pre-wrap; }
pre code { background: none; padding: 0; }
figure { margin: 1.5rem 0; }
img { display: block; max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line);
  border-radius: 6px; padding: .6rem; }
figcaption { margin-top: .4rem; }
figcaption, details summary { color: var(--soft); font-size: .9rem; }
details { margin: 1rem 0; }
@media print { :root { --ink: #000; --soft: #444; --page: #fff; --shade: #f4f4f4; --line: #bbb; --accent: #000; }
  main { max-width: none; padding: 0; } h2, h3 { break-after: avoid; }
    figure, table, pre { break-inside: avoid; } details > * { display: block; }
  details::details-content { content-visibility: visible; block-size: auto; } }"""


class Renderer:
    """Markdown to HTML with these pictures: name in the Markdown to the file that is embedded for it."""

    def __init__(self, pictures: Mapping[str, Path]) -> None:
        self._sources = {name: source for name, path in pictures.items() if (source := data_uri(path))}
        self._markdown = self._made()

    def html(self, markdown: str) -> str:
        """The HTML of one part of the page."""
        rendered = str(self._markdown.render(markdown))
        return rendered.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")

    def line(self, markdown: str) -> str:
        """The HTML of one line, without a paragraph around it."""
        return str(self._markdown.renderInline(markdown))

    def figure(self, name: str, caption: str) -> str:
        """A picture with its caption below it."""
        source, said = self._sources.get(name), html.escape(caption)
        if source is None:
            return f'<p class="by">[picture not embedded: {said} ({html.escape(name)})]</p>'
        return f'<figure><img src="{source}" alt="{said}"><figcaption>{said}</figcaption></figure>'

    def _made(self) -> MarkdownIt:
        from markdown_it import MarkdownIt

        made = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])

        def image(renderer: Any, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
            token = tokens[index]
            name, caption = unquote(str(token.attrs.get("src", ""))), html.escape(str(token.content))
            source = self._sources.get(name)
            if source is None:
                return f"[picture not embedded: {caption} ({html.escape(name)})]"
            return f'<img src="{source}" alt="{caption}">'

        made.add_render_rule("image", image)
        return made


def page(title: str, body: str) -> str:
    """A whole page around HTML made by `Renderer` and `details`."""
    return _PAGE.format(title=html.escape(title), style=_STYLE, body=body)


def details(summary: str, code: str) -> str:
    """A folded block of code."""
    return (
        f"<details><summary>{html.escape(summary)}</summary>\n<pre><code>{html.escape(code)}</code></pre></details>\n"
    )


def data_uri(path: Path) -> str | None:
    """A PNG, JPEG or SVG picture, by its content, for the `src` of an `img` (in which no script of an SVG runs);
    `None` when it is none, too large or unreadable."""
    try:
        if path.stat().st_size > PICTURE_LIMIT_BYTES:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    if content.startswith(_PNG):
        media_type = "image/png"
    elif content.startswith(b"\xff\xd8\xff"):
        media_type = "image/jpeg"
    elif _SVG.match(content[:4096]):
        media_type = "image/svg+xml"
    else:
        return None
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
