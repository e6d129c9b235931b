"""What is typed faster than a screen opens goes into that screen, never into the prompt, where Enter costs money."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from textual import events
from textual.widgets import Input

from poe_tui.demo.server import DemoServer
from tests.ui.driving import Drive, driving


@pytest.fixture
async def drive(demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Drive]:
    demo_server.script(*["A short answer."] * 4)
    async with driving(demo_server, monkeypatch) as drive:
        yield drive


def at_once(drive: Drive, *keys: str) -> None:
    """Hand the app keys as a terminal does with one read: none waits for the one before."""
    driver = drive.app._driver
    assert driver is not None
    for key in keys:
        driver.send_message(events.Key(key, key if len(key) == 1 else {"slash": "/", "enter": "\r"}.get(key)))


@pytest.mark.parametrize("opener", [["ctrl+o"], ["ctrl+r"], ["ctrl+f"], [*"/model", "enter"], [*"/search", "enter"]])
async def test_letters_go_into_what_opens(opener: list[str], drive: Drive, demo_server: DemoServer) -> None:
    at_once(drive, *(key.replace("/", "slash") for key in opener), "g", "p", "t")
    await drive.until(lambda: any(field.value == "gpt" for field in drive.app.screen.query(Input)))
    assert drive.prompt == ""
    assert not demo_server.turns


@pytest.mark.parametrize("opener", ["ctrl+o", "ctrl+r", "f1", "ctrl+comma", "ctrl+p"])
async def test_enter_behind_a_key_that_opens_sends_nothing(opener: str, drive: Drive, demo_server: DemoServer) -> None:
    drive.app.conversation.composer.prompt.put("not to be sent")
    at_once(drive, opener, "z", "x", "enter")
    await drive.until(lambda: drive.app._held is None)
    await drive.pilot.pause()
    assert not demo_server.turns
    assert "not to be sent" in drive.prompt + drive.app.conversation.draft


async def test_a_paste_waits_as_well(drive: Drive) -> None:
    at_once(drive, "ctrl+o")
    assert drive.app._driver is not None
    drive.app._driver.send_message(events.Paste("haiku"))
    await drive.until(lambda: any(field.value == "haiku" for field in drive.app.screen.query(Input)))
    assert drive.prompt == ""


async def test_a_new_thread_gets_what_is_typed_behind_its_key(drive: Drive) -> None:
    await drive.type("old draft")
    at_once(drive, "ctrl+n", "n", "e", "w")
    await drive.until(lambda: drive.prompt == "new")


async def test_letters_behind_the_key_that_leaves_message_mode_are_text(drive: Drive) -> None:
    await drive.send("Hello")
    await drive.quiet()
    at_once(drive, "escape", "i", "r", "e", "y")
    await drive.until(lambda: drive.prompt == "rey")
    assert drive.app.conversation.desk is not None
    assert len(drive.app.conversation.desk.path) == 1
    assert drive.app.conversation.desk.path[0].sibling_count == 1


async def test_what_opens_nothing_holds_nothing_up(drive: Drive) -> None:
    at_once(drive, "ctrl+y", "o", "k")
    await drive.until(lambda: drive.prompt == "ok", timeout=1.0)
