"""The tools that work on files, code, tables and other servers; see `react/toolkit.py`."""

from __future__ import annotations

from ioa.adapters.agents.react.tool_maker import ToolMaker

_HERE = "ioa.adapters.agents.react.tools"

MAKERS: tuple[ToolMaker, ...] = (
    ToolMaker(
        name="read_file",
        summary="reads the task's files as text: PDF, Office, mail, archives, databases and some thirty kinds more",
        target=f"{_HERE}.read_file:opened",
        extra="tools",
        modules=("bs4", "openpyxl", "PIL", "pypdf", "docx", "pptx"),
        optional="the words of sound files: the option `transcriber` (`module:function`); Parquet: the extra `agents`",
    ),
    ToolMaker(
        name="rag",
        summary="finds passages in the task's files that answer a question, with citations",
        target=f"{_HERE}.rag:opened",
        extra="tools",
        modules=("bs4", "openpyxl", "PIL", "pypdf", "docx", "pptx"),
    ),
    ToolMaker(
        name="sql",
        summary="answers SQL over the task's CSV, JSON, Excel, Parquet and SQLite files",
        target=f"{_HERE}.sql:opened",
        extra="agents",
        modules=("duckdb", "openpyxl"),
    ),
    ToolMaker(
        name="code_executor",
        summary="runs Python in a sandbox without network, beside the task's files",
        target=f"{_HERE}.code_executor:opened",
        optional="isolation from this machine's files and network: bubblewrap (Linux)",
    ),
    ToolMaker(
        name="mcp",
        summary="the tools of MCP servers, configured as options.mcp.servers: {name: {command, args, env} | {url}}",
        target="ioa.adapters.agents.react.mcp_client:opened",
        extra="mcp",
        modules=("mcp",),
    ),
)
