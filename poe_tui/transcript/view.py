"""Transcript: the conversation drawn line by line. SIGNATURE ONLY for now; the drawing follows.

The screen hands in rows and events and gets messages back; it never touches lines. Nothing here knows a client or a
store: what a turn costs and how keys are called is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from textual.message import Message
from textual.scroll_view import ScrollView

from poe_tui.model import Cost, Turn
from poe_tui.palette import POE_DARK, Palette


@dataclass(slots=True, frozen=True)
class CodeBlock:
    """A fenced or indented block of an answer; ``number`` is the one drawn in its head, from 1 within the turn."""

    number: int
    language: str
    text: str


@dataclass(slots=True, frozen=True)
class Source:
    """A web source of an answer, numbered as its citations are. ``url`` is http or https."""

    number: int
    title: str
    url: str


class Transcript(ScrollView, can_focus=True):
    """The turns of one path, streaming or not."""

    class FollowChanged(Message):
        """The view began or ceased to follow the end, or the count of lines below the view changed.

        The screen draws the pill ``▼ N new lines End`` while ``follow`` is false and ``new_lines`` is not 0.
        """

        def __init__(self, follow: bool, new_lines: int) -> None:
            super().__init__()
            self.follow = follow
            self.new_lines = new_lines

    class TurnSelected(Message):
        """The message-mode cursor moved to a turn, or left (``None``)."""

        def __init__(self, turn_id: str | None) -> None:
            super().__init__()
            self.turn_id = turn_id

    class LinkActivated(Message):
        """A link was clicked. Nothing was opened; the url is http or https and cleaned."""

        def __init__(self, url: str) -> None:
            super().__init__()
            self.url = url

    def __init__(
        self,
        *,
        palette: Palette = POE_DARK,
        glyphs: Literal["unicode", "plain"] = "unicode",
        density: Literal["comfortable", "compact"] = "comfortable",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        # All of these may be set at any time; the view draws itself again without parsing anything again.
        self.palette: Palette = palette
        self.glyphs: Literal["unicode", "plain"] = glyphs
        self.density: Literal["comfortable", "compact"] = density
        self.reasoning: Literal["show", "fold", "off"] = "show"
        self.timestamps: bool = False
        self.frame_rate: float = 20.0
        self.tail_rows: int = 1
        """Blank rows after the last line: the row over the composer in which the pill is drawn (look.md)."""
        self.cost_of: Callable[[Turn], Cost] | None = None
        self.keys: Mapping[str, str] = {}
        """Action id -> how its key is written (``{"turn.retry": "r"}``); the actions' defaults where missing."""

    # --- content ---------------------------------------------------------------------------------------------------
    def show(self, turns: Sequence[Turn], events: Iterable[Any] = (), *, position: dict[str, Any] | None = None) -> None:
        """Show another path: finished rows, then the log of the turn in flight (``LiveThreads.events``).

        Goes to the end and follows, or to ``position`` (an earlier :meth:`position`). An empty path shows the empty
        state. The last row may be the one ``in_progress`` that the events go on with.
        """

    def apply(self, event: Any) -> None:
        """Take one event of the thread on screen. Cheap: appends to a buffer; drawing happens on the next frame."""

    def position(self) -> dict[str, Any]:
        """Where the reader is, fit for ``Thread.scroll``; ``{}`` at the end."""
        return {}

    # --- following and scrolling -----------------------------------------------------------------------------------
    follow: bool = True
    """Whether the view stays at the end. Set by scrolling; :meth:`go_end` sets it."""
    new_lines: int = 0
    """Lines that came below the view since it ceased to follow."""

    def scroll_lines(self, lines: int) -> None:
        """Scroll by lines; negative is up. Reaching the end follows."""

    def scroll_pages(self, pages: int) -> None:
        """Scroll by a view's height less two lines."""

    def go_home(self) -> None:
        """To the first line."""

    def go_end(self) -> None:
        """To the end, and follow."""

    # --- message mode ----------------------------------------------------------------------------------------------
    @property
    def selected(self) -> Turn | None:
        """The turn under the message-mode cursor."""
        return None

    def select(self, turn_id: str | None) -> None:
        """Put the cursor on a turn and bring its first line into view; ``None`` leaves message mode."""

    def select_previous(self) -> None:
        """Towards the start; from no selection, the last turn."""

    def select_next(self) -> None:
        """Towards the end."""

    def toggle_reasoning(self, turn_id: str | None = None) -> bool:
        """Open or fold the reasoning of a turn (default: the selected, else the last). False: it has none."""
        return False

    def toggle_raw(self, turn_id: str | None = None) -> bool:
        """Show the answer's Markdown source instead of its rendering, or back."""
        return False

    def code_blocks(self, turn_id: str) -> list[CodeBlock]:
        """The code blocks of an answer, with their source text."""
        return []

    def sources(self, turn_id: str) -> list[Source]:
        """The numbered web sources of an answer."""
        return []

    def links(self, turn_id: str) -> list[tuple[str, str]]:
        """``(text, url)`` of every link in the answer, in order, without repeats."""
        return []
