"""Rows to strips: margins, marks, backgrounds, clipping. The only place where the transcript meets colours.

Strips carry text offsets for Textual's selection, in coordinates of our own: x counts the characters from the text
column, y is :func:`place`. They stay true while heights above are corrected and while the answer grows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from poe_tui.palette import Palette
from poe_tui.sanitize import clean_url
from poe_tui.transcript.lines import Span
from poe_tui.transcript.rows import MARK_COLUMN, PLAIN, TEXT_COLUMN, Frame, Row
from poe_tui.transcript.styles import Styles
from poe_tui.transcript.wrapping import split_at

Bar = Literal["own", "cursor", "elsewhere"]
"""What the message-mode cursor makes of a row's bar: nothing without a cursor; its own accent beside the turn it is
on; dim beside the others, for only one accent bar has the focus."""

CACHE_LIMIT = 600
"""Strips kept: some fifteen screens."""

_TURN_BITS = 32
_OWN_MARKS = frozenset({"rule", "quote-bar", "list-marker", "code-label", "table-head"})


def place(turn: int, row: int) -> int:
    """The y of a row for selections: ordered as on screen, and not moved by what happens in other turns."""
    return turn << _TURN_BITS | row


def place_of(y: int) -> tuple[int, int]:
    """Turn and row of a :func:`place`."""
    return y >> _TURN_BITS, y & ((1 << _TURN_BITS) - 1)


class Painter:
    """Draws rows for one palette and frame. Strips are kept by row, so that scrolling draws only what is new."""

    def __init__(self, palette: Palette, frame: Frame) -> None:
        self.frame = frame
        self.styles = Styles(palette)
        self.painted = 0
        """Strips made so far, for tests that count work."""
        self._ansi = palette.ansi
        self._kept: OrderedDict[tuple[Row, int, Bar, int], Strip] = OrderedDict()
        self._blank = Strip([Segment(" " * frame.width, self.styles())], frame.width)

    @property
    def blank(self) -> Strip:
        """A row of the page."""
        return self._blank

    def strip(
        self, row: Row, y: int, *, bar: Bar = "own", shift: int = 0, selected: tuple[int, int] | None = None
    ) -> Strip:
        """The strip of a row.

        Args:
            row: what to draw.
            y: its :func:`place`.
            bar: whether the message-mode cursor stands beside it, or beside another turn.
            shift: cells a code row is scrolled sideways.
            selected: characters under the mouse's selection, from the text column; an end of -1 is the row's end.
        """
        key = (row, y, bar, shift)
        strip = self._kept.get(key)
        if strip is None:
            strip = self._paint(row, y, bar, shift)
            self._kept[key] = strip
            if len(self._kept) > CACHE_LIMIT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return strip if selected is None else self._select(strip, y, *selected)

    # --- one row ------------------------------------------------------------------------------------------------------
    def _paint(self, row: Row, y: int, bar: Bar, shift: int) -> Strip:
        self.painted += 1
        frame, styles = self.frame, self.styles
        page = styles()
        mark = "user-bar" if bar == "cursor" else row.mark
        if mark and bar == "elsewhere":
            mark = "dim"
        segments = [
            self._segment(" " * MARK_COLUMN, page, -TEXT_COLUMN, y),
            self._segment(self._own("▌") if mark else " ", styles(mark), MARK_COLUMN - TEXT_COLUMN, y),
            self._segment(" " * (TEXT_COLUMN - MARK_COLUMN - 1), page, MARK_COLUMN + 1 - TEXT_COLUMN, y),
        ]
        at = used = 0
        for span, ground, skipped in self._spans(row, shift):
            at += skipped
            style = styles(f"{span.role} {row.tone}" if row.tone else span.role, ground)
            if span.link and (url := clean_url(span.link)):
                style += Style(meta={"poe_link": url})
            segments.append(self._segment(span.text, style, at, y))
            at += len(span.text)
            used += cell_len(span.text)
        segments.append(self._segment(" " * max(0, frame.width - TEXT_COLUMN - used), page, at, y))
        return Strip([segment for segment in segments if segment.text]).adjust_cell_length(frame.width, page)

    def _spans(self, row: Row, shift: int) -> Iterator[tuple[Span, str, int]]:
        """The row from the text column to R: span, background, and how many characters before it are not drawn."""
        frame, line = self.frame, row.line
        if line.kind in ("code", "code-head"):
            yield from self._code(row, shift if line.kind == "code" else 0)
            return
        used = 0
        for span in line.spans:
            yield self._glyphs(span), "bg", 0
            used += cell_len(span.text)
        if row.right:
            width = sum(cell_len(span.text) for span in row.right)
            yield Span(" " * max(0, frame.pane - used - width)), "bg", 0
            for span in row.right:
                yield span, "bg", 0

    def _code(self, row: Row, shift: int) -> Iterator[tuple[Span, str, int]]:
        """A row of code: background up to R, clipped with ``…`` at the edges where it is wider."""
        indent = row.line.indent
        code: list[Span] = []
        for span in row.line.spans:
            head, text = split_at(span.text, max(0, indent))
            if head:
                indent -= cell_len(head)
                yield self._glyphs(span._replace(text=head)), "bg", 0
            if text:
                code.append(span._replace(text=text))
        room = self.frame.pane - row.line.indent
        # The two cells of indentation stand still; without backgrounds a line in them shows where code begins.
        margin = self._own("│") if self._ansi else " "
        yield Span(f"{margin} "[: max(0, room)], "rule"), "code", 0
        room -= 2
        text = "".join(span.text for span in code)
        skipped = 2 if text.startswith("  ") else 0
        if row.line.kind == "code-head":
            text = text.replace(" · ", self._own(" · "), 1)
        width = cell_len(text[skipped:])
        cut = self.frame.ellipsis
        before = cut if 0 < shift < width else ""
        after = cut if width - shift > room > 0 else ""
        gone, _ = split_at(text[skipped:], shift + cell_len(before) if before else min(shift, width))
        shown, _ = split_at(text[skipped + len(gone) :], max(0, room - cell_len(before) - cell_len(after)))
        if before:
            yield Span(before, "dim"), "code", len(gone) - len(before)
        begin = skipped + len(gone)
        for span in _between(code, text, begin, begin + len(shown)):
            yield span, "code", 0
        if after:
            yield Span(after, "dim"), "code", 0
        room -= cell_len(before) + cell_len(shown) + cell_len(after)
        if room > 0:
            yield Span(" " * room), "code", 0

    def _glyphs(self, span: Span) -> Span:
        """The plain set for marks that are ours, not the author's."""
        if self.frame.glyphs == "plain" and span.at < 0 and not _OWN_MARKS.isdisjoint(span.role.split()):
            return span._replace(text=self._own(span.text))
        return span

    def _own(self, text: str) -> str:
        return text.translate(PLAIN) if self.frame.glyphs == "plain" else text

    @staticmethod
    def _segment(text: str, style: Style, x: int, y: int) -> Segment:
        return Segment(text, style + Style(meta={"offset": (x, y)}))

    # --- selection ----------------------------------------------------------------------------------------------------
    def _select(self, strip: Strip, y: int, start: int, end: int) -> Strip:
        """The strip with some of its characters selected."""
        segments: list[Segment] = []
        filled = len(strip.text.rstrip())
        drawn = 0
        for text, style, _ in strip:
            page = style or self.styles()
            at = page.meta["offset"][0]
            # Beyond the last character nothing is selected, however far the pointer is.
            last = len(text) if end < 0 else end - at
            last = min(last, filled - drawn)
            cuts = sorted({0, *(cut for cut in (start - at, last) if 0 < cut < len(text)), len(text)})
            for begin, stop in pairwise(cuts):
                chosen = start - at <= begin < last
                ink = page + self.styles.selection if chosen else page
                # A piece of a segment begins at another character: the offset has to say so.
                ink += Style(meta={"offset": (at + begin, y)})
                segments.append(Segment(text[begin:stop], ink))
            drawn += len(text)
        return Strip([segment for segment in segments if segment.text], strip.cell_length)


def _between(spans: list[Span], text: str, begin: int, end: int) -> Iterator[Span]:
    """The spans of a row between two characters; ``text`` is what they say together, in the set that is drawn."""
    at = 0
    for span in spans:
        first, last = max(begin, at), min(end, at + len(span.text))
        if first < last:
            yield span._replace(text=text[first:last])
        at += len(span.text)
