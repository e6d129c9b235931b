"""Picture: an image small enough for a terminal, as colours of half cells. A value; making one is the engine's work."""

from __future__ import annotations

from dataclasses import dataclass

from poe_tui.media import Media

Colour = int
"""``0xRRGGBB``."""


@dataclass(slots=True, frozen=True)
class Picture:
    """Rows of cells, each with the colour of its upper and of its lower half."""

    rows: tuple[tuple[tuple[Colour, Colour], ...], ...]

    @property
    def width(self) -> int:
        """Cells."""
        return len(self.rows[0]) if self.rows else 0

    @property
    def height(self) -> int:
        """Rows."""
        return len(self.rows)


def fitted(pixels: tuple[int, int], columns: int, rows: int) -> tuple[int, int]:
    """Return the cells that an image takes within so many, its shape kept: a cell is twice as high as it is wide.

    Small images are not blown up: a pixel gets a cell's half at most.
    """
    width, height = max(1, pixels[0]), max(1, pixels[1])
    scale = min(1.0, columns / width, 2 * rows / height)
    return max(1, round(width * scale)), max(1, round(height * scale / 2))


@dataclass(slots=True, frozen=True)
class Shown:
    """One image, film or sound of an answer, as much of it as is known here."""

    media: Media
    picture: Picture | None = None
