"""Files in the composer by keys: @path, /attach, dropped paths, chips, what is sent and what comes back."""

from __future__ import annotations

import base64
import os
import shlex
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual import events

from poe_tui.demo.server import DemoServer
from poe_tui.widgets.composer import Chip, Pasted
from tests import files
from tests.ui.driving import Drive, driving


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory of the app."""
    (tmp_path / "photo.png").write_bytes(files.image(size=(640, 480)))
    (tmp_path / "notes.txt").write_text("some notes\n" * 20)
    (tmp_path / "my report.pdf").write_bytes(files.PDF)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("print('hello')\n")
    (tmp_path / "archive.zip").write_bytes(files.ZIP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
async def drive(folder: Path, demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Drive]:
    demo_server.script(*["A short answer."] * 5)
    async with driving(demo_server, monkeypatch) as drive:
        yield drive


def chips(drive: Drive) -> list[str]:
    return [chip.piece.name for chip in drive.app.conversation.query(Chip)]


def sent(server: DemoServer, turn: int = -1) -> list[dict[str, str]]:
    return server.turns[turn].body["input"][-1]["content"]  # type: ignore[no-any-return]


async def paste(drive: Drive, text: str) -> None:
    drive.app.post_message(events.Paste(text))
    await drive.pilot.pause()


class TestCompletion:
    async def test_at_completes_a_file_and_its_name_stays_in_the_sentence(
        self, drive: Drive, demo_server: DemoServer
    ) -> None:
        await drive.type("What is ")
        await drive.press("at", *"pho")
        await drive.until("photo.png")
        await drive.press("tab")
        await drive.until(lambda: chips(drive) == ["photo.png"])
        assert drive.prompt == "What is photo.png"
        await drive.press("enter")
        await drive.quiet()
        text, image = sent(demo_server)
        assert text["text"] == "What is photo.png"
        assert base64.b64decode(image["image_url"].partition(",")[2]) == files.image(size=(640, 480))
        assert chips(drive) == []
        row = next(row for row in drive.rows() if "photo.png\u00a0" in row and "\u00a0kB" in row)
        assert "▌" in row

    async def test_enter_chooses_and_does_not_send(self, drive: Drive, demo_server: DemoServer) -> None:
        await drive.press("at", *"notes")
        await drive.until(lambda: drive.app.conversation.path_menu.is_open)
        await drive.press("enter")
        await drive.until(lambda: chips(drive) == ["notes.txt"])
        assert demo_server.turns == []

    async def test_into_a_directory(self, drive: Drive) -> None:
        await drive.press("at", *"sr")
        await drive.until("src/")
        await drive.press("tab")
        await drive.until("src/main.py")
        assert drive.prompt == "@src/"
        await drive.press("down", "up", "tab")
        await drive.until(lambda: chips(drive) == ["main.py"])
        assert drive.prompt == "src/main.py"

    async def test_escape_closes_it_for_this_path_and_clears_nothing(self, drive: Drive) -> None:
        menu = drive.app.conversation.path_menu
        await drive.press("at")
        await drive.until(lambda: menu.is_open)
        await drive.press("escape", *"pho")
        await drive.pilot.pause(0.05)
        assert not menu.is_open and drive.prompt == "@pho"
        await drive.press("space", "at")
        await drive.until(lambda: menu.is_open)

    async def test_an_address_and_a_word_open_nothing(self, drive: Drive, demo_server: DemoServer) -> None:
        await drive.type("me")
        await drive.press("at", *"nowhere", "enter")
        await drive.quiet()
        assert sent(demo_server)[0]["text"] == "me@nowhere"

    async def test_a_click(self, drive: Drive) -> None:
        await drive.press("at", *"photo")
        await drive.until(lambda: drive.app.conversation.path_menu.is_open)
        await drive.pilot.click("#path-menu", offset=(5, 0))
        await drive.until(lambda: chips(drive) == ["photo.png"])

    async def test_what_cannot_be_attached_is_told_and_stays(self, drive: Drive) -> None:
        await drive.press("at", *"arch")
        await drive.until("archive.zip")
        await drive.press("tab")
        await drive.until("is a ZIP archive")
        assert chips(drive) == []


class TestCommand:
    async def test_attach_by_path(self, drive: Drive, folder: Path) -> None:
        await drive.send(f"/attach {folder}/photo.png")
        await drive.until(lambda: chips(drive) == ["photo.png"])
        assert drive.prompt == ""

    async def test_with_spaces_quoted_or_not_and_several(self, drive: Drive) -> None:
        await drive.send("/attach my report.pdf")
        await drive.until(lambda: chips(drive) == ["my report.pdf"])
        await drive.send("/attach 'my report.pdf' notes.txt")
        await drive.until(lambda: chips(drive) == ["my report.pdf", "my report.pdf", "notes.txt"])

    async def test_its_path_is_completed(self, drive: Drive) -> None:
        await drive.type("/attach pho")
        await drive.until(lambda: drive.app.conversation.path_menu.is_open)
        await drive.press("enter")
        await drive.until(lambda: chips(drive) == ["photo.png"])
        assert drive.prompt == ""

    @pytest.mark.parametrize(
        ("path", "words"),
        [("/dev/zero", "is a device"), ("/proc/self/environ", "belongs to the system"), ("src", "is a directory"),
         ("pipe", "is a pipe"), ("nothing.png", "is not there"), ("archive.zip", "is a ZIP archive")],
    )  # fmt: skip
    async def test_refusals_by_name(self, drive: Drive, folder: Path, path: str, words: str) -> None:
        os.mkfifo(folder / "pipe")
        drive.app.conversation.action_composer_attach(path)
        await drive.until(words)
        assert chips(drive) == []


class TestPaste:
    @pytest.mark.parametrize("quote", ["plain", "shell", "url"])
    async def test_a_dropped_file_is_a_chip(self, drive: Drive, folder: Path, quote: str) -> None:
        path = f"{folder}/my report.pdf"
        await paste(
            drive, {"plain": path, "shell": f"{shlex.quote(path)} ", "url": f"file://{path.replace(' ', '%20')}"}[quote]
        )
        await drive.until(lambda: chips(drive) == ["my report.pdf"])
        assert drive.prompt == ""

    async def test_several(self, drive: Drive, folder: Path) -> None:
        await paste(drive, f"{folder}/photo.png {folder}/notes.txt")
        await drive.until(lambda: chips(drive) == ["photo.png", "notes.txt"])

    @pytest.mark.parametrize("text", ["/etc/nothing-there", "hello /etc/passwd", "// comment", "notes.txt", "/tmp"])
    async def test_what_is_no_file_stays_text(self, drive: Drive, text: str) -> None:
        await paste(drive, text)
        await drive.until(lambda: drive.prompt == text)
        assert chips(drive) == []

    async def test_a_file_that_is_not_taken_stays_text_and_is_told(self, drive: Drive, folder: Path) -> None:
        await paste(drive, f"{folder}/archive.zip")
        await drive.until("is a ZIP archive")
        assert drive.prompt == f"{folder}/archive.zip"

    async def test_what_is_typed_behind_a_paste_stays_behind_it(self, drive: Drive, folder: Path) -> None:
        drive.app.post_message(events.Paste("/etc/nothing-there"))
        await drive.type(" yes")
        await drive.until(lambda: drive.prompt == "/etc/nothing-there yes")


class TestChips:
    async def test_backspace_at_the_start_takes_the_last_off(self, drive: Drive, folder: Path) -> None:
        await paste(drive, f"{folder}/photo.png {folder}/notes.txt")
        await drive.until(lambda: len(chips(drive)) == 2)
        await drive.press("backspace")
        await drive.until(lambda: chips(drive) == ["photo.png"])
        await drive.press("tab", "delete")
        await drive.until(lambda: chips(drive) == [])

    async def test_opening_a_text_and_an_image(self, drive: Drive, folder: Path) -> None:
        await paste(drive, f"{folder}/notes.txt")
        await drive.until(lambda: len(chips(drive)) == 1)
        await drive.press("tab", "enter")
        await drive.until("some notes")
        assert "edit in $EDITOR" not in drive.text()
        await drive.press("e", "x")
        await drive.until(lambda: chips(drive) == [])
        await paste(drive, f"{folder}/photo.png")
        await drive.until(lambda: len(chips(drive)) == 1)
        await drive.press("tab", "enter")
        await drive.until("640 × 480 pixels")
        await drive.until("▀▀▀▀")
        await drive.press("x")
        await drive.until(lambda: chips(drive) == [])

    async def test_the_price_of_the_next_turn_counts_them(self, drive: Drive, folder: Path) -> None:
        await drive.until(lambda: drive.app.conversation.desk.info is not None)  # type: ignore[union-attr]
        desk = drive.app.conversation.desk
        assert desk is not None
        (folder / "book.txt").write_text("word " * 200_000)
        before = desk.next_cost("").points or 0
        await paste(drive, f"{folder}/book.txt")
        await drive.until(lambda: len(chips(drive)) == 1)
        after = desk.next_cost("", extra=drive.app.conversation.composer.pieces[0].tokens).points or 0
        assert after > before * 10
        await drive.until(f"{round(after):,}".replace(",", " "))

    async def test_many_chips_leave_the_price_its_place(self, drive: Drive, folder: Path) -> None:
        await drive.app.conversation.composer.attach(*(Pasted(b"x" * 30_000) for _ in range(20)))
        await drive.until("more")
        row = next(row for row in drive.rows() if "more" in row and "pasted" in row)
        assert "next turn" in row
        await drive.app.conversation.composer.detach(*drive.app.conversation.query(Chip))
        await drive.until("newline")

    async def test_a_model_that_cannot_see_is_told_and_may_be_insisted_on(
        self, drive: Drive, folder: Path, demo_server: DemoServer
    ) -> None:
        await drive.until(lambda: drive.app.conversation.desk.info is not None)  # type: ignore[union-attr]
        drive.app.conversation.use_model("DeepSeek-V3.2")
        await paste(drive, f"{folder}/photo.png")
        await drive.until("DeepSeek-V3.2 reads text only")
        await drive.type("Look")
        await drive.press("enter")
        await drive.until("Enter again")
        await drive.until(lambda: chips(drive) == ["photo.png"] and drive.prompt == "Look")
        assert demo_server.turns == []
        await drive.press("enter")
        await drive.quiet()
        assert [part["type"] for part in sent(demo_server)] == ["input_text", "input_image"]

    async def test_they_stay_with_their_thread(self, drive: Drive, folder: Path) -> None:
        await drive.send("First")
        await drive.quiet()
        first = drive.app.conversation.desk
        assert first is not None
        await paste(drive, f"{folder}/photo.png")
        await drive.until(lambda: len(chips(drive)) == 1)
        await drive.press("ctrl+n")
        await drive.until(lambda: chips(drive) == [])
        drive.app.conversation.open_thread(first.id)
        await drive.until(lambda: chips(drive) == ["photo.png"])

    async def test_editing_a_prompt_brings_its_files_back(
        self, drive: Drive, folder: Path, demo_server: DemoServer
    ) -> None:
        (folder / "large.png").write_bytes(files.image() + bytes(200_000))
        await paste(drive, f"{folder}/large.png {folder}/notes.txt")
        await drive.until(lambda: len(chips(drive)) == 2)
        await drive.send("Look")
        await drive.quiet()
        await drive.press("escape", "e")
        await drive.until(lambda: chips(drive) == ["large.png", "notes.txt"])
        assert drive.prompt == "Look"
        await drive.press("enter")
        await drive.quiet()
        assert sent(demo_server, 0) == sent(demo_server, 1)

    async def test_nothing_accepted_brings_them_back(self, drive: Drive, folder: Path, demo_server: DemoServer) -> None:
        demo_server.fault("status", status=402, times=1)
        await paste(drive, f"{folder}/photo.png")
        await drive.until(lambda: len(chips(drive)) == 1)
        await drive.send("Look")
        await drive.quiet()
        await drive.until(lambda: chips(drive) == ["photo.png"] and drive.prompt == "Look")

    async def test_two_megabytes_do_not_freeze_anything(self, drive: Drive, folder: Path) -> None:
        (folder / "large.png").write_bytes(files.image() + os.urandom(1_500_000))
        await paste(drive, f"{folder}/large.png")
        await drive.until(lambda: len(chips(drive)) == 1)
        longest = last = time.perf_counter()
        longest = 0.0
        await drive.send("Look")
        while drive.live.running():
            await drive.pilot.pause(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
        assert longest < 3.0
        assert "iVBOR" not in drive.text() and "base64" not in drive.text()
