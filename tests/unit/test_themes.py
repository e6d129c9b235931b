"""Theme files: the shipped ones keep the look's contrasts, broken ones are named and skipped."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.app import App
from textual.color import Color

from poe_tui.palette import POE_DARK, Palette
from poe_tui.paths import shipped_themes_dir
from poe_tui.themes import load_palettes, textual_theme

SHIPPED, PROBLEMS = load_palettes([shipped_themes_dir()])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.1 §1.4.3."""

    def luminance(value: str) -> float:
        channels = [c / 255 for c in Color.parse(value).rgb]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_shipped_themes_load() -> None:
    assert not PROBLEMS
    assert {"poe-dark", "poe-light", "poe-contrast", "poe-ansi-dark", "poe-ansi-light"} <= set(SHIPPED)
    assert SHIPPED["poe-dark"] == POE_DARK


@pytest.mark.parametrize("palette", [p for p in SHIPPED.values() if not p.ansi], ids=lambda p: p.name)
def test_every_text_can_be_read_on_every_background(palette: Palette) -> None:
    least = 7.0 if palette.name == "poe-contrast" else 4.5
    for background in (palette.bg, palette.surface, palette.panel):
        for colour in ("text", "strong", "dim", "accent", "link", "success", "warning", "error"):
            assert contrast(getattr(palette, colour), background) >= least, (colour, background)
    assert contrast(palette.selection_text, palette.selection) >= least


@pytest.mark.parametrize("palette", SHIPPED.values(), ids=lambda p: p.name)
async def test_textual_takes_every_shipped_theme(palette: Palette) -> None:
    app: App[None] = App(ansi_color=None)
    app.register_theme(textual_theme(palette))
    async with app.run_test() as pilot:
        app.theme = palette.name
        await pilot.pause()
        assert app.theme_variables["ink"] and app.theme_variables["rule"]
        assert app.native_ansi_color is palette.ansi


def write(directory: Path, name: str, text: str | bytes) -> Path:
    directory.mkdir(exist_ok=True)
    file = directory / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_a_theme_of_ones_own_may_be_short_and_wins(tmp_path: Path) -> None:
    write(tmp_path, "mine.toml", 'dark = false\n[colors]\naccent = "#112233"\n')
    write(tmp_path, "poe-dark.toml", 'name = "poe-dark"\n[colors]\naccent = "ansi_red"\n')
    palettes, problems = load_palettes([shipped_themes_dir(), tmp_path])
    assert not problems
    assert palettes["mine"].accent == "#112233" and palettes["mine"].bg == SHIPPED["poe-light"].bg
    assert palettes["poe-dark"].accent == "ansi_red"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = 1\nname = ?", "line 2"),
        ('[colors]\naccent = "javascript"', "accent must be like"),
        ("[colors]\naccent = 3", "accent must be like"),
        ('[colors]\naccnt = "#112233"', "unknown colour accnt"),
        ("colors = 1", "must be a table"),
        ('dark = "yes"', "dark must be true or false"),
        ('name = "a\\u001bb"', "name must be"),
        (b"\xff\xfe", "not UTF-8"),
        ("#" * 70_000, "larger than 64 kB"),
    ],
)
def test_a_broken_theme_is_named_and_skipped(tmp_path: Path, text: str | bytes, words: str) -> None:
    file = write(tmp_path, "broken.toml", text)
    palettes, problems = load_palettes([shipped_themes_dir(), tmp_path])
    assert palettes == SHIPPED
    assert problems[0].file == file and words in str(problems[0])


def test_a_missing_directory_is_no_problem(tmp_path: Path) -> None:
    assert load_palettes([tmp_path / "nowhere"]) == ({"poe-dark": POE_DARK}, [])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_file_breaks_the_loader(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, "x.toml", data)
    palettes, problems = load_palettes([tmp_path])
    assert "poe-dark" in palettes and all(str(problem).isprintable() for problem in problems)
