"""Rest: what the app costs while nothing happens, with the focus in the composer."""

from __future__ import annotations

from bench import process
from bench.apps import POE_TUI, home, ready, warm_up
from bench.figures import Figure, difference
from bench.server import Server
from bench.terminal import Terminal
from bench.texts import LAST

_SETTLE = 2.0
"""Seconds until everything that was warmed up behind the first frame is done."""


def rest(rounds: int, *, quick: bool = False) -> list[Figure]:
    """Measure memory at rest, then ten idle seconds after a short answer."""
    seconds = 3.0 if quick else 10.0
    memory: list[float | None] = []
    written: list[float] = []
    woken: list[float | None] = []
    busy: list[float | None] = []
    with Server() as server, home(server.url) as env:
        warm_up(env)
        for _ in range(rounds):
            with Terminal([*POE_TUI, "-m", "fast-2000"], env) as terminal:
                ready(terminal)
                terminal.rest(_SETTLE)
                memory.append(process.resident(terminal.pid))
                terminal.write(b"go\r")
                terminal.until(LAST)
                terminal.rest(_SETTLE, quiet=1.0)
                before = len(terminal.output), process.wakeups(terminal.pid), process.cpu(terminal.pid)
                terminal.rest(seconds)
                written.append((len(terminal.output) - before[0]) * 10 / seconds)
                woke = difference(process.wakeups(terminal.pid), before[1])
                spent = difference(process.cpu(terminal.pid), before[2])
                woken.append(None if woke is None else woke / seconds)
                busy.append(None if spent is None else 100 * spent / seconds)
    return [
        Figure("resident memory at rest", memory, " MB", 65, peers="memory"),
        Figure("idle 10 s: bytes written", written, "", 0, peers="idle bytes"),
        Figure("idle: wakeups a second", woken, "", 2),
        Figure("idle: CPU", busy, " %", 0.1, peers="idle cpu"),
    ]
