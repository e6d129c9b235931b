"""The sanitizer: nothing harmful passes, nothing harmless is lost, and no split fools it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.sanitize import StreamCleaner, clean, clean_url, gate, join_surrogates

HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x07\r\n\t\u2028\u202e\u2066\u2069\u200f\u061cא٠a]0;\ud83d\ude00\U000e0041\ufeff"),
    ),
    max_size=60,
)
BANNED = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))} - {"\n", "\t"}


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("plain text\n\ttab", "plain text\n\ttab"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]52;c;ZXZpbA==\x07", "␛]52;c;ZXZpbA=="),
        ("\x9b31m", "31m"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("\u202eevil\u202c", "evil"),
        ("a\u2066b\u2069", "ab"),
        ("שלום\u200f a\u2066b", "שלום\u200f a\u2066b"),
        ("שלום\nx\u2066", "שלום\nx"),
        ("x\U000e0041\U000e007fy\ufeff\u200bz", "xyz"),
        ("👨‍👩‍👧 ❤️ نمی‌خواهم", "👨‍👩‍👧 ❤️ نمی‌خواهم"),
        ("\ud83d\ude00 \ud83d \ude00", "😀 \ufffd \ufffd"),
        ("\x00\x08\x7f", ""),
    ],
)
def test_what_stays_and_what_goes(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


def test_a_single_line_has_no_line_break_and_no_direction_mark() -> None:
    assert clean("שלום\u200f\n\ta\r\nb\u2029c", single_line=True) == "שלום  a b c"


@given(HOSTILE)
def test_the_result_is_safe_and_cleaning_again_changes_nothing(text: str) -> None:
    for single_line in (False, True):
        cleaned = clean(text, single_line=single_line)
        assert not BANNED & set(cleaned)
        assert not any(0xD800 <= ord(c) <= 0xDFFF or 0x202A <= ord(c) <= 0x202E for c in cleaned)
        cleaned.encode()
        assert clean(cleaned, single_line=single_line) == cleaned
    assert not {"\n", "\t"} & set(clean(text, single_line=True))


@settings(max_examples=300)
@given(HOSTILE, st.lists(st.integers(0, 60), max_size=8))
def test_any_split_gives_what_the_whole_gives(text: str, cuts: list[int]) -> None:
    cleaner = StreamCleaner()
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [cleaner.feed(text[a:b]) for a, b in itertools.pairwise(places)]
    assert "".join(pieces) + cleaner.flush() == clean(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_clean_text_is_returned_unchanged(text: str) -> None:
    assert clean(text) is text


@given(HOSTILE)
def test_the_gate_leaves_nothing_a_terminal_acts_on(text: str) -> None:
    passed = gate(text)
    assert not ({"\n", "\t"} | BANNED) & set(passed)
    passed.encode()


def test_surrogate_halves_are_joined_or_replaced() -> None:
    assert join_surrogates("a\ud83d\ude00b\udc00") == "a😀b\ufffd"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://poe.com/api_key?x=1#y", "https://poe.com/api_key?x=1#y"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("https://пример.example/ж", "https://xn--e1afmkfd.example/ж"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("ssh://evil/-oProxyCommand=x", None),
        ("-flag", None),
        ("https://poe.com@evil.example/", None),
        ("https://evil.example/\x1b]0;x", None),
        ("https://a b.example/", None),
        ("https://", None),
        ("https://host:99999/", None),
        ("", None),
    ],
)
def test_only_web_addresses_that_say_where_they_go(url: str, shown: str | None) -> None:
    assert clean_url(url) == shown
