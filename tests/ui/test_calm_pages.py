"""Dialogs and chips in the real app: nothing is cut, nothing sticks out, keys are always in view."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from poe_tui.demo.server import DemoServer
from poe_tui.settings_fields import PAGES, row
from poe_tui.widgets.cells import cut_words
from poe_tui.widgets.composer import Pasted
from tests.ui.driving import Drive, driving


@pytest.fixture
async def drive(demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Drive]:
    demo_server.script(*["An answer about tardigrades and many other small animals of the world."] * 4)
    async with driving(demo_server, monkeypatch, size=(80, 24)) as drive:
        yield drive


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"x\n" * 80_000, "80 000 lines"), (b"x" * 30_000, "1 line"), (b"x\r" * 2, "2 lines"), (b"a\nb", "2 lines")],
)
def test_lines_are_counted_as_people_count_them(data: bytes, words: str) -> None:
    assert Pasted(data).name == f"pasted, {words}"


async def test_two_chips_keep_their_sizes_at_a_narrow_width(drive: Drive) -> None:
    await drive.app.conversation.composer.attach(Pasted(b"line\n" * 80_000), Pasted(b"line\n" * 60_000))
    await drive.until(lambda: "400 kB" in drive.text() and "300 kB" in drive.text())
    assert "…" in next(row for row in drive.rows() if "400 kB" in row)


async def test_the_search_sheet_is_as_high_as_what_it_holds(drive: Drive) -> None:
    await drive.send("Tell me of tardigrades")
    await drive.quiet()
    await drive.press("ctrl+r")
    await drive.until("Search all threads")
    assert drive.app.screen.query_one(".dialog").size.height <= 8
    await drive.type("tardigrades")
    await drive.until(lambda: ":" in next((row for row in drive.rows() if "▌ Tell me" in row[3:]), ""))
    assert "Esc back" in drive.text()
    assert drive.app.screen.query_one(".dialog").size.height <= 12


def test_excerpts_are_cut_between_words() -> None:
    assert cut_words("An answer about tardigrades and others", 20) == "An answer about…"
    assert cut_words("An answer about", 20) == "An answer about"
    assert cut_words("Donaudampfschifffahrt", 10) == "Donaudamp…"
    assert cut_words("a bb, cc", 6) == "a bb…"


async def test_help_shows_its_keys_at_the_bottom(drive: Drive) -> None:
    await drive.press("f1")
    await drive.until("Esc close")
    body = drive.app.screen.query_one(".dialog-list")
    assert body.styles.scrollbar_background == drive.app.screen.query_one(".dialog").styles.background


async def test_settings_have_room_under_their_title_and_words_for_values(drive: Drive) -> None:
    await drive.pilot.resize_terminal(120, 40)
    await drive.press("ctrl+comma")
    await drive.until("Settings file")
    rows = drive.rows()
    title = next(at for at, row in enumerate(rows) if "how the app starts" in row)
    assert not rows[title + 1][28:].strip()
    assert rows[title + 2][31:].startswith("Settings file")
    assert "Instructions & presets" in drive.text()
    assert "Enter, ^J" in row("general.send_key").facts
    assert ("instructions", "Instructions & presets") in [(page, label) for page, label, _ in PAGES]


async def test_the_settings_keep_a_model_by_its_display_name(drive: Drive) -> None:
    taken: list[str | None] = []
    drive.app.conversation.pick_for_settings(taken.append)
    await drive.until("Enter use")
    await drive.type("haiku")
    await drive.press("enter")
    await drive.until(lambda: taken)
    assert taken[0] is not None and taken[0] != taken[0].lower()


async def test_nothing_sticks_out_beside_the_first_dialog(
    demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with driving(demo_server, monkeypatch, size=(80, 24), key="") as drive:
        await drive.until("Welcome to poe-tui")
        box = drive.app.screen.query_one(".dialog").region
        for row in drive.rows()[box.y : box.bottom]:
            assert not row[: box.x].strip(), drive.text()
            assert not row[box.right :].strip(), drive.text()
