"""
The error in a body or an event, in whatever clothes it comes (observed on Poe). Pure.

Known clothes: ``{"error": {…}}``, ``{"type": "error", "error": {…}}``, ``{"error": "text", "code": …}``, FastAPI's
``{"detail": …}``, a flat ``{"message", "code"}``, a list of these, a message that is itself JSON, HTML, text, nothing.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import Any

from poe_tui.api import surrogates

LONGEST_MESSAGE = 4000
"""Characters kept of a server's message: more is a body that lost its way."""

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>|<h1[^>]*>(.*?)</h1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_MARKUP = re.compile(r"\s*(?:<!doctype|<html|<\?xml|<head|<body)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """What the server said; ``None`` where it said nothing."""

    message: str | None = None
    type: str | None = None
    code: int | str | None = None
    param: str | None = None
    request_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the error as the builder and ``--json`` give it."""
        return {"type": self.type, "code": self.code, "message": self.message, "param": self.param}


def read_body(body: bytes) -> Fault:
    """Read an error body. What is not JSON has no type and no code; its words are looked for all the same."""
    text = body.decode("utf-8", "replace").strip()
    if not text:
        return Fault()
    value = _json(text)
    if value is not None:
        return read(value)
    if _MARKUP.match(text):
        return Fault(_short(html_words(text)))
    if text.startswith("data:"):
        # LiteLLM answers a failed start with a stream of one event under an error status.
        return Fault(read(_json(text[5:].split("\n", 1)[0].strip())).message or _short(text))
    return Fault(_short(text))


def read(value: Any, depth: int = 0) -> Fault:
    """Read the error out of a JSON value. Never raises; an odd value is a Fault without a message."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        return Fault(_short(value))
    if not isinstance(value, dict) or depth > 3:
        return Fault()
    inner = value.get("error") or value.get("errors")
    if isinstance(inner, dict | list):
        found = read(inner, depth + 1)
        return _merge(found, Fault(request_id=_word(value.get("request_id"))))
    kind = _word(value.get("type"))
    return Fault(
        message=_message(inner, value, depth),
        type=None if isinstance(inner, str) and kind == "error" else kind,
        code=_code(value.get("code")),
        param=_word(value.get("param")),
        request_id=_word(value.get("request_id")) or _word(value.get("error_id")),
    )


def _message(inner: Any, value: dict[str, Any], depth: int) -> str | None:
    if isinstance(inner, str) and inner:
        return _unwrap(inner, depth)
    message = value.get("message")
    if isinstance(message, str) and message:
        return _unwrap(message, depth)
    if isinstance(message, dict | list):
        return read(message, depth + 1).message or _short(_dump(message))
    return _detail(value.get("detail")) or _word(value.get("title"))


def _unwrap(message: str, depth: int) -> str | None:
    """A message that is wholly a JSON object gives the message inside; any other stays word for word."""
    if message.lstrip().startswith("{"):
        value = _json(message)
        if isinstance(value, dict):
            return read(value, depth + 1).message or _short(message)
    return _short(message)


def _detail(detail: Any) -> str | None:
    """FastAPI's ``detail``: a text, or a list of ``{"loc", "msg"}``."""
    if isinstance(detail, list):
        lines = []
        for entry in detail[:5]:
            if isinstance(entry, dict) and isinstance(entry.get("msg"), str):
                where = entry.get("loc") if isinstance(entry.get("loc"), list) else []
                path = ".".join(str(step) for step in where or [] if step != "body")
                lines.append(f"{path}: {entry['msg']}" if path else entry["msg"])
        return _short("; ".join(lines)) if lines else _short(_dump(detail))
    if isinstance(detail, dict):
        return read(detail, 1).message or _short(_dump(detail))
    return _short(detail) if isinstance(detail, str) and detail else None


def html_words(text: str) -> str:
    """Return the title or first heading of a page, else the beginning of its words."""
    match = _TITLE.search(text[:20_000])
    words = next((group for group in match.groups() if group), "") if match else ""
    words = words or _TAG.sub(" ", text[:20_000])
    return " ".join(html.unescape(words).split())[:200]


def _merge(found: Fault, other: Fault) -> Fault:
    return Fault(
        message=found.message,
        type=found.type,
        code=found.code,
        param=found.param,
        request_id=found.request_id or other.request_id,
    )


def merge(first: Fault | None, second: Fault) -> Fault:
    """Return ``second`` with what it leaves unsaid taken from ``first``."""
    if first is None:
        return second
    return Fault(
        message=second.message or first.message,
        type=second.type or first.type,
        code=first.code if second.code is None else second.code,
        param=second.param or first.param,
        request_id=second.request_id or first.request_id,
    )


def _code(value: Any) -> int | str | None:
    if isinstance(value, bool):
        return None
    return surrogates.join(value) if isinstance(value, str) else value if isinstance(value, int) else None


def _word(value: Any) -> str | None:
    return surrogates.join(value) if isinstance(value, str) and value else None


def _short(text: str) -> str:
    text = surrogates.join(text)
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "…"


def _dump(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


def _json(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
