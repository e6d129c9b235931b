"""Palette: the colour tokens of the look as one value, shared by the style sheet, the transcript and the first frame.

Every value is either ``#rrggbb``, an ANSI name Textual knows (``ansi_blue``, ``ansi_default``) or empty for "leave as
it is". Where ``ansi`` is true the backgrounds are the terminal's own and lines stand in for them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Palette:
    """The tokens of one theme."""

    name: str
    dark: bool
    bg: str
    surface: str
    panel: str
    rule: str
    text: str
    strong: str
    dim: str
    accent: str
    accent_muted: str
    link: str
    success: str
    warning: str
    error: str
    selection: str
    selection_text: str
    ansi: bool = False
    """The terminal's own 16 colours: no backgrounds, lines instead, dim by the faint attribute."""
    dim_faint: bool = False
    """Draw ``dim`` with the faint attribute as well."""


POE_DARK = Palette(
    name="poe-dark", dark=True, bg="#16181d", surface="#1d2027", panel="#2a2f3a", rule="#3b4250", text="#d3d7de",
    strong="#f2f4f8", dim="#8f97a8", accent="#ab96ff", accent_muted="#6a61a3", link="#9db4ff", success="#86cf8f",
    warning="#e3b565", error="#f47f82", selection="#3d3670", selection_text="#f2f4f8",
)  # fmt: skip
"""The default, built in so that a broken or missing theme directory never leaves the app without colours."""
