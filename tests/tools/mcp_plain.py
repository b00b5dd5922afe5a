"""An MCP server of the standard library alone, speaking the protocol of 2025: starts quickly, and can misbehave.

`python mcp_plain.py [LISTED]`: LISTED is the answer to tools/list as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

SCHEMA = {"type": "object", "properties": {"first": {"type": "integer"}}, "required": ["first"]}
NAMES = ("add_tons", "die", "wait", "environment")
TOOLS: dict[str, Any] = {
    "tools": [{"name": name, "description": f"Tool {name}.", "inputSchema": SCHEMA} for name in NAMES]
}


def called(name: str, arguments: dict[str, Any]) -> str | None:
    """The answer of a tool; `None`: none is given."""
    if name == "die":
        print("going down with the ship", file=sys.stderr, flush=True)
        os._exit(3)
    if name == "wait":
        return None
    if name == "environment":
        return " ".join(os.environ)
    return f"{arguments['first'] + 1} tons"


def main() -> None:
    """Answer line by line until the input ends; before each answer comes a line that is no JSON."""
    listed: Any = json.loads(sys.argv[1]) if len(sys.argv) > 1 else TOOLS
    for line in sys.stdin:
        asked = json.loads(line)
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": asked.get("id")}
        method = asked.get("method")
        if method == "initialize":
            answer["result"] = {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "plain", "version": "1"},
            }
        elif method == "tools/list":
            answer["result"] = listed
        elif method == "tools/call":
            text = called(asked["params"]["name"], asked["params"].get("arguments", {}))
            if text is None:
                continue
            answer["result"] = {"content": [{"type": "text", "text": text}]}
        elif "id" in asked:
            answer["error"] = {"code": -32601, "message": "no such method"}
        else:
            continue
        print("ahoy, this is no JSON", flush=True)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
