"""Values against schemas: the words, the paths, and that no schema can do harm."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.demo import schema as demo_schema
from poe_tui.json_check import MOST, BadSchema, check_schema, violations

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "age": {"type": "integer", "minimum": 0},
        "state": {"enum": ["open", "closed"]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "fixed": {"const": 1},
    },
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"name": "Ada"}, []),
        ({}, ['$: "name" is missing']),
        ([], ["$: must be an object, is []"]),
        ({"name": "Ada", "age": "x"}, ['$.age: must be a whole number, is "x"']),
        ({"name": "Ada", "age": -1}, ["$.age: must be at least 0, is -1"]),
        ({"name": "A"}, ['$.name: must be text at least as long as 2, is "A"']),
        ({"name": "Ada", "state": None}, ['$.state: must be one of "open", "closed", is null']),
        ({"name": "Ada", "tags": ["a", 1]}, ["$.tags[1]: must be text, is 1"]),
        ({"name": "Ada", "tags": list("abc")}, ["$.tags: must have a number of entries of at most 2, is "
                                                '["a", "b", "c"]']),
        ({"name": "Ada", "either": 1}, ["$.either: fits none of the 2 forms it may have"]),
        ({"name": "Ada", "fixed": 2}, ["$.fixed: must be 1, is 2"]),
        ({"name": "Ada", "first name": 1, "z": 2}, ['$: must not hold "first name", "z"']),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_words_with_its_path(value: Any, told: list[str]) -> None:
    assert [str(found) for found in violations(PERSON, value)] == told


def test_several_missing_names_are_told_each() -> None:
    found = violations({"type": "object", "required": ["a", "b"]}, {})
    assert [str(one) for one in found] == ['$: "a" is missing', '$: "b" is missing']


def test_a_flood_of_mistakes_is_cut() -> None:
    assert len(violations({"items": {"type": "string"}}, list(range(5000)))) == MOST


def test_long_values_are_cut() -> None:
    (found,) = violations({"type": "integer"}, "x" * 5000)
    assert len(found.message) < 120


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (5, "it must be an object"),
        ({"type": "objekt"}, "type: "),
        ({"properties": {"a": {"type": 3}}}, "properties.a.type: "),
        ({"pattern": "("}, "pattern: "),
        ({"$ref": 5}, "$ref: "),
    ],
)
def test_what_is_no_schema_is_refused(schema: Any, told: str) -> None:
    with pytest.raises(BadSchema) as refused:
        check_schema(schema)
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"$ref": "https://schemas.invalid/a.json"}, "refers to 'https://schemas.invalid/a.json', which is not in it"),
        ({"$ref": "file:///etc/passwd"}, "refers to 'file:///etc/passwd'"),
        ({"$ref": "#/nowhere"}, "which is not in it"),
        ({"allOf": [{"$ref": "#"}]}, "never comes to an end"),
    ],
)
def test_nothing_is_fetched_and_nothing_runs_for_ever(schema: Any, told: str) -> None:
    with pytest.raises(BadSchema, match=told):
        violations(schema, {"a": 1})


def test_older_drafts_and_references_inside_are_understood() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"n": {"type": "integer"}},
        "properties": {"a": {"$ref": "#/definitions/n"}},
    }
    assert [str(one) for one in violations(schema, {"a": "x"})] == ['$.a: must be a whole number, is "x"']


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
words = st.sampled_from(["type", "properties", "required", "items", "enum", "$ref", "anyOf", "pattern", "minimum"])


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(words | st.text(max_size=4), json_values, max_size=4), json_values)
def test_any_schema_gives_an_answer_or_is_refused(schema: dict[str, Any], value: Any) -> None:
    try:
        found = violations(schema, value)
    except BadSchema as refused:
        assert str(refused)
        return
    assert all(one.path.startswith("$") and one.message for one in found)


@given(json_values)
def test_an_instance_made_for_a_schema_fits_it(value: Any) -> None:
    assert violations(PERSON, demo_schema.instance({**PERSON, "required": list(PERSON["properties"])})) == []
    assert violations({"const": value}, value) == []
