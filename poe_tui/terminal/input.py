"""What came from the keyboard and what from a paste: bytes in, pieces out. Pure; the driver brings bytes and time.

Textual's own parser looks at every character of a paste in Python (5 MB take many seconds), so pastes are cut out of
the byte stream before it. Three kinds are told apart from typing:

- between ``ESC[200~`` and ``ESC[201~`` (bracketed paste). Text that holds an end marker of its own cannot break out:
  for a short time after an end marker what follows is held, and a second end marker makes it part of the paste;
- a burst with text after a newline, in one read: a paste by a terminal without bracketed paste. A newline that ends a
  burst is a key (a script that types a line and Enter), one in its middle is not;
- a long burst of plain text: the same as typing, only faster.

Replies of the terminal that nobody here asked for (device attributes, OSC 52, DCS) are dropped: Textual would type
them into the prompt. An ESC at the end of a read may begin a sequence; it is held for a moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PASTE_START = b"\x1b[200~"
PASTE_END = b"\x1b[201~"

ESCAPE_HOLD = 0.05
"""Seconds an ESC may wait for the rest of its sequence. Over a slow link sequences arrive in one packet anyway."""
AFTER_PASTE = 0.02
"""Seconds after a paste's end in which another end marker still belongs to it."""
BURST_GAP = 0.015
"""Seconds without input that end an unbracketed burst."""
BURST_SIZE = 64
"""Bytes of plain text in one read that nobody types."""
LOST_END = 5.0
"""Seconds without input after which a paste whose end never came is taken as it is."""
HELD_LIMIT = 64 * 1024
"""Bytes of an unfinished sequence that are held at most."""

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_INNER_NEWLINE = re.compile(rb"[\r\n][\r\n]*[^\r\n]")
_REPLY = re.compile(rb"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|[P_^X][^\x1b]*\x1b\\|\[[?>=][\d;:]*[A-Za-z])")
_UNFINISHED = re.compile(rb"\x1b(?:|\[(?:2(?:0(?:[01])?)?)?|\][^\x07\x1b]*\x1b?|[P_^X][^\x1b]*\x1b?|\[[?>=][\d;:]*)\Z")
"""A lone ESC, the beginning of a paste marker, or the beginning of a reply, at the end of a read."""


@dataclass(slots=True, frozen=True)
class Typed:
    """Bytes for the key parser. ``final``: nothing more belongs to them, so a trailing ESC is the Esc key."""

    data: bytes
    final: bool = False


@dataclass(slots=True, frozen=True)
class Pasted:
    """The bytes of one paste, as they came."""

    data: bytes


Piece = Typed | Pasted


@dataclass(slots=True)
class InputSplitter:
    """Cuts the byte stream into pieces. ``deadline`` is when ``tick`` must be called (same clock), or ``None``."""

    deadline: float | None = None
    _held: bytes = b""
    _paste: bytearray | None = None
    _after_paste: float = 0.0
    _burst: bytearray | None = None
    _out: list[Piece] = field(default_factory=list)

    def feed(self, data: bytes, now: float) -> list[Piece]:
        """Take bytes and return the pieces that are certain."""
        if not data:
            return []  # Nothing came: what is held still has its deadline.
        self.deadline = None
        data, self._held = self._held + data, b""
        while data:
            if self._paste is not None:
                data = self._in_paste(data, now)
            elif now < self._after_paste:
                data = self._behind_paste(data)
            else:
                data = self._in_keys(data, now)
        return self._take()

    def tick(self, now: float) -> list[Piece]:
        """Release what was held for long enough."""
        if self.deadline is None or now < self.deadline:
            return []
        self.deadline = None
        if self._paste is not None:
            self._out.append(Pasted(bytes(self._paste)))
            self._paste = None
        self._end_burst()
        held, self._held = self._held, b""
        if _UNFINISHED.match(held):
            self._out.append(Typed(held, final=True))
        elif held:
            self._in_keys(held, now)
        return self._take()

    def _take(self) -> list[Piece]:
        out, self._out = self._out, []
        return out

    def _in_paste(self, data: bytes, now: float) -> bytes:
        paste = self._paste
        assert paste is not None
        seen = len(paste)
        paste += data
        end = paste.find(PASTE_END, max(0, seen - len(PASTE_END) + 1))
        if end < 0:
            self.deadline = now + LOST_END
            return b""
        rest = bytes(paste[end + len(PASTE_END) :])
        del paste[end:]
        self._paste = None
        self._out.append(Pasted(bytes(paste)))
        self._after_paste = now + AFTER_PASTE
        return rest

    def _behind_paste(self, data: bytes) -> bytes:
        """Hold what follows a paste until it is clear that no second end marker follows."""
        end, start = data.find(PASTE_END), data.find(PASTE_START)
        if end >= 0 and (start < 0 or end < start):
            if end:
                self._out.append(Pasted(data[:end]))
            return data[end + len(PASTE_END) :]
        if start >= 0:
            if start:
                self._out.append(Typed(data[:start], final=True))
            self._paste = bytearray()
            return data[start + len(PASTE_START) :]
        self._held = data
        self.deadline = self._after_paste
        return b""

    def _in_keys(self, data: bytes, now: float) -> bytes:
        start = data.find(PASTE_START)
        if start >= 0:
            if start:
                self._keys(data[:start], now)
            self._end_burst()
            self._paste = bytearray()
            return data[start + len(PASTE_START) :]
        if b"\x1b" in data:
            data = _REPLY.sub(b"", data.replace(PASTE_END, b""))
            unfinished = _UNFINISHED.search(data)
            if unfinished and len(data) - unfinished.start() <= HELD_LIMIT:
                data, self._held = data[: unfinished.start()], data[unfinished.start() :]
        if data:
            self._keys(data, now)
        if self._held:
            hold = now + ESCAPE_HOLD
            self.deadline = hold if self.deadline is None else min(hold, self.deadline)
        return b""

    def _keys(self, data: bytes, now: float) -> None:
        if _CONTROL.search(data):
            self._end_burst()
            self._out.append(Typed(data))
        elif self._burst is not None or len(data) >= BURST_SIZE or _INNER_NEWLINE.search(data):
            if self._burst is None:
                self._burst = bytearray()
            self._burst += data
            self.deadline = now + BURST_GAP
        else:
            self._out.append(Typed(data))

    def _end_burst(self) -> None:
        if self._burst is None:
            return
        text, self._burst = bytes(self._burst), None
        if _INNER_NEWLINE.search(text):
            self._out.append(Pasted(text))
            return
        body = text.rstrip(b"\r\n")
        if body:
            self._out.append(Pasted(body))
        if len(body) < len(text):
            self._out.append(Typed(text[len(body) :], final=True))
