"""The fields of a turn: what settings, thread and run say, in that order, and what waits for tools."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.engine import drops
from poe_tui.engine.fields import flat, problems
from poe_tui.engine.request import RequestContext, build
from poe_tui.engine.route import Route
from poe_tui.engine.thread_options import AppOptions, with_search
from tests.engine.conftest import Bench
from tests.engine.makers import MODEL, SERVER, turn

FUNCTION = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}
NESTED = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
SEARCH = {"type": "web_search_preview"}
SOURCES = ["web_search_call.action.sources"]


def context(**fields: Any) -> RequestContext:
    return RequestContext(**{"model": MODEL, "server": SERVER, "new_items": [], **fields})


def sent(**fields: Any) -> dict[str, Any]:
    return build(context(**fields)).body


class TestTools:
    def test_a_nested_definition_is_sent_flat(self) -> None:
        assert sent(overrides={"tools": [NESTED, SEARCH]})["tools"] == [FUNCTION, SEARCH]
        assert flat(FUNCTION) is FUNCTION
        assert flat("odd") == "odd"

    def test_the_settings_tool_choice_waits_for_tools(self) -> None:
        defaults = {"tool_choice": "required", "parallel_tool_calls": False}
        assert not {"tool_choice", "parallel_tool_calls"} & set(sent(settings_defaults=defaults))
        with_tools = sent(settings_defaults=defaults, functions=[FUNCTION])
        assert (with_tools["tool_choice"], with_tools["parallel_tool_calls"]) == ("required", False)

    def test_a_tool_that_the_settings_name_must_be_offered(self) -> None:
        other = {"tool_choice": {"type": "function", "name": "other"}}
        assert "tool_choice" not in sent(settings_defaults=other, functions=[FUNCTION])
        this = {"tool_choice": {"type": "function", "name": "get_weather"}}
        assert sent(settings_defaults=this, functions=[FUNCTION])["tool_choice"] == this["tool_choice"]

    def test_what_a_thread_or_a_run_says_is_sent_as_it_is(self) -> None:
        assert sent(overrides={"tool_choice": "none"})["tool_choice"] == "none"
        assert sent(thread_options={"parallel_tool_calls": True})["parallel_tool_calls"] is True


class TestSearch:
    def test_it_joins_the_tools_once(self) -> None:
        body = sent(functions=[FUNCTION], search=SEARCH)
        assert body["tools"] == [FUNCTION, SEARCH]
        assert body["include"] == SOURCES
        own = {"type": "web_search", "search_context_size": "high"}
        assert sent(overrides={"tools": [own]}, search=SEARCH)["tools"] == [own]

    def test_off_goes_before_what_the_fields_say(self) -> None:
        assert sent(thread_options={"tools": [SEARCH, FUNCTION]}, search={})["tools"] == [FUNCTION]
        body = sent(thread_options={"tools": [SEARCH]}, search={})
        assert body["tools"] == []
        assert "include" not in body

    def test_sources_may_be_left_out(self) -> None:
        assert "include" not in sent(search=SEARCH, search_sources=False)

    @pytest.mark.parametrize(
        ("enabled", "thread", "run", "searches"),
        [
            (False, None, None, False),
            (True, None, None, True),
            (True, False, None, False),
            (False, True, None, True),
            (True, False, True, True),
            (True, True, False, False),
        ],
    )
    async def test_the_run_goes_before_the_thread_and_the_thread_before_the_settings(
        self, bench: Bench, enabled: bool, thread: bool | None, run: bool | None, searches: bool
    ) -> None:
        bench.set(web_search__enabled=enabled)
        place = bench.thread(options=with_search({}, thread))
        await bench.ask(place, "Hello?", overrides=with_search({}, run))
        (body,) = bench.bodies
        assert body.get("tools") == ([SEARCH] if searches else None)
        assert body.get("include") == (SOURCES if searches else None)
        assert "app" not in body

    async def test_the_settings_offer_it_to_models_that_list_it(self, bench: Bench) -> None:
        bench.set(web_search__enabled=True)
        await bench.runtime.catalog.refresh()
        await bench.ask(bench.thread("Kimi-K2"), "Hello?")
        await bench.ask(bench.thread("Kimi-K2", options=with_search({}, True)), "Hello?")
        await bench.ask(bench.thread("Grok-4"), "Hello?")
        await bench.ask(bench.thread("Some-Unlisted-Bot"), "Hello?")
        assert [SEARCH in body.get("tools", []) for body in bench.bodies] == [False, True, True, True]

    async def test_how_much_it_reads(self, bench: Bench) -> None:
        bench.set(web_search__enabled=True, web_search__context_size="high", web_search__sources=False)
        await bench.ask(bench.thread(), "Hello?")
        (body,) = bench.bodies
        assert body["tools"] == [{"type": "web_search_preview", "search_context_size": "high"}]
        assert "include" not in body

    def test_the_option_of_a_thread(self) -> None:
        options = with_search({"top_p": 0.5, "app": {"tools": ["a"]}}, True)
        assert options == {"top_p": 0.5, "app": {"tools": ["a"], "search": True}}
        assert AppOptions.read(options).search is True
        assert with_search(options, None) == {"top_p": 0.5, "app": {"tools": ["a"]}}
        assert AppOptions.read({"app": {"search": "yes"}}).search is None


class TestRefused:
    def test_what_is_remembered_is_left_out_and_told_once_in_a_thread(self) -> None:
        fields = {"top_p": 0.5, "reasoning": {"effort": "high", "summary": "auto"}}
        without = frozenset({"top_p", "reasoning.effort=high", "temperature"})
        request = build(context(settings_defaults=fields, without=without))
        assert request.body["reasoning"] == {"summary": "auto"}
        assert "top_p" not in request.body
        assert request.notes == ("Not sent, for this model refused it before: reasoning.effort high, top_p.",)
        path = [turn(options=request.options)]
        assert build(context(settings_defaults=fields, without=without, path=path)).notes == ()
        other = build(context(settings_defaults=fields, without=without, path=path, model="Other"))
        assert other.notes

    def test_what_is_refused_in_this_turn_is_told_where_it_happens(self) -> None:
        now = frozenset({"top_p"})
        assert build(context(overrides={"top_p": 0.5}, without=now, refused_now=now)).notes == ()


_ODD = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.text(max_size=2), max_size=2)
_NAMES = sorted({*drops._ALIASES.values(), "reasoning.effort=high", "include.x", "app", "odd"})


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([name for name in _NAMES if "." not in name]),
        _ODD | st.dictionaries(st.sampled_from(["effort", "summary", "format", "type", "search", "tools"]), _ODD),
    ),
    st.sets(st.sampled_from(_NAMES)),
    st.booleans(),
)
def test_nonsense_is_built_without_a_word(options: dict[str, Any], without: set[str], by_chat: bool) -> None:
    """It is refused afterwards, by its bounds; a preview shows it meanwhile."""
    fields = {"thread_options": options, "without": frozenset(without), "functions": [FUNCTION], "search": SEARCH}
    made = build(context(**fields, route=Route("chat" if by_chat else "responses")))
    assert made.body["model"] == MODEL
    if not by_chat:
        drops.find(made.body, {"http_status": 400, "message": "Unsupported parameter: 'reasoning' tools temperature"})
    problems(context(**fields))


def test_problems_leave_our_own_options_alone() -> None:
    assert problems(context(thread_options={"app": {"search": True}, "top_p": 1})) == []
    assert [one.field for one in problems(context(overrides={"top_p": 2}))] == ["top_p"]
    assert problems(context(settings_defaults={"top_p": 2}, overrides={"top_p": None})) == []


async def test_every_setting_reaches_the_body(bench: Bench) -> None:
    bench.set(
        defaults__effort="high", defaults__summary="auto", defaults__verbosity="low", defaults__format="json_object",
        defaults__max_output_tokens=5000, defaults__truncation="auto", defaults__temperature=0.5, defaults__top_p=0.9,
        defaults__top_logprobs=2, defaults__service_tier="flex", defaults__store=False, defaults__metadata={"a": "b"},
        defaults__include="message.output_text.logprobs", defaults__stream=False, defaults__instructions="Be brief.",
        defaults__tool_choice="auto", defaults__parallel_tool_calls=False, web_search__enabled=True,
    )  # fmt: skip
    await bench.ask(bench.thread(), "Hello?")
    (body,) = bench.bodies
    body.pop("input")
    assert body == {
        "model": "Demo-Echo", "instructions": "Be brief.", "reasoning": {"effort": "high", "summary": "auto"},
        "text": {"verbosity": "low", "format": {"type": "json_object"}}, "max_output_tokens": 5000,
        "truncation": "auto", "temperature": 0.5, "top_p": 0.9, "top_logprobs": 2, "service_tier": "flex",
        "store": False, "metadata": {"a": "b"}, "tools": [SEARCH], "tool_choice": "auto",
        "parallel_tool_calls": False, "include": ["message.output_text.logprobs", *SOURCES], "stream": False,
    }  # fmt: skip


async def test_nothing_is_sent_that_nobody_set(bench: Bench) -> None:
    await bench.ask(bench.thread(), "Hello?")
    assert set(bench.bodies[0]) == {"model", "input", "stream"}
