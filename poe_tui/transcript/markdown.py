"""Markdown of an answer as lines, incrementally: finished blocks are frozen, only the open one is read again.

How it stays cheap and right: :mod:`splitter` reads each line once and for all, so the blocks cannot depend on how the
text was cut into deltas. The line that is still arriving is read as if it ended there, and taken back with the next
delta. Each block is a *piece* with its own rows. Rows of code are lexed once, rows of tables are read once, words are
read again while their paragraph is open.

What can still change in a finished block, and when:

- the column widths of a table, while it is open;
- links whose definition comes later (``[text][ref]`` … ``[ref]: url``): at :meth:`MarkdownRenderer.finish`, which
  reads the blocks concerned again;
- marks set by :meth:`MarkdownRenderer.cite`.

A list that turns loose changes nothing above (see ``blocks.gap_between``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from poe_tui.transcript.arriving import is_hidden, is_settled, is_undecided
from poe_tui.transcript.grid import TablePiece
from poe_tui.transcript.layout import Context, HtmlPiece, Piece, RulePiece
from poe_tui.transcript.lines import Citation, CodeBlock, Line, LinkData, TableData
from poe_tui.transcript.listing import CodePiece
from poe_tui.transcript.openblocks import Mark
from poe_tui.transcript.prose import OFTEN, ProsePiece
from poe_tui.transcript.splitter import Splitter

__all__ = ["MarkdownRenderer", "Piece", "render"]

_KINDS: dict[str, type[Piece]] = {
    "paragraph": ProsePiece, "heading": ProsePiece, "code": CodePiece, "table": TablePiece, "html": HtmlPiece,
    "rule": RulePiece,
}  # fmt: skip


class MarkdownRenderer:
    """Markdown of one answer, arriving in deltas, as lines for one width.

    The text must be clean (``sanitize.clean``). Offsets, also those of citations, count in :attr:`source`: the text
    fed, with CRLF and CR as LF.
    """

    def __init__(self, width: int, citations: Iterable[Citation] = (), *, lazy: bool = False) -> None:
        """Begin an answer.

        Args:
            width: cells of a line.
            citations: marks known from the start.
            lazy: only find the blocks; each is read and laid out when its lines are asked for (:attr:`pieces`).
        """
        self._splitter = Splitter()
        self._context = Context(max(1, width), self._splitter.references, _sorted(citations))
        self._pieces: list[Piece] = []
        self._lines: list[Line] | None = None if lazy else []
        self._frozen = 0
        """Pieces that are finished, and the index of the line behind them."""
        self._base = 0
        self._tail: list[str] = []
        self._tail_size = 0
        self._length = 0
        self._mark: Mark | None = None
        """The splitter's state before the line that is still arriving."""
        self._next_look = 0
        self._settled = False
        self._held_return = False
        self._finished = False
        self.stable = 0
        """Lines below this index never change again, except for the column widths of an open table."""
        self.first_changed = 0
        """Index of the first line the last feed, finish or cite changed (``len(lines)`` when none)."""

    # --- what arrives ------------------------------------------------------------------------------------------
    def feed(self, delta: str) -> int:
        """Add text; return :attr:`first_changed`."""
        if self._finished:
            raise ValueError("the text is finished")
        delta = self._normal(delta)
        if not delta:
            return self._nothing()
        self._context.add(delta)
        self._length += len(delta)
        if "\n" in delta:
            self._take_lines(delta)
            self._look()
            return self._draw()
        self._tail.append(delta)
        self._tail_size += len(delta)
        if self._settled:
            return self._extend(delta)
        if self._tail_size < self._next_look:
            return self._nothing()
        self._look()
        return self._draw()

    def finish(self) -> int:
        """The text is complete: resolve what waited for its end; return :attr:`first_changed`."""
        if self._finished:
            return self._nothing()
        if self._held_return:
            self._held_return = False
            self.feed("\n")
        self._finished = True
        self._back()
        line = "".join(self._tail)
        if line.strip(" \t"):
            self._context.parsed += len(line)
            self._splitter.line(line, self._length - len(line))
        self._splitter.finish()
        self._tail, self._tail_size = [], 0
        first = self._draw()
        known = self._splitter.references
        late = [piece for piece in self._pieces if piece.missing and not piece.missing.isdisjoint(known)]
        if late:
            first = min(first, self._again(late))
        self.first_changed = first
        return first

    def cite(self, citations: Iterable[Citation]) -> int:
        """Set numbered marks, during the stream or after it; return :attr:`first_changed`.

        A mark stands behind the words of its stretch; if the stretch is a link in parentheses, put there only to name
        the source (``([site](https://…))``), the mark takes its place. Only the blocks concerned are read again; code
        is never marked.
        """
        added = _sorted(citations)
        self._context.citations = _sorted([*self._context.citations, *added])
        concerned = [
            piece
            for piece in self._pieces
            if isinstance(piece, ProsePiece | TablePiece)
            and any(piece.leaf.start < citation.end <= piece.leaf.end for citation in added)
        ]
        if not concerned:
            return self._nothing()
        self.first_changed = self._again(concerned)
        return self.first_changed

    def relayout(self, width: int) -> None:
        """Change the width. Nothing is parsed again; blocks are laid out when their lines are asked for."""
        width = max(1, width)
        if width != self._context.width:
            self._context.width = width
            self._lines = None
            self.first_changed = self.stable = 0

    # --- what is there -----------------------------------------------------------------------------------------
    @property
    def width(self) -> int:
        """The width lines are laid out for."""
        return self._context.width

    @property
    def lines(self) -> Sequence[Line]:
        """All lines; lays out what is not laid out yet."""
        lines = self._lines
        if lines is None:
            lines = self._lines = []
            for index, piece in enumerate(self._pieces):
                if index == self._frozen:
                    self._base = len(lines)
                lines += piece.lines
            if self._frozen == len(self._pieces):
                self._base = len(lines)
            self.stable = self._stable_lines()
        return lines

    @property
    def height(self) -> int:
        """``len(lines)`` if everything is laid out, else an estimate that costs next to nothing."""
        if self._lines is not None:
            return len(self._lines)
        return sum([piece.height for piece in self._pieces])

    @property
    def pieces(self) -> Sequence[Piece]:
        """The blocks in order, for views that lay out only what is visible."""
        return self._pieces

    @property
    def source(self) -> str:
        """The text so far, CRLF as LF: what all offsets count in."""
        return self._context.text()

    @property
    def parsed(self) -> int:
        """Characters any parser or lexer has read so far."""
        return self._context.parsed

    @property
    def open_size(self) -> int:
        """Characters of the source that may be read again: the open block and the line that is still arriving."""
        begin = self._length - self._tail_size
        kept = self._mark.open if self._mark else None
        for current in (kept, self._splitter.open):
            if current is not None:
                leaf = current.leaf
                frozen_by_lines = leaf.kind in ("code", "table", "html") and leaf.lines
                begin = min(begin, leaf.lines[-1][1] if frozen_by_lines else leaf.start)
        return self._length - begin

    @property
    def code_blocks(self) -> list[CodeBlock]:
        """Blocks of code in order; an open one with what it holds so far."""
        return [piece.data() for piece in self._pieces if isinstance(piece, CodePiece)]

    @property
    def tables(self) -> list[TableData]:
        """Tables in order."""
        return [piece.data() for piece in self._pieces if isinstance(piece, TablePiece)]

    @property
    def links(self) -> list[LinkData]:
        """Links in order."""
        return [link for piece in self._pieces for link in piece.links]

    # --- text --------------------------------------------------------------------------------------------------
    def _normal(self, delta: str) -> str:
        if self._held_return and delta:
            delta = "\r" + delta
            self._held_return = False
        if "\r" in delta:
            if delta.endswith("\r"):
                self._held_return = True
                delta = delta[:-1]
            delta = delta.replace("\r\n", "\n").replace("\r", "\n")
        return delta.replace("\0", "\ufffd") if "\0" in delta else delta

    def _take_lines(self, delta: str) -> None:
        """Read the lines a delta completes."""
        self._back()
        text = "".join([*self._tail, delta])
        at = self._length - len(text)
        lines = text.split("\n")
        rest = lines.pop()
        for line in lines:
            self._splitter.line(line, at)
            at += len(line) + 1
        self._context.parsed += len(text) - len(rest)
        self._tail, self._tail_size = [rest], len(rest)

    def _look(self) -> None:
        """Read the line that is still arriving as if it were complete."""
        self._back()
        text = "".join(self._tail)
        self._tail = [text]
        self._next_look = len(text) + len(text) // 8 if len(text) > OFTEN else 0
        self._mark = self._splitter.mark()
        if text and not is_undecided(text, self._splitter.open):
            self._context.parsed += len(text)
            self._splitter.line(text, self._length - len(text))
            self._settled = is_settled(self._splitter.open)

    def _back(self) -> None:
        """Take the reading of the arriving line back."""
        if self._mark is not None:
            self._splitter.back(self._mark)
            self._mark = None
        self._settled = False

    # --- rows --------------------------------------------------------------------------------------------------
    def _draw(self) -> int:
        """Bring pieces and lines up to the splitter's leaves."""
        leaves, pieces = self._splitter.leaves, self._pieces
        begin = self._frozen
        finished = self._count_finished()
        keep = 0
        fresh: list[Line] = []
        for index in range(begin, len(leaves)):
            leaf = leaves[index]
            is_new = index >= len(pieces) or pieces[index].leaf is not leaf
            if is_new:
                del pieces[index:]
                pieces.append(_KINDS[leaf.kind](leaf, self._context))
            changed = self._update(index, is_frozen=index < finished)
            if self._lines is not None:
                if index == begin and not is_new:
                    keep = changed
                fresh += pieces[index].lines[changed:] if index == begin and not is_new else pieces[index].lines
        del pieces[len(leaves) :]
        base = self._base + keep
        for piece in pieces[begin:finished]:
            self._base += len(piece.lines) if self._lines is not None else 0
        self._frozen = finished
        return self._replace(base, fresh)

    def _count_finished(self) -> int:
        """Leaves that no later line can touch."""
        if self._mark is not None:
            return self._mark.leaves - (self._mark.open is not None)
        return len(self._splitter.leaves) - (self._splitter.open is not None)

    def _update(self, index: int, *, is_frozen: bool) -> int:
        """Bring one piece up to its leaf; return its first changed row."""
        piece, mark, current = self._pieces[index], self._mark, self._splitter.open
        leaf = piece.leaf
        piece.is_open = current is not None and current.leaf is leaf
        if leaf.kind == "heading" and not is_frozen and index == len(self._splitter.leaves) - 1:
            piece.is_open = True
        piece.settled = len(leaf.lines)
        if mark is not None and mark.leaf is not None and mark.leaf.leaf is leaf:
            piece.settled = min(piece.settled, mark.leaf.size)
        elif not is_frozen and mark is not None:
            piece.settled = 0
        if isinstance(piece, ProsePiece):
            piece.hidden = is_hidden(leaf, current)
        if self._lines is None and is_frozen:
            # What was read while it was open may be another thing now that it is closed.
            piece.forget()
            return 0
        if isinstance(piece, ProsePiece):
            taken_back = not is_frozen and not piece.is_open and piece.settled
            if taken_back and piece.exact and piece.size > OFTEN:
                # Closed only as long as the arriving line looks like that: not worth reading a long text again.
                return len(piece.lines)
        return piece.update()

    def _extend(self, delta: str) -> int:
        """Add words to the line that is still arriving."""
        piece = self._pieces[-1]
        if not isinstance(piece, ProsePiece):
            self._look()
            return self._draw()
        before = self._base + sum([len(other.lines) for other in self._pieces[self._frozen : -1]])
        first = piece.extend(delta)
        return self._replace(before + first, piece.lines[first:]) if self._lines is not None else 0

    def _replace(self, base: int, new: Sequence[Line]) -> int:
        """Put new lines in place of all from ``base`` on; return the first that is different."""
        lines = self._lines
        if lines is None:
            self.first_changed = 0
            return 0
        same = 0
        for before, after in zip(lines[base:], new, strict=False):
            if before != after:
                break
            same += 1
        lines[base + same :] = new[same:]
        self.stable = self._stable_lines()
        self.first_changed = base + same
        return self.first_changed

    def _stable_lines(self) -> int:
        if self._frozen < len(self._pieces):
            piece, mark = self._pieces[self._frozen], self._mark
            if mark is None or (mark.leaf is not None and mark.leaf.leaf is piece.leaf):
                return self._base + piece.stable_rows()
        return self._base

    def _again(self, pieces: Sequence[Piece]) -> int:
        """Read blocks again; return the first line that changed."""
        for piece in pieces:
            piece.forget()
        old = self._lines
        if old is None:
            return 0
        self._lines = None
        new = self.lines
        for index, (before, after) in enumerate(zip(old, new, strict=False)):
            if before != after:
                return index
        return min(len(old), len(new))

    def _nothing(self) -> int:
        self.first_changed = len(self._lines) if self._lines is not None else 0
        return self.first_changed


def _sorted(citations: Iterable[Citation]) -> list[Citation]:
    return sorted(citations, key=lambda citation: (citation.end, citation.start, citation.number))


def render(text: str, width: int, citations: Iterable[Citation] = ()) -> list[Line]:
    """Render a whole text."""
    renderer = MarkdownRenderer(width, citations)
    renderer.feed(text)
    renderer.finish()
    return list(renderer.lines)
