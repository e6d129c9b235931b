"""PictureShelf: the pictures of the answers on the page, made when they come into view, kept while there is room.

An image that came with an answer may stand in its row as a reference; what it is and what it looks like is found out
here, in a thread, and the turn is drawn again. What stands behind an address is never fetched here: ``put`` takes what
a person had fetched.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from poe_tui.picture import Picture, Shown

if TYPE_CHECKING:
    from poe_tui.engine.media import Taken
    from poe_tui.model import Turn

ROWS = 18
"""Rows that a picture may take."""
KEPT = 100
"""Turns whose pictures are kept."""

Key = tuple[str, int]
"""A turn's id and the cells across that its pictures may take."""


class PictureShelf:
    """What is known of the media of turns."""

    def __init__(
        self,
        turn: Callable[[str], Awaitable[Turn | None]],
        start: Callable[[Coroutine[Any, Any, None]], object],
        ready: Callable[[str], object],
        wanted: Callable[[], bool],
    ) -> None:
        """Prepare.

        Args:
            turn: reads a whole turn, its files included.
            start: runs a coroutine in the background.
            ready: is told the id of a turn of which more is known now.
            wanted: whether pictures are; without, only what an image is is found out.
        """
        self.background = 0
        """``0xRRGGBB`` behind what is transparent."""
        self._turn, self._start, self._ready, self._wanted = turn, start, ready, wanted
        self._kept: OrderedDict[Key, list[Shown] | None] = OrderedDict()
        self._fetched: dict[tuple[str, int], Taken] = {}

    def __call__(self, turn: Turn, place: int, columns: int) -> Shown | None:
        """What is known of one of a turn's media; asks for more where there may be some."""
        key = turn.id, columns
        if key not in self._kept:
            self._kept[key] = None
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            self._start(self._find(turn, columns))
        found = self._kept[key]
        return found[place] if found is not None and place < len(found) else None

    def put(self, turn_id: str, place: int, taken: Taken) -> None:
        """Show what was fetched; of a film or a sound only what it is."""
        self._fetched[turn_id, place] = taken if taken.media.kind == "image" else replace(taken, data=b"")
        self.forget(turn_id)
        self._ready(turn_id)

    def fetched(self, turn_id: str, place: int) -> Taken | None:
        """What was fetched of an answer, if it was."""
        return self._fetched.get((turn_id, place))

    def forget(self, turn_id: str | None = None) -> None:
        """Make pictures anew: of one turn, or all of them."""
        for key in [key for key in self._kept if turn_id in (None, key[0])]:
            del self._kept[key]

    async def _find(self, turn: Turn, columns: int) -> None:
        from poe_tui.engine.aside import aside
        from poe_tui.media import find_media

        media = find_media(turn.output)
        if not all(one.url or one.payload for one in media):
            # The row came with references in place of what is large.
            media = find_media((await self._turn(turn.id) or turn).output)
        found: list[Shown] = []
        for place, one in enumerate(media):
            taken = self._fetched.get((turn.id, place))
            known = taken.media if taken is not None else one
            data = taken.bytes if taken is not None else one.data
            draws = self._wanted() and known.kind == "image" and (taken is not None or bool(one.payload))
            picture = await aside(partial(self._drawn, data, columns)) if draws else None
            found.append(Shown(replace(known, payload=""), picture))
        if (turn.id, columns) in self._kept:
            self._kept[turn.id, columns] = found
            self._ready(turn.id)

    def _drawn(self, data: Callable[[], bytes], columns: int) -> Picture | None:
        """A picture of an image; in a thread."""
        from poe_tui.engine import pictures

        return pictures.picture(data(), columns, ROWS, self.background) if pictures.available() else None
