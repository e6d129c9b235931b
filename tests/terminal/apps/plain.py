"""A TerminalApp with a text area: prints what happened on its own screen and saves slowly when told to."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static, TextArea

from poe_tui.terminal import signals
from poe_tui.terminal.app_base import TerminalApp
from poe_tui.terminal.driver import BulkPaste


def save(path: Path, text: str) -> None:
    path.write_text(text)


class Area(TextArea):
    """A text area that knows of large pastes."""

    def on_bulk_paste(self, event: BulkPaste) -> None:
        self.app.query_one("#said", Static).update(f"bulk {len(event.data)}")

    def on_paste(self) -> None:
        self.app.query_one("#said", Static).update("pasted")

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.prevent_default()
            self.app.query_one("#sent", Static).update(f"sent {self.text!r}")


class PlainApp(TerminalApp):
    """What a subclass adds: bindings, something to save, a secret."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "go", priority=True),
        Binding("ctrl+x", "fail", priority=True),
        Binding("ctrl+z", "suspend_process", priority=True),
    ]
    CSS = "TextArea { height: 5; border: none; } Static { height: 1; }"

    def compose(self) -> ComposeResult:
        yield Static("ready", id="said", markup=False)
        yield Static("", id="sent", markup=False)
        area = Area()
        area.cursor_blink = False
        yield area

    async def on_mount(self) -> None:
        self.screen.set_focus(self.query_one(Area))
        await self.release_input()

    def redact(self, text: str) -> str:
        return text.replace("sesame", "***")

    async def action_go(self) -> None:
        await self.leave(0)

    def action_fail(self) -> None:
        password = "sesame"
        raise RuntimeError(f"no good: {password} \x1b]0;title\x07")

    async def close_down(self) -> None:
        path = os.environ.get("SAVE_TO")
        if path:
            await asyncio.sleep(float(os.environ.get("SAVE_TIME", "0")))
            save(Path(path), self.query_one(Area).text)


if __name__ == "__main__":
    signals.leave(PlainApp().run_to_code())
