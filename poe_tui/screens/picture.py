"""PictureModal: one image as large as the terminal has room for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import getters, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from poe_tui.sanitize import clean
from poe_tui.widgets.keys import DIM, STRONG, key_words

if TYPE_CHECKING:
    from poe_tui.picture import Picture

Outcome = Literal["save", "remove"]


class PictureLines(Widget):
    """A picture, two pixels to a cell."""

    DEFAULT_CSS = """
    PictureLines { width: 1fr; height: 1fr; background: $surface; margin-bottom: 1; }
    """

    picture: Picture | None = None

    def show(self, picture: Picture) -> None:
        """Draw this one."""
        self.picture = picture
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row of cells, in the middle of the widget."""
        width, ground = self.size.width, self.rich_style
        picture = self.picture
        top = (self.size.height - picture.height) // 2 if picture is not None else 0
        if picture is None or not 0 <= y - top < picture.height:
            return Strip.blank(width, ground)
        cells = [Segment("▀", _style(*colours)) for colours in picture.rows[y - top]]
        left = Segment(" " * max(0, (width - picture.width) // 2), ground)
        return Strip([left, *cells]).adjust_cell_length(width, ground)


def _style(upper: int, lower: int) -> Style:
    return Style(color=Color.parse(f"#{upper:06x}"), bgcolor=Color.parse(f"#{lower:06x}"))


def _picture(data: Callable[[], bytes], size: Size) -> Picture | None:
    from poe_tui.engine import pictures

    return pictures.picture(data(), size.width, size.height)


class PictureModal(ModalScreen[Outcome | None]):
    """Dismisses with ``save``, ``remove`` or ``None``."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,v", "leave", show=False),
        Binding("w", "leave('save')", show=False),
        Binding("x,delete,backspace", "leave('remove')", show=False),
    ]

    lines = getters.query_one(PictureLines)

    def __init__(self, title: str, data: Callable[[], bytes], *, outcome: Outcome, about: str = "") -> None:
        """Prepare.

        Args:
            title: what it is.
            data: the image's file; called in a thread.
            outcome: what can be done with it.
            about: more about it, when it cannot be drawn.
        """
        super().__init__(classes="dialog-screen")
        self._title, self._about, self._data, self._outcome = title, about, data, outcome

    def compose(self) -> ComposeResult:
        """Title, picture, keys."""
        with Vertical(classes="dialog -picture"):
            yield Static(Content.styled(clean(self._title, single_line=True), f"{STRONG} bold"), classes="dialog-title")
            yield PictureLines()
            yield Static(classes="dialog-text dialog-why")
            key = ("w", "save") if self._outcome == "save" else ("x", "take off")
            yield Static(key_words([key, ("Esc", "back")]), classes="dialog-keys")

    def on_mount(self) -> None:
        """Draw for the size there is."""
        self.query_one(".dialog-why").display = False
        self.call_after_refresh(self._fit)

    def on_resize(self) -> None:
        """Another size, another picture."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        self.draw(self.lines.size)

    @work(exclusive=True, group="picture", exit_on_error=False, description="draw a picture")
    async def draw(self, size: Size) -> None:
        """Make the picture, or say why there is none."""
        from poe_tui.engine import pictures
        from poe_tui.engine.aside import aside

        if not size:
            return
        if pictures.available():
            made = await aside(partial(_picture, self._data, size))
            if made is not None:
                self.lines.show(made)
                return
            why = "This image cannot be drawn here."
        else:
            why = "Images are drawn by Pillow: pip install 'poe-tui[images]'."
        note = self.query_one(".dialog-why", Static)
        note.update(Content.styled(clean("\n".join(filter(None, (why, self._about)))), DIM))
        self.lines.display, note.display = False, True

    def action_leave(self, outcome: Outcome | None = None) -> None:
        """Go back, with or without something to do."""
        if outcome in (None, self._outcome):
            self.dismiss(outcome)
