"""``poe-tui ask -a`` and files on stdin: what is sent, and what is refused before anything is."""

from __future__ import annotations

import base64
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from poe_tui.cli import ask, attached
from poe_tui.cli.exits import Failure
from poe_tui.demo.server import DemoServer
from tests import files

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server(demo_server_thread: DemoServer, monkeypatch: pytest.MonkeyPatch) -> DemoServer:
    """Return the demo server that the environment points at."""
    monkeypatch.setenv("POE_BASE_URL", demo_server_thread.base_url)
    monkeypatch.setenv("POE_API_KEY", "demo")
    return demo_server_thread


@pytest.fixture
def run(server: DemoServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return a function that runs the command with some bytes on stdin: (exit code, stdout, stderr)."""

    def call(*argv: str, stdin: bytes | None = None) -> tuple[int, str, str]:
        monkeypatch.setattr(attached, "is_piped", lambda: stdin is not None)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin or b"")))
        capsys.readouterr()
        try:
            code, words = ask.run(["-m", "Demo-Echo", *argv]), ""
        except Failure as failure:
            code, words = failure.code, str(failure)
        out, err = capsys.readouterr()
        return code, out, err + words

    yield call


def content(server: DemoServer) -> list[dict[str, str]]:
    (turn,) = server.turns
    return turn.body["input"][0]["content"]  # type: ignore[no-any-return]


def test_several_files_by_name(run: Run, server: DemoServer, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(files.image())
    (tmp_path / "b.txt").write_bytes("Grüße".encode("cp1252"))
    code, out, err = run("-a", str(tmp_path / "a.png"), "--attach", str(tmp_path / "b.txt"), "What", "is", "this?")
    assert (code, err) == (0, "")
    assert "What is this?" in out
    text, image, note = content(server)
    assert text == {"type": "input_text", "text": "What is this?"}
    assert image == {
        "type": "input_image",
        "image_url": f"data:image/png;base64,{base64.b64encode(files.image()).decode()}",
    }
    assert note["filename"] == "b.txt"
    assert base64.b64decode(note["file_data"].partition(",")[2]) == "Grüße".encode()


def test_a_file_alone_is_a_question(run: Run, server: DemoServer, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(files.PDF)
    assert run("-a", str(tmp_path / "a.pdf"))[0] == 0
    assert [part["type"] for part in content(server)] == ["input_file"]


def test_an_image_on_stdin_is_attached(run: Run, server: DemoServer) -> None:
    assert run("What is this?", stdin=files.image("WEBP"))[0] == 0
    assert [part["type"] for part in content(server)] == ["input_text", "input_image"]
    assert content(server)[1]["image_url"].startswith("data:image/webp;base64,")


def test_text_on_stdin_is_part_of_the_prompt_or_a_file_by_request(run: Run, server: DemoServer) -> None:
    assert run("Sum up:", stdin=b"some words\n")[0] == 0
    assert content(server) == [{"type": "input_text", "text": "Sum up:\n\nsome words"}]
    server.clear()
    assert run("-a", "-", "Sum up:", stdin=b"some words\n")[0] == 0
    text, note = content(server)
    assert text["text"] == "Sum up:" and note["filename"] == "stdin.txt"


@pytest.mark.parametrize(
    ("stdin", "words"),
    [
        (files.ZIP, "stdin is a ZIP archive"),
        (files.MP4, "stdin.mp4 is an MP4 video"),
        (files.noise(200), "of no known kind"),
    ],
)
def test_what_cannot_be_attached_on_stdin(run: Run, server: DemoServer, stdin: bytes, words: str) -> None:
    code, _, err = run("What is this?", stdin=stdin)
    assert code == 2 and words in err
    assert server.turns == []


def test_files_are_refused_by_name_and_nothing_is_sent(run: Run, server: DemoServer, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "movie.mp4").write_bytes(files.MP4)
    with (tmp_path / "large").open("wb") as hole:
        hole.truncate(3_000_000_000)
    for path, words in [
        ("/dev/zero", "/dev/zero is a device"),
        ("/proc/self/environ", "belongs to the system"),
        (str(tmp_path), "is a directory"),
        (str(tmp_path / "pipe"), "is a pipe"),
        (str(tmp_path / "nothing"), "is not there"),
        (str(tmp_path / "large"), "larger than the 20 MB"),
        (str(tmp_path / "movie.mp4"), "movie.mp4 is an MP4 video"),
    ]:
        code, out, err = run("-a", path, "Look")
        assert (code, out) == (2, "") and words in err, path
    assert server.turns == []


def test_a_model_that_cannot_see_is_named_with_one_that_can(run: Run, server: DemoServer, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(files.image())
    assert run("Hello")[0] == 0  # the list of models is cached by `models`, not by a question
    from poe_tui.cli import models

    models.run(["--json"])
    server.clear()
    code, _, err = run("-m", "DeepSeek-V3.2", "-a", str(tmp_path / "a.png"), "Look")
    assert code == 2
    assert "DeepSeek-V3.2 reads text only, so it cannot see a.png." in err and "can." in err
    assert server.turns == []


def test_with_json_a_refusal_is_an_object(run: Run, server: DemoServer) -> None:
    code, out, _ = run("--json", "-a", "/dev/zero", "Look")
    assert code == 2 and '"usage_error"' in out and "/dev/zero is a device" in out


class TestMediaOfTheAnswer:
    def test_base64_is_told_about_and_never_printed(self, run: Run) -> None:
        code, out, err = run("-m", "Demo-Image", "hills at dusk")
        assert code == 0
        assert "iVBOR" not in out + err and len(out) < 2_000
        assert "poe-tui: the answer holds an image (PNG, 192 × 128, " in err and "--save-media DIR saves it." in err

    def test_it_is_saved_where_one_says(self, run: Run, tmp_path: Path) -> None:
        for name in ("hills-at-dusk.png", "hills-at-dusk-2.png"):
            code, _, err = run("-m", "Demo-Image", "--save-media", str(tmp_path), "hills at dusk")
            assert code == 0 and f"saved {tmp_path / name} (an image (PNG, 192 × 128" in err
            assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o600

    def test_an_address_on_this_machine_is_not_fetched(self, run: Run, server: DemoServer, tmp_path: Path) -> None:
        code, out, err = run("-m", "Demo-Media", "--save-media", str(tmp_path), "hills")
        assert code == 1 and "Only https" in err
        assert f"{server.origin}/base/image/" in out
        assert list(tmp_path.iterdir()) == []
        assert [request.path for request in server.requests if "/base/" in request.path] == []

    def test_the_built_in_demo_has_pictures_to_fetch(self, run: Run, tmp_path: Path) -> None:
        code, _, err = run("--demo", "-m", "Demo-Media", "--save-media", str(tmp_path), "hills at dusk")
        assert (code, [path.name for path in tmp_path.iterdir()]) == (0, ["hills-at-dusk.png"]), err

    def test_without_media_there_is_nothing_to_save(self, run: Run, tmp_path: Path) -> None:
        assert run("--save-media", str(tmp_path), "Hello") == (0, run("Hello")[1], "")
