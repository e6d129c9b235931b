"""A menu of a few rows over the composer. The words are typed in the prompt itself, so that nothing typed gets lost.

The prompt keeps the focus and hands Up, Down and Tab on; the menu only draws rows and knows the one that is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

ROWS = 10
"""Rows shown at once."""

T = TypeVar("T")


class Menu(Widget, Generic[T]):
    """Rows of one kind of thing."""

    DEFAULT_CSS = """
    Menu { height: auto; background: $surface; color: $ink; margin: 0 3 0 1; display: none; }
    """

    selected: reactive[int] = reactive(0)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._choices: Sequence[T] = ()

    # --- what a subclass draws -------------------------------------------------------------------------------------
    def row(self, choice: T, selected: bool) -> Content:
        """Return the row of a choice, as wide as the menu; the mark of the selected one included."""
        raise NotImplementedError

    def clicked(self, choice: T) -> None:
        """A row was clicked."""
        raise NotImplementedError

    # --- choices ---------------------------------------------------------------------------------------------------
    def offer(self, choices: Sequence[T]) -> None:
        """Show these; none closes the menu."""
        if list(choices) != list(self._choices):
            self.selected = 0
        self._choices = choices
        self.display = bool(choices)
        self.refresh(layout=True)

    @property
    def is_open(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self._choices)

    @property
    def choice(self) -> T | None:
        """What the menu is on."""
        return self._choices[self.selected] if self._choices else None

    def move(self, step: int) -> None:
        """Go to the next or the previous one, round the ends."""
        if self._choices:
            self.selected = (self.selected + step) % len(self._choices)

    # --- drawing ---------------------------------------------------------------------------------------------------
    @property
    def _first(self) -> int:
        rows = max(1, self.size.height)
        return max(0, min(self.selected - rows // 2, len(self._choices) - rows))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many rows as there are choices, up to a limit."""
        return min(ROWS, max(1, len(self._choices)))

    def render(self) -> Content:
        """The rows around the selected one."""
        first = self._first
        shown = self._choices[first : first + self.size.height]
        rows = [self.row(choice, first + at == self.selected) for at, choice in enumerate(shown)]
        return Content("\n").join(rows)

    def on_click(self, event: events.Click) -> None:
        """Choose by the mouse."""
        at = self._first + event.y
        if 0 <= at < len(self._choices):
            self.clicked(self._choices[at])
