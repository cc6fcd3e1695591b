"""A tool server of the Model Context Protocol on stdio whose only tool asks its user where to deploy to.

Standard library only: agent programs start it with any Python. It says back what it was answered.
"""

from __future__ import annotations

import json
import sys
from typing import Any

Json = dict[str, Any]

TOOL = {
    "name": "deploy",
    "description": "Deploy to where the user says",
    "inputSchema": {"type": "object", "properties": {}},
}
FORM = {
    "type": "object",
    "properties": {"place": {"type": "string", "title": "Place", "enum": ["staging", "production"]}},
    "required": ["place"],
}


def main() -> None:
    """Serve until the input ends."""
    waiting: Any = None
    for line in sys.stdin:
        message = json.loads(line)
        match message.get("method"):
            case "initialize":
                told = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}}}
                answer(message["id"], {**told, "serverInfo": {"name": "deploys", "version": "1"}})
            case "tools/list":
                answer(message["id"], {"tools": [TOOL]})
            case "tools/call":
                waiting = message["id"]
                params = {"message": "Where to?", "requestedSchema": FORM}
                say({"id": "form", "method": "elicitation/create", "params": params})
            case None if message.get("id") == "form":
                text = json.dumps(message.get("result") or message.get("error"))
                answer(waiting, {"content": [{"type": "text", "text": text}]})
            case str() if "id" in message:
                say({"id": message["id"], "error": {"code": -32601, "message": "no such method"}})


def answer(request_id: Any, result: Json) -> None:
    """Answer a request."""
    say({"id": request_id, "result": result})


def say(message: Json) -> None:
    """Write one message."""
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
