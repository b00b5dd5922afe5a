"""The writer: one report of a group's results, in which nothing of theirs can run."""

from __future__ import annotations

import base64
import struct
import zlib
from html.parser import HTMLParser

import pytest

from ioa.adapters.agents.report_request import names_of, shape_of, subject_of, title_of
from ioa.adapters.agents.writer import Writer
from ioa.ports.agent import AgentFailed, Assignment, EarlierResult, LocalFile


async def quiet(_: str) -> None:
    pass


def png(red: int = 255) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes([0, red, 0, 0])))
        + chunk(b"IEND", b"")
    )


SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect width="1" height="1"/></svg>'


@pytest.fixture
def made(tmp_path):
    def file(name: str, content: bytes | str, media_type: str) -> LocalFile:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}-{name.replace('/', '_')}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return LocalFile(name, media_type, path)

    return file


@pytest.fixture
def write(tmp_path):
    async def write(task: str, *earlier: EarlierResult):
        folder = tmp_path / "run"
        folder.mkdir()
        outcome = await Writer().perform(Assignment("t", task, folder, earlier=earlier), quiet)
        return outcome, {file.name: file.path.read_text() for file in outcome.files if file.name[-3:] != "png"}

    return write


ANALYST = EarlierResult(
    "Data analyst",
    "compute the total refunds in refunds.csv",
    "The total of refunds is **1,234.50**.\n\n| region | total |\n|---|---|\n| north | 1000 |\n| south | 234.5 |\n\n"
    "```sql\nSELECT region, sum(amount) FROM refunds WHERE a < 3\n```\n",
)
LIBRARIAN = EarlierResult(
    "Librarian",
    "find the refund policy",
    '**Refunds are paid within 14 days.** — handbook.md, "Refunds", line 4\n\n> Refunds are paid within 14 days.\n>\n'
    '> — handbook.md, "Refunds", line 4',
)


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


async def test_a_report_says_who_found_what_with_summary_table_sources_and_folded_sql(write, made):
    chart = made("refunds.png", png(), "image/png")
    plotter = EarlierResult("Plotter", "draw a chart of it", "A bar chart of total by region.", (chart,))
    outcome, files = await write("Write a report about the refunds with the chart.", ANALYST, LIBRARIAN, plotter)
    text, page = files["report.md"], files["report.html"]
    assert text.startswith("# Refunds\n")
    summary = text.split("## Summary")[1].split("## 1.")[0]
    assert "- The total of refunds is **1,234.50**. *(Data analyst)*" in summary
    assert "Refunds are paid within 14 days." in summary
    assert "## 1. Total refunds\n\n*Found by Data analyst*" in text
    assert '— handbook.md, "Refunds", line 4' in text
    assert text.index("Appendix") < text.index("```sql\nSELECT region")
    assert "![Refunds](refunds.png)" in text
    tags = Tags(page)
    assert len(tags.all("table")) == 1
    assert len(tags.all("details")) == 1
    assert "WHERE a &lt; 3" in page
    (image,) = tags.all("img")
    source = image["src"] or ""
    assert base64.b64decode(source.removeprefix("data:image/png;base64,")) == png()
    assert [file.name for file in outcome.files] == ["report.md", "report.html", "refunds.png"]
    assert "1,234.50" in outcome.conclusion
    assert outcome.abstract == (
        'Report "Refunds" (report.md and report.html, with 1 chart): The total of refunds is 1,234.50. '
        "Refunds are paid within 14 days. A bar chart of total by region."
    )


HOSTILE = (
    "<script>alert(1)</script> Done <img src=x onerror=alert(1)>.\n\n"
    "[click](javascript:alert(1)) ![track](https://evil.example/x.png) ![f](file:///etc/passwd)\n\n"
    "</code></pre><iframe src='//evil'></iframe>\n\n# Big heading\n\n"
    "```html\n<script>alert(2)</script>\n```\n\n```sql\n</code></pre><script>alert(3)</script>\n```\n"
)


async def test_no_result_can_inject_anything(write, made):
    svg = made("../../x.svg", SVG, "image/svg+xml")
    fake = made("fake.png", "<script>alert(4)</script>", "image/png")
    evil = EarlierResult("<b>Evil</b>", "task <script>alert(5)</script> | `x` # y", HOSTILE, (svg, fake))
    outcome, files = await write('Write a report titled "<img src=x onerror=alert(6)>"', evil)
    tags = Tags(files["report.html"])
    assert not {"script", "iframe", "object", "embed", "link", "base", "form"} & {tag for tag, _ in tags.tags}
    assert all(not name.startswith("on") for _, attributes in tags.tags for name in attributes)
    assert [(image["src"] or "").split(",")[0] for image in tags.all("img")] == ["data:image/svg+xml;base64"]
    assert not [a for a in tags.all("a") if not (a.get("href") or "").startswith(("http://", "https://"))]
    assert "default-src 'none'" in (tags.all("meta")[1]["content"] or "")
    assert len(tags.all("h1")) == 1
    outside = files["report.md"].split("```")[0::2]
    assert not any("<script" in part.replace("\\<script", "") for part in outside)
    assert all("/" not in file.name for file in outcome.files)


@pytest.mark.parametrize(
    ("task", "stem"),
    [
        ("Write a summary and save it as summary.md", "summary"),
        ("save as ../../etc/cron.d/evil.html", "evil"),
        ("Write it to 'Q3 results.md'", "Q3 results"),
        ("save the report as ..\\..\\boot.txt", "boot"),
        ("Write a report", "report"),
        ("Write a report about sales.csv", "report"),
    ],
)
def test_names_of_files_are_plain(task, stem):
    assert names_of(task)[0] == stem


async def test_the_name_asked_for_is_used_and_text_on_request(write):
    _, files = await write("Write a plain text report, save as ../out/findings.txt", ANALYST)
    assert set(files) == {"findings.md", "findings.html", "findings.txt"}
    assert "**" not in files["findings.txt"]
    assert "1,234.50" in files["findings.txt"]


@pytest.mark.parametrize(
    ("task", "title", "shape"),
    [
        ('Write a report titled "Refunds in May" with a chart', "Refunds in May", "report"),
        ("Write a one-page summary of the sales figures.", "Sales figures", "short"),
        ("Give me the key findings as bullet points", "Summary", "bullets"),
        ("Write a report with a chart", "Report", "report"),
        ("write a report about it", "Report", "report"),
        ("Write a report on customer churn and save it as churn.md", "Customer churn", "report"),
        ("Write a report on Q3 revenue with the chart", "Q3 revenue", "report"),
        ("Write a sales report", "Sales", "report"),
        ("Prepare a short report for the management on regional sales", "Regional sales", "short"),
        ("List the findings as bullet points", "Summary", "bullets"),
        ("Write a short e-mail to the team with the findings", "Findings", "email"),
        ("write a memo about the Q3 figures to the board and save it as memo.html", "Q3 figures", "report"),
    ],
)
def test_title_and_shape(task, title, shape):
    assert (title_of(task, shape_of(task)), shape_of(task)) == (title, shape)


async def test_bullets_are_only_the_findings(write):
    _, files = await write("Summarise the results as bullet points", ANALYST, LIBRARIAN)
    assert "## 1." not in files["report.md"]
    assert files["report.md"].count("\n- ") == 2


async def test_a_table_in_a_file_is_shown(write, made):
    rows = "name,value\n" + "".join(f"a|<b>{n},{n}\n" for n in range(40))
    result = EarlierResult("Data analyst", "list", "40 rows.", (made("t.csv", rows, "text/csv"),))
    _, files = await write("Write a report", result)
    assert "| name | value |" in files["report.md"]
    assert "15 more rows in t.csv" in files["report.md"]
    assert "a|&lt;b&gt;3" in files["report.html"]


async def test_two_charts_of_one_name_are_both_shown_and_png_goes_before_svg(write, made):
    first = EarlierResult("A", "one", "One.", (made("c.png", png(), "image/png"), made("c.svg", SVG, "image/svg+xml")))
    second = EarlierResult("B", "two", "Two.", (made("c.png", png(7), "image/png"),))
    outcome, files = await write("Write a report", first, second)
    assert len(Tags(files["report.html"]).all("img")) == 2
    assert [file.name for file in outcome.files][2:] == ["c.png", "c-2.png"]


@pytest.mark.parametrize("earlier", [(), (EarlierResult("A", "b", " "),)])
async def test_nothing_to_write_about(tmp_path, earlier):
    with pytest.raises(AgentFailed, match="nothing to write about"):
        await Writer().perform(Assignment("t", "Write a report", tmp_path, earlier=earlier), quiet)


async def test_a_result_of_one_megabyte_does_not_hang(write):
    long = EarlierResult("A", "x" * 5000, ("word < > | ` " * 20 + "\n\n") * 2000)
    _, files = await write("Write a report", long)
    assert len(files["report.html"]) > 100_000


@pytest.mark.parametrize(
    ("task", "subject"),
    [
        ("Compute the total refunds in refunds.csv", "Total refunds"),
        ("what is the average delivery time per carrier in orders.csv?", "Average delivery time per carrier"),
        ("draw a line chart of monthly revenue in sales.csv", "Monthly revenue"),
        ("Plot the result as a bar chart", ""),
        ("plot it", ""),
        ("multiply the result by 12", ""),
        ("Solve x^2 - 5*x + 6 = 0", "Solve x^2 - 5*x + 6 = 0"),
        ("Which product sells best?", "Which product sells best"),
    ],
)
def test_a_task_names_its_subject(task, subject):
    assert subject_of(task) == subject


async def test_without_a_title_the_report_is_named_after_what_was_found(write):
    outcome, files = await write("Write a report", ANALYST, LIBRARIAN)
    assert files["report.md"].startswith("# Total refunds and refund policy\n")
    assert outcome.abstract.startswith('Report "Total refunds and refund policy"')


ROWS = "| region | total |\n|---|---|\n| north | 1000 |\n| south | 234.5 |"
CHART = 'Drew a bar chart, "Total by region", with 2 values: chart.png.\n\n' + ROWS.replace("234.5", "234.50")


@pytest.mark.parametrize("first", ["numbers", "chart"])
async def test_a_chart_stands_beside_the_numbers_it_shows(write, made, first):
    plotter = EarlierResult("Plotter", "draw a bar chart of it", CHART, (made("chart.png", png(), "image/png"),))
    earlier = (ANALYST, plotter) if first == "numbers" else (plotter, ANALYST)
    outcome, files = await write("Write a report", *earlier)
    text = files["report.md"]
    assert "## 1. Total refunds\n\n*Found by Data analyst · chart by Plotter*" in text
    assert "## 2." not in text
    assert text.count("| north | 1000 |") == 1
    assert text.count("![Total by region](chart.png)") == 1
    assert files["report.html"].count("<figcaption>Total by region</figcaption>") == 1
    assert "Drew" not in outcome.abstract


async def test_a_chart_alone_is_told_by_its_numbers(write, made):
    plotter = EarlierResult("Plotter", "plot it", CHART, (made("chart.png", png(), "image/png"),))
    outcome, _ = await write("Write a report", plotter)
    assert "Total by region: north: 1000; south: 234.50." in outcome.abstract


async def test_what_comes_twice_is_told_once(write, made):
    chart = made("chart.png", png(), "image/png")
    again = made("same.png", png(), "image/png")
    plotter = EarlierResult("Plotter", "draw it", "A pie chart of shares.", (chart,))
    nested = EarlierResult("Analyst of another team", "draw it there", "The shares are even.", (again,))
    outcome, files = await write("Write a report", plotter, plotter, nested)
    assert len(Tags(files["report.html"]).all("img")) == 1
    names = [file.name for file in outcome.files]
    assert len(names) == len(set(names))
    assert files["report.md"].count("A pie chart of shares.") == 2  # in the summary and in its section


async def test_a_report_on_a_report_repeats_nothing(write):
    report = EarlierResult("Writer", "write a report", "Report: The total of refunds is 1,234.50.")
    _, files = await write("write it to summary.md", ANALYST, report)
    assert "Writer" not in files["summary.md"]


async def test_several_answers_of_one_result_are_all_findings(write):
    both = EarlierResult(
        "Librarian",
        "find the warranty and the weight",
        "**The warranty is 36 months.** — m.md, line 3\n\n**It weighs 12 kg.** — m.md, line 9\n\n> quoted",
    )
    outcome, _ = await write("Write a report", both)
    assert "The warranty is 36 months. It weighs 12 kg." in outcome.abstract


async def test_columns_of_numbers_are_aligned_to_the_right(write):
    _, files = await write("Write a report", ANALYST)
    assert "| --- | ---: |" in files["report.md"]
    assert '<td style="text-align:right">1000</td>' in files["report.html"]


async def test_an_email_is_plain_text_of_the_findings_only(write, made):
    chart = EarlierResult("Plotter", "draw it", CHART, (made("chart.png", png(), "image/png"),))
    outcome, files = await write("Write a short e-mail to the team with the findings", ANALYST, LIBRARIAN, chart)
    assert set(files) == {"email.txt"}
    assert outcome.conclusion == files["email.txt"]
    assert files["email.txt"].startswith("Subject: Total refunds and refund policy\n\nHello,\n")
    assert "- The total of refunds is 1,234.50. (Data analyst and Plotter)" in files["email.txt"]
    assert "Attached: chart.png" in files["email.txt"]
    assert "**" not in files["email.txt"]
    assert [file.name for file in outcome.files] == ["email.txt", "chart.png"]


async def test_what_a_finding_announces_is_told_with_it(write):
    listed = EarlierResult(
        "Librarian",
        "list all deadlines in it",
        "**2 places in m.md with deadlines:**\n\n- by Friday — m.md, line 3\n- by May — m.md, line 9\n\n*By rules.*",
    )
    outcome, _ = await write("Write a report", listed)
    assert "2 places in m.md with deadlines: by Friday; by May" in outcome.abstract


async def test_a_bare_number_is_told_with_its_task(write):
    result = EarlierResult("Mathematician", "multiply the result by 12", "**13800**\n\nRead as: 1150 * 12.")
    outcome, files = await write("Write a report", result)
    assert "- Multiply the result by 12: **13800** *(Mathematician)*" in files["report.md"]
    assert outcome.abstract.endswith("Multiply the result by 12: 13800.")


@pytest.mark.parametrize(
    ("task", "subjects", "title"),
    [
        ("Write a report for the treasurer about the fees.", ["Total fees"], "Fees"),
        ("Then write a two-page report for the board", ["Total consumption"], "Total consumption"),
        ("Make a report of the three results", ["Total fines", "Mean fine"], "Total fines and mean fine"),
        ("Write a report on the results of steps 1 and 2", ["Sales by month"], "Sales by month"),
        ("create a summary report of the above", ["Sales by month"], "Sales by month"),
        ("Write it up in a report called Findings 2025.", ["a"], "Findings 2025"),
        ("Write a report on both findings", ["Which wards overspent", "Who has to sign"], "Answers to two questions"),
        ("Write a report about it", ["Which departments overspent"], "Which departments overspent?"),
        ("Report on it", ["Which wards overspent", "Total fines"], "Total fines and which wards overspent"),
    ],
)  # fmt: skip
def test_a_report_is_called_by_its_topic_not_by_words_of_the_order(task, subjects, title):
    assert title_of(task, shape_of(task), subjects) == title


@pytest.mark.parametrize(
    ("task", "subject"),
    [
        ("How many books were lent at the Harbour branch in a.csv", "Number of books lent at the Harbour branch"),
        ("What does policy.txt say about late fees?", "What policy.txt says about late fees"),
        ("Add up the membership fees in treasury.csv", "Membership fees"),
        ("Run this Python code: ```python print(1)```", "Run this Python code"),
    ],
)  # fmt: skip
def test_a_section_is_headed_by_what_was_asked(task, subject):
    assert subject_of(task) == subject


PERCENT = EarlierResult("Mathematician", "Compute 15 % of 2480", "15 % of 2480 = **372**.")


async def test_a_finding_is_not_told_twice_and_sections_are_counted_from_one(write, made):
    chart = EarlierResult(
        "Plotter", "plot the refunds", 'A bar chart, "Refunds".', (made("r.png", png(), "image/png"),)
    )
    _, files = await write("Write a one-page summary with the charts", PERCENT, ANALYST, chart)
    text = files["report.md"]
    assert "- 15 % of 2480 = **372**. *(Mathematician)*" in text
    assert [line for line in text.splitlines() if line.startswith("## ")][1].startswith("## 1. ")


async def test_what_agents_tell_each_other_and_where_a_chart_was_saved_is_no_part_of_a_report(write, made):
    sql = "```sql\nSELECT 1\n-- rows of a.csv [all: all rows] where TRUE\n```"
    told = EarlierResult(
        "Data analyst", "How many loans in a.csv have a fine above 1?", f"Number of loans: **29**.\n\n{sql}"
    )
    drew = 'Drew a bar chart, "Cost", with 2 values: cost.png and cost.svg.\n\n- Only where x is 1.\n\n'
    drew += "| a | cost |\n|---|---|\n| p | 3 |\n| q | 4 |"
    plotter = EarlierResult("Plotter", "plot the cost by a", drew, (made("cost.png", png(), "image/png"),))
    _, files = await write("Combine it in a memo for Dr. Weber about energy use in 2023", told, plotter)
    text = files["report.md"]
    assert text.startswith("# Energy use in 2023\n")
    assert "## 1. Number of loans that have a fine above 1" in text
    assert "```sql\nSELECT 1\n```" in text
    assert "rows of a.csv" not in text
    assert "cost.svg" not in text
    assert "- Only where x is 1." in text
    assert "| q | 4 |" in text


async def test_what_was_not_done_stands_in_the_report_and_does_not_shape_it(tmp_path):
    task = (
        "Write a one-page report about the money.\n\n"
        "Say under “Missing” what was not done:\n"
        "- Step 3, “Subtract the costs”: failed at Mathematician: no e-mail in rules.md"
    )
    earlier = (
        EarlierResult("Data analyst", "Add up the income in club.xlsx", "Total amount: **4554.19** (club.xlsx)."),
    )
    outcome = await Writer().perform(Assignment("t", task, tmp_path, earlier=earlier), quiet)
    report = next(file for file in outcome.files if file.name.endswith(".md"))
    text = report.path.read_text()
    assert report.name == "report.md"
    assert "## Missing\n\n- Step 3, “Subtract the costs”" in text
    assert "Missing" in next(file for file in outcome.files if file.name.endswith(".html")).path.read_text()
    assert "Missing:" in outcome.conclusion
