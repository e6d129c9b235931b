"""Items in the making: tools that stream, sequence numbers, parts without an index."""

from __future__ import annotations

from typing import Any

import pytest

from poe_tui.api.slots import Part, Slot
from tests.unit.test_api_accumulate import Raw, added, build, call, completed, delta, done, message


def piece(kind: str, text: Any = None, **fields: Any) -> Raw:
    sent = {} if text is None else {"delta": text}
    return {"type": f"response.{kind}", "output_index": 0, **sent, **fields}


@pytest.mark.parametrize(
    ("event", "final", "kind", "field"),
    [
        ("function_call_arguments", "arguments", "function_call", "arguments"),
        ("mcp_call_arguments", "arguments", "mcp_call", "arguments"),
        ("custom_tool_call_input", "input", "custom_tool_call", "input"),
        ("code_interpreter_call_code", "code", "code_interpreter_call", "code"),
    ],
)
def test_a_streamed_field_of_a_tool_call(event: str, final: str, kind: str, field: str) -> None:
    pieces = [piece(f"{event}.delta", "ab"), piece(f"{event}.delta", "cd")]
    assert build(*pieces).output == [{"type": kind, field: "abcd"}]
    assert build(*pieces, piece(f"{event}.done", **{final: "whole"})).output[0][field] == "whole"
    assert build(*pieces, piece(f"{event}.done", **{final: ""})).output[0][field] == "abcd"
    shell = {"type": kind, "id": "x", "status": "in_progress", field: ""}
    assert build(added(shell), *pieces).output == [{**shell, field: "abcd"}]
    finished = {**shell, "status": "completed", field: "final"}
    assert build(added(shell), *pieces, done(finished)).output == [finished]


def test_a_patch_in_pieces() -> None:
    shell = {"type": "apply_patch_call", "operation": {"type": "update_file", "path": "a", "diff": ""}}
    events = [piece("apply_patch_call_operation_diff.delta", part) for part in ("+a", "\n-b")]
    assert build(added(shell), *events).output == [{**shell, "operation": {**shell["operation"], "diff": "+a\n-b"}}]
    assert build(*events).output == [{"type": "apply_patch_call", "operation": {"diff": "+a\n-b"}}]
    assert shell["operation"]["diff"] == ""


def test_commands_in_pieces_and_what_they_printed() -> None:
    events = [
        piece("shell_call_command.added", command="", command_index=1),
        piece("shell_call_command.delta", "ls ", command_index=1),
        piece("shell_call_command.delta", "-l", command_index=1),
        piece("shell_call_command.done", command="pwd", command_index=0),
        piece("shell_call_command.delta", "x", command_index=10**9),
        {"type": "response.shell_call_output_content.done", "output_index": 1, "output": [{"stdout": "hi"}]},
    ]
    shell, output = build(*events).output
    assert shell["action"] == {"commands": ["pwd", "ls -l"]}
    assert output == {"type": "shell_call_output", "output": [{"stdout": "hi"}]}
    said = {"type": "shell_call", "action": {"commands": ["echo"], "timeout_ms": 1}}
    assert build(*events[:4], done(said)).output[0]["action"] == {"commands": ["echo", "ls -l"], "timeout_ms": 1}


def test_progress_is_the_state_of_an_item_until_it_is_finished() -> None:
    searching = piece("web_search_call.searching")
    assert build(searching).output == [{"type": "web_search_call", "status": "searching"}]
    item = {"type": "web_search_call", "id": "ws", "status": "completed", "action": {"type": "search"}}
    assert build(added({**item, "status": "in_progress"}), searching, done(item)).output == [item]


def test_the_name_that_comes_with_the_arguments_counts() -> None:
    event = piece("function_call_arguments.done", arguments="{}", name="get_weather")
    assert build(event).output == [{"type": "function_call", "name": "get_weather", "arguments": "{}"}]


def test_names_that_the_last_word_leaves_out_are_remembered() -> None:
    bare = {"type": "function_call", "id": "fc_1", "arguments": "{}"}
    assert build(added(call("")), completed(bare)).output == [{**bare, "call_id": "call_1", "name": "f"}]


class TestSequenceNumbers:
    def numbered(self, *pairs: tuple[int | None, str]) -> str:
        head: list[Raw] = [{"type": "response.created", "sequence_number": 0}]
        head.append({"type": "response.in_progress", "sequence_number": 1})
        return build(*head, *(delta(text, sequence_number=number) for number, text in pairs)).output_text

    def test_the_same_event_twice_counts_once(self) -> None:
        assert self.numbered((2, "a"), (3, "b"), (3, "b"), (4, "c"), (2, "a")) == "abc"

    def test_swapped_neighbours_find_their_places(self) -> None:
        assert self.numbered((2, "a"), (4, "c"), (3, "b"), (5, "d")) == "abcd"

    def test_numbers_that_start_over_are_not_believed(self) -> None:
        assert self.numbered((20, "a"), (21, "b"), (0, "c"), (1, "d"), (2, "e")) == "abcde"

    def test_one_number_for_all_is_not_believed(self) -> None:
        assert self.numbered((2, "ha"), (2, "hi"), (2, "ho")) == "hahiho"
        assert build(*(delta("ha", sequence_number=0) for _ in range(3))).output_text == "hahaha"

    def test_no_numbers_at_all(self) -> None:
        assert self.numbered((None, "ha"), (None, "ha"), (5, "x"), (None, "y")) == "hahaxy"


class TestPlaces:
    def test_without_index_and_id_everything_still_finds_its_item(self) -> None:
        events = [
            added({"type": "reasoning", "summary": []}, None),
            {"type": "response.reasoning_summary_text.delta", "delta": "hm"},
            done({"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}, None),
            added({"type": "message", "content": []}, None),
            {"type": "response.output_text.delta", "delta": "Hi"},
            done(message("Hi"), None),
            added({**call(""), "id": None}, None),
            {"type": "response.function_call_arguments.delta", "delta": "{}"},
            done(call("{}"), None),
        ]
        assert [item["type"] for item in build(*events).output] == ["reasoning", "message", "function_call"]
        assert build(*events).output_text == "Hi"

    def test_parts_without_index_follow_each_other(self) -> None:
        texts = ["one", "two"]
        events = [
            {"type": f"response.{kind}", "output_index": 0, **fields}
            for text in texts
            for kind, fields in (
                ("content_part.added", {"part": {"type": "output_text", "text": ""}}),
                ("output_text.delta", {"delta": text}),
                ("output_text.done", {"text": text}),
                ("content_part.done", {"part": {"type": "output_text", "text": text}}),
            )
        ]
        assert [part["text"] for part in build(*events).output[0]["content"]] == texts

    def test_one_index_for_all_items_is_seen_through(self) -> None:
        first, second = call(name="fc_1", call_id="c1"), call('{"b":2}', name="fc_2", call_id="c2")
        events = [
            {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "hm"},
            added({**first, "arguments": ""}),
            added({**second, "arguments": ""}),
            piece("function_call_arguments.delta", '{"a":1}', item_id="fc_1"),
            piece("function_call_arguments.delta", '{"b":2}', item_id="fc_2"),
            delta("Hi"),
        ]
        builder = build(*events)
        assert [item.get("arguments") for item in builder.output] == [None, '{"a":1}', '{"b":2}', None]
        assert builder.output_text == "Hi"
        assert build(*events, done(second), done(first)).output[1:3] == [first, second]

    def test_added_twice_is_one_item(self) -> None:
        item = message()
        assert len(build(added(item), added(item), delta("Hi")).output) == 1

    def test_done_before_added_and_deltas(self) -> None:
        builder = build(done(message("Hi")), added(message()), delta("Hi"), delta("!"))
        assert builder.output == [message("Hi")]

    def test_a_second_message_at_the_place_of_a_finished_one(self) -> None:
        builder = build(added(message(name="a")), done(message("A", name="a")), added(message(name="b")), delta("B"))
        assert builder.output_text == "AB"

    def test_items_stand_in_the_order_of_their_index(self) -> None:
        builder = build(delta("second", output_index=7), delta("first", output_index=2), done(call(), 5))
        assert [item["type"] for item in builder.output] == ["message", "function_call", "message"]
        assert builder.output_text == "firstsecond"

    def test_items_that_are_not_objects_are_left_aside(self) -> None:
        broken: list[Raw] = [
            {"type": "response.output_item.added", "output_index": 0, "item": None},
            {"type": "response.output_item.done", "output_index": 0},
            {"type": "response.content_part.added", "output_index": 0, "part": None},
        ]
        assert build(*broken).output == []
        mixed = {"type": "response.completed", "response": {"output": [None, "x", message("Hi"), 7]}}
        assert build(mixed).output == [message("Hi")]


def test_content_given_as_a_text_is_the_text() -> None:
    item = {**message(), "content": "plain"}
    assert build(completed(item)).output_text == "plain"
    assert build(delta("streamed"), completed(item)).output == [item]
    assert build(delta("streamed"), completed({**item, "content": None})).output_text == "streamed"


def test_a_reasoning_item_that_tells_nothing_takes_what_was_streamed() -> None:
    thought = {"type": "reasoning", "id": "r", "summary": []}
    streamed = {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "hm"}
    finished = {"type": "response.reasoning_text.done", "output_index": 0, "text": "hmm"}
    assert build(streamed, completed(thought)).output[0]["content"] == [{"type": "reasoning_text", "text": "hm"}]
    assert build(streamed, finished, completed(thought)).reasoning_text == "hmm"
    told = {**thought, "summary": "short"}
    assert build(streamed, completed(told)).output == [told]


def test_a_name_that_is_none_belongs_to_nobody() -> None:
    builder = build(added({**message(), "id": None}), delta("a", item_id=""), done({**message("a"), "id": ""}))
    assert builder.output_text == "a"


def test_a_part_knows_when_it_is_empty() -> None:
    assert Part("output_text").empty
    assert not Part("hologram").empty
    part = Part("output_text")
    part.shell = {"type": "output_text", "annotations": []}
    assert part.value() == part.shell
    slot = Slot(0, 0, None)
    assert slot.id is None
    assert slot.droppable


def test_a_part_of_another_kind_than_the_streamed_one_is_left_alone() -> None:
    refusal = {**message(), "content": [{"type": "refusal", "refusal": "No."}]}
    assert build(delta("text"), completed(refusal)).output == [refusal]
    unknown = {**message(), "content": [None, {"type": "hologram"}]}
    assert build(delta("text"), completed(unknown)).output[0]["content"] == [{"type": "hologram"}]


def test_half_surrogates_are_joined_within_a_part() -> None:
    builder = build(delta("a\ud83d"), delta("\ude00b"), delta("\ud83d"), done({"type": "x", "id": "\ud83d"}, 1))
    assert builder.output_text == "a😀b\ufffd"
    assert builder.output[1]["id"] == "\ufffd"
    assert build(completed(id="\udc00")).response_id == "\ufffd"
