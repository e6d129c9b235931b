"""The builder: any order of events, one Response, nothing doubled, nothing lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from poe_tui.api.accumulate import ResponseBuilder
from poe_tui.api.events import RetryScheduled
from poe_tui.api.parse import parse
from tests.fault_server import answer

Raw = dict[str, Any]


def build(*events: Raw) -> ResponseBuilder:
    builder = ResponseBuilder()
    for raw in events:
        # ensure_ascii makes half surrogates travel as escapes, as on the wire.
        event = parse(json.dumps(raw).encode())
        assert event is not None
        builder.apply(event)
    return builder


def delta(text: str, **fields: Any) -> Raw:
    return {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": text, **fields}


def done(item: Raw, index: int | None = 0) -> Raw:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def added(item: Raw, index: int | None = 0) -> Raw:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def message(*texts: str, name: str = "msg_1", **fields: Any) -> Raw:
    parts = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "id": name, "role": "assistant", "status": "completed", "content": parts, **fields}


def call(arguments: Any = '{"a":1}', name: str = "fc_1", call_id: str = "call_1", **fields: Any) -> Raw:
    return {"type": "function_call", "id": name, "call_id": call_id, "name": "f", "arguments": arguments, **fields}


def completed(*items: Raw, **fields: Any) -> Raw:
    response = {"id": "resp_1", "status": "completed", "output": list(items), **fields}
    return {"type": "response.completed", "response": response}


class TestWholeStreams:
    def test_an_ordinary_answer(self) -> None:
        builder = build(*answer("Hello brave world", "resp_9"))
        assert builder.status == "completed"
        assert builder.terminal == "response.completed"
        assert builder.output_text == "Hello brave world"
        assert builder.response_id == "resp_9"
        assert builder.upstream_model == "upstream-1"
        assert builder.usage == {"input_tokens": 3, "output_tokens": 3, "total_tokens": 6}
        assert builder.error is None
        assert builder.incomplete_reason is None
        assert len(builder.output) == 1

    def test_nothing_at_all(self) -> None:
        builder = ResponseBuilder()
        assert (builder.status, builder.output, builder.usage, builder.error) == ("interrupted", [], None, None)
        assert (builder.response_id, builder.upstream_model, builder.terminal) == (None, None, None)
        assert builder.response()["status"] == "interrupted"

    def test_without_a_terminal_event_it_is_interrupted_and_what_came_is_kept(self) -> None:
        builder = build(*answer("Hello brave world")[:4])
        assert (builder.status, builder.output_text) == ("interrupted", "Hello brave")
        assert builder.output[0]["status"] == "in_progress"
        assert builder.response_id == "resp_1"

    @pytest.mark.parametrize("kind", ["response.cancelled", "response.finished", "done"])
    def test_a_terminal_type_nobody_knows_is_no_end(self, kind: str) -> None:
        builder = build(delta("a"), {"type": kind, "response": {"status": "cancelled"}})
        assert (builder.status, builder.terminal, builder.output_text) == ("interrupted", None, "a")

    def test_the_whole_response_keeps_unknown_fields(self) -> None:
        created = {"type": "response.created", "response": {"id": "resp_0", "object": "response", "x": {"y": 1}}}
        whole = build(created, completed(message("a"), billing={"payer": "me"})).response()
        assert whole["x"] == {"y": 1}
        assert whole["billing"] == {"payer": "me"}
        assert whole["id"] == "resp_1"

    def test_a_later_head_does_not_take_the_id_away(self) -> None:
        builder = build(
            {"type": "response.created", "response": {"id": "resp_0", "model": "m"}},
            {"type": "response.in_progress", "response": {"id": None, "status": "in_progress"}},
        )
        assert (builder.response_id, builder.upstream_model) == ("resp_0", "m")

    def test_what_is_not_from_the_wire_changes_nothing(self) -> None:
        builder = build(*answer())
        builder.apply(RetryScheduled(1, 3, 0.1, "x", 503, 0.0))
        builder.apply("nonsense")
        assert builder.output_text == "Hello"


class TestReconciling:
    def test_an_empty_snapshot_keeps_what_streamed(self) -> None:
        events = answer("Hello world")
        events[-1]["response"]["output"] = []
        assert build(*events).output == build(*answer("Hello world")).output

    def test_a_snapshot_without_output_keeps_what_streamed(self) -> None:
        events = answer("Hello world")
        del events[-1]["response"]["output"]
        assert build(*events).output_text == "Hello world"

    def test_without_deltas_all_comes_from_the_snapshot(self) -> None:
        builder = build(completed(message("Hi"), call(), {"type": "reasoning", "summary": [{"text": "t"}]}))
        assert builder.output_text == "Hi"
        assert builder.reasoning_summary == "t"
        assert len(builder.output) == 3

    def test_without_deltas_all_comes_from_the_finished_item(self) -> None:
        builder = build(done(message("Hi")), completed())
        assert (builder.output_text, builder.status) == ("Hi", "completed")

    def test_the_snapshot_wins_over_the_deltas(self) -> None:
        assert build(delta("tpyo"), completed(message("typo"))).output_text == "typo"

    def test_an_empty_text_never_replaces_a_streamed_one(self) -> None:
        for empty in (message(""), {**message(), "content": [{"type": "output_text"}]}, message(), {"type": "message"}):
            builder = build(delta("kept"), done(empty), completed(empty))
            assert builder.output_text == "kept", empty

    def test_a_part_without_text_is_filled_from_the_stream(self) -> None:
        bare = {**message(), "content": [{"type": "output_text", "annotations": []}, {"type": "hologram", "x": 1}]}
        builder = build(delta("kept"), completed(bare))
        assert builder.output[0]["content"] == [
            {"type": "output_text", "annotations": [], "text": "kept"},
            {"type": "hologram", "x": 1},
        ]

    def test_ids_that_change_from_event_to_event_make_one_item(self) -> None:
        builder = build(
            added(message(name="msg_a")),
            delta("one ", item_id="msg_b"),
            delta("two", item_id="msg_c"),
            done(message("one two", name="msg_d")),
            completed(message("one two", name="msg_e")),
        )
        assert builder.output == [message("one two", name="msg_e")]

    def test_a_message_that_only_the_stream_knows_is_kept_when_the_snapshot_has_no_text(self) -> None:
        thought = {"type": "reasoning", "id": "rs_1", "summary": []}
        builder = build(delta("text", output_index=1), completed(thought))
        assert builder.output_text == "text"
        assert [item["type"] for item in builder.output] == ["reasoning", "message"]

    def test_a_finished_call_that_only_the_stream_knows_is_kept(self) -> None:
        builder = build(done(call(), 1), completed(message("Hi")))
        assert [item["type"] for item in builder.output] == ["message", "function_call"]

    def test_but_not_beside_the_calls_of_the_snapshot(self) -> None:
        builder = build(done(call(call_id="call_x")), completed(call(call_id="call_y", name="fc_9"), call(call_id="z")))
        assert [item["call_id"] for item in builder.output] == ["call_y", "z"]

    def test_arguments_missing_in_the_snapshot_come_from_the_stream(self) -> None:
        pieces = [
            {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": part}
            for part in ('{"a"', ":1}")
        ]
        assert build(*pieces, completed(call(""))).output[0]["arguments"] == '{"a":1}'
        assert build(*pieces, done(call(None)), completed()).output[0]["arguments"] == '{"a":1}'

    def test_a_snapshot_item_without_type_is_recognised(self) -> None:
        items = [{k: v for k, v in item.items() if k != "type"} for item in (message("Hi"), call())]
        custom = {"call_id": "c", "input": "x"}
        thought = {"summary": [{"text": "t"}]}
        output = build(completed(*items, custom, thought, {"x": 1})).output
        kinds = ["message", "function_call", "custom_tool_call", "reasoning", "unknown"]
        assert [item["type"] for item in output] == kinds

    def test_a_call_and_its_output_share_a_call_id_and_are_two_items(self) -> None:
        shell = {"type": "shell_call", "id": "sh_1", "call_id": "c"}
        output = {"type": "shell_call_output", "id": "sho_1", "call_id": "c"}
        builder = build(added(shell, None), done(shell, None), added(output, None), done(output, None))
        assert builder.output == [shell, output]

    def test_text_after_the_terminal_event_is_ignored(self) -> None:
        builder = build(*answer("Hello"), delta(" more"), done(message("other")), completed(message("again")))
        assert builder.output_text == "Hello"

    def test_a_usage_after_the_terminal_event_is_read_once(self) -> None:
        usage = {"input_tokens": 1}
        assert build(completed(message("a"))).usage is None
        assert build(completed(message("a")), completed(usage=usage)).usage == usage
        assert build(completed(message("a")), {"type": "usage", "usage": usage}).usage == usage
        assert build(completed(usage=usage), completed(usage={"input_tokens": 9})).usage == usage

    def test_a_usage_at_the_top_level_of_the_terminal_event_counts(self) -> None:
        assert build({**completed(message("a")), "usage": {"input_tokens": 1}}).usage == {"input_tokens": 1}


class TestReading:
    def test_reasoning_never_mixes_with_the_answer(self) -> None:
        builder = build(
            {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "think"},
            {"type": "response.reasoning_text.delta", "output_index": 1, "delta": "aloud"},
            {"type": "response.reasoning.delta", "output_index": 1, "delta": "!"},
            delta("answer", output_index=0),
        )
        assert builder.output_text == "answer"
        assert builder.reasoning_summary == "think"
        assert builder.reasoning_text == "aloud!"

    def test_reasoning_given_as_output_text_stays_reasoning(self) -> None:
        thought = {"type": "reasoning", "id": "rs_1", "role": "assistant"}
        part = {"type": "output_text", "text": "hm", "annotations": []}
        builder = build(
            added(thought),
            {"type": "response.content_part.added", "output_index": 0, "item_id": "rs_1", "part": part},
            completed({**thought, "content": [part]}, message("answer")),
        )
        assert (builder.output_text, builder.reasoning_text) == ("answer", "hm")

    def test_a_summary_that_the_snapshot_leaves_out_is_still_told(self) -> None:
        events = [
            added({"type": "reasoning", "id": "rs_1"}),
            {"type": "response.reasoning_summary_part.added", "output_index": 0, "summary_index": 0, "part": {}},
            {"type": "response.reasoning_summary_text.delta", "output_index": 0, "item_id": "rs_1", "delta": "so"},
            {"type": "response.reasoning_summary_text.done", "output_index": 0, "summary_index": 0, "text": "so what"},
        ]
        told = {"type": "reasoning", "id": "rs_1", "content": [{"type": "output_text", "text": "so what"}]}
        builder = build(*events, completed(told, message("x")))
        assert builder.output[0] == told
        assert builder.reasoning_summary == "so what"
        assert build(*events).output[0]["summary"] == [{"type": "summary_text", "text": "so what"}]

    def test_several_summary_parts_stand_apart(self) -> None:
        parts = [
            {"type": f"response.reasoning_summary_{what}", "output_index": 0, "summary_index": index, **fields}
            for index, text in enumerate(("one", "two"))
            for what, fields in (
                ("part.added", {"part": {"type": "summary_text", "text": ""}}),
                ("text.delta", {"delta": text}),
                ("part.done", {"part": {"type": "summary_text", "text": text}}),
            )
        ]
        assert build(*parts).reasoning_summary == "one\n\ntwo"
        unnumbered = [{key: value for key, value in part.items() if key != "summary_index"} for part in parts]
        assert build(*unnumbered).reasoning_summary == "one\n\ntwo"

    def test_a_refusal_is_no_answer(self) -> None:
        where = {"output_index": 0, "content_index": 0}
        builder = build(
            {"type": "response.refusal.delta", "delta": "I can", **where},
            {"type": "response.refusal.delta", "delta": "not", **where},
        )
        assert (builder.refusal, builder.output_text) == ("I cannot", "")
        builder = build({"type": "response.refusal.done", "refusal": "No.", **where})
        assert builder.output[0]["content"] == [{"type": "refusal", "refusal": "No."}]

    def test_phase_logprobs_and_unknown_fields_of_a_message_survive(self) -> None:
        item = message("Hi", phase="commentary", provider_specific_fields={"a": 1})
        item["content"][0]["logprobs"] = [{"token": "Hi", "logprob": -0.1}]
        assert build(completed(item)).output == [item]
        assert build(done(item)).output == [item]

    def test_logprobs_of_the_deltas_are_collected(self) -> None:
        one, two = {"token": "a", "logprob": -1}, {"token": "b", "logprob": -2}
        streamed = [delta("a", logprobs=[one]), delta("b", logprobs=[two])]
        assert build(*streamed).output[0]["content"][0]["logprobs"] == [one, two]
        final = {"type": "response.output_text.done", "output_index": 0, "text": "ab", "logprobs": [one]}
        assert build(*streamed, final).output[0]["content"][0]["logprobs"] == [one]

    @pytest.mark.parametrize(
        "item",
        [
            {"type": "image_generation_call", "id": "ig", "status": "completed", "result": "aGk=", "size": "1x1"},
            {"type": "code_interpreter_call", "id": "ci", "code": "1", "outputs": [{"type": "logs", "logs": "1"}]},
            {"type": "mcp_call", "id": "m", "name": "n", "arguments": "{}", "output": "o", "error": None},
            {"type": "mcp_list_tools", "id": "l", "tools": [{"name": "t"}]},
            {"type": "mcp_approval_request", "id": "a", "name": "n", "arguments": "{}"},
            {"type": "custom_tool_call", "id": "ct", "call_id": "c", "name": "n", "input": "x"},
            {"type": "shell_call", "id": "s", "call_id": "c", "action": {"commands": ["ls"]}},
            {"type": "local_shell_call", "id": "s", "call_id": "c", "action": {"command": ["ls"]}},
            {"type": "apply_patch_call", "id": "p", "call_id": "c", "operation": {"type": "delete_file"}},
            {"type": "compaction", "id": "c", "encrypted_content": "x"},
            {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "x"},
            {"type": "hologram", "anything": [1, {"a": None}]},
        ],
    )
    def test_items_of_every_kind_are_carried_verbatim(self, item: Raw) -> None:
        assert build(completed(item)).output == [item]
        assert build(added({**item, "status": "in_progress"}), done(item)).output == [item]

    def test_citations_are_told_once_each(self) -> None:
        def note(url: Any, title: Any = None, kind: str = "url_citation") -> Raw:
            return {"type": kind, "url": url, "title": title}

        text = message("Hi")
        text["content"][0]["annotations"] = [
            note("https://a", None),
            note("https://b", "B"),
            note("https://a", "A"),
            note("", "no"),
            note(7),
            note("https://c", "C", "hologram"),
            {"type": "url_citation", "url_citation": {"url": "https://d", "title": "D"}},
            "nonsense",
        ]
        expected = [("https://a", "A"), ("https://b", "B"), ("https://d", "D")]
        assert [(entry["url"], entry["title"]) for entry in build(completed(text)).citations] == expected

    def test_streamed_annotations_fill_a_snapshot_that_has_none(self) -> None:
        def annotation(url: str, index: int | None) -> Raw:
            note = {"type": "url_citation", "url": url, "title": url}
            where = {"output_index": 0, "content_index": 0, "annotation_index": index}
            return {"type": "response.output_text.annotation.added", "annotation": note, **where}

        events = [delta("Hi"), annotation("b", 1), annotation("a", 0), annotation("a", 0), annotation("c", None)]
        assert [entry["url"] for entry in build(*events, completed(message("Hi"))).citations] == ["a", "b", "c"]
        assert [entry["url"] for entry in build(*events).citations] == ["a", "b", "c"]

    def test_an_annotation_without_a_text_makes_no_item(self) -> None:
        event = {"type": "response.output_text.annotation.added", "output_index": 0, "annotation": {"type": "x"}}
        assert build(event).output == []

    def test_an_empty_message_beside_a_call_is_dropped_only_while_unannounced(self) -> None:
        empty = message(name="chatcmpl-1")
        assert build(done(call()), done(empty, 1)).output == [call()]
        assert build(added(empty)).output == []
        assert build(added(empty), done(empty), completed()).output == [empty]

    def test_usage_is_never_made_up(self) -> None:
        for usage in (None, {}, [], "x", 0):
            assert build(completed(message("a"), usage=usage)).usage is None
