"""The menu of commands over the composer: what ``/`` and ``^P`` show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.message import Message

from poe_tui.actions import ACTIONS, Action, by_slash, key_label
from poe_tui.widgets.cells import cut
from poe_tui.widgets.keys import DIM, STRONG
from poe_tui.widgets.menu import Menu


def parse(text: str) -> tuple[Action, str] | None:
    """Return the command that ``text`` is, with its argument; ``None`` when it is none."""
    if not text.startswith("/") or "\n" in text.strip():
        return None
    word, _, argument = text[1:].strip().partition(" ")
    action = by_slash(word)
    if action is None or (argument.strip() and not action.argument):
        return None
    return action, argument.strip()


def matching(text: str) -> list[Action]:
    """Return the commands that ``text`` (with its slash) may become, the likeliest first."""
    if not text.startswith("/") or "\n" in text:
        return []
    wanted = text[1:].casefold()
    head = wanted.partition(" ")[0]
    exact = by_slash(head)
    if exact is not None and " " in wanted:
        return [exact]
    words = wanted.split()
    if not words and wanted:
        return []
    ranked = []
    for order, action in enumerate(ACTIONS):
        if action.slash is None or action.id == "app.palette":
            continue
        told = f"{action.slash} {action.label}".casefold()
        if all(word in told for word in words):
            rank = (
                0 if action.slash == head else 1 if action.slash.startswith(head) else 2 if head in action.slash else 3
            )
            ranked.append((rank, order, action))
    return [action for _, _, action in sorted(ranked, key=lambda entry: entry[:2])]


def is_path(text: str) -> bool:
    """Whether a text that begins with a slash is plainly no command: ``/usr/bin``, ``// comment``."""
    return "/" in text[1:].partition(" ")[0] or text[1:2] in ("", " ")


class CommandMenu(Menu[Action]):
    """A few rows of commands; the prompt's Up, Down, Tab and Enter act on it."""

    class Chosen(Message):
        """A command was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys: Mapping[str, str] = {}

    def show(self, actions: Sequence[Action], keys: Mapping[str, str]) -> None:
        """Show these commands; none closes the menu. ``keys`` are a person's own bindings, as ``[keys]`` has them."""
        self._keys = keys
        self.offer(actions)

    def row(self, choice: Action, selected: bool) -> Content:
        """Name, what it does, key."""
        width = self.size.width
        bound = self._keys.get(choice.id)
        keys = bound.split(",") if bound is not None else list(choice.keys)
        key = key_label(keys[0].strip()) if keys and keys[0].strip() else ""
        name = f"/{choice.slash}" + (f" {choice.argument}" if choice.argument else "")
        head = cut(name, max(1, width - 4)).ljust(22)
        room = width - 4 - len(head) - len(key) - 2
        label = cut(choice.label, room) if room > 8 else ""
        gap = max(1, width - 4 - len(head) - len(label) - len(key))
        mark = ("▌ ", "$accent") if selected else "  "
        style = f"{STRONG} bold" if selected else "$ink"
        row = Content.assemble(mark, (head, style), (label, DIM), " " * gap, (key, STRONG), "  ")
        return row.stylize("on $panel") if selected else row

    def clicked(self, choice: Action) -> None:
        """Run by the mouse."""
        self.post_message(self.Chosen(choice))
