"""Running what the table of actions names: from a key, the menu of commands, or a slash command.

The method of an action is found by its id on the screen, on the stage or on the app; nothing else maps names to code.
"""

from __future__ import annotations

import inspect
from typing import Any

from textual.app import App

from poe_tui.actions import Action
from poe_tui.screens.conversation import ConversationScreen
from poe_tui.widgets.bindings import method_name


def owner(app: App[Any], action: Action) -> Any:
    """Return the object whose method does this action, or ``None`` where it cannot be done now."""
    name = f"action_{method_name(action)}"
    screen = app.screen
    candidates: list[Any] = [app]
    if isinstance(screen, ConversationScreen):
        candidates = [screen, screen.stage, app]
    return next((candidate for candidate in candidates if hasattr(candidate, name)), None)


async def run(app: App[Any], action: Action, argument: str = "") -> bool:
    """Do an action; whether anybody could.

    Args:
        app: the app, on whichever screen.
        action: from the table.
        argument: what stood behind the slash command; only handed to actions that take one.
    """
    target = owner(app, action)
    if target is None:
        return False
    method = getattr(target, f"action_{method_name(action)}")
    if action.id == "answer.stop":
        result = method("command")
    else:
        result = method(argument) if argument and action.argument else method()
    if inspect.isawaitable(result):
        await result
    return True
