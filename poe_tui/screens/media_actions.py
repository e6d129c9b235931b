"""MediaActions: what becomes of the images, films and sounds of an answer: drawn, fetched, saved.

Nothing is fetched or written without a key, unless the settings say so (``files.save_media``).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
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

ALL = -1
"""As the place of one of an answer's media: all of them."""


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
        plain = getattr(self.app, "plain_glyphs", None)
        if plain is not None and plain.enabled:
            return False  # Half cells would be half a screen of #.
        return self.runtime is None or self.runtime.settings.files.draw_images

    @on(Stage.ViewMedia)
    def _view_media(self, event: Stage.ViewMedia) -> None:
        event.stop()
        self.choose_picture(event.turn)

    @work(exclusive=True, group="media", exit_on_error=False, description="view an image")
    async def choose_picture(self, turn: Turn) -> None:
        """Show the one image that is here, or ask which."""
        whole, media = await self._media(turn)
        here = [
            place for place, one in enumerate(media)
            if one.kind == "image" and (one.payload or self.shelf.fetched(whole.id, place) is not None)
        ]  # fmt: skip
        if not here:
            fetch = any(one.kind == "image" for one in media)
            self.notify("w fetches the image first." if fetch else "This answer has no image.")
        elif len(here) == 1:
            self._view(whole, media, here[0])
        else:
            self._ask("View", "view", media, here, lambda place: self._view(whole, media, place))

    def _view(self, turn: Turn, media: Sequence[Media], place: int) -> None:
        from poe_tui.screens.picture import PictureModal

        taken = self.shelf.fetched(turn.id, place)
        known, data = (taken.media, taken.bytes) if taken is not None else (media[place], media[place].data)

        def done(outcome: str | None) -> None:
            if outcome == "save":
                self.save_media(turn, [place])

        facts = facts_of(known)
        self.app.push_screen(
            PictureModal(f"{_NAMES[known.kind]} · {facts}", data, outcome="save", about=known.alt), done
        )

    def _ask(
        self, title: str, verb: str, media: Sequence[Media], places: Sequence[int], take: Callable[[int], object]
    ) -> None:
        """Ask which of several; ``ALL`` is all of them."""
        from poe_tui.screens.sheet import SheetModal
        from poe_tui.widgets.choice_list import Choice

        choices = [
            Choice(str(place), f"{place + 1} · {_NAMES[media[place].kind]}", facts_of(media[place]), _key(place))
            for place in places
        ]
        if verb == "save":
            choices.insert(0, Choice(str(ALL), "All", "", "a"))

        def done(chosen: str | None) -> None:
            if chosen is not None:
                take(int(chosen))

        self.app.push_screen(SheetModal(title, choices, verb=verb), done)

    # --- saving ----------------------------------------------------------------------------------------------------
    @on(Stage.SaveMedia)
    def _save_media(self, event: Stage.SaveMedia) -> None:
        event.stop()
        self.choose_media(event.turn)

    @work(exclusive=True, group="media", exit_on_error=False, description="save what an answer holds")
    async def choose_media(self, turn: Turn) -> None:
        """Save the one thing an answer holds, or ask which of several."""
        whole, media = await self._media(turn)
        if not media:
            self.notify("This answer has no image, film or sound.")
        elif len(media) == 1:
            self.save_media(whole, [0])
        else:
            every = range(len(media))
            self._ask("Save", "save", media, every, lambda n: self.save_media(whole, every if n == ALL else [n]))

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


def facts_of(media: Media) -> str:
    """What is known of an image, a film or a sound, in a few words."""
    size = [numbers.size(media.size)] if media.size else []
    return " · ".join([*media.facts, *size, *([media.host] if media.host else [])])


def _key(place: int) -> str:
    return str(place + 1) if place < 9 else ""


def _shown(path: Path) -> str:
    """A path as a person names it: from the current directory or from home, where it is below one of them."""
    from poe_tui.sanitize import clean

    for start, head in ((Path.cwd(), ""), (Path.home(), "~/")):
        if path.is_relative_to(start):
            return clean(f"{head}{path.relative_to(start)}", single_line=True)
    return clean(str(path), single_line=True)
