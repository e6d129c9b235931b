"""Themes: TOML files become palettes, palettes become Textual themes.

A person's own theme is a file in ``themes/`` under the configuration directory; it may leave colours out (they come
from poe-dark or poe-light) and wins over a shipped one of the same name. A broken file is named and skipped: nobody
is left without colours because of a typing error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poe_tui.palette import POE_DARK, Palette
from poe_tui.sanitize import clean

if TYPE_CHECKING:
    from textual.theme import Theme

COLOURS = tuple(field.name for field in fields(Palette) if field.name not in ("name", "dark", "ansi", "dim_faint"))
"""The names a theme file may set under ``[colors]``."""

_FLAGS = ("dark", "ansi", "dim_faint")
_VALUE = re.compile(r"#[0-9a-fA-F]{6}|ansi_(default|(bright_)?(black|red|green|yellow|blue|magenta|cyan|white))")
_MAX_BYTES = 64 * 1024
"""A theme is a page of text; a larger file is not one."""


@dataclass(slots=True, frozen=True)
class ThemeProblem:
    """A theme file that was skipped, and why, in words fit for a terminal."""

    file: Path
    message: str

    def __str__(self) -> str:
        return f"Theme {clean(str(self.file), single_line=True)} is skipped: {self.message}"


def load_palettes(directories: Iterable[Path]) -> tuple[dict[str, Palette], list[ThemeProblem]]:
    """Read every ``*.toml`` of the directories, later ones winning; poe-dark is always there.

    Returns:
        The palettes by name, in the order found, and one problem for each file that was skipped.
    """
    palettes = {POE_DARK.name: POE_DARK}
    problems: list[ThemeProblem] = []
    for directory in directories:
        for file in _files(directory):
            try:
                palette = _read(file, palettes)
            except (OSError, ValueError) as error:
                problems.append(ThemeProblem(file, clean(str(error), single_line=True)))
            else:
                palettes[palette.name] = palette
    return palettes, problems


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(file for file in directory.glob("*.toml") if file.is_file())
    except OSError:
        return []


def _read(file: Path, palettes: dict[str, Palette]) -> Palette:
    # Imported here: the built-in theme needs no file, and the first frame has no time for it.
    import tomllib

    if file.stat().st_size > _MAX_BYTES:
        raise ValueError("it is larger than 64 kB")
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    name = data.get("name", file.stem)
    if not isinstance(name, str) or not re.fullmatch(r"[\w .-]{1,40}", name):
        raise ValueError("name must be 1 to 40 letters, digits, spaces, dots or hyphens")
    flags: dict[str, Any] = {flag: data[flag] for flag in _FLAGS if flag in data}
    wrong = [flag for flag, value in flags.items() if not isinstance(value, bool)]
    if wrong:
        raise ValueError(f"{wrong[0]} must be true or false")
    base = POE_DARK if flags.get("dark", True) else palettes.get("poe-light", POE_DARK)
    return replace(base, name=name, **flags, **_colours(data.get("colors", {})))


def _colours(table: object) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise ValueError("[colors] must be a table")
    for key, value in table.items():
        if key not in COLOURS:
            raise ValueError(f"unknown colour {key}; known are {', '.join(COLOURS)}")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise ValueError(f"{key} must be like #1a2b3c or ansi_blue")
    return table


def textual_theme(palette: Palette) -> Theme:
    """Return the Textual theme of a palette; style sheets use the variables set here and no other colour."""
    from textual.theme import Theme

    tokens = {name.replace("_", "-"): getattr(palette, name) for name in COLOURS}
    tokens["ink"] = tokens.pop("text")  # Textual computes $text itself.
    # "not dim" and "not bold", never "none": inside Content's style strings "none" would undo the colour beside it.
    variables = tokens | {
        "dim-style": "dim" if palette.dim_faint else "not dim",
        "strong-style": "bold" if palette.ansi else "not bold",
        "link-style": "underline",
        "block-cursor-background": palette.panel,
        "block-cursor-foreground": palette.strong,
        "block-cursor-text-style": "bold",
        "input-selection-background": palette.selection,
        "input-selection-foreground": palette.selection_text,
        "screen-selection-background": palette.selection,
        "screen-selection-foreground": palette.selection_text,
        "scrollbar": palette.rule,
        "scrollbar-hover": palette.rule,
        "scrollbar-active": palette.dim,
        "scrollbar-background": palette.bg,
        "scrollbar-background-hover": palette.bg,
        "scrollbar-background-active": palette.bg,
        "scrollbar-corner-color": palette.bg,
        "ansi-background": "ansi_black" if palette.dark else "ansi_white",
        "ansi-foreground": "ansi_white" if palette.dark else "ansi_black",
        "border": palette.accent,
        "border-blurred": palette.dim,
    }
    return Theme(
        name=palette.name, primary=palette.accent, secondary=palette.accent_muted, accent=palette.accent,
        warning=palette.warning, error=palette.error, success=palette.success, foreground=palette.text,
        background=palette.bg, surface=palette.surface, panel=palette.panel, boost=palette.panel,
        dark=palette.dark, ansi=palette.ansi, variables=variables,
    )  # fmt: skip
