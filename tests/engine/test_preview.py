"""The request preview: what it shows is what leaves, the key apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from poe_tui.engine.preview import preview
from poe_tui.engine.request import RequestContext, build
from poe_tui.model import Thread
from tests.engine.conftest import ECHO, Bench
from tests.engine.makers import SERVER

KEY = "demo"
NOT_OURS = ("host", "connection")
"""Headers that the connection adds."""


async def compare(bench: Bench, thread: Thread, prompt: str, **more: Any) -> None:
    """Look at the preview of a prompt, send it, and compare."""
    session = bench.runtime.session(thread)
    shown = await session.preview(prompt, **more)
    assert await session.preview(prompt, **more) == shown, "looking changes nothing"
    await bench.ask(thread, prompt, **more)
    sent = bench.server.requests[-1]
    assert shown.url == f"{bench.server.origin}{sent.path}"
    assert shown.method == sent.method
    assert json.loads(shown.json) == sent.body == shown.body
    assert {name: "***" if value.endswith("***") else value for name, value in shown.headers} == {
        name: value for name, value in sent.headers.items() if name not in NOT_OURS
    }
    assert str(shown.size) == sent.headers["content-length"]


class TestAgainstTheServer:
    async def test_a_first_turn_a_chained_one_and_a_replay(self, bench: Bench) -> None:
        thread = bench.thread(instructions="Be brief.", options={"top_p": 0.5, "reasoning": {"effort": "low"}})
        await compare(bench, thread, "One?")
        await compare(bench, thread, "Two? 😀 «ü»", overrides={"temperature": 0.3, "app": {"search": True}})
        bench.set(advanced__chain="never")
        await compare(bench, thread, "Three?")
        assert [sorted(set(body) & {"previous_response_id"}) for body in bench.bodies] == [
            [],
            ["previous_response_id"],
            [],
        ]

    async def test_by_chat(self, bench: Bench) -> None:
        bench.set(advanced__endpoint="chat")
        await compare(bench, bench.thread(instructions="Be brief."), "One?", overrides={"max_output_tokens": 100})

    async def test_another_model_and_another_place(self, bench: Bench) -> None:
        thread = bench.thread()
        first = await bench.ask(thread, "One?")
        await bench.ask(thread, "Two?")
        await compare(bench, thread, "Three?", model="Demo-Code", parent_id=first.id)

    async def test_the_same_words_after_a_failure_take_its_place(self, bench: Bench) -> None:
        thread = bench.thread()
        bench.server.fault("status", status=402, times=1)
        await bench.ask(thread, "One?")
        await compare(bench, thread, "One?")

    async def test_nothing_is_sent_or_stored(self, bench: Bench) -> None:
        thread = bench.thread()
        shown = await bench.runtime.session(thread).preview("")
        assert shown.body["input"][0]["content"] == [{"type": "input_text", "text": ""}]
        assert bench.server.requests == []
        assert await bench.runtime.store.threads() == []
        assert (thread.tip_id, thread.title) == (None, "")

    async def test_what_is_out_of_bounds_is_named(self, bench: Bench) -> None:
        thread = bench.thread(options={"top_p": 2})
        shown = await bench.runtime.session(thread).preview("One?")
        assert [problem.words for problem in shown.problems] == ["top_p: must be 0 to 1."]

    async def test_the_key_is_nowhere(self, bench: Bench) -> None:
        shown = await bench.runtime.session(bench.thread()).preview("One?")
        assert dict(shown.headers)["authorization"] == "Bearer ***"


def built(text: str, **fields: Any) -> Any:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    return build(RequestContext(model=ECHO, server=SERVER, new_items=[item], **fields))


def test_it_may_be_shown_as_it_is() -> None:
    text = "a\x1b]0;owned\x07b\x9bc\u202ed\u200be\U000e0041 \u05d0 \u200f 😀"
    shown = preview(built(text), SERVER)
    assert not [c for c in shown.json if ord(c) < 32 and c != "\n"]
    assert not {"\x9b", "\u202e", "\u200b", "\U000e0041"} & set(shown.json)
    assert "😀" in shown.json
    assert json.loads(shown.json) == shown.body


def test_half_surrogates_are_shown_as_they_leave() -> None:
    shown = preview(built("a\ud800b"), SERVER)
    assert "a\ufffdb" in shown.json


def test_long_texts_are_cut_in_the_short_form_alone() -> None:
    shown = preview(built("x" * 5000), SERVER)
    assert "x" * 5000 in shown.json
    assert "x" * 200 + "… (4800 more characters)" in shown.short_json
    assert len(shown.short_json) < 1000


@pytest.mark.parametrize("has_key", [True, False])
def test_without_a_key_there_is_no_header(has_key: bool) -> None:
    shown = preview(built("x"), SERVER, has_key=has_key)
    assert ("authorization" in dict(shown.headers)) is has_key
