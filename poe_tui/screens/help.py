"""HelpModal: the keys that work here, from the one table of actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from poe_tui.actions import Scope, in_scope, key_label
from poe_tui.sanitize import clean
from poe_tui.widgets.keys import DIM, STRONG, key_words

HEADINGS: Mapping[Scope, str] = {
    "composer": "Prompt", "conversation": "Conversation", "message": "Message mode (Esc)", "app": "Everywhere",
    "picker": "Model picker", "settings": "Settings",
}  # fmt: skip


class HelpModal(ModalScreen[None]):
    """Keys by place; the place one came from stands first."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,question_mark,enter", "close", "Close", show=False, priority=True),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, scopes: Sequence[Scope], keys: Mapping[str, str] | None = None) -> None:
        """Prepare the page.

        Args:
            scopes: the places to tell about, the most interesting first.
            keys: the person's own bindings by action id, in Textual's spelling.
        """
        super().__init__(classes="dialog-screen")
        self._scopes = scopes
        self._keys = keys or {}

    def compose(self) -> ComposeResult:
        """A list that scrolls where it does not fit."""
        with Vertical(classes="dialog -tall"):
            yield Static(Content.styled("Keys", f"{STRONG} bold"), classes="dialog-title")
            with VerticalScroll(classes="dialog-list"):
                yield Static(Content("\n\n").join([self._section(scope) for scope in self._scopes]))
            yield Static(key_words([("↑ ↓", "scroll"), ("Esc", "close")]), classes="dialog-keys")

    def on_mount(self) -> None:
        """The list scrolls by the arrow keys at once."""
        self.query_one(VerticalScroll).focus()

    def _section(self, scope: Scope) -> Content:
        lines = [Content.styled(HEADINGS[scope], DIM)]
        for action in in_scope(scope):
            own = self._keys.get(action.id)
            keys = own.split(",") if own is not None else list(action.keys)
            shown = [key_label(key.strip()) for key in keys if key.strip()]
            span = f"{shown[0]}–{shown[-1]}" if len(shown) > 3 else " ".join(shown)
            slash = f"  /{action.slash}" + (f" {action.argument}" if action.argument else "") if action.slash else ""
            key = (clean(span, single_line=True) or "–").ljust(10)
            lines.append(Content.assemble((key, STRONG), " ", action.label, (slash, DIM)))
        return Content("\n").join(lines)

    def action_scroll(self, step: int) -> None:
        """Scroll the list by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=step, animate=False)

    def action_close(self) -> None:
        """Back to the page."""
        self.dismiss(None)
