"""The floor of a Textual app that takes typing: one TextArea."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import TextArea


class Area(App[None]):
    """One field."""

    def compose(self) -> ComposeResult:
        """The field that the bench types into."""
        yield TextArea()


if __name__ == "__main__":
    Area().run()
