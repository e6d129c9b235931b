"""
What can go wrong between us and the server: one tree, in words a person can act on.

::

    APIError
    ├── KeyUnusable            the key cannot go into a header; nothing was sent
    ├── ServerRefused          the base URL must not be used: plain http to another machine, a user name in it …
    ├── ConnectionFailed       refused, unknown host, TLS, proxy; nothing was sent
    │   └── ConnectTimeout     the connecting phase took too long; nothing was sent
    ├── ConnectionLost         broke after the request left: it may have been accepted
    ├── IdleTimeout            the server fell silent: it may have been accepted
    ├── NotAnAPIAnswer         HTML, an empty body, an encoding nobody asked for
    ├── LineTooLong            one line of the stream is beyond 32 MB
    └── APIStatusError         the server answered with an error
        ├── BadRequest 400 · AuthenticationError 401 · InsufficientCredits 402 · PermissionDenied 403
        ├── NotFound 404 · RequestTimeout 408 · RequestTooLarge 413 · RateLimited 429 · ServerError 5xx
        └── WaitTooLong        the server asks for a longer wait than we make on our own

Messages hold no key, no header and no body of ours. Server texts are untrusted: clean them before they are shown.
"""

from __future__ import annotations

from typing import Any, ClassVar


class APIError(Exception):
    """The base. ``message`` is for a person; ``type`` and ``code`` are the server's own words where it gave any."""

    unsent: ClassVar[bool] = False
    """Whether the request was surely not accepted, so that asking again cannot be billed twice."""
    slug: ClassVar[str | None] = None
    """What ``type`` is when no server gave one."""

    def __init__(
        self,
        message: str,
        *,
        type: str | None = None,
        code: str | int | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.type = type if type is not None else self.slug
        self.code = code
        self.http_status = http_status
        self.request_id = request_id

    def as_dict(self) -> dict[str, Any]:
        """Return ``{"type", "code", "message", "http_status", "request_id"}``; unknown values are ``None``."""
        return {
            "type": self.type,
            "code": self.code,
            "message": self.message,
            "http_status": self.http_status,
            "request_id": self.request_id,
        }


class KeyUnusable(APIError):
    """The key holds characters that no HTTP header may carry, or there is none. Names the fault, never the key."""

    unsent = True
    slug = "authentication_error"


class ServerRefused(APIError):
    """We will not talk to this base URL: malformed, or it would carry the key in the clear."""

    unsent = True
    slug = "invalid_base_url"


class ConnectionFailed(APIError):
    """No connection came about; nothing was sent. ``host`` is the machine tried: the server or its proxy."""

    unsent = True
    slug = "connection_error"

    def __init__(self, message: str, *, host: str, cause: str = "", retryable: bool = False) -> None:
        super().__init__(message)
        self.host = host
        self.cause = cause
        self.retryable = retryable
        """Whether it was connecting itself that failed (retried), not TLS, a certificate or a proxy's refusal."""


class ConnectTimeout(ConnectionFailed):
    """The connecting phase of the turn is over: 15 s for all tries together."""

    slug = "connect_timeout"


class ConnectionLost(APIError):
    """The connection broke after the request had left. It may have been accepted and billed: never sent again."""

    slug = "connection_lost"


class IdleTimeout(APIError):
    """Nothing came for the idle time. ``seconds`` is how long; the request may have been accepted and billed."""

    slug = "idle_timeout"

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class NotAnAPIAnswer(APIError):
    """Something answered that is not the API: a login page, a proxy's HTML, nothing at all."""

    slug = "not_an_api_answer"

    def __init__(self, message: str, *, content_type: str = "", http_status: int | None = None) -> None:
        super().__init__(message, http_status=http_status)
        self.content_type = content_type


class LineTooLong(APIError):
    """One line, event or body is larger than any honest answer. ``limit`` in bytes."""

    slug = "line_too_long"

    def __init__(self, message: str, *, limit: int) -> None:
        super().__init__(message)
        self.limit = limit


class APIStatusError(APIError):
    """The server answered with an error. ``retry_after`` is the wait it asks for in seconds, if it asks."""

    def __init__(
        self,
        message: str,
        *,
        http_status: int,
        type: str | None = None,
        code: str | int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, type=type, code=code, http_status=http_status, request_id=request_id)
        self.status: int = http_status
        self.retry_after = retry_after
        self.param: str | None = None
        """The request field the server complains of, when it names one."""


class BadRequest(APIStatusError):
    """400 and 422: malformed, a field missing or refused."""


class AuthenticationError(APIStatusError):
    """401: bad or expired key."""


class InsufficientCredits(APIStatusError):
    """402: the point balance is used up."""


class PermissionDenied(APIStatusError):
    """403: policy or plan."""


class NotFound(APIStatusError):
    """404: no such model or endpoint."""


class RequestTimeout(APIStatusError):
    """408: the server gave up waiting."""


class RequestTooLarge(APIStatusError):
    """413: the prompt or an attachment is too large."""


class RateLimited(APIStatusError):
    """429. ``quota`` tells a used-up quota, which waiting does not mend, from a rate limit."""

    quota: bool = False


class ServerError(APIStatusError):
    """5xx: the provider's side. 529 is overload."""


class WaitTooLong(APIStatusError):
    """The server asks for a wait of ``seconds``, more than the 120 s we wait on our own; nothing more was sent."""

    def __init__(self, cause: APIStatusError, seconds: float) -> None:
        super().__init__(
            f"The server asks to wait {_duration(seconds)}: {cause.message}",
            http_status=cause.status,
            type=cause.type,
            code=cause.code,
            request_id=cause.request_id,
            retry_after=seconds,
        )
        self.seconds = seconds
        self.cause_message = cause.message
        self.quota = isinstance(cause, RateLimited) and cause.quota


def _duration(seconds: float) -> str:
    """Say a wait of more than two minutes in words: ``6 minutes``, ``3 hours``, ``11574 days``."""
    for size, word in ((86400, "days"), (3600, "hours")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds / 60:.0f} minutes"


STATUS_CLASSES: dict[int, type[APIStatusError]] = {
    400: BadRequest,
    401: AuthenticationError,
    402: InsufficientCredits,
    403: PermissionDenied,
    404: NotFound,
    408: RequestTimeout,
    413: RequestTooLarge,
    422: BadRequest,
    429: RateLimited,
}


def status_class(status: int) -> type[APIStatusError]:
    """Return the class for an HTTP status; other 4xx (and a redirect) are plain :class:`APIStatusError`."""
    return ServerError if status >= 500 else STATUS_CLASSES.get(status, APIStatusError)
