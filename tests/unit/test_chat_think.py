"""Thinking between tags, wherever the text is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.api.think import ThinkSplitter, writes_thoughts


def split(*pieces: str) -> tuple[str, str]:
    """Return (reasoning, text)."""
    splitter = ThinkSplitter()
    said = {"reasoning": "", "text": ""}
    for voice, text in [found for piece in pieces for found in splitter.feed(piece)] + splitter.flush():
        said[voice] += text
    return said["reasoning"], said["text"]


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("<think>\nSo.\n</think>\n\nYes.", "So.", "Yes."),
        ("\n <think>So.</think>Yes.", "So.", "Yes."),
        ("<thinking>So.</thinking> Yes.", "So.", "Yes."),
        ("<THINK>So.</Think>Yes.", "So.", "Yes."),
        ("<think></think>\n\nYes.", "", "Yes."),
        ("<think>a</think>\n<think>b</think>Yes.", "a\n\nb", "Yes."),
        ("<think>a < b </thin </think>Yes.", "a < b </thin", "Yes."),
        ("<think>So", "So", ""),
        ("<think>So </thi", "So </thi", ""),
        ("<think>So.</think>", "So.", ""),
        ("Yes. <think>no</think>", "", "Yes. <think>no</think>"),
        ("  Yes.", "", "  Yes."),
        ("<thin", "", "<thin"),
        ("<b>", "", "<b>"),
        ("İ<think>x</think>", "", "İ<think>x</think>"),
        ("<think>İ</think>x", "İ", "x"),
        ("", "", ""),
    ],
)
def test_what_is_thought_and_what_is_said(text: str, thought: str, answer: str) -> None:
    assert split(text) == (thought, answer)
    assert split(*text) == (thought, answer)


TAGGED = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<thinking>", "</thinking>", "<", "/", "think>", "\n", " ", "a", "İ", "So. "]
    ),
    max_size=12,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(TAGGED, st.data())
def test_however_it_is_cut(text: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    cut = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    assert split(*cut) == split(text)


@pytest.mark.parametrize(
    "name",
    ["DeepSeek-R1", "deepseek-r1-di", "QwQ-32B-B10", "Qwen3-235B-A22B-DI", "GLM-4.6", "Kimi-K2-Thinking", "MiniMax-M2"],
)
def test_families_that_write_their_thoughts(name: str) -> None:
    assert writes_thoughts(name)


@pytest.mark.parametrize("name", ["GPT-5.2", "Claude-Sonnet-4.5", "Llama-4-Maverick", "Flux-Kontext", "Demo-Echo", ""])
def test_families_that_do_not(name: str) -> None:
    assert not writes_thoughts(name)
