"""The model picker (``^O``): every model, filter words and fuzzy text, favourites, one key to use it.

The screen gets values and callables in a ``PickerContext`` and dismisses with the chosen model's id, or ``None``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.text import Text
from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from poe_tui.filters import Filter, parse_filter
from poe_tui.model import Cost, ModelInfo
from poe_tui.sanitize import clean
from poe_tui.screens.sizes import WIDTHS
from poe_tui.widgets.keys import DIM, STRONG, key_words
from poe_tui.widgets.model_detail import detail_lines
from poe_tui.widgets.model_table import ModelRow, ModelTable

HEIGHTS = [(0, "-low"), (14, "-tall")]
"""Rows under which the rows of models are worth more than what stands around them."""
SORTS: tuple[tuple[str, str], ...] = (
    ("match", ""), ("price", "▲"), ("context", "▼"), ("new", "▼"), ("next turn", "▲"), ("name", "▲"),
)  # fmt: skip
"""The orders ``s`` steps through, and the sign beside each."""

FILTER_HINT = "img video audio tools web think free <5 ctx>200k by: new fav"


def _unknown_cost(_: ModelInfo) -> Cost:
    return Cost()


@dataclass(slots=True)
class PickerContext:
    """What the picker is handed: the list as it is known now, and how to act on it."""

    models: Sequence[ModelInfo]
    favourites: list[str] = field(default_factory=list)
    """Ids, in the order F2 steps through them."""
    recent: Sequence[str] = ()
    current: str | None = None
    next_turn: Callable[[ModelInfo], Cost] = _unknown_cost
    """The price of this thread's next turn with a model."""
    set_favourite: Callable[[str, bool], None] = lambda model, on: None
    refresh: Callable[[], Awaitable[Sequence[ModelInfo]]] | None = None
    """Fetches the list anew; its errors are told in ``note``, the old list stays."""
    note: str = ""
    """One dim clause about the list's age or why it could not be fetched."""


class FilterWords(Highlighter):
    """Turns filter words accent once they are understood."""

    def __init__(self, style: Callable[[], str]) -> None:
        super().__init__()
        self._style = style

    def highlight(self, text: Text) -> None:
        """Colour the understood words of the filter line in place."""
        for start, end in parse_filter(text.plain).understood:
            text.stylize(self._style(), start, end)


class ModelPickerScreen(Screen[str | None]):
    """All models; dismisses with an id or ``None``."""

    CSS_PATH = "model_picker.tcss"
    AUTO_FOCUS = "#picker-filter"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="picker.back", show=False),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("enter", "use", "Use", id="picker.use", show=False),
        Binding("asterisk", "favourite", "Favourite", id="picker.favourite", show=False),
        Binding("s", "sort", "Sort", id="picker.sort", show=False),
        Binding("slash", "filter", "Filter", id="picker.filter", show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    table = getters.query_one("#picker-table", ModelTable)
    filter_line = getters.query_one("#picker-filter", Input)

    def __init__(self, context: PickerContext, *, words: str = "") -> None:
        super().__init__()
        self.context = context
        self._words = words
        self._sort = 0

    def compose(self) -> ComposeResult:
        """Header, filter line, table, detail pane, keys."""
        yield Static(id="picker-header")
        with Horizontal(id="picker-filter-row"):
            yield Static("▌", id="picker-bar")
            yield Input(
                self._words, id="picker-filter", compact=True, select_on_focus=False,
                placeholder="Type a name or filter words",
                highlighter=FilterWords(lambda: self.app.theme_variables["accent"]),
            )  # fmt: skip
            yield Static(Content.styled(FILTER_HINT, DIM), id="picker-hint")
        yield ModelTable(id="picker-table")
        yield Static(id="picker-detail")
        yield Static(id="picker-keys")

    def on_mount(self) -> None:
        """Show the list that is known and fetch the newest behind it."""
        self._show(keep=self.context.current)
        if self.context.refresh is not None:
            self.refetch()

    @work(exclusive=True, group="models", exit_on_error=False, description="fetch the model list")
    async def refetch(self) -> None:
        """Fetch the list; what is on screen stays until there is something newer."""
        if self.context.refresh is not None:
            self.context.models = await self.context.refresh()
            self._show(keep=self._selected_id())

    def on_resize(self) -> None:
        """The parts that are cut to the width are made again."""
        self._draw_frame()

    @on(Input.Changed, "#picker-filter")
    def _filter_changed(self) -> None:
        self._show()

    @on(Input.Submitted, "#picker-filter")
    def action_use(self) -> None:
        """Use the model under the cursor."""
        row = self.table.selected
        if row is not None:
            self.dismiss(row.info.id)

    @on(ModelTable.Chosen)
    def _clicked(self, message: ModelTable.Chosen) -> None:
        self.dismiss(message.row.info.id)

    @on(ModelTable.Highlighted)
    def _highlighted(self) -> None:
        self._draw_detail()

    def action_move(self, step: int) -> None:
        """Move the cursor, from the filter line as from the list."""
        self.table.move(step)

    def action_back(self) -> None:
        """From the list to the filter line; from there, out."""
        if self.table.has_focus:
            self.filter_line.focus()
        else:
            self.dismiss(None)

    def action_filter(self) -> None:
        """Back to the filter words."""
        self.filter_line.focus()

    def action_sort(self) -> None:
        """Step to the next order."""
        self._sort = (self._sort + 1) % len(SORTS)
        self._show(keep=self._selected_id())

    def action_favourite(self) -> None:
        """Put the model under the cursor among the favourites, or take it out."""
        row = self.table.selected
        if row is None:
            return
        model, now = row.info.id, row.info.id not in self.context.favourites
        if now:
            self.context.favourites.append(model)
        else:
            self.context.favourites.remove(model)
        self.context.set_favourite(model, now)
        self._show(keep=model)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let letters reach the filter line while it has the focus."""
        return not (action in ("favourite", "sort", "filter") and self.filter_line.has_focus)

    def _selected_id(self) -> str | None:
        row = self.table.selected
        return row.info.id if row else None

    def _show(self, *, keep: str | None = None) -> None:
        words = parse_filter(self.filter_line.value)
        shown = words.apply(self.context.models, set(self.context.favourites))
        self.table.show(self._sections(shown, words), keep=keep)
        self._shown_count = len(shown)
        self._draw_frame()

    def _sections(self, shown: list[ModelInfo], words: Filter) -> list[tuple[str, list[ModelRow]]]:
        row = partial(self._row, favourites=set(self.context.favourites))
        by_id = {info.id: info for info in shown}
        ordered = self._ordered(shown)
        named: list[tuple[str, list[ModelRow]]] = []
        if not words.text:
            first = [by_id[model] for model in self.context.favourites if model in by_id]
            used = {info.id for info in first}
            recent = [by_id[model] for model in self.context.recent if model in by_id and model not in used]
            used |= {info.id for info in recent}
            named = [("Favourites", [row(info) for info in first]), ("Recent", [row(info) for info in recent])]
            ordered = [info for info in ordered if info.id not in used]
        heading = "All" if any(rows for _, rows in named) else ""
        named.append((heading, [row(info) for info in ordered]))
        typed = words.text.strip()
        if typed and not any(typed.casefold() in (info.id.casefold(), info.name.casefold()) for info in shown):
            named.append(("As typed, not in the list", [row(ModelInfo(id=typed, name=typed))]))
        return named

    def _row(self, info: ModelInfo, *, favourites: set[str]) -> ModelRow:
        return ModelRow(info, self.context.next_turn(info), info.id in favourites)

    def _ordered(self, models: list[ModelInfo]) -> list[ModelInfo]:
        """Sort by the chosen order; what is unknown comes last, and equals keep their place."""
        last = float("inf")
        match SORTS[self._sort][0]:
            case "price":
                return sorted(models, key=lambda m: _known(m.price.completion if m.price else None, last))
            case "context":
                return sorted(models, key=lambda m: -_known(m.context_length, 0))
            case "new":
                return sorted(models, key=lambda m: -_known(m.created, 0))
            case "next turn":
                return sorted(models, key=lambda m: _known(self.context.next_turn(m).points, last))
            case "name":
                return sorted(models, key=lambda m: m.name.casefold())
        return models if parse_filter(self.filter_line.value).text else sorted(models, key=lambda m: m.name.casefold())

    def _draw_frame(self) -> None:
        width = self.size.width
        if not width or not self.is_mounted:
            return
        name, sign = SORTS[self._sort]
        if not sign and not parse_filter(self.filter_line.value).text:
            name, sign = SORTS[-1]  # Without words there is nothing to match.
        total = len(self.context.models)
        right = Content.assemble(
            (f"{self._shown_count}", STRONG), (f" of {total}", DIM),
            (" shown     sort " if width >= 60 else "   by ", DIM), (name, STRONG),
            (f" {sign}" if sign else "", DIM),
        )  # fmt: skip
        left = Content.assemble(("poe-tui  ", DIM) if width >= 90 else "", ("Models", f"{STRONG} bold"))
        if self.context.note and width >= 90:
            left += Content.styled(f"   {clean(self.context.note, single_line=True)}", DIM)
        room = max(1, width - 6 - left.cell_length - right.cell_length)
        self.query_one("#picker-header", Static).update(Content.assemble(left, " " * room, right))
        pairs = [("Enter", "use"), ("Tab", "list"), ("Esc", "back")]
        if self.table.has_focus:
            pairs[1:2] = [("*", "favourite"), ("s", "sort"), ("/", "filter")]
        while len(pairs) > 2 and key_words(pairs, narrow=width < 90).cell_length > width - 6:
            del pairs[-2]
        self.query_one("#picker-keys", Static).update(key_words(pairs, narrow=width < 90))
        self._draw_detail()

    def on_descendant_focus(self) -> None:
        """Other keys work in the list than in the filter line."""
        self._draw_frame()

    def _draw_detail(self) -> None:
        row = self.table.selected
        rows = 1 if self.size.width < 90 else 5
        text = Content("\n").join(detail_lines(row.info, self.size.width - 6, rows)) if row else self._nothing()
        self.query_one("#picker-detail", Static).update(text)

    def _nothing(self) -> Content:
        if not self.context.models:
            return Content.styled("The list of models is not here yet. Type a name and press Enter to use it.", DIM)
        return Content.styled("No model fits these words. Backspace takes some away.", DIM)


def _known(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
