"""
Server-sent events out of bytes, cut anywhere. Pure, linear in the input, nothing decoded.

Our own reader, because the ready ones split JSON at U+2028 and U+0085 (``httpx.aiter_lines``) or decode what is thrown
away. Lines end at LF, CR or CRLF and nowhere else; the WHATWG grammar otherwise, with two liberties: an event at the
end of the stream counts without its blank line, and ``id`` and ``retry`` are of no interest here.
"""

from __future__ import annotations

from typing import NamedTuple

from poe_tui.api.errors import LineTooLong

MAX_LINE = 32 * 1024 * 1024
"""Bytes. An image travels as base64 in one line of some megabytes; no honest line is longer than this."""

_BOM = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One event: its ``event:`` field, if any, and its data lines joined by LF."""

    event: str | None
    data: bytes


class SSEDecoder:
    """
    Feed it bytes as they come; it returns the events they complete.

    Raises :class:`LineTooLong` when a line or the data of one event exceeds ``max_line`` bytes; it is of no use after.
    """

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._max = max_line
        self._tail: list[bytes] = []
        """The pieces of the line that is not finished; joined once, at its end."""
        self._tail_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._name: str | None = None
        self._after_cr = False
        self._head: bytes | None = b""
        """What came so far while it may still be a byte order mark; ``None`` afterwards."""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Take the next bytes and return the events that are complete now."""
        if self._head is not None:
            data = self._skip_bom(data)
        if self._after_cr and data:
            self._after_cr = False
            if data[0] == 0x0A:
                data = data[1:]
        if b"\r" in data:
            self._after_cr = data[-1] == 0x0D
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *rest = data.split(b"\n")
        self._tail_size += len(first)
        if self._tail_size > self._max:
            raise self._too_long()
        if not rest:
            if first:
                self._tail.append(first)
            return []
        events: list[ServerSentEvent] = []
        if self._tail:
            self._tail.append(first)
            first = b"".join(self._tail)
            self._tail = []
        last = rest.pop()
        self._line(first, events)
        for line in rest:
            self._line(line, events)
        self._tail_size = len(last)
        if last:
            self._tail.append(last)
        return events

    def flush(self) -> list[ServerSentEvent]:
        """Return what the end of the stream completes: a last line without an end, a last event without a blank."""
        head, self._head = self._head, None
        events = self.feed(head) if head else []
        if self._tail:
            line = b"".join(self._tail)
            self._tail, self._tail_size = [], 0
            self._line(line, events)
        self._line(b"", events)
        return events

    def _skip_bom(self, data: bytes) -> bytes:
        """Keep up to three first bytes back until they are or are not the mark."""
        head = (self._head or b"") + data
        if len(head) < len(_BOM) and _BOM.startswith(head):
            self._head = head
            return b""
        self._head = None
        return head.removeprefix(_BOM)

    def _line(self, line: bytes, events: list[ServerSentEvent]) -> None:
        if line.startswith(b"data:"):
            self._add(line[6:] if line[5:6] == b" " else line[5:])
        elif not line:
            if self._data:
                joined = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                events.append(ServerSentEvent(self._name, joined))
                self._data, self._data_size = [], 0
            self._name = None
        elif line.startswith(b"event:"):
            self._name = line[6:].decode("utf-8", "replace").strip() or None
        elif line == b"data":
            self._add(b"")

    def _add(self, value: bytes) -> None:
        self._data_size += len(value) + 1
        if self._data_size > self._max:
            raise self._too_long()
        self._data.append(value)

    def _too_long(self) -> LineTooLong:
        size = f"{self._max // (1024 * 1024)} MB" if self._max >= 1024 * 1024 else f"{self._max} bytes"
        return LineTooLong(f"The server sent a line of more than {size}; no answer is that long.", limit=self._max)
