"""Which field a refusal is about, and a request without it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.engine import drops
from poe_tui.engine.drops import find, names, needs_search, remembered, strip, words

FUNCTION = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}
SEARCH = {"type": "web_search_preview"}
FULL: dict[str, Any] = {
    "model": "GPT-5.2-Instant",
    "input": [],
    "instructions": "Be brief.",
    "reasoning": {"effort": "high", "summary": "auto"},
    "text": {"format": {"type": "json_object"}, "verbosity": "low"},
    "tools": [FUNCTION, SEARCH],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "max_output_tokens": 100,
    "temperature": 0.5,
    "top_p": 0.9,
    "top_logprobs": 3,
    "truncation": "auto",
    "service_tier": "flex",
    "store": False,
    "metadata": {"a": "b"},
    "include": ["web_search_call.action.sources", "reasoning.encrypted_content"],
    "stream": True,
}
LITELLM = "litellm.BadRequestError: OpenAIException - "


def error(message: str, status: int | None = 400, **more: Any) -> dict[str, Any]:
    return {"http_status": status, "type": "invalid_request_error", "message": message, **more}


@pytest.mark.parametrize(
    ("message", "name"),
    [
        # As they were recorded (observed on Poe).
        ("Unsupported value: 'high' is not supported with the 'gpt-5.2-chat-latest' model. Supported values are: "
         "'medium'.", "reasoning.effort=high"),
        ("Unsupported parameter: 'reasoning.summary' is not supported with the 'gpt-5.3-codex-spark-preview' model.",
         "reasoning.summary"),
        ("Functions are not supported with gpt-4o-search-preview.", "tools.function"),
        ("tools is not supported in this model. For a list of supported models, refer to the documentation.", "tools"),
        ("Model gpt-4o-search does not support tool calling. Use a tool-capable model or remove tools from the "
         "request.", "tools.function"),
        # As OpenAI, Anthropic and LiteLLM have them.
        ("Unsupported parameter: 'temperature' is not supported with this model.", "temperature"),
        ("Unsupported parameter: 'temperature' is not supported with the 'grok-4-fast-reasoning' model.",
         "temperature"),
        ("Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is "
         "supported.", "temperature"),
        ("Unknown parameter: 'top_logprobs'.", "top_logprobs"),
        ("`temperature` and `top_p` cannot both be specified for this model. Please use only one.", "top_p"),
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
         "max_output_tokens"),
        ("Encrypted content is not supported with this model.", "include.reasoning.encrypted_content"),
        ("Unrecognized request argument supplied: parallel_tool_calls", "parallel_tool_calls"),
        ("Your organization must be verified to stream this model.", "stream"),
        ("Extra inputs are not permitted: metadata", "metadata"),
        ("truncation is not supported by this provider", "truncation"),
        ("The web search tool is not supported with this model.", "tools.web_search"),
        ("Hosted tool 'web_search_preview' is not supported with gpt-4.1-nano.", "tools.web_search"),
        ("Invalid value: 'flex'. Supported values are: 'auto', 'default' and 'priority'.", "service_tier=flex"),
        ("'text.verbosity' is not supported with this model", "text.verbosity"),
        ("Unsupported value: 'low' is not supported with the 'gpt-4o' model. Supported values are: 'medium'.",
         "text.verbosity=low"),
        ("response_format json_object is not supported by this model", "text.format"),
        ("anthropic does not support parameters: ['reasoning_effort'], for model=claude-haiku-4-5", "reasoning.effort"),
        ("Unsupported parameter: 'instructions'", "instructions"),
        ("Unsupported parameter: 'store'", "store"),
        # Of all of the reasoning the summary goes first.
        ("Unsupported parameter: 'reasoning' is not supported with this model.", "reasoning.summary"),
        ("This model does not support reasoning.", "reasoning.summary"),
        ("thinking is not supported for this model", "reasoning.summary"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("wrapped", ["", LITELLM, "json"])
def test_the_field_that_a_refusal_is_about(message: str, name: str, wrapped: str) -> None:
    said = wrapped + message
    if wrapped == "json":
        said = f'{LITELLM}{{"error": {{"message": "{message}", "type": "invalid_request_error", "code": null}}}}'
    found = find(FULL, error(said), "GPT-5.2-Instant")
    assert found is not None
    assert found.name == name
    left, gone = strip(FULL, {found.name})
    assert gone == [name]
    again = find(left, error(said))
    assert again is None or again.name != name


@pytest.mark.parametrize(
    ("message", "more", "name"),
    [
        ("Invalid value.", {"param": "reasoning.effort", "code": "unsupported_value"}, "reasoning.effort=high"),
        ("Unsupported.", {"param": "reasoning.effort", "code": "unsupported_parameter"}, "reasoning.effort"),
        ("Invalid value: 'high'. Supported values are: 'low'.", {"param": "reasoning.effort"}, "reasoning.effort=high"),
        ("Not supported.", {"param": "tools[0].type", "code": "unsupported_parameter"}, "tools"),
        ("No tools.", {"param": "model", "code": "unsupported_feature_for_model"}, "tools.function"),
        ("Encrypted content is not supported with this model.", {"param": "include"},
         "include.reasoning.encrypted_content"),
        ("Unsupported parameter.", {"param": "include[0]"}, "include"),
        ("Unsupported value", {"param": "stream", "code": "unsupported_value"}, "stream"),
    ],
)  # fmt: skip
def test_the_field_that_the_body_names(message: str, more: dict[str, Any], name: str) -> None:
    found = find(FULL, error(message, **more))
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "said",
    [
        error("Unsupported parameter: 'temperature'", status=401),
        error("Unsupported parameter: 'temperature'", status=500),
        error("Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 10 instead."),
        error("prompt is too long: 1001081 tokens > 1000000 maximum"),
        error("Invalid schema for response_format 'answer': 'minimum' is not permitted.", param="text.format.schema"),
        error("Invalid schema for function 'get_weather': unknown keyword."),
        error("Model does not support responses method."),
        error("Previous response cannot be used for this organization due to Zero Data Retention."),
        error("Missing required field: input"),
        error("Unsupported parameter: 'seed'"),
        error("Your request was rejected by the safety system."),
        error(""),
    ],
)
def test_what_is_no_refusal_of_a_field(said: dict[str, Any]) -> None:
    assert find(FULL, said) is None


def test_a_gateway_s_500_that_says_whose_fault_it_was() -> None:
    found = find(FULL, error(f"{LITELLM}Unsupported parameter: 'top_p'", status=500))
    assert found is not None
    assert found.name == "top_p"


def test_an_error_in_a_stream_has_no_status() -> None:
    found = find(FULL, error("Unsupported parameter: 'top_p'", status=None))
    assert found is not None
    assert found.name == "top_p"


def test_the_steps_down_of_reasoning() -> None:
    said = error("This model does not support reasoning.")
    first = find(FULL, said)
    assert first == drops.Drop("reasoning.summary", certain=False, waits=True)
    left, _ = strip(FULL, {first.name})
    assert left["reasoning"] == {"effort": "high"}
    second = find(left, said)
    assert second == drops.Drop("reasoning", certain=False)
    left, _ = strip(left, {second.name})
    assert "reasoning" not in left
    assert find(left, said) is None


def test_a_summary_alone_is_one_step() -> None:
    found = find({**FULL, "reasoning": {"summary": "auto"}}, error("This model does not support reasoning."))
    assert found == drops.Drop("reasoning", certain=False)


def test_what_is_named_alone_is_certain() -> None:
    for message, certain in (
        ("Unsupported parameter: 'top_p'", True),
        ("`temperature` and `top_p` cannot both be specified", False),
        ("top_p is not supported", False),
        ("This model does not support tool calling.", True),
    ):
        found = find(FULL, error(message))
        assert found is not None
        assert found.certain is certain, message


def test_the_model_s_name_is_no_field() -> None:
    said = error("grok-4-fast-reasoning is not available here")
    assert find(FULL, said, "grok-4-fast-reasoning") is None


def test_a_search_that_is_wanted() -> None:
    said = error("Deep research models require at least one of 'web_search_preview', 'mcp', or 'file_search' tools.")
    assert needs_search({"tools": [FUNCTION]}, said)
    assert needs_search({}, said)
    assert not needs_search({"tools": [SEARCH]}, said)
    assert not needs_search({}, error("web_search_preview is not supported"))
    assert find(FULL, said) is None


class TestStrip:
    def test_nothing_is_changed_in_place(self) -> None:
        before = repr(FULL)
        strip(FULL, {"reasoning.summary", "tools.function", "include.reasoning.encrypted_content", "stream"})
        assert repr(FULL) == before

    def test_tools_take_their_settings_along(self) -> None:
        left, gone = strip(FULL, {"tools"})
        assert gone == ["tools"]
        assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(left)
        left, _ = strip({**FULL, "tools": [FUNCTION]}, {"tools.function"})
        assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(left)

    def test_the_other_tools_stay(self) -> None:
        left, _ = strip({**FULL, "tool_choice": {"type": "function", "name": "x"}}, {"tools.function"})
        assert left["tools"] == [SEARCH]
        assert "tool_choice" not in left
        left, _ = strip(FULL, {"tools.web_search"})
        assert left["tools"] == [FUNCTION]
        assert left["tool_choice"] == "auto"

    def test_an_effort_that_was_refused_says_nothing_of_others(self) -> None:
        low = {"reasoning": {"effort": "low"}}
        assert strip(low, {"reasoning.effort=high"}) == (low, [])
        assert strip({"reasoning": {"effort": "high"}}, {"reasoning.effort=high"}) == ({}, ["reasoning.effort=high"])

    def test_streaming_is_switched_off(self) -> None:
        assert strip({"stream": True}, {"stream"}) == ({"stream": False}, ["stream"])
        assert strip({"stream": False}, {"stream"}) == ({"stream": False}, [])

    @settings(max_examples=100, deadline=None)
    @given(st.sets(st.sampled_from(sorted({*drops._ALIASES.values(), "reasoning.effort=high", "include.x"}))))
    def test_what_is_left_out_is_gone(self, without: set[str]) -> None:
        left, gone = strip(FULL, without)
        assert strip(left, without) == (left, [])
        assert set(gone) <= without


def test_words() -> None:
    assert (
        words("reasoning.effort=high")
        == "This model does not take reasoning.effort high. It was asked again without it."
    )
    assert words("include.reasoning.encrypted_content") == words("include") == ""
    assert words("tools.function") == "This model does not call tools. It was asked again without them."
    assert remembered(["top_p", "include.x", "tools.web_search", "reasoning.effort=high"]) == (
        "Not sent, for this model refused it before: top_p, web search, reasoning.effort high."
    )
    assert remembered(["include.x"]) == ""
    assert names(["field.top_p", "chain", "chat.top_p"]) == {"top_p"}
