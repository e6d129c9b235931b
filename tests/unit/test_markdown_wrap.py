"""Breaking spans into rows by grapheme width."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len, split_graphemes

from poe_tui.transcript import wrap as wrapping
from poe_tui.transcript.lines import Span
from poe_tui.transcript.wrap import cells, is_narrow, wrap, wrap_on


def rows(text: str, width: int) -> list[str]:
    return ["".join(span.text for span in row) for row in wrap([Span(text, "text", None, 0)], width)]


def test_every_narrow_character_takes_one_cell_and_every_broad_one_two() -> None:
    every = [chr(number) for number in range(0x20, 0x20000) if not 0xD800 <= number < 0xE000]
    assert all(cell_len(character) == 1 for character in every if is_narrow(character))
    assert all(cell_len(character) == 2 for character in every if wrapping._ALL_BROAD.match(character))


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 5, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 8, ["one two", "three"]),
        ("one  two", 4, ["one", "two"]),
        ("one two   ", 20, ["one two"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("a bcdefghij", 4, ["a", "bcde", "fghi", "j"]),
        ("漢字かな", 5, ["漢字", "かな"]),
        ("漢字かな", 1, ["漢", "字", "か", "な"]),
        ("これは「引用」です。終", 12, ["これは「引", "用」です。終"]),
        ("あいうえお。か", 10, ["あいうえ", "お。か"]),
        ("あいう「えお", 8, ["あいう", "「えお"]),
        ("word漢字word", 6, ["word漢", "字word"]),
        ("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 4, ["👩‍👩‍👧👩‍👩‍👧", "👩‍👩‍👧"]),
        ("🇩🇪🇫🇷", 3, ["🇩🇪", "🇫🇷"]),
        ("👍🏽👍🏽", 3, ["👍🏽", "👍🏽"]),
        ("éééé", 2, ["éé", "éé"]),
        ("☁️☁️", 2, ["☁️", "☁️"]),
        ("1️⃣ 2️⃣", 3, ["1️⃣", "2️⃣"]),
        ("non\xa0breaking space", 8, ["non\xa0brea", "king", "space"]),
        ("שלום עולם", 5, ["שלום", "עולם"]),
        ("สวัสดีครับ", 4, ["สวัสดี", "ครับ"]),
    ],
)
def test_rows(text: str, width: int, expected: list[str]) -> None:
    assert rows(text, width) == expected


def test_a_hard_break_ends_a_row() -> None:
    spans = [Span("a b"), Span("\n"), Span("c")]
    assert [[span.text for span in row] for row in wrap(spans, 10)] == [["a b"], ["c"]]


def test_a_word_of_several_spans_stays_together() -> None:
    spans = [Span("one tw", "text", None, 0), Span("o", "strong", None, 8), Span("! three", "text", None, 11)]
    made = wrap(spans, 6)
    assert ["".join(span.text for span in row) for row in made] == ["one", "two!", "three"]
    assert made[1] == (Span("tw", "text", None, 4), Span("o", "strong", None, 8), Span("!", "text", None, 11))


pieces = st.text("ab  漢。「👩‍👧\u0301\ufe0f☁🇩🇪é1\u20e3ש", max_size=30)


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces, max_size=4), st.integers(1, 12))
def test_rows_fit_and_hold_everything(texts: list[str], width: int) -> None:
    at = 0
    spans = []
    for number, text in enumerate(texts):
        if text:
            spans.append(Span(text, f"r{number}", None, at))
        at += len(text)
    made = wrap(spans, width)
    assert made
    for row in made:
        size = sum(cell_len(span.text) for span in row)
        clusters = sum(1 for span in row for _ in split_graphemes(span.text)[0])
        assert size <= width or clusters <= 6
        assert not row or not row[-1].text.endswith(" ")
    joined = "".join(span.text for row in made for span in row)
    assert re.sub(" +", "", joined) == re.sub(" +", "", "".join(texts))
    ats = [span.at for row in made for span in row]
    assert ats == sorted(ats)


@settings(max_examples=100, deadline=None)
@given(st.text("ab 漢👩‍👧é", max_size=60), st.integers(2, 12), st.integers(0, 60))
def test_text_can_be_added_to_what_is_wrapped(text: str, width: int, at: int) -> None:
    first, second = Span(text[:at], "x", None, 0), Span(text[at:], "y", None, at)
    if not first.text or not second.text:
        return
    whole = wrap([first, second], width)
    begun, tail = wrap_on([first], width)
    assert [*begun[:-1], *wrap([*tail, second], width)] == whole


def test_width_of_texts() -> None:
    assert [cells(text) for text in ("", "abc", "漢", "é", "👩‍👧")] == [0, 3, 2, 1, 2]
