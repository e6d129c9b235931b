"""The menu of commands over the composer: what ``/`` and ``^P`` show. The words are typed in the prompt itself.

Because the prompt keeps the focus, nothing that is typed fast can get lost between two screens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from poe_tui.actions import ACTIONS, Action, by_slash, key_label
from poe_tui.widgets.cells import cut
from poe_tui.widgets.keys import DIM, STRONG

ROWS = 10
"""Commands shown at once."""


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


class CommandMenu(Widget):
    """A few rows of commands; the prompt's Up, Down, Tab and Enter act on it."""

    DEFAULT_CSS = """
    CommandMenu { height: auto; background: $surface; color: $ink; margin: 0 3 0 1; display: none; }
    """

    selected: reactive[int] = reactive(0)

    class Chosen(Message):
        """A command was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._actions: Sequence[Action] = ()
        self._keys: Mapping[str, str] = {}

    def show(self, actions: Sequence[Action], keys: Mapping[str, str]) -> None:
        """Show these commands; none closes the menu. ``keys`` are a person's own bindings, as ``[keys]`` has them."""
        if list(actions) != list(self._actions):
            self.selected = 0
        self._actions, self._keys = actions, keys
        self.display = bool(actions)
        self.refresh(layout=True)

    @property
    def is_open(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self._actions)

    @property
    def choice(self) -> Action | None:
        """The command the menu is on."""
        return self._actions[self.selected] if self._actions else None

    def move(self, step: int) -> None:
        """Go to the next or the previous command, round the ends."""
        if self._actions:
            self.selected = (self.selected + step) % len(self._actions)

    @property
    def _first(self) -> int:
        rows = max(1, self.size.height)
        return max(0, min(self.selected - rows // 2, len(self._actions) - rows))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many rows as there are commands, up to a limit."""
        return min(ROWS, max(1, len(self._actions)))

    def render(self) -> Content:
        """The rows around the selected one."""
        first = self._first
        shown = self._actions[first : first + self.size.height]
        return Content("\n").join([self._row(action, first + at == self.selected) for at, action in enumerate(shown)])

    def _row(self, action: Action, selected: bool) -> Content:
        width = self.size.width
        bound = self._keys.get(action.id)
        keys = bound.split(",") if bound is not None else list(action.keys)
        key = key_label(keys[0].strip()) if keys and keys[0].strip() else ""
        name = f"/{action.slash}" + (f" {action.argument}" if action.argument else "")
        head = cut(name, max(1, width - 4)).ljust(22)
        room = width - 4 - len(head) - len(key) - 2
        label = cut(action.label, room) if room > 8 else ""
        gap = max(1, width - 4 - len(head) - len(label) - len(key))
        mark = ("▌ ", "$accent") if selected else "  "
        style = f"{STRONG} bold" if selected else "$ink"
        row = Content.assemble(mark, (head, style), (label, DIM), " " * gap, (key, STRONG), "  ")
        return row.stylize("on $panel") if selected else row

    def on_click(self, event: events.Click) -> None:
        """Run by the mouse."""
        at = self._first + event.y
        if 0 <= at < len(self._actions):
            self.post_message(self.Chosen(self._actions[at]))
