"""Models that answer by chat/completions alone: how that is found out, remembered and told; what is sent there."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from poe_tui.demo.answer import Answer, Ask, function_call, message, reasoning
from poe_tui.demo.errors import APIProblem, unknown_parameter
from poe_tui.engine import route
from poe_tui.engine.items import user_message
from poe_tui.engine.request import BuiltRequest, RequestContext, build
from poe_tui.engine.route import Route, choose, lists_only_chat, refusal
from poe_tui.engine.turn import RequestBuilt, TurnNote
from poe_tui.model import ModelInfo
from tests.engine.conftest import Bench, Watcher, ended, types
from tests.engine.makers import MODEL, SERVER, call, called, turn

ONLY = "Demo-Chat-Only"
REFUSED = "This model does not answer at /responses. It was asked by chat/completions instead."


def notes(events: list[Any]) -> list[str]:
    return [event.text for event in events if isinstance(event, TurnNote)]


def chats(bench: Bench) -> list[dict[str, Any]]:
    return [request.body for request in bench.server.chats]


def endpoints(bench: Bench) -> list[str]:
    """The endpoints of the turns that were asked for, oldest first."""
    names = {"/v1/responses": "responses", "/v1/chat/completions": "chat"}
    return [names[request.path] for request in bench.server.requests if request.path in names]


class TestFallingBack:
    async def test_it_happens_once_in_the_same_turn_and_is_remembered(self, bench: Bench) -> None:
        thread = bench.thread(ONLY)
        bench.server.script(Answer([reasoning("So."), message("Ada, of course.")]), "Still Ada.", model=ONLY)
        events = await bench.say(thread, "My name is Ada.")
        turn = ended(events).turn
        assert endpoints(bench) == ["responses", "chat"]
        assert types(events) == [
            "turn.started", "turn.request_built", "turn.note", "turn.request_built", "turn.ended",
        ]  # fmt: skip
        assert notes(events) == [REFUSED]
        assert (turn.status, turn.output_text, turn.chain) == ("completed", "Ada, of course.", "none")
        assert [item["type"] for item in turn.output] == ["reasoning", "message"]
        assert turn.error == {"notes": [REFUSED]}
        assert turn.usage is not None and turn.usage["input_tokens"] > 0
        assert turn.options == {"stream": True, "endpoint": "chat"}
        assert "reasoning" in turn.timing

        events = await bench.say(thread, "What is my name?")
        second = ended(events).turn
        assert endpoints(bench) == ["responses", "chat", "chat"]
        assert (notes(events), second.error, second.chain) == ([], None, "replay")
        assert chats(bench)[1] == {
            "model": ONLY,
            "messages": [
                {"role": "user", "content": "My name is Ada."},
                {"role": "assistant", "content": "Ada, of course."},
                {"role": "user", "content": "What is my name?"},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        known = await bench.runtime.store.refusals(bench.server.base_url)
        assert list(known) == [(ONLY, route.REFUSES)]

    async def test_another_thread_goes_straight_there_and_says_so_once(self, bench: Bench) -> None:
        await bench.ask(bench.thread(ONLY), "One?")
        thread = bench.thread(ONLY)
        first, second = await bench.say(thread, "Two?"), await bench.say(thread, "Three?")
        assert endpoints(bench) == ["responses", "chat", "chat", "chat"]
        assert notes(first) == ["Asked by chat/completions: this model refused /responses before."]
        assert notes(second) == []

    async def test_the_request_told_is_the_request_sent(self, bench: Bench) -> None:
        events = await bench.say(bench.thread(ONLY), "Hello?")
        built = [event.body for event in events if isinstance(event, RequestBuilt)]
        assert [body for body in built if "messages" in body] == chats(bench)
        assert built[0] == bench.bodies[0]

    @pytest.mark.parametrize("model", ["Flux-Kontext", "Veo-3.1"])
    async def test_media_models_answer_whole(self, bench: Bench, model: str) -> None:
        await bench.runtime.catalog.refresh()
        turn = await bench.ask(bench.thread(model), "hills")
        assert endpoints(bench) == ["responses", "chat"]
        assert chats(bench)[0] == {"model": model, "messages": [{"role": "user", "content": "hills"}], "stream": False}
        assert turn.output_text.startswith("![hills](http")

    async def test_a_server_without_responses_is_found_out_but_not_accused_before_the_other_answers(
        self, bench: Bench
    ) -> None:
        fault = bench.server.fault("status", status=404, body={"detail": "Not Found"}, times=2)
        turn = await bench.ask(bench.thread(), "Hello?")
        assert (endpoints(bench), turn.status) == (["responses", "chat"], "failed")
        assert not bench.runtime.catalog.refuses("Demo-Echo", route.REFUSES)
        fault.times = 3
        turn = await bench.ask(bench.thread(), "Hello?")
        assert (endpoints(bench)[2:], turn.status) == (["responses", "chat"], "completed")
        assert bench.runtime.catalog.refuses("Demo-Echo", route.REFUSES)

    async def test_an_unknown_model_is_not_asked_again(self, bench: Bench) -> None:
        turn = await bench.ask(bench.thread("No-Such-Model"), "Hello?")
        assert (endpoints(bench), turn.status) == (["responses"], "failed")

    async def test_nothing_is_asked_again_after_the_first_word(self, bench: Bench) -> None:
        error = {"error": {"message": "Model does not support responses method."}}
        bench.server.script(Answer([], events=[
            {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hi"}, error,
        ]))  # fmt: skip
        turn = await bench.ask(bench.thread(), "Hello?")
        assert (endpoints(bench), turn.output_text) == (["responses"], "Hi")

    async def test_a_refusal_inside_a_stream_counts_as_well(self, bench: Bench) -> None:
        error = {"error": {"message": "Model does not support responses method.", "code": 400}}
        bench.server.script(Answer([], events=[error]), "Hi.")
        turn = await bench.ask(bench.thread(), "Hello?")
        assert (endpoints(bench), turn.output_text) == (["responses", "chat"], "Hi.")


class TestTheBudget:
    async def test_three_requests_are_all(self, bench: Bench) -> None:
        bench.server.fault("status", status=503, times=2)
        turn = await bench.ask(bench.thread(ONLY), "Hello?")
        assert endpoints(bench) == ["responses"] * 3
        assert turn.status == "failed"
        assert (await bench.ask(bench.thread(ONLY), "Hello?")).status == "completed", "the refusal was remembered"
        assert endpoints(bench)[3:] == ["chat"]

    async def test_one_request_is_one(self, bench: Bench) -> None:
        bench.set(advanced__max_requests=1)
        assert (await bench.ask(bench.thread(ONLY), "Hello?")).status == "failed"
        assert endpoints(bench) == ["responses"]

    async def test_a_refused_chain_and_a_refused_endpoint_fit_into_it(self, bench: Bench) -> None:
        thread = bench.thread()
        await bench.ask(thread, "One?")
        bench.server.fault("refuse_chain", chained=True)
        bench.server.fault(
            "status", chained=False, status=400, times=1,
            body={"error": {"message": "Model does not support responses method."}},
        )  # fmt: skip
        turn = await bench.ask(thread, "Two?")
        assert endpoints(bench) == ["responses", "responses", "responses", "chat"]
        assert (turn.status, len(chats(bench)[0]["messages"])) == ("completed", 3)


class TestChoosing:
    async def test_a_list_that_names_chat_alone(self, bench: Bench) -> None:
        await bench.runtime.catalog.refresh()
        events = await bench.say(bench.thread("ElevenLabs-v3"), "Hello?")
        assert endpoints(bench) == ["chat"]
        assert notes(events) == ["Asked by chat/completions: the model list names no /responses for this model."]

    async def test_the_settings_go_before_everything(self, bench: Bench) -> None:
        bench.set(advanced__endpoint="chat")
        events = await bench.say(bench.thread(), "Hello?")
        assert (endpoints(bench), notes(events)) == (["chat"], ["Asked by chat/completions, as the settings say."])
        bench.set(advanced__endpoint="responses")
        turn = await bench.ask(bench.thread(ONLY), "Hello?")
        assert endpoints(bench) == ["chat", "responses"]
        assert turn.error is not None and turn.error["message"] == "Model does not support responses method."

    async def test_back_at_responses_nothing_is_chained_to_a_chat(self, bench: Bench) -> None:
        thread = bench.thread()
        bench.set(advanced__endpoint="chat")
        first = await bench.ask(thread, "One?")
        assert first.response_id is not None
        bench.set(advanced__endpoint="auto", advanced__chain="always")
        await bench.ask(thread, "Two?")
        assert "previous_response_id" not in bench.bodies[0]
        assert len(bench.bodies[0]["input"]) == 3
        await bench.ask(thread, "Three?")
        assert "previous_response_id" in bench.bodies[1]

    @pytest.mark.parametrize(
        ("listed", "only"),
        [
            ((), False), (("/v1/chat/completions",), True), (("v1/chat/completions/",), True),
            (("chat/completions",), True),
            (("/v1/chat/completions", "/v1/responses"), False), (("/v1/images",), False), (("/v1/messages",), False),
        ],
    )  # fmt: skip
    def test_what_a_list_says(self, listed: tuple[str, ...], only: bool) -> None:
        assert lists_only_chat(ModelInfo(id="a", name="A", endpoints=listed)) is only

    def test_the_order_of_reasons(self) -> None:
        listed = ModelInfo(id="a", name="A", endpoints=("/v1/chat/completions",))
        both = ModelInfo(id="a", name="A", endpoints=("/v1/chat/completions", "/v1/responses"))
        none, all_of_it = (lambda feature: False), (lambda feature: True)
        assert choose("auto", None, none) == choose("auto", both, none) == Route()
        assert choose("auto", listed, none).endpoint == choose("auto", both, all_of_it).endpoint == "chat"
        assert choose("responses", listed, all_of_it).endpoint == "responses"
        assert choose("chat", both, none) == Route("chat", "Asked by chat/completions, as the settings say.", True)


class TestWords:
    @pytest.mark.parametrize(
        ("status", "words", "certain"),
        [
            (400, "Model does not support responses method.", True),
            (400, "Token unit price not found for entity: 1:5860961", True),
            (None, "Model does not support responses method.", True),
            (400, "The model `x` is not supported with the Responses API.", True),
            (404, "gpt-4 is not supported in the v1/responses endpoint", True),
            (500, "litellm.BadRequestError: Responses API is not yet supported for this provider", True),
            (404, "This model is only supported in v1/chat/completions and not in v1/responses.", True),
            (404, "Not Found", False), (404, "404 Not Found", False), (405, "Method Not Allowed", False),
            (404, "Invalid URL (POST /v1/responses)", False), (404, "File Not Found", False),
            (404, "The server knows no such model or address.", False), (501, "Not Implemented", False),
            (404, "Model `x` not found.", None), (404, "Bot does not exist: x", None),
            (400, "This model does not support streaming responses.", None),
            (400, "Unsupported parameter: 'reasoning.summary' is not supported with the Responses API", None),
            (404, "Previous response with id 'resp_x' not found.", None),
            (401, "Model does not support responses method.", None), (400, "Not Found", None), (400, "", None),
            (400, "support" + " the" * 1000 + " x", None),
        ],
    )  # fmt: skip
    def test_what_a_refusal_says(self, status: int | None, words: str, certain: bool | None) -> None:
        found = refusal({"http_status": status, "message": words})
        assert (None if found is None else found.certain) is certain

    def test_an_error_about_a_field_is_none_about_the_endpoint(self) -> None:
        error = {"http_status": 400, "message": "Not supported with the Responses API.", "param": "tools"}
        assert refusal(error) is None
        assert refusal({**error, "param": "model", "message": "x is not supported with the Responses API."})


class TestFieldsThatAreRefused:
    async def test_what_we_added_is_left_out_without_a_word(self, bench: Bench) -> None:
        bench.set(advanced__endpoint="chat")

        def strict(ask: Ask) -> Answer:
            raise unknown_parameter("stream_options")

        thread = bench.thread()
        bench.server.script(strict)
        turn = await bench.ask(thread, "Hello?")
        assert ["stream_options" in body for body in chats(bench)] == [True, False]
        assert (turn.status, turn.error) == (
            "completed",
            {"notes": ["Asked by chat/completions, as the settings say."]},
        )
        await bench.ask(thread, "Well?")
        assert "stream_options" not in chats(bench)[2], "remembered"

    async def test_what_the_person_set_is_told(self, bench: Bench) -> None:
        bench.set(advanced__endpoint="chat")

        def strict(ask: Ask) -> Answer:
            raise APIProblem(400, "Unsupported parameter: 'temperature' is not supported with this model.")

        bench.server.script(strict)
        events = await bench.say(bench.thread(), "Hello?", overrides={"temperature": 0.5, "top_p": 0.5})
        assert [("temperature" in body, "top_p" in body) for body in chats(bench)] == [(True, True), (False, True)]
        assert notes(events)[1:] == ["The server does not take temperature. It was asked again without it."]
        assert ended(events).turn.status == "completed"

    async def test_a_schema_that_a_strict_server_refuses(self, bench: Bench) -> None:
        wanted = {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}}
        events = await bench.say(bench.thread(ONLY), "Hello?", overrides={"text": wanted})
        assert endpoints(bench) == ["responses", "chat", "chat"]
        assert ["response_format" in body for body in chats(bench)] == [True, False]
        assert ended(events).turn.status == "completed"

    async def test_any_other_400_is_the_turn_s_error(self, bench: Bench) -> None:
        bench.set(advanced__endpoint="chat")

        def refuse(ask: Ask) -> Answer:
            raise APIProblem(400, "prompt is too long: 1001081 tokens > 1000000 maximum")

        bench.server.script(refuse)
        turn = await bench.ask(bench.thread(), "Hello?")
        assert (len(chats(bench)), turn.status) == (1, "failed")


class TestBodies:
    async def test_fields_go_by_the_names_of_the_other_endpoint(self, bench: Bench) -> None:
        await bench.runtime.catalog.refresh()
        bench.set(advanced__endpoint="chat", defaults__effort="high", defaults__max_output_tokens=9999)
        await bench.ask(bench.thread(ONLY, instructions="Be kind."), "Hello?")
        turn = await bench.ask(bench.thread(ONLY, instructions="Be kind."), "Hello?")
        assert chats(bench)[0] == {
            "model": ONLY,
            "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello?"}],
            "max_completion_tokens": 9999,
            "reasoning_effort": "high",
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        assert turn.options == {
            "instructions": "Be kind.", "reasoning": {"effort": "high"}, "max_output_tokens": 9999, "stream": True,
            "endpoint": "chat",
        }  # fmt: skip
        assert turn.output[0]["type"] == "reasoning"

    async def test_a_call_its_signature_and_its_result(self, bench: Bench) -> None:
        bench.set(advanced__endpoint="chat")
        signature = {"google": {"thought_signature": "CmIB+/=="}}
        bench.server.script([{**function_call("get_weather", {"city": "Bern"}), "extra_content": signature}])
        thread = bench.thread()
        first = await bench.ask(thread, "The weather?")
        made = first.output[0]
        assert made["extra_content"] == signature
        second = await bench.ask(thread, [{**called(made["call_id"]), "status": "completed"}])
        assert chats(bench)[1]["messages"][1:] == [
            {"role": "assistant", "content": "", "tool_calls": [{
                "id": made["call_id"], "type": "function", "extra_content": signature,
                "function": {"name": "get_weather", "arguments": '{"city": "Bern"}'},
            }]},
            {"role": "tool", "tool_call_id": made["call_id"], "content": "rain"},
        ]  # fmt: skip
        assert "`get_weather` returned `rain`" in second.output_text

    def test_signatures_go_to_the_model_that_made_them_and_to_no_other_endpoint(self) -> None:
        path = [turn("Weather?", [{**call("c1"), "extra_content": {"a": 1}}]), turn([called("c1")], "Rain.")]
        new = [user_message("And now?")]

        def sent(model: str, endpoint: Any) -> BuiltRequest:
            return build(RequestContext(model, SERVER, new, path, route=Route(endpoint), chain_policy="never"))

        messages = sent(MODEL, "chat").body["messages"]
        assert messages[1]["tool_calls"][0]["extra_content"] == {"a": 1}
        assert "extra_content" not in sent("Other", "chat").body["messages"][1]["tool_calls"][0]
        assert "extra_content" not in sent(MODEL, "responses").body["input"][1]

    def test_an_id_that_was_named_means_nothing_to_a_chat(self) -> None:
        context = RequestContext(
            MODEL, SERVER, [user_message("Two?")], [turn("One?")], overrides={"previous_response_id": "resp_1"},
            route=Route("chat"), chain_policy="always",
        )  # fmt: skip
        built = build(context)
        assert (built.chain, built.named_id, len(built.body["messages"])) == ("replay", False, 3)
        assert "previous_response_id" not in built.body

    def test_what_is_left_out_is_told(self) -> None:
        context = RequestContext(
            MODEL, SERVER, [user_message("Hello?")], route=Route("chat", "Why."),
            settings_defaults={"tools": [{"type": "web_search_preview"}], "truncation": "auto"},
        )  # fmt: skip
        assert build(context).notes == (
            "Why.",
            "Not available by chat/completions: web search.",
            "Not sent, for chat/completions has no such field: truncation.",
        )


class TestStopping:
    async def test_cancelling_keeps_the_partial(self, bench: Bench) -> None:
        bench.set(advanced__endpoint="chat")
        bench.server.script("one two three four five six seven eight nine ten " * 20)
        gate = bench.server.hold(after=20)
        session = bench.runtime.session(bench.thread())

        async def consume() -> None:
            async with aclosing(session.send("Hello?")) as events:
                async for _ in events:
                    pass

        task = asyncio.create_task(consume())
        await gate.arrived()
        await bench.server.until(lambda server: server.chats[0].events >= 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await bench.server.until(lambda server: server.chats[0].outcome == "client gone")
        assert session.ended is not None
        stopped = session.ended.turn
        assert stopped.status == "stopped"
        assert stopped.output_text.startswith("one")
        assert stopped.options["endpoint"] == "chat"

    async def test_a_broken_stream_is_interrupted_and_kept(self, bench: Bench) -> None:
        bench.set(advanced__endpoint="chat")
        bench.server.fault("cut", after=20)
        turn = await bench.ask(bench.thread(), "Hello there, this is a long enough line to be cut in the middle of it")
        assert (turn.status, len(chats(bench))) == ("interrupted", 1)
        assert turn.output_text

    async def test_live_threads_know_no_difference(self, bench: Bench) -> None:
        watcher = Watcher(bench)
        thread = bench.thread(ONLY)
        bench.runtime.live.start(thread, "Hello?")
        end = await watcher.end()
        watcher.leave()
        assert end.turn.status == "completed"
        assert any(event.type == "response.reasoning_text.delta" for event in watcher.events[thread.id])


async def test_a_server_that_has_neither_endpoint_is_quoted_with_its_first_words(bench: Bench) -> None:
    words = "Model does not support responses method."
    bench.server.fault("status", status=400, times=1, body={"error": {"message": words}})
    bench.server.fault("status", status=404, times=1, body={"error": {"message": "No such endpoint"}})
    turn = await bench.ask(bench.thread(), "Hello?")
    assert turn.status == "failed"
    assert turn.error is not None and turn.error["message"] == words and turn.error["http_status"] == 400
    assert (await bench.ask(bench.thread(), "Hello?")).status == "completed"
    assert endpoints(bench) == ["responses", "chat", "responses"], "nothing was remembered"
