"""The widths at which pages change their shape."""

from __future__ import annotations

WIDTHS: list[tuple[int, str]] = [(0, "-narrow"), (90, "-wide")]
"""For ``HORIZONTAL_BREAKPOINTS``: under 90 columns a page has no sidebar and its keys stand closer."""
