"""Flight: one turn from its request to its last byte, as a state that events are fed to.

Nothing here waits. Checkpoints of the partial answer are enqueued, so that a second cancel cannot kill a save.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from poe_tui.api import errors
from poe_tui.api.accumulate import ResponseBuilder
from poe_tui.api.events import RetryScheduled
from poe_tui.api.thinking import Thinking
from poe_tui.engine import reasons
from poe_tui.engine.repair import Repair, find
from poe_tui.model import Turn, TurnStatus
from poe_tui.sanitize import join_surrogates

if TYPE_CHECKING:
    from poe_tui.api.events import StreamEvent
    from poe_tui.engine.request import BuiltRequest, RequestContext
    from poe_tui.storage.store import Store

CHECKPOINT_SECONDS: Final = 0.5
"""From the first new character to its checkpoint: what a sudden death costs stays well under a second of text."""
CHECKPOINT_CHARACTERS: Final = 4096

PartialKind = Literal["text", "reasoning"]

_TEXT: Final = frozenset({"response.output_text.delta", "response.refusal.delta"})
_REASONING: Final = frozenset({"response.reasoning_summary_text.delta", "response.reasoning_text.delta"})
_BROKEN: Final = (errors.ConnectionLost, errors.IdleTimeout, errors.LineTooLong)
"""The stream broke: ``interrupted``. Any other error is an answer, or the lack of a connection: ``failed``."""


class Flight:
    """A turn in flight."""

    def __init__(self, turn: Turn, store: Store) -> None:
        self.turn = turn
        self.builder = ResponseBuilder()
        self.notes: list[str] = []
        self.error: dict[str, Any] | None = None
        self.status: TurnStatus | None = None
        """Decided by what happened here; ``None`` leaves it to what the server said."""
        self._thinking = Thinking()
        self._store = store
        self._started = time.monotonic()
        self._landed = 0.0
        self._first: dict[str, float] = {}
        self._pending: dict[PartialKind, str] = {"text": "", "reasoning": ""}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def has_output(self) -> bool:
        """Whether anything of an answer has come."""
        return bool(self.builder.output)

    @property
    def was_taken(self) -> bool:
        """Whether the server took the request: it began to answer, or ended without a complaint."""
        return self.has_output or self.builder.status in ("completed", "incomplete")

    def take_off(self, built: BuiltRequest) -> None:
        """The request is about to leave: start the clock, forget what an earlier request of this turn brought."""
        self.turn.chain = built.chain
        self.turn.options = built.options
        self.builder = ResponseBuilder()
        self.error = self.status = None
        self._thinking.clear()
        self._started = time.monotonic()
        self._first.clear()

    def see(self, event: StreamEvent | RetryScheduled) -> None:
        """Take one event in."""
        if isinstance(event, RetryScheduled):
            return
        self.builder.apply(event)
        self._thinking.note(event)
        if event.type in _TEXT and not self._thinking.owns(event):
            self._note_time("first_text")
            self._gather("text", getattr(event, "delta", ""))
        elif event.type in _REASONING or event.type in _TEXT:
            self._note_time("reasoning")
            self._gather("reasoning", getattr(event, "delta", ""))
        if "first_event" not in self._first:
            self._note_time("first_event")

    def repair(self, context: RequestContext, built: BuiltRequest) -> Repair | None:
        """Return what can be done about what went wrong, if it did so before any output."""
        error = self.error or self.builder.error
        if error is None or self.has_output:
            return None
        return find(self.turn.id, error, context, built)

    def fail(self, error: errors.APIError) -> None:
        """The request ended in an error."""
        self.error = {key: value for key, value in error.as_dict().items() if value is not None}
        if isinstance(error, errors.APIStatusError) and error.param:
            self.error["param"] = error.param
        if isinstance(error, errors.WaitTooLong):
            self.error |= {"reason": "wait_too_long", "retry_after": error.seconds}
        self.status = "interrupted" if isinstance(error, _BROKEN) else "failed"

    def restore(self, refusal: dict[str, Any] | None, built: BuiltRequest) -> None:
        """Name what ``/responses`` said where chat/completions turned out not to exist: that error is the news."""
        error = self.error
        if refusal and error and built.endpoint == "chat" and error.get("http_status") in (404, 405, 501):
            self.error = refusal

    def refuse(self, message: str, kind: str = "storage_error", **more: str) -> None:
        """Something of ours stood in the way before anything was sent."""
        self.error = {"type": kind, "message": message, **more}
        self.status = "failed"

    def break_down(self, error: Exception) -> None:
        """An error of our own: named, never quoted, since its text might hold anything."""
        self.error = {"type": "internal_error", "message": f"poe-tui failed: {type(error).__name__}."}
        self.status = "interrupted"

    def stop(self) -> None:
        """The person stopped it. What the server ended before that stays ended."""
        if self.builder.terminal is None and self.status is None:
            self.status = "stopped"

    def land(self) -> Turn:
        """Fill the turn in from what has come; may be called again when there is more to say."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._landed = self._landed or time.monotonic()
        builder, turn = self.builder, self.turn
        turn.response_id = builder.response_id
        turn.upstream_model = builder.upstream_model
        turn.output = builder.output
        turn.usage = builder.usage
        turn.status = self.status or builder.status
        turn.error = self._final_error()
        turn.timing = self._timing()
        turn.completed_at = time.time()
        return replace(turn)

    def _final_error(self) -> dict[str, Any] | None:
        error = dict(self.error or {})
        if not error and self.builder.error is not None:
            error = {key: value for key, value in self.builder.error.items() if value is not None}
        if self.turn.status == "incomplete" and self.builder.incomplete_reason:
            error["reason"] = self.builder.incomplete_reason
        elif self.turn.status in ("failed", "interrupted") and (reason := reasons.of(error, self.turn.model)):
            error.setdefault("reason", reason)
        if self.notes:
            error["notes"] = list(self.notes)
        return error or None

    def _timing(self) -> dict[str, Any]:
        timing: dict[str, Any] = {
            name: round(self._first[name], 3) for name in ("first_event", "first_text") if name in self._first
        }
        timing["total"] = round(self._landed - self._started, 3)
        if "reasoning" in self._first:
            until = self._first.get("first_text", timing["total"])
            timing["reasoning"] = round(max(0.0, until - self._first["reasoning"]), 3)
        return timing

    def _note_time(self, name: str) -> None:
        if name not in self._first:
            self._first[name] = time.monotonic() - self._started

    def _gather(self, kind: PartialKind, text: str) -> None:
        if not text:
            return
        self._pending[kind] += text
        if len(self._pending[kind]) >= CHECKPOINT_CHARACTERS:
            self._checkpoint()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(CHECKPOINT_SECONDS, self._checkpoint)

    def _checkpoint(self) -> None:
        """Append what is new. A high surrogate waits for its other half."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for kind, text in self._pending.items():
            kept = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
            self._pending[kind] = kept
            if ready := text[: len(text) - len(kept)]:
                self._store.append_partial(self.turn.id, join_surrogates(ready), kind)
