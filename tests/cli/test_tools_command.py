"""`ioa tools`: the list, and the tools over MCP for another program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ioa.adapters.agents.react.toolkit import TOOLS
from tests.cli.conftest import Ioa

INITIALIZE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
DOCS = Path(__file__).parents[2] / "docs"


def test_the_list_has_every_tool_with_what_it_needs(ioa: Ioa, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in TOOLS["web_search"].keys:
        monkeypatch.delenv(key, raising=False)
    listed = {entry["name"]: entry for entry in json.loads(ioa("tools", "--json").stdout)}
    assert listed.keys() == TOOLS.keys()
    assert listed["wikipedia"]["ready"] is True
    assert listed["web_search"]["ready"] is False
    shown = ioa("tools").stdout
    assert "✔ ready    wikipedia" in shown
    assert "· lacking  web_search" in shown
    assert "get: set one of these environment variables: BRAVE_API_KEY" in " ".join(shown.split())


def test_every_tool_is_documented() -> None:
    text = (DOCS / "agents.md").read_text(encoding="utf-8")
    for name in TOOLS:
        assert f"| `{name}` " in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense",), "There is no tool 'nonsense'"),
        (("sql", "--file", "nowhere.csv"), "there is no such file"),
        (("mcp",), "No MCP server is configured"),
        ((), "NAME"),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_is(ioa: Ioa, arguments: tuple[str, ...], said: str) -> None:
    result = ioa("tools", "serve", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


async def test_another_program_uses_the_tools_over_mcp(tmp_path: Path) -> None:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    (tmp_path / "orders.csv").write_text("item,price\nrope,12.5\nlamp,40\n")
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "ioa", "tools", "serve", "sql", "--file", str(tmp_path / "orders.csv"), "--folder", str(tmp_path)],
    )
    errors = (tmp_path / "stderr").open("w")  # standard error is not a file in these tests
    with errors:
        async with stdio_client(server, errors) as (reading, writing), ClientSession(reading, writing) as session:
            await session.initialize()
            names = {tool.name for tool in (await session.list_tools()).tools}
            answer = await session.call_tool("sql", {"query": "SELECT sum(price) AS total FROM orders"})
    assert names == {"sql", "sql_schema"}
    assert "52.5" in str(answer.content)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM ends a process at once there")
@pytest.mark.parametrize("way", [(), ("--http", "0")], ids=["stdio", "http"])
def test_a_server_that_is_told_to_end_leaves_no_folder(tmp_path: Path, way: tuple[str, ...]) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "ioa", "tools", "serve", "sql", *way],
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as served:
        try:
            assert served.stdin is not None
            assert served.stdout is not None
            assert served.stderr is not None
            if way:
                assert b"MCP at " in served.stderr.readline()
            else:
                first = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
                served.stdin.write(json.dumps(first).encode() + b"\n")
                served.stdin.flush()
                assert b'"id":1' in served.stdout.readline()
            assert [path.name[:10] for path in folder.iterdir()] == ["ioa-tools-"]
            served.terminate()
            assert served.wait(60) == 143
        finally:
            served.kill()
    assert list(folder.iterdir()) == []
