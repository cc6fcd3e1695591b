"""Forms as JSON schemas: the questions they are for people, and answers as the values they want."""

from __future__ import annotations

from typing import Any

import pytest

from agents.adapters import forms
from agents.adapters.contract import NotPossible

TITLED = [{"const": "u", "title": "Users"}, {"const": "o", "title": "Orders, open"}]
FIELDS: dict[str, Any] = {
    "name": {"type": "string", "title": "Your name"},
    "table": {"type": "string", "oneOf": TITLED},
    "old": {"type": "string", "enum": ["a", "b"], "enumNames": ["First", "Second"]},
    "odd": {"type": "string", "enum": ["a", "b"], "enumNames": ["only one"]},
    "many": {"type": "array", "items": {"anyOf": TITLED}},
    "sure": {"type": "boolean", "description": "Are you sure?"},
    "count": {"type": "integer"},
    "share": {"type": "number"},
}


def form(*names: str, required: Any = ()) -> dict[str, Any]:
    fields = {name: FIELDS[name] for name in names}
    return {"type": "object", "properties": fields, "required": list(required)}


def value(name: str, text: str) -> Any:
    """Return what ``text`` becomes as the answer to one field among two."""
    asked = form(name, "name" if name != "name" else "count")
    return forms.content(asked, forms.questions("", asked), {name: text})[name]


def test_every_kind_of_field_is_a_question_with_its_choices() -> None:
    asked = forms.questions("Say", form(*FIELDS))
    assert [(q.text, q.choices, q.multiple) for q in asked] == [
        ("Your name", (), False),
        ("table", ("Users", "Orders, open"), False),
        ("old", ("First", "Second"), False),
        ("odd", ("a", "b"), False),
        ("many", ("Users", "Orders, open"), True),
        ("Are you sure?", ("yes", "no"), False),
        ("count", (), False),
        ("share", (), False),
    ]
    assert [q.text for q in forms.questions("Which table?", form("table"))] == ["Which table?"]


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("name", "Ada", "Ada"),
        ("table", "Users", "u"),
        ("table", "orders, open", "o"),
        ("old", "Second", "b"),
        ("odd", "b", "b"),
        ("many", "Orders, open", ["o"]),
        ("many", "Users\nOrders, open", ["u", "o"]),
        ("many", '["Users", "o"]', ["u", "o"]),
        ("sure", "Yes", True),
        ("sure", "no", False),
        ("count", "3", 3),
        ("share", "0.5", 0.5),
    ],
)
def test_an_answer_becomes_the_value_the_field_wants(name: str, text: str, wanted: Any) -> None:
    found = value(name, text)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("table", "none", "“none” is no answer to “table”: one of Users, Orders, open"),
        ("many", "Users,x", "“x” is no answer"),
        ("sure", "maybe", "with yes or no, not “maybe”"),
        ("count", "3.5", "needs a whole number"),
        ("share", "much", "needs a number"),
        ("share", "inf", "needs a number"),
    ],
)
def test_a_wrong_answer_is_refused_by_name(name: str, text: str, words: str) -> None:
    with pytest.raises(NotPossible, match=words):
        value(name, text)


def test_what_is_missing_or_was_not_asked_is_named() -> None:
    asked = form("name", "table", required=["table"])
    questions = forms.questions("", asked)
    with pytest.raises(NotPossible, match="“table” needs an answer: one of Users"):
        forms.content(asked, questions, {"name": "Ada"})
    with pytest.raises(NotPossible, match="“age” was not asked; asked: “Your name”, “table”"):
        forms.content(asked, questions, {"table": "u", "age": "5"})
    assert forms.content(asked, questions, {"table": "Users"}) == {"table": "u"}, "what is not required may stay open"


@pytest.mark.parametrize("odd", [{}, {"properties": []}, {"properties": {"a": 5}}])
def test_a_form_without_fields_asks_nothing(odd: dict[str, Any]) -> None:
    assert not forms.asks(odd)
    assert forms.questions("Sure?", odd) == ()
    assert forms.content(odd, (), {}) == {}
