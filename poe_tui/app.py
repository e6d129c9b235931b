"""PoeApp: wiring, themes, keys, settings. What a person sees and does is in ``screens/``.

The first frame needs Textual, floor 0 and ``early()`` alone. Settings, key, store and client are opened right behind
it (``opening.py``); what is typed meanwhile waits in the composer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.screen import Screen
from textual.scrollbar import ScrollBar
from textual.signal import Signal

from poe_tui import commands
from poe_tui.early import early
from poe_tui.launch import Launch
from poe_tui.palette import POE_DARK, Palette
from poe_tui.paths import config_file, shipped_themes_dir, state_dir, user_themes_dir
from poe_tui.screens.conversation import ConversationScreen
from poe_tui.screens.thread_screen import Start
from poe_tui.terminal.app_base import TerminalApp
from poe_tui.themes import load_palettes, textual_theme
from poe_tui.widgets.bindings import bindings, keymap
from poe_tui.widgets.numbers import thin
from poe_tui.widgets.scrollbar import ThumbRender

if TYPE_CHECKING:
    from poe_tui.config import Settings
    from poe_tui.opening import Opened
    from poe_tui.storage.errors import StoreState

AGAIN = 2.0
"""Seconds in which a second ^C quits."""


class PoeApp(TerminalApp):
    """The app."""

    TITLE = "poe-tui"
    # The default screen loads no style sheet of its own (Textual 8.2.8), so its page is named here.
    CSS_PATH: ClassVar[list[str]] = ["app.tcss", "screens/conversation.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")

    def __init__(self, launch: Launch | None = None) -> None:
        self.launch = launch or Launch()
        self.early = early(config_file())
        self.palettes: dict[str, Palette] = {POE_DARK.name: POE_DARK}
        self.palette = POE_DARK
        super().__init__()
        ScrollBar.renderer = ThumbRender
        self.opened: Opened | None = None
        self.settings_changed: Signal[Settings] = Signal(self, "settings-changed")
        self._quit_until = 0.0
        self._choose_first_palette()
        self.set_keymap(keymap(self.early.keys))

    # --- the first frame -------------------------------------------------------------------------------------------
    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, so that the style sheets parse before a theme of ours is set."""
        return textual_theme(self.palette).variables

    def _choose_first_palette(self) -> None:
        name = self.early.theme
        if self.no_color:
            name = "poe-ansi-dark"
        if name != POE_DARK.name:
            self.load_palettes()
        self.use_palette(self.palettes.get(name, POE_DARK))
        self.stylesheet.set_variables(self.get_css_variables())

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

    def on_mount(self) -> None:
        """Open everything else behind the first frame."""
        self.call_after_refresh(self.open_everything)

    @work(exclusive=True, group="opening", exit_on_error=False, description="open settings, store and client")
    async def open_everything(self) -> None:
        """Open what a conversation needs and hand it to the page."""
        opening = await asyncio.to_thread(import_module, "poe_tui.opening")
        before, self.opened = self.opened, None
        if before is not None:
            await before.aclose()
        opened: Opened = await opening.open_all(self.launch)
        self.opened = opened
        opened.runtime.store.on_state = self._store_state
        self.load_palettes(tell=True)
        self.apply_settings(opened.runtime.settings)
        launch = self.launch
        resume = launch.resume or opened.loaded.settings.general.start == "last" or before is not None
        start = Start(resume=resume and launch.thread is None, thread=launch.thread, model=launch.model)
        await self.conversation.connect(opened.runtime, start, has_key=opened.has_key)
        for notice in opened.notices[:4]:
            self.notify(notice, severity="warning", timeout=15)
        if not opened.has_key:
            self.ask_for_key(why=opened.key_problem)
        self.fetch_models()
        self.fetch_balance()

    # --- settings --------------------------------------------------------------------------------------------------
    def apply_settings(self, settings: Settings) -> None:
        """Let everything that is drawn follow the settings."""
        look, page = settings.appearance, self.conversation
        if look.theme != self.theme and not self.no_color:
            self.use_theme(look.theme)
        self.plain_glyphs.enabled = look.glyphs == "plain" or (look.glyphs == "auto" and not _is_unicode(os.environ))
        self.set_keymap(keymap(settings.keys))
        page.bind_keys(settings.keys, settings.general.send_key)
        page.use_density(look.density)
        page.use_sidebar(settings.general.sidebar)
        page.transcript.reasoning = look.reasoning
        page.transcript.timestamps = look.timestamps
        page.transcript.frame_rate = float(settings.advanced.frame_rate)
        self.set_mouse(look.mouse == "on")
        self.settings_changed.publish(settings)

    def save_setting(self, key: str, value: Any) -> Settings:
        """Save one setting, apply it, and return the settings in force. Raises ``BadValue`` or ``ConfigError``."""
        from poe_tui import config

        opened = self.opened
        assert opened is not None
        config.save_value(config_file(), key, value)
        loaded = config.load(config_file(), os.environ)
        opened.loaded, opened.runtime.settings = loaded, loaded.settings
        self.apply_settings(loaded.settings)
        if key.startswith(("account.base_url", "advanced.", "storage.")):
            self._reopen_when_quiet()
        return loaded.settings

    def _reopen_when_quiet(self) -> None:
        """Connection settings need a new client; streams that run are not cut for it."""
        opened = self.opened
        if opened is not None and opened.runtime.live.running():
            self.notify("This takes effect with the next start: an answer is still coming in.")
        elif opened is not None:
            self.conversation.keep()
            self.open_everything()

    # --- themes ----------------------------------------------------------------------------------------------------
    def load_palettes(self, *, tell: bool = False) -> None:
        """Read the theme files; a broken one is named and skipped."""
        self.palettes, problems = load_palettes([shipped_themes_dir(), user_themes_dir()])
        for palette in self.palettes.values():
            self.register_theme(textual_theme(palette))
        for problem in problems if tell else ():
            self.notify(str(problem), severity="warning", timeout=15)

    def use_palette(self, palette: Palette) -> None:
        """Draw everything in other colours."""
        self.palette = palette
        self.register_theme(textual_theme(palette))
        self.theme = palette.name
        for screen in self.screen_stack if self._screen_stacks else ():
            if isinstance(screen, ConversationScreen):
                screen.use_palette(palette)

    def use_theme(self, name: str) -> None:
        """Use a theme by its name; an unknown one is named and changes nothing."""
        palette = self.palettes.get(name)
        if palette is not None:
            self.use_palette(palette)
        else:
            self.notify(f"There is no theme {name}. Known are {', '.join(self.palettes)}.", severity="warning")

    # --- the key ---------------------------------------------------------------------------------------------------
    @on(ConversationScreen.NeedsKey)
    def _needs_key(self) -> None:
        self.ask_for_key()

    def ask_for_key(self, *, again: bool = False, why: str = "") -> None:
        """Ask for a key; without one, the demo or the door."""
        from poe_tui.screens.first_run import FirstRunModal, Outcome

        opened = self.opened
        assert opened is not None

        async def store(text: str) -> None:
            from poe_tui.opening import check_and_store

            await check_and_store(text, opened.runtime.settings)

        def done(outcome: Outcome | None) -> None:
            if outcome == "stored":
                self.conversation.keep()
                self.open_everything()
            elif outcome == "demo":
                self.launch = Launch(demo=True)
                self.conversation.header.tell(demo=True)
                self.open_everything()
            elif outcome == "quit":
                self.call_later(self.leave, 0)

        self.push_screen(FirstRunModal(store, again=again, why=why), done)

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
        from poe_tui.opening import is_stale

        opened = self.opened
        if opened is not None and is_stale(opened.runtime) and await opened.runtime.catalog.refresh():
            self.conversation.draw_figures()

    @work(exclusive=True, group="balance", exit_on_error=False, description="fetch the balance")
    async def fetch_balance(self) -> None:
        """Show what is left; a server that does not say shows nothing."""
        from poe_tui.api.errors import APIError

        opened = self.opened
        if opened is None or not opened.has_key or not opened.runtime.settings.account.show_balance:
            return
        with contextlib.suppress(APIError):
            left = await opened.runtime.client.balance()
            self.conversation.balance = f"{thin(left)} pts" if left is not None else ""
            self.conversation.draw_figures()

    @on(ConversationScreen.TurnChanged)
    def _turn_changed(self, message: ConversationScreen.TurnChanged) -> None:
        if message.event.type == "turn.ended":
            self.fetch_balance()

    def _store_state(self, state: StoreState) -> None:
        """Called from the store's thread."""
        self.call_later(self._show_store_state, state)

    def _show_store_state(self, state: StoreState) -> None:
        self.conversation.unsaved = "" if state.kind == "ok" else f"not saved: {state.reason or state.kind}"
        self.conversation.draw_figures()

    # --- actions ---------------------------------------------------------------------------------------------------
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
            self.conversation.composer.prompt.put(text)

    def action_app_palette(self) -> None:
        """All commands, over the composer."""
        if isinstance(self.screen, ConversationScreen):
            self.screen.open_menu()

    def action_app_help(self) -> None:
        """The keys that work here."""
        from poe_tui.screens.help import HelpModal

        own = self.opened.runtime.settings.keys if self.opened is not None else self.early.keys
        page = self.screen
        scopes = page.help_scopes if isinstance(page, ConversationScreen) else HELP_SCOPES.get(type(page).__name__)
        self.push_screen(HelpModal(scopes or ["app"], own))

    def action_app_settings(self, page: str = "general") -> None:
        """Change settings."""
        from poe_tui.screens.settings import SettingsContext, SettingsScreen

        opened = self.opened
        if opened is None:
            return
        context = SettingsContext(
            settings=opened.loaded.settings, save=self.save_setting, themes=list(self.palettes),
            overrides=self.conversation.overrides(), file=str(config_file()),
            facts={"account": [("Key", opened.key_source or "none")]},
            pick_model=self.conversation.pick_for_settings, change_key=lambda: self.ask_for_key(again=True),
        )  # fmt: skip
        self.push_screen(SettingsScreen(context, page=page))

    def action_app_theme(self, name: str = "") -> None:
        """Another theme, by name or with a preview."""
        if not name:
            self.action_app_settings("appearance")
        elif name in self.palettes and self.opened is not None:
            self.save_setting("appearance.theme", name)
        else:
            self.use_theme(name)

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
        if running and opened is not None and opened.runtime.settings.general.confirm_quit:
            from poe_tui.screens.confirm import ConfirmModal

            if isinstance(self.screen, ConfirmModal):
                await self.leave(0)
                return
            what = "An answer is" if len(running) == 1 else f"{len(running)} answers are"
            modal = ConfirmModal("Quit now?", f"{what} still coming in. What has arrived is kept.", yes="quit")

            def answered(yes: bool | None) -> None:
                if yes:
                    self.call_later(self.leave, 0)

            self.push_screen(modal, answered)
            return
        await self.leave(0)

    async def close_down(self) -> None:
        """Save the draft and the place, stop the streams, flush the store."""
        if self.screen_stack:
            self.conversation.keep()
        if self.opened is not None:
            await self.opened.aclose()


HELP_SCOPES: dict[str, list[Any]] = {"ModelPickerScreen": ["picker", "app"], "SettingsScreen": ["settings", "app"]}
"""What the help tells about on the other pages."""


def _is_unicode(environ: Any) -> bool:
    """Whether the terminal's locale says UTF-8, and the terminal is not the Linux console."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return "utf" in locale.casefold() and environ.get("TERM") != "linux"
