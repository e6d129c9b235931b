"""ModelTable: hundreds of models, drawn a line at a time, in the columns of the look.

It holds rows and a cursor and knows nothing of the catalogue; the picker screen decides what is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from poe_tui import numbers
from poe_tui.model import Cost, ModelInfo
from poe_tui.sanitize import clean

MODALITY_WORDS = {"text": "text", "image": "img", "video": "vid", "audio": "aud"}


@dataclass(slots=True, frozen=True)
class ModelRow:
    """One model as the table shows it."""

    info: ModelInfo
    next_turn: Cost
    favourite: bool = False


@dataclass(slots=True, frozen=True)
class Column:
    """A column's place: ``start`` is its first cell, text is cut or padded to ``width``."""

    name: str
    head: str
    start: int
    width: int
    right: bool = False


def layout(width: int) -> list[Column]:
    """Return the columns that fit a table ``width`` cells wide.

    The name starts at 7 and the next turn ends at R = width − 3; between them the columns of the look stand while they
    leave the name 24 cells. ``Reads`` gives way first, then ``Can``, then the maker.
    """
    right_edge = width - 3
    wanted = {"maker": 14, "price": 14, "context": 7, "reads": 12, "can": 15, "next": 11}
    heads = {"maker": "Maker", "price": "$ in / out, 1M", "context": "Context", "reads": "Reads", "can": "Can",
             "next": "Next turn"}  # fmt: skip
    gaps = {"maker": 2, "price": 0, "context": 2, "reads": 3, "can": 2, "next": 0}

    def name_width() -> int:
        return right_edge - 7 - sum(wanted[name] + gaps[name] for name in wanted)

    for name in ("reads", "can", "maker", "context"):
        if name_width() < 24:
            del wanted[name]
    if name_width() < 12:
        del wanted["price"]
    columns = [Column("name", "Model", 7, max(8, min(name_width(), 48)))]
    if "can" not in wanted:
        gaps["next"] = 2
        columns[0] = Column("name", "Model", 7, max(8, min(name_width(), 48)))
    start = columns[0].start + columns[0].width
    for name, cells in wanted.items():
        start += gaps[name]
        columns.append(Column(name, heads[name], start, cells, right=name in ("price", "context", "next")))
        start += cells
    last = columns[-1]
    columns[-1] = Column(last.name, last.head, right_edge - last.width, last.width, right=True)
    return columns


def cell_text(row: ModelRow, column: str) -> str:
    """Return what a column says of a model, cleaned."""
    info = row.info
    match column:
        case "name":
            return clean(info.name, single_line=True)
        case "maker":
            return clean(info.owner, single_line=True)
        case "price":
            return _price(info)
        case "context":
            return numbers.context(info.context_length)
        case "reads":
            kinds = [MODALITY_WORDS[kind] for kind in info.input_modalities if kind in MODALITY_WORDS]
            return " ".join(kinds[1:] if len(kinds) > 3 and kinds[0] == "text" else kinds)
        case "can":
            return abilities(info)
        case _:
            return numbers.points(row.next_turn)


def abilities(info: ModelInfo) -> str:
    """Return the filter words of what a model can do: ``tools web think``, or what it makes: ``makes img``."""
    made = [MODALITY_WORDS.get(kind, "") for kind in info.output_modalities if kind != "text"]
    words = ["tools"] if "tools" in info.features else []
    words += ["web"] if "web_search" in info.features else []
    words += ["think"] if info.reasons else []
    return " ".join(words) if words or not made else f"makes {' '.join(made)}"


def _price(info: ModelInfo) -> str:
    price = info.price
    if price is not None and price.prompt is None and price.completion is None and price.request is not None:
        return "free" if price.request == 0 else f"{numbers.grouped(price.request)} pts each"
    prompt, completion = (price.prompt, price.completion) if price else (None, None)
    return f"{numbers.price(prompt)} / {numbers.price(completion):>5}"


class ModelTable(ScrollView, can_focus=True):
    """The list itself: sections, rows, a cursor that skips what is not a model."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "model-table--head", "model-table--rule", "model-table--name", "model-table--fact", "model-table--value",
        "model-table--mark", "model-table--cursor", "model-table--cursor-name", "model-table--cursor-fact",
        "model-table--bar", "model-table--bar-blurred",
    }  # fmt: skip
    DEFAULT_CSS = """
    ModelTable {
        background: $bg; color: $ink; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
        .model-table--head { color: $dim; text-style: $dim-style; }
        .model-table--rule { color: $rule; }
        .model-table--name { color: $ink; }
        .model-table--fact { color: $dim; text-style: $dim-style; }
        .model-table--value { color: $ink; }
        .model-table--mark { color: $accent; }
        .model-table--cursor { background: $panel; color: $ink; }
        .model-table--cursor-name { background: $panel; color: $strong; text-style: bold; }
        .model-table--cursor-fact { background: $panel; color: $ink; }
        .model-table--bar { background: $panel; color: $accent; }
        .model-table--bar-blurred { background: $panel; color: $dim; text-style: $dim-style; }
    }
    """
    HEAD_ROWS = 2
    """The heads and the rule under them stay while the rows scroll."""

    cursor: reactive[int] = reactive(0)
    """The selected row among the models, sections not counted."""

    @dataclass
    class Highlighted(Message):
        """The cursor came to another model, or to none."""

        table: ModelTable
        row: ModelRow | None

        @property
        def control(self) -> ModelTable:
            """The table, so that handlers can name it in a selector."""
            return self.table

    @dataclass
    class Chosen(Message):
        """A model was clicked."""

        table: ModelTable
        row: ModelRow

        @property
        def control(self) -> ModelTable:
            """The table, so that handlers can name it in a selector."""
            return self.table

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[ModelRow] = []
        self._lines: list[str | int | None] = []
        """Each drawn line: a section's name, the index of a row, or nothing."""
        self._line_of: list[int] = []

    @property
    def rows(self) -> Sequence[ModelRow]:
        """The models in the order shown."""
        return self._rows

    @property
    def selected(self) -> ModelRow | None:
        """The model under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    def show(self, sections: Sequence[tuple[str, Sequence[ModelRow]]], *, keep: str | None = None) -> None:
        """Show sections of models; the cursor stays on the model with the id ``keep``, else goes to the first."""
        self._rows, self._lines, self._line_of = [], [], []
        for name, rows in sections:
            if not rows:
                continue
            if self._lines:
                self._lines.append(None)
            if name:
                self._lines.append(name)
            for row in rows:
                self._line_of.append(len(self._lines))
                self._lines.append(len(self._rows))
                self._rows.append(row)
        at = next((index for index, row in enumerate(self._rows) if row.info.id == keep), 0)
        self.virtual_size = Size(self.size.width, len(self._lines) + self.HEAD_ROWS)
        self.set_reactive(ModelTable.cursor, at)
        self._came_to(at)
        self.refresh()

    def move(self, step: int) -> None:
        """Move the cursor by ``step`` models, stopping at both ends."""
        if self._rows:
            self.cursor = max(0, min(len(self._rows) - 1, self.cursor + step))

    def watch_cursor(self, cursor: int) -> None:
        """Draw the two rows that changed and bring the new one into view."""
        self._came_to(cursor)
        self.refresh()

    def _came_to(self, cursor: int) -> None:
        if cursor < len(self._line_of):
            line = self._line_of[cursor]
            top = 0 if cursor == 0 else line
            visible = max(1, self.size.height - self.HEAD_ROWS)
            offset = self.scroll_offset.y
            if top < offset:
                self.scroll_to(y=top, animate=False)
            elif line >= offset + visible:
                self.scroll_to(y=line - visible + 1, animate=False)
        self.post_message(self.Highlighted(self, self.selected))

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in view when the size changes."""
        self.virtual_size = Size(event.size.width, len(self._lines) + self.HEAD_ROWS)
        self._came_to(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Draw one line: heads, rule, then whatever the scroll offset brings here."""
        width = self.size.width
        base = self.rich_style
        if y == 0:
            head = self.get_component_rich_style("model-table--head")
            cells = [(column, column.head, head) for column in layout(width)]
            return self._line(cells, width, base)
        if y == 1:
            rule = self.get_component_rich_style("model-table--rule")
            return Strip([Segment("   ", base), Segment("─" * max(0, width - 6), rule), Segment("   ", base)], width)
        index = y - self.HEAD_ROWS + self.scroll_offset.y
        line = self._lines[index] if index < len(self._lines) else None
        if line is None:
            return Strip.blank(width, base)
        if isinstance(line, str):
            head = self.get_component_rich_style("model-table--head")
            return Strip([Segment("   ", base), Segment(line, head)]).adjust_cell_length(width, base)
        return self._model_line(line, width, base)

    def _model_line(self, index: int, width: int, base: Style) -> Strip:
        row = self._rows[index]
        at_cursor = index == self.cursor
        styles = self._styles(at_cursor)
        cells = [
            (column, cell_text(row, column.name), styles.get(column.name, styles["fact"])) for column in layout(width)
        ]
        background = self.get_component_rich_style("model-table--cursor") if at_cursor else base
        bar = " "
        bar_style = background
        if at_cursor:
            blurred = "" if self.has_focus else "-blurred"
            bar, bar_style = "▌", self.get_component_rich_style(f"model-table--bar{blurred}")
        mark = self.get_component_rich_style("model-table--mark")
        if at_cursor:
            mark = Style(color=mark.color, bgcolor=background.bgcolor)
        lead = [
            Segment(" ", background), Segment(bar, bar_style), Segment(" ", background),
            Segment("*" if row.favourite else " ", mark),
        ]  # fmt: skip
        return self._line(cells, width, background, lead)

    def _styles(self, at_cursor: bool) -> dict[str, Style]:
        if at_cursor:
            name = self.get_component_rich_style("model-table--cursor-name")
            fact = self.get_component_rich_style("model-table--cursor-fact")
            return {"name": name, "next": name, "fact": fact}
        value = self.get_component_rich_style("model-table--value")
        return {
            "name": self.get_component_rich_style("model-table--name"),
            "fact": self.get_component_rich_style("model-table--fact"),
            "price": value, "context": value, "next": value,
        }  # fmt: skip

    @staticmethod
    def _line(
        cells: list[tuple[Column, str, Style]], width: int, background: Style, lead: list[Segment] | None = None
    ) -> Strip:
        segments = list(lead or ())
        at = len(segments)
        for column, text, style in cells:
            segments.append(Segment(" " * (column.start - at), background))
            segments.append(Segment(fit(text, column.width, right=column.right), style))
            at = column.start + column.width
        return Strip(segments).adjust_cell_length(width, background)

    def on_click(self, event: events.Click) -> None:
        """Select the model under the pointer; a click on the selected one chooses it."""
        index = event.y - self.HEAD_ROWS + self.scroll_offset.y
        line = self._lines[index] if event.y >= self.HEAD_ROWS and 0 <= index < len(self._lines) else None
        if isinstance(line, int):
            if line == self.cursor:
                self.post_message(self.Chosen(self, self._rows[line]))
            self.cursor = line

    def on_focus(self) -> None:
        """The bar changes colour with the focus."""
        self.refresh(Region(0, 0, self.size.width, self.size.height))

    on_blur = on_focus


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return ``text`` in exactly ``width`` cells: cut at the end with ``…``, or padded on the proper side."""
    if cell_len(text) > width:
        text = set_cell_size(text, max(0, width - 1)).rstrip() + "…"
    padding = " " * (width - cell_len(text))
    return padding + text if right else text + padding
