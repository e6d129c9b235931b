"""One turn after another, against the real server and a real database: what is sent, said and kept."""

from __future__ import annotations

import sqlite3
from contextlib import aclosing

import pytest

from poe_tui.demo.answer import Answer, Ask, message
from poe_tui.engine.items import user_message
from poe_tui.engine.session import NothingToSend, title_of
from poe_tui.engine.turn import RequestBuilt, TurnNote, TurnStarted
from poe_tui.model import Thread
from tests.engine.conftest import Bench, ended, texts, types


class TestAConversation:
    async def test_the_second_turn_names_the_first_and_sends_only_what_is_new(self, bench: Bench) -> None:
        thread = bench.thread()
        first = await bench.ask(thread, "My name is Ada.")
        events = await bench.say(thread, "What is my name?")
        second = ended(events).turn
        assert bench.bodies[1]["previous_response_id"] == first.response_id
        assert bench.bodies[1]["input"] == [user_message("What is my name?")]
        assert second.chain == "previous_response_id"
        assert second.parent_id == first.id
        assert "My name is Ada." in second.output_text
        assert types(events) == ["turn.started", "turn.request_built", "turn.ended"]

    async def test_what_ended_is_what_is_stored(self, bench: Bench) -> None:
        thread = bench.thread()
        end = ended(await bench.say(thread, "Hello?"))
        assert end.saved
        stored = await bench.runtime.store.turn(end.turn.id)
        assert stored == end.turn
        assert stored is not None
        assert stored.status == "completed"
        assert stored.server == bench.server.base_url
        assert stored.usage is not None
        assert stored.upstream_model
        assert stored.options == {"stream": True}
        assert stored.timing.keys() == {"first_event", "first_text", "total"}
        assert stored.completed_at is not None
        assert stored.error is None

    async def test_the_turn_is_on_disk_before_the_request_leaves(self, bench: Bench) -> None:
        thread = bench.thread()
        async with aclosing(bench.runtime.session(thread).send("Keep this.")) as events:
            started = await anext(events)
            assert isinstance(started, TurnStarted)
            assert bench.server.turns == []
            with sqlite3.connect(bench.database) as other:
                rows = other.execute("SELECT id, status, input_text FROM turns").fetchall()
            other.close()
            assert rows == [(started.turn.id, "in_progress", "Keep this.")]

    async def test_the_thread_learns_its_title_its_model_and_its_tip(self, bench: Bench) -> None:
        thread = bench.thread("Demo-Echo")
        turn = await bench.ask(thread, "Plan a weekend\nin Bern")
        other = await bench.ask(thread, "And in Thun?", model="GPT-5-Mini")
        stored = await bench.runtime.store.thread(thread.id)
        assert stored is not None
        assert (stored.title, stored.model, stored.tip_id) == ("Plan a weekend", "GPT-5-Mini", other.id)
        assert (thread.title, thread.model, thread.tip_id) == ("Plan a weekend", "GPT-5-Mini", other.id)
        assert stored.created_at == turn.created_at
        assert stored.updated_at == thread.updated_at == other.completed_at

    async def test_a_thread_that_was_stored_earlier_is_not_stored_again(self, bench: Bench) -> None:
        thread = bench.thread(title="Mine", created_at=5.0)
        bench.runtime.store.add_thread(thread)
        await bench.ask(thread, "Hello?")
        stored = await bench.runtime.store.thread(thread.id)
        assert stored is not None
        assert (stored.title, stored.created_at) == ("Mine", 5.0)

    async def test_without_a_model_the_settings_say_which(self, bench: Bench) -> None:
        bench.set(general__model="GPT-5-Mini")
        assert (await bench.ask(Thread(id="a" * 32), "Hello?")).model == "GPT-5-Mini"

    @pytest.mark.parametrize("prompt", ["", " \n ", []])
    async def test_an_empty_prompt_sends_and_stores_nothing(self, bench: Bench, prompt: str) -> None:
        with pytest.raises(NothingToSend):
            await bench.say(bench.thread(), prompt)
        assert bench.server.requests == []
        assert await bench.runtime.store.threads() == []

    async def test_fields_come_from_settings_thread_and_turn(self, bench: Bench) -> None:
        bench.set(defaults__temperature=0.5, defaults__instructions="Be brief.", defaults__max_output_tokens=99)
        thread = bench.thread(options={"temperature": 0.7, "truncation": "auto"}, instructions="Be kind.")
        await bench.ask(thread, "Hello?", overrides={"max_output_tokens": None})
        body = bench.bodies[0]
        assert (body["temperature"], body["truncation"], body["instructions"]) == (0.7, "auto", "Be kind.")
        assert "max_output_tokens" not in body

    async def test_a_media_model_is_asked_without_streaming(self, bench: Bench) -> None:
        await bench.runtime.catalog.refresh()
        turn = await bench.ask(bench.thread("Demo-Media"), "A cat")
        assert bench.bodies[0]["stream"] is False
        assert turn.status == "completed"
        assert turn.output_text


class TestChainAndReplay:
    async def test_a_refused_chain_is_replayed_in_the_same_turn_and_remembered(self, bench: Bench) -> None:
        bench.server.fault("refuse_chain", chained=True)
        thread = bench.thread()
        await bench.ask(thread, "One?")
        events = await bench.say(thread, "Two?")
        turn = ended(events).turn
        assert types(events) == [
            "turn.started", "turn.request_built", "turn.chain_refused", "turn.request_built", "turn.ended",
        ]  # fmt: skip
        assert [event.chain for event in events if isinstance(event, RequestBuilt)] == [
            "previous_response_id",
            "replay",
        ]
        assert len(bench.bodies) == 3
        assert texts(bench.bodies[2])[0] == "One?"
        assert texts(bench.bodies[2])[-1] == "Two?"
        assert (turn.status, turn.chain) == ("completed", "replay")
        assert turn.error is not None
        assert turn.error.keys() == {"notes"}

        assert (await bench.ask(thread, "Three?")).chain == "replay"
        assert len(bench.bodies) == 4, "the refusal was remembered"
        known = await bench.runtime.store.refusals(bench.server.base_url)
        assert list(known) == [("Demo-Echo", "chain")]

    async def test_a_remembered_refusal_outlives_the_process_and_has_an_end(self, bench: Bench) -> None:
        bench.server.fault("refuse_chain", chained=True)
        thread = bench.thread()
        await bench.ask(thread, "One?")
        await bench.ask(thread, "Two?")
        catalog = bench.runtime.catalog
        fresh = type(catalog)(bench.runtime.client, bench.cache, bench.runtime.store)
        assert not fresh.refuses("demo-echo", "chain")
        await fresh.load_cached()
        assert fresh.refuses("demo-echo", "chain")
        bench.runtime.store.add_refusal(bench.server.base_url, "Demo-Echo", "chain", 1.0)
        late = type(catalog)(bench.runtime.client, bench.cache, bench.runtime.store)
        await late.load_cached()
        assert not late.refuses("demo-echo", "chain")

    async def test_a_chained_500_is_replayed_at_once(self, bench: Bench) -> None:
        bench.server.fault("status", status=500, chained=True)
        thread = bench.thread()
        await bench.ask(thread, "One?")
        turn = await bench.ask(thread, "Two?")
        assert (turn.status, turn.chain) == ("completed", "replay")
        assert len(bench.bodies) == 3
        assert bench.runtime.catalog.refuses("Demo-Echo", "chain")

    async def test_a_500_that_meets_the_replay_too_says_nothing_about_the_chain(self, bench: Bench) -> None:
        thread = bench.thread()
        await bench.ask(thread, "One?")
        bench.server.fault("status", status=500)
        turn = await bench.ask(thread, "Two?")
        assert turn.status == "failed"
        assert len(bench.bodies) == 4, "one chained, two replays: three requests in all"
        assert not bench.runtime.catalog.refuses("Demo-Echo", "chain")

    async def test_a_refusal_inside_the_stream_counts_too(self, bench: Bench) -> None:
        def refuse(ask: Ask) -> Answer:
            error = {"code": "previous_response_not_found", "message": "Previous response not found."}
            return Answer([], status="failed", error=error)

        thread = bench.thread()
        await bench.ask(thread, "One?")
        bench.server.script(refuse)
        events = await bench.say(thread, "Two?")
        assert "response.failed" not in [event.type for event in events]
        assert ended(events).turn.status == "completed"
        assert ended(events).turn.chain == "replay"

    async def test_a_server_that_forgets_is_noticed_and_the_third_turn_is_a_replay(self, bench: Bench) -> None:
        thread = bench.thread("Demo-Forgetful")
        await bench.ask(thread, "My name is Ada.")
        events = await bench.say(thread, "What is my name?")
        assert "turn.chain_forgotten" in types(events)
        second = ended(events).turn
        assert second.error is not None
        assert "forgot" in second.error["notes"][0]
        third = await bench.ask(thread, "Once more: what is my name?")
        assert third.chain == "replay"
        assert texts(bench.bodies[2])[0] == "My name is Ada."
        assert list(await bench.runtime.store.refusals(bench.server.base_url)) == [("Demo-Forgetful", "chain-forgets")]

    async def test_a_server_that_remembers_is_never_accused(self, bench: Bench) -> None:
        thread = bench.thread()
        for prompt in ("hi", "x", "A much longer question, " * 40, "?", "hi"):
            events = await bench.say(thread, prompt)
            assert "turn.chain_forgotten" not in types(events)
        assert all("previous_response_id" in body for body in bench.bodies[1:])

    async def test_another_model_replays_and_then_chains_again(self, bench: Bench) -> None:
        thread = bench.thread()
        await bench.ask(thread, "One?")
        assert (await bench.ask(thread, "Two?", model="GPT-5-Mini")).chain == "replay"
        assert (await bench.ask(thread, "Three?")).chain == "previous_response_id"

    async def test_the_policy_never_replays_every_time(self, bench: Bench) -> None:
        bench.set(advanced__chain="never")
        thread = bench.thread()
        await bench.ask(thread, "One?")
        await bench.ask(thread, "Two?")
        assert "previous_response_id" not in bench.bodies[1]

    async def test_an_id_that_the_person_named_is_not_replaced(self, bench: Bench) -> None:
        turn = await bench.ask(bench.thread(), "Hi", overrides={"previous_response_id": "resp_unknown"})
        assert turn.status == "failed"
        assert len(bench.bodies) == 1

    async def test_what_is_left_out_of_a_replay_is_told(self, bench: Bench) -> None:
        bench.set(advanced__chain="never")
        thread = bench.thread()
        bench.server.script([{"type": "future_call", "id": "f"}, message("Done.")])
        await bench.ask(thread, "Do it.")
        events = await bench.say(thread, "And?")
        notes = [event.text for event in events if isinstance(event, TurnNote)]
        assert notes == ["Left out of what is sent again: future_call."]
        assert (ended(events).turn.error or {})["notes"] == notes


class TestTheBudget:
    async def test_three_requests_in_all_also_when_the_chain_is_refused(self, bench: Bench) -> None:
        thread = bench.thread()
        await bench.ask(thread, "One?")
        bench.server.clear()
        bench.server.fault("status", status=503, times=2, headers={"Retry-After": "0"})
        bench.server.fault("refuse_chain", chained=True)
        turn = await bench.ask(thread, "Two?")
        assert len(bench.bodies) == 3
        assert turn.status == "failed"
        assert turn.chain == "previous_response_id"

    async def test_retries_are_told(self, bench: Bench) -> None:
        bench.server.fault("status", status=503, times=1, headers={"Retry-After": "0"})
        events = await bench.say(bench.thread(), "Hello?")
        assert types(events, "request.") == ["request.retry_scheduled"]
        assert ended(events).turn.status == "completed"

    async def test_the_setting_can_forbid_them(self, bench: Bench) -> None:
        bench.set(advanced__max_requests=1)
        bench.server.fault("status", status=503)
        assert (await bench.ask(bench.thread(), "Hello?")).status == "failed"
        assert len(bench.bodies) == 1


class TestTheTree:
    async def test_regenerating_adds_a_sibling(self, bench: Bench) -> None:
        thread = bench.thread()
        first = await bench.ask(thread, "One?")
        second = await bench.ask(thread, "Two?")
        again = ended([event async for event in bench.runtime.session(thread).regenerate(second.id)]).turn
        assert (again.parent_id, again.input, again.model) == (first.id, second.input, second.model)
        assert len(await bench.runtime.store.siblings(second.id)) == 2
        assert thread.tip_id == again.id
        other = ended(
            [event async for event in bench.runtime.session(thread).regenerate(first.id, model="GPT-5-Mini")]
        ).turn
        assert (other.parent_id, other.model) == (None, "GPT-5-Mini")

    async def test_editing_adds_a_sibling_with_other_words(self, bench: Bench) -> None:
        thread = bench.thread()
        first = await bench.ask(thread, "One?")
        edited = ended([event async for event in bench.runtime.session(thread).edit(first.id, "Uno?")]).turn
        assert (edited.parent_id, edited.input_text) == (None, "Uno?")
        assert edited.chain == "none"

    async def test_an_unknown_turn_is_an_error_of_the_caller(self, bench: Bench) -> None:
        session = bench.runtime.session(bench.thread())
        with pytest.raises(KeyError):
            await anext(session.regenerate("nope"))
        with pytest.raises(KeyError):
            await anext(session.edit("nope", "Hi"))

    async def test_a_turn_may_follow_any_other(self, bench: Bench) -> None:
        thread = bench.thread()
        first = await bench.ask(thread, "One?")
        await bench.ask(thread, "Two?")
        fork = await bench.ask(thread, "Deux?", parent_id=first.id, group_id="g")
        assert (fork.parent_id, fork.group_id) == (first.id, "g")
        root = await bench.ask(thread, "Zero?", parent_id=None)
        assert (root.parent_id, root.chain) == (None, "none")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Plan a trip", "Plan a trip"),
        ("\n\n  Plan\ta   trip  \nto Bern", "Plan a trip"),
        ("\x1b[31mred\x07", "␛[31mred"),
        ("", ""),
        ("word " * 30, ("word " * 12).strip() + "…"),
        ("x" * 100, "x" * 60 + "…"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert title_of(text) == title
