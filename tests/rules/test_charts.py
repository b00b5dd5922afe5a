"""A chart is drawn by whom says that they draw, is a picture, and shows one result: two results are two charts."""

from __future__ import annotations

import pytest

from ioa.adapters.policy.rules.file_readers import suited
from ioa.adapters.policy.rules.goal_text import split_goal
from ioa.adapters.policy.rules.pictures import draws, shows, wants_chart
from ioa.adapters.policy.rules.plan import Step
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.conversation.task import Report, Task
from ioa.protocol.cards import Card, FoundAgent
from ioa.protocol.messages import Artifact
from ioa.testing.conversations import Conversation, Member, keyword_fit

WRITES = Card(
    name="Scribe",
    description=(
        "Writes the final report: puts findings, numbers, tables, charts and quotes of other agents together into one "
        "well laid out document with a summary at the top and the charts embedded. It does not draw charts itself."
    ),
)
DRAWS = Card(name="Painter", description="Draws bar charts and line charts of tables.")


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Plots the columns of a file.", True),
        ("Makes simple bar charts from any table.", True),
        ("Visualises trends over time.", True),
        ("Creates nice looking diagrams.", True),
        ("Puts text and charts into a report.", False),
        ("Counts rows; never draws anything.", False),
        ("Explains what a graph shows.", False),
    ],
)
def test_a_card_says_whether_its_agent_draws(description: str, *, expected: bool) -> None:
    assert draws(Card(name="Somebody", description=description)) is expected


def test_a_chart_is_not_given_to_who_only_puts_charts_into_reports() -> None:
    step = Step(1, "draw a bar chart of it", search=("draw a bar chart",), kind="plot")
    hits = [FoundAgent(card=WRITES, score=0.9, online=True), FoundAgent(card=DRAWS, score=0.5, online=True)]
    assert [hit.card.name for hit in suited(step, {"draw a bar chart": hits})] == ["Painter"]


@pytest.mark.parametrize(
    ("media_type", "text", "expected"),
    [
        ("image/png", "Drew a chart.", True),
        ("image/svg+xml", "Drew a chart.", True),
        ("text/html", "Wrote a report about the chart.", False),
        ("", "Saved as sales.png.", True),
        ("", "```mermaid\npie\n```", True),
        ("", "A bar chart would show 3 bars.", False),
    ],
)
def test_a_text_about_a_chart_is_no_chart(media_type: str, text: str, *, expected: bool) -> None:
    file = Artifact(name="made", media_type=media_type, size_bytes=1, digest="sha256:" + "0" * 64)
    report = Report(assignee="A", status="completed", conclusion=text, artifacts=(file,) if media_type else ())
    task = Task(task_id="t", task_desc="d", task_abstract="a", assigner="A", synchronous=True, reports=(report,))
    assert shows(task) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("draw it", True), ("Visualise both", True), ("make a bar graph of it", True), ("Paint the garden gate", False)],
)
def test_painting_a_gate_is_no_chart(text: str, *, expected: bool) -> None:
    assert wants_chart(Step(1, text, kind="plot")) is expected
    assert not wants_chart(Step(1, text, kind="write"))


def _member(name: str, said: str) -> Member:
    return Member(Card(name=name, description=name), RulesPolicy(), lambda task_desc: said)


async def test_a_chart_without_a_picture_goes_to_the_next_and_is_not_counted_as_done() -> None:
    fit = keyword_fit({"Talker": ("plot", "chart"), "Painter": ("plot",)})
    members = (_member("Talker", "It would be a nice chart."), _member("Painter", "![chart](a.svg)"))
    group = await Conversation("Plot the sales in a.csv.", members, fit).run()
    assert group.outcome == "completed"
    assert [task.assignees for task in group.tasks.values()] == [("Talker",), ("Painter",)]
    group = await Conversation("Plot the sales in a.csv.", members[:1], fit).run()
    assert group.outcome == "failed"
    assert group.conclusion is not None
    assert "Talker gave a text and no picture" in group.conclusion


@pytest.mark.parametrize(
    ("goal", "charts"),
    [
        (
            "Count the tickets per category in t.csv, find the mean hours per team, and draw a bar chart of both.",
            [("draw a bar chart of it", (1,)), ("draw a bar chart of it", (2,))],
        ),
        (
            "Sum the sales per month in s.csv. Sum the costs per month in c.csv. Make a line chart of each.",
            [("Make a line chart of it", (1,)), ("Make a line chart of it", (2,))],
        ),
        (
            "Find the mean age per team in t.csv and the total fee per city in t.csv, then plot both as bar charts.",
            [("plot it as bar charts", (1,)), ("plot it as bar charts", (2,))],
        ),
        ("Count the members per club in m.csv and draw a pie chart of each.", [("draw a pie chart of it", (1,))]),
        (
            "Sum x per day in a.csv, sum y per week in b.csv, and draw both in one chart.",
            [("draw both in one", (1, 2))],
        ),
        ("Compute the mean of x in a.csv, compute the mean of y in a.csv, plot both", [("plot both", (1, 2))]),
        ("Draw a histogram of each column in x.csv", [("Draw a histogram of each column in x.csv", ())]),
    ],
)
def test_a_chart_of_both_is_a_chart_of_each(goal: str, charts: list[tuple[str, tuple[int, ...]]]) -> None:
    plotted = [step for step in split_goal(goal).steps if step.kind == "plot"]
    assert [step.needs for step in plotted] == [needs for _, needs in charts]
    assert all(part in step.text for step, (part, _) in zip(plotted, charts, strict=True))
