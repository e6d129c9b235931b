"""Message mode: the cursor, reasoning, raw view, and what can be taken from an answer."""

from __future__ import annotations

from tests.ui.transcript_app import Alone, start
from tests.unit.transcript_kit import a_turn, cited, message

THOUGHTS = "**Plan**\n\nFirst this.\n\nThen that."
REASONING = {"type": "reasoning", "summary": [{"type": "summary_text", "text": THOUGHTS}]}
CODE = "Look [here](https://example.org) [1]:\n\n```python\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |"


async def test_the_cursor_moves_over_turns_and_brings_them_into_view() -> None:
    app = Alone()
    async with app.run_test(size=(80, 20)) as pilot:
        transcript = app.transcript
        turns = [a_turn(f"Prompt {n}", [message("word " * 150)]) for n in range(12)]
        transcript.show(turns)
        await pilot.pause()
        transcript.select_next()
        assert transcript.selected is turns[11]
        for _ in range(20):
            transcript.select_previous()
        await pilot.pause()
        assert transcript.selected is turns[0]
        rows = app.rows()
        assert rows[0] == ""
        assert rows[1] == " ▌ Prompt 0"
        assert rows[3].startswith(" ▌ Demo-One"), "the bar stands beside the whole turn"
        transcript.select_last()
        await pilot.pause()
        assert any("▌ Prompt 11" in row for row in app.rows())
        transcript.select(None)
        transcript.select("nobody")
        await pilot.pause()
        assert transcript.selected is None
        assert app.selected == [*(turns[n].id for n in range(11, -1, -1)), turns[11].id, None]
        assert sum(row.startswith(" ▌") for row in app.rows()) <= 2


async def test_another_path_leaves_message_mode() -> None:
    app = Alone()
    async with app.run_test(size=(80, 20)) as pilot:
        app.transcript.show([a_turn()])
        app.transcript.select_first()
        app.transcript.show([a_turn()])
        await pilot.pause()
        assert app.transcript.selected is None
        assert app.selected[-1] is None


async def test_reasoning_opens_and_folds_without_moving_what_is_above() -> None:
    app = Alone()
    async with app.run_test(size=(80, 30)) as pilot:
        transcript = app.transcript
        turn = a_turn("Ask", [REASONING, message("Answer.")])
        transcript.show([a_turn("Other", [message("Plain.")]), turn])
        await pilot.pause()
        folded = app.rows()
        assert transcript.toggle_reasoning()
        await pilot.pause()
        opened = app.rows()
        at = next(y for y, row in enumerate(opened) if row.startswith("   ▼ Thought · ≈"))
        assert opened[at + 1 : at + 7] == ["   Plan", "", "   First this.", "", "   Then that.", ""]
        assert opened[:at] == folded[:at]
        transcript.toggle_reasoning(turn.id)
        await pilot.pause()
        assert app.rows() == folded
        assert not transcript.toggle_reasoning(transcript.document.view(0).turn.id)
        assert not transcript.toggle_reasoning("nobody")


async def test_a_click_on_the_thoughts_opens_them() -> None:
    app = Alone()
    async with app.run_test(size=(80, 30)) as pilot:
        app.transcript.show([a_turn("Ask", [REASONING, message("Answer.")])])
        await pilot.pause()
        y = next(y for y, row in enumerate(app.rows()) if "Thought" in row)
        await pilot.click(type(app.transcript), offset=(8, y))
        await pilot.pause()
        assert "   First this." in app.rows()


async def test_raw_view_and_back() -> None:
    app = Alone()
    async with app.run_test(size=(80, 30)) as pilot:
        app.transcript.show([a_turn("Ask", [message(CODE)])])
        await pilot.pause()
        rendered = app.rows()
        assert app.transcript.toggle_raw()
        await pilot.pause()
        assert "   ```python" in app.rows()
        assert app.transcript.toggle_raw()
        await pilot.pause()
        assert app.rows() == rendered
        assert not app.transcript.toggle_raw("nobody")


async def test_what_can_be_taken() -> None:
    app = Alone()
    async with app.run_test(size=(80, 30)):
        transcript = app.transcript
        turn = a_turn(
            "Ask",
            [message(CODE, cited(CODE, "[1]", "https://example.com/s")), message("```\ny\n```", id="m2")],
        )
        transcript.show([turn])
        blocks = transcript.code_blocks(turn.id)
        taken = [(block.number, block.language, block.text) for block in blocks]
        assert taken == [(1, "python", "x = 1\n"), (2, "", "y\n")]
        assert [(source.number, source.url) for source in transcript.sources(turn.id)] == [(1, "https://example.com/s")]
        assert ("here", "https://example.org") in transcript.links(turn.id)
        assert transcript.tables(turn.id)[0].rows == (("a", "b"), ("1", "2"))
        assert transcript.answer_text(turn.id) == f"{CODE}\n\n```\ny\n```"
        for empty in (transcript.code_blocks, transcript.sources, transcript.links, transcript.tables):
            assert empty("nobody") == []
        assert transcript.answer_text("nobody") == ""


async def test_code_is_numbered_through_an_answer_of_several_parts() -> None:
    app = Alone()
    async with app.run_test(size=(80, 30)) as pilot:
        app.transcript.show([a_turn("Ask", [message("```\nx\n```"), message("```c\ny\n```", id="m2")])])
        await pilot.pause()
        rows = [row.strip() for row in app.rows()]
        assert "1" in [row.split(" ")[0] for row in rows]
        assert "2 · c" in rows


async def test_selecting_while_a_turn_runs_keeps_the_cursor() -> None:
    app = Alone()
    async with app.run_test(size=(80, 20)) as pilot:
        app.transcript.show([a_turn("One"), a_turn("Two")])
        app.transcript.select_first()
        start(app.transcript)
        app.transcript.draw_frame()
        await pilot.pause()
        assert app.transcript.selected is not None
        assert app.transcript.selected.input_text == "One"


async def test_entering_message_mode_moves_nothing_and_dims_the_other_bars() -> None:
    app = Alone()
    async with app.run_test(size=(80, 20)) as pilot:
        transcript = app.transcript
        turns = [a_turn(f"Prompt {n}", [message("word " * 40)]) for n in range(6)]
        transcript.show(turns)
        transcript.scroll_lines(-3)
        await pilot.pause()
        before = [row.replace("▌", " ").rstrip() for row in app.rows()]
        transcript.select(turns[5].id, reveal=False)
        await pilot.pause()
        assert [row.replace("▌", " ").rstrip() for row in app.rows()] == before
        assert transcript.selected is turns[5]
        transcript.select(turns[0].id, reveal=False)
        await pilot.pause()
        assert [row.replace("▌", " ").rstrip() for row in app.rows()] == before

        def bars() -> list[tuple[int, str]]:
            accent = transcript._painter.styles("user-bar").color
            drawn = [(y, segment) for y, strip in enumerate(transcript._strips) for segment in strip]
            return [
                (y, "accent" if segment.style is not None and segment.style.color == accent else "dim")
                for y, segment in drawn
                if segment.text == "▌"
            ]

        transcript.select(turns[4].id)
        places = {y: transcript._visible[y].turn for y, _ in bars()}
        assert {(places[y], ink) for y, ink in bars()} == {(4, "accent"), (5, "dim")}
        transcript.select(None)
        assert {ink for _, ink in bars()} == {"accent"}
