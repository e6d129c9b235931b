"""What turns are drawn from besides their rows: the frame, clocks and prices they share, and outlines of turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from poe_tui.model import Cost, Turn
from poe_tui.picture import Shown
from poe_tui.sanitize import clean
from poe_tui.transcript.rows import Frame


@dataclass(slots=True)
class Surroundings:
    """What a turn's drawing takes from outside; one object shared by all turns of a transcript."""

    frame: Frame
    cost_of: Callable[[Turn], Cost] | None = None
    name_of: Callable[[str], str] | None = None
    """The display name of a model id."""
    shown: Callable[[Turn, int, int], Shown | None] | None = None
    """What is known of one of a turn's media (by its place), and its picture in so many cells across; it may come
    later, and then the turn is drawn again."""
    pace: int = 1
    """Frames over which a large piece of a running answer is drawn."""
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time

    def name(self, model: str) -> str:
        """How a model is called on screen; cleaned."""
        return clean(self.name_of(model) if self.name_of is not None else model, single_line=True) or "?"


class Outline(Protocol):
    """A turn without its contents, as ``Store.outline`` gives it: what its height is estimated from."""

    @property
    def id(self) -> str:
        """The turn's id."""

    @property
    def parent_id(self) -> str | None:
        """The turn it follows."""

    @property
    def model(self) -> str:
        """The model that was asked."""

    @property
    def input_length(self) -> int:
        """Characters of the prompt."""

    @property
    def input_lines(self) -> int:
        """Lines of the prompt."""

    @property
    def output_length(self) -> int:
        """Characters of the answer."""

    @property
    def output_lines(self) -> int:
        """Lines of the answer."""

    @property
    def sibling_index(self) -> int:
        """Its place among its siblings, from 1."""

    @property
    def sibling_count(self) -> int:
        """How many siblings there are, itself included."""
