"""Session: one thread and what can be sent in it.

A turn is on disk before its request leaves, and its end is enqueued in ``finally``: whatever happens in between, the
prompt and what had come of the answer are kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from poe_tui.api.errors import APIError
from poe_tui.api.retry import Attempts
from poe_tui.engine import chain, file_parts, reasons, route
from poe_tui.engine import context as context_of
from poe_tui.engine.fields import problems
from poe_tui.engine.flight import Flight
from poe_tui.engine.items import as_items, first_file, is_empty
from poe_tui.engine.preview import RequestPreview, preview
from poe_tui.engine.repair import Repair
from poe_tui.engine.request import OVERRIDES, BuiltRequest, RequestContext, build, overrides_of
from poe_tui.engine.thread_options import APP
from poe_tui.engine.tools import Tool
from poe_tui.engine.turn import (
    ChainForgotten,
    ChainRefused,
    Event,
    RequestBuilt,
    TurnEnded,
    TurnNote,
    TurnStarted,
)
from poe_tui.model import Item, Thread, Turn, new_id
from poe_tui.sanitize import clean
from poe_tui.storage.errors import StoreError

if TYPE_CHECKING:
    from poe_tui.api.client import PoeClient
    from poe_tui.config import Settings
    from poe_tui.engine.catalog import Catalog
    from poe_tui.storage.store import Store

SAVE_WAIT: Final = 5.0
"""Seconds to wait for a commit; a database that another program holds longer must not stop a conversation."""
HELP_WAIT: Final = 3.0
"""Seconds to wait for what helps with an error: the model list, when a name was unknown; the balance."""
TITLE_LENGTH: Final = 60


class Tip:
    """The type of :data:`TIP`."""


TIP: Final = Tip()
"""The parent of a new turn is the thread's tip; ``None`` would make a new root."""


class NothingToSend(ValueError):
    """The prompt is empty or only white space: nothing is stored and nothing is sent."""


class Session:
    """Streams turns of one thread. One turn at a time; ``LiveThreads`` sees to that.

    ``thread`` is kept up to date: tip, model, title. A thread whose ``created_at`` is 0 is stored with its first turn.
    """

    def __init__(
        self,
        client: PoeClient,
        store: Store,
        catalog: Catalog,
        settings: Callable[[], Settings],
        thread: Thread,
        *,
        extra_tools: tuple[Tool, ...] = (),
    ) -> None:
        self.thread = thread
        self.ended: TurnEnded | None = None
        """The end of the last turn, also for a consumer that was cancelled and could not be told."""
        self._client = client
        self._store = store
        self._catalog = catalog
        self._settings = settings
        self._extra_tools = extra_tools

    async def send(
        self,
        items: Sequence[Item] | str,
        *,
        model: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        parent_id: str | Tip | None = TIP,
        group_id: str | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Send ``items`` and yield what happens: TurnStarted, RequestBuilt, the stream …, TurnEnded.

        What goes wrong becomes the turn's status and error and is never raised. Cancelling the consumer, or closing
        the generator, ends the turn as ``stopped``; ``ended`` then has its end. The same words sent again after a turn
        that brought no answer take that turn's place as its sibling.

        Args:
            items: a prompt, or input items.
            model: for this turn and from now on; else the thread's, else the settings'.
            overrides: request fields for this turn by their API names; ``None`` unsets one.
            parent_id: the turn to follow.
            group_id: marks the turns of one comparison.

        Raises:
            NothingToSend: before anything else happened.
        """
        wanted = as_items(items)
        if is_empty(wanted):
            raise NothingToSend
        parent = self.thread.tip_id if isinstance(parent_id, Tip) else parent_id
        turn = self._turn(wanted, model, parent, group_id)
        async with aclosing(self._fly(turn, overrides or {}, retry=isinstance(parent_id, Tip))) as events:
            async for event in events:
                yield event

    async def regenerate(self, turn_id: str, *, model: str | None = None) -> AsyncGenerator[Event, None]:
        """Ask again: a sibling with the same input and fields of its own, of the same model unless another is named.

        Raises:
            KeyError: there is no such turn.
        """
        before = await self._known(turn_id)
        turn = self._turn(before.input, model or before.model, before.parent_id, None)
        async with aclosing(self._fly(turn, overrides_of(before))) as events:
            async for event in events:
                yield event

    async def edit(
        self,
        turn_id: str,
        items: Sequence[Item] | str,
        *,
        model: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Ask something else in the same place: a sibling with new input.

        Raises:
            KeyError: there is no such turn.
            NothingToSend: the prompt is empty.
        """
        before = await self._known(turn_id)
        sent = self.send(items, model=model, overrides=overrides, parent_id=before.parent_id)
        async with aclosing(sent) as events:
            async for event in events:
                yield event

    async def preview(
        self,
        items: Sequence[Item] | str,
        *,
        model: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        parent_id: str | Tip | None = TIP,
    ) -> RequestPreview:
        """Return what ``send`` would send with the same arguments; nothing is sent or stored. An empty prompt will do.

        Raises:
            StoreError: the thread cannot be read.
        """
        parent = self.thread.tip_id if isinstance(parent_id, Tip) else parent_id
        turn = self._turn(as_items(items), model, parent, None)
        path = await self._path(turn, retry=isinstance(parent_id, Tip))
        context = self._context(turn, path, overrides or {})
        return preview(build(context), self._client.server, problems(context), has_key=self._client.has_key)

    def keep_unsent(self, items: Sequence[Item], parent: Turn, overrides: Mapping[str, Any]) -> None:
        """Keep input that the person stopped before it was sent, as a turn that ended ``stopped``."""
        turn = self._turn(list(items), parent.model, parent.id, None)
        turn.options = {APP: {OVERRIDES: dict(overrides)}} if overrides else {}
        self._begin(turn)
        turn.status, turn.completed_at = "stopped", time.time()
        self._store.end_turn(replace(turn))
        self.ended = TurnEnded(turn)

    async def _known(self, turn_id: str) -> Turn:
        turn = await self._store.turn(turn_id)
        if turn is None:
            raise KeyError(turn_id)
        return turn

    def _turn(self, items: list[Item], model: str | None, parent_id: str | None, group_id: str | None) -> Turn:
        return Turn(
            id=new_id(),
            thread_id=self.thread.id,
            parent_id=parent_id,
            group_id=group_id,
            server=self._client.server,
            model=model or self.thread.model or self._settings().general.model,
            input=items,
            created_at=time.time(),
        )

    async def _fly(
        self, turn: Turn, overrides: Mapping[str, Any], *, retry: bool = False
    ) -> AsyncGenerator[Event, None]:
        self.ended = None
        flight = Flight(turn, self._store)
        unsaved = ""
        begun = False
        try:
            path = await self._path(turn, retry=retry)
            context = self._context(turn, path, overrides)
            built = self._take_off(flight, context)
            begun = True
            unsaved = await self._saved(self._begin(turn))
            yield TurnStarted(replace(turn))
            if unsaved:
                yield TurnNote(turn.id, f"Not saved yet: {unsaved}. The answer stays here meanwhile.")
            if wrong := problems(context):
                kind = "invalid_field"
                flight.refuse(f"{wrong[0].words} Nothing was sent.", kind, param=wrong[0].field, reason=kind)
            else:
                async with aclosing(self._requests(flight, context, built)) as events:
                    async for event in events:
                        yield event
            async for event in self._afterthoughts(flight, path):
                yield event
        except (asyncio.CancelledError, GeneratorExit):
            flight.stop()
            raise
        except StoreError as error:
            flight.refuse(f"The thread could not be read: {error}. Nothing was sent.")
        except Exception as error:
            flight.break_down(error)
        finally:
            # Enqueued, never awaited here: a second cancel kills an awaited save.
            if not begun:
                self._begin(turn)
            saving = self._end(flight)
            self.ended = TurnEnded(flight.turn, not unsaved, unsaved)
        unsaved = await self._saved(saving)
        self.ended = TurnEnded(flight.turn, not unsaved, unsaved)
        yield self.ended

    # --- the request --------------------------------------------------------------------------------------------

    def _context(self, turn: Turn, path: list[Turn], overrides: Mapping[str, Any]) -> RequestContext:
        return context_of.of_turn(
            turn,
            path,
            thread=self.thread,
            settings=self._settings(),
            catalog=self._catalog,
            overrides=overrides,
            extra_tools=self._extra_tools,
        )

    async def _path(self, turn: Turn, *, retry: bool) -> list[Turn]:
        """The turns before ``turn``, whose place is that of the same words where they brought no answer."""
        path = await self._store.path(turn.parent_id)
        if retry and path and _is_unanswered(path[-1]) and path[-1].input == turn.input:
            turn.parent_id = path.pop().parent_id
        return path

    @staticmethod
    def _take_off(flight: Flight, context: RequestContext) -> BuiltRequest:
        built = build(context)
        flight.take_off(built)
        return built

    async def _requests(
        self, flight: Flight, context: RequestContext, built: BuiltRequest
    ) -> AsyncGenerator[Event, None]:
        """Send the request; when it is refused before any output, once more as it can be mended, on the same budget."""
        advanced = self._settings().advanced
        attempts = Attempts(limit=advanced.max_requests, connect_left=advanced.connect_timeout)
        suspected: list[str] = []
        held: Repair | None = None
        refusal: dict[str, Any] | None = None
        while True:
            async with aclosing(self._exchange(flight, context, built, attempts)) as events:
                async for event in events:
                    if held is not None and event.type.startswith("response."):
                        yield self._tell(flight, held.told)
                        held = None
                    yield event
            if flight.was_taken:
                # What the refusal was about was a guess; that the mended request passed shows that it was right.
                for feature in suspected:
                    self._catalog.remember(context.model, feature)
            found = flight.repair(context, built)
            if held is not None and (found is None or not found.replaces):
                yield self._tell(flight, held.told)
            held = None
            if found is None:
                flight.restore(refusal, built)
                return
            # That a model has no /responses is only of use where chat/completions answers: a server may have neither.
            wait_and_see = found.feature == route.REFUSES and attempts.left
            if found.feature is not None and found.certain and not wait_and_see:
                self._catalog.remember(context.model, found.feature)
            elif found.feature is not None:
                suspected.append(found.feature)
            if not attempts.left:
                return
            if found.waits:
                held = found
            elif found.told.text:
                yield self._tell(flight, found.told)
            refusal = refusal or flight.error
            context = found.context
            built = self._take_off(flight, context)

    @staticmethod
    def _tell(flight: Flight, told: ChainRefused | TurnNote) -> ChainRefused | TurnNote:
        flight.notes.append(told.text)
        return told

    async def _exchange(
        self, flight: Flight, context: RequestContext, built: BuiltRequest, attempts: Attempts
    ) -> AsyncGenerator[Event, None]:
        for text in built.notes:
            if text not in flight.notes:
                flight.notes.append(text)
                yield TurnNote(flight.turn.id, text)
        yield RequestBuilt(flight.turn.id, built.body, built.chain)
        try:
            async with aclosing(self._client.stream(built.body, attempts, endpoint=built.endpoint)) as events:
                async for event in events:
                    flight.see(event)
                    if flight.repair(context, built) is not None:
                        return
                    yield event
        except APIError as error:
            flight.fail(error)

    # --- afterwards ---------------------------------------------------------------------------------------------

    async def _afterthoughts(self, flight: Flight, path: list[Turn]) -> AsyncGenerator[Event, None]:
        """Look at a turn that has come to its end: was the thread forgotten, was the model's name unknown?"""
        turn = flight.land()
        if turn.chain == "previous_response_id" and turn.status in ("completed", "incomplete"):
            found = chain.forgotten(path, turn)
            if found is not None:
                self._catalog.remember(turn.model, chain.FORGETS)
                told = ChainForgotten(turn.id, *found)
                flight.notes.append(told.text)
                yield told
        if turn.error is not None and (words := file_parts.verdict(turn.error, turn.input)):
            flight.notes.append(words)
            yield TurnNote(turn.id, words)
        if turn.error is not None and (found_out := await self._help(turn)):
            flight.error = {**turn.error, **found_out}

    async def _help(self, turn: Turn) -> dict[str, Any]:
        """What a person needs besides to mend a failed turn: near names, the balance and where to get points, …"""
        error = turn.error or {}
        message = str(error.get("message") or "")
        if reasons.is_unknown_model(error, turn.model):
            return {"near": await self._near(turn.model)}
        if error.get("reason") == "no_points":
            found = {"balance": await self._balance(), "link": reasons.link(message, turn.server)}
            return {name: value for name, value in found.items() if value is not None}
        return reasons.length(message) if error.get("reason") == "prompt_too_long" else {}

    async def _balance(self) -> int | None:
        try:
            async with asyncio.timeout(HELP_WAIT):
                return await self._client.balance()
        except (APIError, TimeoutError):
            return None

    async def _near(self, model: str) -> list[str]:
        """Near names from the list; a fresh installation has none yet and asks for it, since the list is public."""
        if not self._catalog.models:
            try:
                async with asyncio.timeout(HELP_WAIT):
                    await self._catalog.refresh()
            except TimeoutError:
                return []
        return self._catalog.near(model)

    # --- saving -------------------------------------------------------------------------------------------------

    def _begin(self, turn: Turn) -> Future[None]:
        """Enqueue the thread, if it is new, and the turn in progress."""
        thread = self.thread
        thread.tip_id, thread.model, thread.updated_at = turn.id, turn.model, turn.created_at
        changes: dict[str, Any] = {"model": turn.model, "updated_at": turn.created_at}
        if not thread.title:
            thread.title = changes["title"] = title_of(turn.input_text) or title_of(first_file(turn.input))
        if thread.created_at:
            self._store.update_thread(thread.id, **changes)
        else:
            thread.created_at = turn.created_at
            self._store.add_thread(replace(thread, tip_id=None))
        return self._store.begin_turn(replace(turn))

    def _end(self, flight: Flight) -> Future[None]:
        """Enqueue the finished turn."""
        ended = flight.land()
        self.thread.updated_at = ended.completed_at or self.thread.updated_at
        return self._store.end_turn(ended)

    async def _saved(self, saving: Future[None]) -> str:
        """Wait for a commit; return why it has not happened, or nothing."""
        waiting = asyncio.wrap_future(saving)
        waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
        done, _ = await asyncio.wait({waiting}, timeout=SAVE_WAIT)
        if not done:
            return "the database is busy"
        error = waiting.exception()
        return str(error) if error is not None else ""


def title_of(text: str) -> str:
    """Return a thread's title: the first words of its first prompt, on one line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    words = " ".join(clean(first[:1000], single_line=True).split())
    if len(words) <= TITLE_LENGTH:
        return words
    head = words[:TITLE_LENGTH].rpartition(" ")[0]
    return (head if len(head) > TITLE_LENGTH // 2 else words[:TITLE_LENGTH]) + "…"


def _is_unanswered(turn: Turn) -> bool:
    return turn.status in ("failed", "interrupted", "stopped") and not turn.output
