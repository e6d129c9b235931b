"""FrameOutput: the frame diff. It knows what the terminal shows, cell by cell, and writes only what differs.

Textual 8.2.8 sends every dirty region again in full, padded to full width: 1,400 bytes a token on a 120×40 screen. Here
a frame is compared with the screen that the terminal already shows; a vertical shift is done by the terminal's own
scroll region (DECSTBM with LF and RI, which every terminal knows), the rest by the shortest moves and colour changes.

The class turns compositor updates into bytes and has no other connection to the app; ``display.py`` puts it into one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import is_not, ne
from typing import TYPE_CHECKING

from textual._compositor import ChopsUpdate, LayoutUpdate

from poe_tui.terminal.cells import UNKNOWN, Row, cells, fitted, plain, unknown_row
from poe_tui.terminal.pens import Pen, PenBox

if TYPE_CHECKING:
    from rich.color import ColorSystem
    from textual._compositor import CompositorUpdate
    from textual.strip import Strip

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
SYNC_FROM = 160
"""Characters from which a frame is wrapped in synchronized output: below, no terminal shows it half drawn."""

_GAP = 5
"""Equal cells between two differing ones that cost less to write again than to jump over."""
_ERASE_FROM = 9
"""Blank cells from which erasing them (ECH and a jump) is shorter than writing spaces."""
_STRIPS_KEPT = 300
"""Strips whose cells are kept: some seven screens, 2 kB each."""
_SCROLL_ROWS = 4
"""Rows that must move together before a scroll region pays."""


@dataclass(slots=True)
class Statistics:
    """Counts for tests, benches and ``doctor``."""

    frames: int = 0
    characters: int = 0
    scrolls: int = 0
    rows: int = 0


class FrameOutput:
    """Turns compositor updates into the bytes that bring one terminal from what it shows to what it should show."""

    def __init__(self, colour_system: ColorSystem | None, *, erase_with_colour: bool, sync: bool = False) -> None:
        """Prepare for one terminal.

        Args:
            colour_system: what colours the terminal can show; ``None`` for none.
            erase_with_colour: whether erasing fills with the current background (terminfo's ``bce``). Where it does
                not, only cells with the default background are erased.
            sync: whether the terminal has synchronized output (mode 2026).
        """
        self.box = PenBox(colour_system)
        self.erase_with_colour = erase_with_colour
        self.sync = sync
        self.statistics = Statistics()
        self._rows: list[Row] = []
        self._made: dict[int, tuple[Strip, Row]] = {}
        self._width = 0
        self._pen: Pen | None = None
        self._x: int | None = None
        self._y: int | None = None
        self._row_y = 0
        """The row being written, also where the column is unknown."""
        self._resting: tuple[int, int] | None = None

    def knows(self, size: tuple[int, int]) -> bool:
        """Whether the terminal of that size was drawn before and not forgotten; if not, a full update is needed."""
        return (self._width, len(self._rows)) == size

    def forget(self) -> None:
        """Nothing is known of the terminal any more: after a suspension, a resize, on ^L."""
        self._rows = []
        self._pen = None
        self._x = self._y = self._resting = None

    def encode(self, update: CompositorUpdate, size: tuple[int, int], cursor: tuple[int, int]) -> str | None:
        """Return the bytes for one update; empty when the terminal shows it already.

        Args:
            update: what the compositor made.
            size: columns and rows of the screen.
            cursor: where the hardware cursor must rest afterwards, column and row from 0.

        Returns:
            ``None`` for a kind of update that is not known here: the caller then lets Textual write it and calls
            ``forget``.
        """
        width, height = size
        if self._width != width or len(self._rows) != height:
            self.forget()
            self._width = width
            self._rows = [unknown_row(width, self.box.reset) for _ in range(height)]
        if isinstance(update, LayoutUpdate):
            new = self._of_layout(update)
        elif isinstance(update, ChopsUpdate):
            new = self._of_chops(update)
        else:
            return None
        changed = {y: row for y, row in new.items() if not row.same(self._rows[y])}
        out: list[str] = []
        if changed:
            self._scroll(changed, out)
            for y in sorted(changed):
                self._write_row(y, changed[y], out)
        self._rest(cursor, out)
        text = "".join(out)
        self.statistics.frames += 1
        self.statistics.rows += len(changed)
        self.statistics.characters += len(text)
        return f"{SYNC_START}{text}{SYNC_END}" if self.sync and len(text) >= SYNC_FROM else text

    # --- from updates to rows --------------------------------------------------------------------------------------
    def _of_layout(self, update: LayoutUpdate) -> dict[int, Row]:
        region, height, width = update.region, len(self._rows), self._width
        found: dict[int, Row] = {}
        for y, strips in enumerate(update.strips, region.y):
            if not 0 <= y < height:
                continue
            row = Row([], [])
            for strip in strips:
                part = self._cells(strip)
                row.texts += part.texts
                row.pens += part.pens
            if region.x == 0 and len(row.texts) >= width:
                found[y] = fitted(row, width, self.box.reset)
            else:
                found[y] = self._spliced(self._rows[y].copy(), region.x, row)
        return found

    def _of_chops(self, update: ChopsUpdate) -> dict[int, Row]:
        found: dict[int, Row] = {}
        for y, start, end in update.spans:
            if not 0 <= y < len(self._rows):
                continue
            row = found.get(y)
            if row is None:
                row = found[y] = self._rows[y].copy()
            for x, strip in update.chops[y].items():
                if strip is not None and x < end and x + strip.cell_length > start:
                    self._spliced(row, x, self._cells(strip))
        return found

    def _cells(self, strip: Strip) -> Row:
        """The cells of a strip, not to be changed. A strip that only moved is still the same object."""
        known = self._made.get(id(strip))
        if known is None:
            if len(self._made) >= _STRIPS_KEPT:
                self._made.clear()
            # The strip is kept with them, so its identity cannot be taken by another meanwhile.
            known = strip, fitted(cells(strip, self.box), strip.cell_length, self.box.reset)
            self._made[id(strip)] = known
        return known[1]

    def _spliced(self, row: Row, x: int, part: Row) -> Row:
        """Put ``part`` into ``row`` from column ``x`` on; a wide cluster of which half is covered becomes a blank."""
        end = min(x + len(part.texts), self._width)
        if end <= x:
            return row
        if len(part.texts) != end - x:
            part = fitted(part.copy(), end - x, self.box.reset)
        if x > 0 and row.texts[x] == "":
            row.texts[x - 1] = " "
        if end < self._width and row.texts[end] == "":
            row.texts[end] = " "
        row.texts[x:end] = part.texts
        row.pens[x:end] = part.pens
        return row

    # --- a shift ---------------------------------------------------------------------------------------------------
    def _scroll(self, changed: dict[int, Row], out: list[str]) -> None:
        """Where rows moved together, let the terminal move them; ``changed`` then holds what still differs."""
        if len(changed) < _SCROLL_ROWS:
            return
        window = self._window(changed)
        shift = self._shift(changed, window)
        if not shift:
            return
        top, bottom = self._moved(changed, window, shift)
        if bottom - top + 1 - abs(shift) < _SCROLL_ROWS - 1:
            return
        rows = self._rows
        after = rows.copy()
        blank = [unknown_row(self._width, self.box.reset) for _ in range(abs(shift))]
        inside = rows[top : bottom + 1]
        after[top : bottom + 1] = inside[shift:] + blank if shift > 0 else blank + inside[:shift]
        wanted = {y: changed.get(y, rows[y]) for y in range(top, bottom + 1)}
        before = sum(_differing(row, rows[y]) for y, row in wanted.items())
        left = sum(_differing(row, after[y]) for y, row in wanted.items())
        if left + 24 >= before:
            return
        out.append(f"\x1b[{top + 1};{bottom + 1}r")
        if shift > 0:
            out.append(f"\x1b[{bottom + 1}H" + "\n" * shift)
        else:
            out.append(f"\x1b[{top + 1}H" + "\x1bM" * -shift)
        out.append("\x1b[r")
        self._x = self._y = 0  # DECSTBM sends the cursor home (DEC STD 070 §5.6.1).
        self._resting = None
        self._rows = after
        self.statistics.scrolls += 1
        for y, row in wanted.items():
            if row.same(after[y]):
                changed.pop(y, None)
            else:
                changed[y] = row

    def _window(self, changed: dict[int, Row]) -> tuple[int, int]:
        """Return the columns in which rows differ, the last one (a scrollbar's) left out."""
        start, end = self._width, 0
        for y, row in changed.items():
            old = self._rows[y]
            for x in range(self._width):
                if row.texts[x] != old.texts[x]:
                    start = min(start, x)
                    break
            for x in range(self._width - 1, -1, -1):
                if row.texts[x] != old.texts[x]:
                    end = max(end, x + 1)
                    break
        return start, min(end, self._width - 1)

    def _shift(self, changed: dict[int, Row], window: tuple[int, int]) -> int:
        """Return by how many rows most of the changed rows moved up (positive) or down."""
        start, end = window
        if end - start < 8:
            return 0
        places: dict[tuple[str, ...], list[int]] = {}
        for y, row in enumerate(self._rows):
            places.setdefault(tuple(row.texts[start:end]), []).append(y)
        votes: Counter[int] = Counter()
        for y, row in changed.items():
            key = tuple(row.texts[start:end])
            if not any(text != " " for text in key):
                continue
            for old in places.get(key, ())[:4]:
                votes[old - y] += 1
        votes.pop(0, None)
        if not votes:
            return 0
        shift, count = votes.most_common(1)[0]
        return shift if count >= 2 else 0

    def _moved(self, changed: dict[int, Row], window: tuple[int, int], shift: int) -> tuple[int, int]:
        """Return the first and last row of the longest block that the shift explains."""
        start, end = window
        height = len(self._rows)

        def fits(y: int) -> bool:
            old = y + shift
            if not 0 <= old < height:
                return False
            row = changed.get(y, self._rows[y])
            return row.texts[start:end] == self._rows[old].texts[start:end]

        best, first = (0, -1), None
        for y in range(height + 1):
            if y < height and fits(y):
                first = y if first is None else first
            elif first is not None:
                if y - 1 - first > best[1] - best[0]:
                    best = (first, y - 1)
                first = None
        top, bottom = best
        return (top, bottom + shift) if shift > 0 else (top + shift, bottom)

    # --- a row -----------------------------------------------------------------------------------------------------
    def _write_row(self, y: int, row: Row, out: list[str]) -> None:
        texts, pens = row.texts, row.pens
        old = self._rows[y]
        width, x = self._width, 0
        while x < width:
            if _looks_same(texts[x], pens[x], old.texts[x], old.pens[x]):
                x += 1
                continue
            start = x - 1 if texts[x] == "" else x
            last = x
            x += 1
            while x < width and x - last <= _GAP and texts[x] != UNKNOWN:
                if not _looks_same(texts[x], pens[x], old.texts[x], old.pens[x]):
                    last = x
                x += 1
            end = last + 1
            if end < width and texts[end] == "":
                end += 1
            self._write_cells(y, row, start, end, out)
            x = end
        self._rows[y] = row

    def _write_cells(self, y: int, row: Row, start: int, end: int, out: list[str]) -> None:
        texts, pens, width = row.texts, row.pens, self._width
        self._go(start, y, out)
        x = start
        while x < end:
            pen = pens[x]
            stop = x + 1
            while stop < end and pens[stop] is pen:
                stop += 1
            if stop == end:  # What follows equals what is there: a blank tail may be erased with it.
                while stop < width and pens[stop] is pen and texts[stop] == " ":
                    stop += 1
                stop = stop if stop == width else end
            self._take(pen, out)
            if stop > end or (stop == width and texts[stop - 1] == " "):
                self._write_tail(row, x, stop, end, out)
            else:
                self._write_run(row, x, stop, out)
            x = stop

    def _write_tail(self, row: Row, x: int, stop: int, end: int, out: list[str]) -> None:
        """Write a run that ends in blanks up to the right edge."""
        blank = stop
        while blank > x and row.texts[blank - 1] == " ":
            blank -= 1
        if not self._may_erase(row.pens[x]) or stop - blank <= 3:
            self._write_run(row, x, min(stop, end), out)
            return
        self._write_run(row, x, blank, out)
        if self._x != blank:  # Behind an erased gap, or a cluster of disputed width.
            self._go(blank, self._row_y, out)
        out.append("\x1b[K")

    def _write_run(self, row: Row, start: int, stop: int, out: list[str]) -> None:
        """Write the cells of one pen, erasing long gaps where that is shorter."""
        if start >= stop:
            return
        texts = row.texts
        text = "".join(texts[start:stop])
        if self._may_erase(row.pens[start]) and " " * _ERASE_FROM in text and plain(text):
            self._write_with_gaps(text, start, out)
            return
        if plain(text):
            if self._x != start:
                self._go(start, self._row_y, out)
            out.append(text)
            self._advance(start, stop)
            return
        for x in range(start, stop):
            cluster = texts[x]
            if not cluster:
                continue
            if self._x != x:
                self._go(x, self._row_y, out)
            out.append(cluster)
            if plain(cluster):
                self._advance(x, x + 1)
            else:
                self._x = None  # Terminals dispute its width: the next cell is addressed absolutely.

    def _write_with_gaps(self, text: str, start: int, out: list[str]) -> None:
        at = 0
        while at < len(text):
            gap = text.find(" " * _ERASE_FROM, at)
            piece = text[at:] if gap < 0 else text[at:gap]
            if piece:
                if self._x != start + at:
                    self._go(start + at, self._row_y, out)
                out.append(piece)
                self._advance(start + at, start + at + len(piece))
            if gap < 0:
                return
            stop = gap
            while stop < len(text) and text[stop] == " ":
                stop += 1
            if self._x != start + gap:
                self._go(start + gap, self._row_y, out)
            out.append(f"\x1b[{stop - gap}X")
            at = stop

    def _may_erase(self, pen: Pen) -> bool:
        return pen.plain_blank and (self.erase_with_colour or pen.background == "49")

    # --- the terminal's state --------------------------------------------------------------------------------------
    def _go(self, x: int, y: int, out: list[str]) -> None:
        self._row_y = y
        if self._y == y and self._x is not None:
            distance = x - self._x
            if distance == 0:
                return
            if 0 < distance < 1000:
                forward = "\x1b[C" if distance == 1 else f"\x1b[{distance}C"
                absolute = _address(x, y)
                out.append(forward if len(forward) <= len(absolute) else absolute)
                self._x = x
                return
        out.append(_address(x, y))
        self._x, self._y = x, y

    def _advance(self, start: int, stop: int) -> None:
        """Note that cells were written; behind the last column the cursor's place is nobody's promise."""
        self._x = stop if stop < self._width else None

    def _take(self, pen: Pen, out: list[str]) -> None:
        if self._pen is pen:
            return
        if self._pen is None:
            out.append("\x1b[0m")
            self._pen = self.box.reset
        step = self._pen.step(pen)
        if step:
            out.append(step)
        self._pen = pen

    def _rest(self, cursor: tuple[int, int], out: list[str]) -> None:
        """End a frame: no link stays open, and the cursor stands where the caret is, for input methods."""
        if self._pen is not None and self._pen.link is not None:
            out.append("\x1b]8;;\x1b\\")
            self._pen = self.box._intern(self._pen.attributes, self._pen.foreground, self._pen.background, None)
        x, y = cursor
        if out or self._resting != cursor:
            self._go(x, y, out)
            self._resting = cursor


def _looks_same(text: str, pen: Pen, old_text: str, old_pen: Pen) -> bool:
    """Whether two cells look the same: of a blank one only the background shows."""
    if text != old_text:
        return False
    return pen is old_pen or (
        text == " " and pen.plain_blank and old_pen.plain_blank and pen.background == old_pen.background
    )


def _differing(row: Row, old: Row) -> int:
    if row.same(old):
        return 0
    return sum(map(ne, row.texts, old.texts)) + sum(map(is_not, row.pens, old.pens))


def _address(x: int, y: int) -> str:
    if x == 0:
        return f"\x1b[{y + 1}H" if y else "\x1b[H"
    return f"\x1b[{y + 1};{x + 1}H"
