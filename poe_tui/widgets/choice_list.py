"""ChoiceList: rows with one under the cursor, for small dialogs: hits of a search, things to copy, sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from poe_tui.sanitize import clean
from poe_tui.widgets.cells import cut, cut_words
from poe_tui.widgets.keys import DIM, STRONG


@dataclass(slots=True, frozen=True)
class Choice:
    """One row."""

    id: str
    label: str
    detail: str = ""
    key: str = ""
    """The letter or digit that chooses it at once."""
    when: str = ""
    """Said at the right end, dim."""


class ChoiceList(Widget):
    """Draws the rows around the cursor; the dialog that holds it has the keys."""

    DEFAULT_CSS = """
    ChoiceList { height: 1fr; min-height: 1; color: $ink; }
    """

    cursor: reactive[int] = reactive(0)

    @dataclass
    class Clicked(Message):
        """A row was clicked."""

        choice: Choice

    def __init__(self, choices: Sequence[Choice] = (), *, label_width: int = 28, id: str | None = None) -> None:
        super().__init__(id=id)
        self._choices = list(choices)
        self._label_width = label_width

    def show(self, choices: Sequence[Choice]) -> None:
        """Show other rows, from the top."""
        self._choices = list(choices)
        self.cursor = 0
        self.refresh(layout=True)

    @property
    def choice(self) -> Choice | None:
        """The row under the cursor."""
        return self._choices[self.cursor] if self.cursor < len(self._choices) else None

    def by_key(self, key: str) -> Choice | None:
        """The row that a letter or digit chooses."""
        return next((choice for choice in self._choices if choice.key and choice.key == key), None)

    def move(self, step: int) -> None:
        """Move the cursor, stopping at the ends."""
        self.cursor = max(0, min(len(self._choices) - 1, self.cursor + step))

    @property
    def _first(self) -> int:
        return max(0, min(self.cursor - self.size.height // 2, len(self._choices) - self.size.height))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """All rows, where there is room."""
        return max(1, len(self._choices))

    def render(self) -> Content:
        """The rows that fit."""
        first = self._first
        shown = self._choices[first : first + self.size.height]
        return Content("\n").join([self._row(choice, first + at == self.cursor) for at, choice in enumerate(shown)])

    def _row(self, choice: Choice, selected: bool) -> Content:
        width = self.size.width
        key = f"{choice.key} ".ljust(3) if any(known.key for known in self._choices) else ""
        detail = clean(choice.detail, single_line=True)
        room = width - 2 - len(key)
        label = cut(clean(choice.label, single_line=True), min(self._label_width, room) if detail else room)
        head = Content.assemble(
            ("▌ ", "$accent") if selected else "  ", (key, STRONG), (label, f"{STRONG} bold" if selected else "$ink")
        )
        gap = max(2, 2 + len(key) + self._label_width + 2 - head.cell_length)
        left = width - head.cell_length - gap - (len(choice.when) + 2 if choice.when else 0)
        line = Content.assemble(head, " " * gap, (cut_words(detail, max(0, left)), DIM)) if detail else head
        if choice.when:
            space = " " * max(2, width - line.cell_length - len(choice.when))
            line = Content.assemble(line, space, (choice.when, DIM))
        if selected:
            line = Content.assemble(line, " " * max(0, width - line.cell_length)).stylize("on $panel")
        return line

    def on_click(self, event: events.Click) -> None:
        """Choose by the mouse."""
        at = self._first + event.y
        if 0 <= at < len(self._choices):
            self.post_message(self.Clicked(self._choices[at]))
