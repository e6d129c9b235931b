"""Steps: from a turn that ends in function calls to the one that ends in words.

A turn's calls are judged, asked about and run (``tool_runs``); their outputs are the input of a child turn, which may
call again. After so many turns by itself the model has to ask. Everything is saved as turns like any other; where the
person stops while something runs, what it came to is kept in a turn that was never sent.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poe_tui.engine import approval
from poe_tui.engine.approval import Approver, Decision
from poe_tui.engine.request import overrides_of
from poe_tui.engine.thread_options import AppOptions, with_allowed
from poe_tui.engine.tool_runs import CallRuns, Workplace
from poe_tui.engine.tools import Call, Tool, Toolbox, calls_of, foreign, offered_functions, read_call
from poe_tui.engine.turn import Event, StepsSpent, ToolsStopped, TurnEnded
from poe_tui.model import Turn

if TYPE_CHECKING:
    from poe_tui.config import Settings
    from poe_tui.engine.session import Session
    from poe_tui.storage.store import Store


class Steps:
    """Follows the turns of one session. One run at a time, like the session."""

    def __init__(
        self,
        session: Session,
        store: Store,
        settings: Callable[[], Settings],
        workplace: Workplace,
        approver: Approver,
        *,
        leaves_foreign: bool = False,
    ) -> None:
        """Prepare.

        Args:
            session: sends the outputs.
            store: knows the path, and keeps permissions.
            settings: the present ones.
            workplace: where tools run.
            approver: is asked where nothing is written down.
            leaves_foreign: leave a turn alone that calls functions which the request offered by itself; else a
                person answers for them.
        """
        self.refused = False
        """Whether any call was refused so far."""
        self.spent = False
        """Whether the model was not let go on."""
        self._session = session
        self._store = store
        self._settings = settings
        self._workplace = workplace
        self._approver = approver
        self._leaves_foreign = leaves_foreign

    async def follow(self, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
        """Yield the events of a turn and of everything that follows from it."""
        steps = 0
        turn: Turn | None = None
        calls: list[Call] = []
        while True:
            async with aclosing(events) as current:
                async for event in current:
                    if isinstance(event, TurnEnded):
                        turn, calls = event.turn, self._calls(event.turn)
                        event = replace(event, continues=bool(calls))
                    yield event
            if turn is None or not calls:
                return
            if steps and steps % self._settings().tool_use.max_steps == 0:
                async with aclosing(self._asked_to_go_on(turn, steps)) as asking:
                    async for event in asking:
                        yield event
                if self.spent:
                    return
            runs = await self._runs(turn, calls)
            async with aclosing(self._carried_out(turn, runs)) as happening:
                async for event in happening:
                    yield event
            steps += 1
            events = self._send(turn, runs)
            turn, calls = None, []

    def has_calls(self, turn: Turn) -> bool:
        """Whether a finished turn ended in calls that are dealt with here."""
        return bool(self._calls(turn))

    def _calls(self, turn: Turn) -> list[Call]:
        """Return the calls of a finished turn that are dealt with here."""
        items = calls_of(turn.output)
        offered = offered_functions(turn.options.get("tools"))
        if turn.status != "completed" or not items or not offered:
            return []
        ours = self._offered(turn)
        tools = {name: ours[name] if name in ours else foreign(name, found) for name, found in offered.items()}
        if self._leaves_foreign and any(item.get("name") in tools and item.get("name") not in ours for item in items):
            return []
        return [read_call(index, item, tools) for index, item in enumerate(items)]

    def _toolbox(self) -> Toolbox:
        return Toolbox(self._settings(), self._workplace.extra)

    def _options(self, turn: Turn) -> AppOptions:
        return AppOptions.read(self._session.thread.options, overrides_of(turn))

    def _offered(self, turn: Turn) -> dict[str, Tool]:
        toolbox = self._toolbox()
        names = self._options(turn).tools
        return {tool.name: tool for tool in toolbox.named(toolbox.enabled if names is None else names)}

    async def _asked_to_go_on(self, turn: Turn, steps: int) -> AsyncGenerator[Event, None]:
        spent = StepsSpent(turn.id, steps)
        answer = self._approver.ask_to_go_on(self._session.thread.id, spent)
        try:
            yield spent
            self.spent = not await answer
        finally:
            answer.cancel()
        if self.spent:
            yield ToolsStopped(turn.id)

    async def _runs(self, turn: Turn, calls: list[Call]) -> CallRuns:
        said = [known.input_text for known in await self._store.path(turn.id)]

        def ruling(call: Call) -> tuple[approval.Ruling, bool]:
            always = self._workplace.always
            written = approval.rule(call, self._toolbox(), self._options(turn), always, said)
            return written, approval.is_coverable(call, said)

        return CallRuns(
            self._session.thread.id,
            turn.id,
            calls,
            workplace=self._workplace,
            place=self._workplace.place(self._settings().advanced.proxy),
            approver=self._approver,
            rule=ruling,
            allow=self._allow,
        )

    async def _carried_out(self, turn: Turn, runs: CallRuns) -> AsyncGenerator[Event, None]:
        ended = False
        try:
            async with aclosing(runs.run()) as happening:
                async for event in happening:
                    yield event
            ended = True
        finally:
            self.refused = self.refused or runs.refused
            if not ended and runs.started:
                # What ran has happened: it is kept, in a turn that nobody was sent.
                runs.leave()
                self._session.keep_unsent(_items(runs), turn, _overrides(turn))

    def _send(self, turn: Turn, runs: CallRuns) -> AsyncGenerator[Event, None]:
        return self._session.send(_items(runs), model=turn.model, overrides=_overrides(turn), parent_id=turn.id)

    def _allow(self, decision: Decision, name: str) -> None:
        thread = self._session.thread
        if decision.verdict == "always":
            self._workplace.allow_always(name)
        else:
            thread.options = with_allowed(thread.options, name)
            self._store.update_thread(thread.id, options=thread.options)


def _overrides(turn: Turn) -> dict[str, Any]:
    """Return the fields that were set for a turn alone, as they hold for the step after it."""
    overrides = overrides_of(turn)
    if overrides.get("previous_response_id") is not None:
        # The person named an id that only the server knows the thread of: the chain goes on from its answer.
        overrides["previous_response_id"] = turn.response_id
    if turn.options.get("tool_choice") not in (None, "auto", "none"):
        # Forced once; forced again with every step, the model could never come to words.
        overrides["tool_choice"] = None
    return overrides


def _items(runs: CallRuns) -> list[dict[str, Any]]:
    return [runs.outcomes[call.index].item(call.call_id) for call in runs.calls]


async def again(turn: Turn) -> AsyncGenerator[Event, None]:
    """Yield the end of a stored turn once more, for its calls to be taken up."""
    yield TurnEnded(turn)
