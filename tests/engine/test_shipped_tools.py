"""The shipped tools as a model calls them: through the loop, with the words it gets back."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

import pytest

from poe_tui import paths
from poe_tui.api.public_web import Page, PublicWeb, WebRefused
from poe_tui.config import Settings
from poe_tui.engine.demo_tools import DEMO_TOOLS
from poe_tui.engine.tool_outcome import Outcome
from poe_tui.engine.tool_preview import preview
from poe_tui.engine.tool_runs import Workplace
from poe_tui.engine.tools import Tool, Toolbox, read_call
from poe_tui.tool_config import ToolConfig

BOX = Toolbox(Settings(), DEMO_TOOLS)


async def called(name: str, values: dict[str, Any], workplace: Workplace | None = None, **config: Any) -> Outcome:
    """Call a shipped tool."""
    tool = BOX.tools[name]
    tool = Tool(ToolConfig(name, **config), tool.shipped) if config else tool
    call = read_call(0, {"name": name, "arguments": json.dumps(values)}, {name: tool})
    workplace = workplace or Workplace()
    return call.outcome or await workplace.run(tool, call, workplace.place(None))


class TestTime:
    async def test_now(self) -> None:
        outcome = await called("current_time", {})
        told = datetime.datetime.fromisoformat(outcome.output.split()[0])
        assert abs(told - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(minutes=1)
        assert outcome.output.split()[1].rstrip(",") in (
            "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
        )  # fmt: skip

    async def test_elsewhere(self) -> None:
        outcome = await called("current_time", {"timezone": "Asia/Tokyo"})
        assert "+09:00" in outcome.output
        assert outcome.output.endswith("Asia/Tokyo")

    @pytest.mark.parametrize("name", ["Nowhere/X", "../../etc/passwd", "", "/etc/localtime", "\ud800"])
    async def test_nowhere(self, name: str) -> None:
        outcome = await called("current_time", {"timezone": name})
        assert outcome.status == "failed"
        assert "There is no time zone" in outcome.output


async def test_the_calculator() -> None:
    assert (await called("calculator", {"expression": "0.1 + 0.2"})).output == "0.3"
    failed = await called("calculator", {"expression": "1/0"})
    assert (failed.status, failed.output) == ("failed", "The tool failed. Division by zero.")


class TestFiles:
    async def test_a_file_by_its_path(self, tmp_path: Path, home: Path) -> None:
        (tmp_path / "a.txt").write_text("Grüezi\x1b[31m")
        (home / "b.txt").write_text("home")
        workplace = Workplace(tmp_path)
        for path, text in (
            ("a.txt", "Grüezi\x1b[31m"),
            (str(tmp_path / "a.txt"), "Grüezi\x1b[31m"),
            ("~/b.txt", "home"),
        ):
            outcome = await called("read_file", {"path": path}, workplace)
            assert (outcome.status, outcome.output) == ("done", text)

    async def test_a_long_file_is_cut(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("x" * 5000)
        outcome = await called("read_file", {"path": str(tmp_path / "a")}, output_limit=100)
        assert outcome.cut
        assert outcome.output.endswith("\n\n" + "x" * 100)

    async def test_what_is_no_text_file(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        (tmp_path / "binary").write_bytes(b"\x7fELF\0\0")
        (tmp_path / "huge").write_bytes(b"x" * 4_000_001)
        for name, words in {
            "fifo": "is not a regular file",
            "binary": "is not a text file",
            "huge": "is larger than 4000 kB",
            "gone": "No such file or directory",
            ".": "",
            "a\0b": "That is no path",
        }.items():
            outcome = await called("read_file", {"path": name}, Workplace(tmp_path))
            assert outcome.status == "failed"
            assert words in outcome.output
        for path in ("/dev/zero", "/dev/stdin", "~nobody-of-that-name/x"):
            assert (await called("read_file", {"path": path}, Workplace(tmp_path))).status == "failed"

    async def test_the_key_is_not_read(self, tmp_path: Path) -> None:
        file = paths.credentials_file()
        file.parent.mkdir(parents=True)
        file.write_text('key = "sk-canary"')
        (tmp_path / "link").symlink_to(file)
        for path in (str(file), str(tmp_path / "link")):
            outcome = await called("read_file", {"path": path})
            assert outcome.output == "The tool failed. That file holds the person's key. It is not read."

    def test_the_preview_shows_where_a_link_leads(self, tmp_path: Path) -> None:
        (tmp_path / "innocent").symlink_to("/etc/passwd")
        tool = BOX.tools["read_file"]
        call = read_call(0, {"name": "read_file", "arguments": '{"path": "innocent"}'}, {"read_file": tool})
        assert preview(call, Workplace(tmp_path).place(None)).does == "reads /etc/passwd"

    def test_a_standing_yes_covers_what_was_named(self) -> None:
        shipped = BOX.tools["read_file"].shipped
        assert shipped is not None
        assert shipped.is_covered({"path": "notes.txt"}, ["Look at notes.txt, please"])
        assert not shipped.is_covered({"path": "/etc/passwd"}, ["Look at notes.txt, please"])
        assert not shipped.is_covered({"path": " "}, ["Look at notes.txt, please"])


class Pages(PublicWeb):
    """A reader that has its pages already."""

    def __init__(self, **pages: Page | WebRefused) -> None:
        super().__init__()
        self._pages = pages

    async def get(self, url: str) -> Page:
        found = self._pages[url]
        if isinstance(found, WebRefused):
            raise found
        return found


class TestPages:
    @pytest.mark.parametrize(
        ("page", "text"),
        [
            (Page("https://a/", 200, "text/html", "utf-8", b"<p>Hi<script>x", False), "https://a/\n\nHi"),
            (Page("https://a/", 404, "text/plain", "utf-8", b"no", True),
             "https://a/, answered with status 404, cut: there is more\n\nno"),
            (Page("https://a/", 200, "application/ld+json", "nonsense", b"{}", False), "https://a/\n\n{}"),
            (Page("https://a/", 200, "", "latin-1", b"\xe9", False), "https://a/\n\né"),
        ],
    )  # fmt: skip
    async def test_a_page_as_text(self, page: Page, text: str) -> None:
        outcome = await called("fetch_url", {"url": "u"}, Workplace(web=Pages(u=page)))
        assert (outcome.status, outcome.output) == ("done", text)

    @pytest.mark.parametrize(
        ("page", "told"),
        [
            (Page("https://a/", 200, "image/png", "utf-8", b"", False), "https://a/ is not text but image/png."),
            (Page("https://a/", 200, "text/html", "utf-8", b"\0", False), "is not text but text/html."),
            (WebRefused("10.0.0.1 is not on the public internet."), "10.0.0.1 is not on the public internet."),
        ],
    )
    async def test_what_is_not_read(self, page: Page | WebRefused, told: str) -> None:
        outcome = await called("fetch_url", {"url": "u"}, Workplace(web=Pages(u=page)))
        assert outcome.status == "failed"
        assert told in outcome.output

    async def test_loopback_is_refused_for_real(self) -> None:
        outcome = await called("fetch_url", {"url": "https://127.0.0.1:1/"})
        assert "is not on the public internet" in outcome.output


async def test_the_demos_weather() -> None:
    outcome = await called("get_weather", {"city": "Tokyo"})
    assert json.loads(outcome.output)["city"] == "Tokyo"
    assert (await called("get_weather", {"city": "Atlantis"})).status == "malformed"


async def test_a_slow_tool_is_stopped() -> None:
    outcome = await called("get_weather", {"city": "Tokyo"}, timeout=0.01)
    assert (outcome.status, outcome.output) == ("timed_out", "The tool took longer than 0.01 s and was stopped.")


async def test_a_mistake_of_ours_is_named_and_not_quoted() -> None:
    outcome = await called("fetch_url", {"url": "unknown secret"}, Workplace(web=Pages()))
    assert outcome.output == "The tool failed. It met an error of its own: KeyError."
