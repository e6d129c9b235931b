"""TextModal: a page of text to read or edit, such as instructions or a large paste behind a chip."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from poe_tui.sanitize import clean
from poe_tui.widgets.keys import DIM, STRONG, key_words


class TextModal(ModalScreen[str | None]):
    """Dismisses with the text, or ``None`` when it was left as it was."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back", show=False, priority=True),
        Binding("ctrl+t", "keep", "Keep", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str, *, about: str = "", read_only: bool = False) -> None:
        super().__init__(classes="dialog-screen")
        self._title = title
        self._text = text
        self._about = about
        self._read_only = read_only

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical(classes="dialog -tall"):
            yield Static(Content.styled(clean(self._title, single_line=True), f"{STRONG} bold"), classes="dialog-title")
            if self._about:
                yield Static(Content.styled(clean(self._about), DIM), classes="dialog-text")
            area = TextArea(self._text, read_only=self._read_only, classes="dialog-area", compact=True)
            area.cursor_blink = False
            yield area
            pairs = [("Esc", "back")] if self._read_only else [("^T", "keep"), ("Esc", "leave as it was")]
            yield Static(key_words(pairs), classes="dialog-keys")

    def action_keep(self) -> None:
        """Take the text."""
        if not self._read_only:
            self.dismiss(self.query_one(TextArea).text)

    def action_cancel(self) -> None:
        """Leave everything as it was."""
        self.dismiss(None)
