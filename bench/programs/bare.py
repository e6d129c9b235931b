"""The floor of a Textual start: an app with one static line."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One line."""

    def compose(self) -> ComposeResult:
        """The line that the bench looks for."""
        yield Static("Bare Textual")


if __name__ == "__main__":
    Bare().run()
