"""Finding words in the thread: over turns never laid out, across wrapped lines, marked where they stand."""

from __future__ import annotations

from tests.ui.transcript_app import Alone, many
from tests.unit.transcript_kit import a_turn, message


def marked(app: Alone) -> str:
    """The characters that are drawn as selected."""
    transcript = app.transcript
    ground = transcript._painter.styles.selection.bgcolor
    return "".join(
        segment.text
        for strip in transcript._strips
        for segment in strip
        if segment.style is not None and segment.style.bgcolor == ground
    )


async def test_words_are_found_shown_and_marked() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.transcript
        turns = many(60)
        turns[7] = a_turn("The Needle is here", [message("filler " * 300 + "and **a\nneedle** again " + "tail " * 300)])
        turns[31] = a_turn("Ask", [message('{"needle":"a needle","n":[1,2]}')])
        transcript.show(turns)
        await pilot.pause()
        hits = transcript.find("needle")
        assert [(hit.turn_id, hit.block) for hit in hits] == [
            (turns[7].id, "Prompt"), (turns[7].id, "Text"), (turns[31].id, "Text"), (turns[31].id, "Text"),
        ]  # fmt: skip
        assert hits[0].excerpt == "The Needle is here"
        assert not transcript.document.view(7).built, "nothing was laid out for it"
        for hit in hits:
            assert transcript.show_hit(hit)
            assert marked(app).lower() == "needle"
            assert not transcript.follow
        assert transcript.show_next_hit() == hits[0]
        assert marked(app) == "Needle"
        assert transcript.show_next_hit(-1) == hits[3]
        await pilot.pause()
        assert '"needle": "a needle",' in "\n".join(app.rows())
        transcript.forget_hits()
        assert marked(app) == ""
        assert transcript.show_next_hit() is None


async def test_a_hit_over_two_lines_is_marked_on_both() -> None:
    app = Alone()
    async with app.run_test(size=(60, 24)):
        transcript = app.transcript
        transcript.show([a_turn("Ask", [message("x " * 24 + "first second")])])
        (hit,) = transcript.find("  FIRST \n second ")
        assert transcript.show_hit(hit)
        assert marked(app).split() == ["first", "second"] or marked(app).replace("first", "") == "second"


async def test_nothing_is_found() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)):
        transcript = app.transcript
        transcript.show(many(5))
        for words in ("", "   ", "nowhere at all", "(["):
            assert transcript.find(words) == []
            assert transcript.show_next_hit() is None
        (hit, *_) = transcript.find("Turn 3")
        transcript.show(many(2, seed=9))
        assert not transcript.show_hit(hit)
