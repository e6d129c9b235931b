"""One turn: from a request to ``/v1/responses`` or ``/v1/chat/completions`` to the last byte of its answer."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poe_tui.demo import chat, models, scripts
from poe_tui.demo.answer import Answer, Ask, message, to_answer
from poe_tui.demo.errors import APIProblem, no_responses, request_id, unknown_model
from poe_tui.demo.faults import ActiveFaults
from poe_tui.demo.flow import Framer, is_last_word, mark_last, numbered, with_faults
from poe_tui.demo.http import Connection
from poe_tui.demo.record import RecordedRequest
from poe_tui.demo.responses import (
    MemoryKind,
    check,
    check_calls,
    items_of,
    limit,
    response_object,
    usage,
)
from poe_tui.demo.stream import Expansion, Step, logprobs, pieces

if TYPE_CHECKING:
    from poe_tui.demo.endpoints import Endpoints

_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>{status}</title></head>"
    "<body><h1>Please log in to the network</h1></body></html>\n"
)
_MEMORY: dict[str, MemoryKind] = {"demo-nostore": "refuse", "demo-forgetful": "forget"}
_LONGEST_WAIT = 4.0
"""Seconds a whole answer that is not streamed takes at most, before the server's speed."""
_UNKNOWN_ITEM = {"type": "hologram_call", "id": "holo_1", "status": "completed", "depth": {"unit": "cm", "value": 3}}


class ClientGone(ConnectionError):
    """The client closed while its answer was on the way."""


def headers() -> dict[str, str]:
    """Return the headers that every answer of the API carries (observed on Poe)."""
    return {
        "x-request-id": request_id(),
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "1",
        "openai-processing-ms": str(random.randrange(200, 900)),
        "openai-version": "2020-10-01",
    }


class Turns:
    """Answers turns out of the models' scripts."""

    def __init__(self, house: Endpoints) -> None:
        self._house = house
        self._asked: Counter[str] = Counter()

    async def answer(self, connection: Connection, noted: RecordedRequest) -> bool:
        """Answer one turn; return whether the connection can be used again.

        :raises APIProblem: the answer is an error.
        """
        name = noted.model or ""
        chained = isinstance(noted.body, dict) and bool(noted.body.get("previous_response_id"))
        active = self._house.faults.meet(name, chained)
        gone = asyncio.create_task(connection.gone())
        try:
            delay = active.get("delay")
            if delay is not None:
                await _until(gone, asyncio.sleep(delay.seconds))
            if (reusable := await _instead(connection, noted, active)) is not None:
                return reusable
            body = noted.body
            if noted.by_chat and isinstance(body, dict):
                body = chat.as_response_request(body)
            return await self._speak(_Exchange(connection, noted, gone), check(body), active)
        finally:
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)

    async def _speak(self, exchange: _Exchange, body: dict[str, Any], active: ActiveFaults) -> bool:
        by_chat = exchange.noted.by_chat
        ask, answer, model = self._ask(body, active, by_chat=by_chat)
        active = active.joined(answer.faults)
        if "unknown_event" in active:
            answer.output = [*answer.output, _UNKNOWN_ITEM]
        if body.get("max_output_tokens") is not None:
            limit(answer, body["max_output_tokens"])
        alternatives = body.get("top_logprobs") or 0
        if alternatives:
            _add_logprobs(answer, alternatives)
        counted = usage(body, ask.history, ask.new, answer)
        response = response_object(body, model.upstream, answer, counted)
        exchange.noted.response_id = response["id"]

        def finished() -> None:
            """Keep what can be continued; before the client can know that it ended."""
            if response["status"] != "failed" and response["store"] and not by_chat:
                self._house.memory.keep(response, [*ask.history, *ask.new, *response["output"]])

        speed = self._house.speed
        try:
            if (body.get("stream") is not True and "sse" not in active) or "json" in active:
                await exchange.sleep(speed * _duration(answer))
                finished()
                if by_chat and response["status"] == "failed":
                    raise APIProblem(500, response["error"]["message"])
                await exchange.send(200, chat.completion(response, body["model"]) if by_chat else response)
                return True
            steps: Iterable[Step]
            if answer.events is not None:
                steps = [Step(data=event) if isinstance(event, str) else Step(event) for event in answer.events]
            elif by_chat:
                steps = chat.chunks(response, answer, exchange.noted.body, active)
            else:
                steps = numbered(Expansion(response, answer, alternatives).steps(), done="no_done" not in active)
            stream = _Stream(exchange, self._house, active)
            return await stream.send(mark_last(with_faults(steps, active)), finished)
        finally:
            self._house.account.charge(model.name, model.tariff, counted)

    def _ask(self, body: dict[str, Any], active: ActiveFaults, *, by_chat: bool) -> tuple[Ask, Answer, models.Model]:
        """Find the model and let it answer.

        :raises APIProblem: there is no such model, the history is not known, or the model answers by an error.
        """
        name = body["model"]
        if not by_chat and (known := models.find(name)) is not None and known.refuses:
            raise no_responses(known.refuses)
        scripted = self._house.scripts.take(name)
        model = models.find(name)
        if model is None and scripted is None:
            raise unknown_model(name)
        model = model or models.Model(name)
        kind = _MEMORY.get(name.lower(), self._house.memory.kind)
        kind = "refuse" if "refuse_chain" in active else "forget" if "forget" in active else kind
        history = self._house.memory.history(body.get("previous_response_id"), kind)
        new = items_of(body["input"])
        if kind != "forget":
            check_calls(history, new)
        before = self._asked[name.lower()]
        self._asked[name.lower()] += 1
        ask = Ask(model.name, body, history, new, before, self._house.origin)
        text = active.text()
        if text is not None:
            return ask, Answer([message(text)], pause=0.004), model
        answer = scripts.speak(model, ask) if scripted is None else to_answer(scripted, ask)
        return ask, replace(answer), model


class _Exchange:
    """One request and the connection its answer goes to."""

    def __init__(self, connection: Connection, noted: RecordedRequest, gone: asyncio.Task[None]) -> None:
        self.connection = connection
        self.noted = noted
        self._gone = gone

    async def sleep(self, seconds: float) -> None:
        """Wait, but no longer than the client does."""
        await self.until(asyncio.sleep(seconds))

    async def until(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for something, but no longer than the client does."""
        await _until(self._gone, work)

    async def send(self, status: int, body: object) -> None:
        """Send one whole answer."""
        self.noted.status = status
        await self.connection.send(status, body, headers())
        self.noted.outcome = "answered"


class _Stream:
    """A stream of events on its way."""

    def __init__(self, exchange: _Exchange, house: Endpoints, active: ActiveFaults) -> None:
        self._exchange = exchange
        self._house = house
        self._framer = Framer(active)

    async def send(self, steps: Iterable[Step], finished: Callable[[], None]) -> bool:
        """Send every step; return whether the connection can be used again."""
        connection, noted = self._exchange.connection, self._exchange.noted
        noted.status = 200
        fields = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        await connection.begin(200, {**headers(), **fields})
        ended = False
        for step in steps:
            if step.action in ("cut", "rst"):
                noted.outcome = "cut"
                if step.action == "rst":
                    connection.reset()
                return False
            if step.action == "hold" and step.gate is not None:
                await self._exchange.until(step.gate.passing())
            elif step.action == "stall":  # a fault takes its time at any speed
                await self._exchange.sleep(step.pause)
            else:
                if is_last_word(step.event):
                    finished()
                    ended, noted.outcome = True, "answered"
                await self._write(step)
        await connection.end()
        if not ended:
            noted.outcome = "cut"
        return True

    async def _write(self, step: Step) -> None:
        for data in self._framer.writes(self._framer.frame(step)):
            await self._exchange.connection.write(data)
            await asyncio.sleep(0)
        self._exchange.noted.events += 1
        self._house.changed()
        if step.pause and self._house.speed:
            await self._exchange.sleep(step.pause * self._house.speed)


async def _until(gone: asyncio.Task[None], work: Coroutine[Any, Any, None]) -> None:
    """Wait for ``work`` or for the client to leave, whichever comes first.

    :raises ClientGone: the client was first.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            raise ClientGone
        await task
    finally:
        task.cancel()


async def _instead(connection: Connection, noted: RecordedRequest, active: ActiveFaults) -> bool | None:
    """Do what a fault does in place of an answer; None when there is none, else whether the connection lives on."""
    if "drop" in active or "reset" in active:
        noted.outcome = "cut"
        if "reset" in active:
            connection.reset()
        return False
    fault = active.get("status") or active.get("html")
    if fault is None:
        return None
    body = _PAGE.format(status=fault.status) if fault.kind == "html" else fault.body
    noted.status = fault.status
    problem = APIProblem(fault.status)
    await connection.send(fault.status, problem.body() if body is None else body, {**headers(), **fault.headers})
    noted.outcome = "answered"
    return True


def _duration(answer: Answer) -> float:
    """Return the seconds that an answer takes to be made when it is not streamed."""
    text = sum(len(str(part.get("text", ""))) for item in answer.output for part in item.get("content") or [])
    return min(_LONGEST_WAIT, answer.thinking + answer.pause * text / answer.chunk)


def _add_logprobs(answer: Answer, alternatives: int) -> None:
    for item in answer.output:
        for part in item.get("content") or [] if item["type"] == "message" else []:
            if part["type"] == "output_text":
                cut = pieces(part["text"], answer.chunk)
                part["logprobs"] = [entry for token in cut for entry in logprobs(token, alternatives, whole=True)]
