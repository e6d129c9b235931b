"""SidebarModal: under 90 columns the list of threads opens over the page, which is blended towards its background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from poe_tui.widgets.keys import key_words
from poe_tui.widgets.thread_list import Entry, ThreadList


class SidebarModal(ModalScreen[str | None]):
    """Dismisses with a thread's id, ``"new"``, ``"search"``, or ``None``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f3,tab", "close", id="thread.sidebar", show=False),
        Binding("ctrl+n", "choose('new')", id="thread.new", show=False),
        Binding("ctrl+r", "choose('search')", id="thread.search", show=False),
    ]
    CSS = """
    SidebarModal {
        background: $bg 34%; align: left top;
        #sidebar-over { width: 28; height: 100%; background: $surface; padding-top: 1; }
        #sidebar-over-keys { height: 2; padding-left: 3; }
        &:ansi #sidebar-over { border-right: solid $rule; width: 29; background: ansi_black; }
    }
    """

    threads = getters.query_one(ThreadList)

    def __init__(self, entries: Sequence[Entry], current: str | None, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._entries = entries
        self._current = current
        self._keys = keys

    def compose(self) -> ComposeResult:
        """The same list as beside a wide page."""
        with Vertical(id="sidebar-over"):
            yield ThreadList(id="threads-over")
            yield Static(key_words(self._keys), id="sidebar-over-keys")

    def on_mount(self) -> None:
        """The list has the focus, on the thread of the page."""
        self.threads.current = self._current
        self.threads.show(self._entries)
        self.threads.focus()

    @on(ThreadList.Opened)
    def _opened(self, event: ThreadList.Opened) -> None:
        self.dismiss(event.thread_id)

    def action_choose(self, what: str) -> None:
        """Leave with something else than a thread."""
        self.dismiss(what)

    def action_close(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click on the page closes the list."""
        if event.widget is self:
            self.dismiss(None)
