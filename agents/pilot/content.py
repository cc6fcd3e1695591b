"""What a client puts into a prompt, as text for the model. Pure."""

from __future__ import annotations

from typing import Any

from agents.pilot.rpc import INVALID_PARAMS, RpcError


def prompt_text(blocks: Any) -> str:
    """Return the text of a prompt's blocks. Raises RpcError for what Pilot said it does not take."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise RpcError(INVALID_PARAMS, "“prompt” must be a list of content blocks")
    text = "\n".join(_text(block) for block in blocks)
    if not text.strip():
        raise RpcError(INVALID_PARAMS, "the prompt is empty")
    return text


def _text(block: dict[str, Any]) -> str:
    match block.get("type"):
        case "text":
            return str(block.get("text") or "")
        case "resource_link":
            return f"[{block.get('title') or block.get('name') or 'file'}]({block.get('uri')})"
        case "resource" if isinstance(block.get("resource"), dict):
            resource = block["resource"]
            body = resource.get("text")
            if isinstance(body, str):
                return f"{resource.get('uri')}:\n```\n{body}\n```"
            raise RpcError(INVALID_PARAMS, f"{resource.get('uri')} is no text: Pilot reads only text")
        case other:
            raise RpcError(INVALID_PARAMS, f"Pilot takes text, not “{str(other)[:40]}”")
