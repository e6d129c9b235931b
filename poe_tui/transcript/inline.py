"""Words with their marks: the inline half of CommonMark, with exact source offsets (§6).

One pass from left to right; every look-ahead is bounded or remembered, so hostile text costs linear time, and text
that is too long or holds too many marks stays plain (:data:`LONGEST`, :data:`MOST_MARKS`). The result is a flat list
of spans: nesting survives as roles (``"strong emphasis"``). Beyond CommonMark: ``~~strike~~``, bare URLs are links,
and mathematics (``$…$``, ``$$…$$``, ``\\(…\\)``, ``\\[…\\]``) is left as its source. HTML is shown, never read.

``open_end`` is for text that is still arriving: what is opened but not yet closed is shown as if it were, and marks
at the very end wait until it is clear what they are, so that little flickers.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from poe_tui.transcript.emphasis import Delimiters, Run, is_cjk
from poe_tui.transcript.linkparts import (
    allowed_target,
    destination,
    entity,
    normal_label,
    skip_spaces,
    title,
    unescape,
)
from poe_tui.transcript.starts import CLOSE_TAG, OPEN_TAG

LONGEST = 16_384
"""Characters of one paragraph that are read for marks."""
MOST_MARKS = 4_000

_MARK = re.compile(r"[\\`*_\[\]<&\n]|~~+|!\[|\$(?=\S)")
_AUTOLINK = re.compile(r"<([a-zA-Z][a-zA-Z0-9+.\-]{1,31}:[^<>\x00-\x20]*)>")
_EMAIL = re.compile(
    r"<([a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)>"
)
_TAG = re.compile(rf"{OPEN_TAG}|{CLOSE_TAG}|<![A-Za-z][^>]*>")
_ENTITY = re.compile(r"&(#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_BACKTICKS = re.compile(r"`+")
_LABEL = re.compile(r"\[((?:[^\\\[\]]|\\.){0,999})\]", re.DOTALL)
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_HALF_TARGET = re.compile(r"\(\s*<?[^\s<>)]*(?:\s+[\"'(][^\"')]*)?$")
_DANGLING = "*_~`\\"
_DOLLARS = re.compile(r"[\\^_{}=+\-*/<>|]")
_WINDOW = 2_000

TEXT, FIXED, CODE, HTML, MATH, SOFT, HARD, DELIMITER, LINK, IMAGE, END = range(11)
"""Kinds of nodes. ``FIXED`` is text the source writes differently (escapes, entities)."""


class Node(NamedTuple):
    """A piece of the text, before emphasis is known."""

    kind: int
    text: str
    at: int
    """Position in the text."""
    run: Run | None = None


class Bracket(NamedTuple):
    """A ``[`` that may begin a link."""

    node: int
    at: int
    image: bool
    delimiters: int


class Inline:
    """One reading of one text."""

    def __init__(self, text: str, references: Mapping[str, str], *, open_end: bool = False) -> None:
        self.missing: set[str] = set()
        """Labels that would be links if they were defined."""
        self.text = text
        self.nodes: list[Node] = []
        self._references = references
        self._open = open_end
        self._delimiters = Delimiters(text)
        self._brackets: list[Bracket] = []
        self._inactive = 0
        """Brackets below this index cannot be links: links do not nest."""
        self._backticks: dict[int, list[int]] | None = None
        self._absent: dict[str, int] = {}
        """From where on a terminator is known not to occur."""
        if len(text) > LONGEST or _is_crowded(text):
            self._read_plain()
        else:
            self._read()

    def _read_plain(self) -> None:
        at = 0
        for line in self.text.split("\n"):
            if at:
                self.nodes.append(Node(SOFT, " ", at - 1))
            if line:
                self.nodes.append(Node(TEXT, line, at))
            at += len(line) + 1

    def _read(self) -> None:
        text, nodes, search = self.text, self.nodes, _MARK.search
        at = 0
        while match := search(text, at):
            begin = match.start()
            if begin > at:
                nodes.append(Node(TEXT, text[at:begin], at))
            at = _HANDLERS[text[begin]](self, begin, match.end())
        if at < len(text):
            nodes.append(Node(TEXT, text[at:], at))
        self._delimiters.balance(0, open_end=self._open)

    def _add(self, kind: int, begin: int, end: int) -> int:
        self.nodes.append(Node(kind, self.text[begin:end], begin))
        return end

    # --- marks: each handler returns the position it read up to ---------------------------------------------------
    def _escape(self, begin: int, end: int) -> int:
        text = self.text
        follower = text[end : end + 1]
        if follower == "\n":
            self.nodes.append(Node(HARD, "\n", end))
            return _skip_indent(text, end + 1)
        if follower in ("(", "["):
            close = self._math_end(begin, "\\)" if follower == "(" else "\\]")
            if close > 0:
                return self._add(MATH, begin, close)
        if follower in _PUNCTUATION:
            self.nodes.append(Node(FIXED, follower, end))
            return end + 1
        return self._add(FIXED, begin, min(end + 1, len(text)))

    def _math_end(self, begin: int, closer: str) -> int:
        """Position behind the formula that begins here, or -1."""
        close = self.text.find(closer, begin + 2, begin + _WINDOW)
        if close < 0:
            return len(self.text) if self._open and len(self.text) - begin < _WINDOW else -1
        inner = self.text[begin + 2 : close]
        if not inner.strip():
            return -1
        # Escaped brackets round a word are more often brackets than a formula.
        if closer == "\\]" and not (inner[0].isspace() or _DOLLARS.search(inner)):
            return -1
        return close + 2

    def _dollar(self, begin: int, end: int) -> int:
        text = self.text
        if text.startswith("$$", begin):
            close = text.find("$$", begin + 2, begin + _WINDOW)
            if close > begin + 2:
                return self._add(MATH, begin, close + 2)
            while text.startswith("$", end):
                end += 1
            return self._add(TEXT, begin, end)
        close = text.find("$", end, end + 200)
        if close > end:
            inner = text[end:close]
            plain = inner[-1].isspace() or "\n" in inner or "`" in inner or "**" in inner
            if not plain and not text[close + 1 : close + 2].isdigit() and (_DOLLARS.search(inner) or len(inner) <= 2):
                return self._add(MATH, begin, close + 1)
        return self._add(TEXT, begin, end)

    def _code(self, begin: int, _end: int) -> int:
        text = self.text
        match = _BACKTICKS.match(text, begin)
        end = match.end() if match else begin + 1
        if self._backticks is None:
            self._backticks = {}
            for run in _BACKTICKS.finditer(text):
                self._backticks.setdefault(run.end() - run.start(), []).append(run.start())
        starts = self._backticks.get(end - begin, [])
        index = bisect_right(starts, end - 1)
        if index < len(starts):
            close = starts[index]
        elif self._open and end - begin < 3:
            close = len(text)
        else:
            return self._add(TEXT, begin, end)
        content = text[end:close].replace("\n", " ")
        at = end
        if content.startswith(" ") and content.endswith(" ") and content.strip(" "):
            content, at = content[1:-1], end + 1
        self.nodes.append(Node(CODE, content, at))
        return min(len(text), close + end - begin)

    def _delimiter(self, begin: int, end: int) -> int:
        text = self.text
        character = text[begin]
        while end < len(text) and text[end] == character:
            end += 1
        run = self._delimiters.add(begin, end)
        self.nodes.append(Node(DELIMITER, text[begin:end], begin, run))
        return end

    def _open_bracket(self, begin: int, end: int) -> int:
        image = end - begin == 2
        self._brackets.append(Bracket(len(self.nodes), begin, image, self._delimiters.count))
        return self._add(TEXT, begin, end)

    def _close_bracket(self, begin: int, end: int) -> int:
        if not self._brackets:
            return self._add(TEXT, begin, end)
        bracket = self._brackets.pop()
        inactive = len(self._brackets) < self._inactive and not bracket.image
        self._inactive = min(self._inactive, len(self._brackets))
        found = None if inactive else self._target(bracket, begin)
        if found is None:
            return self._add(TEXT, begin, end)
        target, end = found
        self._delimiters.balance(bracket.delimiters)
        self.nodes[bracket.node] = Node(IMAGE if bracket.image else LINK, target, bracket.at)
        self.nodes.append(Node(END, "", begin))
        if not bracket.image:
            self._inactive = len(self._brackets)
        return end

    def _target(self, bracket: Bracket, close: int) -> tuple[str, int] | None:
        """Where a link whose text ends at ``close`` leads, and the position behind it."""
        text = self.text
        if text.startswith("(", close + 1):
            found = self._inline_target(close + 2)
            if found is not None:
                return found
            half = _HALF_TARGET.match(text, close + 1) if self._open and len(text) - close < _WINDOW else None
            if half:
                return unescape(half[0].lstrip("( <").split(" ")[0]), len(text)
        begin = bracket.at + (2 if bracket.image else 1)
        label, end = text[begin:close] if close - begin <= 999 else "", close + 1
        full = _LABEL.match(text, end)
        if full:
            end = full.end()
            label = full[1] if full[1].strip() else label
        if not label.strip() or label.startswith("^"):
            return None
        label = normal_label(label)
        target = self._references.get(label)
        if target is None:
            self.missing.add(label)
            return None
        return target, end

    def _inline_target(self, at: int) -> tuple[str, int] | None:
        text = self.text
        at = skip_spaces(text, at)
        target = ""
        found = destination(text, at)
        if found is not None:
            if not allowed_target(found.text):
                return None
            target = found.text
            after = skip_spaces(text, found.end)
            named = title(text, after) if after > found.end else None
            at = after if named is None else skip_spaces(text, named.end)
        return (target, at + 1) if text.startswith(")", at) else None

    def _angle(self, begin: int, end: int) -> int:
        text = self.text
        limit = begin + _WINDOW
        match = _AUTOLINK.match(text, begin, limit)
        email = None if match else _EMAIL.match(text, begin, limit)
        if match and allowed_target(match[1]):
            self._link(match[1], match[1], begin)
            return match.end()
        if email:
            self._link("mailto:" + email[1], email[1], begin)
            return email.end()
        for opener, closer, least in (("<!--", "-->", 2), ("<?", "?>", 2), ("<![CDATA[", "]]>", 9)):
            if text.startswith(opener, begin):
                close = self._find(closer, begin + least)
                return self._add(TEXT, begin, end) if close < 0 else self._add(HTML, begin, close + len(closer))
        tag = _TAG.match(text, begin, limit)
        return self._add(HTML, begin, tag.end()) if tag else self._add(TEXT, begin, end)

    def _link(self, target: str, shown: str, begin: int) -> None:
        self.nodes.append(Node(LINK, target, begin))
        self.nodes.append(Node(FIXED, shown, begin + 1))
        self.nodes.append(Node(END, "", begin))

    def _ampersand(self, begin: int, end: int) -> int:
        match = _ENTITY.match(self.text, begin)
        found = entity(match[1]) if match else None
        if match is None or found is None:
            return self._add(TEXT, begin, end)
        self.nodes.append(Node(FIXED, found, begin))
        return match.end()

    def _newline(self, begin: int, end: int) -> int:
        nodes = self.nodes
        hard = False
        if nodes and nodes[-1].kind == TEXT and nodes[-1].text.endswith(" "):
            last = nodes[-1]
            stripped = last.text.rstrip(" ")
            hard = len(last.text) - len(stripped) >= 2
            nodes[-1] = last._replace(text=stripped)
        end = _skip_indent(self.text, end)
        text = self.text
        if hard:
            nodes.append(Node(HARD, "\n", begin))
        elif not (begin and end < len(text) and is_cjk(text[begin - 1]) and is_cjk(text[end])):
            # Lines of scripts without spaces join without one.
            nodes.append(Node(SOFT, " ", begin))
        return end

    def _find(self, closer: str, at: int) -> int:
        """``text.find`` that does not search the same stretch in vain twice."""
        if self._absent.get(closer, len(self.text)) <= at:
            return -1
        found = self.text.find(closer, at)
        if found < 0:
            self._absent[closer] = at
        return found


_HANDLERS = {
    "\\": Inline._escape, "`": Inline._code, "*": Inline._delimiter, "_": Inline._delimiter, "~": Inline._delimiter,
    "[": Inline._open_bracket, "!": Inline._open_bracket, "]": Inline._close_bracket, "<": Inline._angle,
    "&": Inline._ampersand, "\n": Inline._newline, "$": Inline._dollar,
}  # fmt: skip


def is_plain(text: str) -> bool:
    """Whether a text holds nothing that could be a mark, a link or a tab."""
    return _MARK.search(text) is None and "://" not in text and "\t" not in text


def without_dangling(text: str) -> str:
    """A text that is still arriving, without marks at its end of which it is not clear yet what they are."""
    return text.rstrip(_DANGLING)


def _skip_indent(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _is_crowded(text: str) -> bool:
    if len(text) <= MOST_MARKS:
        return False
    marks: Sequence[str] = ("*", "_", "[", "]", "`", "<", "\\", "&", "~~", "$")
    return sum(map(text.count, marks)) > MOST_MARKS
