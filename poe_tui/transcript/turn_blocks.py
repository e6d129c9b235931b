"""The blocks a turn is drawn as, except answers (``text.py``): content without a width, laid out for one.

A block's text is cleaned before it comes here. Blocks are values: a change makes another one, and the view lays only
that one out again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from poe_tui import numbers
from poe_tui.sanitize import clean
from poe_tui.transcript.lines import Line, LineKind, Span
from poe_tui.transcript.model_line import ModelLine
from poe_tui.transcript.rows import Frame, HasSource, Leaf, Row, Rows
from poe_tui.transcript.words import Paragraph
from poe_tui.transcript.wrapping import cells, cut, plain, wrap

LONG_PROMPT = 20_000
"""Characters from which a prompt is folded to its head."""
PROMPT_HEAD = 40
"""Lines of a folded prompt that are drawn."""
THOUGHTS_SHOWN = 3
"""Rows of reasoning shown while the model thinks."""
SOURCES_SHOWN = 30

_MARKERS = re.compile(r"(\*\*|__|`|^#{1,6} )", re.MULTILINE)


class Block:
    """Something a turn is drawn as."""

    snug: bool = False
    """Directly under the block above, without a blank row."""

    def rows(self, frame: Frame) -> Rows:
        """Lay out for a frame; the rows may be laid out lazily."""
        return Leaf(lambda: self.lay_out(frame), self.estimate(frame))

    def lay_out(self, frame: Frame) -> list[Row]:
        """All rows."""
        raise NotImplementedError

    def estimate(self, frame: Frame) -> int:
        """About how many rows; costs nothing."""
        return 1


@dataclass(frozen=True)
class Divider(Block):
    """The thin rule where the model changes."""

    model: str

    def lay_out(self, frame: Frame) -> list[Row]:
        """See :class:`Block`."""
        words = cut(f"now {self.model}", frame.pane - 6, frame.ellipsis)
        used = cells((Span(words),)) + 5
        rest = Span(f" {frame.own('─') * max(0, frame.pane - used)}", "rule")
        return [Row(Line((Span(f"{frame.own('───')} ", "rule"), Span(words, "dim"), rest), "rule"))]


@dataclass(frozen=True)
class Prompt(Block):
    """What the person wrote, with what they attached."""

    text: str
    chips: tuple[tuple[str, str], ...] = ()
    """Attachments: name, size."""
    whole: bool = False
    """Drawn in full however long it is."""

    @property
    def source(self) -> str:
        """What is copied."""
        return self.text

    def lay_out(self, frame: Frame) -> list[Row]:
        """See :class:`Block`."""
        rows: list[Row] = []
        folded = len(self.text) > LONG_PROMPT and not self.whole
        shown = self.text if not folded else "\n".join(self.text[:LONG_PROMPT].split("\n")[:PROMPT_HEAD])
        if shown or not self.chips:
            lines = [spans for line in plain(shown) for spans in wrap(line, frame.text)]
            rows = [_source_row(spans, self, "user-bar") for spans in lines]
        if folded:
            rest = self.text.count("\n", len(shown))
            more = f"{numbers.grouped(rest)} more lines · " if rest else ""
            words = f"► {more}{numbers.size(len(self.text.encode('utf-8', 'replace')))} · "
            key = Span(frame.keys["turn.raw"], "key")
            rows.append(Row(Line((Span(frame.own(words), "dim"), key, Span(" shows all", "dim"))), mark="user-bar"))
        if self.chips:
            spans = [piece for name, size in self.chips for piece in _chip(name, size, frame)]
            rows.extend(Row(Line(wrapped), mark="user-bar") for wrapped in wrap(spans[:-1], frame.pane))
        return rows

    def estimate(self, frame: Frame) -> int:
        """See :class:`Block`."""
        return estimated_rows(min(len(self.text), LONG_PROMPT), self.text.count("\n", 0, LONG_PROMPT) + 1, frame.text)


def _chip(name: str, size: str, frame: Frame) -> list[Span]:
    # No-break spaces keep a chip in one row.
    name = cut(name, max(8, frame.pane - 16), frame.ellipsis).replace(" ", "\u00a0")
    size = size.replace(" ", "\u00a0")
    return [Span(f"\u00a0{name}\u00a0", "chip"), *([Span(f"{size}\u00a0", "chip dim")] if size else []), Span(" ")]


@dataclass(frozen=True)
class Header(Block):
    """The model line."""

    line: ModelLine

    def lay_out(self, frame: Frame) -> list[Row]:
        """See :class:`Block`."""
        return [self.line.row(frame)]


@dataclass(frozen=True)
class Reasoning(Block):
    """The head over what the model thought, with its last lines while it thinks. The whole stands in texts below."""

    label: str
    """``Thinking`` or ``Thought for 3 s · 210 tokens``."""
    folded: bool
    tail: str = ""
    """The end of what was thought so far."""
    snug = True

    def lay_out(self, frame: Frame) -> list[Row]:
        """See :class:`Block`."""
        head = Row(Line((Span(frame.own(f"{'►' if self.folded else '▼'} {self.label}"), "dim"),)))
        if not self.tail:
            return [head]
        tail = _MARKERS.sub("", self.tail[-THOUGHTS_SHOWN * 2 * frame.text :]).strip()
        rows = [
            Row(Line(spans), tone="thought")
            for line in plain(tail)
            if "".join(span.text for span in line).strip()
            for spans in wrap(line, frame.text)
        ]
        return [head, *rows[-THOUGHTS_SHOWN:]]


@dataclass(frozen=True)
class Refusal(Block):
    """The words a model refuses with."""

    text: str

    @property
    def source(self) -> str:
        """What is copied."""
        return self.text

    def lay_out(self, frame: Frame) -> list[Row]:
        """See :class:`Block`."""
        lines = plain(self.text.strip("\n"))
        lines[0].insert(0, Span("Refused: ", "warning"))
        return [_source_row(spans, self) for line in lines for spans in wrap(line, frame.text)]


@dataclass(frozen=True)
class Activity(Block):
    """One line about something the answer does besides text: a search, a call, an image, an unknown item."""

    spans: tuple[Span, ...]
    right: str = ""
    snug: bool = False

    def lay_out(self, frame: Frame) -> list[Row]:
        """See :class:`Block`."""
        right = (Span(self.right, "dim"),) if self.right else ()
        room = frame.pane - (cells(right) + 2 if right else 0)
        spans: list[Span] = []
        for span in self.spans:
            text = cut(frame.own(span.text), room, frame.ellipsis)
            if text:
                spans.append(span._replace(text=text))
            room -= cells((Span(frame.own(span.text)),))
            if room <= 0:
                break
        return [Row(Line(tuple(spans)), right)]


@dataclass(frozen=True)
class Source:
    """A web source of an answer, numbered as its citations are. ``url`` is http or https and cleaned."""

    number: int
    title: str
    url: str
    domain: str
    """Its host, with the end of the path where several sources share the host."""


@dataclass(frozen=True)
class Sources(Block):
    """The line of numbered sources under an answer."""

    sources: tuple[Source, ...]

    def lay_out(self, frame: Frame) -> list[Row]:
        """See :class:`Block`."""
        spans: list[Span] = []
        for source in self.sources[:SOURCES_SHOWN]:
            domain = cut(frame.own(source.domain), max(8, frame.pane - 16), frame.ellipsis)
            link = Span(domain, "link source", source.url)
            spans += [Span(f"{source.number}\u00a0", "key"), link, Span("   ")]
        left_out = len(self.sources) - SOURCES_SHOWN
        spans = [*spans[:-1], Span(f"   and {left_out} more", "dim")] if left_out > 0 else spans[:-1]
        head = Span("Sources  ", "dim")
        indent = Span(" " * len(head.text))
        wrapped = wrap(spans, frame.pane - len(head.text))
        return [Row(Line((head if index == 0 else indent, *row))) for index, row in enumerate(wrapped)]


@dataclass(frozen=True)
class Words(Block):
    """Our own sentences: what went wrong, a note, an invitation."""

    paragraphs: tuple[Paragraph, ...]

    def lay_out(self, frame: Frame) -> list[Row]:
        """See :class:`Block`."""
        return [
            Row(Line(spans))
            for paragraph in self.paragraphs
            for spans in wrap([Span(frame.own(text), role) for text, role in paragraph], frame.text)
        ]


@dataclass(frozen=True)
class Raw(Block):
    """An answer's source as it came."""

    text: str

    @property
    def source(self) -> str:
        """What is copied."""
        return self.text

    def lay_out(self, frame: Frame) -> list[Row]:
        """See :class:`Block`."""
        return [_source_row(spans, self) for line in plain(self.text) for spans in wrap(line, frame.text)]

    def estimate(self, frame: Frame) -> int:
        """See :class:`Block`."""
        return estimated_rows(len(self.text), self.text.count("\n") + 1, frame.text)


def _source_row(spans: tuple[Span, ...], origin: HasSource, mark: str = "") -> Row:
    known = [span for span in spans if span.at >= 0]
    start = known[0].at if known else -1
    end = known[-1].at + len(known[-1].text) if known else -1
    kind: LineKind = "text" if any(span.text for span in spans) else "blank"
    return Row(Line(spans, kind, start, end), mark=mark, origin=origin)


def estimated_rows(characters: int, lines: int, width: int) -> int:
    """About how many rows a text of that size takes: its lines, and the breaks of the long ones."""
    return max(lines, lines // 2 + characters // width)


def arguments_line(arguments: str, limit: int = 400) -> str:
    """The arguments of a call as ``city: "Tokyo", days: 2``; as they are where they are not a JSON object."""
    import json  # 6 ms at start-up that most threads never need

    if len(arguments) <= 8 * limit:
        try:
            parsed = json.loads(arguments)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, dict):
            pairs = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in parsed.items()]
            return clean(", ".join(pairs), single_line=True)[:limit]
    return clean(arguments[: 2 * limit], single_line=True)[:limit]
