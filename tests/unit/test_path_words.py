"""``@path`` in a prompt: where one stands, what fits it; and the disk behind it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.engine.path_finder import MOST_ENTRIES, PathFinder
from poe_tui.path_words import PathEntry, PathToken, is_rooted, rank, split, token_at, wants_hidden, written


@pytest.mark.parametrize(
    ("line", "token"),
    [
        ("@", PathToken(0, 1, "")),
        ("@src/ma", PathToken(0, 7, "src/ma")),
        ("what is @notes", PathToken(8, 14, "notes")),
        ("(@notes", PathToken(1, 7, "notes")),
        ('see @"my file', PathToken(4, 13, "my file")),
        ("me@example.org", None),
        ("@a b", None),
        ("@a@b", None),
        ('@"a" b', None),
        ("nothing", None),
        ("", None),
        ("x" * 3000 + "@a", None),
        ("@" + "x" * 3000, None),
    ],
)
def test_the_token_before_the_caret(line: str, token: PathToken | None) -> None:
    assert token_at(line, len(line)) == token


def test_the_token_goes_on_behind_the_caret() -> None:
    assert token_at("see @notes.txt now", 8) == PathToken(4, 14, "not")
    assert token_at('see @"my file.txt" now', 9) == PathToken(4, 18, "my ")
    assert token_at("see @notes.txt now", 17) is None


@settings(max_examples=200, deadline=None)
@given(st.text('@a/" \t(.~', max_size=30), st.integers(0, 30))
def test_a_token_is_where_it_says(line: str, column: int) -> None:
    token = token_at(line, min(column, len(line)))
    if token is not None:
        assert line[token.start] == "@" and token.start < min(column, len(line)) <= token.end <= len(line)
        assert line[token.start + 1 :].lstrip('"').startswith(token.fragment)


def test_parts_of_a_fragment() -> None:
    assert split("src/ma") == ("src/", "ma")
    assert split("~") == ("~/", "")
    assert split("/ho") == ("/", "ho")
    assert [is_rooted(text) for text in ("/a", "~/a", "./a", "../a", "..", "a/b", "")] == [True] * 5 + [False] * 2
    assert [wants_hidden(text) for text in (".", "..", ".g", "a/.g", "./a", "a")] == [False] * 2 + [True] * 2 + [
        False
    ] * 2


def test_rank() -> None:
    entries = [PathEntry(path) for path in ("readme.md", "src/main.py", "src/deep/main_menu.py", "domain.txt", "man")]
    assert [entry.path for entry in rank("main", entries, 9)] == [
        "src/main.py", "src/deep/main_menu.py", "domain.txt",
    ]  # fmt: skip
    assert [entry.path for entry in rank("src/mmn", entries, 9)] == ["src/deep/main_menu.py"]
    assert rank("", entries, 2) == entries[:2]
    assert rank("zzz", entries, 9) == []


def test_what_stands_in_the_prompt() -> None:
    assert written(PathEntry("src", True)) == "src/"
    assert written(PathEntry("my files", True)) == '"my files/'


class TestFinder:
    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        for name in (
            "a.txt",
            "src/main.py",
            "src/deep/menu.py",
            ".hidden/x",
            ".env",
            "node_modules/lib/main.js",
            "my f/b",
        ):
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("12345")
        (tmp_path / "src" / "up").symlink_to(tmp_path)
        (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
        os.mkfifo(tmp_path / "pipe")
        return tmp_path

    def found(self, tree: Path, fragment: str) -> list[str]:
        return [entry.shown for entry in PathFinder(str(tree)).find(fragment)]

    def test_nothing_typed_lists_the_directory_files_first_and_nothing_hidden(self, tree: Path) -> None:
        assert self.found(tree, "") == ["a.txt", "my f/", "node_modules/", "src/"]

    def test_a_name_is_found_in_the_tree_but_not_in_what_nobody_attaches(self, tree: Path) -> None:
        assert self.found(tree, "main") == ["src/main.py"]
        assert self.found(tree, "menu") == ["src/deep/menu.py"]
        assert self.found(tree, "node_modules/lib/m") == ["node_modules/lib/main.js"]

    def test_hidden_names_only_when_asked_for(self, tree: Path) -> None:
        assert self.found(tree, ".") == ["./a.txt", "./my f/", "./node_modules/", "./src/"]
        assert self.found(tree, ".e") == [".env", ".hidden/"]
        assert self.found(tree, ".hidden/") == [".hidden/x"]

    def test_rooted_fragments_stay_in_their_directory(self, tree: Path) -> None:
        assert self.found(tree, "./src/") == ["./src/main.py", "./src/deep/", "./src/up/"]
        assert self.found(tree, f"{tree}/src/ma") == [f"{tree}/src/main.py"]
        assert self.found(tree, "./menu") == []

    def test_home(self, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tree))
        assert self.found(tree, "~/sr") == ["~/src/"]
        assert "~/a.txt" in self.found(tree, "~")

    def test_sizes_are_there(self, tree: Path) -> None:
        assert PathFinder(str(tree)).find("a.txt")[0] == PathEntry("a.txt", size=5)

    @pytest.mark.parametrize(
        "fragment", ["nowhere/", "a.txt/", "\x00", "~nobody/", "x" * 5000, "a" * 300 + "/", "src\ud800/"]
    )
    def test_what_is_not_there_is_empty(self, tree: Path, fragment: str) -> None:
        assert self.found(tree, fragment) == []

    def test_it_looks_no_further_than_it_may(self, tree: Path) -> None:
        clock = iter(range(1000))
        finder = PathFinder(str(tree), clock=lambda: float(next(clock)))
        assert finder.find("menu") == []

    def test_a_large_directory_is_cut(self, tmp_path: Path) -> None:
        for number in range(MOST_ENTRIES + 10):
            (tmp_path / f"{number}").touch()
        assert len(PathFinder(str(tmp_path)).find("", MOST_ENTRIES * 2)) == MOST_ENTRIES
