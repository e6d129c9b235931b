"""Streams: 50 kB of Markdown in deltas of 4 characters, as fast as they go and at 500 a second, and 1 MB."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import process
from bench.apps import LOOP, POE_TUI, PROBED, home, ready, warm_up
from bench.figures import Figure, difference, percentile, ratio
from bench.server import Server
from bench.terminal import NeverCame, Terminal
from bench.texts import FIRST, LAST

_KEYS = [chr(0x0430 + place) for place in range(32)]
"""What is typed while words come: Cyrillic letters, so that each is found among them. Yus is none of them."""
_KEY_EVERY = 0.25
_KEY_LOST = 3.0
_SMALL, _USUAL, _LARGE, _HUGE = 10_000, 50_000, 200_000, 1_000_000


@dataclass(slots=True)
class _Streamed:
    """One answer, from Enter on."""

    lag: float
    """Seconds from the server's last byte to the last words."""
    took: float
    """Seconds from Enter to the last words."""
    cpu: float | None
    written: int
    resident: float | None


@contextmanager
def _app(server: Server, env: dict[str, str], model: str, argv: list[str] = POE_TUI) -> Iterator[Terminal]:
    with Terminal([*argv, "-m", model], env) as terminal:
        ready(terminal)
        server.forget()
        yield terminal


def _ask(terminal: Terminal, server: Server, *, keys: list[float] | None = None, timeout: float = 120.0) -> _Streamed:
    before, spent = len(terminal.output), process.cpu(terminal.pid)
    terminal.write(b"go\r")
    entered = time.monotonic()
    if keys is not None:
        _type(terminal, before, keys, timeout)
    shown = terminal.until(LAST, since=before, timeout=timeout)
    cpu = difference(process.cpu(terminal.pid), spent)
    last = server.when("last", terminal.pump)
    return _Streamed(
        max(0.0, shown - last), shown - entered, cpu, len(terminal.output) - before, process.resident(terminal.pid)
    )


def _type(terminal: Terminal, before: int, delays: list[float], timeout: float) -> None:
    """Type a letter now and then until the last words are there; note how long each took to be drawn (ms)."""
    terminal.until(FIRST, LAST, since=before)
    end, number = time.monotonic() + timeout, 0
    while terminal.output.find(LAST.encode(), before) < 0 and time.monotonic() < end:
        letter, since, pressed = _KEYS[number % len(_KEYS)], len(terminal.output), time.monotonic()
        terminal.write(letter.encode())
        try:
            delays.append((terminal.until(letter, since=since, timeout=_KEY_LOST) - pressed) * 1000)
        except NeverCame:
            delays.append(_KEY_LOST * 1000)
        number += 1
        terminal.rest(_KEY_EVERY * (0.8 + 0.1 * (number % 5)))


def _idle_keys(terminal: Terminal, count: int) -> list[float]:
    delays: list[float] = []
    for number in range(count):
        since, pressed = len(terminal.output), time.monotonic()
        letter = _KEYS[number % len(_KEYS)]
        terminal.write(letter.encode())
        delays.append((terminal.until(letter, since=since) - pressed) * 1000)
        terminal.rest(_KEY_EVERY)
    terminal.write(b"\x15")
    terminal.rest(1.0, quiet=0.3)
    return delays


def _loop(server: Server, env: dict[str, str], model: str) -> tuple[float, float | None]:
    """Run the httpx loop; its lag and its CPU, with its start, as the peers' table has it."""
    server.forget()
    with Terminal([*LOOP, server.url, model], env) as terminal:
        shown = terminal.until(LAST)
        cpu = process.cpu(terminal.pid)
        return max(0.0, shown - server.when("last", terminal.pump)), cpu


def fast(rounds: int) -> list[Figure]:
    """Measure 50 kB without delay beside the httpx loop."""
    ours: list[_Streamed] = []
    loops: list[tuple[float, float | None]] = []
    model = f"fast-{_USUAL}"
    with Server() as server, home(server.url) as env:
        warm_up(env)
        for _ in range(rounds):
            loops.append(_loop(server, env, model))
            with _app(server, env, model) as terminal:
                ours.append(_ask(terminal, server))
    shares = [ratio(one.cpu, loop[1]) for one, loop in zip(ours, loops, strict=True)]
    return [
        Figure("50 kB at once: httpx loop, last byte to last words", [loop[0] for loop in loops], " s"),
        Figure("50 kB at once: last byte to last words", [one.lag for one in ours], " s", 0.4, peers="fast lag"),
        Figure("50 kB at once: Enter to last words", [one.took for one in ours], " s"),
        Figure("50 kB at once: httpx loop, CPU", [loop[1] for loop in loops], " s", note="its start included"),
        Figure("50 kB at once: CPU", [one.cpu for one in ours], " s", peers="fast cpu"),
        Figure("50 kB at once: CPU / httpx loop's", shares, "×", 3.5),
        Figure("50 kB at once: bytes written", [float(one.written) for one in ours]),
        Figure("50 kB at once: resident memory", [one.resident for one in ours], " MB", 80, peers="streaming memory"),
    ]


def slow(rounds: int, *, quick: bool = False) -> list[Figure]:
    """Measure an answer at 500 tokens a second: once left alone, once while somebody types."""
    size = _SMALL if quick else _USUAL
    model, tokens = f"slow-{size}", size / 4
    alone: list[_Streamed] = []
    keys: list[float] = []
    idle: list[float] = []
    stalls: list[float] = []
    with Server() as server, home(server.url) as env, tempfile.TemporaryDirectory() as folder:
        warm_up(env)
        probe = Path(folder) / "late"
        for _ in range(rounds):
            with _app(server, env, model) as terminal:
                alone.append(_ask(terminal, server))
            with _app(server, env, model, [*PROBED, str(probe)]) as terminal:
                idle += _idle_keys(terminal, 4 if quick else 12)
                ticks = len(_late(probe))
                _ask(terminal, server, keys=keys)
                stalls += _late(probe)[ticks:]
    middle = ratio(percentile(keys, 0.5), percentile(idle, 0.5))
    shares = [None if one.cpu is None else 100 * one.cpu / one.took for one in alone]
    return [
        Figure("2 ms a delta: CPU", shares, " %", 12, peers="slow cpu"),
        Figure("2 ms a delta: bytes a token", [one.written / tokens for one in alone], "", 45, peers="slow bytes"),
        Figure("2 ms a delta: last byte to last words", [one.lag for one in alone], " s"),
        Figure("2 ms a delta: resident memory", [one.resident for one in alone], " MB", 80, peers="streaming memory"),
        Figure("key echo at rest", idle, " ms"),
        Figure("2 ms a delta: key echo", keys, " ms", peers="keys"),
        Figure("2 ms a delta: key echo p50 / at rest", [middle], "×", 1.5),
        Figure("2 ms a delta: key echo p95", [percentile(keys, 0.95)], " ms", 25, note=f"{len(keys)} keys"),
        Figure("2 ms a delta: loop stall p99", [percentile(stalls, 0.99)], " ms", 50, note=f"{len(stalls)} ticks"),
        Figure("2 ms a delta: loop stall, longest", [max(stalls, default=None)], " ms"),
    ]


def _late(probe: Path) -> list[float]:
    return [float(line) for line in probe.read_text("ascii").splitlines()]


def long(rounds: int) -> list[Figure]:
    """Measure 1 MB against 200 kB: whether the time grows as the answer does."""
    taken: dict[int, list[float]] = {_LARGE: [], _HUGE: []}
    memory: list[float | None] = []
    with Server() as server, home(server.url) as env:
        warm_up(env)
        for _ in range(rounds):
            for size, times in taken.items():
                with _app(server, env, f"fast-{size}") as terminal:
                    streamed = _ask(terminal, server, timeout=300)
                    times.append(streamed.took)
            memory.append(streamed.resident)
    growth = [ratio(*pair) for pair in zip(taken[_HUGE], taken[_LARGE], strict=True)]
    return [
        Figure("200 kB at once: Enter to last words", taken[_LARGE], " s"),
        Figure("1 MB at once: Enter to last words", taken[_HUGE], " s"),
        Figure("1 MB / 200 kB", growth, "×", 5.5),
        Figure("1 MB at once: resident memory", memory, " MB"),
    ]
