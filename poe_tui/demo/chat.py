"""``/v1/chat/completions``: requests checked as strictly as Poe checks them, and answers in that endpoint's shapes.

A request becomes the Responses request that it stands for, so that every model's script answers here as well; the
finished Response becomes a completion or its chunks. Which models refuse which endpoint stands in ``models.py``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from poe_tui.demo import models
from poe_tui.demo.answer import Answer, Item
from poe_tui.demo.errors import invalid, unknown_parameter
from poe_tui.demo.faults import ActiveFaults
from poe_tui.demo.stream import Step, pieces

_DOCUMENTED = frozenset(
    {
        "model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "stream", "stream_options",
        "stop", "tools", "tool_choice", "parallel_tool_calls", "n", "logprobs", "top_logprobs",
    }
)  # fmt: skip
"""The fields of the vendor's reference; anything else only if the model's entry in the list declares it."""
_SAME = ("model", "temperature", "top_p", "stream", "parallel_tool_calls", "top_logprobs")
_ROLES = ("system", "user", "assistant", "tool")
_FINISH = {"max_output_tokens": "length", "content_filter": "content_filter"}


def as_response_request(body: dict[str, Any]) -> dict[str, Any]:
    """Return the Responses request that a chat request stands for.

    :raises APIProblem: 400, naming the field.
    """
    model = models.find(str(body.get("model")))
    declared = {entry["name"] for entry in model.entry(1)["parameters"]} if model is not None else set()
    for name in body:
        if name not in _DOCUMENTED and name not in declared:
            raise unknown_parameter(name)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("messages", "Missing required parameter: 'messages'.")
    made: dict[str, Any] = {name: body[name] for name in _SAME if body.get(name) is not None}
    made["input"] = [item for place, message in enumerate(messages) for item in _items(place, message)]
    first = made["input"][0] if made["input"] else {}
    if first.get("role") == "system" and isinstance(first["content"], str):
        made["instructions"] = first["content"]
        made["input"] = made["input"][1:]
    most = body.get("max_completion_tokens", body.get("max_tokens"))
    if most is not None:
        made["max_output_tokens"] = most
    if body.get("reasoning_effort"):
        made["reasoning"] = {"effort": body["reasoning_effort"], "summary": "auto"}
    if body.get("tools"):
        made["tools"] = [_tool(tool) for tool in body["tools"]]
        made["tool_choice"] = body.get("tool_choice") or "auto"
    return made


def _tool(tool: Any) -> dict[str, Any]:
    """Nested only: the flat shape belongs to the other endpoint."""
    if not isinstance(tool, dict) or not isinstance(tool.get("function"), dict):
        raise invalid("tools", "Missing required parameter: 'tools[0].function'.")
    return {"type": "function", **tool["function"]}


def _items(place: int, message: Any) -> Iterator[Item]:
    where = f"messages[{place}]"
    if not isinstance(message, dict) or message.get("role") not in _ROLES:
        raise invalid(where, f"Invalid value for '{where}.role'. Supported values are: {', '.join(_ROLES)}.")
    role, content = message["role"], message.get("content")
    unknown = set(message) - {"role", "content", "name", "tool_calls", "tool_call_id"}
    if unknown:
        raise invalid(where, f"Unknown parameter: '{where}.{min(unknown)}'.")
    if role == "tool":
        if not isinstance(message.get("tool_call_id"), str):
            raise invalid(where, f"Missing required parameter: '{where}.tool_call_id'.")
        yield {"type": "function_call_output", "call_id": message["tool_call_id"], "output": content}
        return
    if content:
        kind = "output_text" if role == "assistant" else "input_text"
        parts = content if isinstance(content, str) else [_part(where, part, kind) for part in content]
        yield {"type": "message", "role": role, "content": parts}
    for call in message.get("tool_calls") or ():
        function = call["function"]
        yield {"type": "function_call", "call_id": call["id"], **function}


def _part(where: str, part: Any, kind: str) -> dict[str, Any]:
    match part.get("type") if isinstance(part, dict) else None:
        case "text":
            return {"type": kind, "text": part["text"]}
        case "image_url" if isinstance(part["image_url"], dict):
            return {"type": "input_image", "image_url": part["image_url"].get("url")}
        case "file" if isinstance(part["file"], dict):
            return {"type": "input_file", **part["file"]}
    raise invalid(where, f"Invalid value: '{where}.content'. Supported values are: 'text', 'image_url' and 'file'.")


# --- answers ----------------------------------------------------------------------------------------------------------


def completion(response: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a finished Response as a whole completion; the model is called as it was asked, as Poe does here."""
    message: dict[str, Any] = {"role": "assistant", "content": _text(response["output"], "output_text")}
    thought = _thought(response["output"])
    if thought:
        message |= {"reasoning_content": thought, "reasoning": thought}
    refusal = _text(response["output"], "refusal")
    if refusal:
        message |= {"content": None, "refusal": refusal}
    calls = [_call(item) for item in response["output"] if item["type"] == "function_call"]
    if calls:
        message["tool_calls"] = calls
    images = _images(response["output"])
    if images:
        message["images"] = images
    choice = {"index": 0, "message": message, "finish_reason": _finish(response)}
    return {**_head(response, name), "object": "chat.completion", "choices": [choice], "usage": _usage(response)}


def chunks(response: dict[str, Any], answer: Answer, body: dict[str, Any], active: ActiveFaults) -> Iterator[Step]:
    """Yield a Response as the chunks of a stream; usage only where ``stream_options`` asks for it."""
    head = {**_head(response, body["model"]), "object": "chat.completion.chunk"}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield Step(chunk({"role": "assistant", "content": ""}), pause=answer.thinking)
    calls = 0
    for item in response["output"]:
        if item["type"] == "function_call":
            for delta in _call_deltas(item, calls, answer.chunk):
                yield Step(chunk(delta), pause=answer.pause)
            calls += 1
        for delta in _deltas(item, answer.chunk):
            yield Step(chunk(delta), pause=answer.pause)
    if response["status"] == "failed":
        yield Step({"error": {**(response["error"] or {}), "type": "server_error"}})
    elif "no_terminal" not in active:
        yield Step(chunk({}, _finish(response)))
        if (body.get("stream_options") or {}).get("include_usage") and "no_usage" not in active:
            yield Step({**head, "choices": [], "usage": _usage(response)})
    if "no_done" not in active and "no_terminal" not in active:
        yield Step(data="[DONE]")


def _deltas(item: Item, size: int) -> Iterator[dict[str, Any]]:
    if item["type"] == "reasoning":
        for piece in pieces(_thought([item]), size):
            yield {"reasoning_content": piece, "reasoning": piece}
    for part in item.get("content") or [] if item["type"] == "message" else []:
        name = "refusal" if part["type"] == "refusal" else "content"
        for piece in pieces(part.get("text") or part.get("refusal") or "", size):
            yield {name: piece}
    if item["type"] == "image_generation_call":
        yield {"images": _images([item])}


def _call_deltas(item: Item, index: int, size: int) -> Iterator[dict[str, Any]]:
    call = _call(item)
    yield {"tool_calls": [{"index": index, **call, "function": {"name": item["name"], "arguments": ""}}]}
    for piece in pieces(item["arguments"], size):
        yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _head(response: dict[str, Any], name: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid.uuid4().hex[:24]}", "created": response["created_at"], "model": name}


def _text(output: list[Item], kind: str) -> str:
    parts = [part for item in output if item["type"] == "message" for part in item["content"]]
    return "".join(part.get("text") or part.get("refusal") or "" for part in parts if part["type"] == kind)


def _thought(output: list[Item]) -> str:
    parts = [part for item in output if item["type"] == "reasoning" for part in item.get("summary") or []]
    return "".join(f"{part['text']}\n\n\n" for part in parts)


def _call(item: Item) -> dict[str, Any]:
    function = {"name": item["name"], "arguments": item["arguments"]}
    signature = {"extra_content": item["extra_content"]} if "extra_content" in item else {}
    return {"id": item["call_id"], "type": "function", "function": function, **signature}


def _images(output: list[Item]) -> list[dict[str, Any]]:
    results = [item["result"] for item in output if item["type"] == "image_generation_call"]
    return [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{result}"}} for result in results]


def _finish(response: dict[str, Any]) -> str:
    if response["incomplete_details"]:
        return _FINISH.get(response["incomplete_details"]["reason"], "length")
    return "tool_calls" if any(item["type"] == "function_call" for item in response["output"]) else "stop"


def _usage(response: dict[str, Any]) -> dict[str, Any]:
    counted = response["usage"]
    return {
        "prompt_tokens": counted["input_tokens"],
        "completion_tokens": counted["output_tokens"],
        "total_tokens": counted["total_tokens"],
        "completion_tokens_details": {**counted["output_tokens_details"], "audio_tokens": None},
        "prompt_tokens_details": counted["input_tokens_details"]
        if counted["input_tokens_details"]["cached_tokens"]
        else None,
    }
