"""From an event's data to its model: the straight way, the lenient way, and emojis cut in two."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.api import events, parse, surrogates
from poe_tui.api.events import (
    EVENT_MODELS,
    ErrorEvent,
    KeepAlive,
    OutputTextDelta,
    ReasoningSummaryTextDelta,
    ReasoningTextDelta,
    ResponseCompleted,
    ResponseFailed,
    StreamEvent,
    ToolProgress,
    UnknownEvent,
    parse_event,
)


def read(value: Any, name: str | None = None) -> StreamEvent | None:
    return parse_event(value if isinstance(value, bytes) else json.dumps(value).encode(), name)


def test_every_type_of_the_table_has_its_model_and_keeps_every_field() -> None:
    for model in EVENT_MODELS:
        for kind in get_args(model.model_fields["type"].annotation):
            sent = {"type": kind, "sequence_number": 3, "x_future": {"a": [1, None]}}
            event = read(sent)
            assert type(event) is model, kind
            assert event.raw() == sent
            assert event.type == kind


def test_the_vendors_table_is_known() -> None:
    known = {kind for model in EVENT_MODELS for kind in get_args(model.model_fields["type"].annotation)}
    assert known >= {
        "response.created",
        "response.in_progress",
        "response.output_text.delta",
        "response.output_text.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.web_search_call.completed",
        "response.reasoning_summary_text.delta",
        "response.completed",
    }


def test_an_unknown_type_is_carried_as_it_is() -> None:
    sent = {"type": "response.hologram.delta", "delta": "x", "nested": {"a": [1.5, None, True]}}
    event = read(sent)
    assert isinstance(event, UnknownEvent)
    assert event.raw() == sent


@pytest.mark.parametrize("data", [b"", b"42", b"[1]", b'"x"', b"null", b"{", b'{"type":', b"[DONE]", b"\xff\xfe"])
def test_what_is_no_json_object_is_skipped(data: bytes) -> None:
    assert parse_event(data) is None


def test_the_event_line_stands_in_for_a_missing_type() -> None:
    assert isinstance(read({"delta": "x"}, "response.output_text.delta"), OutputTextDelta)
    assert isinstance(read({}, "ping"), KeepAlive)
    unnamed = read({"delta": "x"})
    assert isinstance(unnamed, UnknownEvent)
    assert unnamed.type == ""


def test_a_bare_error_is_an_error_event() -> None:
    event = read({"error": {"message": "no", "code": "500"}})
    assert isinstance(event, ErrorEvent)
    assert event.error == {"message": "no", "code": "500"}
    assert isinstance(read({"error": "text"}), ErrorEvent)


@pytest.mark.parametrize(
    ("status", "model"), [("completed", ResponseCompleted), ("failed", ResponseFailed), ("queued", UnknownEvent)]
)
def test_a_bare_response_object_is_its_terminal_event(status: str, model: type[StreamEvent]) -> None:
    event = read({"object": "response", "id": "r", "status": status, "output": []})
    assert type(event) is model
    if model is not UnknownEvent:
        assert getattr(event, "response", {})["id"] == "r"


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        ("response.reasoning.delta", ReasoningTextDelta),
        ("response.reasoning_content.delta", ReasoningTextDelta),
        ("response.reasoning_summary.delta", ReasoningSummaryTextDelta),
    ],
)
def test_older_spellings_of_reasoning_arrive_in_todays(kind: str, model: type[StreamEvent]) -> None:
    event = read({"type": kind, "delta": "hm"})
    assert type(event) is model
    assert event.type in get_args(model.model_fields["type"].annotation)
    assert event.raw()["wire_type"] == kind


@pytest.mark.parametrize(
    "field",
    [{"delta": None}, {"delta": {"a": 1}}, {"output_index": "x"}, {"item_id": 7}, {"sequence_number": 1.5}],
)
def test_a_field_of_the_wrong_kind_is_left_out_and_the_rest_is_kept(field: dict[str, Any]) -> None:
    event = read({"type": "response.output_text.delta", "content_index": 2, **field})
    assert isinstance(event, OutputTextDelta)
    assert event.content_index == 2
    assert isinstance(event.delta, str)


def test_broken_utf8_and_raw_control_characters_are_read() -> None:
    event = read(b'{"type":"response.output_text.delta","delta":"a\xffb\x01c"}')
    assert isinstance(event, OutputTextDelta)
    assert event.delta == "a\ufffdb\x01c"


def test_half_surrogates_are_kept_in_the_delta_only() -> None:
    event = read(b'{"type":"response.output_text.delta","item_id":"\\ud83d","delta":"a\\ud83d","x":["\\ude00"]}')
    assert isinstance(event, OutputTextDelta)
    assert event.delta == "a\ud83d"
    assert event.item_id == "\ufffd"
    assert event.raw()["x"] == ["\ufffd"]
    shell = read(b'{"type":"response.shell_call_output_content.delta","delta":{"stdout":"\\ud83d"}}')
    assert shell is not None
    assert shell.raw()["delta"] == {"stdout": "\ufffd"}


def test_values_nested_beyond_reason_are_skipped() -> None:
    deep = b"[" * 5000 + b"]" * 5000
    assert parse_event(b'{"type":"x","a":' + deep + b"}") is None
    assert parse_event(b'{"type":"x","a":' + b"[" * 250 + b"]" * 250 + b"}") is None
    assert parse_event(b'{"type":"x","a":' + b"[" * 20 + b"]" * 20 + b"}") is not None


def test_progress_events_name_tool_and_state() -> None:
    event = read({"type": "response.web_search_call.searching", "output_index": 1})
    assert isinstance(event, ToolProgress)
    assert (event.tool, event.state) == ("web_search_call", "searching")


def test_an_event_as_a_line_of_json_is_utf8() -> None:
    event = OutputTextDelta.model_construct(delta="\ud83d", x=float("nan"))
    line = events.to_json(event)
    assert json.loads(line.encode())["type"] == "response.output_text.delta"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_TYPES = [kind for model in EVENT_MODELS for kind in get_args(model.model_fields["type"].annotation)]
_FIELDS = ["delta", "item", "part", "response", "item_id", "output_index", "text", "error", "usage", "sequence_number"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([*_TYPES, "x", ""]), st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=5))
def test_no_object_raises_and_every_one_is_an_event(kind: str, fields: dict[str, Any]) -> None:
    event = read({"type": kind, **fields})
    assert event is not None
    assert isinstance(event.type, str)
    json.dumps(surrogates.deep(event.raw()), allow_nan=False).encode()


class TestSplitJoiner:
    """Emojis cut by the boundary between two deltas."""

    @staticmethod
    def deltas(*texts: str, **fields: Any) -> list[str]:
        joiner = parse.SplitJoiner()
        made = [OutputTextDelta.model_construct(delta=text, **fields) for text in texts]
        return [str(joiner.pass_on(event).raw()["delta"]) for event in made]

    def test_halves_are_joined_in_the_later_delta(self) -> None:
        assert self.deltas("a\ud83d", "\ude00b") == ["a", "😀b"]

    def test_a_half_alone_becomes_a_replacement_character(self) -> None:
        assert self.deltas("a\ud83d", "b", "\ude00", "c") == ["a", "\ufffdb", "\ufffd", "c"]

    def test_parts_do_not_mix(self) -> None:
        joiner = parse.SplitJoiner()
        first = joiner.pass_on(OutputTextDelta.model_construct(delta="a\ud83d", output_index=0))
        other = joiner.pass_on(OutputTextDelta.model_construct(delta="b", output_index=1))
        again = joiner.pass_on(OutputTextDelta.model_construct(delta="\ude00", output_index=0))
        assert [event.raw()["delta"] for event in (first, other, again)] == ["a", "b", "😀"]

    def test_whole_text_and_other_events_pass_untouched(self) -> None:
        joiner = parse.SplitJoiner()
        for event in (OutputTextDelta(delta="é😀"), ResponseCompleted(), OutputTextDelta(delta="")):
            assert joiner.pass_on(event) is event

    @settings(max_examples=100, deadline=None)
    @given(st.text(alphabet="a😀é\ud83d\ude00", max_size=20), st.data())
    def test_the_text_is_the_same_wherever_it_is_cut(self, text: str, data: st.DataObject) -> None:
        units = text.encode("utf-16-le", "surrogatepass")
        cuts = sorted(data.draw(st.lists(st.integers(0, len(units) // 2), max_size=6)))
        bounds = zip([0, *cuts], [*cuts, len(units) // 2], strict=True)
        pieces = [units[2 * a : 2 * b].decode("utf-16-le", "surrogatepass") for a, b in bounds]
        out = "".join(self.deltas(*pieces))
        whole = surrogates.join(text)
        assert out in (whole, whole.removesuffix("\ufffd"))


def test_deep_shares_what_needs_no_change() -> None:
    value = {"a": [1, "é", {"b": 1.5}]}
    assert surrogates.deep(value) is value
    dirty = {"a": "\ud83d\ude00", "\ud83d": float("inf"), "c": value}
    assert surrogates.deep(dirty) == {"a": "😀", "\ufffd": None, "c": value}
    assert surrogates.deep(dirty)["c"] is value


def test_importing_the_events_loads_no_http_library() -> None:
    code = (
        "import sys, poe_tui.api.events, poe_tui.api.client, poe_tui.api.accumulate; "
        "sys.exit(any(name in sys.modules for name in ('httpx', 'httpcore', 'anyio')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
