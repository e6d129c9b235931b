"""Carrying out the calls of one turn: side by side, each judged, asked about, run and told by itself."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from poe_tui.engine import tool_outcome, tool_process
from poe_tui.engine.approval import Approver, Decision, Ruling
from poe_tui.engine.shipped_tools import CannotDo, Place
from poe_tui.engine.tool_outcome import Outcome
from poe_tui.engine.tool_preview import one_line, preview
from poe_tui.engine.tools import Call, Tool
from poe_tui.engine.turn import ApprovalGiven, ApprovalNeeded, PendingCall, ToolEnded, ToolEvent, ToolStarted

if TYPE_CHECKING:
    from poe_tui.api.public_web import PublicWeb
    from poe_tui.credentials import Secret

AT_ONCE: Final = 8
"""Calls that run at the same time; a turn with more has them one after another."""
SHORTEST_KEY: Final = 8
"""Characters; a shorter one is none of a real server's."""


@dataclass(slots=True)
class Workplace:
    """Where tools run, and what is known of their permissions while the program runs."""

    directory: Path | None = None
    """Where commands run that do not say so themselves."""
    key: Secret | None = field(default=None, repr=False)
    """Kept out of every tool's environment and output."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    extra: tuple[Tool, ...] = ()
    """Tools besides the declared and the shipped ones: the demo's."""
    always: set[str] = field(default_factory=set)
    """The tools that were allowed for good since the program started."""
    keep_always: Callable[[str], None] | None = None
    """Takes a tool's name, to save that it is always allowed (the setting ``tool_use.always``)."""
    web: PublicWeb | None = field(default=None, repr=False)
    """For tests: what pages are read by."""

    @classmethod
    def here(cls, key: Secret | None, extra: Sequence[Tool] = ()) -> Workplace:
        """Return the place where the program was started."""
        try:
            directory: Path | None = Path.cwd()
        except OSError:
            directory = None
        return cls(directory, key, extra=tuple(extra))

    def place(self, proxy: str | None) -> Place:
        """Return what shipped tools may use."""
        return Place(self.directory, proxy, self.web)

    def allow_always(self, name: str) -> None:
        """Allow a tool for good."""
        self.always.add(name)
        if self.keep_always is not None:
            self.keep_always(name)

    async def run(self, tool: Tool, call: Call, place: Place) -> Outcome:
        """Run a call that may run. What a tool does wrong is in the outcome."""
        secret = self.key.reveal() if self.key is not None else ""
        if len(secret) < SHORTEST_KEY:
            # The demo's key is a word like any other.
            secret = ""
        if tool.config.command:
            environ = tool_process.environment(self.environ, secret)
            return (await tool_process.run(tool.config, call.values, place.directory, environ)).without(secret)
        return (await _shipped(tool, call, place)).without(secret)


async def _shipped(tool: Tool, call: Call, place: Place) -> Outcome:
    assert tool.shipped is not None
    started = time.monotonic()
    try:
        async with asyncio.timeout(tool.config.timeout):
            text = await tool.shipped.run(call.values, place)
    except CannotDo as refused:
        return tool_outcome.failed(str(refused), time.monotonic() - started)
    except TimeoutError:
        return tool_outcome.timed_out(tool_outcome.Written(""), tool.config.timeout)
    except Exception as error:
        # A mistake of ours is named and never quoted: its text might hold anything.
        return tool_outcome.failed(f"It met an error of its own: {type(error).__name__}.", time.monotonic() - started)
    return tool_outcome.answered(text, tool.config.output_limit, time.monotonic() - started)


class CallRuns:
    """The calls of one turn on their way to outcomes."""

    def __init__(
        self,
        thread_id: str,
        turn_id: str,
        calls: Sequence[Call],
        *,
        workplace: Workplace,
        place: Place,
        approver: Approver,
        rule: Callable[[Call], tuple[Ruling, bool]],
        allow: Callable[[Decision, str], None],
    ) -> None:
        """Prepare.

        Args:
            thread_id: where the calls were made, for the approver.
            turn_id: the turn that ended in them.
            calls: judged already.
            workplace: runs them.
            place: what they may use.
            approver: is asked where nothing is written down.
            rule: what is written down about a call, and whether a lasting permission would cover it.
            allow: takes a lasting yes and the tool's name.
        """
        self.calls = calls
        self.outcomes: dict[int, Outcome] = {}
        self.refused = False
        """Whether any call was refused, by whoever it was."""
        self.started = False
        """Whether any call ran, or began to."""
        self._thread_id = thread_id
        self._turn_id = turn_id
        self._workplace = workplace
        self._place = place
        self._approver = approver
        self._rule = rule
        self._allow = allow
        self._events: asyncio.Queue[ToolEvent] = asyncio.Queue()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> AsyncGenerator[ToolEvent, None]:
        """Yield what happens until every call has its outcome. Closing or cancelling ends what runs."""
        asked: dict[int, asyncio.Future[Decision]] = {}
        tasks: list[asyncio.Future[None]] = []
        try:
            waiting = self._ask(asked)
            if waiting:
                yield ApprovalNeeded(self._turn_id, waiting)
            tasks += [asyncio.ensure_future(self._one(call, asked.get(call.index))) for call in self.calls]
            left = len(tasks)
            while left:
                event = await self._events.get()
                left -= isinstance(event, ToolEnded)
                yield event
        finally:
            for answer in asked.values():
                answer.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, asked: dict[int, asyncio.Future[Decision]]) -> tuple[PendingCall, ...]:
        """Ask about the calls that need it; every question is open before anybody is told of it."""
        waiting: list[PendingCall] = []
        for call in self.calls:
            if call.outcome is None:
                ruling, coverable = self._rule(call)
                if ruling == "ask":
                    shown = preview(call, self._place)
                    waiting.append(PendingCall(self._turn_id, call.index, call.shown_id, shown, coverable))
                    asked[call.index] = self._approver.ask(self._thread_id, waiting[-1])
        return tuple(waiting)

    def leave(self) -> None:
        """Give every call an outcome that has none: the person stopped before it had one."""
        for call in self.calls:
            self.outcomes.setdefault(call.index, tool_outcome.not_run())

    async def _one(self, call: Call, answer: asyncio.Future[Decision] | None) -> None:
        try:
            outcome = call.outcome or await self._decided(call, answer)
        except asyncio.CancelledError:
            self.outcomes.setdefault(call.index, tool_outcome.not_run())
            raise
        except Exception as error:
            outcome = tool_outcome.failed(f"It met an error of its own: {type(error).__name__}.")
        self.outcomes[call.index] = outcome
        self.refused = self.refused or outcome.status == "refused"
        self._events.put_nowait(
            ToolEnded(
                self._turn_id, call.index, call.shown_id, call.name, outcome.status, outcome.output, outcome.size,
                outcome.exit_code, round(outcome.seconds, 3), outcome.cut,
            )
        )  # fmt: skip

    async def _decided(self, call: Call, answer: asyncio.Future[Decision] | None) -> Outcome:
        if answer is None:
            return tool_outcome.forbidden() if self._rule(call)[0] == "refuse" else await self._run(call)
        decision = await answer
        if decision.verdict == "nobody":
            return tool_outcome.unattended()
        given = ApprovalGiven(
            self._turn_id, call.index, call.shown_id, call.name, decision.verdict, decision.reason.strip()
        )
        self._events.put_nowait(given)
        if decision.verdict == "no":
            return tool_outcome.refused(decision.reason)
        tool = call.tool
        assert tool is not None
        if tool.config.manual:
            return tool_outcome.answered(decision.output, tool.config.output_limit, 0.0)
        if decision.verdict in ("thread", "always"):
            self._allow(decision, call.name)
        return await self._run(call)

    async def _run(self, call: Call) -> Outcome:
        tool = call.tool
        assert tool is not None
        async with self._room:
            self.started = True
            self._events.put_nowait(
                ToolStarted(self._turn_id, call.index, call.shown_id, call.name, one_line(call.values))
            )
            try:
                return await self._workplace.run(tool, call, self._place)
            except asyncio.CancelledError:
                self.outcomes[call.index] = tool_outcome.stopped()
                raise
