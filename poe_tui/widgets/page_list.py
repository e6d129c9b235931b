"""PageList: a short column of names with one selected, such as the pages of the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from poe_tui.widgets.keys import DIM, STRONG
from poe_tui.widgets.model_table import fit


class PageList(Widget, can_focus=True):
    """Names, one a line; the selected one keeps its bar in dim when the focus is elsewhere."""

    DEFAULT_CSS = """
    PageList { height: auto; background: $surface; color: $ink; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("enter,right", "open", show=False),
    ]

    selected: reactive[int] = reactive(0, init=False)

    @dataclass
    class Selected(Message):
        """Another page is selected."""

        pages: PageList
        page: str

    @dataclass
    class Opened(Message):
        """Enter or a click on the selected page: its settings should have the focus."""

        pages: PageList

    def __init__(self, pages: Sequence[tuple[str, str]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pages = list(pages)
        self._counts: Mapping[str, int] = {}

    def select(self, page: str) -> None:
        """Select a page without telling anybody."""
        at = next((index for index, (name, _) in enumerate(self._pages) if name == page), 0)
        self.set_reactive(PageList.selected, at)
        self.refresh()

    def mark(self, counts: Mapping[str, int]) -> None:
        """Show how many settings of each page differ from the default."""
        self._counts = counts
        self.refresh()

    def render(self) -> Content:
        """All pages, a line each."""
        return Content("\n").join([self._line(index) for index in range(len(self._pages))])

    def _line(self, index: int) -> Content:
        page, label = self._pages[index]
        count = self._counts.get(page, 0)
        width = max(8, self.size.width)
        tail = f"{count} " if count else ""
        name = fit(label, width - 5 - len(tail) - (1 if count else 0))
        bullet = ("•", "$accent") if count else ("", "")
        if index != self.selected:
            return Content.assemble("   ", name, (tail, DIM), bullet, "  ")
        bar = ("▌", "$accent" if self.has_focus else DIM)
        line = Content.assemble(" ", bar, " ", (name, f"{STRONG} bold"), (tail, DIM), bullet, "  ")
        return line.stylize("on $panel")

    def action_move(self, step: int) -> None:
        """Select the page ``step`` places away."""
        self.selected = max(0, min(len(self._pages) - 1, self.selected + step))

    def action_open(self) -> None:
        """Go into the page."""
        self.post_message(self.Opened(self))

    def watch_selected(self, selected: int) -> None:
        """Tell which page it is now."""
        self.post_message(self.Selected(self, self._pages[selected][0]))

    def on_click(self, event: events.Click) -> None:
        """Select by the mouse."""
        if 0 <= event.y < len(self._pages):
            if event.y == self.selected:
                self.action_open()
            self.selected = event.y

    def on_focus(self) -> None:
        """The bar changes colour with the focus."""
        self.refresh()

    on_blur = on_focus
