"""OpenThread: the thread on the page, without widgets: its path, its model, its draft, what may be sent in it.

A view copy of what the store holds, kept up to date by the thread's own events; the screen draws it. Everything that
changes a thread goes through the engine or the store.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from operator import is_ as _is
from typing import TYPE_CHECKING, Any

from poe_tui.model import Cost, Item, ModelInfo, Thread, Turn, new_id
from poe_tui.screens.drafts import nothing_accepted, part_of, pieces_of
from poe_tui.widgets.composer import Pasted

if TYPE_CHECKING:
    from poe_tui.engine.runtime import Runtime
    from poe_tui.storage.store import TurnOutline
    from poe_tui.widgets.composer import Piece

EFFORTS = ("low", "medium", "high")
"""What a model takes that declares no values of its own."""
WHOLE = 60
"""Turns that are read with their contents when a thread is opened; of a longer one the rest comes when it is near."""
CONTINUE = "Go on exactly where you stopped."
"""The visible short line that continues a broken answer."""


class OpenThread:
    """One thread and its path."""

    def __init__(
        self, runtime: Runtime, thread: Thread, path: Sequence[Turn] = (), before: Sequence[TurnOutline] = ()
    ) -> None:
        self.runtime = runtime
        self.thread = thread
        self.path: list[Turn] = list(path)
        """The path from its root; of a long one, its end."""
        self.before: list[TurnOutline] = list(before)
        """What stands before ``path`` in a long thread, without contents."""
        self.pieces: list[Piece] = []
        """What is attached to the draft, as it is kept."""
        self._kept: list[bytes] = []

    # --- opening ---------------------------------------------------------------------------------------------------
    @classmethod
    def new(cls, runtime: Runtime, model: str | None = None) -> OpenThread:
        """Return a thread that exists nowhere yet: it is stored with its first turn or its first draft."""
        return cls(runtime, Thread(id=new_id(), model=model or runtime.settings.general.model))

    @classmethod
    async def load(cls, runtime: Runtime, thread: Thread) -> OpenThread:
        """Open a stored thread; it counts as read."""
        desk = cls(runtime, thread)
        await desk.reload()
        await desk.load_pieces()
        if thread.unread:
            thread.unread = False
            runtime.store.update_thread(thread.id, unread=False)
        return desk

    async def reload(self) -> None:
        """Read the path again; a long one only as far as it is seen at first."""
        store, tip = self.runtime.store, self.thread.tip_id
        if await store.depth(tip) <= 2 * WHOLE:
            self.path, self.before = await store.path(tip, with_files=False), []
            return
        self.path = await store.path(tip, limit=WHOLE, with_files=False)
        outline = await store.outline(tip)
        self.before = outline[: len(outline) - len(self.path)]

    async def load_pieces(self) -> None:
        """Read what is attached to the draft."""
        from poe_tui.engine.aside import aside

        parts = await self.runtime.store.parts(self.id)
        self.pieces = await aside(lambda: pieces_of(parts)) if parts else []
        self._kept = [piece.data for piece in self.pieces]

    @property
    def shown(self) -> list[Turn | TurnOutline]:
        """What the transcript is given: the path from its root."""
        return [*self.before, *self.path]

    @property
    def id(self) -> str:
        """The thread's id."""
        return self.thread.id

    @property
    def is_stored(self) -> bool:
        """Whether the store knows it."""
        return bool(self.thread.created_at)

    @property
    def is_running(self) -> bool:
        """Whether an answer is on its way."""
        return self.runtime.live.is_running(self.id)

    # --- model and options -----------------------------------------------------------------------------------------
    @property
    def model(self) -> str:
        """The model of the next turn."""
        return self.thread.model or self.runtime.settings.general.model

    @property
    def info(self) -> ModelInfo | None:
        """What the list says of that model."""
        return self.runtime.catalog.get(self.model)

    @property
    def model_id(self) -> str:
        """Its id as the list spells it: for favourites and the picker."""
        info = self.info
        return info.id if info is not None else self.model

    @property
    def model_name(self) -> str:
        """Its display name; the name as typed when the list does not know it."""
        info = self.info
        return info.name if info is not None else self.model

    def use_model(self, name: str) -> str:
        """Use a model from the next turn on and return its id; a name that is not listed is as good as any."""
        info = self.runtime.catalog.get(name)
        self.thread.model = info.id if info is not None else name
        if self.is_stored:
            self.runtime.store.update_thread(self.id, model=self.thread.model)
        return self.thread.model

    @property
    def effort(self) -> str:
        """The reasoning effort of the next turn: the thread's own, else the settings'; empty when none is sent."""
        own = self.thread.options.get("reasoning")
        if isinstance(own, dict) and "effort" in own:
            return own["effort"] or ""
        info = self.info
        if info is None or not info.reasons:
            return ""
        return self.runtime.settings.defaults.effort or ""

    @property
    def efforts(self) -> tuple[str, ...]:
        """The efforts that ``^T`` steps through."""
        return self.runtime.catalog.efforts(self.model) or EFFORTS

    def next_effort(self) -> str:
        """Step to the next effort; behind the last one, none is sent. Returns it."""
        steps = ["", *self.efforts]
        at = steps.index(self.effort) if self.effort in steps else 0
        return self.use_effort(steps[(at + 1) % len(steps)])

    def use_effort(self, effort: str) -> str:
        """Set the effort of this thread; empty sends none."""
        reasoning = dict(self.thread.options.get("reasoning") or {})
        self.thread.options = {**self.thread.options, "reasoning": {**reasoning, "effort": effort or None}}
        if self.is_stored:
            self.runtime.store.update_thread(self.id, options=self.thread.options)
        return effort

    def name_of(self, model: str) -> str:
        """What a model is called: the list's display name where it knows one; never the upstream's name."""
        info = self.runtime.catalog.get(model)
        return info.name if info is not None else model

    # --- figures ---------------------------------------------------------------------------------------------------
    def cost_of(self, turn: Turn) -> Cost:
        """What a turn cost."""
        from poe_tui.engine import cost

        return cost.turn_cost(turn, self.runtime.catalog.get(turn.model))

    def thread_cost(self) -> Cost:
        """What the path cost so far."""
        from poe_tui.engine import cost

        free = Cost(0.0, 0.0, estimated=False)
        return cost.total(free if nothing_accepted(turn) else self.cost_of(turn) for turn in self.path)

    def next_cost(self, draft: str, info: ModelInfo | None = None, *, extra: int = 0) -> Cost:
        """What sending ``draft`` and ``extra`` tokens may cost, with this thread's model or another."""
        from poe_tui.engine import cost

        return cost.next_turn(self.path, info or self.info, draft, extra)

    def context_share(self, draft: str = "", *, extra: int = 0) -> float | None:
        """The share of the context window that is filled, 0 to 1; ``None`` when nobody knows."""
        from poe_tui.engine import cost

        return cost.context_share(self.path, self.info, draft, extra) if self.path or extra else None

    # --- sending ---------------------------------------------------------------------------------------------------
    def send(self, text: str, pieces: Sequence[Piece] = ()) -> None:
        """Start a turn. Raises ``NothingToSend`` or ``ThreadBusy`` (engine)."""
        self.runtime.live.start(self.thread, self.items(text, pieces) if pieces else text, model=self.model)

    @staticmethod
    def items(text: str, pieces: Sequence[Piece]) -> list[Item]:
        """Return the input items of a prompt: its text, each paste as a part of its own, then the files."""
        from poe_tui.engine.attachments import message

        files = [piece for piece in pieces if not isinstance(piece, Pasted)]
        return [message(text, files, [piece.text() for piece in pieces if isinstance(piece, Pasted)])]

    def unread(self, pieces: Sequence[Piece]) -> str:
        """Why the model cannot read what is attached, and which can; empty when it can or nobody knows."""
        from poe_tui.engine import attachments

        files = [piece for piece in pieces if not isinstance(piece, Pasted)]
        return attachments.unread(files, self.info, self.runtime.catalog.models) if files else ""

    async def pieces_of(self, turn: Turn) -> list[Piece]:
        """Return the files of a prompt, to be sent again."""
        from poe_tui.engine.aside import aside
        from poe_tui.engine.attachments import attachments_of

        if not any(part.get("type") in ("input_image", "input_file") for part in _parts(turn)):
            return []
        # The path may hold references in place of what is large.
        whole = await self.runtime.store.turn(turn.id) or turn
        return list(await aside(lambda: attachments_of(whole.input)))

    def continue_from(self, turn: Turn) -> None:
        """Go on where an answer broke off: a child that replays the path, the partial answer included."""
        self.runtime.live.start(self.thread, CONTINUE, model=self.model, parent_id=turn.id)

    async def walk(self, turn: Turn, step: int) -> bool:
        """Go to a sibling ``step`` places away, and on along its own continuation; whether there is one."""
        siblings = await self.runtime.store.siblings(turn.id)
        at = next((index for index, sibling in enumerate(siblings) if sibling.id == turn.id), None)
        if at is None or not 0 <= at + step < len(siblings):
            return False
        import asyncio

        selected = self.runtime.store.select_turn(siblings[at + step].id)
        self.thread.tip_id = await asyncio.wrap_future(selected)
        await self.reload()
        return True

    async def fork(self, turn: Turn) -> Thread:
        """Return a new thread whose path is this one's up to ``turn``."""
        store, now = self.runtime.store, time.time()
        copy = Thread(
            id=new_id(), title=self.thread.title, model=self.model, instructions=self.thread.instructions,
            options=dict(self.thread.options), created_at=now, updated_at=now,
        )  # fmt: skip
        store.add_thread(replace(copy))
        for original in await store.path(turn.id):
            parent = copy.tip_id
            row = replace(
                original, id=new_id(), thread_id=copy.id, parent_id=parent, chosen_child_id=None, group_id=None
            )
            store.begin_turn(row)
            store.end_turn(row)
            copy.tip_id = row.id
        await store.flush()
        return copy

    def see(self, event: Any) -> None:
        """Keep the path up to date with an event of this thread."""
        if event.type not in ("turn.started", "turn.ended"):
            return
        turn: Turn = event.turn
        ids = [known.id for known in self.path]
        if turn.id in ids:
            before = self.path[ids.index(turn.id)]
            turn.sibling_index, turn.sibling_count = before.sibling_index, before.sibling_count
            self.path[ids.index(turn.id)] = turn
        else:
            keep = ids.index(turn.parent_id) + 1 if turn.parent_id in ids else 0
            if not keep:
                far = [outline.id for outline in self.before]
                self.before = self.before[: far.index(turn.parent_id) + 1 if turn.parent_id in far else 0]
            if keep < len(self.path):
                turn.sibling_index = turn.sibling_count = self.path[keep].sibling_count + 1
            self.path = [*self.path[:keep], turn]

    # --- keeping ---------------------------------------------------------------------------------------------------
    def keep_draft(self, draft: str, pieces: Sequence[Piece] = ()) -> bool:
        """Save the draft; a thread that is nowhere yet is stored for it. Whether the list of threads has changed."""
        store, self.pieces = self.runtime.store, list(pieces)
        attached = [piece.data for piece in pieces]
        same_parts = len(attached) == len(self._kept) and all(map(_is, attached, self._kept))
        if draft == self.thread.draft and same_parts:
            return False
        was_stored, changed, self.thread.draft = self.is_stored, draft != self.thread.draft, draft
        if not was_stored and not draft.strip() and not pieces:
            return False
        if not was_stored:
            self.thread.created_at = self.thread.updated_at = time.time()
            store.add_thread(replace(self.thread))
        elif changed:
            store.update_thread(self.id, draft=draft)
        if not same_parts:
            self._kept = attached
            store.keep_parts(self.id, [part_of(piece) for piece in pieces])
        return not self.path

    def keep_place(self, place: dict[str, Any]) -> None:
        """Save where the reader is."""
        if self.is_stored and place != self.thread.scroll:
            self.thread.scroll = place
            self.runtime.store.update_thread(self.id, scroll=place)

    def drop_if_empty(self) -> None:
        """A thread that was stored for a draft and has neither draft nor turns any more goes away again."""
        empty = not self.path and not self.thread.draft.strip() and not self._kept
        if self.is_stored and empty and not self.is_running:
            self.runtime.store.delete_thread(self.id)
            self.thread.created_at = 0.0


def _parts(turn: Turn) -> list[dict[str, Any]]:
    contents = [item.get("content") for item in turn.input]
    return [part for content in contents if isinstance(content, list) for part in content if isinstance(part, dict)]
