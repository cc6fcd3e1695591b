"""What an MCP server wants to know, passed on by the program: a form of questions, and its answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agents.adapters import forms
from agents.adapters.claude import tools
from agents.adapters.claude.state import OpenRequest
from agents.adapters.contract import Answer, NotPossible
from agents.adapters.limits import cut_bytes
from agents.model import MAX_INLINE_TEXT, Blocked, Mark, Request
from agents.status.untrusted import clean, one_line, reveal

SUBTYPE: Final = "elicitation"

_OUTCOMES: Final = {"accept": "answered", "decline": "denied", "cancel": "cancelled"}


def read(key: str, request_id: str, body: Mapping[str, Any], mark: Mark) -> OpenRequest:
    """Return what is asked; a server that only shows an address asks nothing but a yes."""
    message = clean(cut_bytes(tools.text_in(body, "message"), MAX_INLINE_TEXT // 4)).strip()
    schema = body.get("requested_schema")
    form = schema if isinstance(schema, dict) else {}
    server = one_line(tools.text_in(body, "display_name", "mcp_server_name"), 60) or "a server"
    title = one_line(tools.text_in(body, "title") or message.partition("\n")[0], 300) or f"{server} asks"
    lines = [f"asked by the server {server}", tools.text_in(body, "description"), tools.text_in(body, "url")]
    lines.append(message if len(message) > len(title) else "")
    detail = reveal(cut_bytes("\n".join(line for line in lines if line), MAX_INLINE_TEXT // 4))
    asked = forms.questions(message, form)
    request = Request(key, Blocked.QUESTION, title, mark.wall, detail=detail, questions=asked)
    return OpenRequest(request, request_id, server, mark.monotonic, form=form)


def answer(opened: OpenRequest, form: Mapping[str, Any], given: Answer) -> dict[str, Any]:
    """Return the result that answers it. Raises NotPossible naming what is missing or wrong."""
    if given.decision == "deny":
        return {"action": "decline"}
    if given.decision not in ("answer", "allow"):
        raise NotPossible(f"a question is answered or denied, not “{given.decision}”")
    return {"action": "accept", "content": forms.content(form, opened.request.questions, given.answers)}


def outcome(body: Mapping[str, Any]) -> str:
    """Return what an answer that was written meant."""
    return _OUTCOMES.get(str(body.get("action")), "cancelled")
