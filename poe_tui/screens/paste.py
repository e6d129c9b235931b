"""PasteModal: what is behind a chip: a large paste, a file. Drawn by lines, so that megabytes open at once."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from poe_tui.widgets.cells import cut
from poe_tui.widgets.keys import STRONG, key_words

Outcome = Literal["edit", "remove"]
WIDEST = 2000
"""Cells of a line that can be scrolled to."""


class TextLines(ScrollView, can_focus=True):
    """The lines of a text; only those in view are drawn."""

    DEFAULT_CSS = """
    TextLines { height: 1fr; background: $bg; color: $ink; padding: 0 1; scrollbar-size: 1 1; margin-bottom: 1; }
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._lines = text.expandtabs(4).split("\n")
        longest = max((len(line) for line in self._lines), default=0)
        self.virtual_size = Size(min(WIDEST, longest), len(self._lines))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        style = self.rich_style
        width = self.scrollable_content_region.width
        left, top = self.scroll_offset
        if top + y >= len(self._lines):
            return Strip.blank(width, style)
        content = Content(cut(self._lines[top + y][: WIDEST + 1], WIDEST))
        strip = Strip(content.render_segments(self.visual_style), content.cell_length)
        return strip.crop_extend(left, left + width, style)


class PasteModal(ModalScreen[Outcome | None]):
    """Dismisses with ``edit``, ``remove`` or ``None``."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", show=False),
        Binding("e,ctrl+g", "leave('edit')", show=False),
        Binding("x,delete,backspace", "leave('remove')", show=False),
    ]

    def __init__(self, title: str, text: str, *, editable: bool = True) -> None:
        super().__init__(classes="dialog-screen")
        self._title = title
        self._text = text
        self._editable = editable

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical(classes="dialog -tall"):
            yield Static(Content.styled(self._title, f"{STRONG} bold"), classes="dialog-title")
            yield TextLines(self._text)
            keys = [("e", "edit in $EDITOR"), ("x", "take off"), ("Esc", "back")]
            yield Static(key_words(keys if self._editable else keys[1:]), classes="dialog-keys")

    def on_mount(self) -> None:
        """The text scrolls by the arrow keys at once."""
        self.query_one(TextLines).focus()

    def action_leave(self, outcome: Outcome | None = None) -> None:
        """Go back, with or without something to do."""
        if outcome != "edit" or self._editable:
            self.dismiss(outcome)
