"""TerminalApp: what every Textual app needs that runs in somebody's terminal, over SSH, for hours.

It adds to ``App``: the last gate before the terminal, one-line crash messages without locals, an end that restores the
terminal first and then saves, signals, and toasts that never parse markup. Nothing here knows what the app is about.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from textual import constants, on
from textual.driver import Driver
from textual.filter import Monochrome, NoColor
from textual.worker import Worker, WorkerState

from poe_tui.paths import state_dir
from poe_tui.sanitize import clean
from poe_tui.terminal import crash, signals
from poe_tui.terminal.line_filter import PlainGlyphs, SafeLineFilter, draws_symbols
from poe_tui.terminal.notices import Notices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from textual.filter import LineFilter
    from textual.screen import Screen

SAVE_TIME = 2.0
"""Seconds that saving may take once the terminal has been given back."""
LAST_RESORT = 4.0
"""Seconds after a signal in which the process ends even if its event loop hangs."""


class TerminalApp(Notices, inherit_bindings=False):
    """Base class of the app; subclasses say what to save in ``close_down`` and what is secret in ``redact``."""

    ENABLE_COMMAND_PALETTE = False
    CLOSE_TIMEOUT = 1.0
    VITAL: ClassVar[frozenset[str]] = frozenset()
    """Groups of workers without whose work there is no app."""

    def __init__(self, *, driver_class: type[Driver] | None = None) -> None:
        self._gate = SafeLineFilter()
        self.plain_glyphs = PlainGlyphs(enabled=not draws_symbols(os.environ))
        super().__init__(driver_class=driver_class)
        if self.no_color:
            self._use_no_colours()
        self._farewell: list[str] = []
        self._saving: asyncio.Future[None] | None = None
        self._ending = False

    # --- for subclasses --------------------------------------------------------------------------------------------
    async def close_down(self) -> None:
        """Save and close everything, within about ``SAVE_TIME``; the terminal has been given back already."""

    def redact(self, text: str) -> str:
        """Return ``text`` without secrets; every crash report and message goes through it."""
        return text

    # --- what comes from it ----------------------------------------------------------------------------------------
    async def release_input(self) -> None:
        """Let everything typed so far go where the focus is now. Call it from a handler of the app's own."""
        self.call_after_refresh(self.call_after_refresh, self.raise_curtain)
        await super().release_input()

    # --- what reaches the terminal ---------------------------------------------------------------------------------
    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's own filters and, behind them, the gate."""
        plain = [self.plain_glyphs] if self.plain_glyphs.enabled else []
        return [*super().get_line_filters(), *plain, self._gate]

    def _use_no_colours(self) -> None:
        """Leave every colour to the terminal, by the rules of no-color.org: an empty NO_COLOR asks for nothing.

        Textual decides before a theme is chosen and then draws in greys: black on black where the theme uses the
        terminal's own colours.
        """
        self.no_color = bool(os.environ.get("NO_COLOR"))
        kept = [one for one in self._filters if not isinstance(one, (Monochrome, NoColor))]
        self._filters = [*kept, NoColor()] if self.no_color else kept

    def use_plain_glyphs(self, on: bool) -> None:
        """Draw symbols by ASCII characters, or as they are; what is on screen is drawn again."""
        if on != self.plain_glyphs.enabled:
            self.plain_glyphs.enabled = on
            for screen in self.screen_stack:
                for widget in screen.walk_children(with_self=True):
                    widget.refresh()

    def get_driver_class(self) -> type[Driver]:
        """Return our driver, unless the environment asks for another (tests, textual-web)."""
        if constants.DRIVER is not None:
            return super().get_driver_class()
        from poe_tui.terminal.driver import QuietDriver

        return QuietDriver

    def _watch_app_focus(self, focus: bool) -> None:
        """Keep the focus where it is: another window in front is no reason to redraw or to change the mode."""

    def _set_pointer_shape(self, shape: str) -> None:
        """Never: the mouse pointer belongs to the terminal, and the bytes cost."""

    def redraw(self) -> None:
        """Draw every cell again, for a terminal that shows something else than we think."""
        self.forget_screen()
        if self.screen_stack:
            self.screen.refresh(layout=True)

    @on(Driver.SignalResume)
    def _draw_after_suspension(self) -> None:
        self.redraw()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Put the terminal's own cursor on the caret after every frame: input methods open their window there."""
        offset = getattr(self.focused, "cursor_screen_offset", None) if self._screen_stack else None
        if offset is not None:
            self.cursor_position = offset
        super()._display(screen, renderable)

    def set_mouse(self, on: bool) -> None:
        """Switch mouse reports on or off while the app runs."""
        switch = getattr(self._driver, "set_mouse", None)
        if switch is not None:
            switch(on)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy by the best route there is and say which it was."""
        self._clipboard = text
        self.run_worker(self._copy(text), name="copy", group="clipboard", exit_on_error=False)

    async def _copy(self, text: str) -> None:
        from poe_tui.terminal import clipboard

        driver = self._driver
        copied = await clipboard.copy(text, driver.write if driver is not None else lambda _: None, state_dir())
        self.notify(copied.words, severity="warning" if copied.failed else "information")

    # --- crashes ---------------------------------------------------------------------------------------------------
    def _handle_exception(self, error: Exception) -> None:
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._fatal_error()

    def _fatal_error(self) -> None:
        """End after an unhandled exception: a line on the terminal, the rest in a file, no locals anywhere."""
        error = self._exception or sys.exc_info()[1]
        if error is not None and not self._farewell:
            report = crash.write_report(error, self.redact, state_dir())
            self._farewell.append(f"poe-tui stopped because of an error. {crash.describe(error, self.redact)}")
            self._farewell.append("What was sent and received is saved." + (f" Report: {report}" if report else ""))
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        """End with a message; only plain words are printed."""
        words = [str(renderable) for renderable in renderables if isinstance(renderable, (str, Exception))]
        self._farewell.extend(self.redact(text) for text in words or ["poe-tui stopped because of an error."])
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        lines, self._farewell = self._farewell, []
        self._exit_renderables.clear()
        stream = sys.__stderr__
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                for line in lines:
                    print(clean(line, single_line=True), file=stream)

    def _stray_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Keep what a forgotten task raised in a file; printing it would tear the screen."""
        error = context.get("exception")
        if isinstance(error, BaseException):
            crash.write_report(error, self.redact, state_dir())

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        """A worker's mistake ends no conversation: it is told in a line, and the report is in a file."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and isinstance(error, Exception) and event.worker.group in self.VITAL:
            self._handle_exception(error)
        elif event.state is WorkerState.ERROR and error is not None:
            crash.write_report(error, self.redact, state_dir())
            what = event.worker.description or event.worker.name or "A task"
            self.notify(f"{what} failed: {crash.describe(error, self.redact)}", severity="error", timeout=15)

    # --- the end ---------------------------------------------------------------------------------------------------
    def restore_terminal(self) -> None:
        """Give the terminal back at once; drawing afterwards goes nowhere. Harmless when called again."""
        restore = getattr(self._driver, "restore", None)
        if restore is not None:
            restore()

    async def leave(self, code: int = 0) -> None:
        """End the app: the terminal first, then saving, then the rest."""
        if self._ending:
            return
        self._ending = True
        self.restore_terminal()
        await self._save()
        self.exit(code, return_code=code)

    def end_by_signal(self, code: int) -> None:
        """Restore, save and leave the process with ``code``; an event loop that hangs is left behind.

        Harmless while the app is ending already: what is being saved is waited for, never cut.
        """
        signals.leave_within(LAST_RESORT, code)
        self._ending = True
        self.restore_terminal()
        self._save().add_done_callback(lambda _: signals.leave(code))

    def terminal_gone(self) -> None:
        """The terminal was closed (end of file or EIO): the same end as SIGHUP, also where that is ignored."""
        self.end_by_signal(129)

    def _save(self) -> asyncio.Future[None]:
        """Save once, however many ends come at the same time; the future is done when everything is kept."""
        if self._saving is None:
            self._saving = asyncio.ensure_future(self._close_down())
        return asyncio.shield(self._saving)

    async def _close_down(self) -> None:
        try:
            await asyncio.wait_for(self.close_down(), SAVE_TIME + 0.5)
        except Exception as error:
            crash.write_report(error, self.redact, state_dir())

    async def _shutdown(self) -> None:
        await self._save()  # Also after a crash; the driver has stopped by now.
        await super()._shutdown()

    def run_to_code(self, *, mouse: bool = True) -> int:
        """Run in the terminal until the end and return the exit code. For the command line.

        Unlike ``run`` this never waits for the loop's executor: a resolver thread may hang in it. The caller should
        end the process with ``signals.leave``.
        """
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(self._stray_exception)
        signals.install(loop, self.end_by_signal)
        try:
            loop.run_until_complete(self.run_async(mouse=mouse))
        finally:
            self.restore_terminal()
            signals.remove(loop)
            with contextlib.suppress(Exception):
                loop.run_until_complete(_cancel_the_rest())
            asyncio.set_event_loop(None)
            loop.close()
            self._print_error_renderables()
        return self.return_code or 0


async def _cancel_the_rest() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=0.5)
