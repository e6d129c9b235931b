"""Calls judged before anything runs, the toolbox, previews, permissions, and a thread's own options."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.config import Settings
from poe_tui.engine import tool_outcome
from poe_tui.engine.approval import Decision, Waiting, rule
from poe_tui.engine.shipped_tools import Place
from poe_tui.engine.thread_options import AppOptions, with_allowed, with_tools
from poe_tui.engine.tool_preview import harmless, one_line, preview
from poe_tui.engine.tools import Call, Tool, Toolbox, calls_of, offered_functions, read_call
from poe_tui.engine.turn import PendingCall, StepsSpent, ToolPreview
from poe_tui.json_check import Violation
from poe_tui.sanitize import clean
from poe_tui.tool_config import SHIPPED, ToolConfig
from tests.engine.tool_kit import CITY

WEATHER = Tool(ToolConfig("get_weather", command=("weather",), parameters=CITY))
TOOLS = {"get_weather": WEATHER}


def read(arguments: Any, name: Any = "get_weather") -> Call:
    """Judge a call."""
    return read_call(0, {"type": "function_call", "call_id": "c", "name": name, "arguments": arguments}, TOOLS)


class TestJudging:
    @pytest.mark.parametrize("arguments", ['{"city": "Bern"}', {"city": "Bern"}, ' {"city":"Bern"} '])
    def test_what_fits_may_run(self, arguments: Any) -> None:
        call = read(arguments)
        assert call.outcome is None
        assert call.values == {"city": "Bern"}

    @pytest.mark.parametrize("arguments", [None, "", "{}"])
    def test_nothing_is_an_empty_object(self, arguments: Any) -> None:
        call = read(arguments)
        assert call.outcome is not None
        assert call.outcome.output.endswith('- $: "city" is missing')

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            ('{"city": "Be', "Unterminated string"),
            ("{'city': 'Bern'}", "Expecting property name"),
            ('"{\\"city\\": \\"Bern\\"}"', "they are a text"),
            ("[1]", "they are a list"),
            ("null", "they are null"),
            ("true", "they are true or false"),
            ("5", "they are a number"),
            ("[" * 100_000, "they are nested too deeply"),
            ('{"a": 1e999}', "1e999 is too large a number"),
            ('{"a": Infinity}', "Infinity is not a number in JSON"),
            ('{"a": "' + "x" * 1_000_000 + '"}', "they are longer than 1000000 characters"),
            (5, "they are int"),
        ],
    )
    def test_what_is_no_object_is_told(self, arguments: Any, told: str) -> None:
        call = read(arguments)
        assert call.outcome is not None
        assert call.outcome.status == "malformed"
        assert told in call.outcome.output
        assert call.outcome.output.endswith("Nothing was run.")

    @pytest.mark.parametrize("name", ["nope", "", None, 5, ["x"], "get_weather "])
    def test_an_unknown_name_is_told(self, name: Any) -> None:
        call = read("{}", name)
        assert call.outcome is not None
        assert call.outcome.status == "unknown"
        assert "The tools are: get_weather. Nothing was run." in call.outcome.output

    def test_a_schema_that_cannot_be_used_is_told(self) -> None:
        broken = Tool(ToolConfig("t", manual=True, parameters={"$ref": "https://x.invalid/"}))
        call = read_call(0, {"name": "t", "arguments": "{}"}, {"t": broken})
        assert call.outcome is not None
        assert "https://x.invalid/" in call.outcome.output

    @pytest.mark.parametrize("call_id", ["call_1", "x" * 9432, "\ud800", None, 5, {"a": 1}])
    def test_the_call_id_is_untouched(self, call_id: Any) -> None:
        call = read_call(3, {"name": "nope", "call_id": call_id}, TOOLS)
        assert call.outcome is not None
        assert call.outcome.item(call.call_id)["call_id"] is call_id
        assert isinstance(call.shown_id, str)

    @settings(max_examples=150, deadline=None)
    @given(
        st.text(max_size=40)
        | st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["city", "x"]), inner),
            max_leaves=6,
        )
    )
    def test_any_arguments_run_or_are_refused_in_words(self, arguments: Any) -> None:
        for given_as in (arguments, json.dumps(arguments)):
            call = read(given_as)
            if call.outcome is None:
                assert isinstance(call.values["city"], str)
            else:
                json.dumps(call.outcome.item("c")).encode()
                assert call.outcome.status == "malformed"


class TestToolbox:
    def test_shipped_tools_are_named_and_off(self) -> None:
        box = Toolbox(Settings())
        assert set(SHIPPED) <= set(box.tools)
        assert box.enabled == ()
        assert [tool.name for tool in box.named(["calculator", "gone", "calculator"])] == ["calculator"]
        assert box.near("calculater") == ["calculator"]

    def test_a_declared_tool_may_take_a_shipped_ones_name(self) -> None:
        own = Settings().model_copy(update={"tools": (ToolConfig("calculator", command=("bc",)),)})
        assert Toolbox(own).tools["calculator"].shipped is None
        entry = Settings().model_copy(update={"tools": (ToolConfig("calculator", approval="always"),)})
        tool = Toolbox(entry).tools["calculator"]
        assert tool.shipped is not None
        assert tool.definition["parameters"]["required"] == ["expression"]
        assert Toolbox(entry).enabled == ("calculator",)

    def test_functions_of_a_request_in_both_shapes(self) -> None:
        found = offered_functions(
            [
                {"type": "web_search_preview"},
                {"type": "function", "name": "flat"},
                {"type": "function", "function": {"name": "nested"}},
                {"type": "function"},
                5,
            ]
        )
        assert list(found) == ["flat", "nested"]
        assert offered_functions(None) == offered_functions("x") == {}

    def test_calls_of_an_answer(self) -> None:
        items = [{"type": "message"}, {"type": "function_call", "name": "a"}, {"type": "custom_tool_call"}]
        assert calls_of(items) == [{"type": "function_call", "name": "a"}]


PLACE = Place(None)


class TestPreviews:
    def test_it_hides_nothing(self) -> None:
        hidden = "a\u202eb\u200bc\x1b[2Jd\U000e0041\u05d0\u200fe\x9b"
        call = Call(0, "c", "t", Tool(ToolConfig("t", command=("sh", "-c", "a b; 'c'"))), {"x": hidden * 100})
        shown = preview(call, PLACE)
        assert shown.command == "sh -c 'a b; '\"'\"'c'\"'\"''"
        assert json.loads(shown.arguments) == call.values
        assert clean(shown.arguments) == shown.arguments
        assert "\u202e" not in shown.arguments
        assert "\u200f" not in shown.arguments
        assert "\u05d0" in shown.arguments

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=30))
    def test_harmless_json_means_the_same(self, text: str) -> None:
        written = harmless(json.dumps(text, ensure_ascii=False))
        assert json.loads(written) == text
        assert clean(written) == written

    def test_one_line_is_short(self) -> None:
        assert one_line({"a": "x\n" * 500}).count("\n") == 0
        assert len(one_line({"a": "x" * 500})) == 200


class TestOutcomes:
    def test_everything_can_be_sent(self) -> None:
        half = "\ud800"
        for outcome in (
            tool_outcome.refused(half), tool_outcome.unknown(half, [half]), tool_outcome.malformed(half),
            tool_outcome.unfit([Violation(half, half)]), tool_outcome.failed(half), tool_outcome.answered(half, 10, 0),
            tool_outcome.forbidden(), tool_outcome.unattended(), tool_outcome.stopped(), tool_outcome.not_run(),
        ):  # fmt: skip
            json.dumps(outcome.item("c"), ensure_ascii=False).encode()
            assert outcome.output

    def test_the_key_is_taken_out(self) -> None:
        assert tool_outcome.answered("a key b", 100, 0).without("key").output == "a [the key was here] b"
        assert tool_outcome.answered("a", 100, 0).without("").output == "a"


class TestPermissions:
    @pytest.mark.parametrize(
        ("own", "default", "options", "always", "ruling"),
        [
            (None, "ask", {}, (), "ask"),
            (None, "always", {}, (), "run"),
            (None, "never", {}, (), "refuse"),
            ("always", "never", {}, (), "run"),
            ("never", "always", {"app": {"allowed": ["get_weather"]}}, ("get_weather",), "refuse"),
            (None, "ask", {"app": {"allowed": ["get_weather"]}}, (), "run"),
            ("ask", "ask", {}, ("get_weather",), "run"),
            ("ask", "always", {}, (), "ask"),
        ],
    )
    def test_what_is_written_down_decides(
        self, own: Any, default: Any, options: Any, always: tuple[str, ...], ruling: str
    ) -> None:
        config = ToolConfig("get_weather", command=("x",), approval=own)
        use = Settings().tool_use.model_copy(update={"approval": default})
        box = Toolbox(Settings().model_copy(update={"tools": (config,), "tool_use": use}))
        call = Call(0, "c", "get_weather", Tool(config), {})
        assert rule(call, box, AppOptions.read(options), always) == ruling


class TestThreadOptions:
    def test_they_are_read_leniently(self) -> None:
        assert AppOptions.read({}) == AppOptions()
        assert AppOptions.read({"app": 5}, {"app": {"tools": "x", "allowed": [1, "a"]}}) == AppOptions(None, ("a",))
        assert AppOptions.read({"app": {"tools": ["a"]}}, {"app": {"tools": []}}).tools == ()

    def test_they_are_changed_without_touching_the_fields(self) -> None:
        options = with_allowed(with_tools({"temperature": 1}, ["a", "a", "b"]), "a")
        assert options == {"temperature": 1, "app": {"tools": ["a", "b"], "allowed": ["a"]}}
        assert with_allowed(options, "a", allowed=False)["app"] == {"tools": ["a", "b"], "allowed": []}
        assert with_tools({"app": {"tools": ["a"]}}, None) == {}


def pending(index: int, name: str = "t", *, coverable: bool = True) -> PendingCall:
    """Return a call that waits."""
    return PendingCall("turn", index, str(index), ToolPreview(name, "{}"), coverable)


class TestWaiting:
    async def test_answers_go_where_they_belong(self) -> None:
        waiting = Waiting()
        one, two = waiting.ask("a", pending(1)), waiting.ask("a", pending(0, "u"))
        other = waiting.ask("b", pending(0))
        assert waiting.threads() == {"a", "b"}
        assert [call.index for call in waiting.calls("a")] == [0, 1]
        assert waiting.answer("a", Decision("no", "why"), 1) == [pending(1)]
        assert one.result() == Decision("no", "why")
        assert not two.done()
        assert waiting.answer("a", Decision("once"), 7) == []
        other.cancel()
        two.cancel()
        await asyncio.sleep(0)
        assert waiting.threads() == set()

    async def test_a_lasting_yes_goes_to_the_same_tool(self) -> None:
        waiting = Waiting()
        calls = [pending(0), pending(1), pending(2, "u"), pending(3, coverable=False)]
        futures = [waiting.ask("a", call) for call in calls]
        waiting.answer("a", Decision("always"), 1)
        assert [future.done() for future in futures] == [True, True, False, False]

    async def test_steps(self) -> None:
        waiting = Waiting()
        answer = waiting.ask_to_go_on("a", StepsSpent("turn", 10))
        assert waiting.steps("a") == StepsSpent("turn", 10)
        assert waiting.threads() == {"a"}
        assert waiting.answer_steps("a", True)
        assert answer.result()
        assert not waiting.answer_steps("a", True)
        assert waiting.steps("a") is None
        assert waiting.threads() == set()
