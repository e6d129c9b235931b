"""The whole app in a real terminal: signals in mid-stream, kill -9, hostile answers, two instances, idleness."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from poe_tui.demo.server import DemoServer
from tests.terminal.allowed import foreign
from tests.terminal.harness import Terminal, python

ROOT = str(Path(__file__).parents[2])
APP = python("-m", "poe_tui")

Start = Callable[..., Terminal]


@pytest.fixture
def environment(demo_server_thread: DemoServer) -> dict[str, str]:
    return {
        "PYTHONPATH": ROOT,
        "POE_BASE_URL": demo_server_thread.base_url,
        "POE_API_KEY": "canary-4711-secret",
    }


def ready(terminal: Terminal) -> None:
    """Wait until the page is connected: the model stands in the header."""
    terminal.wait_for("Claude-Sonnet-4.5")
    terminal.wait_for("Ask anything")


def streaming(terminal: Terminal, server: DemoServer) -> None:
    """Send a prompt whose answer stands still in the middle."""
    server.hold(after=12)
    ready(terminal)
    terminal.write(b"Tell me something\r")
    terminal.wait_for("Esc stop")
    terminal.wait_for("tok/s")


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)],
    ids=["term", "hup", "quit"],
)
def test_a_signal_in_mid_stream_saves_and_restores(
    number: int, code: int, environment: dict[str, str], demo_server_thread: DemoServer
) -> None:
    with Terminal(APP, env=environment) as terminal:
        streaming(terminal, demo_server_thread)
        terminal.write(b"half a draft")
        terminal.wait_for("half a draft")
        os.kill(terminal.process.pid, number)
        assert terminal.wait(5) == code
        assert terminal.modes_left() == set()
        assert terminal.settings() == terminal.before
        assert b"canary" not in terminal.output
    demo_server_thread.clear()
    with Terminal([*APP, "-c"], env=environment) as terminal:
        terminal.wait_for("stopped")
        terminal.wait_for("half a draft")
        assert not demo_server_thread.turns


def test_the_terminal_goes_away_in_mid_stream(environment: dict[str, str], demo_server_thread: DemoServer) -> None:
    with Terminal(APP, env=environment, ignore_hangup=True) as terminal:
        streaming(terminal, demo_server_thread)
        terminal.release_slave()
        terminal.hang_up()
        assert terminal.wait(6) == 129
    with Terminal([*APP, "-c"], env=environment) as terminal:
        terminal.wait_for("stopped")


def test_kill_9_in_mid_stream_loses_nothing(environment: dict[str, str], demo_server_thread: DemoServer) -> None:
    with Terminal(APP, env=environment) as terminal:
        streaming(terminal, demo_server_thread)
        end = time.monotonic() + 1.5  # A checkpoint is due within a second.
        while time.monotonic() < end:
            terminal.pump()
        terminal.process.kill()
        terminal.wait()
    with Terminal([*APP, "-c"], env=environment) as terminal:
        terminal.wait_for("Tell me something")
        terminal.wait_for("poe-tui ended")
        assert len(demo_server_thread.turns) == 1


def test_a_hostile_answer_leaves_no_foreign_byte(environment: dict[str, str], demo_server_thread: DemoServer) -> None:
    demo_server_thread.fault("hostile")
    with Terminal(APP, columns=120, rows=40, env=environment) as terminal:
        ready(terminal)
        terminal.write(b"Attack me\r")
        terminal.wait_for("and it goes on")
        terminal.wait_for("^T effort")
        terminal.write(b"\x1b")
        terminal.wait_for("y copy")
        for key in (b"x", b"x", b"g", b"G", b"k", b"j", b"i"):
            terminal.write(key)
            terminal.pump(0.2)
        terminal.resize(80, 24)
        os.kill(terminal.process.pid, signal.SIGWINCH)
        terminal.pump(0.3)
        terminal.write(b"\x11")
        assert terminal.wait(5) == 0
        assert foreign(bytes(terminal.output)) == []
        assert terminal.modes_left() == set()


def test_a_large_paste_is_a_chip_and_is_sent(environment: dict[str, str], demo_server_thread: DemoServer) -> None:
    text = b"".join(b"line %d of a large paste\r" % number for number in range(200_000))
    with Terminal(APP, columns=120, rows=40, env=environment) as terminal:
        ready(terminal)
        terminal.write(b"Read this")
        terminal.wait_for("Read this")
        started = time.monotonic()
        terminal.write(b"\x1b[200~" + text + b"\x1b[201~")
        terminal.wait_for("pasted, 200 000 lines")
        terminal.write(b" please")
        terminal.wait_for("Read this please")
        assert time.monotonic() - started < 5.0
        terminal.write(b"\r")
        terminal.wait_for("^T effort", timeout=30)
        terminal.wait_for(lambda: len(demo_server_thread.turns) == 1)
    [item] = [item for item in demo_server_thread.turns[0].body["input"] if item.get("role") == "user"]
    asked, pasted = item["content"]
    assert asked["text"] == "Read this please"
    assert pasted["text"].startswith("line 0 of a large paste\nline 1 of")


def test_what_is_typed_before_the_app_is_ready_is_kept(
    environment: dict[str, str], demo_server_thread: DemoServer
) -> None:
    demo_server_thread.script("Early birds get answers.")
    with Terminal(APP, env=environment) as terminal:
        terminal.wait_for("Ask anything")
        terminal.write(b"very early\r")
        terminal.wait_for("Early birds get answers.")
    assert "very early" in str(demo_server_thread.turns[0].body["input"])


def test_idle_is_silent(environment: dict[str, str]) -> None:
    with Terminal(APP, env=environment) as terminal:
        ready(terminal)
        while terminal.pump(0.7):
            pass
        before = len(terminal.output)
        cpu = _cpu(terminal)
        assert not terminal.pump(3.0)
        assert len(terminal.output) == before
        assert _cpu(terminal) - cpu <= 3  # hundredths of a second


def _cpu(terminal: Terminal) -> int:
    fields = Path(f"/proc/{terminal.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_two_instances_share_a_database(environment: dict[str, str], demo_server_thread: DemoServer) -> None:
    demo_server_thread.script("Answer one.", "Answer two.")
    with Terminal(APP, env=environment) as one, Terminal(APP, env=environment) as two:
        ready(one)
        ready(two)
        one.write(b"From the first\r")
        two.write(b"From the second\r")
        one.wait_for("Answer")
        two.wait_for("Answer")
        for terminal in (one, two):
            terminal.write(b"\x11")
            assert terminal.wait(6) == 0
            assert b"locked" not in terminal.output
    with Terminal(APP, columns=120, rows=40, env=environment) as terminal:
        terminal.wait_for("From the first")
        terminal.wait_for("From the second")


def test_the_terminals_cursor_sits_on_the_caret(environment: dict[str, str]) -> None:
    with Terminal(APP, columns=120, rows=40, env=environment) as terminal:
        ready(terminal)
        terminal.write("né日".encode())
        terminal.wait_for("日")
        terminal.wait_for(lambda: terminal.cursor() == (31 + 4, 34))
        terminal.write(b"\n")
        terminal.wait_for(lambda: terminal.cursor() == (31, 34))
        terminal.write(b"\x1b[A")
        terminal.wait_for(lambda: terminal.cursor() == (31, 33))


_COLOUR = re.compile(rb"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[\d;]*)?m")


@pytest.mark.parametrize(("wish", "coloured"), [("1", False), ("", True)])
def test_no_color_leaves_every_colour_to_the_terminal(
    wish: str, coloured: bool, environment: dict[str, str], demo_server_thread: DemoServer
) -> None:
    with Terminal(APP, env=environment | {"NO_COLOR": wish}) as terminal:
        ready(terminal)
        terminal.write(b"Tell me something\r")
        terminal.wait_for("Text first")
        assert bool(_COLOUR.search(bytes(terminal.output))) is coloured


def test_after_an_editor_the_whole_page_is_drawn(environment: dict[str, str], tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "\\033[2J\\033[Hfull of ink"\nprintf " and an editor" >>"$1"\n')
    editor.chmod(0o700)
    with Terminal(APP, env={**environment, "EDITOR": str(editor), "VISUAL": ""}) as terminal:
        ready(terminal)
        terminal.write(b"With a pen")
        terminal.wait_for("With a pen")
        terminal.write(b"\x07")
        terminal.wait_for("With a pen and an editor")
        terminal.wait_for("New thread")
        terminal.wait_for("/ commands")
