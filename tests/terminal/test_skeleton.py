"""The first frame before Textual: it looks like the app, costs next to nothing and loses no key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import poe_tui.app
from poe_tui.app import PoeApp
from poe_tui.launch import Launch
from poe_tui.terminal import skeleton
from tests.terminal.screen import Screen


@pytest.mark.parametrize(
    ("arguments", "opens"),
    [
        ([], True),
        (["--demo"], True),
        (["-c"], True),
        (["-t", "trip", "-m", "GPT-5.2"], True),
        (["ask", "x"], False),
        (["--help"], False),
        (["--version"], False),
        (["-t"], False),
        (["--unknown"], False),
    ],
)
def test_only_what_opens_the_app_is_drawn(arguments: list[str], opens: bool) -> None:
    assert skeleton.opens_app(arguments) is opens


def test_it_imports_nothing_that_costs() -> None:
    code = (
        "import sys; before = set(sys.modules); from poe_tui.terminal import skeleton; skeleton.look();"
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) == {"__future__", "poe_tui", "poe_tui.terminal", "poe_tui.terminal.skeleton"}


APP_CSS = [Path(poe_tui.app.__file__).parent / path for path in PoeApp.CSS_PATH]


class App(PoeApp):
    CSS_PATH = APP_CSS

    def __init__(self) -> None:
        super().__init__(Launch(demo=True))
        self.terminal = Screen(*self.size)

    def terminal_writer(self):  # type: ignore[no-untyped-def]  # The screen stands for the terminal.
        return self.terminal.feed


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (160, 50), (100, 30)])
async def test_it_stands_where_the_app_will_stand(size: tuple[int, int]) -> None:
    app = App()
    async with app.run_test(size=size) as pilot:
        while app.opened is None or not (app.screen.has_class("-tall") or app.screen.has_class("-short")):
            await pilot.pause(0.01)
        await pilot.pause()
        app.terminal = Screen(*size)
        app.forget_screen()
        app.redraw()
        await pilot.pause()
        first = Screen(*size)
        first.feed(skeleton.frame(*size, skeleton.DEFAULTS, demo=True))
        assert first.foreign == []
        for y, line in enumerate(first.cells):
            for x, cell in enumerate(line):
                if y > 0 and x < 28 <= size[0] - 62:
                    continue  # The list of threads comes from the database, a moment later.
                real = app.terminal.cells[y][x]
                assert cell.background == real.background, (x, y)
                if cell.text.strip():
                    assert cell.text == real.text, (x, y, cell, real)


def test_colours_of_another_terminal_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    assert skeleton.look()["bg"] == skeleton.DEFAULTS["bg"]
    monkeypatch.setenv("NO_COLOR", "1")
    assert skeleton.look()["bg"] == ""


def test_the_look_is_remembered_and_a_damaged_line_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    skeleton.remember({**skeleton.DEFAULTS, "bg": "48;2;1;2;3", "sidebar": "off"})
    file = Path(skeleton.cache_file())
    assert skeleton.look()["bg"] == "48;2;1;2;3"
    assert file.stat().st_mode & 0o777 == 0o600
    for damage in ("bg=\x1b]52;x\n", "bg=" + "4" * 5000, "", "nonsense"):
        file.write_text(damage)
        assert skeleton.look() == skeleton.DEFAULTS
    file.write_bytes(b"\xff\xfe")
    assert skeleton.look() == skeleton.DEFAULTS
