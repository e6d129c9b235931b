"""ThreadScreen: the data side of the conversation: which thread is open, what is sent, what comes in, what is kept.

Its subclass draws the page and has the keys. A stream belongs to ``LiveThreads``, not to this screen: it goes on while
another thread is shown. Until the app has opened the store and the client everything typed waits here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from textual import getters, work
from textual.message import Message
from textual.timer import Timer

from poe_tui.model import Thread, Turn
from poe_tui.screens.drafts import Draft, Returned, nothing_accepted
from poe_tui.screens.live_facts import LiveFacts
from poe_tui.screens.open_thread import OpenThread
from poe_tui.screens.stage import Stage
from poe_tui.terminal.display import CurtainedScreen
from poe_tui.terminal.notices import Notices
from poe_tui.widgets.composer import Chip, Composer, Pasted
from poe_tui.widgets.thread_list import Entry, ThreadList

if TYPE_CHECKING:
    from poe_tui.engine.runtime import Runtime
    from poe_tui.transcript.view import Transcript
    from poe_tui.widgets.composer import Piece

DRAFT_DELAY = 0.6
"""Seconds after a change until the draft is on its way to the disk (kept within a second)."""
CLOCK = 0.5
"""Seconds between two readings of the live values: two updates a second at most."""


class Start(NamedTuple):
    """What the page shows first."""

    resume: bool = False
    thread: str | None = None
    model: str | None = None


class ThreadScreen(CurtainedScreen[None]):
    """What a conversation screen does, without how it looks."""

    stage = getters.query_one("#stage", Stage)
    composer = getters.query_one("#composer", Composer)
    threads = getters.query_one("#threads", ThreadList)

    class TurnChanged(Message):
        """A turn of some thread began or ended."""

        def __init__(self, thread_id: str, event: Any) -> None:
            super().__init__()
            self.thread_id = thread_id
            self.event = event

    class NeedsKey(Message):
        """A prompt was sent and there is no key."""

    def __init__(self) -> None:
        super().__init__()
        self.runtime: Runtime | None = None
        self.desk: OpenThread | None = None
        self.has_key = True
        self.unsaved = ""
        """What is wrong with the saving of threads, for as long as it is."""
        self.live = LiveFacts()
        self.known: list[Thread] = []
        """The threads of the list."""
        self.editing: Turn | None = None
        """The turn whose prompt is in the composer to be sent again."""
        self._aside = Draft()
        """The draft that waits meanwhile."""
        self._returned: Returned | None = None
        """The prompt that came back because nothing was accepted."""
        self._insisted = ""
        """The warning about a prompt's files that was given; the same again is sent."""
        self._unsubscribe: Callable[[], None] | None = None
        self._waiting: Composer.Submitted | None = None
        self._draft_timer: Timer | None = None
        self._clock: Timer | None = None
        self._live_drawn = 0.0

    @property
    def transcript(self) -> Transcript:
        """The transcript."""
        return self.stage.transcript

    # --- what the subclass draws -----------------------------------------------------------------------------------
    def draw_figures(self) -> None:
        """Draw title, model, price, context."""

    def draw_live(self) -> None:
        """Draw the live value."""

    def draw_keys(self) -> None:
        """Draw the keys that matter now."""

    # --- opening ---------------------------------------------------------------------------------------------------
    async def connect(self, runtime: Runtime, start: Start, *, has_key: bool) -> None:
        """The store and the client are open: show the thread that was asked for, keep what was typed meanwhile."""
        again = self._unsubscribe is not None
        if self._unsubscribe is not None:
            self._unsubscribe()
        self.runtime, self.has_key = runtime, has_key
        self._unsubscribe = runtime.live.subscribe(self._on_event)
        desk = await self._first(runtime, start)
        await self.stage.prepare()
        typed, pieces = self.composer.text, self.composer.pieces
        if again:  # All of this is kept already.
            typed, pieces = "", []
            await self._put_chips(())
        self._show(desk)
        if typed.strip():
            kept = desk.thread.draft
            self.composer.prompt.put_fresh(f"{kept}\n{typed}" if kept.strip() else typed)
        if desk.pieces:
            await self._put_chips([*desk.pieces, *pieces])
        await self.refresh_threads()
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            await self.submit(waiting)

    async def _first(self, runtime: Runtime, start: Start) -> OpenThread:
        thread = None
        if start.thread is not None:
            thread = await runtime.store.find_thread(start.thread)
            if thread is None:
                self.notify(f"There is no thread “{start.thread}”. This is a new one.", severity="warning")
        elif start.resume:
            thread = await runtime.store.last_thread()
        desk = OpenThread.new(runtime) if thread is None else await OpenThread.load(runtime, thread)
        if start.model is not None:
            desk.use_model(start.model)
        return desk

    def _show(self, desk: OpenThread) -> None:
        """Put a thread on the page."""
        if isinstance(self.app, Notices):
            self.app.dismiss_notices(seen=0.5, waiting=True)
        self.desk = self.stage.desk = desk
        self.editing = self._returned = None
        if desk.is_stored:
            desk.runtime.store.show_thread(desk.id)
        self.live.end()
        events = desk.runtime.live.events(desk.id)
        for event in events:
            self.live.see(event)
        self.stage.look(cost_of=desk.cost_of, name_of=desk.name_of, fetch=self.fetch_turns)
        self.transcript.show(desk.shown, events, position=desk.thread.scroll or None)
        self.composer.prompt.put_fresh(desk.thread.draft)
        self.composer.prompt.past.replace(turn.input_text for turn in desk.path)
        self.threads.current = desk.id
        self._run_clock()
        self.draw_figures()
        self.draw_live()
        self.draw_keys()

    @work(group="fetch", exit_on_error=False, description="read earlier turns")
    async def fetch_turns(self, ids: list[str]) -> None:
        """Hand the transcript turns of a long thread that came near."""
        desk = self.desk
        if desk is not None:
            turns = await desk.runtime.store.turns(ids)
            if desk is self.desk:
                self.transcript.supply(turns)

    @work(exclusive=True, group="open", exit_on_error=False, description="open a thread")
    async def open_thread(self, thread_id: str, turn_id: str | None = None) -> None:
        """Go to another thread; this one's draft, place and stream are kept."""
        runtime = self.runtime
        if runtime is None:
            return
        if self.desk is None or self.desk.id != thread_id:
            thread = await runtime.store.thread(thread_id)
            if thread is None:
                self.notify("That thread is not there any more.", severity="warning")
                return
            self.keep()
            desk = await OpenThread.load(runtime, thread)
            await self._put_chips(desk.pieces)
            self._show(desk)
        if turn_id is not None:
            self.transcript.select(turn_id)
            self.transcript.focus()
        else:
            self.composer.prompt.focus()
        await self.refresh_threads()

    @work(exclusive=True, group="open", exit_on_error=False, description="start a thread")
    async def new_thread(self, draft: str = "") -> None:
        """Start a thread; the draft of this one stays with it."""
        runtime = self.runtime
        if runtime is None:
            return
        self.keep()
        desk = OpenThread.new(runtime, self.desk.thread.model if self.desk is not None else None)
        await self._put_chips(())
        self._show(desk)
        if draft:
            self.composer.prompt.put(draft)
        self.composer.prompt.focus()
        await self.refresh_threads()

    async def _put_chips(self, pieces: Sequence[Piece]) -> None:
        """Show these chips in the place of those there are."""
        if chips := list(self.composer.query(Chip)):
            await self.composer.detach(*chips)
        await self.composer.attach(*pieces)

    # --- the list of threads ---------------------------------------------------------------------------------------
    async def refresh_threads(self) -> None:
        """Read the list again: other windows may have added threads."""
        if self.runtime is not None:
            self.known = await self.runtime.store.threads()
            self.draw_threads()

    def entries(self) -> list[Entry]:
        """Return the threads as the list shows them."""
        desk, runtime = self.desk, self.runtime
        running = runtime.live.running() if runtime is not None else set()
        shown = [
            Entry(
                thread.id,
                thread.title or _draft_title(thread),
                thread.updated_at,
                thread.pinned,
                self._mark(thread, running),
                draft=thread.tip_id is None and thread.id not in running,
            )
            for thread in self.known
        ]
        if desk is not None and not any(entry.id == desk.id for entry in shown):
            first = Entry(desk.id, desk.thread.title, time.time(), draft=True)
            shown.insert(next((at for at, entry in enumerate(shown) if not entry.pinned), len(shown)), first)
        return shown

    def _mark(self, thread: Thread, running: set[str]) -> Any:
        if self.desk is not None and thread.id == self.desk.id:
            return ""
        return "running" if thread.id in running else "unread" if thread.unread else ""

    def draw_threads(self) -> None:
        """Draw the list."""
        self.threads.show(self.entries())

    # --- sending ---------------------------------------------------------------------------------------------------
    async def submit(self, sent: Composer.Submitted) -> None:
        """Send a prompt, or say why not and put it back."""
        desk = self.desk
        if not sent.text.strip() and not sent.pieces:
            await self.composer.put_back(sent.text)
        elif desk is None:
            self._waiting = sent
            self.draw_live()
        elif not self.has_key:
            await self.composer.put_back(sent.text, sent.pieces)
            self.post_message(self.NeedsKey())
        elif desk.is_running:
            await self.composer.put_back(sent.text, sent.pieces)
            self.notify("An answer is still coming in. Esc stops it.")
        elif (words := desk.unread(sent.pieces)) and words != self._insisted:
            self._insisted = words
            await self.composer.put_back(sent.text, sent.pieces)
            self.notify(f"{words} Enter again sends it all the same.", severity="warning", markup=False)
        else:
            editing, self.editing = self.editing, None
            if editing is not None:
                items = desk.items(sent.text, sent.pieces)
                desk.runtime.live.edit(desk.thread, editing.id, items, model=desk.model)
            else:
                desk.send(sent.text, sent.pieces)
            self.composer.prompt.past.add(sent.text)
            desk.keep_draft("")
            self.transcript.go_end()
            if editing is not None:
                await self._put_back_aside()

    # --- events ----------------------------------------------------------------------------------------------------
    def _on_event(self, thread_id: str, event: Any) -> None:
        """Every event of every thread; runs between two events of a stream, so it only appends."""
        desk = self.desk
        if desk is not None and desk.id == thread_id:
            desk.see(event)
            began = self.live.see(event)
            self.transcript.apply(event)
            if began and self.live.active and time.monotonic() - self._live_drawn > CLOCK / 2:
                self._live_drawn = time.monotonic()
                self.call_later(self.draw_live)
        if event.type in ("turn.started", "turn.ended"):
            self.post_message(self.TurnChanged(thread_id, event))

    async def on_thread_screen_turn_changed(self, message: TurnChanged) -> None:
        """A turn began or ended: marks, figures, and the prompt again where nothing was accepted."""
        desk, event = self.desk, message.event
        here = desk is not None and desk.id == message.thread_id
        if event.type == "turn.ended" and self.runtime is not None:
            if not event.saved:
                self.unsaved = f"not saved: {event.unsaved_reason}"
            if not here:
                self.runtime.store.update_thread(message.thread_id, unread=True)
            elif desk is not None and nothing_accepted(event.turn):
                await self._return_prompt(desk, event.turn)
        if here and event.type == "turn.started":
            await self._sent_again(event.turn)
        if here:
            self._run_clock()
            self.draw_live()
            self.draw_figures()
            self.draw_keys()
        await self.refresh_threads()

    async def _return_prompt(self, desk: OpenThread, turn: Turn) -> None:
        """Nothing reached a model: the words come back, unless something else is being written."""
        if not self.composer.text.strip() and not self.composer.pieces and desk.path[-1:] == [turn]:
            self.load_prompt(turn)
            self._returned = Returned(turn, self.composer.text)

    async def _sent_again(self, turn: Turn) -> None:
        """The prompt that came back is on its way after all: it stands in the composer no longer, unless changed."""
        returned, self._returned = self._returned, None
        if returned is None or turn.input_text != returned.turn.input_text:
            return
        if returned.is_still(self.composer.text, self.composer.pieces):
            self.composer.prompt.put("")
            await self._put_chips(())

    def begin_edit(self, turn: Turn) -> None:
        """Take a prompt into the composer, to be sent again; the draft waits."""
        if self.editing is None:
            self._aside = Draft(self.draft, self.composer.pieces)
        self.editing, self._returned = turn, None
        self.load_prompt(turn)

    async def end_edit(self) -> None:
        """Leave the old prompt as it is and bring the draft back."""
        self.editing = None
        self.workers.cancel_group(self, "chips")
        await self._put_back_aside()

    async def _put_back_aside(self) -> None:
        aside, self._aside = self._aside, Draft()
        self.composer.prompt.put(aside.text)
        await self._put_chips(aside.pieces)

    def load_prompt(self, turn: Turn) -> None:
        """Put a turn's prompt into the composer; large parts and files become chips again."""
        from poe_tui.widgets.prompt import BULK

        texts = [part.get("text", "") for item in turn.input for part in _parts(item)]
        large = [text for text in texts if len(text) > BULK]
        self.composer.prompt.put("\n".join(text for text in texts if len(text) <= BULK))
        self.load_chips(turn, [Pasted(text.encode("utf-8", "replace")) for text in large])

    @work(exclusive=True, group="chips", exit_on_error=False, description="bring a prompt's files back")
    async def load_chips(self, turn: Turn, pasted: list[Pasted]) -> None:
        """Put what went along with a prompt back into the composer."""
        desk = self.desk
        files = await desk.pieces_of(turn) if desk is not None else []
        if desk is self.desk:
            await self._put_chips([*pasted, *files])
            if self._returned is not None and self._returned.turn is turn:
                self._returned.pieces = self.composer.pieces

    def _run_clock(self) -> None:
        """A timer runs exactly while an answer comes in."""
        if self.live.active and self._clock is None:
            self._clock = self.set_interval(CLOCK, self.draw_live)
        elif not self.live.active and self._clock is not None:
            self._clock.stop()
            self._clock = None

    # --- keeping ---------------------------------------------------------------------------------------------------
    def draft_changed(self) -> None:
        """The prompt changed: it is on the disk within a second."""
        if self._draft_timer is None:
            self._draft_timer = self.set_timer(DRAFT_DELAY, self._draft_due)

    async def _draft_due(self) -> None:
        self._draft_timer = None
        self.draw_figures()
        kept = self._to_keep
        if self.desk is not None and self.desk.keep_draft(kept.text, kept.pieces):
            await self.refresh_threads()

    @property
    def draft(self) -> str:
        """What the person is writing, also while a command stands in its place."""
        return self.composer.text

    @property
    def _to_keep(self) -> Draft:
        """What is kept as the draft: never an old prompt that is being changed."""
        return self._aside if self.editing is not None else Draft(self.draft, self.composer.pieces)

    def keep(self) -> None:
        """Save the draft and the reader's place; only enqueues, so it may run while everything ends."""
        desk = self.desk
        if desk is not None:
            kept = self._to_keep
            desk.keep_draft(kept.text, kept.pieces)
            desk.keep_place(self.transcript.position())
            desk.drop_if_empty()


def _draft_title(thread: Thread) -> str:
    first = next((line for line in thread.draft.splitlines() if line.strip()), "")
    return first.strip()[:60]


def _parts(item: dict[str, Any]) -> list[dict[str, Any]]:
    content = item.get("content")
    if isinstance(content, str):
        return [{"text": content}]
    if not isinstance(content, list):
        return []
    return [part for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
