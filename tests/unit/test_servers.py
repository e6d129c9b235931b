"""Base URLs: one form, no key in the clear, and which servers are the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import servers
from poe_tui.servers import BadServer, is_loopback, normalise, origin


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        (servers.POE, servers.POE),
        (" HTTPS://API.Poe.com:443/v1/ ", servers.POE),
        ("https://x.example", "https://x.example"),
        ("https://x.example:8443//v1//", "https://x.example:8443//v1"),
        ("http://localhost:8080/v1", "http://localhost:8080/v1"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:80/v1", "http://[::1]/v1"),
    ],
)
def test_one_form(typed: str, form: str) -> None:
    assert normalise(typed) == form
    assert normalise(form) == form


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Must be a URL"),
        ("api.poe.com/v1", "Must be a URL"),
        ("ftp://x", "Must be a URL"),
        ("https://", "Must be a URL"),
        ("https://:80", "Must name a host"),
        ("https://[::1", "Must be a URL"),
        ("https://x:99999", "Must have a port"),
        ("https://x:p", "Must have a port"),
        ("http://poe.com/v1", "Must be https"),
        ("http://127.0.0.1.evil.example", "Must be https"),
        ("http://localhost.evil.example", "Must be https"),
        ("https://me:secret@x.example", "user name or password"),
        ("https://api.poe.com@evil.example", "user name or password"),
        ("https://x.example/v1?a=b", "query or fragment"),
        ("https://x.example/#", "query or fragment"),
        ("https://p\u043ee.com", "plain ASCII"),
        ("https://x.example/a b", "plain ASCII"),
        ("https://x.example\\@y.example", "plain ASCII"),
    ],
)
def test_what_must_not_be_used_is_refused_in_words(typed: str, words: str) -> None:
    with pytest.raises(BadServer, match=words) as raised:
        normalise(typed)
    assert "secret" not in str(raised.value)


def test_origin_is_what_a_key_is_bound_to() -> None:
    assert origin("https://API.poe.com/v1") == origin("https://api.poe.com:443") == "https://api.poe.com"
    assert origin("https://api.poe.com:444") != origin(servers.POE)


def test_loopback_looks_nothing_up() -> None:
    assert is_loopback("LOCALHOST")
    assert is_loopback("::1")
    assert not is_loopback("10.0.0.1")
    assert not is_loopback("poe.com")


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text(max_size=30).map(lambda rest: f"https://{rest}")))
def test_anything_is_taken_or_refused(text: str) -> None:
    try:
        form = normalise(text)
    except BadServer:
        return
    assert normalise(form) == form
    assert form.startswith(origin(text))
