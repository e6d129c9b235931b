"""The images, films and sounds of an answer to ``poe-tui ask``: told about, and saved where that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from poe_tui.cli.exits import FAILED, OK
from poe_tui.cli.output import say
from poe_tui.numbers import size

if TYPE_CHECKING:
    from poe_tui.engine.runtime import Runtime
    from poe_tui.media import Media
    from poe_tui.model import Turn


def tell(turns: Sequence[Turn]) -> None:
    """Say what came with the answers themselves; an address is in the text for all to see."""
    # Imported here: an answer is over by now, and nobody waits for it any more.
    from poe_tui.media import find_media

    for turn in turns:
        for media in find_media(turn.output):
            if not media.url:
                say(f"the answer holds {_words(media)}. --save-media DIR saves it.")


async def save(turns: Sequence[Turn], folder: str, runtime: Runtime) -> int:
    """Save all media of the answers into a folder, saying where each went; return an exit code.

    Args:
        turns: the answers.
        folder: from the command line.
        runtime: what was asked.
    """
    from poe_tui.engine import media as taking
    from poe_tui.engine.aside import aside
    from poe_tui.media import find_media

    settings = runtime.settings
    web = taking.downloader(limit=settings.files.media_bytes, proxy=settings.advanced.proxy, own=runtime.own_origin)
    code = OK
    for turn in turns:
        for media in find_media(turn.output):
            try:
                taken = await taking.take(media, web)
                stem = taking.stem_of(media, turn.input_text)
                path = await aside(partial(taking.save, taken, folder, stem))
            except taking.MediaRefused as refused:
                say(str(refused))
                code = FAILED
            else:
                say(f"saved {path} ({_words(taken.media)}).")
    return code


def _words(media: Media) -> str:
    facts = [*media.facts, *([size(media.size)] if media.size else [])]
    return f"{'an image' if media.kind == 'image' else media.kind} ({', '.join(facts)})" if facts else media.kind
