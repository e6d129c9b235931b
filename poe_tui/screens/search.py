"""SearchModal: words in, places in threads out; Enter goes there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from poe_tui.widgets.choice_list import Choice, ChoiceList
from poe_tui.widgets.keys import DIM, STRONG, key_words

if TYPE_CHECKING:
    from poe_tui.storage.store import SearchHit

Place = tuple[str, str | None]
"""A thread's id and, where the words stand in a turn, that turn's."""
Find = Callable[[str], Awaitable["Sequence[SearchHit]"]]


class SearchModal(ModalScreen[Place | None]):
    """Dismisses with the place that was chosen."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
    ]

    choices = getters.query_one(ChoiceList)
    note = getters.query_one("#search-note", Static)

    def __init__(self, find: Find, *, title: str = "Search all threads", words: str = "") -> None:
        super().__init__(classes="dialog-screen")
        self._find = find
        self._title = title
        self._words = words
        self._hits: Sequence[SearchHit] = ()

    def compose(self) -> ComposeResult:
        """Words, hits, keys."""
        with Vertical(classes="dialog -search"):
            yield Static(Content.styled(self._title, f"{STRONG} bold"), classes="dialog-title")
            yield Input(self._words, compact=True, placeholder="Words in questions, answers and titles")
            yield ChoiceList()
            yield Static(id="search-note", classes="dialog-note")
            yield Static(key_words([("↑ ↓", "choose"), ("Enter", "open"), ("Esc", "back")]), classes="dialog-keys")

    def on_mount(self) -> None:
        """Typing searches at once."""
        self.choices.display = False
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self.search(event.value)

    @work(exclusive=True, group="search", exit_on_error=False, description="search the threads")
    async def search(self, words: str) -> None:
        """Show where the words stand."""
        self._hits = await self._find(words) if words.strip() else ()
        self.choices.show(
            [
                Choice(str(at), hit.title or "New thread", hit.snippet, when=_when(hit.created_at))
                for at, hit in enumerate(self._hits)
            ]
        )
        self.choices.display = bool(self._hits)
        told = "" if self._hits or not words.strip() else "Nothing has these words. Fewer letters find more."
        self.note.update(Content.styled(told, DIM))

    @on(Input.Submitted)
    def _chosen(self) -> None:
        choice = self.choices.choice
        if choice is not None:
            self._go(choice)

    @on(ChoiceList.Clicked)
    def _clicked(self, event: ChoiceList.Clicked) -> None:
        self._go(event.choice)

    def _go(self, choice: Choice) -> None:
        hit = self._hits[int(choice.id)]
        self.dismiss((hit.thread_id, hit.turn_id))

    def action_move(self, step: int) -> None:
        """Move through the hits while the words keep the focus."""
        self.choices.move(step)

    def action_cancel(self) -> None:
        """Back to where one came from."""
        self.dismiss(None)


def _when(seconds: float) -> str:
    """The time of today, the day of this year, else the year as well; empty where nobody knows."""
    if not seconds:
        return ""
    at, now = datetime.fromtimestamp(seconds), datetime.now()
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at.day} {at:%b}" if at.year == now.year else f"{at.day} {at:%b %Y}"
