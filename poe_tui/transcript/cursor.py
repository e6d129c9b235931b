"""A place in a line: characters, and the columns that tabs make of them."""

from __future__ import annotations

TAB_STOP = 4


class Cursor:
    """Where in a line reading has got to, past the markers of containers.

    Columns count from the line's beginning, tabs reach to the next multiple of four. A *frame* is what a block quote's
    content stands in: indentation inside it counts from its left edge.
    """

    __slots__ = ("_edge", "_edge_column", "at", "column", "frame", "position", "text")

    def __init__(self, text: str = "", at: int = 0) -> None:
        self.text = text
        self.at = at
        """Source offset of the line."""
        self.position = 0
        """Index of the next character that is no space or tab."""
        self.column = 0
        self.frame = 0
        """Column of the innermost quote's left edge."""
        self._edge = 0
        """Index and column behind the last marker."""
        self._edge_column = 0
        self.skip()

    @property
    def blank(self) -> bool:
        """Whether nothing but spaces and tabs is left."""
        return self.position >= len(self.text)

    @property
    def indent(self) -> int:
        """Columns of indentation within the frame."""
        return self.column - self.frame

    @property
    def rest(self) -> str:
        """What is left, without its indentation."""
        return self.text[self.position :]

    @property
    def offset(self) -> int:
        """Source offset of what is left."""
        return self.at + self.position

    @property
    def end(self) -> int:
        """Source offset behind the line."""
        return self.at + len(self.text)

    def skip(self) -> None:
        """Go to the next character that is no space or tab."""
        text, position, column = self.text, self.position, self.column
        size = len(text)
        while position < size:
            character = text[position]
            if character == " ":
                column += 1
            elif character == "\t":
                column += TAB_STOP - column % TAB_STOP
            else:
                break
            position += 1
        self.position, self.column = position, column

    def enter_quote(self) -> None:
        """Step over ``>`` and the one column of space that belongs to it: a new frame begins."""
        self._step(1)
        self.frame = self.column
        follower = self.text[self.position : self.position + 1]
        if follower in (" ", "\t"):
            self.frame += 1
            if follower == " " or self.column % TAB_STOP == TAB_STOP - 1:
                self._step(1)
        self.skip()

    def enter_item(self, length: int) -> int:
        """Step over a list marker of that many characters; return the column its content begins at, in the frame."""
        self._step(length)
        begin = self.indent
        self.skip()
        after = self.indent - begin
        # More than four columns are one, and code that is indented by the others.
        return begin + (1 if self.blank or after > TAB_STOP else after)

    def _step(self, count: int) -> None:
        self.position += count
        self.column += count
        self._edge, self._edge_column = self.position, self.column

    def without_columns(self, count: int) -> tuple[str, int]:
        """What stands behind the last marker, without so many columns of the frame, and its source offset."""
        position, column, target = self._edge, self._edge_column, self.frame + count
        text, size = self.text, len(self.text)
        while position < size and column < target and text[position] in " \t":
            column += 1 if text[position] == " " else TAB_STOP - column % TAB_STOP
            position += 1
        return " " * max(0, column - target) + text[position:], self.at + position
