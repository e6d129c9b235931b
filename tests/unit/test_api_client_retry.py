"""Retries against a real server: every row of the table with the exact number of requests and the waits made."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from typing import Any

import pytest

from poe_tui.api import errors
from poe_tui.api.client import Hooks, PoeClient
from poe_tui.api.events import RetryScheduled
from tests.fault_server import FaultServer, Peer, answer, drop, event, hang, poe_error, reply, reset, sse, then
from tests.unit.api_help import Key, Turn, Waits, ask, client, hooks, run

GOOD = sse(*answer("Hello"))


async def turn_against(
    *steps: Any, body: dict[str, Any] | None = None, **options: Any
) -> tuple[Turn, int, list[float]]:
    """Run a turn; return it, the number of requests the server saw, and the waits made."""
    waits = Waits()
    async with FaultServer(*steps) as server, client(server.url, hooks=hooks(waits), **options) as made:
        turn = await run(made, **(body or {}))
        return turn, len(server.requests), waits.made


@pytest.mark.parametrize("status", [429, 503, 529])
async def test_again_until_three_requests(status: int) -> None:
    turn, count, waits = await turn_against(reply(status), reply(status), GOOD)
    assert (turn.error, turn.builder.output_text, count, waits) == (None, "Hello", 3, [0.25, 0.5])
    turn, count, waits = await turn_against(reply(status, poe_error(status, "t", "words")))
    assert isinstance(turn.error, errors.APIStatusError)
    assert (turn.error.http_status, turn.error.message, count, waits) == (status, "words", 3, [0.25, 0.5])


@pytest.mark.parametrize("first", [500, 502])
@pytest.mark.parametrize("second", [500, 502])
async def test_500_and_502_once_in_all(first: int, second: int) -> None:
    turn, count, _ = await turn_against(reply(first), GOOD)
    assert (turn.error, count) == (None, 2)
    turn, count, _ = await turn_against(reply(first), reply(second), GOOD)
    assert isinstance(turn.error, errors.ServerError)
    assert (turn.error.http_status, count) == (second, 2)


async def test_a_500_among_others_is_still_three_in_all() -> None:
    turn, count, _ = await turn_against(reply(503), reply(500), GOOD)
    assert (turn.error, count) == (None, 3)
    turn, count, _ = await turn_against(reply(500), reply(503), reply(429), GOOD)
    assert (turn.error is not None, count) == (True, 3)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 409, 413, 422, 501, 504, 511])
async def test_never_again(status: int) -> None:
    turn, count, waits = await turn_against(reply(status, poe_error(status, "t")), GOOD)
    assert isinstance(turn.error, errors.APIStatusError)
    assert (turn.error.http_status, count, waits) == (status, 1, [])


async def test_a_429_about_quota_never() -> None:
    turn, count, _ = await turn_against(reply(429, poe_error(429, "insufficient_quota"), retry_after="1"), GOOD)
    assert isinstance(turn.error, errors.RateLimited)
    assert (turn.error.quota, turn.error.retry_after, count) == (True, 1, 1)


@pytest.mark.parametrize(
    "step",
    [
        drop,
        reset,
        reply(200, "<html>x</html>", "text/html"),
        reply(200),
        reply(200, poe_error(429, "rate_limit_error")),
        reply(307, location="/elsewhere"),
        then(answer("Hello")[:3], reset=True),
        then(answer("Hello")[:3], length=10**6),
        then([], reset=True),
        then([], length=10**6),
    ],
)
async def test_nothing_is_sent_again_once_the_request_has_left(step: Any) -> None:
    turn, count, waits = await turn_against(step, GOOD)
    assert turn.error is not None
    assert (turn.error.unsent, count, waits) == (False, 1, [])


async def test_silence_is_not_answered_by_asking_again() -> None:
    for step in (hang, then(answer("Hello")[:3], stall=True)):
        turn, count, _ = await turn_against(step, GOOD, idle_timeout=0.1)
        assert isinstance(turn.error, errors.IdleTimeout)
        assert (turn.error.unsent, count) == (False, 1)


async def test_a_chained_500_is_the_callers_and_counts() -> None:
    body = {"previous_response_id": "resp_0"}
    async with FaultServer(reply(500), reply(503), reply(500), GOOD) as server, client(server.url) as made:
        attempts = made.attempts()
        turn = await run(made, attempts, **body)
        assert isinstance(turn.error, errors.ServerError)
        assert (len(server.requests), attempts.sent, attempts.left) == (1, 1, 2)
        replay = await run(made, attempts)
        assert isinstance(replay.error, errors.ServerError)
        assert (len(server.requests), attempts.left) == (3, 0)
        late = await run(made, attempts)
        assert late.error is not None
        assert "3 requests" in late.error.message
        assert len(server.requests) == 3


async def test_a_chained_502_is_asked_again_as_it_is() -> None:
    turn, count, _ = await turn_against(reply(502), GOOD, body={"previous_response_id": "resp_0"})
    assert (turn.error, count) == (None, 2)


async def test_retries_turned_off() -> None:
    for step in (reply(503), reply(429), reply(500), reply(429, retry_after="500")):
        turn, count, waits = await turn_against(step, GOOD, max_requests=1)
        assert isinstance(turn.error, errors.APIStatusError)
        assert (count, waits) == (1, [])


class TestNamedWaits:
    @pytest.mark.parametrize(
        ("headers", "wait"),
        [
            ({"retry_after": "2"}, 2.0),
            ({"retry_after": "0"}, 0.0),
            ({"retry_after": "120"}, 120.0),
            ({"retry_after": "-1"}, 0.25),
            ({"retry_after": "soon"}, 0.25),
            ({"retry_after_ms": "350"}, 0.35),
            ({"retry_after": "3", "retry_after_ms": "350"}, 3.0),
            ({"x_ratelimit_reset_requests": "7"}, 7.0),
        ],
    )
    async def test_are_kept(self, headers: dict[str, str], wait: float) -> None:
        turn, count, waits = await turn_against(reply(429, **headers), GOOD)
        assert (turn.error, count, waits) == (None, 2, [wait])

    async def test_as_a_date(self) -> None:
        turn, count, [wait] = await turn_against(
            reply(503, retry_after=formatdate(time.time() + 60, usegmt=True)), GOOD
        )
        assert (turn.error, count) == (None, 2)
        assert 55 < wait <= 60

    @pytest.mark.parametrize(
        "headers", [{"retry_after": "121"}, {"retry_after": "1000000000"}, {"retry_after_ms": "1e9"}]
    )
    async def test_beyond_two_minutes_are_named_and_nothing_is_sent(self, headers: dict[str, str]) -> None:
        step = reply(429, poe_error(429, "rate_limit_error", "slow down"), **headers)
        turn, count, waits = await turn_against(step, GOOD)
        assert isinstance(turn.error, errors.WaitTooLong)
        assert turn.error.seconds > 120
        assert "slow down" in turn.error.message
        assert (turn.error.http_status, turn.error.type, count, waits) == (429, "rate_limit_error", 1, [])


async def test_every_wait_is_told_before_it_is_made() -> None:
    order: list[object] = []

    async def sleep(seconds: float) -> None:
        order.append(seconds)

    async with FaultServer(reply(503), reply(429, retry_after="2"), GOOD) as server:
        made = PoeClient(server.url, Key(), hooks=Hooks(jitter=lambda ceiling: ceiling / 2, sleep=sleep))
        async for one in made.stream({"model": "m", "input": "x"}):
            if isinstance(one, RetryScheduled):
                order.append(one)
        await made.aclose()
    first, first_wait, second, second_wait = order
    assert isinstance(first, RetryScheduled)
    assert isinstance(second, RetryScheduled)
    assert (first.attempt, first.limit, first.delay, first.status) == (1, 3, 0.125, 503)
    assert (first.reason, first.type) == ("the server is not available (503)", "request.retry_scheduled")
    assert (second.attempt, second.delay, second.reason) == (2, 2.0, "too many requests (429)")
    assert (first_wait, second_wait) == (0.125, 2.0)
    assert abs(time.monotonic() - first.at) < 60


async def test_without_an_answer_there_is_one_turn_only() -> None:
    """An error event in the stream is an answer: nothing is asked again."""
    turn, count, _ = await turn_against(sse(event("error", code="rate_limit_exceeded", message="m")), GOOD)
    assert (turn.error, turn.builder.status, count) == (None, "interrupted", 1)


async def test_two_turns_use_two_connections() -> None:
    """No connection is kept, so none can be stale when the next turn begins."""
    async with FaultServer(reply(200, {"output": []}), GOOD) as server, client(server.url) as made:
        assert (await run(made)).error is None
        assert (await run(made)).error is None
        assert server.connections == 2


async def test_several_streams_at_once() -> None:
    async with FaultServer(GOOD) as server, client(server.url) as made:
        turns = await asyncio.gather(*(run(made) for _ in range(20)))
        assert [turn.builder.output_text for turn in turns] == ["Hello"] * 20


async def test_a_closed_client_can_be_used_again() -> None:
    async with FaultServer(GOOD) as server:
        made = PoeClient(server.url, Key(), hooks=hooks())
        for _ in range(2):
            assert (await run(made)).error is None
            await made.aclose()
        await made.aclose()


async def test_an_error_body_that_never_ends_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poe_tui.api.wire.ERROR_SECONDS", 0.05)

    async def step(peer: Peer) -> None:
        await peer.head(400, content_type="application/json", content_length="100")
        await peer.until_gone()

    turn = await _single(step)
    assert isinstance(turn.error, errors.BadRequest)


async def _single(step: Any) -> Turn:
    async with FaultServer(step) as server:
        return await ask(server.url)
