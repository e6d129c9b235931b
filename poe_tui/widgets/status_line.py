"""The status line: one live value, dim facts, and the keys that matter now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from textual.content import Content
from textual.widget import Widget

from poe_tui.sanitize import clean
from poe_tui.widgets.cells import EDGE, MARK, TEXT, cut
from poe_tui.widgets.header import NARROW
from poe_tui.widgets.keys import DIM, key_words

SMALL = 60
"""Columns under which only the first and the last key stay."""

Key = tuple[str, str]


class StatusFacts(NamedTuple):
    """What the line says. An empty ``live`` means that nothing is going on."""

    live: str = ""
    """``84 tok/s``, ``thinking``, ``again in 4 s``."""
    waiting: bool = False
    """A warning-coloured ``○`` instead of the accent ``●``."""
    context: str = ""
    """``12 %``."""
    thread: str = ""
    """``133 pts``."""
    next_turn: str = ""
    """Said here where the composer has no footer."""
    notice: str = ""
    """What is wrong for longer than a toast: ``not saved: disk full``."""
    keys: tuple[Key, ...] = ()
    """The last one always stays. ``search`` goes first (its key stands in the sidebar too), then the last but one."""


def draw(facts: StatusFacts, width: int) -> Content:
    """Return the line in ``width`` cells."""
    narrow = width < NARROW
    gap = Content("  " if narrow else "   ")
    told = _facts(facts._replace(notice=cut(facts.notice, max(12, width // 3))), narrow=narrow)
    keys = [key for key in facts.keys if not (narrow and key[1] == "search")]
    if width < SMALL:
        keys = [*keys[:1], *keys[1:][-1:]]
    while True:
        left = gap.join([Content.styled(facts.live, "$ink"), *told] if facts.live else told)
        right = key_words(keys, narrow=narrow)
        between = width - EDGE - TEXT - left.cell_length - right.cell_length
        if between >= gap.cell_length or (not told and len(keys) <= 1):
            break
        if len(keys) > 2 or not told:
            del keys[next((at for at, key in enumerate(keys) if key[1] == "search"), max(0, len(keys) - 2))]
        else:
            del told[-1]
    if between < 1:
        left, right = right, Content()
        between = 0
    dot = ("○", "$warning") if facts.waiting else ("●", "$accent")
    mark = dot if facts.live else (" ", "")
    return Content.assemble(" " * MARK, mark, " ", left, " " * max(1, between), right)


def _facts(facts: StatusFacts, *, narrow: bool) -> list[Content]:
    told = [Content.styled(clean(facts.notice, single_line=True), "$warning")] if facts.notice else []
    words = [f"context {facts.context}" if facts.context else ""]
    bare = narrow and facts.thread != "?"
    words.append((facts.thread if bare else f"thread {facts.thread}") if facts.thread else "")
    words.append(f"next turn {facts.next_turn}" if facts.next_turn else "")
    return told + [Content.styled(word, DIM) for word in words if word]


class StatusLine(Widget):
    """The last row of the conversation."""

    DEFAULT_CSS = "StatusLine { height: 1; background: $surface; color: $ink; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._facts = StatusFacts()

    @property
    def facts(self) -> StatusFacts:
        """What the line says now."""
        return self._facts

    def tell(self, *, keys: Sequence[Key] | None = None, **changes: Any) -> None:
        """Change some of the facts; draws only when something differs."""
        if keys is not None:
            changes["keys"] = tuple(keys)
        facts = self._facts._replace(**changes)
        if facts != self._facts:
            self._facts = facts
            self.refresh()

    def render(self) -> Content:
        """One row."""
        return draw(self._facts, self.size.width)
