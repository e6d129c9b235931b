"""LiveThreads: the streams that run, on screen or not.

A stream outlives the screen that started it: its task belongs here, not to a screen. Screens subscribe and read the
log of a turn that was already running when they opened.

A run is a turn and the steps that follow from its function calls. A call that needs a person waits here, in its own
thread; ``approvals`` tells what waits and ``answer`` answers it, at any time and from any screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from poe_tui.engine.approval import Approver, Decision, Waiting
from poe_tui.engine.event_log import EventLog
from poe_tui.engine.items import as_items, is_empty
from poe_tui.engine.session import TIP, NothingToSend, Session, Tip
from poe_tui.engine.steps import Steps, again
from poe_tui.engine.turn import Event, PendingCall, StepsSpent, ToolsStopped, TurnEnded, TurnStarted
from poe_tui.model import Item, Thread, Turn

__all__ = ["Decision", "LiveThreads", "NothingToSend", "ThreadBusy"]

Callback = Callable[[str, Event], None]


class ThreadBusy(RuntimeError):
    """A turn of this thread is still running."""


@dataclass(slots=True)
class _Live:
    thread_id: str
    session: Session
    log: EventLog = field(default_factory=EventLog)
    task: asyncio.Task[None] | None = None
    started: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    continues: str | None = None
    """The turn whose calls are being dealt with."""


class LiveThreads:
    """Owns a task per running turn: one at a time for a thread, any number of threads. Lives in one event loop."""

    def __init__(
        self,
        make_session: Callable[[Thread], Session],
        make_steps: Callable[[Session, Approver], Steps] | None = None,
    ) -> None:
        """Prepare; without ``make_steps`` function calls are left alone."""
        self._make_session = make_session
        self._make_steps = make_steps
        self._waiting = Waiting()
        self._live: dict[str, _Live] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._callbacks: list[Callback] = []

    def start(
        self,
        thread: Thread,
        items: Sequence[Item] | str,
        *,
        model: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        parent_id: str | Tip | None = TIP,
    ) -> None:
        """Start a turn of ``thread``.

        Raises:
            ThreadBusy: one is running.
            NothingToSend: the prompt is empty.
        """
        wanted = as_items(items)
        if is_empty(wanted):
            raise NothingToSend
        session = self._session(thread)
        self._run(session, session.send(wanted, model=model, overrides=overrides, parent_id=parent_id))

    def regenerate(self, thread: Thread, turn_id: str, *, model: str | None = None) -> None:
        """Start a sibling of ``turn_id`` with the same input. Raises ThreadBusy."""
        session = self._session(thread)
        self._run(session, session.regenerate(turn_id, model=model))

    def edit(
        self,
        thread: Thread,
        turn_id: str,
        items: Sequence[Item] | str,
        *,
        model: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        """Start a sibling of ``turn_id`` with new input. Raises ThreadBusy or NothingToSend."""
        wanted = as_items(items)
        if is_empty(wanted):
            raise NothingToSend
        session = self._session(thread)
        self._run(session, session.edit(turn_id, wanted, model=model, overrides=overrides))

    def resume(self, thread: Thread, turn: Turn) -> bool:
        """Take up the calls that a stored turn of ``thread`` ended in and that were never answered.

        False when there are none, or they are none of ours. Raises ThreadBusy.
        """
        session = self._session(thread)
        if self._make_steps is None or not self._make_steps(session, self._waiting).has_calls(turn):
            return False
        self._run(session, again(turn))
        return True

    # --- calls that wait ----------------------------------------------------------------------------------------
    def waiting(self) -> set[str]:
        """The ids of the threads in which something waits for the person."""
        return self._waiting.threads()

    def approvals(self, thread_id: str) -> list[PendingCall]:
        """The calls of a thread that wait for an answer, in their order."""
        return self._waiting.calls(thread_id)

    def answer(self, thread_id: str, decision: Decision, index: int | None = None) -> list[PendingCall]:
        """Answer the waiting call with that ``index``, or all; returns those that were answered.

        A lasting yes (``thread``, ``always``) answers the tool's other waiting calls too.
        """
        return self._waiting.answer(thread_id, decision, index)

    def steps_spent(self, thread_id: str) -> StepsSpent | None:
        """What the thread's model waits for that went on by itself as often as it may; ``None``: for nothing."""
        return self._waiting.steps(thread_id)

    def go_on(self, thread_id: str, yes: bool = True) -> bool:
        """Let it go on for as many steps again, or not; False when it had not asked."""
        return self._waiting.answer_steps(thread_id, yes)

    # --- what runs ----------------------------------------------------------------------------------------------
    def stop(self, thread_id: str) -> bool:
        """Cancel the turn in flight (it ends as ``stopped``, with its partial), or the tools and the wait behind it.

        False when nothing runs.
        """
        live = self._live.get(thread_id)
        if live is None or live.task is None:
            return False
        # After the task's first step, which stands in the loop's queue before this: a task that is cancelled before it
        # began would leave no turn, and nobody would be told its end.
        asyncio.get_running_loop().call_soon(live.task.cancel)
        return True

    def is_running(self, thread_id: str) -> bool:
        """Whether a turn of this thread is in flight, or its tools. False from the moment its end is told."""
        return thread_id in self._live

    def running(self) -> set[str]:
        """The ids of the threads with a turn in flight."""
        return set(self._live)

    def events(self, thread_id: str) -> list[Event]:
        """The log of the turn in flight so far, and of its tools; for a screen that opens in the middle of it.

        Deltas of a text that came one after the other are one event.
        """
        live = self._live.get(thread_id)
        return live.log.events() if live is not None else []

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call ``callback(thread_id, event)`` for every event of every thread; returns the way out.

        It runs in the loop between two events and must only append. What it raises is reported and stops nothing.
        """
        self._callbacks.append(callback)

        def unsubscribe() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return unsubscribe

    async def close(self, timeout: float = 2.0) -> None:
        """Cancel everything and wait for the ends, ``timeout`` seconds at most. Saving is the store's business."""
        if self._tasks:
            await asyncio.sleep(0)
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(tuple(self._tasks), timeout=timeout)

    def _session(self, thread: Thread) -> Session:
        if thread.id in self._live:
            raise ThreadBusy(thread.id)
        return self._make_session(thread)

    def _run(self, session: Session, events: AsyncGenerator[Event, None]) -> None:
        live = _Live(session.thread.id, session)
        if self._make_steps is not None:
            events = self._make_steps(session, self._waiting).follow(events)
        self._live[live.thread_id] = live
        live.task = asyncio.get_running_loop().create_task(self._pump(live, events), name="turn")
        self._tasks.add(live.task)
        live.task.add_done_callback(self._done)

    async def _pump(self, live: _Live, events: AsyncGenerator[Event, None]) -> None:
        try:
            async with aclosing(events):
                async for event in events:
                    self._publish(live, event)
        finally:
            # Who cancels a turn gets no more events from it, yet everybody is owed its end.
            self._publish_end(live)
            self._forget(live)

    def _publish_end(self, live: _Live) -> None:
        ended = live.session.ended
        if self._live.get(live.thread_id) is not live:
            return
        if ended is not None and ended.turn.id not in live.ended:
            if ended.turn.id not in live.started:
                self._publish(live, TurnStarted(ended.turn))
            self._publish(live, ended)
        elif live.continues is not None:
            self._publish(live, ToolsStopped(live.continues))

    def _publish(self, live: _Live, event: Event) -> None:
        match event:
            case TurnStarted():
                live.started.add(event.turn.id)
                live.log.clear()
            case TurnEnded():
                live.ended.add(event.turn.id)
                live.continues = event.turn.id
                if not event.continues:
                    self._forget(live)
            case ToolsStopped():
                self._forget(live)
        live.log.append(event)
        for callback in tuple(self._callbacks):
            try:
                callback(live.thread_id, event)
            except Exception as error:
                self._report("A subscriber of LiveThreads failed", error)

    def _forget(self, live: _Live) -> None:
        if self._live.get(live.thread_id) is live:
            del self._live[live.thread_id]

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._report("A turn ended by an error of its own", error)

    def _report(self, message: str, error: BaseException) -> None:
        asyncio.get_running_loop().call_exception_handler({"message": message, "exception": error})
