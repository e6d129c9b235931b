"""
A Responses request as a chat/completions request, for models that refuse ``/responses``. Pure.

Poe's chat endpoint has been strict since 2026-04-24: a field that neither its reference nor the model's own parameters
name is refused. So only documented fields leave (observed on Poe),
those the model declares in the list, and what a person set under a name of their own, custom parameters included.

The allowance goes out as ``max_completion_tokens``: both names are documented, this one counts the thinking as
``max_output_tokens`` does, and OpenAI's reasoning models refuse the other. A server that does not know it gets
``max_tokens``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from poe_tui.api.chat_messages import messages
from poe_tui.model import Item

Endpoint = Literal["responses", "chat"]

PATHS: Final[Mapping[Endpoint, str]] = {"responses": "responses", "chat": "chat/completions"}
"""Where each endpoint stands below the base URL."""

DROPPABLE: Final = (
    "stream_options", "parallel_tool_calls", "response_format", "top_logprobs", "logprobs", "top_p", "temperature",
    "max_completion_tokens", "max_tokens", "reasoning_effort", "output_effort", "effort", "verbosity", "web_search",
    "tool_choice", "tools",
)  # fmt: skip
"""What a request can do without when the server names it in a refusal, in the order in which it is given up."""

_EFFORTS: Final = ("reasoning_effort", "output_effort", "effort")
_OF_RESPONSES: Final = frozenset(
    {
        "model", "input", "instructions", "reasoning", "text", "tools", "tool_choice", "parallel_tool_calls",
        "max_output_tokens", "temperature", "top_p", "truncation", "previous_response_id", "include", "metadata",
        "store", "service_tier", "top_logprobs", "stream", "max_tool_calls", "background", "prompt", "conversation",
    }
)  # fmt: skip
_WITHOUT_A_PLACE: Final = ("truncation", "metadata", "service_tier")
"""Fields that a person may have set and that no chat request has room for."""
_LOGPROBS: Final = "message.output_text.logprobs"
_NO_TOOLS: Final = re.compile(
    r"\b(tools?|functions?)\b.{0,40}\bnot (\w+ )?support|\bnot support.{0,40}\b(tools?|functions?)\b"
    r"|unsupported_feature_for_model",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A body for ``/chat/completions``, and in words what of the Responses request it could not carry."""

    body: dict[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """A field that the server does not take."""

    name: str
    certain: bool
    """Whether it is the only one that the error names, so that it is worth remembering."""


def request(
    body: Mapping[str, Any], *, parameters: Sequence[Mapping[str, Any]] = (), without: Collection[str] = ()
) -> ChatRequest:
    """
    Return ``body``, a Responses request that holds the whole conversation, as a chat request.

    Args:
        body: as ``engine.request`` builds it; a ``previous_response_id`` means nothing here and is left out.
        parameters: what the model declares in the list, as the list has it.
        without: names of :data:`DROPPABLE` that this model was seen to refuse.
    """
    declared = {str(entry.get("name")): _schema(entry) for entry in parameters}
    notes: list[str] = []
    said, lost = messages(_items(body.get("input")), body.get("instructions"))
    made: dict[str, Any] = {"model": body.get("model"), "messages": said}
    _tools(made, body, declared, notes)
    for name in ("temperature", "top_p"):
        if body.get(name) is not None:
            made[name] = body[name]
    if body.get("max_output_tokens") is not None:
        swapped = "max_completion_tokens" in without
        made["max_tokens" if swapped else "max_completion_tokens"] = body["max_output_tokens"]
    _logprobs(made, body)
    unplaced = [name for name in _WITHOUT_A_PLACE if body.get(name)]
    unplaced += _reasoning(made, body, declared)
    unplaced += _text(made, body, declared, notes)
    made |= {name: value for name, value in body.items() if name not in _OF_RESPONSES and value is not None}
    stream = body.get("stream") is True
    made["stream"] = stream
    if stream:
        made["stream_options"] = {"include_usage": True}
    for name in without:
        _drop(made, name)
    if lost:
        notes.append(f"Left out, for chat/completions cannot carry it: {', '.join(lost)}.")
    if unplaced:
        notes.append(f"Not sent, for chat/completions has no such field: {', '.join(unplaced)}.")
    return ChatRequest(made, tuple(notes))


def dropped(body: Mapping[str, Any], error: Mapping[str, Any]) -> Dropped | None:
    """Return the field of a chat ``body`` that a refusal is about and that the request can do without, if there is one.

    ``error`` is an error as the engine keeps it: ``http_status``, ``message``, ``code``, ``param``.
    """
    if error.get("http_status") not in (None, 400, 422):
        return None
    param, message = error.get("param"), str(error.get("message") or "")
    present = [name for name in DROPPABLE if name in body]
    if isinstance(param, str) and (named := param.split(".")[0].split("[")[0]) in present:
        return Dropped(named, certain=True)
    found = [name for name in present if _names(message, name)]
    if found:
        return Dropped(found[0], certain=len(found) == 1)
    if "tools" in body and _NO_TOOLS.search(f"{error.get('code') or ''} {message}"):
        return Dropped("tools", certain=True)
    return None


def _names(message: str, field: str) -> bool:
    """Whether a message speaks of a field; ``tools``, a word of plain English, only in quotes."""
    if field == "tools":
        return re.search(r"['\"`]tools['\"`]", message) is not None
    return re.search(rf"(?<![\w]){field}(?![\w])", message) is not None


def _drop(made: dict[str, Any], name: str) -> None:
    made.pop(name, None)
    if name == "logprobs":
        made.pop("top_logprobs", None)
    elif name == "tools":
        made.pop("tool_choice", None)
        made.pop("parallel_tool_calls", None)


def _items(given: Any) -> list[Item]:
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []


def _schema(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = entry.get("schema")
    return schema if isinstance(schema, dict) else {}


# --- tools ------------------------------------------------------------------------------------------------------------


def _tools(
    made: dict[str, Any], body: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]], notes: list[str]
) -> None:
    """Function tools nested; a web search only as the switch that some models declare; nothing else exists here."""
    functions: list[dict[str, Any]] = []
    left_out: list[str] = []
    for tool in body.get("tools") or ():
        if not isinstance(tool, dict):
            continue
        kind = str(tool.get("type"))
        if kind == "function":
            functions.append({"type": "function", "function": _function(tool)})
        elif kind.startswith("web_search") and declared.get("web_search", {}).get("type") == "boolean":
            made["web_search"] = True
        else:
            left_out.append("web search" if kind.startswith("web_search") else kind)
    if left_out:
        notes.append(f"Not available by chat/completions: {', '.join(dict.fromkeys(left_out))}.")
    if not functions:
        return
    made["tools"] = functions
    choice = _choice(body.get("tool_choice"))
    if choice is not None:
        made["tool_choice"] = choice
    if body.get("parallel_tool_calls") is not None:
        made["parallel_tool_calls"] = body["parallel_tool_calls"]


def _function(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inner object of a function tool given in either shape."""
    inner = tool.get("function")
    source = inner if isinstance(inner, dict) else tool
    fields = {name: source[name] for name in ("name", "description", "parameters", "strict") if name in source}
    return {name: value for name, value in fields.items() if value is not None}


def _choice(choice: Any) -> Any:
    """``auto``, ``required``, ``none``, or one function; a built-in tool cannot be chosen here."""
    if isinstance(choice, str):
        return choice
    if not isinstance(choice, dict) or choice.get("type") != "function":
        return None
    inner = choice.get("function")
    name = inner.get("name") if isinstance(inner, dict) else choice.get("name")
    return {"type": "function", "function": {"name": name}}


# --- fields -----------------------------------------------------------------------------------------------------------


def _reasoning(made: dict[str, Any], body: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The effort under the name that the model declares; Poe documents the standard one as ignored or refused."""
    given = body.get("reasoning")
    effort = given.get("effort") if isinstance(given, dict) else None
    if effort is None:
        return []
    for name in _EFFORTS:
        allowed = declared.get(name, {}).get("enum")
        if name in declared and (not isinstance(allowed, list) or effort in allowed):
            made[name] = effort
            return []
    return ["reasoning effort"]


def _text(
    made: dict[str, Any], body: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]], notes: list[str]
) -> list[str]:
    given = body.get("text")
    if not isinstance(given, dict):
        return []
    wanted = given.get("format")
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if isinstance(wanted, dict) and kind == "json_schema":
        fields = ("name", "description", "schema", "strict")
        inner = {name: wanted[name] for name in fields if wanted.get(name) is not None}
        made["response_format"] = {"type": "json_schema", "json_schema": inner}
        notes.append("chat/completions may ignore the schema; on Poe it is documented as not supported.")
    elif kind == "json_object":
        made["response_format"] = {"type": "json_object"}
    if given.get("verbosity") is None:
        return []
    if "verbosity" not in declared:
        return ["verbosity"]
    made["verbosity"] = given["verbosity"]
    return []


def _logprobs(made: dict[str, Any], body: Mapping[str, Any]) -> None:
    count, include = body.get("top_logprobs"), body.get("include")
    if count is not None or (isinstance(include, list) and _LOGPROBS in include):
        made["logprobs"] = True
    if count is not None:
        made["top_logprobs"] = count
