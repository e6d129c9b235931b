"""From a finished response to the events it would have arrived by, in the order and shape of OpenAI's stream."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from poe_tui.demo.answer import Answer
from poe_tui.demo.faults import Gate

Action = Literal["", "cut", "rst", "stall", "hold"]
LEAST_DELTAS = 30
"""Every text that is long enough arrives in at least so many pieces."""

_TOKEN = re.compile(r"\s?\w{1,6}|\s?[^\w\s]|\s+")
_TERMINAL = {"completed": "response.completed", "incomplete": "response.incomplete", "failed": "response.failed"}
_NOT_YET: dict[str, Any] = {"status": "in_progress", "content": [], "summary": [], "arguments": ""}
_ONLY_WHEN_DONE = frozenset({"action", "result", "revised_prompt", "output_format"})


@dataclass(slots=True)
class Step:
    """One event and what comes with it."""

    event: dict[str, Any] | None = None
    data: str | None = None
    """The data of the event verbatim, in place of ``event`` as JSON."""
    pause: float = 0.0
    """Seconds after it, before the server's speed."""
    action: Action = ""
    gate: Gate | None = None
    last: bool = False
    """Whether nothing comes after it."""


def pieces(text: str, size: int) -> list[str]:
    """Cut a text into deltas of about ``size`` characters, but into no fewer than 30 where it has 30 characters."""
    tokens = _TOKEN.findall(text)
    size = min(size, max(1, len(text) // LEAST_DELTAS - 2))
    cut: list[str] = []
    for token in tokens:
        if cut and len(cut[-1]) + len(token) <= size:
            cut[-1] += token
        else:
            cut.append(token)
    return cut if len(cut) >= LEAST_DELTAS else list(text)


def logprobs(token: str, alternatives: int, *, whole: bool) -> list[dict[str, Any]]:
    """Return the log probability of one token with some alternatives; deltas leave the bytes out."""
    chosen = -0.01 - (len(token) % 7) * 0.05
    choices = [(token, chosen), *((f"{token[:-1]}{chr(97 + n)}", chosen - 1.5 - n) for n in range(alternatives - 1))]
    entries: list[dict[str, Any]] = [{"token": word, "logprob": round(value, 4)} for word, value in choices]
    if whole:
        entries = [{**entry, "bytes": list(entry["token"].encode("utf-8", "replace"))} for entry in entries]
    return [{**entries[0], "top_logprobs": entries[:alternatives]}]


class Expansion:
    """The events of one response."""

    def __init__(self, response: dict[str, Any], answer: Answer, alternatives: int = 0) -> None:
        """Prepare the stream of ``response``; ``alternatives`` is the number of top logprobs asked for, 0 is none."""
        self._response = response
        self._answer = answer
        self._alternatives = alternatives
        self._random = random.Random(len(response["output"]))

    def steps(self) -> Iterator[Step]:
        """Yield every event, without sequence numbers."""
        unfinished: dict[str, Any] = {
            "status": "in_progress",
            "output": [],
            "usage": None,
            "error": None,
            "incomplete_details": None,
        }
        begun = {**self._response, **unfinished}
        begun.pop("completed_at", None)
        yield Step({"type": "response.created", "response": begun})
        yield Step({"type": "response.in_progress", "response": begun}, pause=self._answer.thinking)
        for index, item in enumerate(self._response["output"]):
            yield from self._item(index, item)
        yield Step({"type": _TERMINAL[self._response["status"]], "response": self._response})

    def _pause(self) -> float:
        return self._answer.pause * self._random.uniform(0.4, 1.6)

    def _item(self, index: int, item: dict[str, Any]) -> Iterator[Step]:
        opened = {key: _NOT_YET.get(key, value) for key, value in item.items() if key not in _ONLY_WHEN_DONE}
        yield Step({"type": "response.output_item.added", "output_index": index, "item": opened})
        place = {"item_id": item.get("id"), "output_index": index}
        match item["type"]:
            case "message":
                for number, part in enumerate(item["content"]):
                    yield from self._part({**place, "content_index": number}, part)
            case "reasoning":
                for number, part in enumerate(item.get("summary") or []):
                    yield from self._summary({**place, "summary_index": number}, part)
            case "function_call":
                for delta in pieces(item["arguments"], self._answer.chunk):
                    event = {"type": "response.function_call_arguments.delta", **place, "delta": delta}
                    yield Step(event, pause=self._pause())
                done = {"name": item["name"], "arguments": item["arguments"]}
                yield Step({"type": "response.function_call_arguments.done", **place, **done})
            case "web_search_call":
                for word, pause in (("in_progress", 0.1), ("searching", 0.9), ("completed", 0.1)):
                    yield Step({"type": f"response.web_search_call.{word}", **place}, pause=pause)
            case "image_generation_call":
                for word, pause in (("in_progress", 0.2), ("generating", 1.2), ("completed", 0.0)):
                    yield Step({"type": f"response.image_generation_call.{word}", **place}, pause=pause)
        yield Step({"type": "response.output_item.done", "output_index": index, "item": item})

    def _part(self, place: dict[str, Any], part: dict[str, Any]) -> Iterator[Step]:
        if part["type"] == "refusal":
            kind, key = "refusal", "refusal"
            empty: dict[str, Any] = {"type": "refusal", "refusal": ""}
        else:
            kind, key = "output_text", "text"
            empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        yield Step({"type": "response.content_part.added", **place, "part": empty})
        yield from self._text(kind, place, part[key], list(part.get("annotations") or []))
        done: dict[str, Any] = {"type": f"response.{kind}.done", **place, key: part[key]}
        if kind == "output_text":
            done["logprobs"] = part.get("logprobs") or []
        yield Step(done)
        yield Step({"type": "response.content_part.done", **place, "part": part})

    def _text(self, kind: str, place: dict[str, Any], text: str, annotations: list[dict[str, Any]]) -> Iterator[Step]:
        position = noted = 0
        for delta in pieces(text, self._answer.chunk):
            event: dict[str, Any] = {"type": f"response.{kind}.delta", **place, "delta": delta}
            if kind == "output_text":
                event["logprobs"] = logprobs(delta, self._alternatives, whole=False) if self._alternatives else []
            yield Step(event, pause=self._pause())
            position += len(delta)
            while noted < len(annotations) and annotations[noted].get("end_index", math.inf) <= position:
                yield self._annotation(place, noted, annotations[noted])
                noted += 1
        for number in range(noted, len(annotations)):
            yield self._annotation(place, number, annotations[number])

    @staticmethod
    def _annotation(place: dict[str, Any], number: int, annotation: dict[str, Any]) -> Step:
        kind = "response.output_text.annotation.added"
        return Step({"type": kind, **place, "annotation_index": number, "annotation": annotation})

    def _summary(self, place: dict[str, Any], part: dict[str, Any]) -> Iterator[Step]:
        empty = {"type": "summary_text", "text": ""}
        yield Step({"type": "response.reasoning_summary_part.added", **place, "part": empty})
        for delta in pieces(part["text"], self._answer.chunk):
            event = {"type": "response.reasoning_summary_text.delta", **place, "delta": delta}
            yield Step(event, pause=self._pause())
        yield Step({"type": "response.reasoning_summary_text.done", **place, "text": part["text"]})
        yield Step({"type": "response.reasoning_summary_part.done", **place, "part": part})
