"""A Responses request as a chat request: every mapping, and what a refusal makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.api import chat
from poe_tui.api.chat import Dropped, dropped

TEXT = {"type": "input_text", "text": "Hello?"}
PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}
WEATHER = {
    "type": "function", "name": "get_weather", "description": "The weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}, "strict": None,
}  # fmt: skip
NESTED: dict[str, Any] = {
    "type": "function",
    "function": {name: WEATHER[name] for name in ("name", "description", "parameters")},
}


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": list(parts or (TEXT,))}


def assistant(text: str, **extra: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "role": "assistant", "content": [part], **extra}


def call(call_id: str, **extra: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "f", "arguments": "{}", **extra}


def output(call_id: str, text: Any = "42") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def made(*items: dict[str, Any], parameters: Any = (), without: Any = (), **fields: Any) -> chat.ChatRequest:
    body = {"model": "acme", "input": list(items or (user(),)), **fields}
    return chat.request(body, parameters=parameters, without=without)


def said(*items: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = made(*items, **fields).body["messages"]
    return messages


class TestMessages:
    def test_the_least_that_can_be_sent(self) -> None:
        request = made(stream=True)
        assert request.body == {
            "model": "acme",
            "messages": [{"role": "user", "content": "Hello?"}],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        assert request.notes == ()
        assert made(stream=False).body == {"model": "acme", "messages": request.body["messages"], "stream": False}

    def test_instructions_are_the_first_word_of_the_system(self) -> None:
        assert said(instructions="Be brief.")[0] == {"role": "system", "content": "Be brief."}
        also = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be brief."}]}
        assert [one["role"] for one in said(also, user(), instructions="Be brief.")] == ["system", "user"]

    @pytest.mark.parametrize("role", ["system", "developer"])
    def test_a_developer_speaks_as_the_system(self, role: str) -> None:
        item = {"type": "message", "role": role, "content": [{"type": "input_text", "text": "Rules."}]}
        assert said(user(), item)[1] == {"role": "system", "content": "Rules."}

    def test_texts_are_one_string(self) -> None:
        assert said(user(TEXT, {"type": "input_text", "text": "Well?"}))[0]["content"] == "Hello?\n\nWell?"
        assert said({"role": "user", "content": "Plain."})[0]["content"] == "Plain."
        assert said(user(), {"type": "message", "role": "user", "content": []})[1:] == []

    def test_a_string_is_one_message(self) -> None:
        assert chat.request({"model": "a", "input": "Hello?"}).body["messages"] == [
            {"role": "user", "content": "Hello?"}
        ]

    def test_images_and_files_are_parts(self) -> None:
        image = {"type": "input_image", "image_url": PNG, "detail": "low"}
        assert said(user(TEXT, image, PDF))[0]["content"] == [
            {"type": "text", "text": "Hello?"},
            {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF["file_data"]}},
        ]

    def test_what_no_message_can_carry_is_told(self) -> None:
        image, file = {"type": "input_image", "file_id": "f1"}, {"type": "input_file", "file_url": "https://x/a.pdf"}
        request = made(user(TEXT, image, file), {"type": "mcp_call"})
        assert request.body["messages"] == [{"role": "user", "content": "Hello?"}]
        assert request.notes == (
            "Left out, for chat/completions cannot carry it: an image by its id, a file by its address, mcp_call.",
        )

    def test_an_answer_is_its_text_without_its_phase(self) -> None:
        refusal = {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
        assert said(user(), assistant("Hi.", phase="final_answer"))[1] == {"role": "assistant", "content": "Hi."}
        assert said(user(), refusal)[1] == {"role": "assistant", "content": "No."}
        assert said(user(), assistant("One."), assistant("Two."))[1:] == [
            {"role": "assistant", "content": "One.\n\nTwo."}
        ]

    def test_reasoning_is_left_out_without_a_word(self) -> None:
        thought = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
        request = made(user(), thought, assistant("Hi."))
        assert [one["role"] for one in request.body["messages"]] == ["user", "assistant"]
        assert request.notes == ()


class TestCalls:
    def test_calls_hang_on_the_answer_and_their_results_follow(self) -> None:
        items = (user(), assistant("Let me see."), call("c1"), call("c2"), output("c1"), output("c2", {"deg": 3}))
        assert said(*items)[1:] == [
            {
                "role": "assistant",
                "content": "Let me see.",
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                    {"id": "c2", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
            {"role": "tool", "tool_call_id": "c2", "content": '{"deg":3}'},
        ]

    def test_a_text_after_a_call_does_not_part_it_from_its_result(self) -> None:
        assert [one["role"] for one in said(user(), call("c1"), assistant("So."), output("c1"))] == [
            "user", "assistant", "tool",
        ]  # fmt: skip
        assert said(user(), call("c1"), assistant("So."))[1]["content"] == "So."

    def test_a_call_alone_says_nothing(self) -> None:
        assert said(user(), call("c1"))[1]["content"] == ""

    def test_the_second_round_is_a_message_of_its_own(self) -> None:
        messages = said(user(), call("c1"), output("c1"), assistant("And"), call("c2"), output("c2"))
        assert [one["role"] for one in messages] == ["user", "assistant", "tool", "assistant", "tool"]
        assert [one["tool_calls"][0]["id"] for one in messages if "tool_calls" in one] == ["c1", "c2"]

    def test_a_call_id_is_not_touched(self) -> None:
        long = "call_" + "aB+/=" * 2000
        first, second = said(user(), call(long), output(long))[1:]
        assert first["tool_calls"][0]["id"] == second["tool_call_id"] == long

    @pytest.mark.parametrize("arguments", ["", None])
    def test_no_arguments_are_an_empty_object(self, arguments: Any) -> None:
        assert said(user(), call("c1", arguments=arguments))[1]["tool_calls"][0]["function"]["arguments"] == "{}"

    def test_signatures_go_back_unchanged(self) -> None:
        signature = {"google": {"thought_signature": "CmIBjz1r+/=="}}
        assert said(user(), call("c1", extra_content=signature))[1]["tool_calls"][0]["extra_content"] == signature

    def test_the_parts_of_a_result_are_its_texts(self) -> None:
        parts = [TEXT, {"type": "input_image", "image_url": PNG}]
        request = made(user(), call("c1"), output("c1", parts))
        assert request.body["messages"][2]["content"] == "Hello?"
        assert "that a tool returned" in request.notes[0]


class TestTools:
    @pytest.mark.parametrize("tool", [WEATHER, NESTED])
    def test_function_tools_are_nested(self, tool: dict[str, Any]) -> None:
        assert made(tools=[tool]).body["tools"] == [NESTED]
        strict = made(tools=[{**WEATHER, "strict": True}]).body["tools"][0]
        assert strict == {"type": "function", "function": {**NESTED["function"], "strict": True}}

    @pytest.mark.parametrize(
        ("choice", "sent"),
        [
            ("auto", "auto"), ("required", "required"), ("none", "none"), (None, None),
            ({"type": "function", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
            ({"type": "function", "function": {"name": "f"}}, {"type": "function", "function": {"name": "f"}}),
            ({"type": "web_search_preview"}, None),
        ],
    )  # fmt: skip
    def test_the_choice(self, choice: Any, sent: Any) -> None:
        request = made(tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False)
        assert request.body.get("tool_choice") == sent
        assert request.body["parallel_tool_calls"] is False

    def test_web_search_is_a_switch_or_not_there(self) -> None:
        search = {"type": "web_search_preview", "search_context_size": "low"}
        request = made(tools=[search], tool_choice="auto")
        assert request.body.keys() == {"model", "messages", "stream"}
        assert request.notes == ("Not available by chat/completions: web search.",)
        declared = [{"name": "web_search", "schema": {"type": "boolean"}}]
        request = made(tools=[search, WEATHER], parameters=declared)
        assert (request.body["web_search"], request.body["tools"], request.notes) == (True, [NESTED], ())

    def test_other_tools_are_told(self) -> None:
        request = made(tools=[{"type": "code_interpreter"}, {"type": "mcp"}])
        assert request.notes == ("Not available by chat/completions: code_interpreter, mcp.",)


class TestFields:
    def test_what_keeps_its_name_and_what_does_not(self) -> None:
        body = made(temperature=0.0, top_p=0.5, max_output_tokens=99, top_logprobs=3).body
        assert body["temperature"] == 0.0 and body["top_p"] == 0.5
        assert body["max_completion_tokens"] == 99
        assert (body["logprobs"], body["top_logprobs"]) == (True, 3)

    def test_what_has_no_place_is_told_if_a_person_set_it(self) -> None:
        request = made(
            store=False, include=["reasoning.encrypted_content"], previous_response_id="resp_1", truncation="auto",
            metadata={"a": "b"}, service_tier="flex", text={"verbosity": "low"}, reasoning={"effort": "high"},
        )  # fmt: skip
        assert request.body.keys() == {"model", "messages", "stream"}
        assert request.notes == (
            "Not sent, for chat/completions has no such field: truncation, metadata, service_tier, reasoning effort, "
            "verbosity.",
        )

    @pytest.mark.parametrize("name", ["reasoning_effort", "output_effort", "effort"])
    def test_the_effort_goes_by_the_name_that_the_model_declares(self, name: str) -> None:
        declared = [{"name": name, "schema": {"enum": ["low", "high"]}}, {"name": "odd"}]
        request = made(reasoning={"effort": "high", "summary": "auto"}, parameters=declared)
        assert request.body[name] == "high"
        assert request.notes == ()
        assert name not in made(reasoning={"effort": "max"}, parameters=declared).body

    def test_declared_and_custom_fields_go_at_the_top(self) -> None:
        declared = [{"name": "verbosity", "schema": {"enum": ["low"]}}]
        body = made(text={"verbosity": "low"}, aspect="3:2", thinking_budget=1024, parameters=declared).body
        assert (body["verbosity"], body["aspect"], body["thinking_budget"]) == ("low", "3:2", 1024)

    def test_a_schema_is_asked_for_and_doubted(self) -> None:
        schema = {"type": "object"}
        wanted = {"type": "json_schema", "name": "x", "schema": schema, "strict": True, "description": None}
        request = made(text={"format": wanted})
        assert request.body["response_format"] == {
            "type": "json_schema",
            "json_schema": {"name": "x", "schema": schema, "strict": True},
        }
        assert "may ignore the schema" in request.notes[0]
        assert made(text={"format": {"type": "json_object"}}).body["response_format"] == {"type": "json_object"}
        assert "response_format" not in made(text={"format": {"type": "text"}}).body

    def test_the_logprobs_of_include(self) -> None:
        assert made(include=["message.output_text.logprobs"]).body["logprobs"] is True


class TestRefusals:
    BODY = made(
        temperature=1, top_p=1, max_output_tokens=9, stream=True, tools=[WEATHER], tool_choice="auto", aspect="3:2"
    ).body

    @pytest.mark.parametrize(
        ("error", "name", "certain"),
        [
            ({"message": "Unknown parameter: 'stream_options'."}, "stream_options", True),
            ({"message": "Extra inputs", "param": "stream_options.include_usage"}, "stream_options", True),
            ({"message": "Unknown: 'max_completion_tokens'", "http_status": 422}, "max_completion_tokens", True),
            ({"message": "`temperature` and `top_p` cannot both be specified for this model."}, "top_p", False),
            ({"message": "Model X does not support tool calling. Use a tool-capable model."}, "tools", True),
            ({"message": "tools is not supported in this model"}, "tools", True),
            ({"message": "Functions are not supported with x"}, "tools", True),
            ({"message": "no", "code": "unsupported_feature_for_model"}, "tools", True),
            ({"message": "Unknown parameter: 'tool_choice'."}, "tool_choice", True),
        ],
    )  # fmt: skip
    def test_the_field_that_is_named_is_given_up(self, error: dict[str, Any], name: str, certain: bool) -> None:
        assert dropped(self.BODY, {"http_status": 400, **error}) == Dropped(name, certain)

    @pytest.mark.parametrize(
        "error",
        [
            {"message": "Unknown parameter: 'stream_options'.", "http_status": 500},
            {"message": "Unknown parameter: 'aspect'.", "param": "aspect"},
            {"message": "Unknown parameter: 'messages[0].name'.", "param": "messages"},
            {"message": "The response_format is unknown."},
            {"message": None},
            {},
        ],
    )
    def test_anything_else_is_left_to_the_person(self, error: dict[str, Any]) -> None:
        assert dropped(self.BODY, {"http_status": 400, **error}) is None

    def test_a_request_without_what_was_refused(self) -> None:
        names = {"stream_options", "temperature"}
        body = made(temperature=1, top_p=1, stream=True, without=names).body
        assert body.keys() == {"model", "messages", "top_p", "stream"}

    def test_the_allowance_has_a_second_name(self) -> None:
        body = made(max_output_tokens=9, without={"max_completion_tokens"}).body
        assert body["max_tokens"] == 9 and "max_completion_tokens" not in body
        body = made(max_output_tokens=9, without={"max_completion_tokens", "max_tokens"}).body
        assert not body.keys() & {"max_tokens", "max_completion_tokens"}

    def test_without_tools_there_is_nothing_to_choose(self) -> None:
        body = made(tools=[WEATHER], tool_choice="auto", parallel_tool_calls=True, without={"tools"}).body
        assert body.keys() == {"model", "messages", "stream"}
        assert "top_logprobs" not in made(top_logprobs=3, without={"logprobs"}).body


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["type", "role", "content", "text", "image_url", "file_data", "call_id", "name", "arguments", "output", "refusal"]
)
WORDS = st.sampled_from(
    ["message", "user", "assistant", "input_text", "input_image", "input_file", "function_call", "refusal",
     "function_call_output", "reasoning", "function", "web_search_preview"]
)  # fmt: skip
ITEMS = st.dictionaries(FIELDS, WORDS | JUNK | st.lists(st.dictionaries(FIELDS, WORDS | JUNK, max_size=4), max_size=3))
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "model": JUNK, "input": JUNK | st.lists(ITEMS, max_size=6), "instructions": JUNK, "include": JUNK,
        "tools": st.lists(ITEMS | JUNK), "tool_choice": JUNK | ITEMS, "top_logprobs": JUNK, "stream": JUNK,
        "text": JUNK | st.fixed_dictionaries({"format": JUNK | ITEMS, "verbosity": JUNK}),
        "reasoning": JUNK | st.fixed_dictionaries({"effort": JUNK}),
    },
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(BODIES, st.lists(st.fixed_dictionaries({"name": JUNK, "schema": JUNK}), max_size=2), JUNK)
def test_no_body_is_beyond_it(body: dict[str, Any], parameters: list[dict[str, Any]], message: Any) -> None:
    request = chat.request(body, parameters=parameters)
    assert isinstance(request.body["messages"], list)
    assert request == chat.request(body, parameters=parameters)
    found = dropped(request.body, {"http_status": 400, "message": message, "param": message})
    assert found is None or found.name in chat.DROPPABLE
