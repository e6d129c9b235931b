"""Every frame of a run: our bytes make a terminal show what Textual's own bytes would, cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

import poe_tui.app
from poe_tui.app import PoeApp
from poe_tui.launch import Launch
from tests.terminal.screen import Screen, look

APP_CSS = [Path(poe_tui.app.__file__).parent / path for path in PoeApp.CSS_PATH]


class WatchedApp(PoeApp):
    """The app with a terminal that is a value; each frame is judged as it is drawn."""

    CSS_PATH = APP_CSS

    def __init__(self) -> None:
        super().__init__(Launch(demo=True))
        self.terminal = Screen(*self.size)
        self.reference = Screen(*self.size)
        """The same terminal, fed with what Textual itself writes for the same updates."""
        self.frames = 0
        self.wrong: list[str] = []
        self.lagging = False

    def terminal_writer(self) -> Callable[[str], object] | None:
        return self.terminal.feed

    def terminal_lags(self) -> bool:
        return self.lagging

    def _display(self, screen: Any, renderable: Any) -> None:
        if (self.terminal.width, self.terminal.height) != tuple(self.size):
            self.terminal, self.reference = Screen(*self.size), Screen(*self.size)
            self.terminal.feed("?" * self.size.width)  # A terminal that was resized shows anything.
            self.forget_screen()
        super()._display(screen, renderable)
        if renderable is not None and not self._batch_count:
            self.reference.feed(renderable.render_segments(self.console))
            if not self._behind:
                self.judge()

    def judge(self) -> None:
        self.frames += 1
        for y in range(self.terminal.height):
            shown = list(map(look, self.terminal.cells[y]))
            meant = list(map(look, self.reference.cells[y]))
            if shown != meant:
                x = next(x for x in range(len(meant)) if shown[x] != meant[x])
                self.wrong.append(f"frame {self.frames} row {y} column {x}: {shown[x]} for {meant[x]}")
        if self.terminal.foreign:
            self.wrong.append(f"foreign: {self.terminal.foreign[:3]}")


async def idle(pilot: Pilot[int], app: WatchedApp) -> None:
    """Wait until nothing streams."""
    for _ in range(2000):
        await pilot.pause(0.01)
        if app.opened is not None and not app.opened.runtime.live.running():
            return
    raise AssertionError("the answer did not end")


async def ask(pilot: Pilot[int], app: WatchedApp, words: str) -> None:
    await pilot.press(*words, "enter")
    await idle(pilot, app)


async def ready(pilot: Pilot[int], app: WatchedApp) -> None:
    for _ in range(500):
        await pilot.pause(0.01)
        if app.opened is not None and app.opened.server is not None:
            app.opened.server.speed = 0.05
            return
    raise AssertionError("the app did not open")


@pytest.mark.parametrize("model", ["Claude-Sonnet-4.5", "Demo-Code", "Demo-Search"])
async def test_every_frame_of_a_conversation(model: str) -> None:
    app = WatchedApp()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+o", *model, "enter")
        await ask(pilot, app, "日本 e\u0301")
        await pilot.press("pageup", "shift+up", "shift+up")
        await pilot.resize_terminal(80, 24)
        await ask(pilot, app, "more")
        await pilot.press("escape", "k", "k", "g", "G", "x", "x", "i")
        await pilot.resize_terminal(120, 40)
        await pilot.press("pageup", "pagedown", "end")
        await pilot.pause()
    assert app.frames > 20
    assert app.wrong == []
    assert app.frame_output is not None and app.frame_output.statistics.scrolls


async def test_every_frame_of_screens_and_dialogs() -> None:
    app = WatchedApp()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot, app)
        await ask(pilot, app, "hello")
        for keys in (
            ["ctrl+o", "c", "l", "down", "tab", "s", "asterisk", "escape", "escape"],
            ["f1", "down", "down", "escape"],
            ["ctrl+p", "t", "h", "e", "escape"],
            ["f3", "f3"],
            ["ctrl+n"],
            ["slash", "s", "e", "t", "t", "i", "n", "g", "s", "enter", "tab", "down", "down", "tab", "right", "escape"],
            ["ctrl+r", "h", "e", "l", "escape"],
            ["ctrl+y", "escape"],
        ):
            await pilot.press(*keys)
            await pilot.pause()
        for size in ((60, 12), (40, 9), (130, 45), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
    assert app.wrong == []


async def test_a_slow_terminal_gets_the_newest_frame_only() -> None:
    app = WatchedApp()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot, app)
        app.lagging = True
        before = app.frames
        await pilot.press(*"typed while the terminal is busy")
        assert app.frames == before
        assert app.conversation.composer.text == "typed while the terminal is busy"
        app.lagging = False
        for _ in range(200):
            await pilot.pause(0.01)
            if app.frames > before and not app._behind:
                break
        app.judge()
        assert any("typed while the terminal is busy" in line for line in app.terminal.text())
    assert app.wrong == []


async def test_redraw_repairs_a_garbled_screen() -> None:
    app = WatchedApp()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot, app)
        app.terminal.feed("\x1b[H\x1b[0mgarbage" * 3)
        await pilot.press("ctrl+l")
        await pilot.pause()
        app.wrong.clear()  # A frame between the garbage and the key does not know of it.
        app.judge()
    assert app.wrong == []


def test_the_diff_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POE_TUI_FRAME_DIFF", "0")
    assert PoeApp(Launch(demo=True)).frame_diff is False
