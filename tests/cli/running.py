"""Running ``poe-tui`` as a person or a script does: a process of its own, with pipes or with a terminal."""

from __future__ import annotations

import io
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

COMMAND: Final = (sys.executable, "-m", "poe_tui")
_WITH_CONTROL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes the terminal on stdin the one whose ^C counts and that /dev/tty means, then becomes the command."""
PATIENCE: Final = 30.0
"""Seconds for a process to end on a busy machine; a passing test needs a fraction of one."""


@dataclass(slots=True, frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str = ""

    @property
    def rows(self) -> list[list[str]]:
        """The tab-separated lines of stdout."""
        return [line.split("\t") for line in self.out.splitlines()]


def poe(*arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
    """Run ``poe-tui`` with pipes on all sides."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin.encode(),
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=PATIENCE,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def here(*arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
    """Run ``poe-tui`` with pipes on all sides in this very process: many times faster.

    Not for what needs a process of its own: signals, closed streams, a terminal, what is loaded.
    """
    from poe_tui.cli.main import run

    streams = [io.TextIOWrapper(io.BytesIO(text), "utf-8") for text in (stdin.encode(), b"", b"")]
    before = (sys.stdin, sys.stdout, sys.stderr, os.umask(0o022))
    environment = dict(os.environ)
    sys.stdin, sys.stdout, sys.stderr = streams
    os.environ.update(env or {})
    try:
        code = run(list(arguments))
    finally:
        sys.stdin, sys.stdout, sys.stderr = before[:3]
        os.umask(before[3])
        os.environ.clear()
        os.environ.update(environment)
    for stream in streams[1:]:
        stream.seek(0)
    out, err = (stream.read() for stream in streams[1:])
    return Ended(code, out, err)


def poe_in_a_terminal(
    *arguments: str, typed: str = "", columns: int = 100, env: Mapping[str, str] | None = None
) -> Ended:
    """Run ``poe-tui`` with a terminal on all sides; ``out`` is everything that reached it, line ends as ``\\n``.

    ``typed`` is typed once the command has asked for something (a colon and a space stand on the screen).
    """
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    process = subprocess.Popen(
        [sys.executable, "-c", _WITH_CONTROL, *COMMAND, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **(env or {})},
        start_new_session=True,
    )
    os.close(theirs)
    seen = bytearray()
    deadline = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    piece = os.read(ours, 65_536)
                except OSError:  # The other side is closed.
                    break
                if not piece:
                    break
                seen += piece
                if typed and b": " in seen:
                    os.write(ours, typed.encode())
                    typed = ""
        code = process.wait(max(0.1, deadline - time.monotonic()))
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return Ended(code, seen.decode().replace("\r\n", "\n"))
