"""Runs of ``*``, ``_`` and ``~~`` and which of them belong together (CommonMark §6.2, rules 1–17).

One deliberate difference: between punctuation and a Chinese, Japanese or Korean character ``*`` and ``~~`` open and
close as they would beside a space (``**注意：**后面``). Those scripts have no spaces, so by the letter of the rules
most of what models write in them would keep its marks.
"""

from __future__ import annotations

from functools import lru_cache

_WHITE = frozenset(" \t\n\v\f\r\xa0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))))
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


@lru_cache(maxsize=1024)
def _is_punctuation(character: str) -> bool:
    if character < "\x80":
        return character in _ASCII_PUNCTUATION
    from unicodedata import category

    return category(character)[0] in "PS"


def is_cjk(character: str) -> bool:
    """Whether a character belongs to a script that puts no spaces between words."""
    return character >= "\u2e80" and (
        character <= "\u9fff"
        or "\uac00" <= character <= "\ud7af"
        or "\uf900" <= character <= "\ufaff"
        or "\uff00" <= character <= "\uffef"
        or "\U00020000" <= character <= "\U0003ffff"
    )


class Run:
    """A run of one delimiter character."""

    __slots__ = ("can_close", "can_open", "char", "closes", "left", "opens", "order", "size")

    def __init__(self, char: str, size: int, order: int, *, can_open: bool, can_close: bool) -> None:
        self.char = char
        self.size = size
        self.left = size
        """Characters that are not used as marks: shown as they are."""
        self.order = order
        self.can_open = can_open
        self.can_close = can_close
        self.opens: list[str] = []
        """Roles that begin behind this run, innermost first."""
        self.closes: list[str] = []
        """Roles that end before it, innermost first."""


class Delimiters:
    """The delimiter runs of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs: list[Run] = []
        self._order = 0

    @property
    def count(self) -> int:
        """How many runs wait to be balanced: the mark to give to :meth:`balance`."""
        return len(self._runs)

    def add(self, begin: int, end: int) -> Run:
        """Note the run ``text[begin:end]``."""
        text = self._text
        char = text[begin]
        before = text[begin - 1] if begin else " "
        after = text[end] if end < len(text) else " "
        white_before, white_after = before in _WHITE, after in _WHITE
        mark_before = not white_before and _is_punctuation(before)
        mark_after = not white_after and _is_punctuation(after)
        left = not white_after and (not mark_after or white_before or mark_before)
        right = not white_before and (not mark_before or white_after or mark_after)
        if char == "_":
            can_open = left and (not right or mark_before)
            can_close = right and (not left or mark_after)
        else:
            can_open = left or (not white_after and is_cjk(before))
            can_close = right or (not white_before and is_cjk(after))
        self._order += 1
        run = Run(char, end - begin, self._order, can_open=can_open, can_close=can_close)
        self._runs.append(run)
        return run

    def balance(self, bottom: int, *, open_end: bool = False) -> None:
        """Pair the runs added since ``count`` was ``bottom`` and forget them.

        Args:
            bottom: an earlier ``count``.
            open_end: runs that are still open at the end of the text count as closed there.
        """
        openers: list[Run] = []
        failed: dict[tuple[str, bool, int], int] = {}
        for closer in self._runs[bottom:]:
            if closer.can_close:
                key = (closer.char, closer.can_open, closer.size % 3)
                while closer.left:
                    index = _find_opener(openers, closer, failed.get(key, 0))
                    if index < 0:
                        failed[key] = openers[-1].order if openers else 0
                        break
                    del openers[index + 1 :]
                    _pair(openers[-1], closer)
                    if openers[-1].left < (2 if closer.char == "~" else 1):
                        openers.pop()
            if closer.can_open and closer.left >= (2 if closer.char == "~" else 1):
                openers.append(closer)
        del self._runs[bottom:]
        if open_end:
            for opener in openers:
                _leave_open(opener)


def _find_opener(openers: list[Run], closer: Run, floor: int) -> int:
    if closer.char == "~" and closer.left < 2:
        return -1
    for index in range(len(openers) - 1, -1, -1):
        opener = openers[index]
        if opener.order <= floor:
            return -1
        if opener.char != closer.char:
            continue
        if closer.char != "~" and (closer.can_open or opener.can_close):
            both = opener.size + closer.size
            if both % 3 == 0 and (opener.size % 3 or closer.size % 3):
                continue
        return index
    return -1


def _pair(opener: Run, closer: Run) -> None:
    size = 2 if min(opener.left, closer.left) >= 2 else 1
    role = "strike" if closer.char == "~" else ("strong" if size == 2 else "emphasis")
    opener.left -= size
    closer.left -= size
    opener.opens.append(role)
    closer.closes.append(role)


def _leave_open(opener: Run) -> None:
    if opener.left > 3:
        return
    if opener.char == "~":
        opener.opens.append("strike")
    else:
        if opener.left != 2:
            opener.opens.append("emphasis")
        if opener.left >= 2:
            opener.opens.append("strong")
    opener.left = 0
