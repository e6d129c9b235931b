"""The small dialogs: first run, help, a question, a page of text."""

from __future__ import annotations

import pytest

from poe_tui.screens.confirm import ConfirmModal
from poe_tui.screens.first_run import FirstRunModal, KeyRefused
from poe_tui.screens.help import HelpModal
from poe_tui.screens.text_modal import TextModal
from tests.ui.host import PALETTES, Host

KEY = "canary-4711-secret"


async def test_a_key_is_handed_over_and_never_shown() -> None:
    stored: list[str] = []

    async def store(key: str) -> None:
        stored.append(key)

    app = Host(FirstRunModal(store))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*KEY)
        assert KEY not in app.text() and "•" * len(KEY) in app.text()
        assert KEY not in app.export_screenshot()
        await pilot.press("enter")
        await app.workers.wait_for_complete()
    assert stored == [KEY] and app.result == "stored"


async def test_a_refused_key_is_told_without_the_key() -> None:
    async def store(key: str) -> None:
        raise KeyRefused("The server does not know this key.")

    app = Host(FirstRunModal(store))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        assert "Paste a key first" in app.text()
        await pilot.press(*"abc", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "does not know this key" in app.text()
        await pilot.press("escape")
        assert app.result is Host.UNSET


@pytest.mark.parametrize(("key", "result"), [("ctrl+t", "demo"), ("ctrl+q", "quit")])
async def test_the_demo_and_the_way_out(key: str, result: str) -> None:
    async def store(key: str) -> None: ...

    app = Host(FirstRunModal(store))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
    assert app.result == result


async def test_changing_the_key_can_be_left() -> None:
    async def store(key: str) -> None: ...

    app = Host(FirstRunModal(store, again=True, why="The key was refused."))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        assert "The key was refused." in app.text() and "demo" not in app.text()
        await pilot.press("ctrl+t", "escape")
    assert app.result == "cancelled"


async def test_help_lists_the_keys_that_work_here_with_ones_own() -> None:
    app = Host(HelpModal(("message", "app"), {"turn.retry": "ctrl+x"}))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 60)) as pilot:
        text = app.text()
        assert "^X         Retry" in text and "1–9" in text and "/help" in text
        await pilot.press("j", "k", "escape")
    assert app.result is None


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("enter", True), ("n", False), ("escape", False)])
async def test_a_question_has_two_answers(key: str, answer: bool) -> None:
    app = Host(ConfirmModal("Quit [/]?", "What arrived is saved."))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Quit [/]?" in app.text()
        await pilot.press(key)
    assert app.result is answer


async def test_a_text_is_kept_or_left() -> None:
    for key, result in (("ctrl+t", "ab\nc"), ("escape", None)):
        app = Host(TextModal("Text", "b\nc"))  # type: ignore[arg-type]
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("a", key)
        assert app.result == result


async def test_a_text_to_read_cannot_be_changed() -> None:
    app = Host(TextModal("Text", "b", read_only=True))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a", "ctrl+t")
        assert app.result is Host.UNSET
        await pilot.press("escape")
    assert app.result is None


@pytest.mark.parametrize("theme", PALETTES)
async def test_dialogs_are_drawn_in_every_theme(theme: str) -> None:
    async def store(key: str) -> None: ...

    app = Host(FirstRunModal(store), theme)  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)):
        assert "Welcome to poe-tui" in app.text()
