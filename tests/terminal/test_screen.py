"""The screen model itself: it agrees with pyte on plain text and colours, and with tmux where there is one."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from poe_tui.terminal.output import FrameOutput
from tests.terminal.screen import Screen

W, H = 40, 10
COLOURS = [None, Style(color="red"), Style(bold=True, bgcolor="#102030"), Style(color="#aabbcc", underline=True)]


def frames(seed: int, count: int = 12) -> str:
    """The bytes of some frames of plain text that scroll and change."""
    draw = random.Random(seed)
    output = FrameOutput(ColorSystem.TRUECOLOR, erase_with_colour=True)

    def line() -> Strip:
        words = " ".join(draw.choice(["alpha", "beta", "gamma", "", "x", "-----"]) for _ in range(12))
        cut = draw.randint(0, W)
        return Strip([Segment(words[:cut], draw.choice(COLOURS)), Segment(words[cut:W].ljust(W - cut), None)])

    rows = [line() for _ in range(H)]
    parts: list[str] = []
    for _ in range(count):
        rows = [*rows[2:], line(), line()] if draw.random() < 0.6 else [line(), *rows[:-1]]
        update = LayoutUpdate([[row] for row in rows], Region(0, 0, W, H))
        parts.append(output.encode(update, (W, H), (0, 0)) or "")
    assert output.statistics.scrolls
    return "".join(parts)


@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_pyte(seed: int) -> None:
    data = frames(seed)
    ours = Screen(W, H)
    ours.feed(data)
    theirs = pyte.Screen(W, H)
    pyte.Stream(theirs).feed(data.replace("\n", "\r\n"))
    assert ours.foreign == []
    assert ours.text() == [row.rstrip() for row in theirs.display]
    for y in range(H):
        for x in range(W):
            assert ("bold" in ours.cells[y][x].attributes) == theirs.buffer[y][x].bold or ours.cells[y][x].text == " "
            assert (ours.cells[y][x].background == "48;2;16;32;48") == (theirs.buffer[y][x].bg == "102030")
    assert ours.cursor == (theirs.cursor.x, theirs.cursor.y)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_it_agrees_with_tmux(tmp_path: Path) -> None:
    data = frames(7)
    file = tmp_path / "frames"
    file.write_text(f"\x1b[?1049h\x1b[2J{data}", newline="")
    tmux = ["tmux", "-L", f"poe-tui-{tmp_path.name}", "-f", "/dev/null"]
    shell = f"cat {file}; tmux -L poe-tui-{tmp_path.name} wait-for -S shown; sleep 30"
    try:
        subprocess.run([*tmux, "new-session", "-d", "-x", str(W), "-y", str(H), shell], check=True)
        subprocess.run([*tmux, "wait-for", "shown"], check=True, timeout=20)
        shown = subprocess.run([*tmux, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, stderr=subprocess.DEVNULL)
    ours = Screen(W, H)
    ours.feed(data)
    assert ours.text()[: H - 1] == [row.rstrip() for row in shown.split("\n")][: H - 1]


def test_it_names_what_it_does_not_know() -> None:
    for bad in ("\x1b]52;;\x1bx", "\x1b[5n", "\x1bc", "\x07", "\x1b[?u", "\x1b[300m"):
        screen = Screen(4, 2)
        screen.feed(bad)
        assert screen.foreign, bad
