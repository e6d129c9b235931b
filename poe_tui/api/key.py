"""What this package needs of a key: something that gives it away when asked and shows itself to nobody."""

from __future__ import annotations

from typing import Protocol


class Key(Protocol):
    """The part of :class:`poe_tui.credentials.Secret` that is used here."""

    def reveal(self) -> str:
        """Return the key itself."""
