"""Parts without a terminal: events, Markdown, the frame diff, the search; each in this process, median of rounds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from bench.apps import home
from bench.figures import Figure
from bench.server import events
from bench.terminal import COLUMNS, ROWS
from bench.texts import markdown
from bench.threads import make

_SIZE = 50_000
_FRAME = 80
"""Characters that come between two frames: 4,000 a second at 50 frames, 1,600 at 20."""
_READ = 16 * 1024
_RATE = 100_000
_WIDTH = 86


def _timed(work: Callable[[], object], rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return taken


def sse(rounds: int) -> list[Figure]:
    """Bytes of a stream to a built response: how many events a second."""
    from poe_tui.api.accumulate import ResponseBuilder
    from poe_tui.api.events import parse_event
    from poe_tui.api.sse import SSEDecoder

    wire = events(markdown(_SIZE))
    data = b"".join(wire)

    def read() -> None:
        decoder, builder = SSEDecoder(), ResponseBuilder()
        for at in range(0, len(data), _READ):
            for event in decoder.feed(data[at : at + _READ]):
                parsed = parse_event(event.data, event.event)
                if parsed is not None:
                    builder.apply(parsed)
        if builder.status != "completed" or not builder.output_text:
            raise RuntimeError("the stream was not read to its end")

    read()
    rates = [len(wire) / taken for taken in _timed(read, rounds)]
    return [Figure("events a second, bytes to builder", rates, "", _RATE, at_least=True, note="one core")]


def markdown_frames(rounds: int) -> list[Figure]:
    """Markdown in frames of 80 characters: milliseconds a frame, at the start and at the end of a long answer."""
    from poe_tui.transcript.markdown import MarkdownRenderer

    text = markdown(4 * _SIZE)
    pieces = [text[at : at + _FRAME] for at in range(0, len(text), _FRAME)]
    quarter = len(pieces) // 4
    first, last = [], []
    for _ in range(rounds):
        renderer = MarkdownRenderer(_WIDTH)
        times = []
        for piece in pieces:
            began = time.perf_counter()
            renderer.feed(piece)
            times.append(time.perf_counter() - began)
        first.append(1000 * sum(times[:quarter]) / quarter)
        last.append(1000 * sum(times[-quarter:]) / quarter)
    growth = [late / early for early, late in zip(first, last, strict=True)]
    return [
        Figure("Markdown, a frame of 80 characters", last, " ms", note="the last 50 kB of 200 kB"),
        Figure("Markdown, a frame late in 200 kB / an early one", growth, "×", 1.3),
    ]


def frame_diff(rounds: int) -> list[Figure]:
    """The frame diff on a screen that scrolls and grows at its foot: milliseconds and bytes a frame."""
    from rich.color import ColorSystem
    from rich.segment import Segment
    from rich.style import Style
    from textual._compositor import LayoutUpdate
    from textual.geometry import Region
    from textual.strip import Strip

    from poe_tui.terminal.output import FrameOutput

    ink, blank = Style.parse("#d3d7de on #16181d"), Style.parse("on #16181d")
    lines = [line[:COLUMNS] for line in markdown(_SIZE // 2).splitlines()]
    strips = [Strip([Segment(line, ink), Segment(" " * (COLUMNS - len(line)), blank)], COLUMNS) for line in lines]
    frames = [strips[at : at + ROWS] for at in range(len(strips) - ROWS)]
    region, written = Region(0, 0, COLUMNS, ROWS), 0

    def draw() -> None:
        nonlocal written
        output = FrameOutput(ColorSystem.TRUECOLOR, erase_with_colour=True)
        for frame in frames:
            text = output.encode(LayoutUpdate([[strip] for strip in frame], region), (COLUMNS, ROWS), (0, 0))
            written += len(text or "")

    draw()
    written = 0
    taken = [1000 * seconds / len(frames) for seconds in _timed(draw, rounds)]
    return [
        Figure("frame diff, a full screen scrolled by a line", taken, " ms"),
        Figure("frame diff, bytes of such a frame", [written / rounds / len(frames)]),
    ]


def search(rounds: int, *, quick: bool = False) -> list[Figure]:
    """A search in a thread of 5,000 turns, the last word unfinished."""
    from poe_tui.storage.store import Store

    async def look(store: Store) -> None:
        if not await store.search("ribbon termin", 50):
            raise RuntimeError("nothing was found")

    with home() as env:
        turns = 200 if quick else 5_000
        make(env, turns)
        with Store.open(Path(env["HOME"]) / ".local" / "share" / "poe-tui" / "poe-tui.db") as store:
            asyncio.run(look(store))
            taken = [1000 * seconds for seconds in _timed(lambda: asyncio.run(look(store)), rounds)]
    return [Figure(f"search in {turns:,} turns", taken, " ms")]
