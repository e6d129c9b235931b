"""Real files for tests: images as Pillow writes them, a PDF, sounds and films as far as their heads go."""

from __future__ import annotations

import functools
import io
import struct
import zlib

from PIL import Image


@functools.cache
def image(kind: str = "PNG", size: tuple[int, int] = (64, 48), colour: str = "#c86428") -> bytes:
    """Return an image of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """Return a small PNG that says it is huge, and would be if it were decoded."""
    rows = zlib.compress(b"\0" * 10_000_000)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    made = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks)  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def noise(size: int) -> bytes:
    """Return bytes that no one could take for a format or a text, the same every time."""
    return (b"\x00\x01\x02\xfe" * (size // 4 + 1))[:size]


PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type /Page>>\nendobj\n2 0 obj\n<</Type/Page/A 1>>\nendobj\n%%EOF\n"
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + noise(64)
WEBM = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + noise(64)
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + noise(64)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + noise(32)
OGG = b"OggS\x00\x02" + noise(32)
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00" + noise(32)
ZIP = b"PK\x03\x04\x14\x00" + noise(64)
