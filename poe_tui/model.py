"""The values every floor shares: Thread, Turn, ModelInfo and their parts.

Plain slotted dataclasses, standard library only: nothing here may slow the first frame down. A Turn is *one model
call*: the input items sent, the output items received, and a place in a tree of turns. Identity and persistence are
the store's concern; these are values.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any, Literal

Item = dict[str, Any]
"""A Responses API input or output item exactly as on the wire; unknown kinds and fields survive."""

TurnStatus = Literal["completed", "incomplete", "failed", "interrupted", "stopped", "in_progress"]
"""``completed``; ``incomplete`` and ``failed`` (the server says so); ``interrupted`` (the stream broke or the process
died); ``stopped`` (the person); ``in_progress``."""

Chain = Literal["previous_response_id", "replay", "none"]
"""How a turn's request carried the thread so far: by id, by the whole path, or there was nothing to carry."""


def new_id() -> str:
    """Return a 32-hex-digit id that sorts by creation time (the layout of UUID version 7, RFC 9562 §5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80 | random_bits
    value = value & ~(0xF << 76) | (7 << 76)
    value = value & ~(0x3 << 62) | (2 << 62)
    return f"{value:032x}"


@dataclass(slots=True)
class Thread:
    """A conversation: a title and a pointer to the tip of a path through its tree of turns."""

    id: str
    title: str = ""
    tip_id: str | None = None
    model: str | None = None
    instructions: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    """Per-thread request fields by their API names; they override the settings' defaults."""
    draft: str = ""
    scroll: dict[str, Any] = field(default_factory=dict)
    unread: bool = False
    pinned: bool = False
    archived: bool = False
    deleted_at: float | None = None
    created_at: float = 0.0
    """Seconds since the epoch, like every time in this module."""
    updated_at: float = 0.0


@dataclass(slots=True, frozen=True)
class DraftPart:
    """What is attached to a draft: a large paste or a file, as its bytes."""

    kind: str
    """``pasted`` or ``file``."""
    data: bytes = field(repr=False)
    name: str = ""
    path: str = ""
    """Where a file was read, for a person to look at."""


@dataclass(slots=True)
class Turn:
    """One model call and its place in the tree."""

    id: str
    thread_id: str
    parent_id: str | None = None
    """The turn this one follows: the local mirror of ``previous_response_id``."""
    chosen_child_id: str | None = None
    """Which child the path goes on with when it comes through here."""
    group_id: str | None = None
    """Shared by the turns of one comparison."""
    server: str = ""
    """The base URL the request went to."""
    response_id: str | None = None
    model: str = ""
    """The model that was asked for."""
    upstream_model: str | None = None
    """What the response named; often a snapshot's name, never the name sent (observed on Poe)."""
    status: TurnStatus = "in_progress"
    chain: Chain = "none"
    input: list[Item] = field(default_factory=list)
    """The *new* input items of this turn only, never the replayed path."""
    output: list[Item] = field(default_factory=list)
    usage: dict[str, Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    """The request fields that were sent besides model and input."""
    error: dict[str, Any] | None = None
    """``{"type", "code", "message", "http_status", "request_id", "reason", "notes"}``; absent keys are unknown."""
    timing: dict[str, Any] = field(default_factory=dict)
    """Seconds: ``first_event``, ``first_text``, ``total``, ``reasoning``; absent keys are unknown."""
    created_at: float = 0.0
    completed_at: float | None = None
    sibling_index: int = 1
    """1-based place among the turns with the same parent; filled in by ``Store.path``."""
    sibling_count: int = 1

    @property
    def input_text(self) -> str:
        """The text a person wrote: every text part of the input messages, joined by newlines."""
        return "\n".join(part for item in self.input for part in _texts(item, ("input_text", "text")))

    @property
    def output_text(self) -> str:
        """The answer: every ``output_text`` part of the message items, joined without a separator."""
        return "".join(
            part
            for item in self.output
            if item.get("type") == "message"
            for part in _texts(item, ("output_text", "text"))
        )


def _texts(item: Item, kinds: tuple[str, ...]) -> list[str]:
    content = item.get("content")
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        return []
    return [
        part["text"]
        for part in content
        if isinstance(part, dict) and part.get("type") in kinds and isinstance(part.get("text"), str)
    ]


@dataclass(slots=True, frozen=True)
class Price:
    """What a model costs: US dollars per token, or points per request; ``None`` is unknown, never free."""

    prompt: float | None = None
    completion: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    image: float | None = None
    request: float | None = None
    """A flat price per request in points (observed on Poe)."""


@dataclass(slots=True, frozen=True)
class ModelInfo:
    """One entry of the model list, made tolerant of every null the list was seen to hold (observed on Poe)."""

    id: str
    name: str
    """The display name."""
    owner: str = ""
    description: str = ""
    created: float | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    """``supported_features``: ``tools``, ``web_search``."""
    endpoints: tuple[str, ...] = ()
    """``supported_endpoints``; empty means that the list does not say."""
    price: Price | None = None
    context_length: int | None = None
    max_output_tokens: int | None = None
    efforts: tuple[str, ...] = ()
    """The reasoning efforts the model declares in ``parameters``, in order; empty when it declares none."""
    reasons: bool = False
    """Whether the entry says in any way that the model can reason."""
    parameters: tuple[dict[str, Any], ...] = ()
    url: str = ""

    @property
    def media_output(self) -> bool:
        """Whether the model makes images, video or audio and no text: called without streaming (vendor document)."""
        return bool(self.output_modalities) and "text" not in self.output_modalities


@dataclass(slots=True, frozen=True)
class Cost:
    """Points and US dollars of a turn or a thread. ``None`` is unknown and is drawn as ``?``, never as 0."""

    points: float | None = None
    usd: float | None = None
    estimated: bool = True
    """Estimates carry ``≈``; values that the API gave do not."""
