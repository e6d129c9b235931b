"""What of an item may be sent again: the allow-list, item type by item type."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.engine.items import as_items, is_empty, is_noteworthy, to_input, user_message
from poe_tui.model import Item
from tests.engine.makers import answer, call, called, thought

FORBIDDEN = {"id", "status", "logprobs", "provider_specific_fields", "obfuscation", "created_by"}


def test_an_answer_goes_back_as_output_text_alone() -> None:
    assert to_input(answer("Hi.")) == {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Hi.", "annotations": []}],
    }


def test_the_phase_of_a_message_is_kept() -> None:
    sent = to_input(answer("Let me see.", phase="commentary"))
    assert sent is not None
    assert sent["phase"] == "commentary"
    assert "phase" not in (to_input(answer("x", phase=None)) or {})


def test_a_refusal_goes_back_as_one() -> None:
    item = answer("") | {"content": [{"type": "refusal", "refusal": "I can't.", "annotations": []}]}
    assert (to_input(item) or {})["content"] == [{"type": "refusal", "refusal": "I can't."}]


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "",
        [{"type": "output_text"}],
        [{"type": "output_text", "text": None}],
        [{"type": "hologram"}],
        ["x"],
        7,
    ],
)
def test_an_empty_message_is_not_sent(content: object) -> None:
    assert to_input({"type": "message", "role": "assistant", "content": content}) is None


def test_content_that_is_a_plain_string_becomes_a_part() -> None:
    assert (to_input({"role": "assistant", "content": "Hi."}) or {})["content"] == [
        {"type": "output_text", "text": "Hi.", "annotations": []}
    ]
    assert (to_input({"role": "system", "content": "Be brief."}) or {})["content"] == [
        {"type": "input_text", "text": "Be brief."}
    ]


def test_images_and_files_of_the_user_are_kept() -> None:
    item = {
        "type": "message",
        "role": "user",
        "content": [
            {"type": "input_text", "text": "Look."},
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low", "width": 5},
            {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,AAAA", "size": 3},
            {"type": "input_image"},
        ],
    }
    assert (to_input(item) or {})["content"] == [
        {"type": "input_text", "text": "Look."},
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
        {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,AAAA"},
    ]


def test_a_call_id_is_sent_back_untouched_however_long() -> None:
    call_id = "call_" + "A+/=" * 2500
    assert to_input(call(call_id)) == {
        "type": "function_call",
        "call_id": call_id,
        "name": "get_weather",
        "arguments": '{"location":"Bern"}',
    }
    assert to_input(called(call_id)) == {"type": "function_call_output", "call_id": call_id, "output": "rain"}


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [("", ""), ("{}", "{}"), ("not json", "not json"), ({"a": 1}, '{"a":1}'), (None, "")],
)
def test_arguments_are_a_string_of_json(arguments: object, sent: str) -> None:
    assert (to_input(call("c", arguments=arguments)) or {})["arguments"] == sent


@pytest.mark.parametrize(
    ("output", "sent"),
    [
        ("text", "text"),
        ({"t": 3}, '{"t":3}'),
        ([{"type": "input_text", "text": "a", "id": 1}, {"type": "x"}], [{"type": "input_text", "text": "a"}]),
        ([1, 2], "[1,2]"),
        (None, ""),
    ],
)
def test_what_a_call_gave_is_text_or_parts(output: object, sent: object) -> None:
    assert (to_input(called("c", output)) or {})["output"] == sent


def test_reasoning_goes_back_encrypted_and_to_its_own_model_only() -> None:
    assert to_input(thought()) == {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "**Plan**"}],
        "encrypted_content": "gAAA",
    }
    assert to_input(thought(), same_model=False) is None
    assert to_input(thought(encrypted=None)) is None


@pytest.mark.parametrize("kind", ["web_search_call", "image_generation_call", "future_tool_call", "", None, 3])
def test_unknown_types_are_left_out(kind: object) -> None:
    assert to_input({"type": kind, "id": "x", "payload": 1}) is None


def test_only_what_a_person_would_miss_is_worth_a_note() -> None:
    assert is_noteworthy({"type": "image_generation_call"})
    assert not is_noteworthy({"type": "web_search_call"})
    assert not is_noteworthy({"type": "message"})


def test_half_surrogates_in_a_prompt_become_replacement_characters() -> None:
    assert user_message("a\udcffb")["content"][0]["text"] == "a\ufffdb"
    assert user_message("\ud83d\ude00")["content"][0]["text"] == "😀"


@pytest.mark.parametrize("prompt", ["", " \n\t ", [], [{"role": "user", "content": "  "}], [user_message(" ")]])
def test_nothing_to_say(prompt: str | list[Item]) -> None:
    assert is_empty(as_items(prompt))


@pytest.mark.parametrize(
    "prompt",
    [
        "x",
        [{"role": "user", "content": "x"}],
        [called("c")],
        [{"role": "user", "content": [7, {"type": "input_image", "image_url": "data:"}]}],
    ],
)
def test_something_to_say(prompt: str | list[Item]) -> None:
    assert not is_empty(as_items(prompt))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
kinds = st.sampled_from(["message", "function_call", "function_call_output", "reasoning", "hologram_call"])
fields = st.sampled_from(
    ["role", "content", "id", "status", "call_id", "name", "arguments", "output", "summary", "encrypted_content", "x"]
)


def _keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for held in value.values() for key in _keys(held)}
    return {key for held in value for key in _keys(held)} if isinstance(value, list) else set()


@given(kinds, st.dictionaries(fields, json_values, max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_item_is_sent_without_what_is_forbidden_and_the_same_every_time(kind: str, held: dict[str, object]) -> None:
    item = {**held, "type": kind}
    before = json.dumps(item)
    sent = to_input(item)
    assert json.dumps(item) == before, "the item itself must stay as it is"
    if sent is None:
        return
    assert not _keys(sent) & FORBIDDEN
    assert json.dumps(sent) == json.dumps(to_input(item))
    if isinstance(sent.get("role"), str | None):
        assert to_input(sent) == sent, "sending back what was sent changes nothing"
