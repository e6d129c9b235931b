"""What may be shown of a line that is still arriving, so that nothing flashes as what it will not be."""

from __future__ import annotations

import re

from poe_tui.transcript.blocks import Leaf, OpenLeaf

_UNDECIDED = re.compile(
    r"[ \t>]*(?:(?:[-+*]|[0-9]{1,9}[.)])[ \t]+)*"
    r"(?:[-*_=+:|` ~>\t]*|#{1,6}[ \t]*|[0-9]{1,9}[.)]?|\[[ xX]?\]?[ \t]*)$"
)
_CLOSING_FENCE = re.compile(r"[ \t>]*[`~]+[ \t]*$")
_LONGEST = 200
_LONGEST_ROW = 2_000
_DEFINITION = re.compile(r"\[(?!\^)(?:[^\\\[\]]|\\.){1,999}\]:")
_SETTLED = re.compile(
    r"(?![<|])(?!```|~~~)(?!\[(?:[^\\\[\]]|\\.){0,999}(?:\]?|\]:.*|\\)$)(?=.*[^-*_=+:|`~#> \t0-9.)\[\]])",
    re.DOTALL,
)


def is_undecided(text: str, current: OpenLeaf | None) -> bool:
    """Whether the line could still become nearly anything (``-``, ``1.``, ``**``, ````` `` `````): it waits.

    A line that begins with a pipe waits for the one below it: together they are the heads of a table, or words.
    """
    if not text.strip(" \t>"):
        return True
    if len(text) > _LONGEST_ROW:
        return False
    kind = current.leaf.kind if current else ""
    if kind == "code" and current is not None and current.mark:
        return _CLOSING_FENCE.match(text) is not None
    if kind == "html":
        return False
    if kind != "table" and text.lstrip(" \t>")[:1] == "|":
        return True
    return len(text) <= _LONGEST and _UNDECIDED.match(text) is not None


def is_settled(current: OpenLeaf | None) -> bool:
    """Whether the open paragraph's last line can only be words, whatever follows on it."""
    if current is None or current.leaf.kind != "paragraph" or current.reference:
        return False
    return _SETTLED.match(current.leaf.lines[-1][0]) is not None


def is_hidden(leaf: Leaf, current: OpenLeaf | None) -> bool:
    """Whether the open paragraph looks like what will not be shown as words: a definition, the heads of a table."""
    if current is None or current.leaf is not leaf or leaf.kind != "paragraph" or not leaf.lines:
        return False
    first = leaf.lines[0][0]
    if current.reference and _DEFINITION.match(first):
        return True
    return len(leaf.lines) == 1 and first[:1] == "|" and current.head
