"""Signals: SIGTERM, SIGHUP, SIGQUIT and SIGINT save, give the terminal back and end with 128 + n.

Textual restores nothing on them (measured: nine modes stay on), and with SIGHUP ignored (``nohup``) a hung-up app would
stay for ever: ``loop.add_signal_handler`` replaces an inherited SIG_IGN too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
"""SIGINT only arrives from outside: in raw mode ^C is a key."""


def install(loop: AbstractEventLoop, end: Callable[[int], None]) -> None:
    """Call ``end(128 + n)`` in the loop when one of the ending signals arrives."""
    for number in ENDING:
        loop.add_signal_handler(number, end, 128 + number)


def remove(loop: AbstractEventLoop) -> None:
    """Take the handlers away again."""
    for number in ENDING:
        loop.remove_signal_handler(number)


def leave(code: int) -> NoReturn:
    """End the process at once: no joining of threads (a resolver may hang in one), no finalizers.

    Everything worth keeping must have been saved before.
    """
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    os._exit(code)


def leave_within(seconds: float, code: int) -> threading.Timer:
    """Leave with ``code`` after ``seconds``, whatever the event loop does meanwhile; ``cancel()`` to stay."""
    watchdog = threading.Timer(seconds, leave, (code,))
    watchdog.daemon = True
    watchdog.start()
    return watchdog
