"""Connections that break, stall, dribble or are given up: what is told, what is kept, what the server sees."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from poe_tui.api import errors
from poe_tui.api.client import Hooks, PoeClient
from poe_tui.api.events import RetryScheduled
from tests.fault_server import FaultServer, Peer, answer, drop, frame, hang, reply, reset, sse, then
from tests.unit.api_help import Key, ask, client, hooks, run

WHOLE = answer("Hello brave world")
PART = WHOLE[:4]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (then(PART, reset=True), "broke (reset)"),
        (then(PART, length=10**6), "broke off"),
        (then(PART), "broke off"),
    ],
)
async def test_a_break_in_the_middle_keeps_what_came(step: Any, words: str) -> None:
    async with FaultServer(step) as server:
        turn = await ask(server.url)
    assert isinstance(turn.error, errors.ConnectionLost)
    assert words in turn.error.message
    assert "127.0.0.1" in turn.error.message
    assert (turn.builder.status, turn.builder.output_text) == ("interrupted", "Hello brave")


async def test_an_event_that_lacks_only_its_blank_line_counts() -> None:
    async with FaultServer(then([*PART, frame(WHOLE[4]).rstrip()])) as server:
        turn = await ask(server.url)
    assert turn.builder.output_text == "Hello brave world"


async def test_half_an_event_does_not() -> None:
    async with FaultServer(then([*PART, frame(WHOLE[4])[:40]])) as server:
        turn = await ask(server.url)
    assert turn.builder.output_text == "Hello brave"


@pytest.mark.parametrize("step", [drop, reset])
async def test_no_answer_at_all_may_have_been_accepted(step: Any) -> None:
    async with FaultServer(step) as server:
        turn = await ask(server.url)
    assert isinstance(turn.error, errors.ConnectionLost)
    assert "may have been accepted" in turn.error.message
    assert turn.error.as_dict()["type"] == "connection_lost"


async def test_an_answer_that_is_no_http() -> None:
    async def step(peer: Peer) -> None:
        await peer.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

    async with FaultServer(step) as server:
        turn = await ask(server.url)
    assert isinstance(turn.error, errors.ConnectionLost)


async def test_endless_headers_are_refused() -> None:
    async def step(peer: Peer) -> None:
        await peer.head(200, **{f"x-{number}": "y" * 1000 for number in range(300)})

    async with FaultServer(step) as server:
        turn = await ask(server.url)
    assert isinstance(turn.error, errors.ConnectionLost)


@pytest.mark.parametrize("step", [hang, then(PART, stall=True), then([], stall=True)])
async def test_silence_ends_after_the_idle_time(step: Any) -> None:
    async with FaultServer(step) as server:
        turn = await ask(server.url, idle_timeout=0.15)
        await server.requests[0].gone.wait()
    assert isinstance(turn.error, errors.IdleTimeout)
    assert turn.error.seconds == pytest.approx(0.15)
    assert "may have been accepted" in turn.error.message


async def test_an_answer_in_one_piece_may_take_ten_times_as_long() -> None:
    async with FaultServer(hang) as server, client(server.url, idle_timeout=0.05) as made:
        turn = await run(made, stream=False)
    assert isinstance(turn.error, errors.IdleTimeout)
    assert turn.error.seconds == pytest.approx(0.5)


async def test_pings_carry_a_slow_answer_but_not_for_ever() -> None:
    pings = 0

    async def dribble(peer: Peer) -> None:
        nonlocal pings
        await peer.stream()
        await peer.chunk(frame(WHOLE[0]))
        while True:
            pings += 1
            await peer.chunk((b": ping\n\n", b"event: ping\ndata: {}\n\n", frame({"type": "keepalive"}))[pings % 3])
            await peer.pause(0.02)

    async with FaultServer(dribble) as server:
        turn = await ask(server.url, idle_timeout=0.1)
    assert isinstance(turn.error, errors.IdleTimeout)
    assert "kept the line open" in turn.error.message
    assert turn.error.seconds >= 0.5
    assert pings > 5


async def test_blank_lines_before_the_first_event_do_not_count_as_an_answer() -> None:
    async def dribble(peer: Peer) -> None:
        await peer.stream()
        while True:
            await peer.chunk(b"\n")
            await peer.pause(0.02)

    async with FaultServer(dribble) as server:
        turn = await ask(server.url, idle_timeout=0.1)
    assert isinstance(turn.error, errors.IdleTimeout)


@pytest.mark.parametrize("step", [hang, then(PART, stall=True), then([], stall=True)])
async def test_cancelling_closes_the_socket_at_once(step: Any) -> None:
    async with FaultServer(step) as server, client(server.url) as made:
        task = asyncio.create_task(run(made))
        request = await server.request()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(0.5):
            await request.gone.wait()
        assert len(server.requests) == 1


async def test_leaving_the_stream_closes_the_socket() -> None:
    async with FaultServer(then(PART, stall=True)) as server, client(server.url) as made:
        async with aclosing(made.stream({"model": "m", "input": "x"})) as events:
            async for _ in events:
                break
        async with asyncio.timeout(0.5):
            await server.requests[0].gone.wait()


async def test_closing_the_client_ends_its_streams() -> None:
    async with FaultServer(then(PART, stall=True)) as server:
        made = PoeClient(server.url, Key(), hooks=hooks())
        task = asyncio.create_task(run(made))
        request = await server.request()
        async with asyncio.timeout(0.5):
            await made.aclose()
            await request.gone.wait()
        turn = await task
        assert isinstance(turn.error, errors.APIError)


async def test_cancelling_a_wait_sends_nothing_more() -> None:
    never = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await never.wait()

    async with FaultServer(reply(503)) as server:
        made = PoeClient(server.url, Key(), hooks=Hooks(sleep=sleep))
        told = asyncio.Event()

        async def consume() -> None:
            async with aclosing(made.stream({"model": "m", "input": "x"})) as events:
                async for one in events:
                    assert isinstance(one, RetryScheduled)
                    told.set()

        task = asyncio.create_task(consume())
        await told.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await made.aclose()
        assert len(server.requests) == 1


async def test_a_bomb_costs_no_memory() -> None:
    import gzip
    import resource

    bomb = gzip.compress(b"\n" * (150 * 1024 * 1024), 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with FaultServer(reply(200, bomb, "text/event-stream", content_encoding="gzip")) as server:
        turn = await ask(server.url)
    assert turn.builder.status == "interrupted"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


async def test_many_events_in_few_reads() -> None:
    words = [frame({"type": "response.output_text.delta", "output_index": 0, "delta": "x"})] * 5000
    async with FaultServer(sse(b"".join(words), WHOLE[-1])) as server:
        turn = await ask(server.url)
    assert len(turn.events) == 5001
