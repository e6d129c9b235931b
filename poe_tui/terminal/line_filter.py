"""The last gate: nothing reaches the terminal that could be taken for a command.

Textual 8.2.8 removes only BEL, BS, VT, FF and CR from what widgets draw; ESC, C1 controls, bidi overrides and tag
characters pass (measured). Every strip of every widget goes through the app's line filters, so one filter, the last
of them, covers all surfaces. Widgets clean their text before; this is the net under them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.filter import LineFilter

from poe_tui.sanitize import clean_url, gate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.style import Style
    from textual.color import Color


@lru_cache(1024)
def _unlinked(style: Style) -> Style:
    """Return ``style`` without its link unless that is an http(s) address in the form that ``clean_url`` gives."""
    link = style.link
    if link is None or clean_url(link) == link:
        return style
    return style.update_link(None)


class SafeLineFilter(LineFilter):
    """Drops control characters, bidi overrides and tag characters, and every link that is not plain http(s).

    All of the dropped characters have a width of 0 cells, so the layout stays as it was.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments; the very same list when nothing had to go, which is nearly always."""
        safe: list[Segment] | None = None
        for index, (text, style, _control) in enumerate(segments):
            safe_text = gate(text)
            safe_style = style if style is None or style.link is None else _unlinked(style)
            if safe_text is text and safe_style is style:
                continue
            if safe is None:
                safe = list(segments)
            safe[index] = Segment(safe_text, safe_style)
        return segments if safe is None else safe


PLAIN = str.maketrans("▌►▼●○•▲▐─│…≈‹›–·▄▀▁▂▃▅▆▇█←→↑↓", "|+-*o*^|-|.~<>--##_.:|||#<>^v")
"""the look: the plain set, in one cell each."""


class PlainGlyphs(LineFilter):
    """Draws every symbol by an ASCII character, for terminals without UTF-8 or fonts without the symbols."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in plain characters."""
        return [
            segment if segment.text.isascii() else Segment(segment.text.translate(PLAIN), segment.style)
            for segment in segments
        ]


def draws_symbols(environ: Mapping[str, str]) -> bool:
    """Whether the terminal can be trusted with more than ASCII: a UTF-8 locale, and not the Linux console."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return "utf" in locale.casefold() and environ.get("TERM") != "linux"
