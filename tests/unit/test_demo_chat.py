"""The demo server's chat endpoint: its answers, its strictness, and who refuses which endpoint."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from poe_tui.demo.answer import Answer, function_call, message, reasoning, refusal
from poe_tui.demo.server import DemoServer
from tests.unit.demo_client import connect, post

HELLO = [{"role": "user", "content": "hello"}]


async def chat(server: DemoServer, model: str = "Demo-Echo", messages: Any = HELLO, **fields: Any) -> httpx.Response:
    async with connect() as client:
        body = {"model": model, "messages": messages, **fields}
        return await client.post(f"{server.base_url}/chat/completions", json=body)


async def whole(server: DemoServer, model: str = "Demo-Echo", messages: Any = HELLO, **fields: Any) -> dict[str, Any]:
    got = await chat(server, model, messages, **fields)
    assert got.status_code == 200, got.text
    return got.json()


def chunks_of(stream: str) -> list[dict[str, Any]]:
    blocks = stream.removesuffix("\n\n").split("\n\n")
    assert blocks.pop() == "data: [DONE]"
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def joined(chunks: list[dict[str, Any]], name: str) -> str:
    return "".join(choice["delta"].get(name) or "" for one in chunks for choice in one["choices"])


async def test_a_whole_answer(demo_server: DemoServer) -> None:
    body = await whole(demo_server)
    assert body["object"] == "chat.completion" and body["model"] == "Demo-Echo"
    assert body["id"].startswith("chatcmpl-")
    choice = body["choices"][0]
    assert (choice["index"], choice["finish_reason"], choice["message"]["role"]) == (0, "stop", "assistant")
    assert "hello" in choice["message"]["content"]
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"]
    assert demo_server.chats[0].status == 200 and demo_server.turns == []


async def test_a_stream_says_the_same(demo_server: DemoServer) -> None:
    at_once = await whole(demo_server)
    chunks = chunks_of((await chat(demo_server, stream=True, stream_options={"include_usage": True})).text)
    assert joined(chunks, "content") == at_once["choices"][0]["message"]["content"]
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"] == at_once["usage"]
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert "usage" not in chunks_of((await chat(demo_server, stream=True)).text)[-1]
    assert demo_server.chats[-1].outcome == "answered"


async def test_thoughts_come_twice_as_on_poe(demo_server: DemoServer) -> None:
    demo_server.script(Answer([reasoning("So."), message("Yes.")]), Answer([reasoning("So."), message("Yes.")]))
    said = (await whole(demo_server))["choices"][0]["message"]
    assert said["reasoning_content"] == said["reasoning"] == "So.\n\n\n"
    chunks = chunks_of((await chat(demo_server, stream=True)).text)
    assert joined(chunks, "reasoning") == joined(chunks, "reasoning_content") == "So.\n\n\n"


async def test_calls_go_out_and_their_results_come_back(demo_server: DemoServer) -> None:
    called = {
        **function_call("get_weather", {"city": "Bern"}),
        "extra_content": {"google": {"thought_signature": "Cm=="}},
    }
    demo_server.script([called], [called])
    choice = (await whole(demo_server))["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    call = choice["message"]["tool_calls"][0]
    assert call["extra_content"] == called["extra_content"]
    chunks = chunks_of((await chat(demo_server, stream=True)).text)
    pieces = [piece for one in chunks for piece in one["choices"][0]["delta"].get("tool_calls", [])]
    assert pieces[0]["id"] == call["id"] and all(piece["index"] == 0 for piece in pieces)
    assert "".join(piece["function"]["arguments"] for piece in pieces) == '{"city": "Bern"}'

    messages = [*HELLO, choice["message"], {"role": "tool", "tool_call_id": call["id"], "content": "rain"}]
    messages[1] = {name: messages[1][name] for name in ("role", "content", "tool_calls")}
    assert (
        "`get_weather` returned `rain`"
        in (await whole(demo_server, messages=messages))["choices"][0]["message"]["content"]
    )
    messages[2]["tool_call_id"] = "call_unknown"
    assert (await chat(demo_server, messages=messages)).status_code == 400


async def test_refusals_ends_and_failures(demo_server: DemoServer) -> None:
    demo_server.script([refusal("No.")])
    assert (await whole(demo_server))["choices"][0]["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": "No.",
    }
    assert (await whole(demo_server, "Demo-Incomplete"))["choices"][0]["finish_reason"] == "length"
    assert (await whole(demo_server, max_completion_tokens=2))["choices"][0]["finish_reason"] == "length"
    assert (await chat(demo_server, "Demo-Failed")).status_code == 500
    chunks = chunks_of((await chat(demo_server, "Demo-Failed", stream=True)).text)
    assert chunks[-1]["error"]["code"] == "server_error"
    assert (await chat(demo_server, "Demo-Error-402")).status_code == 402


async def test_images_are_links_or_base64(demo_server: DemoServer) -> None:
    text = (await whole(demo_server, "Flux-Kontext"))["choices"][0]["message"]["content"]
    link, url = text.split("\n\n")
    assert link == f"![hello]({url})"
    image = (await whole(demo_server, "Demo-Image"))["choices"][0]["message"]["images"][0]
    assert image["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("Demo-Chat-Only", "Model does not support responses method."),
        ("Veo-3.1", "Model does not support responses method."),
        ("Flux-Kontext", "Token unit price not found for entity: 1:5860961"),
        ("ElevenLabs-v3", "Model does not support responses method."),
    ],
)
async def test_some_answer_nowhere_else(demo_server: DemoServer, model: str, words: str) -> None:
    demo_server.script("Not for that endpoint.", model=model)
    refused = await post(demo_server, model)
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert (error["message"], error["type"]) == (words, "invalid_request_error")
    assert error.keys() == {"message", "type", "error_id"}
    assert (await whole(demo_server, model))["choices"][0]["message"]["content"] == "Not for that endpoint."


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_effort": "low"}, {"response_format": {"type": "json_object"}}, {"store": True}, {"input": "x"},
        {"max_output_tokens": 1}, {"temperature": 3}, {"tools": [{"type": "function", "name": "flat"}]},
        {"messages": []}, {"messages": [{"role": "developer", "content": "x"}]}, {"messages": ["x"]},
        {"messages": [{"role": "user", "content": [{"type": "input_text", "text": "x"}]}]},
        {"messages": [{"role": "user", "content": "x", "phase": "x"}]},
        {"messages": [{"role": "tool", "content": "x"}]},
    ],
)  # fmt: skip
async def test_it_is_strict(demo_server: DemoServer, fields: dict[str, Any]) -> None:
    got = await chat(demo_server, **{"messages": HELLO, **fields})
    assert got.status_code == 400
    assert got.json()["error"]["type"] == "invalid_request_error"


async def test_what_a_model_declares_is_taken(demo_server: DemoServer) -> None:
    thinking = await whole(demo_server, "Demo-Chat-Only", reasoning_effort="high")
    assert thinking["choices"][0]["message"]["reasoning_content"]
    assert (await chat(demo_server, "Flux-Kontext", aspect="3:2")).status_code == 200


async def test_parts_and_the_system(demo_server: DemoServer) -> None:
    parts = [
        {"type": "text", "text": "hello"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
    ]
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": parts}]
    text = (await whole(demo_server, messages=messages))["choices"][0]["message"]["content"]
    assert "hello" in text and "Instructions: Be brief." in text
