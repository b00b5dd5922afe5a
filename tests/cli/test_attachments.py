"""Which files go along with a goal, and what the user is told about those that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.cli import attachments
from ioa.cli.attachments import attach
from ioa.cli.failures import BadInput


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for name in ("sales.csv", "notes.md", "my data.csv", "data/prices.csv", "data/sales.csv", "Makefile", "in"):
        (tmp_path / name).write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("goal", "names"),
    [
        ("Describe sales.csv.", ["sales.csv"]),
        ("Compare sales.csv, notes.md; then sales.csv again", ["sales.csv", "notes.md"]),
        ("What is in 'my data.csv'?", ["my data.csv"]),
        ("sales.csv's mean (and notes.md)", ["sales.csv", "notes.md"]),
        ("Look in the folder in there", []),
        ("Solve 3.5*x = 7 and see example.com or https://example.com/a.csv, e.g. now", []),
        ("What is in data?", []),
    ],
)
def test_files_that_the_goal_mentions_are_attached_once_each_in_order(
    folder: Path, goal: str, names: list[str]
) -> None:
    kept, found = attach(goal, (), folder)
    assert [attachment.name for attachment in found] == names
    assert all(attachment.mentioned for attachment in found)
    assert kept == goal


def test_a_path_in_the_goal_becomes_the_plain_name_under_which_the_file_travels(folder: Path) -> None:
    goal, found = attach("Chart data/prices.csv, then describe ./sales.csv", (), folder)
    assert goal == "Chart prices.csv, then describe sales.csv"
    assert [attachment.path.resolve() for attachment in found] == [
        (folder / "data/prices.csv").resolve(),
        (folder / "sales.csv").resolve(),
    ]


def test_two_files_of_one_name_travel_under_different_names(folder: Path) -> None:
    goal, found = attach("Compare sales.csv with data/sales.csv", (), folder)
    assert [attachment.name for attachment in found] == ["sales.csv", "data-sales.csv"]
    assert goal == "Compare sales.csv with data-sales.csv"


def test_given_files_come_first_and_are_not_attached_again_when_mentioned(folder: Path) -> None:
    goal, found = attach("Join sales.csv with prices.csv", ("data/prices.csv",), folder)
    assert [(attachment.name, attachment.mentioned) for attachment in found] == [
        ("prices.csv", False),
        ("sales.csv", True),
    ]
    assert goal == "Join sales.csv with prices.csv"


def test_a_mentioned_file_that_is_missing_is_named_with_similar_names(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"The goal mentions sale\.csv: there is no such file.*Similar: sales\.csv"):
        attach("Describe sale.csv", (), folder)


@pytest.mark.parametrize(
    "goal",
    [
        "Describe sales.csv and save it as out.csv",
        "Plot sales.csv into chart.png",
        "Describe sales.csv and write the result to summary.md",
        "Write report.md about sales.csv",
        "Create a file named 'the report.html' from sales.csv",
        "Summarise notes.md, and save the report under report.pdf.",
    ],
)
def test_a_file_that_the_goal_asks_to_be_made_may_be_missing(folder: Path, goal: str) -> None:
    attach(goal, (), folder)


@pytest.mark.parametrize(
    "goal",
    [
        "Compare sales.csv to other.csv and save the result as out.csv",
        "Write a summary of missing.md",
        "Plot missing.csv",
        "Write a report. Use figures.xlsx for it",
        "Save the mean of missing.csv",
    ],
)
def test_a_file_that_the_goal_needs_may_not_be_missing(folder: Path, goal: str) -> None:
    with pytest.raises(BadInput, match="there is no such file"):
        attach(goal, (), folder)


def test_given_files_that_cannot_be_sent_are_refused_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match=r"--file nope\.csv: there is no such file"):
        attach("Describe it", ("nope.csv",), folder)
    with pytest.raises(BadInput, match=r"--file data is a folder"):
        attach("Describe it", ("data",), folder)
    with pytest.raises(BadInput, match=r"There is no folder"):
        attach("Describe it", ("nowhere/a.csv",), folder)
    monkeypatch.setattr(attachments, "MAX_FILE_BYTES", 0)
    with pytest.raises(BadInput, match=r"--file sales\.csv has 0 MiB; at most 0 MiB"):
        attach("Describe it", ("sales.csv",), folder)


def test_control_characters_in_a_file_name_do_not_reach_the_terminal(folder: Path) -> None:
    with pytest.raises(BadInput) as caught:
        attach("Describe it", ("a\x1b[2Jb.csv",), folder)
    assert "\x1b" not in caught.value.message
    with pytest.raises(BadInput, match="no such file"):
        attach("Describe it", ("a\0b.csv",), folder)
