"""The conversation screen: header, threads, transcript, composer, status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from poe_tui import numbers
from poe_tui.actions import Scope
from poe_tui.palette import POE_DARK, Palette
from poe_tui.screens.media_actions import MediaActions
from poe_tui.screens.open_thread import OpenThread
from poe_tui.screens.prompt_files import PromptFiles
from poe_tui.screens.stage import Stage
from poe_tui.widgets.bindings import bar, bindings, keys_of, label_of
from poe_tui.widgets.composer import Chip, Composer
from poe_tui.widgets.header import NARROW, HeaderBar
from poe_tui.widgets.keys import key_words
from poe_tui.widgets.pill import Pill
from poe_tui.widgets.prompt import PromptArea
from poe_tui.widgets.status_line import StatusLine
from poe_tui.widgets.thread_list import ThreadList

if TYPE_CHECKING:
    from poe_tui.transcript.view import Transcript

LOW = 16
"""Rows under which the composer has no footer and the price moves to the status line."""
SHORT = 25
"""Rows under which the page is compact."""
NEARLY_FULL = 0.9
"""Share of the context window from which the composer warns."""
WIDTHS = [(0, "-small"), (60, "-narrow"), (NARROW, "-wide")]
HEIGHTS = [(0, "-tiny"), (10, "-low"), (LOW, "-short"), (SHORT, "-tall")]

STREAMING = ["answer.stop", "model.pick", "thread.search", "copy.sheet"]
IDLE = ["model.pick", "model.effort", "thread.search", "copy.sheet"]
SELECTED = ["turn.copy", "turn.edit", "turn.retry", "turn.continue", "message.leave"]
"""In message mode; the key for help stands before the last one and gives way first."""
MENDING = ["turn.retry", "turn.continue"]
"""What a broken turn's sentence offers: keys of message mode, so from the prompt they stand behind Esc."""
TAKING = ["turn.save_media", "turn.view_media"]
"""What the line of an image offers, likewise."""


class ConversationScreen(PromptFiles, MediaActions):
    """The page that is there from the first frame on."""

    AUTO_FOCUS = "#prompt"
    ALLOW_SELECT = True
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = bindings("conversation", "composer")

    header = getters.query_one("#header", HeaderBar)
    pill = getters.query_one("#pill", Pill)
    status = getters.query_one("#status", StatusLine)
    sidebar = getters.query_one("#sidebar", Vertical)

    class Ready(Message):
        """The prompt has the focus: what was typed before may come in."""

    def __init__(self, *, keys: Mapping[str, str] | None = None, demo: bool = False, sidebar: str = "auto") -> None:
        """Prepare the page.

        Args:
            keys: a person's own keys by action id.
            demo: show the badge.
            sidebar: ``auto``, ``on`` or ``off``.
        """
        super().__init__()
        self.keys = keys or {}
        self.balance = ""
        self.density = "auto"
        self.palette = POE_DARK
        self._demo = demo
        self._sidebar_wanted = sidebar != "off"

    def compose(self) -> ComposeResult:
        """Everything, with nothing in it yet."""
        yield HeaderBar(id="header")
        with Horizontal(id="body"):
            with Vertical(id="sidebar"):
                yield ThreadList(id="threads")
                yield Static(id="sidebar-keys")
            with Vertical(id="page"):
                yield Stage(id="stage")
                yield Pill(id="pill")
                yield Composer(id="composer")
        yield StatusLine(id="status")

    def on_mount(self) -> None:
        """Draw what is known before anything is opened."""
        self.header.tell(demo=self._demo)
        # The pill has a row of its own, so the transcript needs none.
        self.stage.look(palette=self.palette, tail_rows=0, shown=self.shelf, smooth=True)
        self.bind_keys(self.keys)
        self.composer.prompt.take_paste = self.take_paste
        self._fit()
        self.set_focus(self.composer.prompt)
        self.post_message(self.Ready())

    # --- settings --------------------------------------------------------------------------------------------------
    def bind_keys(self, keys: Mapping[str, str], send_key: str = "enter") -> None:
        """Use these keys; ``send_key`` says which of Enter and ^J sends (``general.send_key``)."""
        self.keys = keys
        send, newline = keys_of("composer.send", keys), keys_of("composer.newline", keys)
        if send_key == "ctrl+j" and "composer.send" not in keys:
            send, newline = ["ctrl+j", "alt+enter"], ["enter", "shift+enter"]
        else:
            newline += ["shift+enter", "alt+enter", "ctrl+enter"]
        self.composer.prompt.bind_enter(send, newline)
        footer = [(label_of("composer.send", keys), "send"), (label_of("composer.newline", keys), "newline")]
        if send_key == "ctrl+j" and "composer.send" not in keys:
            footer = [("^J", "send"), ("Enter", "newline")]
        self._footer = [*footer, (label_of("app.palette", keys), "commands")]
        side = bar(["thread.new", "thread.search"], keys)
        self.query_one("#sidebar-keys", Static).update(key_words(side))
        self.draw_keys()

    def use_density(self, density: str) -> None:
        """``auto``, ``comfortable`` or ``compact``; ``auto`` is compact under 25 rows."""
        self.density = density
        self._fit()

    def use_sidebar(self, wanted: str) -> None:
        """``auto``, ``on`` or ``off``."""
        self._sidebar_wanted = wanted != "off"
        self._fit()

    def use_palette(self, palette: Palette) -> None:
        """Draw the transcript in other colours; the style sheet sees to the rest."""
        self.palette = palette
        if self.is_mounted:
            self.stage.look(palette=palette)

    @property
    def help_scopes(self) -> list[Scope]:
        """What the help tells about, the place one is in first."""
        if self.stage.in_message_mode:
            return ["message", "conversation", "app"]
        return ["composer", "conversation", "app", "message"]

    # --- size ------------------------------------------------------------------------------------------------------
    def on_resize(self) -> None:
        """What depends on the size is drawn again."""
        self._fit()

    def _fit(self) -> None:
        width, height = self.app.size
        short = height < SHORT
        compact = self.density == "compact" or short
        self.set_class(compact, "-compact")
        self.threads.compact = compact
        self.stage.look(density="compact" if compact else "comfortable")
        beside = self._sidebar_wanted and width >= NARROW
        self.sidebar.display = beside
        self.header.tell(sidebar=beside)
        self.draw_figures()

    # --- drawing ---------------------------------------------------------------------------------------------------
    def draw_figures(self) -> None:
        """Title, model, balance; the price of the next turn; context and thread."""
        desk = self.desk
        if desk is None:
            self.header.tell(balance=self.balance)
            return
        effort = desk.effort
        self.header.tell(
            title=desk.thread.title or "New thread", model=desk.model_name, effort=effort,
            balance=self.balance if self.has_key else "no key", balance_dim=not self.has_key,
        )  # fmt: skip
        extra = sum(piece.tokens for piece in self.composer.pieces)
        price = numbers.points(desk.next_cost(self.draft, extra=extra)) if not self.menu.is_open else ""
        share = desk.context_share(self.draft, extra=extra)
        low = self.app.size.height < LOW
        self.composer.tell(next_turn=price, warning=self._context_warning(share))
        self.status.tell(
            context="" if share is None else "< 1 %" if 0 < share < 0.01 else f"{share:.0%}".replace("%", " %"),
            thread=self._thread_words(desk) if desk.path else "",
            next_turn=price if low else "",
            notice=self.unsaved,
        )

    def _context_warning(self, share: float | None) -> Sequence[str]:
        """What to say of a context window that is nearly full, or too small: the longest words first."""
        if share is None or share < NEARLY_FULL:
            return ()
        full = f"Context {min(int(share * 100), 999)} % full"
        if share <= 1:
            return (f"{full}. {label_of('thread.new', self.keys)} starts a new thread", full)
        other, send = label_of("model.pick", self.keys), self._footer[0][0]
        return (
            f"{full}: the model cannot read it all. {other} another model, {send} sends anyway",
            f"The model cannot read it all. {other} model, {send} sends anyway",
            full,
        )

    @staticmethod
    def _thread_words(desk: OpenThread) -> str:
        """What the thread cost; of a long one only the end is known."""
        words = numbers.points(desk.thread_cost())
        return f"> {words.removeprefix('≈ ')}" if desk.before and words != "?" else words

    def draw_live(self) -> None:
        """The live value, twice a second while something comes in."""
        if self._waiting is not None:
            self.status.tell(live="starting", waiting=False)
            return
        words, waiting = self.live.words() if self.live.active else ("", False)
        self.status.tell(live=words, waiting=waiting)

    def draw_keys(self) -> None:
        """The keys of what is being done now."""
        if not self.is_mounted:
            return
        running = self.desk is not None and self.desk.is_running
        shown = SELECTED if self.stage.in_message_mode else STREAMING if running else IDLE
        keys = bar(shown, self.keys)
        if self.stage.in_message_mode:
            if not self.stage.can_continue:
                keys = [key for key in keys if key[1] != "continue"]
            keys.insert(-1, (label_of("message.help", self.keys), "help"))
        else:
            keys.append(("/", "commands"))
        self.status.tell(keys=keys)
        editing = [*self._footer[:1], ("Esc", "ends the edit")]
        self.composer.tell(keys=editing if self.editing is not None else self._footer)
        self._name_keys()

    def _name_keys(self) -> None:
        """Let the sentences of the transcript name keys as they have to be pressed here."""
        names = {action: label_of(action, self.keys) for action in self.keys}
        last = self.desk.path[-1] if self.desk is not None and self.desk.path else None
        if last is not None and not self.stage.in_message_mode:
            behind = MENDING if last.status not in ("completed", "in_progress") else []
            behind = [*behind, *TAKING] if self.transcript.media(last.id) else behind
            names |= {action: f"Esc {label_of(action, self.keys)}" for action in behind}
        self.stage.look(keys=names)

    def on_transcript_turn_selected(self) -> None:
        """Another turn, other keys."""
        self.draw_keys()

    def on_transcript_follow_changed(self, event: Transcript.FollowChanged) -> None:
        """The pill counts what came below the view."""
        self.pill.lines = 0 if event.follow else event.new_lines

    @on(Pill.Pressed)
    def _pill_pressed(self) -> None:
        self.transcript.go_end()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Other keys matter now."""
        self.draw_keys()

    @on(PromptArea.EndPressed)
    def action_transcript_end(self) -> None:
        """To the end of the conversation, and follow."""
        if self.stage.ready:
            self.transcript.go_end()

    # --- Esc and ^C ------------------------------------------------------------------------------------------------
    async def action_answer_stop(self, wanted: str | None = None) -> None:
        """Esc: close what is open, else stop the answer, else message mode; it never clears text."""
        focused: Widget | None = self.focused
        if wanted is None and self.close_paths(dismissed=True):
            return
        if wanted is None and self._behind_menu is not None:
            self._close_menu()
        elif wanted is None and self.menu.is_open:
            self.menu.show([], self.keys)
            self.composer.prompt.menu_open = False
        elif wanted is None and isinstance(focused, (ThreadList, Chip)):
            self.composer.prompt.focus()
        elif self.stop():
            return
        elif wanted is not None:
            self.notify("No answer is coming in.")
        elif self.editing is not None:
            await self.end_edit()
            self.draw_keys()
        elif self.stage.in_message_mode or not self.stage.enter():
            self.composer.prompt.focus()

    def interrupt(self) -> bool:
        """^C: copy a selection, else stop, else stash the draft; False when there was nothing of the sort."""
        prompt = self.composer.prompt
        if prompt.selected_text:
            self.post_message(self.CopyWanted(prompt.selected_text, "Selection"))
            prompt.move_cursor(prompt.cursor_location)
            return True
        if self._behind_menu is not None:
            self._close_menu()
            return True
        if self.stop():
            return True
        if prompt.text.strip():
            prompt.past.add(prompt.text)
            prompt.put("")
            self.notify("The draft is stashed. ↑ brings it back.")
            return True
        return False

    # --- threads ---------------------------------------------------------------------------------------------------
    @on(ThreadList.Opened)
    def _thread_opened(self, event: ThreadList.Opened) -> None:
        self.open_thread(event.thread_id)

    def action_thread_sidebar(self) -> None:
        """Show or hide the list; under 90 columns it opens over the page."""
        if self.app.size.width >= NARROW:
            self._sidebar_wanted = not self._sidebar_wanted
            self._fit()
            return
        from poe_tui.screens.sidebar import SidebarModal

        def go(chosen: str | None) -> None:
            if chosen == "new":
                self.new_thread()
            elif chosen == "search":
                self.action_thread_search()
            elif chosen is not None:
                self.open_thread(chosen)

        keys = bar(["thread.new", "thread.search"], self.keys)
        self.app.push_screen(SidebarModal(self.entries(), self.threads.current, keys), go)

    def action_thread_new(self, draft: str = "") -> None:
        """A new thread; this one's draft is kept."""
        self.new_thread(draft)

    @on(Stage.Left)
    def _left_message_mode(self) -> None:
        self.composer.prompt.focus()

    @on(Stage.Restarted)
    def _restarted(self) -> None:
        self.transcript.go_end()
        self.composer.prompt.focus()

    @on(Stage.Edit)
    def _edit(self, event: Stage.Edit) -> None:
        self.begin_edit(event.turn)
        self.composer.prompt.focus()
        self.draw_keys()

    # --- scrolling from the prompt ---------------------------------------------------------------------------------
    def action_transcript_page_up(self) -> None:
        """A page up."""
        self._scroll(pages=-1)

    def action_transcript_page_down(self) -> None:
        """A page down."""
        self._scroll(pages=1)

    def action_transcript_line_up(self) -> None:
        """A line up."""
        self._scroll(lines=-1)

    def action_transcript_line_down(self) -> None:
        """A line down."""
        self._scroll(lines=1)

    def _scroll(self, *, lines: int = 0, pages: int = 0) -> None:
        if self.stage.ready and pages:
            self.transcript.scroll_pages(pages)
        elif self.stage.ready:
            self.transcript.scroll_lines(lines)
