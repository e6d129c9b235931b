"""One question without a screen: events become text, JSON lines or one object; the engine is the app's own.

``poe_tui.cli.ask`` reads the command line and has the last word on exit codes; here is what a turn looks like to a
pipe.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, TextIO

from poe_tui.api.events import RetryScheduled, StreamEvent, to_json
from poe_tui.api.thinking import Thinking
from poe_tui.api.types import citations, reasoning
from poe_tui.engine.approval import Nobody
from poe_tui.engine.runtime import Runtime
from poe_tui.engine.schema import check_turn
from poe_tui.engine.session import TIP, Session
from poe_tui.engine.steps import Steps
from poe_tui.engine.turn import (
    ChainForgotten,
    ChainRefused,
    Event,
    RequestBuilt,
    StepsSpent,
    ToolEnded,
    ToolStarted,
    TurnEnded,
    TurnNote,
)
from poe_tui.model import Item, Thread, Turn, new_id
from poe_tui.payload_fold import PayloadFold
from poe_tui.request_fields import either
from poe_tui.sanitize import StreamCleaner, join_surrogates

_ERROR_KEYS: Final = ("type", "code", "message", "http_status")
_TEXT: Final = frozenset({"response.output_text.delta", "response.refusal.delta"})
_HARMFUL: Final = re.compile(
    "[\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
"""What ``sanitize.clean`` would change and JSON leaves as it is."""

Say = Callable[[str], None]
"""Takes one diagnostic; cleaning is its business."""


class Sink(Protocol):
    """Where the events of one turn go."""

    def take(self, event: Event) -> None:
        """Show one event."""

    def end(self, turn: Turn) -> None:
        """Show what the stream did not."""


class Quiet:
    """For ``--json``: nothing until the end, but what a person at the terminal should know."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def take(self, event: Event) -> None:
        """Say what the engine decided, on stderr."""
        told = diagnostic(event)
        if told:
            self._say(told)

    def end(self, turn: Turn) -> None:
        """Say how the turn ended, if it did not end well."""
        told = verdict(turn)
        if told:
            self._say(told)


class Lines(Quiet):
    """For ``--events``: every stream event as one line of JSON, as it arrives."""

    def __init__(self, out: TextIO, say: Say) -> None:
        super().__init__(say)
        self._out = out

    def take(self, event: Event) -> None:
        """Write the event, if the server sent it."""
        if isinstance(event, StreamEvent):
            self._out.write(f"{harmless(to_json(event))}\n")
            self._out.flush()
        super().take(event)


class Text(Quiet):
    """The answer as it arrives: cleaned, since control sequences must reach neither a terminal nor a file."""

    def __init__(self, out: TextIO, say: Say, heading: str = "") -> None:
        super().__init__(say)
        self._out = out
        self._heading = heading
        self._cleaner = StreamCleaner()
        # A person at a terminal reads no base64; a program may want exactly that.
        self._fold = PayloadFold() if out.isatty() else None
        self._thinking = Thinking()
        self._arrived: list[str] = []
        self._last = ""

    def take(self, event: Event) -> None:
        """Write the new text."""
        self._thinking.note(event)
        if event.type in _TEXT and not self._thinking.owns(event):
            delta = getattr(event, "delta", "")
            self._arrived.append(delta)
            self._write(self._cleaner.feed(delta))
        elif isinstance(event, RequestBuilt):
            self._thinking.clear()
        elif isinstance(event, TurnEnded) and event.continues:
            self._complete(event.turn)
        super().take(event)

    def end(self, turn: Turn) -> None:
        """Write what came without deltas, end the line, and say how it went."""
        self._complete(turn)
        super().end(turn)

    def _complete(self, turn: Turn) -> None:
        arrived = join_surrogates("".join(self._arrived))
        answer = turn.output_text or refusal_text(turn)
        if answer.startswith(arrived):
            self._write(self._cleaner.feed(answer[len(arrived) :]))
        self._write(self._cleaner.flush())
        if self._last and self._last != "\n":
            self._write("\n")
        self._arrived.clear()

    def _write(self, text: str) -> None:
        text = self._fold.feed(text) if self._fold is not None else text
        if text:
            self._out.write(self._heading + text)
            self._out.flush()
            self._heading = ""
            self._last = text[-1]


class Structured(Quiet):
    """For ``--schema``: the JSON of an answer that fits its schema, nothing of one that does not."""

    def __init__(self, out: TextIO | None, say: Say) -> None:
        """Prepare; without ``out`` only what does not fit is said."""
        super().__init__(say)
        self._out = out

    def end(self, turn: Turn) -> None:
        """Write the JSON, or say where it does not fit."""
        super().end(turn)
        checked = check_turn(turn)
        if turn.status != "completed" or checked is None:
            return
        if not checked.is_valid:
            for violation in checked.violations:
                self._say(f"the answer violates the schema: {violation}")
        elif self._out is not None:
            self._out.write(f"{harmless(join_surrogates(checked.text))}\n")
            self._out.flush()


@dataclass(slots=True, frozen=True)
class Question:
    """What is asked, and of whom."""

    items: Sequence[Item] | str
    models: Sequence[str]
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Request fields by their API names."""
    allowed: Sequence[str] = ()
    """The tools whose calls run without asking; there is nobody to ask."""


@dataclass(slots=True, frozen=True)
class Answered:
    """What became of the question with one model."""

    turns: tuple[Turn, ...]
    """Every turn that ended: the last is the answer, those before it ended in calls of tools."""
    refused: bool
    """Whether a call was refused, or the model was not let go on."""

    @property
    def turn(self) -> Turn:
        """The last turn."""
        return self.turns[-1]


@dataclass(slots=True)
class _Asked:
    """One model's answer on its way: its events wait until the answers before it are out."""

    model: str
    session: Session
    steps: Steps
    sink: Sink
    turns: list[Turn] = field(default_factory=list)
    waiting: list[Event] = field(default_factory=list)
    is_over: bool = False


class OneShot:
    """Asks every model of a question at once and shows the answers one after the other."""

    def __init__(self, runtime: Runtime, thread: Thread, question: Question, sink: Callable[[str], Sink]) -> None:
        """Prepare.

        Args:
            runtime: the engine.
            thread: where the turns go.
            question: what is asked.
            sink: makes the sink for the answer of one model, by its name.
        """
        self._question = question
        self._parent = thread.tip_id
        if len(question.models) > 1 and not thread.created_at:
            thread.created_at = time.time()
            runtime.store.add_thread(replace(thread))
        # Sessions keep their thread up to date; several of them must not do that to the same one.
        threads = [thread, *(replace(thread) for _ in question.models[1:])]
        self._asked: list[_Asked] = []
        for model, own in zip(question.models, threads, strict=True):
            session = runtime.session(own)
            steps = runtime.steps(session, Nobody(question.allowed), leaves_foreign=True)
            self._asked.append(_Asked(model, session, steps, sink(model)))
        self._shown = 0

    @property
    def answers(self) -> list[Answered]:
        """What has ended, in the order of the models; also after ``run`` was cancelled."""
        return [
            Answered(tuple(asked.turns), asked.steps.refused or asked.steps.spent)
            for asked in self._asked
            if asked.turns
        ]

    @property
    def turns(self) -> list[Turn]:
        """The last turns that have ended, likewise."""
        return [answer.turn for answer in self.answers]

    async def run(self) -> None:
        """Ask, and show what comes. What goes wrong with a request is in its turn.

        Raises:
            CancelledError: the turns have ended as ``stopped``.
            OSError: a sink could not write (a closed pipe); likewise.
        """
        group = new_id() if len(self._asked) > 1 else None
        tasks = [asyncio.ensure_future(self._one(asked, group)) for asked in self._asked]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, asked: _Asked, group: str | None) -> None:
        events = asked.session.send(
            self._question.items,
            model=asked.model,
            overrides=self._question.overrides,
            parent_id=self._parent if group else TIP,
            group_id=group,
        )
        try:
            async with aclosing(asked.steps.follow(events)) as steps:
                async for event in steps:
                    if isinstance(event, TurnEnded):
                        asked.turns.append(event.turn)
                    asked.waiting.append(event)
                    self._show()
        except asyncio.CancelledError:
            ended = asked.session.ended
            if ended is not None and all(ended.turn.id != turn.id for turn in asked.turns):
                asked.turns.append(ended.turn)
            asked.is_over = True
            self._show()
            raise
        asked.is_over = True
        self._show()

    def _show(self) -> None:
        """Show what may be shown: everything of the first answer that is not over yet."""
        while self._shown < len(self._asked):
            asked = self._asked[self._shown]
            waiting, asked.waiting = asked.waiting, []
            for event in waiting:
                asked.sink.take(event)
            if not asked.is_over:
                return
            self._shown += 1
            if asked.turns:
                asked.sink.end(asked.turns[-1])


def json_object(turn: Turn, steps: Sequence[Turn] = ()) -> dict[str, Any]:
    """Return what ``--json`` prints for a turn; ``output`` is that of all ``steps``, if there are."""
    error = turn.error or {}
    return {
        "id": turn.response_id,
        "thread_id": turn.thread_id,
        "turn_id": turn.id,
        "model": turn.model,
        "status": turn.status,
        "output_text": turn.output_text,
        "reasoning_summary": reasoning(turn.output) or reasoning(turn.output, "content"),
        "output": [item for step in steps for item in step.output] or turn.output,
        "citations": citations(turn.output),
        "usage": turn.usage,
        "error": {key: error.get(key) for key in _ERROR_KEYS} if "message" in error else None,
        "chain": turn.chain,
    }


def json_failure(message: str, kind: str, model: str | None = None) -> dict[str, Any]:
    """Return what ``--json`` prints when there is no turn to tell of."""
    turn = Turn("", "", model=model or "", status="failed", error={"type": kind, "message": message})
    return {**json_object(turn), "thread_id": None, "turn_id": None, "model": model}


def diagnostic(event: Event) -> str:
    """Return the line for stderr that an event is worth; most are worth none."""
    match event:
        case RetryScheduled():
            again = f"Trying again in {event.delay:.0f} s" if event.delay >= 1 else "Trying again"
            return f"{event.reason[:1].upper()}{event.reason[1:]}. {again} ({event.attempt + 1} of {event.limit})."
        case ChainRefused() | ChainForgotten() | TurnNote():
            return event.text
        case ToolStarted():
            return f"{event.name} {event.arguments}"
        case ToolEnded() if event.status != "done" or event.cut:
            return f"{event.name}: {event.output.partition(chr(10))[0]}"
        case StepsSpent():
            return f"The model made {event.steps} steps by itself, which is as many as it may. Its calls were not run."
    return ""


def verdict(turn: Turn) -> str:
    """Return how a turn that is not completed ended, in a sentence or two; nothing for one that is."""
    error = turn.error or {}
    kept = " What had come is kept." if turn.output else ""
    message = str(error.get("message") or "").strip()
    if message and message[-1] not in ".!?…":
        message += "."
    match turn.status:
        case "completed":
            return ""
        case "incomplete":
            return f"The answer is incomplete: {error.get('reason') or message or 'the server does not say why'}."
        case "stopped":
            return f"Stopped.{kept}"
        case "interrupted":
            return f"{message or 'The connection ended before the answer did.'}{kept}"
    return f"{message or 'The server gave no answer.'}{_hint(error)}{kept}"


def _hint(error: Mapping[str, Any]) -> str:
    """What to do about a failed turn, as far as it is known and not in the server's words already."""
    names = either(error.get("near") or [])
    if names:
        return f" Did you mean {names}?"
    reason = error.get("reason")
    if reason == "no_points":
        left = f" {error['balance']} points are left." if isinstance(error.get("balance"), int) else ""
        link = str(error.get("link") or "")
        return left + (f" More: {link}" if link and link not in str(error.get("message")) else "")
    return f" {_HINTS[reason]}" if reason in _HINTS else ""


_HINTS: Final = {
    "bad_key": "poe-tui login stores another key.",
    "prompt_too_long": "Ask with less, or with -m of a model that reads more.",
    "no_tools": "Leave out --tool and --search, or ask another model with -m.",
    "unsupported_field": "Leave that field out, or ask another model with -m.",
}


def refusal_text(turn: Turn) -> str:
    """Return the model's refusal, where it refused."""
    return "".join(
        part["refusal"]
        for item in turn.output
        for part in (item.get("content") if isinstance(item.get("content"), list) else None) or ()
        if isinstance(part, dict) and isinstance(part.get("refusal"), str)
    )


def harmless(text: str) -> str:
    """Escape in a JSON text what JSON itself leaves as it is and a terminal does not: the text means the same."""
    return _HARMFUL.sub(lambda match: json.dumps(match.group())[1:-1], text)
