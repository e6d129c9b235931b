"""The settings screen, by keys only, on a real config.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from poe_tui.config import ConfigError, Settings, load, save_value
from poe_tui.screens.settings import SettingsContext, SettingsScreen
from tests.ui.host import PALETTES, Host


def context(file: Path, **more: Any) -> SettingsContext:
    def save(key: str, value: Any) -> Settings:
        save_value(file, key, value)
        return load(file).settings

    return SettingsContext(load(file).settings, save, themes=list(PALETTES), file=str(file), **more)


def host(file: Path, page: str = "general", theme: str = "poe-dark", **more: Any) -> Host:
    return Host(SettingsScreen(context(file, **more), page=page), theme)  # type: ignore[arg-type]


async def go_to(pilot: Pilot[object], app: Host, key: str) -> None:
    """Press ↓ until the setting has the focus."""
    screen = app.screen
    assert isinstance(screen, SettingsScreen)
    for _ in range(40):
        row = screen._focused_row
        if row is not None and row.row.key == key:
            return
        await pilot.press("down")
    raise AssertionError(key)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


async def test_a_choice_is_saved_at_once(file: Path) -> None:
    app = host(file, "general")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("down", "right")
        assert load(file).settings.general.start == "last"
        assert "• 1 changed from default" in app.text()
        await pilot.press("d")
        assert load(file).settings == Settings()
        await pilot.press("escape")
    assert app.result is None


async def test_a_number_out_of_bounds_is_refused_in_place(file: Path) -> None:
    app = host(file, "defaults")
    async with app.run_test(size=(120, 40)) as pilot:
        await go_to(pilot, app, "defaults.top_p")
        await pilot.press("enter", *"1.4")
        text = app.text()
        assert "Must be 0 to 1." in text and "1 not saved" in text and "top_p" in text
        await pilot.press("enter")
        assert load(file).settings.defaults.top_p is None
        await pilot.press("backspace", "backspace", "backspace", *"0.9", "enter")
        assert load(file).settings.defaults.top_p == 0.9
        assert "not saved" not in app.text()
        await pilot.press("enter", "1", "escape")
        assert load(file).settings.defaults.top_p == 0.9


@pytest.fixture
def commented(file: Path) -> Path:
    file.write_text('# mine\n[general]\nfuture = 1\nsidebar = "on"  # wide\n')
    return file


async def test_unknown_keys_and_comments_survive(commented: Path) -> None:
    app = host(commented, "general")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("down", "right")
    loaded = load(commented)
    assert loaded.document["general"] == {"future": 1, "sidebar": "on", "start": "last"}


async def test_a_failed_save_is_told_under_the_setting(file: Path) -> None:
    def save(key: str, value: Any) -> Settings:
        raise ConfigError("Not saved: the disk is full [/].")

    settings = SettingsContext(Settings(), save)
    app = Host(SettingsScreen(settings, page="general"))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("down", "right")
        assert "the disk is full [/]" in app.text()


async def test_searching_finds_settings_on_every_page(file: Path) -> None:
    app = host(file)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("slash", *"top_p")
        await pilot.pause()
        assert "Top p" in app.text() and "Sidebar" not in app.text()
        await pilot.press("enter", "enter", *"0.5", "enter")
        assert load(file).settings.defaults.top_p == 0.5
        await pilot.press("escape")
        await pilot.pause()
        assert "Sidebar" in app.text()


async def test_tab_goes_to_the_pages_and_back(file: Path) -> None:
    app = host(file)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("tab", "down", "down")
        await pilot.pause()
        assert "Reasoning effort" in app.text()
        await pilot.press("tab", "right")
        await pilot.pause()
        assert load(file).settings.defaults.effort == "none"


async def test_long_texts_open_an_editor(file: Path) -> None:
    app = host(file, "instructions")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", *"Be kind.", "ctrl+t")
        await pilot.pause()
        assert load(file).settings.defaults.instructions == "Be kind."


async def test_a_key_can_be_bound_anew(file: Path) -> None:
    app = host(file, "keys")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", *["backspace"] * 6, *"f5", "enter")
        assert load(file).settings.keys == {"app.palette": "f5"}
        await pilot.press("d")
        assert load(file).settings.keys == {}


async def test_the_account_page_tells_where_the_key_came_from(file: Path) -> None:
    asked: list[str] = []
    app = host(file, "account", facts={"account": [("Key", "from POE_API_KEY")]}, change_key=lambda: asked.append("k"))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "from POE_API_KEY" in app.text()
        await pilot.press("k")
    assert asked == ["k"]


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50)])
async def test_every_page_is_whole_at_every_size(file: Path, size: tuple[int, int], theme: str) -> None:
    app = host(file, "appearance", theme)
    async with app.run_test(size=size) as pilot:
        text = app.text()
        for word in ("Settings", "Appearance", "Theme", "Density", "Timestamps", "Esc close", "poe-dark"):
            assert word in text
        if size[0] < 90:
            await pilot.press("escape")
            await pilot.pause()
            assert "Model defaults" in app.text() and "Density" not in app.text()
