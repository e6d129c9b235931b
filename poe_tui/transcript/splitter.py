"""Text into blocks, line by line: the incremental half of CommonMark.

A line is read once, against a stack of open containers and one open leaf, and never looked at again; what a chunk of
the stream ends in the middle of can therefore not matter. (markdown-it reads ahead instead; our tests hold this
splitter against it.) The line that is still arriving is read as if it were complete and taken back afterwards:
:meth:`OpenBlocks.mark` and :meth:`OpenBlocks.back`.

Deliberate differences from markdown-it: the heads of a table never begin with another block's marker, footnote-like
definitions stay visible, and below :data:`MAX_DEPTH` containers the text is plain.
"""

from __future__ import annotations

import re

from poe_tui.transcript import starts
from poe_tui.transcript.blocks import Item, ItemList, OpenLeaf, Quote
from poe_tui.transcript.cursor import Cursor
from poe_tui.transcript.linkparts import TRIM, definition
from poe_tui.transcript.openblocks import OpenBlocks

MAX_DEPTH = 16
"""Containers inside each other. markdown-it drops text below 20 levels; we show it."""
_LONGEST_DEFINITION = 2_000
_TASK = re.compile(r"\[([ xX])\][ \t]+(?=[^ \t])")
_MAY_DEFINE = re.compile(r"\[(?!\^)(?:[^\\\[\]]|\\.){0,999}(?:\]:|\\?$)")


class Splitter(OpenBlocks):
    """Blocks of a text that arrives line by line."""

    # --- lines -------------------------------------------------------------------------------------------------
    def line(self, text: str, at: int) -> None:
        """Read a complete line (without its newline) that stands at this source offset."""
        self._line += 1
        self._cursor = cursor = Cursor(text, at)
        matched, block = self._match()
        if matched == len(self._stack):
            if cursor.blank:
                self._blank_line()
            else:
                self._go_on(block)
            return
        if cursor.blank:
            self._close(matched)
            self._blank_line()
            return
        if self._is_lazy(matched, block):
            self._add_to_paragraph(head=False)
            return
        first = self._stack[matched]
        siblings = first.list if isinstance(first, Item) else None
        self._close(matched)
        self._fresh(block, siblings)

    def finish(self) -> None:
        """Close everything."""
        self._close(0)

    # --- containers --------------------------------------------------------------------------------------------
    def _match(self) -> tuple[int, int]:
        """Walk the open containers this line goes on in; return their count and the column their blocks begin at."""
        cursor = self._cursor
        matched = block = 0
        for container in self._stack:
            if isinstance(container, Item):
                if container.dead or not (cursor.blank or cursor.indent >= container.indent):
                    break
                block = container.indent
            else:
                if cursor.blank or cursor.text[cursor.position] != ">" or cursor.indent < block:
                    break
                cursor.enter_quote()
                block = 0
            matched += 1
        return matched, block

    def _is_lazy(self, matched: int, block: int) -> bool:
        """Whether a line outside the innermost containers still belongs to the paragraph in them (§5.1, laziness)."""
        current, rest = self.open, self._cursor.rest
        if current is None or current.leaf.kind != "paragraph" or self._definition_is_over(current, rest):
            return False
        indent = self._cursor.indent
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
        if any(isinstance(container, Item) and not container.begun for container in self._stack[depth:]):
            self._show_empty()
        del self._stack[depth:]

    # --- leaves ------------------------------------------------------------------------------------------------
    def _fresh(self, block: int, siblings: ItemList | None = None) -> None:
        """Read the rest of the line as the beginning of a block.

        Args:
            block: the column blocks begin at, in the frame; four more make it code.
            siblings: the list a marker may go on.
        """
        cursor = self._cursor
        in_quote = False
        while not cursor.blank:
            if cursor.indent - block >= 4:
                self._begin_code("", block + 4, "")
                self._add_code_line()
                return
            rest = cursor.rest
            found = None
            if len(self._stack) < MAX_DEPTH:
                if rest[0] == ">":
                    self._stack.append(Quote())
                    cursor.enter_quote()
                    block, siblings, in_quote = 0, None, True
                    continue
                if rest[0] in "-+*0123456789" and not starts.is_rule(rest):
                    found = starts.marker(rest)
            if found is None:
                self._begin_leaf(rest)
                return
            block = self._begin_item(found, block, siblings)
            siblings, in_quote = None, False
        if in_quote:
            self._blank = True

    def _begin_item(self, found: starts.Marker, outer: int, siblings: ItemList | None) -> int:
        """Step over a list marker; return the column the item's blocks begin at."""
        if siblings is None or siblings.char != found.char:
            siblings = ItemList(found.char, found.number)
        cursor = self._cursor
        at = cursor.offset
        indent = cursor.enter_item(found.length)
        item = Item(siblings, siblings.count, indent, outer, at, blank=self._blank)
        item.line = self._line if cursor.blank else -1
        siblings.count += 1
        self._blank = False
        self._stack.append(item)
        return indent

    def _begin_leaf(self, rest: str) -> None:
        """Begin the block that is neither a container nor indented code."""
        first = rest[0]
        if first in "`~":
            fence = starts.fence(rest)
            if fence:
                self._begin_code(fence.mark, self._cursor.indent, fence.info.strip(TRIM))
                return
        elif first == "#":
            heading = starts.heading(rest)
            if heading:
                leaf = self._begin("heading")
                leaf.level, begin, end = heading
                leaf.lines.append((rest[begin:end], leaf.start + begin))
                return
        elif first == "<":
            html = starts.html(rest)
            if html:
                self.open = OpenLeaf(self._begin("html"), html_end=html.end)
                self._add_html_line()
                return
        elif starts.is_rule(rest):
            self._begin("rule")
            return
        self._begin_paragraph(rest)

    def _begin_code(self, mark: str, indent: int, info: str) -> None:
        leaf = self._begin("code")
        self._codes += 1
        leaf.number = self._codes
        leaf.info = info
        self.open = OpenLeaf(leaf, mark, indent)

    def _begin_paragraph(self, rest: str) -> None:
        leaf = self._begin("paragraph")
        at = leaf.start
        item = leaf.heads[-1] if leaf.heads else None
        if item is not None and leaf.path[-1] is item and item.list.start < 0:
            task = _TASK.match(rest)
            item.task = task[1].lower() if task else ""
            if task:
                rest, at = rest[task.end() :], at + task.end()
        leaf.lines.append((rest, at))
        self.open = OpenLeaf(leaf, head=True, reference=_MAY_DEFINE.match(rest) is not None)
        if self.open.reference:
            self.open.raw = ((rest, at, self._cursor.indent),)

    def _close_leaf(self) -> None:
        while self.open is not None:
            current, self.open = self.open, None
            if current.reference:
                self._take_definition(current, at_end=True)

    # --- going on in the open leaf -----------------------------------------------------------------------------
    def _blank_line(self) -> None:
        current = self.open
        if current is None:
            innermost = self._stack[-1] if self._stack else None
            if isinstance(innermost, Item) and innermost.line == self._line - 1 and not innermost.begun:
                self._show_empty()
                innermost.dead = True
        elif current.leaf.kind == "code" and current.mark:
            self._add_code_line()
            return
        elif current.leaf.kind == "code":
            current.blanks = (*current.blanks, self._cursor.without_columns(current.indent))
            return
        elif current.html_end is not None:
            self._add_html_line()
            return
        else:
            self._close_leaf()
        self._blank = True

    def _go_on(self, block: int) -> None:
        """A line that is not blank, inside all open containers."""
        current, cursor = self.open, self._cursor
        kind = current.leaf.kind if current else None
        is_code = cursor.indent - block >= 4
        if current is None:
            self._fresh(block)
        elif kind == "paragraph":
            self._go_on_in_paragraph(current, block)
        elif kind == "html":
            self._add_html_line()
        elif kind == "table":
            if is_code or starts.interrupts(cursor.rest, numbers_from_one=False):
                self._close_leaf()
                self._fresh(block)
            else:
                self._add_line((cursor.rest.rstrip(TRIM), cursor.offset))
        elif current.mark:
            if not is_code and starts.closes_fence(cursor.rest, current.mark):
                current.leaf.end = cursor.end
                self.open = None
            else:
                self._add_code_line()
        elif is_code:
            self._add_code_line()
        else:
            self._close_leaf()
            self._fresh(block)

    def _add_line(self, line: tuple[str, int]) -> None:
        if self.open:
            leaf = self.open.leaf
            leaf.lines.append(line)
            leaf.end = self._cursor.end
            self._blank = False

    def _add_code_line(self) -> None:
        current = self.open
        if current:
            current.leaf.lines += current.blanks
            current.blanks = ()
            self._add_line(self._cursor.without_columns(current.indent))

    def _add_html_line(self) -> None:
        current, cursor = self.open, self._cursor
        if current:
            rest = cursor.rest
            self._add_line((" " * max(0, cursor.indent - self._block()) + rest, cursor.offset))
            if current.html_end is not None and current.html_end.search(rest):
                self.open = None

    # --- paragraphs, and what they turn out to be --------------------------------------------------------------
    def _go_on_in_paragraph(self, current: OpenLeaf, block: int) -> None:
        rest = self._cursor.rest
        if self._cursor.indent - block > 3:
            if self._definition_is_over(current, rest):
                self._close_leaf()
                self._fresh(block)
            else:
                self._add_to_paragraph(head=False)
            return
        if current.head and rest[0] in "|:-":
            aligns = starts.delimiters(rest)
            if aligns and starts.heads_table(current.leaf.lines[-1][0], len(aligns)):
                self._turn_into_table(current, aligns)
                return
        level = starts.underline(rest)
        if self._definition_is_over(current, rest) or (not level and starts.interrupts(rest, numbers_from_one=True)):
            self._close_leaf()
            self._fresh(block)
        elif level and current.reference:
            # Whatever lines wait for the end of a title are words after all.
            self._take_definition(current, at_end=True)
            self._go_on(block)
        elif level:
            leaf = current.leaf
            leaf.kind, leaf.level, leaf.end = "heading", level, self._cursor.end
            self.open = None
        else:
            self._add_to_paragraph(head=True)

    def _turn_into_table(self, current: OpenLeaf, aligns: list[str]) -> None:
        """The paragraph's last line was the heads of a table."""
        leaf = current.leaf
        text, at = leaf.lines[-1]
        if len(leaf.lines) == 1:
            self._discard(leaf)
        else:
            leaf.lines = leaf.lines[:-1]
            leaf.end = leaf.lines[-1][1] + len(leaf.lines[-1][0])
            current.raw = current.raw[:-1]
            self._close_leaf()
        table = self._begin("table")
        self._tables += 1
        table.start, table.number, table.aligns = at, self._tables, aligns
        table.lines.append((text.rstrip(TRIM), at))
        self.open = OpenLeaf(table)

    def _add_to_paragraph(self, *, head: bool) -> None:
        current, cursor = self.open, self._cursor
        if current is None:
            return
        self._add_line((cursor.rest, cursor.offset))
        current.head = head
        if current.reference:
            current.raw = (*current.raw, (cursor.rest, cursor.offset, cursor.indent))
            self._take_definition(current, at_end=False)

    def _definition_is_over(self, current: OpenLeaf, rest: str) -> bool:
        """Whether the paragraph is a link reference definition and nothing else, and ``rest`` cannot be its title."""
        if not current.reference:
            return False
        text = "\n".join([line for line, _ in current.leaf.lines])
        found = definition(text)
        if found is None or found.end < len(text) or found.open_title:
            return False
        return found.titled or rest[0] not in "\"'("

    def _take_definition(self, current: OpenLeaf, *, at_end: bool) -> None:
        """Store the definition a paragraph begins with, and read what is left of it again.

        Before the paragraph's end only a definition whose title failed is taken: others may still grow.
        """
        text = "\n".join([line for line, _ in current.leaf.lines])
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
        self._discard(current.leaf)
        cursor, block = self._cursor, self._block()
        for rest, at, indent in waiting:
            indent = max(0, indent)
            self._cursor = Cursor(" " * indent + rest, at - indent)
            self._go_on(min(block, indent))
        self._cursor = cursor
