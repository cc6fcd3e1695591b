"""``elicitation/create``: a form of questions for the user, and the values that answer it. Pure.

Answers come as text by question; the form's schema says what they must be on the wire.
"""

from __future__ import annotations

from typing import Any, Final

from acp import schema
from pydantic import TypeAdapter

from agents.adapters import forms
from agents.adapters.acp.state import OpenRequest
from agents.adapters.contract import Answer, NotPossible
from agents.adapters.limits import cut_bytes
from agents.model import MAX_INLINE_TEXT, Blocked, Mark, Question, Request
from agents.status.untrusted import clean, one_line, reveal

OUTCOMES: Final = {"accept": "answered", "decline": "denied", "cancel": "cancelled"}

_REQUESTS: Final = TypeAdapter[Any](schema.CreateElicitationRequest)


def read(key: str, params: Any, mark: Mark) -> tuple[Request, dict[str, Any]]:
    """Return the request an elicitation is and the form it brings. Raises pydantic.ValidationError."""
    model = _REQUESTS.validate_python(params)
    message = clean(cut_bytes(model.message, MAX_INLINE_TEXT // 4)).strip()
    form: dict[str, Any] = {}
    questions: tuple[Question, ...] = ()
    detail = ""
    if getattr(model, "requested_schema", None) is not None:
        form = params["requestedSchema"]
        questions = forms.questions(message, form)
        detail = clean(model.requested_schema.description or "")
    elif getattr(model, "url", None) is not None:
        detail = reveal(str(model.url))
    title = one_line(message.partition("\n")[0], 300) or "a question"
    if len(message) > len(title) and not detail:
        detail = message
    tool_call = getattr(model, "tool_call_id", None)
    return (
        Request(key, Blocked.QUESTION, title, mark.wall, detail=detail, questions=questions, tool_call=tool_call),
        form,
    )


def answer(opened: OpenRequest, given: Answer) -> dict[str, Any]:
    """Return the result that answers an elicitation. Raises NotPossible naming what is missing or wrong."""
    if given.decision == "deny":
        return {"action": "decline"}
    if given.decision not in ("answer", "allow"):
        raise NotPossible(f"a question is answered or denied, not “{given.decision}”")
    content = forms.content(opened.form, opened.request.questions, given.answers)
    return {"action": "accept", "content": content} if forms.asks(opened.form) else {"action": "accept"}
