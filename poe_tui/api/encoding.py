"""
Content encodings undone in bounded steps: a bomb of a thousand to one costs time, never memory.

httpx decodes what one read brought in one go: 300 kB of gzip become 300 MB. ``zlib`` is asked for 256 kB at a time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from poe_tui.api.errors import NotAnAPIAnswer

STEP = 256 * 1024


def decoder(encoding: str) -> BoundedDecoder | None:
    """Return the decoder for a ``Content-Encoding``, if it needs one. Raises ``NotAnAPIAnswer`` for unknown ones."""
    words = [word for word in encoding.lower().replace(",", " ").split() if word != "identity"]
    if not words:
        return None
    if len(words) > 1 or words[0] not in ("gzip", "x-gzip", "deflate"):
        raise NotAnAPIAnswer("The server encoded its answer in a way that nobody asked for.")
    return BoundedDecoder(words[0])


class BoundedDecoder:
    """Decodes gzip or deflate (with its zlib wrapper or without: both are sent under that name)."""

    def __init__(self, encoding: str) -> None:
        self._head: bytes | None = b"" if encoding == "deflate" else None
        """The first bytes while they may or may not be zlib's header; ``None`` when that is settled."""
        self._unzip = zlib.decompressobj(31)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` decodes to, in pieces of at most :data:`STEP` bytes. What follows the end is ignored."""
        if self._head is not None:
            data = self._head + data
            if len(data) < 2:
                self._head = data
                return
            self._head = None
            wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._unzip = zlib.decompressobj(15 if wrapped else -15)
        while not self._unzip.eof:
            try:
                piece = self._unzip.decompress(data, STEP)
            except zlib.error:
                raise NotAnAPIAnswer("The server's answer is encoded wrongly and cannot be read.") from None
            if piece:
                yield piece
            data = self._unzip.unconsumed_tail
            if not data and len(piece) < STEP:
                return
