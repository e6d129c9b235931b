"""
The shapes in which chat servers say the same things, read leniently (observed on Poe). Pure; nothing here raises.

OpenAI's own shape comes first; the others are Poe's duplicates, and those of Mistral, DeepSeek, OpenRouter, LiteLLM,
Perplexity, Groq and vLLM, whose models and gateways stand behind the models that have no Responses endpoint.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from poe_tui.api import faults

Json = dict[str, Any]
Kind = Literal["text", "reasoning", "refusal", "image"]

INCOMPLETE: Final = {
    "length": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "model_length": "max_output_tokens",
    "max_output_tokens": "max_output_tokens",
    "content_filter": "content_filter",
    "content-filter": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
    "prohibited_content": "content_filter",
    "blocklist": "content_filter",
}
"""Finish reasons (lower case) that cut an answer short, by what the Responses format calls the reason."""

SOURCES: Final = ("search_results", "citations")
"""Where sources are named beside the text."""

_REASONING: Final = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
"""Where thinking is found; Poe sends the first two with the same words, so that only the first one counts."""


def error_in(chunk: Json, name: str | None = None) -> Any:
    """Return the error that a chunk, or a choice in it, is or holds, as ``faults.read`` knows it; ``None`` for none."""
    found = chunk.get("error")
    if isinstance(found, list):
        found = found[0] if found else None
    if isinstance(found, dict | str) and found:
        return found
    if "choices" in chunk:
        choices = chunk["choices"] if isinstance(chunk["choices"], list) else []
        held = (choice.get("error") for choice in choices if isinstance(choice, dict))
        return next((error for error in held if isinstance(error, dict | str) and error), None)
    said = "error" in (chunk.get("type"), chunk.get("object"), name)
    if said or (("message" in chunk or "detail" in chunk) and not chunk.get("usage")):
        fault = faults.read({key: value for key, value in chunk.items() if key not in ("object", "error")})
        kind = None if fault.type == "error" else fault.type
        return {**fault.as_dict(), "type": kind} if fault.message else "" if said else None
    return None


def choices(chunk: Json) -> Iterator[Json]:
    """Yield the parts of the first choice; there is only one, whatever its index says or leaves out."""
    found = chunk.get("choices")
    for choice in found if isinstance(found, list) else [found]:
        if isinstance(choice, dict) and choice.get("index") in (None, 0, "0"):
            yield choice


def delta_of(choice: Json) -> Json:
    """Return what is new: the delta, the message of an answer that came whole, or the text of an old completion."""
    for name in ("delta", "message"):
        if name in choice:
            value = choice[name]
            return value if isinstance(value, dict) else {"content": value} if isinstance(value, str) else {}
    return {"content": choice.get("text")}


def said(delta: Json) -> Iterator[tuple[Kind, str]]:
    """Yield the thinking, the text, the refusal and the images (as URLs) of a delta, in this order."""
    for name in _REASONING:
        thought = "".join(_texts(delta.get(name)))
        if thought:
            yield "reasoning", thought
            break
    content = delta.get("content")
    yield from _content(content)
    refusal = delta.get("refusal")
    if isinstance(refusal, str) and refusal:
        yield "refusal", refusal
    audio = delta.get("audio")
    if not content and isinstance(audio, dict) and isinstance(audio.get("transcript"), str):
        yield "text", audio["transcript"]
    images = delta.get("images")
    for image in images if isinstance(images, list) else ():
        yield from _image(image)


def _content(content: Any) -> Iterator[tuple[Kind, str]]:
    if isinstance(content, str):
        yield "text", content
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            yield "text", part
        if not isinstance(part, dict):
            continue
        kind = str(part.get("type"))
        if kind in ("thinking", "reasoning", "redacted_thinking"):
            yield "reasoning", "".join(_texts(part.get("thinking") or part.get("reasoning") or part.get("text")))
        elif kind == "refusal" and isinstance(part.get("refusal"), str):
            yield "refusal", part["refusal"]
        elif "image" in kind:
            yield from _image(part)
        elif isinstance(part.get("text"), str):
            yield "text", part["text"]


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts of a thought: a string, an object with one, or a list of these."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth < 4:
        for name in ("text", "content", "summary", "thinking"):
            if isinstance(value.get(name), str | list | dict):
                yield from _texts(value[name], depth + 1)
                return
    elif isinstance(value, list) and depth < 4:
        for entry in value:
            yield from _texts(entry, depth + 1)


def _image(image: Any) -> Iterator[tuple[Kind, str]]:
    """Yield an image's URL; base64 without its ``data:`` head gets one."""
    inner = image.get("image_url", image) if isinstance(image, dict) else image
    url = inner.get("url") if isinstance(inner, dict) else inner
    if isinstance(url, str) and url:
        yield "image", url
    elif isinstance(inner, dict) and isinstance(inner.get("b64_json"), str) and inner["b64_json"]:
        yield "image", f"data:image/png;base64,{inner['b64_json']}"


def data_url(url: str) -> tuple[str, str] | None:
    """Return the format (``png``) and the base64 of a data URL; ``None`` for any other URL."""
    head, separator, payload = url.partition(",")
    if not separator or not head.startswith("data:") or not head.endswith(";base64"):
        return None
    kind = head.removeprefix("data:").split(";")[0].lower()
    return kind.removeprefix("image/").split("+")[0] or "png", payload


def notes(delta: Json) -> Iterator[Json]:
    """Yield the citations of a delta in the flat shape of the Responses format; other annotations as they are."""
    found = delta.get("annotations")
    for note in found if isinstance(found, list) else ():
        if isinstance(note, dict):
            inner = note.get("url_citation")
            yield {"type": "url_citation", **inner} if isinstance(inner, dict) else note


def sources(chunk: Json) -> Iterator[tuple[str, str | None]]:
    """Yield the URLs (and titles) that a search names beside the text."""
    for name in SOURCES:
        found = chunk.get(name)
        for entry in found if isinstance(found, list) else ():
            url = entry.get("url") if isinstance(entry, dict) else entry
            title = entry.get("title") if isinstance(entry, dict) else None
            if isinstance(url, str) and url.startswith(("http://", "https://")):
                yield url, title if isinstance(title, str) and title else None


def tool_calls(delta: Json) -> Iterator[Json]:
    """Yield the pieces of tool calls; the one ``function_call`` of the old format is a call without an id."""
    found = delta.get("tool_calls")
    for entry in found if isinstance(found, list) else [found]:
        if isinstance(entry, dict):
            yield entry
    old = delta.get("function_call")
    if isinstance(old, dict):
        yield {"index": 0, "function": old}


def arguments_of(function: Any) -> str:
    """Return a piece of the arguments; an object (observed on Poe) as JSON."""
    value = function.get("arguments") if isinstance(function, dict) else None
    if isinstance(value, dict | list):
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            return ""
    return value if isinstance(value, str) else ""


# --- usage ------------------------------------------------------------------------------------------------------------


def usage_in(chunk: Json) -> Json | None:
    """Return the usage of a chunk by the names of the Responses format; ``None`` without one."""
    given = chunk.get("usage")
    if given is None and "x_groq" not in chunk:
        return None
    if not isinstance(given, dict):
        groq = chunk.get("x_groq")
        given = groq.get("usage") if isinstance(groq, dict) else None
    if not isinstance(given, dict) or not given:
        return None
    return usage(given)


def usage(given: Mapping[str, Any]) -> Json:
    """
    Return ``given`` with OpenAI's Responses names; what it does not say stays unsaid, what else it says is kept.

    Output tokens include the thinking. Some servers leave it out (recorded on Poe: 11 completion tokens, of which 178
    for reasoning); then it is added.
    """
    known = ("prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details")
    made: Json = {name: value for name, value in given.items() if name not in known}
    prompt = _count(given.get("prompt_tokens"), given.get("input_tokens"))
    completion = _count(given.get("completion_tokens"), given.get("output_tokens"))
    read, wrote = _details(given.get("prompt_tokens_details")), _details(given.get("completion_tokens_details"))
    cached = _count(read.get("cached_tokens"), given.get("prompt_cache_hit_tokens"), given.get("cached_tokens"))
    thinking = _count(wrote.get("reasoning_tokens"), given.get("reasoning_tokens"))
    total = _count(given.get("total_tokens"))
    if (
        thinking
        and completion is not None
        and (thinking > completion or (prompt is not None and total == prompt + completion + thinking))
    ):
        completion += thinking
    if prompt is not None:
        made["input_tokens"] = prompt
    if cached is not None:
        made["input_tokens_details"] = {**read, "cached_tokens": cached}
    if completion is not None:
        made["output_tokens"] = completion
    if thinking is not None:
        made["output_tokens_details"] = {**wrote, "reasoning_tokens": thinking}
    if total is not None:
        made["total_tokens"] = max(total, (prompt or 0) + (completion or 0))
    return made


def _details(value: Any) -> Json:
    return {name: count for name, count in value.items() if count is not None} if isinstance(value, dict) else {}


def _count(*values: Any) -> int | None:
    """Return the first value that counts something."""
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15:
            return int(value)
    return None
