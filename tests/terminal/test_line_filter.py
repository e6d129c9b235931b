"""The last gate: it is installed, and what it lets through keeps its width."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from poe_tui.terminal.app_base import TerminalApp
from poe_tui.terminal.line_filter import SafeLineFilter
from tests.terminal.allowed import foreign

BLACK = Color(0, 0, 0)


def test_the_gate_is_the_last_filter() -> None:
    assert isinstance(TerminalApp().get_line_filters()[-1], SafeLineFilter)


def test_clean_segments_are_the_same_list() -> None:
    segments = [Segment("plain"), Segment("linked", Style(link="https://example.com/a"))]
    assert SafeLineFilter().apply(segments, BLACK) is segments


def test_escapes_go() -> None:
    [segment] = SafeLineFilter().apply([Segment("a\x1b]52;c;eA==\x07b\x9b31m\u202ec")], BLACK)
    assert segment.text == "a]52;c;eA==b31mc"


def test_links_that_are_not_http_go() -> None:
    for url in ("file:///etc/passwd", "javascript:x", "https://a@b.example", "https://x\x1b]0;t\x07"):
        [segment] = SafeLineFilter().apply([Segment("x", Style(link=url, bold=True))], BLACK)
        assert segment.style is not None
        assert segment.style.link is None
        assert segment.style.bold


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_nothing_foreign_passes(text: str) -> None:
    [segment] = SafeLineFilter().apply([Segment(text)], BLACK)
    assert foreign(segment.text.encode()) == []
    assert "\n" not in segment.text


@given(st.text(alphabet="ab\x1b\x9b\u202e\U000e0041漢é🙂", max_size=40))
@settings(max_examples=200, deadline=None)
def test_widths_stay(text: str) -> None:
    [segment] = SafeLineFilter().apply([Segment(text)], BLACK)
    assert cell_len(segment.text) == cell_len(text)
