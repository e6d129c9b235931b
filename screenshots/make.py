"""Make the pictures in this folder: the real app, driven by keys against the embedded demo server.

    python screenshots/make.py [NAME…]

Nothing is drawn by hand and nothing of the person's own is touched: it runs in a home of its own.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from poe_tui.app import PoeApp
from poe_tui.launch import Launch
from poe_tui.model import Thread, Turn, new_id

Shot = Callable[[Pilot[int], PoeApp], Awaitable[Callable[[], None] | None]]
"""Brings the app to what is to be seen; returns what must be done afterwards, if anything."""

FOLDER = Path(__file__).resolve().parent
DAY = 86_400.0
OLDER = [
    ("SSE parser drops the last event", 0.01), ("Why the queue grows at night", 0.02), ("Regex for ISO dates", 1.1),
    ("Photo of a street sign", 1.2), ("Nightly report to JSON", 1.3), ("Sourdough timings", 5.0),
    ("Postgres lock queue", 5.5), ("Letter to the landlord", 6.0),
]  # fmt: skip


async def until(pilot: Pilot[int], what: Callable[[], bool]) -> None:
    """Wait until something is so; an app that hangs must not hang the maker."""
    for _ in range(3000):
        if what():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise TimeoutError


async def ask(pilot: Pilot[int], app: PoeApp, words: str, model: str = "") -> None:
    """Send ``words`` and wait for the whole answer."""
    opened = app.opened
    assert opened is not None
    if model:
        await pilot.press("ctrl+o")
        await pilot.press(*model, "enter")
    before = len(opened.server.turns) if opened.server else 0
    await pilot.press(*words, "enter")
    await until(pilot, lambda: bool(opened.server and len(opened.server.turns) > before))
    await until(pilot, lambda: not opened.runtime.live.running())
    await pilot.pause(0.3)


async def conversation(pilot: Pilot[int], app: PoeApp) -> Callable[[], None]:
    """A search with sources, then code that is still coming in."""
    await ask(pilot, app, "What is new in the world of terminals?", "Demo-Search")
    opened = app.opened
    assert opened is not None and opened.server is not None
    gate = opened.server.hold(after=75, model="Demo-Code")
    await pilot.press("ctrl+o", *"Demo-Code", "enter", *"Show me how to count words.", "enter")
    await gate.arrived(20)
    await pilot.pause(0.5)
    return gate.open


async def reasoning(pilot: Pilot[int], app: PoeApp) -> None:
    """A model that thinks, its reasoning opened."""
    await ask(pilot, app, "Which of the two trains is faster?", "Demo-Reasoning")
    await pilot.press("escape", "t")


async def errors(pilot: Pilot[int], app: PoeApp) -> None:
    """A broken connection and an empty account."""
    await ask(pilot, app, "Tell me about tunnels.", "Demo-Cut")
    await ask(pilot, app, "And about bridges?", "Demo-Error-402")


async def picker(pilot: Pilot[int], app: PoeApp) -> None:
    """The model picker with filter words."""
    await pilot.press("ctrl+o", *"think <20 ")


async def settings(pilot: Pilot[int], app: PoeApp) -> None:
    """A page of the settings with a value out of bounds."""
    app.action_app_settings("defaults")
    await pilot.pause()
    await pilot.press(*["down"] * 7, "enter", *"1.4")


async def help_page(pilot: Pilot[int], app: PoeApp) -> None:
    """The keys."""
    await pilot.press("f1")


SHOTS: dict[str, tuple[Shot, tuple[int, int], str]] = {
    "conversation": (conversation, (120, 40), "poe-dark"),
    "conversation-light": (conversation, (120, 40), "poe-light"),
    "conversation-80x24": (conversation, (80, 24), "poe-dark"),
    "conversation-contrast": (conversation, (120, 40), "poe-contrast"),
    "conversation-ansi": (conversation, (120, 40), "poe-ansi-dark"),
    "conversation-160x50": (conversation, (160, 50), "poe-dark"),
    "reasoning": (reasoning, (120, 40), "poe-dark"),
    "errors": (errors, (120, 40), "poe-dark"),
    "model-picker": (picker, (120, 40), "poe-dark"),
    "settings": (settings, (120, 40), "poe-dark"),
    "help": (help_page, (120, 40), "poe-dark"),
}


async def make(name: str) -> None:
    """Make one picture in a home that is empty but for some older threads."""
    shot, size, theme = SHOTS[name]
    app = PoeApp(Launch(demo=True))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.opened is not None and app.opened.server is not None)
        opened = app.opened
        assert opened is not None and opened.server is not None
        opened.server.speed = 0.2
        app.use_theme(theme)
        now = time.time()
        for title, days in OLDER:
            when = now - days * DAY
            thread = Thread(new_id(), title, created_at=when, updated_at=when)
            opened.runtime.store.add_thread(thread)
            opened.runtime.store.end_turn(Turn(new_id(), thread.id, status="completed", created_at=when))
            opened.runtime.store.update_thread(thread.id, updated_at=when)
        await opened.runtime.store.flush()
        afterwards = await shot(pilot, app)
        await pilot.pause(0.2)
        svg = app.export_screenshot(title="poe-tui")
        if afterwards is not None:
            afterwards()
    # Fonts are the reader's own: nothing is fetched from anywhere.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(FOLDER / f"{name}.svg", file=sys.__stdout__)


def main() -> None:
    """Make the pictures that were named, or all, each in a home of its own."""
    for name in [name for name in os.environ if name.startswith(("XDG_", "POE_", "NO_COLOR"))]:
        del os.environ[name]
    os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    for name in sys.argv[1:] or SHOTS:
        with tempfile.TemporaryDirectory(prefix="poe-tui-screenshots-") as home:
            os.environ["HOME"] = home
            asyncio.run(make(name))


if __name__ == "__main__":
    main()
