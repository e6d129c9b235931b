"""The settings screen: pages at the left, settings at the right, what the focused one means at the bottom.

Built from the settings model (``poe_tui.config.rows``) and the table of actions; every change is checked in place,
saved at once and takes effect at once. The app hands in how to save and what else there is to know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from poe_tui.actions import ACTIONS, key_label
from poe_tui.config import PAGES, BadValue, ConfigError, Row, Settings, changed, rows, value_of
from poe_tui.sanitize import clean
from poe_tui.screens.sizes import WIDTHS
from poe_tui.settings_fields import check_binding
from poe_tui.widgets.form import SettingRow
from poe_tui.widgets.keys import DIM, STRONG, fitting_keys
from poe_tui.widgets.page_list import PageList

SCOPE_GROUPS = {
    "app": "Everywhere", "conversation": "Conversation", "composer": "Prompt", "message": "Message mode",
    "picker": "Model picker", "settings": "Settings",
}  # fmt: skip


@dataclass(slots=True)
class SettingsContext:
    """What the screen is handed."""

    settings: Settings
    save: Callable[[str, Any], Settings]
    """Saves one value (``None`` brings the default back) and returns the settings in force. Raises ``BadValue`` or
    ``ConfigError``, whose text is shown under the setting."""
    themes: Sequence[str] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    """The thread's own values by setting, in words."""
    facts: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """Lines of label and value that a page shows above its settings, such as where the key came from."""
    file: str = ""
    """The file the settings are in, shown on the General page."""
    pick_model: Callable[[Callable[[str | None], None]], None] | None = None
    """Opens the model picker and calls back with the id."""
    change_key: Callable[[], None] | None = None
    """Asks for another key; offered on the Account page."""


def key_rows() -> list[Row]:
    """Return the rows of the Keys page: every action, with its default keys."""
    return [
        Row(
            key=f"keys.{action.id}", page="keys", group=SCOPE_GROUPS[action.scope], title=action.label,
            help=", ".join(key_label(key) for key in action.keys) or "no key",
            description=f"{action.tooltip} Write keys as ctrl+o or f5, several with commas between them.",
            kind="text", default=",".join(action.keys) or None, optional=True, unset="no key",
        )
        for action in ACTIONS
    ]  # fmt: skip


class SettingsScreen(Screen[None]):
    """All settings; Esc closes it, everything is saved by then."""

    CSS_PATH = "settings.tcss"
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = WIDTHS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="settings.close", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("tab", "pages", "Pages", id="settings.pages", show=False, priority=True),
        Binding("shift+tab", "pages", show=False, priority=True),
        Binding("slash", "search", "Search", id="settings.search", show=False),
    ]

    pages = getters.query_one("#settings-pages", PageList)
    form = getters.query_one("#settings-form", VerticalScroll)
    search_line = getters.query_one("#settings-search", Input)

    def __init__(self, context: SettingsContext, *, page: str = "general") -> None:
        super().__init__()
        self.context = context
        self._page = page
        self._bad: set[str] = set()

    def compose(self) -> ComposeResult:
        """Header, pages and their search line, the form, the pane about the focused setting, keys."""
        yield Static(id="settings-header")
        with Horizontal(id="settings-body"):
            with Vertical(id="settings-side"):
                yield PageList([(page, label) for page, label, _ in PAGES], id="settings-pages")
                yield Input(id="settings-search", compact=True, placeholder="search settings")
                yield Static(Content.assemble(("/", STRONG), (" search settings", DIM)), id="settings-search-hint")
            with Vertical(id="settings-page"):
                yield VerticalScroll(id="settings-form", can_focus=False)
                with Vertical(id="settings-pane"):
                    yield Static(id="settings-about")
        yield Static(id="settings-keys")

    async def on_mount(self) -> None:
        """Open the page asked for."""
        self.search_line.display = False
        self.pages.select(self._page)
        await self._show_page(focus=True)
        self._draw_frame()

    def on_resize(self) -> None:
        """What is cut to the width is made again."""
        self._draw_frame()

    @on(PageList.Selected)
    async def _page_selected(self, event: PageList.Selected) -> None:
        self._page = event.page
        await self._show_page()

    @on(PageList.Opened)
    def _page_opened(self) -> None:
        self._enter_page()

    def _enter_page(self) -> None:
        """Go to the settings; under 90 columns they take the place of the list of pages."""
        self.add_class("-in-page")
        self.call_after_refresh(self._focus_row, 0)

    def _leave_page(self) -> None:
        self.remove_class("-in-page")
        self.pages.focus()

    async def _show_page(self, *, focus: bool = False, words: str = "") -> None:
        self._bad.clear()
        if words:
            title, beside, shown = "Search", f"settings with “{clean(words, single_line=True)}”", self._search(words)
        else:
            title, beside = next((label, about) for page, label, about in PAGES if page == self._page)
            shown = key_rows() if self._page == "keys" else [row for row in rows() if row.page == self._page]
        parts: list[Static | SettingRow] = [
            Static(Content.assemble((title, f"{STRONG} bold"), (f"  {beside}", DIM)), classes="settings-title")
        ]
        if not words:
            parts += self._facts()
        group = None
        for row in shown:
            if row.group != group:
                group = row.group
                parts.append(Static(Content.styled(group, DIM), classes="settings-group"))
            parts.append(self._row_widget(row))
        if not shown:
            parts.append(Static(Content.styled("Nothing fits. Backspace takes letters away.", DIM)))
        async with self.batch():
            await self.form.remove_children()
            await self.form.mount_all(parts)
        self.form.scroll_home(animate=False)
        if focus:
            self._enter_page()
        self._draw_about()

    def _facts(self) -> list[Static]:
        lines = list(self.context.facts.get(self._page, ()))
        if self._page == "general" and self.context.file:
            lines.append(("Settings file", self.context.file))
        if self._page == "account" and self.context.change_key is not None:
            lines.append(("Another key", "k asks for it"))
        return [
            Static(
                Content.assemble((label.ljust(24), DIM), "  ", clean(value, single_line=True)), classes="settings-fact"
            )
            for label, value in lines
        ]

    def key_k(self) -> None:
        """On the Account page: another key."""
        if self._page == "account" and self.context.change_key is not None and not self.search_line.has_focus:
            self.context.change_key()

    def _search(self, words: str) -> list[Row]:
        wanted = words.casefold().split()

        def fits(row: Row) -> bool:
            text = f"{row.title} {row.help} {row.key} {row.api} {row.description}".casefold()
            return all(word in text for word in wanted)

        return [row for row in (*rows(), *key_rows()) if fits(row)]

    def _row_widget(self, row: Row) -> SettingRow:
        value = self._value(row)
        choices = tuple(self.context.themes) if row.kind == "theme" else ()
        widget = SettingRow(row, value, choices=choices, overridden=self.context.overrides.get(row.key, ""))
        if row.page == "keys":
            widget.parse = _parse_keys
        return widget

    def _value(self, row: Row) -> Any:
        value = value_of(self.context.settings, row.key)
        return row.default if row.page == "keys" and value is None else value

    @property
    def _rows(self) -> list[SettingRow]:
        return list(self.form.query(SettingRow))

    @property
    def _focused_row(self) -> SettingRow | None:
        return next((row for row in self._rows if row.has_focus or row.has_focus_within), None)

    def _focus_row(self, index: int) -> None:
        shown = self._rows
        if shown:
            shown[max(0, min(len(shown) - 1, index))].focus()

    def action_move(self, step: int) -> None:
        """Move between settings; from the list of pages the list moves itself."""
        row, shown = self._focused_row, self._rows
        if row is None:
            self._focus_row(0)
        elif not row.editing:
            self._focus_row(shown.index(row) + step)

    def action_pages(self) -> None:
        """Between the pages and the settings."""
        if self._focused_row is not None:
            self._leave_page()
        else:
            self._enter_page()

    def action_search(self) -> None:
        """Open the search line in the place of its hint."""
        self.remove_class("-in-page")
        self.query_one("#settings-search-hint").display = False
        self.search_line.display = True
        self.search_line.focus()

    @on(Input.Changed, "#settings-search")
    async def _search_changed(self, event: Input.Changed) -> None:
        await self._show_page(words=event.value.strip())

    @on(Input.Submitted, "#settings-search")
    def _search_done(self) -> None:
        self._enter_page()

    async def action_close(self) -> None:
        """Close the search if it is open, else the screen."""
        if self.search_line.display:
            with self.prevent(Input.Changed):
                self.search_line.value = ""
            self.search_line.display = False
            self.query_one("#settings-search-hint").display = True
            await self._show_page(focus=True)
        elif self.has_class("-narrow") and self.has_class("-in-page"):
            self._leave_page()
        else:
            self.dismiss(None)

    @on(SettingRow.Changed)
    def _save(self, event: SettingRow.Changed) -> None:
        row = event.setting.row
        default = event.value == row.default
        try:
            self.context.settings = self.context.save(row.key, None if default else event.value)
        except (BadValue, ConfigError) as refused:
            event.setting.error = clean(str(refused), single_line=True)
            self._bad.add(row.key)
        else:
            self._bad.discard(row.key)
            event.setting.show_value(self._value(row))
        self._draw_frame()

    @on(SettingRow.Judged)
    def _judged(self, event: SettingRow.Judged) -> None:
        (self._bad.add if event.setting.error else self._bad.discard)(event.setting.row.key)
        self._draw_frame()

    @on(SettingRow.OpenEditor)
    def _open_editor(self, event: SettingRow.OpenEditor) -> None:
        row = event.setting

        def take(value: Any) -> None:
            if value is not None:
                row.post_message(SettingRow.Changed(row, value))

        if row.row.kind == "model" and self.context.pick_model is not None:
            self.context.pick_model(take)
            return
        from poe_tui.screens.text_modal import TextModal

        shown = row.value
        text = "\n".join(f"{name}={value}" for name, value in shown.items()) if isinstance(shown, dict) else shown or ""

        def parse(text: str | None) -> None:
            if text is not None:
                try:
                    row.post_message(SettingRow.Changed(row, row.parse(row.row, text)))
                except BadValue as refused:
                    row.error = str(refused)

        self.app.push_screen(TextModal(row.row.title, text, about=row.row.description), parse)

    def on_descendant_focus(self) -> None:
        """The bottom pane is about the focused setting."""
        self._draw_about()

    def _draw_about(self) -> None:
        about = self.query_one("#settings-about", Static)
        row = self._focused_row
        if row is None:
            about.update("")
            return
        what = row.row
        head = Content.assemble((what.title, f"{STRONG} bold"), (f"  {what.facts}", DIM))
        over = row.overridden
        words = f"This thread has its own value: {clean(over, single_line=True)}." if over else (
            "This thread overrides nothing here." if what.api else ""
        )  # fmt: skip
        about.update(Content.assemble(head, "\n", what.description, "\n", (words, DIM)))

    def _draw_frame(self) -> None:
        width = self.size.width
        if not width or not self.is_mounted:
            return
        wide = width >= 90
        differing = changed(self.context.settings)
        right = (
            Content.assemble(("•", "$accent"), (f" {len(differing)} changed from default", DIM))
            if differing
            else Content()
        )
        if self._bad:
            right = Content.assemble(right, "     " if right else "", (f"{len(self._bad)} not saved", "$error"))
        left = Content.assemble(("poe-tui".ljust(28) if wide else "", DIM), ("Settings", f"{STRONG} bold"))
        room = max(1, width - 6 - left.cell_length - right.cell_length)
        self.query_one("#settings-header", Static).update(Content.assemble(left, " " * room, right))
        counts: dict[str, int] = {}
        by_key = {row.key: row.page for row in rows()}
        for key in differing:
            page = by_key.get(key, "keys")
            counts[page] = counts.get(page, 0) + 1
        self.pages.mark(counts)
        pairs = [("Tab", "pages"), ("Enter", "edit"), ("← →", "choose"), ("d", "back to default"), ("/", "search"),
                 ("Esc", "close")]  # fmt: skip
        self.query_one("#settings-keys", Static).update(fitting_keys(pairs, width - 6, narrow=not wide))


def _parse_keys(row: Row, text: str) -> str | None:
    """Return the keys a person typed; nothing brings the default back."""
    return check_binding(text) if text.strip() else None
