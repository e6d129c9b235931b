"""Rows of the settings screen: words, bounds, what may be typed and how values are shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import config
from poe_tui.config import PAGES, BadValue, Settings, UnknownSetting, check_binding, parse, row, rows, show


def test_every_row_can_be_shown_on_its_page() -> None:
    pages = [page for page, _, _ in PAGES]
    order = [pages.index(one.page) for one in rows()]
    assert order == sorted(order)
    assert {one.page for one in rows()} | {"keys"} == set(pages)
    for one in rows():
        assert one.title and one.help and one.group and one.description.endswith(".")
        assert len(one.title) <= 22, "the label ends before the value, 24 cells further on"
        assert len(one.help) <= 36
        assert one.section and one.name and one.expectation.startswith("Must be ") and one.facts
        assert show(one, one.default)
        assert one.default is None if one.optional else one.default is not None
        groups = [other.group for other in rows() if other.page == one.page]
        assert sorted(groups, key=groups.index) == groups, "rows of a group stand together"


def test_facts_of_the_bottom_pane() -> None:
    assert row("defaults.top_p").facts == "top_p · number · 0 to 1 · default: not sent"
    assert row("advanced.idle_timeout").facts == "number · 5 to 3600 s · default: 120"
    assert row("general.send_key").facts == "Enter, ^J · default: Enter"
    assert row("defaults.max_output_tokens").bounds_words == "1 or more"
    assert row("account.base_url").bounds_words == ""


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("defaults.top_p", " 0.3 ", 0.3),
        ("defaults.top_p", "1", 1.0),
        ("defaults.top_p", "", None),
        ("defaults.top_p", "Not sent", None),
        ("defaults.top_p", "unset", None),
        ("defaults.max_output_tokens", "4 096", 4096),
        ("defaults.max_output_tokens", "4_096", 4096),
        ("defaults.effort", "HIGH", "high"),
        ("defaults.store", "off", False),
        ("defaults.store", "Yes", True),
        ("defaults.metadata", "a=1, b = x=y", {"a": "1", "b": "x=y"}),
        ("defaults.metadata", "a=1\n\nb=c, d", {"a": "1", "b": "c, d"}),
        ("defaults.instructions", "  two\nlines ", "  two\nlines "),
        ("defaults.instructions", " \n", None),
        ("general.send_key", "^J", "ctrl+j"),
        ("general.model", " GPT-5.2 ", "GPT-5.2"),
        ("account.base_url", "https://x.example/v1/", "https://x.example/v1"),
        ("advanced.proxy", "", None),
        ("advanced.proxy", " http://p:1 ", "http://p:1"),
        ("advanced.connect_timeout", "30", 30.0),
    ],
)
def test_what_may_be_typed(key: str, typed: str, value: object) -> None:
    parsed = parse(row(key), typed)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("key", "typed", "words"),
    [
        ("defaults.top_p", "1.4", "Must be 0 to 1."),
        ("defaults.top_p", "nan", "Must be 0 to 1."),
        ("defaults.top_p", "½", "Must be 0 to 1."),
        ("defaults.top_logprobs", "1.5", "Must be a whole number, 0 to 20."),
        ("defaults.top_logprobs", "9" * 5000, "Must be a whole number, 0 to 20."),
        ("defaults.max_output_tokens", "0", "Must be a whole number, 1 or more."),
        ("defaults.effort", "huge", "Must be none, minimal, low, medium, high, xhigh or max."),
        ("defaults.store", "maybe", "Must be on or off."),
        ("defaults.tool_choice", "get weather", "Must be auto, required, none or the name of a tool."),
        ("defaults.include", "a b", "Must be names with commas between them."),
        ("web_search.context_size", "huge", "Must be low, medium or high."),
        ("defaults.metadata", "a", "Must be pairs of name and text."),
        ("defaults.metadata", "=b", "Must be at most 16 pairs; names up to 64 characters, texts up to 512."),
        ("general.model", "", "Must be one line of text."),
        ("general.model", "a\x1bb", "Must be one line of text."),
        ("general.model", "a" * 400, "Is too long."),
        ("account.base_url", "http://x.example", "Must be https: http is allowed on this machine only."),
        ("advanced.proxy", "socks5://x", "Must be a URL such as http://proxy.example:3128."),
        ("advanced.max_requests", "", "Must be a whole number, 1 to 3."),
    ],
)
def test_what_may_not_is_refused_with_the_bound(key: str, typed: str, words: str) -> None:
    with pytest.raises(BadValue) as raised:
        parse(row(key), typed)
    assert str(raised.value) == words


def test_values_in_words() -> None:
    assert show(row("defaults.metadata"), {"a": "1", "b": "2"}) == "a=1, b=2"
    assert show(row("defaults.metadata"), {}) == "none"
    assert show(row("defaults.temperature"), 0.7) == "0.7"
    assert show(row("appearance.motion"), True) == "on"
    assert show(row("general.send_key"), "ctrl+j") == "^J"


def test_unknown_names_have_near_ones() -> None:
    with pytest.raises(UnknownSetting, match=r"There is no setting 'defaults\.theme'\. Did you mean appearance\.theme"):
        row("defaults.theme")
    with pytest.raises(UnknownSetting) as raised:
        config.value_of(Settings(), "zzzzqqqq")
    assert str(raised.value) == "There is no setting 'zzzzqqqq'."


def test_changed_values_and_back() -> None:
    one = config.with_value(Settings(), "defaults.temperature", 1)
    one = config.with_value(one, "keys.model.pick", "^O")
    assert config.changed(one) == ["defaults.temperature", "keys.model.pick"]
    assert config.value_of(one, "defaults.temperature") == 1.0
    assert config.value_of(one, "keys.model.pick") == "ctrl+o"
    assert config.value_of(one, "keys.app.help") is None
    one = config.with_value(config.with_value(one, "keys.model.pick", None), "defaults.temperature", None)
    assert one == Settings()
    with pytest.raises(BadValue):
        config.with_value(one, "defaults.temperature", 3)
    with pytest.raises(UnknownSetting):
        config.with_value(one, "keys.no.such", "a")


def test_bindings_in_textuals_spelling() -> None:
    assert check_binding("^O, F5") == "ctrl+o,f5"
    assert check_binding(["R", "Shift+F2"]) == "R,shift+f2"
    for bad in ("", " ", "a b", "a,,b", 3, ["a", 1], "a\x1b", "x" * 300):
        with pytest.raises(BadValue):
            check_binding(bad)


def test_request_fields_are_nested_as_on_the_wire() -> None:
    assert Settings().defaults.request_fields() == {}
    one = Settings()
    for key, value in {
        "effort": "high", "summary": "auto", "verbosity": "low", "max_output_tokens": 5, "truncation": "auto",
        "temperature": 0, "top_p": 1, "top_logprobs": 2, "service_tier": "flex", "store": False,
        "metadata": {"a": "b"}, "instructions": "Be brief.", "format": "json_object", "stream": False,
        "include": "a.b,c", "tool_choice": "required", "parallel_tool_calls": False,
    }.items():  # fmt: skip
        one = config.with_value(one, f"defaults.{key}", value)
    assert one.defaults.request_fields() == {
        "reasoning": {"effort": "high", "summary": "auto"},
        "text": {"verbosity": "low", "format": {"type": "json_object"}}, "max_output_tokens": 5,
        "truncation": "auto", "temperature": 0.0, "top_p": 1.0, "top_logprobs": 2, "service_tier": "flex",
        "store": False, "metadata": {"a": "b"}, "instructions": "Be brief.", "stream": False, "include": ["a.b", "c"],
        "tool_choice": "required", "parallel_tool_calls": False,
    }  # fmt: skip
    one = config.with_value(one, "defaults.tool_choice", "get_weather")
    assert one.defaults.request_fields()["tool_choice"] == {"type": "function", "name": "get_weather"}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(rows()), st.text(max_size=30))
def test_typing_is_taken_or_refused_and_what_is_shown_can_be_typed(one: config.Row, typed: str) -> None:
    try:
        value = parse(one, typed)
    except BadValue as refused:
        assert str(refused).endswith(".")
        return
    if one.kind not in ("long", "pairs"):
        assert parse(one, show(one, value)) == value
