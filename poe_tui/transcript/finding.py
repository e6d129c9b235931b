"""Finding words in the thread on screen: in the text of its turns, laid out or not; rows come in only to show a hit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from poe_tui.transcript import items
from poe_tui.transcript.answer import Answer
from poe_tui.transcript.marks import Mark, find
from poe_tui.transcript.rows import Row
from poe_tui.transcript.text import Text
from poe_tui.transcript.turn_blocks import Prompt, Raw

if TYPE_CHECKING:
    from poe_tui.transcript.document import Document
    from poe_tui.transcript.turn_view import TurnView
    from poe_tui.transcript.viewport import Viewport, Visible

AROUND = 30
"""Characters of an excerpt before a hit and after it."""
MOST = 2000
"""Hits that are listed."""


class Hit(NamedTuple):
    """A place where the words stand."""

    turn_id: str
    position: int
    """Offset in the prompt or in the text of the answer that holds it."""
    excerpt: str
    """The words and what stands around them, on one line; clean."""
    length: int
    """Characters from ``position`` on."""
    block: str = "Text"
    """``Prompt`` or ``Text``, and which of them it is in the turn, from 0."""
    nth: int = 0


class Finding:
    """The part of the transcript that finds words. Turns whose contents are not here yet cannot be searched."""

    if TYPE_CHECKING:
        document: Document
        viewport: Viewport
        _draw: Callable[[], None]

    _hits: Sequence[Hit] = ()
    _hit: Hit | None = None

    def find(self, words: str) -> list[Hit]:
        """Where the words stand, from the first turn to the last: case does not count, nor how lines are broken."""
        self._hits, self._hit = [], None
        phrase = words.split()
        if phrase:
            pattern = re.compile(r"\s+".join(map(re.escape, phrase)), re.IGNORECASE)
            for place in range(len(self.document)):
                self._hits += self._hits_in(self.document.view(place), pattern)
                if len(self._hits) >= MOST:
                    break
        self._draw()
        return list(self._hits[:MOST])

    def show_hit(self, hit: Hit) -> bool:
        """Bring a hit into view and mark it; False when its turn is not on the path any more."""
        place = self.document.place(hit.turn_id)
        if place is None:
            return False
        self._hit = hit
        view = self.document.view(place)
        view.walk(0, 0)  # builds it
        row = find(view, Mark(hit.block, hit.nth, offset=self._shown_at(view, hit, hit.position)), by_offset=True)
        self.document.turns.measure(place)
        shown = [(visible.turn, visible.at) for visible in self.viewport.rows()[: max(1, self.viewport.height - 1)]]
        if (place, row) not in shown:
            self.viewport.to_turn(place, row)
            if not self.viewport.follow:
                self.viewport.scroll(-(self.viewport.height // 3))
        self._draw()
        return True

    def show_next_hit(self, step: int = 1) -> Hit | None:
        """The hit after the one that is marked, or before it (``step`` -1); round the ends. ``None``: there is none."""
        if not self._hits:
            return None
        at = self._hits.index(self._hit) + step if self._hit in self._hits else 0 if step > 0 else -1
        hit = self._hits[at % len(self._hits)]
        return hit if self.show_hit(hit) else None

    def forget_hits(self) -> None:
        """Nothing is marked any more."""
        marked, self._hits, self._hit = self._hit is not None, (), None
        if marked:
            self._draw()

    # --- searching ----------------------------------------------------------------------------------------------------
    def _hits_in(self, view: TurnView, pattern: re.Pattern[str]) -> Iterator[Hit]:
        if not view.loaded:
            return
        answer = view.answer if view.built or view.live else Answer.of(view.turn.output)
        prompts = [("Prompt", nth, prompt.text) for nth, prompt in enumerate(items.prompts(view.turn))]
        shown = [text for text in answer.texts if not text.blank]
        for block, nth, source in (*prompts, *(("Text", nth, text.source) for nth, text in enumerate(shown))):
            for match in pattern.finditer(source):
                start, end = match.span()
                around = source[max(0, start - AROUND) : end + AROUND]
                yield Hit(view.turn.id, start, " ".join(around.split()), end - start, block, nth)

    # --- marking ------------------------------------------------------------------------------------------------------
    def _found(self, visible: Visible) -> tuple[int, int] | None:
        """The characters of a row that belong to the hit that is marked."""
        hit, row = self._hit, visible.row
        if hit is None or row.origin is None or self.document.place(hit.turn_id) != visible.turn:
            return None
        view = self.document.view(visible.turn)
        block = _block(view, hit)
        if block is None or row.origin is not (block.origin if isinstance(block, Text) else block):
            return None
        start = self._shown_at(view, hit, hit.position)
        return _characters(row, start, max(start + 1, self._shown_at(view, hit, hit.position + hit.length)))

    @staticmethod
    def _shown_at(view: TurnView, hit: Hit, offset: int) -> int:
        """Where an offset lies in what is drawn: JSON on one line is drawn indented, all but its spaces alike."""
        block = _block(view, hit)
        if not isinstance(block, Text) or block.origin is block:
            return offset
        before = sum(not character.isspace() for character in block.source[:offset])
        for at, character in enumerate(block.origin.source):
            if not character.isspace():
                if not before:
                    return at
                before -= 1
        return offset


def _block(view: TurnView, hit: Hit) -> Prompt | Text | Raw | None:
    found = [
        block
        for block in view.blocks
        if (isinstance(block, Prompt) if hit.block == "Prompt" else isinstance(block, Raw) or _is_answer(block))
    ]
    block = found[hit.nth] if hit.nth < len(found) else None
    return block if isinstance(block, Prompt | Text | Raw) else None


def _is_answer(block: object) -> bool:
    return isinstance(block, Text) and not block.tone


def _characters(row: Row, start: int, end: int) -> tuple[int, int] | None:
    """From which character of a row to which the source's ``start`` to ``end`` are drawn."""
    first = last = -1
    at = 0
    for span in row.line.spans:
        begin, stop = max(start - span.at, 0), min(end - span.at, len(span.text))
        if span.at >= 0 and begin < stop:
            first = at + begin if first < 0 else first
            last = at + stop
        at += len(span.text)
    return (first, last) if first >= 0 else None
