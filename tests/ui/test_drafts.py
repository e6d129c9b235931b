"""Drafts: kept with what is attached to them, never in the way, back when they are wanted."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from poe_tui.demo.server import DemoServer
from poe_tui.launch import Launch
from poe_tui.paths import database_file
from poe_tui.widgets.composer import Pasted
from tests.ui.driving import Drive, driving

Open = Callable[..., AbstractAsyncContextManager[Drive]]
PASTE = b"line\n" * 8_000


@pytest.fixture
def open_app(demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> Open:
    demo_server.script(*["A short answer."] * 6)
    return partial(driving, demo_server, monkeypatch)


@pytest.fixture
async def drive(open_app: Open) -> AsyncIterator[Drive]:
    async with open_app() as drive:
        yield drive


def on_disk() -> list[tuple[str, bytes]]:
    with sqlite3.connect(database_file()) as db:
        rows = db.execute("SELECT kind, data FROM draft_parts").fetchall()
    db.close()
    return rows


async def test_a_paste_is_kept_with_its_draft_within_a_second(open_app: Open) -> None:
    async with open_app() as drive:
        await drive.type("read")
        await drive.app.conversation.composer.attach(Pasted(PASTE))
        await drive.until(lambda: on_disk() == [("pasted", PASTE)], timeout=1.5)
    async with open_app(launch=Launch(resume=True)) as drive:
        assert drive.prompt == "read"
        (piece,) = drive.app.conversation.composer.pieces
        assert isinstance(piece, Pasted) and piece.data == PASTE
        await drive.press("enter")
        await drive.quiet()
        await drive.until(lambda: not on_disk())


async def test_a_plain_start_is_an_empty_thread(open_app: Open) -> None:
    async with open_app() as drive:
        await drive.type("half a thought")
        await drive.until("half a thought")
    async with open_app() as drive:
        assert drive.prompt == ""
        assert "half a thought" in drive.text()  # In the list.


async def test_the_last_start_ends_where_the_next_one_resumes(open_app: Open) -> None:
    async with open_app() as drive:
        await drive.send("First thread")
        await drive.quiet()
        first = drive.app.conversation.desk
        await drive.press("ctrl+n")
        await drive.send("Second thread")
        await drive.quiet()
        assert first is not None
        drive.app.conversation.open_thread(first.id)
        await drive.until(lambda: drive.app.conversation.threads.current == first.id)
    async with open_app(launch=Launch(resume=True)) as drive:
        assert drive.app.conversation.desk is not None
        assert drive.app.conversation.desk.id == first.id


async def test_an_edit_gives_the_draft_back(drive: Drive) -> None:
    composer = drive.app.conversation.composer
    await drive.send("Old prompt")
    await drive.quiet()
    await drive.type("my draft")
    await composer.attach(Pasted(PASTE))
    await drive.press("escape", "e")
    await drive.until(lambda: drive.prompt == "Old prompt")
    await drive.until(lambda: not composer.pieces)
    assert "Esc ends the edit" in drive.text()
    await drive.press("escape")
    await drive.until(lambda: drive.prompt == "my draft" and len(composer.pieces) == 1)
    assert drive.app.conversation.editing is None
    await drive.press("escape", "e")
    await drive.until(lambda: drive.prompt == "Old prompt")
    await drive.type(" changed")
    await drive.press("enter")
    await drive.quiet()
    await drive.until(lambda: drive.prompt == "my draft" and len(composer.pieces) == 1)
    assert drive.app.conversation.desk is not None
    assert drive.app.conversation.desk.path[0].input_text == "Old prompt changed"


async def test_an_edit_is_never_saved_as_the_draft(drive: Drive) -> None:
    await drive.send("Old prompt")
    await drive.quiet()
    await drive.type("my draft")
    await drive.press("escape", "e")
    await drive.until(lambda: drive.prompt == "Old prompt")
    drive.app.conversation.keep()
    assert drive.app.conversation.desk is not None
    assert drive.app.conversation.desk.thread.draft == "my draft"


async def test_a_retry_takes_the_returned_prompt_away(drive: Drive, demo_server: DemoServer) -> None:
    demo_server.fault("status", status=400, times=1, body={"error": {"message": "No.", "type": "bad"}})
    await drive.send("Please")
    await drive.until(lambda: drive.prompt == "Please")
    await drive.press("escape", "r")
    await drive.quiet()
    await drive.until(lambda: drive.prompt == "")
    assert "A short answer." in drive.text()


async def test_a_retry_leaves_words_that_were_changed(drive: Drive, demo_server: DemoServer) -> None:
    demo_server.fault("status", status=400, times=1, body={"error": {"message": "No.", "type": "bad"}})
    await drive.send("Please")
    await drive.until(lambda: drive.prompt == "Please")
    await drive.type(" do")
    await drive.press("escape", "r")
    await drive.quiet()
    assert drive.prompt == "Please do"


async def test_a_paste_alone_is_a_draft_and_stays_with_its_thread(drive: Drive) -> None:
    composer = drive.app.conversation.composer
    await composer.attach(Pasted(PASTE))
    await drive.until(on_disk)
    thread = drive.app.conversation.desk
    assert thread is not None
    await drive.press("ctrl+n")
    await drive.until(lambda: drive.app.conversation.desk is not thread)
    assert composer.pieces == []
    drive.app.conversation.open_thread(thread.id)
    await drive.until(lambda: [piece.size for piece in composer.pieces] == [len(PASTE)])
