"""PromptCommands: what a slash does in the prompt. The words of a command are typed where prompts are typed."""

from __future__ import annotations

from collections.abc import Mapping

from textual import getters, on
from textual.message import Message

from poe_tui.actions import Action
from poe_tui.screens.thread_actions import ThreadActions
from poe_tui.widgets.command_menu import CommandMenu, is_path, matching, parse
from poe_tui.widgets.composer import Composer
from poe_tui.widgets.prompt import PromptArea


class PromptCommands(ThreadActions):
    """Commands in the composer, and the menu over it."""

    menu = getters.query_one("#menu", CommandMenu)

    class Command(Message):
        """A command was chosen: from the menu or by its slash name."""

        def __init__(self, action: Action, argument: str = "") -> None:
            super().__init__()
            self.action = action
            self.argument = argument

    def __init__(self) -> None:
        super().__init__()
        self.keys: Mapping[str, str] = {}
        self._behind_menu: str | None = None
        """The draft that waits while ``^P`` has put a slash in its place."""
        self._unknown_command = ""

    @property
    def draft(self) -> str:
        """What the person is writing; a command stands in for it while the menu is open."""
        return self.composer.text if self._behind_menu is None else self._behind_menu

    @property
    def a_menu_is_open(self) -> bool:
        """Whether the prompt's Up, Down and Tab belong to a menu."""
        return self.menu.is_open

    def commands_for(self, text: str) -> list[Action]:
        """The commands that a text may become."""
        return matching(text) if text.startswith("/") else []

    @on(Composer.Changed)
    def _prompt_changed(self, event: Composer.Changed) -> None:
        text = event.text
        if self._behind_menu is not None and not text.startswith("/"):
            self._close_menu()
            return
        self.menu.show(self.commands_for(text), self.keys)
        self.composer.prompt.menu_open = self.a_menu_is_open
        if self._behind_menu is None:
            self.draft_changed()

    @on(Composer.Submitted)
    async def _submitted(self, event: Composer.Submitted) -> None:
        text = event.text
        if text.startswith("/") and await self._run_typed(text):
            await self.composer.attach(*event.pieces)
            return
        behind, self._behind_menu = self._behind_menu, None
        await self.submit(event)
        if behind:
            self.composer.prompt.put(behind)

    async def _run_typed(self, text: str) -> bool:
        """Run a typed command; whether it was one (or a slip that should not cost money)."""
        found = parse(text)
        choices = matching(text.rstrip())
        if found is None and choices and " " not in text.strip():
            found = (self.menu.choice if self.menu.is_open and self.menu.choice in choices else choices[0]), ""
        if found is not None:
            action, argument = found
            if action.argument.isupper() and not argument:
                self.composer.prompt.put(f"/{action.slash} ")
                return True
            self._close_menu(cleared=True)
            self.post_message(self.Command(action, argument))
            return True
        if is_path(text) or "\n" in text.strip() or text == self._unknown_command:
            self._unknown_command = ""
            return False
        self._unknown_command = text
        await self.composer.put_back(text)
        word = text[1:].split(maxsplit=1)[0]
        self.notify(f"There is no command /{word}. Enter again sends it as it is.", severity="warning")
        return True

    @on(PromptArea.MenuKey)
    def _menu_key(self, event: PromptArea.MenuKey) -> None:
        if event.key == "tab":
            choice = self.menu.choice
            if choice is not None:
                self.composer.prompt.put(f"/{choice.slash}" + (" " if choice.argument else ""))
        else:
            self.menu.move(1 if event.key == "down" else -1)

    @on(CommandMenu.Chosen)
    def _menu_chosen(self, event: CommandMenu.Chosen) -> None:
        if event.action.argument.isupper():
            self.composer.prompt.put(f"/{event.action.slash} ")
        else:
            self._close_menu()
            self.post_message(self.Command(event.action))
        self.composer.prompt.focus()

    def open_menu(self) -> None:
        """Show all commands; the draft waits behind them."""
        if self._behind_menu is None and not self.composer.text.startswith("/"):
            self._behind_menu = self.composer.text
            self.composer.prompt.put("/")
        self.composer.prompt.focus()

    def _close_menu(self, *, cleared: bool = False) -> None:
        """Close the menu and bring the draft back."""
        behind, self._behind_menu = self._behind_menu, None
        self.menu.show([], self.keys)
        self.composer.prompt.menu_open = False
        if behind is not None:
            self.composer.prompt.put(behind)
        elif not cleared and parse(self.composer.text) is not None:
            self.composer.prompt.put("")
