"""The log of a running turn: short, whole, and never changed behind anybody's back."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.api.events import OutputTextDelta, ReasoningSummaryTextDelta, StreamEvent
from poe_tui.engine.event_log import PIECE, EventLog
from poe_tui.engine.turn import TurnNote


def delta(text: str, index: int = 0, **fields: Any) -> OutputTextDelta:
    return OutputTextDelta(delta=text, output_index=index, content_index=0, **fields)


def filled(*events: Any) -> EventLog:
    log = EventLog()
    for event in events:
        log.append(event)
    return log


def test_deltas_of_one_text_are_one_event() -> None:
    log = filled(*(delta("word ") for _ in range(1000))).events()
    assert "".join(event.delta for event in log) == "word " * 1000
    assert len(log) == 3
    assert max(len(event.delta) for event in log) <= PIECE + 5


def test_what_was_appended_and_what_was_handed_out_stays_as_it_was() -> None:
    first = delta("a")
    log = filled(first, delta("b"))
    before = log.events()
    log.append(delta("c"))
    assert first.delta == "a"
    assert [event.delta for event in before] == ["ab"]
    assert [event.delta for event in log.events()] == ["abc"]


def test_another_place_another_kind_and_what_is_between_begin_anew() -> None:
    thought = ReasoningSummaryTextDelta(delta="x", output_index=0, summary_index=0)
    log = filled(delta("a"), delta("b", 1), delta("c"), TurnNote("t", "note"), delta("d"), thought, delta("e"))
    assert len(log.events()) == 7
    log.clear()
    assert log.events() == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["text", "reasoning", "other"]), st.text(max_size=3))))
def test_every_text_is_whole(steps: list[tuple[int, str, str]]) -> None:
    made: list[Any] = []
    for index, kind, text in steps:
        if kind == "text":
            made.append(delta(text, index))
        elif kind == "reasoning":
            made.append(ReasoningSummaryTextDelta(delta=text, output_index=index, summary_index=0))
        else:
            made.append(StreamEvent(type="response.other"))
    kept = filled(*made).events()
    assert _texts(kept) == _texts(made)
    assert sum(event.type == "response.other" for event in kept) == sum(kind == "other" for _, kind, _ in steps)


def _texts(events: list[Any]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for event in events:
        if event.type.endswith(".delta"):
            key = (event.type, event.output_index)
            found[key] = found.get(key, "") + event.delta
    return found
