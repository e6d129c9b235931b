"""DiffDisplay: the app's frames go through the frame diff, and a terminal that is slow gets fewer of them.

``App._display`` is private in Textual 8.2.8; ``test_display.py`` fails when upstream changes it. Whatever is not known
here is drawn by Textual itself, and ``POE_TUI_FRAME_DIFF=0`` switches the diff off altogether.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual._compositor import CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen, ScreenResultType

from poe_tui.terminal.output import FrameOutput

if TYPE_CHECKING:
    from rich.console import RenderableType

_NO_BCE = ("screen", "linux", "vt", "dumb", "ansi", "tmux", "cygwin")
"""Terminals whose terminfo has no ``bce``, or whose multiplexer may not have it: erasing gives the default colour."""

CURTAIN = 2.0
"""Seconds after which the app is drawn whether its first page is whole or not."""
CATCH_UP = 0.03
"""Seconds until a terminal that could not follow is asked again."""


class CurtainedScreen(Screen[ScreenResultType]):
    """A screen that renders nothing while the curtain is down: nobody would see it, and it costs a tenth of a start."""

    def _compositor_refresh(self) -> None:
        if getattr(self.app, "curtain_is_down", False):
            self._compositor._dirty_regions.clear()
            self._dirty_widgets.clear()
        else:
            super()._compositor_refresh()


class DiffDisplay(App[int], inherit_bindings=False):
    """Draws by difference. A subclass of ``App`` to be built upon, nothing else."""

    frame_diff: bool = True
    """Whether frames are compared at all; a setting may switch it off at any time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.frame_diff = os.environ.get("POE_TUI_FRAME_DIFF", "1") not in ("0", "off", "no")
        self.frame_output: FrameOutput | None = None
        """The diff of this terminal, once something was drawn."""
        self._behind = False
        self._curtain = False

    @property
    def curtain_is_down(self) -> bool:
        """Whether frames are held back; the first one afterwards draws everything."""
        return self._curtain

    def lower_curtain(self) -> None:
        """Leave what stands on the terminal (the skeleton) until the first page is whole: no half-built frame."""
        self._curtain = True
        self.set_timer(CURTAIN, self.raise_curtain)

    def raise_curtain(self) -> None:
        """The page is whole: draw it."""
        if self._curtain:
            self._curtain = False
            self._draw_newest()

    def forget_screen(self) -> None:
        """Nothing is known any more of what the terminal shows: the next frame is drawn in full."""
        if self.frame_output is not None:
            self.frame_output.forget()

    def terminal_writer(self) -> Callable[[str], object] | None:
        """Return what takes the bytes of a frame, or ``None`` where there is no terminal (tests, export)."""
        driver = self._driver
        if driver is None or self.is_headless or driver.is_inline or not self._running or self._closed:
            return None
        return driver.write

    def terminal_lags(self) -> bool:
        """Whether what was written before has not reached the terminal yet."""
        return bool(getattr(self._driver, "lags", False))

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        write = self.terminal_writer() if self.frame_diff else None
        if write is None or self._batch_count or not isinstance(renderable, CompositorUpdate):
            if renderable is not None and not self._batch_count:
                self.forget_screen()  # Textual draws, so we do not know what.
            super()._display(screen, renderable)
            return
        try:
            if self._curtain:
                pass
            elif self._behind or self.terminal_lags():
                self._fall_behind()
            elif not self._draw(renderable, write):
                self.forget_screen()
                super()._display(screen, renderable)
                return
        except Exception as error:  # As Textual does: a renderer's fault ends the app in order.
            self._handle_exception(error)
        self.post_display_hook()

    def _draw(self, update: CompositorUpdate, write: Callable[[str], object]) -> bool:
        output = self.frame_output
        if output is None:
            output = self.frame_output = self._new_output()
        output.sync = self._sync_available
        size = (self.size.width, self.size.height)
        if not output.knows(size) and not isinstance(update, LayoutUpdate):
            update = self._full_update()
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        text = output.encode(update, size, (cursor.x, cursor.y))
        if text is None:
            return False
        self._previous_cursor_position = cursor
        if text:
            write(text)
        return True

    def _new_output(self) -> FrameOutput:
        bce = not os.environ.get("TERM", "").startswith(_NO_BCE)
        return FrameOutput(self.console._color_system, erase_with_colour=bce)

    def _fall_behind(self) -> None:
        """Skip this frame; the newest one is drawn when the terminal has taken what it was given."""
        if not self._behind:
            self._behind = True
            self.set_timer(CATCH_UP, self._catch_up)

    def _catch_up(self) -> None:
        if self.terminal_lags():
            self.set_timer(CATCH_UP, self._catch_up)
            return
        self._behind = False
        self._draw_newest()

    def _draw_newest(self) -> None:
        if self.screen_stack:
            self._display(self.screen, self._full_update())

    def _full_update(self) -> LayoutUpdate:
        update = self.screen._compositor.render_update(full=True, screen_stack=self._background_screens)
        assert isinstance(update, LayoutUpdate)
        return update
