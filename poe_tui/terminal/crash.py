"""Crash reports: where the program was, without what it knew.

Textual prints tracebacks with the values of local variables, and with them keys and prompts. A report here holds the
lines of code and the exception's own words, cleaned and redacted, in a file that only its owner can read.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from poe_tui.sanitize import clean

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 300
"""Characters of an exception's message that fit in the one line that is printed."""


def describe(error: BaseException, redact: Callable[[str], str]) -> str:
    """Return the exception's kind and words in one harmless line."""
    words = clean(redact(str(error)), single_line=True).strip()
    if len(words) > _LONGEST:
        words = words[:_LONGEST] + "…"
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def write_report(error: BaseException, redact: Callable[[str], str], folder: Path) -> Path | None:
    """Write a report into ``folder`` (mode 0600) and return its path; ``None`` where nothing can be written."""
    from poe_tui import __version__
    from poe_tui.paths import ensure_private_dir

    lines = traceback.format_exception(error)  # Never with locals.
    text = f"poe-tui {__version__}, Python {sys.version.split()[0]}, {sys.platform}\n\n{''.join(lines)}"
    name = time.strftime("crash-%Y%m%d-%H%M%S") + f"-{os.getpid()}.log"
    try:
        path = ensure_private_dir(folder) / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(clean(redact(text)) + "\n")
    except OSError:
        return None
    return path
