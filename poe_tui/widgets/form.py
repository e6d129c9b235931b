"""SettingRow: one setting on one line, edited where it stands.

Label at 3, ``‹ value ›`` or a field at 27, help at 47.
The row checks what is typed as it is typed and says the bound under the value; only a valid value is saved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from poe_tui.config import BadValue, Row, parse, show
from poe_tui.sanitize import clean
from poe_tui.widgets.keys import DIM, STRONG
from poe_tui.widgets.model_table import fit

LABEL, VALUE, HELP = 3, 27, 47
FIELD = HELP - VALUE - 2
"""Cells of a typed field."""


class SettingRow(Widget, can_focus=True):
    """One setting. It posts what a person wants; saving is the screen's business."""

    DEFAULT_CSS = """
    SettingRow {
        height: 1; background: $bg; color: $ink;
        &:focus, &:focus-within { background: $panel; color: $strong; }
        & > Input {
            position: absolute; offset: 27 0; width: 20; height: 1; border: none; padding: 0 2;
            background: $bg; color: $ink;
            &:focus { border: none; background-tint: transparent; }
            & > .input--cursor { background: $ink; color: $bg; text-style: none; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "edit", "Edit", id="settings.edit", show=False),
        Binding("left", "choose(-1)", "Choose", id="settings.choose", show=False),
        Binding("right", "choose(1)", show=False),
        Binding("d", "default", "Back to default", id="settings.default", show=False),
    ]

    error: reactive[str] = reactive("")
    """Why the text in the field is not saved; empty when it is."""

    @dataclass
    class Changed(Message):
        """A valid value was chosen or typed; ``None`` takes it out of the file."""

        setting: SettingRow
        value: Any

        @property
        def control(self) -> SettingRow:
            """The row, so that handlers can name it in a selector."""
            return self.setting

    @dataclass
    class OpenEditor(Message):
        """Enter on a setting that is more than a line: a long text, pairs, a model."""

        setting: SettingRow

    @dataclass
    class Judged(Message):
        """The text in the field became valid or invalid."""

        setting: SettingRow

    def __init__(self, row: Row, value: Any, *, choices: tuple[str, ...] = (), overridden: str = "") -> None:
        super().__init__(classes="setting-row")
        self.row = row
        self.value = value
        self.choices = choices or row.choices
        """What ← and → step through; for themes the names that exist now."""
        self.overridden = overridden
        """The thread's own value, shown as such; empty when it has none."""
        self.parse: Callable[[Row, str], Any] = parse

    @property
    def editing(self) -> bool:
        """Whether its field is open."""
        return bool(self.query(Input))

    @property
    def changed(self) -> bool:
        """Whether the value differs from the default."""
        return bool(self.value != self.row.default)

    def watch_error(self, error: str) -> None:
        """The error has a line of its own."""
        self.styles.height = 2 if error else 1

    def show_value(self, value: Any) -> None:
        """Take a value that was saved."""
        self.value = value
        self.error = ""
        self.refresh()

    def render(self) -> Content:
        """The line, and under it the error if there is one."""
        width = self.size.width or 80
        focused = self.has_focus or self.has_focus_within
        mark = ("▌", "$accent") if focused else ("•", "$accent") if self.changed else (" ", "")
        label_style = "bold" if focused else ""
        value = self._value_words(focused)
        line = Content.assemble(
            " ", mark, " ", (fit(clean(self.row.title, single_line=True), VALUE - LABEL - 1), label_style), " ", value
        )
        room = width - HELP - 2
        if (room >= 36 or focused) and line.cell_length <= HELP - 1:
            help_style = "" if focused else DIM
            line = Content.assemble(
                line, " " * (HELP - line.cell_length), (fit(self.row.help, room).rstrip(), help_style)
            )
        if self.error:
            line = Content.assemble(line, "\n", " " * (VALUE + 2), (self.error, "$error"))
        return line

    def _value_words(self, focused: bool) -> Content:
        shown = clean(show(self.row, self.value), single_line=True)
        unset = DIM if self.value is None else ""
        if self.choices or self.row.kind == "switch":
            return Content.assemble(("‹ ", DIM), (shown, unset or (STRONG if focused else "")), (" ›", DIM))
        if self.row.kind in ("long", "pairs", "model"):
            cut = fit(shown, max(10, self.size.width - VALUE - 6)).rstrip() if cell_len(shown) > FIELD else shown
            return Content.assemble("  ", (cut, unset))
        return Content.assemble((f"  {shown}".ljust(12), f"{unset} on $surface" if not focused else unset))

    def action_edit(self) -> None:
        """Open the field; a choice steps on instead, a long text opens its editor."""
        if self.choices or self.row.kind == "switch":
            self.action_choose(1)
        elif self.row.kind in ("long", "pairs", "model"):
            self.post_message(self.OpenEditor(self))
        elif not self.editing:
            field = Input("" if self.value is None else show(self.row, self.value))
            field.cursor_blink = False
            self.mount(field)
            field.focus()

    def action_choose(self, step: int) -> None:
        """Step through the values; an optional setting has "not sent" among them."""
        if self.editing:
            return
        values: list[Any] = [True, False] if self.row.kind == "switch" else list(self.choices)
        if self.row.optional:
            values.insert(0, None)
        if values:
            at = values.index(self.value) if self.value in values else 0
            self.post_message(self.Changed(self, values[(at + step) % len(values)]))

    def action_default(self) -> None:
        """Take the value out of the file."""
        if not self.editing:
            self.post_message(self.Changed(self, self.row.default))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        try:
            self.parse(self.row, event.value)
        except BadValue as refused:
            self.error = f"{refused} It stays unsaved until then."
        else:
            self.error = ""
        self.post_message(self.Judged(self))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.error:
            value = self.parse(self.row, event.value)
            self._close()
            self.post_message(self.Changed(self, value))

    def on_key(self, event: events.Key) -> None:
        """Esc leaves the field with the old value."""
        if event.key == "escape" and self.editing:
            event.stop()
            event.prevent_default()
            self._close()

    def _close(self) -> None:
        self.error = ""
        self.query(Input).remove()
        self.focus()
        self.post_message(self.Judged(self))

    def on_descendant_blur(self) -> None:
        """Leaving the field by the mouse or Tab keeps a valid text and drops an invalid one."""
        for field in self.query(Input):
            value = field.value
            valid = not self.error
            self.error = ""
            field.remove()
            if valid:
                self.post_message(self.Changed(self, self.parse(self.row, value)))
        self.refresh()

    def on_focus(self) -> None:
        """Bar and colours follow the focus."""
        self.refresh()

    on_blur = on_focus
    on_descendant_focus = on_focus
