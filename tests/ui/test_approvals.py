"""A model wants to run something: the dock asks, in its own thread only, and a key answers."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from poe_tui.app import PoeApp
from poe_tui.launch import Launch
from poe_tui.widgets.approval import ApprovalDock
from tests.ui.host import text_of


async def until(pilot: Pilot[int], what: object) -> None:
    assert callable(what)
    for _ in range(1500):
        if what():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise AssertionError("it did not come")


async def asked(pilot: Pilot[int], app: PoeApp) -> ApprovalDock:
    await until(pilot, lambda: app.opened is not None and app.conversation.query(ApprovalDock))
    assert app.opened is not None and app.opened.server is not None
    app.opened.server.speed = 0
    app.conversation.desk.use_model("Demo-Tools")  # type: ignore[union-attr]  # A thread is on the page by now.
    await pilot.press(*"rain?", "enter")
    dock = app.conversation.query_one(ApprovalDock)
    await until(pilot, lambda: dock.display)
    return dock


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_allowing_once_runs_the_tool_and_brings_the_answer(size: tuple[int, int]) -> None:
    app = PoeApp(Launch(demo=True))
    async with app.run_test(size=size) as pilot:
        dock = await asked(pilot, app)
        shown = text_of(app)
        assert "Allow get_weather?" in shown and "allow once" in shown and "Tokyo" in shown
        assert not app.conversation.composer.display
        await pilot.press("y")
        await until(pilot, lambda: not app.opened.runtime.live.running())  # type: ignore[union-attr]
        assert not dock.display and app.conversation.composer.display
        assert app.focused is app.conversation.composer.prompt


async def test_refusing_tells_the_model_why() -> None:
    app = PoeApp(Launch(demo=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await asked(pilot, app)
        await pilot.press("n", *"not today", "enter")
        await until(pilot, lambda: not app.opened.runtime.live.running())  # type: ignore[union-attr]
        server = app.opened.server  # type: ignore[union-attr]
        outputs = [item for item in server.turns[-1].body["input"] if item.get("type") == "function_call_output"]
        assert "not today" in outputs[0]["output"]


async def test_it_waits_in_its_own_thread_and_escape_ends_it() -> None:
    app = PoeApp(Launch(demo=True))
    async with app.run_test(size=(120, 40)) as pilot:
        dock = await asked(pilot, app)
        first = app.conversation.desk.id  # type: ignore[union-attr]
        await pilot.press("ctrl+n")
        await until(pilot, lambda: not dock.display)
        assert app.conversation.composer.display
        await app.conversation.open_thread(first).wait()
        await until(pilot, lambda: dock.display)
        await pilot.press("escape")
        await until(pilot, lambda: not app.opened.runtime.live.running())  # type: ignore[union-attr]
        await until(pilot, lambda: not dock.display)
