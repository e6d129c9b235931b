"""A thread as Markdown and as lossless JSON."""

from __future__ import annotations

from collections.abc import Sequence

from poe_tui.model import Thread, Turn


def to_markdown(thread: Thread, path: Sequence[Turn]) -> str:
    """The conversation along one path for reading: front matter, sources as footnotes; every text cleaned."""
    raise NotImplementedError


def to_json(thread: Thread, turns: Sequence[Turn]) -> str:
    """Everything, as ``from_json`` reads it back. Give ``await store.tree(id)`` for the whole tree."""
    raise NotImplementedError


def from_json(text: str) -> tuple[Thread, list[Turn]]:
    """Read ``to_json``'s text. ValueError says in words what is wrong."""
    raise NotImplementedError
