"""Roles to Rich styles, by palette. Pure colour: no text is looked at here."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color
from rich.style import Style

from poe_tui.palette import Palette

_PIXELS = "px:"


def pixel_role(upper: int, lower: int) -> str:
    """The role of a cell that is two pixels of an image, ``0xRRGGBB`` each."""
    return f"{_PIXELS}{upper:06x}{lower:06x}"


@lru_cache(4096)
def _pixels(role: str) -> Style:
    at = len(_PIXELS)
    return Style(color=Color.parse(f"#{role[at : at + 6]}"), bgcolor=Color.parse(f"#{role[at + 6 : at + 12]}"))


Ground = str
"""The background a row stands on: ``bg``, ``code`` or ``panel``."""


class Styles:
    """The styles of one palette. Role words add up in order; a word that is not known adds nothing."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._known: dict[tuple[str, Ground], Style] = {}
        self._words = _word_styles(palette)
        self._grounds = {
            "bg": Style(color=_color(palette.text), bgcolor=_color(palette.bg)),
            "code": Style(color=_color(palette.text), bgcolor=_color(palette.surface)),
            "panel": Style(color=_color(palette.text), bgcolor=_color(palette.panel)),
        }
        self.selection = (
            Style(reverse=True)
            if palette.ansi
            else Style(color=_color(palette.selection_text), bgcolor=_color(palette.selection))
        )

    def __call__(self, role: str = "", ground: Ground = "bg") -> Style:
        """The style of a role on a ground."""
        if role.startswith(_PIXELS):
            return _pixels(role)
        key = role, ground
        style = self._known.get(key)
        if style is None:
            style = self._grounds[ground]
            for word in role.split():
                addition = self._words.get(word)
                if addition is not None:
                    style += addition
            self._known[key] = style
        return style


def _color(value: str) -> Color | None:
    """A palette's colour as Rich knows it; ``None`` leaves the terminal's own."""
    if not value:
        return None
    if value == "ansi_default":
        return Color.default()
    return Color.parse(value.removeprefix("ansi_"))


def _word_styles(palette: Palette) -> dict[str, Style]:
    def ink(value: str, *, bold: bool | None = None) -> Style:
        return Style(color=_color(value), bold=bold)

    dim = ink(palette.dim) + Style(dim=True if palette.dim_faint else None)
    # A key is strong without weight; the 16 colours have no stronger text, so there it takes the weight.
    key = ink(palette.strong, bold=True) if palette.ansi else ink(palette.strong)
    strong = ink(palette.strong, bold=True)
    link = ink(palette.link)
    return {
        "strong": strong,
        "key": key,
        "dim": dim,
        "accent": ink(palette.accent),
        "warning": ink(palette.warning),
        "error": ink(palette.error),
        "success": ink(palette.success),
        "rule": ink(palette.rule),
        "user-bar": ink(palette.accent),
        "thought": dim + Style(italic=True),
        "chip": Style(bgcolor=_color(palette.panel)) if not palette.ansi else Style(bold=True),
        "emphasis": Style(italic=True),
        "strike": Style(strike=True),
        "heading": strong,
        "code": key if palette.ansi else key + Style(bgcolor=_color(palette.surface)),
        "link": link + Style(underline=True),
        "citation": link,
        "html": dim,
        "quote-bar": ink(palette.rule),
        "list-marker": dim,
        "table-head": dim,
        "code-number": key,
        "code-label": dim,
        "code.keyword": ink(palette.accent),
        "code.name": link,
        "code.string": ink(palette.success),
        "code.number": ink(palette.warning),
        "code.comment": dim + Style(italic=True),
        "code.punctuation": dim,
        "code.inserted": ink(palette.success),
        "code.deleted": ink(palette.error),
    }
