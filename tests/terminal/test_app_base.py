"""TerminalApp in a real terminal: every way it can end, and what comes in through the keyboard."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.harness import APPS, Terminal, python

ROOT = str(Path(__file__).parents[2])
PLAIN = python(str(APPS / "plain.py"))

Start = Callable[..., Terminal]


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    return {"PYTHONPATH": ROOT, "SAVE_TO": str(home / "saved"), "TEXTUAL_ANIMATIONS": "none"}


def typed(terminal: Terminal) -> None:
    """Wait for the app and type a draft into it."""
    terminal.wait_for("ready")
    terminal.write(b"draft")
    terminal.wait_for("draft")


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131), (signal.SIGINT, 130)],
)
def test_signals_save_and_restore(number: int, code: int, environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment) as terminal:
        typed(terminal)
        os.kill(terminal.process.pid, number)
        assert terminal.wait(5) == code
        assert terminal.modes_left() == set()
        assert terminal.settings() == terminal.before
        assert Path(environment["SAVE_TO"]).read_text() == "draft"


@pytest.mark.parametrize("ignored", [False, True])
def test_a_closed_terminal_ends_the_app(ignored: bool, environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment, ignore_hangup=ignored) as terminal:
        typed(terminal)
        terminal.release_slave()
        terminal.hang_up()
        assert terminal.wait(5) == 129
        assert Path(environment["SAVE_TO"]).read_text() == "draft"


def test_quitting_restores_the_terminal_before_it_saves(environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment | {"SAVE_TIME": "0.5"}) as terminal:
        typed(terminal)
        started = time.monotonic()
        terminal.write(b"\x11")
        terminal.wait_for(lambda: b"\x1b[?1049l" in terminal.output)
        assert time.monotonic() - started < 2.0
        assert terminal.process.poll() is None
        assert terminal.wait(5) == 0
        assert Path(environment["SAVE_TO"]).read_text() == "draft"
        assert terminal.modes_left() == set()
        assert terminal.settings() == terminal.before


def test_saving_that_hangs_does_not_keep_the_process(environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment | {"SAVE_TIME": "60"}) as terminal:
        typed(terminal)
        terminal.write(b"\x11")
        assert terminal.wait(6) == 0


def test_a_crash_tells_one_line_and_no_secret(environment: dict[str, str], home: Path) -> None:
    with Terminal(PLAIN, env=environment) as terminal:
        typed(terminal)
        terminal.write(b"\x18")
        assert terminal.wait(5) == 1
        assert terminal.modes_left() == set()
        tail = bytes(terminal.output).rpartition(b"\x1b[?1004l")[2]
        assert b"RuntimeError: no good: ***" in tail
        assert b"sesame" not in terminal.output
        assert b"\x1b]0;" not in terminal.output
        [report] = (home / ".local/state/poe-tui").glob("crash-*.log")
        assert report.stat().st_mode & 0o777 == 0o600
        assert str(report).encode() in tail.replace(b"\r\n", b"")
        text = report.read_text()
        assert "action_fail" in text
        assert "sesame" not in text.replace('password = "sesame"', "")  # The line of source code itself.
        assert Path(environment["SAVE_TO"]).read_text() == "draft"


def test_suspend_and_resume(environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment) as terminal:
        typed(terminal)
        terminal.write(b"\x1a")
        # What was written last may still be on its way when the process stands still already.
        terminal.wait_for(lambda: _state(terminal) == "T" and terminal.modes_left() == set())
        assert terminal.settings() == terminal.before
        mark = len(terminal.output)
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.wait_for(lambda: b"\x1b[?1049h" in terminal.output[mark:] and b"draft" in terminal.output[mark:])
        terminal.write(b"X")
        terminal.wait_for("draftX")
        terminal.write(b"\x11")
        assert terminal.wait(5) == 0
        assert terminal.modes_left() == set()


def _state(terminal: Terminal) -> str:
    return Path(f"/proc/{terminal.process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_only_known_mouse_modes(environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment) as terminal:
        typed(terminal)
        assert b"\x1b[?1002h" in terminal.output
        for mode in (b"?1000h", b"?1003h", b"?1015h", b"?1016h"):
            assert mode not in terminal.output


def test_idle_writes_nothing(environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment) as terminal:
        typed(terminal)
        while terminal.pump(0.3):
            pass
        before = len(terminal.output)
        assert not terminal.pump(2.0)
        assert len(terminal.output) == before


# --- pastes


def test_five_megabytes_are_usable_within_a_second(environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment) as terminal:
        typed(terminal)
        text = b"a line of text that is pasted\n" * (5_000_000 // 30)
        started = time.monotonic()
        terminal.write(b"\x1b[200~" + text + b"\x1b[201~")
        terminal.wait_for(f"bulk {len(text)}")
        terminal.write(b"X")
        terminal.wait_for("draftX")
        assert time.monotonic() - started < 5.0


@pytest.mark.parametrize(
    "paste",
    [
        pytest.param(b"\x1b[200~one\rtwo\r\x1b[201~", id="bracketed"),
        pytest.param(b"\x1b[200~one\x1b[201~\rtwo\r\x1b[201~", id="with an end marker of its own"),
        pytest.param(b"one\rtwo\r", id="without brackets"),
    ],
)
def test_a_newline_in_a_paste_is_not_enter(paste: bytes, environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment) as terminal:
        terminal.wait_for("ready")
        terminal.write(paste)
        terminal.wait_for("two")
        terminal.write(b"Z")
        terminal.wait_for("Z")
        assert "sent" not in terminal.text()


def test_typing_a_line_and_enter_at_once_is_enter(environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment) as terminal:
        terminal.wait_for("ready")
        terminal.write(b"hello there\r")
        terminal.wait_for("sent 'hello there'")


def test_replies_of_the_terminal_are_not_typed(environment: dict[str, str]) -> None:
    with Terminal(PLAIN, env=environment) as terminal:
        typed(terminal)
        for reply in (b"\x1b[?62;22c", b"\x1b]52;c;aGVsbG8=\x07", b"\x1b]11;rgb:0/0/0\x1b\\", b"\x1bP1$r0m\x1b\\",
                      b"\x1b[>0;95;0c", b"\x1b[?1u", b"\x1b[?2026;2$y"):  # fmt: skip
            terminal.write(reply)
        terminal.write(b"X")
        terminal.wait_for("draftX")


# The hang of an event loop is the one thing no handler in the loop can see: the watchdog is a thread.
def test_a_signal_ends_a_program_whose_loop_hangs(environment: dict[str, str]) -> None:
    script = (
        "import time, asyncio\n"
        "from poe_tui.terminal import signals\n"
        "async def main():\n"
        "    print('up', flush=True)\n"
        "    signals.leave_within(0.2, 143)\n"
        "    time.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with Terminal(python("-c", script), env=environment) as terminal:
        terminal.wait_for("up")
        assert terminal.wait(5) == 143
