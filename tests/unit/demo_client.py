"""How the tests of the demo server speak to it: plain HTTP, and a reader for streams that takes nothing on trust."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from poe_tui.demo.answer import text_of
from poe_tui.demo.server import DemoServer

KEY = {"Authorization": "Bearer demo"}
_CERTIFICATES = ssl.create_default_context()
"""Loaded once: httpx would do it for every client, in more time than most of these tests take."""


def connect(headers: Mapping[str, str] = KEY) -> httpx.AsyncClient:
    """Return a client that sends these headers."""
    return httpx.AsyncClient(headers=headers, verify=_CERTIFICATES)


async def post(server: DemoServer, model: str = "Demo-Echo", input: Any = "hello", **fields: Any) -> httpx.Response:
    async with connect() as client:
        return await client.post(f"{server.base_url}/responses", json={"model": model, "input": input, **fields})


async def answer(server: DemoServer, model: str = "Demo-Echo", input: Any = "hello", **fields: Any) -> dict[str, Any]:
    got = await post(server, model, input, **fields)
    assert got.status_code == 200, got.text
    return got.json()


async def get(server: DemoServer, url: str, **headers: str) -> httpx.Response:
    async with connect(headers) as client:
        return await client.get(url if url.startswith("http") else server.origin + url)


def events_of(stream: str) -> list[dict[str, Any]]:
    """Read a stream the way OpenAI's own looks: an event line, a data line, an empty line."""
    events = []
    for block in stream.strip().split("\n\n"):
        *first, data = block.split("\n")
        assert data.startswith("data: ")
        if data == "data: [DONE]":
            assert first == []
            break
        event = json.loads(data.removeprefix("data: "))
        assert first == [f"event: {event['type']}"]
        events.append(event)
    assert stream.endswith("data: [DONE]\n\n")
    return events


def text_in(response: dict[str, Any]) -> str:
    return "".join(text_of(item) for item in response["output"] if item["type"] == "message")
