"""poe-tui with a tick in its event loop that notes how late it comes. ``python -m bench.programs.probed FILE ARG…``.

The app itself knows nothing of it: only the loop it makes gets one more timer. Every line of the file is one tick's
lateness in milliseconds.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

TICK = 0.01
"""Seconds between ticks: every stall that a person could feel is met by one."""
_BUNDLE = 100


class _Probe:
    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._late: list[str] = []

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        due = time.monotonic() + TICK
        loop.call_later(TICK, self._tick, loop, due)

    def _tick(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._late.append(f"{max(0.0, time.monotonic() - due) * 1000:.2f}\n")
        if len(self._late) >= _BUNDLE:
            os.write(self._file, "".join(self._late).encode())
            self._late.clear()
        self.start(loop)


def main(path: str, arguments: list[str]) -> int:
    """Run the app with the probe in its loop."""
    make, probe = asyncio.new_event_loop, _Probe(path)

    def probed() -> asyncio.AbstractEventLoop:
        loop = make()
        probe.start(loop)
        return loop

    asyncio.new_event_loop = probed
    from poe_tui.__main__ import main as poe_tui

    return poe_tui(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
