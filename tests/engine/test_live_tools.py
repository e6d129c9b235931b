"""Tools in the threads that run: what waits and who answers, Esc, resuming; threads never wait for each other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from poe_tui.engine.live import Decision, ThreadBusy
from poe_tui.engine.turn import ApprovalNeeded, StepsSpent, ToolsStopped, TurnEnded, TurnStarted
from poe_tui.model import Thread
from tests.engine.conftest import Bench, Watcher, types
from tests.engine.tool_kit import PYTHON, call, command, gone, offer, outputs, said, script, there, weather


async def started(bench: Bench, watcher: Watcher, kind: str = "tool.approval_needed") -> Thread:
    """Start a thread and wait for that event."""
    thread = bench.thread()
    bench.runtime.live.start(thread, "Weather?")
    await watcher.until(kind, thread)
    return thread


async def last_end(watcher: Watcher) -> TurnEnded:
    """Wait for an end behind which nothing follows."""
    while (end := await watcher.end()).continues:
        pass
    return end


class TestWaiting:
    async def test_a_call_waits_until_somebody_answers(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path, approval="ask"))
        bench.server.script([call("get_weather", {"city": "Bern"}, "1")], said("Sunny."))
        live, watcher = bench.runtime.live, Watcher(bench)
        thread = await started(bench, watcher)
        assert live.is_running(thread.id)
        assert live.waiting() == {thread.id}
        (waiting,) = live.approvals(thread.id)
        assert waiting.preview.name == "get_weather"
        with pytest.raises(ThreadBusy):
            live.start(thread, "More?")
        assert live.answer(thread.id, Decision("once")) == [waiting]
        assert live.answer(thread.id, Decision("once")) == []
        assert live.approvals(thread.id) == []
        end = await last_end(watcher)
        assert end.turn.output_text == "Sunny."
        assert not live.is_running(thread.id)
        assert live.waiting() == set()
        assert outputs(bench.bodies[1]) == {"1": "sun in Bern\n"}
        assert types(watcher.events[thread.id], "t") == [
            "turn.started", "turn.request_built", "turn.ended",
            "tool.approval_needed", "tool.approval_given", "tool.started", "tool.ended",
            "turn.started", "turn.request_built", "turn.ended",
        ]  # fmt: skip

    async def test_another_thread_does_not_wait(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path, approval="ask"))
        bench.server.script([call("get_weather", {"city": "Bern"})], said("Hello."))
        live, watcher = bench.runtime.live, Watcher(bench)
        thread = await started(bench, watcher)
        other = bench.thread()
        live.start(other, "Hello?")
        end = await last_end(watcher)
        assert end.turn.thread_id == other.id
        assert live.waiting() == {thread.id}
        live.stop(thread.id)
        await watcher.until("tool.stopped", thread)

    async def test_calls_are_answered_one_by_one(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path, approval="ask"), command("other", "echo", "x", approval="ask"))
        bench.server.script([call("get_weather", {"city": "Bern"}, "1"), call("other", {}, "2")], said("Done."))
        live, watcher = bench.runtime.live, Watcher(bench)
        thread = await started(bench, watcher)
        assert [waiting.index for waiting in live.approvals(thread.id)] == [0, 1]
        live.answer(thread.id, Decision("no"), 1)
        await watcher.until("tool.ended", thread)
        assert [waiting.index for waiting in live.approvals(thread.id)] == [0]
        live.answer(thread.id, Decision("once"), 0)
        await last_end(watcher)
        assert outputs(bench.bodies[1])["1"] == "sun in Bern\n"
        assert outputs(bench.bodies[1])["2"].startswith("The person refused")

    async def test_a_lasting_yes_covers_the_tools_other_calls(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path, approval="ask"), command("other", "echo", "x", approval="ask"))
        cities = [call("get_weather", {"city": city}, city) for city in ("Bern", "Thun")]
        bench.server.script([*cities, call("other", {}, "o")], said("Done."))
        live, watcher = bench.runtime.live, Watcher(bench)
        thread = await started(bench, watcher)
        assert [done.index for done in live.answer(thread.id, Decision("thread"), 1)] == [1, 0]
        assert [waiting.index for waiting in live.approvals(thread.id)] == [2]
        live.answer(thread.id, Decision("once"))
        await last_end(watcher)
        assert list(outputs(bench.bodies[1])) == ["Bern", "Thun", "o"]

    async def test_files_that_nobody_named_are_asked_about_each(self, bench: Bench, tmp_path: Path) -> None:
        named, other = tmp_path / "named", tmp_path / "other"
        named.write_text("A")
        other.write_text("B")
        offer(bench, read_file=True)
        bench.server.script(
            [call("read_file", {"path": str(named)}, "1"), call("read_file", {"path": str(other)}, "2")],
            [call("read_file", {"path": str(named)}, "3"), call("read_file", {"path": str(other)}, "4")],
            said("Done."),
        )
        live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
        live.start(thread, f"Read {named}, please.")
        await watcher.until("tool.approval_needed", thread)
        assert [(waiting.preview.does, waiting.coverable) for waiting in live.approvals(thread.id)] == [
            (f"reads {named}", True), (f"reads {other}", False),
        ]  # fmt: skip
        live.answer(thread.id, Decision("thread"), 0)
        live.answer(thread.id, Decision("once"), 1)
        await watcher.until("tool.approval_needed", thread, 2)
        assert [waiting.index for waiting in live.approvals(thread.id)] == [1]
        live.answer(thread.id, Decision("no"))
        await last_end(watcher)
        told = outputs(bench.bodies[2])
        assert (told["1"], told["2"], told["3"]) == ("A", "B", "A")
        assert told["4"].startswith("The person refused")

    async def test_a_screen_that_opens_later_reads_what_happened(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path, approval="ask"))
        bench.server.script([call("get_weather", {"city": "Bern"})], said("Sunny."))
        gate = bench.server.hold(after=3)
        gate.open()
        live, watcher = bench.runtime.live, Watcher(bench)
        thread = await started(bench, watcher)
        log = live.events(thread.id)
        assert isinstance(log[0], TurnStarted)
        assert isinstance(log[-2], TurnEnded)
        assert log[-2].continues
        assert isinstance(log[-1], ApprovalNeeded)
        live.answer(thread.id, Decision("once"))
        await watcher.until("turn.started", thread, 2)
        assert sum(isinstance(event, TurnStarted) for event in live.events(thread.id)) <= 1
        await last_end(watcher)

    async def test_the_limit_of_steps_asks(self, bench: Bench) -> None:
        offer(bench, command("t", "echo", "ok"), max_steps=1)
        bench.server.script(*[[call("t", {})]] * 2, said("Done."))
        live, watcher = bench.runtime.live, Watcher(bench)
        thread = await started(bench, watcher, "tool.steps_spent")
        assert live.waiting() == {thread.id}
        spent = live.steps_spent(thread.id)
        assert isinstance(spent, StepsSpent)
        assert spent.steps == 1
        assert live.go_on(thread.id)
        assert not live.go_on(thread.id)
        assert (await last_end(watcher)).turn.output_text == "Done."
        assert live.steps_spent(thread.id) is None


class TestEsc:
    async def test_it_ends_a_wait_and_sends_nothing(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path, approval="ask"))
        bench.server.script([call("get_weather", {"city": "Bern"})], said("Hello."))
        live, watcher = bench.runtime.live, Watcher(bench)
        thread = await started(bench, watcher)
        assert live.stop(thread.id)
        await watcher.until("tool.stopped", thread)
        assert not live.is_running(thread.id)
        assert live.waiting() == set()
        assert len(bench.bodies) == 1
        (only,) = await bench.runtime.store.path(thread.tip_id)
        assert only.status == "completed"
        live.start(thread, "Never mind.")
        assert (await last_end(watcher)).turn.output_text == "Hello."
        assert [item["type"] for item in bench.bodies[1]["input"]] == ["message", "message"]

    async def test_it_ends_what_runs_and_keeps_what_came_of_it(self, bench: Bench, tmp_path: Path) -> None:
        ready = tmp_path / "pid"
        code = f"""\
import os, pathlib, time
pathlib.Path({str(ready)!r} + ".part").write_text(str(os.getpid()))
os.rename({str(ready)!r} + ".part", {str(ready)!r})
time.sleep(1000)
"""
        hang = command("hang", PYTHON, str(script(tmp_path, "hang", code)), timeout=100.0)
        offer(bench, command("quick", "echo", "quick"), hang, command("asks", "true", approval="ask"))
        bench.server.script([call("quick", {}, "1"), call("hang", {}, "2"), call("asks", {}, "3")], said("I see."))
        live, watcher = bench.runtime.live, Watcher(bench)
        thread = await started(bench, watcher, "tool.ended")
        assert await there(ready)
        assert live.stop(thread.id)
        end = await last_end(watcher)
        assert await gone(int(ready.read_text()))
        assert end.turn.status == "stopped"
        assert len(bench.bodies) == 1
        told = {item["call_id"]: item["output"] for item in end.turn.input}
        assert told == {
            "1": "quick\n",
            "2": "The person stopped the tool before it ended.",
            "3": "The person stopped before this call was run.",
        }
        assert types(watcher.events[thread.id], "turn.")[-2:] == ["turn.started", "turn.ended"]
        path = await bench.runtime.store.path(thread.tip_id)
        assert path[-1].input == end.turn.input
        live.start(thread, "What came of it?")
        await last_end(watcher)
        assert outputs(bench.bodies[1]) == told

    async def test_it_stops_a_step_in_flight_like_any_turn(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        bench.server.script([call("get_weather", {"city": "Bern"})], said("Sunny."), model="Demo-Echo")
        live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
        live.start(thread, "Weather?")
        await watcher.until("tool.ended", thread)
        gate = bench.server.hold(after=2)
        await bench.server.until(lambda server: len(server.turns) == 2)
        live.stop(thread.id)
        end = await last_end(watcher)
        gate.open()
        assert end.turn.status in ("stopped", "completed")
        assert end.turn.input[0]["type"] == "function_call_output"

    async def test_closing_ends_the_processes(self, bench: Bench, tmp_path: Path) -> None:
        ready = tmp_path / "pid"
        code = f"import os, pathlib, time\np = pathlib.Path({str(ready)!r})\n"
        code += "q = p.with_suffix('.part')\nq.write_text(str(os.getpid()))\nq.rename(p)\ntime.sleep(1000)\n"
        offer(bench, command("hang", PYTHON, str(script(tmp_path, "hang", code)), timeout=100.0))
        bench.server.script([call("hang", {})])
        await started(bench, Watcher(bench), "tool.started")
        assert await there(ready)
        await bench.runtime.live.close(1.0)
        assert bench.runtime.live.running() == set()
        assert await gone(int(ready.read_text()))


class TestResuming:
    async def test_calls_of_an_earlier_day_are_taken_up(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path, approval="ask"))
        bench.server.script([call("get_weather", {"city": "Bern"}, "1")], said("Sunny."))
        live, watcher = bench.runtime.live, Watcher(bench)
        thread = await started(bench, watcher)
        live.stop(thread.id)
        await watcher.until("tool.stopped", thread)
        stored = await bench.runtime.store.thread(thread.id)
        assert stored is not None
        (tip,) = await bench.runtime.store.path(stored.tip_id)
        assert live.resume(stored, tip)
        with pytest.raises(ThreadBusy):
            live.resume(stored, tip)
        await watcher.until("tool.approval_needed", thread, 2)
        live.answer(thread.id, Decision("once"))
        end = await last_end(watcher)
        assert end.turn.output_text == "Sunny."
        assert not live.resume(stored, end.turn)

    async def test_a_retry_runs_the_tools_again(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        bench.server.script(*[[call("get_weather", {"city": "Bern"})], said("Sunny.")] * 2)
        live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
        live.start(thread, "Weather?")
        await last_end(watcher)
        first = (await bench.runtime.store.path(thread.tip_id))[0]
        live.regenerate(thread, first.id)
        end = await last_end(watcher)
        assert end.turn.output_text == "Sunny."
        path = await bench.runtime.store.path(thread.tip_id)
        assert path[0].sibling_count == 2
        assert len(path) == 2


async def test_a_subscriber_that_answers_at_once_is_heard(bench: Bench, tmp_path: Path) -> None:
    offer(bench, weather(tmp_path, approval="ask"))
    bench.server.script([call("get_weather", {"city": "Bern"})], said("Sunny."))
    live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()

    def answer(thread_id: str, event: object) -> None:
        if isinstance(event, ApprovalNeeded):
            asyncio.get_running_loop().call_soon(live.answer, thread_id, Decision("once"))

    live.subscribe(answer)
    live.start(thread, "Weather?")
    assert (await last_end(watcher)).turn.output_text == "Sunny."
    assert not [event for event in watcher.events[thread.id] if isinstance(event, ToolsStopped)]


async def test_a_retry_keeps_the_fields_of_its_turn_in_every_step(bench: Bench, tmp_path: Path) -> None:
    offer(bench, weather(tmp_path, approval="ask"))
    bench.server.script(*[[call("get_weather", {"city": "Bern"})], said("Sunny.")] * 2)
    live, watcher, thread = bench.runtime.live, Watcher(bench), bench.thread()
    live.start(thread, "Weather?", overrides={"temperature": 0.25})
    await watcher.until("tool.approval_needed", thread)
    live.stop(thread.id)
    await watcher.until("tool.stopped", thread)
    (first,) = await bench.runtime.store.path(thread.tip_id)
    bench.server.clear()
    bench.server.script(*[[call("get_weather", {"city": "Bern"})], said("Sunny.")])
    live.regenerate(thread, first.id)
    await watcher.until("tool.approval_needed", thread, 2)
    live.answer(thread.id, Decision("once"))
    await last_end(watcher)
    assert [body["temperature"] for body in bench.bodies] == [0.25, 0.25]
