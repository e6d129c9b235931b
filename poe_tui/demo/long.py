"""A long answer: any number of kilobytes of varied Markdown, the same for the same size."""

from __future__ import annotations

import random
from collections.abc import Callable

_SUBJECTS = (
    "the keeper of the lighthouse", "a patient reader", "the river below the mill", "every old map",
    "the night train", "a good sentence", "the smallest island", "the clock in the hall",
)  # fmt: skip
_VERBS = (
    "knows more than it tells", "asks for nothing but **time**", "was here before the road",
    "turns at the *third* bridge", "keeps its own counsel", "is measured in `minutes`, not in miles",
    "has seen the harbour in every weather", "begins again each morning",
)  # fmt: skip
_TAILS = (
    "and that is enough for today", "which nobody had expected", "as the letters of that winter show",
    "although the accounts differ by a day or two", "for reasons that are easier shown than told",
    "so the boats stayed in", "while the lamp was being filled", "if one is willing to wait",
)  # fmt: skip
_CODE = {
    "python": "def lamp(night: int) -> str:\n    \"\"\"Say which lamp burns.\"\"\"\n    return f\"lamp {night % 17}\"",
    "bash": "for night in $(seq 1 17); do\n  printf 'lamp %02d\\n' \"$night\"   # one a night\ndone",
    "json": '{\n  "keeper": "Ada",\n  "lamps": 17,\n  "lit": [true, true, false, null]\n}',
    "go": "func Lamp(night int) string {\n\treturn fmt.Sprintf(\"lamp %d\", night%17)\n}",
}  # fmt: skip


class _Writer:
    def __init__(self) -> None:
        self._dice = random.Random(17)
        self._section = 0

    def sentence(self) -> str:
        words = f"{self._dice.choice(_SUBJECTS)} {self._dice.choice(_VERBS)}, {self._dice.choice(_TAILS)}."
        return words[0].upper() + words[1:]

    def paragraph(self) -> str:
        return " ".join(self.sentence() for _ in range(self._dice.randint(3, 7)))

    def heading(self) -> str:
        self._section += 1
        level = "##" if self._section % 4 == 1 else "###"
        return f"{level} {self._section}. On {self._dice.choice(_SUBJECTS)}"

    def bullets(self) -> str:
        lines = []
        for _ in range(self._dice.randint(3, 6)):
            lines.append(f"- {self.sentence()}")
            if self._dice.random() < 0.3:
                lines += [f"  - {self.sentence()}", f"  - {self.sentence()}"]
        return "\n".join(lines)

    def steps(self) -> str:
        return "\n".join(f"{number}. {self.sentence()}" for number in range(1, self._dice.randint(4, 7)))

    def quote(self) -> str:
        return f"> {self.sentence()}\n> {self.sentence()}"

    def table(self) -> str:
        rows = ["| Lamp | Lit | Hours | Remark |", "|---:|:---:|---:|:---|"]
        for lamp in range(1, self._dice.randint(4, 9)):
            remark = self._dice.choice(_TAILS)
            rows.append(f"| {lamp} | {self._dice.choice(('yes', 'no'))} | {self._dice.uniform(1, 12):.1f} | {remark} |")
        return "\n".join(rows)

    def code(self) -> str:
        language = self._dice.choice(tuple(_CODE))
        return f"```{language}\n{_CODE[language]}\n```"

    def link(self) -> str:
        return f"{self.sentence()} See [the harbour book](https://example.com/harbour?page={self._section})."

    def rule(self) -> str:
        return "---"

    def blocks(self) -> list[Callable[[], str]]:
        """Return what a section is made of, in an order that changes."""
        kinds = [self.bullets, self.steps, self.quote, self.table, self.code, self.link, self.rule]
        self._dice.shuffle(kinds)
        return [self.heading, self.paragraph, *kinds[:3], self.paragraph]


def markdown(kilobytes: int) -> str:
    """Return at least ``kilobytes`` × 1000 characters of Markdown that ends with a whole block."""
    writer = _Writer()
    blocks = ["# The book of the seventeen lamps"]
    size = 0
    while size < kilobytes * 1000:
        for block in writer.blocks():
            blocks.append(block())
            size += len(blocks[-1]) + 2
    blocks.append("*Here ends the book.* Press `^O` for another model.")
    return "\n\n".join(blocks)
