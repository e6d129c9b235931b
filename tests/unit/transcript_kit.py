"""Turns, events and clocks for the transcript's tests: real wire events, read by the real parser and builder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from poe_tui.api.accumulate import ResponseBuilder
from poe_tui.api.events import StreamEvent, parse_event
from poe_tui.demo import answer as demo
from poe_tui.demo.stream import Expansion
from poe_tui.engine.turn import TurnEnded, TurnStarted
from poe_tui.model import Item, Turn, new_id
from poe_tui.transcript.document import Document
from poe_tui.transcript.rows import Frame

SERVER = "https://api.poe.com/v1"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def user(text: str, *parts: dict[str, Any]) -> list[Item]:
    """A user's input."""
    return [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}, *parts]}]


def message(text: str, *annotations: dict[str, Any], id: str = "m") -> Item:
    """A message item with one text."""
    part = {"type": "output_text", "text": text, "annotations": list(annotations)}
    return {"type": "message", "id": id, "role": "assistant", "status": "completed", "content": [part]}


def cited(text: str, mark: str, url: str) -> dict[str, Any]:
    """A citation on the first place where ``mark`` stands in ``text``."""
    start = text.index(mark)
    return {"type": "url_citation", "start_index": start, "end_index": start + len(mark), "url": url, "title": url}


def a_turn(prompt: str = "Hello", output: Sequence[Item] = (), **fields: Any) -> Turn:
    """A finished turn, unless ``fields`` say otherwise."""
    defaults: dict[str, Any] = {"status": "completed", "model": "Demo-One", "server": SERVER, "timing": {"total": 1.0}}
    return Turn(new_id(), "thread", input=user(prompt), output=list(output), **{**defaults, **fields})


def wire(*events: dict[str, Any] | str) -> list[StreamEvent]:
    """Events as the client yields them."""
    read = (parse_event((event if isinstance(event, str) else json.dumps(event)).encode()) for event in events)
    return [event for event in read if event is not None]


def stream_of(output: Sequence[Item], *, status: str = "completed", chunk: int = 5) -> list[StreamEvent]:
    """The events the demo server would send those items by."""
    answer = demo.Answer(list(output), chunk=chunk)
    response = {"id": "resp_1", "object": "response", "status": status, "model": "demo", "output": list(output)}
    response["usage"] = {"input_tokens": 30, "output_tokens": 20, "total_tokens": 50}
    steps = Expansion(response, answer).steps()
    return wire(*(step.event for step in steps if step.event is not None))


def row_of(turn: Turn, events: Iterable[StreamEvent], **fields: Any) -> Turn:
    """The row the engine would store for a turn that those events came for."""
    builder = ResponseBuilder()
    for event in events:
        builder.apply(event)
    error = builder.error
    if builder.status == "incomplete" and builder.incomplete_reason:
        error = {**(error or {}), "reason": builder.incomplete_reason}
    landed: dict[str, Any] = {
        "output": builder.output, "usage": builder.usage, "status": builder.status, "error": error,
        "timing": {"total": 2.0, "reasoning": 1.2},
    }  # fmt: skip
    return replace(turn, **{**landed, **fields})


def begun(prompt: str = "Hello", **fields: Any) -> Turn:
    """A turn that is about to run."""
    return a_turn(prompt, status="in_progress", timing={}, **fields)


def document(width: int = 92, clock: Clock | None = None, **frame: Any) -> Document:
    """An empty document whose clocks stand still."""
    made = Document(Frame(width, **frame))
    clock = clock or Clock()
    made.around.clock = made.around.wall = clock
    return made


def streamed(doc: Document, turn: Turn, events: Iterable[Any], row: Turn | None, *, frames: int = 7) -> None:
    """Stream a turn, drawing a frame after every few events; ``row`` ends it."""
    doc.apply(TurnStarted(turn))
    for number, event in enumerate(events):
        doc.apply(event)
        if number % frames == 0:
            drawn(doc)
    if row is not None:
        doc.apply(TurnEnded(row))


def drawn(doc: Document) -> list[Any]:
    """Every row of a document, all laid out: what is compared, without whose source it is."""
    for place in sorted(doc.changed):
        doc.sync(place)
    rows = []
    for place in range(len(doc)):
        view = doc.view(place)
        view.walk(0, 1 << 20)
        doc.turns.measure(place)
        rows += [view.row(at)._replace(origin=None) for at in range(view.height)]
    return rows


def text(doc: Document) -> list[str]:
    """The rows as text: left and right."""
    shown = []
    for row in drawn(doc):
        right = "".join(span.text for span in row.right)
        left = row.line.text
        bar = "▌ " if row.mark else ""
        shown.append(f"{bar}{left} | {right}" if right else f"{bar}{left}")
    return shown


# --- items of every kind ----------------------------------------------------------------------------------------------
MARKDOWN = (
    "# Fares\n\nThe fares are *flat* within one line [1], so a dictionary is enough:\n\n"
    "```python\nFARES = {'Ginza': 180}\n\ndef day(legs):\n    return sum(legs)\n```\n\n"
    "1. Ginza\n2. Hibiya\n   - JR\n\n| Day | Yen |\n|---|--:|\n| Sat | 560 |\n| Sun | 740 |\n\n> Pass `rate`.\n\n"
    "Done 中文 é."
)
REASONING: Item = {
    "type": "reasoning", "id": "rs", "summary": [
        {"type": "summary_text", "text": "**Planning**\n\nFood first, then the rides."},
        {"type": "summary_text", "text": "**Writing**\n\nShort."},
    ],
}  # fmt: skip
SEARCH: Item = {
    "type": "web_search_call", "id": "ws", "status": "completed",
    "action": {"type": "search", "query": "tokyo fares", "sources": [{"type": "url", "url": "https://jr.example/f"}]},
}  # fmt: skip
CALL: Item = {
    "type": "function_call", "id": "fc", "call_id": "c1", "name": "get_weather", "status": "completed",
    "arguments": '{"city": "Tokyo", "days": 2}',
}  # fmt: skip
IMAGE: Item = {"type": "image_generation_call", "id": "ig", "status": "completed", "result": "iVBORw0KGgo=" * 900}
UNKNOWN: Item = {"type": "code_interpreter_call", "id": "ci", "status": "completed", "code": "1+1", "outputs": []}
REFUSAL: Item = {
    "type": "message", "id": "m", "role": "assistant", "status": "completed",
    "content": [{"type": "refusal", "refusal": "I can't help with that.\nSorry."}],
}  # fmt: skip
CITED = message(
    MARKDOWN, cited(MARKDOWN, "[1]", "https://www.metro.example/fares"), cited(MARKDOWN, "Done", "https://jr.example")
)
