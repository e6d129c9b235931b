"""``poe-tui ask`` in this process: what is sent, printed and returned. Signals and pipes: ``test_ask_process.py``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from poe_tui import paths
from poe_tui.cli import ask
from poe_tui.cli.exits import Failure
from poe_tui.demo.answer import Answer, message
from poe_tui.demo.server import DemoServer
from poe_tui.model import Turn
from poe_tui.storage.store import Store

KEYS = ["id", "thread_id", "turn_id", "model", "status", "output_text", "reasoning_summary", "output", "citations",
        "usage", "error", "chain"]  # fmt: skip
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server(demo_server_thread: DemoServer, monkeypatch: pytest.MonkeyPatch) -> DemoServer:
    """Return the demo server that the environment points at."""
    monkeypatch.setenv("POE_BASE_URL", demo_server_thread.base_url)
    monkeypatch.setenv("POE_API_KEY", "demo")
    return demo_server_thread


@pytest.fixture
def run(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Return a function that runs the command and returns (exit code, stdout, stderr)."""

    def call(*argv: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code, words = ask.run(argv), ""
        except Failure as failure:
            code, words = failure.code, f"poe-tui: {failure}\n"
        out, err = capsys.readouterr()
        return code, out, err + words

    yield call


def stored() -> list[list[Turn]]:
    """Return the paths of every saved thread, the latest thread first."""

    async def read() -> list[list[Turn]]:
        with Store.open(paths.database_file()) as store:
            return [await store.path(thread.tip_id) for thread in await store.threads()]

    return asyncio.run(read())


class TestText:
    def test_the_answer_alone_goes_to_stdout(self, run: Run) -> None:
        code, out, err = run("-m", "Demo-Echo", "Hello there")
        assert (code, err) == (0, "")
        assert out.startswith("Turn 1.")
        assert "Hello there" in out
        assert out.endswith("\n")
        assert not out.endswith("\n\n")

    def test_several_words_are_one_prompt(self, run: Run, server: DemoServer) -> None:
        run("-m", "Demo-Echo", "Hello", "there")
        assert server.turns[0].body["input"][0]["content"][0]["text"] == "Hello there"

    @pytest.mark.parametrize("flags", [[], ["--no-stream"]])
    def test_hostile_text_is_cleaned_for_files_too(self, run: Run, flags: list[str]) -> None:
        code, out, err = run("-m", "Demo-Hostile", *flags, "Hello")
        assert code == 0
        assert "␛[31mred" in out
        assert not [c for c in out + err if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]
        assert "\u202e" not in out

    @pytest.mark.parametrize("fault", ["no_deltas", "surrogates", "empty_output"])
    def test_it_is_whole_however_it_comes(self, run: Run, server: DemoServer, fault: Any) -> None:
        server.fault(fault)
        server.script("Well 😀, done.")
        assert run("Hello") == (0, "Well 😀, done.\n", "")

    def test_a_refusal_is_an_answer(self, run: Run) -> None:
        code, out, _ = run("-m", "Demo-Refusal", "Hello")
        assert code == 0
        assert len(out) > 10

    def test_several_models_answer_one_after_the_other(self, run: Run, server: DemoServer) -> None:
        code, out, _ = run("-m", "Demo-Echo,GPT-5-Mini", "Hello")
        assert code == 0
        assert out.index("== Demo-Echo ==\nTurn 1.") == 0
        assert "\n\n== GPT-5-Mini ==\n" in out
        assert len(server.turns) == 2
        ((turn,),) = stored()
        assert turn.sibling_count == 2
        assert turn.group_id

    def test_what_the_engine_decided_goes_to_stderr(self, run: Run, server: DemoServer) -> None:
        server.fault("status", status=503, times=1, headers={"Retry-After": "0"})
        code, out, err = run("-m", "Demo-Echo", "Hello")
        assert (code, out[:7]) == (0, "Turn 1.")
        assert err.count("\n") == 1
        assert "Trying again (2 of 3)." in err


class TestJSON:
    def test_one_object_with_these_keys(self, run: Run) -> None:
        code, out, err = run("--json", "-m", "Demo-Search", "Hello")
        assert (code, err) == (0, "")
        said = json.loads(out)
        assert list(said) == KEYS
        assert said["status"] == "completed"
        assert said["model"] == "Demo-Search"
        assert said["chain"] == "none"
        assert said["error"] is None
        assert said["citations"][0].keys() == {"url", "title"}
        assert said["output"][0]["type"] == "web_search_call"
        ((turn,),) = stored()
        assert (turn.id, turn.thread_id, turn.response_id) == (said["turn_id"], said["thread_id"], said["id"])

    def test_reasoning_is_told_apart_from_the_answer(self, run: Run) -> None:
        said = json.loads(run("--json", "-m", "Demo-Reasoning", "Hello")[1])
        assert said["reasoning_summary"]
        assert said["reasoning_summary"] not in said["output_text"]

    def test_several_models_give_an_array_in_their_order(self, run: Run) -> None:
        code, out, _ = run("--json", "-m", "GPT-5-Mini, Demo-Nope ,Demo-Echo", "Hello")
        assert code == 1
        assert [(said["model"], said["status"]) for said in json.loads(out)] == [
            ("GPT-5-Mini", "completed"), ("Demo-Nope", "failed"), ("Demo-Echo", "completed"),
        ]  # fmt: skip

    def test_control_characters_stay_escaped(self, run: Run) -> None:
        out = run("--json", "-m", "Demo-Hostile", "Hello")[1]
        assert not [c for c in out if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\u2028"]
        assert "\x1b[31mred" in json.loads(out)["output_text"]

    @pytest.mark.parametrize(("status", "code"), [(400, 1), (401, 3), (402, 1), (403, 1), (404, 1), (429, 1), (500, 1)])
    def test_on_failure_too(self, run: Run, server: DemoServer, status: int, code: int) -> None:
        server.fault("status", status=status, headers={"Retry-After": "0"})
        returned, out, err = run("--json", "Hello")
        said = json.loads(out)
        assert returned == code
        assert list(said) == KEYS
        assert said["status"] == "failed"
        assert said["error"].keys() == {"type", "code", "message", "http_status"}
        assert said["error"]["http_status"] == status
        assert said["error"]["message"].rstrip(".") in err

    @pytest.mark.parametrize(
        ("argv", "code", "kind"),
        [
            ([""], 2, "usage_error"),
            (["--nonsense"], 2, "usage_error"),
            (["--temperature", "9", "x"], 2, "usage_error"),
            (["-t", "nowhere", "x"], 2, "usage_error"),
            (["-c", "x"], 2, "usage_error"),
        ],
    )
    def test_also_when_nothing_was_sent(
        self, run: Run, server: DemoServer, argv: list[str], code: int, kind: str
    ) -> None:
        returned, out, err = run("--json", *argv)
        said = json.loads(out)
        assert returned == code
        assert list(said) == KEYS
        assert (said["status"], said["error"]["type"]) == ("failed", kind)
        assert said["error"]["message"] in err
        assert server.turns == []

    def test_interrupted_and_incomplete(self, run: Run) -> None:
        code, out, err = run("--json", "-m", "Demo-Cut", "Hello")
        said = json.loads(out)
        assert (code, said["status"]) == (1, "interrupted")
        assert said["output_text"]
        assert "What had come is kept." in err
        code, out, err = run("--json", "-m", "Demo-Incomplete", "Hello")
        assert (code, json.loads(out)["status"]) == (5, "incomplete")
        assert "max_output_tokens" in err


class TestEvents:
    def test_every_event_is_a_line(self, run: Run, server: DemoServer) -> None:
        code, out, _ = run("--events", "-m", "Demo-Hostile", "Hello")
        assert code == 0
        lines = [json.loads(line) for line in out.splitlines()]
        assert lines[0]["type"] == "response.created"
        assert lines[-1]["type"] == "response.completed"
        assert len(lines) == server.turns[0].events - 1, "all but [DONE]"
        assert not [c for c in out if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c == "\u202e"]


class TestThreads:
    def test_going_on_with_the_last_thread(self, run: Run, server: DemoServer) -> None:
        run("-m", "Demo-Echo", "My name is Ada.")
        code, out, _ = run("-c", "What is my name?")
        assert code == 0
        assert "My name is Ada." in out
        first, second = (request.body for request in server.turns)
        assert second["model"] == "Demo-Echo"
        assert second["previous_response_id"] == server.turns[0].response_id
        assert len(second["input"]) == 1
        assert "previous_response_id" not in first
        ((one, two),) = stored()
        assert two.parent_id == one.id

    def test_going_on_with_a_thread_by_id_or_title(self, run: Run, server: DemoServer) -> None:
        said = json.loads(run("--json", "-m", "Demo-Echo", "Trip to Bern")[1])
        run("-m", "Demo-Echo", "Something else")
        for name in (said["thread_id"][:30], "trip to bern"):
            again = json.loads(run("--json", "-t", name, "Go on")[1])
            assert again["thread_id"] == said["thread_id"]
            assert again["chain"] == "previous_response_id"

    def test_saving_nothing(self, run: Run) -> None:
        said = json.loads(run("--json", "--no-save", "-m", "Demo-Echo", "Hello")[1])
        assert said["status"] == "completed"
        assert not paths.database_file().exists()

    def test_going_on_without_saving(self, run: Run, server: DemoServer) -> None:
        run("-m", "Demo-Echo", "My name is Ada.")
        said = json.loads(run("--json", "--no-save", "-c", "What is my name?")[1])
        assert said["chain"] == "previous_response_id"
        assert "My name is Ada." in said["output_text"]
        ((turn,),) = stored()
        assert turn.input_text == "My name is Ada."

    def test_the_setting_that_saves_nothing(self, run: Run) -> None:
        paths.config_dir().mkdir(parents=True)
        paths.config_file().write_text("[storage]\nsave_threads = false\n")
        assert run("-m", "Demo-Echo", "Hello")[0] == 0
        assert not paths.database_file().exists()


class TestSetUp:
    def test_no_key(self, run: Run, server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("POE_API_KEY")
        code, out, err = run("--json", "Hello")
        assert code == 3
        assert json.loads(out)["error"]["type"] == "authentication_error"
        assert "POE_API_KEY" in err
        assert server.requests == []

    def test_a_key_that_cannot_be_one_is_not_shown(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("POE_API_KEY", "sk-canary with space")
        code, out, err = run("--json", "Hello")
        assert code == 3
        assert "canary" not in out + err

    def test_a_broken_setting_is_named_and_does_not_matter(self, run: Run) -> None:
        paths.config_dir().mkdir(parents=True)
        paths.config_file().write_text("[defaults]\ntop_p = 7\n")
        code, _, err = run("-m", "Demo-Echo", "Hello")
        assert code == 0
        assert "config.toml, line 2, defaults.top_p" in err

    def test_a_server_that_cannot_be_used(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("POE_BASE_URL", "http://example.com/v1")
        code, _, err = run("Hello")
        assert code == 2
        assert "POE_BASE_URL" in err

    def test_no_server(self, run: Run, server: DemoServer) -> None:
        server.close()
        code, _, err = run("Hello")
        assert code == 1
        assert "127.0.0.1" in err
        ((turn,),) = stored()
        assert (turn.status, turn.input_text) == ("failed", "Hello")

    def test_the_demo_needs_neither_key_nor_network(
        self, run: Run, server: DemoServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("POE_API_KEY")
        monkeypatch.delenv("POE_BASE_URL")
        code, out, err = run("--demo", "-m", "Demo-Refusal", "Hello")
        assert (code, err) == (0, "")
        assert out
        assert paths.database_file(demo=True).is_file()
        assert not paths.database_file().exists()

    def test_the_demo_does_not_know_every_model_of_the_settings(self, run: Run) -> None:
        paths.config_dir().mkdir(parents=True)
        paths.config_file().write_text('[general]\nmodel = "My-Own-Bot"\n')
        said = json.loads(run("--demo", "--json", "--no-stream", "--no-save", "Hello")[1])
        assert (said["status"], said["model"]) == ("completed", "Claude-Sonnet-4.5")
        assert not paths.database_file(demo=True).exists()

    def test_an_unknown_model_brings_near_names(self, run: Run) -> None:
        code, _, err = run("-m", "Claude-Sonet-4.5", "Hello")
        assert code == 1
        assert "Did you mean Claude-Sonnet-4.5" in err

    def test_an_error_s_text_is_cleaned(self, run: Run, server: DemoServer) -> None:
        server.fault("status", status=400, body={"error": {"message": "no\x1b]0;owned\x07\n\rreally"}})
        code, _, err = run("Hello")
        assert code == 1
        assert err == "poe-tui: no␛]0;owned  really.\n"


def test_an_answer_of_several_items_is_printed_as_it_is_stored(run: Run, server: DemoServer) -> None:
    server.script(Answer([message("One. "), message("Two.")]))
    assert run("Hello")[1] == "One. Two.\n"
