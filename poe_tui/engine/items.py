"""What of an item may be sent again: an allow-list per item type, pure.

An output item comes back from a server with ids, a status, log probabilities and whatever its gateway adds. Sent back,
those fields are refused by one server or another (observed on Poe), so that only what is named here leaves. The same
item always gives the same result: provider prefix caches live on byte-equal prefixes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from poe_tui.api.chat_messages import PROVIDER_FIELDS
from poe_tui.model import Item
from poe_tui.sanitize import join_surrogates

_INPUT_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "input_text": ("text",),
    "input_image": ("image_url", "file_id", "detail"),
    "input_file": ("filename", "file_data", "file_url", "file_id"),
}
_SILENT: Final = frozenset({"web_search_call"})
"""Their result is in the text of the answer; leaving them out loses nothing that is worth a note."""


def user_message(text: str) -> Item:
    """Return the input item for a prompt; half surrogates become U+FFFD (JSON could not carry them)."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": join_surrogates(text)}]}


def as_items(prompt: Sequence[Item] | str) -> list[Item]:
    """Return the input items for a prompt, or the items themselves."""
    return [user_message(prompt)] if isinstance(prompt, str) else list(prompt)


def is_empty(items: Iterable[Item]) -> bool:
    """Whether the items say nothing: only messages, and those without a word, an image or a file."""
    for item in items:
        if item.get("type", "message") != "message":
            return False
        content = item.get("content")
        if isinstance(content, str):
            if content.strip():
                return False
        elif any(_says_something(part) for part in content or ()):
            return False
    return True


def first_file(items: Iterable[Item]) -> str:
    """Return the name of the first file of input items; empty for none, or one without a name."""
    for item in items:
        content = item.get("content")
        for part in content if isinstance(content, list) else ():
            name = part.get("filename") if isinstance(part, dict) else None
            if isinstance(name, str) and name:
                return name
    return ""


def _says_something(part: Any) -> bool:
    if not isinstance(part, dict):
        return False
    return bool(str(part.get("text") or "").strip()) if "text" in part else part.get("type") in _INPUT_PARTS


def to_input(item: Item, *, same_model: bool = True, provider_fields: bool = False) -> Item | None:
    """Return what of ``item`` is sent in a replay, or ``None`` when nothing of it is.

    Args:
        item: an input or output item as stored.
        same_model: whether the model that is asked made the item; encrypted reasoning is of no use to any other.
        provider_fields: whether calls keep what their provider wants back (only chat/completions does).
    """
    match item.get("type", "message" if "role" in item else None):
        case "message":
            return _message(item)
        case "function_call":
            return {
                "type": "function_call",
                "call_id": item.get("call_id"),
                "name": item.get("name"),
                "arguments": _json_text(item.get("arguments")),
                **({name: item[name] for name in PROVIDER_FIELDS if name in item} if provider_fields else {}),
            }
        case "function_call_output":
            return {
                "type": "function_call_output",
                "call_id": item.get("call_id"),
                "output": _call_output(item.get("output")),
            }
        case "reasoning" if same_model and isinstance(item.get("encrypted_content"), str):
            return _reasoning(item)
    return None


def is_noteworthy(item: Item) -> bool:
    """Whether a person may want to know that ``item``, which gave nothing to send, was left out."""
    kind = item.get("type")
    return kind not in _SILENT and kind not in ("message", "reasoning")


def _message(item: Item) -> Item | None:
    role = item.get("role", "assistant")
    content = item.get("content")
    parts: list[dict[str, Any]] = []
    if isinstance(content, str):
        content = [{"type": "output_text" if role == "assistant" else "input_text", "text": content}]
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict):
            kept = _assistant_part(part) if role == "assistant" else _input_part(part)
            if kept is not None:
                parts.append(kept)
    if not parts:
        return None
    message: Item = {"type": "message", "role": role, "content": parts}
    if role == "assistant" and isinstance(item.get("phase"), str):
        message["phase"] = item["phase"]
    return message


def _assistant_part(part: dict[str, Any]) -> dict[str, Any] | None:
    match part.get("type"):
        case "output_text" | "text" if part.get("text"):
            return {"type": "output_text", "text": part["text"], "annotations": []}
        case "refusal" if part.get("refusal"):
            return {"type": "refusal", "refusal": part["refusal"]}
    return None


def _input_part(part: dict[str, Any]) -> dict[str, Any] | None:
    kind = "input_text" if part.get("type") == "text" else part.get("type")
    if kind not in _INPUT_PARTS:
        return None
    fields = {name: part[name] for name in _INPUT_PARTS[kind] if part.get(name) is not None}
    return {"type": kind, **fields} if fields else None


def _reasoning(item: Item) -> Item:
    summary = [
        {"type": "summary_text", "text": part["text"]}
        for part in item.get("summary") or ()
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    ]
    return {"type": "reasoning", "summary": summary, "encrypted_content": item["encrypted_content"]}


def _call_output(output: Any) -> str | list[dict[str, Any]]:
    if isinstance(output, list) and all(isinstance(part, dict) for part in output):
        return [kept for part in output if (kept := _input_part(part)) is not None]
    return _json_text(output)


def _json_text(value: Any) -> str:
    """Some servers send objects where the format has a string of JSON (observed on Poe)."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
