"""What a script is asked and what it answers; makers of the output items in their exact wire shape."""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from poe_tui.demo.faults import Fault

Item = dict[str, Any]


@dataclass(slots=True, frozen=True)
class Ask:
    """One turn as a model sees it: the checked request and everything the server knows of the thread."""

    model: str
    """The display name of the model that answers."""
    body: dict[str, Any]
    history: list[Item]
    """Input and output items of the stored turns before this one; empty without ``previous_response_id``."""
    new: list[Item]
    """The input items of this request."""
    before: int = 0
    """How many turns this model was asked for earlier."""
    origin: str = ""
    """Where this server's images live."""

    @property
    def user_texts(self) -> list[str]:
        """Every text of the user that is known, oldest first."""
        return [text_of(item) for item in (*self.history, *self.new) if item.get("role") == "user"]

    @property
    def text(self) -> str:
        """The text to be answered."""
        return self.user_texts[-1] if self.user_texts else ""

    @property
    def earlier(self) -> str | None:
        """The user's text before that, from the stored turns or from a replayed history."""
        return self.user_texts[-2] if len(self.user_texts) > 1 else None

    @property
    def chained(self) -> bool:
        """Whether the history came from a stored response."""
        return bool(self.history)

    @property
    def tool_outputs(self) -> list[Item]:
        """The results of function calls that this request brings, if they are its last items."""
        outputs: list[Item] = []
        for item in reversed(self.new):
            if item.get("type") != "function_call_output":
                break
            outputs.insert(0, item)
        return outputs

    def tools(self, kind: str) -> list[Item]:
        """Return the tools of that type that may be used; a trailing ``*`` in ``kind`` stands for anything."""
        if self.body.get("tool_choice") == "none":
            return []
        tools = [tool for tool in self.body.get("tools") or [] if isinstance(tool, dict)]
        return [tool for tool in tools if _same_kind(str(tool.get("type")), kind)]


@dataclass(slots=True, eq=False)
class Answer:
    """What a model says, and how: its items, its pace and what goes wrong on the way."""

    output: list[Item]
    status: Literal["completed", "incomplete", "failed"] = "completed"
    incomplete_reason: str | None = None
    error: dict[str, Any] | None = None
    """Of a failed response: ``{"code", "message"}``."""
    thinking: float = 0.35
    """Seconds before the first output event."""
    pause: float = 0.016
    """Mean seconds between deltas."""
    chunk: int = 5
    """Characters a delta holds, about."""
    reasoning_tokens: int = 0
    faults: Sequence[Fault] = ()
    events: Sequence[dict[str, Any] | str] | None = None
    """Sent as they are in place of the events of ``output`` (a str is the data of an event verbatim)."""


Script = Callable[[Ask], "str | list[Item] | Answer"]
Scripted = str | list[Item] | Answer | Script


def to_answer(scripted: Scripted, ask: Ask) -> Answer:
    """Turn any form of a scripted answer into an ``Answer``."""
    if callable(scripted):
        scripted = scripted(ask)
    if isinstance(scripted, str):
        return Answer([message(scripted)])
    return Answer(scripted) if isinstance(scripted, list) else scripted


class Queue:
    """Answers that are given once, in their order, before a model speaks for itself."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str | None, Scripted]] = deque()

    def add(self, answers: Iterable[Scripted], model: str | None) -> None:
        """Put answers at the end; ``model`` None means for any model."""
        self._waiting.extend((None if model is None else model.lower(), answer) for answer in answers)

    def take(self, model: str) -> Scripted | None:
        """Remove and return the first answer for this model, or None."""
        for entry in self._waiting:
            if entry[0] in (None, model.lower()):
                self._waiting.remove(entry)
                return entry[1]
        return None

    def clear(self) -> None:
        """Forget all that are left."""
        self._waiting.clear()


def text_of(item: Item) -> str:
    """Return the text of a message item, whatever form its content has."""
    content = item.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text") or "") for part in parts if isinstance(part, dict) and part.get("text"))


def message(text: str, annotations: list[dict[str, Any]] | None = None) -> Item:
    """Make an assistant message with one text part."""
    part = {"type": "output_text", "text": text, "annotations": annotations or [], "logprobs": []}
    return {
        "type": "message",
        "id": f"msg_{uuid.uuid4().hex}",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def refusal(text: str) -> Item:
    """Make an assistant message that declines."""
    return {**message(""), "content": [{"type": "refusal", "refusal": text}]}


def reasoning(*summaries: str) -> Item:
    """Make a reasoning item; without summaries the item stands alone, as when none was asked for."""
    parts = [{"type": "summary_text", "text": text} for text in summaries]
    return {"type": "reasoning", "id": f"rs_{uuid.uuid4().hex}", "summary": parts}


def function_call(name: str, arguments: object) -> Item:
    """Make a call of one of the client's functions; ``arguments`` is written as JSON."""
    return {
        "type": "function_call",
        "id": f"fc_{uuid.uuid4().hex}",
        "call_id": f"call_{uuid.uuid4().hex[:24]}",
        "name": name,
        "arguments": json.dumps(arguments, ensure_ascii=False),
        "status": "completed",
    }


def web_search_call(query: str, sources: Iterable[str] | None) -> Item:
    """Make a finished web search; ``sources`` (URLs) only when the request asked for them."""
    action: dict[str, Any] = {"type": "search", "query": query, "queries": [query]}
    if sources is not None:
        action["sources"] = [{"type": "url", "url": url} for url in sources]
    return {"type": "web_search_call", "id": f"ws_{uuid.uuid4().hex}", "status": "completed", "action": action}


def image_generation_call(png_base64: str, prompt: str) -> Item:
    """Make a finished image: ``result`` is bare base64 without a data-URL prefix."""
    return {
        "type": "image_generation_call",
        "id": f"ig_{uuid.uuid4().hex}",
        "status": "completed",
        "result": png_base64,
        "output_format": "png",
        "revised_prompt": prompt,
    }


def citation(text: str, quoted: str, url: str, title: str) -> dict[str, Any]:
    """Make a ``url_citation`` for the first place of ``quoted`` in ``text`` (offsets in characters)."""
    start = text.index(quoted)
    return {
        "type": "url_citation",
        "start_index": start,
        "end_index": start + len(quoted),
        "url": url,
        "title": title,
    }


def _same_kind(kind: str, wanted: str) -> bool:
    return kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted
