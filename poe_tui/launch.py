"""Launch: what the command line asks the app to open. Plain data, so that reading argv costs nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Launch:
    """How the app begins."""

    demo: bool = False
    """Against the embedded demo server, in a database of its own."""
    resume: bool = False
    """``-c``: the last thread, at its scroll position, with its draft and its model."""
    thread: str | None = None
    """``-t``: the thread that these words name (``Store.find_thread``)."""
    model: str | None = None
    """``-m``: for the thread that is opened."""
