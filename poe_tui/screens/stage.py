"""Stage: the transcript and message mode, the single letters that act on a turn.

The keys live on this container, so they are letters again as soon as the prompt has the focus. Whatever starts a turn
or changes the path goes through the ``OpenThread``; the screen hears of it by messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message

from poe_tui.model import Turn
from poe_tui.screens.open_thread import OpenThread
from poe_tui.widgets.bindings import bindings
from poe_tui.widgets.command_menu import CommandMenu
from poe_tui.widgets.path_menu import PathMenu

if TYPE_CHECKING:
    from poe_tui.transcript.view import Transcript

BLOCK_KEYS = frozenset({"turn.copy_block"})


class Stage(Container):
    """Everything between the header and the composer."""

    DEFAULT_CSS = """
    Stage {
        height: 1fr; layers: below above;
        #transcript { layer: below; height: 1fr; }
        Menu { layer: above; dock: bottom; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("message", without=BLOCK_KEYS),
        Binding("enter", "message_leave", show=False),
        *(Binding(str(number), f"turn_copy_block('{number}')", show=False) for number in range(1, 10)),
        Binding("space", "screen.transcript_page_down", show=False),
        Binding("home", "message_first", show=False),
        Binding("slash", "palette", show=False),
    ]

    class Copy(Message):
        """Some source text is wanted on the clipboard."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text = text
            self.what = what

    class Edit(Message):
        """A prompt is to be changed and sent again."""

        def __init__(self, turn: Turn) -> None:
            super().__init__()
            self.turn = turn

    class Sources(Message):
        """The sources of an answer are wanted."""

        def __init__(self, turn_id: str) -> None:
            super().__init__()
            self.turn_id = turn_id

    class SaveMedia(Message):
        """The images, films and sounds of an answer are to be saved."""

        def __init__(self, turn: Turn) -> None:
            super().__init__()
            self.turn = turn

    class ViewMedia(Message):
        """The images of an answer are to be seen larger."""

        def __init__(self, turn: Turn) -> None:
            super().__init__()
            self.turn = turn

    class RetryWith(Message):
        """A model is to be chosen and asked the same."""

        def __init__(self, turn: Turn) -> None:
            super().__init__()
            self.turn = turn

    class Forked(Message):
        """A new thread was made of this path."""

        def __init__(self, thread_id: str) -> None:
            super().__init__()
            self.thread_id = thread_id

    class Left(Message):
        """Back to the prompt."""

    class Restarted(Message):
        """A turn was started here: the view follows the end again."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.desk: OpenThread | None = None
        """The thread on the page; set by the screen."""
        self._transcript: Transcript | None = None
        self._look: dict[str, Any] = {}

    def compose(self) -> ComposeResult:
        """The menus of the prompt; the transcript comes behind the first frame."""
        yield CommandMenu(id="menu")
        yield PathMenu(id="path-menu")

    async def prepare(self) -> None:
        """Mount the transcript: its modules cost half as much as Textual itself, and the first frame needs none."""
        if self._transcript is None:
            view = await asyncio.to_thread(import_module, "poe_tui.transcript.view")
            self._transcript = view.Transcript(id="transcript")
            self.look(**self._look)
            await self.mount(self._transcript, before=0)

    @property
    def ready(self) -> bool:
        """Whether there is a transcript yet."""
        return self._transcript is not None

    @property
    def transcript(self) -> Transcript:
        """The transcript; only once the stage is ``ready``."""
        assert self._transcript is not None
        return self._transcript

    @property
    def in_message_mode(self) -> bool:
        """Whether single letters act on turns."""
        return self._transcript is not None and self._transcript.has_focus

    def look(self, **attributes: Any) -> None:
        """Set attributes of the transcript (palette, density, keys, reasoning …), now or when it comes."""
        self._look |= attributes
        if self._transcript is not None:
            for name, value in attributes.items():
                if getattr(self._transcript, name) != value:
                    setattr(self._transcript, name, value)

    # --- which turn ------------------------------------------------------------------------------------------------
    @property
    def turn(self) -> Turn | None:
        """The selected turn, as the path has it; without a selection, the last one."""
        if self.desk is None or not self.desk.path:
            return None
        selected = self.transcript.selected
        if selected is None:
            return self.desk.path[-1]
        return next((turn for turn in self.desk.path if turn.id == selected.id), selected)

    def enter(self) -> bool:
        """Begin message mode on the last turn that is in view; False when there is none."""
        if self.desk is None or not self.desk.path:
            return False
        self.transcript.focus()
        if self.transcript.selected is None:
            # Nothing moves: the turn at the foot of the page is meant, which at the end is the last.
            rows = self.transcript.viewport.rows()
            seen = self.transcript.document.view(rows[-1].turn).turn.id if rows else self.desk.path[-1].id
            self.transcript.select(seen, reveal=False)
        return True

    def on_descendant_focus(self) -> None:
        """However the focus came here, a turn is selected."""
        self.enter()

    def on_descendant_blur(self) -> None:
        """Without the focus nothing is selected."""
        if self.ready:
            self.transcript.select(None)

    # --- moving ----------------------------------------------------------------------------------------------------
    def action_message_next(self) -> None:
        """The turn below."""
        self.transcript.select_next()

    def action_message_previous(self) -> None:
        """The turn above."""
        self.transcript.select_previous()

    def action_message_first(self) -> None:
        """The first turn."""
        if self.desk is not None and self.desk.path:
            self.transcript.select(self.desk.shown[0].id)

    def action_message_last(self) -> None:
        """The last turn, and follow."""
        if self.desk is not None and self.desk.path:
            self.transcript.select(self.desk.path[-1].id)
            self.transcript.go_end()

    def action_message_leave(self) -> None:
        """Back to the prompt."""
        self.post_message(self.Left())

    def action_message_help(self) -> None:
        """The keys that work here."""
        self.app.call_later(self.app.run_action, "app_help")

    def action_palette(self) -> None:
        """All commands, as behind a slash in the prompt."""
        self.app.call_later(self.app.run_action, "app_palette")

    # --- one turn --------------------------------------------------------------------------------------------------
    def action_turn_copy(self) -> None:
        """The answer's source text; without an answer, the prompt."""
        turn = self.turn
        if turn is not None:
            answer = turn.output_text
            self.post_message(self.Copy(answer or turn.input_text, "Answer" if answer else "Prompt"))

    def action_turn_copy_block(self, number: str = "") -> None:
        """A code block by its number."""
        turn = self.turn
        blocks = self.transcript.code_blocks(turn.id) if turn is not None else []
        block = next((block for block in blocks if str(block.number) == number.strip()), None)
        if block is not None:
            self.post_message(self.Copy(block.text, f"Block {block.number}"))
        else:
            self.notify(f"This answer has no code block {number.strip() or '1'}.")

    def action_turn_reasoning(self) -> None:
        """Open or fold what the model thought."""
        if self.turn is not None and not self.transcript.toggle_reasoning(self.turn.id):
            self.notify("This answer has no reasoning.")

    def action_turn_raw(self) -> None:
        """The Markdown as it came, or back."""
        if self.turn is not None:
            self.transcript.toggle_raw(self.turn.id)

    def action_turn_sources(self) -> None:
        """The numbered sources."""
        if self.turn is not None:
            self.post_message(self.Sources(self.turn.id))

    def action_turn_save_media(self) -> None:
        """Fetch and save what the answer holds besides words."""
        if self.turn is not None:
            self.post_message(self.SaveMedia(self.turn))

    def action_turn_view_media(self) -> None:
        """Show an image as large as there is room for."""
        if self.turn is not None:
            self.post_message(self.ViewMedia(self.turn))

    def action_turn_edit(self) -> None:
        """Take the prompt back into the composer, to be sent as a sibling."""
        if self.turn is not None:
            self.post_message(self.Edit(self.turn))

    def action_turn_retry(self) -> None:
        """Ask the same again; the last turn with the model that is chosen now, an older one with its own."""

        def retry(desk: OpenThread, turn: Turn) -> None:
            model = desk.model if turn is desk.path[-1] else turn.model
            desk.runtime.live.regenerate(desk.thread, turn.id, model=model)

        self._start(retry)

    def action_turn_retry_with(self) -> None:
        """Choose a model, then ask it the same."""
        if self.turn is not None:
            self.post_message(self.RetryWith(self.turn))

    @property
    def can_continue(self) -> bool:
        """Whether the turn's answer broke off."""
        turn = self.turn
        return turn is not None and turn.status not in ("completed", "in_progress") and bool(turn.output)

    def action_turn_continue(self) -> None:
        """Go on where a broken answer stopped."""
        turn = self.turn
        if turn is None:
            return
        if not self.can_continue:
            self.notify("Only a broken answer can be continued. r asks again.")
        else:
            self._start(lambda desk, turn: desk.continue_from(turn))

    def _start(self, start: Callable[[OpenThread, Turn], Any]) -> None:
        desk, turn = self.desk, self.turn
        if desk is None or turn is None:
            return
        if desk.is_running:
            self.notify("An answer is still coming in. Esc stops it.")
            return
        start(desk, turn)
        self.post_message(self.Restarted())

    # --- the tree --------------------------------------------------------------------------------------------------
    def action_turn_previous_sibling(self) -> None:
        """The answer before."""
        self.walk(-1)

    def action_turn_next_sibling(self) -> None:
        """The answer after."""
        self.walk(1)

    @work(exclusive=True, group="walk", exit_on_error=False, description="walk to a sibling")
    async def walk(self, step: int) -> None:
        """Show a sibling of the turn and its own continuation."""
        desk, turn = self.desk, self.turn
        if desk is None or turn is None or desk.is_running or turn.sibling_count < 2:
            return
        place = next((index for index, known in enumerate(desk.shown) if known.id == turn.id), 0)
        if await desk.walk(turn, step) and desk is self.desk:
            shown = desk.shown
            self.transcript.show(shown)
            if place < len(shown):
                self.transcript.select(shown[place].id)

    def action_turn_fork(self) -> None:
        """A new thread that begins with this path."""
        self.fork()

    @work(exclusive=True, group="fork", exit_on_error=False, description="fork the thread")
    async def fork(self) -> None:
        """Copy the path up to the turn into a new thread and go there."""
        desk, turn = self.desk, self.turn
        if desk is not None and turn is not None and turn.status != "in_progress":
            copy = await desk.fork(turn)
            self.post_message(self.Forked(copy.id))

    def on_transcript_link_activated(self, event: Transcript.LinkActivated) -> None:
        """A click opens nothing: the address is copied, as over SSH it should be."""
        event.stop()
        self.post_message(self.Copy(event.url, "Address"))
