"""Turns and items of our own making, for the tests of the engine."""

from __future__ import annotations

from typing import Any

from poe_tui.engine.items import user_message
from poe_tui.model import Item, Turn, new_id

SERVER = "http://127.0.0.1:1/v1"
MODEL = "Acme-1"


def answer(text: str, **extra: Any) -> Item:
    """Return a message as a server sends it, with everything that must not go back."""
    part = {
        "type": "output_text",
        "text": text,
        "annotations": [{"type": "url_citation"}],
        "logprobs": [{"token": "x"}],
    }
    return {
        "id": f"msg_{len(text)}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
        "provider_specific_fields": {"traffic_type": "ON_DEMAND"},
        **extra,
    }


def call(call_id: str, name: str = "get_weather", arguments: Any = '{"location":"Bern"}') -> Item:
    """Return a function call as a server sends it."""
    return {"id": "fc_1", "type": "function_call", "status": "completed", "call_id": call_id, "name": name,
            "arguments": arguments}  # fmt: skip


def called(call_id: str, output: Any = "rain") -> Item:
    """Return the answer to a function call."""
    return {"type": "function_call_output", "call_id": call_id, "output": output, "status": "completed"}


def thought(encrypted: str | None = "gAAA", text: str = "**Plan**") -> Item:
    """Return a reasoning item."""
    item: Item = {
        "id": "rs_1",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text}],
        "content": None,
    }
    return item if encrypted is None else {**item, "encrypted_content": encrypted}


def turn(prompt: str | list[Item] = "Hello?", output: str | list[Item] = "Hi.", **fields: Any) -> Turn:
    """Return a turn that went well, unless ``fields`` say otherwise."""
    items = [user_message(prompt)] if isinstance(prompt, str) else prompt
    made = ([answer(output)] if output else []) if isinstance(output, str) else output
    defaults: dict[str, Any] = {"status": "completed", "response_id": f"resp_{new_id()}", "chain": "none"}
    return Turn(
        id=new_id(), thread_id="t", server=SERVER, model=MODEL, input=items, output=made, **{**defaults, **fields}
    )
