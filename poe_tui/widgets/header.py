"""The header: where one is, which model answers, what is left."""

from __future__ import annotations

from typing import Any, NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from poe_tui.sanitize import clean
from poe_tui.widgets.cells import EDGE, TEXT, cut
from poe_tui.widgets.keys import DIM, STRONG

SIDEBAR = 28
"""Width of the sidebar in cells; the page begins behind it."""
NARROW = 90
"""Columns under which the page stands alone."""


class HeaderFacts(NamedTuple):
    """What the header says."""

    title: str = "New thread"
    model: str = ""
    effort: str = ""
    web: bool = False
    balance: str = ""
    """``12 480 pts``, or why there is none (``no key``); empty says nothing."""
    balance_dim: bool = False
    demo: bool = False
    sidebar: bool = True
    """Whether the sidebar stands beside the page."""


def draw(facts: HeaderFacts, width: int) -> Content:
    """Return the header in ``width`` cells: what does not fit goes in the order that the look gives."""
    page = SIDEBAR + TEXT if facts.sidebar else TEXT
    for effort, web in ((facts.effort, facts.web), (facts.effort, False), ("", False)):
        right = _right(facts._replace(effort=effort, web=web), width)
        left, at = _left(facts, page)
        room = width - EDGE - right.cell_length - at - 2
        if room >= min(12, cell_len(facts.title)) or not (effort or web):
            break
    if room < 4:
        left, at, room = Content(" " * TEXT), TEXT, 0
        right = _right(facts._replace(effort="", web=False), width, room=max(1, width - EDGE - TEXT))
    title = cut(clean(facts.title, single_line=True), room)
    between = width - EDGE - right.cell_length - at - cell_len(title)
    return Content.assemble(left, (title, f"{STRONG} bold"), " " * max(0, between), right)


def _left(facts: HeaderFacts, page: int) -> tuple[Content, int]:
    """Everything before the title, and the cell the title starts in."""
    badge = (" demo ", "$ink on $panel")
    if not facts.sidebar:
        if not facts.demo:
            return Content(" " * TEXT), TEXT
        return Content.assemble(" " * TEXT, badge, "  "), TEXT + 8
    name = Content.assemble(" " * TEXT, ("poe-tui", DIM), "  ", badge if facts.demo else "")
    return Content.assemble(name, " " * (page - name.cell_length)), page


def _right(facts: HeaderFacts, width: int, room: int | None = None) -> Content:
    """Model, its options and the balance; with a ``room``, cut to it: the name first, then the balance goes."""
    gap = 5 if width >= NARROW else 3
    balance = facts.balance
    model_room = max(8, width // 2)
    if room is not None:
        if room - len(balance) - gap < 8:
            balance = ""
        model_room = room - (len(balance) + gap if balance else 0)
    model = cut(clean(facts.model, single_line=True), model_room)
    parts: list[Any] = [(model, "$ink")]
    parts += [(f" · {clean(facts.effort, single_line=True)}", DIM)] if facts.effort else []
    parts += [(" · web", DIM)] if facts.web else []
    if balance:
        parts += [" " * gap if model else "", (balance, DIM if facts.balance_dim else "$ink")]
    return Content.assemble(*parts)


class HeaderBar(Widget):
    """Row 0 of the conversation."""

    DEFAULT_CSS = "HeaderBar { height: 1; background: $surface; color: $ink; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._facts = HeaderFacts()

    @property
    def facts(self) -> HeaderFacts:
        """What the header says now."""
        return self._facts

    def tell(self, **changes: Any) -> None:
        """Change some of the facts; draws only when something differs."""
        facts = self._facts._replace(**changes)
        if facts != self._facts:
            self._facts = facts
            self.refresh()

    def render(self) -> Content:
        """One row."""
        return draw(self._facts, self.size.width)
