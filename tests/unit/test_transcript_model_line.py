"""The model line at several widths."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.transcript.model_line import ModelLine
from poe_tui.transcript.rows import Frame
from poe_tui.transcript.wrapping import cells

STREAMING = ModelLine("Claude-Sonnet-4.5", (2, 3), mark=("●", "accent"), numbers=("2.6 s", "≈ 148 tok", "≈ 11 pts"))
STOPPED = ModelLine("GPT-5.2", (1, 2), state=("stopped", "warning"), numbers=("2.2 s", "≈ 118 tok", "≈ 10 pts"))

RETRYING = ModelLine("m", mark=("○", "warning"), state=("trying again in 4 s", "dim"))


def drawn(line: ModelLine, width: int) -> tuple[str, str]:
    row = line.row(Frame(width))
    return row.line.text, "".join(span.text for span in row.right)


@pytest.mark.parametrize(
    ("line", "width", "expected"),
    [
        (STREAMING, 92, ("Claude-Sonnet-4.5", "‹2/3›   ● 2.6 s · ≈ 148 tok · ≈ 11 pts")),
        (STOPPED, 92, ("GPT-5.2", "‹1/2›   stopped · 2.2 s · ≈ 118 tok · ≈ 10 pts")),
        (ModelLine("m", numbers=("4.1 s", "612 tok", "41 pts")), 92, ("m", "4.1 s · 612 tok · 41 pts")),
        (RETRYING, 80, ("m", "○ trying again in 4 s")),
        (STREAMING, 62, ("Claude-Sonnet-4…", "‹2/3›   ● 2.6 s · ≈ 148 tok · ≈ 11 pts")),
        (STREAMING, 59, ("Claude-Sonnet-4.5", "‹2/3›   ●")),
        (STOPPED, 50, ("GPT-5.2", "‹1/2›   stopped")),
        (ModelLine("m"), 80, ("m", "")),
        (ModelLine("m", time="14:02"), 80, ("m · 14:02", "")),
    ],
)  # fmt: skip
def test_drawn(line: ModelLine, width: int, expected: tuple[str, str]) -> None:
    assert drawn(line, width) == expected


@settings(max_examples=100, deadline=None)
@given(st.integers(8, 130), st.text(max_size=60))
def test_it_always_fits(width: int, name: str) -> None:
    row = ModelLine(name, (2, 12), mark=("●", "accent"), numbers=("2.6 s", "≈ 148 tok", "≈ 11 pts")).row(Frame(width))
    assert cells(row.line.spans) + cells(row.right) <= max(Frame(width).pane, cells(row.right))
