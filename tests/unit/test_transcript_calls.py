"""The calls an answer ends in: what waits, runs, came back or was left, live and from the store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from poe_tui.engine import tool_outcome
from poe_tui.engine.tool_outcome import Outcome, Written
from poe_tui.engine.turn import (
    ApprovalGiven,
    ApprovalNeeded,
    PendingCall,
    StepsSpent,
    ToolEnded,
    ToolPreview,
    ToolsStopped,
    ToolStarted,
    TurnEnded,
    TurnStarted,
)
from poe_tui.json_check import Violation
from poe_tui.model import Turn
from poe_tui.transcript.calls import Result
from poe_tui.transcript.document import Document
from tests.unit.transcript_kit import CALL, Clock, a_turn, begun, document, message, text

WEATHER = '○ get_weather city: "Tokyo", days: 2'
OTHER: dict[str, Any] = {**CALL, "id": "fc2", "call_id": "c2", "name": "rates", "arguments": "{}"}
OFFERED = {"tools": [{"type": "function", "name": "get_weather"}, {"type": "function", "function": {"name": "rates"}}]}


def ended(*calls: dict[str, Any], clock: Clock | None = None) -> tuple[Document, Turn]:
    """A turn that has just ended in calls which are dealt with."""
    doc = document(160, clock=clock)
    turn = begun("Will it rain?", options=OFFERED)
    doc.apply(TurnStarted(turn))
    row = replace(turn, status="completed", output=[message("I will look."), *calls], timing={"total": 1.2})
    doc.apply(TurnEnded(row, continues=True))
    return doc, row


def pending(turn: Turn, index: int, *, manual: bool = False) -> PendingCall:
    return PendingCall(turn.id, index, f"c{index}", ToolPreview("get_weather", "{}", manual=manual))


def over(turn: Turn, index: int, outcome: Outcome) -> ToolEnded:
    return ToolEnded(turn.id, index, f"c{index + 1}", "get_weather", outcome.status, outcome.output)


def test_a_call_waits_runs_and_is_folded() -> None:
    clock = Clock()
    doc, turn = ended(CALL, OTHER, clock=clock)
    assert "Demo-One | ● 1.2 s" in text(doc)
    doc.apply(ApprovalNeeded(turn.id, (pending(turn, 0), pending(turn, 1, manual=True))))
    rows = text(doc)
    assert "Demo-One | ○ waits for you · 1.2 s" in rows
    assert f"{WEATHER} | waits for approval" in rows
    assert "○ rates | waits for your answer" in rows
    assert not any("not run" in row for row in rows)
    doc.apply(ApprovalGiven(turn.id, 0, "c1", "get_weather", "once"))
    doc.apply(ToolStarted(turn.id, 0, "c1", "get_weather"))
    assert doc.busy is not None, "its seconds go on"
    clock.now += 1.2
    doc.changed.add(0)
    assert "Demo-One | ○ waits for you · 1.2 s" in text(doc), "the other still waits"
    assert f"{WEATHER.replace('○', '●')} | 1.2 s" in text(doc)
    doc.apply(over(turn, 0, Outcome("done", "x" * 312)))
    doc.apply(over(turn, 1, tool_outcome.refused("No.")))
    assert doc.busy is None
    rows = text(doc)
    assert "Demo-One | ● 1.2 s" in rows
    assert "► get_weather  312 B" in rows
    assert "► rates  refused" in rows
    outputs = [{"type": "function_call_output", "call_id": call_id, "output": output} for call_id, output in (
        ("c1", "x" * 312), ("c2", tool_outcome.refused("No.").output))]  # fmt: skip
    step = replace(begun(parent_id=turn.id), input=outputs)
    doc.apply(TurnStarted(step))
    done = replace(step, status="completed", output=[message("Rain.")], timing={"total": 1.0})
    doc.apply(TurnEnded(done))
    stored = document()
    stored.load([turn, done])
    assert text(doc) == text(stored)


def test_steps_that_are_spent_wait_for_the_person() -> None:
    doc, turn = ended(CALL)
    doc.apply(StepsSpent(turn.id, 8))
    rows = text(doc)
    assert "Demo-One | ○ waits for you · 1.2 s" in rows
    assert rows[-1] == "The model went on by itself 8 times. It waits for your word to go on. Esc ends it here."
    doc.apply(ApprovalNeeded(turn.id, (pending(turn, 0),)))
    assert not any("by itself" in row for row in text(doc))


def test_stopped_tools_are_said_and_nothing_waits() -> None:
    doc, turn = ended(CALL)
    doc.apply(ApprovalNeeded(turn.id, (pending(turn, 0),)))
    doc.apply(ToolsStopped(turn.id))
    rows = text(doc)
    assert f"{WEATHER} | not run" in rows
    assert rows[-1] == "The tools were stopped. Your next words go on without it. r asks again."
    assert not any("waits" in row for row in rows)


def test_a_call_that_nobody_handles_is_no_dead_end() -> None:
    doc = document(120)
    doc.load([a_turn("Ask", [CALL])])
    rows = text(doc)
    assert f"{WEATHER} | not run" in rows
    assert " ".join(rows[-2:]).endswith(
        "The model asked for get_weather, a tool that is not set up. Your next words go on without it. "
        "r asks again, ^, sets tools up."
    )
    doc.load([a_turn("Ask", [CALL, OTHER], options=OFFERED)])
    assert text(doc)[-1] == "The tools were not run. Your next words go on without them. r asks again."
    doc.load([a_turn("Ask", [CALL], options=OFFERED)])
    assert text(doc)[-1] == "get_weather was not run. Your next words go on without it. r asks again."


def test_once_the_thread_goes_on_the_line_alone_says_it() -> None:
    first = a_turn("Ask", [CALL])
    doc = document()
    doc.load([first])
    doc.apply(TurnStarted(begun("Never mind", parent_id=first.id)))
    rows = text(doc)
    assert f"{WEATHER} | not run" in rows
    assert not any("go on without" in row for row in rows)
    stored = document()
    stored.load([first, a_turn("Never mind", parent_id=first.id)])
    assert not any("go on without" in row for row in text(stored))


def test_a_hostile_name_is_only_text() -> None:
    doc = document()
    doc.load([a_turn("Ask", [{**CALL, "name": "\x1b]0;x\x07[/]" + "n" * 500}])])
    assert "\x1b" not in "".join(text(doc))
    assert max(len(row) for row in text(doc)) < 100


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome("done", "It rains."), ""),
        (tool_outcome.finished(Written("x", size=1, limit=9), 3, 0.1), "failed · exit code 3"),
        (tool_outcome.finished(Written("x", size=1, limit=9), -9, 0.1), "failed"),
        (tool_outcome.flooded(Written("x", size=1, limit=9), 1.0), "failed"),
        (tool_outcome.timed_out(Written("x", size=1, limit=9), 20), "timed out"),
        (tool_outcome.not_started("no such file"), "could not be started"),
        (tool_outcome.failed("No."), "failed"),
        (tool_outcome.refused(), "refused"),
        (tool_outcome.forbidden(), "refused"),
        (tool_outcome.unattended(), "refused, nobody was there to ask"),
        (tool_outcome.stopped(), "stopped"),
        (tool_outcome.not_run(), "stopped"),
        (tool_outcome.unknown("f", ["g"]), "no such tool"),
        (tool_outcome.malformed("x"), "the arguments do not fit"),
        (tool_outcome.unfit([Violation("$", "is missing")]), "the arguments do not fit"),
    ],
)
def test_every_end_of_a_call_has_its_words(outcome: Outcome, words: str) -> None:
    result = Result.of(outcome.output)
    assert result.trouble == words
    assert (outcome.status == "done") == (not words)
