"""The menu of files over the composer: what an ``@path`` may mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message

from poe_tui import numbers
from poe_tui.sanitize import clean
from poe_tui.widgets.cells import cut_middle
from poe_tui.widgets.keys import DIM, STRONG
from poe_tui.widgets.menu import Menu

if TYPE_CHECKING:
    from poe_tui.path_words import PathEntry


class PathMenu(Menu["PathEntry"]):
    """A few rows of files and directories; the prompt's Up, Down, Tab and Enter act on it."""

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, entry: PathEntry) -> None:
            super().__init__()
            self.entry = entry

    def row(self, choice: PathEntry, selected: bool) -> Content:
        """The path, cut in the middle where it must be, and the size of a file."""
        size = "" if choice.is_directory else numbers.size(choice.size)
        room = max(1, self.size.width - 6 - len(size))
        path = Content(cut_middle(clean(choice.shown, single_line=True), room))
        gap = max(1, self.size.width - 4 - path.cell_length - len(size))
        mark = ("▌ ", "$accent") if selected else "  "
        style = f"{STRONG} bold" if selected else "$ink"
        row = Content.assemble(mark, path.stylize(style), " " * gap, (size, DIM), "  ")
        return row.stylize("on $panel") if selected else row

    def clicked(self, choice: PathEntry) -> None:
        """Take by the mouse."""
        self.post_message(self.Chosen(choice))
