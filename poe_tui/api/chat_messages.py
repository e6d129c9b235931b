"""
Input items as chat messages. Pure.

A conversation in items is flatter than one in messages: a function call is an item of its own there and hangs on an
assistant message here, and its results must follow that very message. Roles are Poe's four (observed on Poe): what a
developer says goes as ``system``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from poe_tui.model import Item

Message = dict[str, Any]

PROVIDER_FIELDS: Final = ("extra_content", "provider_specific_fields")
"""What a provider hangs on a tool call and wants back unchanged: Gemini's thought signatures (observed on Poe)."""


def messages(items: Sequence[Item], instructions: Any = None) -> tuple[list[Message], list[str]]:
    """Return the messages, and in words what could not be put into any (``an image by its id`` …)."""
    thread = _Thread()
    if isinstance(instructions, str) and instructions:
        thread.messages.append({"role": "system", "content": instructions})
    for item in items:
        thread.add(item)
    return thread.messages, list(dict.fromkeys(thread.lost))


class _Thread:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.lost: list[str] = []

    def add(self, item: Item) -> None:
        """Take the next item. Reasoning has no place in a chat; what is unknown is left out."""
        match item.get("type", "message"):
            case "message" if item.get("role") == "assistant":
                self._assistant(_said(item.get("content")))
            case "message":
                self._message(item)
            case "function_call":
                self._call(item)
            case "function_call_output":
                self._output(item)
            case "reasoning":
                pass
            case kind:
                self.lost.append(str(kind))

    def _message(self, item: Item) -> None:
        role = "user" if item.get("role") == "user" else "system"
        content = self._content(item.get("content"))
        message = {"role": role, "content": content}
        if content and not (role == "system" and message in self.messages[:1]):
            self.messages.append(message)

    def _content(self, given: Any) -> str | list[dict[str, Any]]:
        """Plain text as a string, which every server takes; a list of parts only where there is more than text."""
        if isinstance(given, str):
            return given
        parts: list[dict[str, Any]] = []
        for part in given if isinstance(given, list) else ():
            made = self._part(part) if isinstance(part, dict) else None
            if made is not None:
                parts.append(made)
        if all(part["type"] == "text" for part in parts):
            return "\n\n".join(part["text"] for part in parts)
        return parts

    def _part(self, part: dict[str, Any]) -> dict[str, Any] | None:
        match part.get("type"):
            case "input_text" | "text" | "output_text" if isinstance(part.get("text"), str):
                return {"type": "text", "text": part["text"]} if part["text"] else None
            case "input_image" if isinstance(part.get("image_url"), str):
                detail = {"detail": part["detail"]} if part.get("detail") else {}
                return {"type": "image_url", "image_url": {"url": part["image_url"], **detail}}
            case "input_image":
                self.lost.append("an image by its id")
            case "input_file" if part.get("file_data") or part.get("file_id"):
                fields = {name: part[name] for name in ("filename", "file_data", "file_id") if part.get(name)}
                return {"type": "file", "file": fields}
            case "input_file":
                self.lost.append("a file by its address")
            case kind:
                self.lost.append(str(kind))
        return None

    def _assistant(self, text: str) -> None:
        """What the model said in one go is one message: the results of its calls must follow that very message."""
        if not text:
            return
        last = self.messages[-1] if self.messages else {}
        if last.get("role") == "assistant":
            last["content"] = f"{last['content']}\n\n{text}" if last.get("content") else text
        else:
            self.messages.append({"role": "assistant", "content": text})

    def _call(self, item: Item) -> None:
        call: dict[str, Any] = {
            "id": item.get("call_id"),
            "type": "function",
            "function": {"name": item.get("name"), "arguments": _text(item.get("arguments")) or "{}"},
        }
        call |= {name: item[name] for name in PROVIDER_FIELDS if isinstance(item.get(name), dict)}
        if not self.messages or self.messages[-1].get("role") != "assistant":
            # The empty string and not null: Poe was recorded to send it, and its strict check may refuse a null.
            self.messages.append({"role": "assistant", "content": ""})
        self.messages[-1].setdefault("tool_calls", []).append(call)

    def _output(self, item: Item) -> None:
        output = item.get("output")
        if isinstance(output, list):
            parts = [part for part in output if isinstance(part, dict)]
            if any("text" not in part for part in parts):
                self.lost.append("an image or a file that a tool returned")
            output = "\n\n".join(part["text"] for part in parts if isinstance(part.get("text"), str))
        self.messages.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": _text(output)})


def _said(content: Any) -> str:
    """The text of an assistant's message, refusals too."""
    if isinstance(content, str):
        return content
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    texts = (part.get("refusal") if part.get("type") == "refusal" else part.get("text") for part in parts)
    return "".join(text for text in texts if isinstance(text, str))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
