"""From the table of actions to Textual bindings: ids, keys, words. A person's own keys come by ``App.set_keymap``."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding, BindingType

from poe_tui.actions import Action, Scope, by_id, in_scope, key_label

ELSEWHERE = frozenset({"composer.send", "composer.newline"})
"""Keys that the text area handles itself, in the order of typing (``prompt.py``)."""


def method_name(action: Action) -> str:
    """Return the name of the method that does it, without ``action_``: ``thread.new`` is ``thread_new``."""
    return action.id.replace(".", "_").replace("-", "_")


def bindings(*scopes: Scope, without: frozenset[str] = ELSEWHERE) -> list[BindingType]:
    """Return a binding for every action of the scopes, under its id."""
    return [
        Binding(
            ",".join(action.keys) or unbound(action.id),
            method_name(action),
            action.label,
            show=False,
            id=action.id,
            tooltip=action.tooltip,
        )
        for action in in_scope(*scopes)
        if action.id not in without
    ]


def unbound(action_id: str) -> str:
    """Return a key that no terminal sends, for an action that has none: ``[keys]`` can still give it one."""
    return f"unbound-{action_id.replace('.', '-')}"


def keymap(own: Mapping[str, str]) -> dict[str, str]:
    """Return a person's ``[keys]`` as Textual wants them; an empty value takes the key away."""
    return {action: keys.strip() or unbound(action) for action, keys in own.items()}


def keys_of(action_id: str, own: Mapping[str, str]) -> list[str]:
    """Return the keys of an action in Textual's spelling: a person's own, else the defaults."""
    if action_id in own:
        return [key.strip() for key in own[action_id].split(",") if key.strip()]
    return list(by_id(action_id).keys)


def label_of(action_id: str, own: Mapping[str, str]) -> str:
    """Return how the action is reached, for a person: ``^O``, or its slash command where it has no key."""
    keys = keys_of(action_id, own)
    if keys:
        return key_label(keys[0])
    slash = by_id(action_id).slash
    return f"/{slash}" if slash else ""


def bar(pairs: list[str], own: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return key and word of these actions for a key bar, without those that no key reaches."""
    shown = []
    for action_id in pairs:
        label, word = label_of(action_id, own), by_id(action_id).bar
        if label and word:
            shown.append((label, word))
    return shown
