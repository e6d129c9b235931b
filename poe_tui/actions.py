"""The one table of actions: pure data that keys, help, the command palette, slash commands and error texts share.

An id is ``area.verb``, the name under ``[keys]`` in ``config.toml``. Keys are in Textual's spelling; ``key_label``
gives the one a person reads. No default depends on Alt, on the kitty protocol or on a function key alone; none takes
a key that line editors and multiplexers need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["app", "conversation", "composer", "message", "picker", "settings"]
"""Where an action's keys are live. ``message`` is the mode that Esc opens: single letters act on the selected turn."""


@dataclass(slots=True, frozen=True)
class Action:
    """One thing a person can do."""

    id: str
    keys: tuple[str, ...]
    label: str
    """The palette's words: a verb phrase in sentence case."""
    tooltip: str
    """One sentence that says what happens."""
    scope: Scope = "app"
    slash: str | None = None
    """The slash command without its slash; ``None`` where an action only makes sense as a key."""
    bar: str | None = None
    """The one word beside the key in a key bar."""
    argument: str = ""
    """What a slash command takes, as shown in help; empty when it takes nothing."""

    @property
    def key(self) -> str | None:
        """The first default key."""
        return self.keys[0] if self.keys else None


def _action(
    scope: Scope, id: str, keys: str, label: str, tooltip: str, *, slash: str = "", bar: str = "", argument: str = ""
) -> Action:
    return Action(id, tuple(keys.split()), label, tooltip, scope, slash or None, bar or None, argument)


ACTIONS: tuple[Action, ...] = (
    _action("app", "app.palette", "ctrl+p", "Show all commands", "Every action by name; type to filter.",
            slash="commands", bar="commands"),
    _action("app", "app.help", "f1", "Help", "The keys that work here.", slash="help", bar="help"),
    _action("app", "app.settings", "ctrl+comma", "Settings", "Change settings; they take effect at once.",
            slash="settings"),
    _action("app", "app.theme", "", "Change theme", "Pick a theme with a live preview.", slash="theme",
            argument="[name]"),
    _action("app", "app.redraw", "ctrl+l", "Redraw the screen", "Draw everything again, for a garbled terminal.",
            slash="redraw"),
    _action("app", "app.suspend", "ctrl+z", "Suspend", "Back to the shell; fg returns here.", slash="suspend"),
    _action("app", "app.interrupt", "ctrl+c", "Copy, stop, or stash the draft",
            "Copies a selection, else stops the answer, else stashes the draft; once more quits."),
    _action("app", "app.quit", "ctrl+q", "Quit", "Leave; asks only while an answer streams.", slash="quit",
            bar="quit"),

    _action("conversation", "thread.new", "ctrl+n", "New thread", "Start a thread; this one's draft is kept.",
            slash="new", bar="new"),
    _action("conversation", "thread.search", "ctrl+r", "Search all threads", "Find words in every thread.",
            slash="search", bar="search", argument="[words]"),
    _action("conversation", "thread.find", "ctrl+f", "Find in this thread", "Find words in this thread.",
            slash="find", argument="[words]"),
    _action("conversation", "thread.rename", "", "Rename this thread", "Give this thread another title.",
            slash="rename", argument="TITLE"),
    _action("conversation", "thread.delete", "", "Delete this thread", "Take this thread out of the list; it can be "
            "brought back until the program ends.", slash="delete"),
    _action("conversation", "thread.sidebar", "f3", "Show or hide the list of threads",
            "Under 90 columns the list opens over the page.", slash="sidebar"),
    _action("conversation", "model.pick", "ctrl+o", "Choose a model", "All models, with price and abilities.",
            slash="model", bar="model", argument="[name]"),
    _action("conversation", "model.next_favourite", "f2", "Next favourite model",
            "Use the next favourite for this thread.", slash="next-favourite"),
    _action("conversation", "model.previous_favourite", "shift+f2", "Previous favourite model",
            "Use the previous favourite for this thread.", slash="previous-favourite"),
    _action("conversation", "model.effort", "ctrl+t", "Cycle reasoning effort",
            "Only the values that the model declares.", slash="effort", argument="[value]", bar="effort"),
    _action("conversation", "answer.stop", "escape", "Stop the answer", "What arrived is kept.", slash="stop",
            bar="stop"),
    _action("conversation", "copy.sheet", "ctrl+y", "Copy", "Copy the answer, a code block, a table or a link.",
            slash="copy", bar="copy", argument="[number]"),
    _action("conversation", "transcript.page_up", "pageup", "Scroll a page up", "Scroll without leaving the prompt."),
    _action("conversation", "transcript.page_down", "pagedown", "Scroll a page down",
            "Scroll without leaving the prompt."),
    _action("conversation", "transcript.line_up", "shift+up", "Scroll a line up",
            "Scroll without leaving the prompt."),
    _action("conversation", "transcript.line_down", "shift+down", "Scroll a line down",
            "Scroll without leaving the prompt."),
    _action("conversation", "transcript.end", "end", "Go to the end and follow",
            "When the caret is already at the end of the text.", slash="end"),

    _action("composer", "composer.send", "enter", "Send", "Send the prompt.", bar="send"),
    _action("composer", "composer.newline", "ctrl+j", "New line", "Also a backslash, then Enter.", bar="newline"),
    _action("composer", "composer.editor", "ctrl+g", "Write the prompt in $EDITOR",
            "Opens $VISUAL or $EDITOR; leaving it with an error keeps the old text.", slash="editor"),
    _action("composer", "composer.attach", "", "Attach a file", "An image, a PDF or a text; @ in the prompt does it, "
            "too.", slash="attach", argument="PATH"),
    _action("composer", "composer.undo", "ctrl+underscore", "Undo", "Undo the last change of the prompt.",
            slash="undo"),
    _action("composer", "composer.redo", "", "Redo", "Redo what was undone.", slash="redo"),

    _action("message", "message.next", "j down", "Next turn", "Select the turn below."),
    _action("message", "message.previous", "k up", "Previous turn", "Select the turn above."),
    _action("message", "message.first", "g", "First turn", "Select the first turn."),
    _action("message", "message.last", "G", "Last turn", "Select the last turn."),
    _action("message", "turn.copy", "y", "Copy the answer", "Copy the selected answer's source text.", bar="copy"),
    _action("message", "turn.copy_block", "1 2 3 4 5 6 7 8 9", "Copy a code block", "Copy the block of that number."),
    _action("message", "turn.edit", "e", "Edit and resend", "Change this prompt; the old branch stays.", bar="edit",
            slash="edit"),
    _action("message", "turn.retry", "r", "Retry", "Ask again; the old answer stays beside the new one.",
            bar="retry", slash="retry"),
    _action("message", "turn.retry_with", "R", "Retry with another model", "Pick a model and ask it the same.",
            slash="retry-with"),
    _action("message", "turn.fork", "f", "Fork to a new thread", "A new thread that begins with this path.",
            slash="fork"),
    _action("message", "turn.continue", "c", "Continue a broken answer", "Go on where the answer broke off.",
            bar="continue", slash="continue"),
    _action("message", "turn.reasoning", "t", "Show or fold the reasoning", "What the model thought.",
            slash="reasoning"),
    _action("message", "turn.sources", "o", "Open a source", "The list of sources; nothing opens by itself.",
            slash="sources"),
    _action("message", "turn.save_media", "w", "Save images, films and sounds", "Fetches what is behind an address; "
            "nothing is written over.", slash="save-media"),
    _action("message", "turn.view_media", "v", "View an image", "As large as the terminal has room for.",
            slash="view-image"),
    _action("message", "turn.previous_sibling", "left", "Previous answer", "The sibling before this one."),
    _action("message", "turn.next_sibling", "right", "Next answer", "The sibling after this one."),
    _action("message", "turn.raw", "x", "Raw Markdown", "Show this answer as it came.", slash="raw"),
    _action("message", "message.help", "question_mark", "Help", "The keys that work here."),
    _action("message", "message.leave", "i", "Back to the prompt", "Leave message mode.", bar="prompt"),

    _action("picker", "picker.use", "enter", "Use this model", "For this thread, from the next turn on.", bar="use"),
    _action("picker", "picker.favourite", "asterisk", "Favourite", "Put it on top and on F2, or take it off.",
            bar="favourite"),
    _action("picker", "picker.sort", "s", "Sort", "By name, price, context, age or next turn.", bar="sort"),
    _action("picker", "picker.filter", "slash", "Filter", "Back to the filter words.", bar="filter"),
    _action("picker", "picker.back", "escape", "Back", "Close without choosing.", bar="back"),

    _action("settings", "settings.edit", "enter", "Edit", "Type a value, or open a choice.", bar="edit"),
    _action("settings", "settings.choose", "left right", "Choose", "Step through the values.", bar="choose"),
    _action("settings", "settings.pages", "tab", "Pages", "Between the pages and the settings.", bar="pages"),
    _action("settings", "settings.default", "d", "Back to default", "Take your value out of the file.",
            bar="back to default"),
    _action("settings", "settings.search", "slash", "Search settings", "Find a setting by a word.", bar="search"),
    _action("settings", "settings.close", "escape", "Close", "Every change is saved already.", bar="close"),
)  # fmt: skip
"""Every action, in the order help shows them."""

_BY_ID = {action.id: action for action in ACTIONS}
_BY_SLASH = {action.slash: action for action in ACTIONS if action.slash}

_KEY_WORDS = {
    "enter": "Enter", "escape": "Esc", "tab": "Tab", "space": "Space", "pageup": "PgUp", "pagedown": "PgDn",
    "home": "Home", "end": "End", "up": "↑", "down": "↓", "left": "←", "right": "→", "question_mark": "?",
    "slash": "/", "asterisk": "*", "comma": ",", "underscore": "_", "backspace": "Backspace", "delete": "Del",
    "full_stop": ".", "backslash": "\\",
}  # fmt: skip


def by_id(action_id: str) -> Action:
    """Return the action of that id. Raises ``KeyError`` for an unknown one."""
    return _BY_ID[action_id]


def by_slash(word: str) -> Action | None:
    """Return the action whose slash command is ``word`` (without the slash), or ``None``."""
    return _BY_SLASH.get(word)


def in_scope(*scopes: Scope) -> tuple[Action, ...]:
    """Return the actions of those scopes, in table order."""
    return tuple(action for action in ACTIONS if action.scope in scopes)


def key_label(key: str) -> str:
    """Return how a key is written for a person: ``ctrl+o`` is ``^O``, ``shift+f2`` is ``Shift+F2``."""
    *modifiers, last = key.split("+")
    word = _KEY_WORDS.get(last, last.upper() if len(last) > 1 or "ctrl" in modifiers else last)
    prefix = "^" if "ctrl" in modifiers else ""
    return prefix + "".join(f"{name.capitalize()}+" for name in modifiers if name != "ctrl") + word
