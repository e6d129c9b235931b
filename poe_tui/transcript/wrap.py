"""Breaking spans into rows: at spaces, between wide characters, and inside words that are longer than a row.

Widths are those of ``rich.cells`` (which Textual lays strips out by), measured span by span as Textual does. A
grapheme cluster is never divided. Text of characters that certainly take one cell, nearly all there is, takes a path
that costs time by the row; the other path goes cluster by cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from poe_tui.transcript.lines import Span

_NARROW = (
    "!-~\xa0-\xac\xae-\u02ff\u0370-\u0377\u037a-\u037f\u0384-\u0386\u0388-\u0482\u048a-\u052f\u0531-\u0556"
    "\u0561-\u0587\u05d0-\u05ea\u0620-\u064a\u0660-\u066f\u0671-\u06d5\u0e01-\u0e30\u10d0-\u10ff\u1e00-\u1eff"
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2100-\u218b\u2190-\u21ff\u2200-\u22ff\u2500-\u25fc\u2800-\u28ff"
)
"""Characters of one cell each (a test holds every one of them against rich)."""
_BROAD = "\u3001-\u3029\u3030-\u303e\u3041-\u3096\u30a0-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60"
"""Characters of two cells each, between which a row may be broken."""
_COMPLEX = re.compile(f"[^ {_NARROW}]")
_ATOM = re.compile(
    f"[{_NARROW}]+(?![^ {_NARROW}{_BROAD}])| +(?![^ {_NARROW}{_BROAD}])|[{_BROAD}]+(?![^ {_NARROW}{_BROAD}])"
    f"|[ {_NARROW}{_BROAD}]?[^ {_NARROW}{_BROAD}]+"
)
_ALL_BROAD = re.compile(f"[{_BROAD}]+")
_NO_START = frozenset("、。，．！？：；）］｝」』】〉》〕’”ー々…‥・%,.!?:;)]}'\"")
"""Characters that do not begin a row (the common part of kinsoku)."""
_NO_END = frozenset("（［｛「『【〈《〔‘“([{")
_FLAGS = range(0x1F1E6, 0x1F200)
_SKIN = range(0x1F3FB, 0x1F400)

WORD, SPACE, WIDE, BROAD, CLUSTER = range(5)
"""Kinds of units: characters of one cell, spaces, a wide cluster, characters of two cells, a narrow cluster. ``WORD``
and ``BROAD`` can be divided anywhere, and rows broken between the characters of ``BROAD``."""

Row = tuple[Span, ...]


class Unit(NamedTuple):
    """A piece of a span that stays together."""

    span: int
    begin: int
    end: int
    cells: int
    kind: int


def is_narrow(text: str) -> bool:
    """Whether every character takes one cell."""
    return _COMPLEX.search(text) is None


def cells(text: str) -> int:
    """Width of a text in cells."""
    return len(text) if is_narrow(text) else _cell_len(text)


def _cell_len(text: str) -> int:
    # rich is loaded long before an answer is drawn, but not by every importer of this module.
    from rich.cells import cell_len

    return cell_len(text)


def wrap(spans: Sequence[Span], width: int) -> list[Row]:
    """Break spans (hard breaks are spans ``"\\n"``) into rows of at most ``width`` cells; at least one row."""
    return wrap_on(spans, width)[0]


def wrap_on(spans: Sequence[Span], width: int) -> tuple[list[Row], list[Span]]:
    """Like :func:`wrap`; also return the spans from the last row's first character on.

    To add text to what is wrapped already, wrap those spans and the new ones, and replace the last row.
    """
    rows: list[Row] = []
    begin = 0
    for index, span in enumerate(spans):
        if span.text == "\n":
            rows += _wrap_line(spans[begin:index], width)[0]
            begin = index + 1
    more, tail = _wrap_line(spans[begin:] if begin else spans, width)
    return rows + more, tail


def _wrap_line(spans: Sequence[Span], width: int) -> tuple[list[Row], list[Span]]:
    width = max(1, width)
    text = "".join([span.text for span in spans])
    if _COMPLEX.search(text) is None:
        if len(text) <= width and not text.endswith(" "):
            return [tuple(spans)], list(spans)
        return _wrap_narrow(spans, text, width)
    return _wrap_wide(spans, width)


def _wrap_narrow(spans: Sequence[Span], text: str, width: int) -> tuple[list[Row], list[Span]]:
    size = len(text)
    begin = 0
    cuts: list[tuple[int, int]] = []
    while size - begin > width:
        cut = text.rfind(" ", begin + 1, begin + width + 1)
        if cut < 0 and text[begin] == " ":
            begin += 1
            continue
        if cut < 0:
            cut = follower = begin + width
        else:
            follower = cut + 1
            while follower < size and text[follower] == " ":
                follower += 1
            while cut > begin and text[cut - 1] == " ":
                cut -= 1
        if follower >= size:
            break
        if cut > begin:
            cuts.append((begin, cut))
        begin = follower
    last = begin
    cuts.append((begin, begin + len(text[begin:].rstrip(" "))))
    rows: list[Row] = []
    index = offset = 0
    for cut_begin, cut_end in cuts:
        row: list[Span] = []
        while offset + len(spans[index].text) <= cut_begin and index < len(spans) - 1:
            offset += len(spans[index].text)
            index += 1
        at, position = index, offset
        while position < cut_end:
            span = spans[at]
            stop = position + len(span.text)
            row.append(_slice(span, max(0, cut_begin - position), min(stop, cut_end) - position))
            position = stop
            at += 1
        rows.append(tuple(row))
    return rows, _tail(spans, index, offset, last)


def _tail(spans: Sequence[Span], index: int, offset: int, begin: int) -> list[Span]:
    rest = list(spans[index:])
    if rest and begin > offset:
        rest[0] = _slice(rest[0], begin - offset, len(rest[0].text))
    return rest


def _slice(span: Span, begin: int, end: int) -> Span:
    text, role, link, at = span
    if begin == 0 and end >= len(text):
        return span
    return Span(text[begin:end], role, link, at + begin if at >= 0 else -1)


# --- the careful path ---------------------------------------------------------------------------------------------
class _Filler:
    """Rows in the making."""

    def __init__(self, spans: Sequence[Span], width: int) -> None:
        self.rows: list[list[Unit]] = [[]]
        self._spans = spans
        self._width = width
        self._used = 0
        self._spaces: list[Unit] = []
        self._word: list[Unit] = []
        self._size = 0

    def add(self, unit: Unit) -> None:
        if unit.kind == SPACE:
            self.end_word()
            self._spaces.append(unit)
            return
        if self._word and self._divides(self._word[-1], unit):
            self.end_word()
        if unit.kind == BROAD:
            self._add_broad(unit)
        else:
            self._push(unit)

    def _push(self, unit: Unit) -> None:
        self._word.append(unit)
        self._size += unit.cells

    def _add_broad(self, unit: Unit) -> None:
        """Place a run of wide characters but for the last ones, which what follows may hold on to."""
        text = self._spans[unit.span].text
        begin, end = unit.begin, unit.end
        if self._word:
            # The first one must not begin a row: it stays with the word before it.
            self._push(Unit(unit.span, begin, begin + 1, 2, WIDE))
            begin += 1
        last = max(begin, end - 1)
        while last > begin and last > end - 4 and (text[last] in _NO_START or text[last - 1] in _NO_END):
            last -= 1
        if last > begin and not self._word:
            self._pour(unit.span, text, begin, last)
            begin = last
        for index in range(begin, end):
            if self._word and text[index] not in _NO_START and text[index - 1] not in _NO_END:
                self.end_word()
            self._push(Unit(unit.span, index, index + 1, 2, WIDE))

    def _pour(self, span: int, text: str, begin: int, end: int) -> None:
        while begin < end:
            gap = sum(space.cells for space in self._spaces)
            fitting = max(0, (self._width - self._used - gap) // 2)
            count = fitting
            if count < end - begin:
                while count and (text[begin + count] in _NO_START or text[begin + count - 1] in _NO_END):
                    count -= 1
            if not count:
                if self.rows[-1]:
                    self._spaces = []
                    self._new_row()
                    continue
                count = max(1, fitting)
            count = min(count, end - begin)
            self.rows[-1] += [*self._spaces, Unit(span, begin, begin + count, 2 * count, BROAD)]
            self._spaces = []
            self._used += gap + 2 * count
            begin += count
            if begin < end:
                self._new_row()

    def _new_row(self) -> None:
        self.rows.append([])
        self._used = 0

    def _divides(self, before: Unit, after: Unit) -> bool:
        """Whether a row may be broken between two units that no space divides."""
        if before.kind not in (WIDE, BROAD) and after.kind not in (WIDE, BROAD):
            return False
        left = self._spans[before.span].text[before.end - 1]
        right = self._spans[after.span].text[after.begin]
        return right not in _NO_START and left not in _NO_END

    def end_word(self) -> None:
        word, size, spaces = self._word, self._size, self._spaces
        if not word:
            return
        self._word, self._size, self._spaces = [], 0, []
        gap = sum(space.cells for space in spaces)
        if self._used + gap + size <= self._width:
            self.rows[-1] += [*spaces, *word]
            self._used += gap + size
            return
        if self.rows[-1]:
            self._new_row()
        for unit in word:
            self._put(unit)

    def _put(self, unit: Unit) -> None:
        """Put a piece of a word that begins a row, dividing it where it is longer than that."""
        while self._used + unit.cells > self._width:
            room = self._width - self._used
            if unit.kind == WORD and room > 0:
                self.rows[-1].append(unit._replace(end=unit.begin + room, cells=room))
                unit = unit._replace(begin=unit.begin + room, cells=unit.cells - room)
            elif not self.rows[-1]:
                break
            self._new_row()
        self.rows[-1].append(unit)
        self._used += unit.cells


def _wrap_wide(spans: Sequence[Span], width: int) -> tuple[list[Row], list[Span]]:
    filler = _Filler(spans, width)
    for unit in _units(spans):
        filler.add(unit)
    filler.end_word()
    rows = [_row(spans, units) for units in filler.rows]
    last = filler.rows[-1]
    if not last:
        return rows, list(spans)
    return rows, _tail(spans, last[0].span, 0, last[0].begin)


def _row(spans: Sequence[Span], units: list[Unit]) -> Row:
    row: list[Span] = []
    index = begin = end = -1
    for unit in units:
        if unit.span == index and unit.begin == end:
            end = unit.end
            continue
        if index >= 0:
            row.append(_slice(spans[index], begin, end))
        index, begin, end = unit.span, unit.begin, unit.end
    if index >= 0:
        row.append(_slice(spans[index], begin, end))
    return tuple(row)


def _units(spans: Sequence[Span]) -> Iterator[Unit]:
    for index, span in enumerate(spans):
        text = span.text
        for match in _ATOM.finditer(text):
            begin, end = match.span()
            if _ALL_BROAD.fullmatch(text, begin, end):
                yield Unit(index, begin, end, 2 * (end - begin), BROAD)
            elif _COMPLEX.search(text, begin, end) is None:
                yield Unit(index, begin, end, end - begin, SPACE if text[begin] == " " else WORD)
            else:
                for left, right, size in _clusters(text[begin:end]):
                    kind = WIDE if size > 1 else CLUSTER
                    if right - left == 1 and text[begin + left] == " ":
                        kind = SPACE
                    yield Unit(index, begin + left, begin + right, size, kind)


@lru_cache(maxsize=2048)
def _clusters(text: str) -> tuple[tuple[int, int, int], ...]:
    """Grapheme clusters of a stretch: begin, end, cells. Flags and skin tones stay together, too."""
    from rich.cells import split_graphemes

    joined: list[tuple[int, int, int]] = []
    flag = False
    for begin, end, size in split_graphemes(text)[0]:
        first = ord(text[begin])
        glued = joined and (first in _SKIN or size == 0 or (flag and first in _FLAGS))
        flag = first in _FLAGS and not (flag and glued)
        if glued:
            start, _, cells_before = joined[-1]
            joined[-1] = (start, end, cells_before + size)
        else:
            joined.append((begin, end, size))
    return tuple(joined)
