"""The key: in the Authorization header and nowhere else, whatever goes wrong."""

from __future__ import annotations

import asyncio
import gc
import logging
import traceback
from collections.abc import Awaitable
from typing import Any

import pytest

from poe_tui.api import errors
from poe_tui.api.client import PoeClient
from poe_tui.credentials import Secret
from tests.fault_server import FaultServer, answer, drop, hang, poe_error, reply, reset, sse, then
from tests.unit.api_help import CANARY, Key, Turn, client, hooks, run, unused_port

GOOD = sse(*answer("Hello"))


def everything(error: BaseException) -> str:
    """Return all that a careless crash report would print: message, repr, causes, frames with their locals."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "\n".join([repr(error), str(vars(error)), *report.format(chain=True)])


async def failure_of(work: Awaitable[Any]) -> BaseException:
    """Return what ``work`` raises, caught in a frame that knows nothing."""
    with pytest.raises(errors.APIError) as caught:
        await work
    return caught.value


STEPS: list[Any] = [
    *(reply(status, poe_error(status, "t", "words")) for status in (400, 401, 402, 403, 404, 413, 429, 500, 503, 504)),
    reply(200, "<html>x</html>", "text/html"),
    reply(200, "{"),
    reply(200, b"\xff" * 50, content_encoding="gzip"),
    reply(302, location="https://elsewhere.test/"),
    reply(429, retry_after="1000"),
    drop,
    reset,
    hang,
    then(answer("Hello")[:3], reset=True),
    then(answer("Hello")[:3]),
]


@pytest.mark.parametrize("step", STEPS)
async def test_no_exception_holds_the_key(step: Any) -> None:
    async with FaultServer(step) as server, client(server.url, idle_timeout=0.1) as made:
        turn = await run(made)
        assert turn.error is not None
        assert CANARY not in everything(turn.error)
        assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"


async def test_nor_does_one_about_the_connection() -> None:
    with unused_port() as port:
        for url in (f"http://127.0.0.1:{port}/v1", f"https://127.0.0.1:{port}/v1", "https://x.invalid/v1", "ftp://x"):
            async with client(url) as made:
                turn = await run(made)
                assert turn.error is not None
                assert CANARY not in everything(turn.error)


@pytest.mark.parametrize("text", [f"{CANARY}\n", f"{CANARY} x", f"é{CANARY}", f"{CANARY}\r\nX: y", f"{CANARY}\0", ""])
async def test_a_key_that_no_header_can_carry_is_refused_by_name_only(text: str) -> None:
    async with FaultServer(GOOD) as server, client(server.url, Key(text)) as made:
        turn: Turn = await run(made)
        assert isinstance(turn.error, errors.KeyUnusable)
        assert turn.error.unsent
        assert CANARY not in everything(turn.error)
        assert CANARY not in everything(await failure_of(made.models()))
        assert server.requests == []


async def test_logs_hold_no_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with FaultServer(reply(503), GOOD) as server, client(server.url) as made:
        assert (await run(made)).error is None
    assert caplog.records
    assert CANARY not in caplog.text


async def test_the_projects_own_secret_fits() -> None:
    async with FaultServer(GOOD) as server:
        made = PoeClient(server.url, Secret(CANARY), hooks=hooks())
        assert (await run(made)).error is None
        assert CANARY not in repr(vars(made))
        await made.aclose()
        assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"


async def test_an_abandoned_stream_leaves_nothing_behind() -> None:
    """A generator that nobody closed is closed by the loop, without a word on stderr."""
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context))
    async with FaultServer(then(answer("Hello")[:3], stall=True)) as server, client(server.url) as made:
        events = made.stream({"model": "m", "input": "x"})
        await anext(events)
        del events
        gc.collect()
        async with asyncio.timeout(1):
            await server.requests[0].gone.wait()
    assert said == []
