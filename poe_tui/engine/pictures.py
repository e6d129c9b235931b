"""Images as half cells, by Pillow where it is installed (``poe-tui[images]``); without it there are none.

An image is untrusted: its format comes from an allow-list, its pixels are counted in its header before anything is
decoded, only the first frame of an animation is looked at, and a truncated file is no reason to fail.
"""

from __future__ import annotations

import importlib.util
import io
from functools import cache
from typing import Any, Final

from poe_tui.formats import HEAD, IMAGES, WEBP, image_size, sniff
from poe_tui.picture import Picture, fitted

MOST_PIXELS: Final = 40_000_000
"""Pixels of an image that is decoded: 160 MB while it is made small; a JPEG takes a fraction of that."""
MOST_WEBP: Final = 10_000_000
"""Pixels of a WebP, whose decoder takes four times as much (measured: 632 MB for 40 million)."""
MOST_BYTES: Final = 50_000_000

_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")


@cache
def available() -> bool:
    """Whether images can be drawn here. Costs a look at the disk, once; nothing is imported."""
    return importlib.util.find_spec("PIL") is not None


def picture(data: bytes, columns: int, rows: int, background: int = 0) -> Picture | None:
    """Return an image in at most so many cells; ``None`` where it cannot be decoded. Blocks, up to a second.

    Args:
        data: the file.
        columns: cells across.
        rows: cells down.
        background: ``0xRRGGBB`` behind what is transparent.
    """
    found = sniff(data) if available() and len(data) <= MOST_BYTES else None
    size = image_size(data[:HEAD]) if found in IMAGES else None
    if size is None or 0 in size or size[0] * size[1] > (MOST_WEBP if found is WEBP else MOST_PIXELS):
        return None
    width, height = fitted(size, columns, rows)
    try:
        return _halves(_shrunk(data, (width, height * 2), background), width, height)
    except Exception:
        # Pillow's decoders raise whatever a broken file leads them to: SyntaxError, EOFError, struct.error …
        return None


def _shrunk(data: bytes, size: tuple[int, int], background: int) -> bytes:
    """The image's pixels at that size, three bytes each."""
    # Imported here: Pillow costs 40 ms, and most conversations have no image.
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            return b""
        image.draft("RGB", (size[0] * 2, size[1] * 2))  # A JPEG is decoded at a fraction of its size.
        frame: Any = image
        if image.mode not in ("RGB", "RGBA", "L", "LA"):
            # Converting a large one would double what it takes; every fourth pixel of each cell says enough.
            near = min(image.width, size[0] * 4), min(image.height, size[1] * 4)
            clear = image.has_transparency_data
            frame = image.resize(near, Image.Resampling.NEAREST)
            frame = frame.convert("RGBA" if clear else "RGB")
        small = frame.resize(size, Image.Resampling.BOX)
        if small.mode in ("RGBA", "LA"):
            ground = Image.new("RGBA", size, (background >> 16, background >> 8 & 255, background & 255, 255))
            small = Image.alpha_composite(ground, small.convert("RGBA"))
        return bytes(small.convert("RGB").tobytes())


def _halves(pixels: bytes, width: int, height: int) -> Picture | None:
    if len(pixels) != width * height * 6:
        return None
    colours = [int.from_bytes(pixels[at : at + 3]) for at in range(0, len(pixels), 3)]
    rows = []
    for row in range(height):
        upper, lower = (colours[(2 * row + half) * width : (2 * row + half + 1) * width] for half in (0, 1))
        rows.append(tuple(zip(upper, lower, strict=True)))
    return Picture(tuple(rows))
