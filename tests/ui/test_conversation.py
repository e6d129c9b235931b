"""The conversation screen, by keys alone, against the real demo server and a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from poe_tui.demo.server import DemoServer
from poe_tui.launch import Launch
from tests.ui.driving import Drive, driving

Open = Callable[..., AbstractAsyncContextManager[Drive]]


@pytest.fixture
def open_app(demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> Open:
    return partial(driving, demo_server, monkeypatch)


@pytest.fixture
async def drive(open_app: Open, demo_server: DemoServer) -> AsyncIterator[Drive]:
    demo_server.script(*["A short answer."] * 6)
    async with open_app() as drive:
        yield drive


async def test_two_turns_chain(drive: Drive, demo_server: DemoServer) -> None:
    await drive.type("Hello there")
    await drive.press("enter")
    await drive.quiet()
    assert "Hello there" in drive.text()
    assert drive.prompt == ""
    await drive.send("And now?")
    await drive.quiet()
    first, second = demo_server.turns
    assert second.body["previous_response_id"] in demo_server.responses
    assert "previous_response_id" not in first.body
    assert "And now?" in str(second.body["input"])
    assert "Hello there" not in str(second.body["input"])


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
async def test_nothing_is_sent_for_nothing(text: str, drive: Drive, demo_server: DemoServer) -> None:
    await drive.send(text)
    await drive.pilot.pause()
    assert not demo_server.turns
    assert drive.prompt == text


async def test_double_enter_sends_once(drive: Drive, demo_server: DemoServer) -> None:
    drive.app.conversation.composer.prompt.put("only once")
    await drive.press("enter", "enter", "enter")
    await drive.quiet()
    assert len(demo_server.turns) == 1


async def test_newlines_do_not_send(drive: Drive, demo_server: DemoServer) -> None:
    await drive.type("one")
    await drive.press("ctrl+j")
    await drive.type("two\\")
    await drive.press("enter")
    await drive.type("three")
    assert drive.prompt == "one\ntwo\nthree"
    assert not demo_server.turns


async def test_escape_stops_and_keeps(drive: Drive, demo_server: DemoServer) -> None:
    gate = demo_server.hold(after=8)
    await drive.send("Stop me")
    await drive.until(lambda: "tok/s" in drive.status)
    assert "Esc stop" in drive.status
    await drive.press("escape")
    await drive.quiet()
    gate.open()
    assert "stopped" in drive.text()
    assert "tok/s" not in drive.status
    desk = drive.app.conversation.desk
    assert desk is not None
    assert desk.path[-1].status == "stopped"
    assert desk.path[-1].output_text


async def test_escape_never_clears_text(drive: Drive) -> None:
    await drive.type("my draft")
    await drive.press("escape", "escape", "escape")
    assert drive.prompt == "my draft"


async def test_interrupt_ladder(drive: Drive, demo_server: DemoServer) -> None:
    gate = demo_server.hold(after=6)
    await drive.send("Long")
    await drive.until(lambda: drive.live.running())
    await drive.type("next words")
    await drive.press("ctrl+c")
    await drive.quiet()
    gate.open()
    assert drive.prompt == "next words"
    await drive.press("ctrl+c")
    assert drive.prompt == ""
    await drive.press("up")
    assert drive.prompt == "next words"
    await drive.press("ctrl+c", "ctrl+c")
    await drive.until("again quits")


async def test_history_keeps_the_draft(drive: Drive) -> None:
    for text in ("first", "second"):
        await drive.send(text)
        await drive.quiet()
    await drive.type("draft")
    await drive.press("up")
    assert drive.prompt == "second"
    await drive.press("up")
    assert drive.prompt == "first"
    await drive.press("up", "down")
    assert drive.prompt == "second"
    await drive.press("down")
    assert drive.prompt == "draft"


async def test_a_thread_streams_while_another_is_shown(drive: Drive, demo_server: DemoServer) -> None:
    gate = demo_server.hold(after=6)
    await drive.send("Slow question")
    await drive.until(lambda: "tok/s" in drive.status)
    await drive.press("ctrl+n")
    await drive.until("○ Slow question")
    assert "tok/s" not in drive.status
    await drive.type("draft here")
    gate.open()
    await drive.until("● Slow question")
    assert drive.prompt == "draft here"
    await drive.press("tab", "home", "enter")
    await drive.until(lambda: drive.app.conversation.desk.path)  # type: ignore[union-attr]
    await drive.until("▌ Slow question")
    assert drive.prompt == ""
    await drive.until(lambda: drive.rows()[0].split()[1:3] == ["Slow", "question"])


async def test_a_thread_is_shown_in_mid_stream(drive: Drive, demo_server: DemoServer) -> None:
    gate = demo_server.hold(after=8)
    await drive.send("Come back")
    await drive.until(lambda: "tok/s" in drive.status)
    thread = drive.app.conversation.desk.id  # type: ignore[union-attr]
    await drive.press("ctrl+n")
    await drive.until("○ Come back")
    drive.app.conversation.open_thread(thread)
    await drive.until(lambda: "Esc stop" in drive.status)
    gate.open()
    await drive.quiet()
    assert drive.app.conversation.desk.path[-1].status == "completed"  # type: ignore[union-attr]


async def test_drafts_are_on_disk_within_a_second_and_come_back(open_app: Open) -> None:
    async with open_app() as drive:
        await drive.type("half a thought")
        await drive.until(lambda: drive.app.conversation.desk.thread.draft == "half a thought", timeout=1.0)  # type: ignore[union-attr]
        await drive.store.flush()
        [thread] = await drive.store.threads()
        assert thread.draft == "half a thought"
    async with open_app(launch=Launch(resume=True)) as drive:
        assert drive.prompt == "half a thought"


async def test_resume_brings_thread_model_and_draft_back(open_app: Open) -> None:
    async with open_app() as drive:
        await drive.send("Remember this")
        await drive.quiet()
        await drive.send("/model Demo-Code")
        await drive.until(lambda: "Demo-Code" in drive.rows()[0])
        await drive.type("not sent yet")
    async with open_app(launch=Launch(resume=True)) as drive:
        assert "Remember this" in drive.text()
        assert drive.prompt == "not sent yet"
        assert "Demo-Code" in drive.rows()[0]


async def test_a_refused_prompt_comes_back(drive: Drive, demo_server: DemoServer) -> None:
    demo_server.fault("status", status=401, body={"error": {"message": "Bad key", "type": "authentication_error"}})
    await drive.send("Please keep me")
    await drive.quiet()
    await drive.until(lambda: drive.prompt == "Please keep me")
    assert "failed" in drive.text()


async def test_retry_and_siblings(drive: Drive) -> None:
    await drive.send("Ask twice")
    await drive.quiet()
    await drive.press("escape")
    assert "y copy" in drive.status
    await drive.press("r")
    await drive.quiet()
    await drive.until("‹2/2›")
    await drive.press("escape", "left")
    await drive.until("‹1/2›")
    await drive.press("right")
    await drive.until("‹2/2›")
    await drive.press("i")
    await drive.type("x")
    assert drive.prompt == "x"


async def test_edit_and_resend_is_a_sibling(drive: Drive, demo_server: DemoServer) -> None:
    await drive.send("First wording")
    await drive.quiet()
    await drive.press("escape", "e")
    await drive.until(lambda: drive.prompt == "First wording")
    await drive.press("ctrl+u")
    await drive.type("Second wording")
    await drive.press("enter")
    await drive.quiet()
    await drive.until("‹2/2›")
    assert "Second wording" in drive.text()
    assert len(await drive.store.siblings(drive.app.conversation.desk.path[-1].id)) == 2  # type: ignore[union-attr]
    assert "previous_response_id" not in demo_server.turns[-1].body


async def test_effort_cycles_and_is_sent(drive: Drive, demo_server: DemoServer) -> None:
    await drive.press("ctrl+t", "ctrl+t", "ctrl+t")
    await drive.until(lambda: "· medium" in drive.rows()[0])
    await drive.send("Think")
    await drive.quiet()
    assert demo_server.turns[-1].body["reasoning"]["effort"] == "medium"


async def test_an_unknown_command_does_not_cost_money(drive: Drive, demo_server: DemoServer) -> None:
    await drive.type("/modle")
    await drive.press("enter")
    await drive.until("There is no command /modle")
    assert not demo_server.turns
    await drive.press("enter")
    await drive.quiet()
    assert len(demo_server.turns) == 1


async def test_the_palette_keeps_the_draft(drive: Drive) -> None:
    await drive.type("my words")
    await drive.press("ctrl+p")
    await drive.until("/help")
    await drive.type("new")
    await drive.press("escape")
    await drive.until(lambda: drive.prompt == "my words")


async def test_commands_run_typed_at_once(drive: Drive) -> None:
    await drive.send("One")
    await drive.quiet()
    await drive.type("/rename Another title")
    await drive.press("enter")
    await drive.until(lambda: "Another title" in drive.rows()[0])
    assert drive.prompt == ""
    await drive.until("▌ Another title")


async def test_deleting_can_be_undone(drive: Drive) -> None:
    await drive.send("Precious")
    await drive.quiet()
    await drive.send("/delete")
    await drive.until(lambda: "New thread" in drive.rows()[0])
    assert "Precious" not in drive.text().replace("Deleted", "")
    await drive.send("/delete")
    await drive.until(lambda: "Precious" in drive.rows()[0])


async def test_quitting_while_streaming_asks(drive: Drive, demo_server: DemoServer) -> None:
    gate = demo_server.hold(after=6)
    await drive.send("Stay")
    await drive.until(lambda: drive.live.running())
    await drive.press("ctrl+q")
    await drive.until("Quit now?")
    await drive.press("escape")
    gate.open()
    await drive.quiet()
