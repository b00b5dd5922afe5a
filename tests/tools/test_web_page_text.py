"""Pages as text: what is shown, and that no page is endless work."""

from __future__ import annotations

import time

import pytest

from ioa.adapters.agents.react.web.page_text import page_text

SHAPES = {
    "nested": "<div>" * 20_000 + "end",
    "nested links": "<a href=x>" * 5_000 + "end",
    "unclosed tags": "<p" * 100_000,
    "many links": "<a href=/x>y</a> " * 5_000,
    "items": "<li>" * 10_000 + "end",
}


def test_headings_lists_tables_and_links_keep_their_form() -> None:
    page = page_text(
        "<title> A  page </title><base href='/docs/'><h2>Head</h2><p>One <a href='x?y=1'>link</a>.</p><ul><li>first"
        "<li><b>second</b></ul><table><tr><th>a<th>b<tr><td>1<td>2</table><pre>  x\n    y</pre>"
        "<img src=i alt='A bee'><input placeholder=Search><a href='javascript:go()'>act</a>"
        "<a href='#here'>here</a><script>no()</script><p hidden>no</p><p aria-hidden=true>no</p>",
        "https://example.org/a/b",
    )
    assert page.title == "A page"
    assert page.text.split("\n") == [
        "## Head", "", "One link[1].", "", "- first", "- second", "", "a | b", "1 | 2", "", "  x", "    y",
        "[image: A bee] Search[2]act[3]here",
    ]  # fmt: skip
    assert [(one.number, one.text, one.url) for one in page.links] == [
        (1, "link", "https://example.org/docs/x?y=1"), (2, "Search", ""), (3, "act", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("html", SHAPES.values(), ids=SHAPES.keys())
def test_a_page_of_a_hostile_shape_is_read_in_bounded_time(html: str) -> None:
    begun = time.process_time()
    page_text(html, "https://example.org/")
    assert time.process_time() - begun < 20  # quadratic reading of the same took minutes


def test_what_is_left_out_and_unnumbered_is_so() -> None:
    page = page_text(
        "<p>a<sup class=ref>1</sup> <a href=/x>b</a></p>", "https://x.org", without=(".ref",), numbered=False
    )
    assert page.text == "a b"
    assert page.links == ()
