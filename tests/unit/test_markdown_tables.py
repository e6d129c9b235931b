"""Tables: columns, alignment, wrapping cells, records where there is no room."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from poe_tui.transcript.lines import Line
from poe_tui.transcript.markdown import MarkdownRenderer, render
from tests.unit.markdown_texts import shown

LOOK = """\
| Day | Morning | Evening | Rides | Yen |
|-----|---------|---------|-------|-----|
| **Sat** | Tsukiji outer market | Kappabashi, then monjayaki | 3 | 560 |
| **Sun** | Kiyosumi garden and coffee | Yanaka bars | 4 | **740** |
"""


def text(source: str, width: int = 90) -> list[str]:
    return shown(render(source, width))


def test_a_table_looks_as_it_was_drawn() -> None:
    assert text(LOOK) == [
        "Day   Morning                      Evening                      Rides   Yen",
        "───────────────────────────────────────────────────────────────────────────",
        "Sat   Tsukiji outer market         Kappabashi, then monjayaki       3   560",
        "Sun   Kiyosumi garden and coffee   Yanaka bars                      4   740",
    ]
    head, rule, *_ = render(LOOK, 90)
    assert {span.role for span in head.spans} == {"text", "table-head"}
    assert [span.role for span in rule.spans] == ["rule"]
    assert [line.kind for line in render(LOOK, 90)] == ["table-head", "table-rule", "table", "table"]


def test_cells_wrap_and_never_lose_words() -> None:
    assert text(LOOK, 60) == [
        "Day   Morning             Evening                Rides   Yen",
        "────────────────────────────────────────────────────────────",
        "Sat   Tsukiji outer       Kappabashi, then           3   560",
        "      market              monjayaki",
        "Sun   Kiyosumi garden     Yanaka bars                4   740",
        "      and coffee",
    ]
    words = " ".join(text(LOOK, 60)).split()
    assert all(word in words for word in ("Tsukiji", "outer", "market", "Kappabashi,", "then", "monjayaki", "Yanaka"))


def test_where_columns_have_no_room_rows_become_records() -> None:
    lines = render(LOOK, 30)
    assert [line.kind for line in lines] == ["record"] * len(lines)
    assert shown(lines) == [
        "Sat",
        "  Morning   Tsukiji outer",
        "            market",
        "  Evening   Kappabashi, then",
        "            monjayaki",
        "  Rides     3",
        "  Yen       560",
        "Sun",
        "  Morning   Kiyosumi garden",
        "            and coffee",
        "  Evening   Yanaka bars",
        "  Rides     4",
        "  Yen       740",
    ]


def test_alignment_as_marked_and_numbers_to_the_right() -> None:
    source = "| left | right | mid | n |\n|:--|--:|:-:|---|\n| a | b | c | 1.5 |\n| aaaaa | bbbbbb | ccccc | 12 % |\n"
    assert text(source) == [
        "left     right    mid       n",
        "─────────────────────────────",
        "a            b     c      1.5",
        "aaaaa   bbbbbb   ccccc   12 %",
    ]


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (["1", "22"], True), (["$1.50", "$ 20"], True), (["12 480", "–"], True), (["3 ms", "12 ms"], True),
        (["-3", "+4 %"], True), (["", "5"], True), (["1", "two"], False), (["2024-01-05", "1"], False),
        (["v1", "v2"], False), (["", ""], False),
    ],
)  # fmt: skip
def test_what_counts_as_numbers(cells: list[str], right: bool) -> None:
    source = "| long head |\n|---|\n" + "".join(f"| {cell} |\n" for cell in cells)
    shown_text = text(source)[2:]
    first = next((line for line in shown_text if line), "")
    assert first.startswith(" ") == right


def test_a_cell_more_than_there_are_heads_keeps_its_words() -> None:
    assert text("| a | b |\n|---|---|\n| 1 | 2 | three |\n")[2] == "1   2 | three"


def test_a_row_without_pipes_belongs_to_the_table_until_a_blank_line() -> None:
    assert text("a | b\n--|--\n1 | 2\nx\n\nwords") == ["a   b", "─────", "1   2", "x", "", "words"]


def test_wide_characters_keep_columns_straight() -> None:
    lines = text("| 名前 | b |\n|---|---|\n| 東京タワー | x |\n| a | y |\n")
    assert [cell_len(line) for line in lines] == [14, 14, 14, 14]


def test_one_column_wraps_rather_than_to_become_records() -> None:
    assert text("| head |\n|---|\n| some longer words |\n", 8) == ["head", "────────", "some", "longer", "words"]


def test_only_heads_that_do_not_fit_stand_below_each_other() -> None:
    assert text("| aaaaaaaa | bbbbbbbb | cccccccc |\n|---|---|---|\n", 12) == ["aaaaaaaa", "bbbbbbbb", "cccccccc"]


def test_a_table_that_arrives_is_laid_out_with_what_is_there() -> None:
    renderer = MarkdownRenderer(40)
    seen: list[list[str]] = []
    for character in "| k | v |\n|---|---|\n| a | **b":
        renderer.feed(character)
        lines = shown(list(renderer.lines))
        if not seen or seen[-1] != lines:
            seen.append(lines)
    heads = ["k   v", "─────"]
    assert seen == [[], heads, [*heads, "a"], [*heads, "a   b"]]
    renderer.feed("old** |")
    assert renderer.lines[-1].text == "a   bold"


def test_a_long_open_table_is_not_laid_out_for_every_wider_cell() -> None:
    renderer = MarkdownRenderer(80)
    renderer.feed("| a | b |\n|---|---|\n" + "| x | y |\n" * 400)
    laid_out = 0
    for size in range(2, 60):
        before = list(renderer.lines)
        first = renderer.feed(f"| {'x' * size} | y |\n")
        laid_out += first < len(before)
    assert laid_out <= 4
    renderer.finish()
    assert list(renderer.lines) == render(renderer.source, 80)


cell = st.text("ab 12漢|*", max_size=14).map(lambda value: value.replace("|", "\\|"))
grids = st.integers(1, 6).flatmap(
    lambda count: st.lists(st.lists(cell, min_size=count, max_size=count), min_size=1, max_size=6)
)


@settings(max_examples=120, deadline=None)
@given(grids, st.integers(1, 60))
def test_no_row_is_wider_than_the_pane(rows: list[list[str]], width: int) -> None:
    head, *body = rows
    source = f"|{'|'.join(head)}|\n|{'---|' * len(head)}\n" + "".join(f"|{'|'.join(row)}|\n" for row in body)
    lines: list[Line] = render(source, width)
    assert all(sum(cell_len(span.text) for span in line.spans) <= max(width, 2) for line in lines)
    assert all(not line.text.endswith(" ") for line in lines)
