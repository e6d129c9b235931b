"""Start: the first frame, the first typed character, the first words of an answer, the way out."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from bench.apps import AREA, BARE, POE_TUI, QUIT, SKELETON, home, ready, warm_up
from bench.figures import Figure, ratio
from bench.server import Server
from bench.terminal import NeverCame, Terminal
from bench.texts import FIRST, LAST

_TYPED = re.compile(rb"\xd0[\xb0-\xbf]")
"""The Cyrillic letters а to п, which no frame holds."""
_LETTERS = [chr(0x0430 + place).encode() for place in range(16)]
_EVERY = 0.02
"""Seconds between two tries to type: a hand would not be faster."""


def start(rounds: int) -> list[Figure]:
    """Measure the start and the end, each program once a round."""
    taken: dict[str, list[float]] = {name: [] for name in ("bare", "skeleton", "area", "echo", "cold")}
    leaving: list[float] = []
    with Server() as server, home(server.url) as env:
        warm_up(env)
        for _ in range(rounds):
            taken["bare"].append(_first_frame(BARE, env, "Bare Textual"))
            taken["skeleton"].append(_first_frame(POE_TUI, env, SKELETON))
            taken["area"].append(_echo(AREA, env))
            taken["echo"].append(_echo(POE_TUI, env))
            taken["cold"].append(_cold(env, server))
            leaving.append(_leave(env))
    bare, area = taken["bare"], taken["area"]
    return [
        Figure("bare Textual: first frame", bare, " s"),
        Figure("first frame", taken["skeleton"], " s"),
        Figure("first frame / bare Textual's", _by_round(taken["skeleton"], bare), "×", 0.15),
        Figure("bare TextArea: typed character echoes", area, " s"),
        Figure("typed character echoes", taken["echo"], " s", peers="echo"),
        Figure("typed character echoes / bare TextArea's", _by_round(taken["echo"], area), "×", 1.15),
        Figure("first answer words, typed at once", taken["cold"], " s", peers="cold"),
        Figure("first answer words / bare Textual's start", _by_round(taken["cold"], bare), "×", 2.5),
        Figure("quit key to terminal restored", leaving, " ms", 50, peers="quit"),
    ]


def _by_round(above: Sequence[float], below: Sequence[float]) -> list[float | None]:
    return [ratio(*pair) for pair in zip(above, below, strict=True)]


def _first_frame(argv: list[str], env: dict[str, str], mark: str) -> float:
    with Terminal(argv, env) as terminal:
        return terminal.until(mark) - terminal.began


def _raw(terminal: Terminal) -> None:
    """Wait until the program has taken the line: before that the line itself would echo."""
    while terminal.echoes:
        terminal.pump(0.001)
        if time.monotonic() - terminal.began > 30:
            raise NeverCame("nobody takes the keyboard")


def _echo(argv: list[str], env: dict[str, str]) -> float:
    with Terminal(argv, env) as terminal:
        _raw(terminal)
        typed, due = 0, 0.0
        while not _TYPED.search(terminal.output):
            now = time.monotonic()
            if now >= due:
                terminal.write(_LETTERS[typed % len(_LETTERS)])
                typed, due = typed + 1, now + _EVERY
            terminal.pump(max(0.0, due - time.monotonic()))
            if now - terminal.began > 30:
                raise NeverCame("no typed character was drawn")
        return terminal.came - terminal.began


def _cold(env: dict[str, str], server: Server) -> float:
    server.forget()
    with Terminal([*POE_TUI, "-m", "fast-2000"], env) as terminal:
        terminal.until(SKELETON)
        terminal.write(b"go\r")
        return terminal.until(FIRST, LAST) - terminal.began


def _leave(env: dict[str, str]) -> float:
    with Terminal(POE_TUI, env) as terminal:
        ready(terminal)
        since, pressed = len(terminal.output), time.monotonic()
        terminal.write(QUIT)
        terminal.until("\x1b[?1049l", since=since)
        while not terminal.echoes:
            terminal.pump(0.0005)
        return (time.monotonic() - pressed) * 1000
