"""ThemedApp: a TerminalApp in our palettes, from the first frame on, switched while it runs."""

from __future__ import annotations

from poe_tui.palette import POE_DARK, Palette
from poe_tui.paths import shipped_themes_dir, user_themes_dir
from poe_tui.terminal.app_base import TerminalApp
from poe_tui.themes import load_palettes, textual_theme

NO_COLOR_THEME = "poe-ansi-dark"
"""Under NO_COLOR backgrounds vanish, as in the 16-colour themes; the lines that stand in for them are needed."""


class ThemedApp(TerminalApp):
    """Knows the palettes; ``palette_changed`` is for what style sheets do not reach."""

    def __init__(self, theme: str) -> None:
        """Prepare for a first frame in ``theme``; an unknown name means poe-dark."""
        self.palettes: dict[str, Palette] = {POE_DARK.name: POE_DARK}
        self.palette = POE_DARK
        super().__init__()
        if self.no_color:
            theme = NO_COLOR_THEME
        if theme != POE_DARK.name:
            self.load_palettes()
        self.use_palette(self.palettes.get(theme, POE_DARK))
        self.stylesheet.set_variables(self.get_css_variables())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, so that the style sheets parse before a theme of ours is set."""
        return textual_theme(self.palette).variables

    def palette_changed(self, palette: Palette) -> None:
        """Other colours are in force."""

    def load_palettes(self, *, tell: bool = False) -> None:
        """Read the theme files; a broken one is named and skipped."""
        self.palettes, problems = load_palettes([shipped_themes_dir(), user_themes_dir()])
        for palette in self.palettes.values():
            self.register_theme(textual_theme(palette))
        for problem in problems if tell else ():
            self.notify(str(problem), severity="warning", timeout=15)

    def use_palette(self, palette: Palette) -> None:
        """Draw everything in these colours."""
        self.palette = palette
        self.register_theme(textual_theme(palette))
        self.theme = palette.name
        self.palette_changed(palette)

    def use_theme(self, name: str) -> bool:
        """Use a theme by its name; an unknown one is named, and nothing changes. Whether it is in force."""
        palette = self.palettes.get(name)
        if palette is None:
            self.notify(f"There is no theme {name}. Known are {', '.join(self.palettes)}.", severity="warning")
            return False
        if not self.no_color and palette is not self.palette:
            self.use_palette(palette)
        return True
