"""Text into blocks, line by line: the incremental half of CommonMark.

A line is read once, against a stack of open containers and one open leaf, and never looked at again; what a chunk of
the stream ends in the middle of can therefore not matter. (markdown-it reads ahead instead; our tests hold this
splitter against it.) The line that is still arriving is read as if it were complete and taken back afterwards:
:meth:`Splitter.mark` and :meth:`Splitter.back`.

Deliberate differences from markdown-it: the heads of a table never begin with another block's marker, footnote-like
definitions stay visible, and below :data:`MAX_DEPTH` containers the text is plain.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from poe_tui.transcript import starts
from poe_tui.transcript.blocks import Container, Item, ItemList, Leaf, LeafKind, OpenLeaf, Quote, gap_between
from poe_tui.transcript.linkparts import TRIM, definition

MAX_DEPTH = 16
"""Containers inside each other. markdown-it drops text below 20 levels; we show it."""
_LONGEST_DEFINITION = 4_000
_TASK = re.compile(r"\[([ xX])\][ \t]+(?=[^ \t])")


class Mark(NamedTuple):
    """A state to come back to."""

    stack: list[Container]
    items: list[tuple[Item, bool, bool, str, int]]
    leaves: int
    open: OpenLeaf | None
    leaf: tuple[Any, ...] | None
    counters: tuple[int, int, int, bool, int]


class Splitter:
    """Blocks of a text that arrives line by line."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        """All blocks so far in order; the open one is the last."""
        self.open: OpenLeaf | None = None
        self.references: dict[str, str] = {}
        """Targets by normalised label; the first definition counts."""
        self._stack: list[Container] = []
        self._blank = False
        self._line = 0
        self._codes = 0
        self._tables = 0
        # The line being read: its text, source offset, the position and column of its next character, the column
        # its frame begins at, and where the last marker ended.
        self._text = ""
        self._at = 0
        self._pos = 0
        self._col = 0
        self._frame = 0
        self._edge = (0, 0)

    # --- lines -------------------------------------------------------------------------------------------------
    def line(self, text: str, at: int) -> None:
        """Read a complete line (without its newline) that stands at this source offset."""
        self._line += 1
        self._text, self._at = text, at
        self._pos = self._col = self._frame = 0
        self._edge = (0, 0)
        self._skip()
        matched, block = self._match()
        blank = self._pos >= len(self._text)
        if matched == len(self._stack):
            if blank:
                self._blank_line()
            else:
                self._go_on(block)
            return
        if blank:
            self._close(matched)
            self._blank_line()
            return
        leaf = self.open.leaf if self.open else None
        if leaf is not None and leaf.kind == "paragraph" and self._is_lazy(matched, block):
            self._add_to_paragraph(lazy=True)
            return
        first = self._stack[matched]
        siblings = first.list if isinstance(first, Item) else None
        self._close(matched)
        self._fresh(block, siblings)

    def finish(self) -> None:
        """Close everything."""
        self._close(0)

    def mark(self) -> Mark:
        """Remember this state; valid until the next complete line."""
        leaf = self.open.leaf if self.open else None
        kept = None
        if self.open and leaf:
            last = leaf.lines[-1] if leaf.lines else None
            current = self.open
            bits = (current.blanks, current.head, current.reference, current.raw)
            kept = (leaf, leaf.kind, leaf.level, leaf.end, leaf.lines, len(leaf.lines), last, bits)
        items = [
            (item, item.begun, item.dead, item.task, item.list.count)
            for item in self._stack
            if isinstance(item, Item)
        ]
        counters = (self._line, self._codes, self._tables, self._blank, len(self.references))
        return Mark(list(self._stack), items, len(self.leaves), self.open, kept, counters)

    def back(self, mark: Mark) -> None:
        """Return to a remembered state."""
        self._stack = list(mark.stack)
        for item, begun, dead, task, count in mark.items:
            item.begun, item.dead, item.task = begun, dead, task
            item.list.count = count
        self.open = mark.open
        if mark.open and mark.leaf:
            leaf, kind, level, end, lines, count, last, bits = mark.leaf
            leaf.kind, leaf.level, leaf.end, leaf.lines = kind, level, end, lines
            del lines[count:]
            if len(lines) < count:
                lines.append(last)
            elif count:
                lines[-1] = last
            current = mark.open
            current.blanks, current.head, current.reference, current.raw = bits
            self.leaves[mark.leaves - 1 :] = [leaf]
        del self.leaves[mark.leaves :]
        self._line, self._codes, self._tables, self._blank, known = mark.counters
        while len(self.references) > known:
            self.references.popitem()

    # --- containers --------------------------------------------------------------------------------------------
    def _skip(self) -> None:
        """Go to the next character that is no space or tab."""
        text, position, column = self._text, self._pos, self._col
        size = len(text)
        while position < size:
            character = text[position]
            if character == " ":
                column += 1
            elif character == "\t":
                column += 4 - column % 4
            else:
                break
            position += 1
        self._pos, self._col = position, column

    def _match(self) -> tuple[int, int]:
        """Walk the open containers this line goes on in; return their count and the column its block begins at."""
        matched = block = 0
        for container in self._stack:
            blank = self._pos >= len(self._text)
            if isinstance(container, Item):
                if container.dead or not (blank or self._col - self._frame >= container.indent):
                    break
                block = container.indent
            else:
                if blank or self._text[self._pos] != ">" or self._col - self._frame < block:
                    break
                self._enter_quote()
                block = 0
            matched += 1
        return matched, block

    def _enter_quote(self) -> None:
        """Step over ``>`` and the one space that belongs to it: a new frame begins."""
        self._pos += 1
        self._col += 1
        self._frame = self._col
        follower = self._text[self._pos : self._pos + 1]
        self._edge = (self._pos, self._col)
        if follower == " " or (follower == "\t" and self._col % 4 == 3):
            self._pos += 1
            self._col += 1
            self._frame += 1
            self._edge = (self._pos, self._col)
        elif follower == "\t":
            self._frame += 1
        self._skip()

    def _is_lazy(self, matched: int, block: int) -> bool:
        """Whether a line outside the innermost containers still belongs to the paragraph in them (§5.1, laziness)."""
        rest = self._text[self._pos :]
        indent = self._col - self._frame
        outer = 0
        for container in reversed(self._stack[:matched]):
            if isinstance(container, Item):
                outer = container.outer
                break
        inside = False
        for container in self._stack[matched:]:
            if isinstance(container, Item):
                block, outer = container.indent, container.outer
                continue
            if indent - block < 4 and starts.interrupts(rest, numbers_from_one=False):
                return False
            inside, indent, block = True, -1, 0
        if inside or indent - block > 3:
            return True
        too_deep = indent - outer >= 4
        return not starts.interrupts(rest, numbers_from_one=False, lists=not too_deep)

    def _close(self, depth: int) -> None:
        """Close the open leaf and all containers below this depth."""
        self._close_leaf()
        closing = self._stack[depth:]
        if any(isinstance(container, Item) and not container.begun for container in closing):
            self._mark_empty()
        del self._stack[depth:]

    def _mark_empty(self) -> None:
        """Show the marker of an item that has no words."""
        innermost = max(index for index, container in enumerate(self._stack) if isinstance(container, Item))
        item = self._stack[innermost]
        start = item.at if isinstance(item, Item) else -1
        blank = self._blank
        self._blank = False
        leaf = self._begin("paragraph", start, path=tuple(self._stack[: innermost + 1]))
        leaf.end = start + 1
        self._blank = blank

    # --- leaves ------------------------------------------------------------------------------------------------
    def _begin(self, kind: LeafKind, start: int, path: tuple[Container, ...] | None = None) -> Leaf:
        """Append a leaf inside the open containers."""
        if path is None:
            path = tuple(self._stack)
        heads = tuple(item for item in path if isinstance(item, Item) and not item.begun)
        blank = self._blank or any(item.blank for item in heads)
        for item in heads:
            item.begun = True
        gap = bars = 0
        if self.leaves:
            gap, bars = gap_between(self.leaves[-1], path, kind, blank=blank)
        leaf = Leaf(kind, path, heads, blank, gap, bars, start, self._at + len(self._text))
        self.leaves.append(leaf)
        self._blank = False
        return leaf

    def _fresh(self, block: int, siblings: ItemList | None = None) -> None:
        """Read the rest of the line as the beginning of a block."""
        opened: Container | None = None
        while self._pos < len(self._text):
            indent = self._col - self._frame
            if indent - block >= 4:
                self._begin_code("", self._frame + block + 4, "")
                self._add_code_line()
                return
            rest = self._text[self._pos :]
            found = None
            if len(self._stack) < MAX_DEPTH:
                if rest[0] == ">":
                    opened = Quote()
                    self._stack.append(opened)
                    self._enter_quote()
                    block, siblings = 0, None
                    continue
                if rest[0] in "-+*0123456789" and not starts.is_rule(rest):
                    found = starts.marker(rest)
            if found is None:
                self._begin_leaf(rest)
                return
            opened = self._enter_item(found, block, siblings)
            block, siblings = opened.indent, None
        if isinstance(opened, Quote):
            self._blank = True

    def _enter_item(self, found: starts.Marker, block: int, siblings: ItemList | None) -> Item:
        """Step over a list marker: an item begins."""
        if siblings is None or siblings.char != found.char:
            siblings = ItemList(found.char, found.number)
        at = self._at + self._pos
        begin = self._col - self._frame + found.length
        self._pos += found.length
        self._col += found.length
        self._edge = (self._pos, self._col)
        self._skip()
        empty = self._pos >= len(self._text)
        after = self._col - self._frame - begin
        indent = begin + (1 if empty or after > 4 else after)
        item = Item(siblings, siblings.count, indent, block, at, blank=self._blank)
        item.line = self._line if empty else -1
        siblings.count += 1
        self._blank = False
        self._stack.append(item)
        return item

    def _begin_leaf(self, rest: str) -> None:
        """Begin the block that is neither a container nor indented code."""
        first = rest[0]
        start = self._at + self._pos
        if first in "`~":
            fence = starts.fence(rest)
            if fence:
                self._begin_code(fence.mark, self._col, fence.info.strip(TRIM))
                return
        elif first == "#":
            heading = starts.heading(rest)
            if heading:
                leaf = self._begin("heading", start)
                leaf.level, begin, end = heading
                leaf.lines.append((rest[begin:end], start + begin))
                return
        elif first == "<":
            html = starts.html(rest)
            if html:
                self.open = OpenLeaf(self._begin("html", start), html_end=html.end)
                self._add_html_line(rest)
                return
        elif starts.is_rule(rest):
            self._begin("rule", start)
            return
        self._begin_paragraph(rest, start)

    def _begin_code(self, mark: str, column: int, info: str) -> None:
        leaf = self._begin("code", self._at + self._pos)
        self._codes += 1
        leaf.number = self._codes
        leaf.info = info
        self.open = OpenLeaf(leaf, mark, column - self._frame)

    def _begin_paragraph(self, rest: str, start: int) -> None:
        leaf = self._begin("paragraph", start)
        item = leaf.heads[-1] if leaf.heads else None
        if item is not None and leaf.path[-1] is item and item.list.start < 0:
            task = _TASK.match(rest)
            item.task = task[1].lower() if task else ""
            if task:
                rest, start = rest[task.end() :], start + task.end()
        leaf.lines.append((rest, start))
        self.open = OpenLeaf(leaf, head=True, reference=rest[0] == "[")
        if self.open.reference:
            self.open.raw = ((rest, start, self._col - self._frame),)

    def _close_leaf(self) -> None:
        while self.open is not None:
            current, self.open = self.open, None
            if current.reference:
                self._take_definitions(current, at_end=True)

    # --- going on in the open leaf -----------------------------------------------------------------------------
    def _blank_line(self) -> None:
        current = self.open
        if current is None:
            innermost = self._stack[-1] if self._stack else None
            if isinstance(innermost, Item) and innermost.line == self._line - 1 and not innermost.begun:
                self._mark_empty()
                innermost.dead = True
        elif current.leaf.kind == "code":
            if current.mark:
                self._add_code_line()
            else:
                current.blanks = (*current.blanks, self._code_text(current))
            return
        elif current.leaf.kind == "html" and current.html_end is not None:
            self._add_html_line("")
            return
        else:
            self._close_leaf()
        self._blank = True

    def _go_on(self, block: int) -> None:
        """A line that is not blank, inside all open containers."""
        current = self.open
        indent = self._col - self._frame
        if current is None:
            self._fresh(block)
        elif current.leaf.kind == "paragraph":
            self._go_on_in_paragraph(block)
        elif current.leaf.kind == "html":
            self._add_html_line(self._text[self._pos :])
        elif current.leaf.kind == "table":
            rest = self._text[self._pos :]
            if indent - block >= 4 or starts.interrupts(rest, numbers_from_one=False):
                self._close_leaf()
                self._fresh(block)
            else:
                self._add_line((rest.rstrip(TRIM), self._at + self._pos))
        elif current.mark:
            rest = self._text[self._pos :]
            if rest[0] == current.mark[0] and indent - block < 4 and starts.closes_fence(rest, current.mark):
                current.leaf.end = self._at + len(self._text)
                self.open = None
            else:
                self._add_code_line()
        elif indent - block >= 4:
            self._add_code_line()
        else:
            self._close_leaf()
            self._fresh(block)

    def _add_line(self, line: tuple[str, int]) -> None:
        if self.open:
            leaf = self.open.leaf
            leaf.lines.append(line)
            leaf.end = self._at + len(self._text)
            self._blank = False

    def _code_text(self, current: OpenLeaf) -> tuple[str, int]:
        """This line without the columns that belong to its containers and its block."""
        position, column = self._edge
        text, size, target = self._text, len(self._text), self._frame + current.indent
        while position < size and column < target and text[position] in " \t":
            column += 1 if text[position] == " " else 4 - column % 4
            position += 1
        return " " * max(0, column - target) + text[position:], self._at + position

    def _add_code_line(self) -> None:
        current = self.open
        if current is None:
            return
        for line in current.blanks:
            current.leaf.lines.append(line)
        current.blanks = ()
        self._add_line(self._code_text(current))

    def _add_html_line(self, rest: str) -> None:
        current = self.open
        if current is None:
            return
        column = self._col - self._frame
        block = self._stack[-1].indent if self._stack and isinstance(self._stack[-1], Item) else 0
        self._add_line((" " * max(0, column - block) + rest, self._at + self._pos))
        if current.html_end is not None and current.html_end.search(rest):
            self.open = None

    def _go_on_in_paragraph(self, block: int) -> None:
        current = self.open
        indent = self._col - self._frame
        rest = self._text[self._pos :]
        if current is None or indent - block > 3:
            self._add_to_paragraph(lazy=False, head=False)
            return
        if current.head and rest[0] in "|:-":
            aligns = starts.delimiters(rest)
            if aligns and starts.heads_table(current.leaf.lines[-1][0], len(aligns)):
                self._turn_into_table(aligns)
                return
        if starts.interrupts(rest, numbers_from_one=True) and not starts.underline(rest):
            self._close_leaf()
            self._fresh(block)
            return
        if not (current.reference and self._is_complete_definition(current)):
            level = starts.underline(rest)
            if level and current.reference:
                self._take_definitions(current, at_end=True)
                self._go_on(block)
                return
            if level:
                leaf = current.leaf
                leaf.kind, leaf.level, leaf.end = "heading", level, self._at + len(self._text)
                self.open = None
                return
        self._add_to_paragraph(lazy=False)

    def _turn_into_table(self, aligns: list[str]) -> None:
        """The paragraph's last line was the heads of a table."""
        leaf = self.leaves[-1]
        text, offset = leaf.lines[-1]
        if len(leaf.lines) == 1:
            self.leaves.pop()
            self.open = None
            for item in leaf.heads:
                item.begun = False
            self._blank = leaf.blank
        else:
            leaf.lines = leaf.lines[:-1]
            last, begin = leaf.lines[-1]
            leaf.end = begin + len(last)
            if self.open:
                self.open.raw = self.open.raw[:-1]
            self._close_leaf()
        table = self._begin("table", offset)
        self._tables += 1
        table.number = self._tables
        table.aligns = aligns
        table.lines.append((text.rstrip(TRIM), offset))
        self.open = OpenLeaf(table)

    # --- paragraphs and the definitions before them ------------------------------------------------------------
    def _add_to_paragraph(self, *, lazy: bool, head: bool = True) -> None:
        current = self.open
        if current is None:
            return
        rest, indent = self._text[self._pos :], self._col - self._frame
        if current.reference and self._is_complete_definition(current):
            text = _text_of(current)
            found = definition(text)
            if found and (found.titled or rest[0] not in "\"'("):
                self._take_definitions(current, at_end=True)
                block = self._stack[-1].indent if self._stack and isinstance(self._stack[-1], Item) else 0
                self._fresh(min(block, indent) if lazy else block)
                return
        self._add_line((rest, self._at + self._pos))
        current.head = head and not lazy
        if current.reference:
            current.raw = (*current.raw, (rest, self._at + self._pos, indent))
            self._take_definitions(current, at_end=False)

    def _is_complete_definition(self, current: OpenLeaf) -> bool:
        """Whether the paragraph is a definition and nothing else, up to here."""
        text = _text_of(current)
        found = definition(text)
        return found is not None and found.end >= len(text) and not found.open_title

    def _take_definitions(self, current: OpenLeaf, *, at_end: bool) -> None:
        """Store the definition a paragraph begins with, and read what is left of it again.

        Before the paragraph's end only a definition whose title failed is taken: others may still grow.
        """
        text = _text_of(current)
        found = definition(text)
        if found is None:
            if at_end or len(text) > _LONGEST_DEFINITION:
                current.reference, current.raw = False, ()
            return
        if not at_end and (found.open_title or found.end >= len(text)):
            return
        self.references.setdefault(found.label, found.target)
        kept = text[: found.end].rstrip("\n").count("\n") + 1
        waiting = current.raw[kept:]
        leaf = self.leaves.pop()
        for item in leaf.heads:
            item.begun = False
        self.open, self._blank = None, leaf.blank
        self._read_again(waiting)

    def _read_again(self, lines: tuple[tuple[str, int, int], ...]) -> None:
        """Read lines of a paragraph that turned out to follow a definition, in the containers they stood in."""
        kept = (self._text, self._at, self._pos, self._col, self._frame, self._edge)
        block = self._stack[-1].indent if self._stack and isinstance(self._stack[-1], Item) else 0
        for rest, at, indent in lines:
            self._text, self._at = " " * max(0, indent) + rest, at - max(0, indent)
            self._pos = self._col = max(0, indent)
            self._frame, self._edge = 0, (0, 0)
            self._go_on(min(block, self._col))
        self._text, self._at, self._pos, self._col, self._frame, self._edge = kept


def _text_of(current: OpenLeaf) -> str:
    return "\n".join([line[0] for line in current.leaf.lines])
