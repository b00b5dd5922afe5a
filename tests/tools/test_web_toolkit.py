"""Tools by name, their text in pages, and plain functions for anybody else's framework."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import get_type_hints

import pytest

from ioa.adapters.agents.react.toolkit import (
    TOOLS,
    ToolFailed,
    ToolMaker,
    ToolSetting,
    clipped,
    one_page,
    open_tools,
    pages_of,
    tool,
)
from ioa.adapters.agents.react.tools import web_makers
from ioa.adapters.agents.react.tools.arxiv import arxiv_search
from ioa.adapters.agents.react.tools.scholar import scholar_search
from ioa.adapters.agents.react.tools.web_search import web_search
from ioa.adapters.agents.react.tools.wikidata import wikidata_facts
from ioa.adapters.agents.react.tools.wikipedia import Wikipedia, wikipedia_search
from ioa.adapters.agents.react.tools.youtube import youtube_transcript

ALONE = [arxiv_search, scholar_search, web_search, wikidata_facts, wikipedia_search, youtube_transcript]
KEYS = {"BRAVE_API_KEY": "k", "PATH": ""}


@pytest.mark.parametrize("maker", web_makers.MAKERS, ids=lambda maker: maker.name)
async def test_every_tool_opens_by_its_name_and_describes_itself(maker: ToolMaker, tmp_path: Path) -> None:
    assert TOOLS[maker.name] is maker
    async with open_tools([maker.name], ToolSetting(folder=tmp_path, environment=KEYS)) as toolbox:
        assert toolbox.tools
        for one in toolbox.tools:
            assert one.description
            documented = inspect.getdoc(one.function) or ""
            for name in inspect.signature(one.function).parameters:
                assert f"\n    {name}: " in documented, f"{one.name} does not document {name}"
    assert toolbox.tools == ()


async def test_all_of_them_open_together_with_one_client(tmp_path: Path) -> None:
    names = [maker.name for maker in web_makers.MAKERS]
    async with open_tools(names, ToolSetting(folder=tmp_path, environment=KEYS)) as toolbox:
        found = [one.name for one in toolbox.tools]
    assert len(found) == len(set(found)) > 20


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match=r"no tool 'wikpedia'\. Did you mean 'wikipedia'\? Known: arxiv, "):
        open_tools(["wikpedia"], ToolSetting(folder=tmp_path))


async def test_a_call_of_an_unknown_tool_or_with_wrong_arguments_is_said(tmp_path: Path) -> None:
    async with open_tools(["wikipedia"], ToolSetting(folder=tmp_path, environment={})) as toolbox:
        with pytest.raises(ToolFailed, match="no tool 'browse' here; there are: wikipedia_search, wikipedia_read"):
            await toolbox.call("browse", {})
        with pytest.raises(ToolFailed, match=r"argument: 'query'\. It takes query, count \(6\), language \('en'\)"):
            await toolbox.call("wikipedia_search", {"question": "x"})


def test_what_a_tool_misses_is_told_with_the_remedy(tmp_path: Path) -> None:
    maker = ToolMaker(name="x", summary="", target="x:y", extra="tools", modules=("no_such_module",),
                      programs=("no-such-program",), keys=("A_KEY", "B_KEY"))  # fmt: skip
    assert maker.missing({"PATH": ""}) == (
        'pip install "internet-of-agents[tools]" (for no_such_module)',
        "install one of these programs: no-such-program",
        "set one of these environment variables: A_KEY, B_KEY",
    )
    assert replace(maker, modules=(), programs=()).missing({"B_KEY": "1"}) == ()
    with pytest.raises(ToolFailed, match="The tool 'x' cannot be used here: pip install"):
        maker.opened(ToolSetting(folder=tmp_path, environment={}))


@pytest.mark.parametrize("function", ALONE, ids=lambda function: function.__name__)
def test_a_function_stands_alone_with_its_types_and_documentation(function) -> None:
    parameters = inspect.signature(function).parameters
    assert "self" not in parameters
    assert set(get_type_hints(function)) - {"return"} == set(parameters)
    assert "Args:" in (inspect.getdoc(function) or "")
    assert inspect.iscoroutinefunction(function)
    assert tool(function).name == function.__name__


def test_pydantic_ai_reads_the_schema_from_function_and_method(tmp_path: Path) -> None:
    pydantic_ai = pytest.importorskip("pydantic_ai")
    method = Wikipedia(ToolSetting(folder=tmp_path, environment={})).wikipedia_search
    for function in (wikipedia_search, method):
        definition = pydantic_ai.Tool(function).tool_def
        assert definition.name == "wikipedia_search"
        assert definition.parameters_json_schema["required"] == ["query"]
        assert set(definition.parameters_json_schema["properties"]) == {"query", "count", "language"}
        assert "how many" in definition.parameters_json_schema["properties"]["count"]["description"].lower()


async def test_a_function_that_stands_alone_reaches_no_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOA_WIKIPEDIA_URL", "http://127.0.0.1:9/w/api.php")
    with pytest.raises(ToolFailed, match="loopback"):
        await wikipedia_search("bees")


async def test_plain_functions_become_tools_and_unclear_ones_do_not() -> None:
    def double(number: int) -> str:
        """Twice a number.

        Args:
            number: Any.
        """
        return str(2 * number)

    async def silent(number: int) -> str:
        return ""

    def untyped(number) -> str:
        """Something."""
        return ""

    made = tool(double)
    assert (made.name, made.description) == ("double", "Twice a number.")
    assert await made.call({"number": 4}) == "8"
    with pytest.raises(ValueError, match="silent needs a docstring"):
        tool(silent)
    with pytest.raises(ValueError, match="untyped needs types for its parameters: number"):
        tool(untyped)


def test_clipped_text_says_how_much_misses_and_how_to_get_it() -> None:
    assert clipped("short", "Ask again.", 100) == "short"
    text = clipped("line of words\n" * 100, "Ask for part 2.", 200)
    assert text.startswith("line of words\nline")
    assert text.endswith("of 1,400 characters left out. Ask for part 2.]")
    kept = text.rsplit("\n[", 1)[0]
    assert f"{1_400 - len(kept):,} of 1,400" in text


@pytest.mark.parametrize("text", ["", "a" * 1_000, "word " * 300, "line\n" * 300, "\n" * 500 + "end"])
def test_pages_together_are_the_whole_text(text: str) -> None:
    pages = pages_of(text, 100)
    assert all(len(one) <= 100 for one in pages)
    assert "".join("".join(pages).split()) == "".join(text.split())
    assert one_page(text, len(pages), "x", 100).startswith(pages[-1])
