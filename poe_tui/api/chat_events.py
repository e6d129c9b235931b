"""
Chat chunks and bodies as the events of the Responses API: whoever reads them need not know which endpoint spoke.

A finish reason does not end the stream, for some servers put one on every chunk and the usage comes after it: what
ends it is ``[DONE]``, or the end of the body after a finish reason. ``[DONE]`` without any finish reason is the
server's word too, if it said anything. Without either the answer was interrupted: no terminal event is told.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from poe_tui.api import chat_shapes, events, surrogates
from poe_tui.api.chat_output import Output
from poe_tui.api.think import ThinkSplitter, writes_thoughts

_NO_REASON = "The server ended the answer with an error and did not say why."
_TERMINAL: dict[str, type[events.StreamEvent]] = {
    "completed": events.ResponseCompleted,
    "incomplete": events.ResponseIncomplete,
    "failed": events.ResponseFailed,
}


class ChatTranslator:
    """
    Reads the answer to one chat request. ``feed`` it every chunk, then ``end`` it; both return events.

    ``model`` is the name that was asked: it tells whether the text may hold thinking between tags.
    """

    def __init__(self, model: str = "") -> None:
        self.failed = False
        """Whether an error was told; nothing comes after it."""
        self._ended = False
        self._begun = False
        self._head_known = False
        self._head: dict[str, Any] = {"id": None, "object": "response", "created_at": None, "model": None}
        self._output = Output(uuid.uuid4().hex)
        self._splitter = ThinkSplitter() if writes_thoughts(model) else None
        self._halves: dict[str, str] = {}
        self._finish: str | None = None
        self._usage: dict[str, Any] | None = None

    @property
    def finished(self) -> bool:
        """Whether a finish reason has come, so that nothing is missing if nothing more comes."""
        return self._finish is not None

    def feed(self, chunk: dict[str, Any], name: str | None = None) -> list[events.StreamEvent]:
        """Take one chunk, or a whole completion; ``name`` is the SSE event's, if it had one."""
        if self.failed or self._ended:
            return []
        error = chat_shapes.error_in(chunk, name)
        self._begin(chunk)
        self._usage = chat_shapes.usage_in(chunk) or self._usage
        for choice in chat_shapes.choices(chunk):
            self._choice(choice)
        if not chunk.keys().isdisjoint(chat_shapes.SOURCES):
            for url, title in chat_shapes.sources(chunk):
                self._output.source(url, title)
        if error is not None and self._finish in (None, "error"):
            self._flush()
            self.failed = True
            self._output.tell(events.ErrorEvent, error=_clean(error) or _NO_REASON)
        return self._output.take()

    def end(self, *, done: bool) -> list[events.StreamEvent]:
        """The stream is over (``done``: it said so); return what was kept back and the terminal event, if any."""
        if self.failed or self._ended:
            return []
        self._ended = True
        self._flush()
        if self._finish is not None or (done and self._begun):
            self._terminate()
        return self._output.take()

    def _begin(self, chunk: dict[str, Any]) -> None:
        if self._head_known:
            return  # Every chunk says it again.
        for name, source in (("id", "id"), ("model", "model"), ("created_at", "created")):
            value = chunk.get(source)
            if isinstance(value, str if name != "created_at" else int | float) and value:
                self._head[name] = _clean(value)
        if not self._begun and "choices" in chunk:
            self._begun = True
            self._head["created_at"] = self._head["created_at"] or int(time.time())
            self._output.tell(events.ResponseCreated, response=self._response("in_progress", []))
        self._head_known = self._begun and bool(self._head["id"] and self._head["model"])

    def _choice(self, choice: dict[str, Any]) -> None:
        delta = chat_shapes.delta_of(choice)
        content = delta.get("content")
        if len(delta) == 1 and isinstance(content, str) and not choice.get("logprobs"):
            self._say("text", content)  # What nearly every chunk is.
            delta = {}
        tokens = choice.get("logprobs")
        logprobs = tokens.get("content") if isinstance(tokens, dict) else None
        for kind, text in chat_shapes.said(delta) if delta else ():
            if kind == "image":
                self._output.image(_clean(text))
            else:
                self._say(kind, text, _clean(logprobs) if isinstance(logprobs, list) else None)
        for note in chat_shapes.notes(delta) if delta else ():
            self._output.note(note)
        for entry in chat_shapes.tool_calls(delta) if delta else ():
            self._output.call(entry)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason and not self._cut_short:
            self._finish = reason.lower()

    @property
    def _cut_short(self) -> bool:
        return self._finish in chat_shapes.INCOMPLETE

    def _say(self, kind: str, text: str, logprobs: list[Any] | None = None) -> None:
        """Say a piece whose emoji may have been cut in two by the chunk's end."""
        if text.isascii() and not self._halves:
            self._tell(kind, text, logprobs)
            return
        text = self._halves.pop(kind, "") + text
        if "\ud800" <= text[-1:] <= "\udbff":
            self._halves[kind] = text[-1]
            text = text[:-1]
        self._tell(kind, surrogates.join(text), logprobs)

    def _tell(self, kind: str, text: str, logprobs: list[Any] | None = None) -> None:
        if not text:
            return
        if kind == "refusal":
            self._output.refuse(text)
        elif kind == "reasoning":
            self._output.think(text)
        elif self._splitter is None:
            self._output.say(text, logprobs)
        else:
            self._voice(self._splitter.feed(text), logprobs)

    def _voice(self, pieces: list[tuple[Any, str]], logprobs: list[Any] | None = None) -> None:
        for voice, text in pieces:
            if voice == "reasoning":
                self._output.think(text)
            else:
                self._output.say(text, logprobs)

    def _flush(self) -> None:
        """Say what was kept back: half an emoji, the beginning of a tag."""
        for kind in list(self._halves):
            self._halves.pop(kind)
            self._tell(kind, "\ufffd")
        if self._splitter is not None:
            self._voice(self._splitter.flush())

    def _terminate(self) -> None:
        reason = chat_shapes.INCOMPLETE.get(self._finish or "")
        status = "failed" if self._finish == "error" else "incomplete" if reason else "completed"
        self._output.close("completed" if status == "completed" else "incomplete")
        response = self._response(status, self._output.items)
        response["usage"] = self._usage
        if reason:
            response["incomplete_details"] = {"reason": reason}
        if status == "failed":
            response["error"] = {"code": None, "message": _NO_REASON}
        self._output.tell(_TERMINAL[status], response=response)

    def _response(self, status: str, output: list[Any]) -> dict[str, Any]:
        unknown = {"usage": None, "error": None, "incomplete_details": None}
        return {**self._head, "status": status, "output": output, **unknown}


def _clean(value: Any) -> Any:
    """Surrogates joined, no ``NaN``; a value nested beyond all reason is not carried on."""
    try:
        return surrogates.deep(value)
    except surrogates.TooDeep:
        return None
