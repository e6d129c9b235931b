"""Approvals: the dock for the thread on the page, fed by the engine's waiting calls.

A call waits in its own thread: the dock shows those of the thread on screen only, and never covers another one.
"""

from __future__ import annotations

from typing import Any

from textual.app import App

from poe_tui.engine.approval import Decision
from poe_tui.engine.runtime import Runtime
from poe_tui.screens.conversation import ConversationScreen
from poe_tui.widgets.approval import ApprovalDock


class Approvals:
    """Shows what waits in the thread on the page, and takes the answers to the engine."""

    def __init__(self, app: App[Any], page: ConversationScreen, runtime: Runtime) -> None:
        self._app = app
        self._page = page
        self._runtime = runtime
        self._end = runtime.live.subscribe(self._on_event)
        app.watch(page.threads, "current", self.draw, init=False)

    async def mount(self) -> None:
        """Put the dock in the composer's place, once."""
        if not self._page.query(ApprovalDock):
            await self._page.query_one("#page").mount(ApprovalDock(id="approval"), before="#composer")
        self.draw()

    def close(self) -> None:
        """The runtime is closed: nothing waits any more."""
        self._end()

    def _on_event(self, thread_id: str, event: Any) -> None:
        if event.type.startswith("tool.") or event.type == "turn.ended":
            self._app.call_later(self.draw)

    def draw(self) -> None:
        """Show the calls of the thread on the page, or the composer."""
        desk = self._page.desk
        for dock in self._page.query(ApprovalDock):
            live = self._runtime.live
            if desk is not None and live.steps_spent(desk.id) is not None:
                # The model went on by itself as often as it may: stopping here is the careful answer.
                live.go_on(desk.id, False)
            calls = live.approvals(desk.id) if desk is not None else []
            had = dock.display
            dock.show(calls)
            self._page.composer.display = not calls
            if had and not calls:
                self._page.composer.prompt.focus()

    def answer(self, message: ApprovalDock.Answered) -> None:
        """Take a decision to the engine."""
        desk = self._page.desk
        if desk is not None:
            text = message.text
            decision = Decision(
                message.verdict, reason=text if message.verdict == "no" else "",
                output=text if message.verdict == "output" else "",
            )  # fmt: skip
            self._runtime.live.answer(desk.id, decision, message.call.index)
            self.draw()

    def stop(self) -> None:
        """Esc: end the answer and its tools."""
        desk = self._page.desk
        if desk is not None:
            self._runtime.live.stop(desk.id)
