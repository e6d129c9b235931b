"""From steps to the wire: what the stream faults do to the events, and how events become bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from poe_tui.demo.faults import ActiveFaults, Fault, FaultKind
from poe_tui.demo.stream import Step

TERMINAL = ("response.completed", "response.incomplete", "response.failed")
_ENDINGS: tuple[FaultKind, ...] = ("error_event", "failed", "incomplete", "cut", "rst", "end")


def is_last_word(event: dict[str, Any] | None) -> bool:
    """Whether an event says that the answer is over: a terminal event, or a chunk with a finish reason."""
    if event is None:
        return False
    choices = [choice for choice in event.get("choices") or () if isinstance(choice, dict)]
    return event.get("type") in TERMINAL or any(choice.get("finish_reason") for choice in choices)


def numbered(steps: Iterable[Step], *, done: bool) -> Iterator[Step]:
    """Give every event its ``sequence_number``, counted from 0, and end with ``[DONE]`` where wanted."""
    for number, step in enumerate(steps):
        if step.event is not None:
            step.event = {"type": step.event.get("type"), "sequence_number": number, **step.event}
        yield step
    if done:
        yield Step(data="[DONE]")


def mark_last(steps: Iterable[Step]) -> Iterator[Step]:
    """Mark the last step."""
    waiting: Step | None = None
    for step in steps:
        if waiting is not None:
            yield waiting
        waiting = step
    if waiting is not None:
        waiting.last = True
        yield waiting


def with_faults(steps: Iterable[Step], active: ActiveFaults) -> Iterator[Step]:
    """Yield the steps as the faults leave them; the stream is over after the last one."""
    response: dict[str, Any] = {}
    for count, step in enumerate(_changed(steps, active)):
        response = (step.event or {}).get("response") or response
        yield from _before(count, active)
        for kind in _ENDINGS:
            fault = active.get(kind)
            if fault is not None and count >= fault.after:
                yield from _ending(fault, response)
                return
        broken = active.get("broken_json")
        if broken is not None and count == broken.after and step.event is not None:
            whole = json.dumps(step.event)
            step = Step(data=whole[: len(whole) * 2 // 3], pause=step.pause)
        yield step


def _changed(steps: Iterable[Step], active: ActiveFaults) -> Iterator[Step]:
    """Faults without a place in the stream: events left out or changed wherever they stand."""
    for step in steps:
        event = step.event
        if event is None:
            yield step
            continue
        kind = str(event.get("type"))
        if kind in TERMINAL:
            if "no_terminal" in active:
                continue
            response = dict(event["response"])
            if "empty_output" in active:
                response["output"] = []
            if "no_usage" in active:
                response["usage"] = None
            step.event = {**event, "response": response}
        elif "no_deltas" in active and kind.endswith(".delta"):
            continue
        elif "surrogates" in active and kind == "response.output_text.delta":
            yield from _halves(step)
            continue
        yield step


def _halves(step: Step) -> Iterator[Step]:
    """Cut characters beyond the BMP into two escaped halves, one in each of two deltas."""
    event = step.event or {}
    run = ""
    for character in event["delta"]:
        if ord(character) < 0x10000:
            run += character
            continue
        point = ord(character) - 0x10000
        yield Step({**event, "delta": run + chr(0xD800 + (point >> 10))})
        run = chr(0xDC00 + (point & 0x3FF))
    if run:
        yield Step({**event, "delta": run}, pause=step.pause)


def _before(count: int, active: ActiveFaults) -> Iterator[Step]:
    """Faults that put something in before an event: a wait, a gate, an event of their own."""
    stall, hold, huge = active.get("stall"), active.get("hold"), active.get("huge_line")
    if stall is not None and count == stall.after:
        yield Step(action="stall", pause=stall.seconds)
    if hold is not None and count == hold.after:
        yield Step(action="hold", gate=hold.gate)
    if huge is not None and count == huge.after:
        yield Step({"type": "response.output_text.delta", "output_index": 0, "content_index": 0,
                    "item_id": "msg_huge", "delta": "x" * huge.size})  # fmt: skip
    unknown = active.get("unknown_event")
    if unknown is not None and count == unknown.after:
        yield Step({"type": "response.hologram.projected", "light": [1, None, {"deep": True}]})


def _ending(fault: Fault, response: dict[str, Any]) -> Iterator[Step]:
    words = fault.text or "The provider of this model stopped in the middle of its answer."
    match fault.kind:
        case "error_event":
            error = {"type": "server_error", "code": "server_error", "message": words, "param": None}
            shapes: dict[str, dict[str, Any]] = {
                "flat": {**error, "type": "error"},
                "nested": {"type": "error", "error": error},
                "bare": {"error": error},
            }
            yield Step(shapes[fault.shape])
        case "failed" | "incomplete" as status:
            end = {**response, "status": status}
            if status == "failed":
                end["error"] = {"code": "server_error", "message": words}
            else:
                end["incomplete_details"] = {"reason": fault.text or "max_output_tokens"}
            yield Step({"type": f"response.{status}", "response": end})
        case "cut":
            yield Step(action="cut")
        case "rst":
            yield Step(action="rst")


class Framer:
    """Writes steps as server-sent events, with whatever the framing faults ask for."""

    def __init__(self, active: ActiveFaults) -> None:
        self._active = active
        self._end = "\r\n" if "crlf" in active else "\r" if "cr" in active else "\n"
        self._first = True

    def frame(self, step: Step) -> bytes:
        """Return the bytes of one event."""
        active = self._active
        lines: list[str] = []
        if "comments" in active:
            lines += [": keep-alive", ""]
        event_type = (step.event or {}).get("type")
        if event_type and "no_event_lines" not in active:
            lines.append(f"event: {event_type}")
        if "comments" in active:
            lines.append(":in between")
        lines += [f"data: {line}" for line in self._data(step)]
        text = "".join(line + self._end for line in lines)
        if not (step.last and "no_blank_end" in active):
            text += self._end
        if self._first and "bom" in active:
            text = "\ufeff" + text
        self._first = False
        return text.encode("utf-8", "surrogatepass")

    def _data(self, step: Step) -> list[str]:
        if step.event is None:
            return [step.data or ""]
        if "multi_line_data" in self._active:
            return json.dumps(step.event, ensure_ascii=False, indent=1).split("\n")
        escaped = "escape" in self._active or "surrogates" in self._active
        return [json.dumps(step.event, ensure_ascii=escaped, separators=(",", ":"))]

    def writes(self, data: bytes) -> list[bytes]:
        """Cut an event's bytes into the writes it goes out by."""
        fault = self._active.get("split")
        if fault is None:
            return [data]
        size = max(1, min(fault.size, len(data)))
        return [data[place : place + size] for place in range(0, len(data), size)]
