"""Tools of MCP servers, over standard input and output and over HTTP; and servers that fail in every way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ioa.adapters.agents.react.mcp_setting import servers_of
from ioa.adapters.agents.react.toolkit import Toolbox, ToolFailed, ToolLimits, ToolSetting, open_tools

HERE = Path(__file__).parent
HARBOUR = {"command": sys.executable, "args": [str(HERE / "mcp_harbour.py"), "stdio"]}
PLAIN = {"command": sys.executable, "args": ["-S", str(HERE / "mcp_plain.py")]}


def listing(listed: object) -> dict[str, object]:
    """The plain server with this answer to tools/list."""
    return {"command": sys.executable, "args": ["-S", str(HERE / "mcp_plain.py"), json.dumps(listed)]}


def opened(folder: Path, servers: object, *, call_s: float = 30, **options: object) -> Toolbox:
    limits = ToolLimits(call_s=call_s)
    return open_tools(
        ["mcp"], ToolSetting(folder=folder, options={"mcp": {"servers": servers, **options}}, limits=limits)
    )


async def failure(box: Toolbox, name: str, **arguments: object) -> str:
    with pytest.raises(ToolFailed) as caught:
        await box.call(name, arguments)
    return str(caught.value)


@pytest.fixture
def http_server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "mcp_harbour.py"), "http"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/mcp"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def test_tools_of_a_program_with_its_own_schemas_structures_pictures_and_errors(tmp_path: Path) -> None:
    servers = {"harbour": {**HARBOUR, "env": {"BERTHS": "${COUNT}"}}}
    setting = ToolSetting(folder=tmp_path, environment={"COUNT": "12"}, options={"mcp": {"servers": servers}})
    async with open_tools(["mcp"], setting) as box:
        tools = {one.name: one for one in box.tools}
        assert "harbour__berth_plan_B" in tools
        add = tools["harbour__add_tons"]
        assert add.description.startswith("Add two weights in tons.")
        assert add.parameters is not None
        assert add.parameters["properties"]["first"]["type"] == "integer"
        assert add.parameters["required"] == ["first"]
        assert await box.call("harbour__add_tons", {"first": 3, "second": 4}) == "7 tons"
        assert json.loads(await box.call("harbour__berth_plan_B", {"ship": "Ada"})) == {"ship": "Ada", "berth": 7}
        assert await box.call("harbour__environment", {"name": "BERTHS"}) == "12"
        said = await box.call("harbour__chart", {})
        assert said == "[image/png, saved as harbour-chart-1.png in the task's folder]"
        assert (tmp_path / "harbour-chart-1.png").read_bytes() == b"\x89PNG not really"
        assert "fail of the MCP server harbour failed: " in await failure(box, "harbour__fail")
        assert "first" in await failure(box, "harbour__add_tons", second=4)
        assert await box.call("harbour__add_tons", {"first": 3}) == "4 tons"


async def test_keys_of_this_process_are_not_handed_to_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    async with opened(tmp_path, {"plain": PLAIN}) as box:
        names = await box.call("plain__environment", {})
        assert "PATH" in names
        assert "OPENAI_API_KEY" not in names


async def test_a_server_that_dies_costs_an_error_only(tmp_path: Path) -> None:
    async with opened(tmp_path, {"plain": PLAIN, "other": {**PLAIN, "tools": ["add_tons"]}}) as box:
        assert [one.name for one in box.tools if one.name.startswith("other")] == ["other__add_tons"]
        said = await failure(box, "plain__die")
        assert said.startswith("The MCP server plain could not do die: ")
        assert "It complained: going down with the ship" in said
        assert "The MCP server plain " in await failure(box, "plain__add_tons", first=1)
        assert await box.call("other__add_tons", {"first": 3}) == "4 tons"


async def test_a_call_that_gets_no_answer_ends_in_time(tmp_path: Path) -> None:
    async with opened(tmp_path, {"plain": {**PLAIN, "timeout": 0.5}}) as box:
        assert "The MCP server plain could not do wait: " in await failure(box, "plain__wait")
        assert await box.call("plain__add_tons", {"first": 3}) == "4 tons"


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({"command": "no-such-program-here"}, "does not start: the program no-such-program-here was not found"),
        ({"command": sys.executable, "args": ["-c", "import sys; sys.exit('no berth')"]}, "It complained: no berth"),
        ({"command": sys.executable, "args": ["-c", "import time; time.sleep(60)"]}, "did not answer within 1 seconds"),
        ({"command": sys.executable, "args": ["-c", "print('ahoy')"]}, "does not start"),
        ({"url": "http://127.0.0.1:9/mcp"}, "does not start"),
        ({**PLAIN, "tools": ["fly"]}, "has no tool 'fly'; it has: add_tons"),
    ],
)
async def test_a_server_that_does_not_start_leaves_a_word_about_it(
    tmp_path: Path, server: dict[str, object], said: str
) -> None:
    start_s = 1 if "60" in str(server) else 30
    async with opened(tmp_path, {"lost": server}, start_s=start_s) as box:
        (tool,) = box.tools
        assert tool.name == "lost__unavailable"
        assert said in tool.description
        assert said in await failure(box, "lost__unavailable")


async def test_tools_with_huge_schemas_are_left_out_and_names_are_made_usable(tmp_path: Path) -> None:
    listed = {
        "tools": [
            {"name": "a b/c", "inputSchema": {"type": "object"}},
            {"name": "a_b_c", "inputSchema": {"type": "object", "properties": {"x": {"type": "string"}}}},
            {"name": "huge", "inputSchema": {"type": "object", "description": "x" * 40_000}},
            {"name": "n" * 100, "description": "d" * 9000, "inputSchema": {"type": "object"}},
        ]
    }
    async with opened(tmp_path, {"odd-one": listing(listed)}) as box:
        names = [one.name for one in box.tools]
        assert names[:2] == ["odd_one__a_b_c", "odd_one__a_b_c_2"]
        assert len(names) == 3
        assert len(names[2]) == 64
        assert len(box.tools[2].description) < 3200
        assert box.tools[0].parameters == {"type": "object", "properties": {}}


async def test_a_list_that_never_ends_is_ended(tmp_path: Path) -> None:
    page = {"tools": [{"name": "same", "inputSchema": {"type": "object"}}], "nextCursor": "again"}
    async with opened(tmp_path, {"endless": listing(page)}) as box:
        assert len(box.tools) == 20


@pytest.mark.parametrize("listed", [{"tools": "all"}, {"tools": [{"name": "x", "inputSchema": {"type": "array"}}]}, []])
async def test_nonsense_for_a_list_costs_an_error_only(tmp_path: Path, listed: object) -> None:
    async with opened(tmp_path, {"odd": listing(listed), "plain": PLAIN}, start_s=5) as box:
        assert "The MCP server odd d" in await failure(box, "odd__unavailable")
        assert await box.call("plain__add_tons", {"first": 3}) == "4 tons"


async def test_tools_over_http_with_headers(tmp_path: Path, http_server: str) -> None:
    servers = {"mcpServers": {"web": {"type": "http", "url": http_server, "headers": {"X-Berth": "${BERTH:-seven}"}}}}
    async with opened(tmp_path, servers) as box:
        assert await box.call("web__add_tons", {"first": 3, "second": 4}) == "7 tons"
        assert await box.call("web__header", {"name": "x-berth"}) == "seven"
        assert "fail of the MCP server web failed" in await failure(box, "web__fail")


async def test_an_http_server_that_dies_costs_an_error_only(tmp_path: Path, http_server: str) -> None:
    async with opened(tmp_path, {"web": {"url": http_server}}, call_s=10) as box:
        assert "The MCP server web " in await failure(box, "web__die")
        assert "The MCP server web " in await failure(box, "web__add_tons", first=1)


async def test_servers_can_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"plain": {**PLAIN, "tools": ["add_tons"]}}}))
    async with open_tools(["mcp"], ToolSetting(folder=tmp_path, options={"mcp": {"config": str(path)}})) as box:
        assert [one.name for one in box.tools] == ["plain__add_tons"]
    path.write_text("{")
    with pytest.raises(ToolFailed, match=r"mcp\.json cannot be read"):
        async with open_tools(["mcp"], ToolSetting(folder=tmp_path, options={"mcp": {"config": str(path)}})):
            pass


async def test_no_servers_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match=r"No MCP server is configured; set options\.mcp\.servers"):
        async with open_tools(["mcp"], ToolSetting(folder=tmp_path)):
            pass


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "The MCP servers must be a mapping"),
        ({"a": "x"}, "The MCP server 'a' must be a mapping"),
        ({"a b": {"command": "x"}}, "needs a name of at most 40 letters"),
        ({"a": {}}, "needs either a command (and args) or a url"),
        ({"a": {"command": "x", "url": "http://x"}}, "needs either a command (and args) or a url"),
        ({"a": {"comand": "x"}}, "the unknown key 'comand'; known are: args, command"),
        ({"a": {"command": ["x"]}}, "command must be text, not ['x']"),
        ({"a": {"command": "x", "args": "-y"}}, "args must be a list, not '-y'"),
        ({"a": {"command": "x", "env": {"K": "${IOA_NOT_SET}"}}}, "IOA_NOT_SET, which is not set"),
        ({"a": {"url": "ftp://x"}}, "url must begin with http:// or https://"),
        ({"a": {"url": "http://x", "type": "stdio"}}, "type 'stdio' does not go with a url"),
        ({"a": {"command": "x", "type": "http"}}, "type 'http' does not go with a command"),
        ({"a": {"command": "x", "timeout": "long"}}, "timeout must be a number of seconds, not 'long'"),
    ],
)
def test_what_is_wrong_in_the_setting_is_named(given: object, said: str) -> None:
    with pytest.raises(ToolFailed) as caught:
        servers_of(given, {})
    assert said in str(caught.value)


def test_disabled_servers_are_left_out_and_sse_is_understood() -> None:
    found = servers_of(
        {
            "off": {"command": "x", "disabled": True},
            "old": {"url": "http://h/sse", "type": "sse"},
            "on": {"command": "y"},
        },
        {},
    )
    assert [(one.name, one.sse) for one in found] == [("old", True), ("on", False)]
