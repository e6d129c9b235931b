"""The server of the bench: answers that are made beforehand, sent as fast or as slow as asked for.

Its models' names say how: ``fast-50000`` is 50,000 characters of Markdown without a pause, ``slow-50000`` the same
with 2 ms between two deltas. The events are those of the demo server, framed beforehand, so that the server is never
what is waited for. It runs in a process of its own and tells on its stdout when a request came, when the first byte
left and when the last one did (``time.monotonic``, which all processes of a machine share).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.texts import deltas, markdown
from poe_tui.demo.account import Account
from poe_tui.demo.answer import Answer, message
from poe_tui.demo.faults import ActiveFaults
from poe_tui.demo.flow import Framer, numbered
from poe_tui.demo.http import Connection
from poe_tui.demo.models import entries
from poe_tui.demo.responses import response_object, usage
from poe_tui.demo.stream import Expansion, Step

PACE = 0.002
"""Seconds between two deltas of a slow answer: 500 tokens a second."""
ROOT = Path(__file__).resolve().parent.parent
_MODELS = tuple(f"{pace}-{size}" for pace in ("fast", "slow") for size in (2_000, 10_000, 50_000, 200_000, 1_000_000))


class _Exact(Expansion):
    """The demo server's events with deltas of exactly four characters."""

    def _text(self, kind: str, place: dict[str, Any], text: str, annotations: list[dict[str, Any]]) -> Any:
        for delta in deltas(text):
            yield Step({"type": f"response.{kind}.delta", **place, "delta": delta, "logprobs": []})


def events(text: str, model: str = "bench") -> list[bytes]:
    """Return an answer as it goes over the wire, one event each."""
    answer, body = Answer([message(text)]), {"model": model, "input": "go", "stream": True}
    response = response_object(body, model, answer, usage(body, [], [], answer))
    framer = Framer(ActiveFaults(()))
    return [framer.frame(step) for step in numbered(_Exact(response, answer).steps(), done=True)]


@functools.cache
def _chunks(model: str) -> list[bytes]:
    """Return the events of a model's answer as HTTP chunks."""
    return [b"%x\r\n%b\r\n" % (len(event), event) for event in events(markdown(int(model.partition("-")[2])), model)]


def _say(what: str) -> None:
    print(f"{what} {time.monotonic():.6f}", flush=True)


async def _stream(writer: asyncio.StreamWriter, model: str) -> None:
    chunks = _chunks(model)
    writer.transport.set_write_buffer_limits(0)  # drain() then means that the kernel has it.
    _say("request")
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    slow = model.startswith("slow")
    started = time.monotonic()
    try:
        for number, chunk in enumerate(chunks):
            writer.write(chunk)
            if number == 0:
                _say("first")
            if slow:
                await writer.drain()
                await asyncio.sleep(max(0.0, started + PACE * number - time.monotonic()))
            elif number % 8 == 0:
                await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    finally:
        _say("last")  # A client that has read the terminal event may leave before the rest.


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = Connection(reader, writer)
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while (request := await connection.read()) is not None:
            if request.path.endswith("/responses"):
                await _stream(writer, json.loads(request.body)["model"])
            elif request.path.endswith("/models"):
                await connection.send(200, {"object": "list", "data": _models()})
            elif request.path.endswith("/current_balance"):
                await connection.send(200, Account().balance_body())
            else:
                await connection.send(404, {"error": {"message": "no such endpoint"}})
    writer.close()


def _models() -> list[dict[str, Any]]:
    known = entries()
    return [*known, *({**known[0], "id": model} for model in _MODELS)]


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Server:
    """The server's process; use as a context manager."""

    def __init__(self) -> None:
        self._told: list[tuple[str, float]] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.server"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/v1"
        self._reader = threading.Thread(target=self._read, name="bench server's words", daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, _, at = line.partition(" ")
            self._told.append((word, float(at)))

    def when(self, what: str, pump: Callable[[float], object], timeout: float = 120.0) -> float:
        """Return the time of the next ``request``, ``first`` or ``last``; ``pump(seconds)`` runs while it waits."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            while self._told:
                word, at = self._told.pop(0)
                if word == what:
                    return at
            pump(0.01)
        raise TimeoutError(f"the server never said {what!r}")

    def forget(self) -> None:
        """What was told so far is of no interest any more."""
        self._told.clear()


if __name__ == "__main__":
    asyncio.run(_main())
