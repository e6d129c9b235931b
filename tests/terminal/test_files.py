"""Files and pictures in a real terminal: dropped paths, hostile names, an image of two megabytes."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from poe_tui.demo.server import DemoServer
from tests import files
from tests.terminal.allowed import foreign
from tests.terminal.harness import Terminal, python

ROOT = str(Path(__file__).parents[2])
APP = python("-m", "poe_tui")
Open = Callable[[], Terminal]


@pytest.fixture
def open_app(demo_server_thread: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.chdir(tmp_path)
    environment = {"PYTHONPATH": ROOT, "POE_BASE_URL": demo_server_thread.base_url, "POE_API_KEY": "demo"}
    return lambda: Terminal(APP, columns=120, rows=40, env=environment)


def ready(terminal: Terminal) -> None:
    terminal.wait_for("Claude-Sonnet-4.5")
    terminal.wait_for("Ask anything")


def test_a_dropped_file_with_a_hostile_name(open_app: Open, demo_server_thread: DemoServer, tmp_path: Path) -> None:
    name = "a\x1b]0;owned\x07 \u202egnp.txt"
    (tmp_path / name).write_text("words")
    (tmp_path / "-rf \x1b[31m.zip").write_bytes(files.ZIP)
    demo_server_thread.script("Seen.")
    with open_app() as terminal:
        ready(terminal)
        terminal.write(b"@a")
        terminal.wait_for("gnp.txt")
        terminal.write(b"\t")
        terminal.wait_for("5 B")
        terminal.write(b" what is this\r")
        terminal.wait_for("Seen.")
        terminal.write(b"@-rf")
        terminal.wait_for(".zip")
        terminal.write(b"\t")
        terminal.wait_for("is a ZIP archive")
        terminal.write(b"\x11")
        assert terminal.wait(5) == 0
        assert foreign(bytes(terminal.output)) == []
    part = demo_server_thread.turns[0].body["input"][-1]["content"][1]
    assert part["type"] == "input_file" and "\x1b" not in part["filename"]


def test_an_image_of_two_megabytes(open_app: Open, demo_server_thread: DemoServer) -> None:
    data = base64.b64encode(files.image(size=(800, 600)) + bytes(1_500_000)).decode()
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": data}
    demo_server_thread.script([item])
    with open_app() as terminal:
        ready(terminal)
        started = time.monotonic()
        terminal.write(b"Hills\r")
        terminal.wait_for("Image · PNG · 800 × 600 · 1.5 MB")
        terminal.wait_for("▀▀▀▀")
        assert time.monotonic() - started < 8
        terminal.write(b"typed meanwhile")
        terminal.wait_for("typed meanwhile")
        terminal.write(b"\x11")
        assert terminal.wait(5) == 0
        output = bytes(terminal.output)
    assert foreign(output) == []
    assert b"AAAAAAAA" not in output and b"iVBOR" not in output
    assert len(output) < 150_000
