"""What the server writes down about a request, for tests and for ``poe-tui demo-server``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from poe_tui.demo.http import Request

Outcome = Literal["open", "answered", "cut", "client gone"]
"""``open``: the answer is not finished; ``cut``: a fault ended it; ``client gone``: the client closed first."""

_SECRET = ("authorization", "x-api-key", "proxy-authorization")


@dataclass(slots=True, eq=False)
class RecordedRequest:
    """One request and what became of it; the key is not in it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case; a header that carries a key has the value ``***``."""
    body: Any
    """The JSON body; the text where it is no JSON; None without a body."""
    time: float = field(default_factory=time.time)
    """Seconds since the epoch."""
    status: int | None = None
    response_id: str | None = None
    events: int = 0
    """Stream events sent so far."""
    outcome: Outcome = "open"

    @property
    def by_chat(self) -> bool:
        """Whether it went to ``/v1/chat/completions``."""
        return self.path.rstrip("/").endswith("/chat/completions")

    @property
    def model(self) -> str | None:
        """The model that was asked for."""
        name = self.body.get("model") if isinstance(self.body, Mapping) else None
        return name if isinstance(name, str) else None


def record(request: Request, body: Any) -> RecordedRequest:
    """Write a request down without its key."""
    return RecordedRequest(
        method=request.method,
        path=request.path,
        query=request.query,
        headers={name: "***" if name in _SECRET else value for name, value in request.headers.items()},
        body=body,
    )
