"""Markdown that arrives in pieces: the same lines as in one go, and on the way nothing finished changes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from poe_tui.transcript.lines import Line
from poe_tui.transcript.markdown import MarkdownRenderer, render
from tests.unit.markdown_texts import TRICKY, cuts, deltas, shown, streamed, texts

WIDTHS = (12, 20, 40, 80)
TABLE = ("table", "table-head", "table-rule", "record")
widths = st.sampled_from(WIDTHS)


# --- any chunking -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", TRICKY)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_a_tricky_document_in_pieces_is_the_whole(name: str, size: int) -> None:
    text = TRICKY[name]
    for width in WIDTHS:
        assert list(streamed(text, list(range(0, len(text), size)), width).lines) == render(text, width)


@settings(max_examples=200, deadline=None)
@given(texts, cuts, widths)
def test_any_text_in_any_pieces_is_the_whole(text: str, at: list[int], width: int) -> None:
    assert list(streamed(text, at, width).lines) == render(text, width)


# --- on the way -------------------------------------------------------------------------------------------------
def without_tables(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.kind not in TABLE]


class Watch:
    """Feeds a renderer and checks at each step what it promises."""

    def __init__(self, width: int) -> None:
        self.renderer = MarkdownRenderer(width)
        self.lines: list[Line] = []
        self.finished: list[Line] = []

    def feed(self, delta: str) -> None:
        renderer = self.renderer
        open_before, parsed = renderer.open_size, renderer.parsed
        first = renderer.feed(delta)
        self.check(first)
        block = max(open_before, renderer.open_size)
        assert renderer.parsed - parsed <= 4 * (len(delta) + block)

    def finish(self) -> None:
        self.check(self.renderer.finish(), done=True)

    def check(self, first: int, *, done: bool = False) -> None:
        renderer = self.renderer
        lines = list(renderer.lines)
        assert first == renderer.first_changed
        assert lines[:first] == self.lines[:first]
        assert renderer.height == len(lines) == sum(piece.height for piece in renderer.pieces)
        assert 0 <= renderer.stable <= len(lines)
        if not done:
            # A table may be laid out again as long as it is open; what it pushes down stays what it is.
            assert without_tables(lines)[: len(self.finished)] == self.finished
            self.finished = without_tables(lines[: renderer.stable])
        self.lines = lines


@settings(max_examples=200, deadline=None)
@given(texts, cuts, widths)
def test_finished_lines_stay_and_reading_is_bounded(text: str, at: list[int], width: int) -> None:
    watch = Watch(width)
    for delta in deltas(text, at):
        watch.feed(delta)
    watch.finish()


@pytest.mark.parametrize("name", TRICKY)
def test_finished_lines_of_a_tricky_document_stay(name: str) -> None:
    watch = Watch(40)
    for character in TRICKY[name]:
        watch.feed(character)
    watch.finish()


@settings(max_examples=150, deadline=None)
@given(texts, widths)
def test_lines_are_well_formed(text: str, width: int) -> None:
    before: Line | None = None
    for line in render(text, width):
        cells = sum(cell_len(span.text) for span in line.spans)
        assert cells <= width or line.kind in ("code", "code-head")
        assert line.kind == "code" or not line.text.endswith(" ")
        assert not (line.kind == "blank" and (before is None or before.kind == "blank"))
        assert all(span.text and "\n" not in span.text and "\t" not in span.text for span in line.spans)
        assert line.start <= line.end
        before = line
    assert before is None or before.kind != "blank"


@settings(max_examples=150, deadline=None)
@given(texts, widths)
@example("a `b\n   c` d", 12)
def test_spans_know_where_they_stand(text: str, width: int) -> None:
    renderer = streamed(text, [], width)
    for line in renderer.lines:
        for span in line.spans:
            found = renderer.source[span.at : span.at + len(span.text)]
            exact = span.at < 0 or found == span.text or span.text.isspace()
            # Entities and tabs are shown by other characters than they are written with.
            assert exact or "&" in found or "\t" in renderer.source[max(0, line.start - 1) : line.end]


# --- other ways to the same lines -------------------------------------------------------------------------------
@settings(max_examples=100, deadline=None)
@given(texts, cuts, st.lists(widths, min_size=1, max_size=3))
def test_another_width_is_as_if_it_had_always_been(text: str, at: list[int], sizes: list[int]) -> None:
    renderer = MarkdownRenderer(40)
    for number, delta in enumerate(deltas(text, at)):
        renderer.feed(delta)
        if number % 3 == 0:
            renderer.relayout(sizes[number % len(sizes)])
        if number % 2 == 0:
            assert len(renderer.lines) == renderer.height
    renderer.finish()
    for width in sizes:
        renderer.relayout(width)
        assert list(renderer.lines) == render(text, width)


@settings(max_examples=100, deadline=None)
@given(texts, cuts, widths)
def test_blocks_laid_out_one_by_one_are_the_whole(text: str, at: list[int], width: int) -> None:
    renderer = MarkdownRenderer(width, lazy=True)
    for number, delta in enumerate(deltas(text, at)):
        renderer.feed(delta)
        if number % 4 == 1:
            assert renderer.pieces[-1].lines is not None if renderer.pieces else True
    renderer.finish()
    assert all(piece.height >= 0 for piece in renderer.pieces)
    assert [line for piece in renderer.pieces for line in piece.lines] == render(text, width)
    assert list(renderer.lines) == render(text, width)


def test_nothing_is_parsed_again_for_another_width() -> None:
    text = "\n\n".join(TRICKY.values())
    renderer = streamed(text, [], 80)
    parsed = renderer.parsed
    renderer.relayout(30)
    assert renderer.lines
    assert renderer.parsed == parsed


def test_a_new_width_costs_what_is_visible() -> None:
    renderer = MarkdownRenderer(80, lazy=True)
    renderer.feed("some words to wrap, enough for a row or two at any width that somebody may use\n\n" * 1000)
    renderer.finish()
    visible = renderer.pieces[500:520]
    assert all(piece.lines for piece in visible)
    read = renderer.parsed
    renderer.relayout(60)
    assert abs(renderer.height - 3000) < 100
    assert sum(piece.exact for piece in renderer.pieces) == 0
    assert all(piece.lines for piece in visible)
    assert sum(piece.exact for piece in renderer.pieces) == len(visible)
    assert renderer.parsed == read


def test_feeding_after_the_end_is_an_error() -> None:
    renderer = streamed("a", [], 20)
    assert renderer.finish() == 1
    with pytest.raises(ValueError, match="finished"):
        renderer.feed("b")


def test_nothing_new_changes_nothing() -> None:
    renderer = MarkdownRenderer(20)
    renderer.feed("a")
    assert renderer.feed("") == 1 == len(renderer.lines)
    renderer.feed("\r")
    assert shown(list(renderer.lines)) == ["a"]
    assert renderer.source == "a"
    renderer.finish()
    assert renderer.source == "a\n"


# --- the hard cases, by name ------------------------------------------------------------------------------------
def states(text: str, width: int = 40) -> list[list[str]]:
    """What is shown after each character, and at the end."""
    renderer = MarkdownRenderer(width)
    found: list[list[str]] = []
    for character in text:
        renderer.feed(character)
        found.append(shown(list(renderer.lines)))
    renderer.finish()
    return [*found, shown(list(renderer.lines))]


def test_a_reference_defined_after_its_use_becomes_a_link_at_the_end() -> None:
    renderer = MarkdownRenderer(40)
    renderer.feed("See [this][m] and [m].\n\nmore\n\n")
    renderer.feed("[m]: https://x.example/\n\nend")
    assert renderer.lines[0].text == "See [this][m] and [m]."
    assert renderer.finish() == 0
    assert renderer.lines[0].text == "See this and m."
    assert [span.link for span in renderer.lines[0].spans if span.link] == ["https://x.example/"] * 2
    assert [link.text for link in renderer.links] == ["this", "m"]


def test_a_definition_is_never_shown() -> None:
    assert not any("[m]:" in line for state in states("a\n\n[m]: https://x.example/\n\nb") for line in state)


def test_a_setext_underline_makes_a_heading_of_the_open_paragraph_only() -> None:
    renderer = MarkdownRenderer(40)
    renderer.feed("before\n\nTitle\n")
    stable = renderer.stable
    renderer.feed("==")
    assert renderer.lines[2].kind == "text"
    assert renderer.feed("=\n") == stable + 1 == 2
    assert renderer.lines[2].kind == "heading"
    assert renderer.lines[2].spans[0].role == "heading h1"


def test_a_list_that_turns_loose_pushes_nothing_apart() -> None:
    tight = states("- a\n- b\n- c\n")[-1]
    assert tight == ["• a", "• b", "• c"]
    assert states("- a\n- b\n- c\n\n- d\n")[-1] == [*tight, "", "• d"]


def test_a_late_wide_cell_moves_columns_and_nothing_else() -> None:
    renderer = MarkdownRenderer(40)
    renderer.feed("before\n\n| k | v |\n|---|---|\n| a | b |\n")
    assert shown(list(renderer.lines)) == ["before", "", "k   v", "─────", "a   b"]
    assert renderer.feed("| wide cell | c |\n") == 2
    assert shown(list(renderer.lines)) == [
        "before", "", "k           v", "─────────────", "a           b", "wide cell   c",
    ]  # fmt: skip


def test_a_fence_that_never_closes_holds_the_rest() -> None:
    renderer = streamed("```py\nx = 1\n\n# no end", [3, 9, 12], 40)
    assert shown(list(renderer.lines)) == ["  1 · py", "  x = 1", "", "  # no end"]
    assert renderer.code_blocks[0].source == "x = 1\n\n# no end\n"


def test_lines_of_code_are_finished_one_by_one_until_the_fence_closes_late() -> None:
    renderer = MarkdownRenderer(40)
    renderer.feed("```\n")
    for number in range(50):
        first = renderer.feed(f"line {number}\n")
        assert first == number + 1
        assert renderer.stable == len(renderer.lines) == number + 2
    renderer.feed("``")
    assert len(renderer.lines) == 51
    renderer.feed("`\nafter")
    assert shown(list(renderer.lines))[-2:] == ["", "after"]


def test_a_lazy_line_belongs_to_the_quote() -> None:
    assert states("> a\nb\n\nc")[-1] == ["│ a b", "", "c"]


def test_a_fence_in_a_list_keeps_its_place() -> None:
    assert states("- a\n  ```\n  x\n    y\n  ```\n- b")[-1] == ["• a", "", "    1", "    x", "      y", "", "• b"]


def test_a_table_inside_a_list() -> None:
    assert states("- a\n\n  | k | v |\n  |---|--:|\n  | x | 1 |\n- b")[-1] == [
        "• a", "", "  k   v", "  ─────", "  x   1", "", "• b",
    ]  # fmt: skip


def test_a_numbered_list_after_a_paragraph_needs_a_one() -> None:
    assert states("It was\n1986. What a year")[-1] == ["It was 1986. What a year"]
    assert states("Do\n1. this")[-1] == ["Do", "", "1. this"]


# --- little flickers --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("some **bold words** and *more* of `code` in it", "*`"),
        ("- **bold**: text\n- [x] done\n- other\n", "*-"),
        ("## A **bold** title\n\n", "#*"),
        ("a\n\n| k | **v** |\n|---|---|\n| `x` | *y* |\n", "|*`"),
        ("~~gone~~ and __strong__ and ***both***", "~_*"),
        ("1. one\n2. two\n", "\0"),
        ("text\n\n---\n\nmore", "-"),
    ],
)
def test_marks_are_never_seen(text: str, never: str) -> None:
    for state in states(text):
        assert not any(character in never for line in state for character in line), state


def test_a_link_shows_its_text_while_its_address_arrives() -> None:
    seen = [state[0] for state in states("see [the manual](https://x.example/long/path) now") if state]
    assert all("https" not in line and "(" not in line for line in seen)


def test_text_only_grows_while_a_paragraph_arrives() -> None:
    seen = [" ".join(state) for state in states("Plain words, then **bold ones**, then `some code` and an end.", 20)]
    assert all(after.startswith(before) for before, after in pairwise(seen))


def test_a_long_line_is_shown_as_it_arrives() -> None:
    renderer = MarkdownRenderer(40)
    text = "words and **more** words, " * 1000
    for at in range(0, len(text), 80):
        renderer.feed(text[at : at + 80])
        shown_now = sum(len(line.text) for line in renderer.lines)
        assert shown_now > at * 0.75
    renderer.finish()
    assert list(renderer.lines) == render(text, 40)
