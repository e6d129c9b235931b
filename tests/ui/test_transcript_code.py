"""Rows of code: margin, background, clipping, scrolling sideways, and the line of the 16 colours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.events import MouseScrollDown, MouseScrollRight

from poe_tui.palette import POE_DARK
from poe_tui.transcript.render import Painter
from poe_tui.transcript.rows import Frame
from poe_tui.transcript.view import Transcript
from tests.ui.transcript_app import Alone
from tests.unit.transcript_kit import a_turn, document, drawn, message

LINE = "0123456789" * 9
CODE = f"```python\n{LINE}\n\nshort = 1\n```"
IN_A_LIST = "- a\n\n  ```\n  中文中文中文中文中文中文\n\n  x\n  ```"
ANSI = replace(POE_DARK, ansi=True, bg="ansi_default", surface="ansi_default", accent="ansi_magenta")


def code_rows(app: Alone) -> list[str]:
    rows = app.rows()
    start = next(y for y, row in enumerate(rows) if "1 · python" in row)
    return rows[start : start + 4]


async def test_wide_code_is_clipped_and_scrolls_sideways_to_its_end() -> None:
    app = Alone()
    async with app.run_test(size=(40, 20)) as pilot:
        transcript = app.transcript
        transcript.show([a_turn("Ask", [message(CODE)])])
        await pilot.pause()
        assert code_rows(app) == ["     1 · python", f"     {LINE[:31]}…", "", "     short = 1"]
        y = next(y for y, row in enumerate(app.rows()) if "01234" in row)
        assert transcript.scroll_code(y, 8)
        await pilot.pause()
        assert code_rows(app) == ["     1 · python", f"     …{LINE[9:39]}…", "", "     …"]
        while transcript.scroll_code(y, 8):
            pass
        await pilot.pause()
        assert code_rows(app)[1] == f"     …{LINE[-31:]}"
        while transcript.scroll_code(y, -8):
            pass
        await pilot.pause()
        assert code_rows(app)[1] == f"     {LINE[:31]}…"
        assert not transcript.scroll_code(0, 8)
        assert not transcript.scroll_code(99, 8)


async def test_the_wheel_with_shift_scrolls_code_and_without_the_page() -> None:
    app = Alone()
    async with app.run_test(size=(40, 20)) as pilot:
        transcript = app.transcript
        transcript.show([a_turn("Ask", [message(CODE)])])
        await pilot.pause()
        y = next(y for y, row in enumerate(app.rows()) if "01234" in row)
        transcript.post_message(MouseScrollDown(transcript, 9, y, 0, 1, 0, True, False, False))
        await pilot.pause()
        assert f"     …{LINE[9:39]}…" in app.rows()
        transcript.post_message(MouseScrollRight(transcript, 9, y, 1, 0, 0, False, False, False))
        await pilot.pause()
        assert f"     …{LINE[17:47]}…" in app.rows()


async def test_what_is_selected_in_scrolled_code_is_what_is_seen() -> None:
    app = Alone()
    async with app.run_test(size=(40, 20)) as pilot:
        transcript = app.transcript
        transcript.show([a_turn("Ask", [message(CODE)])])
        await pilot.pause()
        y = next(y for y, row in enumerate(app.rows()) if "01234" in row)
        transcript.scroll_code(y, 13)
        await pilot.pause()
        await pilot.mouse_down(Transcript, offset=(10, y))
        await pilot.hover(Transcript, offset=(14, y))
        await pilot.mouse_up(Transcript, offset=(14, y))
        assert app.screen.get_selected_text() == app.rows()[y][10:15]


@pytest.mark.parametrize("palette", [POE_DARK, ANSI])
@pytest.mark.parametrize("width", [8, 12, 40, 130])
@pytest.mark.parametrize("shift", [0, 3, 200])
@pytest.mark.parametrize("code", [CODE, IN_A_LIST, "> ```\n> y\n>\n> ```"])
def test_rows_of_code_always_fit(palette: object, width: int, shift: int, code: str) -> None:
    doc = document(width)
    doc.load([a_turn("Ask", [message(code)])])
    painter = Painter(palette, Frame(width))  # type: ignore[arg-type]
    for row in drawn(doc):
        strip = painter.strip(row, 0, shift=shift)
        assert strip.cell_length == width == cell_len(strip.text)


def test_the_background_goes_from_the_text_column_to_r_and_16_colours_get_a_line() -> None:
    doc = document(60)
    doc.load([a_turn("Ask", [message(CODE)])])
    rows = [row for row in drawn(doc) if row.line.kind in ("code", "code-head")]
    for row in rows:
        cells = [
            (character, segment.style.bgcolor.name)
            for segment in Painter(POE_DARK, Frame(60)).strip(row, 0)
            for character in segment.text
            if segment.style is not None and segment.style.bgcolor is not None
        ]
        assert [at for at, (_, ground) in enumerate(cells) if ground == POE_DARK.surface] == list(range(3, 57))
        assert Painter(ANSI, Frame(60)).strip(row, 0).text[3:5] == "│ "
    plain = Painter(ANSI, Frame(60, glyphs="plain"))
    shown = [plain.strip(row, 0).text[3:].rstrip() for row in rows]
    assert shown == ["| 1 - python", f"| {LINE[:49]}...", "|", "| short = 1"]
