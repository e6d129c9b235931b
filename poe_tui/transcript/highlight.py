"""Code line by line, with the lexer's state saved between lines: each line is lexed once, whatever its block's length.

pygments lexes whole texts. We drive its rules ourselves, one line at a time, with the stack of states it would have;
comments and the like that its rules match over several lines in one go are followed by :data:`_SPANNING`. pygments is
imported with the first block that names a language (:func:`warm` does it early, outside the hot path). A language is
never guessed; an unknown one, a very long line and a lexer that fails or is slow give plain text.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Token = tuple[str, str]
"""Text and role."""

PLAIN = "code.text"
LONGEST_LINE = 1_000
"""Longer lines stay plain: they are data, and their cost is hard to bound."""
SLOW = 0.1
"""Seconds of processor time one line may take. After :data:`STRIKES` slower ones the rest of the block is plain: an
emergency brake, a thousand times what a line needs (one or two may meet a pause of the garbage collector)."""
STRIKES = 3

_C = ("/*", "*/")
_MARKUP = ("<!--", "-->")
_SPANNING: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        (
            "c", "cpp", "objective-c", "objective-c++", "java", "javascript", "typescript", "css", "scss", "less",
            "go", "php", "csharp", "kotlin", "swift", "scala", "rust", "dart", "groovy", "glsl", "hlsl", "cuda",
            "sql", "mysql", "postgresql", "protobuf", "zig", "solidity", "verilog", "systemverilog", "d", "vala",
        ),
        _C,
    ),
    **dict.fromkeys(("html", "xml", "xslt", "vue", "svelte"), _MARKUP),
}  # fmt: skip
_ROLES = (
    ("Comment", "code.comment"), ("Keyword.Constant", "code.number"), ("Keyword", "code.keyword"),
    ("Operator.Word", "code.keyword"), ("Name.Function", "code.name"), ("Name.Class", "code.name"),
    ("Name.Tag", "code.name"), ("Name.Decorator", "code.name"), ("Name.Builtin.Pseudo", PLAIN),
    ("Literal.String", "code.string"), ("String", "code.string"), ("Literal.Number", "code.number"),
    ("Literal", "code.string"), ("Punctuation", "code.punctuation"), ("Operator", "code.punctuation"),
    ("Generic.Inserted", "code.inserted"), ("Generic.Deleted", "code.deleted"), ("Generic.Heading", "code.keyword"),
    ("Generic.Subheading", "code.keyword"), ("Generic.Prompt", "code.keyword"),
)  # fmt: skip
_MOST_STEPS = 20_000
_ALIASES = {"": "", "text": "", "txt": "", "plain": "", "plaintext": "", "none": "", "console": "bash", "shell": "bash"}
_COMMON = ("python", "bash", "json", "javascript")

State = tuple[Any, ...]


def warm() -> None:
    """Import pygments and the usual lexers now, in a quiet moment."""
    for language in _COMMON:
        LineLexer(language).line("x = 1")


@lru_cache(maxsize=512)
def _role(token: Any) -> str:
    name = ".".join(token)
    for prefix, role in _ROLES:
        if name.startswith(prefix):
            return role
    return PLAIN


@lru_cache(maxsize=64)
def _lexer(language: str) -> Any:
    """A pygments lexer, or ``None``."""
    language = _ALIASES.get(language.lower(), language.lower())
    if not language or len(language) > 40:
        return None
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except (ClassNotFound, ImportError):
        return None


class LineLexer:
    """Lines of one block of code as tokens."""

    def __init__(self, language: str) -> None:
        self._lexer = _lexer(language)
        lexer = self._lexer
        self._rules: dict[str, Any] | None = getattr(lexer, "_tokens", None)
        self._spanning = _SPANNING.get(lexer.aliases[0]) if lexer is not None and lexer.aliases else None
        self._stack: tuple[str, ...] = ("root",)
        self._context: Any = None
        self._inside = False
        self._is_first = True
        self._strikes = 0

    @property
    def state(self) -> State:
        """What the next line depends on; give it to :meth:`restore` to lex a line again."""
        context = None if self._context is None else _copied(vars(self._context))
        return (self._stack, context, self._inside, self._is_first, self._lexer)

    def restore(self, state: State) -> None:
        """Return to an earlier state."""
        self._stack, context, self._inside, self._is_first, self._lexer = state
        if context is None:
            self._context = None
        elif self._context is not None:
            vars(self._context).update(_copied(context))

    def line(self, text: str) -> list[Token]:
        """Tokens of the next line (given and returned without its newline)."""
        if self._lexer is None or len(text) > LONGEST_LINE:
            return [(text, PLAIN)] if text else []
        started = time.thread_time()
        try:
            tokens = self._lex(text)
        except Exception:
            # A lexer is third-party code over text nobody has seen before; it must not take the answer down.
            self._lexer = None
            return [(text, PLAIN)] if text else []
        if time.thread_time() - started > SLOW:
            self._strikes += 1
            if self._strikes >= STRIKES:
                self._lexer = None
        self._is_first = False
        if "".join([token for token, _ in tokens]) != text:
            return [(text, PLAIN)] if text else []
        return tokens

    def _lex(self, text: str) -> list[Token]:
        tokens: list[Token] = []
        position = 0
        spanning = self._spanning
        if self._inside and spanning:
            end = text.find(spanning[1])
            if end < 0:
                return [(text, "code.comment")] if text else []
            position = end + len(spanning[1])
            tokens.append((text[:position], "code.comment"))
            self._inside = False
        if self._rules is None:
            found: Iterator[tuple[Any, str]] = (
                (kind, value) for _, kind, value in self._lexer.get_tokens_unprocessed(text[position:])
            )
        elif hasattr(self._lexer, "get_tokens_unprocessed") and _is_contextual(type(self._lexer)):
            found = self._contextual(text[position:])
        else:
            found = self._walk(text + "\n", position)
        for kind, value in found:
            role = _role(kind)
            value = value.rstrip("\n") if value.endswith("\n") else value
            if not value:
                continue
            if tokens and (tokens[-1][1] == role or value.isspace()):
                # Space has no colour: it goes with the word before it, which halves the spans of a line.
                tokens[-1] = (tokens[-1][0] + value, tokens[-1][1])
            elif tokens and tokens[-1][0].isspace():
                tokens[-1] = (tokens[-1][0] + value, role)
            else:
                tokens.append((value, role))
        return tokens

    def _contextual(self, text: str) -> Iterator[tuple[Any, str]]:
        """Lexers with a context of their own (YAML) can be resumed with it."""
        if self._context is None:
            from pygments.lexer import LexerContext

            make = _context_class(type(self._lexer)) or LexerContext
            self._context = make("", 0)
        context = self._context
        context.text, context.pos, context.end = text + "\n", 0, len(text) + 1
        for _, kind, value in self._lexer.get_tokens_unprocessed(context=context):
            yield kind, value

    def _walk(self, text: str, position: int) -> Iterator[tuple[Any, str]]:
        """What ``RegexLexer.get_tokens_unprocessed`` does, with a stack that outlives the line."""
        from pygments.token import Error, _TokenType

        rules = self._rules or {}
        stack = list(self._stack)
        if self._is_first and "php" in rules and not text.lstrip().startswith("<"):
            stack.append("php")
        size = len(text)
        steps = 0
        while position < size:
            steps += 1
            if steps > _MOST_STEPS:
                raise RecursionError
            if self._begins_span(text, position, stack):
                self._inside = True
                yield _comment(), text[position:]
                break
            for match_at, action, new in rules[stack[-1]]:
                match = match_at(text, position)
                if match is None:
                    continue
                if action is not None:
                    if isinstance(action, _TokenType):
                        yield action, match.group()
                    else:
                        for _, kind, value in action(self._lexer, match):
                            yield kind, value
                position = match.end()
                if new is not None:
                    _change(stack, new)
                break
            else:
                if text[position] == "\n":
                    stack = ["root"]
                    break
                yield Error, text[position]
                position += 1
        self._stack = tuple(stack[-32:]) if len(stack) > 32 else tuple(stack)

    def _begins_span(self, text: str, position: int, stack: list[str]) -> bool:
        """Whether a comment begins here that does not end on this line."""
        spanning = self._spanning
        if spanning is None or not text.startswith(spanning[0], position):
            return False
        if text.find(spanning[1], position + len(spanning[0])) >= 0:
            return False
        return not _STRING_STATE.search(stack[-1])


_STRING_STATE = re.compile(r"str|quote|dq|sq|interp|regex|heredoc|char", re.IGNORECASE)


def _copied(values: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, list) else value for name, value in values.items()}


def _comment() -> Any:
    from pygments.token import Comment

    return Comment.Multiline


def _change(stack: list[str], new: Any) -> None:
    """Apply a transition of pygments: names, ``#pop``, ``#push``, a number, or a tuple of them."""
    if isinstance(new, int):
        if -new >= len(stack):
            del stack[1:]
        else:
            del stack[new:]
        return
    for state in new if isinstance(new, tuple) else (new,):
        if state == "#pop":
            if len(stack) > 1:
                stack.pop()
        elif state == "#push":
            stack.append(stack[-1])
        else:
            stack.append(state)


def _is_contextual(kind: type) -> bool:
    from pygments.lexer import ExtendedRegexLexer

    return issubclass(kind, ExtendedRegexLexer)


def _context_class(kind: type) -> Any:
    """The context class a lexer's module defines for it, by pygments' naming (``YamlLexerContext``)."""
    import sys

    return getattr(sys.modules.get(kind.__module__), kind.__name__ + "Context", None)
