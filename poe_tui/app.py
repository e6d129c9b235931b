"""PoeApp: wiring, themes, keys, settings. What a person sees and does is in ``screens/``.

The first frame needs Textual, floor 0 and ``early()`` alone. Settings, key, store and client are opened right behind
it (``opening.py``); what is typed meanwhile waits in the composer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.screen import Screen
from textual.scrollbar import ScrollBar
from textual.signal import Signal

from poe_tui import commands, dialogs
from poe_tui.early import early
from poe_tui.launch import Launch
from poe_tui.numbers import grouped
from poe_tui.palette import Palette
from poe_tui.paths import config_file, state_dir
from poe_tui.screens.conversation import ConversationScreen
from poe_tui.screens.thread_screen import Start
from poe_tui.terminal import pauses
from poe_tui.terminal.line_filter import draws_symbols
from poe_tui.themed_app import ThemedApp
from poe_tui.widgets.approval import ApprovalDock
from poe_tui.widgets.bindings import bindings, keymap
from poe_tui.widgets.scrollbar import ThumbRender

if TYPE_CHECKING:
    from poe_tui.approvals import Approvals
    from poe_tui.config import Settings
    from poe_tui.opening import Opened
    from poe_tui.storage.errors import StoreState

LONG_ANSWER = 10.0
"""Seconds from which the end of an answer is worth a bell, where the settings ask for one."""
SIDEBAR = 28
"""Cells of the list of threads."""
AGAIN = 2.0
"""Seconds in which a second ^C quits."""


class PoeApp(ThemedApp):
    """The app."""

    TITLE = "poe-tui"
    # The default screen loads no style sheet of its own (Textual 8.2.8), so its page is named here.
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "screens/conversation.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")
    VITAL: ClassVar[frozenset[str]] = frozenset({"opening"})
    HOLDING: ClassVar[frozenset[str]] = frozenset({"pick", "open", "fork", "walk", "chip", "chips"})

    def __init__(self, launch: Launch | None = None) -> None:
        self.launch = launch or Launch()
        self.early = early(config_file())
        super().__init__(self.early.theme)
        ScrollBar.renderer = ThumbRender
        self.opened: Opened | None = None
        self.approvals: Approvals | None = None
        self.settings_changed: Signal[Settings] = Signal(self, "settings-changed")
        self._quit_until = 0.0
        self.set_keymap(keymap(self.early.keys))

    # --- the first frame, and what is opened behind it -------------------------------------------------------------
    def get_default_screen(self) -> Screen[Any]:
        """The conversation is the page from the first frame on."""
        screen = ConversationScreen(keys=self.early.keys, demo=self.launch.demo, sidebar=self.early.sidebar)
        screen.density = self.early.density
        screen.palette = self.palette
        return screen

    @property
    def conversation(self) -> ConversationScreen:
        """The page at the bottom of the stack."""
        screen = self.screen_stack[0]
        assert isinstance(screen, ConversationScreen)
        return screen

    @work(exclusive=True, group="opening", exit_on_error=False, description="open settings, store and client")
    async def open_everything(self, *, resume: bool = False) -> None:
        """Open what a conversation needs and hand it to the page."""
        opening = await asyncio.to_thread(import_module, "poe_tui.opening")
        before, self.opened = self.opened, None
        if before is not None:
            await before.aclose()
        opened: Opened = await opening.open_all(self.launch)
        self.opened = opened
        store = opened.runtime.store
        store.on_state = self._store_state
        self.conversation.unsaved = f"not saved: {store.read_only_reason}" if store.read_only_reason else ""
        self.load_palettes(tell=True)
        self.apply_settings(opened.loaded.settings)
        launch = self.launch
        resume = resume or launch.resume or opened.loaded.settings.general.start == "last"
        start = Start(resume=resume and launch.thread is None, thread=launch.thread, model=launch.model)
        await self.conversation.connect(opened.runtime, start, has_key=opened.has_key)
        await self._watch_approvals(opened)
        pauses.settle()
        for notice in opened.notices[:4]:
            self.notify(notice, severity="warning", timeout=15)
        if not opened.has_key:
            dialogs.ask_for_key(self, why=opened.key_problem)
        self.fetch_models()
        self.fetch_balance()

    async def _watch_approvals(self, opened: Opened) -> None:
        from poe_tui.approvals import Approvals

        self.approvals = Approvals(self, self.conversation, opened.runtime)
        opened.runtime.workplace.keep_always = self._allow_always
        await self.approvals.mount()

    @on(ApprovalDock.Answered)
    def _approval_answered(self, message: ApprovalDock.Answered) -> None:
        if self.approvals is not None:
            self.approvals.answer(message)

    @on(ApprovalDock.Stopped)
    def _approval_stopped(self) -> None:
        if self.approvals is not None:
            self.approvals.stop()

    def _allow_always(self, tool: str) -> None:
        allowed = self.opened.loaded.settings.tool_use.always if self.opened is not None else None
        self.save_setting("tool_use.always", f"{allowed}, {tool}" if allowed else tool)

    def reopen(self) -> None:
        """Close everything and open it again: another key, another server. The page stays where it is."""
        self.conversation.keep()
        self.open_everything(resume=True)

    # --- settings --------------------------------------------------------------------------------------------------
    def palette_changed(self, palette: Palette) -> None:
        """The transcript draws its own lines; everything else follows the style sheet."""
        if self.screen_stack:
            self.conversation.use_palette(palette)

    def apply_settings(self, settings: Settings) -> None:
        """Let everything that is drawn follow the settings."""
        look, page = settings.appearance, self.conversation
        self.use_theme(look.theme)
        self.use_plain_glyphs(look.glyphs == "plain" or (look.glyphs == "auto" and not draws_symbols(os.environ)))
        self.set_keymap(keymap(settings.keys))
        page.bind_keys(settings.keys, settings.general.send_key)
        page.use_density(look.density)
        page.use_sidebar(settings.general.sidebar)
        rate = float(settings.advanced.frame_rate)
        page.stage.look(reasoning=look.reasoning, timestamps=look.timestamps, frame_rate=rate)
        self.set_mouse(look.mouse == "on")
        self.settings_changed.publish(settings)
        self.call_later(self._remember_look, settings)

    def _remember_look(self, settings: Settings) -> None:
        """Leave the next start's first frame in the colours and the shape of this one."""
        from poe_tui.terminal import first_look, skeleton

        look = settings.appearance
        skeleton.remember(
            first_look.first_look(
                self.palette, self.console._color_system, sidebar=settings.general.sidebar, density=look.density,
                plain=self.plain_glyphs.enabled,
            )
        )  # fmt: skip

    def save_setting(self, key: str, value: Any) -> Settings:
        """Save one setting, apply it, and return the settings in force. Raises ``BadValue`` or ``ConfigError``."""
        from poe_tui import config

        opened = self.opened
        assert opened is not None
        config.save_value(config_file(), key, value)
        opened.use(config.load(config_file(), os.environ))
        self.apply_settings(opened.loaded.settings)
        self.conversation.draw_figures()
        if key.startswith(("account.base_url", "advanced.", "storage.")):
            if opened.runtime.live.running():
                self.notify("This takes effect with the next start: an answer is still coming in.")
            else:
                self.reopen()
        return opened.loaded.settings

    def redact(self, text: str) -> str:
        """Take the key out of anything that is written down."""
        keys = [os.environ.get("POE_API_KEY", "").strip()]
        if self.opened is not None and self.opened.secret is not None and not self.opened.demo:
            keys.append(self.opened.secret.reveal())
        for key in filter(None, keys):
            text = text.replace(key, "***")
        return text

    # --- in the background -----------------------------------------------------------------------------------------
    @work(exclusive=True, group="models", exit_on_error=False, description="fetch the model list")
    async def fetch_models(self) -> None:
        """Fetch the model list when it is missing or old."""
        opened = self.opened
        if opened is not None and opened.list_is_stale and await opened.runtime.catalog.refresh():
            self.conversation.draw_figures()

    @work(exclusive=True, group="balance", exit_on_error=False, description="fetch the balance")
    async def fetch_balance(self) -> None:
        """Show what is left; a server that does not say shows nothing."""
        from poe_tui.api.errors import APIError

        opened = self.opened
        if opened is None or not opened.has_key or not opened.loaded.settings.account.show_balance:
            return
        with contextlib.suppress(APIError):
            left = await opened.runtime.client.balance()
            self.conversation.balance = f"{grouped(left)} pts" if left is not None else ""
            self.conversation.draw_figures()

    @on(ConversationScreen.TurnChanged)
    def _turn_changed(self, message: ConversationScreen.TurnChanged) -> None:
        if message.event.type == "turn.ended":
            self.fetch_balance()
            opened, took = self.opened, message.event.turn.timing.get("total") or 0.0
            if opened is not None and opened.loaded.settings.general.notify == "bell" and took > LONG_ANSWER:
                self.bell()

    def _store_state(self, state: StoreState) -> None:
        """Called from the store's thread."""
        self.call_later(self._show_store_state, state)

    def _show_store_state(self, state: StoreState) -> None:
        self.conversation.unsaved = "" if state.kind == "ok" else f"not saved: {state.reason or state.kind}"
        self.conversation.draw_figures()

    def notice_width(self) -> int:
        """The cells between the page's text column and R: a notice leaves the list of threads alone."""
        beside = isinstance(self.screen, ConversationScreen) and self.screen.sidebar.display
        return super().notice_width() - (SIDEBAR if beside else 0)

    async def on_app_focus(self) -> None:
        """Back at this window: other windows may have added threads meanwhile."""
        await self.conversation.refresh_threads()

    # --- what the page asks for ------------------------------------------------------------------------------------
    @on(ConversationScreen.Ready)
    async def _page_is_ready(self) -> None:
        await self.release_input()
        # Behind the first whole frame: an import in another thread takes half of the time until then.
        self.call_after_refresh(self.call_after_refresh, self.open_everything)

    @on(ConversationScreen.NeedsKey)
    def _needs_key(self) -> None:
        dialogs.ask_for_key(self)

    @on(ConversationScreen.Command)
    async def _command(self, message: ConversationScreen.Command) -> None:
        if not await commands.run(self, message.action, message.argument):
            self.notify(f"{message.action.label} cannot be done here.", severity="warning")

    @on(ConversationScreen.CopyWanted)
    def _copy_wanted(self, message: ConversationScreen.CopyWanted) -> None:
        self.copy_to_clipboard(message.text)

    @on(ConversationScreen.EditorWanted)
    async def _editor_wanted(self, message: ConversationScreen.EditorWanted) -> None:
        from poe_tui.terminal.editor import edit

        text, problem = await edit(self, message.text, state_dir())
        if problem:
            self.notify(problem, severity="warning")
        elif text is not None:
            message.take(text)

    # --- actions ---------------------------------------------------------------------------------------------------
    def action_app_palette(self) -> None:
        """All commands, over the composer."""
        if isinstance(self.screen, ConversationScreen):
            self.screen.open_menu()

    def action_app_help(self) -> None:
        """The keys that work here."""
        dialogs.open_help(self)

    def action_app_settings(self, page: str = "general") -> None:
        """Change settings."""
        dialogs.open_settings(self, page)

    def action_app_theme(self, name: str = "") -> None:
        """Another theme, by name or with a preview."""
        if not name:
            dialogs.open_settings(self, "appearance")
        elif self.use_theme(name) and self.opened is not None:
            self.save_setting("appearance.theme", name)

    def action_app_redraw(self) -> None:
        """Draw everything again."""
        self.redraw()

    def action_app_suspend(self) -> None:
        """Back to the shell."""
        self.action_suspend_process()

    def action_app_interrupt(self) -> None:
        """^C: copy, stop, stash, and at last quit."""
        if isinstance(self.screen, ConversationScreen) and self.screen.interrupt():
            return
        now = asyncio.get_running_loop().time()
        if now < self._quit_until:
            self.call_later(self.leave, 0)
            return
        self._quit_until = now + AGAIN
        self.notify("^C again quits.", timeout=AGAIN)

    async def action_app_quit(self) -> None:
        """Leave; while an answer streams, ask once."""
        opened = self.opened
        running = opened.runtime.live.running() if opened is not None else set()
        if running and opened is not None and opened.loaded.settings.general.confirm_quit:
            dialogs.ask_before_quitting(self, len(running))
        else:
            await self.leave(0)

    async def close_down(self) -> None:
        """Save the draft and the place, stop the streams, flush the store."""
        if self.screen_stack:
            self.conversation.keep()
        if self.opened is not None:
            await self.opened.aclose()
