"""The frame diff: whatever the frames were, the terminal shows the last one, and it took few bytes."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, InlineUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from poe_tui.terminal.output import SYNC_END, SYNC_START, FrameOutput
from tests.terminal.screen import Screen, expected, look

W, H = 24, 8
STYLES = [
    None, Style(), Style(bold=True), Style(color="red", bgcolor="#16181d"), Style(color="#ab96ff", bold=True, dim=True),
    Style(bgcolor="#16181d"), Style(underline=True), Style(link="https://a.example/"), Style(reverse=True, italic=True),
    Style(bold=False, color="default", bgcolor="default"), Style(link="https://b.example/", color="blue"),
]  # fmt: skip
PROSE = "Saturday follows the Ginza line, Sunday the river; breakfast comes before the first sight, and a day ticket "
PROSE += "pays from the third ride on, which nobody told us when we came here for the first time in a wet November."
CLUSTERS = [*"ab ", " ", "   ", "日", "👨‍👩‍👧", "e\u0301", "❤️", "🇨🇭", "▌", "─────", "word", "     ", "ق", " " * 11]


def line(draw: random.Random) -> Strip:
    """A line of whole clusters, exactly ``W`` cells wide."""
    segments: list[Segment] = []
    width = 0
    while width < W:
        text = "".join(draw.choice(CLUSTERS) for _ in range(draw.randint(1, 5)))
        if width + cell_len(text) > W:
            text = "x" * (W - width)
        segments.append(Segment(text, draw.choice(STYLES)))
        width += cell_len(text)
    return Strip(segments, W)


def cut_places(row: Strip) -> list[int]:
    """The columns at which a segment ends: a cut there goes through no cluster."""
    places, at = [], 0
    for segment in row:
        at += segment.cell_length
        places.append(at)
    return places[:-1]


def full(rows: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[row] for row in rows], Region(0, 0, W, H))


def check(screen: Screen, rows: list[Strip], system: ColorSystem | None) -> None:
    assert screen.foreign == []
    for y, row in enumerate(rows):
        assert list(map(look, screen.cells[y])) == list(map(look, expected(list(row), W, system))), y


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32).map(random.Random), st.sampled_from([ColorSystem.TRUECOLOR, ColorSystem.STANDARD, None]),
       st.booleans(), st.booleans())  # fmt: skip
def test_after_any_frames_the_terminal_shows_the_last_one(
    draw: random.Random, system: ColorSystem | None, erases: bool, sync: bool
) -> None:
    output = FrameOutput(system, erase_with_colour=erases, sync=sync)
    screen = Screen(W, H, erase_with_colour=erases)
    rows = [line(draw) for _ in range(H)]
    for frame in range(8):
        kind = draw.choice(("full", "scroll", "part", "chops", "forget")) if frame else "full"
        if kind == "scroll":
            shift, top = draw.randint(-3, 3), draw.randint(0, 2)
            moved = rows[top:]
            count = abs(shift)
            fresh = [line(draw) for _ in range(count)]
            moved = moved[count:] + fresh if shift > 0 else (fresh + moved)[: len(moved)]
            rows = rows[:top] + moved
        elif kind == "forget":
            output.forget()
            screen.feed("\x1b[2J")
        else:
            for y in draw.sample(range(H), draw.randint(1, H)):
                rows[y] = line(draw)
        cursor = (draw.randrange(W), draw.randrange(H))
        if kind == "chops":
            spans, chops = [], []
            for y, row in enumerate(rows):
                inner = draw.sample(cut_places(row), min(2, len(cut_places(row))))
                cuts = sorted({0, W, *inner})
                chops.append({a: row.crop(a, b) for a, b in pairwise(cuts)})
                spans.append((y, 0, W))
            update = ChopsUpdate(chops, spans, [[W]] * H)
        else:
            update = full(rows)
        text = output.encode(update, (W, H), cursor)
        assert text is not None
        screen.feed(text)
        check(screen, rows, system)
        assert screen.cursor == cursor


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32).map(random.Random))
def test_cuts_through_clusters_leave_every_row_whole(draw: random.Random) -> None:
    output = FrameOutput(ColorSystem.TRUECOLOR, erase_with_colour=True)
    screen = Screen(W, H)
    for _ in range(4):
        rows = [line(draw) for _ in range(H)]
        cuts = sorted({0, W, *draw.sample(range(W), 3)})
        chops = [{a: row.crop(a, b) for a, b in pairwise(cuts)} for row in rows]
        update = ChopsUpdate(chops, [(y, 0, W) for y in range(H)], [cuts[1:]] * H)
        screen.feed(output.encode(update, (W, H), (0, 0)) or "")
        assert screen.foreign == []
        assert all(len(row.texts) == len(row.pens) == W for row in output._rows)


def test_the_same_frame_again_writes_nothing() -> None:
    draw = random.Random(1)
    rows = [line(draw) for _ in range(H)]
    output = FrameOutput(ColorSystem.TRUECOLOR, erase_with_colour=True, sync=True)
    assert output.encode(full(rows), (W, H), (0, 0))
    assert output.encode(full(rows), (W, H), (0, 0)) == ""
    moved = output.encode(full(rows), (W, H), (3, 2))
    assert moved == "\x1b[3;4H"


def test_a_partial_update_touches_only_its_columns() -> None:
    output = FrameOutput(ColorSystem.TRUECOLOR, erase_with_colour=True)
    screen = Screen(W, H)
    blank = [Strip.blank(W)] * H
    screen.feed(output.encode(full(blank), (W, H), (0, 0)) or "")
    region = LayoutUpdate([[Strip([Segment("hello")])]], Region(5, 2, 5, 1))
    text = output.encode(region, (W, H), (0, 0)) or ""
    screen.feed(text)
    assert screen.text()[2] == "     hello"
    assert len(text) < 30


def test_half_covered_wide_clusters_become_blank() -> None:
    output = FrameOutput(None, erase_with_colour=True)
    screen = Screen(W, H)
    rows = [Strip([Segment("日本語" * 4)])] + [Strip.blank(W)] * (H - 1)
    screen.feed(output.encode(full(rows), (W, H), (0, 0)) or "")
    region = LayoutUpdate([[Strip([Segment("xy")])]], Region(3, 0, 2, 1))
    screen.feed(output.encode(region, (W, H), (0, 0)) or "")
    assert screen.text()[0] == "日 xy 本語日本語日本語"[:2] + screen.text()[0][2:]
    assert "xy" in screen.text()[0] and screen.foreign == []


def test_a_scroll_is_done_by_the_terminal() -> None:
    output = FrameOutput(ColorSystem.TRUECOLOR, erase_with_colour=True)
    words = [Strip([Segment((PROSE[n:] + PROSE)[:W])]) for n in range(0, 9 * (H + 1), 9)]
    output.encode(full(words[:H]), (W, H), (0, 0))
    text = output.encode(full(words[1:]), (W, H), (0, 0)) or ""
    assert output.statistics.scrolls == 1 and len(text) < 70
    back = output.encode(full(words[:H]), (W, H), (0, 0)) or ""
    assert output.statistics.scrolls == 2 and "\x1bM" in back and len(back) < 70


def test_a_column_beside_what_scrolls_is_repaired() -> None:
    output = FrameOutput(ColorSystem.TRUECOLOR, erase_with_colour=True)
    screen = Screen(W, H)

    def frame(first: int) -> list[Strip]:
        side = ["left", "side", "bar", "", "", "", "", ""]
        return [Strip([Segment(f"{side[y]:<6}{PROSE[9 * (first + y) :][: W - 6]}")]) for y in range(H)]

    for first in range(6):
        screen.feed(output.encode(full(frame(first)), (W, H), (0, 0)) or "")
        check(screen, frame(first), ColorSystem.TRUECOLOR)
    assert output.statistics.scrolls


def test_large_frames_are_synchronized_and_small_ones_are_not() -> None:
    draw = random.Random(2)
    output = FrameOutput(ColorSystem.TRUECOLOR, erase_with_colour=True, sync=True)
    text = output.encode(full([line(draw) for _ in range(H)]), (W, H), (0, 0)) or ""
    assert text.startswith(SYNC_START) and text.endswith(SYNC_END)
    one = LayoutUpdate([[Strip([Segment("z")])]], Region(1, 1, 1, 1))
    assert SYNC_START not in (output.encode(one, (W, H), (0, 0)) or "")


def test_links_are_closed_at_the_end_of_a_frame() -> None:
    output = FrameOutput(None, erase_with_colour=True)
    rows = [Strip([Segment("x" * W, Style(link="https://a.example/"))])] * H
    text = output.encode(full(rows), (W, H), (0, 0)) or ""
    assert text.rindex("\x1b]8;;\x1b\\") > text.rindex("https://a.example/")


def test_an_unknown_update_is_left_to_textual() -> None:
    output = FrameOutput(None, erase_with_colour=True)
    assert output.encode(InlineUpdate([]), (W, H), (0, 0)) is None


@pytest.mark.parametrize(("one", "other", "most"), [
    (Style(bold=True), Style(bold=True, color="red"), 5),
    (Style(bold=True, dim=True), Style(dim=True), 7),
    (Style(color="#112233", bgcolor="#445566", bold=True), Style(), 4),
    (Style(underline=True, italic=True), Style(italic=True), 5),
])  # fmt: skip
def test_pens_change_by_the_shortest_sequence(one: Style, other: Style, most: int) -> None:
    output = FrameOutput(ColorSystem.TRUECOLOR, erase_with_colour=True)
    step = output.box.pen(one).step(output.box.pen(other))
    assert 0 < len(step) <= most
    screen = Screen(4, 1)
    screen.feed(output.box.reset.step(output.box.pen(one)) + step + "x")
    assert screen.cells[0][0] == expected([Segment("x", other)], 1, ColorSystem.TRUECOLOR)[0]


def test_what_was_forgotten_is_not_written_by_a_partial_update() -> None:
    output = FrameOutput(None, erase_with_colour=True)
    output.forget()
    part = LayoutUpdate([[Strip([Segment("ab")])], [Strip([Segment("c   ")])]], Region(5, 1, 4, 2))
    text = output.encode(part, (W, H), (0, 0)) or ""
    assert "\x00" not in text and "ab" in text
    assert output.knows((W, H)) and not output.knows((W, H + 1))
