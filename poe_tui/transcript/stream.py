"""The events of one running turn, as changes to its answer and to the state of its model line.

The only place that knows stream event types. Everything here only appends to buffers and sets values; nothing is laid
out. Events are told apart by ``type``, so that no API type is imported, and any field may be missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from poe_tui.transcript.answer import Answer
from poe_tui.transcript.words import server_words

Phase = Literal["waiting", "thinking", "searching", "tool", "text", "retrying"]

_ANSWER_TYPES = ("message", "reasoning")
_ARGUMENTS = {
    "response.function_call_arguments": ("function_call", "arguments"),
    "response.custom_tool_call_input": ("custom_tool_call", "input"),
    "response.mcp_call_arguments": ("mcp_call", "arguments"),
}
_STATES = ("in_progress", "searching", "generating", "interpreting", "completed", "failed")


class Stream:
    """What a running turn has brought so far."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.answer = Answer()
        self.phase: Phase = "waiting"
        self.phase_since = clock()
        self.thought_for = 0.0
        """Seconds from the first thought to the first word; 0 until then."""
        self.retry: Any = None
        """The ``RetryScheduled`` that is waited for."""
        self.notes: list[str] = []
        self._clock = clock
        self._first_thought: float | None = None
        self._places: dict[str, int] = {}
        self._thinking: set[int] = set()
        """The places of the reasoning items."""
        self._arguments: dict[int, list[str]] = {}
        self._cited = 0
        self._handlers: dict[str, Callable[[Any], None]] = {
            "response.output_text.delta": self._text_delta,
            "response.output_text.done": self._text_done,
            "response.output_text.annotation.added": self._annotation,
            "response.refusal.delta": self._refusal_delta,
            "response.refusal.done": self._refusal_done,
            "response.reasoning_summary_text.delta": self._summary_delta,
            "response.reasoning_summary_text.done": self._summary_done,
            "response.reasoning_text.delta": self._reasoning_delta,
            "response.reasoning_text.done": self._reasoning_done,
            "response.output_item.added": self._item_added,
            "response.output_item.done": self._item_done,
            "request.retry_scheduled": self._retry,
            "turn.request_built": self._request,
            "turn.chain_refused": self._note,
            "turn.chain_forgotten": self._note,
            "turn.note": self._note,
        }

    def apply(self, event: Any) -> None:
        """Take one event in. Unknown types change nothing."""
        handler = self._handlers.get(event.type)
        if handler is not None:
            handler(event)
        else:
            self._by_pattern(event)

    # --- text ---------------------------------------------------------------------------------------------------------
    def _text_delta(self, event: Any) -> None:
        if self._is_thought(event):
            self._reasoning_delta(event)
        elif isinstance(event.delta, str) and event.delta:
            self._enter("text")
            self.answer.text((self._place(event), _index(event, "content_index"))).feed(event.delta)

    def _text_done(self, event: Any) -> None:
        if self._is_thought(event):
            self._reasoning_done(event)
        else:
            self._whole(event, event.text, "text")

    def _is_thought(self, event: Any) -> bool:
        """Whether a text belongs to a reasoning item: bridged models send their thoughts so (observed on Poe)."""
        return bool(self._thinking) and self._place(event) in self._thinking

    def _refusal_delta(self, event: Any) -> None:
        if isinstance(event.delta, str) and event.delta:
            self._enter("text")
            self.answer.text((self._place(event), _index(event, "content_index")), "refusal").feed(event.delta)

    def _refusal_done(self, event: Any) -> None:
        self._whole(event, event.refusal, "refusal")

    def _whole(self, event: Any, value: Any, kind: str) -> None:
        """A text that is whole already: taken only where no delta of it came."""
        if isinstance(value, str) and value:
            text = self.answer.text((self._place(event), _index(event, "content_index")), kind)
            if not text.length:
                self._enter("text")
                text.feed(value)

    def _annotation(self, event: Any) -> None:
        if isinstance(event.annotation, dict):
            key = (self._place(event), _index(event, "content_index"))
            self.answer.text(key)
            self.answer.parts[key].annotations.append(event.annotation)
            self.answer.cite()

    # --- reasoning ----------------------------------------------------------------------------------------------------
    def _summary_delta(self, event: Any) -> None:
        self._think(event, 0, _index(event, "summary_index"), event.delta)

    def _summary_done(self, event: Any) -> None:
        if not self.answer.has_thought_at((self._place(event), 0, _index(event, "summary_index"))):
            self._think(event, 0, _index(event, "summary_index"), event.text)

    def _reasoning_delta(self, event: Any) -> None:
        self._think(event, 1, _index(event, "content_index"), event.delta)

    def _reasoning_done(self, event: Any) -> None:
        if not self.answer.has_thought_at((self._place(event), 1, _index(event, "content_index"))):
            self._think(event, 1, _index(event, "content_index"), event.text)

    def _think(self, event: Any, group: int, index: int, text: Any) -> None:
        if isinstance(text, str) and text:
            self._enter("thinking")
            self.answer.think((self._place(event), group, index), text)

    # --- items --------------------------------------------------------------------------------------------------------
    def _item_added(self, event: Any) -> None:
        item = event.item
        if not isinstance(item, dict):
            return
        place = self._place(event)
        if isinstance(item.get("id"), str):
            self._places[item["id"]] = place
        kind = str(item.get("type"))
        if kind == "reasoning":
            self._thinking.add(place)
            self._enter("thinking")
        elif kind != "message":
            self._enter("searching" if kind == "web_search_call" else "tool")
            self.answer.item(place, kind).update(item)

    def _item_done(self, event: Any) -> None:
        item = event.item
        if not isinstance(item, dict):
            return
        place = self._place(event)
        kind = str(item.get("type"))
        if kind not in _ANSWER_TYPES:
            self.answer.item(place, kind).update({"status": "completed", **item})
        elif kind == "reasoning":
            if not self.answer.has_thought(place):
                self.answer.add_item(place, item)
        elif not any(key[0] == place and part.text and part.text.length for key, part in self.answer.parts.items()):
            self.answer.add_item(place, item)

    def _by_pattern(self, event: Any) -> None:
        stem, _, last = str(event.type).rpartition(".")
        if self.phase == "retrying" and stem.startswith("response"):
            self._enter("waiting")
        if stem in _ARGUMENTS:
            self._call_arguments(event, *_ARGUMENTS[stem], last)
        elif last in _STATES and stem.startswith("response.") and stem.endswith("_call"):
            kind = stem.removeprefix("response.")
            if last not in ("completed", "failed"):
                self._enter("searching" if kind == "web_search_call" else "tool")
            self.answer.item(self._place(event), kind)["status"] = last

    def _call_arguments(self, event: Any, kind: str, field: str, last: str) -> None:
        place = self._place(event)
        item = self.answer.item(place, kind)
        if last == "done":
            whole = getattr(event, field, None)
            if isinstance(whole, str):
                item[field] = whole
        elif isinstance(event.delta, str):
            pieces = self._arguments.setdefault(place, [])
            if sum(map(len, pieces)) < _ARGUMENTS_SHOWN:
                pieces.append(event.delta)
                item[field] = "".join(pieces)
            self._enter("tool")

    # --- the request --------------------------------------------------------------------------------------------------
    def _retry(self, event: Any) -> None:
        self._enter("retrying")
        self.retry = event

    def _request(self, event: Any) -> None:
        """Another request leaves (a refused chain goes on as a replay): what an earlier one brought is void."""
        self.answer = Answer()
        self._places.clear()
        self._thinking.clear()
        self._arguments.clear()
        self._enter("waiting")

    def _note(self, event: Any) -> None:
        self.notes.append(server_words(event.text))

    # --- pieces -------------------------------------------------------------------------------------------------------
    def _enter(self, phase: Phase) -> None:
        if phase == self.phase:
            return
        now = self._clock()
        if phase == "thinking" and self._first_thought is None:
            self._first_thought = now
        elif phase == "text" and self._first_thought is not None and not self.thought_for:
            self.thought_for = now - self._first_thought
        if self.phase == "retrying":
            self.retry = None
        self.phase, self.phase_since = phase, now

    def _place(self, event: Any) -> int:
        """The output index; servers that leave it out name the item, or mean the latest."""
        index = getattr(event, "output_index", None)
        name = getattr(event, "item_id", None)
        if isinstance(index, int):
            if isinstance(name, str):
                self._places[name] = index
            return index
        if isinstance(name, str) and name in self._places:
            return self._places[name]
        return max((key[0] for key in self.answer.parts), default=0)


_ARGUMENTS_SHOWN = 4000
"""Characters of a call's arguments that are gathered while they stream: more than a line can show."""


def _index(event: Any, name: str) -> int:
    value = getattr(event, name, None)
    return value if isinstance(value, int) else 0
