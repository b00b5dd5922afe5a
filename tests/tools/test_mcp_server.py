"""Our tools offered over MCP: to a client of another framework, and to our own."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from ioa.adapters.agents.react.mcp_server import parameter_words, serve_tools, tool_server
from ioa.adapters.agents.react.toolkit import ToolFailed, ToolSetting, open_tools
from ioa.ports.agent import LocalFile

SERVE = """
import asyncio, sys
from pathlib import Path
from ioa.adapters.agents.react.mcp_server import serve_tools
from ioa.adapters.agents.react.toolkit import ToolSetting
asyncio.run(serve_tools(["read_file", "code_executor"], "stdio", setting=ToolSetting(folder=Path(sys.argv[1]))))
"""


def setting(folder: Path) -> ToolSetting:
    (folder / "orders.csv").write_text("ship,tons\nAda,12\n")
    (folder / "task").mkdir()
    return ToolSetting(folder=folder / "task", files=(LocalFile("orders.csv", "text/csv", folder / "orders.csv"),))


async def test_a_client_of_the_protocol_sees_schemas_with_the_words_of_our_docstrings(tmp_path: Path) -> None:
    from mcp import Client

    async with tool_server(["read_file", "sql"], setting(tmp_path)) as server, Client(server) as client:
        listed = {one.name: one for one in (await client.list_tools()).tools}
        assert set(listed) == {"list_files", "read_file", "sql", "sql_schema"}
        schema = listed["read_file"].input_schema
        assert schema["required"] == ["name"]
        assert schema["properties"]["offset"]["type"] == "integer"
        assert schema["properties"]["offset"]["default"] == 0
        assert schema["properties"]["name"]["description"] == "Name of the file, as list_files gives it."
        assert (listed["sql"].description or "").startswith("Run one SELECT in DuckDB's SQL")
        assert "Args:" not in (listed["sql"].description or "")

        answer = await client.call_tool("sql", {"query": "SELECT sum(tons) AS tons FROM orders", "limit": 5})
        assert not answer.is_error
        assert getattr(answer.content[0], "text", "") == "1 row(s).\n\n| tons |\n| --- |\n| 12 |"


async def test_failures_of_tools_and_wrong_arguments_come_back_as_errors(tmp_path: Path) -> None:
    from mcp import Client

    async with tool_server(["read_file"], setting(tmp_path)) as server, Client(server) as client:
        answer = await client.call_tool("read_file", {"name": "none.txt"})
        assert answer.is_error
        assert "There is no file 'none.txt'" in getattr(answer.content[0], "text", "")
        answer = await client.call_tool("read_file", {"name": "orders.csv", "offset": "far"})
        assert answer.is_error
        assert "offset" in getattr(answer.content[0], "text", "")


async def test_our_tools_serve_our_own_client_over_standard_input_and_output(tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "note.txt").write_text("The tide turns at six.")
    servers = {"ours": {"command": sys.executable, "args": ["-c", SERVE, str(tmp_path / "task")]}}
    async with open_tools(["mcp"], ToolSetting(folder=tmp_path, options={"mcp": {"servers": servers}})) as box:
        assert {one.name for one in box.tools} == {"ours__list_files", "ours__read_file", "ours__run_python"}
        assert "The tide turns at six." in await box.call("ours__read_file", {"name": "note.txt"})
        assert await box.call("ours__run_python", {"code": "print(6 * 7)"}) == "Printed:\n42"
        with pytest.raises(ToolFailed, match="ZeroDivisionError"):
            await box.call("ours__run_python", {"code": "1 / 0"})


async def test_our_tools_serve_our_own_client_over_http(tmp_path: Path) -> None:
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    offered = serve_tools(["sql"], "http", setting=setting(tmp_path), port=0, announce=address.set_result)
    serving = asyncio.create_task(offered)
    try:
        servers = {"ours": {"url": await asyncio.wait_for(address, 30)}}
        async with open_tools(["mcp"], ToolSetting(folder=tmp_path, options={"mcp": {"servers": servers}})) as box:
            assert "| 12 |" in await box.call("ours__sql", {"query": "SELECT tons FROM orders"})
    finally:
        serving.cancel()
        await asyncio.wait({serving})


async def test_tools_that_cannot_be_offered_are_named(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="There is no tool 'sq'"):
        async with tool_server(["sq"], setting(tmp_path)):
            pass
    server = {"command": sys.executable, "args": [str(Path(__file__).parent / "mcp_plain.py")]}
    proxied = ToolSetting(folder=tmp_path, options={"mcp": {"servers": {"harbour": server}}})
    with pytest.raises(ToolFailed, match="harbour__add_tons belongs to another MCP server"):
        async with tool_server(["mcp"], proxied):
            pass


def test_words_of_parameters_are_taken_from_docstrings() -> None:
    def documented(first: int, second: str = "") -> str:
        """Do it.

        Args:
            first: The first: a number,
                told on two lines.
            second (str): The second.

        Returns:
            third: not a parameter.
        """
        return f"{first}{second}"

    assert parameter_words(documented) == {
        "first": "The first: a number, told on two lines.",
        "second": "The second.",
    }
    assert parameter_words(test_words_of_parameters_are_taken_from_docstrings) == {}
