"""Message mode in the whole app: nothing moves on the way in, the key bar tells what works, a slash is a command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from poe_tui.demo.server import DemoServer
from tests.ui.driving import Drive, driving


@pytest.fixture
async def drive(demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Drive]:
    long = "\n\n".join(f"Paragraph {number} of a long answer." for number in range(60))
    demo_server.script(long, *["Short."] * 4)
    async with driving(demo_server, monkeypatch) as drive:
        yield drive


async def test_escape_at_the_end_of_a_long_answer_moves_nothing(drive: Drive) -> None:
    await drive.send("Long, please")
    await drive.quiet()
    await drive.until("Paragraph 59")
    before = drive.app.conversation.transcript.scroll_offset
    await drive.press("escape")
    await drive.until("y copy")
    assert drive.app.conversation.transcript.scroll_offset == before
    assert "Paragraph 59" in drive.text()
    assert drive.app.conversation.stage.turn is not None


async def test_the_key_bar_offers_only_what_can_be_done(drive: Drive) -> None:
    await drive.send("Long, please")
    await drive.quiet()
    await drive.press("escape")
    await drive.until("y copy")
    assert drive.status.rstrip().endswith("y copy   e edit   r retry   ? help   i prompt")


async def test_a_broken_answer_can_be_continued(drive: Drive, demo_server: DemoServer) -> None:
    gate = demo_server.hold(after=8)
    await drive.send("Stop me")
    await drive.until(lambda: "tok/s" in drive.status)
    await drive.press("escape")
    await drive.quiet()
    gate.open()
    await drive.until("Esc r retries, Esc c continues")
    await drive.press("escape")
    await drive.until("They are kept. r retries, c continues")
    assert drive.status.rstrip().endswith("r retry   c continue   ? help   i prompt")


async def test_a_slash_opens_the_commands(drive: Drive) -> None:
    await drive.send("Long, please")
    await drive.quiet()
    await drive.press("escape")
    await drive.until("y copy")
    await drive.press("slash", "r", "e")
    await drive.until(lambda: drive.prompt == "/re")
    assert drive.app.conversation.menu.is_open
    assert drive.app.conversation.desk is not None
    assert not drive.app.conversation.desk.is_running


async def test_what_was_not_accepted_costs_nothing(drive: Drive, demo_server: DemoServer) -> None:
    demo_server.fault("status", status=400, times=1, body={"error": {"message": "No.", "type": "bad"}})
    await drive.send("Please")
    await drive.quiet()
    await drive.until("thread 0 pts")


@pytest.mark.parametrize(("tokens", "words"), [(300, "Context"), (90, "cannot read it all"), (100_000, "")])
async def test_a_full_context_is_told_and_blocks_nothing(
    tokens: int, words: str, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drive.send("Long, please")
    await drive.quiet()
    page = drive.app.conversation
    assert page.desk is not None and page.desk.info is not None
    small = replace(page.desk.info, context_length=tokens)
    monkeypatch.setattr(type(page.desk), "info", small)
    page.desk.path[-1].usage = {"input_tokens": 180, "output_tokens": 100, "total_tokens": 280}
    page.draw_figures()
    await drive.pilot.pause()
    footer = next(row for row in drive.rows() if "next turn" in row)
    assert words in footer
    assert words or "Context" not in footer
    await drive.send("Anyway")
    await drive.until(lambda: page.desk is not None and len(page.desk.path) == 2)
    await drive.quiet()
