"""Copying to the person's own clipboard, over SSH and tmux too, and saying truthfully which way it went.

In tmux the buffer comes first: with tmux's defaults every escape sequence of an application is dropped, but
``load-buffer -w`` hands the text on to the outer terminal where that is allowed. Elsewhere OSC 52; terminals differ in
the length they take, so a long text is written to a file whose path is told. Nothing here can know whether the
terminal obeyed, and the words say so.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poe_tui.sanitize import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OSC52_LIMIT = 74_000
"""Bytes of text; with base64 and its frame it stays under the 100 kB that common terminals take."""
SCREEN_CHUNK = 700
"""GNU screen passes a DCS string of 768 bytes at most."""
TMUX_TIME = 2.0


@dataclass(slots=True, frozen=True)
class Copied:
    """How a copy went. ``words`` is a whole sentence for the toast."""

    route: str
    """``tmux``, ``osc52``, ``file`` or ``none``."""
    words: str

    @property
    def failed(self) -> bool:
        """Whether the text went nowhere."""
        return self.route == "none"


async def copy(
    text: str, write: Callable[[str], None], folder: Path, environ: Mapping[str, str] = os.environ
) -> Copied:
    """Copy cleaned ``text`` by the best route there is.

    Args:
        text: what to copy; source text, not screen cells.
        write: sends a sequence to the terminal.
        folder: where a text too long for the terminal is written.
        environ: tells tmux and GNU screen.
    """
    text = clean(text)
    if not text:
        return Copied("none", "Nothing to copy.")
    amount = _amount(text)
    if environ.get("TMUX") and await _tmux(text):
        return Copied("tmux", f"{amount} sent to the tmux buffer and, where tmux allows it, to your clipboard.")
    data = text.encode("utf-8", "replace")
    if len(data) <= OSC52_LIMIT:
        for sequence in osc52(data, screen=bool(environ.get("STY"))):
            write(sequence)
        return Copied("osc52", f"{amount} sent to your terminal's clipboard (OSC 52).")
    path = _to_file(data, folder)
    if path is None:
        return Copied("none", f"{amount} is too much for the terminal's clipboard, and no file can be written.")
    return Copied("file", f"{amount} is too much for the terminal's clipboard. It is in {path}")


def osc52(data: bytes, *, screen: bool = False) -> list[str]:
    """Return the sequences that set the clipboard, wrapped for GNU screen where asked."""
    encoded = base64.b64encode(data).decode("ascii")
    if not screen:
        return [f"\x1b]52;c;{encoded}\x07"]
    whole = f"\x1b]52;c;{encoded}\x07"
    return [f"\x1bP{whole[at : at + SCREEN_CHUNK]}\x1b\\" for at in range(0, len(whole), SCREEN_CHUNK)]


async def _tmux(text: str) -> bool:
    program = shutil.which("tmux")
    if program is None:
        return False
    try:
        process = await asyncio.create_subprocess_exec(
            program, "load-buffer", "-w", "-",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return False
    try:
        await asyncio.wait_for(process.communicate(text.encode("utf-8", "replace")), TMUX_TIME)
    except (TimeoutError, OSError):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return False
    return process.returncode == 0


def _to_file(data: bytes, folder: Path) -> Path | None:
    path = folder / time.strftime("copied-%Y%m%d-%H%M%S.txt")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError:
        return None
    return path


def _amount(text: str) -> str:
    lines = text.count("\n") + 1
    if lines > 1:
        return f"{lines} lines"
    return "1 character" if len(text) == 1 else f"{len(text)} characters"
