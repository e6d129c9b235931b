"""Drafts: what is being written and what goes along with it, to be kept on disk and put back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from poe_tui.model import DraftPart, Turn
from poe_tui.widgets.composer import Pasted

if TYPE_CHECKING:
    from poe_tui.attachment import Attachment
    from poe_tui.widgets.composer import Piece


@dataclass(slots=True)
class Draft:
    """A prompt that was not sent."""

    text: str = ""
    pieces: list[Piece] = field(default_factory=list)


@dataclass(slots=True)
class Returned:
    """A prompt that came back to the composer because nothing was accepted."""

    turn: Turn
    text: str
    pieces: list[Piece] = field(default_factory=list)

    def is_still(self, text: str, pieces: Sequence[Piece]) -> bool:
        """Whether it stands in the composer as it came back."""
        return bool(text or pieces) and text == self.text and list(pieces) == self.pieces


def nothing_accepted(turn: Turn) -> bool:
    """Whether a turn failed before any model saw it: no output, no usage, refused or never connected."""
    return turn.status == "failed" and not turn.output and not turn.usage


def part_of(piece: Piece) -> DraftPart:
    """Return a chip's content as it is stored."""
    if isinstance(piece, Pasted):
        return DraftPart("pasted", piece.data)
    return DraftPart("file", piece.data, piece.name, piece.path)


def pieces_of(parts: Sequence[DraftPart]) -> list[Piece]:
    """Return stored parts as what chips stand for. Looks at every byte of a file: not for the event loop."""
    pieces = [Pasted(part.data) if part.kind == "pasted" else _file(part) for part in parts]
    return [piece for piece in pieces if piece is not None]


def _file(part: DraftPart) -> Attachment | None:
    from poe_tui.engine.attachments import of_bytes
    from poe_tui.engine.chosen_file import NotTaken

    try:
        return of_bytes(part.data, part.name, len(part.data), path=part.path)
    except NotTaken:
        return None
