"""
When to ask again and how long to wait: the one table, pure.

=====================================================  =======================================
connection refused, unknown host, connect timeout      again (nothing was sent)
429 that is not about quota, 503, 529                  again
500, 502                                               again, once in a turn
408, 504, 429 about quota, every other status          never
anything after the request left without an answer      never: it may have been accepted
anything after the first byte of a 200                 never
=====================================================  =======================================

At most three requests in a turn, all reasons together. The wait is random between 0 and min(8 s, 250 ms · 2ⁿ), unless
the server names one: ``Retry-After`` (seconds or a date), else ``retry-after-ms``, else, on a 429,
``x-ratelimit-reset-requests``. A named wait is kept up to 120 s; beyond that nothing is sent and the wait is told.
"""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from poe_tui.api.errors import APIError, APIStatusError, ConnectionFailed, RateLimited

MAX_REQUESTS = 3
CONNECT_BUDGET = 15.0
"""Seconds that all tries of a turn together may spend connecting."""
LONGEST_WAIT = 120.0
BASE_DELAY = 0.25
MAX_DELAY = 8.0

AGAIN = frozenset({429, 503, 529})
AGAIN_ONCE = frozenset({500, 502})

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_QUOTA_WORDS = frozenset(
    {"insufficient_quota", "insufficient_credits", "insufficient_points", "quota_exceeded", "billing_error"}
)
_QUOTA_TEXT = re.compile(
    r"\bquota\b|insufficient (?:credit|fund|balance|point)|used up your (?:points|credits)|out of (?:points|credits)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Attempts:
    """What one turn may still spend. A turn that goes on as a replay passes the same object on."""

    limit: int = MAX_REQUESTS
    sent: int = 0
    """Tries so far, those that never got a connection included."""
    connect_budget: float = CONNECT_BUDGET
    connect_left: float = CONNECT_BUDGET
    """Seconds of the budget that connecting has not used up yet."""
    server_error_retried: bool = False
    """Whether a 500 or 502 was already answered by asking again."""

    @property
    def left(self) -> int:
        """How many requests may still be made."""
        return max(0, self.limit - self.sent)


def backoff(retry: int) -> float:
    """Return the longest wait before the ``retry``-th retry (from 0): 250 ms, 500 ms, 1 s … 8 s."""
    return float(min(MAX_DELAY, BASE_DELAY * 2.0 ** min(retry, 10)))


def jitter(ceiling: float) -> float:
    """Return a random wait between 0 and ``ceiling`` seconds ("full jitter")."""
    return random.uniform(0.0, ceiling)


def wants_retry(error: APIError, attempts: Attempts, *, chained: bool) -> bool:
    """
    Decide by the table whether ``error`` is worth another request within ``attempts``.

    A 500 on a ``chained`` request (one with ``previous_response_id``) is not repeated as it is: the caller replays the
    history at once instead, out of the same budget.
    """
    if attempts.left < 1:
        return False
    if isinstance(error, ConnectionFailed):
        return error.retryable and attempts.connect_left > 0
    if not isinstance(error, APIStatusError):
        return False
    if error.status in AGAIN_ONCE:
        return not attempts.server_error_retried and not (chained and error.status == 500)
    return error.status in AGAIN and not (isinstance(error, RateLimited) and error.quota)


def is_quota(type: str | None, code: str | int | None, message: str) -> bool:
    """Tell a used-up quota from a rate limit, by the words the servers use (observed on Poe)."""
    return type in _QUOTA_WORDS or code in _QUOTA_WORDS or _QUOTA_TEXT.search(message) is not None


def named_wait(headers: Mapping[str, str], status: int, now: float | None = None) -> float | None:
    """Return the seconds the server asks us to wait; ``None`` when it does not say, or says nonsense."""
    wait = _retry_after(headers.get("retry-after", ""), time.time() if now is None else now)
    if wait is None:
        milliseconds = _seconds(headers.get("retry-after-ms", ""))
        wait = None if milliseconds is None else milliseconds / 1000
    if wait is None and status == 429:
        wait = _reset(headers.get("x-ratelimit-reset-requests", ""))
    return wait


def _seconds(text: str) -> float | None:
    try:
        value = float(text.strip())
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _retry_after(text: str, now: float) -> float | None:
    wait = _seconds(text)
    if wait is not None or not text.strip():
        return wait
    try:
        date = parsedate_to_datetime(text.strip())
        return max(0.0, date.timestamp() - now)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _reset(text: str) -> float | None:
    """Poe sends plain seconds; OpenAI durations such as ``6m0s`` or ``350ms``."""
    wait = _seconds(text)
    match = _DURATION.fullmatch(text.strip())
    if wait is not None or match is None or not text.strip():
        return wait
    hours, minutes, seconds, milliseconds = (float(group or 0) for group in match.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def reason(error: APIError) -> str:
    """Say in plain words why another request is due."""
    if isinstance(error, ConnectionFailed):
        return error.cause or "no connection"
    words = {429: "too many requests", 503: "the server is not available", 529: "the server is overloaded"}
    status = error.http_status or 0
    return f"{words.get(status, 'the provider failed')} ({status})"
