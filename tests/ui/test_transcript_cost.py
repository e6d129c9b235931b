"""What the transcript costs: opening, frames and other colours, counted as work and not as time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from poe_tui.engine.turn import TurnEnded
from poe_tui.model import Turn
from poe_tui.palette import POE_DARK
from poe_tui.storage.rows import TurnOutline
from tests.ui.transcript_app import PARAGRAPHS, Alone, deltas, many, start
from tests.unit.transcript_kit import a_turn, message

LIGHT = replace(POE_DARK, name="light", dark=False, bg="#fcfbf9", text="#2b2e35", surface="#f3f1ec")


# --- cost -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("count", [3, 3000])
async def test_opening_costs_what_is_visible(count: int) -> None:
    app = Alone()
    async with app.run_test(size=(120, 40)) as pilot:
        transcript = app.transcript
        turns = [a_turn(f"Prompt {n}", [message(PARAGRAPHS)]) for n in range(count)]
        transcript.show(turns)
        await pilot.pause()
        built = [at for at in range(count) if transcript.document.view(at).built]
        assert built == [count - 1]
        assert transcript._painter.painted <= 40 + 5
        laid_out = sum(text.pieces_laid_out for text in transcript.document.view(count - 1).answer.texts)
        assert laid_out <= 22, "of one long answer, too, only what is seen is laid out"
        painted = transcript._painter.painted
        transcript.scroll_lines(-1)
        assert transcript._painter.painted == painted + 1


async def test_a_frame_costs_the_same_in_a_long_answer() -> None:
    app = Alone()
    async with app.run_test(size=(120, 40)) as pilot:
        transcript = app.transcript
        transcript.show(many(50))
        start(transcript)
        await pilot.pause()
        costs: list[tuple[int, int]] = []
        for number, event in enumerate(deltas(PARAGRAPHS * 6, 40)):
            transcript.apply(event)
            painted = transcript._painter.painted
            transcript.draw_frame()
            costs.append((transcript._painter.painted - painted, number))
        texts = transcript.document.view(50).answer.texts
        assert texts[0].parsed_characters == len(PARAGRAPHS * 6), "every character is handed to the parser once"
        tenth = len(costs) // 10
        first, last = sum(cost for cost, _ in costs[:tenth]), sum(cost for cost, _ in costs[-tenth:])
        assert last <= first + tenth, "rows drawn a frame do not grow with the answer"
        assert max(cost for cost, _ in costs) <= 8


async def test_deltas_only_append_and_one_frame_is_armed_for_all_of_them() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)):
        transcript = app.transcript
        transcript.show([])
        start(transcript)
        transcript.draw_frame()
        frames, painted = transcript.frames, transcript._painter.painted
        events = deltas(PARAGRAPHS[:2000])
        transcript.apply(events[0])
        timer, due = transcript._timer, transcript._due
        assert timer is not None
        assert due - transcript._drawn_at == pytest.approx(1 / transcript.frame_rate, abs=0.02)
        for event in events[1:]:
            transcript.apply(event)
        assert (transcript.frames, transcript._painter.painted) == (frames, painted)
        assert transcript._timer is timer
        transcript.draw_frame()
        assert transcript.frames == frames + 1
        assert transcript._timer is not None
        assert transcript._due - transcript._drawn_at > 0.5, "a turn that brings nothing is drawn once a second"


async def test_nothing_runs_while_nothing_changes() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.transcript
        transcript.show(many(3))
        await pilot.pause()
        assert transcript._timer is None
        turn = start(transcript)
        await pilot.pause(0.1)
        assert transcript._timer is not None
        transcript.apply(TurnEnded(replace(turn, status="completed")))
        transcript.draw_frame()
        assert transcript._timer is None


async def test_another_palette_draws_again_without_laying_out() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.transcript
        transcript.show(many(9))
        await pilot.pause()
        before = app.rows()
        built = [view for view in map(transcript.document.view, range(9)) if view.built]
        texts = [text for view in built for text in view.answer.texts]
        work = [(text.parsed_characters, text.pieces_laid_out) for text in texts]
        transcript.palette = LIGHT
        await pilot.pause()
        assert app.rows() == before
        assert [(text.parsed_characters, text.pieces_laid_out) for text in texts] == work
        style = next(iter(transcript.render_line(0))).style
        assert style is not None and style.bgcolor is not None and style.bgcolor.name == "#fcfbf9"


async def test_only_rows_that_changed_are_painted() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.transcript
        transcript.show([])
        start(transcript)
        for event in deltas("Some words.\n\n"):
            transcript.apply(event)
        transcript.draw_frame()
        await pilot.pause()
        regions: list[object] = []
        original = transcript.refresh
        transcript.refresh = lambda *args, **kwargs: (regions.extend(args), original(*args, **kwargs))[1]  # type: ignore[method-assign]
        for event in deltas("More."):
            transcript.apply(event)
        transcript.draw_frame()
        rows = [row for region in regions for row in range(region.y, region.bottom)]  # type: ignore[attr-defined]
        assert len(rows) <= 3, "the model line and the last row"


# --- threads that are not all here ------------------------------------------------------------------------------------
def outlines(turns: list[Turn]) -> list[TurnOutline]:
    return [
        TurnOutline(
            turn.id, turn.thread_id, turn.parent_id, turn.status, turn.model, turn.created_at, depth,
            len(turn.input_text), turn.input_text.count("\n") + 1, len(turn.output_text),
            turn.output_text.count("\n") + 1, 1, 1,
        )
        for depth, turn in enumerate(turns, 1)
    ]  # fmt: skip


async def test_turns_that_are_only_outlines_are_fetched_when_they_come_near() -> None:
    app = Alone()
    async with app.run_test(size=(70, 20)) as pilot:
        transcript = app.transcript
        turns = many(400)
        asked: list[list[str]] = []
        transcript.fetch = asked.append
        transcript.show([*outlines(turns[:-30]), *turns[-30:]])
        await pilot.pause()
        assert asked == []
        end = app.rows()
        transcript.go_home()
        await pilot.pause()
        assert len(asked) == 1
        assert asked[0][0] == turns[0].id
        assert len(asked[0]) <= 25
        assert set(app.rows()) == {""}, "what is not here is blank, not wrong"
        by_id = {turn.id: turn for turn in turns}
        transcript.supply([by_id[turn_id] for turn_id in asked[0]])
        await pilot.pause()
        assert app.rows()[1] == " ▌ Prompt 0"
        transcript.go_end()
        await pilot.pause()
        assert app.rows() == end
        # Scrolled up into the unknown: what comes in above does not move what is being read.
        while not any(turn_id == turns[-31].id for ids in asked for turn_id in ids):
            transcript.scroll_pages(-1)
        await pilot.pause()
        before = app.rows()
        assert before != end
        transcript.supply([by_id[turn_id] for turn_id in asked[-1]])
        await pilot.pause()
        assert app.rows() == before
        transcript.supply([by_id[turns[0].id], a_turn("Nobody's")])
