"""What can be made to go wrong, by kind; each fault says which requests it meets and how often.

Three groups, by the moment they act:

before the answer
    ``delay`` (``seconds`` before the status line), ``drop`` (closed without a word), ``reset`` (the same by RST),
    ``status`` (``status``, ``body``, ``headers``), ``html`` (a page with ``status``), ``json`` (a whole answer although
    a stream was asked for), ``sse`` (a stream although a whole answer was asked for), ``refuse_chain`` (every
    ``previous_response_id`` is the 400 about data retention), ``forget`` (ids are taken, their history is not read)
in the stream, ``after`` that many events
    ``cut`` (FIN), ``rst`` (RST), ``end`` (the body ends properly, without a terminal event), ``stall`` (``seconds``),
    ``hold`` (until the gate opens), ``error_event`` (``shape`` flat, nested or bare, then the end), ``failed`` and
    ``incomplete`` (that terminal event), ``broken_json`` (one event's data is cut), ``huge_line`` (one delta of
    ``size`` bytes), ``unknown_event`` (an event and an item of a type nobody knows)
    and without a place: ``no_terminal``, ``no_deltas``, ``empty_output`` (the terminal event lists no items),
    ``no_usage``, ``hostile`` (the text is ``text`` or the built-in list of attacks), ``surrogates`` (emoji cut into
    escaped halves, one a delta)
in the bytes, changing nothing that a right reader reads
    ``split`` (``size`` bytes a write), ``comments``, ``crlf``, ``cr``, ``bom``, ``no_event_lines``, ``no_done``,
    ``no_blank_end``, ``multi_line_data``, ``escape`` (JSON with ``\\uXXXX`` only)
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict, Unpack

BeforeKind = Literal[
    "delay", "drop", "reset", "status", "html", "json", "sse", "refuse_chain", "forget"
]  # fmt: skip
StreamKind = Literal[
    "cut", "rst", "end", "stall", "hold", "error_event", "failed", "incomplete", "broken_json", "huge_line",
    "unknown_event", "no_terminal", "no_deltas", "empty_output", "no_usage", "hostile", "surrogates",
]  # fmt: skip
FramingKind = Literal[
    "split", "comments", "crlf", "cr", "bom", "no_event_lines", "no_done", "no_blank_end", "multi_line_data", "escape"
]  # fmt: skip
FaultKind = BeforeKind | StreamKind | FramingKind

INSTEAD_OF_AN_ANSWER = frozenset({"drop", "reset", "status", "html"})
"""Of these only the first that is left meets a request: a 429 once and then a 503 once are two requests."""

HOSTILE_TEXT = (
    "Hostile text, one attack a line. None of it may reach the terminal as anything but visible characters.\n\n"
    "colour \x1b[31mred\x1b[0m, title \x1b]0;owned\x07, clear \x1b[2J\x1b[H, alternate screen \x1b[?1049l\n"
    "clipboard \x1b]52;c;ZXZpbA==\x07, link \x1b]8;;file:///etc/passwd\x1b\\here\x1b]8;;\x1b\\\n"
    "8-bit CSI \x9b31m, OSC \x9d0;owned\x9c, DCS \x90q\x9c, bell \x07, backspace abc\x08\x08\x08,"
    " delete \x7f, NUL \x00\n"
    "carriage return: good\revil, form feed \x0c, vertical tab \x0b, next line \x85, separator \u2028 and \u2029\n"
    "markup [@click=app.quit]click me[/], [bold]b[/bold], [/], [/etc/passwd], [link=file:///x]l[/link], \\[ and $x\n"
    "bidi \u202eevil\u202c \u2066isolate\u2069, tags \U000e0041\U000e0042, zero width a\u200bb\ufeffc\n"
    "links [a](javascript:alert(1)) [b](file:///etc/passwd) [c](http://user@example.com/) ![d](data:text/html,x)\n"
    "combining " + "e" + "\u0301" * 60 + ", wide 漢字 👩‍👩‍👧‍👦 🏳️‍🌈, unterminated \x1b]0;and it goes on"
)
"""What the ``hostile`` fault and the Demo-Hostile model say."""


class Gate:
    """A stream that waits: ``await gate.arrived()`` until it stands there, ``gate.open()`` to let it go on.

    Usable from any thread and any event loop.
    """

    def __init__(self) -> None:
        self._arrived: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._opened: concurrent.futures.Future[None] = concurrent.futures.Future()

    def open(self) -> None:
        """Let every stream that waits here go on, and all later ones pass."""
        if not self._opened.done():
            self._opened.set_result(None)

    async def arrived(self, timeout: float = 5.0) -> None:
        """Wait until a stream has arrived here.

        :raises TimeoutError: none came within ``timeout`` seconds.
        """
        async with asyncio.timeout(timeout):
            await asyncio.shield(asyncio.wrap_future(self._arrived))

    def wait(self, timeout: float = 5.0) -> None:
        """Block until a stream has arrived here (for tests without an event loop)."""
        self._arrived.result(timeout)

    async def passing(self) -> None:
        """Wait for the gate to open (the server's side)."""
        if not self._arrived.done():
            self._arrived.set_result(None)
        await asyncio.shield(asyncio.wrap_future(self._opened))


@dataclass(slots=True, eq=False)
class Fault:
    """One thing that goes wrong. The fields that its kind does not name have no effect."""

    kind: FaultKind
    model: str | None = None
    """Only requests for this model (any case); None: every model."""
    chained: bool | None = None
    """Only requests with (True) or without (False) a ``previous_response_id``."""
    times: int | None = None
    """How many requests it meets; None: all."""
    after: int = 6
    seconds: float = 3.0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    """Of ``status``: JSON, text or bytes; None is the documented body of that status."""
    text: str = ""
    size: int = 1_000_000
    shape: Literal["flat", "nested", "bare"] = "flat"
    gate: Gate = field(default_factory=Gate)
    met: int = 0
    """How many requests it has met."""

    def meets(self, model: str, chained: bool) -> bool:
        """Whether this fault waits for such a request."""
        return (
            (self.times is None or self.met < self.times)
            and (self.model is None or self.model.lower() == model.lower())
            and (self.chained is None or self.chained == chained)
        )


class FaultFields(TypedDict, total=False):
    """The fields of ``Fault`` as keyword arguments."""

    model: str | None
    chained: bool | None
    times: int | None
    after: int
    seconds: float
    status: int
    headers: Mapping[str, str]
    body: object
    text: str
    size: int
    shape: Literal["flat", "nested", "bare"]


class ActiveFaults:
    """The faults that meet one request."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._by_kind: dict[str, Fault] = {}
        for fault in faults:
            self._by_kind.setdefault(fault.kind, fault)

    def get(self, kind: FaultKind) -> Fault | None:
        """Return the fault of that kind, or None."""
        return self._by_kind.get(kind)

    def __contains__(self, kind: FaultKind) -> bool:
        return kind in self._by_kind

    def joined(self, more: Iterable[Fault]) -> ActiveFaults:
        """Return these and, for kinds not among them, those that a model brings along."""
        return ActiveFaults((*self._by_kind.values(), *more))

    def text(self) -> str | None:
        """Return the text that the answer is replaced by, or None."""
        fault = self._by_kind.get("hostile")
        return None if fault is None else fault.text or HOSTILE_TEXT


class Faults:
    """All faults that were asked for, in that order."""

    def __init__(self) -> None:
        self._all: list[Fault] = []

    def add(self, kind: FaultKind, **fields: Unpack[FaultFields]) -> Fault:
        """Add one fault; the fields are those of ``Fault``."""
        fault = Fault(kind, **fields)
        self._all.append(fault)
        return fault

    def clear(self) -> None:
        """Open every gate and forget everything."""
        for fault in self._all:
            fault.gate.open()
        self._all.clear()

    def meet(self, model: str, chained: bool) -> ActiveFaults:
        """Return what happens to this request, and count it."""
        met: list[Fault] = []
        instead = False
        for fault in self._all:
            if not fault.meets(model, chained) or (instead and fault.kind in INSTEAD_OF_AN_ANSWER):
                continue
            instead = instead or fault.kind in INSTEAD_OF_AN_ANSWER
            met.append(fault)
        for fault in met:
            # Those about the answer itself are not used up by a request that gets none.
            if not instead or fault.kind in INSTEAD_OF_AN_ANSWER or fault.kind == "delay":
                fault.met += 1
        return ActiveFaults(met)
