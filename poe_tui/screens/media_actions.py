"""MediaActions: what becomes of the images, films and sounds of an answer: drawn, fetched, saved.

Nothing is fetched or written without a key, unless the settings say so (``files.save_media``).
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on, work

from poe_tui import numbers
from poe_tui.model import Turn
from poe_tui.screens.picture_shelf import PictureShelf
from poe_tui.screens.stage import Stage
from poe_tui.screens.thread_actions import ThreadActions

if TYPE_CHECKING:
    from poe_tui.media import Media

ALL = "all"


class MediaActions(ThreadActions):
    """The media of the thread on the page."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = PictureShelf(self._whole, self._behind, self._known, self._wanted)

    # --- pictures --------------------------------------------------------------------------------------------------
    async def _whole(self, turn_id: str) -> Turn | None:
        return await self.runtime.store.turn(turn_id) if self.runtime is not None else None

    def _behind(self, work: Coroutine[Any, Any, None]) -> None:
        self.run_worker(work, group="pictures", exit_on_error=False, description="draw a picture")

    def _known(self, turn_id: str) -> None:
        if self.stage.ready:
            self.transcript.changed_turn(turn_id)

    def _wanted(self) -> bool:
        return self.runtime is None or self.runtime.settings.files.draw_images

    # --- saving ----------------------------------------------------------------------------------------------------
    @on(Stage.SaveMedia)
    def _save_media(self, event: Stage.SaveMedia) -> None:
        event.stop()
        self.choose_media(event.turn)

    @work(exclusive=True, group="media", exit_on_error=False, description="save what an answer holds")
    async def choose_media(self, turn: Turn) -> None:
        """Save the one thing an answer holds, or ask which of several."""
        from poe_tui.screens.sheet import SheetModal
        from poe_tui.widgets.choice_list import Choice

        whole, media = await self._media(turn)
        if not media:
            self.notify("This answer has no image, film or sound.")
            return
        if len(media) == 1:
            self.save_media(whole, [0])
            return
        choices = [
            Choice(str(place), f"{place + 1} · {_NAMES[one.kind]}", _facts(one), str(place + 1) if place < 9 else "")
            for place, one in enumerate(media)
        ]

        def save(chosen: str | None) -> None:
            if chosen is not None:
                self.save_media(whole, range(len(media)) if chosen == ALL else [int(chosen)])

        self.app.push_screen(SheetModal("Save", [Choice(ALL, "All", "", "a"), *choices], verb="save"), save)

    async def _media(self, turn: Turn) -> tuple[Turn, list[Media]]:
        """An answer's media, with what is large at hand."""
        from poe_tui.media import find_media

        media = find_media(turn.output)
        if not all(one.url or one.payload for one in media):
            turn = await self._whole(turn.id) or turn
            media = find_media(turn.output)
        return turn, media

    @work(group="save-media", exit_on_error=False, description="fetch and save")
    async def save_media(self, turn: Turn, places: Sequence[int]) -> None:
        """Fetch what has to be fetched, and save it; say where each went, or why not."""
        runtime = self.runtime
        if runtime is None:
            return
        from poe_tui.engine import media as taking
        from poe_tui.engine.aside import aside
        from poe_tui.media import find_media

        settings = runtime.settings
        web = taking.downloader(limit=settings.files.media_bytes, proxy=settings.advanced.proxy, own=runtime.own_origin)
        found = find_media(turn.output)
        folder = settings.files.folder or "."
        for place in places:
            media = found[place]
            if media.url:
                self.notify(f"Fetching from {media.host} …", markup=False)
            try:
                taken = await taking.take(media, web)
                path = await aside(partial(taking.save, taken, folder, taking.stem_of(media, turn.input_text)))
            except taking.MediaRefused as refused:
                self.notify(str(refused), severity="error", markup=False, timeout=10)
                continue
            if media.url:
                self.shelf.put(turn.id, place, taken)
            self.notify(f"Saved as {_shown(path)} · {numbers.size(len(taken.data))}", markup=False)

    @on(ThreadActions.TurnChanged)
    def _media_arrived(self, message: ThreadActions.TurnChanged) -> None:
        """An answer has ended, on this page or behind it: save what it holds, if the settings say so."""
        runtime, event = self.runtime, message.event
        if event.type != "turn.ended" or runtime is None or runtime.settings.files.save_media != "always":
            return
        from poe_tui.media import find_media

        if places := range(len(find_media(event.turn.output))):
            self.save_media(event.turn, places)


_NAMES = {"image": "Image", "video": "Video", "audio": "Sound"}


def _facts(media: Media) -> str:
    size = [numbers.size(media.size)] if media.size else []
    return " · ".join([*media.facts, *size, *([media.host] if media.host else [])])


def _shown(path: Path) -> str:
    """A path as a person names it: from the current directory or from home, where it is below one of them."""
    from poe_tui.sanitize import clean

    for start, head in ((Path.cwd(), ""), (Path.home(), "~/")):
        if path.is_relative_to(start):
            return clean(f"{head}{path.relative_to(start)}", single_line=True)
    return clean(str(path), single_line=True)
