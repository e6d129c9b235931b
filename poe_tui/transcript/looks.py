"""What a screen can set on the transcript at any time: colours, characters, density, key names, prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poe_tui.model import Cost, Turn
from poe_tui.palette import Palette
from poe_tui.picture import Shown
from poe_tui.transcript import words
from poe_tui.transcript.document import Document
from poe_tui.transcript.render import Painter
from poe_tui.transcript.rows import Density, Frame, Glyphs, ReasoningMode
from poe_tui.transcript.viewport import Viewport

if TYPE_CHECKING:
    from textual.widget import Widget as Base
else:
    # A second widget class among the bases would hide ScrollView's style sheet.
    Base = object


class Looks(Base):
    """The settings of a transcript. A change draws again at once; nothing is parsed again."""

    document: Document
    viewport: Viewport
    _palette: Palette
    _frame: Frame
    _painter: Painter

    def _draw(self) -> None:
        raise NotImplementedError

    def _lay_out(self) -> None:
        raise NotImplementedError

    @property
    def palette(self) -> Palette:
        """The colours. Setting them draws again without laying anything out."""
        return self._palette

    @palette.setter
    def palette(self, palette: Palette) -> None:
        self._palette = palette
        self._painter = Painter(palette, self._frame)
        self._dress()
        self._draw()

    @property
    def glyphs(self) -> Glyphs:
        """``unicode`` or ``plain``."""
        return self._frame.glyphs

    @glyphs.setter
    def glyphs(self, glyphs: Glyphs) -> None:
        self._reframe(glyphs=glyphs)

    @property
    def density(self) -> Density:
        """``comfortable`` or ``compact``."""
        return self._frame.density

    @density.setter
    def density(self, density: Density) -> None:
        self._reframe(density=density)

    @property
    def reasoning(self) -> ReasoningMode:
        """``fold``: its last lines while the model thinks, one line after; ``show``: all of it; ``off``: one line."""
        return self._frame.reasoning

    @reasoning.setter
    def reasoning(self, mode: ReasoningMode) -> None:
        self._reframe(reasoning=mode)

    @property
    def timestamps(self) -> bool:
        """Whether model lines say when a turn was asked."""
        return self._frame.timestamps

    @timestamps.setter
    def timestamps(self, shown: bool) -> None:
        self._reframe(timestamps=shown)

    @property
    def keys(self) -> Mapping[str, str]:
        """How keys are written: action id -> ``r``, ``^O``; the actions' defaults where missing."""
        return self._frame.keys.names

    @keys.setter
    def keys(self, names: Mapping[str, str]) -> None:
        self._reframe(keys=words.KeyNames(names))

    @property
    def cost_of(self) -> Callable[[Turn], Cost] | None:
        """What a turn cost. Of a running turn it is asked about once a second, with a usage estimated so far."""
        return self.document.around.cost_of

    @cost_of.setter
    def cost_of(self, cost_of: Callable[[Turn], Cost] | None) -> None:
        self.document.around.cost_of = cost_of
        self.changed_all()

    @property
    def name_of(self) -> Callable[[str], str] | None:
        """How a model id is called on screen; without it the id itself is shown."""
        return self.document.around.name_of

    @name_of.setter
    def name_of(self, name_of: Callable[[str], str] | None) -> None:
        self.document.around.name_of = name_of
        self.changed_all()

    @property
    def shown(self) -> Callable[[Turn, int, int], Shown | None] | None:
        """What is known of a turn's media besides what its row holds, and their pictures."""
        return self.document.around.shown

    @shown.setter
    def shown(self, shown: Callable[[Turn, int, int], Shown | None] | None) -> None:
        self.document.around.shown = shown
        self.changed_all()

    def changed_turn(self, turn_id: str) -> None:
        """Draw one turn again, if it is on the path and was looked at."""
        place = self.document.place(turn_id)
        if place is not None and self.document.view(place).built:
            self.document.changed.add(place)
            self._lay_out()

    @property
    def tail_rows(self) -> int:
        """Blank rows after the last line: the row over the composer in which the pill is drawn."""
        return self.viewport.tail

    @tail_rows.setter
    def tail_rows(self, rows: int) -> None:
        self.viewport.tail = max(0, rows)
        self._lay_out()

    def changed_all(self) -> None:
        """Draw every turn that was looked at again, for a change that only the turns themselves can see."""
        for at in range(len(self.document)):
            if self.document.view(at).built:
                self.document.changed.add(at)
        self._lay_out()

    def _dress(self) -> None:
        """Give the scrollbar the palette's rule and the page's ground."""
        if not self.is_attached:
            return
        styles = self.styles
        styles.background = self._palette.bg
        styles.scrollbar_color = styles.scrollbar_color_hover = styles.scrollbar_color_active = self._palette.rule
        styles.scrollbar_background = self._palette.bg
        styles.scrollbar_background_hover = styles.scrollbar_background_active = self._palette.bg
        self.vertical_scrollbar.refresh()

    def _reframe(self, **changes: Any) -> None:
        """Lay out for another frame, keeping the row on top."""
        frame = replace(self._frame, **changes)
        if frame != self._frame:
            self._frame = frame
            self._painter = Painter(self._palette, frame)
        self.viewport.resize(self._frame, self.size.height)
        self._lay_out()
