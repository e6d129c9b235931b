"""Which proxy is taken, and which hosts go without."""

from __future__ import annotations

import importlib.util

import pytest

from poe_tui.api.proxies import BadProxy, Proxy, bypassed, choose, parse


@pytest.mark.parametrize(
    ("environ", "label"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p:3128"}, "http://p:3128"),
        ({"https_proxy": "http://low:1", "HTTPS_PROXY": "http://high:2"}, "http://low:1"),
        ({"ALL_PROXY": "http://all:1"}, "http://all:1"),
        ({"ALL_PROXY": "http://all:1", "HTTPS_PROXY": "p"}, "http://p:80"),
        ({"HTTP_PROXY": "http://plain:1"}, None),
        ({"HTTPS_PROXY": "  "}, None),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "api.poe.com"}, None),
        ({"HTTPS_PROXY": "http://p", "no_proxy": "other.com"}, "http://p:80"),
        ({"HTTPS_PROXY": "https://[::1]"}, "https://[::1]:443"),
    ],
)
def test_the_environment(environ: dict[str, str], label: str | None) -> None:
    proxy = choose("api.poe.com", 443, None, environ)
    assert (None if proxy is None else proxy.label) == label


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_is_always_direct(host: str) -> None:
    assert choose(host, 443, "http://p:1", {"HTTPS_PROXY": "http://p:2"}) is None


def test_the_setting_wins_over_the_environment() -> None:
    environ = {"HTTPS_PROXY": "http://env:1", "NO_PROXY": "*"}
    assert choose("h", 443, "http://set:2", environ) == Proxy("http", "set", 2)
    for word in ("none", " Direct "):
        assert choose("h", 443, word, {"HTTPS_PROXY": "http://env:1"}) is None
    for word in ("", " ", None):
        assert choose("h", 443, word, {"HTTPS_PROXY": "http://env:1"}) == Proxy("http", "env", 1)


def test_user_and_password_are_kept_from_every_message() -> None:
    proxy = parse("http://user:p%40ss@proxy.corp:8080/")
    assert proxy.auth == ("user", "p@ss")
    assert parse("http://user@p").auth == ("user", "")
    assert "ss" not in proxy.label + repr(proxy)
    for wrong in ("ftp://user:secret@p", "http://user:secret@p:x", "http://user:secret@", "http://user:secret@[", "//"):
        with pytest.raises(BadProxy) as caught:
            parse(wrong)
        assert "secret" not in str(caught.value)
    with pytest.raises(BadProxy):
        parse("http://pröxy")


def test_a_socks_proxy_without_support_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadProxy, match=r"socks5://p:1080 needs SOCKS support: pip install 'httpx\[socks\]'"):
        parse("socks5://u:secret@p")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert parse("socks5h://p:9").port == 9


@pytest.mark.parametrize(
    ("no_proxy", "covered"),
    [
        ("", False),
        ("*", True),
        ("poe.com", True),
        (".poe.com", True),
        ("*.poe.com", True),
        ("API.POE.COM.", True),
        ("oe.com", False),
        ("a.com, poe.com", True),
        ("a.com poe.com", True),
        ("poe.com:443", True),
        ("poe.com:80", False),
        ("10.0.0.0/8", False),
        (",,", False),
    ],
)
def test_names_in_no_proxy(no_proxy: str, covered: bool) -> None:
    assert bypassed("api.poe.com", 443, no_proxy) is covered


@pytest.mark.parametrize(
    ("host", "no_proxy", "covered"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3:443", True),
        ("fd00::5", "fd00::/8", True),
        ("fd00::5", "[fd00::5]:443", True),
        ("fd00::5", "[fd00::5]:80", False),
        ("fd00::5", "fd00::6", False),
    ],
)
def test_addresses_and_networks_in_no_proxy(host: str, no_proxy: str, covered: bool) -> None:
    assert bypassed(host, 443, no_proxy) is covered
