"""What the app leaves for its own next start: the colours and shapes of the skeleton, ready to be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.color import Color, ColorParseError

from poe_tui.palette import Palette
from poe_tui.terminal import skeleton

if TYPE_CHECKING:
    from rich.color import ColorSystem

_TOKENS = {"bg": "bg", "surface": "surface", "panel": "panel", "ink": "text", "strong": "strong", "dim": "dim",
           "accent": "accent"}  # fmt: skip
"""The skeleton's names and the palette's."""


def first_look(
    palette: Palette, system: ColorSystem | None, *, sidebar: str, density: str, plain: bool
) -> dict[str, str]:
    """Return the values for ``skeleton.remember``: SGR parameters for this terminal's colours, and the layout."""
    values = {
        name: _parameters(getattr(palette, token), system, foreground=name not in ("bg", "surface", "panel"))
        for name, token in _TOKENS.items()
    }
    return values | {
        "sidebar": sidebar, "density": density, "glyphs": "plain" if plain else "unicode",
        "colours": skeleton.colours(),
    }  # fmt: skip


def _parameters(colour: str, system: ColorSystem | None, *, foreground: bool) -> str:
    if system is None or colour == "ansi_default":
        return ""
    try:
        parsed = Color.parse(colour.removeprefix("ansi_"))
    except ColorParseError:
        return ""
    return ";".join(parsed.downgrade(system).get_ansi_codes(foreground))
