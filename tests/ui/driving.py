"""Driving the real app by keys: what is on its screen, and waiting for something to be true."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from poe_tui.app import PoeApp
from poe_tui.demo.server import DemoServer
from poe_tui.launch import Launch


class Drive:
    """The app under test and its pilot."""

    def __init__(self, app: PoeApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type text into whatever has the focus."""
        names = {" ": "space", "/": "slash", "\\": "backslash", ".": "full_stop", "?": "question_mark", "-": "minus"}
        await self.pilot.press(*(names.get(character, character) for character in text))

    async def send(self, text: str) -> None:
        """Write a prompt and press Enter."""
        self.app.conversation.composer.prompt.put(text)
        await self.press("enter")

    async def until(self, condition: str | Callable[[], object], timeout: float = 10.0) -> None:
        """Let the app run until the words are on the screen, or the condition holds."""
        end = time.monotonic() + timeout
        while not (condition in self.text() if isinstance(condition, str) else condition()):
            assert time.monotonic() < end, f"{condition!r} never came; the screen:\n{self.text()}"
            await self.pilot.pause(0.01)

    async def quiet(self) -> None:
        """Wait until no answer comes in any more and the screen has caught up."""
        await self.until(lambda: not self.live.running())
        await self.pilot.pause()

    @property
    def live(self):  # type: ignore[no-untyped-def]
        """The streams."""
        assert self.app.opened is not None
        return self.app.opened.runtime.live

    @property
    def store(self):  # type: ignore[no-untyped-def]
        """The store."""
        assert self.app.opened is not None
        return self.app.opened.runtime.store

    def rows(self) -> list[str]:
        """What is on the screen, row by row."""
        return ["".join(segment.text for segment in strip) for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(row.rstrip() for row in self.rows())

    @property
    def prompt(self) -> str:
        """The text in the composer."""
        return self.app.conversation.composer.text

    @property
    def status(self) -> str:
        """The last row."""
        return self.rows()[-1]


@asynccontextmanager
async def driving(
    server: DemoServer | None,
    monkeypatch: pytest.MonkeyPatch,
    *,
    size: tuple[int, int] = (120, 40),
    launch: Launch | None = None,
    key: str = "demo-key",
) -> AsyncIterator[Drive]:
    """Run the app against ``server`` until its page is connected."""
    if server is not None:
        monkeypatch.setenv("POE_BASE_URL", server.base_url)
        if key:
            monkeypatch.setenv("POE_API_KEY", key)
    app = PoeApp(launch)
    async with app.run_test(size=size, notifications=True) as pilot:
        drive = Drive(app, pilot)
        await drive.until(lambda: app.opened is not None and app.conversation.desk is not None)
        await pilot.pause()
        yield drive
