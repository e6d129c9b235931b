"""Answers that are JSON are code: however they come, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.transcript.json_text import Indenter, is_json
from tests.unit.transcript_kit import a_turn, begun, document, drawn, message, row_of, stream_of, streamed, text

PRETTY = '{\n  "city": "Tokyo",\n  "days": [\n    1,\n    2\n  ]\n}'
ONE_LINE = '{"city":"Tokyo","days":[1,2]}'
ASKED = {"text": {"format": {"type": "json_schema", "name": "x", "schema": {}}}}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def rows(*turns: Any) -> list[str]:
    doc = document()
    doc.load(turns)
    return text(doc)[5:]


def test_json_is_drawn_as_code_and_copied_as_it_came() -> None:
    shown = rows(a_turn("Ask", [message(PRETTY)]))
    assert [row.strip() for row in shown][:3] == ["1 · json", "{", '"city": "Tokyo",']
    assert [row[2:] for row in shown][1:] == PRETTY.split("\n")
    doc = document()
    doc.load([a_turn("Ask", [message(PRETTY)])])
    for row in drawn_rows(doc):
        if row.line.kind == "code":
            assert row.origin.source[row.line.start : row.line.end] == row.line.text[2:]


def drawn_rows(doc: Any) -> list[Any]:
    view = doc.view(0)
    view.walk(0, 1 << 20)
    return [view.row(at) for at in range(view.height)]


def test_json_on_one_line_is_broken_into_lines() -> None:
    assert [row[2:] for row in rows(a_turn("Ask", [message(ONE_LINE)]))][1:] == PRETTY.split("\n")
    doc = document()
    doc.load([a_turn("Ask", [message(ONE_LINE)])])
    for row in drawn_rows(doc):
        if row.line.kind == "code":
            assert row.origin.source[row.line.start : row.line.end] == row.line.text[2:]


def test_what_was_asked_for_as_json_is_code_from_the_first_character() -> None:
    doc = document()
    turn = begun("Ask", options=ASKED)
    streamed(doc, turn, stream_of([message("[1, 2, 3, 4")], chunk=3), None, frames=1)
    assert "1 · json" in [row.strip() for row in text(doc)]


def test_it_streams_into_what_the_row_gives() -> None:
    for source in (
        PRETTY,
        ONE_LINE,
        PRETTY + "\n",
        '[{"a": "x\\n```"}]',
        "[1] is a source",
        "{ not json }",
        '{"cut": ',
    ):
        for options in ({}, ASKED):
            for chunk in (1, 5, 900):
                turn = begun("Ask", options=options)
                events = stream_of([message(source)], chunk=chunk)
                row = row_of(turn, events)
                live, stored = document(), document()
                streamed(live, turn, events, row, frames=1)
                stored.load([row])
                assert drawn(live) == drawn(stored), (source, options, chunk)


def test_words_are_no_json() -> None:
    for source in ("[1] says so", "[link](https://x.example)", "{x}", "[]( )", "- [ ] task", "12", '"words"'):
        assert not is_json(source, asked=False, complete=False), source
        assert not is_json(source, asked=False, complete=True), source
    assert not is_json("", asked=True, complete=True)
    assert not is_json("```json\n{}\n```", asked=True, complete=True)


def test_hostile_depth_neither_fails_nor_fills_the_page() -> None:
    source = "[" * 100_000 + "]" * 100_000
    assert not is_json(source, asked=False, complete=True)
    assert max(len(line) for line in Indenter().feed("[" * 500 + "1").split("\n")) < 100


@settings(max_examples=120, deadline=None)
@given(values, st.integers(1, 9), st.booleans())
def test_indenting_keeps_the_value_in_any_chunking(value: Any, chunk: int, ascii_only: bool) -> None:
    source = json.dumps(value, ensure_ascii=ascii_only)
    indenter = Indenter()
    made = "".join(indenter.feed(source[at : at + chunk]) for at in range(0, len(source), chunk))
    assert json.loads(made) == value
    assert made == json.dumps(value, ensure_ascii=ascii_only, indent=2)
