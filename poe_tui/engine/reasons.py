"""Why a turn failed, in one word that what is drawn and printed can map to a sentence. Pure.

Servers use their own types and codes, or none at all, and gateways wrap one another's words
(``litellm.BadRequestError: OpenAIException - …``), so that the status is asked first and the words second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from poe_tui.engine import route
from poe_tui.sanitize import clean_url

Reason = Literal[
    "bad_key", "no_points", "quota", "rate_limited", "wait_too_long", "moderation", "forbidden", "unknown_model",
    "prompt_too_long", "request_too_large", "no_tools", "unsupported_field", "no_responses", "chain_refused",
    "timed_out", "overloaded", "provider_failed", "bad_request", "invalid_field",
]  # fmt: skip
"""What ``turn.error["reason"]`` may hold for a failed turn; an unlisted failure has none.

``invalid_field`` is ours (a field out of bounds: nothing was sent), ``wait_too_long`` the client's; the rest is read
out of the server's words. ``error["param"]`` names the field of the two about fields, where it is known.
"""

KEYS_PAGE: Final = "https://poe.com/api/keys"
"""Where Poe sells points and hands out keys (observed on Poe)."""

_UNKNOWN_MODEL: Final = re.compile(
    r"\b(model|bot|deployment)\b.*(not found|not exist|unknown|not supported|invalid|no access)"
    r"|(unknown|invalid|no such|not found)\b.*\b(model|bot)\b|model_not_found",
    re.IGNORECASE | re.DOTALL,
)
_TOO_LONG: Final = re.compile(
    r"\b(prompt|input|conversation|request|messages?)\b.{0,40}\btoo (long|many tokens)\b|\btoo many (input )?tokens\b"
    r"|\bcontext[ _](length|window|limit|size)\b|\bmaximum context\b|\b(input|prompt)[ _]tokens?\b.{0,60}\bexceed"
    r"|\bexceed\w*\b.{0,60}\btokens?\b|\btokens? > \d",
    re.IGNORECASE | re.DOTALL,
)
_OVER: Final = re.compile(r"(\d[\d,_]{2,})\s*(?:tokens?)?\s*>\s*(\d[\d,_]{2,})")
_LIMIT: Final = re.compile(
    r"\b(?:maximum|limit|up to|at most)\b\D{0,40}?(\d[\d,_]{2,})\s*(?:input )?tokens", re.IGNORECASE
)
_COUNT: Final = re.compile(
    r"\b(?:resulted in|requested|contains?|has|have|was|got|is)\b\D{0,20}?(\d[\d,_]{2,})\s*(?:input )?tokens",
    re.IGNORECASE,
)
_NO_TOOLS: Final = re.compile(
    r"\b(tools?|functions?)\b.{0,40}\bnot (\w+ )?support|\bnot support.{0,40}\b(tools?|functions?)\b"
    r"|unsupported_feature_for_model",
    re.IGNORECASE | re.DOTALL,
)
_UNSUPPORTED: Final = re.compile(
    r"\b(unsupported|unknown|unrecogni[sz]ed)[ _](value|parameter|argument|field)|UnsupportedParamsError"
    r"|\bextra inputs are not permitted\b|\bdoes not support (the )?(parameter|field)",
    re.IGNORECASE,
)
_MODERATED: Final = re.compile(
    r"moderation|content[ _](policy|filter)|safety system|usage polic|bio_policy", re.IGNORECASE
)
_NO_POINTS: Final = re.compile(r"used up your points|insufficient_credits|insufficient (points|credits)", re.IGNORECASE)
_BY_STATUS: Final[Mapping[int, Reason]] = {
    400: "bad_request", 422: "bad_request", 408: "timed_out", 504: "timed_out", 413: "request_too_large",
    403: "forbidden", 404: "unknown_model", 503: "overloaded", 529: "overloaded",
}  # fmt: skip
_BY_KIND: Final[Mapping[str, Reason]] = {
    "authentication_error": "bad_key", "invalid_api_key": "bad_key", "permission_error": "forbidden",
    "rate_limit_error": "rate_limited", "rate_limit_exceeded": "rate_limited", "overloaded_error": "overloaded",
    "timeout_error": "timed_out", "provider_error": "provider_failed", "upstream_error": "provider_failed",
    "server_error": "provider_failed", "request_too_large": "request_too_large",
    "insufficient_quota": "quota", "invalid_request_error": "bad_request",
}  # fmt: skip
"""For errors without a status: they came in a stream that had begun, under 200."""


def of(error: Mapping[str, Any], model: str) -> Reason | None:
    """Return the reason of a failed turn's error; ``None`` for what is none of the server's answers."""
    message = str(error.get("message") or "")
    kinds = [str(error.get(name) or "") for name in ("type", "code")]
    said = " ".join([*kinds, message])
    status = error.get("http_status")
    if status in (None, 200) and not any(kind in _BY_KIND for kind in kinds):
        status = None
    if status == 401 or "authentication_error" in kinds:
        return "bad_key"
    if status == 402 or _NO_POINTS.search(said):
        return "no_points"
    if status == 429:
        return "quota" if re.search(r"\bquota\b|insufficient_quota", said, re.IGNORECASE) else "rate_limited"
    if status in (None, 200, 400, 403, 404, 413, 422, 500):
        found = _by_words(error, said, model)
        if found is not None:
            return found
    by_kind = next((_BY_KIND[kind] for kind in kinds if kind in _BY_KIND), None)
    if status in (None, 200):
        return by_kind
    if isinstance(status, int) and status >= 500:
        return _BY_STATUS.get(status, "provider_failed")
    return _BY_STATUS.get(status, by_kind or "bad_request") if isinstance(status, int) else None


def _by_words(error: Mapping[str, Any], said: str, model: str) -> Reason | None:
    status = error.get("http_status")
    if _TOO_LONG.search(said) and not re.search(r"\bmax_(output_|completion_)?tokens\b", said):
        return "prompt_too_long"
    if is_unknown_model(error, model):
        return "unknown_model"
    if status in (None, 200, 400, 403) and _MODERATED.search(said):
        return "moderation"
    if status in (403, 413):
        return None
    if route.refusal(error) is not None and status != 404:
        return "no_responses"
    if re.search(r"previous[\s_-]*response|data[\s_-]*retention", said, re.IGNORECASE):
        return "chain_refused"
    if _NO_TOOLS.search(said):
        return "no_tools"
    return "unsupported_field" if _UNSUPPORTED.search(said) else None


def is_unknown_model(error: Mapping[str, Any], model: str) -> bool:
    """Whether a server's error says that it has no such model."""
    said = f"{error.get('code') or ''} {error.get('message') or ''}"
    if error.get("http_status") not in (400, 404):
        return False
    return bool(_UNKNOWN_MODEL.search(said)) and (
        error.get("http_status") == 404 or model.casefold() in said.casefold()
    )


def length(message: str) -> dict[str, int]:
    """Return what a refusal of a long prompt says of its length: ``tokens`` and their ``limit``, as far as it does."""
    over = _OVER.search(message)
    if over is not None:
        return {"tokens": _whole(over.group(1)), "limit": _whole(over.group(2))}
    found: dict[str, int] = {}
    limit, count = _LIMIT.search(message), None
    if limit is not None:
        found["limit"] = _whole(limit.group(1))
        count = _COUNT.search(message, limit.end())
    if count is not None:
        found["tokens"] = _whole(count.group(1))
    return found


def link(message: str, server: str) -> str | None:
    """Return where points are to be had: Poe's own page, on other servers a link that their words give."""
    host = urlsplit(server).hostname or ""
    if host == "poe.com" or host.endswith(".poe.com"):
        return KEYS_PAGE
    found = re.search(r"https://[^\s\"'<>)\]]+", message)
    return clean_url(found.group().rstrip(".,;:!?")) if found else None


def _whole(digits: str) -> int:
    return int(digits.replace(",", "").replace("_", ""))
