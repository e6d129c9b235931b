"""Pasted and dropped paths, as the terminals and file managers of this world paste them."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.pasted_paths import readings


@pytest.mark.parametrize(
    ("pasted", "paths"),
    [
        ("/home/me/a.png", ("/home/me/a.png",)),
        ("  /home/me/a.png \n", ("/home/me/a.png",)),
        ("'/home/me/a b.png' ", ("/home/me/a b.png",)),
        ('"/home/me/a b.png"', ("/home/me/a b.png",)),
        ("/Users/me/a\\ b\\ \\(1\\).png ", ("/Users/me/a b (1).png",)),
        ("'/it'\\''s.png' '/b.png'", ("/it's.png", "/b.png")),
        ("/a.png /b.png", ("/a.png", "/b.png")),
        ("/a b.png\n/c.png\r\n", ("/a b.png", "/c.png")),
        ("file:///home/me/a%20b%C3%A9.png", ("/home/me/a bé.png",)),
        ("file://localhost/a.png file:///b.png", ("/a.png", "/b.png")),
        ("FILE:///a.png", ("/a.png",)),
        ("~/a.png", ("~/a.png",)),
        ("C:\\Users\\me\\a b.png", ("/mnt/c/Users/me/a b.png",)),
        ('"C:\\Users\\me\\a b.png" D:\\b.png', ("/mnt/c/Users/me/a b.png", "/mnt/d/b.png")),
    ],
)
def test_paths(pasted: str, paths: tuple[str, ...]) -> None:
    assert paths in readings(pasted)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "hello", "src/main.py", "./a.png", "a /b", "// a comment", "-rf",
        "http://example.org/a.png", "file://elsewhere/a.png", "file:///a%00b", "/a\x00b", "/x\x1b[31m", "C:",
        "Note: /a", "/a\nand then words",
    ],
)  # fmt: skip
def test_a_text_stays_a_text(text: str) -> None:
    assert readings(text) == []


def test_a_name_with_a_backslash_or_a_space_may_be_meant_as_it_stands() -> None:
    assert readings("/a\\ b") == [("/a\\ b",), ("/a b",)]
    assert readings("/a b")[0] == ("/a b",)


def test_a_long_text_is_no_list_of_files() -> None:
    assert readings("/a\n" * 60) == []
    assert readings("/" + "a" * 10_000) == []


_NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/"), min_size=1, max_size=12)
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


@settings(max_examples=200, deadline=None)
@given(st.lists(_PATHS, min_size=1, max_size=5))
def test_what_a_shell_quotes_is_read_back(paths: list[str]) -> None:
    assert tuple(paths) in readings(shlex.join(paths))


@settings(max_examples=200, deadline=None)
@given(st.lists(_PATHS.filter(lambda path: ".." not in PurePosixPath(path).parts), min_size=1, max_size=5))
def test_urls_are_read_back(paths: list[str]) -> None:
    assert tuple(paths) in readings("\r\n".join(f"file://{quote(path)}" for path in paths))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_without_failing(text: str) -> None:
    for reading in readings(text):
        assert reading and all(path.startswith(("/", "~/")) and "\x00" not in path for path in reading)
