"""May a call run? What is written down decides first; whatever is left is asked of an *approver*.

``Waiting`` is the app's approver: calls wait there, each in its own thread, until a screen answers. Nothing else waits
with them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from poe_tui.engine.thread_options import AppOptions
from poe_tui.engine.tools import Call, Toolbox
from poe_tui.engine.turn import PendingCall, StepsSpent, Verdict

Ruling = Literal["run", "ask", "refuse"]
T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Decision:
    """An answer to one call."""

    verdict: Verdict | Literal["nobody"]
    """``nobody``: there is no one who could say yes."""
    reason: str = ""
    """For ``no``: what the model is told."""
    output: str = ""
    """For ``output``: what the person typed."""


class Approver(Protocol):
    """Whoever is asked. A question is open from the moment it is asked; cancelling the future takes it back."""

    def ask(self, thread_id: str, call: PendingCall) -> asyncio.Future[Decision]:
        """Ask about a call; the answer may take as long as it likes."""

    def ask_to_go_on(self, thread_id: str, spent: StepsSpent) -> asyncio.Future[bool]:
        """Ask whether the model may go on by itself for as many steps again."""


class Nobody:
    """The approver of a run without a person: the calls of some tools are allowed, all others refused."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._allowed = frozenset(allowed)

    def ask(self, thread_id: str, call: PendingCall) -> asyncio.Future[Decision]:
        """Allow a tool that was named; a manual one needs a person all the same."""
        allowed = call.preview.name in self._allowed and not call.preview.manual
        return _settled(Decision("once") if allowed else Decision("nobody"))

    def ask_to_go_on(self, thread_id: str, spent: StepsSpent) -> asyncio.Future[bool]:
        """Never."""
        return _settled(False)


def _settled(value: T) -> asyncio.Future[T]:
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future


def rule(
    call: Call, toolbox: Toolbox, options: AppOptions, always: Collection[str] = (), said: Sequence[str] = ()
) -> Ruling:
    """Return what is written down about a call that fits its tool.

    Args:
        call: with a tool.
        toolbox: the settings' word on each tool.
        options: the thread's.
        always: the tools that were allowed for good since the program started.
        said: what the person wrote in the thread; a standing permission to read files covers those named there.
    """
    tool = call.tool
    assert tool is not None
    written = toolbox.approval(tool)
    if written == "never":
        return "refuse"
    if tool.config.manual:
        return "ask"
    standing = written == "always" or tool.name in options.allowed or tool.name in always
    return "run" if standing and is_coverable(call, said) else "ask"


def is_coverable(call: Call, said: Sequence[str]) -> bool:
    """Whether a lasting permission for the tool covers this call."""
    shipped = call.tool.shipped if call.tool is not None else None
    return shipped is None or shipped.is_covered(call.values, said)


@dataclass(slots=True, eq=False)
class _Waiter:
    call: PendingCall
    answer: asyncio.Future[Decision]


class Waiting:
    """The calls that wait for a person, by thread. Lives in one event loop."""

    def __init__(self) -> None:
        self._calls: dict[str, list[_Waiter]] = {}
        self._steps: dict[str, tuple[StepsSpent, asyncio.Future[bool]]] = {}

    # --- for those who wait -------------------------------------------------------------------------------------
    def ask(self, thread_id: str, call: PendingCall) -> asyncio.Future[Decision]:
        """Let a call wait for the person."""
        waiter = _Waiter(call, asyncio.get_running_loop().create_future())
        self._calls.setdefault(thread_id, []).append(waiter)
        waiter.answer.add_done_callback(lambda _: self._forget(thread_id, waiter))
        return waiter.answer

    def ask_to_go_on(self, thread_id: str, spent: StepsSpent) -> asyncio.Future[bool]:
        """Let a model wait for the person."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._steps[thread_id] = (spent, answer)
        answer.add_done_callback(lambda _: self._steps.pop(thread_id, None))
        return answer

    def _forget(self, thread_id: str, waiter: _Waiter) -> None:
        waiters = self._calls.get(thread_id, [])
        if waiter in waiters:
            waiters.remove(waiter)
        if not waiters:
            self._calls.pop(thread_id, None)

    # --- for those who answer -----------------------------------------------------------------------------------
    def threads(self) -> set[str]:
        """The ids of the threads in which something waits."""
        waiting = {thread for thread, waiters in self._calls.items() if any(not w.answer.done() for w in waiters)}
        return waiting | {thread for thread, (_, answer) in self._steps.items() if not answer.done()}

    def calls(self, thread_id: str) -> list[PendingCall]:
        """The calls of a thread that have no answer yet, in their order."""
        waiters = self._calls.get(thread_id, ())
        return sorted((w.call for w in waiters if not w.answer.done()), key=lambda call: call.index)

    def steps(self, thread_id: str) -> StepsSpent | None:
        """What a thread's model asks for that has used its steps up."""
        waiting = self._steps.get(thread_id)
        return None if waiting is None or waiting[1].done() else waiting[0]

    def answer(self, thread_id: str, decision: Decision, index: int | None = None) -> list[PendingCall]:
        """Answer the call with that index, or all that wait; a lasting yes covers the tool's other calls too.

        Returns the calls that were answered.
        """
        open_calls = self.calls(thread_id)
        chosen = [call for call in open_calls if index is None or call.index == index]
        if decision.verdict in ("thread", "always"):
            names = {call.preview.name for call in chosen}
            chosen += [
                call for call in open_calls if call.preview.name in names and call.coverable and call not in chosen
            ]
        for waiter in self._calls.get(thread_id, ()):
            if waiter.call in chosen and not waiter.answer.done():
                waiter.answer.set_result(decision)
        return chosen

    def answer_steps(self, thread_id: str, go_on: bool) -> bool:
        """Let a model go on, or not; whether one had asked."""
        waiting = self._steps.get(thread_id)
        if waiting is None or waiting[1].done():
            return False
        waiting[1].set_result(go_on)
        return True
