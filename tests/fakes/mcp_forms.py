"""An MCP server on stdio with one tool, which asks the user a form before it answers. Standard library only."""

from __future__ import annotations

import json
import sys
from typing import Any

_FORM = {
    "type": "object",
    "properties": {"table": {"type": "string", "enum": ["users", "orders"]}},
    "required": ["table"],
}
_TOOL = {
    "name": "pick",
    "description": "Let the user pick a table",
    "inputSchema": {"type": "object", "properties": {"why": {"type": "string"}}},
}


def say(**message: Any) -> None:
    """Write one message."""
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def main() -> None:
    """Serve until stdin ends."""
    calls: list[Any] = []
    for line in sys.stdin:
        message = json.loads(line)
        rpc_id, method = message.get("id"), message.get("method")
        match method:
            case "initialize":
                told = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}}}
                say(id=rpc_id, result={**told, "serverInfo": {"name": "forms", "version": "1"}})
            case "tools/list":
                say(id=rpc_id, result={"tools": [_TOOL]})
            case "tools/call":
                calls.append(rpc_id)
                params = {"message": "Which table?", "requestedSchema": _FORM}
                say(id=f"form-{len(calls)}", method="elicitation/create", params=params)
            case None if calls:
                text = f"the user said {json.dumps(message.get('result'))}"
                say(id=calls.pop(), result={"content": [{"type": "text", "text": text}]})
            case _ if rpc_id is not None:
                say(id=rpc_id, error={"code": -32601, "message": f"no {method} here"})


if __name__ == "__main__":
    main()
