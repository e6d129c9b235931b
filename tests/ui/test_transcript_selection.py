"""Selecting with the mouse: what is copied is the source, and it survives scrolling and streaming."""

from __future__ import annotations

from textual.geometry import Offset
from textual.selection import SELECT_ALL, Selection

from poe_tui.transcript.copying import selected_text
from poe_tui.transcript.render import place
from poe_tui.transcript.view import Transcript
from tests.ui.transcript_app import Alone, deltas, start
from tests.unit.transcript_kit import a_turn, document, message

TEXT = (
    "A paragraph of **bold** words that is long enough to be wrapped over more than one row of the screen, "
    "twice even.\n\n"
    "```python\nif x:\n    y = 1\n```\n\n- one\n- two"
)


async def drag(pilot: object, start: tuple[int, int], end: tuple[int, int]) -> None:
    await pilot.mouse_down(Transcript, offset=start)  # type: ignore[attr-defined]
    await pilot.hover(Transcript, offset=end)  # type: ignore[attr-defined]
    await pilot.mouse_up(Transcript, offset=end)  # type: ignore[attr-defined]


def find(app: Alone, words: str) -> tuple[int, int]:
    return next((row.index(words), y) for y, row in enumerate(app.rows()) if words in row)


async def test_a_drag_copies_source_text() -> None:
    app = Alone()
    async with app.run_test(size=(60, 30)) as pilot:
        app.transcript.show([a_turn("Ask", [message(TEXT)])])
        await pilot.pause()
        x, y = find(app, "paragraph")
        end_x, end_y = find(app, "enough")
        await drag(pilot, (x, y), (end_x + 5, end_y))
        assert app.screen.get_selected_text() == "paragraph of **bold** words that is long enough"
        selected = app.transcript.render_line(y)
        styles = [segment.style for segment in selected if "paragraph" in segment.text]
        assert styles[0] is not None
        assert styles[0].bgcolor is not None
        assert styles[0].bgcolor.name == "#3d3670"
        await pilot.click(Transcript, offset=(0, 0))
        assert app.screen.get_selected_text() is None


async def test_a_drag_over_code_and_lists_takes_whole_rows_with_their_marks() -> None:
    app = Alone()
    async with app.run_test(size=(60, 30)) as pilot:
        app.transcript.show([a_turn("Ask", [message(TEXT)])])
        await pilot.pause()
        x, y = find(app, "if x:")
        await drag(pilot, (x, y), (58, find(app, "y = 1")[1]))
        assert app.screen.get_selected_text() == "if x:\n    y = 1"
        await drag(pilot, (3, find(app, "one")[1] + 0), (58, find(app, "two")[1]))
        assert "one\n- two" in (app.screen.get_selected_text() or "")


async def test_a_selection_stays_while_text_streams_and_heights_are_corrected() -> None:
    app = Alone()
    async with app.run_test(size=(60, 20)) as pilot:
        transcript = app.transcript
        transcript.show([a_turn(f"Prompt {n}", [message(TEXT * n)]) for n in range(1, 9)])
        start(transcript)
        for event in deltas("Marked words stand here.\n\n"):
            transcript.apply(event)
        transcript.draw_frame()
        await pilot.pause()
        x, y = find(app, "words stand")
        await drag(pilot, (x, y), (x + 10, y))
        assert app.screen.get_selected_text() == "words stand"
        for event in deltas(TEXT):
            transcript.apply(event)
        transcript.draw_frame()
        transcript.scroll_pages(-3)
        await pilot.pause()
        assert app.screen.get_selected_text() == "words stand"


async def test_another_path_forgets_the_selection() -> None:
    app = Alone()
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.show([a_turn("Ask", [message(TEXT)])])
        await pilot.pause()
        await drag(pilot, (4, 5), (20, 7))
        assert app.screen.get_selected_text()
        app.transcript.show([])
        assert app.screen.get_selected_text() is None


def test_everything_is_prompts_and_sources() -> None:
    doc = document(60)
    assert selected_text(doc, SELECT_ALL) == ""
    doc.load([a_turn("Line one\nline  two", [message(TEXT)]), a_turn("And?", [message("End.")])])
    copied = selected_text(doc, SELECT_ALL)
    assert copied.startswith("Line one\nline  two\n")
    assert f"\n{TEXT}\n" in copied
    assert copied.endswith("End.")
    assert "▌" not in copied


def test_offsets_outside_are_bearable() -> None:
    doc = document(60)
    doc.load([a_turn("Ask", [message(TEXT)])])
    far = place(9, 9)
    for first, last in (((-3, 0), (999, 0)), ((0, 2), (-2, 3)), ((0, 7), (0, far)), ((5, place(4, 0)), (0, far))):
        assert isinstance(selected_text(doc, Selection(Offset(*first), Offset(*last))), str)
