"""
Transport exceptions turned into ours: what failed, in words, with the machine named and no secret.

httpx, httpcore, anyio, ssl and asyncio each have their own exceptions, some without a word of text (a reset is
``ReadError("")``). The cause is looked for down the chain. The original is not kept: its frames hold the request.
"""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import dataclass

import httpcore

from poe_tui.api.errors import APIError, ConnectionFailed, ConnectionLost, ConnectTimeout, IdleTimeout

CAUGHT = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    OSError,
)
"""What sending and reading may raise. ``TimeoutError`` and ``ssl.SSLError`` are kinds of ``OSError``."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes: ``server`` is ``host`` or ``host:port``, ``proxy`` the proxy's label."""

    server: str
    proxy: str | None = None

    @property
    def first(self) -> str:
        """The machine that is connected to."""
        return self.server if self.proxy is None else f"the proxy {self.proxy}"


def explain(error: BaseException, route: Route, *, sent: bool, idle: float | None) -> APIError:
    """Return our error for a transport exception. ``sent``: the request had begun to leave."""
    if isinstance(error, httpcore.ReadTimeout | httpcore.WriteTimeout) and sent:
        return silent(route, idle or 0.0)
    if sent:
        return ConnectionLost(
            f"The connection to {route.server} broke{_because(error)} after the request was sent. It may have been "
            "accepted, so it is not sent again by itself."
        )
    if isinstance(error, httpcore.ProxyError):
        return _by_proxy(str(error), route)
    if isinstance(error, TimeoutError | httpcore.TimeoutException):
        return ConnectTimeout(
            f"{route.first} does not answer. Nothing was sent.",
            host=route.first,
            cause="it does not answer",
            retryable=True,
        )
    cause, again = _cause(error)
    return ConnectionFailed(
        f"Cannot connect to {route.first}: {cause}. Nothing was sent.", host=route.first, cause=cause, retryable=again
    )


def too_slow(route: Route, budget: float) -> ConnectTimeout:
    """All the seconds that the turn may spend connecting are used up: there is no other try."""
    return ConnectTimeout(
        f"No connection to {route.first} within {budget:.0f} s. Nothing was sent.",
        host=route.first,
        cause="it does not answer",
    )


def silent(route: Route, seconds: float, *, alive: bool = False) -> IdleTimeout:
    """The server fell silent; ``alive``: it keeps the line open and says nothing."""
    how = "kept the line open but sent no part of an answer" if alive else "sent nothing"
    return IdleTimeout(
        f"{route.server} {how} for {seconds:.0f} s. The request may have been accepted and billed.", seconds=seconds
    )


def _by_proxy(words: str, route: Route) -> ConnectionFailed:
    """A proxy that answers CONNECT with an error; 502 to 504 mean that it could not connect either."""
    status = words[:3]
    if status == "407":
        cause = "it wants a user name and password that it knows"
    else:
        cause = f"it answered {status}" if status.isdigit() else "it refused"
    return ConnectionFailed(
        f"{route.first[0].upper()}{route.first[1:]} does not connect to {route.server}: {cause}. Nothing was sent.",
        host=route.first,
        cause=cause,
        retryable=status in ("502", "503", "504"),
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    """The exception and everything it comes from, groups opened."""
    found: list[BaseException] = []
    queue = [error]
    while queue and len(found) < 20:
        current = queue.pop(0)
        if current is None or current in found:
            continue
        found.append(current)
        if isinstance(current, BaseExceptionGroup):
            queue.extend(current.exceptions)
        queue.append(current.__cause__ or current.__context__)
    return found


_BY_ERRNO = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ENETUNREACH: "the network cannot be reached",
    errno.EHOSTUNREACH: "there is no way to it",
    errno.ETIMEDOUT: "it does not answer",
    errno.ENETDOWN: "the network is down",
    errno.EADDRNOTAVAIL: "the network is down",
}


def _cause(error: BaseException) -> tuple[str, bool]:
    """Say why no connection came about, and whether connecting itself failed, so that another try makes sense."""
    chain = _chain(error)
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return f"its certificate is not valid ({one.verify_message or one.reason})", False
        if isinstance(one, ssl.SSLError):
            return f"no secure connection ({(one.reason or 'TLS failed').lower().replace('_', ' ')})", False
    for one in chain:
        if isinstance(one, socket.gaierror):
            return "its name cannot be found (no network, or a typing error)", True
    for one in chain:
        if isinstance(one, OSError) and one.errno in _BY_ERRNO:
            return _BY_ERRNO[one.errno], True
    if any(isinstance(one, httpcore.ReadError | httpcore.ProtocolError | ConnectionError) for one in chain):
        return "it broke the connection off", False
    return "the connection failed", isinstance(error, httpcore.ConnectError)


def _because(error: BaseException) -> str:
    chain = _chain(error)
    if any(isinstance(one, ConnectionResetError) for one in chain):
        return " (reset)"
    if any(isinstance(one, httpcore.RemoteProtocolError) for one in chain):
        return " off"
    return ""
