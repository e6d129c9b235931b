"""The images, films and sounds of an answer: a line each that says what it is and which key takes it; images drawn.

Drawn in half cells: a cell is two pixels, the upper its ink and the lower its ground. Such rows go through the frame
diff and over any terminal like text; sixels and their like would need a terminal that nothing else writes to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from poe_tui import numbers
from poe_tui.media import Media
from poe_tui.model import Turn
from poe_tui.picture import Picture
from poe_tui.transcript.lines import Line, Span
from poe_tui.transcript.rows import Frame, Row
from poe_tui.transcript.styles import pixel_role
from poe_tui.transcript.surroundings import Surroundings
from poe_tui.transcript.turn_blocks import Activity, Block

SAVE, VIEW = "turn.save_media", "turn.view_media"
PICTURE_CELLS = 60
"""Cells across that a picture may take."""
_NAMES = {"image": "Image", "video": "Video", "audio": "Sound"}


@dataclass(frozen=True)
class PictureBlock(Block):
    """An image under its line."""

    picture: Picture

    @property
    def source(self) -> str:
        """What is copied: nothing, a picture is no text."""
        return ""

    def lay_out(self, frame: Frame) -> list[Row]:
        """See :class:`Block`."""
        rows: list[Row] = []
        for cells in self.picture.rows:
            spans: list[Span] = []
            for upper, lower in cells[: frame.pane]:
                role = pixel_role(upper, lower)
                if spans and spans[-1].role == role:
                    spans[-1] = spans[-1]._replace(text=spans[-1].text + "▀")
                else:
                    spans.append(Span("▀", role))
            rows.append(Row(Line(tuple(spans)), origin=self))
        return rows

    def estimate(self, frame: Frame) -> int:
        """See :class:`Block`."""
        return self.picture.height


def media_line(media: Media, frame: Frame, number: int = 0, *, drawn: bool = False) -> Activity:
    """The line of one: ``Image · PNG · 1024 × 1024 · 1.4 MB   w saves   v enlarges``; of several each has a number."""
    size = [numbers.size(media.size)] if media.size else []
    where = [media.host] if media.host and not media.size else []
    facts = [_NAMES[media.kind], *media.facts, *size, *where, *(["its address expires"] if media.expires else [])]
    words = f"{number} · {' · '.join(facts)}" if number else " · ".join(facts)
    does = " saves" if media.size or not media.url else " fetches and saves"
    keys = [Span(frame.keys[SAVE], "key"), Span(does, "dim")]
    if drawn:
        keys += [Span("   "), Span(frame.keys[VIEW], "key"), Span(" enlarges", "dim")]
    return Activity((Span(f"{words}   ", "dim"), *keys))


def media_blocks(turn: Turn, media: Sequence[Media], around: Surroundings) -> list[Block]:
    """Everything a finished answer holds besides words, as far as it is known, with the pictures that are there."""
    frame, columns = around.frame, min(PICTURE_CELLS, around.frame.pane)
    blocks: list[Block] = []
    for place, found in enumerate(media):
        shown = around.shown(turn, place, columns) if around.shown is not None else None
        number = place + 1 if len(media) > 1 else 0
        picture = shown.picture if shown is not None and frame.glyphs == "unicode" else None
        line = media_line(shown.media if shown is not None else found, frame, number, drawn=picture is not None)
        blocks.append(line)
        if picture is not None:
            blocks.append(PictureBlock(picture))
    return blocks
