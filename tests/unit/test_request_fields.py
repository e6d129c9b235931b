"""The bounds of the request fields: one table for settings, threads, ``ask`` and the engine."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.config import BadValue, check, rows
from poe_tui.request_fields import NAMES, check_fields, near
from poe_tui.settings_request import DefaultsSettings

FUNCTION = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}
SCHEMA = {"type": "json_schema", "name": "answer", "schema": {"type": "object"}}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"instructions": "Be brief.", "stream": False, "store": True, "parallel_tool_calls": False},
        {"temperature": 0, "top_p": 1, "top_logprobs": 20, "max_output_tokens": 1},
        {"temperature": 2.0, "top_p": 0.0, "top_logprobs": 0},
        {"reasoning": {"effort": "xhigh", "summary": "detailed", "generate": 1}},
        {"reasoning": {"effort": None, "summary": None}},
        {"text": {"format": SCHEMA, "verbosity": "low"}},
        {"text": {"format": {"type": "json_object"}}},
        {"tools": [FUNCTION, {"type": "function", "function": FUNCTION}, {"type": "web_search_preview"}]},
        {"tools": []},
        *({"tool_choice": word} for word in ("auto", "required", "none")),
        {"tool_choice": {"type": "function", "name": "get_weather"}},
        {"tool_choice": {"type": "web_search_preview"}},
        *({"truncation": word} for word in ("auto", "disabled")),
        *({"service_tier": word} for word in ("auto", "default", "flex", "priority")),
        {"previous_response_id": "resp_1+/="},
        {"include": ["a", "b"]},
        {"metadata": {f"{n}" * 30: "x" * 512 for n in range(10, 26)}},
        {"aspect": "3:2", "user": None, "temperature": None},
    ],
)
def test_what_the_api_takes_passes(fields: dict[str, Any]) -> None:
    assert check_fields(fields) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"temperature": 2.1}, "temperature: must be 0 to 2."),
        ({"temperature": -0.1}, "temperature: must be 0 to 2."),
        ({"temperature": True}, "temperature: must be 0 to 2."),
        ({"temperature": "warm"}, "temperature: must be 0 to 2."),
        ({"temperature": float("nan")}, "temperature: must be 0 to 2."),
        ({"top_p": 1.01}, "top_p: must be 0 to 1."),
        ({"top_logprobs": 21}, "top_logprobs: must be a whole number, 0 to 20."),
        ({"top_logprobs": 1.0}, "top_logprobs: must be a whole number, 0 to 20."),
        ({"max_output_tokens": 0}, "max_output_tokens: must be a whole number, 1 or more."),
        ({"truncation": "maybe"}, "truncation: must be auto or disabled."),
        ({"service_tier": "gold"}, "service_tier: must be auto, default, flex or priority."),
        ({"store": "no"}, "store: must be true or false."),
        ({"instructions": 7}, "instructions: must be text."),
        ({"previous_response_id": " "}, "previous_response_id: must be the id of a response."),
        ({"include": "a"}, "include: must be a list of names."),
        ({"reasoning": "high"}, "reasoning: must be an object with effort and summary."),
        ({"reasoning": {"effort": "huge"}},
         "reasoning.effort: must be none, minimal, low, medium, high, xhigh or max."),
        ({"reasoning": {"summary": "long"}}, "reasoning.summary: must be auto, concise or detailed."),
        ({"text": "json"}, "text: must be an object with format and verbosity."),
        ({"text": {"verbosity": "huge"}}, "text.verbosity: must be low, medium or high."),
        ({"text": {"format": {"type": "xml"}}},
         "text.format: must be an object whose type is text, json_object or json_schema."),
        ({"text": {"format": {**SCHEMA, "name": "a b"}}},
         "text.format.name: must be at most 64 letters, digits, _ and -."),
        ({"text": {"format": {**SCHEMA, "schema": "x"}}}, "text.format.schema: must be a JSON Schema."),
        ({"tools": {"type": "function"}}, "tools: must be a list of tools."),
        ({"tools": [{}]}, "tools.0: must be an object with a type."),
        ({"tools": [FUNCTION, {"type": "function"}]}, "tools.1.name: must be at most 64 letters, digits, _ and -."),
        ({"tool_choice": "maybe"},
         'tool_choice: must be auto, required, none or {"type":"function","name":"…"}.'),
        ({"tool_choice": {"type": "function"}},
         'tool_choice: must be auto, required, none or {"type":"function","name":"…"}.'),
        *(({"metadata": wrong}, "metadata: must be at most 16 pairs; names up to 64 characters, texts up to 512.")
          for wrong in ({"k": "v" * 513}, {"k" * 65: "v"}, {"k": 1}, {"": "v"}, {f"{n}": "" for n in range(17)})),
        ({"metadata": "a=b"}, "metadata: must be pairs of name and text."),
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_told_with_the_bound(fields: dict[str, Any], words: str) -> None:
    assert [problem.words for problem in check_fields(fields)] == [words]


def test_an_effort_of_one_model() -> None:
    own = {"reasoning": {"effort": "turbo"}}
    assert check_fields(own, efforts=("off", "turbo")) == []
    assert check_fields(own, efforts=None) == []
    assert [one.message for one in check_fields(own, efforts=("off", "on"))] == ["Must be off or on."]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([row for row in rows() if row.section == "defaults" and row.kind != "long"]),
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["auto", "low", "max", "flex", "none"])
    | st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=2),
)
def test_settings_and_requests_have_the_same_bounds(row: Any, value: Any) -> None:
    try:
        held = check(row, value)
    except BadValue:
        return
    fields = DefaultsSettings.model_validate({row.name: held}).request_fields()
    assert check_fields(fields) == []


def test_what_the_settings_refuse_a_request_refuses() -> None:
    for row in rows():
        if row.section == "defaults" and row.maximum is not None and row.minimum is not None:
            for value in (row.minimum - 1, row.maximum + 1):
                number = int(value) if row.kind == "integer" else value
                assert check_fields({row.api: number}), row.key


def test_near_names() -> None:
    assert near("temprature") == "temperature"
    assert near("temperature") == near("aspect") == ""
    assert {"model", "input", "reasoning", "text", "stream"} <= set(NAMES)
