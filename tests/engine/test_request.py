"""From a thread and new input to a request body: chain or replay, what is sent and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from poe_tui.engine.items import as_items, user_message
from poe_tui.engine.request import BuiltRequest, RequestContext, build, merge_fields, overrides_of
from poe_tui.model import Item, ModelInfo, Turn
from tests.engine.makers import MODEL, SERVER, answer, call, called, thought, turn

THINKER = ModelInfo(id="acme-1", name="Acme-1", reasons=True)
FUNCTION = {"type": "function", "name": "get_weather", "parameters": {}}


def built(path: list[Turn] | None = None, prompt: str | list[Item] = "And now?", **fields: Any) -> BuiltRequest:
    """Build a request after ``path``."""
    defaults: dict[str, Any] = {"model": MODEL, "server": SERVER, "path": path or []}
    return build(RequestContext(new_items=as_items(prompt), **{**defaults, **fields}))


def said(request: BuiltRequest) -> list[str]:
    """Return the texts of the input, in order."""
    return [part["text"] for item in request.body["input"] for part in item.get("content", ()) if "text" in part]


class TestFirstTurn:
    def test_sends_model_input_and_stream_and_nothing_else(self) -> None:
        request = built(prompt="Hello?")
        assert request.body == {"model": MODEL, "input": [user_message("Hello?")], "stream": True}
        assert request.chain == "none"
        assert request.notes == ()

    def test_instructions_tools_and_text_are_sent_every_time(self) -> None:
        fields = {"instructions": "Be brief.", "tools": [FUNCTION], "text": {"verbosity": "low"}}
        for path in ([], [turn()]):
            assert built(path, settings_defaults=fields).body.items() >= fields.items()

    def test_the_thread_s_instructions_go_before_the_settings_and_an_override_before_both(self) -> None:
        defaults = {"instructions": "default"}
        assert built(settings_defaults=defaults).body["instructions"] == "default"
        assert built(settings_defaults=defaults, instructions="own").body["instructions"] == "own"
        request = built(settings_defaults=defaults, instructions="own", overrides={"instructions": "now"})
        assert request.body["instructions"] == "now"
        assert "instructions" not in built(instructions="").body

    def test_a_media_model_is_asked_without_streaming(self) -> None:
        painter = ModelInfo(id="p", name="P", output_modalities=("image",))
        assert built(info=painter).body["stream"] is False
        assert built(info=painter, overrides={"stream": True}).body["stream"] is True
        assert built(overrides={"stream": False}).body["stream"] is False

    def test_the_record_of_how_it_was_asked_holds_no_input(self) -> None:
        assert built(settings_defaults={"top_p": 0.5}).options == {"top_p": 0.5, "stream": True}

    def test_it_knows_what_was_set_for_this_turn_alone(self) -> None:
        options = built(overrides={"top_p": 0.5, "app": {"search": True}}).options
        assert options == {"top_p": 0.5, "stream": True, "app": {"overrides": {"top_p": 0.5, "app": {"search": True}}}}
        assert overrides_of(turn(options=options)) == {"top_p": 0.5, "app": {"search": True}}


class TestFields:
    def test_later_layers_win_and_none_unsets(self) -> None:
        request = built(
            settings_defaults={"top_p": 0.1, "temperature": 1.0, "reasoning": {"effort": "low", "summary": "auto"}},
            thread_options={"top_p": 0.2, "reasoning": {"effort": "high"}},
            overrides={"temperature": None, "truncation": "auto"},
        )
        assert request.body["top_p"] == 0.2
        assert "temperature" not in request.body
        assert request.body["reasoning"] == {"effort": "high", "summary": "auto"}
        assert request.body["truncation"] == "auto"

    def test_unsetting_every_key_of_a_group_unsets_the_group(self) -> None:
        assert merge_fields({"text": {"verbosity": "low"}}, {"text": {"verbosity": None}}) == {}

    def test_layers_are_not_changed(self) -> None:
        defaults = {"reasoning": {"effort": "low"}}
        merge_fields(defaults, {"reasoning": {"effort": "high"}})
        assert defaults == {"reasoning": {"effort": "low"}}

    def test_model_and_input_cannot_be_smuggled_in(self) -> None:
        request = built(prompt="Hi", overrides={"model": "other", "input": "other"})
        assert request.body["model"] == MODEL
        assert said(request) == ["Hi"]


class TestInclude:
    def test_sources_are_asked_for_with_web_search(self) -> None:
        request = built(overrides={"tools": [{"type": "web_search_preview"}]})
        assert request.body["include"] == ["web_search_call.action.sources"]

    def test_encrypted_reasoning_is_asked_of_models_that_reason_when_it_will_be_sent_again(self) -> None:
        wanted = ["reasoning.encrypted_content"]
        assert "include" not in built(info=THINKER).body
        assert built(info=THINKER, overrides={"tools": [FUNCTION]}).body["include"] == wanted
        assert built(info=THINKER, chain_policy="never").body["include"] == wanted
        assert built(info=THINKER, chain_refused=True).body["include"] == wanted
        assert built([turn(status="stopped")], info=THINKER).body["include"] == wanted
        assert "include" not in built([turn()], info=THINKER).body
        assert "include" not in built(chain_policy="never").body

    def test_the_person_s_own_are_kept_and_none_is_named_twice(self) -> None:
        own = ["message.output_text.logprobs", "web_search_call.action.sources"]
        request = built(overrides={"include": own, "tools": [{"type": "web_search"}]})
        assert request.body["include"] == own


class TestChain:
    def test_names_the_parent_and_sends_only_the_new_input(self) -> None:
        parent = turn("One?", "Eins.")
        request = built([turn("Zero?"), parent], "Two?")
        assert request.chain == "previous_response_id"
        assert request.body["previous_response_id"] == parent.response_id
        assert request.body["input"] == [user_message("Two?")]
        assert request.notes == ()

    def test_the_policy_always_chains_like_auto(self) -> None:
        assert built([turn()], chain_policy="always").chain == "previous_response_id"

    def test_the_case_of_a_model_s_name_does_not_matter(self) -> None:
        assert built([turn()], model=MODEL.upper()).chain == "previous_response_id"

    def test_its_estimate_covers_the_whole_thread(self) -> None:
        request = built([turn("x" * 400, "y" * 400)], "z" * 400, instructions="i" * 400)
        assert request.estimated_tokens == 400

    def test_an_id_that_the_person_names_goes_before_everything(self) -> None:
        request = built([turn()], overrides={"previous_response_id": "resp_mine"}, chain_policy="never")
        assert request.body["previous_response_id"] == "resp_mine"
        assert request.named_id
        assert said(request) == ["And now?"]


class TestReplay:
    @pytest.mark.parametrize(
        ("parent", "fields"),
        [
            (turn(status="stopped"), {}),
            (turn(status="failed"), {}),
            (turn(status="interrupted"), {}),
            (turn(status="incomplete"), {}),
            (turn(response_id=None), {}),
            (turn(options={"store": False}), {}),
            (turn(), {"overrides": {"store": False}}),
            (turn(), {"model": "Other-2"}),
            (turn(), {"server": "https://api.poe.com/v1"}),
            (turn(), {"chain_policy": "never"}),
            (turn(), {"chain_refused": True}),
            (turn(), {"chain_refused": True, "chain_policy": "always"}),
            (turn(output=[call("c1")]), {"prompt": [called("c1")]}),
        ],
    )
    def test_when_the_chain_cannot_carry_the_thread(self, parent: Turn, fields: dict[str, Any]) -> None:
        request = built([parent], **fields)
        assert request.chain == "replay"
        assert "previous_response_id" not in request.body

    def test_sends_the_whole_path_in_order(self) -> None:
        request = built([turn("One?", "Eins."), turn("Two?", "Zwei.")], "Three?", chain_policy="never")
        assert said(request) == ["One?", "Eins.", "Two?", "Zwei.", "Three?"]
        assert [item["role"] for item in request.body["input"]] == ["user", "assistant"] * 2 + ["user"]

    def test_is_byte_stable_and_append_only(self) -> None:
        path: list[Turn] = []
        before = ""
        for number in range(6):
            prompt = f"Question {number}?"
            request = built(path, prompt, chain_policy="never")
            sent = json.dumps(request.body["input"])
            assert sent.startswith(before), "what was sent before is the beginning of what is sent now"
            before = sent[:-1]
            output = [thought(), answer(f"Answer {number}."), {"type": "web_search_call", "id": "ws"}]
            path.append(turn(prompt, output, chain="replay" if number else "none"))

    def test_partial_answers_are_kept_as_what_the_assistant_said(self) -> None:
        path = [turn("One?", "Ei", status="stopped"), turn("Two?", "Zw", status="interrupted")]
        assert said(built(path)) == ["One?", "Ei", "Two?", "Zw", "And now?"]

    def test_a_question_without_an_answer_is_still_asked(self) -> None:
        assert said(built([turn("One?", "", status="interrupted")])) == ["One?", "And now?"]
        overloaded = turn("One?", "", status="failed", error={"http_status": 503})
        assert said(built([overloaded])) == ["One?", "And now?"]

    def test_input_that_the_server_refused_is_not_sent_again(self) -> None:
        refused = turn("Poison", "", status="failed", error={"http_status": 400, "message": "no"})
        request = built([turn("One?", "Eins."), refused], chain_policy="never")
        assert said(request) == ["One?", "Eins.", "And now?"]
        assert request.notes == ("Left out of what is sent again: prompt that the server refused.",)

    def test_the_reasoning_of_another_model_stays_behind(self) -> None:
        path = [turn(output=[thought(), answer("Hi.")])]
        kinds = [item["type"] for item in built(path, chain_policy="never").body["input"]]
        assert kinds == ["message", "reasoning", "message", "message"]
        kinds = [item["type"] for item in built(path, model="Other-2").body["input"]]
        assert kinds == ["message", "message", "message"]

    def test_reasoning_is_not_sent_without_what_it_led_to(self) -> None:
        path = [turn(output=[thought()], status="stopped"), turn(output=[thought(), call("lost")], status="stopped")]
        kinds = [item["type"] for item in built(path).body["input"]]
        assert kinds == ["message", "message", "message"]

    def test_a_call_and_its_output_go_together(self) -> None:
        path = [turn("Weather?", [thought(), call("c1"), call("c2")])]
        request = built(path, [called("c1")])
        assert [item["type"] for item in request.body["input"]] == [
            "message", "reasoning", "function_call", "function_call_output",
        ]  # fmt: skip
        assert request.notes == ("Left out of what is sent again: function_call.",)

    def test_a_call_that_nobody_answered_is_left_out_on_both_sides(self) -> None:
        path = [turn("Weather?", [call("c1")]), turn([called("stray")], "Hm.")]
        request = built(path, chain_policy="never")
        assert [item["type"] for item in request.body["input"]] == ["message", "message", "message"]

    def test_what_is_left_out_is_told_once(self) -> None:
        painted = turn("Paint", [{"type": "image_generation_call", "result": "AAAA"}] * 2)
        first = built([painted], chain_policy="never")
        assert first.notes == ("Left out of what is sent again: 2 × image_generation_call.",)
        later = built([painted, turn("And?", "Yes.", chain="replay")], chain_policy="never")
        assert later.notes == ()

    def test_new_input_of_an_unknown_type_is_sent_as_it_is(self) -> None:
        approval = {"type": "mcp_approval_response", "approve": True, "approval_request_id": "a"}
        assert built(prompt=[approval]).body["input"] == [approval]
