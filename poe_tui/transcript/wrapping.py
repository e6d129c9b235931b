"""Breaking our own sentences and a person's prompt into rows. (Answers are wrapped by the Markdown renderer.)

Widths are those of ``rich.cells``, which knows grapheme clusters and which Textual lays strips out by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, split_graphemes

from poe_tui.transcript.lines import Span

_WORDS = re.compile(r"[^ ]+ *| +")
TAB = 4


def cells(spans: Iterable[Span]) -> int:
    """How wide the spans are together."""
    return sum(cell_len(span.text) for span in spans)


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """The text in at most that many cells, with ``…`` (or what stands for it) where it had to end."""
    if cell_len(text) <= width:
        return text
    if width <= len(ellipsis):
        return ellipsis[: max(0, width)]
    head, _ = split_at(text, width - len(ellipsis))
    return head.rstrip(" ") + ellipsis


def split_at(text: str, width: int) -> tuple[str, str]:
    """Split so that the first part is as much as fits into ``width`` cells, by whole grapheme clusters."""
    if text.isascii():
        return text[:width], text[width:]
    used, end = 0, len(text)
    for start, _, size in split_graphemes(text)[0]:
        if used + size > width:
            end = start
            break
        used += size
    # A joiner without anything to join is counted one way alone and another way in company.
    while end and cell_len(text[:end]) > width:
        end -= 1
    return text[:end], text[end:]


def plain(text: str, role: str = "text") -> list[list[Span]]:
    """A text line by line, as spans that know where they stand in it; tabs become spaces up to the next stop."""
    lines: list[list[Span]] = []
    at = 0
    for line in text.split("\n"):
        lines.append([Span(line, role, None, at)] if "\t" not in line else _tabbed(line, role, at))
        at += len(line) + 1
    return lines


def _tabbed(line: str, role: str, at: int) -> list[Span]:
    spans: list[Span] = []
    column = 0
    for index, piece in enumerate(line.split("\t")):
        if index:
            stop = TAB - column % TAB
            spans.append(Span(" " * stop, role, None, at - 1))
            column += stop
        if piece:
            spans.append(Span(piece, role, None, at))
            column += cell_len(piece)
        at += len(piece) + 1
    return spans


def wrap(spans: Sequence[Span], width: int) -> list[tuple[Span, ...]]:
    """Break one paragraph into rows of at most ``width`` cells, at spaces where there are any.

    Spaces at a break stay out of both rows; a no-break space is none. At least one row comes back.
    """
    width = max(1, width)
    if cells(spans) <= width:
        return [_closed(list(spans))]
    rows: list[tuple[Span, ...]] = []
    row: list[Span] = []
    used = 0
    for word in _words(spans):
        size = cell_len("".join(span.text for span in word).rstrip(" "))
        if used and used + size > width:
            rows.append(_closed(row))
            row, used = [], 0
            if not "".join(span.text for span in word).strip(" "):
                continue
        if size <= width - used:
            for span in word:
                _add(row, span)
            used += cells(word)
            continue
        for span in word:
            rest = span
            while cell_len(rest.text.rstrip(" ")) > width - used:
                head, tail = split_at(rest.text, width - used)
                if not head and not used:
                    head, tail = rest.text[:1], rest.text[1:]
                _add(row, rest._replace(text=head))
                rows.append(_closed(row))
                row, used = [], 0
                rest = rest._replace(text=tail, at=rest.at + len(head) if rest.at >= 0 else -1)
            _add(row, rest)
            used += cell_len(rest.text)
    if row or not rows:
        rows.append(_closed(row))
    return rows


def _words(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Words with the spaces after them; a word may run over several spans."""
    word: list[Span] = []
    for span in spans:
        for match in _WORDS.finditer(span.text):
            text = match.group()
            word.append(span._replace(text=text, at=span.at + match.start() if span.at >= 0 else -1))
            if text[-1] == " ":
                yield word
                word = []
    if word:
        yield word


def _add(row: list[Span], span: Span) -> None:
    """Append, joining with the span before where they are one run."""
    if not span.text:
        return
    if row:
        last = row[-1]
        joined = last.at + len(last.text) == span.at if last.at >= 0 else span.at < 0
        if joined and last.role == span.role and last.link == span.link:
            row[-1] = last._replace(text=last.text + span.text)
            return
    row.append(span)


def _closed(row: list[Span]) -> tuple[Span, ...]:
    """The row without spaces at its end."""
    row = list(row)
    while row:
        text = row[-1].text.rstrip(" ")
        if text:
            row[-1] = row[-1]._replace(text=text)
            break
        row.pop()
    return tuple(row)
