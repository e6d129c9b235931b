"""ConfirmModal: one question, answered by a key."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from poe_tui.sanitize import clean
from poe_tui.widgets.keys import DIM, STRONG, key_words


class ConfirmModal(ModalScreen[bool]):
    """Dismisses with ``True`` for yes."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes", show=False),
        Binding("n,escape", "answer(False)", "No", show=False),
    ]

    def __init__(self, title: str, text: str = "", *, yes: str = "yes", no: str = "back") -> None:
        super().__init__(classes="dialog-screen")
        self._title, self._text, self._yes, self._no = title, text, yes, no

    def compose(self) -> ComposeResult:
        """The question, what follows from it, the keys."""
        with Vertical(classes="dialog -warning"):
            yield Static(Content.styled(clean(self._title, single_line=True), f"{STRONG} bold"), classes="dialog-title")
            if self._text:
                yield Static(Content.styled(clean(self._text), DIM), classes="dialog-text")
            yield Static(key_words([("y", self._yes), ("Esc", self._no)]), classes="dialog-keys")

    def action_answer(self, yes: bool) -> None:
        """Leave with the answer."""
        self.dismiss(yes)
