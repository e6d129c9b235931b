"""The driver: Textual's Linux driver without polling, with pastes that cost nothing and a terminal that may go away.

Why each difference exists (measured on Textual 8.2.8):

- the input thread sleeps in ``select`` until a byte, a deadline or a wake-up comes: no wake-ups when idle, and leaving
  takes 2 ms where polling took up to 200;
- pastes are cut out of the bytes (``input.py``); large ones travel as bytes (``BulkPaste``) and never through a parser;
- end of file or EIO on the terminal ends the app; Textual spins at 104 % CPU when SIGHUP is ignored;
- writing to a terminal that is gone is quiet: the exit path must not hang on it;
- the mouse reports presses, drags and the wheel (1002, 1006), never bare motion: 1003 costs bytes for every move;
- no in-band resize reports and no pixel mouse: SIGWINCH is enough, and Textual does not undo mode 1016.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Any

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from poe_tui.terminal import skeleton
from poe_tui.terminal.input import InputSplitter, Pasted, Piece

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import App
    from textual.message import Message

BULK = 20_000
"""A paste of more bytes than this never enters a text area."""

LAG_TIME = 0.03
"""Seconds in which a terminal that keeps up takes what it is given."""
LAG_SIZE = 64_000
"""Characters that may wait at most, however short the time."""

_MOUSE_ON = "\x1b[?1002h\x1b[?1006h"
_MOUSE_OFF = "\x1b[?1002l\x1b[?1006l"
_READ = 64 * 1024


class BulkPaste(events.Paste):
    """A paste too large for a text area. ``text`` is empty, so that widgets which know nothing of it insert nothing."""

    def __init__(self, data: bytes) -> None:
        super().__init__("")
        self.data = data
        """The bytes as the terminal sent them: not decoded, not cleaned."""


class TerminalFile:
    """What the writer thread writes to: the terminal's descriptor, silent once the terminal is gone."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.gone = False
        self.taken = 0
        """Characters the terminal has taken so far."""

    def write(self, text: str) -> int:
        """Write everything, or nothing more once the terminal has gone away."""
        rest = memoryview(text.encode("utf-8", "replace"))
        while rest and not self.gone:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                select.select([], [self._fd], [], 1.0)
            except OSError:
                self.gone = True
        self.taken += len(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is buffered here."""

    def fileno(self) -> int:
        """Return the descriptor of the terminal."""
        return self._fd

    def isatty(self) -> bool:
        """It is a terminal: the command line refused to start otherwise."""
        return True


class QuietDriver(LinuxDriver):
    """The driver of the app in a real terminal."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        stream = sys.__stdout__ if sys.__stdout__ is not None and sys.__stdout__.isatty() else sys.__stderr__
        assert stream is not None
        self._terminal = TerminalFile(stream.fileno())
        self._file = self._terminal  # type: ignore[assignment]  # Textual only writes and flushes.
        self._alternate = False
        """Whether the skeleton has switched to the alternate screen already: a second time would flash."""
        self._given = 0
        self._behind_since = 0.0
        self._wake: tuple[int, int] | None = None
        self._started = False
        self.gone = False
        """The terminal went away: nothing more can be read or restored."""

    # --- modes -----------------------------------------------------------------------------------------------------
    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._wake = os.pipe()
        self._started = True
        before = skeleton.taken_over()
        self._alternate = before is not None
        super().start_application_mode()
        if before is not None:
            self.attrs_before = before
            lower_curtain = getattr(self._app, "lower_curtain", None)
            if lower_curtain is not None:
                lower_curtain()

    def resume_application_mode(self) -> None:
        """Take the terminal back from an editor or a shell: nothing is known of what it shows now."""
        forget = getattr(self._app, "forget_screen", None)
        if forget is not None:
            forget()
        super().resume_application_mode()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was. A second call does nothing."""
        if not self._started:
            return
        self._started = False
        super().stop_application_mode()
        self._close_wake()

    def restore(self) -> None:
        """Give the terminal back and wait until the last byte has left; for signals and crashes. Never raises."""
        with contextlib.suppress(Exception):
            self.stop_application_mode()
        with contextlib.suppress(Exception):
            self.close()

    def close(self) -> None:
        """End the writer thread. A second call does nothing, and writing afterwards goes nowhere."""
        writer, self._writer_thread = self._writer_thread, None
        if writer is not None:
            writer.stop()

    def write(self, data: str) -> None:
        """Queue ``data`` for the terminal; dropped when the driver is not running."""
        if self._alternate and data == skeleton.ALTERNATE:
            self._alternate = False
            return
        if self._writer_thread is not None:
            if self._given == self._terminal.taken:
                self._behind_since = time.monotonic()
            self._given += len(data)
            self._writer_thread.write(data)

    @property
    def lags(self) -> bool:
        """Whether the terminal has not taken what it was given: frames are then skipped, never queued."""
        waiting = self._given - self._terminal.taken
        return waiting > LAG_SIZE or (waiting > 0 and time.monotonic() - self._behind_since > LAG_TIME)

    def set_mouse(self, on: bool) -> None:
        """Switch mouse reports on or off while the app runs."""
        if self._started and self._mouse:
            self.write(_MOUSE_OFF)
        self._mouse = on
        if self._started:
            self._enable_mouse_support()

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.write(_MOUSE_ON)

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write(_MOUSE_OFF)

    def _enable_mouse_pixels(self) -> None:
        """Never: see the module's docstring."""

    def _query_in_band_window_resize(self) -> None:
        """Never: see the module's docstring."""

    # --- input -----------------------------------------------------------------------------------------------------
    def disable_input(self) -> None:
        """End the input thread at once."""
        if self._wake is not None:
            with contextlib.suppress(OSError):
                os.write(self._wake[1], b"\0")
        super().disable_input()

    def _close_wake(self) -> None:
        if self._wake is not None:
            for descriptor in self._wake:
                os.close(descriptor)
            self._wake = None

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:
            self._loop.call_soon_threadsafe(self._app._handle_exception, error)

    def run_input_thread(self) -> None:
        """Read until told to stop or until the terminal goes away."""
        assert self._wake is not None
        wake = self._wake[0]
        splitter = InputSplitter()
        keys = _KeyParser(self._debug)
        while not self.exit_event.is_set():
            now = time.monotonic()
            deadlines = [at for at in (splitter.deadline, keys.deadline) if at is not None]
            timeout = max(0.0, min(deadlines) - now) if deadlines else None
            ready, _, _ = select.select([self.fileno, wake], [], [], timeout)
            if wake in ready:
                break
            now = time.monotonic()
            if self.fileno in ready:
                try:
                    data = os.read(self.fileno, _READ)
                except BlockingIOError:
                    continue
                except OSError:  # EIO: the other side of the terminal is closed.
                    data = b""
                if not data:
                    self._hang_up()
                    return
                pieces = splitter.feed(data, now)
            else:
                pieces = splitter.tick(now)
            for message in self._messages(pieces, keys):
                self.process_message(message)

    def _messages(self, pieces: Iterable[Piece], keys: _KeyParser) -> Iterable[Message]:
        for piece in pieces:
            if isinstance(piece, Pasted):
                yield paste_event(piece.data)
            else:
                yield from keys.feed(piece.data, final=piece.final)
        yield from keys.tick()

    def _hang_up(self) -> None:
        self.gone = True
        hang_up = getattr(self._app, "terminal_gone", None)
        with contextlib.suppress(RuntimeError):  # The loop may be closed already.
            self._loop.call_soon_threadsafe(hang_up if hang_up is not None else self._app.exit)


class _KeyParser:
    """Textual's key parser, fed with bytes and with the right end for a lone Esc."""

    def __init__(self, debug: bool) -> None:
        self._parser = XTermParser(debug)
        self._decode = getincrementaldecoder("utf-8")("replace").decode

    @property
    def deadline(self) -> float | None:
        """When ``tick`` must be called."""
        return self._parser._timeout_time

    def feed(self, data: bytes, *, final: bool) -> Iterable[Message]:
        text = self._decode(data)
        if text:
            yield from self._parser.feed(text)
        if final and self._parser._timeout_time is not None:
            self._parser._timeout_time = 0.0
            yield from self._parser.tick()

    def tick(self) -> Iterable[Message]:
        yield from self._parser.tick()


def paste_event(data: bytes) -> events.Paste:
    """Return the event for the bytes of a paste."""
    if len(data) > BULK:
        return BulkPaste(data)
    return events.Paste(data.decode("utf-8", "replace").replace("\x00", ""))
