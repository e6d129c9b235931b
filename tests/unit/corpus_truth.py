"""Recorded streams and bodies of other servers, and what they should be read as.

The corpus is not part of the project: ``RESPONSES_CORPUS`` names its folder (``streams``, ``bodies``, ``truth``).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from poe_tui.api.accumulate import ResponseBuilder

Raw = dict[str, Any]

FOLDER = os.environ.get("RESPONSES_CORPUS")
CORPUS = Path(FOLDER) if FOLDER and (Path(FOLDER) / "streams").is_dir() else None

SDK_GAVE_UP = {
    "vercel-openai-parallel-tool-call-wrapper.1": "the SDK raises at the first event, whose JSON is broken",
}
"""Streams whose truth file stops short of the stream's end."""


def streams() -> list[str]:
    """Return the names of the recorded streams."""
    return sorted(path.stem for path in (CORPUS / "streams").glob("*.sse")) if CORPUS else []


def bodies() -> list[str]:
    """Return the names of the recorded bodies."""
    return sorted(path.stem for path in (CORPUS / "bodies").glob("*.json")) if CORPUS else []


def data(kind: str, name: str) -> bytes:
    """Return a recording."""
    assert CORPUS is not None
    suffix = {"streams": ".sse", "bodies": ".json"}[kind]
    return (CORPUS / kind / (name + suffix)).read_bytes()


def truth(name: str, *, body: bool = False) -> Raw:
    """Return a truth file."""
    assert CORPUS is not None
    found: Raw = json.loads((CORPUS / "truth" / f"{name}{'.body' if body else ''}.json").read_bytes())
    return found


def status_of(name: str) -> int:
    """Return the HTTP status under which a body was recorded."""
    assert CORPUS is not None
    entries = json.loads((CORPUS / "manifest.json").read_bytes())
    return next(int(entry.get("status") or 200) for entry in entries if entry["name"] == name and not entry["stream"])


def without_nulls(value: Any) -> Any:
    """Nulls and missing keys are equal."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def item(given: Raw) -> Raw:
    """Return what is compared of an item."""
    found = {key: given.get(key) for key in ("type", "id", "status", "name", "arguments", "call_id")}
    if isinstance(found["arguments"], dict):
        found["arguments"] = json.dumps(found["arguments"])
    if given.get("type") == "message":
        parts = [part for part in given.get("content") or [] if isinstance(part, dict)]
        found["text"] = [(part.get("type"), part.get("text") or part.get("refusal")) for part in parts]
    summary = given.get("summary")
    found["summary"] = [part["text"] if isinstance(part, dict) else part for part in summary] if summary else None
    return dict(without_nulls(found))


def expected(found: Raw, *, body: bool = False) -> Raw:
    """Return what a truth file says of a response."""
    final = found.get("final") or {}
    ended = body or found["terminal"] is not None
    notes = final.get("annotations") or found.get("annotation_events") or []
    items = final["output"] if ended and final.get("output") else found.get("items_done", [])
    return {
        "text": final["output_text"] if ended and final.get("output_text") else found.get("delta_text", ""),
        "items": [item(one) for one in items],
        "citations": list(dict.fromkeys(note["url"] for note in notes if note.get("type") == "url_citation")),
        "usage": without_nulls(found.get("usage")),
        "status": found["status"] if ended else "interrupted",
        "id": found.get("id"),
    }


def reading(builder: ResponseBuilder) -> Raw:
    """Return the same of what we read, and make sure that it can be written down."""
    json.dumps(builder.response(), ensure_ascii=False, allow_nan=False).encode()
    return {
        "text": builder.output_text,
        "items": [item(one) for one in builder.output],
        "citations": [one["url"] for one in builder.citations],
        "usage": without_nulls(builder.usage),
        "status": builder.status,
        "id": builder.response_id,
    }
