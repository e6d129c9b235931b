"""Which programs are measured, and the world they start in: a home of their own, one terminal, no proxies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.terminal import Terminal

POE_TUI = [sys.executable, "-m", "poe_tui"]
BARE = [sys.executable, "-m", "bench.programs.bare"]
AREA = [sys.executable, "-m", "bench.programs.area"]
LOOP = [sys.executable, "-m", "bench.programs.loop"]
PROBED = [sys.executable, "-m", "bench.programs.probed"]

SKELETON = "sk anything"
"""What the first frame says; its first letter is under the caret."""
QUIT = b"\x11"
ROOT = Path(__file__).resolve().parent.parent
_KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")


@contextmanager
def home(url: str = "http://127.0.0.1:9/v1") -> Iterator[dict[str, str]]:
    """Yield the environment of a new person; their home goes away afterwards."""
    with TemporaryDirectory(prefix="poe-tui-bench-", ignore_cleanup_errors=True) as folder:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        yield {
            **kept, "HOME": folder, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8",
            "POE_API_KEY": "bench", "POE_BASE_URL": url, "PYTHONPATH": str(ROOT),
        }  # fmt: skip


def warm_up(env: dict[str, str], *arguments: str) -> None:
    """Start once and quit: byte code is compiled, the first frame's colours and the model list are in the cache."""
    with Terminal([*POE_TUI, *arguments], env) as terminal:
        ready(terminal)
        terminal.rest(1.0, quiet=0.5)
        terminal.write(QUIT)
        terminal.until("\x1b[?1049l")


def ready(terminal: Terminal, timeout: float = 30.0) -> None:
    """Wait until the app takes typing and has shown its page whole."""
    terminal.until(SKELETON, timeout=timeout)
    terminal.until("\x1b[?2004h", timeout=timeout)
    terminal.rest(0.6, quiet=0.4)
