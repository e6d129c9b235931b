"""The dialogs that belong to the whole app: key, settings, help, quitting. Each is imported when it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poe_tui.actions import Scope
from poe_tui.launch import Launch
from poe_tui.paths import config_file
from poe_tui.screens.conversation import ConversationScreen

if TYPE_CHECKING:
    from poe_tui.app import PoeApp
    from poe_tui.screens.first_run import Outcome

HELP_SCOPES: dict[str, list[Scope]] = {
    "ModelPickerScreen": ["picker", "app"],
    "SettingsScreen": ["settings", "app"],
}
"""What the help tells about on the pages that are not the conversation."""


def ask_for_key(app: PoeApp, *, again: bool = False, why: str = "") -> None:
    """Ask for a key; without one there are the demo and the door.

    Args:
        app: opened already.
        again: another key in the place of the one there is.
        why: what is wrong with the key there is.
    """
    from poe_tui.screens.first_run import FirstRunModal

    async def store(text: str) -> None:
        from poe_tui.opening import check_and_store

        assert app.opened is not None
        await check_and_store(text, app.opened.loaded.settings)

    stage, desk = app.conversation.stage, app.conversation.desk
    stage.visible = desk is not None and bool(desk.path)  # The words of an empty thread would stick out at the sides.

    def done(outcome: Outcome | None) -> None:
        stage.visible = True
        if outcome == "stored":
            app.reopen()
        elif outcome == "demo":
            app.launch = Launch(demo=True)
            app.conversation.header.tell(demo=True)
            app.reopen()
        elif outcome == "quit":
            app.call_later(app.leave, 0)

    app.push_screen(FirstRunModal(store, again=again, why=why), done)


def open_settings(app: PoeApp, page: str) -> None:
    """Open the settings on a page."""
    from poe_tui.screens.settings import SettingsContext, SettingsScreen

    opened = app.opened
    if opened is None:
        return
    context = SettingsContext(
        settings=opened.loaded.settings, save=app.save_setting, themes=list(app.palettes),
        overrides=app.conversation.overrides(), file=str(config_file()),
        facts={"account": [("Key", opened.key_source or "none")]},
        pick_model=app.conversation.pick_for_settings, change_key=lambda: ask_for_key(app, again=True),
    )  # fmt: skip
    app.push_screen(SettingsScreen(context, page=page))


def open_help(app: PoeApp) -> None:
    """Tell the keys of the page one is on."""
    from poe_tui.screens.help import HelpModal

    own = app.opened.loaded.settings.keys if app.opened is not None else app.early.keys
    page = app.screen
    scopes = page.help_scopes if isinstance(page, ConversationScreen) else HELP_SCOPES.get(type(page).__name__, ["app"])
    app.push_screen(HelpModal(scopes, own))


def ask_before_quitting(app: PoeApp, running: int) -> None:
    """Ask once, because answers are coming in; asked already, leave."""
    from poe_tui.screens.confirm import ConfirmModal

    def answered(yes: bool | None) -> None:
        if yes:
            app.call_later(app.leave, 0)

    if isinstance(app.screen, ConfirmModal):
        app.call_later(app.leave, 0)
        return
    what = "An answer is" if running == 1 else f"{running} answers are"
    app.push_screen(
        ConfirmModal("Quit now?", f"{what} still coming in. What has arrived is kept.", yes="quit"), answered
    )
