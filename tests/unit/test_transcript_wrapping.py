"""Rows of our own sentences and of prompts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from poe_tui.transcript.lines import Span
from poe_tui.transcript.wrapping import cells, cut, plain, split_at, wrap

words = st.text(st.sampled_from("ab c  é中👩\u200d👧x-"), max_size=80)


def texts(rows: list[tuple[Span, ...]]) -> list[str]:
    return ["".join(span.text for span in row) for row in rows]


def test_breaks_at_spaces_and_drops_them() -> None:
    assert texts(wrap([Span("one two  three")], 7)) == ["one two", "three"]


def test_a_word_longer_than_the_row_is_chopped() -> None:
    assert texts(wrap([Span("ab abcdefghij k")], 4)) == ["ab", "abcd", "efgh", "ij k"]


def test_indentation_stays() -> None:
    assert texts(wrap([Span("    four in")], 9)) == ["    four", "in"]


def test_roles_survive_and_neighbours_join() -> None:
    rows = wrap([Span("Stopped after 118 tokens. ", "warning"), Span("They are kept.", "dim")], 30)
    assert rows == [
        (Span("Stopped after 118 tokens. ", "warning"), Span("They", "dim")),
        (Span("are kept.", "dim"),),
    ]


def test_nothing_is_one_empty_row() -> None:
    assert wrap([], 10) == [()]
    assert wrap([Span("")], 10) == [()]


def test_tabs_become_stops_and_offsets_stay_true() -> None:
    text = "a\tb\n\t中c"
    lines = plain(text)
    assert texts([tuple(line) for line in lines]) == ["a   b", "    中c"]
    for line in lines:
        for span in line:
            assert text[span.at] == ("\t" if span.text.isspace() else span.text[0])


@settings(max_examples=200, deadline=None)
@given(words, st.integers(1, 12))
def test_no_row_is_too_wide_and_no_word_is_lost(text: str, width: int) -> None:
    rows = wrap(plain(text)[0], width)
    for row in rows:
        content = "".join(span.text for span in row)
        assert cells(row) <= max(width, 2) or not content.strip()
        for span in row:
            assert text[span.at : span.at + len(span.text)] == span.text
    assert "".join(texts(rows)).replace(" ", "") == text.replace(" ", "")


@settings(max_examples=100, deadline=None)
@given(words, st.integers(0, 12))
def test_split_and_cut_fit(text: str, width: int) -> None:
    head, tail = split_at(text, width)
    assert head + tail == text
    assert cell_len(head) <= width
    assert cell_len(cut(text, width)) <= width


def test_a_word_may_run_over_spans() -> None:
    rows = wrap([Span("see "), Span("alpha", "strong"), Span("."), Span(" 1\u00a0", "key"), Span("beta")], 8)
    assert texts(rows) == ["see", "alpha.", "1\u00a0beta"]
