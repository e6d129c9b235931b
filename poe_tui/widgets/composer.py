"""The composer: the prompt, what is attached to it, and what the next turn may cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from rich.cells import cell_len
from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static, TextArea

from poe_tui import numbers
from poe_tui.sanitize import clean
from poe_tui.widgets.cells import cut_middle
from poe_tui.widgets.keys import DIM, key_words
from poe_tui.widgets.prompt import PromptArea

if TYPE_CHECKING:
    from poe_tui.attachment import Attachment


@dataclass(slots=True, eq=False)
class Pasted:
    """A large paste: kept as bytes, decoded and cleaned when it is opened or sent."""

    data: bytes

    @property
    def name(self) -> str:
        """What the chip calls it."""
        ends = self.data.count(b"\n") or self.data.count(b"\r")
        lines = ends + (not self.data.endswith((b"\n", b"\r")))
        return f"pasted, {numbers.grouped(lines)} line{'' if lines == 1 else 's'}"

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    @property
    def tokens(self) -> int:
        """About how many tokens it weighs."""
        return -(-len(self.data) // numbers.CHARACTERS_PER_TOKEN)

    def text(self) -> str:
        """Return the cleaned text. Costs some tenths of a second for megabytes."""
        return clean(self.data.decode("utf-8", "replace"))


Piece: TypeAlias = "Pasted | Attachment"
"""What goes along with a prompt."""
MORE = 13
"""Cells of ``and 3 more`` and of the gap behind it."""
NAME_CELLS = 28
"""Cells of a name on a chip; the transcript shows it whole."""


class Chip(Widget, can_focus=True):
    """Something attached to the prompt: Enter opens it, Backspace takes it off."""

    DEFAULT_CSS = """
    Chip { width: auto; height: 1; margin-right: 1; background: $panel; color: $ink; }
    Chip:focus { color: $strong; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "open", show=False),
        Binding("backspace,delete", "remove", show=False),
    ]

    class Chosen(Message):
        """The chip's content is wanted."""

        def __init__(self, chip: Chip, remove: bool = False) -> None:
            super().__init__()
            self.chip = chip
            self.remove = remove

    def __init__(self, piece: Piece) -> None:
        super().__init__()
        self.piece = piece
        self._name_cells = NAME_CELLS

    def fit(self, cells: int) -> None:
        """Give the name this many cells; the size stays whole."""
        if cells != self._name_cells:
            self._name_cells = cells
            self.refresh(layout=True)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As wide as its words."""
        return self.render().cell_length

    def render(self) -> Content:
        """Name and size."""
        name = cut_middle(clean(self.piece.name, single_line=True), self._name_cells)
        return Content.assemble(f" {name} ", (numbers.size(self.piece.size), DIM), " ")

    def action_open(self) -> None:
        """Show what is in it."""
        self.post_message(self.Chosen(self))

    def action_remove(self) -> None:
        """Take it off the prompt."""
        self.post_message(self.Chosen(self, remove=True))

    def on_click(self, event: events.Click) -> None:
        """Open by the mouse."""
        event.stop()
        self.action_open()


class Composer(Vertical):
    """The prompt with its bar, chips, keys and price."""

    DEFAULT_CSS = """
    Composer {
        height: auto; background: $surface; color: $ink;
        margin: 0 3 1 1; padding: 1 0 1 1; border-left: outer $dim;
        &:focus-within { border-left: outer $accent; }
        PromptArea {
            height: auto; min-height: 1; max-height: 8; max-width: 100; padding: 0; border: none;
            background: $surface; color: $ink; scrollbar-size-vertical: 1;
            scrollbar-background: $surface; scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
        }
        .composer-footer { height: 1; margin-top: 1; padding-right: 2; }
        .composer-keys { width: 1fr; height: 1; }
        .composer-next { width: auto; height: 1; }
        .composer-chips { width: auto; height: 1; }
        .composer-more { width: auto; height: 1; margin-right: 2; }
    }
    """

    prompt = getters.query_one("#prompt", PromptArea)

    class Submitted(Message):
        """The prompt was sent. It is empty already; ``put_back`` undoes that."""

        def __init__(self, text: str, pieces: list[Piece]) -> None:
            super().__init__()
            self.text = text
            self.pieces = pieces

    class Changed(Message):
        """The text or the chips changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys: Sequence[tuple[str, str]] = ()
        self._next = ""
        self._warning: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        """The text, then chips or keys, then the price."""
        yield PromptArea(id="prompt", placeholder="Ask anything…")
        with Horizontal(classes="composer-footer"):
            with Horizontal(classes="composer-chips"):
                yield Static(classes="composer-more")
            yield Static(classes="composer-keys")
            yield Static(classes="composer-next")

    def on_mount(self) -> None:
        """No chips yet."""
        self.query_one(".composer-chips").display = False

    # --- content ---------------------------------------------------------------------------------------------------
    @property
    def text(self) -> str:
        """The prompt as it stands."""
        return self.prompt.text

    @property
    def pieces(self) -> list[Piece]:
        """What is attached, in order."""
        return [chip.piece for chip in self.query(Chip)]

    async def attach(self, *pieces: Piece) -> None:
        """Attach large pastes or files."""
        if not pieces:
            return
        chips = self.query_one(".composer-chips")
        chips.display = True
        await chips.mount(*(Chip(piece) for piece in pieces), before=self.query_one(".composer-more"))
        self._draw_footer()
        self.post_message(self.Changed(self.text))

    async def detach(self, *chips: Chip) -> None:
        """Take chips off."""
        for chip in chips:
            await chip.remove()
        self.query_one(".composer-chips").display = bool(self.query(Chip))
        self._draw_footer()
        self.prompt.focus()
        self.post_message(self.Changed(self.text))

    async def put_back(self, text: str, pieces: Sequence[Piece] = ()) -> None:
        """Put a prompt that was not accepted back, before whatever has been typed since."""
        typed = self.text
        self.prompt.put(f"{text}\n{typed}" if typed.strip() else text)
        await self.attach(*pieces)

    # --- the footer ------------------------------------------------------------------------------------------------
    def tell(
        self,
        *,
        keys: Sequence[tuple[str, str]] | None = None,
        next_turn: str | None = None,
        warning: Sequence[str] | None = None,
    ) -> None:
        """Set the keys, the price of the next turn (without ``next turn``; empty says nothing), or a warning.

        A warning stands in the place of the keys, in the first of its wordings that fits.
        """
        keys = self._keys if keys is None else keys
        price = self._next if next_turn is None else next_turn
        warning = self._warning if warning is None else warning
        if (keys, price, warning) != (self._keys, self._next, self._warning):
            self._keys, self._next, self._warning = keys, price, warning
            self._draw_footer()

    def on_resize(self) -> None:
        """The keys that fit depend on the width."""
        self._draw_footer()

    def _draw_footer(self) -> None:
        price = f"next turn {self._next}" if self._next else ""
        room = self.size.width - 6 - len(price)
        narrow = self.app.size.width < 90
        chips = self._fit_chips(room)
        shown = [] if chips else list(self._keys)
        while shown and key_words(shown, narrow=narrow).cell_length > room:
            del shown[-1]
        words = key_words(shown, narrow=narrow)
        if self._warning:
            left = room - sum(chip.render().cell_length + 1 for chip in self.query(Chip) if chip.display)
            left -= MORE + 1 if self.query_one(".composer-more").display else 0
            words = Content.styled(next((text for text in self._warning if cell_len(text) <= left), ""), "$warning")
        self.query_one(".composer-keys", Static).update(words)
        self.query_one(".composer-next", Static).update(Content.styled(price, DIM))

    def _fit_chips(self, room: int) -> int:
        """Show as many chips as fit, the last ones first, and how many there are besides; return how many there are."""
        chips = list(self.query(Chip))
        for cells in (NAME_CELLS, 20, 14, 10, 14):
            for chip in chips:
                chip.fit(cells)
            if sum(chip.render().cell_length + 1 for chip in chips) <= room:
                break
        if chips and (over := chips[-1].render().cell_length + 1 - room + (MORE if len(chips) > 1 else 0)) > 0:
            chips[-1].fit(max(4, 14 - over))
        hidden = 0
        left = room
        for number, chip in enumerate(reversed(chips)):
            left -= chip.render().cell_length + 1
            # The words for what is left out need room as well, unless this is the last of them.
            chip.display = number == 0 or left >= (0 if number == len(chips) - 1 else MORE)
            if not chip.display:
                hidden, left = hidden + 1, 0
        more = self.query_one(".composer-more", Static)
        more.update(Content.styled(f"and {hidden} more", DIM) if hidden else "")
        more.display = bool(hidden)
        return len(chips)

    # --- messages of the parts -------------------------------------------------------------------------------------
    @on(PromptArea.Submitted)
    async def _submitted(self, event: PromptArea.Submitted) -> None:
        event.stop()
        pieces = self.pieces
        self.post_message(self.Submitted(event.text, pieces))
        if pieces:
            await self.detach(*self.query(Chip))

    @on(PromptArea.Bulk)
    async def _bulk(self, event: PromptArea.Bulk) -> None:
        event.stop()
        await self.attach(Pasted(event.data))

    @on(PromptArea.EmptyBackspace)
    async def _backspace(self, event: PromptArea.EmptyBackspace) -> None:
        event.stop()
        chips = list(self.query(Chip))
        if chips:
            await self.detach(chips[-1])

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self.text))
