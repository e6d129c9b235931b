"""Message mode: a cursor on one turn, and what can be seen or taken of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poe_tui.model import Turn
from poe_tui.transcript.turn_blocks import Reasoning, Source

if TYPE_CHECKING:
    from textual.message import Message

    from poe_tui.media import Media
    from poe_tui.transcript.document import Document
    from poe_tui.transcript.lines import TableData
    from poe_tui.transcript.turn_view import TurnView
    from poe_tui.transcript.viewport import Viewport, Visible


@dataclass(slots=True, frozen=True)
class AnswerCode:
    """A block of code of an answer; ``number`` is the one drawn in its head, from 1 within the turn."""

    number: int
    language: str
    text: str


class MessageMode:
    """The part of the transcript that message mode and the copy sheet use."""

    if TYPE_CHECKING:
        document: Document
        viewport: Viewport
        TurnSelected: Callable[[str | None], Message]
        post_message: Callable[[Message], bool]
        _draw: Callable[[], None]
        _lay_out: Callable[[], None]

    _cursor: str | None = None

    # --- the cursor ---------------------------------------------------------------------------------------------------
    @property
    def cursor_place(self) -> int | None:
        """Position of the selected turn."""
        return self.document.place(self._cursor) if self._cursor is not None else None

    @property
    def selected(self) -> Turn | None:
        """The turn under the message-mode cursor."""
        place = self.cursor_place
        return self.document.view(place).turn if place is not None else None

    def select(self, turn_id: str | None, *, reveal: bool = True) -> None:
        """Put the cursor on a turn and bring its first line into view; ``None`` leaves message mode.

        Without ``reveal`` nothing scrolls: entering message mode is not moving.
        """
        place = self.document.place(turn_id) if turn_id is not None else None
        cursor = turn_id if place is not None else None
        changed, self._cursor = cursor != self._cursor, cursor
        if place is not None and reveal:
            self.viewport.reveal(place)
        self._draw()
        if changed:
            self.post_message(self.TurnSelected(cursor))

    def leave_message_mode(self) -> None:
        """No turn is selected any more; says nothing when none was."""
        if self._cursor is not None:
            self.select(None)

    def select_previous(self) -> None:
        """Towards the start; from no selection, the last turn that is on screen."""
        self._step(-1)

    def select_next(self) -> None:
        """Towards the end."""
        self._step(1)

    def select_first(self) -> None:
        """The first turn of the path."""
        self._select_place(0)

    def select_last(self) -> None:
        """The last turn of the path."""
        self._select_place(len(self.document) - 1)

    def _step(self, by: int) -> None:
        place = self.cursor_place
        if place is None:
            shown = self.viewport.rows()
            self._select_place(shown[-1].turn if shown else len(self.document) - 1)
        else:
            self._select_place(max(0, min(place + by, len(self.document) - 1)))

    def _select_place(self, place: int) -> None:
        if 0 <= place < len(self.document):
            self.select(self.document.view(place).turn.id)

    # --- a turn's looks -----------------------------------------------------------------------------------------------
    def toggle_reasoning(self, turn_id: str | None = None) -> bool:
        """Open or fold the reasoning of a turn (default: the selected, else the last). False: it has none."""
        view = self._view(turn_id)
        if view is None or not view.answer.thoughts:
            return False
        view.reasoning_open = not view.shows_reasoning
        self._redraw(view)
        return True

    def toggle_raw(self, turn_id: str | None = None) -> bool:
        """Show the answer's Markdown source instead of its rendering, or back."""
        view = self._view(turn_id)
        if view is None:
            return False
        view.raw = not view.raw
        self._redraw(view)
        return True

    def is_fold(self, visible: Visible) -> bool:
        """Whether a row is the head of a turn's reasoning."""
        view = self.document.view(visible.turn)
        position, line = view.stack.index.locate(visible.at)
        return line == 0 and position < len(view.blocks) and isinstance(view.blocks[position], Reasoning)

    def _redraw(self, view: TurnView) -> None:
        place = self.document.place(view.turn.id)
        if place is not None:
            self.document.changed.add(place)
        self._lay_out()

    def _view(self, turn_id: str | None) -> TurnView | None:
        place = self.document.place(turn_id) if turn_id is not None else self.cursor_place
        if place is None and turn_id is None and len(self.document):
            place = len(self.document) - 1
        return self.document.view(place) if place is not None else None

    # --- what can be taken --------------------------------------------------------------------------------------------
    def answer_text(self, turn_id: str) -> str:
        """The answer's source: every text part, a blank line apart."""
        view = self._view(turn_id)
        return "\n\n".join(text.source for text in view.answer.texts if not text.blank) if view is not None else ""

    def code_blocks(self, turn_id: str) -> list[AnswerCode]:
        """The code blocks of an answer, with their source text, numbered as they are drawn."""
        view = self._view(turn_id)
        found = [block for text in view.answer.texts for block in text.code_blocks] if view is not None else []
        return [AnswerCode(number, block.language, block.source) for number, block in enumerate(found, 1)]

    def tables(self, turn_id: str) -> list[TableData]:
        """The tables of an answer."""
        view = self._view(turn_id)
        return [table for text in view.answer.texts for table in text.tables] if view is not None else []

    def sources(self, turn_id: str) -> list[Source]:
        """The numbered web sources of an answer."""
        view = self._view(turn_id)
        return view.answer.sources if view is not None else []

    def links(self, turn_id: str) -> list[tuple[str, str]]:
        """``(text, target)`` of every link in the answer, in order, without repeats. Targets are not checked."""
        view = self._view(turn_id)
        links = [link for text in view.answer.texts for link in text.links] if view is not None else []
        return list(dict.fromkeys((link.text, link.target) for link in links))

    def media(self, turn_id: str) -> Sequence[Media]:
        """The images, films and sounds of a finished answer."""
        view = self._view(turn_id)
        return view.media if view is not None else ()
