"""The data analyst as an agent: hostile files and names, earlier results, cancelling, exact numbers."""

from __future__ import annotations

import asyncio
import csv
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

from ioa.adapters.agents.data.own_files import local_file
from ioa.adapters.agents.data.stoppable import Stop
from ioa.adapters.agents.data_analyst import DataAnalyst, analyse
from ioa.ports.agent import Agent, AgentFailed, Assignment, EarlierResult, Outcome


def perform(question: str, folder: Path, *files: Path, earlier: tuple[EarlierResult, ...] = ()) -> Outcome:
    return analyse(Assignment("t", question, folder, tuple(map(local_file, files)), earlier), Stop())


def result(outcome: Outcome) -> list[list[str]]:
    with outcome.files[0].path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


BROKEN = [
    ("empty.csv", b"", "empty"),
    ("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "not a text file"),
    ("binary.csv", b"a,b\x00\x01\x02", "binary"),
    ("ragged.csv", b"a,b\n1,2,3\n", "record 2 has 3 fields"),
    ("broken.json", b'[{"a": 1}, {"a": ', "not valid JSON"),
    ("lines.ndjson", b'{"a": 1}\n{"a": nope}\n', "line 2"),
    ("book.xlsx", b"this is no workbook", "not an Excel workbook"),
    ("half.xlsx", b"PK\x03\x04 and nothing else", "damaged"),
    ("table.parquet", b"PAR1 not really", "cannot be read"),
    ("old.xls", b"\xd0\xcf\x11\xe0", "old Excel format"),
    ("list.json", b"[]", "no records"),
]


@pytest.mark.parametrize(("name", "content", "told"), BROKEN, ids=[case[0] for case in BROKEN])
def test_a_file_that_is_not_what_its_name_says_is_named_with_what_is_wrong(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    with pytest.raises(AgentFailed) as refusal:
        perform("how many rows are there?", tmp_path, written(tmp_path, name, content))
    assert name in str(refusal.value)
    assert told in str(refusal.value)


def test_a_broken_file_beside_a_good_one_does_not_disturb(tmp_path: Path) -> None:
    good = written(tmp_path, "good.csv", "a,b\nx,1\ny,2\n")
    bad = written(tmp_path, "bad.csv", b"\x00\x00")
    assert result(perform("total of b", tmp_path, bad, good))[1] == ["3"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AgentFailed, match=r"gone\.csv cannot be opened"):
        perform("how many rows", tmp_path, tmp_path / "gone.csv")


ODD = [
    ("﻿name;amount\nA;1,5\nB;2,25\n", "total amount", "3.75"),
    ("name,amount\nA,$1,200.50\n".replace("$1,200.50", '"$1,200.50"') + 'B,"($200.50)"\n', "total amount", "1000.00"),
    ("name,amount\nA,0.1\nB,0.2\n", "total amount", "0.3"),
    ("name,amount\nA,10%\nB,15%\n", "average amount", "12.5"),
    ("name,amount\nA,5 kg\nB,7 kg\n", "total amount", "12"),
    ('name,note,amount\nA,"two\nlines",1\nB,"a ""quote""",2\n', "total amount", "3"),
    ("name,amount,amount\nA,1,2\nB,3,4\n", "total amount", "4"),
    ("name,amount\nA,-\nB,4\nC,n/a\n", "average amount", "4"),
    ("name\tamount\nA\t1\nB\t2\n", "total amount", "3"),
    ("name|amount\nA|1\nB|2\n", "total amount", "3"),
    ("地区,销售额\n北,10\n南,20\n", "total 销售额 where 地区 is 南", "20"),
    ("Order No.,Unit Price (€),Qty sold\n1,2.5,4\n2,3.5,6\n", "average unit price", "3"),
    ("zip,n\n01234,1\n98765,2\n", "total n where zip is 01234", "1"),
    ('na"me,it\'s\nx,1\n"\'; DROP TABLE t; --",2\n', "total it's", "3"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "question", "expected"), ODD, ids=[str(number) for number in range(len(ODD))])
def test_odd_but_readable_files_give_exact_numbers(tmp_path: Path, content: str, question: str, expected: str) -> None:
    cells = result(perform(question, tmp_path, written(tmp_path, "odd.csv", content)))[1]
    assert float(cells[-1]) == float(expected)
    assert "000000" not in cells[-1]


def test_mixed_currencies_are_not_added_up(tmp_path: Path) -> None:
    path = written(tmp_path, "m.csv", "name,amount\nA,$5\nB,€6\n")
    with pytest.raises(AgentFailed, match="amount"):
        perform("total amount", tmp_path, path)


def test_dates_that_may_be_day_or_month_are_not_guessed(tmp_path: Path) -> None:
    path = written(tmp_path, "d.csv", "date,amount\n03/04/2024,1\n05/06/2024,2\n")
    with pytest.raises(AgentFailed, match="date"):
        perform("total amount in April 2024", tmp_path, path)


def test_a_value_with_sql_in_it_is_only_a_value(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", 'who,n\n"\'; DROP TABLE t; --",2\nBob,1\n')
    outcome = perform('total n where who is "\'; DROP TABLE t; --"', tmp_path, path)
    assert result(outcome)[1] == ["2"]
    assert result(perform("how many rows", tmp_path, path))[1] == ["2"]


def test_strange_file_names_work(tmp_path: Path) -> None:
    for name in ('my "sales" data.csv', "it's.csv", "数据.csv", "select.csv"):
        path = written(tmp_path, name, "region,amount\nN,1\nS,2\n")
        assert result(perform(f"total amount by region in {name}", tmp_path, path))[1:] == [["N", "1"], ["S", "2"]]


def test_an_empty_result_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "region,amount\nN,1\nS,2\n")
    outcome = perform("list rows where amount is over 10", tmp_path, path)
    assert "No row" in outcome.conclusion
    assert "no value" in perform("average amount where amount is over 10", tmp_path, path).conclusion


def test_a_table_with_only_a_header_is_described(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "region,amount\n")
    assert "**0** rows" in perform("describe t.csv", tmp_path, path).conclusion


def test_missing_values_are_counted_and_mentioned(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "region,amount\nN,1\nS,\nS,3\n")
    outcome = perform("average amount", tmp_path, path)
    assert result(outcome)[1] == ["2"]
    assert '1 row(s) have no value in "amount"' in outcome.conclusion
    assert result(perform("missing values per column", tmp_path, path))[1:] == [["region", "0"], ["amount", "1"]]


def test_long_results_are_cut_in_the_text_but_not_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "k,v\n" + "".join(f"k{number},{number}\n" for number in range(80)))
    outcome = perform("total v by k", tmp_path, path)
    assert len(result(outcome)) == 81
    assert "30 more rows" in outcome.conclusion


def test_two_files_that_could_answer_are_asked_about(tmp_path: Path) -> None:
    first = written(tmp_path, "north.csv", "item,amount\na,1\n")
    second = written(tmp_path, "south.csv", "item,amount\na,2\n")
    with pytest.raises(AgentFailed, match=r"north\.csv, south\.csv"):
        perform("total amount", tmp_path, first, second)
    assert result(perform("total amount in south.csv", tmp_path, first, second))[1] == ["2"]


def test_totals_of_the_one_side_of_a_join_are_refused(tmp_path: Path) -> None:
    orders = written(tmp_path, "orders.csv", "order_id,customer_id,amount\n1,1,5\n2,1,6\n3,2,7\n")
    customers = written(tmp_path, "customers.csv", "customer_id,city,credit\n1,Rome,100\n2,Oslo,50\n")
    assert result(perform("total amount per city", tmp_path, orders, customers))[1:] == [["Oslo", "7"], ["Rome", "11"]]
    with pytest.raises(AgentFailed):
        perform("total credit where amount is over 4", tmp_path, orders, customers)


def test_the_result_of_an_earlier_task_can_be_asked(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "region,amount\nN,1\nS,2\nS,5\n")
    first = perform("total amount by region", tmp_path, path)
    earlier = EarlierResult("data_analyst", "total amount by region", first.conclusion, first.files)
    again = perform("which region has the highest total amount in the result?", tmp_path, path, earlier=(earlier,))
    assert result(again)[1][:2] == ["S", "7"]
    assert again.files[0].name != first.files[0].name


def test_two_questions_get_two_answers_and_two_files(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "region,amount\nN,1\nS,2\nS,5\n")
    outcome = perform("What is the total amount? Which region has the most rows?", tmp_path, path)
    assert len(outcome.files) == 2
    assert result(outcome)[1] == ["8"]


def test_a_sentence_that_restricts_another_one_is_not_dropped(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "region,amount\nN,1\nS,2\nN,5\n")
    assert result(perform("Only consider region N. What is the total amount?", tmp_path, path))[1] == ["6"]
    with pytest.raises(AgentFailed, match="bulk"):
        perform("Only consider bulk orders. What is the total amount?", tmp_path, path)


async def test_it_is_an_agent_and_can_be_cancelled(tmp_path: Path) -> None:
    agent = DataAnalyst()
    assert isinstance(agent, Agent)
    path = written(tmp_path, "t.csv", "n\n" + "\n".join(map(str, range(2000))) + "\n")
    query = "SELECT count(*) FROM t a, t b, t c, t d WHERE a.n + b.n + c.n + d.n = 7"
    started = asyncio.Event()

    async def progress(_: str) -> None:
        started.set()

    task = asyncio.create_task(agent.perform(Assignment("t", query, tmp_path, (local_file(path),)), progress))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_run_reads_the_file_that_its_text_names(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "region,amount\nN,1\nS,2\n")
    assert "**3**" in DataAnalyst().run(f"What is the total amount in {path}?")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.sampled_from("abc"), st.decimals(-999, 999, places=2)), min_size=1, max_size=12))
def test_grouped_totals_equal_sums_in_decimal(tmp_path: Path, rows: list[tuple]) -> None:
    path = written(tmp_path, "t.csv", "group_name,amount\n" + "".join(f"{name},{value}\n" for name, value in rows))
    found = {name: float(value) for name, value in result(perform("total amount by group name", tmp_path, path))[1:]}
    for name in {name for name, _ in rows}:
        assert found[name] == float(sum(value for other, value in rows if other == name))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(string.printable + "äß数据“”", max_size=60))
def test_any_text_is_answered_or_refused(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, "t.csv", "region,amount\nN,1\nS,2\n")
    said = ""
    try:
        said = perform(text, tmp_path, path).conclusion
    except AgentFailed as refusal:
        said = str(refusal)
    assert said
