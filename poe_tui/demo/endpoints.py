"""The endpoints: which request gets which answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from poe_tui.demo import images, models
from poe_tui.demo.account import Account
from poe_tui.demo.answer import Queue
from poe_tui.demo.errors import APIProblem
from poe_tui.demo.faults import Faults
from poe_tui.demo.http import Connection, Request
from poe_tui.demo.record import RecordedRequest, record
from poe_tui.demo.responses import Memory, MemoryKind
from poe_tui.demo.turns import Turns, headers


class Endpoints:
    """Everything the server knows, and the way from a request to what answers it."""

    def __init__(self, *, speed: float, memory: MemoryKind, changed: Callable[[], None]) -> None:
        self.speed = speed
        self.origin = ""
        self.requests: list[RecordedRequest] = []
        self.memory = Memory(memory)
        self.account = Account()
        self.faults = Faults()
        self.scripts = Queue()
        self.changed = changed
        self._turns = Turns(self)

    def clear(self) -> None:
        """Forget everything but the speed."""
        self.requests.clear()
        self.memory.clear()
        self.faults.clear()
        self.scripts.clear()
        self.account = Account()
        self._turns = Turns(self)

    async def handle(self, request: Request, connection: Connection) -> bool:
        """Answer one request; return whether the connection can be used again."""
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            body = request.body.decode("utf-8", "replace")
        noted = record(request, body)
        self.requests.append(noted)
        self.changed()
        try:
            return await self._route(request, connection, noted)
        except APIProblem as problem:
            await _send(connection, noted, problem.status, problem.body(), problem.headers)
            return True
        except ConnectionError:
            return False
        except Exception as error:  # a mistake of this server: said over HTTP, never printed over somebody's screen
            if noted.status is None:
                mistake = APIProblem(500, f"The demo server made a mistake: {error!r}")
                await _send(connection, noted, 500, mistake.body())
            return False
        finally:
            if noted.outcome == "open":
                noted.outcome = "client gone"
            self.changed()

    async def _route(self, request: Request, connection: Connection, noted: RecordedRequest) -> bool:
        path = request.path.rstrip("/")
        if path in ("/v1/responses", "/v1/chat/completions"):
            _authorise(request)
            if request.method != "POST":
                raise APIProblem(405)
            return await self._turns.answer(connection, noted)
        if request.method != "GET":
            raise APIProblem(404, f"No such endpoint: {request.method} {path}")
        if path.startswith("/base/image/"):
            await _send(connection, noted, 200, images.landscape(), {"Content-Type": "image/png"})
        elif path == "/v1/models":
            if "authorization" in request.headers and not _key(request):
                raise APIProblem(401)  # the list is public, but an empty key is refused (observed on Poe)
            await _send(connection, noted, 200, {"object": "list", "data": models.entries()})
        elif path == "/usage/current_balance":
            _authorise(request)
            await _send(connection, noted, 200, self.account.balance_body())
        elif path == "/usage/points_history":
            _authorise(request)
            await _send(connection, noted, 200, self.account.history_body(request.query))
        else:
            raise APIProblem(404, f"No such endpoint: {path}")
        return True


async def _send(
    connection: Connection, noted: RecordedRequest, status: int, body: object, more: Mapping[str, str] | None = None
) -> None:
    noted.status = status
    await connection.send(status, body, {**headers(), **(more or {})})
    noted.outcome = "answered"


def _key(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _authorise(request: Request) -> None:
    """Let every key pass but none, ``bad…`` (401) and, for turns, ``broke…`` (402)."""
    key = _key(request)
    if not key or key.startswith("bad"):
        raise APIProblem(401)
    if key.startswith("broke") and request.method == "POST":
        raise APIProblem(402, kind="insufficient_quota", code="insufficient_quota")
