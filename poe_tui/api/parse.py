"""
From the data of one server-sent event to its model.

The straight way is one ``validate_json`` over the discriminated union (about 4 µs an event). What pydantic refuses (an
unknown type, a field of the wrong kind, half surrogates, broken UTF-8) goes the lenient way: ``json.loads``, the same
model without the fields that do not fit, or an :class:`UnknownEvent`.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError

from poe_tui.api import surrogates
from poe_tui.api.events import EVENT_MODELS, StreamEvent, UnknownEvent

_FINISHED = {"completed": "response.completed", "incomplete": "response.incomplete", "failed": "response.failed"}


@cache
def _adapter() -> TypeAdapter[StreamEvent]:
    """Build the union on first use: some 30 ms that no start should pay."""
    union: Any = Annotated[_union(), Field(discriminator="type")]
    return TypeAdapter(union)


def _union() -> Any:
    union: Any = EVENT_MODELS[0]
    for model in EVENT_MODELS[1:]:
        union = union | model
    return union


@cache
def _models() -> dict[str, type[StreamEvent]]:
    return {name: model for model in EVENT_MODELS for name in get_args(model.model_fields["type"].annotation)}


def warm_up() -> None:
    """Build what the first event needs; for a thread that has nothing better to do."""
    _adapter().validate_json(b'{"type":"ping"}')


def parse(data: bytes, name: str | None = None) -> StreamEvent | None:
    """See :func:`poe_tui.api.events.parse_event`."""
    try:
        return _adapter().validate_json(data)
    except ValidationError:
        pass
    try:
        raw = json.loads(data.decode("utf-8", "replace"), strict=False)
        if not isinstance(raw, dict):
            return None
        delta = raw.pop("delta", None)
        raw = surrogates.deep(raw)
        if delta is not None:
            raw["delta"] = delta if isinstance(delta, str) else surrogates.deep(delta)
    except (ValueError, RecursionError):
        return None
    return build(raw, name)


def build(raw: dict[str, Any], name: str | None = None) -> StreamEvent | None:
    """Make the event that a JSON object stands for, as leniently as it takes; ``None`` when it is no event."""
    kind = _type_of(raw, name)
    if kind == "response.completed" and "response" not in raw and "output" in raw:
        # A bare Response object in a stream.
        raw = {"response": raw}
        kind = _FINISHED.get(str(raw["response"].get("status")), kind)
    if kind is None:
        return UnknownEvent.model_construct(_fields(raw), **{**raw, "type": ""})
    fields: dict[str, Any] = {**raw, "type": kind}
    if kind != raw.get("type") and isinstance(raw.get("type"), str):
        fields["wire_type"] = raw["type"]
    model = _models().get(kind)
    if model is None:
        return UnknownEvent.model_construct(_fields(fields), **fields)
    return _fit(model, fields)


def _fields(values: dict[str, Any]) -> set[str]:
    return set(values)


def _type_of(raw: dict[str, Any], name: str | None) -> str | None:
    """Find the type: as sent, in its present spelling, or guessed from the event's name or its shape."""
    kind = raw.get("type")
    if not isinstance(kind, str) or not kind:
        if raw.get("error") and not isinstance(raw.get("output"), list):
            return "error"
        if raw.get("object") == "response" and isinstance(raw.get("output"), list):
            return "response.completed" if raw.get("status") in _FINISHED else None
        return name or None
    if kind not in _models() and "reasoning" in kind and kind.endswith((".delta", "_delta")):
        # Older spellings: response.reasoning.delta, response.reasoning_content.delta (observed on Poe).
        part = "reasoning_summary_text" if "summary" in kind else "reasoning_text"
        return f"response.{part}.delta"
    return kind


def _fit(model: type[StreamEvent], fields: dict[str, Any]) -> StreamEvent | None:
    """Build ``model`` from ``fields`` without those it refuses; halves of a surrogate pair pass in ``delta``."""
    delta = fields.get("delta")
    half = isinstance(delta, str) and surrogates.has_half(delta)
    if half:
        fields = {**fields, "delta": ""}
    for _ in range(2):
        try:
            event = model.model_validate(fields)
        except ValidationError as error:
            refused = {entry["loc"][0] for entry in error.errors(include_input=False) if entry["loc"]}
            fields = {key: value for key, value in fields.items() if key not in refused}
            continue
        return event.model_copy(update={"delta": delta}) if half else event
    return None


class SplitJoiner:
    """
    Joins an emoji that was cut in two by the delta boundary, so that no event leaves with half of one.

    A high half at the end of a delta is kept back and put before the next delta of the same part; whatever stays alone
    becomes U+FFFD. Nothing else is ever delayed.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], str] = {}

    def pass_on(self, event: StreamEvent) -> StreamEvent:
        """Return ``event``, or a copy whose ``delta`` is whole."""
        delta = getattr(event, "delta", None)
        if not isinstance(delta, str) or (delta.isascii() and not self._kept):
            return event
        key = (
            event.type,
            getattr(event, "output_index", None),
            getattr(event, "content_index", None),
            getattr(event, "summary_index", None),
        )
        text = self._kept.pop(key, "") + delta
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._kept[key] = text[-1]
            text = text[:-1]
        text = surrogates.join(text)
        return event if text == delta else event.model_copy(update={"delta": text})
