"""SheetModal: a few things, each with its key: what to copy, which source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from poe_tui.sanitize import clean
from poe_tui.widgets.choice_list import Choice, ChoiceList
from poe_tui.widgets.keys import STRONG, key_words


class SheetModal(ModalScreen[str | None]):
    """Dismisses with the id of what was chosen, or ``None``."""

    CSS_PATH = "dialogs.tcss"
    CSS = """
    SheetModal .dialog.-sheet {
        width: 80; height: auto; max-height: 90%;
        ChoiceList { height: auto; max-height: 16; margin-bottom: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    choices = getters.query_one(ChoiceList)

    def __init__(self, title: str, choices: Sequence[Choice], *, verb: str = "copy") -> None:
        super().__init__(classes="dialog-screen")
        self._title = title
        self._choices = choices
        self._verb = verb

    def compose(self) -> ComposeResult:
        """Title, rows, keys."""
        with Vertical(classes="dialog -sheet"):
            yield Static(Content.styled(clean(self._title, single_line=True), f"{STRONG} bold"), classes="dialog-title")
            yield ChoiceList(self._choices)
            keys = [("Enter", self._verb), ("Esc", "back")]
            yield Static(key_words(keys), classes="dialog-keys")

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        self.choices.move(step)

    def action_choose(self) -> None:
        """Take the row under the cursor."""
        choice = self.choices.choice
        self.dismiss(choice.id if choice is not None else None)

    def action_cancel(self) -> None:
        """Take nothing."""
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        """A row's own key takes it at once."""
        choice = self.choices.by_key(event.character or "")
        if choice is not None:
            event.stop()
            self.dismiss(choice.id)

    @on(ChoiceList.Clicked)
    def _clicked(self, event: ChoiceList.Clicked) -> None:
        self.dismiss(event.choice.id)
