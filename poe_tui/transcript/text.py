"""An answer's text: Markdown that may still be arriving, parsed once and laid out piece by piece as it is seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from poe_tui.payload_fold import PayloadFold
from poe_tui.sanitize import StreamCleaner, clean
from poe_tui.transcript.json_text import Indenter, is_json
from poe_tui.transcript.lines import Citation, CodeBlock, Line, LinkData, TableData
from poe_tui.transcript.rows import END, Frame, HasSource, Row, Rows, Stack
from poe_tui.transcript.turn_blocks import Block, estimated_rows

if TYPE_CHECKING:
    from poe_tui.transcript.markdown import MarkdownRenderer, Piece


_FENCE = "``````json\n"
"""Put before JSON, so that it is code: longer than any that could stand in it."""

AT_ONCE = 200
"""Characters that one frame draws without being spread: two rows."""
_HEAD = 200
"""Characters by which a text that still grows is judged."""


class Text(Block):
    """One text part of an answer. Unlike other blocks it grows; :meth:`sync` brings its rows up to date."""

    def __init__(
        self, source: str = "", citations: Iterable[Citation] = (), *, complete: bool = False, tone: str = ""
    ) -> None:
        self.tone = tone
        """A role word that all its rows get (``thought``)."""
        self.snug = False
        self._arrived: list[str] = [source] if source else []
        self._length = len(source)
        self._lines = source.count("\n")
        self._cleaner = StreamCleaner()
        self._fold = PayloadFold()
        self._fed = 0
        self._finished_feeding = False
        self._joined = (0, "")
        self.complete = complete
        self.unchanged = True
        """Whether cleaning changed nothing, so that a server's offsets are ours."""
        self.citations: tuple[Citation, ...] = tuple(citations)
        self.first_code = 1
        """The number of this text's first block of code: an answer of several parts numbers them through."""
        self.parsed_characters = 0
        """Handed to the Markdown renderer; below, what it was asked to lay out. Tests count work by them."""
        self.pieces_laid_out = 0
        self.pace = 1
        """Frames over which a large piece is drawn; the end of the text waits for nothing."""
        self._waiting = ""
        """What came and is not drawn yet, and how many characters of it a frame draws."""
        self._share = AT_ONCE
        self._json = False
        self._judged: tuple[bool, bool] | None = None
        self._indenter: Indenter | None = None
        self._indented = Indented()
        self._renderer: MarkdownRenderer | None = None
        self._rows: TextRows | None = None

    # --- content ------------------------------------------------------------------------------------------------------
    @property
    def source(self) -> str:
        """The text so far, cleaned: what offsets count in and what is copied."""
        if self._joined[0] != self._length:
            self._joined = (self._length, "".join(self._arrived))
        return self._joined[1]

    @property
    def blank(self) -> bool:
        """Whether there is nothing to see."""
        return not self._length or not any(piece.strip() for piece in self._arrived)

    @property
    def length(self) -> int:
        """Characters so far."""
        return self._length

    def end(self, characters: int) -> str:
        """The last characters, about that many."""
        found: list[str] = []
        for piece in reversed(self._arrived):
            if characters <= 0:
                break
            found.append(piece[-characters:])
            characters -= len(piece)
        return "".join(reversed(found))

    def feed(self, delta: str) -> None:
        """Take more text. Nothing is parsed before the next frame."""
        text = self._fold.feed(self._cleaner.feed(delta))
        if text != delta:
            self.unchanged = False
        self._append(text)

    def finish(self) -> None:
        """No more text will come."""
        if not self.complete:
            self._append(self._fold.feed(self._cleaner.flush()))
            self.complete = True

    def cite(self, citations: Sequence[Citation]) -> None:
        """Mark stretches of the text with source numbers; ``citations`` are all of them."""
        known = set(self.citations)
        new = [citation for citation in citations if citation not in known]
        self.citations = tuple(citations)
        if new and self._renderer is not None and not self._json:
            self._renderer.cite(new)
            if self._rows is not None:
                self._rows.update(0)

    def _append(self, text: str) -> None:
        if text:
            self._arrived.append(text)
            self._length += len(text)
            self._lines += text.count("\n")

    # --- JSON ---------------------------------------------------------------------------------------------------------
    def judge(self, *, asked: bool) -> None:
        """Decide whether it is drawn as JSON: one block of code, indented if it came on one line.

        Cheap while the text grows; read as a whole once it is complete.
        """
        if self._judged == (self.complete, asked):
            return
        head = self._head()
        json = is_json(self.source if self.complete else head, asked=asked, complete=self.complete)
        if self.complete:
            self._judged = True, asked
        indented = json and "\n" not in head.strip()
        if (self._json, self._indenter is not None) != (json, indented):
            self._json, self._indenter = json, Indenter() if indented else None
            self._forget()

    def _head(self) -> str:
        found = ""
        for piece in self._arrived:
            found += piece[:_HEAD]
            if len(found) >= _HEAD:
                break
        return found[:_HEAD]

    @property
    def fence(self) -> int:
        """Characters that the renderer was given before the text itself."""
        return len(_FENCE) if self._json else 0

    @property
    def origin(self) -> HasSource:
        """Whose source the rows' offsets count in."""
        return self if self._indenter is None else self._indented

    # --- rows ---------------------------------------------------------------------------------------------------------
    def rows(self, frame: Frame) -> TextRows:
        """The rows for a frame; asking for another width keeps what was parsed."""
        if self._rows is None or self._rows.frame.text != frame.text:
            self._rows = TextRows(self, frame)
        return self._rows

    def estimate(self, frame: Frame) -> int:
        """See :class:`Block`."""
        return estimated_rows(self._length, self._lines + 1, frame.text)

    def renderer(self, width: int) -> MarkdownRenderer:
        """The renderer, with all text fed to it."""
        # Half of the transcript's import time; an empty thread's first frame does without.
        from poe_tui.transcript.markdown import MarkdownRenderer

        if self._renderer is None:
            citations = () if self._json else self.citations
            self._renderer = MarkdownRenderer(width, citations, lazy=self.complete)
            self._fed = 0
            if self._json:
                self._renderer.feed(_FENCE)
                self._indenter = Indenter() if self._indenter is not None else None
                self._indented = Indented()
        elif self._renderer.width != width:
            self._renderer.relayout(width)
        self._feed_renderer(self._renderer)
        return self._renderer

    def sync(self) -> None:
        """Bring parsed rows up to what has arrived. Does nothing where nothing was parsed yet."""
        if self._renderer is None or self._rows is None:
            return
        changed = self._feed_renderer(self._renderer)
        if changed is not None:
            self._rows.update(changed)

    def _feed_renderer(self, renderer: MarkdownRenderer) -> int | None:
        """Feed what is new; the first line that changed, ``None`` when nothing did."""
        changed: int | None = None
        if text := self._due():
            self.parsed_characters += len(text)
            if self._indenter is not None:
                text = self._indenter.feed(text)
                self._indented.add(text)
            changed = renderer.feed(text)
        if self.complete and not self._finished_feeding:
            self._finished_feeding = True
            finished = renderer.finish()
            changed = finished if changed is None else min(changed, finished)
        return changed

    def _due(self) -> str:
        """What is drawn with this frame of the text that came."""
        if self._fed < len(self._arrived):
            new = "".join(self._arrived[self._fed :])
            self._arrived[self._fed :] = [new]
            self._fed += 1
            self._waiting += new
            self._share = max(AT_ONCE, -(-len(self._waiting) // max(1, self.pace)))
        if self.complete or self.pace <= 1:
            text, self._waiting = self._waiting, ""
        else:
            text, self._waiting = self._waiting[: self._share], self._waiting[self._share :]
        return text

    @property
    def behind(self) -> bool:
        """Whether some of the text waits for the next frames."""
        return bool(self._waiting)

    def drop(self) -> None:
        """Forget what was parsed; it is parsed again when it is next seen."""
        if self.complete:
            self._forget()

    def _forget(self) -> None:
        self._renderer = self._rows = None
        self._waiting = ""
        self._fed = 0
        self._finished_feeding = False

    # --- parts --------------------------------------------------------------------------------------------------------
    def parsed(self) -> MarkdownRenderer:
        """The renderer at whatever width it has."""
        return self._renderer if self._renderer is not None else self.renderer(80)

    @property
    def code_blocks(self) -> list[CodeBlock]:
        """Blocks of code, numbered within this text."""
        return self.parsed().code_blocks

    @property
    def code_count(self) -> int:
        """How many blocks of code there are; 0 without parsing where no fence or indentation can be one."""
        if self._json:
            return 1
        return len(self.code_blocks) if "```" in self.source or "~~~" in self.source or "    " in self.source else 0

    @property
    def tables(self) -> list[TableData]:
        """Tables, numbered within this text."""
        return self.parsed().tables

    @property
    def links(self) -> list[LinkData]:
        """Links in order."""
        return self.parsed().links


class Indented:
    """JSON that came on one line, broken into lines: what is drawn and, row by row, copied."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        """Take more of it."""
        self._pieces.append(text)

    @property
    def source(self) -> str:
        """All of it."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""


class PieceRows:
    """One piece of the Markdown as rows."""

    __slots__ = ("_origin", "_seen", "piece")

    def __init__(self, piece: Piece, origin: Text) -> None:
        self.piece = piece
        self._origin = origin
        self._seen = False

    @property
    def start(self) -> int:
        """Source offset of its first character, a list's marker included."""
        leaf = self.piece.leaf
        return min(leaf.start, leaf.heads[0].at) if leaf.heads else leaf.start

    @property
    def height(self) -> int:
        """Exact once laid out."""
        return self.piece.height

    def _lay_out(self) -> int:
        if not self._seen:
            self._seen = True
            self._origin.pieces_laid_out += 1
        return len(self.piece.lines)

    def walk(self, row: int, delta: int) -> tuple[int, int]:
        """See ``rows.Rows``."""
        height = self._lay_out()
        target = (height if row == END else row) + delta
        if target < 0:
            return 0, target
        return (target, 0) if target < height else (height, target - height)

    def row(self, at: int) -> Row:
        """See ``rows.Rows``."""
        line = self.piece.lines[at]
        if fence := self._origin.fence:
            line = _shifted(line, fence)
        if line.kind == "code-head" and self._origin.first_code > 1:
            line = _renumbered(line, self._origin.first_code - 1)
        return Row(line, tone=self._origin.tone, origin=self._origin.origin)


def _shifted(line: Line, by: int) -> Line:
    """A line whose offsets count from behind a fence that only the renderer knows."""
    spans = tuple(span._replace(at=span.at - by) if span.at >= 0 else span for span in line.spans)
    start = max(0, line.start - by) if line.start >= 0 else -1
    return line._replace(spans=spans, start=start, end=max(0, line.end - by) if line.end >= 0 else -1)


def _renumbered(line: Line, earlier: int) -> Line:
    """A code head in an answer with code in an earlier part: blocks are numbered through."""
    number = line.block + earlier
    spans = (span._replace(text=str(number)) if span.role == "code-number" else span for span in line.spans)
    return line._replace(spans=tuple(spans), block=number)


class TextRows(Stack):
    """The rows of a text: nothing is parsed before the first row is asked for."""

    __slots__ = ("_text", "frame", "opened")

    def __init__(self, text: Text, frame: Frame) -> None:
        super().__init__()
        self._text = text
        self.frame = frame
        self.opened = False

    @property
    def height(self) -> int:
        """Rows; estimated from the length before the text was parsed."""
        return self.index.total if self.opened else self._text.estimate(self.frame)

    def open(self) -> None:
        """Parse, if that was not done yet."""
        if not self.opened:
            self.opened = True
            renderer = self._text.renderer(self.frame.text)
            self.replace(PieceRows(piece, self._text) for piece in renderer.pieces)

    def walk(self, row: int, delta: int) -> tuple[int, int]:
        """See ``rows.Rows``."""
        if not self.opened:
            estimate = self.height
            self.open()
            # Where an estimated row was meant, the same share of the real rows is the nearest thing.
            row = row if row == END or not estimate else min(row * self.height // estimate, max(0, self.height - 1))
        return super().walk(row, delta)

    def row(self, at: int) -> Row:
        """See ``rows.Rows``."""
        self.open()
        return super().row(at)

    def piece_at(self, offset: int) -> int:
        """Which piece holds a source offset; only once opened."""
        return max(0, bisect_right(self.members, offset, key=_begin) - 1)

    def update(self, first_changed: int) -> None:
        """Take over the pieces from the one that holds that line on."""
        if not self.opened:
            return
        pieces = self._text.parsed().pieces
        keep = min(len(self.members), len(pieces))
        if first_changed < self.index.total:
            keep = min(keep, self.index.locate(first_changed)[0])
        # Pieces change at the end; one that is the same object and as high ends the search for changes before it.
        while keep and not self._same(keep - 1, pieces[keep - 1]):
            keep -= 1
        self.truncate(keep)
        for piece in pieces[keep:]:
            self.append(PieceRows(piece, self._text))

    def _same(self, position: int, piece: Piece) -> bool:
        member = self.members[position]
        return isinstance(member, PieceRows) and member.piece is piece and self.index[position] == piece.height


def _begin(rows: Rows) -> int:
    return rows.start if isinstance(rows, PieceRows) else 0


def cleaned_offset(raw: str, offset: int) -> int:
    """Where a server's offset into the raw text lies in the cleaned one."""
    offset = max(0, min(offset, len(raw)))
    return len(clean(raw[:offset]))
