"""What is on top of the window stays there: through any series of sizes, and when the texts of far turns come in."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.engine.turn import TurnStarted
from poe_tui.model import Turn
from poe_tui.transcript.document import Document
from poe_tui.transcript.rows import Frame
from poe_tui.transcript.viewport import Viewport
from tests.unit.transcript_kit import a_turn, begun, message, wire

SIZES = st.tuples(st.integers(40, 170), st.integers(8, 50))


def answer(chance: random.Random, words: Iterator[int]) -> str:
    """An answer in which no word stands twice."""

    def some(most: int) -> str:
        return " ".join(f"w{next(words)}" for _ in range(chance.randrange(1, most)))

    blocks = []
    for _ in range(chance.randrange(3, 14)):
        kind = chance.choice(["words", "words", "list", "code", "table", "quote", "heading", "html"])
        if kind == "list":
            blocks.append("\n".join(f"- {some(40)}" for _ in range(chance.randrange(1, 6))))
        elif kind == "code":
            lines = [chance.choice(["", f"    {some(30)}", some(8)]) for _ in range(chance.randrange(1, 20))]
            blocks.append("```\n" + "\n".join(lines) + "\n```")
        elif kind == "table":
            rows = [f"| {some(4)} | {some(25)} | {some(20)} |" for _ in range(chance.randrange(1, 6))]
            blocks.append("| A | B | C |\n|---|---|---|\n" + "\n".join(rows))
        elif kind == "quote":
            blocks.append(f"> {some(60)}\n>\n> {some(20)}")
        elif kind == "heading":
            blocks.append(f"## {some(20)}")
        elif kind == "html":
            blocks.append(f"<div>\n{some(20)}\n</div>")
        else:
            blocks.append(some(120))
    return "\n\n".join(blocks)


def thread(seed: int, turns: int = 6) -> list[Turn]:
    chance, words = random.Random(seed), count()
    made = []
    for _ in range(turns):
        lines = [
            chance.choice(["", " ".join(f"w{next(words)}" for _ in range(chance.randrange(60)))])
            for _ in range(chance.randrange(1, 9))
        ]
        prompt = "\n".join([f"w{next(words)}", *lines])
        status = {"status": "failed", "error": {"message": " ".join(f"w{next(words)}" for _ in range(60))}}
        fields = status if not chance.randrange(4) else {}
        made.append(a_turn(prompt, [message(answer(chance, words))], **fields))
    return made


def window(turns: list[Turn], width: int, height: int) -> Viewport:
    document = Document(Frame(width))
    document.load(turns)
    viewport = Viewport(document, height)
    viewport.to_end()
    return viewport


def shown(viewport: Viewport) -> list[str]:
    return [visible.row.line.text for visible in viewport.rows()]


def fits(viewport: Viewport) -> bool:
    """Whether the window does not hang at the end, where the text on top has to give way."""
    viewport.rows()
    return viewport.y + viewport.height <= viewport.total - 1


def words_of(viewport: Viewport) -> list[str]:
    """The words of the rows on top that together are one line of the source: a row of a table is several."""
    rows = viewport.rows()
    first = rows[0].row
    start = first.line.start
    same = [row.row for row in rows if start >= 0 and (row.row.origin, row.row.line.start) == (first.origin, start)]
    return [word for row in same or [first] for word in re.findall(r"w\d+", row.line.text)]


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 5000), SIZES, st.integers(3, 400), st.lists(SIZES, min_size=1, max_size=7))
def test_the_text_on_top_stays_through_any_series_of_sizes(
    seed: int, size: tuple[int, int], back: int, sizes: list[tuple[int, int]]
) -> None:
    viewport = window(thread(seed), *size)
    viewport.scroll(-back)
    before, top = shown(viewport), words_of(viewport)
    if viewport.follow:
        return
    table = viewport.rows()[0].row.line.kind.startswith(("table", "record"))
    for width, height in sizes:
        viewport.resize(Frame(width), height)
        if top and not table and fits(viewport):
            assert top[0] in words_of(viewport), (width, height)
    viewport.resize(Frame(size[0]), size[1])
    assert shown(viewport) == before


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5000), st.integers(1, 60), st.lists(SIZES, min_size=2, max_size=6), st.integers(1, 300))
def test_it_stays_while_an_answer_streams(seed: int, back: int, sizes: list[tuple[int, int]], chunk: int) -> None:
    text = answer(random.Random(seed), count(10_000)) + "\n\n" + " ".join(f"x{n}" for n in range(900))
    viewport = window(thread(seed, 2), 160, 30)
    document = viewport.document
    document.apply(TurnStarted(begun("Go on")))
    place = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0}
    pieces = iter([text[at : at + chunk] for at in range(0, len(text), chunk)])

    def come(some: int) -> None:
        for _ in range(some):
            for event in wire(*({**place, "delta": piece} for piece in [next(pieces, "")] if piece)):
                document.apply(event)
        viewport.refresh()
        viewport.rows()

    come(max(1, 600 // chunk))
    viewport.scroll(-back)
    if viewport.follow:
        return
    before, top = shown(viewport)[:1], words_of(viewport)
    for width, height in sizes:
        viewport.resize(Frame(width), height)
        come(3)
        if top and fits(viewport) and not viewport.rows()[0].row.line.kind.startswith(("table", "record")):
            assert top[0] in words_of(viewport)
    viewport.resize(Frame(160), 30)
    if fits(viewport) and not viewport.rows()[0].row.line.kind.startswith("table"):
        assert shown(viewport)[:1] == before


def test_the_sizes_of_the_review() -> None:
    for back in (28, 27, 5, 61, 140):
        viewport = window(thread(7), 160, 50)
        viewport.scroll(-back)
        before = shown(viewport)
        for _ in range(3):
            for width, height in ((110, 30), (160, 50), (80, 24), (60, 12), (160, 50)):
                viewport.resize(Frame(width), height)
                viewport.rows()
            assert shown(viewport) == before


def test_a_remembered_place_does_not_drift_either() -> None:
    turns = thread(11)
    viewport = window(turns, 120, 30)
    viewport.scroll(-90)
    before = shown(viewport)
    for width in (80, 60, 100):
        position = viewport.position()
        viewport = window(turns, width, 30)
        viewport.restore(position)
    viewport.resize(Frame(120), 30)
    assert shown(viewport) == before
    position = viewport.position()
    viewport.restore({**position, "mark": position["mark"][:5]})


# --- turns that are not here yet --------------------------------------------------------------------------------------
@dataclass
class Sketch:
    """An outline whose lengths say too little."""

    id: str
    model: str = "Demo-One"
    parent_id: str | None = None
    input_length: int = 5
    input_lines: int = 1
    output_length: int = 100
    output_lines: int = 2
    sibling_index: int = 1
    sibling_count: int = 1


def test_the_head_of_a_revealed_turn_stays_when_turns_come_in() -> None:
    turns = thread(3, 40)
    document = Document(Frame(100))
    document.load([Sketch(turn.id) for turn in turns[:-1]] + turns[-1:])
    viewport = Viewport(document, 30)
    viewport.to_end()
    viewport.reveal(0)
    for place in (1, 2, 3, 2):
        viewport.reveal(place)
        at = [visible.turn for visible in viewport.rows()].index(place)
        viewport.supply(turns[place - 1 : place + 2])
        rows = viewport.rows()
        assert (rows[at].turn, rows[at].at) == (place, 0)
        assert rows[at + 1].row.line.text == turns[place].input_text.split("\n")[0]


def test_what_is_read_stays_when_the_turns_above_come_in() -> None:
    turns = thread(5, 12)
    document = Document(Frame(100))
    document.load([Sketch(turn.id) for turn in turns[:6]] + turns[6:])
    viewport = Viewport(document, 30)
    viewport.to_turn(6)
    viewport.scroll(-4)
    before = shown(viewport)
    viewport.supply(turns[:6])
    assert shown(viewport)[4:] == before[4:]
