"""What the first frame needs of ``config.toml``, read by the standard library alone.

pydantic costs more time than the first frame has, so this reads five things and nothing else;
``config.load`` reads everything a moment later and says what is wrong. Here a file that cannot be read, or a value of
the wrong kind, means the default, silently.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIMIT = 1_000_000
"""Bytes; a longer file is no settings file and is not read (measured)."""

_DENSITIES = ("auto", "comfortable", "compact")
_MICE = ("on", "scroll", "off")
_SIDEBARS = ("auto", "on", "off")


@dataclass(slots=True, frozen=True)
class Early:
    """The settings of the first frame, with the same defaults as ``config.Settings``."""

    theme: str = "poe-dark"
    density: str = "auto"
    mouse: str = "on"
    sidebar: str = "auto"
    keys: dict[str, str] = field(default_factory=dict)
    """Action id -> key, unchecked."""


def early(path: Path) -> Early:
    """Return what ``path`` says about the first frame. Never raises."""
    try:
        document = _document(path)
    except (OSError, ValueError, RecursionError):
        return Early()
    appearance, general = _table(document, "appearance"), _table(document, "general")
    theme = appearance.get("theme")
    return Early(
        theme=theme if isinstance(theme, str) and theme.strip() else "poe-dark",
        density=_one_of(appearance.get("density"), _DENSITIES),
        mouse=_one_of(appearance.get("mouse"), _MICE),
        sidebar=_one_of(general.get("sidebar"), _SIDEBARS),
        keys={action: keys for action, keys in flat(_table(document, "keys")) if isinstance(keys, str)},
    )


def flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested tables with dotted names: ``model.pick = …`` and ``"model.pick" = …`` are the same."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _document(path: Path) -> dict[str, Any]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return {}
        data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        return {}
    # Imported here: a first start has no file, and then there is nothing to parse.
    import tomllib

    return tomllib.loads(data.decode("utf-8-sig"))


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name)
    return table if isinstance(table, dict) else {}


def _one_of(value: object, words: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of ``words``, else the first of them, which is the default."""
    return value if isinstance(value, str) and value in words else words[0]
