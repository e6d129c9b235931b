"""The streams that run, on screen or not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from poe_tui.engine.live import NothingToSend, ThreadBusy
from poe_tui.engine.turn import Event, TurnEnded
from poe_tui.model import Thread
from tests.engine.conftest import Bench, Watcher


async def test_a_turn_runs_without_anybody_consuming_it(bench: Bench) -> None:
    live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
    live.start(thread, "Hello?")
    assert live.is_running(thread.id)
    assert live.running() == {thread.id}
    end = await watcher.end()
    assert end.turn.status == "completed"
    assert not live.is_running(thread.id)
    assert live.events(thread.id) == []
    kinds = [event.type for event in watcher.events[thread.id]]
    assert kinds[0] == "turn.started"
    assert kinds[-1] == "turn.ended"
    assert "response.completed" in kinds


async def test_two_threads_stream_at_once(bench: Bench) -> None:
    gate = bench.server.hold(after=8)
    live, watcher = bench.runtime.live, Watcher(bench)
    one, two = bench.thread(), bench.thread("GPT-5-Mini")
    live.start(one, "Number one?")
    live.start(two, "Number two?")
    await bench.server.until(lambda server: len(server.turns) == 2)
    assert live.running() == {one.id, two.id}
    gate.open()
    ends = {(await watcher.end()).turn.thread_id for _ in range(2)}
    assert ends == {one.id, two.id}
    for thread in (one, two):
        path = await bench.runtime.store.path(thread.tip_id)
        assert [turn.status for turn in path] == ["completed"]


async def test_one_turn_at_a_time_for_a_thread(bench: Bench) -> None:
    gate = bench.server.hold()
    live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
    live.start(thread, "Hello?")
    await gate.arrived()
    with pytest.raises(ThreadBusy):
        live.start(thread, "Hello again?")
    with pytest.raises(ThreadBusy):
        live.regenerate(thread, "x")
    gate.open()
    await watcher.end()
    assert len(bench.bodies) == 1


async def test_an_empty_prompt_starts_nothing(bench: Bench) -> None:
    for start in (
        lambda: bench.runtime.live.start(bench.thread(), " \n"),
        lambda: bench.runtime.live.edit(bench.thread(), "x", ""),
    ):
        with pytest.raises(NothingToSend):
            start()
    assert bench.runtime.live.running() == set()


async def test_a_screen_that_opens_in_mid_stream_gets_the_log(bench: Bench) -> None:
    gate = bench.server.hold(after=9)
    live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
    live.start(thread, "Hello?")
    await gate.arrived()
    await watcher.until("", thread, 9)
    log = live.events(thread.id)
    assert folded(log) == folded(watcher.events[thread.id])
    late = Watcher(bench)
    gate.open()
    await late.end()
    assert folded(log + late.events[thread.id]) == folded(watcher.events[thread.id])


def folded(events: list[Any]) -> list[Any]:
    """The events by type, those of one text as its type and its words."""
    found: list[Any] = []
    for event in events:
        if not event.type.endswith(".delta"):
            found.append(event)
        elif found and isinstance(found[-1], tuple) and found[-1][0] == event.type:
            found[-1] = (event.type, found[-1][1] + event.delta)
        else:
            found.append((event.type, event.delta))
    return found


async def test_stopping_keeps_the_partial_and_tells_the_end(bench: Bench) -> None:
    gate = bench.server.hold(after=12)
    live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
    live.start(thread, "Hello there?")
    await gate.arrived()
    await watcher.until("response.output_text.delta", thread)
    assert live.stop(thread.id)
    end = await watcher.end()
    assert end.turn.status == "stopped"
    assert end.turn.output_text
    assert not live.stop(thread.id)
    stored = await bench.runtime.store.turn(end.turn.id)
    assert stored == end.turn
    assert [event for event in watcher.events[thread.id] if isinstance(event, TurnEnded)] == [end]


async def test_stopping_before_anything_happened_still_leaves_a_turn(bench: Bench) -> None:
    live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
    live.start(thread, "Oh, wait.")
    assert live.stop(thread.id)
    assert live.stop(thread.id), "twice does no harm"
    end = await watcher.end()
    assert end.turn.status == "stopped"
    stored = await bench.runtime.store.turn(end.turn.id)
    assert stored is not None
    assert stored.input_text == "Oh, wait."
    assert not live.is_running(thread.id)


async def test_regenerating_and_editing(bench: Bench) -> None:
    live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
    live.start(thread, "One?")
    first = (await watcher.end()).turn
    live.regenerate(thread, first.id, model="GPT-5-Mini")
    again = (await watcher.end()).turn
    live.edit(thread, first.id, "Uno?")
    edited = (await watcher.end()).turn
    assert [turn.input_text for turn in (first, again, edited)] == ["One?", "One?", "Uno?"]
    assert again.model == "GPT-5-Mini"
    assert len(await bench.runtime.store.siblings(first.id)) == 3


async def test_a_new_turn_may_start_from_the_end_of_the_last(bench: Bench) -> None:
    live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
    asked: list[str] = []

    def more(thread_id: str, event: Event) -> None:
        if isinstance(event, TurnEnded) and not asked:
            asked.append("Two?")
            live.start(thread, "Two?")

    live.subscribe(more)
    live.start(thread, "One?")
    first, second = await watcher.end(), await watcher.end()
    assert second.turn.parent_id == first.turn.id


async def test_a_subscriber_that_fails_is_reported_and_stops_nothing(bench: Bench) -> None:
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))

    def fail(thread_id: str, event: Event) -> None:
        raise RuntimeError("no")

    live = bench.runtime.live
    leave = live.subscribe(fail)
    watcher, thread = Watcher(bench), bench.thread()
    live.start(thread, "Hello?")
    assert (await watcher.end()).turn.status == "completed"
    assert reported
    leave()
    leave()
    watcher.leave()
    count, seen, last = len(reported), len(watcher.events[thread.id]), Watcher(bench)
    live.start(thread, "Again?")
    await last.end()
    assert (len(reported), len(watcher.events[thread.id])) == (count, seen)


async def test_an_unknown_turn_is_reported(bench: Bench) -> None:
    reported: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.put_nowait(context))
    bench.runtime.live.regenerate(bench.thread(), "nope")
    assert isinstance((await asyncio.wait_for(reported.get(), 5))["exception"], KeyError)
    assert bench.runtime.live.running() == set()


async def test_closing_stops_everything_in_time(bench: Bench) -> None:
    gate = bench.server.hold(after=10)
    live, watcher = bench.runtime.live, Watcher(bench)
    threads: list[Thread] = [bench.thread() for _ in range(3)]
    for thread in threads:
        live.start(thread, "Hello?")
    await gate.arrived()
    async with asyncio.timeout(2):
        await live.close()
    ends = [await watcher.end() for _ in threads]
    assert {end.turn.status for end in ends} == {"stopped"}
    assert live.running() == set()
    await live.close()
