"""The request checked as the API checks it, the Response object that answers it, and the memory of earlier ones."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from poe_tui.demo.answer import Answer, Item
from poe_tui.demo.errors import APIProblem, invalid, not_kept, unknown_response

MemoryKind = Literal["keep", "refuse", "forget"]

_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "instructions": (str, "a string"),
    "stream": (bool, "a boolean"),
    "store": (bool, "a boolean"),
    "parallel_tool_calls": (bool, "a boolean"),
    "max_output_tokens": (int, "an integer"),
    "temperature": ((int, float), "a number"),
    "top_p": ((int, float), "a number"),
    "top_logprobs": (int, "an integer"),
    "reasoning": (dict, "an object"),
    "text": (dict, "an object"),
    "tools": (list, "an array"),
    "include": (list, "an array"),
    "metadata": (dict, "an object"),
    "truncation": (str, "a string"),
    "service_tier": (str, "a string"),
    "previous_response_id": (str, "a string"),
}
_BOUNDS: dict[str, tuple[float, float]] = {
    "max_output_tokens": (1, 10_000_000),
    "temperature": (0, 2),
    "top_p": (0, 1),
    "top_logprobs": (0, 20),
}
_WORDS: dict[str, tuple[str, ...]] = {
    "truncation": ("auto", "disabled"),
    "service_tier": ("auto", "default", "flex", "priority"),
}
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
CHARACTERS_A_TOKEN = 4
"""The usual rule of thumb; usage is counted by it, so that it really grows with the known history."""


def check(body: Any) -> dict[str, Any]:
    """Return the request if it is one.

    :raises APIProblem: 400, naming the field.
    """
    if not isinstance(body, dict):
        raise APIProblem(400, "Malformed JSON in the request body.")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise invalid("model", "Missing required field: model")
    if body.get("input") in (None, "", []):
        raise invalid("input", "Missing required field: input")
    if not isinstance(body["input"], str | list):
        raise invalid("input", "Invalid type for 'input': expected a string or an array.")
    for name, (kind, words) in _TYPES.items():
        value = body.get(name)
        wrong_bool = isinstance(value, bool) and kind is not bool
        if value is not None and (wrong_bool or not isinstance(value, kind)):
            raise invalid(name, f"Invalid type for '{name}': expected {words}.")
    for name, (low, high) in _BOUNDS.items():
        value = body.get(name)
        if value is not None and not low <= value <= high:
            raise invalid(name, f"Invalid value for '{name}': {value} is not between {low:g} and {high:g}.")
    for name, allowed in _WORDS.items():
        value = body.get(name)
        if value is not None and value not in allowed:
            raise invalid(name, f"Unsupported value: '{value}' is not one of {', '.join(allowed)} for '{name}'.")
    wanted = (body.get("text") or {}).get("format")
    if wanted is not None and not isinstance(wanted, dict):
        raise invalid("text.format", "Invalid type for 'text.format': expected an object.")
    if not all(isinstance(tool, dict) for tool in body.get("tools") or []):
        raise invalid("tools", "Invalid type for 'tools': every tool must be an object.")
    effort = (body.get("reasoning") or {}).get("effort")
    if effort is not None and effort not in EFFORTS:
        raise invalid("reasoning.effort", f"Unsupported value: '{effort}' is not one of {', '.join(EFFORTS)}.")
    _check_metadata(body.get("metadata") or {})
    _check_items(items_of(body["input"]))
    return body


def _check_metadata(metadata: dict[str, Any]) -> None:
    for key, value in metadata.items():
        if len(key) > 64 or not isinstance(value, str) or len(value) > 512:
            raise invalid("metadata", "Metadata has keys of 64 characters and string values of 512 at most.")


def _check_items(items: list[Item]) -> None:
    for place, item in enumerate(items):
        kind = item.get("type", "message")
        where = f"input[{place}]"
        if kind == "message" and item.get("role") not in ("user", "assistant", "system", "developer"):
            raise invalid(where, f"Invalid value for '{where}.role': {item.get('role')!r}.")
        if kind == "message":
            _check_content(where, item["role"], item.get("content"))
        if kind == "function_call_output" and not isinstance(item.get("call_id"), str):
            raise invalid(where, f"Missing required parameter: '{where}.call_id'.")


def _check_content(where: str, role: str, content: Any) -> None:
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise invalid(where, f"Invalid type for '{where}.content': expected a string or an array of objects.")
    supported = ("output_text", "refusal") if role == "assistant" else ("input_text", "input_image", "input_file")
    for part in content:
        if part.get("type") not in supported:
            words = " and ".join(f"'{name}'" for name in supported)
            raise invalid(where, f"Invalid value: '{part.get('type')}'. Supported values are: {words}.")


def items_of(given: str | list[Any]) -> list[Item]:
    """Return the input as items; a string is one message of the user.

    :raises APIProblem: 400, an item is no object.
    """
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    for item in given:
        if not isinstance(item, dict):
            raise invalid("input", "Invalid type for 'input': every item must be an object.")
    return given


def check_calls(history: list[Item], new: list[Item]) -> None:
    """Refuse the result of a function call that nobody made.

    :raises APIProblem: 400, in OpenAI's words.
    """
    made = {item.get("call_id") for item in (*history, *new) if item.get("type") == "function_call"}
    for item in new:
        if item.get("type") == "function_call_output" and item["call_id"] not in made:
            words = f"No tool call found for function call output with call_id {item['call_id']}."
            raise invalid("input", words)


@dataclass(slots=True)
class Memory:
    """The finished responses, each with everything that was said up to its end."""

    kind: MemoryKind = "keep"
    _responses: dict[str, dict[str, Any]] = field(default_factory=dict)
    _items: dict[str, list[Item]] = field(default_factory=dict)

    def responses(self) -> dict[str, dict[str, Any]]:
        """Return what can be continued, by id."""
        return dict(self._responses)

    def history(self, previous: str | None, kind: MemoryKind) -> list[Item]:
        """Return the items that a request with this ``previous_response_id`` goes on from.

        :raises APIProblem: 400, the id is not known or nothing is kept here.
        """
        if previous is None:
            return []
        if kind == "refuse":
            raise not_kept()
        if previous not in self._items:
            raise unknown_response(previous)
        return [] if kind == "forget" else self._items[previous]

    def keep(self, response: dict[str, Any], items: list[Item]) -> None:
        """Remember a finished response and the thread that led to it."""
        self._responses[response["id"]] = response
        self._items[response["id"]] = items

    def clear(self) -> None:
        """Forget everything."""
        self._responses.clear()
        self._items.clear()


def tokens(value: object) -> int:
    """Count tokens as this server counts them: of a text, or of any JSON value's own texts."""
    if isinstance(value, str):
        return -(-len(value) // CHARACTERS_A_TOKEN)
    if isinstance(value, dict):
        skipped = ("id", "type", "status", "role", "result", "logprobs", "annotations", "call_id")
        return sum(tokens(entry) for key, entry in value.items() if key not in skipped)
    if isinstance(value, list | tuple):
        return sum(tokens(entry) for entry in value)
    return 0


def usage(body: dict[str, Any], history: list[Item], new: list[Item], answer: Answer) -> dict[str, Any]:
    """Return the usage object: the input is everything the model was shown, history included."""
    overhead = 3 * (len(history) + len(new)) + tokens(body.get("instructions") or "")
    tools = body.get("tools")
    shown = overhead + tokens(history) + tokens(new) + (tokens(json.dumps(tools)) if tools else 0)
    cached = tokens(history) // 128 * 128
    said = answer.reasoning_tokens + tokens([item for item in answer.output if item["type"] != "reasoning"])
    return {
        "input_tokens": shown,
        "input_tokens_details": {"cached_tokens": cached if cached >= 1024 else 0},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
        "total_tokens": shown + said,
    }


def limit(answer: Answer, allowance: int) -> None:
    """Shorten an answer to ``max_output_tokens``; thinking counts, so a text may be cut or missing altogether."""
    left = allowance - answer.reasoning_tokens
    kept: list[Item] = []
    for item in answer.output:
        if item["type"] == "reasoning":
            kept.append(item)
            continue
        size = tokens(item)
        if size > left:
            answer.status, answer.incomplete_reason = "incomplete", "max_output_tokens"
            if item["type"] == "message" and left > 0:
                part = item["content"][0]
                short = {**part, "text": str(part.get("text", ""))[: left * CHARACTERS_A_TOKEN], "annotations": []}
                kept.append({**item, "status": "incomplete", "content": [short]})
            break
        left -= size
        kept.append(item)
    answer.reasoning_tokens = min(answer.reasoning_tokens, allowance)
    answer.output = kept


def response_object(body: dict[str, Any], upstream: str, answer: Answer, counted: dict[str, Any]) -> dict[str, Any]:
    """Return the finished Response object, with every field that OpenAI's has."""
    effort = (body.get("reasoning") or {}).get("effort")
    summary = (body.get("reasoning") or {}).get("summary")
    now = int(time.time())
    upstream_id = f"resp_{uuid.uuid4().hex}"
    wrapped = f"litellm:custom_llm_provider:openai;model_id:None;response_id:{upstream_id}"
    return {
        "id": "resp_" + base64.b64encode(wrapped.encode()).decode(),
        "object": "response",
        "created_at": now,
        "completed_at": now if answer.status == "completed" else None,
        "status": answer.status,
        "background": False,
        "error": answer.error,
        "incomplete_details": {"reason": answer.incomplete_reason} if answer.incomplete_reason else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": None,
        "model": upstream,
        "output": answer.output,
        "parallel_tool_calls": _given(body, "parallel_tool_calls", True),
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": effort, "summary": "detailed" if summary == "auto" else summary},
        "service_tier": _given(body, "service_tier", "default"),
        "store": _given(body, "store", True),
        "temperature": _given(body, "temperature", 1.0),
        "text": {"format": {"type": "text"}, "verbosity": "medium", **(body.get("text") or {})},
        "tool_choice": _given(body, "tool_choice", "auto"),
        "tools": [flat_tool(tool) for tool in body.get("tools") or []],
        "top_logprobs": _given(body, "top_logprobs", 0),
        "top_p": _given(body, "top_p", 1.0),
        "truncation": _given(body, "truncation", "disabled"),
        "usage": counted,
        "user": None,
        "metadata": body.get("metadata") or {},
    }


def flat_tool(tool: Any) -> Any:
    """Return a function tool in OpenAI's flat form, whichever of the two forms it came in."""
    if isinstance(tool, dict) and isinstance(tool.get("function"), dict):
        return {"type": "function", **tool["function"]}
    return tool


def _given(body: dict[str, Any], name: str, default: object) -> object:
    value = body.get(name)
    return default if value is None else value


def spoken(items: Iterable[Item]) -> int:
    """Return how many characters of text the items hold."""
    return CHARACTERS_A_TOKEN * tokens(list(items))
