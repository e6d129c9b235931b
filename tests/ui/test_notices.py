"""Notices: one at a time, within the page, gone when they have been seen."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from textual.widgets._toast import Toast

from poe_tui.demo.server import DemoServer
from poe_tui.terminal.notices import wrapped
from tests.ui.driving import Drive, driving


@pytest.fixture
async def drive(demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Drive]:
    async with driving(demo_server, monkeypatch) as drive:
        yield drive


def toasts(drive: Drive) -> list[Toast]:
    return [toast for toast in drive.app.screen.query(Toast) if toast.is_attached]


def seen(drive: Drive) -> None:
    """Let the notice on screen have been there for a while."""
    drive.app._shown_at -= 2


async def test_one_at_a_time_and_twins_once(drive: Drive) -> None:
    for words in ("First notice.", "Second notice.", "Second notice.", "First notice."):
        drive.app.notify(words)
    await drive.until("First notice.")
    assert "Second notice." not in drive.text()
    await drive.until(lambda: len(toasts(drive)) == 1)
    seen(drive)
    await drive.press("a")
    await drive.until("Second notice.")
    assert "First notice." not in drive.text()
    seen(drive)
    await drive.press("b")
    await drive.until(lambda: "notice." not in drive.text())
    assert drive.prompt == "ab"


async def test_a_key_that_comes_at_once_leaves_it(drive: Drive) -> None:
    drive.app.notify("Just now.")
    await drive.until("Just now.")
    await drive.press("a")
    assert "Just now." in drive.text()


async def test_another_thread_takes_it_away(drive: Drive) -> None:
    drive.app.notify("Of this thread.")
    drive.app.notify("And this.")
    await drive.until("Of this thread.")
    drive.app._shown_at -= 0.7
    await drive.press("ctrl+n")
    await drive.until(lambda: "Of this thread." not in drive.text())
    assert "And this." not in drive.text()


@pytest.mark.parametrize("size", [(120, 40), (90, 30), (80, 24), (40, 16)])
async def test_it_ends_at_the_right_edge_and_cuts_no_word(size: tuple[int, int], drive: Drive) -> None:
    await drive.pilot.resize_terminal(*size)
    words = "There is no command /nonsense in this program. Enter again sends it as it is."
    drive.app.notify(words)
    await drive.until("/nonsense")
    (toast,) = toasts(drive)
    assert toast.region.right == size[0] - 3
    beside = 28 if drive.app.conversation.sidebar.display else 0
    assert toast.region.x >= beside + 3
    lines = drive.rows()[toast.region.y : toast.region.bottom]
    shown = " ".join(line[toast.region.x + 1 : toast.region.right].strip() for line in lines)
    assert shown.split() == words.split()


async def test_it_covers_no_row_of_the_picker(drive: Drive) -> None:
    await drive.press("ctrl+o")
    await drive.until("Enter use")
    drive.app.notify("The list of models could not be fetched.")
    await drive.until("could not be fetched")
    (toast,) = toasts(drive)
    assert toast.region.bottom <= drive.app.screen.query_one("#picker-filter").region.y


def test_lines_break_between_words() -> None:
    assert wrapped("one two three", 8) == "one two\nthree"
    assert wrapped("a\n\nb", 20) == "a\n\nb"
    assert max(map(len, wrapped("x" * 50, 20).splitlines())) == 20
