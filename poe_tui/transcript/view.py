"""Transcript: the conversation drawn line by line.

The screen hands in rows and events and gets messages back. Nothing here knows a client or a store: what a turn costs
and how keys are called is handed in. Events only append; a frame timer, which runs only while something changes,
draws what is visible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from poe_tui.model import Turn
from poe_tui.palette import POE_DARK, Palette
from poe_tui.transcript import words
from poe_tui.transcript.copying import selected_text
from poe_tui.transcript.document import Document, is_sent_by_person
from poe_tui.transcript.finding import Finding
from poe_tui.transcript.looks import Looks
from poe_tui.transcript.message_mode import MessageMode
from poe_tui.transcript.render import Bar, Painter, place
from poe_tui.transcript.rows import Density, Frame, Glyphs
from poe_tui.transcript.sideways import Sideways
from poe_tui.transcript.surroundings import Outline
from poe_tui.transcript.turn_blocks import Words
from poe_tui.transcript.viewport import NEAR, Viewport, Visible

SOON = 0.001
"""Seconds to a frame that is due: after the events that are waiting."""

ROUNDING = 0.005

REACH = 20
"""Turns around the window whose contents are fetched with it."""

SPREAD = 0.25
"""Seconds over which a large piece of an answer is drawn."""

TICK = 1.0
"""Seconds between frames of a turn that runs and brings nothing."""


class Transcript(MessageMode, Finding, Sideways, Looks, ScrollView, can_focus=True):
    """The turns of one path, streaming or not."""

    # The line API needs the bar's column from the start: a width that changes with the content breaks lines anew.
    DEFAULT_CSS = """
    Transcript {
        width: 1fr;
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
    }
    """
    FOCUS_ON_CLICK = False

    class FollowChanged(Message):
        """The view began or ceased to follow the end, or the count of lines below the view changed.

        The screen draws the pill ``▼ N new lines End`` while ``follow`` is false and ``new_lines`` is not 0.
        """

        def __init__(self, follow: bool, new_lines: int) -> None:
            super().__init__()
            self.follow = follow
            self.new_lines = new_lines

    class TurnSelected(Message):
        """The message-mode cursor moved to a turn, or left (``None``)."""

        def __init__(self, turn_id: str | None) -> None:
            super().__init__()
            self.turn_id = turn_id

    class LinkActivated(Message):
        """A link was clicked. Nothing was opened; the url is http or https and cleaned."""

        def __init__(self, url: str) -> None:
            super().__init__()
            self.url = url

    def __init__(
        self,
        *,
        palette: Palette = POE_DARK,
        glyphs: Glyphs = "unicode",
        density: Density = "comfortable",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.frame_rate: float = 20.0
        """Frames per second while something streams."""
        self.smooth = False
        """Whether a large piece of an answer is drawn over the next frames instead of in one."""
        self.fetch: Callable[[list[str]], None] | None = None
        """Called with the ids of outlines that come near the window; :meth:`supply` is the answer."""
        self.frames = 0
        """Frames drawn so far."""
        self._palette = palette
        self._frame = Frame(0, glyphs, density)
        self.document = Document(self._frame)
        self.viewport = Viewport(self.document)
        self._painter = Painter(palette, self._frame)
        self._visible: list[Visible] = []
        self._strips: list[Strip] = []
        self._asked: set[str] = set()
        self._shifts: dict[tuple[int, int], int] = {}
        self._placing = False
        self._bar = ""
        self._told: tuple[bool, int] = (True, 0)
        self._timer: Timer | None = None
        self._due = 0.0
        self._drawn_at = 0.0

    # --- content ------------------------------------------------------------------------------------------------------
    def show(
        self, turns: Sequence[Turn | Outline], events: Iterable[Any] = (), *, position: dict[str, Any] | None = None
    ) -> None:
        """Show another path: finished rows, then the log of the turn in flight (``LiveThreads.events``).

        Goes to the end and follows, or to ``position`` (an earlier :meth:`position`). An empty path shows the empty
        state. The last row may be the one ``in_progress`` that the events go on with. Rows may be outlines
        (``Store.outline``): what comes near the window is asked for by ``fetch`` and handed in by :meth:`supply`.
        """
        self.leave_message_mode()
        self._forget_selection()
        self._asked.clear()
        self._shifts.clear()
        self.forget_hits()
        self.document.load(turns)
        for event in events:
            self.document.apply(event)
        self.viewport.reset()
        if self.viewport.height:
            self.viewport.refresh()
        self.viewport.restore(position)
        self._draw()
        if self.document.busy is not None:
            self._wake()

    def apply(self, event: Any) -> None:
        """Take one event of the thread on screen. Cheap: appends to a buffer; drawing happens on the next frame."""
        view = self.document.apply(event)
        if view is None:
            return
        if event.type == "turn.started" and is_sent_by_person(event.turn):
            self.viewport.follow, self.viewport.new_lines = True, 0
        self._wake()

    def supply(self, turns: Iterable[Turn]) -> None:
        """Hand in turns that were outlines."""
        self.viewport.supply(turns)
        self._draw()

    def _fetch_missing(self) -> None:
        """Ask for what is on screen or near it and not here; once for each turn."""
        if self.fetch is None or not self._visible or not self.document.outlines:
            return
        first, last = self._visible[0].turn, self._visible[-1].turn
        wanted = self.document.missing(first, last, REACH)
        new = [turn_id for turn_id in wanted if turn_id not in self._asked]
        if new:
            self._asked.update(new)
            self.fetch(new)

    def position(self) -> dict[str, Any]:
        """Where the reader is, fit for ``Thread.scroll``; ``{}`` at the end."""
        return self.viewport.position()

    # --- following and scrolling --------------------------------------------------------------------------------------
    @property
    def follow(self) -> bool:
        """Whether the view stays at the end. Set by scrolling and by a prompt that is sent."""
        return self.viewport.follow

    @property
    def new_lines(self) -> int:
        """Lines that came below the view since it ceased to follow."""
        return self.viewport.new_lines

    def scroll_lines(self, lines: int) -> None:
        """Scroll by lines; negative is up. Reaching the end follows."""
        self.viewport.scroll(lines)
        self._draw()

    def scroll_pages(self, pages: int) -> None:
        """Scroll by a view's height less two lines."""
        self.scroll_lines(pages * max(1, self.viewport.height - 2))

    def go_home(self) -> None:
        """To the first line."""
        self.viewport.jump(0)
        self._draw()

    def go_end(self) -> None:
        """To the end, and follow."""
        self.viewport.to_end()
        self._draw()

    def action_page_up(self) -> None:
        """A page towards the start."""
        self.scroll_pages(-1)

    def action_page_down(self) -> None:
        """A page towards the end."""
        self.scroll_pages(1)

    def action_scroll_up(self) -> None:
        """A line towards the start."""
        self.scroll_lines(-1)

    def action_scroll_down(self) -> None:
        """A line towards the end."""
        self.scroll_lines(1)

    def action_scroll_home(self) -> None:
        """To the first line."""
        self.go_home()

    def action_scroll_end(self) -> None:
        """To the end, and follow."""
        self.go_end()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Somebody scrolled: the wheel, the bar, a selection dragged over the edge."""
        if self._placing or self.size.height != self.viewport.height:
            return
        target = round(new_value)
        delta = target - self.viewport.y
        if not delta:
            return
        if abs(delta) <= NEAR * self.viewport.height:
            self.viewport.scroll(delta)
        else:
            self.viewport.jump(target)
        self._draw()

    def _scroll_to(self, x: float | None = None, y: float | None = None, **options: Any) -> bool:
        """Nothing moves by itself: no scrolling is animated (private in Textual, guarded by a test)."""
        options["animate"] = False
        return super()._scroll_to(x, y, **options)

    # --- drawing ------------------------------------------------------------------------------------------------------
    def render_line(self, y: int) -> Strip:
        """A row of the window; see ``Widget.render_line``."""
        return self._strips[y] if 0 <= y < len(self._strips) else self._painter.blank

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of the window; see ``Widget.render_lines``.

        Textual keeps what it made of a row by the row's place, so that scrolling by one line would style, filter and
        cut every row of the window anew: two thirds of a stream's CPU. Our strips are whole (no border, no padding,
        backgrounds of their own) and keep what was made of them wherever they move to.
        """
        if self._palette.ansi:  # Their backgrounds are the terminal's, which is the style sheet's business.
            return super().render_lines(crop)
        filters, background = self.get_line_filters(), self.background_colors[1]
        strips: list[Strip] = []
        for y in crop.line_range:
            strip = self.render_line(y)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip)
        if crop.column_span != (0, self.region.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def on_mount(self) -> None:
        """Dress the scrollbar."""
        self._dress()

    def on_resize(self, event: events.Resize) -> None:
        """Break lines for the new width; only what is visible."""
        self._reframe(width=self.size.width)
        if self.document.busy is not None:
            self._wake()

    def on_unmount(self) -> None:
        """Draw no more."""
        if self._timer is not None:
            self._timer.stop()

    def _lay_out(self) -> None:
        """Bring what changed up to date and draw it."""
        if self.viewport.height:
            self.viewport.refresh()
            self._draw()

    def _draw(self) -> None:
        """Make the strips of the window and repaint the rows that differ from what is shown."""
        if not self.viewport.height or not self._frame.width:
            return
        self._visible = self.viewport.rows()
        selection = self.text_selection if self.is_attached else None
        strips = [self._strip(visible, selection) for visible in self._visible] or self._invitation()
        strips += [self._painter.blank] * (self.viewport.height - len(strips))
        before, self._strips = self._strips, strips
        self._fetch_missing()
        self._place()
        start: int | None = None
        for y in range(len(strips) + 1):
            same = y == len(strips) or (y < len(before) and before[y] is strips[y])
            if same and start is not None:
                self.refresh(Region(0, start, self._frame.width, y - start))
                start = None
            elif not same and start is None:
                start = y
        self._tell()

    def _strip(self, visible: Visible, selection: Selection | None) -> Strip:
        y = place(visible.turn, visible.at)
        span = selection.get_span(y) if selection is not None else None
        span = self._found(visible) if span is None else span
        cursor = self.cursor_place
        bar: Bar = "own" if cursor is None else "elsewhere"
        if visible.turn == cursor and visible.at >= self.document.view(visible.turn).lead:
            bar = "cursor"
        return self._painter.strip(visible.row, y, bar=bar, shift=self._shift(visible.row), selected=span)

    def _invitation(self) -> list[Strip]:
        """The empty state: what to press, a third down the page."""
        rows = Words(tuple(words.empty_thread(self._frame.keys))).lay_out(self._frame)
        above = max(1, (self.viewport.height - len(rows)) // 3)
        shown = [self._painter.strip(row, place(0, above + at)) for at, row in enumerate(rows)]
        return ([self._painter.blank] * above + shown)[: self.viewport.height]

    def _place(self) -> None:
        """Tell Textual and the scrollbar where the window is, without a layout and without being told back."""
        y, total = self.viewport.y, self.viewport.total
        size = Size(self._frame.width, total)
        self._placing = True
        try:
            self.set_reactive(Widget.virtual_size, size)
            self.set_reactive(Widget.scroll_y, float(y))
            self.set_reactive(Widget.scroll_target_y, float(y))
            self._move_bar(total, self.viewport.height, y)
        finally:
            self._placing = False

    def _move_bar(self, total: int, height: int, y: int) -> None:
        """Tell the bar where the window is; it is drawn again only when its thumb has moved by a cell."""
        bar = self.vertical_scrollbar
        bar.set_reactive(ScrollBar.window_virtual_size, total)
        bar.set_reactive(ScrollBar.window_size, height)
        bar.set_reactive(ScrollBar.position, float(y))
        shown = bar.renderer.render_bar(height, total, height if height < total else 0, y)
        drawn = "".join(segment.text for segment in shown.segments)
        if drawn != self._bar:
            self._bar = drawn
            bar.refresh()

    def _tell(self) -> None:
        told = self.viewport.follow, self.viewport.new_lines
        if told != self._told:
            self._told = told
            self.post_message(self.FollowChanged(*told))

    # --- frames -------------------------------------------------------------------------------------------------------
    def _wake(self) -> None:
        """A frame as soon as the rate allows."""
        self._arm(max(SOON, self._drawn_at + 1 / self.frame_rate - monotonic()))

    def _arm(self, delay: float) -> None:
        due = monotonic() + delay
        # The tolerance keeps rounding from arming a new timer at every delta.
        if not self.is_mounted or (self._timer is not None and self._due <= due + ROUNDING):
            return
        if self._timer is not None:
            self._timer.stop()
        self._due = due
        self._timer = self.set_timer(delay, self.draw_frame, name="transcript frame")

    def draw_frame(self) -> None:
        """Draw what came, now; come back by itself only while a turn runs."""
        now, late = monotonic(), False
        if self._timer is not None:
            # A terminal or a machine that lags gets what there is, in as few frames as can be.
            late = now - self._due > 1 / self.frame_rate
            self._timer.stop()
            self._timer = None
        self.document.around.pace = round(SPREAD * self.frame_rate) if self.smooth and not late else 1
        self._drawn_at = now
        self.frames += 1
        live = self.document.busy
        if live is not None:
            at = self.document.place(live.turn.id)
            if at is not None:
                self.document.changed.add(at)
        self._lay_out()
        if live is not None and live.behind:
            self._wake()
        elif live is not None:
            waiting = live.retry_remaining()
            self._arm(waiting % 1.0 or TICK if waiting else TICK)

    # --- selection and links ------------------------------------------------------------------------------------------
    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The source text under a selection; see ``Widget.get_selection``."""
        return selected_text(self.document, selection), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """The selection changed: only its rows are drawn again."""
        self._draw()

    def _forget_selection(self) -> None:
        if self.is_attached and self.text_selection is not None:
            self.screen.clear_selection()

    def on_click(self, event: events.Click) -> None:
        """Offer a link to the screen; fold or open reasoning. Nothing is opened here."""
        url = event.style.meta.get("poe_link") if event.style else None
        if isinstance(url, str):
            event.stop()
            self.post_message(self.LinkActivated(url))
        elif 0 <= event.y < len(self._visible) and self.is_fold(self._visible[event.y]):
            event.stop()
            self.toggle_reasoning(self.document.view(self._visible[event.y].turn).turn.id)
