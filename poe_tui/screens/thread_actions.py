"""ThreadActions: what a person does with threads and models beyond sending: dialogs, models, copying, the editor.

Each ``action_`` is the method of an id in the table of actions; a slash command hands its argument in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on, work
from textual.message import Message

from poe_tui.model import Cost, ModelInfo, Turn
from poe_tui.screens.stage import Stage
from poe_tui.screens.thread_screen import ThreadScreen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poe_tui.screens.search import Find, Place
    from poe_tui.storage.store import SearchHit


class ThreadActions(ThreadScreen):
    """The middle floor of the conversation screen."""

    class CopyWanted(Message):
        """Some source text is wanted on the clipboard."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text = text
            self.what = what

    class EditorWanted(Message):
        """A text is to be written in the person's own editor; ``take`` gets it."""

        def __init__(self, text: str, take: Callable[[str], None]) -> None:
            super().__init__()
            self.text = text
            self.take = take

    def __init__(self) -> None:
        super().__init__()
        self._deleted: str | None = None

    # --- finding threads -------------------------------------------------------------------------------------------
    def action_thread_search(self, words: str = "") -> None:
        """Words in all threads."""
        if self.runtime is not None:
            self._search(self.runtime.store.search, "Search all threads", words)

    def action_thread_find(self, words: str = "") -> None:
        """Words in this thread."""
        desk = self.desk
        if desk is None:
            return

        async def find(text: str) -> Sequence[SearchHit]:
            return [hit for hit in await desk.runtime.store.search(text, 500) if hit.thread_id == desk.id]

        self._search(find, "Find in this thread", words)

    def _search(self, find: Find, title: str, words: str) -> None:
        from poe_tui.screens.search import SearchModal

        def go(place: Place | None) -> None:
            if place is not None:
                self.open_thread(*place)

        self.app.push_screen(SearchModal(find, title=title, words=words), go)

    def action_thread_rename(self, title: str = "") -> None:
        """Another title."""
        desk = self.desk
        if desk is None or not title:
            self.composer.prompt.put("/rename ")
            return
        desk.thread.title = title[:200]
        if desk.is_stored:
            desk.runtime.store.update_thread(desk.id, title=desk.thread.title)
        self.draw_figures()
        self.call_later(self.refresh_threads)

    def action_thread_delete(self) -> None:
        """Take the thread out of the list; once more brings it back."""
        desk = self.desk
        if desk is None:
            return
        if self._deleted is not None and not desk.path:
            thread_id, self._deleted = self._deleted, None
            desk.runtime.store.restore_thread(thread_id)
            self.open_thread(thread_id)
            self.notify("It is back.")
            return
        if not desk.is_stored:
            self.notify("There is nothing to delete here.")
            return
        self.stop()
        self._deleted = desk.id
        desk.runtime.store.delete_thread(desk.id)
        desk.thread.created_at = 0.0
        self.new_thread()
        self.notify("Deleted. /delete in this empty thread brings it back.")

    def stop(self) -> bool:
        """Stop the answer of this thread; whether there was one."""
        desk = self.desk
        return desk is not None and desk.runtime.live.stop(desk.id)

    # --- models ----------------------------------------------------------------------------------------------------
    def use_model(self, name: str) -> None:
        """Use a model from the next turn on."""
        if self.desk is not None:
            self.desk.use_model(name)
            self.draw_figures()

    def action_model_pick(self, name: str = "") -> None:
        """Choose from all models, or take the one that is named."""
        if name:
            self.use_model(name)
        else:
            self.pick_model(self.use_model)

    @on(Stage.RetryWith)
    def _retry_with(self, event: Stage.RetryWith) -> None:
        turn = event.turn

        def retry(model: str) -> None:
            desk = self.desk
            if desk is not None and not desk.is_running:
                desk.use_model(model)
                desk.runtime.live.regenerate(desk.thread, turn.id, model=desk.model)
                self.transcript.go_end()

        self.pick_model(retry)

    @work(exclusive=True, group="pick", exit_on_error=False, description="open the model picker")
    async def pick_model(self, take: Callable[[str], None]) -> None:
        """Open the picker and hand on what was chosen."""
        from poe_tui.screens.model_picker import ModelPickerScreen, PickerContext

        desk = self.desk
        if desk is None:
            return
        store, catalog, draft = desk.runtime.store, desk.runtime.catalog, self.draft

        def next_turn(info: ModelInfo) -> Cost:
            return desk.next_cost(draft, info)

        async def refresh() -> Sequence[ModelInfo]:
            await catalog.refresh()
            return catalog.models

        context = PickerContext(
            models=catalog.models, favourites=await store.favourites(), recent=await store.recent_models(),
            current=desk.model_id, next_turn=next_turn, refresh=refresh,
            set_favourite=lambda model, on: (store.set_favourite(model, on), None)[1],
            note=catalog.error or "",
        )  # fmt: skip
        self.app.push_screen(ModelPickerScreen(context), lambda model: take(model) if model else None)

    def action_model_next_favourite(self) -> None:
        """The next favourite."""
        self.step_favourite(1)

    def action_model_previous_favourite(self) -> None:
        """The favourite before."""
        self.step_favourite(-1)

    @work(exclusive=True, group="favourite", exit_on_error=False, description="step through the favourites")
    async def step_favourite(self, step: int) -> None:
        """Use the favourite ``step`` places away."""
        desk = self.desk
        if desk is None:
            return
        favourites = await desk.runtime.store.favourites()
        if not favourites:
            self.notify("There are no favourites yet. * in the model picker makes one.")
            return
        at = favourites.index(desk.model_id) if desk.model_id in favourites else (-1 if step > 0 else 0)
        self.use_model(favourites[(at + step) % len(favourites)])

    def action_model_effort(self, effort: str = "") -> None:
        """The next reasoning effort, or the one that is named."""
        desk = self.desk
        if desk is None:
            return
        if effort and effort not in desk.efforts and effort not in ("none", "off"):
            self.notify(f"{desk.model_name} takes {', '.join(desk.efforts)}.", severity="warning")
            return
        if effort:
            desk.use_effort("" if effort == "off" else effort)
        else:
            desk.next_effort()
        self.draw_figures()

    def pick_for_settings(self, take: Callable[[str | None], None]) -> None:
        """Open the picker for somebody else who wants a model's name, as people write it."""
        desk = self.desk
        self.pick_model(lambda model: take(desk.name_of(model) if desk is not None else model))

    def overrides(self) -> dict[str, str]:
        """This thread's own values by setting, in words."""
        desk = self.desk
        if desk is None:
            return {}
        own = desk.thread.options.get("reasoning")
        effort = own.get("effort") or "not sent" if isinstance(own, dict) and "effort" in own else ""
        told = {"defaults.effort": effort, "general.model": desk.thread.model or ""}
        return {key: value for key, value in told.items() if value}

    # --- copying ---------------------------------------------------------------------------------------------------
    def action_copy_sheet(self, number: str = "") -> None:
        """What can be copied from the answer, or the code block of that number."""
        turn = self.stage.turn
        if turn is None:
            self.notify("There is nothing to copy yet.")
        elif number:
            self.stage.action_turn_copy_block(number)
        else:
            self._copy_sheet(turn)

    def _copy_sheet(self, turn: Turn) -> None:
        from poe_tui.screens.sheet import SheetModal
        from poe_tui.widgets.choice_list import Choice

        blocks = self.transcript.code_blocks(turn.id)
        links = self.transcript.links(turn.id)
        choices = [Choice("answer", "Answer", "its Markdown source", "a")] if turn.output_text else []
        choices.append(Choice("prompt", "Prompt", "", "p"))
        for block in blocks:
            first = next((line for line in block.text.splitlines() if line.strip()), "")
            key = str(block.number) if block.number < 10 else ""
            choices.append(Choice(f"block {block.number}", f"Code {block.number}", f"{block.language}  {first}", key))
        if links:
            choices.append(Choice("links", "Links", "1 address" if len(links) == 1 else f"{len(links)} addresses", "u"))
        texts = {"answer": turn.output_text, "prompt": turn.input_text, "links": "\n".join(url for _, url in links)}
        texts |= {f"block {block.number}": block.text for block in blocks}

        def copy(chosen: str | None) -> None:
            if chosen is not None:
                self.post_message(self.CopyWanted(texts[chosen], chosen.capitalize()))

        self.app.push_screen(SheetModal("Copy", choices), copy)

    @on(Stage.Sources)
    def _sources(self, event: Stage.Sources) -> None:
        from poe_tui.screens.sheet import SheetModal
        from poe_tui.widgets.choice_list import Choice

        sources = self.transcript.sources(event.turn_id)
        if not sources:
            self.notify("This answer has no sources.")
            return
        choices = [
            Choice(source.url, source.url, source.title, str(source.number) if source.number < 10 else "")
            for source in sources
        ]

        def copy(url: str | None) -> None:
            if url is not None:
                self.post_message(self.CopyWanted(url, "Address"))

        self.app.push_screen(SheetModal("Sources", choices, verb="copy the address"), copy)

    @on(Stage.Copy)
    def _copy(self, event: Stage.Copy) -> None:
        self.post_message(self.CopyWanted(event.text, event.what))

    # --- the prompt ------------------------------------------------------------------------------------------------
    def action_composer_editor(self) -> None:
        """Write the prompt in $VISUAL or $EDITOR."""
        self.post_message(self.EditorWanted(self.draft, self.composer.prompt.put))

    def action_composer_undo(self) -> None:
        """Undo the last change of the prompt."""
        self.composer.prompt.undo()

    def action_composer_redo(self) -> None:
        """Redo what was undone."""
        self.composer.prompt.redo()

    @on(Stage.Forked)
    def _forked(self, event: Stage.Forked) -> None:
        self.open_thread(event.thread_id)
        self.notify("This is a new thread that begins with the same turns.")
