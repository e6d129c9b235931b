"""The transcript on a real screen: following, standing still, cost of a frame, colours, hostile text."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.events import Click
from textual.filter import LineFilter
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.widget import Widget

from poe_tui.palette import POE_DARK, Palette
from poe_tui.transcript.view import Transcript
from tests.ui.transcript_app import PARAGRAPHS, Alone, deltas, many, start
from tests.unit.transcript_kit import a_turn, message


def drawn(transcript: Transcript) -> list[str]:
    """The rows as they are handed to the compositor."""
    return [transcript.render_line(y).text for y in range(transcript.size.height)]


# --- following --------------------------------------------------------------------------------------------------------
async def test_it_follows_the_end_while_the_reader_is_there() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        app.transcript.show([a_turn("One", [message("Short.")])])
        start(app.transcript)
        for event in deltas(PARAGRAPHS, 40):
            app.transcript.apply(event)
        app.transcript.draw_frame()
        await pilot.pause()
        assert app.transcript.follow
        assert app.rows()[-2].strip().endswith("tested here.")
        assert app.rows()[-1] == "", "a blank row stays over the composer"
        assert app.follows == []


async def test_scrolled_up_the_view_stands_still_to_the_row() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.transcript
        transcript.show(many(5))
        start(transcript)
        for event in deltas(PARAGRAPHS[:3000], 40):
            transcript.apply(event)
        transcript.draw_frame()
        transcript.scroll_lines(-17)
        await pilot.pause()
        before = app.rows()
        assert not transcript.follow
        table = "\n\n| a | b |\n|---|---|\n" + "".join(f"| row {n} | {'wide ' * (n % 7)} |\n" for n in range(40))
        events = deltas((PARAGRAPHS[3000:] + table + "\n```python\n" + "y = 2\n" * 200), 12)[:500]
        assert len(events) == 500
        for number, event in enumerate(events):
            transcript.apply(event)
            if number % 5 == 0:
                transcript.draw_frame()
            if number % 50 == 0:
                await pilot.pause()
                assert app.rows() == before
        await pilot.pause()
        assert app.rows() == before
        assert transcript.new_lines > 20
        assert app.follows[-1] == (False, transcript.new_lines)
        await pilot.press("end")
        transcript.go_end()
        await pilot.pause()
        assert app.follows[-1] == (True, 0)
        assert app.rows() != before


async def test_the_wheel_and_the_keys_scroll_and_reaching_the_end_follows() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.transcript
        transcript.show(many(30))
        transcript.focus()
        await pilot.pause()
        end = app.rows()
        await pilot.press("pageup")
        assert not transcript.follow
        assert app.rows()[-2:] == end[:2], "two rows overlap"
        await pilot.press("pagedown")
        assert transcript.follow
        assert app.rows() == end
        await pilot.press("up", "up", "down", "down")
        assert transcript.follow
        transcript._on_mouse_scroll_up(_wheel(transcript))
        await pilot.pause()
        assert app.rows()[2:] == end[:-2]
        assert not transcript.follow
        await pilot.press("home")
        assert app.rows()[:2] == ["", " ▌ Prompt 0"]
        await pilot.press("end")
        assert transcript.follow
        assert app.rows() == end


def _wheel(transcript: Transcript) -> object:
    from textual.events import MouseScrollUp

    return MouseScrollUp(transcript, 5, 5, 0, -1, 0, False, False, False)


async def test_sending_follows_again() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        app.transcript.show(many(9))
        app.transcript.go_home()
        assert not app.transcript.follow
        start(app.transcript, "Mine")
        app.transcript.draw_frame()
        await pilot.pause()
        assert app.transcript.follow
        assert " ▌ Mine" in app.rows()


async def test_a_tools_step_does_not_make_it_follow() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)):
        app.transcript.show(many(9))
        app.transcript.go_home()
        output = {"type": "function_call_output", "call_id": "c", "output": "x"}
        step = replace(a_turn(status="in_progress"), input=[output])
        from poe_tui.engine.turn import TurnStarted

        app.transcript.apply(TurnStarted(step))
        app.transcript.draw_frame()
        assert not app.transcript.follow


# --- heights ----------------------------------------------------------------------------------------------------------
async def test_every_row_up_is_one_row_up_however_wrong_the_estimates_are() -> None:
    app = Alone()
    async with app.run_test(size=(70, 20)) as pilot:
        transcript = app.transcript
        transcript.show(many(25))
        await pilot.pause()
        before = drawn(transcript)
        assert [row[:-1].rstrip() for row in before] == app.rows()
        for step in range(400):
            transcript.scroll_lines(-1)
            now = drawn(transcript)
            assert now[1:] == before[:-1], step
            before = now
        for _ in range(40):
            transcript.scroll_lines(1)
            now = drawn(transcript)
            assert now[:-1] == before[1:]
            before = now


async def test_the_bar_knows_what_was_corrected() -> None:
    app = Alone()
    async with app.run_test(size=(70, 20)) as pilot:
        transcript = app.transcript
        transcript.show(many(12))
        for _ in range(60):
            transcript.scroll_pages(-1)
        await pilot.pause()
        assert transcript.scroll_y == 0
        exact = sum(transcript.document.view(at).height for at in range(12)) + 1
        assert transcript.virtual_size.height == exact
        bar = transcript.vertical_scrollbar
        assert (bar.window_virtual_size, bar.window_size, bar.position) == (exact, 20, 0)
        transcript.scroll_to(y=exact, animate=True)
        await pilot.pause()
        assert transcript.scroll_y == exact - 20
        assert transcript.follow


async def test_a_long_jump_by_the_bar_lands_and_stays() -> None:
    app = Alone()
    async with app.run_test(size=(70, 20)) as pilot:
        transcript = app.transcript
        transcript.show(many(200))
        transcript.scroll_to(y=2000, animate=True)
        await pilot.pause()
        before = app.rows()
        assert not transcript.follow
        transcript.scroll_lines(3)
        transcript.scroll_lines(-3)
        await pilot.pause()
        assert app.rows() == before


async def test_a_change_of_width_keeps_the_row_on_top() -> None:
    app = Alone()
    async with app.run_test(size=(100, 30)) as pilot:
        transcript = app.transcript
        transcript.show(many(40))
        for back in (40, 111, 230):
            transcript.go_end()
            transcript.scroll_lines(-back)
            await pilot.pause()
            top = next(row for row in app.rows() if row.strip())
            for width in (60, 44, 90, 100):
                await pilot.resize_terminal(width, 30)
                await pilot.pause()
                # At other widths the row holds other words, but it begins in the same ones.
                first = next(row for row in app.rows() if row.strip())
                assert first.split()[:1][0] in top or top.split()[0] in first, (back, width, top, first)
            await pilot.resize_terminal(100, 30)
        transcript.go_end()
        await pilot.resize_terminal(50, 12)
        await pilot.pause()
        assert transcript.follow
        assert app.rows()[-1] == ""


async def test_the_place_of_the_reader_is_remembered() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        turns = many(20)
        app.transcript.show(turns)
        assert app.transcript.position() == {}
        app.transcript.scroll_lines(-133)
        await pilot.pause()
        before, position = app.rows(), app.transcript.position()
        app.transcript.show([])
        app.transcript.show(turns, position=position)
        await pilot.pause()
        assert app.rows() == before
        for broken in ({"turn": "gone"}, {"turn": turns[3].id, "mark": "x"}, {"mark": [1]}):
            app.transcript.show(turns, position=broken)


# --- hostile text -----------------------------------------------------------------------------------------------------
HOSTILE = (
    "\x1b]0;owned\x07\x1b[31mred\x1b[0m \x9b31m [@click=app.quit]click me[/] [/ [/foo] "
    "[link=file:///etc/passwd]x[/link] \u202egnp.exe \U000e0041tag\u2028next\x00"
)
UNSEEN = "\u202e\u2028\U000e0041"


class Marking(LineFilter):
    """Draws every blank as an underscore."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(segment.text.replace(" ", "_"), segment.style) for segment in segments]


@pytest.mark.parametrize("palette", [POE_DARK, replace(POE_DARK, ansi=True)], ids=["own", "ansi"])
async def test_every_row_goes_through_the_line_filters(palette: Palette) -> None:
    """``Transcript.render_lines`` goes past Textual's cache of rows, never past the last gate."""
    app = Alone()
    app._filters.append(Marking())
    async with app.run_test(size=(40, 12)) as pilot:
        app.transcript.palette = palette
        app.transcript.show([a_turn("Ask me", [message("Two words")])])
        await pilot.pause()
        shown = app.rows()
        assert any("Two_words" in row for row in shown)
        assert not any(" " in row for row in shown)
        part = app.transcript.render_lines(Region(2, 0, 10, 12))
        assert {strip.cell_length for strip in part} == {10}


async def test_hostile_text_is_only_text() -> None:
    app = Alone()
    async with app.run_test(size=(80, 30)) as pilot:
        transcript = app.transcript
        hostile = a_turn(HOSTILE, [message(HOSTILE), {"type": HOSTILE, "name": HOSTILE}], model=HOSTILE)
        failed = a_turn(
            HOSTILE, status="failed", server="https://evil.example/" + HOSTILE,
            error={"type": HOSTILE, "message": HOSTILE, "near": [HOSTILE], "request_id": HOSTILE, "http_status": 400},
        )  # fmt: skip
        transcript.show([hostile, failed])
        transcript.go_home()
        await pilot.pause()
        for _ in range(6):
            for strip in transcript._strips:
                assert not {c for c in strip.text if ord(c) < 32 or 127 <= ord(c) < 160 or c in UNSEEN}
                assert strip.cell_length == 80
            transcript.scroll_lines(9)
        transcript.go_home()
        await pilot.pause()
        for y, row in enumerate(app.rows()):
            if "click me" in row:
                await pilot.click(Transcript, offset=(row.index("click me") + 2, y))
        assert app.is_running
        assert app.links == []


async def test_a_link_is_offered_and_never_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        text = "[good](https://example.org/a) [bad](javascript:alert(1)) [file](file:///etc/passwd)"
        app.transcript.show([a_turn("Links", [message(text)])])
        await pilot.pause()
        y, row = next((y, row) for y, row in enumerate(app.rows()) if "good" in row)
        for word in ("good", "bad", "file"):
            await pilot.click(Transcript, offset=(row.index(word) + 1, y))
        assert app.links == ["https://example.org/a"]
        assert opened == []


# --- states -----------------------------------------------------------------------------------------------------------
async def test_the_empty_thread_says_what_to_press() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        app.transcript.show([])
        await pilot.pause()
        shown = "\n".join(app.rows())
        assert "Ask anything." in shown
        assert "Enter sends, ^J starts a new line." in shown
        app.transcript.keys = {"composer.send": "^S"}
        await pilot.pause()
        assert "^S sends" in "\n".join(app.rows())
        start(app.transcript)
        app.transcript.draw_frame()
        await pilot.pause()
        assert "Ask anything." not in "\n".join(app.rows())


async def test_settings_take_effect_at_once() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.transcript
        reasoning = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
        transcript.show([a_turn("Ask", [reasoning, message("- x")], created_at=1.0)])
        await pilot.pause()
        assert "   ► Thought · ≈ 1 token" in app.rows()
        transcript.density = "compact"
        transcript.glyphs = "plain"
        transcript.timestamps = True
        await pilot.pause()
        rows = app.rows()
        assert rows[rows.index("   + Thought - ~ 1 token") + 1] == "   * x"
        assert any(re.search(r"Demo-One - \d\d:\d\d", row) for row in rows)
        transcript.reasoning = "show"
        await pilot.pause()
        rows = app.rows()
        assert rows[rows.index("   - Thought - ~ 1 token") + 1 :][:3] == ["   Hm.", "", "   * x"]
        transcript.reasoning = "off"
        transcript.tail_rows = 0
        await pilot.pause()
        assert "   + Thought - ~ 1 token" in app.rows()


# --- private parts of Textual -----------------------------------------------------------------------------------------
def test_what_we_use_of_textuals_inside_is_still_there() -> None:
    """Fails when an upgrade changes what ``view.py`` stands on; its comments say what for."""
    parameters = inspect.signature(Widget._scroll_to).parameters
    assert {"x", "y", "animate"} <= set(parameters)
    assert ScrollView.render_lines is Widget.render_lines
    for name in ("window_virtual_size", "window_size", "position"):
        assert hasattr(ScrollBar, name)
    assert hasattr(Widget, "set_reactive")
    assert {"virtual_size", "scroll_y", "scroll_target_y"} <= set(Widget._reactives)
    assert "style" in inspect.signature(Click.__init__).parameters
