"""The dialect of ``/chat/completions``: chunks and whole answers read into the events of the Responses API."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from poe_tui.api.answer import GRACE, Responses
from poe_tui.api.chat_events import ChatTranslator
from poe_tui.api.chat_shapes import error_in
from poe_tui.api.events import StreamEvent
from poe_tui.api.sse import ServerSentEvent
from poe_tui.api.statuses import error_in_success

_DECODER = json.JSONDecoder(strict=False)


class Chat:
    """
    Reads one answer of ``model``.

    After a finish reason it waits ``grace`` seconds for the usage and for ``[DONE]``, anew with every chunk, since some
    servers put a finish reason on all of them.
    """

    def __init__(self, model: str, grace: float = GRACE) -> None:
        self.complete = False
        self.deadline: float | None = None
        self._grace = grace
        self._translator = ChatTranslator(model)

    def select(self, found: list[ServerSentEvent]) -> list[StreamEvent]:
        """Translate the chunks; what is no JSON object is left out."""
        events: list[StreamEvent] = []
        for one in found:
            if self.complete:
                break
            if one.data.strip() == b"[DONE]":
                events += self._translator.end(done=True)
                self.complete = True
                break
            chunk = _object(one.data)
            if chunk is not None:
                events += self._translator.feed(chunk, one.event)
                self.complete = self._translator.failed
        if found and self._translator.finished:
            self.deadline = time.monotonic() + self._grace
        return events

    def end(self) -> list[StreamEvent]:
        """The body is over without ``[DONE]``."""
        return self._translator.end(done=False)

    def whole(self, value: dict[str, Any], headers: Mapping[str, str]) -> StreamEvent | None:
        """Make the terminal event that a completion is. Raises the error that a body holds in its place."""
        if "choices" not in value and isinstance(value.get("output"), list):
            return Responses().whole(value, headers)
        error = error_in(value)
        if error is not None:
            raise error_in_success(headers, value if isinstance(value.get("error"), dict) else {"error": error})
        if not isinstance(value.get("choices"), list | dict):
            return None
        self._translator.feed(value)
        return self._translator.end(done=True)[-1]


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        value = _DECODER.decode(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
