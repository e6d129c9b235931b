"""Exit codes of ``poe-tui`` and the one exception that carries one."""

from __future__ import annotations

from typing import Final

OK: Final = 0
FAILED: Final = 1
"""API or network error; an answer that failed or was interrupted."""
USAGE: Final = 2
"""A mistake in what was typed, also a field out of bounds: nothing was sent."""
NO_KEY: Final = 3
"""No key, or one that is not valid."""
REFUSED_TOOL: Final = 4
INCOMPLETE: Final = 5
SCHEMA: Final = 6
CANCELLED: Final = 130
"""Ctrl+C."""


class Failure(Exception):
    """A command ends here: ``str()`` goes to stderr behind ``poe-tui:``, already cleaned; ``code`` is the exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code
