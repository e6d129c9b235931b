"""Responses, usage, balances and model entries read leniently."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.api import types
from poe_tui.api.types import (
    Balance,
    FunctionCall,
    ImageGenerationCall,
    Message,
    OutputItem,
    PointsEntry,
    ReasoningItem,
    Response,
    Usage,
    WebSearchCall,
    model_info,
)

ENTRY: dict[str, Any] = {
    "id": "acme-1",
    "created": 1765227300074,
    "description": "Text\nmodel.",
    "owned_by": "Acme",
    "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
    "supported_features": ["web_search", "tools"],
    "supported_endpoints": ["/v1/responses"],
    "pricing": {"prompt": "0.0000016", "completion": 0.000013, "image": None, "request": "0.00"},
    "context_window": {"context_length": 400000, "max_output_tokens": None},
    "context_length": 1,
    "metadata": {"display_name": "Acme-1", "url": "https://poe.com/acme-1"},
    "reasoning": {"budget": None, "required": False, "supports_reasoning_effort": True},
    "parameters": [{"name": "reasoning_effort", "schema": {"enum": ["none", "low", "high"]}}, None, "x"],
}


class TestResponse:
    def test_a_real_one(self) -> None:
        response = Response.read(
            {"id": "r", "status": "completed", "output": [{"type": "message", "content": "Hi"}, None], "x": 1}
        )
        assert (response.id, response.status, response.output_text) == ("r", "completed", "Hi")
        assert response.model_extra == {"x": 1}
        assert [type(item) for item in response.items] == [Message]

    @pytest.mark.parametrize("value", [None, [], "x", {}, {"id": 7, "output": "x", "usage": [], "error": "e"}])
    def test_nonsense_is_an_empty_one(self, value: Any) -> None:
        response = Response.read(value)
        assert (response.id, response.output, response.usage, response.output_text) == (None, [], None, "")

    @pytest.mark.parametrize(
        ("item", "kind"),
        [
            ({"type": "message", "content": [{"type": "output_text", "text": "a"}, None]}, Message),
            ({"type": "message", "content": "plain", "role": 7, "status": None}, Message),
            ({"type": "message", "content": ""}, Message),
            ({"type": "reasoning", "summary": "short", "content": None}, ReasoningItem),
            ({"type": "function_call", "arguments": {"a": 1}, "call_id": "c" * 10000}, FunctionCall),
            ({"type": "function_call", "arguments": None, "name": 5}, FunctionCall),
            ({"type": "web_search_call", "action": {"type": "search"}}, WebSearchCall),
            ({"type": "web_search_call", "action": "x"}, WebSearchCall),
            ({"type": "image_generation_call", "result": "aGk="}, ImageGenerationCall),
            ({"type": "hologram", "z": [1]}, OutputItem),
            ({"type": 7}, OutputItem),
            ({}, OutputItem),
        ],
    )
    def test_items_as_typed_views(self, item: dict[str, Any], kind: type[OutputItem]) -> None:
        assert type(types.view(item)) is kind

    def test_what_the_views_make_of_odd_fields(self) -> None:
        plain = types.view({"type": "message", "content": "plain"})
        assert isinstance(plain, Message)
        assert plain.content == [{"type": "output_text", "text": "plain"}]
        call = types.view({"type": "function_call", "arguments": {"ä": 1}})
        assert isinstance(call, FunctionCall)
        assert call.arguments == '{"ä": 1}'
        thought = types.view({"type": "reasoning", "summary": "s"})
        assert isinstance(thought, ReasoningItem)
        assert thought.summary == [{"type": "summary_text", "text": "s"}]


class TestUsage:
    def test_the_two_families(self) -> None:
        usage = {
            "input_tokens": 14,
            "input_tokens_details": {"cached_tokens": 3},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 19,
        }
        read = Usage.read(usage)
        assert (read.input_tokens, read.cached_tokens, read.reasoning_tokens, read.total_tokens) == (14, 3, 0, 19)
        chat = Usage.read({"prompt_tokens": 1, "completion_tokens": 2, "completion_tokens_details": None})
        assert (chat.input_tokens, chat.output_tokens, chat.reasoning_tokens) == (1, 2, None)

    @pytest.mark.parametrize("usage", [None, {}, [], "x", {"input_tokens": "x"}, {"input_tokens": True}])
    def test_what_is_not_said_is_unknown(self, usage: Any) -> None:
        assert Usage.read(usage).input_tokens is None


class TestModelInfo:
    def test_a_full_entry(self) -> None:
        info = model_info(ENTRY)
        assert info is not None
        assert (info.id, info.name, info.owner) == ("acme-1", "Acme-1", "Acme")
        assert info.created == pytest.approx(1765227300.074)
        assert info.price is not None
        assert (info.price.prompt, info.price.completion, info.price.image) == (1.6e-06, 1.3e-05, None)
        assert info.price.request == 0
        assert (info.context_length, info.max_output_tokens) == (400000, None)
        assert (info.efforts, info.reasons) == (("none", "low", "high"), True)
        assert info.endpoints == ("/v1/responses",)
        assert info.url == "https://poe.com/acme-1"
        assert not info.media_output

    @pytest.mark.parametrize("entry", [None, [], {}, {"id": None}, {"id": 7}, {"id": "  "}, "x"])
    def test_an_entry_without_an_id_is_none(self, entry: Any) -> None:
        assert model_info(entry) is None

    @pytest.mark.parametrize("field", sorted(set(ENTRY) - {"id"}))
    @pytest.mark.parametrize("value", [None, [], {}, "x", 7, ["x", None, 3]])
    def test_every_field_may_be_null_or_odd(self, field: str, value: Any) -> None:
        info = model_info({**ENTRY, field: value})
        assert info is not None
        assert info.id == "acme-1"
        missing = model_info({key: known for key, known in ENTRY.items() if key != field})
        assert missing is not None

    def test_an_entry_with_an_id_alone(self) -> None:
        info = model_info({"id": " MiXed "})
        assert info is not None
        assert (info.id, info.name, info.price, info.context_length, info.reasons) == (
            "MiXed",
            "MiXed",
            None,
            None,
            False,
        )

    def test_reasoning_is_seen_in_the_parameters_too(self) -> None:
        info = model_info({"id": "m", "parameters": [{"name": "thinking_budget", "schema": {"type": "number"}}]})
        assert info is not None
        assert (info.reasons, info.efforts) == (True, ())


class TestMoney:
    @pytest.mark.parametrize(
        ("body", "points"),
        [
            ({"current_point_balance": 1482930}, 1482930),
            ({"current_point_balance": "1482930"}, 1482930),
            ({"current_point_balance": 12.7, "points": "x"}, 12),
            ({"current_point_balance": None}, None),
            ({"current_point_balance": True}, None),
            ({"current_point_balance": "lots"}, None),
            ({"current_point_balance": float("inf")}, None),
            ([], None),
        ],
    )
    def test_balance(self, body: Any, points: int | None) -> None:
        assert Balance.read(body).points == points

    def test_an_entry_of_the_history(self) -> None:
        entry = PointsEntry.read(
            {
                "query_id": "q1",
                "bot_name": "Claude",
                "usage_type": "API",
                "creation_time": 1765227300074000,
                "cost_points": 24,
                "cost_usd": "0.00072",
                "cost_breakdown_in_points": {"Input": "173 points"},
            }
        )
        assert (entry.query_id, entry.bot_name, entry.points, entry.usd) == ("q1", "Claude", 24, 0.00072)
        assert entry.created_at == pytest.approx(1765227300.074)
        assert entry.breakdown == {"Input": "173 points"}

    def test_an_older_entry_and_an_empty_one(self) -> None:
        assert PointsEntry.read({"app_name": "Old", "cost_breakdown_in_points": None}).bot_name == "Old"
        empty = PointsEntry.read("x")
        assert (empty.points, empty.created_at, empty.breakdown) == (None, None, {})

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (1765227300, 1765227300),
            (1765227300074, 1765227300.074),
            (1765227300074000, 1765227300.074),
            (0, None),
            ("x", None),
        ],
    )
    def test_times_are_told_apart_by_magnitude(self, value: Any, expected: float | None) -> None:
        assert types.seconds(value) == (None if expected is None else pytest.approx(expected))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["type", "content", "summary", "arguments", "name", "id", "status", "action", "call_id", "role"]
        ),
        st.none()
        | st.text(max_size=3)
        | st.integers()
        | st.lists(st.none() | st.dictionaries(st.text(max_size=2), st.none())),
    )
)
def test_no_item_raises(item: dict[str, Any]) -> None:
    types.view(item)
    types.output_text([item])
    types.reasoning([item])
    types.citations([item])
