"""Changing one value of a TOML text: the rest stays, and what is misread is left to the caller's proof."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import toml_edit

TEXT = '''\
# head = "no"
title = "a # b" # note
[appearance] # x
theme = "x"   # mine
"quo.ted" = 1
list = [
  1, # one
  "]", {a = "}"},
]
long = """
[fake]
a = 1
""""
other = \'\'\'[no]\'\'\'
  indented = 2
[keys]
model.pick = 'f5'
[[tools]]
name = "t"
[[tools]]
theme = 3
[a."b c".d]
z = 1'''


def test_statements_are_found_in_order() -> None:
    assert [statement.key for statement in toml_edit.statements(TEXT)] == [
        *("title", "appearance", "appearance.theme", "appearance.quo.ted", "appearance.list", "appearance.long"),
        *("appearance.other", "appearance.indented", "keys", "keys.model.pick"),
        *("tools.\0", "tools.\0.name", "tools.\0", "tools.\0.theme", "a.b c.d", "a.b c.d.z"),
    ]
    tomllib.loads(TEXT)


def test_lines_of_keys_and_of_what_holds_them() -> None:
    lines = toml_edit.lines(TEXT)
    assert toml_edit.nearest(lines, "appearance.theme") == 4
    assert toml_edit.nearest(lines, "appearance.list") == 6
    assert toml_edit.nearest(lines, "appearance.nothing") == 3
    assert toml_edit.nearest(lines, "keys.model.pick") == 17
    assert toml_edit.nearest(lines, "nowhere.at.all") is None


@pytest.mark.parametrize(
    ("section", "name", "literal", "changed"),
    [
        ("appearance", "theme", '"y"', ('theme = "x"   # mine', 'theme = "y"   # mine')),
        ("appearance", "list", "[]", ('list = [\n  1, # one\n  "]", {a = "}"},\n]', "list = []")),
        ("appearance", "new", "1", ("  indented = 2\n", "  indented = 2\nnew = 1\n")),
        ("keys", "model.pick", '"f6"', ("'f5'", '"f6"')),
        ("keys", "app.help", '"f1"', ("pick = 'f5'\n", 'pick = \'f5\'\n"app.help" = "f1"\n')),
        ("none", "x", "1", ("z = 1", "z = 1\n\n[none]\nx = 1\n")),
    ],
)
def test_set_value_touches_one_place(section: str, name: str, literal: str, changed: tuple[str, str]) -> None:
    edited = toml_edit.set_value(TEXT, section, name, literal)
    assert edited == TEXT.replace(*changed)
    tomllib.loads(edited or "")


def test_an_inline_table_is_left_to_the_caller() -> None:
    assert toml_edit.set_value("a = {b = 1}\n", "a", "b", "2") is None
    assert toml_edit.remove("a = {b = 1}\n", "a", "b") is None


def test_a_table_without_a_last_line_break() -> None:
    assert toml_edit.set_value("[a]", "a", "b", "1") == "[a]\nb = 1\n"
    assert toml_edit.set_value("", "a", "b", "1") == "[a]\nb = 1\n"


def test_remove_takes_the_whole_statement() -> None:
    edited = toml_edit.remove(TEXT, "appearance", "list") or ""
    assert edited == TEXT.replace('list = [\n  1, # one\n  "]", {a = "}"},\n]\n', "")
    assert toml_edit.remove(TEXT, "appearance", "indented") == TEXT.replace("  indented = 2\n", "")


def test_comments_are_seen_outside_strings_only() -> None:
    assert toml_edit.has_comment("a = 1 # x")
    assert not toml_edit.has_comment('a = "# x"\nb = \'#\'\nc = """#"""\n')


def test_quoted_names() -> None:
    assert toml_edit.quoted("a-b_1") == "a-b_1"
    assert toml_edit.quoted("a.b") == '"a.b"'


@settings(max_examples=200, deadline=None)
@given(st.text("[]{}=\"'#\n\\ ab.,1", max_size=60))
def test_any_text_is_survived(text: str) -> None:
    toml_edit.lines(text)
    toml_edit.has_comment(text)
    edited = toml_edit.set_value(text, "s", "n", "1")
    try:
        before = tomllib.loads(text)
    except ValueError:
        return
    if edited is not None:
        try:
            after = tomllib.loads(edited)
        except ValueError:
            return  # The caller parses too, and then rewrites the whole file.
        if after.get("s", {}).get("n") == 1:
            before.setdefault("s", {})
            before["s"]["n"] = 1
            assert after == before
