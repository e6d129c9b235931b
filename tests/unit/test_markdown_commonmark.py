"""Our reading of Markdown equals markdown-it's: blocks, containers, roles, links and text."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings

from poe_tui.transcript.markdown import MarkdownRenderer
from tests.unit.markdown_texts import TRICKY, answers, blocks, characters, marks
from tests.unit.transcript_reference import Block, our_blocks, reference_blocks

DIFFERENT = {
    "table": "a cell more than there are columns: ours keeps its words",
    "entities": "an entity for a control character: ours stays as written",
}
"""Documents we read in another way on purpose."""


def ours(text: str) -> list[Block]:
    """The blocks of one full rendering."""
    renderer = MarkdownRenderer(40)
    renderer.feed(text)
    renderer.finish()
    return our_blocks(renderer)


@pytest.mark.parametrize("name", [name for name in TRICKY if name not in DIFFERENT])
def test_a_tricky_document_is_read_as_markdown_it_reads_it(name: str) -> None:
    text = TRICKY[name]
    assert ours(text) == reference_blocks(text)


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_deliberate_difference_is_one(name: str) -> None:
    assert ours(TRICKY[name]) != reference_blocks(TRICKY[name])


def comparable(text: str) -> bool:
    """Leave out where markdown-it has quirks of its own.

    A link whose parenthesis never closes, beside definitions; a quote that ends in a bare ``>`` without a newline;
    columns behind a tab in nested quotes. And images without words: we show the address, it is encoded there.
    """
    tabs = re.search(r">.*>.*\t", text)
    return not (tabs or "![](" in text or ("](" in text and "]:" in text) or text.rstrip(" \t").endswith(">"))


@settings(max_examples=200, deadline=None)
@given(blocks)
@example("- a\n2. b\n\n     c")
@example("[a]: /u\n===\n")
@example("- a\n # b\n  - c\n    # d")
def test_blocks_are_read_as_markdown_it_reads_them(text: str) -> None:
    assume(comparable(text))
    assert ours(text) == reference_blocks(text)


@settings(max_examples=200, deadline=None)
@given(marks)
@example("*a **b*** c**")
@example("[a *b](/u) c*")
def test_marks_are_read_as_markdown_it_reads_them(text: str) -> None:
    assume(comparable(text))
    assert ours(text) == reference_blocks(text)


@settings(max_examples=150, deadline=None)
@given(characters)
def test_any_characters_are_read_as_markdown_it_reads_them(text: str) -> None:
    assume(comparable(text))
    assert ours(text) == reference_blocks(text)


@settings(max_examples=60, deadline=None)
@given(answers)
def test_answers_are_read_as_markdown_it_reads_them(text: str) -> None:
    assume("|" not in text)
    assert ours(text) == reference_blocks(text)
