"""The splitter: what was typed and what was pasted, at every split of the bytes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.terminal.input import (
    AFTER_PASTE,
    BURST_GAP,
    ESCAPE_HOLD,
    LOST_END,
    PASTE_END,
    PASTE_START,
    InputSplitter,
    Pasted,
    Piece,
    Typed,
)


def pieces(*reads: bytes, gap: float = 0.0, end: float = 10.0) -> list[Piece]:
    """Feed the reads ``gap`` seconds apart, ticking between them, and let all deadlines pass at the end."""
    splitter, now, found = InputSplitter(), 1.0, []
    for read in reads:
        found += splitter.tick(now)
        found += splitter.feed(read, now)
        now += gap
    while splitter.deadline is not None:
        now = max(now, splitter.deadline)
        found += splitter.tick(now)
        assert now < end
    return found


def typed(found: list[Piece]) -> bytes:
    return b"".join(piece.data for piece in found if isinstance(piece, Typed))


def pasted(found: list[Piece]) -> list[bytes]:
    return [piece.data for piece in found if isinstance(piece, Pasted)]


def test_typing_passes_at_once() -> None:
    splitter = InputSplitter()
    assert splitter.feed(b"a", 0.0) == [Typed(b"a")]
    assert splitter.feed("é".encode(), 0.0) == [Typed("é".encode())]
    assert splitter.feed(b"\x1b[A", 0.0) == [Typed(b"\x1b[A")]
    assert splitter.feed(b"\x0f\r", 0.0) == [Typed(b"\x0f\r")]
    assert splitter.deadline is None


def test_a_lone_escape_is_held_and_then_final() -> None:
    splitter = InputSplitter()
    assert splitter.feed(b"\x1b", 0.0) == []
    assert splitter.tick(ESCAPE_HOLD / 2) == []
    assert splitter.tick(ESCAPE_HOLD) == [Typed(b"\x1b", final=True)]


def test_a_split_sequence_is_one() -> None:
    assert typed(pieces(b"\x1b", b"[", b"A")) == b"\x1b[A"


@given(st.binary(max_size=200), st.lists(st.integers(1, 220), max_size=6))
@settings(max_examples=200, deadline=None)
def test_a_bracketed_paste_survives_any_split(text: bytes, cuts: list[int]) -> None:
    text = text.replace(PASTE_END, b"").replace(b"\x1b", b"")
    whole = b"a" + PASTE_START + text + PASTE_END
    points = sorted({0, *(cut for cut in cuts if cut < len(whole)), len(whole)})
    found = pieces(*(whole[a:b] for a, b in pairwise(points)))
    assert pasted(found) == [text]
    assert typed(found) == b"a"


@given(st.lists(st.binary(max_size=12), max_size=8), st.floats(0, 0.2))
@settings(max_examples=200, deadline=None)
def test_nothing_hangs_and_plain_text_is_never_lost(reads: list[bytes], gap: float) -> None:
    found = pieces(*reads, gap=gap, end=1e6)
    if not any(b"\x1b" in read for read in reads):
        assert b"".join(piece.data for piece in found) == b"".join(reads)


def test_an_empty_read_loses_nothing_that_is_held() -> None:
    assert b"".join(piece.data for piece in pieces(b"\r ", b"", gap=0.0, end=1e6)) == b"\r "


def test_an_end_marker_inside_a_paste_does_not_end_it() -> None:
    found = pieces(PASTE_START + b"ls" + PASTE_END + b"\rrm\r" + PASTE_END)
    assert pasted(found) == [b"ls", b"\rrm\r"]
    assert typed(found) == b""


def test_keys_behind_a_paste_come_after_a_moment() -> None:
    splitter = InputSplitter()
    assert splitter.feed(PASTE_START + b"x" + PASTE_END + b"\r", 0.0) == [Pasted(b"x")]
    assert splitter.tick(AFTER_PASTE) == [Typed(b"\r")]


def test_a_paste_without_an_end_is_taken_in_the_end() -> None:
    splitter = InputSplitter()
    splitter.feed(PASTE_START + b"lost", 0.0)
    assert splitter.tick(LOST_END) == [Pasted(b"lost")]
    assert splitter.feed(b"k", LOST_END) == [Typed(b"k")]


@pytest.mark.parametrize(
    ("burst", "is_pasted", "is_typed"),
    [
        (b"one\rtwo\r", [b"one\rtwo\r"], b""),
        (b"one\ntwo", [b"one\ntwo"], b""),
        (b"hello\r", [], b"hello\r"),
        (b"w" * 100 + b"\r", [b"w" * 100], b"\r"),
        (b"\r\r", [], b"\r\r"),
    ],
)
def test_bursts(burst: bytes, is_pasted: list[bytes], is_typed: bytes) -> None:
    found = pieces(burst)
    assert (pasted(found), typed(found)) == (is_pasted, is_typed)


def test_a_burst_in_several_reads_is_one_paste() -> None:
    splitter = InputSplitter()
    assert splitter.feed(b"one\rtwo", 0.0) == []
    assert splitter.feed(b"three\r", BURST_GAP / 2) == []
    assert splitter.tick(BURST_GAP * 2) == [Pasted(b"one\rtwothree\r")]


@pytest.mark.parametrize(
    "reply",
    [b"\x1b[?62;22c", b"\x1b[>0;95;0c", b"\x1b]52;c;aGk=\x07", b"\x1b]11;rgb:1/2/3\x1b\\", b"\x1bP>|xterm\x1b\\"],
)
def test_replies_are_dropped_at_every_split(reply: bytes) -> None:
    for cut in range(1, len(reply)):
        found = pieces(b"a" + reply[:cut], reply[cut:] + b"b")
        assert typed(found) == b"ab"


def test_the_reply_that_textual_waits_for_passes() -> None:
    assert typed(pieces(b"\x1b[?2026;2$y")) == b"\x1b[?2026;2$y"
