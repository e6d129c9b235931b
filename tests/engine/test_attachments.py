"""Attachments: files that are taken and files that are refused by name; from parts and back; which model reads them."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import formats
from poe_tui.attachment import Attachment
from poe_tui.engine import attachments, chosen_file
from poe_tui.engine.aside import aside
from poe_tui.engine.chosen_file import NotTaken
from poe_tui.engine.items import is_empty, to_input
from poe_tui.model import ModelInfo
from poe_tui.sanitize import clean
from tests import files
from tests.engine.conftest import Bench


def refusal(path: str | Path, limit: int = 1_000) -> NotTaken:
    with pytest.raises(NotTaken) as caught:
        chosen_file.read(str(path), limit)
    return caught.value


class TestReading:
    def test_a_plain_file_and_a_link_to_one(self, tmp_path: Path) -> None:
        file = tmp_path / "a.txt"
        file.write_bytes(b"hello")
        (tmp_path / "link").symlink_to(file)
        assert chosen_file.read(str(file), 5) == chosen_file.read(str(tmp_path / "link"), 5) == b"hello"

    def test_relative_and_home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "a.txt").write_bytes(b"hello")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert chosen_file.read("a.txt", 9) == chosen_file.read("~/a.txt", 9) == b"hello"

    def test_a_fifo_does_not_wait(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "link").symlink_to(tmp_path / "pipe")
        start = time.monotonic()
        for name in ("pipe", "link"):
            assert "is a pipe" in str(refusal(tmp_path / name))
        assert time.monotonic() - start < 3.0

    @pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/stdin", "/dev/fd/0", "/dev/tty", "/dev/random"])
    def test_devices(self, path: str) -> None:
        found = refusal(path)
        assert path in str(found) and not found.is_file

    @pytest.mark.parametrize(
        "path", ["/proc/self/environ", "/proc/self/cmdline", "/proc/cpuinfo", "/sys/kernel/uevent_seqnum"]
    )
    def test_what_belongs_to_the_system(self, path: str, tmp_path: Path) -> None:
        if not Path(path).exists():
            pytest.skip("this machine has no such file")
        assert "belongs to the system" in str(refusal(path))
        (tmp_path / "innocent.txt").symlink_to(path)
        assert "belongs to the system" in str(refusal(tmp_path / "innocent.txt"))

    def test_shared_memory_is_no_place_for_files_either(self) -> None:
        if not os.access("/dev/shm", os.W_OK):
            pytest.skip("no /dev/shm")
        file = Path(f"/dev/shm/poe-tui-test-{os.getpid()}")
        file.write_text("x")
        try:
            assert "belongs to the system (/dev)" in str(refusal(file))
        finally:
            file.unlink()

    def test_directories_sockets_and_what_is_not_there(self, tmp_path: Path) -> None:
        assert "is a directory" in str(refusal(tmp_path))
        assert str(refusal("/")).startswith("/ is a directory")
        assert "is not there" in str(refusal(tmp_path / "nothing"))
        (tmp_path / "file").write_text("x")
        assert "is not there" in str(refusal(tmp_path / "file" / "below"))
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        assert "cannot be read" in str(refusal(tmp_path / "loop"))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "socket"))
            assert "is a socket" in str(refusal(tmp_path / "socket"))

    def test_size(self, tmp_path: Path) -> None:
        file = tmp_path / "large"
        with file.open("wb") as hole:
            hole.truncate(2_000_000_000)
        start = time.monotonic()
        assert "larger than the 0.001 MB that may be attached (2.0 GB)" in str(refusal(file))
        assert time.monotonic() - start < 3.0
        (tmp_path / "empty").touch()
        assert "is empty" in str(refusal(tmp_path / "empty"))

    def test_what_may_not_be_read(self, tmp_path: Path) -> None:
        file = tmp_path / "secret"
        file.write_text("x")
        file.chmod(0)
        if os.access(file, os.R_OK):
            pytest.skip("this user may read everything")
        found = refusal(file)
        assert "permission denied" in str(found) and found.is_file

    @pytest.mark.parametrize("path", ["a\x00b", "~nobody-of-that-name/x", "x" * 5_000, "\ud800"])
    def test_paths_that_are_none(self, path: str) -> None:
        refusal(path)

    def test_a_name_full_of_tricks_is_told_cleanly(self, tmp_path: Path) -> None:
        name = "-rf \x1b]0;owned\x07\u202egnp.exe\n"
        (tmp_path / name).mkdir()
        words = str(refusal(tmp_path / name))
        assert "\x1b" not in words and "\u202e" not in words and "\n" not in words and "␛]0;owned" in words

    def test_a_long_path_is_cut_in_the_middle(self) -> None:
        words = chosen_file.shown("/a/" + "b" * 300 + "/file.txt")
        assert len(words) < 130 and words.startswith("/a/b") and words.endswith("/file.txt")

    @settings(max_examples=100, deadline=None)
    @given(st.text(max_size=60))
    def test_any_text_is_a_path_that_is_refused_in_words(self, path: str) -> None:
        try:
            chosen_file.read(f"/nowhere/{path}", 10)
        except NotTaken as refused:
            assert clean(str(refused), single_line=True) == str(refused)


class TestKinds:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
    def test_images_by_their_bytes_not_by_their_name(self, tmp_path: Path, kind: str) -> None:
        file = tmp_path / "notes.txt"
        file.write_bytes(files.image(kind))
        taken = attachments.load(str(file))
        assert taken.format.kind == "image" and taken.pixels == (64, 48) and taken.name == "notes.txt"
        assert taken.path == str(file)
        part = attachments.part(taken)
        assert part["type"] == "input_image"
        assert part["image_url"].startswith(f"data:{taken.format.media_type};base64,")
        assert base64.b64decode(part["image_url"].partition(",")[2]) == files.image(kind)

    def test_a_pdf(self) -> None:
        taken = attachments.of_bytes(files.PDF, "a.pdf")
        assert attachments.part(taken) == {
            "type": "input_file",
            "filename": "a.pdf",
            "file_data": f"data:application/pdf;base64,{base64.b64encode(files.PDF).decode()}",
        }
        assert taken.tokens == 4_000

    def test_a_text_of_any_encoding_goes_as_utf_8(self) -> None:
        taken = attachments.of_bytes("Grüße".encode("utf-16"), "a.txt")
        assert taken.format is formats.TEXT and taken.data == "Grüße".encode()
        assert attachments.part(taken)["file_data"].startswith("data:text/plain;base64,")

    @pytest.mark.parametrize(
        ("data", "words"),
        [(files.HEIC, "is a HEIC image"), (files.ZIP, "ZIP"), (files.MP4, "is an MP4 video"), (files.MP3, "an MP3 rec"),
         (files.noise(99), "of no known kind"), (b"\x89PNG\r\n\x1a\n", "is not a whole one"),
         (files.bomb(), "30000 × 30000 pixels")],
    )  # fmt: skip
    def test_what_is_refused(self, data: bytes, words: str) -> None:
        with pytest.raises(NotTaken, match=words) as caught:
            attachments.of_bytes(data, "thing")
        assert str(caught.value).startswith("thing ")

    def test_the_limit_holds_for_what_is_piped_too(self) -> None:
        with pytest.raises(NotTaken, match=r"larger than the 0\.01 MB"):
            attachments.of_bytes(b"x" * 10_001, "stdin", 10_000)

    @pytest.mark.parametrize(
        ("name", "called"),
        [("a.png", "a.png"), ("", "file"), ("../../x", ".._.._x"), ("a\x1b[31m\n.png", "a␛[31m .png"),
         ("x" * 300 + ".png", "x" * 95 + "….png"), ("\u202egnp.exe", "gnp.exe")],
    )  # fmt: skip
    def test_names(self, name: str, called: str) -> None:
        assert attachments.clean_name(name) == called
        assert len(attachments.clean_name(name)) <= attachments.NAME_LENGTH


class TestItems:
    def test_a_prompt_with_files_is_one_message_without_empty_parts(self) -> None:
        image = attachments.of_bytes(files.image(), "a.png")
        item = attachments.message("", [image])
        assert [part["type"] for part in item["content"]] == ["input_image"]
        assert not is_empty([item])
        item = attachments.message("Look", [image], ["a paste", "  "])
        assert [part["type"] for part in item["content"]] == ["input_text", "input_text", "input_image"]

    def test_the_name_of_an_image_does_not_leave(self) -> None:
        item = attachments.message("Look", [attachments.of_bytes(files.image(), "a.png")])
        sent = to_input(item)
        assert sent is not None and set(sent["content"][1]) == {"type", "image_url"}

    @pytest.mark.parametrize("data", [files.image("PNG"), files.image("WEBP"), files.PDF, b"words"])
    def test_there_and_back(self, data: bytes) -> None:
        before = attachments.of_bytes(data, "name.x")
        (after,) = attachments.attachments_of([attachments.message("Hi", [before])])
        assert (after.name, after.format, after.data, after.pixels) == (
            "name.x", before.format, data, before.pixels,
        )  # fmt: skip

    @pytest.mark.parametrize(
        "part",
        [None, {}, {"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": "https://a.example/x.png"},
         {"type": "input_file", "file_data": "data:text/plain;base64,!!"}, {"type": "input_file", "file_id": "f"},
         {"type": "input_file", "file_data": {"$poe_file": "x"}}],
    )  # fmt: skip
    def test_parts_that_are_none(self, part: object) -> None:
        assert attachments.of_part(part) is None

    def test_tokens(self) -> None:
        assert Attachment("a", formats.PNG, b"", (3000, 4000)).tokens == 1_600
        assert Attachment("a", formats.PNG, b"", (10, 10)).tokens == 85
        assert Attachment("a", formats.TEXT, b"x" * 41).tokens == 11


class TestModels:
    seeing = ModelInfo("sees", "Sees", owner="A", input_modalities=("text", "image"), output_modalities=("text",))
    other = ModelInfo("other", "Other", owner="B", input_modalities=("text", "image"), output_modalities=("text",))
    blind = ModelInfo("blind", "Blind", owner="B", input_modalities=("text",), output_modalities=("text",))
    image = attachments.of_bytes(files.image(), "a.png")

    def test_who_can_see(self) -> None:
        words = attachments.unread([self.image], self.blind, [self.seeing, self.blind, self.other])
        assert words == "Blind reads text only, so it cannot see a.png. Other or Sees can."
        assert attachments.unread([self.image], self.blind) == "Blind reads text only, so it cannot see a.png."

    @pytest.mark.parametrize("model", [None, seeing, ModelInfo("x", "X")])
    def test_nothing_is_said_where_it_can_or_nobody_knows(self, model: ModelInfo | None) -> None:
        assert attachments.unread([self.image], model) == ""

    def test_texts_and_pdfs_need_no_eyes(self) -> None:
        assert attachments.unread([attachments.of_bytes(files.PDF, "a.pdf")], self.blind) == ""


class TestAside:
    async def test_it_returns_and_raises(self) -> None:
        assert await aside(lambda: 5) == 5
        with pytest.raises(ZeroDivisionError):
            await aside(lambda: 1 // 0)

    async def test_a_hanging_disk_is_left_behind(self) -> None:
        release = threading.Event()
        with pytest.raises(TimeoutError):
            await aside(release.wait, seconds=0.01)
        release.set()
        await asyncio.sleep(0)


async def test_a_thread_that_begins_with_a_file_is_called_by_it(bench: Bench) -> None:
    thread = bench.thread()
    await bench.ask(thread, [attachments.message("", [attachments.of_bytes(files.image(), "hills.png")])])
    assert thread.title == "hills.png"
