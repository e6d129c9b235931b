"""The shorthand for schemas: what it says, what it refuses, and that everything sayable is read back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import json_check
from poe_tui.shorthand import TYPES, BadShorthand, parse


def obj(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object that has these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


STRING, INTEGER = {"type": "string"}, {"type": "integer"}


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("name", obj(name=STRING)),
        (
            "name, age int, tags [str]",
            obj(name=STRING, age=INTEGER, tags={"type": "array", "items": STRING}),
        ),
        ("name\nage int\n", obj(name=STRING, age=INTEGER)),
        ("{name, age int}", obj(name=STRING, age=INTEGER)),
        ("age int?", obj(age={"type": ["integer", "null"]})),
        ("age? int", obj(age={"type": ["integer", "null"]})),
        ("age?", obj(age={"type": ["string", "null"]})),
        ("city: where they live, zip", obj(city={**STRING, "description": "where they live"}, zip=STRING)),
        ("n float: a \"quoted\" word?", obj(n={"type": "number", "description": 'a "quoted" word?'})),
        ("owner {name, born date}", obj(owner=obj(name=STRING, born={"type": "string", "format": "date"}))),
        ("owner {name}?", obj(owner={**obj(name=STRING), "type": ["object", "null"]})),
        ("state open|closed", obj(state={"type": "string", "enum": ["open", "closed"]})),
        ('state open|"in between"?', obj(state={"type": ["string", "null"], "enum": ["open", "in between", None]})),
        ("[name, age int]", obj(items={"type": "array", "items": obj(name=STRING, age=INTEGER)})),
        ("[int]", obj(items={"type": "array", "items": INTEGER})),
        ("rows [{a, b}]", obj(rows={"type": "array", "items": obj(a=STRING, b=STRING)})),
        ("grid [[int]]", obj(grid={"type": "array", "items": {"type": "array", "items": INTEGER}})),
        ("kind [a|b]", obj(kind={"type": "array", "items": {"type": "string", "enum": ["a", "b"]}})),
        ("x [date, y]", obj(x={"type": "array", "items": obj(date=STRING, y=STRING)})),
        ('"first name", größe int', obj(**{"first name": STRING, "größe": INTEGER})),
        ("a,,b,", obj(a=STRING, b=STRING)),
    ],
)  # fmt: skip
def test_what_it_says(text: str, schema: dict[str, Any]) -> None:
    assert parse(text) == schema
    json_check.check_schema(schema)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "There is no field"),
        ("name, age intt", "'intt' is not a type; there are str, int"),
        ("a b c", "'b' is not a type"),
        ("a, a", "'a' stands there twice (character 4)"),
        ("[a", "The '[' is never closed (character 1)"),
        ("{a, b", "The '{' is never closed"),
        ("a]", "A comma is missing before ']'"),
        ("a {}", "There is no field"),
        ("a x|", "A word is missing behind '|'"),
        ("a x|x", "A word stands there twice"),
        ("3d", "A name is missing before '3'"),
        ('"" int', "A name is empty"),
        ("[int] x", "'x' does not belong here"),
        ("[" * 30 + "int" + "]" * 30, "It is nested too deeply"),
        ("x" * 20_001, "at most 20000 characters"),
    ],
)
def test_what_it_refuses(text: str, told: str) -> None:
    with pytest.raises(BadShorthand) as refused:
        parse(text)
    assert told in str(refused.value)


names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
leaves = st.sampled_from(sorted(TYPES))


def written(name: str, kind: Any) -> tuple[str, Any]:
    """Return a field as text and as schema."""
    if isinstance(kind, str):
        return f"{name} {kind}", dict(TYPES[kind])
    if isinstance(kind, list):
        text, schema = written("", kind[0])
        return f"{name} [{text.strip()}]", {"type": "array", "items": schema}
    fields = [written(key, value) for key, value in kind.items()]
    inner = obj(**{key: schema for key, (_, schema) in zip(kind, fields, strict=True)})
    return f"{name} {{{', '.join(text for text, _ in fields)}}}", inner


kinds = st.recursive(
    leaves,
    lambda inner: st.lists(inner, min_size=1, max_size=1) | st.dictionaries(names, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(names, kinds, min_size=1, max_size=5))
def test_everything_that_can_be_said_is_understood(fields: dict[str, Any]) -> None:
    text, schema = written("", fields)
    assert parse(text) == schema
    assert parse(text.strip()[1:-1]) == schema


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from(list('ab int[]{},|?:"\n\\ \t')), max_size=40) | st.text(max_size=30))
def test_anything_is_a_schema_or_refused_in_words(text: str) -> None:
    try:
        schema = parse(text)
    except BadShorthand as refused:
        assert str(refused)
        return
    json_check.check_schema(schema)
    assert schema["type"] == "object"
