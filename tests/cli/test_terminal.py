"""Text for terminals: widths, colours, strangers' text, Markdown, tables."""

from __future__ import annotations

import io

import pytest

from ioa.cli import markdown
from ioa.cli.terminal import Terminal, cut, one_line, pad, seconds, table, width, wrap


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_only_where_somebody_watches_and_wants_them() -> None:
    assert Terminal.of(Tty()).style("x", "red") == "\x1b[31mx\x1b[0m"
    assert Terminal.of(Tty(), colour=False).style("x", "red") == "x"
    assert Terminal.of(io.StringIO()).style("x", "red") == "x"


def test_what_the_stream_cannot_encode_is_escaped_and_nothing_breaks() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Terminal.of(stream).write("✔ naïve")
    assert raw.getvalue() == b"\\u2714 na\\xefve\n"


def test_text_of_strangers_can_do_nothing_to_a_terminal() -> None:
    said = one_line("a\x1b[2J\r\nb\u202e c\u0007")
    assert said == "a\\u001b[2J b\\u202e c\\u0007"


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("🙂", 2), ("", 0)])
def test_width_is_what_the_eye_sees(text: str, columns: int) -> None:
    assert width(text) == columns
    assert width(pad(text, 10)) == 10


def test_cut_and_wrap_never_exceed_their_columns() -> None:
    assert cut("hello world", 8) == "hello w…"
    assert cut("日本語", 5) == "日本…"
    for line in wrap("aaa bbb 日本語日本語日本語 " + "x" * 30, 10):
        assert width(line) <= 10
    assert "".join(wrap("x" * 25, 10)) == "x" * 25


def test_a_table_cuts_its_last_column_only() -> None:
    lines = table(("name", "text"), [("abc", "x" * 100), ("日本", "y")], 40)
    assert lines[0].startswith("name  text")
    assert all(width(line) <= 40 for line in lines)
    assert lines[2].startswith("日本  y")


@pytest.mark.parametrize(
    ("value", "said"), [(0.04, "0.0 s"), (12.34, "12.3 s"), (125, "2 min 5 s"), (3780, "1 h 3 min")]
)
def test_durations_as_people_say_them(value: float, said: str) -> None:
    assert seconds(value) == said


def test_markdown_stays_markdown_where_nobody_watches() -> None:
    text = "# Title\n\n- **a** `b`\n\n| x | y |\n|---|---|\n| 1 | 2 |"
    assert markdown.shown(text, Terminal(io.StringIO())) == text


def test_markdown_is_laid_out_for_those_who_watch() -> None:
    text = (
        "# Title\n\nSee **bold** and `code` and [here](https://e.org).\n\n"
        "| city | n |\n|---|--:|\n| Oslo | 5 |\n| Rome | 12 |\n\n- item\n\n```\nx = 1\n```"
    )
    shown = markdown.shown(text, Terminal(io.StringIO(), columns=80, watched=True))
    assert shown.split("\n") == [
        "Title", "", "See bold and code and here (https://e.org).", "",
        "  city   n", "  ────  ──", "  Oslo   5", "  Rome  12", "", "• item", "", "    x = 1",
    ]  # fmt: skip
    plain = markdown.shown("*(data\\_analyst)* 2 * 3 * 4, `a\\_b`, a*b*c", Terminal(io.StringIO(), 80, watched=True))
    assert plain == "(data_analyst) 2 * 3 * 4, a\\_b, a*b*c"
    coloured = markdown.shown("**bold**", Terminal(io.StringIO(), 80, True, True))
    assert coloured == "\x1b[1mbold\x1b[0m"


def test_escape_codes_in_an_answer_are_shown_not_obeyed() -> None:
    for watched in (False, True):
        assert "\x1b" not in markdown.shown("a\x1b[2Jb\n| \x1b | b |\n|---|---|", Terminal(io.StringIO(), 80, watched))
