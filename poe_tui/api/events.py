"""
The stream events of the Responses API: one model per shape, the vendor's table and our notes on Poe

Every event has ``type`` (the wire word) and ``raw()``. Nested objects (``item``, ``part``, ``response`` …) stay
plain dicts exactly as sent: nothing is lost and nothing is built that nobody asks for. Unknown event types arrive
as :class:`UnknownEvent`, unknown fields stay on the event. Consumers must not change an event or what hangs on it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

Json = dict[str, Any]


class StreamEvent(BaseModel):
    """What all events share. Everything but ``type`` is optional: servers leave out what they like."""

    model_config = ConfigDict(extra="allow", defer_build=True, protected_namespaces=())

    type: str
    sequence_number: int | None = None

    def raw(self) -> Json:
        """Return the event as the JSON object that was sent (key order aside)."""
        sent = self.model_fields_set
        fields = {key: value for key, value in self.__dict__.items() if key in sent}
        return {"type": self.type, **fields, **(self.model_extra or {})}


class UnknownEvent(StreamEvent):
    """An event of a type that this table does not know, carried as it is."""


class _ResponseEvent(StreamEvent):
    response: Json | None = None


class ResponseCreated(_ResponseEvent):
    """The response object exists."""

    type: Literal["response.created"] = "response.created"


class ResponseQueued(_ResponseEvent):
    """The response waits for its turn."""

    type: Literal["response.queued"] = "response.queued"


class ResponseInProgress(_ResponseEvent):
    """The model is generating."""

    type: Literal["response.in_progress"] = "response.in_progress"


class ResponseCompleted(_ResponseEvent):
    """Terminal: the full response with usage."""

    type: Literal["response.completed", "response.done"] = "response.completed"


class ResponseIncomplete(_ResponseEvent):
    """Terminal: cut by the server; ``response.incomplete_details.reason`` says why."""

    type: Literal["response.incomplete"] = "response.incomplete"


class ResponseFailed(_ResponseEvent):
    """Terminal: ``response.error`` says why."""

    type: Literal["response.failed"] = "response.failed"


class ErrorEvent(StreamEvent):
    """The server gave up: flat, nested under ``error``, or bare ``{"error": …}`` (then ``type`` is filled in)."""

    type: Literal["error", "response.error"] = "error"
    message: str | None = None
    code: str | int | None = None
    param: str | None = None
    error: Json | str | None = None


class _ItemEvent(StreamEvent):
    output_index: int | None = None
    item_id: str | None = None


class OutputItemAdded(_ItemEvent):
    """An output item begins."""

    type: Literal["response.output_item.added"] = "response.output_item.added"
    item: Json | None = None


class OutputItemDone(_ItemEvent):
    """An output item is finished; ``item`` is the whole of it."""

    type: Literal["response.output_item.done"] = "response.output_item.done"
    item: Json | None = None


class _PartEvent(_ItemEvent):
    content_index: int | None = None


class ContentPartAdded(_PartEvent):
    """A content part of an item begins: ``output_text``, ``refusal`` or ``reasoning_text``."""

    type: Literal["response.content_part.added"] = "response.content_part.added"
    part: Json | None = None


class ContentPartDone(_PartEvent):
    """A content part is finished."""

    type: Literal["response.content_part.done"] = "response.content_part.done"
    part: Json | None = None


class OutputTextDelta(_PartEvent):
    """A piece of the answer."""

    type: Literal["response.output_text.delta"] = "response.output_text.delta"
    delta: str = ""
    logprobs: Any = None


class OutputTextDone(_PartEvent):
    """The whole text of one part."""

    type: Literal["response.output_text.done"] = "response.output_text.done"
    text: str | None = None
    logprobs: Any = None


class OutputTextAnnotationAdded(_PartEvent):
    """A citation or another note on the text."""

    type: Literal["response.output_text.annotation.added"] = "response.output_text.annotation.added"
    annotation_index: int | None = None
    annotation: Json | None = None


class RefusalDelta(_PartEvent):
    """A piece of a refusal."""

    type: Literal["response.refusal.delta"] = "response.refusal.delta"
    delta: str = ""


class RefusalDone(_PartEvent):
    """The whole refusal."""

    type: Literal["response.refusal.done"] = "response.refusal.done"
    refusal: str | None = None


class ReasoningTextDelta(_PartEvent):
    """A piece of the reasoning itself. Older spellings (``response.reasoning.delta`` …) arrive as this too."""

    type: Literal["response.reasoning_text.delta"] = "response.reasoning_text.delta"
    delta: str = ""


class ReasoningTextDone(_PartEvent):
    """The whole reasoning text of one part."""

    type: Literal["response.reasoning_text.done"] = "response.reasoning_text.done"
    text: str | None = None


class _SummaryEvent(_ItemEvent):
    summary_index: int | None = None


class ReasoningSummaryPartAdded(_SummaryEvent):
    """A part of the reasoning summary begins."""

    type: Literal["response.reasoning_summary_part.added"] = "response.reasoning_summary_part.added"
    part: Json | None = None


class ReasoningSummaryPartDone(_SummaryEvent):
    """A part of the reasoning summary is finished."""

    type: Literal["response.reasoning_summary_part.done"] = "response.reasoning_summary_part.done"
    part: Json | None = None


class ReasoningSummaryTextDelta(_SummaryEvent):
    """A piece of the reasoning summary."""

    type: Literal["response.reasoning_summary_text.delta"] = "response.reasoning_summary_text.delta"
    delta: str = ""


class ReasoningSummaryTextDone(_SummaryEvent):
    """The whole text of one summary part."""

    type: Literal["response.reasoning_summary_text.done"] = "response.reasoning_summary_text.done"
    text: str | None = None


class FunctionCallArgumentsDelta(_ItemEvent):
    """A piece of a call's arguments (a JSON text)."""

    type: Literal["response.function_call_arguments.delta"] = "response.function_call_arguments.delta"
    delta: str = ""


class FunctionCallArgumentsDone(_ItemEvent):
    """The whole arguments."""

    type: Literal["response.function_call_arguments.done"] = "response.function_call_arguments.done"
    arguments: str | None = None
    name: str | None = None


class McpCallArgumentsDelta(_ItemEvent):
    """A piece of a remote tool call's arguments."""

    type: Literal["response.mcp_call_arguments.delta"] = "response.mcp_call_arguments.delta"
    delta: str = ""


class McpCallArgumentsDone(_ItemEvent):
    """The whole arguments of a remote tool call."""

    type: Literal["response.mcp_call_arguments.done"] = "response.mcp_call_arguments.done"
    arguments: str | None = None


class CustomToolCallInputDelta(_ItemEvent):
    """A piece of a free-form tool input."""

    type: Literal["response.custom_tool_call_input.delta"] = "response.custom_tool_call_input.delta"
    delta: str = ""


class CustomToolCallInputDone(_ItemEvent):
    """The whole free-form tool input."""

    type: Literal["response.custom_tool_call_input.done"] = "response.custom_tool_call_input.done"
    input: str | None = None


class CodeInterpreterCodeDelta(_ItemEvent):
    """A piece of the code the server will run."""

    type: Literal["response.code_interpreter_call_code.delta"] = "response.code_interpreter_call_code.delta"
    delta: str = ""


class CodeInterpreterCodeDone(_ItemEvent):
    """The whole code the server will run."""

    type: Literal["response.code_interpreter_call_code.done"] = "response.code_interpreter_call_code.done"
    code: str | None = None


class ApplyPatchDiffDelta(_ItemEvent):
    """A piece of a patch."""

    type: Literal["response.apply_patch_call_operation_diff.delta"] = "response.apply_patch_call_operation_diff.delta"
    delta: str = ""


class ApplyPatchDiffDone(_ItemEvent):
    """The whole patch."""

    type: Literal["response.apply_patch_call_operation_diff.done"] = "response.apply_patch_call_operation_diff.done"
    diff: str | None = None


class _CommandEvent(_ItemEvent):
    command_index: int | None = None


class ShellCommandAdded(_CommandEvent):
    """A command of a shell call begins."""

    type: Literal["response.shell_call_command.added"] = "response.shell_call_command.added"
    command: str | None = None


class ShellCommandDelta(_CommandEvent):
    """A piece of a command."""

    type: Literal["response.shell_call_command.delta"] = "response.shell_call_command.delta"
    delta: str = ""


class ShellCommandDone(_CommandEvent):
    """The whole command."""

    type: Literal["response.shell_call_command.done"] = "response.shell_call_command.done"
    command: str | None = None


class ShellOutputDelta(_CommandEvent):
    """A piece of what a command printed; ``delta`` is an object with ``stdout`` or ``stderr``."""

    type: Literal["response.shell_call_output_content.delta"] = "response.shell_call_output_content.delta"
    delta: Any = None


class ShellOutputDone(_CommandEvent):
    """What a command printed and how it ended."""

    type: Literal["response.shell_call_output_content.done"] = "response.shell_call_output_content.done"
    output: list[Any] | None = None


class ImagePartial(_ItemEvent):
    """A preview of an image in the making, base64."""

    type: Literal["response.image_generation_call.partial_image"] = "response.image_generation_call.partial_image"
    partial_image_b64: str | None = None
    partial_image_index: int | None = None


class ToolProgress(_ItemEvent):
    """A server-side tool changed state; the state is the type's last word."""

    type: Literal[
        "response.web_search_call.in_progress",
        "response.web_search_call.searching",
        "response.web_search_call.completed",
        "response.web_search_call.failed",
        "response.file_search_call.in_progress",
        "response.file_search_call.searching",
        "response.file_search_call.completed",
        "response.file_search_call.failed",
        "response.image_generation_call.in_progress",
        "response.image_generation_call.generating",
        "response.image_generation_call.completed",
        "response.image_generation_call.failed",
        "response.code_interpreter_call.in_progress",
        "response.code_interpreter_call.interpreting",
        "response.code_interpreter_call.completed",
        "response.code_interpreter_call.failed",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        "response.mcp_call.failed",
        "response.mcp_list_tools.in_progress",
        "response.mcp_list_tools.completed",
        "response.mcp_list_tools.failed",
    ]

    @property
    def tool(self) -> str:
        """The item type the event speaks of: ``web_search_call`` …"""
        return self.type.split(".")[1]

    @property
    def state(self) -> str:
        """``in_progress``, ``searching``, ``completed`` …"""
        return self.type.rsplit(".", 1)[1]


class AudioDelta(StreamEvent):
    """A piece of audio, base64, or of its transcript."""

    type: Literal["response.audio.delta", "response.audio.transcript.delta"]
    delta: str = ""


class AudioDone(StreamEvent):
    """The audio or its transcript is finished."""

    type: Literal["response.audio.done", "response.audio.transcript.done"]


class KeepAlive(StreamEvent):
    """Says only that the line is alive."""

    type: Literal["keepalive", "ping"] = "keepalive"


EVENT_MODELS: tuple[type[StreamEvent], ...] = (
    OutputTextDelta, ResponseCreated, ResponseQueued, ResponseInProgress, ResponseCompleted, ResponseIncomplete,
    ResponseFailed, ErrorEvent, OutputItemAdded, OutputItemDone, ContentPartAdded, ContentPartDone, OutputTextDone,
    OutputTextAnnotationAdded, RefusalDelta, RefusalDone, ReasoningTextDelta, ReasoningTextDone,
    ReasoningSummaryPartAdded, ReasoningSummaryPartDone, ReasoningSummaryTextDelta, ReasoningSummaryTextDone,
    FunctionCallArgumentsDelta, FunctionCallArgumentsDone, McpCallArgumentsDelta, McpCallArgumentsDone,
    CustomToolCallInputDelta, CustomToolCallInputDone, CodeInterpreterCodeDelta, CodeInterpreterCodeDone,
    ApplyPatchDiffDelta, ApplyPatchDiffDone, ShellCommandAdded, ShellCommandDelta, ShellCommandDone,
    ShellOutputDelta, ShellOutputDone, ImagePartial, ToolProgress, AudioDelta, AudioDone, KeepAlive,
)  # fmt: skip

TERMINAL_TYPES = frozenset({"response.completed", "response.incomplete", "response.failed", "response.done"})
"""After one of these the response is over. Anything else, ``response.cancelled`` too, leaves it interrupted."""


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    """Not from the wire: the client waits before it asks again. Yielded before the wait; cancelling ends it."""

    attempt: int
    """Which request failed, 1-based."""
    limit: int
    """How many requests the turn may use in all."""
    delay: float
    """Seconds from ``at`` to the next request."""
    reason: str
    """Plain words: ``the server is overloaded (503)``."""
    status: int | None
    """The HTTP status that asked for it; ``None`` when no answer came."""
    at: float
    """``time.monotonic()`` when the wait began."""
    type: ClassVar[str] = "request.retry_scheduled"


def parse_event(data: bytes, name: str | None = None) -> StreamEvent | None:
    """
    Read the data of one server-sent event; ``None`` when it is not a JSON object (it is to be skipped).

    ``name`` is the ``event:`` field, the fallback for a missing ``type``. Never raises. Strings of a fallback reading
    may hold half surrogates in ``delta`` only, so that the receiver can join them with the next delta.
    """
    from poe_tui.api.parse import parse

    return parse(data, name)


def to_json(event: StreamEvent) -> str:
    """Return the event as one line of JSON; for logs and ``--events``."""
    from poe_tui.api.surrogates import deep

    return json.dumps(deep(event.raw()), ensure_ascii=False)
