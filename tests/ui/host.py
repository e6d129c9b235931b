"""A bare app around one screen: themes and colours as in the real one, nothing else."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.screen import Screen

from poe_tui.paths import shipped_themes_dir
from poe_tui.themes import load_palettes, textual_theme

PALETTES, _ = load_palettes([shipped_themes_dir()])


class Host(App[object], inherit_bindings=False):
    """Pushes a screen and keeps what it dismissed with in ``result``."""

    ENABLE_COMMAND_PALETTE = False
    UNSET = object()

    def __init__(self, screen: Screen[object], theme: str = "poe-dark") -> None:
        super().__init__()
        self._first = screen
        self.result: object = self.UNSET
        for palette in PALETTES.values():
            self.register_theme(textual_theme(palette))
        self.theme = theme

    def on_mount(self) -> None:
        self.push_screen(self._first, self._take)

    def _take(self, result: object) -> None:
        self.result = result

    def text(self) -> str:
        """What is on the screen, a line a row, without trailing spaces."""
        return text_of(self)


def text_of(app: App[Any]) -> str:
    """What is on an app's screen, a line a row, without trailing spaces."""
    width, height = app.size
    rows = app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip) for strip in rows]
    assert len(lines) == height and all(len(line) <= 2 * width for line in lines)
    return "\n".join(line.rstrip() for line in lines)
