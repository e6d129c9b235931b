"""The text area of the prompt: Textual's, with the keys of the interface and nothing that a prompt does not need.

Enter and the newline key are handled in the order they were typed, behind the characters before them: as priority
bindings they would overtake what stands in the widget's queue and send half a prompt.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from poe_tui.sanitize import clean

HISTORY = 500
"""Prompts that Up reaches at most."""
BULK = 20_000
"""A paste of more bytes than this never enters a text area; the driver's figure is the same."""


class PromptHistory:
    """Earlier prompts, and the draft as the newest entry: browsing never loses it."""

    def __init__(self) -> None:
        self._entries: list[str] = []
        self._at: int | None = None
        self._draft = ""

    def replace(self, entries: Iterable[str]) -> None:
        """Start from these prompts, oldest first; white space and repeats in a row are left out."""
        self._entries = []
        for entry in entries:
            self.add(entry)
        self._at = None

    def add(self, text: str) -> None:
        """Add the newest prompt or a stashed draft."""
        if text.strip() and self._entries[-1:] != [text]:
            self._entries = [*self._entries, text][-HISTORY:]
        self._at = None

    def edited(self) -> None:
        """The text on screen was changed: it is the draft now. A draft left behind becomes an entry."""
        if self._at is not None:
            self.add(self._draft)
            self._at = None

    def older(self, text: str) -> str | None:
        """Return the entry before, keeping ``text`` as the draft when browsing begins."""
        if self._at is None:
            self._draft = text
            self._at = len(self._entries)
        if self._at == 0:
            if not self._entries:
                self._at = None
            return None
        self._at -= 1
        return self._entries[self._at]

    def newer(self) -> str | None:
        """Return the entry after; at the end, the draft."""
        if self._at is None:
            return None
        self._at += 1
        if self._at < len(self._entries):
            return self._entries[self._at]
        self._at = None
        return self._draft


class PromptArea(TextArea, inherit_bindings=False):
    """Where the prompt is written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "up", show=False),
        Binding("down", "down", show=False),
        Binding("left", "cursor_left", show=False),
        Binding("right", "cursor_right", show=False),
        Binding("ctrl+left,alt+b", "cursor_word_left", show=False),
        Binding("ctrl+right,alt+f", "cursor_word_right", show=False),
        Binding("home,ctrl+a", "cursor_line_start", show=False),
        Binding("ctrl+e", "cursor_line_end", show=False),
        Binding("end", "end", show=False),
        Binding("ctrl+b", "cursor_left", show=False),
        Binding("shift+left", "cursor_left(True)", show=False),
        Binding("shift+right", "cursor_right(True)", show=False),
        Binding("shift+home", "cursor_line_start(True)", show=False),
        Binding("shift+end", "cursor_line_end(True)", show=False),
        Binding("ctrl+shift+left", "cursor_word_left(True)", show=False),
        Binding("ctrl+shift+right", "cursor_word_right(True)", show=False),
        Binding("backspace,ctrl+h", "backspace", show=False),
        Binding("delete,ctrl+d", "delete_right", show=False),
        Binding("ctrl+w,ctrl+backspace,alt+backspace", "delete_word_left", show=False),
        Binding("alt+d,alt+delete", "delete_word_right", show=False),
        Binding("ctrl+u", "delete_to_start_of_line", show=False),
        Binding("ctrl+k", "delete_to_end_of_line_or_delete_line", show=False),
        Binding("ctrl+x", "cut", show=False),
        Binding("ctrl+v", "paste", show=False),
        Binding("tab", "tab", show=False),
    ]

    class Submitted(Message):
        """The prompt was sent; the area is empty already, so that a second Enter sends nothing."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Bulk(Message):
        """A paste too large for a text area."""

        def __init__(self, data: bytes) -> None:
            super().__init__()
            self.data = data

    class EndPressed(Message):
        """End, with the caret at the end of the text already."""

    class EmptyBackspace(Message):
        """Backspace at the start of the text."""

    class MenuKey(Message):
        """A key for the menu that is open."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str | None = None, placeholder: str = "") -> None:
        super().__init__(id=id, compact=True, highlight_cursor_line=False, max_checkpoints=200, placeholder=placeholder)
        self.cursor_blink = False
        self.match_cursor_bracket = False
        self.past = PromptHistory()
        self.menu_open = False
        """Whether Up, Down and Tab belong to a menu."""
        self.menu_takes_enter = False
        """Whether Enter does, too: then it chooses and does not send."""
        self.take_paste: Callable[[str], Awaitable[bool]] | None = None
        """Asked before a paste becomes text; whether it became something else (the files it names)."""
        self._send_keys: frozenset[str] = frozenset({"enter"})
        self._newline_keys: frozenset[str] = frozenset({"ctrl+j", "shift+enter", "alt+enter", "ctrl+enter"})

    def bind_enter(self, send: Sequence[str], newline: Sequence[str]) -> None:
        """Say which keys send and which start a new line."""
        self._send_keys, self._newline_keys = frozenset(send), frozenset(newline) - frozenset(send)

    # --- text ------------------------------------------------------------------------------------------------------
    def put(self, text: str, *, at_start: bool = False) -> None:
        """Replace the whole text; undo brings the old one back."""
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.move_cursor((0, 0) if at_start else self.document.end)

    def put_fresh(self, text: str) -> None:
        """Replace the text of one thread by another's: undo does not cross threads."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def find_matching_bracket(self, bracket: str, search_from: tuple[int, int]) -> tuple[int, int] | None:
        """Never: a prompt is not a program, and the search costs time at every move of the caret."""
        return None

    # --- keys ------------------------------------------------------------------------------------------------------
    async def _on_key(self, event: events.Key) -> None:
        key = event.key
        if key in self._send_keys:
            event.stop()
            event.prevent_default()
            if self.menu_open and self.menu_takes_enter:
                self.post_message(self.MenuKey("enter"))
            else:
                self._enter()
        elif key in self._newline_keys:
            event.stop()
            event.prevent_default()
            self._type("\n")
        elif event.is_printable:
            self.past.edited()

    def _enter(self) -> None:
        row, column = self.cursor_location
        if self.selection.is_empty and column and self.document[row][column - 1] == "\\":
            self.delete((row, column - 1), (row, column))
            self._type("\n")
            return
        text = self.text
        self.put("")
        self.post_message(self.Submitted(text))

    def _type(self, text: str) -> None:
        self.past.edited()
        start, end = self.selection
        self._replace_via_keyboard(text, start, end)

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        data = event.text.encode("utf-8", "replace")
        if len(data) > BULK:
            self.post_message(self.Bulk(data))
            return
        if self.take_paste is not None and await self.take_paste(event.text):
            return
        self.past.edited()
        result = self._replace_via_keyboard(clean(event.text), *self.selection)
        if result is not None:
            self.move_cursor(result.end_location)

    def on_bulk_paste(self, event: events.Paste) -> None:
        """Hand a large paste on (``terminal.driver.BulkPaste``); its text never comes in here."""
        event.stop()
        self.post_message(self.Bulk(getattr(event, "data", b"")))

    @property
    def _caret_row(self) -> int:
        return self.wrapped_document.location_to_offset(self.cursor_location).y

    def action_up(self) -> None:
        """Up a line; on the first line, the prompt before."""
        if self.menu_open:
            self.post_message(self.MenuKey("up"))
        elif self._caret_row > 0:
            self.action_cursor_up()
        else:
            text = self.past.older(self.text)
            if text is not None:
                self.put(text, at_start=True)

    def action_down(self) -> None:
        """Down a line; on the last line, the prompt after, and at last the draft."""
        if self.menu_open:
            self.post_message(self.MenuKey("down"))
        elif self._caret_row < self.wrapped_document.height - 1:
            self.action_cursor_down()
        else:
            text = self.past.newer()
            if text is not None:
                self.put(text)

    def action_end(self) -> None:
        """To the end of the line; at the end of the text, to the end of the conversation."""
        if self.cursor_at_end_of_text:
            self.post_message(self.EndPressed())
        else:
            self.action_cursor_line_end()

    def action_tab(self) -> None:
        """Complete a command; without a menu, on to the next thing that takes keys."""
        if self.menu_open:
            self.post_message(self.MenuKey("tab"))
        else:
            self.screen.focus_next()

    def action_backspace(self) -> None:
        """Delete to the left; at the start, the last chip is meant."""
        if self.cursor_at_start_of_text and self.selection.is_empty:
            self.post_message(self.EmptyBackspace())
        else:
            self.past.edited()
            self.action_delete_left()
