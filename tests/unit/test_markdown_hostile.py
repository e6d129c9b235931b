"""Text made to hurt: it becomes plain, in linear time, and nothing is lost or raised."""

from __future__ import annotations

import time

import pytest

from poe_tui.transcript.markdown import MarkdownRenderer, render

FRAMES = 1_250
"""How many deltas a long text arrives in."""
BLOCKED = 3.0
"""Seconds of processor time after which something hangs. Half a second is what it takes at most on a quiet machine
(``python -m bench``); a loaded one, or a slower interpreter, is no reason to fail: the work is counted below."""

HOSTILE: dict[str, str] = {
    "100,000 stars": "*" * 100_000,
    "stars in a word": "a" + "*" * 100_000 + "b",
    "openers": "*a **b " * 14_000,
    "closers": "a* b** " * 14_000,
    "mixed delimiters": "*_" * 50_000,
    "rule of three": "*a **b ***c " * 8_000,
    "strikes": "~~a " * 25_000,
    "deep emphasis": "*a **b " * 1_000 + "c" + "** *" * 1_000,
    "1,000 quotes": "> " * 1_000 + "a\n" + ">" * 1_000 + "b\n",
    "quotes ever deeper": "\n".join(">" * depth + " x" for depth in range(300)),
    "1,000 lists in a line": "- " * 1_000 + "x\n",
    "lists ever deeper": "\n".join("  " * depth + "- x" for depth in range(300)),
    "5,000 columns": f"|{'a|' * 5_000}\n|{'-|' * 5_000}\n" + f"|{'b|' * 5_000}\n" * 5,
    "5,000 columns, short rows": f"|{'a|' * 5_000}\n|{'-|' * 5_000}\n" + "|b\n" * 1_000,
    "a line of 1 MB": "x" * 1_000_000,
    "words of 1 MB": "word " * 200_000,
    "marked words of 1 MB": "*word* `x` " * 90_000,
    "wide characters of 1 MB": "漢字" * 250_000,
    "marks above marks": "a" + "\u0301" * 300_000,
    "1 MB of spaces": "a" + " " * 1_000_000 + "b",
    "tabs": "a" + "\t" * 100_000 + "b",
    "200,000 brackets": "[" * 200_000,
    "image openers": "![" * 100_000,
    "nested brackets": "[" * 50_000 + "]" * 50_000,
    "half links": "[a](" * 25_000,
    "half destinations": "[a](<b" * 10_000,
    "half titles": '[a](b "' * 10_000,
    "parentheses": "[a](" + "(" * 50_000,
    "references": "[a][b]" * 15_000,
    "backtick runs": "".join("`" * (number % 300 + 1) + "a" for number in range(600)),
    "backticks": "`a" * 50_000,
    "angles": "<" * 100_000,
    "tags": '<a b="' * 15_000,
    "comments": "<!--" * 25_000,
    "ampersands": "&a;" * 30_000,
    "backslashes": "\\" * 100_000,
    "formulas": "\\(" * 25_000 + "$a " * 25_000 + "$$",
    "addresses": "http://" * 15_000,
    "address with parentheses": "http://a" + ")" * 60_000,
    "address with points": "https://a" + ".," * 30_000,
    "rule that is none": "* " * 50_000 + "x",
    "dashes": "-" * 100_000 + "x",
    "pipes": "|" * 100_000,
    "heading": "# " + "# " * 50_000,
    "definition labels": "[a\n" * 2_000,
    "definition titles": '[a]: /u "\n' + "x\n" * 2_000,
    "lazy lines": "> a\n" + "b\n" * 4_000,
    "fences that are none": "para\n" + "``` a` b\n" * 5_000,
    "a line of code of 500 kB": "```json\n" + '{"a": 1}, ' * 50_000 + "\n```\n",
    "comment openers": "```c\n" + "/*" * 50_000,
    "table with ever wider cells": "|a|b|\n|-|-|\n"
    + "".join(f"|{'x' * (row % 97)}|{'y' * (row // 7)}|\n" for row in range(700)),
    "joiners": "👩\u200d" * 30_000,
    "flags": "🇩🇪" * 20_000,
}


def stream(text: str) -> tuple[MarkdownRenderer, float]:
    """Feed a text frame by frame; return the renderer and the processor time of the longest call."""
    renderer = MarkdownRenderer(80)
    longest = 0.0
    size = max(80, len(text) // FRAMES)
    for at in range(0, len(text), size):
        started = time.process_time()
        renderer.feed(text[at : at + size])
        longest = max(longest, time.process_time() - started)
    started = time.process_time()
    renderer.finish()
    return renderer, max(longest, time.process_time() - started)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_does_not_block_and_costs_linear_work(name: str) -> None:
    text = HOSTILE[name]
    render("```c\nint x;\n```\n```json\n{}\n```", 80)
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        lines = render(text, 80)
        best = min(best, time.process_time() - started)
        if best < BLOCKED:
            break
    assert best < BLOCKED
    renderer, longest = stream(text)
    if longest >= BLOCKED:
        # A machine under load, or a pause of the garbage collector: once more.
        renderer, longest = stream(text)
    assert list(renderer.lines) == lines
    assert longest < BLOCKED
    # What is read again while a block is open may not grow with its square.
    assert renderer.parsed < 40 * len(text) + 2_000_000
    shown = sum(len(line.text) for line in lines)
    assert shown or not text.strip("*|-# ")


def test_work_grows_with_the_length_of_an_answer_and_not_faster() -> None:
    part = (
        "## Part\n\nWords with **marks** and `code`, enough for two rows of text at this width, or so.\n\n"
        "- an item\n- another one\n\n```python\nx = 1\ny = [x]\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    )
    short, _ = stream(part * 50)
    long, _ = stream(part * 250)
    assert long.parsed < 5.1 * short.parsed
    assert short.parsed < 6 * len(part * 50)


def test_nothing_is_lost_below_the_deepest_container() -> None:
    (line,) = [line for line in render("> " * 100 + "words\n", 80) if "words" in line.text]
    assert line.text.endswith("> words")


def test_every_frame_of_a_long_answer_costs_the_same() -> None:
    renderer = MarkdownRenderer(80)
    read: list[int] = []
    for _ in range(400):
        before = renderer.parsed
        renderer.feed("A paragraph of **some** words that is as long as others.\n\n")
        read.append(renderer.parsed - before)
    assert max(read[1:]) == min(read[1:])
