"""Chat chunks as Responses events: what the builder makes of them, whatever the server's dialect."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.api.accumulate import ResponseBuilder
from poe_tui.api.chat_events import ChatTranslator
from poe_tui.api.events import EVENT_MODELS, StreamEvent

KNOWN = {name for model in EVENT_MODELS for name in get_args(model.model_fields["type"].annotation)}
USAGE = {"prompt_tokens": 7, "completion_tokens": 4, "total_tokens": 11}


def chunk(delta: Any = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {} if delta is None else delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 5,
        "model": "acme",
        "choices": [choice],
        **more,
    }


def said(*texts: str) -> list[dict[str, Any]]:
    return [chunk({"content": text}) for text in texts]


def events_of(*chunks: dict[str, Any], done: bool = True, model: str = "") -> list[StreamEvent]:
    translator = ChatTranslator(model)
    events = [event for one in chunks for event in translator.feed(one)]
    return events + translator.end(done=done)


def built(*chunks: dict[str, Any], done: bool = True, model: str = "") -> ResponseBuilder:
    builder = ResponseBuilder()
    for event in events_of(*chunks, done=done, model=model):
        assert event.type in KNOWN
        builder.apply(event)
    return builder


def whole(message: Any, finish: str = "stop", **more: Any) -> ResponseBuilder:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return built({"id": "chatcmpl-1", "object": "chat.completion", "choices": [choice], **more})


class TestText:
    def test_the_events_are_those_of_a_response_in_its_order(self) -> None:
        events = events_of(
            chunk({"role": "assistant", "content": ""}), *said("Hel", "lo"), chunk({}, "stop", usage=USAGE)
        )
        assert [event.type.removeprefix("response.") for event in events] == [
            "created", "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
            "output_text.done", "content_part.done", "output_item.done", "completed",
        ]  # fmt: skip
        assert [event.sequence_number for event in events] == list(range(len(events)))
        final = events[-1].raw()["response"]
        assert final["output"][0] == events[-2].raw()["item"]
        assert final["output"][0]["content"] == [{"type": "output_text", "text": "Hello", "annotations": []}]
        assert (final["id"], final["model"], final["created_at"]) == ("chatcmpl-1", "acme", 5)
        assert (final["status"], final["error"], final["incomplete_details"]) == ("completed", None, None)

    def test_a_stream_and_a_whole_answer_are_the_same(self) -> None:
        streamed = built(*said("Hel", "lo"), chunk({}, "stop", usage=USAGE))
        at_once = whole({"role": "assistant", "content": "Hello"}, usage=USAGE)
        for builder in (streamed, at_once):
            assert (builder.status, builder.output_text, builder.response_id) == ("completed", "Hello", "chatcmpl-1")
            assert builder.usage == {"input_tokens": 7, "output_tokens": 4, "total_tokens": 11}

    @pytest.mark.parametrize(
        "junk",
        [
            {"choices": []}, {"choices": None}, {"choices": [None]}, {"choices": "x"}, {}, {"type": "ping"},
            chunk({"content": None}), chunk({"content": 42}), chunk({"role": "assistant"}),
            {"choices": [{"delta": None}]}, {"choices": [{"index": 1, "delta": {"content": "other"}}]},
            {"usage": None}, {"prompt_filter_results": [1]}, {"choices": [], "usage": USAGE},
            chunk({"tool_calls": [None, 3], "annotations": [None], "images": [None]}),
        ],
    )  # fmt: skip
    def test_what_says_nothing_changes_nothing(self, junk: dict[str, Any]) -> None:
        first, second = said("Hel", "lo")
        builder = built(junk, first, junk, second, chunk({}, "stop"), junk)
        assert (builder.status, builder.output_text) == ("completed", "Hello")

    @pytest.mark.parametrize(
        "choice", [{"delta": {"content": "Hello"}}, {"text": "Hello"}, {"message": {"content": "Hello"}}]
    )
    def test_a_choice_without_an_index_is_the_first(self, choice: dict[str, Any]) -> None:
        assert built({"choices": [choice]}).output_text == "Hello"

    def test_content_in_parts(self) -> None:
        parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "So."}]}, {"type": "text", "text": "Yes."}]
        builder = whole({"content": parts})
        assert (builder.reasoning_text, builder.output_text) == ("So.", "Yes.")
        assert whole({"content": ["a", {"text": "b"}, {"type": "refusal", "refusal": "No."}, 3]}).output_text == "ab"

    def test_a_finish_reason_on_every_chunk_ends_nothing(self) -> None:
        chunks = [chunk({"content": text}, "stop", usage=USAGE) for text in ("Hel", "lo")]
        assert built(*chunks).output_text == "Hello"

    def test_white_space_waits_for_a_word(self) -> None:
        call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}
        builder = built(chunk({"content": "\n\n"}), chunk({"tool_calls": [call]}), chunk({}, "tool_calls"))
        assert [item["type"] for item in builder.output] == ["function_call"]
        assert built(*said("\n", " Hi")).output_text == "\n Hi"
        assert built(*said("\n", " ")).output == []

    def test_an_emoji_cut_in_two(self) -> None:
        events = events_of(*said("a\ud83d", "\ude00b", "\ud83d"), chunk({}, "stop"))
        deltas = [event.raw()["delta"] for event in events if event.type.endswith("text.delta")]
        assert deltas == ["a", "😀b", "\ufffd"]
        assert events[-1].raw()["response"]["output"][0]["content"][0]["text"] == "a😀b\ufffd"

    def test_logprobs_travel_along(self) -> None:
        tokens = {"content": [{"token": "Hi", "logprob": -0.1, "top_logprobs": []}]}
        one = chunk({"content": "Hi"})
        one["choices"][0]["logprobs"] = tokens
        assert built(one).output[0]["content"][0]["logprobs"] == tokens["content"]


class TestReasoning:
    def test_the_duplicate_counts_once(self) -> None:
        deltas = [{"reasoning_content": text, "reasoning": text} for text in ("I ", "think.")]
        builder = built(*map(chunk, deltas), *said("Yes."), chunk({}, "stop"))
        assert [item["type"] for item in builder.output] == ["reasoning", "message"]
        assert (builder.reasoning_text, builder.output_text) == ("I think.", "Yes.")
        assert builder.output[0]["content"] == [{"type": "reasoning_text", "text": "I think."}]

    @pytest.mark.parametrize(
        "delta",
        [
            {"reasoning": "So."}, {"thinking": "So."}, {"reasoning": {"content": "So."}},
            {"reasoning_details": [{"type": "reasoning.text", "text": "S"}, {"summary": "o."}]},
            {"reasoning_content": None, "reasoning": "So."}, {"reasoning_content": "", "reasoning": "So."},
        ],
    )  # fmt: skip
    def test_its_other_names(self, delta: dict[str, Any]) -> None:
        assert built(chunk(delta), *said("Yes.")).reasoning_text == "So."

    def test_a_thought_after_words_is_another_thought_and_the_answer_stays_one(self) -> None:
        thoughts = [chunk({"reasoning_content": text}) for text in ("a", "b")]
        builder = built(thoughts[0], *said("x"), thoughts[1], *said("y"), chunk({}, "stop"))
        assert [item["type"] for item in builder.output] == ["reasoning", "message", "reasoning"]
        assert (builder.reasoning_text, builder.output_text) == ("a\n\nb", "xy")

    def test_a_model_known_for_it_may_think_between_tags(self) -> None:
        chunks = [*said("<th", "ink>So.</", "think>\n\nYes."), chunk({}, "stop")]
        builder = built(*chunks, model="DeepSeek-R1")
        assert (builder.reasoning_text, builder.output_text) == ("So.", "Yes.")
        assert built(*chunks, model="GPT-5.2").output_text == "<think>So.</think>\n\nYes."
        assert built(*said("<think>So"), model="DeepSeek-R1", done=False).reasoning_text == "So"


class TestCalls:
    def call(self, index: int | None = 0, **fields: Any) -> dict[str, Any]:
        function = {name: fields.pop(name) for name in ("name", "arguments") if name in fields}
        place = {} if index is None else {"index": index}
        return chunk({"tool_calls": [{**place, "function": function, **fields}]})

    def calls(self, *chunks: dict[str, Any]) -> list[tuple[str, str, str]]:
        output = built(*chunks, chunk({}, "tool_calls")).output
        return [
            (item["call_id"], item["name"], item["arguments"]) for item in output if item["type"] == "function_call"
        ]

    def test_pieces_are_put_together_by_their_index(self) -> None:
        assert self.calls(
            self.call(0, id="c1", name="f", arguments=""), self.call(1, id="c2", name="g", arguments='{"b'),
            self.call(0, arguments='{"a":1'), self.call(1, arguments='":2}'), self.call(0, arguments="}"),
        ) == [("c1", "f", '{"a":1}'), ("c2", "g", '{"b":2}')]  # fmt: skip

    def test_the_events_of_a_call(self) -> None:
        events = events_of(self.call(0, id="c1", name="f", arguments="{"), self.call(0, arguments="}"))
        assert [event.type.removeprefix("response.") for event in events] == [
            "created", "output_item.added", "function_call_arguments.delta", "function_call_arguments.delta",
            "function_call_arguments.done", "output_item.done", "completed",
        ]  # fmt: skip

    @pytest.mark.parametrize("index", [0, None])
    def test_whole_calls_that_all_have_the_same_index(self, index: int | None) -> None:
        chunks = [self.call(index, id=name, name=name, arguments="{}") for name in ("c1", "c2")]
        assert self.calls(*chunks) == [("c1", "c1", "{}"), ("c2", "c2", "{}")]

    def test_pieces_without_index_and_id(self) -> None:
        pieces = [self.call(None, id="c1", name="f"), self.call(None, arguments="{"), self.call(None, arguments="}")]
        assert self.calls(*pieces) == [("c1", "f", "{}")]
        first, second = self.calls(*[self.call(None, name=name, arguments="{}") for name in ("f", "g")])
        assert (first[1:], second[1:]) == (("f", "{}"), ("g", "{}"))
        assert first[0].startswith("call_") and first[0] != second[0]

    def test_an_id_that_changes_from_piece_to_piece(self) -> None:
        assert self.calls(self.call(0, id="c1", name="f", arguments="{"), self.call(0, id="x9", arguments="}")) == [
            ("c1", "f", "{}")
        ]

    def test_a_name_that_is_repeated_or_late(self) -> None:
        assert self.calls(*[self.call(0, id="c1", name="f", arguments=piece) for piece in "{}"]) == [("c1", "f", "{}")]
        assert self.calls(
            self.call(0, id="c1", arguments="{"), self.call(0, name="f"), self.call(0, arguments="}")
        ) == [("c1", "f", "{}")]

    def test_arguments_as_an_object(self) -> None:
        assert self.calls(self.call(0, id="c1", name="f", arguments={"a": [1]})) == [("c1", "f", '{"a":[1]}')]

    def test_ids_and_signatures_are_kept_as_they_are(self) -> None:
        long = "call_" + "aB+/=" * 2000
        signature = {"google": {"thought_signature": "CmIB=="}}
        builder = built(self.call(0, id=long, name="f", extra_content=signature), chunk({}, "tool_calls"))
        assert builder.output[0]["call_id"] == long
        assert builder.output[0]["extra_content"] == signature

    def test_the_old_format(self) -> None:
        pieces = [
            chunk({"function_call": {"name": "f", "arguments": "{"}}),
            chunk({"function_call": {"arguments": "}"}}),
        ]
        assert [call[1:] for call in self.calls(*pieces)] == [("f", "{}")]

    def test_a_call_that_was_cut_keeps_its_beginning(self) -> None:
        builder = built(self.call(0, id="c1", name="f", arguments='{"a'), done=False)
        assert (builder.status, builder.output[0]["arguments"]) == ("interrupted", '{"a')

    def test_a_call_after_thoughts_and_words(self) -> None:
        builder = built(
            chunk({"reasoning": "So."}), *said("Let me see."), self.call(0, id="c1", name="f"), chunk({}, "stop")
        )
        assert [item["type"] for item in builder.output] == ["reasoning", "message", "function_call"]


class TestRefusalsAndMedia:
    def test_a_refusal(self) -> None:
        builder = built(chunk({"content": None, "refusal": "I can"}), chunk({"refusal": "not."}), chunk({}, "stop"))
        assert (builder.refusal, builder.output_text, builder.status) == ("I cannot.", "", "completed")

    def test_an_image_in_base64_is_an_item(self) -> None:
        image = {"type": "image_url", "image_url": {"url": "data:image/webp;base64,UklGRg=="}}
        builder = built(*said("Here."), chunk({"images": [image]}), chunk({"images": [image]}), chunk({}, "stop"))
        assert [item["type"] for item in builder.output] == ["message", "image_generation_call"]
        assert builder.output[1] == {
            **builder.output[1],
            "result": "UklGRg==",
            "output_format": "webp",
            "status": "completed",
        }
        assert whole({"content": None, "images": [{"b64_json": "UklGRg=="}]}).output[0]["result"] == "UklGRg=="

    def test_an_image_behind_a_link_is_a_link(self) -> None:
        url = "https://pfst.cf2.poecdn.net/base/image/61a4?w=1"
        assert whole({"content": "", "images": [{"image_url": url}]}).output_text == f"![image]({url})"
        markdown = f"![a.png]({url})\n\n{url}"
        assert whole({"content": markdown, "images": [{"image_url": url}]}).output_text == markdown
        assert whole({"content": "x", "images": [{"image_url": "file:///etc/passwd"}]}).output_text == "x"

    def test_what_was_spoken_is_text_where_nothing_else_is(self) -> None:
        assert whole({"content": None, "audio": {"data": "UklG", "transcript": "Hello"}}).output_text == "Hello"

    def test_citations_in_either_shape(self) -> None:
        cited: Any = {
            "type": "url_citation",
            "url_citation": {"url": "https://a.example/", "title": "A", "start_index": 0, "end_index": 2},
        }
        sources = {
            "citations": ["https://a.example/", "https://b.example/", 3],
            "search_results": [{"url": "https://c.example/", "title": "C"}],
        }
        builder = built(chunk({"annotations": [cited]}, **sources), *said("Hi"), chunk({}, "stop", **sources))
        assert builder.citations == [
            {"url": "https://a.example/", "title": "A"}, {"url": "https://c.example/", "title": "C"},
            {"url": "https://b.example/", "title": None},
        ]  # fmt: skip
        assert builder.output[0]["content"][0]["annotations"][0] == {"type": "url_citation", **cited["url_citation"]}


class TestEnds:
    @pytest.mark.parametrize(
        ("finish", "status", "reason"),
        [
            ("stop", "completed", None), ("tool_calls", "completed", None), ("end_turn", "completed", None),
            ("length", "incomplete", "max_output_tokens"), ("MAX_TOKENS", "incomplete", "max_output_tokens"),
            ("content_filter", "incomplete", "content_filter"), ("SAFETY", "incomplete", "content_filter"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("done", [True, False])
    def test_the_reason_is_the_status(self, finish: str, status: str, reason: str | None, done: bool) -> None:
        builder = built(*said("Hi"), chunk({}, finish), chunk({}, "stop" if reason else None), done=done)
        assert (builder.status, builder.incomplete_reason, builder.output_text) == (status, reason, "Hi")

    def test_done_alone_is_an_end_too_but_not_of_nothing(self) -> None:
        assert built(*said("Hi")).status == "completed"
        assert events_of() == []

    def test_neither_is_an_interruption_that_keeps_what_came(self) -> None:
        builder = built(chunk({"reasoning": "So."}), *said("Hi"), done=False)
        assert (builder.status, builder.terminal, builder.output_text) == ("interrupted", None, "Hi")
        assert builder.reasoning_text == "So."

    def test_thinking_that_used_up_the_allowance(self) -> None:
        builder = built(chunk({"reasoning": "So."}), chunk({"content": ""}, "length"))
        assert (builder.status, [item["type"] for item in builder.output]) == ("incomplete", ["reasoning"])

    @pytest.mark.parametrize(
        ("error", "message"),
        [
            ({"error": {"message": "Overloaded", "type": "server_error", "code": 503}}, "Overloaded"),
            ({"type": "error", "error": {"type": "api_error", "message": "Overloaded"}}, "Overloaded"),
            ({"error": "Overloaded"}, "Overloaded"), ({"error": [{"message": "Overloaded"}]}, "Overloaded"),
            ({"type": "error", "message": "Overloaded", "code": "x"}, "Overloaded"),
            ({"detail": "Overloaded"}, "Overloaded"),
            ({"object": "error", "message": "Overloaded", "type": "BadRequest", "code": 400}, "Overloaded"),
            ({"message": "Overloaded", "code": 500}, "Overloaded"),
            ({"choices": [{"delta": {}, "finish_reason": "error", "error": {"message": "Overloaded"}}]}, "Overloaded"),
            ({"choices": [], "error": {"message": '{"error":{"message":"Overloaded"}}'}}, "Overloaded"),
            ({"type": "error"}, "The server ended the answer with an error and did not say why."),
        ],
    )  # fmt: skip
    def test_errors_in_every_shape(self, error: dict[str, Any], message: str) -> None:
        builder = built(*said("Hi"), error, *said(" more"), chunk({}, "stop"))
        assert builder.error is not None
        assert (builder.error["message"], builder.terminal, builder.output_text) == (message, None, "Hi")
        assert built(error).error is not None

    def test_an_error_by_the_event_s_name(self) -> None:
        translator = ChatTranslator()
        assert translator.feed({"reason": "?"}, "error")[0].type == "error"
        assert translator.failed

    def test_an_error_after_the_end_is_no_error(self) -> None:
        assert built(*said("Hi"), chunk({}, "stop"), {"error": {"message": "late"}}).error is None

    def test_an_end_by_error_without_words(self) -> None:
        builder = built(*said("Hi"), chunk({}, "error"))
        assert (builder.status, builder.output_text) == ("failed", "Hi")

    def test_the_usage_may_come_apart_or_at_groq_s_place_or_not_at_all(self) -> None:
        end = chunk({}, "stop")
        assert built(*said("Hi"), end, {"choices": [], "usage": USAGE}).usage is not None
        assert built(*said("Hi"), end, {"choices": [], "x_groq": {"usage": USAGE}}).usage is not None
        assert built(*said("Hi"), chunk({}, "stop", usage={})).usage is None

    def test_nothing_comes_after_the_end(self) -> None:
        translator = ChatTranslator()
        translator.feed(said("Hi")[0])
        assert translator.end(done=True)
        assert translator.feed(said("more")[0]) == translator.end(done=True) == []


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("\ud83d"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FUNCTIONS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["", "f"]) | JUNK,
        "arguments": st.sampled_from(["", "{", "}"]) | JUNK,
    },
)
CALLS = st.fixed_dictionaries(
    {},
    optional={
        "index": st.integers(0, 2) | JUNK,
        "id": st.sampled_from(["", "c1", "c2"]) | JUNK,
        "function": JUNK | FUNCTIONS,
        "extra_content": JUNK,
    },
)
DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "content": st.sampled_from(["a", " b", "\n", "<think>", "</think>", "\ud83d", "\ude00"]) | JUNK,
        "reasoning_content": st.text(max_size=4) | JUNK,
        "refusal": st.text(max_size=4) | JUNK,
        "tool_calls": JUNK | st.lists(CALLS, max_size=2),
        **dict.fromkeys(("images", "annotations", "audio", "function_call"), JUNK),
    },
)
CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "index": JUNK,
        "delta": DELTAS | JUNK,
        "message": DELTAS | JUNK,
        "logprobs": JUNK,
        "finish_reason": st.sampled_from([None, "stop", "length", "error"]) | JUNK,
    },
)
CHUNKS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("id", "model", "created", "usage", "citations", "type", "message", "error"), JUNK),
        "choices": JUNK | st.lists(CHOICES, max_size=2),
    },
)


@settings(max_examples=200, deadline=None)
@given(st.lists(CHUNKS, max_size=6), st.booleans(), st.sampled_from(["", "DeepSeek-R1"]))
def test_no_chunk_is_beyond_it(chunks: list[dict[str, Any]], done: bool, model: str) -> None:
    builder = built(*chunks, done=done, model=model)
    # What leaves can be stored and sent again.
    str(builder.response()).encode()
    numbers = [event.sequence_number for event in events_of(*chunks, done=done, model=model)]
    assert numbers == list(range(len(numbers)))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40), st.text(max_size=20), st.data())
def test_the_same_text_however_it_is_cut(text: str, thought: str, data: st.DataObject) -> None:
    def cut(whole_text: str) -> list[str]:
        places = sorted(data.draw(st.lists(st.integers(0, len(whole_text)), max_size=6)))
        return [whole_text[start:end] for start, end in zip([0, *places], [*places, len(whole_text)], strict=True)]

    chunks = [chunk({"reasoning": piece}) for piece in cut(thought)] + said(*cut(text)) + [chunk({}, "stop")]
    streamed, at_once = built(*chunks), whole({"content": text, "reasoning": thought})
    assert streamed.output_text == at_once.output_text == ("" if text.isspace() else text)
    assert streamed.reasoning_text == at_once.reasoning_text == ("" if thought.isspace() else thought)
