"""Code lexed line by line: state over lines, nothing lost, nothing guessed, nothing that can stop an answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.transcript import highlight
from poe_tui.transcript.highlight import LineLexer, warm


def roles(language: str, *lines: str) -> list[list[tuple[str, str]]]:
    lexer = LineLexer(language)
    return [[(text, role.removeprefix("code.")) for text, role in lexer.line(line)] for line in lines]


def role_of(word: str, tokens: list[tuple[str, str]]) -> str:
    return next(role for text, role in tokens if word in text)


def test_a_line_of_python() -> None:
    (tokens,) = roles("python", 'def day(n: int) -> str: return f"{n} x"  # why')
    assert "".join(text for text, _ in tokens) == 'def day(n: int) -> str: return f"{n} x"  # why'
    assert role_of("def", tokens) == "keyword"
    assert role_of("day", tokens) == "name"
    assert role_of("return", tokens) == "keyword"
    assert role_of("# why", tokens) == "comment"
    assert role_of("(", tokens) == "punctuation"
    assert role_of("x", tokens) == "string"


@pytest.mark.parametrize(
    ("language", "lines", "word", "role"),
    [
        ("python", ["x = '''a", "def b", "'''"], "def b", "string"),
        ("c", ["int x; /* a", "int b", "*/ int c;"], "int b", "comment"),
        ("javascript", ["/* a", "const b", "*/"], "const b", "comment"),
        ("css", ["/* a", "b {", "*/"], "b {", "comment"),
        ("html", ["<!-- a", "<b>", "-->"], "<b>", "comment"),
        ("rust", ["/* a", "fn b", "*/"], "fn b", "comment"),
        ("javascript", ["x = `a", "const b", "`"], "const b", "string"),
        ("yaml", ["a: |", "  def b", "c: 1"], "def b", "string"),
    ],
)
def test_what_goes_on_over_lines(language: str, lines: list[str], word: str, role: str) -> None:
    assert role_of(word, roles(language, *lines)[1]) == role


def test_a_comment_that_ended_is_over() -> None:
    found = roles("c", "/* a */ int x;", "/* b", "*/ int y;", "int z;")
    assert [role_of("int", found[index]) for index in (0, 2, 3)] == ["keyword"] * 3
    assert role_of('"/*', roles("c", 'char *s = "/*"; int x;', "int y;")[0]) == "string"
    assert role_of("int", roles("c", 'char *s = "/*";', "int y;")[1]) == "keyword"


def test_php_needs_no_opening_tag() -> None:
    assert role_of("echo", roles("php", "echo 'x';")[0]) == "keyword"
    assert role_of("echo", roles("php", "<?php echo 'x';")[0]) == "keyword"


def test_json_and_diff_and_space() -> None:
    assert role_of("12", roles("json", '{"a": 12}')[0]) == "number"
    added, removed = roles("diff", "+ a", "- b")
    assert added[0][1] == "inserted"
    assert removed[0][1] == "deleted"
    assert roles("python", "    ") == [[("    ", "text")]]


@pytest.mark.parametrize("language", ["", "text", "no-such-language", "x" * 100, "../../etc", "\x00"])
def test_an_unknown_language_is_plain_and_never_guessed(language: str) -> None:
    assert roles(language, "def x(): pass", "") == [[("def x(): pass", "text")], []]


def test_a_very_long_line_is_plain_and_the_next_one_is_not() -> None:
    long = "x = 1; " * 400
    first, second = roles("python", long, "def f")
    assert first == [(long, "text")]
    assert role_of("def", second) == "keyword"


def test_a_lexer_that_fails_leaves_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    lexer = LineLexer("python")

    def fail(*_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(lexer, "_walk", fail)
    assert lexer.line("def f") == [("def f", "code.text")]
    assert lexer.line("def g") == [("def g", "code.text")]


def test_a_lexer_that_loses_text_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    lexer = LineLexer("python")
    monkeypatch.setattr(lexer, "_walk", lambda *_: iter([(("Keyword",), "de")]))
    assert lexer.line("def f") == [("def f", "code.text")]


def test_a_slow_lexer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlight, "SLOW", -1.0)
    lexer = LineLexer("python")
    found = [lexer.line("def f") for _ in range(highlight.STRIKES + 1)]
    assert len(found[0]) > 1
    assert found[-1] == [("def f", "code.text")]


@pytest.mark.parametrize("language", ["python", "yaml", "c", "ruby", "json", "html"])
def test_a_line_can_be_lexed_again_from_a_saved_state(language: str) -> None:
    lexer = LineLexer(language)
    lexer.line("a: '''")
    state = lexer.state
    first = lexer.line("  b: |")
    lexer.line("/* c")
    lexer.restore(state)
    assert lexer.line("  b: |") == first


LANGUAGES = (
    *("python", "javascript", "typescript", "bash", "json", "yaml", "html", "css", "c", "cpp", "java", "go", "rust"),
    *("ruby", "php", "sql", "kotlin", "swift", "lua", "perl", "toml", "ini", "diff", "dockerfile", "make", "latex"),
    *("markdown", "xml", "haskell", "scala", "r", "powershell", "jsx", "vue", "nginx", "graphql", "elixir", "django"),
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(LANGUAGES),
    st.lists(st.text("ab01 \t\"'`/*<>!-#{}()[]=:;,.$@\\|&%+é漢", max_size=25), max_size=8),
)
def test_no_character_is_lost_in_any_language(language: str, lines: list[str]) -> None:
    lexer = LineLexer(language)
    for line in lines:
        tokens = lexer.line(line)
        assert "".join(text for text, _ in tokens) == line
        assert all(text for text, _ in tokens)


def test_warming_up_imports_the_usual_lexers() -> None:
    warm()
    assert highlight._lexer("python") is not None
