"""Answers to stream: mixed Markdown of any length, the same for the same length, with a mark at either end.

The marks are single letters that nothing else writes: whatever a program draws, and however its frames cut the words,
one look at its bytes tells when the first and the last word were on the screen.
"""

from __future__ import annotations

import random

FIRST = "Ѫ"
LAST = "Ѭ"
"""Cyrillic yus: one cell in every terminal, one character in every font, in no text of ours."""
DELTA = 4
"""Characters a delta holds: about a token."""

_PROSE = """
the line printer stops at column eighty because a card has eighty columns and nobody asked whether paper cared for it
but terminals kept the habit when glass replaced ribbon and the lamp behind each letter glows only as long as somebody
sends it again which is why early screens refreshed from memory rather than film a token is about four characters of
ordinary prose though names and numbers take more of them than expected
"""
_WORDS = _PROSE.split()
_CODE = (
    "def shifted(rows: list[str], by: int) -> list[str]:",
    "    # Rows that leave at the top come back as blanks.",
    "    kept = rows[by:] if by > 0 else rows[:by]",
    "    for number, row in enumerate(kept, start=1):",
    '        print(f"{number:>4} {row.rstrip()}")',
    '    return kept + [""] * (len(rows) - len(kept))',
)


def markdown(length: int) -> str:
    """Return about ``length`` characters of prose, headings, lists, code, tables and quotes, marked at both ends."""
    source = random.Random(length)
    parts = [f"{FIRST} begins here.\n\n"]
    size = len(parts[0])
    makers = (_prose, _list, _prose, _code, _prose, _table, _prose, _quote)
    number = 0
    while size < length - 120:
        if number % len(makers) == 0:
            parts.append(f"## Part {number // len(makers) + 1}: {_sentence(source, 4)}\n\n")
            size += len(parts[-1])
        parts.append(makers[number % len(makers)](source))
        size += len(parts[-1])
        number += 1
    text = "".join(parts)[: length - 40].rstrip()
    fence = "\n```" if text.count("```") % 2 else ""
    return f"{text}{fence}\n\nAnd this is the end {LAST}"


def _sentence(source: random.Random, words: int) -> str:
    chosen = [source.choice(_WORDS) for _ in range(words)]
    return " ".join(chosen).capitalize()


def _prose(source: random.Random) -> str:
    sentences = []
    for _ in range(source.randint(2, 5)):
        words = _sentence(source, source.randint(6, 18)).split(" ")
        at = source.randrange(len(words))
        words[at] = source.choice(("**{}**", "*{}*", "`{}`", "[{}](https://example.com/a)", "{}")).format(words[at])
        sentences.append(" ".join(words) + ".")
    return " ".join(sentences) + "\n\n"


def _list(source: random.Random) -> str:
    mark = source.choice(("-", "1."))
    items = [f"{mark} {_sentence(source, source.randint(3, 14))}" for _ in range(source.randint(3, 7))]
    return "\n".join(items) + "\n\n"


def _code(source: random.Random) -> str:
    lines = [source.choice(_CODE) for _ in range(source.randint(5, 14))]
    return "```python\n" + "\n".join(lines) + "\n```\n\n"


def _table(source: random.Random) -> str:
    rows = [f"| {_sentence(source, 2)} | {source.randint(1, 9999)} | {_sentence(source, 3)} |" for _ in range(5)]
    return "| Name | Count | Remark |\n|---|--:|---|\n" + "\n".join(rows) + "\n\n"


def _quote(source: random.Random) -> str:
    return f"> {_sentence(source, 12)}.\n> {_sentence(source, 9)}.\n\n"


def deltas(text: str) -> list[str]:
    """Cut a text into deltas."""
    return [text[at : at + DELTA] for at in range(0, len(text), DELTA)]
