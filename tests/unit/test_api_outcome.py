"""How a response ended: errors, statuses, and any order of events at all."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.api.accumulate import ResponseBuilder
from poe_tui.api.events import EVENT_MODELS, ResponseCompleted
from poe_tui.api.parse import build as make
from poe_tui.api.parse import parse
from tests.unit.test_api_accumulate import Raw, added, build, call, completed, delta, done, message

_TYPES = [kind for model in EVENT_MODELS for kind in get_args(model.model_fields["type"].annotation)]


class TestErrors:
    @pytest.mark.parametrize(
        "event",
        [
            {"type": "error", "code": "c", "message": "m", "param": None},
            {"type": "error", "error": {"code": "c", "message": "m", "type": "t"}},
            {"error": {"code": "c", "message": "m", "type": "t"}},
            {"type": "response.error", "error": {"code": "c", "message": "m"}},
        ],
    )
    def test_error_events_of_every_shape(self, event: Raw) -> None:
        builder = build(delta("partial"), event, delta("never read"))
        assert builder.status == "interrupted"
        assert builder.error is not None
        assert (builder.error["code"], builder.error["message"]) == ("c", "m")
        assert builder.error["type"] == event.get("error", {}).get("type")
        assert builder.output_text == "partial"

    def test_an_error_text_is_a_message(self) -> None:
        builder = build({"type": "error", "error": "gone"})
        assert builder.error == {"type": None, "code": None, "message": "gone", "param": None}

    def test_failed_says_why_and_behind_an_error_event_nothing_is_read(self) -> None:
        failed = {"type": "response.failed", "response": {"status": "failed", "error": {"code": "c", "message": "m"}}}
        assert build(failed).error == {"type": None, "code": "c", "message": "m", "param": None}
        builder = build({"type": "error", "error": {"type": "t", "message": "first"}}, failed)
        assert builder.error == {"type": "t", "code": None, "message": "first", "param": None}
        assert builder.status == "interrupted"
        silent = build({"type": "response.failed", "response": {"status": "failed", "error": None}})
        assert silent.status == "failed"
        assert silent.error is not None
        assert silent.error["message"]
        text = build({"type": "response.failed", "response": {"error": "words"}})
        assert text.error is not None
        assert text.error["message"] == "words"

    def test_failed_without_output_keeps_text_and_finished_items_only(self) -> None:
        failed = {"type": "response.failed", "response": {"status": "failed", "output": []}}
        thought = {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "hm"}
        search = {"type": "response.web_search_call.searching", "output_index": 2}
        builder = build(thought, delta("text", output_index=1), search, done(call(), 3), failed)
        assert [item["type"] for item in builder.output] == ["message", "function_call"]
        assert builder.reasoning_summary == "hm"

    def test_incomplete_says_why(self) -> None:
        details = {"incomplete_details": {"reason": "max_output_tokens"}, "status": "incomplete"}
        builder = build(delta("par"), {"type": "response.incomplete", "response": details})
        assert (builder.status, builder.incomplete_reason) == ("incomplete", "max_output_tokens")
        assert builder.output_text == "par"
        assert build({"type": "response.incomplete", "response": {"incomplete_details": "x"}}).incomplete_reason is None

    @pytest.mark.parametrize(
        ("kind", "said", "status"),
        [
            ("response.completed", "completed", "completed"),
            ("response.completed", "incomplete", "incomplete"),
            ("response.completed", "failed", "failed"),
            ("response.completed", "in_progress", "completed"),
            ("response.completed", "cancelled", "interrupted"),
            ("response.completed", None, "completed"),
            ("response.failed", None, "failed"),
            ("response.incomplete", 7, "incomplete"),
            ("response.done", "completed", "completed"),
        ],
    )
    def test_the_status_the_response_names_wins(self, kind: str, said: Any, status: str) -> None:
        assert build({"type": kind, "response": {"status": said}}).status == status


@pytest.mark.parametrize("kind", _TYPES)
def test_an_event_that_holds_nothing_but_its_type_is_survived(kind: str) -> None:
    builder = ResponseBuilder()
    for _ in range(2):
        event = make({"type": kind})
        assert event is not None
        builder.apply(event)
    json.dumps(builder.response())


_ITEMS = [message("Hello"), message(), call(), {"type": "reasoning", "id": "rs_1", "summary": []}, {"x": 1}, None]
_WORDS = st.sampled_from(["a", "b ", "", "\ud83d", "\ude00", "é"])
_EVENTS = st.one_of(
    st.builds(
        delta, _WORDS, output_index=st.sampled_from([None, 0, 1, -1]), content_index=st.sampled_from([None, 0, 3])
    ),
    st.builds(done, st.sampled_from(_ITEMS), st.sampled_from([None, 0, 1])),
    st.builds(added, st.sampled_from(_ITEMS), st.sampled_from([None, 0, 1])),
    st.builds(
        lambda kind, text, index: {
            "type": kind,
            "delta": text,
            "text": text,
            "output_index": index,
            "part": {"text": text},
        },
        st.sampled_from(_TYPES),
        _WORDS,
        st.sampled_from([None, 0, 1]),
    ),
    st.builds(lambda items: completed(*items), st.lists(st.sampled_from(_ITEMS), max_size=2)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_EVENTS, max_size=15))
def test_no_order_of_events_raises_and_what_leaves_is_clean(events: list[Raw]) -> None:
    builder = ResponseBuilder()
    for raw in events:
        event = parse(json.dumps(raw).encode())
        if event is not None:
            builder.apply(event)
        assert builder.status in ("completed", "incomplete", "failed", "interrupted")
    for value in (builder.response(), builder.output_text, builder.reasoning_text, builder.citations, builder.error):
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", " ", "é", "\ud83d", "\ude00"]), max_size=12), st.booleans())
def test_the_text_is_the_deltas_or_the_snapshot(words: list[str], closed: bool) -> None:
    text = "".join(words).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    events = [delta(word, sequence_number=number) for number, word in enumerate(words, 2)]
    builder = build(*events, *([completed(message("final"))] if closed else []))
    assert builder.output_text == ("final" if closed else text)


def test_what_nests_beyond_reason_is_not_carried_on() -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    builder = ResponseBuilder()
    builder.apply(
        ResponseCompleted(response={"id": "r", "output": [{"type": "x", "deep": deep}], "usage": {"a": deep}})
    )
    assert (builder.output, builder.usage, builder.status) == ([], None, "completed")
