"""The SSE reader: every line end, every split, every liberty servers take."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.api.errors import LineTooLong
from poe_tui.api.sse import ServerSentEvent, SSEDecoder


def read(*chunks: bytes, max_line: int = 1 << 20) -> list[tuple[str | None, bytes]]:
    decoder = SSEDecoder(max_line)
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return [(event.event, event.data) for event in events + decoder.flush()]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", [(None, b"a")]),
        (b"data: a\r\n\r\n", [(None, b"a")]),
        (b"data: a\r\r", [(None, b"a")]),
        (b"data: a\r\n\rdata: b\n\r\n", [(None, b"a"), (None, b"b")]),
        (b"data:a\n\n", [(None, b"a")]),
        (b"data:  a\n\n", [(None, b" a")]),
        (b"data\n\n", [(None, b"")]),
        (b"data:\n\n", [(None, b"")]),
        (b"data: a\ndata: b\n\n", [(None, b"a\nb")]),
        (b"event: x\ndata: a\n\ndata: b\n\n", [("x", b"a"), (None, b"b")]),
        (b"event:x\ndata: a\n\n", [("x", b"a")]),
        (b"event: x\n\ndata: a\n\n", [(None, b"a")]),
        (b": ping\n\n: ping\ndata: a\n: in between\ndata: b\n\n", [(None, b"a\nb")]),
        (b"id: 1\nretry: 3000\ndata: a\n\n", [(None, b"a")]),
        (b"dataset: no\nfoo: bar\nfoo\ndata: a\n\n", [(None, b"a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [(None, b"a")]),
        (b"\xef\xbbdata: a\n\ndata: b\n\n", [(None, b"b")]),
        (b"data: a", [(None, b"a")]),
        (b"data: a\n", [(None, b"a")]),
        (b"data: a\r", [(None, b"a")]),
        (b"data: a\n\ndata: [DO", [(None, b"a"), (None, b"[DO")]),
        (b"", []),
        (b"\n\n\r\r\n", []),
        ('data: {"t": "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg"}\n\n'.encode(), None),
    ],
)
def test_every_form(stream: bytes, expected: list[tuple[str | None, bytes]] | None) -> None:
    if expected is None:
        expected = [(None, stream[6:-2])]
    assert read(stream) == expected
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == expected


def test_an_event_is_out_as_soon_as_its_blank_line_is_in() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\r\n\r") == [ServerSentEvent(None, b"a")]
    assert decoder.feed(b"\ndata: b\n") == []
    assert decoder.feed(b"\n") == [ServerSentEvent(None, b"b")]


def test_a_first_byte_of_a_byte_order_mark_alone_is_a_line_like_any_other() -> None:
    assert read(b"\xef", b"\xbb") == []
    assert read(b"\xef", b"\n\ndata: a\n\n") == [(None, b"a")]


_PIECES = [
    *(b"data: ", b"data:", b"data", b"event: x", b"event:", b": c", b"id: 1", b"\xef\xbb\xbf", b"{}", b" ", b"a"),
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", "é\u2028".encode(), b"\xff"),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=40), st.data())
def test_where_the_bytes_are_cut_makes_no_difference(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(*chunks) == read(stream)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_raise(stream: bytes) -> None:
    for _, data in read(stream):
        assert b"\r" not in data


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_line_without_end_is_a_clean_error(size: int) -> None:
    decoder = SSEDecoder(max_line=1000)
    with pytest.raises(LineTooLong, match="more than 1000 bytes") as caught:
        for _ in range(2000):
            decoder.feed(b"x" * size)
    assert caught.value.limit == 1000


def test_many_short_lines_of_one_event_are_held_to_the_same_limit() -> None:
    with pytest.raises(LineTooLong):
        read(b"data: aaaaaaaa\n" * 200, max_line=1000)
    with pytest.raises(LineTooLong):
        read(b"data\n" * 2000, max_line=1000)
    assert read(b"data: aaaaaaaa\n\n" * 200, max_line=1000) == [(None, b"aaaaaaaa")] * 200


def test_a_megabyte_line_is_read_whole_and_in_linear_time() -> None:
    small, large = (_cost(size) for size in (1 << 19, 1 << 21))
    assert large < 16 * small + 0.05


def _cost(size: int) -> float:
    line = b"data: " + b"x" * size + b"\n\n"
    started = time.process_time()
    [(_, data)] = read(*(line[at : at + 100] for at in range(0, len(line), 100)), max_line=1 << 25)
    assert len(data) == size
    return time.process_time() - started


def test_the_limit_is_said_in_megabytes() -> None:
    with pytest.raises(LineTooLong, match="more than 32 MB"):
        SSEDecoder().feed(b"x" * (33 * 1024 * 1024))
