"""``poe-tui ask --tool`` and ``--schema``: what is offered, run, printed and returned."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from poe_tui import paths
from poe_tui.demo.answer import Answer, message
from poe_tui.demo.server import DemoServer
from tests.cli.running import COMMAND, PATIENCE, Ended, here
from tests.engine.tool_kit import call, outputs, said

CONFIG = """\
[tool_use]
{use}

[[tools]]
name = "greet"
description = "Greets"
command = [{python!r}, "-c", "import json, sys; print('Hello', json.load(sys.stdin)['name'])"]
parameters = '{{"type": "object", "properties": {{"name": {{"type": "string"}}}}, "required": ["name"]}}'

[[tools]]
name = "asks"
command = ["true"]

[[tools]]
name = "never"
command = ["true"]
approval = "never"

[[tools]]
name = "typed"
manual = true

[[schemas]]
name = "people"
shorthand = "name, age int"
"""


@pytest.fixture
def server(demo_server_thread: DemoServer, monkeypatch: pytest.MonkeyPatch) -> DemoServer:
    """Return the demo server that the environment points at."""
    monkeypatch.setenv("POE_BASE_URL", demo_server_thread.base_url)
    monkeypatch.setenv("POE_API_KEY", "sk-canary")
    configure()
    return demo_server_thread


def configure(use: str = "") -> None:
    """Write the tools into ``config.toml``."""
    file = paths.config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CONFIG.format(use=use, python=sys.executable))


def ask(*argv: str, **more: Any) -> Ended:
    """Run ``ask`` with a model that says what it is told to."""
    return here("ask", "-m", "Demo-Echo", *argv, **more)


class TestTools:
    def test_a_tool_is_offered_and_its_calls_are_allowed(self, server: DemoServer) -> None:
        server.script([message("One moment."), call("greet", {"name": "Ada"}, "1")], said("I greeted Ada."))
        ended = ask("--tool", "greet", "Greet Ada.")
        assert (ended.code, ended.out) == (0, "One moment.\nI greeted Ada.\n")
        assert ended.err == 'poe-tui: greet {"name": "Ada"}\n'
        one, two = (turn.body for turn in server.turns)
        assert [tool["name"] for tool in one["tools"]] == ["greet"]
        assert "app" not in one
        assert outputs(two) == {"1": "Hello Ada\n"}

    def test_json_tells_the_last_turn_with_the_output_of_all(self, server: DemoServer) -> None:
        server.script([call("greet", {"name": "Ada"}, "1")], [call("greet", {"name": "Bob"}, "2")], said("Done."))
        ended = ask("--json", "--tool", "greet", "Greet.")
        told = json.loads(ended.out)
        assert ended.code == 0
        assert told["output_text"] == "Done."
        assert [item["type"] for item in told["output"]] == ["function_call", "function_call", "message"]
        assert (told["chain"], told["status"]) == ("replay", "completed")

    def test_several_tools(self, server: DemoServer) -> None:
        server.script([call("greet", {"name": "Ada"}, "1"), call("calculator", {"expression": "6*7"}, "2")], said("ok"))
        ended = ask("--tool", "greet", "--tool", "calculator", "Go.")
        assert ended.code == 0
        assert outputs(server.turns[1].body) == {"1": "Hello Ada\n", "2": "42"}

    def test_nothing_is_offered_that_nobody_named(self, server: DemoServer) -> None:
        configure("calculator = true")
        assert ask("Hello").code == 0
        assert "tools" not in server.turns[0].body

    @pytest.mark.parametrize(
        ("argv", "told"),
        [
            (["--tool", "gret"], "there is no tool 'gret'. Did you mean greet?"),
            (["--tool", "typed"], "the output of typed is typed by a person, which ask cannot wait for."),
            (["-o", 'app={"allowed":["asks"]}'], "-o app: no server knows such a field."),
        ],
    )
    def test_a_mistake_sends_nothing(self, server: DemoServer, argv: list[str], told: str) -> None:
        ended = ask(*argv, "Hello")
        assert (ended.code, ended.out, ended.err) == (2, "", f"poe-tui: {told}\n")
        assert server.turns == []

    def test_a_refused_call_is_told_to_the_model_and_by_the_exit_code(self, server: DemoServer) -> None:
        server.script([call("never", {}, "1")], said("A pity."))
        ended = ask("--tool", "never", "Go.")
        assert (ended.code, ended.out) == (4, "A pity.\n")
        assert ended.err == "poe-tui: never: The person has set this tool to never run. Nothing was run.\n"
        assert outputs(server.turns[1].body) == {"1": "The person has set this tool to never run. Nothing was run."}

    def test_a_failed_tool_is_no_refusal(self, server: DemoServer) -> None:
        server.script([call("greet", {}, "1"), call("nope", {}, "2")], said("Oh."))
        ended = ask("--tool", "greet", "Go.")
        assert ended.code == 0
        assert "greet: The arguments do not fit the tool's parameters. Nothing was run." in ended.err
        assert "nope: There is no tool named 'nope'." in ended.err

    def test_the_threads_own_tools_need_a_word_too(self, server: DemoServer) -> None:
        from poe_tui.model import Thread
        from poe_tui.storage.store import Store

        with Store.open(paths.database_file()) as store:
            store.add_thread(
                Thread("a" * 32, "Mine", options={"app": {"tools": ["asks"]}}, created_at=1.0, updated_at=1.0)
            )
        server.script([call("asks", {}, "1")], said("A pity."), [call("asks", {}, "2")], said("Good."))
        ended = ask("-t", "Mine", "Go.")
        assert ended.code == 4
        assert outputs(server.turns[1].body)["1"].startswith("This call needs a person's approval")
        assert ask("-t", "Mine", "--tool", "asks", "Go.").code == 0
        assert outputs(server.turns[3].body)["2"] == "The tool wrote nothing."

    def test_a_model_that_never_comes_to_an_end(self, server: DemoServer) -> None:
        configure("max_steps = 2")
        server.script(*[[call("asks", {})]] * 5)
        ended = ask("--tool", "asks", "Go.")
        assert ended.code == 4
        assert len(server.turns) == 3
        assert "made 2 steps by itself" in ended.err

    def test_functions_of_the_caller_are_left_to_the_caller(self, server: DemoServer) -> None:
        server.script([call("mine", {"a": 1}, "1")])
        tools = json.dumps([{"type": "function", "name": "mine", "parameters": {"type": "object"}}])
        ended = ask("--json", "-o", f"tools={tools}", "Go.")
        told = json.loads(ended.out)
        assert (ended.code, told["status"]) == (0, "completed")
        assert told["output"][0]["name"] == "mine"
        assert len(server.turns) == 1

    def test_the_demo_has_a_tool(self) -> None:
        ended = here("ask", "--demo", "-m", "Demo-Tools", "--tool", "get_weather", "-o", "tool_choice=required", "Go.")
        assert ended.code == 0
        assert '"city": "Tokyo"' in ended.out

    def test_ctrl_c_ends_the_tool_and_keeps_the_thread(self, server: DemoServer, tmp_path: Path) -> None:
        ready = tmp_path / "pid"
        code = f"import os, time; open({str(ready)!r}, 'w').write(str(os.getpid())); print(flush=True); time.sleep(999)"
        with paths.config_file().open("a") as file:
            file.write(f'\n[[tools]]\nname = "hang"\ncommand = {json.dumps([sys.executable, "-c", code])}\n')
        server.script([call("hang", {}, "1")], said("Never."))
        process = subprocess.Popen(
            [*COMMAND, "ask", "--json", "-m", "Demo-Echo", "--tool", "hang", "Go."],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        assert process.stderr is not None
        assert process.stderr.readline() == b"poe-tui: hang {}\n"
        while not ready.exists() or not ready.read_text():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert json.loads(out)["status"] == "stopped"
        with pytest.raises(ProcessLookupError):
            os.kill(int(ready.read_text()), 0)
        assert len(server.turns) == 1


SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name"],
}


class TestSchema:
    @pytest.mark.parametrize("words", ["file", "name, age int", "people"])
    def test_valid_json_and_nothing_else(self, server: DemoServer, tmp_path: Path, words: str) -> None:
        file = tmp_path / "person.json"
        file.write_text(json.dumps(SCHEMA))
        ended = ask("--schema", str(file) if words == "file" else words, "Who?")
        assert (ended.code, ended.err) == (0, "")
        assert set(json.loads(ended.out)) == {"name", "age"}
        sent = server.turns[0].body["text"]["format"]
        assert sent["type"] == "json_schema"
        assert sent["name"] == {"file": "person", "people": "people"}.get(words, "answer")
        assert sent["strict"] is (words != "file")
        if words == "file":
            assert sent["schema"] == SCHEMA

    def test_the_settings_say_how_strict(self, server: DemoServer, tmp_path: Path) -> None:
        (tmp_path / "s.json").write_text(json.dumps(SCHEMA))
        with paths.config_file().open("a") as file:
            file.write('\n[structured]\nstrict = "on"\n')
        ask("--schema", str(tmp_path / "s.json"), "-o", 'text={"verbosity": "low"}', "Who?")
        sent = server.turns[0].body["text"]
        assert sent["verbosity"] == "low"
        assert sent["format"]["strict"] is True
        assert sent["format"]["schema"]["required"] == ["name", "age"]

    def test_a_code_block_is_taken_out(self, server: DemoServer) -> None:
        server.script('Here:\n\n```json\n{"name": "A\u202e\x7f", "age": 3}\n```')
        ended = ask("--schema", "name, age int", "Who?")
        assert (ended.code, ended.out) == (0, '{"name": "A\\u202e\\u007f", "age": 3}\n')

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            ('{"name": "Ada", "age": "x"}', '$.age: must be a whole number, is "x"'),
            ("Ada is 36.", "$: the answer is not JSON: Expecting value"),
            ("", "$: the answer is empty"),
        ],
    )
    def test_what_does_not_fit_is_told_on_stderr_alone(self, server: DemoServer, answer: str, told: str) -> None:
        server.script(answer, answer)
        ended = ask("--schema", "name, age int", "Who?")
        assert (ended.code, ended.out) == (6, "")
        assert ended.err.startswith(f"poe-tui: the answer violates the schema: {told}")
        ended = ask("--json", "--schema", "name, age int", "Who?")
        found = json.loads(ended.out)
        assert ended.code == 6
        assert found["output_text"] == answer
        assert told.startswith(f"{found['violations'][0]['path']}: {found['violations'][0]['message'][:20]}")

    def test_json_holds_the_value(self, server: DemoServer) -> None:
        server.script('{"name": "Ada", "age": 36}')
        ended = ask("--json", "--schema", "name, age int", "Who?")
        found = json.loads(ended.out)
        assert (ended.code, found["parsed"], found["violations"]) == (0, {"name": "Ada", "age": 36}, [])

    def test_an_incomplete_answer_is_incomplete(self, server: DemoServer) -> None:
        answer = Answer(said('{"name": "A'), status="incomplete", incomplete_reason="max_output_tokens")
        server.script(answer)
        ended = ask("--schema", "name, age int", "Who?")
        assert (ended.code, ended.out) == (5, "")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ("gone.json", "--schema: gone.json: No such file or directory."),
            ("name, age intt", "--schema: 'intt' is not a type;"),
            ("persons", "the presets are: people."),
            ('{"type": "objekt"}', "--schema: That is not a JSON Schema: type:"),
        ],
    )
    def test_what_is_no_schema_sends_nothing(self, server: DemoServer, words: str, told: str) -> None:
        ended = ask("--schema", words, "Who?")
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err
        assert server.turns == []

    def test_with_a_tool(self, server: DemoServer) -> None:
        server.script([call("greet", {"name": "Ada"}, "1")], '{"name": "Ada", "age": 36}')
        ended = ask("--schema", "people", "--tool", "greet", "Who?")
        assert (ended.code, ended.out) == (0, '{"name": "Ada", "age": 36}\n')
        assert server.turns[1].body["text"]["format"]["name"] == "people"

    def test_two_models(self, server: DemoServer) -> None:
        server.script('{"name": "Ada", "age": 1}', model="Demo-Echo")
        server.script("no", model="GPT-5-Mini")
        ended = here("ask", "-m", "Demo-Echo,GPT-5-Mini", "--schema", "people", "Who?")
        assert (ended.code, ended.out) == (6, '{"name": "Ada", "age": 1}\n')
