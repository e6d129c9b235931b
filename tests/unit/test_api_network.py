"""The way to the server: names, addresses, time-outs, TLS, proxies, and leaving while a resolver hangs."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from poe_tui.api import errors
from poe_tui.api.client import Hooks, PoeClient, warm_up
from poe_tui.api.resolver import Resolver
from tests.fault_server import FaultServer, answer, sse
from tests.unit.api_help import Key, client, hooks, run, turn_to, unused_port

GOOD = sse(*answer("Hello"))


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine where nobody listens."""
    with unused_port() as port:
        yield port


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port that answers no connection: its queue is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(server.getsockname())
            waiting.append(one)
        yield int(server.getsockname()[1])
        for one in waiting:
            one.close()


class TestNoConnection:
    async def test_refused_is_tried_three_times(self, closed_port: int) -> None:
        turn, waits = await turn_to(f"http://127.0.0.1:{closed_port}/v1")
        assert isinstance(turn.error, errors.ConnectionFailed)
        assert turn.error.unsent
        assert turn.error.cause == "the connection was refused"
        assert turn.error.host == f"127.0.0.1:{closed_port}"
        assert "Nothing was sent" in turn.error.message
        assert waits == [0.25, 0.5]
        assert [wait.status for wait in turn.waits] == [None, None]
        assert turn.waits[0].reason == "the connection was refused"

    async def test_a_server_that_comes_up_meanwhile_is_reached(self) -> None:
        async def sleep(seconds: float) -> None:
            await server.__aenter__()

        held = socket.socket()
        held.bind(("127.0.0.1", 0))
        server = FaultServer(GOOD, sock=held)
        made = PoeClient(f"http://127.0.0.1:{held.getsockname()[1]}/v1", Key(), hooks=Hooks(sleep=sleep))
        turn = await run(made)
        await made.aclose()
        await server.__aexit__(None, None, None)
        assert (turn.error, turn.builder.output_text, len(turn.waits)) == (None, "Hello", 1)

    async def test_an_unknown_name_is_tried_three_times(self) -> None:
        turn, waits = await turn_to("https://nobody.invalid/v1")
        assert isinstance(turn.error, errors.ConnectionFailed)
        assert "nobody.invalid" in turn.error.message
        assert "name cannot be found" in turn.error.message
        assert len(waits) == 2

    async def test_a_name_that_is_none(self) -> None:
        turn, _ = await turn_to(f"https://{'a' * 70}.invalid/v1")
        assert isinstance(turn.error, errors.APIError)
        assert turn.error.unsent

    async def test_no_route(self) -> None:
        def lookup(host: str, port: int) -> Any:
            raise OSError(101, "Network is unreachable")

        turn, waits = await turn_to("https://x.invalid/v1", hooks=hooks(lookup=lookup))
        assert isinstance(turn.error, errors.ConnectionFailed)
        assert turn.error.cause == "the network cannot be reached"
        assert waits == []  # The hooks above made none of their own.

    @pytest.mark.skipif(sys.platform != "linux", reason="fills a listen queue as Linux has it")
    async def test_an_address_that_does_not_answer_uses_up_the_budget(self, full_port: int) -> None:
        started = time.monotonic()
        turn, waits = await turn_to(f"http://127.0.0.1:{full_port}/v1", connect_budget=1.2)
        assert isinstance(turn.error, errors.ConnectTimeout)
        assert turn.error.unsent
        assert len(waits) == 2
        assert time.monotonic() - started < 3

    async def test_a_resolver_that_hangs_ends_with_the_budget(self) -> None:
        hanging = _Hanging()
        turn, waits = await turn_to("https://x.invalid/v1", hooks=hooks(lookup=hanging), connect_budget=0.2)
        hanging.release()
        assert isinstance(turn.error, errors.ConnectTimeout)
        assert turn.error.message == "No connection to x.invalid within 0 s. Nothing was sent."
        assert (waits, hanging.calls) == ([], 1)

    async def test_the_budget_is_the_turns(self, closed_port: int) -> None:
        async with client(f"http://127.0.0.1:{closed_port}/v1") as made:
            attempts = made.attempts()
            attempts.connect_left = 0.0
            turn = await run(made, attempts)
            assert isinstance(turn.error, errors.ConnectTimeout)
            assert turn.error.message.endswith("within 15 s. Nothing was sent.")
            assert turn.waits == []


class _Hanging:
    """A resolver that hangs until it is let go."""

    def __init__(self) -> None:
        import threading

        self.calls = 0
        self._gate = threading.Event()

    def __call__(self, host: str, port: int) -> Any:
        self.calls += 1
        self._gate.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    def release(self) -> None:
        self._gate.set()


class TestResolver:
    async def test_localhost_and_addresses_are_not_looked_up(self) -> None:
        def lookup(host: str, port: int) -> Any:
            raise AssertionError(host)

        resolver = Resolver(lookup)
        assert await resolver.addresses("LocalHost", 1) == ["127.0.0.1", "::1"]
        assert await resolver.addresses("10.1.2.3", 1) == ["10.1.2.3"]
        assert await resolver.addresses("fe80::1%eth0", 1) == ["fe80::1%eth0"]

    async def test_families_take_turns_and_each_address_comes_once(self) -> None:
        six, four = socket.AF_INET6, socket.AF_INET
        found = [(six, "a::1"), (six, "a::2"), (six, "a::1"), (four, "1.1.1.1"), (socket.AF_UNIX, "x")]
        resolver = Resolver(lambda host, port: [(family, 1, 6, "", (address, port)) for family, address in found])
        assert await resolver.addresses("h", 1) == ["a::1", "1.1.1.1", "a::2"]

    async def test_nothing_found_is_an_unknown_name(self) -> None:
        with pytest.raises(socket.gaierror):
            await Resolver(lambda host, port: []).addresses("h", 1)

    async def test_a_name_that_cannot_be_encoded_is_an_unknown_name(self) -> None:
        def lookup(host: str, port: int) -> Any:
            raise UnicodeError("label too long")

        with pytest.raises(socket.gaierror):
            await Resolver(lookup).addresses("h", 1)

    async def test_calls_for_one_name_share_one_lookup_and_one_may_give_up(self) -> None:
        hanging = _Hanging()
        resolver = Resolver(hanging)
        impatient, patient = (asyncio.create_task(resolver.addresses("h", 80)) for _ in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
        hanging.release()
        assert await patient == ["127.0.0.1"]
        assert hanging.calls == 1
        assert await resolver.addresses("h", 80) == ["127.0.0.1"]
        assert hanging.calls == 2

    async def test_a_second_address_is_tried_when_the_first_refuses(self, closed_port: int) -> None:
        def lookup(host: str, port: int) -> Any:
            return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

        async with FaultServer(GOOD) as server:
            turn, _ = await turn_to(f"http://localhost:{server.port}/v1", hooks=hooks())
            assert turn.error is None
            from poe_tui.api.transport import Backend

            stream = await Backend(Resolver(lookup)).connect_tcp("h", server.port)
            await stream.aclose()
            import httpcore

            with pytest.raises(httpcore.ConnectError):
                await Backend(Resolver(lookup)).connect_tcp("h", closed_port)

    @pytest.mark.skipif(sys.platform != "linux", reason="fills a listen queue as Linux has it")
    async def test_a_silent_address_is_overtaken(self, full_port: int) -> None:
        """The port's queue is full at 127.0.0.1; at 127.0.0.2 somebody listens on it."""
        from poe_tui.api.transport import Backend

        def lookup(host: str, port: int) -> Any:
            return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("127.0.0.1", "127.0.0.2")]

        server = await asyncio.start_server(_close, "127.0.0.2", full_port)
        try:
            stream = await Backend(Resolver(lookup)).connect_tcp("h", full_port, timeout=10)
            assert stream.get_extra_info("server_addr")[0] == "127.0.0.2"
            await stream.aclose()
        finally:
            server.close()
            await server.wait_closed()


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


_HANG = """
import asyncio, contextlib, time
from poe_tui.api.client import Hooks, PoeClient, warm_up

def lookup(host, port):
    time.sleep(60)

async def main():
    client = PoeClient("https://x.invalid/v1", None, hooks=Hooks(lookup=lookup))
    async def consume():
        async for event in client.stream({"model": "m", "input": "x"}):
            pass
    task = asyncio.create_task(consume())
    await asyncio.sleep(0.2)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await client.aclose()

asyncio.run(main())
print("left", flush=True)
"""


def test_leaving_never_waits_for_a_resolver() -> None:
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", _HANG], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "left\n", "")
    assert time.monotonic() - started < 10


async def test_warming_up_in_a_thread_leaves_nothing_to_import() -> None:
    await asyncio.to_thread(warm_up)
    assert {"httpx", "poe_tui.api.answer", "poe_tui.api.wire"} <= set(sys.modules)
