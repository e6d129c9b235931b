"""The app around the conversation: keys and themes, commands, dialogs, the first minute without a key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
from textual import events

from poe_tui.actions import ACTIONS
from poe_tui.app import PoeApp
from poe_tui.commands import owner
from poe_tui.demo.server import DemoServer
from poe_tui.launch import Launch
from poe_tui.paths import config_file, credentials_file, database_file
from tests.ui.driving import Drive, driving

Open = Callable[..., AbstractAsyncContextManager[Drive]]


@pytest.fixture
def open_app(demo_server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> Open:
    return partial(driving, demo_server, monkeypatch)


@pytest.fixture
async def drive(open_app: Open, demo_server: DemoServer) -> AsyncIterator[Drive]:
    demo_server.script(*["A short answer with `code`.\n\n```python\nprint('hello')\n```\n"] * 6)
    async with open_app() as drive:
        yield drive


async def test_every_action_of_the_conversation_can_be_done(drive: Drive) -> None:
    elsewhere = {"composer.send", "composer.newline"}  # The text area does these itself.
    for action in ACTIONS:
        if action.scope in ("app", "conversation", "composer", "message") and action.id not in elsewhere:
            assert owner(drive.app, action) is not None, action.id


async def test_own_keys(open_app: Open) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text('[keys]\n"thread.new" = "f8"\n"composer.send" = "f9"\n')
    async with open_app() as drive:
        assert "F8 new" in drive.text()
        assert "F9 send" in drive.text()
        await drive.type("words")
        await drive.press("enter")
        assert drive.prompt == "words\n"
        await drive.press("f8")
        await drive.until(lambda: drive.prompt == "")


async def test_send_key_swaps_enter_and_newline(open_app: Open, demo_server: DemoServer) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text('[general]\nsend_key = "ctrl+j"\n')
    async with open_app() as drive:
        assert "^J send   Enter newline" in drive.text()
        await drive.type("one")
        await drive.press("enter")
        await drive.type("two")
        assert drive.prompt == "one\ntwo"
        await drive.press("ctrl+j")
        await drive.quiet()
    assert "one\\ntwo" in str(demo_server.turns[0].body["input"]) or "one\ntwo" in str(
        demo_server.turns[0].body["input"]
    )


async def test_themes_switch_and_are_saved(drive: Drive) -> None:
    await drive.send("/theme poe-light")
    await drive.until(lambda: drive.app.theme == "poe-light")
    await drive.until(lambda: drive.app.conversation.transcript.palette.name == "poe-light")
    assert 'theme = "poe-light"' in config_file().read_text()
    await drive.send("/theme no-such")
    await drive.until("There is no theme no-such")
    assert drive.app.theme == "poe-light"


async def test_broken_settings_are_named_and_defaults_used(open_app: Open) -> None:
    config_file().parent.mkdir(parents=True)
    text = "[appearance]\ndensity = 'huge'\n[general\n"
    config_file().write_text(text)
    async with open_app() as drive:
        await drive.until("config.toml")
        assert config_file().read_text() == text


async def test_model_picker_and_favourites(drive: Drive) -> None:
    await drive.press("ctrl+o")
    await drive.until("Models")
    await drive.type("demo-code")
    await drive.until("Demo-Code")
    await drive.press("tab", "asterisk", "enter")
    await drive.until(lambda: "Demo-Code" in drive.rows()[0] and "Models" not in drive.rows()[0])
    await drive.send("/model Claude-Haiku-4.5")
    await drive.until(lambda: "Claude-Haiku-4.5" in drive.rows()[0])
    await drive.press("f2")
    await drive.until(lambda: "Demo-Code" in drive.rows()[0])


async def test_settings_open_and_take_effect(drive: Drive) -> None:
    await drive.send("/settings")
    await drive.until("how the app starts")
    await drive.press("escape")
    await drive.until("Ask anything")
    drive.app.save_setting("general.sidebar", "off")
    await drive.until(lambda: drive.rows()[0].startswith("   New thread"))


async def test_help_shows_where_one_is(drive: Drive) -> None:
    await drive.press("f1")
    await drive.until("Conversation")
    await drive.press("escape")
    await drive.send("Hi")
    await drive.quiet()
    await drive.press("escape", "question_mark")
    await drive.until("Message mode")


async def test_search_goes_to_the_place(drive: Drive) -> None:
    await drive.send("Where is the zebra?")
    await drive.quiet()
    await drive.press("ctrl+n")
    await drive.until(lambda: "New thread" in drive.rows()[0])
    await drive.press("ctrl+r")
    await drive.until("Search all threads")
    await drive.type("zebra")
    await drive.until(lambda: drive.text().count("zebra") >= 2)
    await drive.press("enter")
    await drive.until(lambda: "Where is the zebra?" in drive.rows()[0])


async def test_copying_tells_the_route(drive: Drive) -> None:
    await drive.send("Code please")
    await drive.quiet()
    await drive.press("ctrl+y")
    await drive.until("Code 1")
    await drive.press("1")
    await drive.until("OSC 52")
    assert drive.app.clipboard == "print('hello')\n"
    await drive.press("escape", "y")
    await drive.until(lambda: drive.app.clipboard.startswith("A short answer"))


async def test_a_large_paste_is_a_chip(drive: Drive, demo_server: DemoServer) -> None:
    await drive.type("Look")
    drive.app.post_message(events.Paste("x" * 90 + "\n" + "many words\n" * 3000))
    await drive.until("pasted, 3 001 lines")
    assert drive.prompt == "Look"
    await drive.press("tab", "enter")
    await drive.until("take off")
    await drive.press("escape")
    drive.app.conversation.composer.prompt.focus()
    await drive.press("enter")
    await drive.quiet()
    content = demo_server.turns[0].body["input"][-1]["content"]
    assert [len(part["text"]) > 20_000 for part in content] == [False, True]
    assert "pasted" not in drive.text()


async def test_pasted_text_is_cleaned(drive: Drive) -> None:
    drive.app.post_message(events.Paste("a\x1b[31mb\r\nc\x9b\u202ed"))
    await drive.until(lambda: drive.prompt == "a␛[31mb\ncd")


async def test_no_key_asks_and_checks(open_app: Open, demo_server: DemoServer) -> None:
    async with open_app(key="") as drive:
        await drive.until("Welcome to poe-tui")
        assert "no key" in drive.rows()[0]
        await drive.type("good-key-12345")
        await drive.press("enter")
        await drive.until(lambda: drive.app.opened is not None and drive.app.opened.has_key)
        await drive.until(lambda: "Welcome" not in drive.text())
        assert credentials_file().stat().st_mode & 0o777 == 0o600
        assert "good-key" not in drive.text()
        demo_server.script("It works.")
        await drive.send("Hello")
        await drive.until("It works.")


async def test_the_demo_is_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driving(None, monkeypatch, launch=Launch(demo=True)) as drive:
        assert " demo " in drive.rows()[0]
        await drive.until(lambda: database_file(demo=True).exists())
        assert not database_file().exists()


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (160, 50), (90, 25), (59, 20), (80, 15), (40, 9), (20, 5)])
async def test_every_size_is_whole(size: tuple[int, int], open_app: Open, demo_server: DemoServer) -> None:
    demo_server.script("Short answer.")
    async with open_app(size=size) as drive:
        await drive.send("A question of some length that has to be wrapped when the terminal is narrow")
        await drive.quiet()
        rows = drive.rows()
        assert len(rows) == size[1]
        assert any("▌" in row for row in rows)
        width, height = size
        if height >= 16:
            assert rows[0].strip()
            assert "/ commands" in rows[-1] or "commands" in rows[-1]
        if width >= 90:
            assert rows[0][3:10] == "poe-tui"
            assert rows[0][31:].startswith("A question")
        elif height >= 16 and width >= 60:
            assert rows[0][3:].startswith("A question")


async def test_narrow_sidebar_opens_over_the_page(open_app: Open, demo_server: DemoServer) -> None:
    demo_server.script("One.")
    async with open_app(size=(80, 24)) as drive:
        await drive.send("First")
        await drive.quiet()
        await drive.press("ctrl+n")
        await drive.until(lambda: "New thread" in drive.rows()[0])
        await drive.press("f3")
        await drive.until("Today")
        await drive.press("down", "enter")
        await drive.until(lambda: "First" in drive.rows()[0])


async def test_resizing_keeps_the_grid(drive: Drive) -> None:
    await drive.pilot.resize_terminal(80, 24)
    await drive.until(lambda: "poe-tui" not in drive.rows()[0])
    assert drive.rows()[21].startswith(" ▌ Ask anything…")
    await drive.pilot.resize_terminal(120, 40)
    await drive.until(lambda: "poe-tui" in drive.rows()[0])
    assert drive.rows()[34][29:].startswith("▌ Ask anything…")


async def test_the_editor_gets_the_prompt(drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from poe_tui.terminal import editor

    script = tmp_path / "fake editor"
    script.write_text('#!/bin/sh\nprintf "edited: " > "$1.new"; cat "$1" >> "$1.new"; mv "$1.new" "$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("EDITOR", f"'{script}'")
    assert editor.editor_command() == [str(script)]
    app = PoeApp()
    monkeypatch.setattr(app, "suspend", lambda: __import__("contextlib").nullcontext())
    text, problem = await editor.edit(app, "my words", tmp_path / "state")
    assert (text, problem) == ("edited: my words", "")
    assert list((tmp_path / "state").iterdir()) == []
    monkeypatch.setenv("EDITOR", "false")
    text, problem = await editor.edit(app, "my words", tmp_path / "state")
    assert text is None
    assert "as it was" in problem


HOSTILE = "[/ [/etc/passwd] [@click=app.quit]x[/] [b + $x \x1b]0;t\x07 \u202egnp"


async def test_markup_in_data_is_text(drive: Drive, demo_server: DemoServer) -> None:
    demo_server.clear()
    demo_server.script(HOSTILE, HOSTILE)
    await drive.send(HOSTILE)
    await drive.quiet()
    await drive.until("[@click=app.quit]x[/]")
    await drive.send(f"/rename {HOSTILE}")
    await drive.until(lambda: "[/etc/passwd]" in drive.rows()[0])
    drive.app.notify(HOSTILE)
    await drive.press("ctrl+r")
    await drive.type("passwd")
    await drive.until(lambda: drive.text().count("[/etc/passwd]") >= 3)
    await drive.press("escape", "ctrl+y")
    await drive.until("its Markdown source")
    await drive.press("escape", "ctrl+o")
    await drive.until("Models")
    await drive.type("[/")
    await drive.press("escape")
    await drive.until(lambda: "Models" not in drive.rows()[0])
    await drive.send("/model [/nope]")
    await drive.until(lambda: "[/nope]" in drive.rows()[0])
    assert all("\x1b" not in row and "\u202e" not in row for row in drive.rows())


async def test_threads_switch_by_the_mouse(drive: Drive) -> None:
    await drive.send("First thread")
    await drive.quiet()
    await drive.press("ctrl+n")
    await drive.until(lambda: "New thread" in drive.rows()[0])
    row = next(at for at, line in enumerate(drive.rows()) if "First thread" in line[:28])
    await drive.pilot.click(offset=(8, row))
    await drive.until(lambda: "First thread" in drive.rows()[0])
    assert drive.app.focused is drive.app.conversation.composer.prompt


async def test_the_pill_counts_and_goes(drive: Drive, demo_server: DemoServer) -> None:
    demo_server.clear()
    demo_server.script("\n\n".join(f"Paragraph {number}." for number in range(40)), "More.\n\n" * 30)
    await drive.send("Long one")
    await drive.quiet()
    await drive.press("pageup")
    top = drive.rows()[4][28:]
    gate = demo_server.hold(after=4)
    drive.app.conversation.composer.prompt.put("")
    drive.app.conversation.desk.send("Another")  # type: ignore[union-attr]  # As another window would.
    await drive.until(lambda: drive.live.running())
    gate.open()
    await drive.quiet()
    await drive.press("end")
    await drive.until(lambda: "new line" not in drive.text())
    assert drive.rows()[4][28:] != top


async def test_undo_and_readline_keys(drive: Drive) -> None:
    await drive.type("one two")
    await drive.press("ctrl+w")
    assert drive.prompt == "one "
    await drive.press("ctrl+underscore")
    assert drive.prompt == "one two"
    await drive.press("ctrl+a")
    await drive.type("x")
    await drive.press("ctrl+e")
    await drive.type("y")
    assert drive.prompt == "xone twoy"
    await drive.press("ctrl+u")
    assert drive.prompt == ""
