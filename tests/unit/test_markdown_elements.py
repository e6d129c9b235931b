"""What each element of Markdown looks like as lines, and what lines carry for copying."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest

from poe_tui.transcript.lines import Citation, Line, Span
from poe_tui.transcript.markdown import MarkdownRenderer, render
from tests.unit.markdown_texts import TRICKY, shown


def text(source: str, width: int = 40) -> list[str]:
    return shown(render(source, width))


def spans(source: str, width: int = 80) -> list[tuple[str, str]]:
    """The spans of the first line."""
    return [(span.text, span.role) for span in render(source, width)[0].spans]


def rendered(source: str, width: int = 80) -> MarkdownRenderer:
    renderer = MarkdownRenderer(width)
    renderer.feed(source)
    renderer.finish()
    return renderer


# --- blocks -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("level", range(1, 7))
def test_a_heading_has_its_level_as_role_and_no_marks(level: int) -> None:
    (line,) = render("#" * level + " Title *x* ##", 40)
    assert line.kind == "heading"
    assert line.spans == (
        Span("Title ", f"heading h{level}", None, level + 1),
        Span("x", f"heading h{level} emphasis", None, level + 8),
    )


def test_one_blank_row_between_two_blocks_and_none_at_the_edges() -> None:
    source = "\n\n# a\nb\n\n\n\n- c\n- d\n```\ne\n```\n> f\n***\n| g |\n|---|\n\n<p>\n\n\n"
    lines = render(source, 20)
    kinds = [line.kind for line in lines]
    assert kinds == [
        "heading", "blank", "text", "blank", "text", "text", "blank", "code-head", "code", "blank", "text", "blank",
        "rule", "blank", "table-head", "table-rule", "blank", "html",
    ]  # fmt: skip


def test_bullets_numbers_and_tasks() -> None:
    assert text("- a\n- [ ] b\n- [x] c\n") == ["• a", "[ ] b", "[x] c"]
    assert text("9. a\n9. b\n9. c\n") == ["9. a", "10. b", "11. c"]
    assert text("1) a\n2) b\n") == ["1) a", "2) b"]
    assert spans("- a")[0] == ("•", "list-marker")


def test_nested_lists_are_indented_by_their_markers() -> None:
    assert text("- a\n  - b\n    1. c\n       more\n\n       para\n- d") == [
        "• a", "  • b", "    1. c more", "", "       para", "• d",
    ]  # fmt: skip


def test_items_wrap_under_their_words() -> None:
    assert text("- some words that wrap\n  1. and here again", 14) == [
        "• some words", "  that wrap", "  1. and here", "     again",
    ]  # fmt: skip


def test_a_blank_line_in_the_source_is_a_blank_row_in_a_list() -> None:
    assert text("- a\n- b\n\n- c\n\n  d\n- e") == ["• a", "• b", "", "• c", "", "  d", "• e"]


def test_an_empty_item_shows_its_marker() -> None:
    assert text("- a\n-\n- c") == ["• a", "•", "• c"]
    assert text("1.\n\n2. b") == ["1.", "", "2. b"]


def test_quotes_have_a_bar_on_every_row_inside() -> None:
    assert text("> a\n>\n> b\n> > c\n\nd") == ["│ a", "│", "│ b", "│", "│ │ c", "", "d"]
    assert spans("> a")[0] == ("│ ", "quote-bar")


def test_a_rule_takes_the_width_that_is_left() -> None:
    assert text("***\n> ---\n", 10) == ["─" * 10, "", "│ " + "─" * 8]


def test_html_is_shown_as_it_is() -> None:
    assert text("<div onclick='x'>\n*a*\n</div>\n\nb <br> c") == ["<div onclick='x'>", "*a*", "</div>", "", "b <br> c"]
    assert ("<br>", "html") in spans("b <br> c")
    assert text("<!-- a\n\n\n\n-->\nb") == ["<!-- a", "", "", "", "-->", "", "b"]


def test_code_has_a_numbered_head_and_its_full_text() -> None:
    source = "```python\nx = " + "1 + " * 60 + "1\n```\n\n```\n\ttab\n```\n\n    indented\n"
    lines = render(source, 30)
    assert lines[0].spans == (Span("  ", "code.text"), Span("1", "code-number"), Span(" · python", "code-label"))
    assert lines[1].text == "  x = " + "1 + " * 60 + "1"
    assert text(source)[3:] == ["  2", "      tab", "", "  3", "  indented"]
    assert [line.block for line in lines] == [1, 1, 0, 2, 2, 0, 3, 3]


def test_code_in_a_container_stands_behind_its_prefix() -> None:
    (head, row) = render("> - ```sh\n>   ls", 30)
    assert (head.text, row.text) == ("│ •   1 · sh", "│     ls")
    assert head.indent == row.indent == 4


def test_outer_bars_give_way_where_there_is_no_room() -> None:
    lines = render("> " * 12 + "some words that wrap\n", 24)
    assert all(len(line.text) <= 24 for line in lines)
    assert lines[0].text == "│ " * 6 + "some words"


def test_a_footnote_stays_as_it_is() -> None:
    assert text("Words[^1].\n\n[^1]: The note\n") == ["Words[^1].", "", "[^1]: The note"]


# --- marks ------------------------------------------------------------------------------------------------------
def test_marks_become_roles() -> None:
    assert spans("a *b* **c** ***d*** ~~e~~ `f`") == [
        ("a ", "text"), ("b", "emphasis"), (" ", "text"), ("c", "strong"), (" ", "text"), ("d", "strong emphasis"),
        (" ", "text"), ("e", "strike"), (" ", "text"), ("f", "code"),
    ]  # fmt: skip
    assert spans("**a `b` [c](d)**") == [("a ", "strong"), ("b", "strong code"), (" ", "strong"), ("c", "strong link")]


@pytest.mark.parametrize(
    ("source", "shown_text", "target"),
    [
        ("[a *b*](https://x.example/c 'title')", "a b", "https://x.example/c"),
        ('[a](</with space> "t")', "a", "/with space"),
        ("[a](https://x.example/(b)?c=d&amp;e)", "a", "https://x.example/(b)?c=d&e"),
        ("<https://x.example/a>", "https://x.example/a", "https://x.example/a"),
        ("<a@x.example>", "a@x.example", "mailto:a@x.example"),
        ("![picture](p.png)", "picture", "p.png"),
        ("![](p.png)", "p.png", "p.png"),
        ("[![alt](p.png)](https://x.example)", "alt", "https://x.example"),
        ("https://x.example/a_b_c?d=*e*", "https://x.example/a_b_c?d=", "https://x.example/a_b_c?d="),
        ("[a][B]\n\n[b]: <c d>", "a", "c d"),
    ],
)
def test_a_link_shows_its_text_and_keeps_its_target(source: str, shown_text: str, target: str) -> None:
    renderer = rendered(source)
    found = [span for line in renderer.lines for span in line.spans if span.link]
    assert "".join(span.text for span in found) == shown_text
    assert {span.link for span in found} == {target}
    assert all("link" in span.role.split() for span in found)
    assert [(link.text, link.target) for link in renderer.links] == [(shown_text, target)]


@pytest.mark.parametrize("tail", [".", ",", "!", ")", "),", "…".replace("…", "."), "**", "_", "&gt;"])
def test_a_bare_address_ends_before_the_sentence_does(tail: str) -> None:
    (link,) = rendered(f"(see https://x.example/a{tail} there").links
    assert link.target == "https://x.example/a"


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "JavaScript:x", "vbscript:x", "data:text/html,x", "file:///x"]
)
def test_a_dangerous_target_makes_no_link(target: str) -> None:
    assert rendered(f"[a]({target}) <{target}>").links == []


@pytest.mark.parametrize(
    "source",
    [
        "$x_1 * y_2 * z$", "$$\na*b*c\n$$", "\\(a_1 * b_1 * c\\)", "\\[\nx *y* z\n\\]", "$\\alpha$",
        "costs $5 and *not* $6", "\\[1\\]",
    ],
)  # fmt: skip
def test_mathematics_is_left_as_its_source(source: str) -> None:
    shown_text = "\n".join(text(source))
    expected = {"costs $5 and *not* $6": "costs $5 and not $6", "\\[1\\]": "[1]"}.get(source, source)
    assert shown_text == expected


def test_an_entity_for_a_control_character_stays_as_written() -> None:
    assert text("&amp; &copy; &#65; &#27;[2J &#x202e; &zwj;") == ["& © A &#27;[2J &#x202e; &zwj;"]


def test_a_soft_break_is_a_space_and_a_hard_break_a_row() -> None:
    assert text("a\nb  \nc\\\nd") == ["a b", "c", "d"]


def test_tabs_become_spaces() -> None:
    assert text("a\tb") == ["a    b"]
    assert text("```\na\tb\n\tc\n```") == ["  1", "  a   b", "      c"]


# --- what copying needs -----------------------------------------------------------------------------------------
def test_rows_together_are_the_source_of_their_block() -> None:
    source = "# Title ##\n\nSome **bold words** that wrap, `code` too.\n\n- an item that wraps, too\n- b\n"
    renderer = rendered(source, 16)
    lines = [line for line in renderer.lines if line.start >= 0]
    assert source[lines[0].start : lines[0].end] == "# Title ##"
    words = [line for line in lines if line.kind == "text"]
    paragraph = [line for line in words if line.start < source.index("- an")]
    assert source[paragraph[0].start : paragraph[-1].end] == "Some **bold words** that wrap, `code` too."
    items = words[len(paragraph) :]
    assert source[items[0].start : items[-1].end] == "- an item that wraps, too\n- b"
    for before, after in pairwise(words):
        assert before.end <= after.start


def test_code_blocks_are_listed_with_their_exact_source() -> None:
    source = "```python title=x\na\n\n  b\t\n```\n- ```\n  c\n    d\n  ```\n\n    e\n> ~~~ js\n> f\n"
    blocks = rendered(source).code_blocks
    assert [(block.number, block.language, block.source) for block in blocks] == [
        (1, "python", "a\n\n  b\t\n"), (2, "", "c\n  d\n"), (3, "js", "f\n"),
    ]  # fmt: skip
    assert source[blocks[0].start : blocks[0].end] == "```python title=x\na\n\n  b\t\n```"


def test_tables_are_listed_as_rows() -> None:
    (table,) = rendered("| a | **b** |\n|---|---|\n| x\\|y | `1` 2 |\n| only |\n").tables
    assert table.rows == (("a", "b"), ("x|y", "1 2"), ("only",))
    assert table.tsv() == "a\tb\nx|y\t1 2\nonly\n"


def test_lists_of_an_open_answer_hold_what_there_is() -> None:
    renderer = MarkdownRenderer(40)
    renderer.feed("[a](b)\n\n```py\nx\ny")
    assert [link.target for link in renderer.links] == ["b"]
    assert renderer.code_blocks[0].source == "x\ny\n"


def test_the_source_is_the_text_with_plain_newlines() -> None:
    renderer = MarkdownRenderer(40)
    for delta in ("a\r", "\nb\r", "c\r\n", "d\0"):
        renderer.feed(delta)
    renderer.finish()
    assert renderer.source == "a\nb\nc\nd\ufffd"


# --- numbered sources -------------------------------------------------------------------------------------------
def cited(source: str, *marks: Citation, width: int = 60) -> list[str]:
    return shown(render(source, width, marks))


def test_a_mark_stands_behind_the_words_it_is_for() -> None:
    source = "First the cat, then the dog."
    assert cited(source, Citation(0, 13, 1), Citation(0, 13, 2), Citation(15, 27, 3)) == [
        "First the cat [1][2], then the dog [3]."
    ]
    (line,) = render(source, 60, [Citation(0, 13, 1, "https://x.example")])
    assert Span("[1]", "citation", "https://x.example", 12) in line.spans


def test_a_mark_takes_the_place_of_markup_that_only_names_its_source() -> None:
    source = "It rains ([x.example](https://x.example/?a=b)). It **pours** [y](https://y.example)."
    first, second = source.index("(["), source.index("[y]")
    marks = (Citation(first, first + 37, 1), Citation(second, len(source) - 1, 2))
    assert cited(source, *marks) == ["It rains [1]. It pours [2]."]


def test_a_mark_set_later_changes_its_block_only() -> None:
    renderer = MarkdownRenderer(60)
    renderer.feed("One.\n\nTwo.\n\nThree.\n\n| a |\n|---|\n| b |\n\n```\nc\n```\n\nOpen")
    before = list(renderer.lines)
    assert renderer.cite([Citation(6, 10, 1)]) == 2
    assert shown(list(renderer.lines))[:5] == ["One.", "", "Two. [1]", "", "Three."]
    assert list(renderer.lines)[3:] == before[3:]
    cell = renderer.source.index("b |")
    renderer.cite([Citation(cell, cell + 1, 2), Citation(cell + 12, cell + 13, 3)])
    assert "b [2]" in shown(list(renderer.lines))
    assert renderer.code_blocks[0].source == "c\n"
    end = len(renderer.source)
    renderer.cite([Citation(end - 4, end, 4)])
    assert renderer.lines[-1].text == "Open [4]"
    renderer.feed(" end")
    renderer.finish()
    assert renderer.lines[-1].text == "Open [4] end"
    assert renderer.cite([Citation(900, 901, 5)]) == len(renderer.lines)


def test_marks_given_early_and_late_are_the_same() -> None:
    source = TRICKY["links"] + "\n\nplain words, **bold** ones\n"
    marks = [Citation(3, 9, 1), Citation(len(source) - 20, len(source) - 5, 2)]
    renderer = MarkdownRenderer(40)
    for character in source:
        renderer.feed(character)
    renderer.cite(marks)
    renderer.finish()
    assert list(renderer.lines) == render(source, 40, marks)


# --- imports ----------------------------------------------------------------------------------------------------
def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys\n"
        "from poe_tui.transcript.markdown import render\n"
        "render('# a\\n\\n- **b** `c`\\n\\n| d |\\n|---|\\n| 1 |\\n', 40)\n"
        "heavy = {'textual', 'pygments', 'markdown_it', 'rich', 'html.entities'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_line_is_its_spans() -> None:
    assert Line((Span("a"), Span("b"))).text == "ab"


# --- scripts without spaces -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("source", "strong"),
    [
        ("**注意：**后面还有", "注意："),
        ("这是**“重点”**的词", "“重点”"),
        ("これは**「引用」**です", "「引用」"),
        ("plain **words.**more", ""),
        ("说**重点**的", "重点"),
    ],
)
def test_emphasis_closes_beside_a_cjk_character(source: str, strong: str) -> None:
    assert "".join(text for text, role in spans(source) if role == "strong") == strong


def test_lines_of_cjk_text_join_without_a_space() -> None:
    assert text("漢字と\nかな\nand words\n漢字") == ["漢字とかな and words 漢字"]
