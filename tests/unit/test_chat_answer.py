"""Answers of a chat endpoint over real HTTP: streams cut anywhere, whole bodies, errors, and the ends in between."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any

import pytest

from poe_tui.api.accumulate import ResponseBuilder
from poe_tui.api.errors import APIError, ConnectionLost, InsufficientCredits, NotAnAPIAnswer, ServerError
from poe_tui.api.events import RetryScheduled
from tests.fault_server import FaultServer, Step, poe_error, reply, sse, then
from tests.unit.api_help import Turn, client

USAGE = {"prompt_tokens": 7, "completion_tokens": 4, "total_tokens": 11}
DONE = b"data: [DONE]\n\n"


def chunk(content: str | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    return {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


WORDS = [chunk("Grüße, "), chunk("Welt 😀")]
LAST = [chunk(finish="stop"), {"id": "chatcmpl-1", "choices": [], "usage": USAGE}]
BODY = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 5, "model": "acme", "usage": USAGE,
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Grüße, Welt 😀"}, "finish_reason": "stop"}],
}  # fmt: skip


async def ask(*steps: Step, model: str = "acme", **options: Any) -> Turn:
    turn = Turn()
    async with FaultServer(*steps) as server, client(server.url, **options) as made:
        try:
            async with aclosing(made.stream({"model": model, "messages": []}, endpoint="chat")) as events:
                async for event in events:
                    if isinstance(event, RetryScheduled):
                        turn.waits.append(event)
                        continue
                    turn.events.append(event)
                    turn.builder.apply(event)
        except APIError as error:
            turn.error = error
        assert {request.target for request in server.requests} == {"/v1/chat/completions"}
    return turn


def said(builder: ResponseBuilder) -> tuple[str, str, dict[str, Any] | None]:
    return builder.status, builder.output_text, builder.usage


COMPLETE = ("completed", "Grüße, Welt 😀", {"input_tokens": 7, "output_tokens": 4, "total_tokens": 11})


class TestWhole:
    @pytest.mark.parametrize("size", [1, 7, 100_000])
    @pytest.mark.parametrize("escaped", [True, False])
    async def test_a_stream_in_pieces_of_any_size(self, size: int, escaped: bool) -> None:
        lines = [json.dumps(one, ensure_ascii=escaped).encode() for one in [*WORDS, *LAST]]
        stream = b"".join(b": ping\n\ndata: " + line + b"\n\n" for line in lines) + DONE
        turn = await ask(sse(*(stream[at : at + size] for at in range(0, len(stream), size))))
        assert (turn.error, said(turn.builder)) == (None, COMPLETE)

    @pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "text/plain"])
    async def test_a_body_is_one_terminal_event(self, kind: str) -> None:
        turn = await ask(reply(200, BODY, kind))
        assert [event.type for event in turn.events] == ["response.completed"]
        assert said(turn.builder) == COMPLETE
        assert turn.builder.response_id == "chatcmpl-1"

    async def test_a_body_that_is_a_response_is_read_as_one(self) -> None:
        message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}
        turn = await ask(reply(200, {"object": "response", "status": "completed", "output": [message]}))
        assert (turn.builder.status, turn.builder.output_text) == ("completed", "Hi")

    async def test_thoughts_between_tags_are_told_by_the_model_s_name(self) -> None:
        body = {"choices": [{"message": {"content": "<think>So.</think>Yes."}, "finish_reason": "stop"}]}
        for model, text in (("Qwen3-Max", "Yes."), ("acme", "<think>So.</think>Yes.")):
            assert (await ask(reply(200, body), model=model)).builder.output_text == text
            events = [chunk("<think>So.</"), chunk("think>Yes."), chunk(finish="stop")]
            assert (await ask(sse(*events, DONE), model=model)).builder.output_text == text

    async def test_what_is_no_chunk_is_skipped(self) -> None:
        turn = await ask(
            sse(b"data: {oops\n\n", b"data: 42\n\n", b"event: x\n\n", b"data: {}\n\n", *WORDS, *LAST, DONE)
        )
        assert said(turn.builder) == COMPLETE


class TestEnds:
    async def test_nothing_is_waited_for_after_done(self) -> None:
        turn = await ask(then([*WORDS, *LAST, DONE], stall=True), idle_timeout=None)
        assert said(turn.builder) == COMPLETE

    @pytest.mark.parametrize("ending", [{}, {"reset": True}, {"stall": True}])
    async def test_after_a_finish_reason_nothing_is_missing(self, ending: dict[str, bool]) -> None:
        """Whether the body ends, the connection breaks, or nothing more comes for the grace."""
        turn = await ask(then([*WORDS, *LAST], **ending), idle_timeout=None)
        assert (turn.error, said(turn.builder)) == (None, COMPLETE)

    async def test_a_body_that_ends_before_is_an_interruption(self) -> None:
        turn = await ask(sse(*WORDS))
        assert (turn.error, turn.builder.status, turn.builder.output_text) == (None, "interrupted", "Grüße, Welt 😀")

    async def test_so_is_a_connection_that_breaks(self) -> None:
        turn = await ask(then([chunk("<thi")], reset=True), model="Qwen3")
        assert isinstance(turn.error, ConnectionLost)
        assert turn.builder.output_text == "<thi", "what was kept back is told before the error"

    @pytest.mark.parametrize("after", [[], [DONE], [chunk("more"), chunk(finish="stop"), DONE]])
    async def test_an_error_in_the_stream_ends_it(self, after: list[Any]) -> None:
        turn = await ask(then([*WORDS, {"error": {"message": "Overloaded", "code": 503}}, *after]))
        assert (turn.builder.status, turn.builder.output_text) == ("interrupted", "Grüße, Welt 😀")
        assert turn.builder.error is not None
        assert turn.builder.error["message"] == "Overloaded"


class TestErrors:
    async def test_a_status_is_an_error_like_any_other(self) -> None:
        turn = await ask(reply(402, poe_error(402, "insufficient_quota", "You've used up your points!")))
        assert isinstance(turn.error, InsufficientCredits)

    async def test_a_503_is_asked_again(self) -> None:
        turn = await ask(reply(503), sse(*WORDS, *LAST, DONE))
        assert (len(turn.waits), said(turn.builder)) == (1, COMPLETE)

    @pytest.mark.parametrize(
        "body",
        [
            {"error": {"message": "Overloaded", "type": "server_error"}},
            {"error": "Overloaded"},
            {"object": "error", "message": "Overloaded"},
            {"choices": [{"error": {"message": "Overloaded"}, "finish_reason": "error"}]},
            {"detail": "Overloaded"},
        ],
    )
    async def test_an_error_under_200(self, body: dict[str, Any]) -> None:
        turn = await ask(reply(200, body))
        assert isinstance(turn.error, ServerError)
        assert turn.error.message == "Overloaded"

    @pytest.mark.parametrize("body", [{"hello": 1}, [1], "{}", "<html></html>", {"choices": "x"}])
    async def test_what_is_no_answer(self, body: Any) -> None:
        assert isinstance((await ask(reply(200, body))).error, NotAnAPIAnswer)
