"""The thread on the page stands out in the list: bar, bold, and the panel's background over the whole row."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.color import Color
from textual.screen import Screen

from poe_tui.palette import POE_DARK
from poe_tui.widgets.thread_list import Entry, ThreadList
from tests.ui.host import Host


class Page(Screen[object]):
    AUTO_FOCUS = ""

    def compose(self) -> ComposeResult:
        yield ThreadList(id="threads")


async def test_the_row_of_the_thread_on_the_page_has_the_panel_behind_it() -> None:
    app = Host(Page())
    async with app.run_test(size=(28, 8)) as pilot:
        threads = app.screen.query_one(ThreadList)
        threads.show([Entry(id="a", title="first"), Entry(id="b", title="second")])
        threads.current = "b"
        await pilot.pause()
        rows = {strip.text.strip(): strip for strip in (threads.render_line(y) for y in range(4))}
        panel = Color.parse(POE_DARK.panel).rich_color.triplet
        assert all(s.style and s.style.bgcolor and s.style.bgcolor.triplet == panel for s in rows["▌ second"])
        assert not any(s.style and s.style.bgcolor and s.style.bgcolor.triplet == panel for s in rows["first"])
