"""The pill over the composer: how many lines came below the view while somebody read further up."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from poe_tui.widgets.keys import STRONG
from poe_tui.widgets.numbers import thin


class Pill(Widget):
    """``▼ 12 new lines End``; nothing while the view follows."""

    DEFAULT_CSS = """
    Pill { width: 1fr; height: 1; margin-right: 3; text-align: right; }
    """

    lines: reactive[int] = reactive(0)

    class Pressed(Message):
        """The pill was clicked: to the end."""

    def render(self) -> Content:
        """The pill at R, or an empty row."""
        if not self.lines:
            return Content()
        words = "1 new line" if self.lines == 1 else f"{thin(self.lines)} new lines"
        pill = Content.assemble(f" ▼ {words} ", ("End", STRONG), " ")
        return pill.stylize("on $panel")

    def on_click(self, event: events.Click) -> None:
        """Follow again by the mouse."""
        event.stop()
        if self.lines:
            self.post_message(self.Pressed())
