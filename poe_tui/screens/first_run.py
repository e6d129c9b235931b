"""FirstRunModal: paste a key, or try the demo, or quit (design/mockups/first-run.svg).

The key is checked and stored by the callable the app hands in; this dialog never sees where it goes and forgets it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar, Literal

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from poe_tui.sanitize import clean
from poe_tui.widgets.keys import DIM, STRONG

Outcome = Literal["stored", "demo", "quit", "cancelled"]

KEY_PAGE = "https://poe.com/api_key"


ABOUT = "Checked against your balance, then stored on this computer, readable by you alone."


class KeyRefused(Exception):
    """The key was not stored; the text says why, in words that hold no part of the key."""


class FirstRunModal(ModalScreen[Outcome]):
    """Dismisses with what happened."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "demo", "Try the demo", show=False, priority=True),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("escape", "cancel", "Back", show=False, priority=True),
    ]

    field = getters.query_one("#first-run-key", Input)
    note = getters.query_one("#first-run-note", Static)

    def __init__(self, store: Callable[[str], Awaitable[None]], *, again: bool = False, why: str = "") -> None:
        """Prepare the dialog.

        Args:
            store: checks the key against the balance and stores it; raises ``KeyRefused``.
            again: a key exists already: Esc leaves without a change, the demo is not offered.
            why: one sentence about what is wrong with the key there is.
        """
        super().__init__(classes="dialog-screen")
        self._store = store
        self._again = again
        self._why = why

    def compose(self) -> ComposeResult:
        """Title, what a key is, the field, what happens to it, the keys."""
        keys = [("Enter", "check and store")]
        keys += [("Esc", "leave it as it is")] if self._again else [("^T", "try the demo, no key or network")]
        keys += [] if self._again else [("^Q", "quit")]
        with Vertical(classes="dialog"):
            title = "Another key" if self._again else "Welcome to poe-tui"
            yield Static(Content.styled(title, f"{STRONG} bold"), classes="dialog-title")
            if self._why:
                yield Static(Content.styled(clean(self._why, single_line=True), "$warning"), classes="dialog-text")
            yield Static(
                Content.assemble(
                    "One key opens every model on Poe. Make one at ", ("poe.com/api_key", "$link underline"),
                    " and paste it here.",
                ),
                classes="dialog-text",
            )  # fmt: skip
            yield Input(id="first-run-key", password=True, compact=True, select_on_focus=False)
            yield Static(
                Content.styled(ABOUT, DIM),
                id="first-run-note", classes="dialog-text",
            )  # fmt: skip
            lines = [Content.assemble((key.ljust(6), STRONG), (word, DIM)) for key, word in keys]
            yield Static(Content("\n").join(lines), classes="dialog-keys")

    def on_mount(self) -> None:
        """The field has the focus; the caret stands still."""
        self.field.cursor_blink = False
        self.field.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.check(event.value)
        else:
            self.note.update(Content.styled("Paste a key first. It is about 40 letters and digits.", "$warning"))

    @work(exclusive=True, group="first-run", exit_on_error=False, description="check the key")
    async def check(self, key: str) -> None:
        """Have the key checked and stored; say why not if it was not."""
        self.note.update(Content.styled("Checking…", DIM))
        try:
            await self._store(key)
        except KeyRefused as refused:
            self.note.update(Content.styled(clean(str(refused), single_line=True), "$error"))
        else:
            self.field.value = ""
            self.dismiss("stored")

    def action_demo(self) -> None:
        """A real conversation with the embedded server."""
        if not self._again:
            self.dismiss("demo")

    def action_quit(self) -> None:
        """Leave the program."""
        self.dismiss("cancelled" if self._again else "quit")

    def action_cancel(self) -> None:
        """Back to where one came from; without any key there is no way back."""
        if self._again:
            self.dismiss("cancelled")
