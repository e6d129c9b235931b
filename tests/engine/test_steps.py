"""From function calls to words: what is run, what the model is told, what is stored. Against the demo server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from poe_tui.credentials import Secret
from poe_tui.demo.answer import Answer, Ask, reasoning
from poe_tui.engine.approval import Decision, Nobody
from poe_tui.engine.turn import (
    ApprovalGiven,
    ApprovalNeeded,
    Event,
    StepsSpent,
    ToolEnded,
    ToolStarted,
    TurnEnded,
    TurnStarted,
)
from poe_tui.tool_config import ToolConfig
from tests.engine.conftest import Bench, types
from tests.engine.tool_kit import (
    CITY,
    PYTHON,
    Answers,
    call,
    command,
    ends,
    offer,
    outputs,
    run,
    said,
    script,
    turns,
    weather,
)

LONG_ID = "call_" + "__thought__" + "x" * 9000


class TestTheLoop:
    async def test_a_call_is_answered_in_a_child_turn(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        bench.server.script([call("get_weather", {"city": "Bern"}, LONG_ID)], said("It is sunny."))
        thread = bench.thread()
        events = await run(bench, thread, "What is the weather in Bern?")
        first, second = turns(events)
        assert [end.continues for end in events if isinstance(end, TurnEnded)] == [True, False]
        assert types(events, "tool.") == ["tool.started", "tool.ended"]
        assert (first.status, second.status) == ("completed", "completed")
        assert second.parent_id == first.id
        assert second.input == [{"type": "function_call_output", "call_id": LONG_ID, "output": "sun in Bern\n"}]
        assert second.output_text == "It is sunny."
        assert thread.tip_id == second.id
        assert thread.title == "What is the weather in Bern?"
        path = await bench.runtime.store.path(second.id)
        assert [turn.id for turn in path] == [first.id, second.id]
        assert path[1].input == second.input

    async def test_what_is_sent(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        bench.server.script([call("get_weather", {"city": "Bern"}, LONG_ID)], said("Sunny."))
        await run(bench, bench.thread(), "Weather?")
        one, two = bench.bodies
        definition = {
            "type": "function", "name": "get_weather", "description": "Does get_weather", "parameters": CITY,
            "strict": None,
        }  # fmt: skip
        assert one["tools"] == two["tools"] == [definition]
        assert "previous_response_id" not in two
        assert [item["type"] for item in two["input"]] == ["message", "function_call", "function_call_output"]
        assert two["input"][1] == {
            "type": "function_call", "call_id": LONG_ID, "name": "get_weather", "arguments": '{"city": "Bern"}',
        }  # fmt: skip
        assert outputs(two) == {LONG_ID: "sun in Bern\n"}

    async def test_the_next_prompt_goes_on_from_the_words(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        bench.server.script([call("get_weather", {"city": "Bern"})], said("Sunny."), said("You are welcome."))
        thread = bench.thread()
        second = turns(await run(bench, thread, "Weather?"))[-1]
        await run(bench, thread, "Thanks!")
        assert bench.bodies[2]["previous_response_id"] == second.response_id

    async def test_calls_run_side_by_side(self, bench: Bench, tmp_path: Path) -> None:
        # Each waits for the file that the other one makes: one after the other they would never end.
        code = """\
import json, pathlib, sys, time
mine, other = json.load(sys.stdin)["city"].split("/")
pathlib.Path(mine).touch()
while not pathlib.Path(other).exists():
    time.sleep(0.005)
print(mine)
"""
        tool = command(
            "meet", PYTHON, str(script(tmp_path, "meet", code)), parameters=CITY, directory=tmp_path, timeout=15.0
        )
        offer(bench, tool)
        bench.server.script([call("meet", {"city": "a/b"}, "1"), call("meet", {"city": "b/a"}, "2")], said("They met."))
        events = await run(bench, bench.thread(), "Meet.")
        assert outputs(bench.bodies[1]) == {"1": "a\n", "2": "b\n"}
        kinds = types(events, "tool.")
        assert kinds[:2] == ["tool.started", "tool.started"]
        assert kinds[2:] == ["tool.ended", "tool.ended"]

    async def test_outputs_keep_the_order_of_the_calls(self, bench: Bench, tmp_path: Path) -> None:
        slow = command("slow", "sh", "-c", "sleep 0.2; echo slow")
        fast = command("fast", "echo", "fast")
        offer(bench, slow, fast)
        bench.server.script([call("slow", {}, "1"), call("fast", {}, "2")], said("Done."))
        events = await run(bench, bench.thread(), "Go.")
        assert [item["call_id"] for item in turns(events)[1].input] == ["1", "2"]
        assert [event.name for event in events if isinstance(event, ToolEnded)] == ["fast", "slow"]

    async def test_reasoning_goes_back_before_its_call(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        thought = {**reasoning("**Plan**"), "encrypted_content": "gAAA"}
        bench.server.script([thought, call("get_weather", {"city": "Bern"})], said("Sunny."))
        await run(bench, bench.thread(), "Weather?")
        kinds = [item["type"] for item in bench.bodies[1]["input"]]
        assert kinds == ["message", "reasoning", "function_call", "function_call_output"]

    async def test_several_steps_in_a_row(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        bench.server.script(
            [call("get_weather", {"city": "Bern"}, "1")],
            [call("get_weather", {"city": "Thun"}, "2")],
            said("Both are sunny."),
        )
        thread = bench.thread()
        events = await run(bench, thread, "Weather?")
        assert [event.type for event in events if isinstance(event, TurnStarted | TurnEnded | ToolStarted)] == [
            "turn.started", "turn.ended", "tool.started", "turn.started", "turn.ended", "tool.started",
            "turn.started", "turn.ended",
        ]  # fmt: skip
        assert list(outputs(bench.bodies[2])) == ["1", "2"]
        assert [turn.status for turn in await bench.runtime.store.path(thread.tip_id)] == ["completed"] * 3

    async def test_the_first_turns_fields_hold_for_all_steps(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        bench.server.script([call("get_weather", {"city": "Bern"})], said("Sunny."))
        overrides = {"temperature": 0.5, "tool_choice": "required", "parallel_tool_calls": False}
        await run(bench, bench.thread(), "Weather?", overrides=overrides)
        one, two = bench.bodies
        assert one["tool_choice"] == "required"
        assert "tool_choice" not in two
        assert one["temperature"] == two["temperature"] == 0.5
        assert two["parallel_tool_calls"] is False

    async def test_a_failed_step_ends_the_loop_and_can_be_retried(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        bench.server.script([call("get_weather", {"city": "Bern"}, "1")])
        bench.set(advanced__max_requests=1)

        def broken(ask: Ask) -> Answer:
            return Answer([], status="failed", error={"code": "server_error", "message": "No."})

        bench.server.script(broken, said("Sunny."))
        thread = bench.thread()
        first, second = turns(await run(bench, thread, "Weather?"))
        assert second.status == "failed"
        session = bench.runtime.session(thread)
        events = [event async for event in session.regenerate(second.id)]
        (again,) = turns(events)
        assert again.status == "completed"
        assert again.input == second.input
        assert again.parent_id == first.id
        assert outputs(bench.bodies[2]) == {"1": "sun in Bern\n"}

    async def test_a_model_that_is_asked_by_chat_calls_tools_as_well(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        bench.set(advanced__endpoint="chat")
        bench.server.script([call("get_weather", {"city": "Bern"}, LONG_ID)], said("It is sunny."))
        events = await run(bench, bench.thread(), "What is the weather in Bern?")
        assert turns(events)[-1].output_text == "It is sunny."
        one, two = (request.body for request in bench.server.requests if request.path.endswith("/chat/completions"))
        assert one["tools"][0]["function"]["name"] == "get_weather"
        assert [message["role"] for message in two["messages"]] == ["user", "assistant", "tool"]
        assert two["messages"][-1] == {"role": "tool", "tool_call_id": LONG_ID, "content": "sun in Bern\n"}


class TestWhenThereIsNothingToDo:
    async def test_a_call_of_nothing_that_was_offered_is_left_alone(self, bench: Bench) -> None:
        bench.server.script([call("get_weather", {"city": "Bern"})])
        events = await run(bench, bench.thread(), "Weather?")
        assert len(turns(events)) == 1
        assert not types(events, "tool.")

    async def test_an_incomplete_answer_runs_nothing(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        item = call("get_weather", '{"city": "Be')
        bench.server.script(Answer([item], status="incomplete", incomplete_reason="max_output_tokens"))
        events = await run(bench, bench.thread(), "Weather?")
        assert [turn.status for turn in turns(events)] == ["incomplete"]
        assert not types(events, "tool.")

    async def test_a_model_that_lists_no_tools_is_offered_none_by_default(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        await bench.runtime.catalog.refresh()
        plain = next(model for model in bench.runtime.catalog.models if "tools" not in model.features)
        await run(bench, bench.thread(plain.id), "Hello?")
        chosen = bench.thread(plain.id, options={"app": {"tools": ["get_weather"]}})
        await run(bench, chosen, "Hello?")
        assert "tools" not in bench.bodies[0]
        assert [tool["name"] for tool in bench.bodies[1]["tools"]] == ["get_weather"]
        assert "app" not in bench.bodies[1]

    async def test_open_calls_are_left_out_of_what_is_sent_next(self, bench: Bench) -> None:
        bench.server.script([call("get_weather", {"city": "Bern"})], said("Hello."))
        thread = bench.thread()
        await run(bench, thread, "Weather?")
        await run(bench, thread, "Never mind.")
        body = bench.bodies[1]
        assert "previous_response_id" not in body
        assert [item["type"] for item in body["input"]] == ["message", "message"]


class TestOfferedTools:
    async def test_the_thread_chooses(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path), command("other", "true", enabled=False), calculator=True)
        for options, names in (
            ({}, ["get_weather", "calculator"]),
            ({"app": {"tools": ["other", "current_time", "gone"]}}, ["other", "current_time"]),
            ({"app": {"tools": []}}, None),
        ):
            await run(bench, bench.thread(options=options), "Hello?")
            tools = bench.bodies[-1].get("tools")
            assert (None if tools is None else [tool["name"] for tool in tools]) == names

    async def test_tools_of_the_request_stand_first_and_keep_their_names(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path))
        own = {"type": "function", "name": "get_weather", "parameters": {}}
        overrides = {"tools": [{"type": "web_search_preview"}, own]}
        await run(bench, bench.thread(), "Hello?", overrides=overrides)
        assert bench.bodies[0]["tools"] == overrides["tools"]

    async def test_a_function_that_only_the_request_knows_is_answered_by_a_person(self, bench: Bench) -> None:
        own = {"type": "function", "name": "mine", "parameters": CITY, "description": "My own"}
        bench.server.script([call("mine", {"city": "Bern"}, "1")], said("Thanks."))
        approver = Answers(Decision("output", output="rain"))
        await run(bench, bench.thread(), "Go.", approver, overrides={"tools": [own]})
        assert approver.asked[0].preview.manual
        assert outputs(bench.bodies[1]) == {"1": "rain"}

    async def test_a_run_without_a_person_leaves_it_to_the_caller(self, bench: Bench) -> None:
        own = {"type": "function", "name": "mine", "parameters": CITY}
        bench.server.script([call("mine", {"city": "Bern"})])
        session = bench.runtime.session(bench.thread())
        overrides = {"tools": [own]}
        steps = bench.runtime.steps(session, Nobody(), leaves_foreign=True)
        events = [event async for event in steps.follow(session.send("Go.", overrides=overrides))]
        assert len(turns(events)) == 1
        assert not steps.refused


FAILURES: dict[str, tuple[ToolConfig, Any, str, str]] = {
    "failed": (command("t", "sh", "-c", "echo no >&2; exit 7"), {}, "failed", "The tool failed with exit code 7."),
    "timed out": (command("t", "sleep", "1000", timeout=0.2), {}, "timed_out", "The tool took longer than 0.2 s"),
    "not there": (command("t", "no-such-command"), {}, "failed", "The tool could not be started"),
    "over the cap": (
        command("t", "sh", "-c", "seq 1 1000", output_limit=50), {}, "done",
        "The output was 3\u00a0893 bytes, over the limit of 50 bytes: this is its beginning.",
    ),
    "no json": (command("t", "true"), '{"city": ', "malformed", "The arguments are not a JSON object: Expecting value"),
    "no object": (command("t", "true"), "[1]", "malformed", "they are a list. Nothing was run."),
    "not a number": (command("t", "true"), '{"a": NaN}', "malformed", "NaN is not a number in JSON"),
    "does not fit": (
        command("t", "true", parameters=CITY), {"city": 5}, "malformed",
        "The arguments do not fit the tool's parameters. Nothing was run.\n- $.city: must be text, is 5",
    ),
    "never": (command("t", "true", approval="never"), {}, "refused", "The person has set this tool to never run."),
}  # fmt: skip


class TestEveryFailureIsToldInWords:
    @pytest.mark.parametrize("kind", FAILURES)
    async def test_in_the_recorded_request(self, bench: Bench, kind: str) -> None:
        tool, arguments, status, words = FAILURES[kind]
        offer(bench, tool)
        bench.server.script([call("t", arguments, LONG_ID)], said("I see."))
        events = await run(bench, bench.thread(), "Go.")
        assert words in outputs(bench.bodies[1])[LONG_ID]
        (end,) = ends(events)
        assert (end.status, end.output) == (status, outputs(bench.bodies[1])[LONG_ID])
        assert turns(events)[-1].output_text == "I see."

    async def test_an_unknown_tool(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path), command("off", "true", enabled=False))
        bench.server.script(
            [call("rm_rf", {}, "1"), call("off", {}, "2"), call("get_weather", {"city": "Bern"}, "3")], said("Oh.")
        )
        events = await run(bench, bench.thread(), "Go.")
        told = outputs(bench.bodies[1])
        assert told["1"] == "There is no tool named 'rm_rf'. The tools are: get_weather. Nothing was run."
        assert told["2"].startswith("There is no tool named 'off'.")
        assert told["3"] == "sun in Bern\n"
        assert [end.status for end in ends(events)] == ["unknown", "unknown", "done"]

    async def test_a_refusal_with_its_reason(self, bench: Bench) -> None:
        offer(bench, command("t", "true", approval="ask"))
        bench.server.script([call("t", {}, "1")], said("All right."))
        approver = Answers(Decision("no", reason="Use the other one."))
        events = await run(bench, bench.thread(), "Go.", approver)
        assert outputs(bench.bodies[1]) == {
            "1": "The person refused this call. Nothing was run. Their reason: Use the other one."
        }
        given = next(event for event in events if isinstance(event, ApprovalGiven))
        assert (given.verdict, given.reason) == ("no", "Use the other one.")

    async def test_a_call_that_nobody_could_allow(self, bench: Bench) -> None:
        offer(bench, command("t", "true", approval="ask"))
        bench.server.script([call("t", {}, "1")], said("All right."))
        session = bench.runtime.session(bench.thread())
        steps = bench.runtime.steps(session, Nobody())
        [event async for event in steps.follow(session.send("Go."))]
        assert outputs(bench.bodies[1])["1"].startswith("This call needs a person's approval and nobody is there")
        assert steps.refused

    @pytest.mark.parametrize(("key", "told"), [("demo", "demo, demo"), ("sk-canary-1", "demo, [the key was here]")])
    async def test_the_key_never_comes_back(self, bench: Bench, tmp_path: Path, key: str, told: str) -> None:
        (tmp_path / "stolen").write_text(f"demo, {key}")
        bench.runtime.workplace.key = Secret(key)
        offer(bench, command("t", "cat", str(tmp_path / "stolen")))
        bench.server.script([call("t", {}, "1")], said("Oh."))
        await run(bench, bench.thread(), "Go.")
        assert outputs(bench.bodies[1])["1"] == told


class TestApproval:
    async def test_a_call_is_asked_about_with_everything_it_will_do(self, bench: Bench, tmp_path: Path) -> None:
        tool = weather(tmp_path, approval=None, directory=tmp_path)
        offer(bench, tool)
        bench.server.script([call("get_weather", {"city": "Be\u202ern\x1b[31m", "more": [1]}, "1")], said("Sunny."))
        approver = Answers(Decision("once"))
        events = await run(bench, bench.thread(), "Weather?", approver)
        (needed,) = [event for event in events if isinstance(event, ApprovalNeeded)]
        assert needed.calls == tuple(approver.asked)
        shown = needed.calls[0].preview
        assert shown.command == f"{PYTHON} {tmp_path / 'weather.py'}"
        assert shown.directory == str(tmp_path)
        assert shown.arguments == '{\n  "city": "Be\\u202ern\\u001b[31m",\n  "more": [\n    1\n  ]\n}'
        assert shown.timeout == 20.0
        assert types(events, "tool.") == ["tool.approval_needed", "tool.approval_given", "tool.started", "tool.ended"]

    async def test_bad_arguments_are_not_asked_about(self, bench: Bench) -> None:
        offer(bench, command("t", "true", approval="ask", parameters=CITY))
        bench.server.script([call("t", {}, "1")], said("Oh."))
        approver = Answers()
        await run(bench, bench.thread(), "Go.", approver)
        assert approver.asked == []

    async def test_others_run_while_one_waits(self, bench: Bench) -> None:
        offer(bench, command("free", "echo", "free"), command("asks", "echo", "asked", approval="ask"))
        bench.server.script([call("asks", {}, "1"), call("free", {}, "2")], said("Done."))
        answer: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()

        class Later(Answers):
            def ask(self, thread_id: str, call: Any) -> asyncio.Future[Decision]:
                return answer

        session = bench.runtime.session(bench.thread())
        seen: list[Event] = []
        async for event in bench.runtime.steps(session, Later()).follow(session.send("Go.")):
            seen.append(event)
            if isinstance(event, ToolEnded) and not answer.done():
                answer.set_result(Decision("once"))
        assert [event.name for event in seen if isinstance(event, ToolEnded)] == ["free", "asks"]
        assert outputs(bench.bodies[1]) == {"1": "asked\n", "2": "free\n"}

    async def test_in_this_thread(self, bench: Bench, tmp_path: Path) -> None:
        offer(bench, weather(tmp_path, approval="ask"))
        answers = [[call("get_weather", {"city": "Bern"})], said("Sunny.")] * 3
        bench.server.script(*answers)
        thread, other = bench.thread(), bench.thread()
        approver = Answers(Decision("thread"), Decision("once"))
        await run(bench, thread, "Weather?", approver)
        await run(bench, thread, "Again?", approver)
        assert len(approver.asked) == 1
        await run(bench, other, "Weather?", approver)
        assert len(approver.asked) == 2
        stored = await bench.runtime.store.thread(thread.id)
        assert stored is not None
        assert stored.options == {"app": {"allowed": ["get_weather"]}}
        assert all("app" not in body for body in bench.bodies)

    async def test_always(self, bench: Bench, tmp_path: Path) -> None:
        kept: list[str] = []
        bench.runtime.workplace.keep_always = kept.append
        offer(bench, weather(tmp_path, approval=None))
        bench.server.script(*[[call("get_weather", {"city": "Bern"})], said("Sunny.")] * 3)
        approver = Answers(Decision("always"))
        await run(bench, bench.thread(), "Weather?", approver)
        await run(bench, bench.thread(), "Weather?", approver)
        assert kept == ["get_weather"]
        bench.runtime.workplace.always.clear()
        bench.set(tool_use__always="get_weather, x")
        await run(bench, bench.thread(), "Weather?", approver)
        assert len(approver.asked) == 1

    @pytest.mark.parametrize(("setting", "own", "asks"), [
        ("always", None, 0), ("ask", "always", 0), ("always", "ask", 1), ("never", "always", 0), ("ask", None, 1),
    ])  # fmt: skip
    async def test_a_tools_own_word_goes_before_the_settings(
        self, bench: Bench, setting: str, own: Any, asks: int
    ) -> None:
        offer(bench, command("t", "echo", "ok", approval=own), approval=setting)
        bench.server.script([call("t", {}, "1")], said("Done."))
        approver = Answers(Decision("once"))
        await run(bench, bench.thread(), "Go.", approver)
        assert len(approver.asked) == asks
        assert outputs(bench.bodies[1]) == {"1": "ok\n"}

    async def test_never_by_default(self, bench: Bench) -> None:
        offer(bench, command("t", "echo", "ok", approval=None), approval="never")
        bench.server.script([call("t", {}, "1")], said("Done."))
        await run(bench, bench.thread(), "Go.")
        assert "never run" in outputs(bench.bodies[1])["1"]

    async def test_a_manual_tool_is_always_asked_about(self, bench: Bench) -> None:
        offer(bench, ToolConfig("ask_me", manual=True, approval="always", output_limit=10))
        bench.server.script([call("ask_me", {}, "1"), call("ask_me", {}, "2"), call("ask_me", {}, "3")], said("Done."))
        approver = Answers(Decision("output", output="yes"), Decision("output", output="x" * 30), Decision("no"))
        events = await run(bench, bench.thread(), "Go.", approver)
        told = outputs(bench.bodies[1])
        assert told["1"] == "yes"
        assert told["2"].startswith("The output was 30 bytes, over the limit of 10 bytes")
        assert told["3"].startswith("The person refused")
        assert "tool.started" not in types(events, "tool.")


class TestTheLimitOfSteps:
    async def test_it_asks_after_so_many_steps(self, bench: Bench) -> None:
        offer(bench, command("t", "echo", "ok"), max_steps=2)
        bench.server.script(*[[call("t", {})]] * 5)
        approver = Answers(go_on=[True, False])
        events = await run(bench, bench.thread(), "Go.", approver)
        assert [spent.steps for spent in approver.spent] == [2, 4]
        assert len(bench.bodies) == 5
        assert [event.steps for event in events if isinstance(event, StepsSpent)] == [2, 4]
        assert events[-1].type == "tool.stopped"
        assert turns(events)[-1].status == "completed"
