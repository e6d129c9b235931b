"""The retry table, row by row, and the waits that servers name."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from poe_tui.api import retry
from poe_tui.api.errors import (
    APIError,
    APIStatusError,
    ConnectionFailed,
    ConnectionLost,
    ConnectTimeout,
    IdleTimeout,
    NotAnAPIAnswer,
    RateLimited,
    ServerError,
)
from poe_tui.api.retry import Attempts, named_wait, wants_retry
from poe_tui.api.statuses import status_error


def failed(status: int) -> APIStatusError:
    return status_error(status, {}, b"")


def quota() -> RateLimited:
    error = RateLimited("quota", http_status=429)
    error.quota = True
    return error


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ConnectionFailed("refused", host="h", retryable=True), True),
        (ConnectTimeout("slow", host="h", retryable=True), True),
        (ConnectionFailed("certificate", host="h"), False),
        (failed(429), True),
        (quota(), False),
        (failed(503), True),
        (failed(529), True),
        (failed(500), True),
        (failed(502), True),
        *((failed(status), False) for status in (400, 401, 402, 403, 404, 408, 409, 413, 422, 501, 504, 511)),
        (ConnectionLost("reset"), False),
        (IdleTimeout("silent", seconds=120), False),
        (NotAnAPIAnswer("page"), False),
        (ServerError("in the body of a 200", http_status=200), False),
        (APIError("else"), False),
    ],
)
def test_the_table(error: APIError, again: bool) -> None:
    assert wants_retry(error, Attempts(sent=1), chained=False) is again
    assert wants_retry(error, Attempts(sent=3), chained=False) is False


def test_a_500_or_502_is_repeated_once_in_a_turn() -> None:
    attempts = Attempts(sent=1, server_error_retried=True)
    assert not wants_retry(failed(500), attempts, chained=False)
    assert not wants_retry(failed(502), attempts, chained=False)
    assert wants_retry(failed(503), attempts, chained=False)


def test_a_chained_500_is_left_to_the_caller() -> None:
    assert not wants_retry(failed(500), Attempts(sent=1), chained=True)
    assert wants_retry(failed(502), Attempts(sent=1), chained=True)


def test_without_time_to_connect_there_is_no_other_try() -> None:
    error = ConnectionFailed("refused", host="h", retryable=True)
    assert not wants_retry(error, Attempts(sent=1, connect_left=0), chained=False)


def test_the_waits_double_up_to_eight_seconds() -> None:
    assert [retry.backoff(number) for number in range(8)] == [0.25, 0.5, 1, 2, 4, 8, 8, 8]
    assert retry.backoff(10_000) == 8
    assert all(0 <= retry.jitter(0.25) <= 0.25 for _ in range(50))


@pytest.mark.parametrize(
    ("headers", "status", "wait"),
    [
        ({}, 429, None),
        ({"retry-after": "2"}, 503, 2),
        ({"retry-after": "1.5"}, 429, 1.5),
        ({"retry-after": " 0 "}, 429, 0),
        ({"retry-after": "1000000000"}, 429, 1e9),
        ({"retry-after": "1e9"}, 429, 1e9),
        ({"retry-after": "-1"}, 429, None),
        ({"retry-after": "soon"}, 429, None),
        ({"retry-after": "nan"}, 429, None),
        ({"retry-after": "inf"}, 429, None),
        ({"retry-after": formatdate(1005, usegmt=True)}, 429, 5),
        ({"retry-after": formatdate(900, usegmt=True)}, 429, 0),
        ({"retry-after": "Wed, 99 Foo 2026 00:00:00 GMT"}, 429, None),
        ({"retry-after": "-1", "retry-after-ms": "350"}, 429, 0.35),
        ({"retry-after": "3", "retry-after-ms": "350"}, 429, 3),
        ({"retry-after-ms": "x", "x-ratelimit-reset-requests": "1"}, 429, 1),
        ({"retry-after-ms": "20", "x-ratelimit-reset-requests": "1"}, 429, 0.02),
        ({"x-ratelimit-reset-requests": "6m0s"}, 429, 360),
        ({"x-ratelimit-reset-requests": "1h2m3.5s"}, 429, 3723.5),
        ({"x-ratelimit-reset-requests": "350ms"}, 429, 0.35),
        ({"x-ratelimit-reset-requests": "later"}, 429, None),
        ({"x-ratelimit-reset-requests": ""}, 429, None),
        ({"x-ratelimit-reset-requests": "1"}, 503, None),
    ],
)
def test_the_wait_a_server_names(headers: dict[str, str], status: int, wait: float | None) -> None:
    found = named_wait(headers, status, now=1000.0)
    assert found == (None if wait is None else pytest.approx(wait))


def test_the_reason_is_in_plain_words() -> None:
    assert retry.reason(failed(503)) == "the server is not available (503)"
    assert retry.reason(failed(500)) == "the provider failed (500)"
    assert (
        retry.reason(ConnectionFailed("m", host="h", cause="the connection was refused"))
        == "the connection was refused"
    )
    assert retry.reason(ConnectionFailed("m", host="h")) == "no connection"


def test_a_budget_is_never_below_nothing() -> None:
    assert Attempts(limit=1, sent=5).left == 0
