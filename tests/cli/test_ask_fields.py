"""The request fields of ``poe-tui ask``: what is sent, what is refused before anything is, what helps afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator

import pytest

from poe_tui import paths
from poe_tui.cli import ask
from poe_tui.cli.exits import Failure
from poe_tui.demo.server import DemoServer
from poe_tui.model import Thread, Turn
from poe_tui.oneshot import verdict
from poe_tui.storage.store import Store

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


class TestFields:
    def test_every_flag_reaches_the_body(self, run: Run, server: DemoServer) -> None:
        code, _, err = run(
            "-m", "GPT-5.2", "--system", "Be brief.", "--effort", "high", "--search", "--max-output-tokens", "5000",
            "--temperature", "0.5", "--top-p", "0.9", "-o", "truncation=auto", "-o", 'metadata={"a":"b"}',
            "-o", "service_tier=flex", "-o", "future=[1,2]", "--no-stream", "Hello",
        )  # fmt: skip
        assert (code, err) == (0, "")
        body = server.turns[0].body
        body.pop("input")
        assert body == {
            "model": "GPT-5.2",
            "instructions": "Be brief.",
            "reasoning": {"effort": "high"},
            "tools": [{"type": "web_search_preview"}],
            "include": ["web_search_call.action.sources"],
            "max_output_tokens": 5000,
            "temperature": 0.5,
            "top_p": 0.9,
            "truncation": "auto",
            "metadata": {"a": "b"},
            "service_tier": "flex",
            "future": [1, 2],
            "stream": False,
        }

    def test_every_other_field_by_its_name(self, run: Run, server: DemoServer) -> None:
        fields = {
            "instructions": "Be brief.",
            "reasoning": {"effort": "low", "summary": "concise"},
            "text": {"format": {"type": "json_object"}, "verbosity": "low"},
            "tools": [{"type": "function", "name": "get_weather", "parameters": {"type": "object"}}],
            "tool_choice": {"type": "function", "name": "get_weather"},
            "parallel_tool_calls": False,
            "include": ["message.output_text.logprobs"],
            "metadata": {"a": "b"},
            "store": False,
            "service_tier": "flex",
            "top_logprobs": 3,
            "stream": True,
        }
        typed = [word for name, value in fields.items() for word in ("-o", f"{name}={json.dumps(value)}")]
        code, _, _ = run("-m", "GPT-5.2", *typed, "Hello")
        assert code == 0
        body = server.turns[0].body
        assert {**body, "include": body["include"][:1]} == {**fields, "model": "GPT-5.2", "input": body["input"]}

    def test_a_number_for_a_field_of_text_is_text(self, run: Run, server: DemoServer) -> None:
        run("-m", "Demo-Echo", "-o", "instructions=42", "Hello")
        run("-m", "Demo-Echo", "-o", 'instructions="quoted"', "Hello")
        assert [request.body["instructions"] for request in server.turns] == ["42", "quoted"]

    def test_a_field_that_is_nearly_one_is_sent_and_told(self, run: Run, server: DemoServer) -> None:
        code, _, err = run("-m", "Demo-Echo", "-o", "temprature=1", "Hello")
        assert code == 0
        assert "Did you mean temperature?" in err
        assert server.turns[0].body["temprature"] == 1

    def test_the_search_joins_the_tools_of_the_thread(self, run: Run, server: DemoServer) -> None:
        tool = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}
        run("-m", "GPT-5.2", "--search", "-o", f"tools={json.dumps([tool])}", "-o", "tool_choice=none", "Hello")
        assert server.turns[0].body["tools"] == [tool, {"type": "web_search_preview"}]

    def test_null_unsets_what_the_settings_say(self, run: Run, server: DemoServer) -> None:
        paths.config_dir().mkdir(parents=True)
        paths.config_file().write_text("[defaults]\ntop_p = 0.5\n")
        run("-m", "Demo-Echo", "-o", "top_p=null", "Hello")
        assert "top_p" not in server.turns[0].body

    def test_the_system_text_stays_with_a_new_thread(self, run: Run, server: DemoServer) -> None:
        run("-m", "Demo-Echo", "--system", "Be brief.", "Hello")
        run("-c", "Go on")
        run("-c", "--system", "Be long.", "Go on")
        run("-c", "Go on")
        sent = [request.body["instructions"] for request in server.turns]
        assert sent == ["Be brief.", "Be brief.", "Be long.", "Be brief."]

    @pytest.mark.parametrize(
        ("argv", "words"),
        [
            (["--temperature", "2.1"], "temperature: must be 0 to 2."),
            (["--temperature", "-1"], "temperature: must be 0 to 2."),
            (["--temperature", "warm"], "temperature"),
            (["--temperature", "NaN"], "temperature"),
            (["--top-p", "1.5"], "top_p: must be 0 to 1."),
            (["--max-output-tokens", "0"], "max_output_tokens: must be a whole number, 1 or more."),
            (["-o", "top_logprobs=21"], "top_logprobs: must be a whole number, 0 to 20."),
            (["-o", "truncation=maybe"], "truncation: must be auto or disabled."),
            (["-o", 'metadata={"a":1}'], "metadata: must be at most 16 pairs"),
            (["-o", 'reasoning={"summary":"long"}'], "reasoning.summary"),
            (["-o", f'metadata={{"a":"{"x" * 600}"}}'], "512"),
            (["-o", "tool_choice=maybe"], "tool_choice: must be auto, required, none or {"),
            (["-o", "service_tier=gold"], "service_tier: must be auto, default, flex or priority."),
            (
                ["-o", 'text={"format":{"type":"xml"}}'],
                "text.format: must be an object whose type is text, json_object",
            ),
            (["-o", "stream=maybe"], "stream: must be true or false."),
            (["-o", "include=a"], "include: must be a list of names."),
            (["-o", "app={}"], "no server knows such a field"),
            (["-o", "truncation"], "write FIELD=VALUE"),
            (["-o", "=x"], "write FIELD=VALUE"),
            (["-o", "input=x"], "the prompt is the input"),
            (["-o", "model=x"], "-m names the model"),
            (["--effort", "huge"], "reasoning.effort: must be none, minimal, low, medium, high, xhigh or max."),
            (["-m", ""], "a model's name is empty"),
            (["-m", "a,,b"], "a model's name is empty"),
            (["-c", "-t", "x"], "not allowed with"),
            (["--json", "--events"], "not allowed with"),
        ],
    )
    def test_what_is_out_of_bounds_is_told_before_anything_is_sent(
        self, run: Run, server: DemoServer, argv: list[str], words: str
    ) -> None:
        code, _, err = run(*argv, "Hello")
        assert code == 2
        assert words in err
        assert server.requests == []
        assert not paths.database_file().exists() or asyncio.run(_threads()) == []

    def test_an_effort_that_only_this_model_knows(self, run: Run, server: DemoServer) -> None:
        asyncio.run(_cache_models(server))
        assert run("-m", "Demo-Reasoning", "--effort", "xhigh", "Hello")[0] in (0, 1)
        assert run("-m", "Demo-Reasoning", "--effort", "huge", "Hello")[2].endswith("low, medium or high.\n")


async def _threads() -> list[Thread]:
    with Store.open(paths.database_file()) as store:
        return await store.threads()


async def _cache_models(server: DemoServer) -> None:
    from poe_tui.config import Settings
    from poe_tui.engine.runtime import Runtime

    runtime = await Runtime.open(Settings(), None, store_path=None, base_url=server.base_url)
    await runtime.catalog.refresh()
    await runtime.aclose()


class TestHints:
    @pytest.mark.parametrize(
        ("status", "said", "hint"),
        [
            (401, "Invalid API key", "poe-tui login stores another key."),
            (402, "Used up. Visit https://poe.example/keys to get more.", "points are left.\n"),
            (400, "prompt is too long: 1001081 tokens > 1000000 maximum", "Ask with less"),
            (400, "Unsupported parameter: 'seed'", "Leave that field out"),
            (400, "This model does not support tool calling.", "Leave out --tool and --search"),
        ],
    )
    def test_what_to_do(self, run: Run, server: DemoServer, status: int, said: str, hint: str) -> None:
        server.fault("status", status=status, body={"error": {"message": said, "type": "invalid_request_error"}})
        err = run("-m", "Demo-Echo", "Hello")[2]
        assert said in err
        assert hint in err

    def test_where_points_are_to_be_had(self) -> None:
        error = {"message": "Used up.", "reason": "no_points", "balance": 7, "link": "https://poe.com/api/keys"}
        turn = Turn("", "", status="failed", error=error)
        assert verdict(turn) == "Used up. 7 points are left. More: https://poe.com/api/keys"
        turn.error = {"message": "Used up.", "reason": "no_points"}
        assert verdict(turn) == "Used up."

    def test_what_was_left_out_is_said_on_stderr(self, run: Run, server: DemoServer) -> None:
        body = {"error": {"message": "Unsupported parameter: 'top_p'", "type": "invalid_request_error"}}
        server.fault("status", status=400, body=body, times=1)
        code, _, err = run("-m", "Demo-Echo", "--top-p", "0.5", "Hello")
        assert code == 0
        assert err == "poe-tui: This model does not take top_p. It was asked again without it.\n"
