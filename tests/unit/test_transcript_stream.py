"""A turn while it runs: what is shown of thinking, searching, calling, waiting, and of joining in the middle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from poe_tui.api.events import RetryScheduled
from poe_tui.engine.turn import ChainRefused, RequestBuilt, TurnEnded, TurnNote, TurnStarted
from poe_tui.model import Cost
from poe_tui.transcript.document import KEPT_TURNS
from tests.unit.transcript_kit import (
    CALL,
    CITED,
    MARKDOWN,
    REASONING,
    SEARCH,
    Clock,
    a_turn,
    begun,
    document,
    drawn,
    message,
    row_of,
    stream_of,
    streamed,
    text,
    wire,
)


def delta(words: str, index: int = 0) -> Any:
    return wire({"type": "response.output_text.delta", "output_index": index, "content_index": 0, "delta": words})[0]


def thought(words: str) -> Any:
    kind = "response.reasoning_summary_text.delta"
    return wire({"type": kind, "output_index": 0, "summary_index": 0, "delta": words})[0]


def test_thoughts_that_come_as_text_are_thoughts() -> None:
    doc = document(60)
    doc.apply(TurnStarted(begun("Ask")))
    item = {"type": "reasoning", "id": "rs_1", "content": [{"type": "output_text", "text": "I wonder. Yes."}]}
    doc.apply(wire({"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}})[0])
    doc.apply(delta("I wonder. "))
    doc.apply(delta("Yes."))
    done = {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "I wonder. Yes."}
    doc.apply(wire(done)[0])
    assert text(doc)[4:] == ["▼ Thinking", "I wonder. Yes."]
    doc.apply(wire({"type": "response.output_item.done", "output_index": 0, "item": item})[0])
    doc.apply(delta("No.", 1))
    assert text(doc)[4:] == ["► Thought · ≈ 4 tokens", "", "No."]
    turn = replace(begun("Ask"), status="completed", output=[item, message("No.")])
    doc.apply(TurnEnded(turn))
    assert text(doc)[-1] == "No."
    assert "I wonder" not in "".join(text(doc))


def test_thinking_shows_the_last_three_lines_and_folds_when_the_answer_starts() -> None:
    clock = Clock()
    doc = document(43, clock)
    doc.apply(TurnStarted(begun("Ask")))
    doc.apply(wire({"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning"}})[0])
    clock.now += 2
    assert text(doc)[-1] == "Demo-One | ● thinking · 2 s"
    for number in range(9):
        doc.apply(thought(f"This is the thought of number {number}. "))
    clock.now += 1
    shown = text(doc)
    assert shown[3:5] == ["Demo-One | ● thinking · 3 s", "▼ Thinking"]
    assert len(shown) == 8
    assert shown[-1].endswith("number 8.")
    assert [row.tone for row in drawn(doc)[-3:]] == ["thought"] * 3
    doc.apply(delta("Yes", 1))
    assert text(doc)[4:] == ["► Thought for 3 s · ≈ 75 tokens", "", "Yes"]


@pytest.mark.parametrize(("mode", "shown"), [("off", []), ("show", ["Some thoughts.", "", "And more."])])
def test_reasoning_as_the_settings_say(mode: str, shown: list[str]) -> None:
    doc = document(60, reasoning=mode)
    doc.apply(TurnStarted(begun("Ask")))
    doc.apply(thought("Some thoughts.\n\nAnd more."))
    assert text(doc)[4:] == ["▼ Thinking" if shown else "► Thinking", *shown]
    doc.apply(delta("Yes", 1))
    rows = text(doc)
    assert rows[5 : 5 + len(shown)] == shown
    assert rows[-2:] == ["", "Yes"]


def test_the_model_line_counts_while_it_streams() -> None:
    clock = Clock()
    doc = document(92, clock)
    asked: list[Any] = []
    doc.around.cost_of = lambda turn: asked.append(turn.usage) or Cost(points=11)  # type: ignore[func-returns-value]
    earlier = a_turn(usage={"input_tokens": 70, "output_tokens": 30})
    doc.load([earlier])
    doc.apply(TurnStarted(begun("Ask", parent_id=earlier.id, created_at=clock.now - 0.6)))
    assert text(doc)[-1] == "Demo-One | ● 0.6 s"
    clock.now += 2
    for _ in range(10):
        doc.apply(delta("x" * 59 + " "))
        drawn(doc)
    assert "Demo-One | ● 2.6 s · ≈ 150 tok · ≈ 11 pts" in text(doc)
    assert len([usage for usage in asked if usage["output_tokens"] != 30]) == 1, "asked at most once a second"
    assert asked[-1] == {"input_tokens": 101, "output_tokens": 15}


def test_searching_says_what_for() -> None:
    doc = document()
    doc.apply(TurnStarted(begun("Ask")))
    for event in stream_of([SEARCH])[2:5]:
        doc.apply(event)
    assert text(doc)[-3:] == ["Demo-One | ● searching", "", "Searching…"]
    named = {**SEARCH, "status": "searching"}
    doc.apply(wire({"type": "response.output_item.added", "output_index": 0, "item": named})[0])
    assert text(doc)[-1] == "Searching: tokyo fares…"


def test_a_call_shows_its_arguments_as_they_come() -> None:
    doc = document()
    doc.apply(TurnStarted(begun("Ask")))
    events = stream_of([CALL])
    for event in events[2:6]:
        doc.apply(event)
    assert text(doc)[-1].startswith("● get_weather {")
    for event in events[6:]:
        doc.apply(event)
    assert text(doc)[-1] == '○ get_weather city: "Tokyo", days: 2'


def test_a_retry_counts_down_in_place() -> None:
    clock = Clock()
    doc = document(92, clock)
    doc.apply(TurnStarted(begun("Ask")))
    doc.apply(RetryScheduled(1, 3, 4.0, "the server limits the rate (429)", 429, clock.now))
    assert text(doc)[3:] == [
        "Demo-One | ○ trying again in 4 s", "",
        "Rate limited by Poe. Trying again in 4 s (2 of 3). Esc stops.", "Your prompt is kept.",
    ]  # fmt: skip
    clock.now += 1.2
    before = drawn(doc)
    doc.changed.add(0)
    assert "Trying again in 3 s" in text(doc)[5]
    assert len(drawn(doc)) == len(before)
    doc.apply(wire({"type": "response.created", "response": {}})[0])
    assert "Trying" not in " ".join(text(doc))


def test_another_request_of_the_same_turn_begins_anew_and_notes_stay() -> None:
    turn = begun("Ask")
    doc = document()
    doc.apply(TurnStarted(turn))
    doc.apply(ChainRefused(turn.id, "no"))
    doc.apply(RequestBuilt(turn.id))
    doc.apply(delta("Answer"))
    doc.apply(TurnNote(turn.id, "Left out: one item."))
    note = ChainRefused(turn.id, "no").text
    assert text(doc)[-4:] == ["Answer", "", note, "Left out: one item."]
    row = replace(row_of(turn, [delta("Answer")]), status="completed", error={"notes": [note, "Left out: one item."]})
    doc.apply(TurnEnded(row))
    assert text(doc)[-4:] == ["Answer", "", note, "Left out: one item."]


def test_what_could_not_be_saved_is_said() -> None:
    turn = begun("Ask")
    doc = document()
    doc.apply(TurnStarted(turn))
    doc.apply(TurnEnded(replace(turn, status="completed"), saved=False, unsaved_reason="disk full"))
    assert text(doc)[-1] == "Not saved: disk full"


def test_text_that_comes_whole_or_without_any_index() -> None:
    turn = begun()
    for events in (
        wire({"type": "response.output_text.done", "text": "Whole."}),
        wire({"type": "response.output_item.done", "output_index": 0, "item": message("Whole.")}),
        wire(*({"type": "response.output_text.delta", "delta": piece} for piece in ("Who", "le."))),
    ):
        doc = document()
        streamed(doc, turn, events, None)
        assert text(doc)[-1] == "Whole."


def test_a_new_sibling_takes_the_place_of_the_turn_it_retries() -> None:
    first, second = a_turn("One", [message("1")]), a_turn("Two", [message("2")])
    second.parent_id = first.id
    doc = document()
    doc.load([first, second])
    doc.apply(TurnStarted(begun("Two", parent_id=first.id)))
    doc.apply(delta("Another"))
    shown = text(doc)
    assert "2" not in shown
    assert any("‹2/2›" in row for row in shown)
    doc.apply(TurnStarted(begun("Root")))
    assert len(doc) == 1


def test_events_without_a_turn_change_nothing() -> None:
    doc = document()
    assert doc.apply(delta("x")) is None
    assert doc.apply(TurnEnded(a_turn())) is None
    assert len(doc) == 0


def test_a_turn_in_flight_is_taken_up_in_the_middle() -> None:
    """A screen opens a thread that streams: its row is there already, its events are replayed from the start."""
    turn = begun("Ask", parent_id=None)
    events = stream_of([REASONING, SEARCH, CITED])
    straight = document()
    streamed(straight, turn, events[:60], None)
    joined = document()
    joined.load([turn])
    joined.apply(TurnStarted(turn))
    for event in events[:60]:
        joined.apply(event)
    assert text(joined) == text(straight)
    row = row_of(turn, events)
    for doc in (straight, joined):
        for event in events[60:]:
            doc.apply(event)
        doc.apply(TurnEnded(row))
    assert drawn(joined) == drawn(straight)


def test_turns_out_of_sight_are_dropped_and_come_back_the_same() -> None:
    doc = document()
    doc.load([a_turn(f"Prompt {n}", [message(MARKDOWN)]) for n in range(KEPT_TURNS + 30)])
    before = drawn(doc)
    for at in range(len(doc)):
        doc.seen([at])
    built = [at for at in range(len(doc)) if doc.view(at).built]
    assert len(built) == KEPT_TURNS
    assert doc.turns.height == len(before)
    assert drawn(doc) == before
