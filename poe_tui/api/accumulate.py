"""
``ResponseBuilder``: any order of stream events in, the Response out.

Which item an event speaks of is for the :class:`~poe_tui.api.shelf.Shelf` to say. Nothing here raises: an event that
makes no sense is left aside. What leaves the builder holds no half surrogate and no ``NaN``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from poe_tui.api import faults, types
from poe_tui.api.events import TERMINAL_TYPES, StreamEvent
from poe_tui.api.reconcile import reconcile, streamed
from poe_tui.api.shelf import Shelf
from poe_tui.api.slots import Part
from poe_tui.api.surrogates import TooDeep, deep
from poe_tui.model import Item

Status = Literal["completed", "incomplete", "failed", "interrupted"]

_STATUS_OF: dict[str, Status] = {
    "response.completed": "completed",
    "response.done": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
}
_STATUSES: dict[str, Status] = {"completed": "completed", "incomplete": "incomplete", "failed": "failed"}
_MAX_COMMANDS = 100

Handler = Callable[["ResponseBuilder", Any], None]


class ResponseBuilder:
    """Accumulates one response. ``apply`` each event; every property may be read at any time."""

    def __init__(self) -> None:
        self.terminal: str | None = None
        """The type of the terminal event, once it came."""
        self._head: dict[str, Any] = {}
        """The response object as last told before the terminal event."""
        self._final: dict[str, Any] = {}
        self._usage: dict[str, Any] | None = None
        self._fault: faults.Fault | None = None
        self._shelf = Shelf()
        self._last_number: int | None = None
        self._counting = False
        """Whether sequence numbers were seen to rise, so that they mean something."""
        self._output: list[Item] | None = None

    def apply(self, event: object) -> None:
        """Take one event. Events that are not the wire's, and everything after the terminal event, change nothing."""
        if not isinstance(event, StreamEvent):
            return
        number = event.sequence_number
        if number is not None:
            if self._last_number is not None and number > self._last_number:
                self._counting = True
            self._last_number = number
        if self.terminal is not None or self._fault is not None:
            self._late_usage(event)
            return
        handler = _HANDLERS.get(event.type)
        if handler is None:
            self._late_usage(event)
            return
        self._output = None
        handler(self, event)

    # --- what came out -------------------------------------------------------------------------------------------

    @property
    def response_id(self) -> str | None:
        """The id to chain on: the terminal event's when it has one."""
        return _word(self._final.get("id")) or _word(self._head.get("id"))

    @property
    def upstream_model(self) -> str | None:
        """The model as the response names it, often a snapshot's name."""
        return _word(self._final.get("model")) or _word(self._head.get("model"))

    @property
    def status(self) -> Status:
        """
        ``completed``, ``incomplete`` or ``failed`` as the server said; without its word ``interrupted``.

        An ``error`` event breaks the stream off (OpenAI's SDK raises there and reads no further): what it said is in
        ``error``. A terminal type nobody knows (``response.cancelled``) is no word of the server's either.
        """
        if self.terminal is None:
            return "interrupted"
        said = self._final.get("status")
        if isinstance(said, str) and said == "cancelled":
            return "interrupted"
        return _STATUSES.get(said, _STATUS_OF[self.terminal]) if isinstance(said, str) else _STATUS_OF[self.terminal]

    @property
    def incomplete_reason(self) -> str | None:
        """``max_output_tokens``, ``content_filter`` …"""
        details = self._final.get("incomplete_details")
        return _word(details.get("reason")) if isinstance(details, dict) else None

    @property
    def error(self) -> dict[str, Any] | None:
        """``{"type", "code", "message", "param"}`` of ``response.error`` and of error events; ``None`` without one."""
        fault = self._fault
        said = self._final.get("error")
        if said:
            fault = faults.merge(fault, faults.read(said if isinstance(said, dict) else {"error": said}))
        elif fault is None and self.status == "failed":
            fault = faults.Fault("The server says that the response failed, and not why.")
        return None if fault is None else fault.as_dict()

    @property
    def usage(self) -> dict[str, Any] | None:
        """Token counts as the wire gave them; ``None`` is unknown, never zero."""
        usage: dict[str, Any] | None = _clean(self._usage)
        return usage

    @property
    def output(self) -> list[Item]:
        """
        The output items in order: the terminal snapshot when it has any, completed from the stream; else the stream's.

        Later events make a new list; its items hang on the events and are not to be changed.
        """
        if self._output is None:
            final = self._final.get("output")
            snapshot = [item for item in final if isinstance(item, dict)] if isinstance(final, list) else []
            slots = self._shelf.ordered
            failed = self.terminal is not None and self.status == "failed"
            items = reconcile(snapshot, slots) if snapshot else streamed(slots, finished_only=failed)
            self._output = _clean(items) or []
        return self._output

    @property
    def output_text(self) -> str:
        """The answer's text: all messages' text parts. Never reasoning, never a refusal."""
        return types.output_text(self.output)

    @property
    def refusal(self) -> str:
        """The text of all refusal parts."""
        return "".join(
            part["refusal"]
            for item in self.output
            if item.get("type") == "message"
            for part in types.parts(item)
            if part.get("type") == "refusal" and isinstance(part.get("refusal"), str)
        )

    @property
    def reasoning_summary(self) -> str:
        """The summaries of the reasoning: the items', else what was streamed (some snapshots leave it out)."""
        return types.reasoning(self.output, "summary") or self._streamed_reasoning("summary")

    @property
    def reasoning_text(self) -> str:
        """The reasoning itself, where a model shows it."""
        return types.reasoning(self.output, "content") or self._streamed_reasoning("content")

    def _streamed_reasoning(self, name: str) -> str:
        parts = {"type": "reasoning"}
        items = [
            {**parts, name: _values(getattr(slot, name))} for slot in self._shelf.ordered if slot.kind == "reasoning"
        ]
        return types.reasoning(items, name)

    @property
    def citations(self) -> list[dict[str, str | None]]:
        """``[{"url", "title"}]`` in order of first mention, each URL once."""
        return types.citations(self.output)

    def response(self) -> dict[str, Any]:
        """Return the whole response object, unknown fields included."""
        base: dict[str, Any] = {**self._head, **self._final}
        base["output"] = self.output
        base["usage"] = self.usage
        base["status"] = self.status
        if self.error is not None:
            base["error"] = self.error
        return _clean({"id": None, "object": "response", **base}) or {}

    # --- finding the part ----------------------------------------------------------------------------------------

    def _part(self, event: Any, kind: str, *, closing: bool = False) -> Part:
        slot = self._shelf.find(event, "reasoning" if kind == "reasoning_text" else "message")
        return slot.part(slot.content, event.content_index, kind, closing=closing)

    def _number(self, event: StreamEvent) -> int | None:
        return event.sequence_number if self._counting else None

    # --- the response itself -------------------------------------------------------------------------------------

    def _on_response(self, event: Any) -> None:
        if isinstance(event.response, dict):
            told = {key: value for key, value in event.response.items() if value is not None}
            self._head = {**event.response, **self._head, **told}
            self._take_usage(event.response)

    def _on_terminal(self, event: Any) -> None:
        self.terminal = event.type
        if isinstance(event.response, dict):
            self._final = event.response
            self._take_usage(event.response)
        if self._usage is None:
            self._late_usage(event)

    def _on_error(self, event: StreamEvent) -> None:
        self._fault = faults.merge(self._fault, faults.read(_error_words(event)))

    def _take_usage(self, response: dict[str, Any]) -> None:
        usage = response.get("usage")
        if isinstance(usage, dict) and usage:
            self._usage = usage

    def _late_usage(self, event: StreamEvent) -> None:
        """Read a usage that travels apart: on a second terminal event, on an unknown event, at the top level."""
        if self._usage is not None:
            return
        fields = event.model_extra or {}
        response = getattr(event, "response", None)
        self._take_usage(fields)
        if isinstance(response, dict):
            self._take_usage(response)

    # --- items ---------------------------------------------------------------------------------------------------

    def _on_added(self, event: Any) -> None:
        if isinstance(event.item, dict):
            slot = self._shelf.place(event.output_index, event.item)
            slot.added = True
            slot.shell = slot.shell or event.item

    def _on_done(self, event: Any) -> None:
        if isinstance(event.item, dict):
            self._shelf.match(event.output_index, event.item).done = event.item

    # --- parts ---------------------------------------------------------------------------------------------------

    def _on_part(self, event: Any) -> None:
        given = event.part
        if not isinstance(given, dict):
            return
        kind = _word(given.get("type")) or "output_text"
        closing = event.type.endswith(".done")
        slot = self._shelf.find(event, "reasoning" if kind == "reasoning_text" else None)
        part = slot.part(slot.content, event.content_index, kind, closing=closing)
        self._shape(part, given, closing=closing)

    def _on_summary_part(self, event: Any) -> None:
        if isinstance(event.part, dict):
            closing = event.type.endswith(".done")
            slot = self._shelf.find(event, "reasoning")
            part = slot.part(slot.summary, event.summary_index, "summary_text", closing=closing)
            self._shape(part, event.part, closing=closing)

    def _shape(self, part: Part, given: dict[str, Any], *, closing: bool) -> None:
        if closing or not part.shell:
            part.kind = _word(given.get("type")) or part.kind
            part.shell = given
        if closing:
            part.finish(given.get("refusal") if part.kind == "refusal" else given.get("text"))

    def _on_text(self, event: Any) -> None:
        part = self._part(event, "output_text")
        part.add(event.delta, self._number(event))
        if event.logprobs and isinstance(event.logprobs, list) and not part.final:
            part.logprobs.extend(event.logprobs)

    def _on_text_done(self, event: Any) -> None:
        part = self._part(event, "output_text", closing=True)
        part.finish(event.text)
        if event.logprobs and isinstance(event.logprobs, list):
            part.logprobs = event.logprobs

    def _on_annotation(self, event: Any) -> None:
        self._part(event, "output_text", closing=True).note(event.annotation, event.annotation_index)

    def _on_refusal(self, event: Any) -> None:
        self._part(event, "refusal").add(event.delta, self._number(event))

    def _on_refusal_done(self, event: Any) -> None:
        self._part(event, "refusal", closing=True).finish(event.refusal)

    def _on_reasoning(self, event: Any) -> None:
        self._part(event, "reasoning_text").add(event.delta, self._number(event))

    def _on_reasoning_done(self, event: Any) -> None:
        self._part(event, "reasoning_text", closing=True).finish(event.text)

    def _on_summary(self, event: Any) -> None:
        slot = self._shelf.find(event, "reasoning")
        part = slot.part(slot.summary, event.summary_index, "summary_text")
        part.add(event.delta, self._number(event))

    def _on_summary_done(self, event: Any) -> None:
        slot = self._shelf.find(event, "reasoning")
        slot.part(slot.summary, event.summary_index, "summary_text", closing=True).finish(event.text)

    # --- tools ---------------------------------------------------------------------------------------------------

    def _on_string(self, event: Any) -> None:
        kind, name, source = _STRINGS[event.type]
        index = getattr(event, "command_index", None) or 0
        if not 0 <= index < _MAX_COMMANDS:
            return
        slot = self._shelf.find(event, kind)
        part = slot.string(name.format(index))
        value = getattr(event, source)
        if source == "delta":
            part.add(value, self._number(event))
            return
        part.finish(value)
        if slot.kind == "function_call" and event.model_fields_set >= {"name"} and event.name:
            slot.shell = {"name": event.name, **slot.shell}

    def _on_shell_output(self, event: Any) -> None:
        slot = self._shelf.find(event, "shell_call_output")
        if event.output is not None and slot.done is None:
            slot.shell = {**slot.shell, "output": event.output}

    def _on_progress(self, event: Any) -> None:
        self._shelf.find(event, event.tool).state = event.state


def _error_words(event: StreamEvent) -> dict[str, Any]:
    """An error event as an error body: nested under ``error``, or the flat fields without the event's own type."""
    raw = event.raw()
    if isinstance(raw.get("error"), dict | str) and raw["error"]:
        return raw
    return {key: value for key, value in raw.items() if key != "type"}


def _values(parts: dict[int, Part]) -> list[dict[str, Any]]:
    return [part.value() for _, part in sorted(parts.items())]


def _word(value: Any) -> str | None:
    return deep(value) if isinstance(value, str) and value else None


def _clean(value: Any) -> Any:
    """Surrogates joined, no ``NaN``; a value nested beyond all reason is not carried on."""
    try:
        return deep(value)
    except TooDeep:
        return None


_STRINGS: dict[str, tuple[str, str, str]] = {
    f"response.{event}.{phase}": (kind, name, "delta" if phase == "delta" else done)
    for event, kind, name, done in (
        ("function_call_arguments", "function_call", "arguments", "arguments"),
        ("mcp_call_arguments", "mcp_call", "arguments", "arguments"),
        ("custom_tool_call_input", "custom_tool_call", "input", "input"),
        ("code_interpreter_call_code", "code_interpreter_call", "code", "code"),
        ("apply_patch_call_operation_diff", "apply_patch_call", "operation/diff", "diff"),
        ("shell_call_command", "shell_call", "action/commands/{}", "command"),
    )
    for phase in ("delta", "done")
}
"""Event type → the item's kind, the field the text goes to, and the event's field it comes from."""


def _progress_types() -> list[str]:
    from typing import get_args

    from poe_tui.api.events import ToolProgress

    return list(get_args(ToolProgress.model_fields["type"].annotation))


_B = ResponseBuilder
_HANDLERS: dict[str, Handler] = {
    "response.output_text.delta": _B._on_text,
    "response.output_text.done": _B._on_text_done,
    "response.output_text.annotation.added": _B._on_annotation,
    "response.created": _B._on_response,
    "response.queued": _B._on_response,
    "response.in_progress": _B._on_response,
    "response.output_item.added": _B._on_added,
    "response.output_item.done": _B._on_done,
    "response.content_part.added": _B._on_part,
    "response.content_part.done": _B._on_part,
    "response.refusal.delta": _B._on_refusal,
    "response.refusal.done": _B._on_refusal_done,
    "response.reasoning_text.delta": _B._on_reasoning,
    "response.reasoning_text.done": _B._on_reasoning_done,
    "response.reasoning_summary_part.added": _B._on_summary_part,
    "response.reasoning_summary_part.done": _B._on_summary_part,
    "response.reasoning_summary_text.delta": _B._on_summary,
    "response.reasoning_summary_text.done": _B._on_summary_done,
    "response.shell_call_output_content.done": _B._on_shell_output,
    "error": _B._on_error,
    "response.error": _B._on_error,
    **dict.fromkeys(_STRINGS, _B._on_string),
    **dict.fromkeys(TERMINAL_TYPES, _B._on_terminal),
    **dict.fromkeys(_progress_types(), _B._on_progress),
}
