"""Base64 inside a text is cut short where it is shown: nobody reads two megabytes of it.

Some gateways put an image into the words of an answer, as ``![cat](data:image/png;base64,…)``. The text that is kept
and sent again stays whole; only what reaches a screen goes through here.
"""

from __future__ import annotations

import re
from typing import Final

SHOWN: Final = 40
"""Characters of a payload that stay."""
CUT: Final = "…"

_MARK: Final = ";base64,"
_PAYLOAD: Final = re.compile(r"[A-Za-z0-9+/=_%-]*")
_FOLDED: Final = re.compile(rf"({_MARK}[A-Za-z0-9+/=_%-]{{{SHOWN}}})[A-Za-z0-9+/=_%-]+")


def fold(text: str) -> str:
    """Return a text with its payloads cut short."""
    return _FOLDED.sub(rf"\1{CUT}", text) if _MARK in text else text


class PayloadFold:
    """The same for a text that arrives in pieces: any split gives what ``fold`` gives for the whole."""

    __slots__ = ("_left", "_tail")

    def __init__(self) -> None:
        self._tail = ""
        """The last characters that came, in which the mark may have begun."""
        self._left: int | None = None
        """Inside a payload: how many more of its characters are shown; -1 once it was cut."""

    def feed(self, text: str) -> str:
        """Return what of the piece is shown."""
        if self._left is None and _MARK not in self._tail + text:
            self._tail = (self._tail + text)[-len(_MARK) + 1 :]
            return text
        shown: list[str] = []
        at = 0
        while at < len(text):
            take = self._until_mark if self._left is None else self._payload
            at = take(text, at, shown)
        return "".join(shown)

    def _until_mark(self, text: str, at: int, shown: list[str]) -> int:
        """Words up to and with the next mark."""
        known = len(self._tail)
        found = (self._tail + text[at:]).find(_MARK)
        end = len(text) if found < 0 else at + found + len(_MARK) - known
        shown.append(text[at:end])
        self._tail = "" if found >= 0 else (self._tail + text[at:end])[-len(_MARK) + 1 :]
        self._left = SHOWN if found >= 0 else None
        return end

    def _payload(self, text: str, at: int, shown: list[str]) -> int:
        """A stretch of payload, and its end."""
        match = _PAYLOAD.match(text, at)
        end = match.end() if match is not None else at
        left = self._left or 0
        if left > 0:
            taken = text[at : min(end, at + left)]
            shown.append(taken)
            left -= len(taken)
            at += len(taken)
        if left == 0 and end > at:
            shown.append(CUT)
            left = -1
        if end < len(text):
            self._left, self._tail = None, ""
        else:
            self._left = left
        return end
