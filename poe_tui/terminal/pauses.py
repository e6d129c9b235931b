"""When Python itself may stop the app: the garbage collector and the lock that threads share.

A start makes some hundred thousand objects that all stay, and the collector would go through them a dozen times; later,
what was there when the page stood is never looked at again. Threads hand the interpreter over every millisecond: by
default the event loop waits five for each turn of its own while another thread imports or writes to the database.
"""

from __future__ import annotations

import gc
import sys

HAND_OVER = 0.001
"""Seconds after which a thread that only computes lets another one go on."""
_THRESHOLDS = (10_000, 20, 20)


def begin() -> None:
    """The app starts: no collections until ``settle``."""
    gc.disable()
    sys.setswitchinterval(HAND_OVER)


def settle() -> None:
    """Everything is open: what there is stays, what comes is collected in small steps. Does nothing a second time."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()
