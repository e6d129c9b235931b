"""The media of answers on the page: what is said of them, what is drawn, what w does, and nothing before that."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.strip import Strip

from poe_tui.config import with_value
from poe_tui.demo.server import DemoServer
from poe_tui.launch import Launch
from poe_tui.screens.picture_shelf import KEPT, PictureShelf
from tests import files
from tests.ui.driving import Drive, driving

Open = Callable[..., AbstractAsyncContextManager[Drive]]


@pytest.fixture
def open_app(demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Open:
    monkeypatch.chdir(tmp_path)
    return partial(driving, demo_server, monkeypatch)


@pytest.fixture
async def drive(open_app: Open) -> AsyncIterator[Drive]:
    async with open_app() as drive:
        yield drive


def image_item(data: bytes) -> dict[str, Any]:
    return {
        "type": "image_generation_call",
        "id": "ig_1",
        "status": "completed",
        "result": base64.b64encode(data).decode(),
    }


def painted(drive: Drive) -> int:
    """How many cells of pixels are on the screen."""
    strips: list[Strip] = drive.app.screen._compositor.render_strips()  # type: ignore[attr-defined]
    return sum(segment.text.count("▀") for strip in strips for segment in strip)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fetched(server: DemoServer) -> list[str]:
    return [request.path for request in server.requests if "/base/" in request.path]


async def test_an_image_is_told_about_drawn_and_saved(drive: Drive, tmp_path: Path) -> None:
    drive.app.conversation.use_model("Demo-Image")
    await drive.send("Hills at dusk")
    await drive.until("Esc w saves")
    await drive.quiet()
    await drive.until(lambda: painted(drive) > 300)
    assert "iVBOR" not in drive.text()
    assert names(tmp_path) == []
    await drive.press("escape", "w")
    await drive.until("Saved as hills-at-dusk.png")
    assert (tmp_path / "hills-at-dusk.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "hills-at-dusk.png").stat().st_mode & 0o777 == 0o600
    await drive.press("w")
    await drive.until(lambda: (tmp_path / "hills-at-dusk-2.png").exists())


async def test_an_address_is_not_fetched_before_w_and_not_from_this_machine(
    drive: Drive, demo_server: DemoServer, tmp_path: Path
) -> None:
    drive.app.conversation.use_model("Demo-Media")
    await drive.send("Hills")
    await drive.until("fetches and saves")
    await drive.quiet()
    assert "Image · 127.0.0.1" in drive.text() and painted(drive) == 0
    assert fetched(demo_server) == []
    await drive.press("escape", "w")
    await drive.until("Only https")
    assert fetched(demo_server) == [] and names(tmp_path) == []


async def test_the_built_in_demo_shows_what_was_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    async with driving(None, monkeypatch, launch=Launch(demo=True, model="Demo-Media")) as drive:
        await drive.send("Hills")
        await drive.until("fetches and saves")
        await drive.quiet()
        await drive.press("escape", "w")
        await drive.until("Saved as hills.png")
        await drive.until("Image · PNG · 192 × 128")
        await drive.until(lambda: painted(drive) > 300)


async def test_of_several_one_or_all(drive: Drive, demo_server: DemoServer, tmp_path: Path) -> None:
    demo_server.script([image_item(files.image(size=(n, n))) for n in (20, 30)])
    await drive.send("Two dots")
    await drive.until("2 · Image · PNG · 30 × 30")
    await drive.quiet()
    await drive.press("escape", "w")
    await drive.until("1 · Image")
    await drive.press("2")
    await drive.until(lambda: names(tmp_path) == ["two-dots.png"])
    await drive.press("w")
    await drive.until("All")
    await drive.press("a")
    await drive.until(lambda: len(names(tmp_path)) == 3)


async def test_an_answer_without_media(drive: Drive, demo_server: DemoServer) -> None:
    demo_server.script("Only words. https://a.example/x.png is a link.")
    await drive.send("Hello")
    await drive.quiet()
    assert "saves" not in drive.text()
    await drive.press("escape", "w")
    await drive.until("no image, film or sound")


async def test_always_saves_without_a_key(drive: Drive, tmp_path: Path) -> None:
    runtime = drive.app.opened.runtime  # type: ignore[union-attr]
    runtime.settings = with_value(runtime.settings, "files.save_media", "always")
    runtime.settings = with_value(runtime.settings, "files.folder", str(tmp_path / "pictures"))
    drive.app.conversation.use_model("Demo-Image")
    await drive.send("Hills")
    await drive.until(lambda: (tmp_path / "pictures" / "hills.png").exists())


async def test_a_large_image_of_a_stored_thread_is_found_in_its_file(
    open_app: Open, demo_server: DemoServer, tmp_path: Path
) -> None:
    large = files.image(size=(200, 100)) + bytes(200_000)
    demo_server.script([image_item(large)])
    async with open_app() as drive:
        await drive.send("A large one")
        await drive.until("Image · PNG · 200 × 100")
        await drive.quiet()
        await drive.until(lambda: painted(drive) > 0)
        before = [row for row in drive.text().splitlines() if "Image ·" in row]
    async with open_app(launch=Launch(resume=True)) as drive:
        await drive.until("Image · PNG · 200 × 100")
        await drive.until(lambda: painted(drive) > 0)
        assert [row for row in drive.text().splitlines() if "Image ·" in row] == before
        await drive.press("escape", "w")
        await drive.until("Saved as a-large-one.png")
        assert (tmp_path / "a-large-one.png").read_bytes() == large


async def test_two_megabytes_of_base64_do_not_freeze_the_page(drive: Drive, demo_server: DemoServer) -> None:
    demo_server.script([image_item(files.image(size=(1024, 1024)) + bytes(1_500_000))])
    drive.app.conversation.composer.prompt.put("A large one")
    last = time.perf_counter()
    longest = 0.0
    await drive.press("enter")
    while "Image · PNG · 1024 × 1024" not in drive.text():
        await drive.pilot.pause(0)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    assert longest < 3.0
    assert "AAAAAAAA" not in drive.text()


async def test_pictures_can_be_turned_off(drive: Drive) -> None:
    runtime = drive.app.opened.runtime  # type: ignore[union-attr]
    runtime.settings = with_value(runtime.settings, "files.draw_images", False)
    drive.app.conversation.use_model("Demo-Image")
    await drive.send("Hills")
    await drive.until("Image · PNG · 192 × 128")
    await drive.quiet()
    assert painted(drive) == 0


async def test_the_shelf_keeps_no_more_than_it_may() -> None:
    from poe_tui.model import Turn

    async def nothing(turn_id: str) -> Turn | None:
        return None

    ready: list[str] = []
    work: list[Any] = []
    shelf = PictureShelf(nothing, work.append, ready.append, lambda: True)
    for number in range(KEPT + 10):
        shelf(Turn(f"t{number}", "", output=[image_item(files.image())]), 0, 40)
    assert len(work) == KEPT + 10
    for one in work:
        await one
    assert len(ready) == KEPT, "those that fell off the shelf are not told about"
    shown = shelf(Turn(f"t{KEPT}", ""), 0, 40)
    assert shown is not None and shown.picture is not None and shown.media.payload == ""


class TestViewing:
    async def test_v_shows_an_image_large_and_w_saves_it_there(self, drive: Drive, tmp_path: Path) -> None:
        drive.app.conversation.use_model("Demo-Image")
        await drive.send("Hills")
        await drive.until(lambda: painted(drive) > 300)
        await drive.quiet()
        before = painted(drive)
        await drive.press("escape", "v")
        await drive.until(lambda: painted(drive) > before * 2 and len(drive.app.screen_stack) == 2)
        assert "Image · PNG · 192 × 128" in drive.text()
        await drive.pilot.resize_terminal(70, 20)
        await drive.until(lambda: 0 < painted(drive) < before * 2)
        await drive.press("w")
        await drive.until(lambda: names(tmp_path) == ["hills.png"])

    async def test_of_several_one_is_chosen(self, drive: Drive, demo_server: DemoServer) -> None:
        demo_server.script([image_item(files.image(size=(n, n))) for n in (20, 30)])
        await drive.send("Two dots")
        await drive.until("2 · Image · PNG · 30 × 30")
        await drive.quiet()
        await drive.press("escape", "v")
        await drive.until("View")
        await drive.press("2")
        await drive.until("Image · PNG · 30 × 30 · ")

    async def test_what_is_not_here_is_not_fetched(self, drive: Drive, demo_server: DemoServer) -> None:
        drive.app.conversation.use_model("Demo-Media")
        await drive.send("Hills")
        await drive.quiet()
        await drive.press("escape", "v")
        await drive.until("w fetches the image first")
        assert fetched(demo_server) == []

    async def test_what_cannot_be_drawn_is_told_about(self, drive: Drive, demo_server: DemoServer) -> None:
        demo_server.script([{**image_item(files.bomb()[:200]), "revised_prompt": "a very large field"}])
        await drive.send("A bomb")
        await drive.until("Image · PNG · 30000 × 30000")
        await drive.quiet()
        await drive.press("escape", "v")
        await drive.until("This image cannot be drawn here.")
        assert "a very large field" in drive.text()


async def test_without_half_cells_nothing_is_drawn(drive: Drive) -> None:
    drive.app.plain_glyphs.enabled = True
    drive.app.conversation.use_model("Demo-Image")
    await drive.send("Hills")
    await drive.until("saves")
    await drive.quiet()
    assert painted(drive) == 0 and "enlarges" not in drive.text()
