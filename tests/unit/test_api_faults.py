"""Error bodies in every clothes they were seen in, and the class each status becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.api import errors, faults
from poe_tui.api.errors import APIStatusError, RateLimited, WaitTooLong
from poe_tui.api.faults import Fault, merge, read, read_body
from poe_tui.api.statuses import error_in_success, redirected, status_error

VENDOR = {"error": {"code": 401, "type": "authentication_error", "message": "Invalid API key", "metadata": {}}}


def fields(fault: Fault) -> tuple[Any, Any, Any]:
    return fault.message, fault.type, fault.code


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (VENDOR, ("Invalid API key", "authentication_error", 401)),
        ({"error": {"message": "m", "type": "t", "error_id": "abc"}}, ("m", "t", None)),
        ({"error": {"message": "m", "type": "t", "code": "500", "param": None}}, ("m", "t", "500")),
        ({"type": "error", "error": {"type": "t", "message": "m"}, "request_id": "abc"}, ("m", "t", None)),
        ({"code": "invalid-argument", "error": "Bad key."}, ("Bad key.", None, "invalid-argument")),
        ({"error": "text"}, ("text", None, None)),
        ({"type": "error", "error": "text"}, ("text", None, None)),
        ({"detail": "Not Found"}, ("Not Found", None, None)),
        ({"detail": [{"loc": ["body", "input"], "msg": "Field required"}]}, ("input: Field required", None, None)),
        ({"detail": [{"msg": "no"}, {"x": 1}]}, ("no", None, None)),
        ({"detail": [1]}, ("[1]", None, None)),
        ({"detail": {"message": "m"}}, ("m", None, None)),
        ({"detail": {"x": 1}}, ('{"x": 1}', None, None)),
        ({"title": "Gone"}, ("Gone", None, None)),
        ({"message": "m", "code": 5, "type": "t"}, ("m", "t", 5)),
        ({"errors": [{"message": "first"}, {"message": "second"}]}, ("first", None, None)),
        ([{"error": {"message": "m", "code": 400, "status": "INVALID"}}], ("m", None, 400)),
        ({"error": {"message": {"message": "inner"}}}, ("inner", None, None)),
        ({"error": {"message": ["x"]}}, ("x", None, None)),
        ({"error": {"message": {"y": 1}}}, ('{"y": 1}', None, None)),
        ({"error": {"message": json.dumps({"error": {"message": "inner"}}), "type": "t"}}, ("inner", "t", None)),
        ({"error": {"message": "{not json", "code": True, "type": 7}}, ("{not json", None, None)),
        ({"error": {"message": "prefix: " + json.dumps(VENDOR)}}, ("prefix: " + json.dumps(VENDOR), None, None)),
        ("just text", ("just text", None, None)),
        ([], (None, None, None)),
        ({}, (None, None, None)),
        ({"error": {}}, (None, None, None)),
        (None, (None, None, None)),
        (42, (None, None, None)),
    ],
)
def test_every_shape(body: Any, expected: tuple[Any, Any, Any]) -> None:
    assert fields(read(body)) == expected
    assert fields(read_body(json.dumps(body).encode())) == (expected if body is not None else ("null", None, None))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", None),
        (b"  \n", None),
        (b"upstream connect error", "upstream connect error"),
        (b"<html><head><title>502 Bad\n Gateway</title></head></html>", "502 Bad Gateway"),
        (b"<!DOCTYPE html><body><h1>Just a moment&hellip;</h1><p>x", "Just a moment…"),
        (b"<html><body>Log <b>in</b></body></html>", "Log in"),
        (b'data: {"error": {"message": "m", "code": "500"}}\n\ndata: [DONE]\n\n', "m"),
        (b"data: oops\n\n", "data: oops"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[" * 100_000, "[" * 4000 + "…"),
        (b'{"error":{"message":"a\\ud83d"}}', "a\ufffd"),
    ],
)
def test_bodies_that_are_not_json_have_words_but_no_code(body: bytes, message: str | None) -> None:
    assert fields(read_body(body)) == (message, None, None)


def test_the_request_id_is_found_in_the_body() -> None:
    assert read({"type": "error", "error": {"message": "m"}, "request_id": "r"}).request_id == "r"
    assert read({"error": {"message": "m", "error_id": "e"}}).request_id == "e"


def test_merging_prefers_the_second() -> None:
    first, second = Fault("a", "t", 1, "p", "r"), Fault("b", None, None)
    assert merge(None, second) is second
    assert merge(first, second) == Fault("b", "t", 1, "p", "r")


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(["error", "message", "detail", "type", "code", "msg", "loc"]), inner)
        ),
        max_leaves=8,
    )
)
def test_no_value_raises(value: Any) -> None:
    found = read(value)
    assert found.message is None or isinstance(found.message, str)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.AuthenticationError),
        (402, errors.InsufficientCredits),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (408, errors.RequestTimeout),
        (413, errors.RequestTooLarge),
        (422, errors.BadRequest),
        (429, errors.RateLimited),
        (500, errors.ServerError),
        (529, errors.ServerError),
        (409, APIStatusError),
        (418, APIStatusError),
    ],
)
def test_every_status_has_its_class_and_words_of_its_own(status: int, kind: type[APIStatusError]) -> None:
    error = status_error(status, {"x-request-id": "req_1"}, json.dumps(VENDOR).encode())
    assert type(error) is kind
    assert error.as_dict() == {
        "type": "authentication_error",
        "code": 401,
        "message": "Invalid API key",
        "http_status": status,
        "request_id": "req_1",
    }
    silent = status_error(status, {}, b"")
    assert (silent.type, silent.code, silent.request_id) == (None, None, None)
    assert silent.message
    assert str(silent) == silent.message
    assert not silent.unsent


@pytest.mark.parametrize(
    ("body", "quota"),
    [
        ({"type": "rate_limit_error", "message": "Rate limit exceeded (500 rpm)"}, False),
        ({"type": "insufficient_quota", "message": "no"}, True),
        ({"code": "insufficient_quota", "message": "no"}, True),
        ({"message": "You exceeded your current quota, please check your plan and billing details."}, True),
        ({"message": "Resource has been exhausted (e.g. check quota)."}, True),
        ({"message": "You've used up your points! Visit https://poe.com/api/keys to get more."}, True),
        ({"message": "Rate limit reached; add a payment method at https://x/account/billing"}, False),
    ],
)
def test_a_quota_is_told_from_a_rate_limit(body: dict[str, str], quota: bool) -> None:
    error = status_error(429, {}, json.dumps({"error": body}).encode())
    assert isinstance(error, RateLimited)
    assert error.quota is quota


def test_the_field_complained_of_is_named() -> None:
    error = status_error(400, {}, b'{"error":{"message":"m","param":"previous_response_id"}}')
    assert error.param == "previous_response_id"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (VENDOR, errors.AuthenticationError),
        ({"error": {"code": "429", "message": "m"}}, errors.RateLimited),
        ({"error": {"type": "not_found_error", "message": "m"}}, errors.NotFound),
        ({"error": {"type": "insufficient_quota", "message": "m"}}, errors.InsufficientCredits),
        ({"error": "text"}, errors.ServerError),
        ({"error": {"code": 7, "message": "m"}}, errors.ServerError),
    ],
)
def test_an_error_under_status_200_gets_the_class_it_means(body: dict[str, Any], kind: type[APIStatusError]) -> None:
    error = error_in_success({}, body)
    assert type(error) is kind
    assert error.http_status == 200


@pytest.mark.parametrize(
    ("location", "words"),
    [("https://login.example/x?next=1", " to login.example "), ("/other", "redirects (302)"), ("http://[", "(302)")],
)
def test_a_redirect_names_the_host_only(location: str, words: str) -> None:
    error = redirected(302, location, "text/html")
    assert words in error.message
    assert "next" not in error.message
    assert (error.http_status, error.content_type) == (302, "text/html")


@pytest.mark.parametrize(
    ("seconds", "words"), [(130, "2 minutes"), (3600, "60 minutes"), (7200, "2 hours"), (1e9, "11574 days")]
)
def test_a_long_wait_is_named_in_words_and_keeps_what_the_server_said(seconds: float, words: str) -> None:
    cause = status_error(429, {"x-request-id": "r"}, b'{"error":{"message":"quota","type":"t","code":"c"}}')
    error = WaitTooLong(cause, seconds)
    assert words in error.message
    assert "quota" in error.message
    assert (error.type, error.code, error.http_status, error.request_id) == ("t", "c", 429, "r")
    assert (error.seconds, error.retry_after, error.quota) == (seconds, seconds, True)


def test_html_words_of_a_page_without_any() -> None:
    assert faults.html_words("<html></html>") == ""
