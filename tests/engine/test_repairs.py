"""Every row of our notes on Poe against the server: the right step once and never twice, one note, one reason."""

from __future__ import annotations

from typing import Any

import pytest

from poe_tui.engine.session import Session
from poe_tui.engine.turn import Event, TurnNote
from poe_tui.model import Turn
from tests.engine.conftest import ECHO, Bench, ended, texts, types

FUNCTION = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}
SEARCH = {"type": "web_search_preview"}
BOTH = {"effort": "high", "summary": "auto"}
ASKED_AGAIN = "It was asked again without it."
WRAPPINGS = ["{}", "litellm.BadRequestError: OpenAIException - {}"]


def body(message: str, kind: str = "invalid_request_error", **more: Any) -> dict[str, Any]:
    """Return an error body as Poe was recorded to send it: mostly without a code."""
    return {"error": {"message": message, "type": kind, "error_id": "9f" * 16, **more}}


def refuse(bench: Bench, message: str, *, status: int = 400, times: int = 1, **more: Any) -> None:
    """Let the next requests be answered by this error."""
    bench.server.fault("status", status=status, body=body(message, **more), times=times)


def notes(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, TurnNote)]


async def say(bench: Bench, model: str = ECHO, prompt: str = "Hello?", **overrides: Any) -> tuple[Turn, list[str]]:
    """Ask in a new thread; return the turn and what was told."""
    events = await bench.say(bench.thread(model), prompt, overrides=overrides)
    return ended(events).turn, notes(events)


class TestAParameter:
    @pytest.mark.parametrize("wrapping", WRAPPINGS)
    @pytest.mark.parametrize(
        ("message", "field", "value"),
        [
            ("Unsupported parameter: 'temperature' is not supported with this model.", "temperature", 0.5),
            ("Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is "
             "supported.", "temperature", 0.5),
            ("Unknown parameter: 'top_logprobs'.", "top_logprobs", 3),
            ("Unsupported parameter: 'truncation' is not supported with this model.", "truncation", "auto"),
            ("Unsupported parameter: 'metadata'", "metadata", {"a": "b"}),
            ("Unsupported parameter: 'parallel_tool_calls'", "parallel_tool_calls", False),
        ],
    )  # fmt: skip
    async def test_it_is_dropped_once_told_once_and_remembered(
        self, bench: Bench, message: str, field: str, value: Any, wrapping: str
    ) -> None:
        refuse(bench, wrapping.format(message))
        turn, told = await say(bench, **{field: value})
        assert turn.status == "completed"
        assert told == [f"This model does not take {field}. {ASKED_AGAIN}"]
        assert turn.error == {"notes": told}
        first, second = bench.bodies
        assert {**second, field: value} == first
        assert field not in turn.options

        again, told = await say(bench, **{field: value})
        assert again.status == "completed"
        assert field not in bench.bodies[2]
        assert len(bench.bodies) == 3
        assert told == [f"Not sent, for this model refused it before: {field}."]

    async def test_of_a_value_only_the_value(self, bench: Bench) -> None:
        refuse(bench, "Unsupported value: 'high' is not supported with the 'gpt-5.2-chat-latest' model. Supported "
                      "values are: 'medium'.")  # fmt: skip
        turn, told = await say(bench, reasoning=BOTH)
        assert turn.status == "completed"
        assert told == [f"This model does not take reasoning.effort high. {ASKED_AGAIN}"]
        assert bench.bodies[1]["reasoning"] == {"summary": "auto"}
        await say(bench, reasoning={"effort": "medium"})
        await say(bench, reasoning={"effort": "high"})
        assert bench.bodies[2]["reasoning"] == {"effort": "medium"}
        assert "reasoning" not in bench.bodies[3]

    async def test_in_the_same_thread_it_is_not_told_again(self, bench: Bench) -> None:
        thread = bench.thread()
        refuse(bench, "Unsupported parameter: 'top_p'")
        await bench.ask(thread, "One?", overrides={"top_p": 0.5})
        events = await bench.say(thread, "Two?", overrides={"top_p": 0.5})
        assert notes(events) == []
        assert "top_p" not in bench.bodies[2]

    async def test_the_same_refusal_of_another_field_is_another_step(self, bench: Bench) -> None:
        refuse(bench, "Unsupported parameter: 'top_p'")
        refuse(bench, "Unsupported parameter: 'temperature'")
        turn, told = await say(bench, top_p=0.5, temperature=0.5)
        assert turn.status == "completed"
        assert len(told) == 2
        assert not {"top_p", "temperature"} & set(bench.bodies[2])

    async def test_never_twice(self, bench: Bench) -> None:
        refuse(bench, "Unsupported parameter: 'top_p'", times=9)
        turn, told = await say(bench, top_p=0.5)
        assert turn.status == "failed"
        assert turn.error is not None
        assert turn.error["reason"] == "unsupported_field"
        assert len(bench.bodies) == 2
        assert told == [f"This model does not take top_p. {ASKED_AGAIN}"]

    async def test_what_was_not_sent_is_not_dropped(self, bench: Bench) -> None:
        refuse(bench, "Unsupported parameter: 'top_p'")
        turn, told = await say(bench)
        assert (turn.status, told, len(bench.bodies)) == ("failed", [], 1)

    async def test_what_nobody_set_goes_without_a_word(self, bench: Bench) -> None:
        refuse(bench, "Encrypted content is not supported with this model.", param="include")
        await bench.runtime.catalog.refresh()
        bench.set(advanced__chain="never")
        turn, told = await say(bench, "GPT-5.2")
        assert (turn.status, told, turn.error) == ("completed", [], None)
        assert [body.get("include") for body in bench.bodies] == [["reasoning.encrypted_content"], None]
        assert (await say(bench, "GPT-5.2"))[1] == []
        assert "include" not in bench.bodies[2]

    async def test_a_stream_that_is_refused_is_a_whole_answer(self, bench: Bench) -> None:
        refuse(bench, "Your organization must be verified to stream this model.", param="stream",
               code="unsupported_value")  # fmt: skip
        turn, told = await say(bench)
        assert turn.status == "completed"
        assert [sent["stream"] for sent in bench.bodies] == [True, False]
        assert told == ["This model does not stream. It was asked again for the whole answer."]

    async def test_instructions_that_are_refused_go_into_the_input(self, bench: Bench) -> None:
        refuse(bench, "Unsupported parameter: 'instructions'")
        turn, _ = await say(bench, instructions="Be brief.")
        assert turn.status == "completed"
        assert "instructions" not in bench.bodies[1]
        assert texts(bench.bodies[1]) == ["Be brief.", "Hello?"]

    async def test_after_a_word_of_the_answer_nothing_is_sent_again(self, bench: Bench) -> None:
        bench.server.fault("error_event", after=12, text="Unsupported parameter: 'top_p'")
        turn, told = await say(bench, top_p=0.5)
        assert turn.output_text
        assert (told, len(bench.bodies)) == ([], 1)

    async def test_in_a_stream_that_has_not_said_anything_yet(self, bench: Bench) -> None:
        bench.server.fault("error_event", after=1, text="Unsupported parameter: 'top_p'", times=1)
        turn, told = await say(bench, top_p=0.5)
        assert (turn.status, len(told), len(bench.bodies)) == ("completed", 1, 2)


class TestTheStepsDownOfReasoning:
    @pytest.mark.parametrize("status", [400, 422])
    @pytest.mark.parametrize("wrapping", WRAPPINGS)
    async def test_summary_then_all_of_it_with_one_note(self, bench: Bench, wrapping: str, status: int) -> None:
        refuse(bench, wrapping.format("This model does not support reasoning."), status=status, times=2)
        events = await bench.say(bench.thread(), "Hello?", overrides={"reasoning": BOTH})
        turn = ended(events).turn
        assert [sent.get("reasoning") for sent in bench.bodies] == [BOTH, {"effort": "high"}, None]
        assert turn.status == "completed"
        assert notes(events) == ["This model does not take reasoning settings. It was asked again without them."]
        assert turn.error == {"notes": notes(events)}
        assert types(events).index("turn.note") > types(events).index("turn.request_built")

        turn, told = await say(bench, reasoning=BOTH)
        assert turn.status == "completed"
        assert "reasoning" not in bench.bodies[3]
        assert told == ["Not sent, for this model refused it before: reasoning."]

    async def test_the_summary_alone_where_that_was_it(self, bench: Bench) -> None:
        refuse(bench, "This model does not support reasoning.")
        events = await bench.say(bench.thread(), "Hello?", overrides={"reasoning": BOTH})
        assert ended(events).turn.status == "completed"
        assert notes(events) == [f"This model does not take reasoning.summary. {ASKED_AGAIN}"]
        assert types(events)[-2:] == ["turn.note", "turn.ended"]
        await say(bench, reasoning=BOTH)
        assert bench.bodies[2]["reasoning"] == {"effort": "high"}

    async def test_the_summary_by_name(self, bench: Bench) -> None:
        refuse(bench, "Unsupported parameter: 'reasoning.summary' is not supported with the "
                      "'gpt-5.3-codex-spark-preview' model.")  # fmt: skip
        turn, told = await say(bench, reasoning=BOTH)
        assert turn.status == "completed"
        assert bench.bodies[1]["reasoning"] == {"effort": "high"}
        assert told == [f"This model does not take reasoning.summary. {ASKED_AGAIN}"]

    async def test_the_budget_of_the_turn_ends_it(self, bench: Bench) -> None:
        bench.set(advanced__max_requests=2)
        refuse(bench, "This model does not support reasoning.", times=9)
        events = await bench.say(bench.thread(), "Hello?", overrides={"reasoning": BOTH})
        assert ended(events).turn.status == "failed"
        assert len(bench.bodies) == 2
        assert notes(events) == []

    async def test_three_requests_at_most(self, bench: Bench) -> None:
        refuse(bench, "This model does not support reasoning.", times=9)
        turn, told = await say(bench, reasoning=BOTH)
        assert turn.status == "failed"
        assert len(bench.bodies) == 3
        assert len(told) == 1

    async def test_another_model_is_asked_in_full(self, bench: Bench) -> None:
        refuse(bench, "Unsupported parameter: 'reasoning.effort'")
        await say(bench, reasoning={"effort": "high"})
        await say(bench, "Demo-Code", reasoning={"effort": "high"})
        assert [sent.get("reasoning") for sent in bench.bodies] == [{"effort": "high"}, None, {"effort": "high"}]

    async def test_when_it_expires_it_is_tried_again(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        refuse(bench, "Unsupported parameter: 'reasoning.effort'")
        await say(bench, reasoning={"effort": "high"})
        known = await bench.runtime.store.refusals(bench.server.base_url)
        assert list(known) == [(ECHO, "field.reasoning.effort")]
        until = max(known.values())
        monkeypatch.setattr("poe_tui.engine.catalog.time.time", lambda: until + 1)
        await say(bench, reasoning={"effort": "high"})
        assert bench.bodies[-1]["reasoning"] == {"effort": "high"}


class TestTools:
    @pytest.mark.parametrize("wrapping", WRAPPINGS)
    @pytest.mark.parametrize(
        ("message", "more"),
        [
            ("Model Demo-Echo does not support tool calling. Use a tool-capable model or remove tools from the "
             "request.", {"code": "unsupported_feature_for_model", "param": "model"}),
            ("Functions are not supported with gpt-4o-search-preview.", {}),
            ("tools is not supported in this model. For a list of supported models, refer to the documentation.", {}),
        ],
    )  # fmt: skip
    async def test_they_are_dropped(self, bench: Bench, message: str, more: dict[str, Any], wrapping: str) -> None:
        refuse(bench, wrapping.format(message), **more)
        turn, told = await say(bench, tools=[FUNCTION], tool_choice="auto", parallel_tool_calls=True)
        assert turn.status == "completed"
        assert len(told) == 1
        assert told[0].endswith("It was asked again without them.")
        assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(bench.bodies[1])
        await say(bench, tools=[FUNCTION])
        assert "tools" not in bench.bodies[2]

    async def test_the_search_stays_where_only_functions_are_refused(self, bench: Bench) -> None:
        refuse(bench, "This model does not support function calling.")
        await say(bench, tools=[FUNCTION], app={"search": True})
        assert bench.bodies[0]["tools"] == [FUNCTION, SEARCH]
        assert bench.bodies[1]["tools"] == [SEARCH]

    async def test_the_search_goes_where_it_is_refused(self, bench: Bench) -> None:
        refuse(bench, "Hosted tool 'web_search_preview' is not supported with gpt-4.1-nano.")
        turn, told = await say(bench, tools=[FUNCTION], app={"search": True})
        assert bench.bodies[1]["tools"] == [FUNCTION]
        assert "include" not in bench.bodies[1]
        assert told == ["This model does not search the web. It was asked again without the search."]
        assert turn.status == "completed"

    async def test_a_search_that_the_model_needs(self, bench: Bench) -> None:
        refuse(bench, "Deep research models require at least one of 'web_search_preview', 'mcp', or 'file_search' "
                      "tools.")  # fmt: skip
        turn, told = await say(bench)
        assert turn.status == "completed"
        assert told == ["This model answers only with a web search. It was asked again with one."]
        assert bench.bodies[1]["tools"] == [SEARCH]
        await say(bench)
        assert bench.bodies[2]["tools"] == [SEARCH]

    async def test_that_no_tools_are_taken_is_the_reason(self, bench: Bench) -> None:
        refuse(bench, "This model does not support tool calling.", times=9)
        turn, _ = await say(bench, tools=[FUNCTION])
        assert turn.error is not None
        assert turn.error["reason"] == "no_tools"
        assert len(bench.bodies) == 2


class TestTheOtherRows:
    @pytest.mark.parametrize("wrapping", WRAPPINGS)
    async def test_a_chain_that_is_refused_is_replayed_once(self, bench: Bench, wrapping: str) -> None:
        thread = bench.thread()
        await bench.ask(thread, "One?")
        words = "Previous response cannot be used for this organization due to Zero Data Retention."
        bench.server.fault("status", body=body(wrapping.format(words)), status=400, chained=True)
        turn = await bench.ask(thread, "Two?")
        assert (turn.status, turn.chain, len(bench.bodies)) == ("completed", "replay", 3)
        assert turn.error is not None
        assert len(turn.error["notes"]) == 1

    async def test_a_500_is_tried_again_once(self, bench: Bench) -> None:
        refuse(bench, "upstream text", status=500, times=9, kind="provider_error")
        turn, told = await say(bench)
        assert turn.error is not None
        assert (turn.error["reason"], len(bench.bodies), told) == ("provider_failed", 2, [])

    @pytest.mark.parametrize(
        ("status", "message", "more", "reason"),
        [
            (401, "Invalid API key", {"kind": "authentication_error"}, "bad_key"),
            (402, "You've used up your points! Visit https://poe.com/api/keys to get more.",
             {"kind": "insufficient_quota", "code": "insufficient_quota"}, "no_points"),
            (403, "Rejected by the moderation.", {"kind": "moderation_error"}, "moderation"),
            (403, "This model is not part of your plan.", {"kind": "permission_error"}, "forbidden"),
            (404, "Model `gpt-5.6-sol` not found.", {}, "unknown_model"),
            (404, "Bot does not exist: xai/grok-code-fast-1", {"kind": "not_found_error"}, "unknown_model"),
            (400, "prompt is too long: 1001081 tokens > 1000000 maximum", {}, "prompt_too_long"),
            (413, "prompt is too long: 1001081 tokens > 1000000 maximum", {"kind": "request_too_large"},
             "prompt_too_long"),
            (413, "Payload too large", {"kind": "request_too_large"}, "request_too_large"),
            (408, "The model did not answer in time.", {"kind": "timeout_error"}, "timed_out"),
            (504, "Gateway timeout", {}, "timed_out"),
            (429, "You exceeded your current quota.", {"kind": "insufficient_quota"}, "quota"),
            (400, "Missing required field: input", {}, "bad_request"),
        ],
    )  # fmt: skip
    async def test_what_only_a_person_can_mend_is_asked_once(
        self, bench: Bench, status: int, message: str, more: dict[str, Any], reason: str
    ) -> None:
        refuse(bench, message, status=status, times=9, **more)
        turn, told = await say(bench)
        assert turn.status == "failed"
        assert turn.error is not None
        assert (turn.error["reason"], turn.error["http_status"]) == (reason, status)
        assert (len(bench.bodies), told) == (1, [])

    @pytest.mark.parametrize(("status", "reason"), [(429, "rate_limited"), (503, "overloaded"), (529, "overloaded")])
    async def test_what_passes_by_itself_is_waited_for(self, bench: Bench, status: int, reason: str) -> None:
        bench.server.fault("status", status=status, times=9, headers={"Retry-After": "0"})
        events = await bench.say(bench.thread(), "Hello?")
        turn = ended(events).turn
        assert turn.error is not None
        assert (turn.error["reason"], len(bench.bodies)) == (reason, 3)
        assert [event.type for event in events].count("request.retry_scheduled") == 2

    async def test_a_wait_that_is_too_long_is_named(self, bench: Bench) -> None:
        bench.server.fault("status", status=429, headers={"Retry-After": "600"})
        turn, _ = await say(bench)
        assert turn.error is not None
        assert (turn.error["reason"], turn.error["retry_after"]) == ("wait_too_long", 600)

    async def test_no_points_come_with_the_balance_and_where_to_get_some(self, bench: Bench) -> None:
        refuse(bench, "You've used up your points! Visit https://poe.com/api/keys to get more.", status=402,
               kind="insufficient_quota")  # fmt: skip
        turn, _ = await say(bench)
        assert turn.error is not None
        assert turn.error["balance"] == bench.server.balance
        assert turn.error["link"] == "https://poe.com/api/keys"

    async def test_the_balance_is_not_waited_for_without_end(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("poe_tui.engine.session.HELP_WAIT", 0.0)
        bench.server.fault("status", status=402, body=body("Used up.", "insufficient_credits"))
        turn, _ = await say(bench)
        assert turn.error is not None
        assert turn.error["reason"] == "no_points"
        assert not {"balance", "link"} & set(turn.error)

    async def test_a_prompt_that_is_too_long_says_by_how_much(self, bench: Bench) -> None:
        refuse(bench, "prompt is too long: 1001081 tokens > 1000000 maximum")
        turn, _ = await say(bench)
        assert turn.error is not None
        assert (turn.error["tokens"], turn.error["limit"]) == (1_001_081, 1_000_000)

    @pytest.mark.parametrize("wrapping", WRAPPINGS)
    async def test_a_model_that_does_not_answer_at_responses(self, bench: Bench, wrapping: str) -> None:
        said = wrapping.format("Model does not support responses method.")
        bench.server.fault("status", status=400, body=body(said), times=1)
        turn, told = await say(bench)
        turns = [request.path for request in bench.server.requests]
        assert turns == ["/v1/responses", "/v1/chat/completions"]
        assert (turn.status, len(told)) == ("completed", 1)

    async def test_where_the_endpoint_is_set_it_is_the_reason(self, bench: Bench) -> None:
        bench.set(advanced__endpoint="responses")
        refuse(bench, "Model does not support responses method.")
        turn, _ = await say(bench)
        assert turn.error is not None
        assert turn.error["reason"] == "no_responses"


class TestOutOfBounds:
    async def test_nothing_is_sent_and_the_bound_is_named(self, bench: Bench) -> None:
        thread = bench.thread(options={"temperature": 3})
        events = await bench.say(thread, "Hello?")
        turn = ended(events).turn
        assert bench.bodies == []
        assert turn.status == "failed"
        assert turn.error == {
            "type": "invalid_field",
            "message": "temperature: must be 0 to 2. Nothing was sent.",
            "param": "temperature",
            "reason": "invalid_field",
        }
        assert types(events) == ["turn.started", "turn.ended"]
        assert await bench.runtime.store.turn(turn.id) == turn
        thread.options = {}
        again = await bench.ask(thread, "Hello?")
        assert (again.status, again.parent_id) == ("completed", turn.parent_id)

    async def test_an_effort_of_this_model_passes(self, bench: Bench) -> None:
        await bench.runtime.catalog.refresh()
        turn, _ = await say(bench, "GPT-5.2", reasoning={"effort": "turbo"})
        assert turn.error is not None
        assert turn.error["message"].startswith("reasoning.effort: must be none, low, medium, high or xhigh.")

    @pytest.mark.parametrize(
        "options",
        [{"tools": "x"}, {"reasoning": 1}, {"text": []}, {"include": {}}, {"stream": "yes"}, {"metadata": 7},
         {"tool_choice": []}, {"previous_response_id": 1}, {"instructions": ["x"]}],
    )  # fmt: skip
    async def test_nonsense_in_a_thread_breaks_nothing(self, bench: Bench, options: dict[str, Any]) -> None:
        turn = await bench.ask(bench.thread(options=options), "Hello?")
        assert turn.error is not None
        assert (turn.status, turn.error["type"], bench.bodies) == ("failed", "invalid_field", [])


async def test_asking_again_asks_with_the_same_fields(bench: Bench) -> None:
    thread = bench.thread()
    first = await bench.ask(thread, "Hello?", overrides={"top_p": 0.5, "app": {"search": True}})
    session: Session = bench.runtime.session(thread)
    async for _ in session.regenerate(first.id):
        pass
    one, two = bench.bodies
    assert one == two
    assert (one["top_p"], one["tools"]) == (0.5, [SEARCH])
