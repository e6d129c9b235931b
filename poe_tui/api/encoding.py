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
    """Decodes gzip or deflate (with its zlib wrapper or without)."""

    def __init__(self, encoding: str) -> None:
        self._gzip = encoding != "deflate"
        self._unzip = zlib.decompressobj(31 if self._gzip else 15)
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` decodes to, in pieces of at most :data:`STEP` bytes. What follows the end is ignored."""
        while not self._unzip.eof:
            piece = self._decode(data)
            if piece:
                yield piece
            data = self._unzip.unconsumed_tail
            if not data and len(piece) < STEP:
                return

    def _decode(self, data: bytes) -> bytes:
        try:
            piece = self._unzip.decompress(data, STEP)
        except zlib.error:
            if self._gzip or self._begun:
                raise NotAnAPIAnswer("The server's answer is encoded wrongly and cannot be read.") from None
            self._unzip = zlib.decompressobj(-15)
            self._begun = True
            return self._decode(data)
        self._begun = True
        return piece
