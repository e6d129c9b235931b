"""Document: the turns of one path as rows. The only place where an event meets the turns.

``apply`` appends to buffers and marks turns as changed; ``sync`` lays out what changed. Rebuilding from rows
(``load``) and streaming give the same rows once a turn has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from poe_tui.model import Turn
from poe_tui.transcript.calls import results_of
from poe_tui.transcript.items import prompts
from poe_tui.transcript.rows import Frame, Stack
from poe_tui.transcript.surroundings import Outline, Surroundings
from poe_tui.transcript.turn_view import TurnView

KEPT_TURNS = 200
"""Turns out of sight whose parsed answers are kept."""


class Document:
    """The turns of a path, from its root to its tip."""

    def __init__(self, frame: Frame) -> None:
        self.around = Surroundings(frame)
        self.turns = Stack()
        """Its members are :class:`TurnView`, in order."""
        self.changed: set[int] = set()
        """Positions of turns whose rows are out of date."""
        self.outlines = 0
        """Turns whose contents are not here yet."""
        self._places: dict[str, int] = {}
        self._live: TurnView | None = None
        self._seen: dict[TurnView, None] = {}

    # --- content ------------------------------------------------------------------------------------------------------
    def load(self, turns: Sequence[Turn | Outline]) -> None:
        """Show another path. Turns far from the reader may be outlines, whose contents are supplied when needed."""
        self._live = None
        self.changed.clear()
        self._seen.clear()
        self.outlines = sum(not isinstance(turn, Turn) for turn in turns)
        views: list[TurnView] = []
        model: str | None = None
        for turn in turns:
            if isinstance(turn, Turn):
                views.append(TurnView(turn, self.around, model))
            else:
                views.append(TurnView.sketched(turn, self.around, model))
            model = turn.model or model
        self.turns.replace(views)
        self._places = {turn.id: position for position, turn in enumerate(turns)}
        for before, view in pairwise(views):
            before.followed = True
            if results := results_of(view.turn):
                before.results = results

    def supply(self, turn: Turn) -> int | None:
        """Put the contents of an outline in its place; its position, or ``None`` where nobody waits for it."""
        place = self._places.get(turn.id)
        if place is None or self.view(place).loaded:
            return None
        view = self.view(place)
        self.outlines -= 1
        view.load(turn)
        self.turns.measure(place)
        if place and (results := results_of(turn)):
            self.view(place - 1).results = results
        return place

    def missing(self, first: int, last: int, reach: int) -> list[str]:
        """Ids of the turns between two positions, and ``reach`` around them, whose contents are not here."""
        near = range(max(0, first - reach), min(len(self), last + reach + 1))
        return [self.view(at).turn.id for at in near if not self.view(at).loaded]

    def apply(self, event: Any) -> TurnView | None:
        """Take one event of the thread in; the turn it changed, ``None`` for an event of nobody's."""
        kind = event.type
        if kind == "turn.started":
            return self._start(event.turn)
        if kind == "turn.ended":
            return self._end(event)
        if kind.startswith("tool."):
            return self._tool(event)
        view = self._live
        if view is None or view.stream is None:
            return None
        view.stream.apply(event)
        self.changed.add(self._places[view.turn.id])
        return view

    def _tool(self, event: Any) -> TurnView | None:
        """Something happens to the calls a turn ended in."""
        place = self._places.get(event.turn_id)
        if place is None:
            return None
        view = self.view(place)
        view.see_tool(event)
        self.changed.add(place)
        return view

    def _start(self, turn: Turn) -> TurnView:
        """A turn begins: after its parent, in place of whatever stood there (a sibling leaves the path)."""
        place = self._places.get(turn.id)
        if place is None:
            view = self._append(turn)
            place = self._places[turn.id]
        else:
            view = self.view(place)
        view.start()
        self._live = view
        self.changed.add(place)
        return view

    def _append(self, turn: Turn) -> TurnView:
        parent = self._places.get(turn.parent_id) if turn.parent_id is not None else -1
        left = self._leave_path(parent + 1) if parent is not None else None
        place = len(self)
        before = self.view(place - 1) if place else None
        view = TurnView(turn, self.around, before.turn.model if before is not None else None)
        if before is not None:
            view.context_tokens = _weight(before.turn)
            before.be_followed()
            self.changed.add(place - 1)
            if results := results_of(turn):
                before.results = {**before.results, **results}
        if left is not None and left.turn.parent_id == turn.parent_id and turn.sibling_count == 1:
            # The turn that left the path is a sibling, even if the new row does not count it yet.
            count = left.place_among_siblings[1] + 1
            view.siblings = count, count
        self._places[turn.id] = place
        self.turns.append(view)
        return view

    def _leave_path(self, length: int) -> TurnView | None:
        """Keep only that many turns; the first that left."""
        if length >= len(self):
            return None
        left = self.view(length)
        self.turns.truncate(length)
        if length:
            self.view(length - 1).followed = False
        self._places = {turn_id: at for turn_id, at in self._places.items() if at < length}
        self.changed = {at for at in self.changed if at < length}
        return left

    def _end(self, event: Any) -> TurnView | None:
        place = self._places.get(event.turn.id)
        if place is None:
            return None
        view = self.view(place)
        view.end(event.turn, "" if event.saved else event.unsaved_reason or "the reason is unknown")
        if event.continues:
            view.deal_with_calls()
        if self._live is view:
            self._live = None
        self.changed.add(place)
        return view

    # --- looking up ---------------------------------------------------------------------------------------------------
    def view(self, place: int) -> TurnView:
        """The turn at that position."""
        member = self.turns.members[place]
        assert isinstance(member, TurnView)
        return member

    def place(self, turn_id: str) -> int | None:
        """Where in the path a turn is."""
        return self._places.get(turn_id)

    def __len__(self) -> int:
        return len(self.turns.members)

    @property
    def live(self) -> TurnView | None:
        """The turn that is running."""
        return self._live

    @property
    def busy(self) -> TurnView | None:
        """The turn whose rows change by themselves: the one that is running, or the last one while its tools run."""
        if self._live is None and len(self) and (calls := self.view(len(self) - 1).calls) is not None and calls.runs:
            return self.view(len(self) - 1)
        return self._live

    # --- drawing ------------------------------------------------------------------------------------------------------
    def sync(self, place: int) -> int:
        """Lay out what changed in one turn; by how many rows it grew."""
        self.changed.discard(place)
        view = self.view(place)
        view.sync()
        return self.turns.index.set(place, view.height)

    def reframe(self, frame: Frame) -> None:
        """Another width, density or set of characters: all heights are estimates again."""
        self.around.frame = frame
        self.turns.replace(list(self.turns.members))

    def seen(self, places: Iterable[int]) -> None:
        """These turns are on screen; of the others the ones seen longest ago are dropped."""
        for place in places:
            view = self.view(place)
            self._seen.pop(view, None)
            self._seen[view] = None
        while len(self._seen) > KEPT_TURNS:
            oldest = next(iter(self._seen))
            del self._seen[oldest]
            oldest.drop()


def _weight(turn: Turn) -> int:
    """Tokens a conversation has after that turn; 0 when its usage does not say."""
    usage = turn.usage or {}
    counts = [usage.get("input_tokens"), usage.get("output_tokens")]
    return sum(count for count in counts if isinstance(count, int))


def is_sent_by_person(turn: Turn) -> bool:
    """Whether somebody wrote the turn, as against a tool's output that goes back by itself."""
    return bool(prompts(turn))
