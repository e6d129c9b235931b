"""A real pseudo-terminal with a program in it: what it writes, what it leaves switched on, how it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
_KITTY_PUSH, _KITTY_POP = re.compile(rb"\x1b\[>\d+u"), re.compile(rb"\x1b\[<\d*u")
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>][\d;]*u|\x1b\[\?\d+\$p")
"""pyte prints the last letter of sequences it does not know."""

ON_AT_REST = {7, 25}
"""Private modes a terminal has switched on before a program starts: line wrap and a visible cursor."""


class Terminal:
    """A program in a terminal of its own session; use as a context manager."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        ignore_hangup: bool = False,
    ) -> None:
        self.columns, self.rows = columns, rows
        self.output = bytearray()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._argv = list(argv)
        self._env = dict(os.environ, **(env or {}))
        self._ignore_hangup = ignore_hangup
        self.master = -1
        self.process: subprocess.Popen[bytes]
        self.before: list[object] = []

    def __enter__(self) -> Terminal:
        self.master, slave = pty.openpty()
        self.resize(self.columns, self.rows)
        self.before = termios.tcgetattr(slave)
        ignore = self._ignore_hangup

        def take_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if ignore:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)

        self.process = subprocess.Popen(
            self._argv, stdin=slave, stdout=slave, stderr=slave, env=self._env, start_new_session=True,
            preexec_fn=take_terminal,
        )  # fmt: skip
        self._slave = slave  # Kept open, so that the modes of the terminal can be read after the program's end.
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()
        if self._slave >= 0:
            os.close(self._slave)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def release_slave(self) -> None:
        """Let go of our own handle, so that closing the master hangs the program up."""
        os.close(self._slave)
        self._slave = -1

    def hang_up(self) -> None:
        """Close the terminal's side of the line."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def settings(self) -> list[object]:
        """Return the line settings as they are now (``termios``)."""
        return termios.tcgetattr(self._slave)

    # --- bytes -----------------------------------------------------------------------------------------------------
    def pump(self, seconds: float = 0.05) -> bool:
        """Read what is there, waiting at most ``seconds`` for the first byte; whether anything came."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            return False
        self.output += data
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))
        return bool(data)

    def write(self, data: bytes, *, timeout: float = 20.0) -> None:
        """Write everything, reading what the program answers meanwhile."""
        end = time.monotonic() + timeout
        rest = memoryview(data)
        while rest:
            assert time.monotonic() < end, "the program does not read"
            readable, writable, _ = select.select([self.master], [self.master], [], 1.0)
            if readable:
                self.pump(0)
            if writable:
                rest = rest[os.write(self.master, rest[:4096]) :]

    def wait_for(self, condition: str | Callable[[], bool], timeout: float = 15.0) -> None:
        """Pump until the words stand on the screen, or until the condition holds."""
        end = time.monotonic() + timeout
        while not (condition in self.text() if isinstance(condition, str) else condition()):
            assert time.monotonic() < end, f"{condition} never came; the screen:\n{self.text()}"
            self.pump()

    def text(self) -> str:
        """Return the screen's rows."""
        return "\n".join(self._screen.display)

    def row(self, number: int) -> str:
        """Return one row of the screen."""
        return self._screen.display[number]

    def cursor(self) -> tuple[int, int]:
        """Return where the terminal's own cursor is: column, row."""
        return self._screen.cursor.x, self._screen.cursor.y

    def wait(self, timeout: float = 10.0) -> int:
        """Pump until the program has ended and return its exit code."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            assert time.monotonic() < end, f"the program does not end; the screen:\n{self.text()}"
            if self.master >= 0:
                self.pump()
            else:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.05)
        while self.master >= 0 and self.pump(0.05):
            pass
        return self.process.returncode

    # --- what is left on -------------------------------------------------------------------------------------------
    def modes_left(self) -> set[str]:
        """Return what the program switched and did not switch back."""
        state: dict[int, bool] = {}
        for match in _MODE.finditer(bytes(self.output)):
            for mode in match.group(1).split(b";"):
                state[int(mode)] = match.group(2) == b"h"
        left = {f"?{mode}" for mode, on in state.items() if on != (mode in ON_AT_REST)}
        if len(_KITTY_PUSH.findall(self.output)) > len(_KITTY_POP.findall(self.output)):
            left.add("kitty keyboard")
        return left


def python(*arguments: str) -> list[str]:
    """Return the argv of this interpreter with ``arguments``."""
    return [sys.executable, *arguments]


APPS = Path(__file__).parent / "apps"
"""Small apps for the tests of this folder."""
