"""A real pseudo-terminal with a program in it: 120×40, true colour; it answers what programs ask."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

COLUMNS, ROWS = 120, 40

ANSWERS: dict[bytes, bytes] = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[>c": b"\x1b[>1;10;0c",
    b"\x1b[?u": b"\x1b[?0u",
    b"\x1b[>q": b"\x1bP>|bench\x1b\\",
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b]11;?\x1b\\": b"\x1b]11;rgb:1616/1818/1d1d\x1b\\",
    b"\x1b]11;?\x07": b"\x1b]11;rgb:1616/1818/1d1d\x07",
    b"\x1b]10;?\x1b\\": b"\x1b]10;rgb:d3d3/d7d7/dede\x1b\\",
    b"\x1b]10;?\x07": b"\x1b]10;rgb:d3d3/d7d7/dede\x07",
}
_TAIL = 32
"""Bytes of what came before that are looked at again: a mark may arrive in two pieces."""


class NeverCame(Exception):
    """What was waited for did not come in time."""


class Terminal:
    """A program in a terminal of its own session; use as a context manager. Times are ``time.monotonic``."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self._argv = list(argv)
        self._env = dict(env)
        self.output = bytearray()
        """Everything the program wrote."""
        self.came = 0.0
        """When the last bytes came."""

    def __enter__(self) -> Self:
        self.master, self._slave = pty.openpty()
        self.resize(COLUMNS, ROWS)
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            self._argv, stdin=self._slave, stdout=self._slave, stderr=self._slave, env=self._env, cwd=self._env["HOME"],
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        self.pid = self._process.pid
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        os.close(self.master)
        os.close(self._slave)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def echoes(self) -> bool:
        """Whether the line still echoes by itself: no program has taken it over, or it was given back."""
        return bool(termios.tcgetattr(self._slave)[3] & termios.ECHO)

    def write(self, data: bytes) -> None:
        """Type."""
        os.write(self.master, data)

    def pump(self, seconds: float) -> int:
        """Read what is there, waiting at most ``seconds`` for it; how many bytes came."""
        if not select.select([self.master], [], [], seconds)[0]:
            return 0
        data = os.read(self.master, 1 << 18)
        self.came = time.monotonic()
        before = bytes(self.output[-_TAIL:])
        self.output += data
        seen = before + data
        for asked, answer in ANSWERS.items():
            for _ in range(seen.count(asked) - before.count(asked)):
                os.write(self.master, answer)
        return len(data)

    def until(self, *marks: str, since: int = 0, timeout: float = 30.0) -> float:
        """Pump until one of the marks stands in what came behind byte ``since``, and return when it came."""
        wanted = re.compile(b"|".join(re.escape(mark.encode()) for mark in marks))
        end = time.monotonic() + timeout
        at = since
        while not wanted.search(self.output, at):
            at = max(since, len(self.output) - _TAIL)
            if time.monotonic() > end or (self._process.poll() is not None and not self.pump(0)):
                raise NeverCame(f"{marks} behind {bytes(self.output[-300:])!r}")
            self.pump(0.05)
        return self.came

    def rest(self, seconds: float, *, quiet: float = 0.0, timeout: float = 30.0) -> None:
        """Pump for ``seconds``; with ``quiet``, go on until nothing came for so long."""
        end = time.monotonic() + seconds
        last = time.monotonic() + timeout
        while (now := time.monotonic()) < end or (quiet and now - self.came < quiet and now < last):
            self.pump(min(0.02, max(0.0, end - now)) if now < end else 0.02)
