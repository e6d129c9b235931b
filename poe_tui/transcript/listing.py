"""Blocks of code: lexed line by line, laid out once; their rows do not depend on the width."""

from __future__ import annotations

import re

from poe_tui.transcript.blocks import Leaf
from poe_tui.transcript.highlight import LineLexer, Token
from poe_tui.transcript.layout import Context, Piece, prefix_of
from poe_tui.transcript.lines import CodeBlock, Line, Span

INDENT = Span("  ", "code.text")
_TAB_STOP = 4
_LONGEST_NAME = 30
"""Characters of a language's name in the head."""
_LANGUAGE = re.compile(r"[^\s{,]+")
_WRAPPED = re.compile(r"\{?\.?([\w#+-]+)")


def language_of(info: str) -> str:
    """The language an info string names: ``python``, ``{.python .numberLines}``, ``python title="x.py"``."""
    match = _LANGUAGE.match(info)
    if match:
        return match[0]
    match = _WRAPPED.match(info)
    return match[1] if match else ""


class CodePiece(Piece):
    """A block of code."""

    __slots__ = ("_done", "_lexer", "language")

    def __init__(self, leaf: Leaf, context: Context) -> None:
        super().__init__(leaf, context)
        self.language = language_of(leaf.info)
        self._lexer = LineLexer(self.language)
        self._done = 0

    def _estimate(self) -> int:
        return self.leaf.gap + 1 + len(self.leaf.lines)

    def data(self) -> CodeBlock:
        """The block for the copy sheet."""
        leaf = self.leaf
        source = "".join([text + "\n" for text, _ in leaf.lines])
        return CodeBlock(leaf.number, self.language, source, leaf.start, leaf.end)

    def _re_indent(self) -> None:
        """A width so small that outer indentation had to give way, or no longer: the rows keep their tokens."""
        gap = self.leaf.gap
        strip = {gap: len(self._prefix.first)}
        bodies = [line.spans[strip.get(index, len(self._prefix.rest)) :] for index, line in enumerate(self._rows)]
        old = self._rows
        self._begin_rows()
        for line, body in zip(old[gap:], bodies[gap:], strict=True):
            self._rows.append(self._code_line(body, line))

    def _code_line(self, body: tuple[Span, ...], line: Line) -> Line:
        made = self._line((), line.kind, line.start, line.end, line.block)
        is_first = len(self._rows) == self.leaf.gap
        return made._replace(spans=(*(self._prefix.first if is_first else self._prefix.rest), *body))

    def update(self) -> int:
        leaf = self.leaf
        if not self._rows:
            self._begin_rows()
            self._rows.append(self._head())
        elif self._width != self._context.width:
            if prefix_of(leaf, self._context.width) != self._prefix:
                self._re_indent()
            self._width = self._context.width
        first = leaf.gap + 1 + self._done
        rows = self._rows
        del rows[first:]
        lexer = self._lexer
        for index in range(self._done, len(leaf.lines)):
            text, at = leaf.lines[index]
            self._context.parsed += len(text)
            if index < self.settled:
                tokens = lexer.line(text)
                self._done = index + 1
            else:
                state = lexer.state
                tokens = lexer.line(text)
                lexer.restore(state)
            rows.append(self._row(tokens, at, len(text)))
        return first

    def stable_rows(self) -> int:
        return self.leaf.gap + 1 + self._done if self._rows else 0

    def _head(self) -> Line:
        number = Span(str(self.leaf.number), "code-number")
        name = self.language if len(self.language) <= _LONGEST_NAME else self.language[:_LONGEST_NAME] + "…"
        label = (Span(f" · {name}", "code-label"),) if name else ()
        head = Line((), "code-head", self.leaf.start, self.leaf.start, self.leaf.number)
        return self._code_line((INDENT, number, *label), head)

    def _row(self, tokens: list[Token], at: int, size: int) -> Line:
        spans: list[Span] = []
        column = 0
        position = at
        for text, role in tokens:
            if "\t" in text:
                for index, part in enumerate(text.split("\t")):
                    if index:
                        stop = _TAB_STOP - column % _TAB_STOP
                        spans.append(Span(" " * stop, role, None, position))
                        column += stop
                        position += 1
                    if part:
                        spans.append(Span(part, role, None, position))
                        column += len(part)
                        position += len(part)
                continue
            spans.append(Span(text, role, None, position))
            column += len(text)
            position += len(text)
        line = Line((), "code", at, at + size, self.leaf.number)
        return self._code_line((INDENT, *spans) if spans else (), line)
