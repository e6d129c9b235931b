"""Why a turn failed, in one word."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.engine.reasons import Reason, length, link, of

LITELLM = "litellm.BadRequestError: OpenAIException - "


@pytest.mark.parametrize(
    ("status", "message", "more", "reason"),
    [
        (400, "Model does not support responses method.", {}, "no_responses"),
        (400, "Token unit price not found for entity: 1:5860961", {}, "no_responses"),
        (400, "Unsupported parameter: 'top_p'", {}, "unsupported_field"),
        (400, "Unsupported value: 'high' is not supported with the 'x' model.", {}, "unsupported_field"),
        (400, "anthropic does not support parameters: ['reasoning_effort']", {}, "unsupported_field"),
        (400, "litellm.UnsupportedParamsError: anthropic does not support parameters", {}, "unsupported_field"),
        (400, "X", {"code": "unsupported_feature_for_model", "param": "model"}, "no_tools"),
        (400, "Functions are not supported with gpt-4o-search.", {}, "no_tools"),
        (400, "Previous response cannot be used for this organization due to Zero Data Retention.", {},
         "chain_refused"),
        (400, "This model's maximum context length is 128000 tokens. However, your messages resulted in 130012 tokens.",
         {"code": "context_length_exceeded"}, "prompt_too_long"),
        (400, "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).", {},
         "prompt_too_long"),
        (400, "max_tokens: 99999 > 8192, which is the maximum allowed number of output tokens", {}, "bad_request"),
        (500, "prompt is too long: 1001081 tokens > 1000000 maximum", {}, "prompt_too_long"),
        (500, "upstream broke", {"type": "provider_error"}, "provider_failed"),
        (502, "bad gateway", {}, "provider_failed"),
        (503, "restarting", {}, "overloaded"),
        (400, "Your request was flagged by the content policy", {}, "moderation"),
        (403, "no", {"type": "moderation_error"}, "moderation"),
        (401, "no", {}, "bad_key"),
        (400, "Unknown model: acme-1", {}, "unknown_model"),
        (404, "nothing here", {}, "unknown_model"),
        (429, "Resource has been exhausted (e.g. check quota).", {}, "quota"),
        (429, "slow down", {}, "rate_limited"),
        (418, "I'm a teapot", {}, "bad_request"),
        # In a stream that had begun there is no status.
        (None, "busy", {"code": "rate_limit_exceeded"}, "rate_limited"),
        (None, "sorry", {"code": "server_error"}, "provider_failed"),
        (None, "You've used up your points!", {}, "no_points"),
        (200, "no", {"type": "authentication_error"}, "bad_key"),
        (None, "No connection", {"type": "connection_error"}, None),
        (None, "poe-tui failed", {"type": "internal_error"}, None),
        (None, "", {}, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("prefix", ["", LITELLM])
def test_the_reason(status: int | None, message: str, more: dict[str, Any], reason: str | None, prefix: str) -> None:
    assert of({"http_status": status, "message": prefix + message, **more}, "Acme-1") == reason


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([None, 200, 400, 401, 402, 403, 404, 405, 408, 413, 418, 422, 429, 500, 502, 503, 504, 529]),
    st.text(max_size=30) | st.none() | st.integers(),
    st.text(max_size=10) | st.none(),
)
def test_every_status_that_is_an_error_has_one(status: int | None, message: Any, code: str | None) -> None:
    found = of({"http_status": status, "message": message, "code": code}, "m")
    assert found in (None, *get_args(Reason))
    assert found is not None or status in (None, 200)


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("prompt is too long: 1001081 tokens > 1000000 maximum", {"tokens": 1001081, "limit": 1000000}),
        ("This model's maximum context length is 128,000 tokens. However, your messages resulted in 130,012 tokens.",
         {"tokens": 130012, "limit": 128000}),
        ("too long", {}),
    ],
)  # fmt: skip
def test_how_long(message: str, found: dict[str, int]) -> None:
    assert length(message) == found


def test_where_points_are_to_be_had() -> None:
    assert link("no link", "https://api.poe.com/v1") == "https://poe.com/api/keys"
    assert link("Visit https://x.example/pay.", "https://x.example/v1") == "https://x.example/pay"
    assert link("Visit http://x.example/", "https://x.example/v1") is None
    assert link("", "nonsense") is None
