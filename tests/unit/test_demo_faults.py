"""The demo server's faults, its gates, and its life in a loop and in a thread."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from typing import Any

import httpx
import pytest

from poe_tui.demo.faults import HOSTILE_TEXT, FaultKind
from poe_tui.demo.server import DemoServer
from tests.unit.demo_client import KEY, answer, connect, events_of, get, post, text_in

STREAM = {"model": "Demo-Echo", "input": "hello 🙂", "stream": True}


async def raw(server: DemoServer, **fields: Any) -> bytes:
    """Return the bytes of a stream's body, as far as they came."""
    got = bytearray()
    async with (
        connect() as client,
        client.stream("POST", f"{server.base_url}/responses", json=STREAM | fields) as response,
    ):
        try:
            async for chunk in response.aiter_raw():
                got += chunk
        except httpx.TransportError:
            got += b"<broken>"
    return bytes(got)


def data_of(stream: bytes) -> list[Any]:
    """Return the JSON of every complete event."""
    text = stream.decode("utf-8", "replace")
    lines = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: {")]
    return [json.loads(line) for line in lines if line.endswith("}")]


# In place of an answer


async def test_a_status_comes_as_often_as_asked_and_in_order(demo_server: DemoServer) -> None:
    demo_server.fault("status", status=429, headers={"Retry-After": "7"}, times=1)
    demo_server.fault("status", status=503, body="<html>down</html>", times=1)
    first, second, third = [await post(demo_server, "GPT-5.2") for _ in range(3)]
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert first.json()["error"]["type"] == "rate_limit_error"
    assert second.status_code == 503 and second.headers["content-type"].startswith("text/html")
    assert third.status_code == 200


async def test_a_fault_meets_only_whom_it_is_for(demo_server: DemoServer) -> None:
    by_model = demo_server.fault("status", status=500, model="gpt-5.2")
    chained = demo_server.fault("status", status=404, chained=True)
    assert (await post(demo_server, "GPT-5.2")).status_code == 500
    first = await answer(demo_server, "Demo-Echo")
    assert (await post(demo_server, "Demo-Echo", previous_response_id=first["id"])).status_code == 404
    assert (by_model.met, chained.met) == (1, 1)
    demo_server.clear()
    assert (await post(demo_server, "GPT-5.2")).status_code == 200


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_a_connection_is_closed_without_an_answer(demo_server: DemoServer, kind: FaultKind) -> None:
    demo_server.fault(kind, times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await post(demo_server)
    assert demo_server.turns[0].outcome == "cut"
    assert (await post(demo_server)).status_code == 200


async def test_other_kinds_of_content(demo_server: DemoServer) -> None:
    demo_server.fault("html", status=200, times=1)
    portal = await post(demo_server, stream=True)
    assert portal.status_code == 200 and portal.headers["content-type"].startswith("text/html")
    demo_server.fault("json", times=1)
    assert (await post(demo_server, stream=True)).json()["status"] == "completed"
    demo_server.fault("sse", times=1)
    assert events_of((await post(demo_server, stream=False)).text)[-1]["type"] == "response.completed"


async def test_chains_can_be_refused_or_forgotten(demo_server: DemoServer) -> None:
    first = await answer(demo_server, "Demo-Echo")
    demo_server.fault("refuse_chain", times=1)
    assert (await post(demo_server, "Demo-Echo", previous_response_id=first["id"])).status_code == 400
    demo_server.fault("forget", times=1)
    second = await answer(demo_server, "Demo-Echo", previous_response_id=first["id"])
    assert "nothing before that" in text_in(second)
    third = await answer(demo_server, "Demo-Echo", previous_response_id=first["id"])
    assert "Before that you wrote" in text_in(third)


async def test_a_delay_comes_before_the_headers(demo_server: DemoServer) -> None:
    demo_server.fault("delay", seconds=0.15)
    start = time.monotonic()
    await post(demo_server)
    assert time.monotonic() - start >= 0.15


# In the stream


@pytest.mark.parametrize(("kind", "broken"), [("cut", True), ("rst", True), ("end", False)])
async def test_a_stream_breaks_where_it_is_told(demo_server: DemoServer, kind: FaultKind, broken: bool) -> None:
    demo_server.fault(kind, after=9)
    got = await raw(demo_server)
    assert got.endswith(b"<broken>") == broken
    assert kind == "rst" or len(data_of(got)) == 9
    assert b"response.completed" not in got and b"[DONE]" not in got
    assert demo_server.turns[0].outcome == "cut"
    assert demo_server.responses == {}


@pytest.mark.parametrize("shape", ["flat", "nested", "bare"])
async def test_error_events_have_three_shapes(demo_server: DemoServer, shape: Any) -> None:
    demo_server.fault("error_event", after=8, shape=shape, text="it broke")
    last = data_of(await raw(demo_server))[-1]
    error = last if shape == "flat" else last["error"]
    assert error["message"] == "it broke"
    assert last.get("type") == (None if shape == "bare" else "error")


@pytest.mark.parametrize("kind", ["failed", "incomplete"])
async def test_a_stream_can_end_early_and_say_so(demo_server: DemoServer, kind: FaultKind) -> None:
    demo_server.fault(kind, after=12)
    events = data_of(await raw(demo_server))
    assert len(events) == 13 and events[-1]["type"] == f"response.{kind}"
    end = events[-1]["response"]
    assert end["status"] == kind and end["id"] == demo_server.turns[0].response_id
    assert (end["error"] is None) == (kind == "incomplete")


async def test_events_can_be_missing_or_broken(demo_server: DemoServer) -> None:
    for kind in ("no_terminal", "no_deltas", "empty_output", "no_usage", "broken_json", "unknown_event", "huge_line"):
        demo_server.fault(kind, times=1, size=300_000)
    got = await raw(demo_server)
    assert b"response.completed" not in got and b".delta" in got  # the one huge delta
    assert b"response.hologram.projected" in got and b"hologram_call" in got
    assert max(map(len, got.split(b"\n"))) > 300_000
    whole = (line[6:] for line in got.split(b"\n") if line.startswith(b"data: {"))
    assert sum(not line.endswith(b"}") for line in whole) == 1
    for kind in ("empty_output", "no_usage"):
        demo_server.fault(kind, times=1)
    final = data_of(await raw(demo_server))[-1]["response"]
    assert final["output"] == [] and final["usage"] is None


async def test_text_can_be_hostile(demo_server: DemoServer) -> None:
    demo_server.fault("hostile", times=1)
    assert text_in(await answer(demo_server, "GPT-5.2")) == HOSTILE_TEXT
    demo_server.fault("hostile", text="[@click=app.quit]", times=1)
    assert text_in(await answer(demo_server, "GPT-5.2")) == "[@click=app.quit]"


async def test_surrogates_travel_in_halves(demo_server: DemoServer) -> None:
    demo_server.fault("surrogates")
    got = await raw(demo_server)
    deltas = [event["delta"] for event in data_of(got) if event["type"].endswith("text.delta")]
    assert "\ud83d" in "".join(delta[-1:] for delta in deltas)
    joined = "".join(deltas).encode("utf-16", "surrogatepass").decode("utf-16")
    assert "hello 🙂" in joined and b"\\ud83d" in got


# In the bytes

FRAMING: tuple[FaultKind, ...] = (
    *("split", "comments", "crlf", "cr", "bom", "no_event_lines", "no_done", "no_blank_end"),
    *("multi_line_data", "escape"),
)


def lenient(stream: bytes) -> list[Any]:
    """Read a stream as the specification of server-sent events says."""
    text = stream.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    events, data = [], []
    for line in [*text.split("\n"), ""]:
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and data:
            events.append("\n".join(data))
            data = []
    return [json.loads(event) for event in events if event != "[DONE]"]


@pytest.mark.parametrize("kind", FRAMING)
async def test_framing_changes_the_bytes_and_nothing_else(demo_server: DemoServer, kind: FaultKind) -> None:
    plain = await raw(demo_server)
    demo_server.fault(kind, size=3)
    framed = await raw(demo_server)
    types = [event["type"] for event in lenient(plain)]
    assert [event["type"] for event in lenient(framed)] == types
    assert text_in(lenient(framed)[-1]["response"]) == text_in(lenient(plain)[-1]["response"])
    if kind != "split":
        signs = {
            "comments": b": keep-alive\n\n",
            "crlf": b"\r\n\r\n",
            "cr": b"\r\r",
            "bom": b"\xef\xbb\xbf",
            "no_event_lines": b"data: {",
            "no_done": b"}\n\n",
            "no_blank_end": b"data: [DONE]\n",
            "multi_line_data": b'\ndata:  "type"',
            "escape": b"\\ud83d\\ude42",
        }
        assert signs[kind] in framed
        assert (framed.endswith if kind in ("no_done", "no_blank_end") else framed.__contains__)(signs[kind])
        assert kind not in ("no_event_lines", "bom") or framed.startswith(signs[kind])


# Gates, waiting, clients that leave


async def test_a_stream_stands_still_until_its_gate_opens(demo_server: DemoServer) -> None:
    gate = demo_server.hold(after=10)
    running = asyncio.create_task(raw(demo_server))
    await gate.arrived()
    assert demo_server.turns[0].events == 10 and demo_server.turns[0].outcome == "open"
    gate.open()
    assert b"response.completed" in await running
    assert demo_server.turns[0].outcome == "answered"


@pytest.mark.parametrize("kind", ["hold", "stall", "delay"])
async def test_a_client_that_leaves_is_noticed(demo_server: DemoServer, kind: FaultKind) -> None:
    demo_server.fault(kind, seconds=3600)
    running = asyncio.create_task(raw(demo_server))
    await demo_server.until(lambda server: kind == "delay" or (server.turns and server.turns[0].events == 6))
    await demo_server.until(lambda server: len(server.turns) == 1)
    running.cancel()
    await demo_server.until(lambda server: server.turns[0].outcome == "client gone")
    assert demo_server.responses == {}


async def test_waiting_ends_with_a_timeout(demo_server: DemoServer) -> None:
    with pytest.raises(TimeoutError):
        await demo_server.until(lambda server: bool(server.turns), timeout=0.02)
    with pytest.raises(TimeoutError):
        await demo_server.hold().arrived(timeout=0.02)


async def test_a_response_can_be_continued_the_moment_it_ends(demo_server: DemoServer) -> None:
    async with (
        connect() as client,
        client.stream("POST", f"{demo_server.base_url}/responses", json=STREAM) as response,
    ):
        async for line in response.aiter_lines():
            if line == "event: response.completed":
                break
        known = demo_server.turns[0].response_id
        got = await post(demo_server, previous_response_id=known)
    assert got.status_code == 200


# Where it lives


async def test_a_taken_port_is_an_error(demo_server: DemoServer) -> None:
    with pytest.raises(OSError):
        await DemoServer(port=demo_server.port).start()
    with pytest.raises(OSError):
        DemoServer.in_thread(port=demo_server.port)


async def test_it_stops_while_streams_are_open() -> None:
    async with DemoServer(speed=0) as server:
        server.fault("stall", seconds=3600)
        running = asyncio.create_task(raw(server))
        await server.until(lambda s: bool(s.turns) and s.turns[0].events == 6)
    assert (await running).endswith(b"<broken>")
    with pytest.raises(ConnectionError), socket.create_connection(("127.0.0.1", server.port)):
        pass


def test_it_lives_in_a_thread_and_leaves_none_behind() -> None:
    with DemoServer.in_thread(speed=0) as server:
        gate = server.hold(after=8)
        got: list[httpx.Response] = []
        caller = threading.Thread(
            target=lambda: got.append(httpx.post(f"{server.base_url}/responses", json=STREAM, headers=KEY))
        )
        caller.start()
        gate.wait()
        server.wait_until(lambda s: s.turns[0].events == 8)
        gate.open()
        caller.join(5)
        assert events_of(got[0].text)[-1]["type"] == "response.completed"
    server.close()
    assert "poe-tui demo server" not in {thread.name for thread in threading.enumerate()}


async def test_models_need_no_key(demo_server: DemoServer) -> None:
    assert (await get(demo_server, "/v1/models")).status_code == 200
    assert (await get(demo_server, "/v1/models", Authorization="Bearer")).status_code == 401


async def test_a_mistake_of_a_script_is_said_over_http(demo_server: DemoServer) -> None:
    demo_server.script(lambda ask: str(1 // len(ask.history)))
    got = await post(demo_server)
    assert got.status_code == 500 and "ZeroDivisionError" in got.json()["error"]["message"]
    assert (await post(demo_server)).status_code == 200
