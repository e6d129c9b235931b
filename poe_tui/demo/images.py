"""A small picture made from nothing but numbers: a real PNG, so that the app has something real to handle."""

from __future__ import annotations

import base64
import functools
import math
import struct
import zlib

WIDTH, HEIGHT = 192, 128


@functools.cache
def landscape() -> bytes:
    """Return the PNG of hills under an evening sky."""
    rows = bytearray()
    for y in range(HEIGHT):
        rows.append(0)  # each row starts with its filter: none
        for x in range(WIDTH):
            rows += bytes(_pixel(x, y))
    size = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)  # 8 bits, RGB, no interlace
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", size),
            _chunk(b"IDAT", zlib.compress(bytes(rows), 9)),
            _chunk(b"IEND", b""),
        )
    )


def landscape_base64() -> str:
    """Return the same as bare base64, as ``image_generation_call.result`` holds it."""
    return base64.b64encode(landscape()).decode("ascii")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pixel(x: int, y: int) -> tuple[int, int, int]:
    height = 1 - y / HEIGHT
    near = 0.26 + 0.07 * math.sin(x / 23) + 0.02 * math.sin(x / 7)
    far = 0.42 + 0.10 * math.sin(x / 37 + 2)
    if height < near:
        return 32, 30 + int(20 * height), 58
    if height < far:
        return 74, 62, 104
    sun = math.hypot(x - WIDTH * 0.68, y - HEIGHT * 0.40)
    if sun < 13:
        return 255, 222, 160
    glow = math.exp(-sun / 42)
    sky = (height - far) / (1 - far)
    return (
        int(min(255, 235 - 130 * sky + 60 * glow)),
        int(min(255, 150 - 70 * sky + 70 * glow)),
        int(min(255, 140 + 30 * sky + 10 * glow)),
    )
