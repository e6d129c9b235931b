"""The list of threads: grouped by day, with what is unread and what runs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from poe_tui.sanitize import clean
from poe_tui.widgets.cells import MARK, TEXT, cut

DAY = 86_400


class Entry(NamedTuple):
    """A thread as the list shows it."""

    id: str
    title: str
    updated_at: float = 0.0
    pinned: bool = False
    mark: Literal["", "unread", "running"] = ""
    draft: bool = False
    """Nothing was sent in it yet."""


class Line(NamedTuple):
    """A row of the list: a group's name, a thread, or nothing."""

    group: str = ""
    entry: Entry | None = None


def group_of(entry: Entry, today: float) -> str:
    """Return the name of the group an entry stands in; ``today`` is the beginning of this day in local time."""
    if entry.pinned:
        return "Pinned"
    for name, start in (
        ("Today", today),
        ("Yesterday", today - DAY),
        ("Last week", today - 7 * DAY),
        ("Last month", today - 31 * DAY),
    ):
        if entry.updated_at >= start:
            return name
    return "Older"


def lines_of(entries: Iterable[Entry], now: float, *, compact: bool = False) -> list[Line]:
    """Lay the entries out in their groups, in the order given; a blank row between groups unless ``compact``."""
    local = time.localtime(now)
    today = time.mktime((local.tm_year, local.tm_mon, local.tm_mday, 0, 0, 0, 0, 0, -1))
    lines: list[Line] = []
    group = ""
    for entry in entries:
        found = group_of(entry, today)
        if found != group:
            if lines and not compact:
                lines.append(Line())
            lines.append(Line(group=found))
            group = found
        lines.append(Line(entry=entry))
    return lines


class ThreadList(ScrollView, can_focus=True, inherit_bindings=False):
    """The threads, one a row. It draws what it is given; the screen decides what a choice does."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "threads--dim", "threads--accent", "threads--selected", "threads--bar-dim",
    }  # fmt: skip
    DEFAULT_CSS = """
    ThreadList {
        background: $surface; color: $ink; height: 1fr;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden;
        scrollbar-background: $surface; scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
        & > .threads--dim, & > .threads--bar-dim { color: $dim; text-style: $dim-style; }
        & > .threads--accent { color: $accent; }
        & > .threads--selected { background: $panel; color: $strong; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("home,g", "move(-100000)", show=False),
        Binding("end,G", "move(100000)", show=False),
        Binding("enter,right", "open", show=False),
    ]

    current: reactive[str | None] = reactive(None)
    """The thread on the page."""
    cursor: reactive[int] = reactive(-1)
    """The row the keyboard is on; only drawn while the list has the focus."""
    compact: reactive[bool] = reactive(False)

    class Opened(Message):
        """A thread was chosen."""

        def __init__(self, thread_id: str) -> None:
            super().__init__()
            self.thread_id = thread_id

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: Sequence[Entry] = ()
        self._lines: list[Line] = []

    def show(self, entries: Sequence[Entry], *, now: float | None = None) -> None:
        """Show these threads, in this order."""
        self._entries = entries
        kept = self._entry_at(self.cursor)
        self._lines = lines_of(entries, time.time() if now is None else now, compact=self.compact)
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.cursor = self._row_of(kept.id if kept is not None else self.current)
        self.refresh()

    def watch_compact(self) -> None:
        """Lay the same threads out again."""
        self.show(self._entries)

    def _entry_at(self, row: int) -> Entry | None:
        return self._lines[row].entry if 0 <= row < len(self._lines) else None

    def _row_of(self, thread_id: str | None) -> int:
        return next((at for at, line in enumerate(self._lines) if line.entry and line.entry.id == thread_id), -1)

    # --- drawing ---------------------------------------------------------------------------------------------------
    def render_line(self, y: int) -> Strip:
        """Draw one row of the view."""
        width = self.size.width
        row = y + self.scroll_offset.y
        base = self.visual_style
        if not 0 <= row < len(self._lines):
            return Strip.blank(width, base.rich_style)
        line = self._lines[row]
        dim = self.get_visual_style("threads--dim", partial=True)
        if line.entry is None:
            content = Content.assemble(" " * TEXT, (line.group, dim))
        else:
            content, selected = self._entry_content(line.entry, row)
            if selected:
                base = self.get_visual_style("threads--selected")
        strip = Strip(content.render_segments(base), content.cell_length)
        return strip.adjust_cell_length(width, base.rich_style)

    def _entry_content(self, entry: Entry, row: int) -> tuple[Content, bool]:
        dim = self.get_visual_style("threads--dim", partial=True)
        accent = self.get_visual_style("threads--accent", partial=True)
        is_current = entry.id == self.current
        selected = row == self.cursor if self.has_focus else is_current
        mark: tuple[str, str | Style] = (" ", "")
        if selected:
            mark = ("▌", accent)
        elif is_current:
            mark = ("▌", dim)
        elif entry.mark == "unread":
            mark = ("●", accent)
        elif entry.mark == "running":
            mark = ("○", dim)
        title = clean(entry.title, single_line=True) or "New thread"
        # The last two cells stay free: the scrollbar's and the one before it.
        words = cut(title, max(1, self.container_size.width - TEXT - 2))
        text: str | tuple[str, Style] = (words, dim) if entry.draft and not selected else words
        return Content.assemble(" " * MARK, mark, " " * (TEXT - MARK - 1), text), selected

    def watch_current(self, current: str | None) -> None:
        """The page shows another thread: its row comes into view."""
        if not self.has_focus:
            self.cursor = self._row_of(current)
        self.refresh()

    def watch_cursor(self, cursor: int) -> None:
        """Keep the row in view, with its group's name where it is the first of it."""
        if cursor >= 0:
            self.scroll_to_region(Region(0, cursor, 1, 1), animate=False, force=True)
            if cursor <= 1:
                self.scroll_to(y=0, animate=False, force=True)
        self.refresh()

    # --- keys and mouse --------------------------------------------------------------------------------------------
    def action_move(self, step: int) -> None:
        """Move the cursor over the threads."""
        rows = [at for at, line in enumerate(self._lines) if line.entry is not None]
        if rows:
            here = rows.index(self.cursor) if self.cursor in rows else 0
            self.cursor = rows[max(0, min(len(rows) - 1, here + step))]

    def action_open(self) -> None:
        """Open the thread under the cursor."""
        entry = self._entry_at(self.cursor)
        if entry is not None:
            self.post_message(self.Opened(entry.id))

    def on_click(self, event: events.Click) -> None:
        """Open a thread by the mouse."""
        entry = self._entry_at(event.y + self.scroll_offset.y)
        if entry is not None:
            self.post_message(self.Opened(entry.id))

    def on_focus(self) -> None:
        """The cursor begins where the page is."""
        row = self._row_of(self.current)
        if row >= 0:
            self.cursor = row
        elif self.cursor < 0:
            self.action_move(0)
        self.refresh()

    def on_blur(self) -> None:
        """The row of the page's thread is the selected one again."""
        self.refresh()
