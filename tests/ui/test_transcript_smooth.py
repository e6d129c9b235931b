"""A server that sends few large chunks: they are drawn over some frames, and the end of the answer waits for none."""

from __future__ import annotations

from dataclasses import replace

from poe_tui.engine.turn import TurnEnded
from tests.ui.transcript_app import Alone, deltas, start
from tests.unit.transcript_kit import message

CHUNK = " ".join(f"w{number}" for number in range(400))


async def test_a_large_chunk_is_spread_over_the_next_frames() -> None:
    app = Alone()
    async with app.run_test(size=(80, 60)):
        transcript = app.transcript
        transcript.smooth = True
        transcript.show([])
        turn = start(transcript)
        (event,) = deltas(CHUNK, len(CHUNK))
        transcript.apply(event)
        heights = []
        for _ in range(5):
            transcript.draw_frame()
            heights.append(transcript.document.view(0).height)
        assert heights == sorted(set(heights)), "it grows with every frame"
        assert not transcript.document.view(0).behind, "a quarter of a second later all is there"
        transcript.apply(event)
        transcript.draw_frame()
        assert transcript.document.view(0).behind
        row = replace(turn, status="completed", output=[message(CHUNK * 2)])
        transcript.apply(TurnEnded(row))
        transcript.draw_frame()
        view = transcript.document.view(0)
        assert not view.behind
        assert view.row(view.height - 1).line.text.endswith("w399"), "the end is drawn at once"


async def test_small_pieces_are_drawn_as_they_come_and_it_can_be_off() -> None:
    app = Alone()
    async with app.run_test(size=(80, 60)):
        transcript = app.transcript
        transcript.show([])
        start(transcript)
        transcript.smooth = True
        for event in deltas(CHUNK[:190], 20):
            transcript.apply(event)
        transcript.draw_frame()
        assert not transcript.document.view(0).behind
        transcript.smooth = False
        for event in deltas(CHUNK, len(CHUNK)):
            transcript.apply(event)
        transcript.draw_frame()
        assert not transcript.document.view(0).behind


async def test_frames_come_by_themselves_until_all_is_drawn() -> None:
    app = Alone()
    async with app.run_test(size=(80, 60)) as pilot:
        transcript = app.transcript
        transcript.smooth = True
        transcript.show([])
        start(transcript)
        transcript.apply(deltas(CHUNK, len(CHUNK))[0])
        transcript.draw_frame()
        assert transcript.document.view(0).behind
        for _ in range(200):
            if not transcript.document.view(0).behind:
                break
            await pilot.pause(0.02)
        assert not transcript.document.view(0).behind
