"""The action table keeps the promises of the interface."""

from __future__ import annotations

import re
from collections import Counter

from poe_tui.actions import ACTIONS, by_id, by_slash, in_scope, key_label

LEFT_TO_OTHERS = {f"ctrl+{key}" for key in "baedkuwhims"} | {"ctrl+[", "ctrl+backslash", "ctrl+left_square_bracket"}


def test_ids_are_area_dot_verb_and_unique() -> None:
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", action.id) for action in ACTIONS)
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


def test_no_key_is_taken_twice_in_one_place() -> None:
    for scopes in (("app", "conversation", "composer"), ("app", "message"), ("app", "picker"), ("app", "settings")):
        keys = Counter(key for action in in_scope(*scopes) for key in action.keys)
        assert [key for key, count in keys.items() if count > 1] == []


def test_no_default_takes_a_key_that_editors_and_multiplexers_need() -> None:
    assert not [action.id for action in ACTIONS if LEFT_TO_OTHERS & set(action.keys)]
    assert not [action.id for action in ACTIONS if any("alt+" in key for key in action.keys)]


def test_what_only_a_function_key_reaches_has_a_slash_command() -> None:
    alone = [a for a in ACTIONS if a.keys and all(re.fullmatch(r"(shift\+)?f\d+", key) for key in a.keys)]
    assert alone and all(action.slash for action in alone)


def test_what_has_no_key_has_a_slash_command() -> None:
    assert all(action.slash for action in ACTIONS if not action.keys)


def test_labels_are_calm() -> None:
    for action in ACTIONS:
        assert action.label and action.tooltip.endswith(".")
        assert "!" not in action.label + action.tooltip
        assert action.label[0].isupper()


def test_lookups() -> None:
    assert by_id("model.pick").slash == "model"
    assert by_slash("model") is by_id("model.pick")
    assert by_slash("nothing") is None


def test_keys_as_a_person_reads_them() -> None:
    assert [key_label(k) for k in ("ctrl+o", "escape", "shift+f2", "ctrl+underscore", "G", "question_mark", "f1")] == [
        "^O", "Esc", "Shift+F2", "^_", "G", "?", "F1",
    ]  # fmt: skip
