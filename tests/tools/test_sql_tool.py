"""`sql` and `sql_schema`: tables of many kinds of files in one DuckDB that only reads and reaches nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ioa.adapters.agents.react.toolkit import Toolbox, ToolFailed, ToolLimits, ToolSetting, open_tools
from ioa.ports.agent import LocalFile
from tests.tools.made_files import parquet, xlsx


def setting(tmp_path: Path, *, call_s: float = 60) -> ToolSetting:
    given = tmp_path / "given"
    given.mkdir()
    (given / "orders.csv").write_text("id,ship,tons\n007,Ada,12.5\n008,Bo,3\n009,Ada,1\n")
    (given / "ports.json").write_text('[{"ship": "Ada", "port": "Oslo"}, {"ship": "Bo", "port": "Rome"}]')
    (given / "prose.txt").write_text("No table at all, just words.")
    (given / "berths.parquet").write_bytes(parquet())
    (given / "book.xlsx").write_bytes(xlsx())
    with sqlite3.connect(given / "fleet.db") as connection:
        connection.execute("CREATE TABLE crew (ship TEXT, name TEXT, age INTEGER, face BLOB)")
        connection.executemany(
            "INSERT INTO crew VALUES (?, ?, ?, ?)", [("Ada", "Cy", 30, b"xyz"), ("Bo", "Di", None, None)]
        )
        connection.execute("CREATE VIEW grown AS SELECT name FROM crew WHERE age > 18")
    connection.close()
    files = tuple(LocalFile(path.name, "", path) for path in sorted(given.iterdir()))
    folder = tmp_path / "task"
    folder.mkdir()
    return ToolSetting(folder=folder, files=files, limits=ToolLimits(call_s=call_s))


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Toolbox]:
    async with open_tools(["sql"], setting(tmp_path)) as toolbox:
        yield toolbox


async def ask(box: Toolbox, query: str, **more: object) -> str:
    return await box.call("sql", {"query": query, **more})


async def refused(box: Toolbox, query: str, **more: object) -> str:
    with pytest.raises(ToolFailed) as caught:
        await ask(box, query, **more)
    return str(caught.value)


async def test_the_schema_lists_tables_of_every_kind_with_types_and_examples(box: Toolbox) -> None:
    schema = await box.call("sql_schema", {})
    assert "Table orders (3 rows, from orders.csv):" in schema
    assert "- id VARCHAR; for example 007" in schema  # a number that begins with 0 is a name
    assert "- age BIGINT, 1 empty; for example 30" in schema
    for table in ("berths", "ports", "book_orders", "fleet_crew", "fleet_grown"):
        assert f"Table {table} (" in schema
    assert "prose" not in schema


async def test_tables_of_different_kinds_are_joined(box: Toolbox) -> None:
    query = (
        "SELECT port, name, sum(tons) AS tons FROM orders JOIN ports USING (ship) JOIN fleet_crew USING (ship) "
        "GROUP BY ALL ORDER BY tons DESC"
    )
    answer = await ask(box, query)
    assert (
        answer == "2 row(s).\n\n| port | name | tons |\n| --- | --- | --- |\n| Oslo | Cy | 13.5 |\n| Rome | Di | 3.0 |"
    )
    assert await ask(box, "WITH a AS (SELECT 1 AS n) SELECT n FROM a WHERE n > 1") == "No rows."
    assert "| 3 |" in await ask(box, "SELECT count(*) FROM orders")
    assert "tons" in await ask(box, "DESCRIBE orders")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("DELETE FROM orders", "Only SELECT is possible here, not DELETE"),
        ("CREATE TABLE x AS SELECT 1", "Only SELECT is possible here, not CREATE"),
        ("INSTALL httpfs", "Only SELECT is possible here"),
        ("SET enable_external_access=true", "Only SELECT is possible here"),
        ("ATTACH '/tmp/x.db'", "Only SELECT is possible here, not ATTACH"),
        ("COPY orders TO 'out.csv'", "Only SELECT is possible here, not COPY"),
        ("SELECT 1; DROP TABLE orders", "Give one query at a time, not 2."),
        ("", "Give one query at a time, not 0."),
        ("SELECT * FROM read_text('/etc/hosts')", "Permission Error"),
        ("SELECT * FROM glob('/etc/*')", "Permission Error"),
        ("SELECT * FROM read_csv('/etc/passwd')", "Permission Error"),
        ("SELECT * FROM '/etc/passwd'", "does not exist"),
        ("SELECT * FROM 'https://example.test/x.csv'", "Permission Error"),
        ("SELECT shipp FROM orders", "ship"),
        ("SELECT * FROM nothing", "The tables: "),
        ("SELEC 1", "syntax error"),
    ],
)
async def test_what_is_no_reading_of_these_tables_is_refused(box: Toolbox, query: str, said: str) -> None:
    assert said in await refused(box, query)
    assert "| 3 |" in await ask(box, "SELECT count(*) FROM orders")


async def test_explaining_a_change_does_not_make_it(box: Toolbox) -> None:
    await ask(box, "EXPLAIN ANALYZE DELETE FROM orders")
    assert "| 3 |" in await ask(box, "SELECT count(*) FROM orders")


async def test_rows_are_limited_and_all_of_them_can_be_saved(box: Toolbox, tmp_path: Path) -> None:
    answer = await ask(box, "SELECT n FROM berths ORDER BY n", limit=2, save_as="../all")
    assert answer.startswith("The first 2 rows; there are more.\n\n| n |\n| --- |\n| 0 |\n| 1 |")
    assert answer.endswith("All 70 row(s) are in the file all.csv.")
    assert len((tmp_path / "task" / "all.csv").read_text().splitlines()) == 71
    assert "There is a file all.csv already" in await refused(box, "SELECT 1", save_as="all.csv")
    assert "| 70 |" in await ask(box, 'SELECT count(*) FROM "all"')  # a table of the task from now on
    wide = await ask(box, "SELECT repeat('x', 1900) AS x FROM range(100)", limit=500)
    assert len(wide) < 12_000


async def test_a_query_that_does_not_end_is_ended(tmp_path: Path) -> None:
    async with open_tools(["sql"], setting(tmp_path, call_s=1)) as box:
        await ask(box, "SELECT 1")
        endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t"
        assert "ran longer than 1 seconds; filter or aggregate more" in await refused(box, endless)
        assert "| 3 |" in await ask(box, "SELECT count(*) FROM orders")


async def test_the_most_rows_can_be_set(tmp_path: Path) -> None:
    given = setting(tmp_path)
    async with open_tools(["sql"], replace(given, options={"sql": {"rows": 2}})) as box:
        assert (await ask(box, "SELECT n FROM berths", limit=9)).startswith("The first 2 rows")
    with pytest.raises(ToolFailed, match="The option rows of the tool sql must be a number above 0, not 'many'"):
        async with open_tools(["sql"], replace(given, options={"sql": {"rows": "many"}})):
            pass


async def test_a_task_without_tables_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("words")
    async with open_tools(["sql"], ToolSetting(folder=tmp_path)) as box:
        assert "This task has no tables" in await box.call("sql_schema", {})
        assert "This task has no tables" in await refused(box, "SELECT 1")
        (tmp_path / "bad.db").write_bytes(b"SQLite format 3\0" + bytes(200))
        assert "bad.db is a broken SQLite database" in await refused(box, "SELECT 1")
