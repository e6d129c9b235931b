"""The scrollbar of the look: a thumb of ``▐`` in the rule colour, no track, whole cells only.

Whole cells because a thumb that ends in an eighth of a cell is redrawn at every step, which costs bytes over SSH.
"""

from __future__ import annotations

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBarRender

_DEFAULT = Color.default()


class ThumbRender(ScrollBarRender):
    """Draws ``▐`` cells where the thumb is; install it with ``ScrollBar.renderer = ThumbRender``."""

    THUMB = "▐"

    @classmethod
    def render_bar(
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,
        vertical: bool = True,
        back_color: Color = _DEFAULT,
        bar_color: Color = _DEFAULT,
    ) -> Segments:
        """Return the bar's segments; the ``@mouse.down`` names are those Textual's ScrollBar listens to."""
        start, end = thumb(int(size), virtual_size, window_size, position)
        above = Segment(" " * thickness, Style(bgcolor=back_color, meta={"@mouse.down": "scroll_up"}))
        below = Segment(" " * thickness, Style(bgcolor=back_color, meta={"@mouse.down": "scroll_down"}))
        grab = Style(color=bar_color, bgcolor=back_color, meta={"@mouse.down": "grab"})
        cells = [above] * start + [Segment(cls.THUMB * thickness, grab)] * (end - start) + [below] * (int(size) - end)
        return Segments(cells, new_lines=vertical)


class PlainThumbRender(ThumbRender):
    """The same in the plain character set."""

    THUMB = "|"


def thumb(size: int, virtual_size: float, window_size: float, position: float) -> tuple[int, int]:
    """Return the first cell of the thumb and the one behind it; equal when there is nothing to scroll."""
    if size <= 0 or window_size <= 0 or virtual_size <= window_size:
        return 0, 0
    length = max(1, min(size, round(size * window_size / virtual_size)))
    share = min(1.0, max(0.0, position / (virtual_size - window_size)))
    start = round((size - length) * share)
    return start, start + length
