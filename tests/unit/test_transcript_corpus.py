"""Recorded streams of many servers: streaming and rebuilding are drawn alike. Skips where there is no corpus."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from poe_tui.api.events import parse_event
from poe_tui.api.sse import SSEDecoder
from poe_tui.engine.turn import TurnEnded
from tests.unit.transcript_kit import begun, document, drawn, row_of, streamed

CORPUS = Path(os.environ.get("RESPONSES_CORPUS", "")) / "streams"
STREAMS = sorted(CORPUS.glob("*.sse")) if os.environ.get("RESPONSES_CORPUS") else []


@pytest.mark.skipif(not STREAMS, reason="RESPONSES_CORPUS names no corpus")
@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_streamed_and_stored_are_drawn_alike(path: Path) -> None:
    decoder = SSEDecoder()
    sent = [*decoder.feed(path.read_bytes()), *decoder.flush()]
    read = (parse_event(event.data if isinstance(event.data, bytes) else event.data.encode()) for event in sent)
    events = [event for event in read if event is not None]
    turn = begun()
    row = row_of(turn, events)
    live = document(73)
    streamed(live, turn, events, None, frames=13)
    before = [line.line.text for line in drawn(live)]
    live.apply(TurnEnded(row))
    stored = document(73)
    stored.load([row])
    assert drawn(live) == drawn(stored)
    assert all("\x1b" not in line for line in before)
