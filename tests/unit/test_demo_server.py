"""The demo server, spoken to in plain HTTP: what it serves is what the whole suite stands on."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poe_tui.demo import models
from poe_tui.demo.answer import Answer, Ask, function_call, message
from poe_tui.demo.server import DemoServer
from poe_tui.demo.stream import pieces
from tests.unit.demo_client import KEY, answer, connect, events_of, get, post, text_in

ANSWERING = [m.name for m in models.LISTED if m.script not in ("error", "cut", "stall") and not m.refuses]


# The wire


def test_two_requests_travel_over_one_connection_in_plain_http(demo_server_thread: DemoServer) -> None:
    body = json.dumps({"model": "Demo-Echo", "input": "hello", "stream": True}).encode()
    head = b"POST /v1/responses HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer demo\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    with socket.create_connection(("127.0.0.1", demo_server_thread.port), timeout=5) as plug:
        for _ in range(2):
            plug.sendall(head + body)
            got = b""
            while not got.endswith(b"\r\n0\r\n\r\n"):
                got += plug.recv(65536)
            status, _, rest = got.partition(b"\r\n")
            assert status == b"HTTP/1.1 200 OK"
            assert b"\r\nTransfer-Encoding: chunked\r\n" in rest
            assert b"\r\nContent-Type: text/event-stream; charset=utf-8\r\n" in rest
    assert [request.outcome for request in demo_server_thread.turns] == ["answered", "answered"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nContent-Length: -4\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
def test_bytes_that_are_no_request_are_refused(demo_server_thread: DemoServer, sent: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", demo_server_thread.port), timeout=5) as plug:
        plug.sendall(sent)
        assert plug.recv(65536).split()[1] == status


async def test_a_chunked_request_is_read(demo_server: DemoServer) -> None:
    async def body() -> Any:
        for piece in (b'{"model": "Demo-Echo", ', b'"input": "hello"}'):
            yield piece

    async with connect() as client:
        got = await client.post(f"{demo_server.base_url}/responses", content=body())
    assert got.status_code == 200


async def test_requests_are_recorded_without_the_key(demo_server: DemoServer) -> None:
    response = await answer(demo_server, input="hello")
    (noted,) = demo_server.requests
    assert (noted.method, noted.path, noted.model, noted.status) == ("POST", "/v1/responses", "Demo-Echo", 200)
    assert noted.body == {"model": "Demo-Echo", "input": "hello"}
    assert noted.response_id == response["id"]
    assert noted.headers["authorization"] == "***"
    assert "demo" not in str(noted.headers["authorization"])
    demo_server.clear()
    assert demo_server.requests == [] and demo_server.responses == {}


# Models, account, keys


async def test_the_model_list_has_the_shape_of_poes(demo_server: DemoServer) -> None:
    got = (await get(demo_server, "/v1/models")).json()
    entries = got["data"]
    assert got["object"] == "list" and 40 <= len(entries) <= 50
    assert {"claude-sonnet-4.5", "gpt-5.2", "gemini-3-pro", "grok-4"} <= {entry["id"] for entry in entries}
    assert len({entry["id"] for entry in entries}) == len(entries)
    for entry in entries:
        assert entry["id"] == entry["id"].lower() == entry["metadata"]["display_name"].lower()
        assert entry["created"] > 10**12
        prices = (entry["pricing"] or {}).values()
        assert all(price is None or float(price) >= 0 for price in prices)
        assert all(isinstance(price, str | None) and "e" not in (price or "") for price in prices)


@pytest.mark.parametrize(
    "path",
    [
        *("pricing", "pricing.prompt", "pricing.completion", "pricing.image", "pricing.request"),
        *("pricing.input_cache_read", "pricing.input_cache_write", "context_window", "context_length", "reasoning"),
        *("context_window.max_output_tokens", "reasoning.budget", "supported_features", "supported_endpoints"),
        *("metadata.image", "parent"),
    ],
)
def test_every_nullable_field_is_null_somewhere_and_set_somewhere(path: str) -> None:
    outer, _, inner = path.partition(".")
    holders = [entry if not inner else entry[outer] for entry in models.entries()]
    values = [holder[inner or outer] for holder in holders if holder is not None]
    assert None in values
    assert path == "parent" or any(value is not None for value in values)


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("Bearer", 401), ("Bearer bad1", 401), ("Bearer broke", 402)])
async def test_keys_are_looked_at(demo_server: DemoServer, key: str | None, status: int) -> None:
    async with connect({"Authorization": key} if key else {}) as client:
        got = await client.post(f"{demo_server.base_url}/responses", json={"model": "Demo-Echo", "input": "x"})
        balance = await client.get(f"{demo_server.origin}/usage/current_balance")
    assert got.status_code == status
    assert balance.status_code == (401 if status == 401 else 200)
    if status == 401:
        error = {"code": 401, "type": "authentication_error", "message": "Invalid API key", "metadata": {}}
        assert got.json() == {"error": error}


async def test_turns_cost_points(demo_server: DemoServer) -> None:
    before = (await get(demo_server, "/usage/current_balance", **KEY)).json()["current_point_balance"]
    usage = (await answer(demo_server, "GPT-5.2"))["usage"]
    after = (await get(demo_server, "/usage/current_balance", **KEY)).json()["current_point_balance"]
    page = (await get(demo_server, "/usage/points_history?limit=3", **KEY)).json()
    newest = page["data"][0]
    assert newest["bot_name"] == "GPT-5.2" and newest["cost_points"] == before - after > 0
    assert str(usage["output_tokens"]) in newest["cost_breakdown_in_points"]["Output"]
    assert page["length"] == 3 and page["has_more"]


async def test_the_history_is_paged(demo_server: DemoServer) -> None:
    seen: list[str] = []
    more = True
    while more:
        cursor = f"&starting_after={seen[-1]}" if seen else ""
        page = (await get(demo_server, f"/usage/points_history?limit=40{cursor}", **KEY)).json()
        seen += [entry["query_id"] for entry in page["data"]]
        more = page["has_more"]
    assert len(seen) == len(set(seen)) > 40
    assert (await get(demo_server, "/usage/points_history?limit=101", **KEY)).status_code == 400
    assert (await get(demo_server, "/usage/points_history?starting_after=nobody", **KEY)).status_code == 400


# Streams


@pytest.mark.parametrize("model", ANSWERING)
async def test_a_stream_is_whole_and_in_order(demo_server: DemoServer, model: str) -> None:
    events = events_of((await post(demo_server, model, stream=True)).text)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    final = events[-1]["response"]
    assert events[-1]["type"] == f"response.{final['status']}"
    deltas = [event for event in events if event["type"].endswith(".delta")]
    assert len(deltas) >= 30
    for index, item in enumerate(final["output"]):
        mine = [event for event in events if event.get("output_index") == index]
        assert mine[0]["type"] == "response.output_item.added" and mine[0]["item"]["id"] == item["id"]
        assert mine[-1] == {**mine[-1], "type": "response.output_item.done", "item": item}
        assert all(event.get("item_id", item["id"]) == item["id"] for event in mine)
        joined = "".join(event["delta"] for event in mine if event["type"].endswith(".delta"))
        if item["type"] == "message":
            part = item["content"][0]
            assert joined == part.get("text", part.get("refusal"))
        elif item["type"] == "function_call":
            assert joined == item["arguments"] and json.loads(joined) is not None
        elif item["type"] == "reasoning":
            assert joined == "".join(part["text"] for part in item["summary"])


async def test_the_same_answer_comes_in_one_piece(demo_server: DemoServer) -> None:
    streamed = events_of((await post(demo_server, "Demo-Search", stream=True)).text)[-1]["response"]
    whole = await answer(demo_server, "Demo-Search")
    assert text_in(streamed) == text_in(whole)
    assert set(streamed) == set(whole)
    assert whole["id"].startswith("resp_") and whole["object"] == "response" and whole["model"] != "Demo-Search"


async def test_answers_take_their_time_at_full_speed(demo_server: DemoServer) -> None:
    demo_server.speed = 0.2
    start = time.monotonic()
    await post(demo_server, "Demo-Tools", stream=True)
    assert time.monotonic() - start > 0.1
    demo_server.speed = 0
    await post(demo_server, "Demo-Tools", stream=True)


async def test_a_long_answer_is_as_long_as_asked(demo_server: DemoServer) -> None:
    assert 50_000 <= len(text_in(await answer(demo_server, "Demo-Long"))) < 60_000
    assert 5_000 <= len(text_in(await answer(demo_server, "demo-long:5"))) < 8_000


@given(st.text(max_size=400), st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_pieces_lose_nothing(text: str, size: int) -> None:
    cut = pieces(text, size)
    assert "".join(cut) == text
    assert len(cut) >= min(30, len(text))


# Memory


async def test_a_follow_up_quotes_the_stored_turn(demo_server: DemoServer) -> None:
    for model in ("Claude-Sonnet-4.5", "Demo-Code", "Demo-Long:5", "Demo-Echo"):
        first = await answer(demo_server, model, "my cat is called Ada")
        second = await answer(demo_server, model, "and now?", previous_response_id=first["id"])
        assert "my cat is called Ada" in text_in(second)
        assert second["previous_response_id"] == first["id"]
        assert second["usage"]["input_tokens"] > first["usage"]["output_tokens"]
        third = await answer(demo_server, model, "still?", previous_response_id=second["id"])
        assert "and now?" in text_in(third)


async def test_a_replayed_history_is_quoted_too(demo_server: DemoServer) -> None:
    said = [
        {"role": "user", "content": "my cat is called Ada"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "A good name.", "annotations": []}]},
        {"role": "user", "content": [{"type": "input_text", "text": "and now?"}]},
    ]
    assert "my cat is called Ada" in text_in(await answer(demo_server, "GPT-5.2", said))


async def test_wrong_and_unkept_ids_are_refused(demo_server: DemoServer) -> None:
    got = await post(demo_server, previous_response_id="resp_nobody")
    assert got.status_code == 400
    assert got.json()["error"]["code"] == "previous_response_not_found"
    unkept = await answer(demo_server, store=False)
    assert (await post(demo_server, previous_response_id=unkept["id"])).status_code == 400
    failed = events_of((await post(demo_server, "Demo-Failed", stream=True)).text)[-1]["response"]
    assert failed["status"] == "failed" and failed["error"]["code"] == "server_error"
    assert (await post(demo_server, previous_response_id=failed["id"])).status_code == 400


async def test_some_models_have_no_memory(demo_server: DemoServer) -> None:
    first = await answer(demo_server, "Demo-NoStore")
    refused = await post(demo_server, "Demo-NoStore", previous_response_id=first["id"])
    assert refused.status_code == 400 and "Zero Data Retention" in refused.text
    first = await answer(demo_server, "Demo-Forgetful", "a" * 4000)
    second = await answer(demo_server, "Demo-Forgetful", "again", previous_response_id=first["id"])
    assert "I know of nothing before that" in text_in(second)
    assert second["usage"]["input_tokens"] < 20


@pytest.mark.parametrize(("memory", "status"), [("refuse", 400), ("forget", 200)])
async def test_the_whole_server_can_have_none(memory: Any, status: int) -> None:
    async with DemoServer(speed=0, memory=memory) as server:
        first = await answer(server)
        assert (await post(server, previous_response_id=first["id"])).status_code == status


# Errors


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((400, "invalid_request_error"), (401, "authentication_error"), (402, "insufficient_quota")),
        *((403, "permission_error"), (404, "not_found_error"), (408, "timeout_error"), (413, "request_too_large")),
        *((500, "provider_error"), (502, "upstream_error"), (504, "timeout_error"), (529, "overloaded_error")),
    ],
)
async def test_each_documented_error_has_a_model(demo_server: DemoServer, status: int, kind: str) -> None:
    got = await post(demo_server, f"Demo-Error-{status}", stream=True)
    assert got.status_code == status and got.json()["error"]["type"] == kind
    assert got.headers["x-request-id"].startswith("req_poe_")


async def test_busy_models_answer_the_second_time(demo_server: DemoServer) -> None:
    for status in (429, 503):
        first, second = [await post(demo_server, f"demo-error-{status}") for _ in range(2)]
        assert (first.status_code, second.status_code) == (status, 200)
    assert (await post(demo_server, "Demo-Error-429")).headers["retry-after"] == "2"
    quota = await post(demo_server, "Demo-Error-429-Quota")
    assert quota.status_code == 429 and quota.json()["error"]["code"] == "insufficient_quota"


async def test_unknown_models_are_named(demo_server: DemoServer) -> None:
    got = await post(demo_server, "gpt-5.6-sol")
    assert got.status_code == 404 and got.json()["error"]["message"] == "Model `gpt-5.6-sol` not found."
    assert (await get(demo_server, "/v1/nowhere", **KEY)).status_code == 404
    assert (await get(demo_server, "/v1/responses", **KEY)).status_code == 405


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": 2.1}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": True}, "max_output_tokens"),
        ({"stream": "yes"}, "stream"),
        ({"truncation": "some"}, "truncation"),
        ({"reasoning": {"effort": "hard"}}, "reasoning.effort"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"input": []}, "input"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0]"),
        ({"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]}, "input[0]"),
    ],
)
async def test_fields_out_of_bounds_are_refused(demo_server: DemoServer, fields: dict[str, Any], param: str) -> None:
    got = await post(demo_server, **{"input": "x", **fields})
    assert got.status_code == 400 and got.json()["error"]["param"] == param


NAMES = ("type", "role", "content", "text", "format", "schema", "name", "properties", "minItems", "x")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 50) | st.floats(-1, 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=8,
)
GUESSES = st.sampled_from(
    [
        [{"type": "function", "name": "f", "parameters": {"properties": []}}],
        {"format": {"type": "json_schema", "schema": {"type": "array", "minItems": "x"}}},
        {"format": {"type": "json_schema", "schema": {"allOf": [3]}}},
        [{"type": "function_call_output", "call_id": "x", "output": 3}],
        [{"role": "user", "content": [{"type": "input_image", "image_url": 3}]}],
    ]
)
FIELDS = ("input", "tools", "tool_choice", "text", "reasoning", "metadata", "include", "top_logprobs")


@given(
    st.dictionaries(st.sampled_from(FIELDS), VALUES | GUESSES),
    st.sampled_from(["Demo-Echo", "Demo-Tools", "Demo-JSON", "Claude-Sonnet-4.5"]),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_breaks_the_server(demo_server_thread: DemoServer, fields: dict[str, Any], model: str) -> None:
    with httpx.Client(headers=KEY, trust_env=False) as client:
        got = client.post(f"{demo_server_thread.base_url}/responses", json={"model": model, "input": "x", **fields})
    assert got.status_code in (200, 400), got.text


# Scripts


async def test_answers_can_be_scripted(demo_server: DemoServer) -> None:
    call = function_call("f", {"x": 1})
    demo_server.script("first", [call], Answer([message("third")], status="incomplete"), model="Anything")
    demo_server.script(lambda ask: f"{ask.text}, {len(ask.history)} items before")
    assert text_in(await answer(demo_server, "anything")) == "first"
    assert (await answer(demo_server, "Anything"))["output"] == [call]
    assert (await answer(demo_server, "Anything"))["status"] == "incomplete"
    assert text_in(await answer(demo_server, "Demo-Echo")) == "hello, 0 items before"
    assert text_in(await answer(demo_server, "Demo-Echo")).startswith("Turn 1.")
    assert (await post(demo_server, "Anything")).status_code == 404


async def test_events_can_be_scripted_verbatim(demo_server: DemoServer) -> None:
    demo_server.script(Answer([], events=[{"type": "response.created"}, "not json", {"type": "x", "y": 1}]))
    got = await post(demo_server, stream=True)
    assert got.text.split("\n\n")[:3] == [
        'event: response.created\ndata: {"type":"response.created"}',
        "data: not json",
        'event: x\ndata: {"type":"x","y":1}',
    ]


def test_an_ask_knows_the_thread() -> None:
    said = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    ask = Ask("M", {}, said, [{"role": "user", "content": [{"type": "input_text", "text": "three"}]}])
    assert (ask.text, ask.earlier, ask.chained) == ("three", "one", True)
