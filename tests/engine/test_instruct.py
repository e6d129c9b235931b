"""Instructions in the input: for whom, where, and never twice."""

from __future__ import annotations

from typing import Any

import pytest

from poe_tui.engine import instruct
from poe_tui.engine.request import BuiltRequest, RequestContext, build
from poe_tui.engine.route import Route
from poe_tui.model import Item
from tests.engine.conftest import Bench, texts
from tests.engine.makers import MODEL, SERVER, turn

POE = "https://api.poe.com/v1"
BRIEF = "Be brief."


def built(**fields: Any) -> BuiltRequest:
    defaults: dict[str, Any] = {"model": MODEL, "server": SERVER, "new_items": [], "instructions": BRIEF}
    return build(RequestContext(**{**defaults, "instructions_item": True, **fields}))


def first(request: BuiltRequest) -> Item:
    items: list[Item] = request.body["input"]
    return items[0]


@pytest.mark.parametrize(
    ("policy", "server", "model", "is_said"),
    [
        ("auto", POE, "Claude-Haiku-4.5", True),
        ("auto", POE, "claude-opus-4.8", True),
        ("auto", POE, "gpt-5.4-mini", True),
        ("auto", POE, "GPT-5.2", True),
        ("auto", POE, "Gemini-3-Pro", False),
        ("auto", POE, "gpt-4o", False),
        ("auto", "https://api.openai.com/v1", "gpt-5.2", False),
        ("auto", "https://notpoe.com/v1", "Claude-Haiku-4.5", False),
        ("auto", SERVER, "Claude-Haiku-4.5", False),
        ("always", SERVER, "anything", True),
        ("never", POE, "Claude-Haiku-4.5", False),
    ],
)
def test_who_is_told(policy: instruct.Policy, server: str, model: str, is_said: bool) -> None:
    assert instruct.wanted(policy, server, model) is is_said


def test_every_family_names_its_source() -> None:
    assert all(source and prefix == prefix.casefold() for prefix, source in instruct.IGNORED_BY.items())


class TestWhere:
    def test_the_field_and_the_first_item_say_the_same(self) -> None:
        request = built()
        assert request.body["instructions"] == BRIEF
        assert first(request) == {
            "type": "message",
            "role": "system",
            "content": [{"type": "input_text", "text": BRIEF}],
        }

    def test_without_instructions_there_is_none(self) -> None:
        assert built(instructions="").body["input"] == []
        assert built(instructions=None).body["input"] == []

    def test_by_chat_the_system_message_is_enough(self) -> None:
        request = built(route=Route("chat"))
        assert request.body["messages"] == [{"role": "system", "content": BRIEF}]

    def test_replays_are_append_only(self) -> None:
        path = [turn("One?", "Eins.", status="stopped")]
        before: list[Item] = []
        for number in range(3):
            request = built(path=path, new_items=[{"role": "user", "content": f"{number}?"}])
            items = request.body["input"]
            assert items[: len(before)] == before
            assert [item["role"] for item in items].count("system") == 1
            before = items
            asked = [{"role": "user", "content": f"{number}?"}]
            path = [*path, turn(asked, f"{number}.", status="stopped", options=request.options)]


class TestChain:
    def test_a_chain_that_holds_it_is_not_told_again(self) -> None:
        parent = turn(options=built().options)
        request = built(path=[parent])
        assert request.chain == "previous_response_id"
        assert request.body["input"] == []
        assert request.body["instructions"] == BRIEF
        grandchild = turn(options=request.options)
        assert built(path=[parent, grandchild]).chain == "previous_response_id"

    def test_a_chain_that_does_not_hold_it_is_replayed(self) -> None:
        request = built(path=[turn()])
        assert request.chain == "replay"
        assert first(request)["role"] == "system"

    def test_other_words_are_a_replay_with_these_alone(self) -> None:
        parent = turn(options=built().options)
        request = built(path=[parent], instructions="Be long.")
        assert request.chain == "replay"
        assert texts(request.body)[0] == "Be long."
        assert BRIEF not in str(request.body["input"])

    def test_so_are_none_any_more(self) -> None:
        parent = turn(options=built().options)
        for fields in ({"instructions": ""}, {"instructions_item": False}):
            request = built(path=[parent], **fields)
            assert request.chain == "replay"
            assert first(request)["role"] == "user"

    def test_an_id_that_a_person_named_is_told(self) -> None:
        request = built(path=[turn()], overrides={"previous_response_id": "resp_mine"})
        assert first(request)["role"] == "system"
        parent = turn(options=request.options)
        request = built(path=[parent], overrides={"previous_response_id": parent.response_id})
        assert request.body["input"] == []

    def test_half_surrogates_do_no_harm(self) -> None:
        request = built(instructions="a\ud800b")
        assert first(request)["content"][0]["text"] == "a\ufffdb"
        assert instruct.has_heard(turn(options=request.options), "a\ud800b")


async def test_a_thread_with_a_server(bench: Bench) -> None:
    bench.set(advanced__instructions_item="always")
    thread = bench.thread(instructions=BRIEF)
    await bench.ask(thread, "One?")
    turn_two = await bench.ask(thread, "Two?")
    bench.set(advanced__chain="never")
    await bench.ask(thread, "Three?")
    bodies = bench.bodies
    assert [texts(body)[0] for body in bodies] == [BRIEF, "Two?", BRIEF]
    assert turn_two.chain == "previous_response_id"
    assert all(body["instructions"] == BRIEF for body in bodies)
    assert bodies[2]["input"][:2] == bodies[0]["input"]
    bench.set(advanced__instructions_item="auto")
    await bench.ask(thread, "Four?")
    assert BRIEF not in texts(bench.bodies[3])
