"""
Responses of the Responses API as typed values; the wire's dicts stay the truth.

``Response`` and the item views read leniently: a missing or odd field is ``None`` or empty, never an error (observed
on Poe). The fields of a request and their bounds stand in ``poe_tui.request_fields``.
"""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from poe_tui.model import Item, ModelInfo, Price


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", defer_build=True, protected_namespaces=())


class Usage(_Open):
    """Token counts; ``None`` is unknown and never shown as zero."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None

    @classmethod
    def read(cls, usage: Any) -> Usage:
        """Read the wire's ``usage``, chat completions' names included; anything odd is unknown."""
        usage = usage if isinstance(usage, dict) else {}
        sent = usage.get("input_tokens_details") or usage.get("prompt_tokens_details")
        made = usage.get("output_tokens_details") or usage.get("completion_tokens_details")
        return cls(
            input_tokens=_count(usage, "input_tokens", "prompt_tokens"),
            output_tokens=_count(usage, "output_tokens", "completion_tokens"),
            total_tokens=_count(usage, "total_tokens"),
            cached_tokens=_count(sent, "cached_tokens"),
            reasoning_tokens=_count(made, "reasoning_tokens"),
        )


def _count(values: Any, *names: str) -> int | None:
    for name in names:
        value = values.get(name) if isinstance(values, dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return int(value)
    return None


class Response(_Open):
    """The response object, read leniently; every other field the server sent is in ``model_extra``."""

    id: str | None = None
    status: str | None = None
    model: str | None = None
    output: list[Item] = Field(default_factory=list)
    usage: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    incomplete_details: dict[str, Any] | None = None

    @classmethod
    def read(cls, value: Any) -> Response:
        """Make a Response of whatever came: fields of the wrong kind are dropped, never refused."""
        value = dict(value) if isinstance(value, dict) else {}
        for name in ("id", "status", "model"):
            if not isinstance(value.get(name), str):
                value.pop(name, None)
        for name in ("usage", "error", "incomplete_details"):
            if not isinstance(value.get(name), dict):
                value.pop(name, None)
        output = value.get("output")
        value["output"] = [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []
        return cls.model_validate(value)

    @property
    def items(self) -> list[OutputItem]:
        """The output items as typed views."""
        return [view(item) for item in self.output]

    @property
    def output_text(self) -> str:
        """What the SDKs call ``output_text``: the text of all messages; the wire has no such field."""
        return output_text(self.output)


class OutputItem(_Open):
    """A typed view of an output item; unknown kinds are this and nothing more."""

    type: str = ""
    id: str | None = None
    status: str | None = None


class Message(OutputItem):
    """An answer: parts of text or refusal."""

    role: str | None = None
    phase: str | None = None
    content: list[dict[str, Any]] = Field(default_factory=list)


class ReasoningItem(OutputItem):
    """What the model thought, as far as it is told."""

    summary: list[dict[str, Any]] = Field(default_factory=list)
    content: list[dict[str, Any]] = Field(default_factory=list)
    encrypted_content: str | None = None


class FunctionCall(OutputItem):
    """A call of one of our tools. ``arguments`` is a JSON text; ``call_id`` is to be sent back untouched."""

    name: str | None = None
    call_id: str | None = None
    arguments: str = ""


class WebSearchCall(OutputItem):
    """A search the server made."""

    action: dict[str, Any] | None = None


class ImageGenerationCall(OutputItem):
    """An image; ``result`` is bare base64."""

    result: str | None = None


_VIEWS: dict[str, type[OutputItem]] = {
    "message": Message,
    "reasoning": ReasoningItem,
    "function_call": FunctionCall,
    "web_search_call": WebSearchCall,
    "image_generation_call": ImageGenerationCall,
}


def view(item: Item) -> OutputItem:
    """Return the typed view of an item. Parts given as plain text become one part; odd fields are dropped."""
    kind = item.get("type")
    model = _VIEWS.get(kind, OutputItem) if isinstance(kind, str) else OutputItem
    fields = {key: value for key, value in item.items() if value is not None}
    for name in ("content", "summary"):
        if name in model.model_fields and name in fields:
            fields[name] = parts(item, name)
    if model is FunctionCall and isinstance(fields.get("arguments"), dict | list):
        import json

        fields["arguments"] = json.dumps(fields["arguments"], ensure_ascii=False)
    for name, info in model.model_fields.items():
        if name in fields and info.annotation in (str, str | None) and not isinstance(fields[name], str):
            del fields[name]
    if not isinstance(fields.get("action", {}), dict):
        del fields["action"]
    return model.model_validate(fields)


def parts(item: Item, name: str = "content") -> list[dict[str, Any]]:
    """Return the parts of ``content`` or ``summary``, whatever shape they came in; a plain string is one part."""
    value = item.get(name)
    if isinstance(value, str):
        kind = "summary_text" if name == "summary" else "output_text"
        return [{"type": kind, "text": value}] if value else []
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def output_text(items: list[Item]) -> str:
    """Return the text of all messages among ``items``, joined without a separator."""
    return "".join(
        part["text"]
        for item in items
        if item.get("type") == "message"
        for part in parts(item)
        if part.get("type") in ("output_text", "text") and isinstance(part.get("text"), str)
    )


def reasoning(items: list[Item], name: str = "summary") -> str:
    """Return the ``summary`` (or the ``content``) of the reasoning ``items``; parts apart by a blank line."""
    return "\n\n".join(text for item in items if item.get("type") == "reasoning" for text in _texts(parts(item, name)))


def _texts(found: list[dict[str, Any]]) -> list[str]:
    return [part["text"] for part in found if isinstance(part.get("text"), str) and part["text"]]


def citations(items: list[Item]) -> list[dict[str, str | None]]:
    """Return ``[{"url", "title"}]`` of all URL citations in order of first mention, each URL once."""
    seen: dict[str, dict[str, str | None]] = {}
    for item in items:
        for part in parts(item):
            notes = part.get("annotations")
            for note in notes if isinstance(notes, list) else []:
                _cite(note, seen)
    return list(seen.values())


def _cite(note: Any, seen: dict[str, dict[str, str | None]]) -> None:
    if not isinstance(note, dict):
        return
    if isinstance(note.get("url_citation"), dict):  # the chat-completions shape
        note = {"type": "url_citation", **note["url_citation"]}
    url, title = note.get("url"), note.get("title")
    if note.get("type") != "url_citation" or not isinstance(url, str) or not url:
        return
    title = title if isinstance(title, str) and title else None
    entry = seen.setdefault(url, {"url": url, "title": title})
    if entry["title"] is None:
        entry["title"] = title


class Balance(_Open):
    """``GET /usage/current_balance``: points left; ``None`` is unknown."""

    points: int | None = None

    @classmethod
    def read(cls, body: Any) -> Balance:
        """Read the body; the number may come as a string (observed on Poe)."""
        body = body if isinstance(body, dict) else {}
        number = _number(body.get("current_point_balance"))
        rest = {key: value for key, value in body.items() if key != "points"}
        return cls(points=None if number is None else int(number), **rest)


class PointsEntry(_Open):
    """One line of ``GET /usage/points_history``. ``created_at`` in seconds; points are 0 until they are settled."""

    query_id: str = ""
    bot_name: str = ""
    usage_type: str = ""
    created_at: float | None = None
    points: float | None = None
    usd: float | None = None
    breakdown: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def read(cls, entry: Any) -> PointsEntry:
        """Read one entry: times by magnitude, prices as string or number, the older ``app_name`` too."""
        entry = entry if isinstance(entry, dict) else {}
        lines = entry.get("cost_breakdown_in_points")
        return cls(
            query_id=_word(entry.get("query_id")),
            bot_name=_word(entry.get("bot_name")) or _word(entry.get("app_name")),
            usage_type=_word(entry.get("usage_type")),
            created_at=seconds(entry.get("creation_time")),
            points=_number(entry.get("cost_points")),
            usd=_number(entry.get("cost_usd")),
            breakdown={str(key): str(value) for key, value in lines.items()} if isinstance(lines, dict) else {},
        )


def seconds(value: Any) -> float | None:
    """Return a time as seconds since the epoch; seconds, milliseconds and microseconds are told by magnitude."""
    number = _number(value)
    if number is None or number <= 0:
        return None
    while number > 1e11:
        number /= 1000
    return number


def _number(value: Any) -> float | None:
    """Read a number that may be a string; ``None`` for anything else, and for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number > 0 else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _price(value: Any) -> Price | None:
    if not isinstance(value, dict):
        return None
    return Price(
        prompt=_number(value.get("prompt")),
        completion=_number(value.get("completion")),
        cache_read=_number(value.get("input_cache_read")),
        cache_write=_number(value.get("input_cache_write")),
        image=_number(value.get("image")),
        request=_number(value.get("request")),
    )


EFFORT_PARAMETERS = ("reasoning_effort", "output_effort", "effort")
"""The names under which models declare their reasoning efforts (observed on Poe)."""


def model_info(entry: Any) -> ModelInfo | None:
    """Read one entry of the model list; ``None`` without an id. Any field may be null or missing (observed on Poe)."""
    entry = _dict(entry)
    name = entry.get("id")
    if not isinstance(name, str) or not name.strip():
        return None
    metadata, window = _dict(entry.get("metadata")), _dict(entry.get("context_window"))
    architecture, reasoning = _dict(entry.get("architecture")), entry.get("reasoning")
    found = entry.get("parameters")
    parameters = tuple(item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()
    efforts = _efforts(parameters)
    return ModelInfo(
        id=name.strip(),
        name=_word(metadata.get("display_name")).strip() or name.strip(),
        owner=_word(entry.get("owned_by")),
        description=_word(entry.get("description")),
        created=seconds(entry.get("created")),
        input_modalities=_words(architecture.get("input_modalities")),
        output_modalities=_words(architecture.get("output_modalities")),
        features=_words(entry.get("supported_features")),
        endpoints=_words(entry.get("supported_endpoints")),
        price=_price(entry.get("pricing")),
        context_length=_whole(window.get("context_length")) or _whole(entry.get("context_length")),
        max_output_tokens=_whole(window.get("max_output_tokens")),
        efforts=efforts,
        reasons=_reasons(reasoning) or bool(efforts) or any(_thinks(item) for item in parameters),
        parameters=parameters,
        url=_word(metadata.get("url")),
    )


def _efforts(parameters: tuple[dict[str, Any], ...]) -> tuple[str, ...]:
    for parameter in parameters:
        if parameter.get("name") in EFFORT_PARAMETERS:
            return _words(_dict(parameter.get("schema")).get("enum"))
    return ()


def _reasons(value: Any) -> bool:
    """``reasoning`` of the entry: an object says yes by its fields; null proves nothing."""
    return isinstance(value, dict) and any(
        value.get(name) for name in ("required", "supports_reasoning_effort", "budget")
    )


def _thinks(parameter: dict[str, Any]) -> bool:
    return parameter.get("name") in ("thinking_budget", "enable_thinking", "thinking_level")
