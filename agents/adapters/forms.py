"""Forms that agents bring as JSON schemas: questions for the user, and the values that answer them.

Pure, in no vendor's protocol. Answers come as text by question; the form's schema says what they must be on the wire.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from agents.adapters.contract import NotPossible
from agents.model import Question
from agents.status.untrusted import one_line

_TRUE: Final = frozenset({"yes", "y", "true", "1", "on"})
_FALSE: Final = frozenset({"no", "n", "false", "0", "off"})


def questions(message: str, form: Mapping[str, Any]) -> tuple[Question, ...]:
    """Return the questions of a form, in its order; ``message`` is what the only one of them is about."""
    properties = _properties(form)
    return tuple(
        Question(
            _question_text(name, field, message, alone=len(properties) == 1),
            tuple(one_line(title, 300) for title, _ in _choices(field)),
            field.get("type") == "array",
        )
        for name, field in properties.items()
    )


def asks(form: Mapping[str, Any]) -> bool:
    """Tell whether a form asks for anything: one without fields is only accepted or refused."""
    return bool(_properties(form))


def _properties(form: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    properties = form.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {name: field for name, field in properties.items() if isinstance(field, dict)}


def _question_text(name: str, field: Mapping[str, Any], message: str, *, alone: bool) -> str:
    if alone and message:
        return one_line(message, 300)
    told = (field.get(key) for key in ("title", "description"))
    return one_line(next((text for text in told if isinstance(text, str) and text.strip()), name), 300)


def _choices(field: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the choices of a field as (what people see, what goes on the wire)."""
    if field.get("type") == "boolean":
        return [("yes", True), ("no", False)]
    source = field.get("items") if field.get("type") == "array" else field
    if not isinstance(source, dict):
        return []
    titled = source.get("oneOf") or source.get("anyOf")
    if isinstance(titled, list):
        options = [item for item in titled if isinstance(item, dict) and "const" in item]
        return [(str(item.get("title") or item["const"]), item["const"]) for item in options]
    plain, names = source.get("enum"), source.get("enumNames")
    if not isinstance(plain, list):
        return []
    titles = names if isinstance(names, list) and len(names) == len(plain) else plain
    return [(str(title), item) for title, item in zip(titles, plain, strict=True)]


def content(form: Mapping[str, Any], asked: Sequence[Question], answers: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that answer a form. Raises NotPossible naming what is missing or wrong."""
    properties = _properties(form)
    required = form.get("required")
    needed = set(required) if isinstance(required, list) else set()
    values: dict[str, Any] = {}
    used: set[str] = set()
    for (name, field), question in zip(properties.items(), asked, strict=True):
        text, key = _given(name, question.text, answers, alone=len(properties) == 1)
        if key is not None:
            used.add(key)
        if text is not None and text != "":
            values[name] = _value(question, field, text)
        elif name in needed or len(properties) == 1:
            raise NotPossible(f"“{question.text}” needs an answer{_one_of(question.choices)}")
    unknown = sorted(set(answers) - used)
    if unknown and properties:
        listed = ", ".join(f"“{question.text}”" for question in asked)
        raise NotPossible(f"“{unknown[0]}” was not asked; asked: {listed}")
    return values


def _given(name: str, text: str, answers: Mapping[str, str], *, alone: bool) -> tuple[str | None, str | None]:
    """Return the answer to a question and the key it was given under."""
    for key in (text, name):
        if key in answers:
            return answers[key], key
    if alone and len(answers) == 1:
        key = next(iter(answers))
        return answers[key], key
    return None, None


def _one_of(choices: Sequence[str]) -> str:
    return f": one of {', '.join(choices)}" if choices else ""


def _value(question: Question, field: Mapping[str, Any], text: str) -> Any:
    choices = _choices(field)
    match field.get("type"):
        case "array":
            return [_pick(question, choices, item) for item in _items(text, choices)]
        case "boolean":
            lower = text.strip().lower()
            if lower in _TRUE or lower in _FALSE:
                return lower in _TRUE
            raise NotPossible(f"“{question.text}” is answered with yes or no, not “{text}”")
        case "integer" | "number" as kind:
            return _number(question, kind, text)
        case _:
            return _pick(question, choices, text) if choices else text


def _items(text: str, choices: Sequence[tuple[str, Any]]) -> list[str]:
    """Return the single answers of a multiple choice: a JSON list, else lines, else parted by commas."""
    if text.lstrip().startswith("["):
        try:
            items = json.loads(text)
        except ValueError:
            items = None
        if isinstance(items, list):
            return [str(item) for item in items]
    if any(text == title for title, _ in choices):
        return [text]  # a choice may itself contain a comma
    parts = text.splitlines() if "\n" in text else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def _pick(question: Question, choices: Sequence[tuple[str, Any]], text: str) -> Any:
    if not choices:
        return text
    for title, value in choices:
        if text in (title, one_line(title, 300), str(value)):
            return value
    for title, value in choices:
        if text.strip().lower() in (title.lower(), str(value).lower()):
            return value
    raise NotPossible(f"“{text}” is no answer to “{question.text}”{_one_of(question.choices)}")


def _number(question: Question, kind: str, text: str) -> int | float:
    try:
        value = int(text) if kind == "integer" else float(text)
    except ValueError:
        words = "a whole number" if kind == "integer" else "a number"
        raise NotPossible(f"“{question.text}” needs {words}, not “{text}”") from None
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise NotPossible(f"“{question.text}” needs a number, not “{text}”")
    return value
