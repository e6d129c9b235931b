"""HTTP statuses and error bodies made into the error tree. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from poe_tui.api import faults, retry
from poe_tui.api.errors import APIStatusError, NotAnAPIAnswer, RateLimited, status_class

_WORDS = {
    400: "The server does not accept the request.",
    401: "The server does not accept the key.",
    402: "The point balance is used up.",
    403: "The server does not allow this.",
    404: "The server knows no such model or address.",
    408: "The server gave up waiting for the request.",
    413: "The request is larger than the server takes.",
    429: "Too many requests.",
    500: "The provider failed.",
    502: "The provider cannot be reached.",
    503: "The server is not available just now.",
    504: "The provider did not answer in time.",
    529: "The server is overloaded.",
}

_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "insufficient_credits": 402,
    "insufficient_quota": 402,
    "moderation_error": 403,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "overloaded_error": 503,
}


def status_error(status: int, headers: Mapping[str, str], body: bytes) -> APIStatusError:
    """Return the error that an answer with this status and body means."""
    return _error(status, status, headers, faults.read_body(body))


def error_in_success(headers: Mapping[str, str], value: dict[str, Any]) -> APIStatusError:
    """Return the error that a body says under status 200; its class is that of the status it should have had."""
    fault = faults.read(value)
    code = str(fault.code)
    meant = int(code) if code.isdigit() and 400 <= int(code) < 600 else _STATUS_OF_TYPE.get(fault.type or "", 500)
    return _error(200, meant, headers, fault)


def _error(status: int, meant: int, headers: Mapping[str, str], fault: faults.Fault) -> APIStatusError:
    error = status_class(meant)(
        fault.message or _WORDS.get(meant) or f"The server answered with status {status}.",
        http_status=status,
        type=fault.type,
        code=fault.code,
        request_id=headers.get("x-request-id") or fault.request_id,
        retry_after=retry.named_wait(headers, status),
    )
    error.param = fault.param
    if isinstance(error, RateLimited):
        error.quota = retry.is_quota(fault.type, fault.code, error.message)
    return error


def redirected(status: int, location: str, media_type: str) -> NotAnAPIAnswer:
    """Return the error for a redirect: the key is not carried to wherever it points."""
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    where = f" to {host}" if host else ""
    return NotAnAPIAnswer(
        f"The server redirects{where} ({status}); redirects are not followed with the key.",
        content_type=media_type,
        http_status=status,
    )
