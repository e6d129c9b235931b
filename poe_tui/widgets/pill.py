"""The pill over the composer: how many lines came below the view while somebody read further up."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from poe_tui.numbers import grouped
from poe_tui.widgets.cells import EDGE, MARK
from poe_tui.widgets.keys import STRONG


class Pill(Widget):
    """``▼ 12 new lines End``; nothing while the view follows."""

    DEFAULT_CSS = """
    Pill { width: 100%; height: 1; }
    """

    lines: reactive[int] = reactive(0)

    class Pressed(Message):
        """The pill was clicked: to the end."""

    def render(self) -> Content:
        """The pill at R in an empty row; without backgrounds a line divides transcript and composer."""
        pill = Content()
        if self.lines:
            words = "1 new line" if self.lines == 1 else f"{grouped(self.lines)} new lines"
            pill = Content.assemble(f" ▼ {words} ", ("End", STRONG), " ").stylize("on $panel")
        room = max(0, self.size.width - MARK - EDGE - pill.cell_length)
        rule = "─" if self.app.native_ansi_color else " "
        return Content.assemble(" " * MARK, (rule * room, "$rule"), pill)

    def on_click(self, event: events.Click) -> None:
        """Follow again by the mouse."""
        event.stop()
        if self.lines:
            self.post_message(self.Pressed())
