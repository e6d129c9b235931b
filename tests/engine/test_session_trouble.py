"""One turn and what may happen to it: errors, broken streams, a database that will not save, a person who stops it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import aclosing
from typing import Literal

import pytest

from poe_tui.demo.faults import FaultKind
from poe_tui.engine import session as session_module
from poe_tui.engine.reasons import is_unknown_model
from poe_tui.engine.session import Session
from poe_tui.engine.turn import TurnNote
from poe_tui.storage.store import Store
from tests.engine.conftest import Bench, Watcher, ended


class TestWhatGoesWrong:
    @pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 413, 422])
    async def test_an_error_of_the_server_is_the_turn_s(self, bench: Bench, status: int) -> None:
        bench.server.fault("status", status=status)
        end = ended(await bench.say(bench.thread(), "Hello?"))
        assert end.turn.status == "failed"
        assert end.turn.error is not None
        assert end.turn.error["http_status"] == status
        assert end.turn.error["message"]
        assert end.turn.output == []
        assert len(bench.bodies) == 1

    async def test_an_unknown_model_brings_near_names_from_the_list(self, bench: Bench) -> None:
        turn = await bench.ask(bench.thread("Claude-Sonet-4.5"), "Hello?")
        assert turn.status == "failed"
        assert turn.error is not None
        assert "Claude-Sonet-4.5" in turn.error["message"]
        assert turn.error["near"][0] == "Claude-Sonnet-4.5"

    async def test_near_names_are_not_waited_for_without_end(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(session_module, "HELP_WAIT", 0.0)
        turn = await bench.ask(bench.thread("Claude-Sonet-4.5"), "Hello?")
        assert (turn.error or {})["near"] == []

    @pytest.mark.parametrize("kind", ["cut", "rst", "end", "no_terminal"])
    async def test_a_stream_that_breaks_is_interrupted_and_kept(self, bench: Bench, kind: FaultKind) -> None:
        bench.server.fault(kind, after=12)
        turn = await bench.ask(bench.thread(), "Hello?")
        assert turn.status == "interrupted"
        assert turn.output_text
        assert len(bench.bodies) == 1, "it may have been accepted"
        stored = await bench.runtime.store.turn(turn.id)
        assert stored == turn

    async def test_an_error_event_breaks_the_stream_off_in_the_server_s_words(self, bench: Bench) -> None:
        bench.server.fault("error_event", after=12)
        turn = await bench.ask(bench.thread(), "Hello?")
        assert turn.status == "interrupted"  # There was no terminal event.
        assert turn.output_text
        assert turn.error is not None
        assert turn.error["message"]

    async def test_a_failed_response_is_failed_with_the_server_s_words(self, bench: Bench) -> None:
        turn = await bench.ask(bench.thread("Demo-Failed"), "Hello?")
        assert turn.status == "failed"
        assert turn.error is not None
        assert turn.error["message"]

    async def test_an_incomplete_answer_has_its_reason(self, bench: Bench) -> None:
        turn = await bench.ask(bench.thread("Demo-Incomplete"), "Hello?")
        assert turn.status == "incomplete"
        assert turn.error == {"reason": "max_output_tokens"}

    async def test_no_server_is_a_failure_in_words(self, bench: Bench) -> None:
        await bench.server.stop()
        turn = await bench.ask(bench.thread(), "Hello?")
        assert turn.status == "failed"
        assert turn.error is not None
        assert "127.0.0.1" in turn.error["message"]

    async def test_the_same_words_after_a_failure_take_its_place(self, bench: Bench) -> None:
        thread = bench.thread()
        first = await bench.ask(thread, "One?")
        bench.server.fault("status", status=402, times=1)
        failed = await bench.ask(thread, "Two?")
        again = await bench.ask(thread, "Two?")
        assert failed.parent_id == again.parent_id == first.id
        assert again.chain == "previous_response_id"
        assert thread.tip_id == again.id

    async def test_a_mistake_of_ours_ends_the_turn_and_quotes_nothing(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(context: object) -> None:
            raise RuntimeError("secret")

        monkeypatch.setattr(session_module, "build", broken)
        turn = await bench.ask(bench.thread(), "Hello?")
        assert turn.status == "interrupted"
        assert turn.error == {"type": "internal_error", "message": "poe-tui failed: RuntimeError."}
        assert await bench.runtime.store.turn(turn.id) == turn


class TestSaving:
    async def test_a_database_that_is_held_does_not_stop_the_conversation(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await bench.ask(bench.thread(), "Hello?")
        monkeypatch.setattr(session_module, "SAVE_WAIT", 0.05)
        other = sqlite3.connect(bench.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            end = ended(events := await bench.say(bench.thread(), "Still there?"))
            assert end.turn.status == "completed"
            assert not end.saved
            assert end.unsaved_reason == "the database is busy"
            assert any("Not saved yet" in event.text for event in events if isinstance(event, TurnNote))
        finally:
            other.execute("ROLLBACK")
            other.close()
        await bench.runtime.store.flush()
        with Store.open(bench.database) as again:
            assert await again.turn(end.turn.id) is not None

    async def test_a_closed_store_is_told(self, bench: Bench) -> None:
        thread = bench.thread()
        await bench.ask(thread, "One?")
        bench.runtime.store.close()
        end = ended(await bench.say(thread, "Two?"))
        assert not end.saved
        assert end.turn.status == "failed"
        assert len(bench.bodies) == 1

    async def test_the_partial_answer_is_saved_as_it_grows(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("poe_tui.engine.flight.CHECKPOINT_SECONDS", 0.01)
        bench.server.hold(after=12)
        appended, watcher, store = asyncio.Event(), Watcher(bench), bench.runtime.store
        append = store.append_partial

        def watch(turn_id: str, text: str, kind: Literal["text", "reasoning"] = "text") -> object:
            appended.set()
            return append(turn_id, text, kind)

        monkeypatch.setattr(store, "append_partial", watch)
        thread = bench.thread()
        bench.runtime.live.start(thread, "Hello?")
        await asyncio.wait_for(appended.wait(), 5)
        saved, _ = await store.partial(str(thread.tip_id))
        assert saved
        bench.runtime.live.stop(thread.id)
        turn = (await watcher.end()).turn
        assert turn.status == "stopped"
        assert turn.output_text.startswith(saved)
        assert await store.partial(turn.id) == ("", "")

    async def test_a_fast_answer_is_saved_by_size_and_reasoning_apart(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("poe_tui.engine.flight.CHECKPOINT_CHARACTERS", 8)
        thread = bench.thread("Demo-Reasoning")
        kinds: set[str] = set()
        append = bench.runtime.store.append_partial

        def watch(turn_id: str, text: str, kind: Literal["text", "reasoning"] = "text") -> object:
            kinds.add(kind)
            assert text
            return append(turn_id, text, kind)

        monkeypatch.setattr(bench.runtime.store, "append_partial", watch)
        turn = await bench.ask(thread, "Think.")
        assert kinds == {"text", "reasoning"}
        assert turn.timing["reasoning"] >= 0

    async def test_emoji_cut_into_halves_are_saved_whole(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("poe_tui.engine.flight.CHECKPOINT_CHARACTERS", 1)
        saved: list[str] = []
        append = bench.runtime.store.append_partial

        def watch(turn_id: str, text: str, kind: Literal["text", "reasoning"] = "text") -> object:
            saved.append(text)
            return append(turn_id, text, kind)

        monkeypatch.setattr(bench.runtime.store, "append_partial", watch)
        bench.server.fault("surrogates")
        bench.server.script("Well 😀 done 🎉 .")
        turn = await bench.ask(bench.thread(), "Hello?")
        assert turn.output_text == "Well 😀 done 🎉 ."
        assert turn.output_text.startswith("".join(saved))
        assert "😀" in "".join(saved)


async def _consume(session: Session, seen: list[str], count: int) -> None:
    """Send, and be cancelled at the event of that number."""
    async with aclosing(session.send("Hello there, how are you?")) as events:
        async for event in events:
            seen.append(event.type)
            if len(seen) == count and (task := asyncio.current_task()) is not None:
                task.cancel()


class TestStopping:
    async def test_at_every_event_of_a_stream(self, bench: Bench) -> None:
        whole = await bench.say(bench.thread(), "Hello there, how are you?")
        answer = ended(whole).turn.output_text
        for count in range(1, len(whole) + 1):
            thread = bench.thread()
            session = bench.runtime.session(thread)
            seen: list[str] = []

            with pytest.raises(asyncio.CancelledError):
                await asyncio.create_task(_consume(session, seen, count))
            assert session.ended is not None
            turn = session.ended.turn
            over = "response.completed" in seen
            assert turn.status == ("completed" if over else "stopped"), count
            assert answer.startswith(turn.output_text)
            stored = await bench.runtime.store.turn(turn.id)
            assert stored == turn

    async def test_by_closing_the_generator(self, bench: Bench) -> None:
        session = bench.runtime.session(bench.thread())
        async with aclosing(session.send("Hello?")) as events:
            async for event in events:
                if event.type == "response.output_text.delta":
                    break
        assert session.ended is not None
        assert session.ended.turn.status == "stopped"
        assert await bench.runtime.store.turn(session.ended.turn.id) == session.ended.turn
        await bench.server.until(lambda server: server.turns[0].outcome == "client gone")


@pytest.mark.parametrize(
    ("status", "message", "unknown"),
    [
        (404, "Model `gpt-9` not found.", True),
        (404, "Bot does not exist: gpt-9", True),
        (404, "The model 'gpt-9' does not exist or you do not have access to it.", True),
        (400, "Unknown model: gpt-9", True),
        (400, "Model does not support responses method.", False),
        (400, "Unsupported parameter: 'top_p' is not supported with this model.", False),
        (404, "No such endpoint /v1/responses", False),
        (500, "Model gpt-9 not found.", False),
    ],
)
def test_recognising_an_unknown_model(status: int, message: str, unknown: bool) -> None:
    assert is_unknown_model({"http_status": status, "message": message}, "gpt-9") is unknown
