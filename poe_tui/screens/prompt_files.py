"""PromptFiles: files that go along with a prompt: ``@path``, ``/attach``, dropped paths, and what a chip shows.

The disk is asked in threads of its own, so that one that hangs holds nothing up. Nothing is attached but by a key: a
path that stands in a text stays text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import getters, on, work
from textual.widgets import TextArea

from poe_tui import numbers
from poe_tui.actions import Action
from poe_tui.path_words import PathToken, token_at, written
from poe_tui.screens.prompt_commands import PromptCommands
from poe_tui.widgets.composer import Chip, Pasted
from poe_tui.widgets.path_menu import PathMenu
from poe_tui.widgets.prompt import PromptArea

if TYPE_CHECKING:
    from poe_tui.attachment import Attachment
    from poe_tui.engine.path_finder import PathFinder
    from poe_tui.path_words import PathEntry

ATTACH = "/attach "
"""The command whose argument is completed like an ``@path``."""
LOOK = 1.0
"""Seconds that the disk may take to say what a path means."""
READ = 20.0
"""Seconds that reading a file may take."""


class PromptFiles(PromptCommands):
    """Files in the composer."""

    path_menu = getters.query_one("#path-menu", PathMenu)

    def __init__(self) -> None:
        super().__init__()
        self._finder: PathFinder | None = None
        self._token: PathToken | None = None
        """The ``@path`` that the menu is open for."""
        self._dismissed: tuple[int, int] | None = None
        """Where the one begins that Esc closed the menu of."""

    # --- completing an @path ---------------------------------------------------------------------------------------
    @on(TextArea.SelectionChanged)
    def _caret_moved(self, event: TextArea.SelectionChanged) -> None:
        if event.text_area is not self.composer.prompt:
            return
        token = self._token_here()
        place = (self._caret[0], token.start) if token is not None else None
        if place != self._dismissed:
            self._dismissed = None
        if token is None or self._dismissed is not None:
            self.close_paths()
        elif token != self._token:
            self._token = token
            self.complete(token)

    @property
    def _caret(self) -> tuple[int, int]:
        return self.composer.prompt.cursor_location

    def _token_here(self) -> PathToken | None:
        """The path that the caret is in: behind an ``@``, or behind ``/attach``."""
        prompt = self.composer.prompt
        if not prompt.selection.is_empty or self._behind_menu is not None:
            return None
        row, column = self._caret
        line = prompt.document[row]
        if row == 0 and line.startswith(ATTACH) and column >= len(ATTACH):
            return PathToken(len(ATTACH), len(line), line[len(ATTACH) : column])
        return token_at(line, column)

    @work(exclusive=True, group="paths", exit_on_error=False, description="look for files")
    async def complete(self, token: PathToken) -> None:
        """Show what a path may mean."""
        from poe_tui.engine.aside import aside
        from poe_tui.engine.path_finder import PathFinder

        self._finder = self._finder or PathFinder()
        try:
            entries = await aside(partial(self._finder.find, token.fragment), seconds=LOOK)
        except TimeoutError:
            self._finder, entries = None, []
        if token == self._token:
            self._show_paths(entries)

    def _show_paths(self, entries: Sequence[PathEntry]) -> None:
        if entries:
            self.menu.show([], self.keys)
        self.path_menu.offer(entries)
        self.composer.prompt.menu_takes_enter = bool(entries)
        self.composer.prompt.menu_open = self.a_menu_is_open

    @property
    def a_menu_is_open(self) -> bool:
        """Whether the prompt's Up, Down and Tab belong to a menu."""
        return self.path_menu.is_open or super().a_menu_is_open

    def commands_for(self, text: str) -> list[Action]:
        """The commands that a text may become; none while its path is completed."""
        return [] if self.path_menu.is_open and text.startswith(ATTACH) else super().commands_for(text)

    def close_paths(self, *, dismissed: bool = False) -> bool:
        """Close the menu of files; whether it was open. ``dismissed``: not to be opened again for this path."""
        was_open, token = self.path_menu.is_open, self._token
        if dismissed and token is not None:
            self._dismissed = self._caret[0], token.start
        self._token = None
        if was_open:
            self._show_paths([])
        return was_open

    @on(PromptArea.MenuKey)
    def _path_key(self, event: PromptArea.MenuKey) -> None:
        if not self.path_menu.is_open:
            return
        if event.key in ("tab", "enter"):
            entry = self.path_menu.choice
            if entry is not None:
                self._choose(entry)
        else:
            self.path_menu.move(1 if event.key == "down" else -1)

    @on(PathMenu.Chosen)
    def _path_clicked(self, event: PathMenu.Chosen) -> None:
        self._choose(event.entry)
        self.composer.prompt.focus()

    def _choose(self, entry: PathEntry) -> None:
        token = self._token or self._token_here()
        if token is None:
            return
        is_command = self.composer.text.startswith(ATTACH)
        if entry.is_directory:
            self._replace(token, entry.shown if is_command else f"@{written(entry)}")
            return
        self.close_paths()
        if is_command:
            self.composer.prompt.put("")
            self.attach_files([entry.path])
        else:
            # The words keep the name: "what is in @notes.txt" still is a sentence.
            self._replace(token, entry.path)
            self.attach_files([entry.path])

    def _replace(self, token: PathToken, words: str) -> None:
        row = self._caret[0]
        prompt = self.composer.prompt
        result = prompt.replace(words, (row, token.start), (row, token.end))
        prompt.move_cursor(result.end_location)

    # --- attaching -------------------------------------------------------------------------------------------------
    @property
    def _limit(self) -> int | None:
        return self.desk.runtime.settings.files.attach_bytes if self.desk is not None else None

    def action_composer_attach(self, argument: str = "") -> None:
        """Attach a file by its path; several, or one with spaces, as a shell would take them."""
        if not argument:
            self.composer.prompt.put(ATTACH)
            self.composer.prompt.focus()
        else:
            self.attach_named(argument)

    @work(group="attach", exit_on_error=False, description="attach a file")
    async def attach_named(self, argument: str) -> None:
        """Attach what a command names; what is not there is told as it was typed."""
        from poe_tui.pasted_paths import named

        found = await self._there(named(argument))
        await self._attach_all(found or [argument])

    @work(group="attach", exit_on_error=False, description="attach a file")
    async def attach_files(self, paths: Sequence[str]) -> None:
        """Attach files, or say why not."""
        await self._attach_all(paths)

    async def _attach_all(self, paths: Sequence[str]) -> list[Attachment]:
        attached = [made for path in paths if (made := await self._load(path)) is not None]
        await self.composer.attach(*attached)
        if attached and self.desk is not None and (words := self.desk.unread(attached)):
            self.notify(words, severity="warning", markup=False)
        return attached

    async def _load(self, path: str) -> Attachment | None:
        from poe_tui.engine.aside import aside
        from poe_tui.engine.attachments import LIMIT, load
        from poe_tui.engine.chosen_file import NotTaken, shown

        try:
            return await aside(partial(load, path, self._limit or LIMIT), seconds=READ)
        except NotTaken as refused:
            words = str(refused)
        except TimeoutError:
            words = f"{shown(path)} does not come: its disk does not answer."
        self.notify(words, severity="warning", markup=False)
        return None

    async def take_paste(self, text: str) -> bool:
        """Attach the files that a paste names; whether it did. What names none, or none that is taken, is text."""
        from poe_tui.pasted_paths import readings

        ways = readings(text)
        found = await self._there(ways) if ways else []
        return bool(found and await self._attach_all(found))

    @staticmethod
    async def _there(ways: Sequence[Sequence[str]]) -> Sequence[str]:
        """The first reading of a paste whose files are all there."""
        from poe_tui.engine.aside import aside

        try:
            return await aside(partial(_first_there, ways), seconds=LOOK)
        except TimeoutError:
            return []

    # --- chips -----------------------------------------------------------------------------------------------------
    @on(Chip.Chosen)
    async def _chip_chosen(self, event: Chip.Chosen) -> None:
        event.stop()
        if event.remove:
            await self.composer.detach(event.chip)
        else:
            self.open_chip(event.chip)

    @work(exclusive=True, group="chip", exit_on_error=False, description="open what a chip stands for")
    async def open_chip(self, chip: Chip) -> None:
        """Show what is in a paste or a file; it can be taken off there, and a paste edited."""
        from poe_tui.engine.aside import aside
        from poe_tui.screens.paste import PasteModal

        piece = chip.piece
        if not isinstance(piece, Pasted) and piece.format.kind == "image":
            self._open_image(chip, piece)
            return
        text = await aside(piece.text if isinstance(piece, Pasted) else partial(_words_of, piece))

        def take(edited: str) -> None:
            if isinstance(piece, Pasted):
                piece.data = edited.encode("utf-8", "replace")
                chip.refresh(layout=True)

        async def done(outcome: str | None) -> None:
            if outcome == "remove":
                await self.composer.detach(chip)
            elif outcome == "edit":
                self.post_message(self.EditorWanted(text, take))

        name = piece.name.capitalize() if isinstance(piece, Pasted) else piece.name
        modal = PasteModal(f"{name} · {numbers.size(piece.size)}", text, editable=isinstance(piece, Pasted))
        self.app.push_screen(modal, done)

    def _open_image(self, chip: Chip, piece: Attachment) -> None:
        from poe_tui.screens.picture import PictureModal

        async def done(outcome: str | None) -> None:
            if outcome == "remove":
                await self.composer.detach(chip)

        title = f"{piece.name} · {numbers.size(piece.size)} · {_pixels(piece)}".removesuffix(" · ")
        self.app.push_screen(PictureModal(title, lambda: piece.data, outcome="remove", about=_words_of(piece)), done)


def _first_there(ways: Sequence[Sequence[str]]) -> Sequence[str]:
    for paths in ways:
        try:
            if all(Path(path).expanduser().is_file() for path in paths):
                return paths
        except (OSError, ValueError, RuntimeError):
            continue
    return []


def _words_of(file: Attachment) -> str:
    """What a file is, and its text where it has one."""
    from poe_tui.sanitize import clean

    if file.format.kind == "text":
        return clean(file.data.decode("utf-8", "replace"))
    tokens = numbers.tokens(file.tokens, estimated=True, word="tokens")
    return "\n".join(line for line in (f"{file.format.label} · {tokens}", _pixels(file), file.path) if line)


def _pixels(file: Attachment) -> str:
    return f"{file.pixels[0]} × {file.pixels[1]} pixels" if file.pixels is not None else ""
