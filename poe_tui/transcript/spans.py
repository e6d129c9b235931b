"""Inline nodes into spans: nesting becomes roles, positions become source offsets, bare URLs become links."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence, Set

from poe_tui.transcript import inline
from poe_tui.transcript.lines import Citation, Span

TAB = "    "
NOTHING: Set[str] = frozenset()

_URL = re.compile(r"https?://[^\s<>\"`]{1,2000}")
_URL_TAIL = frozenset("?!.,:;*_~'’”»]")
_ENTITY_TAIL = re.compile(r"&[a-zA-Z0-9]{1,31};$")
_TABS = re.compile(r"\t+|[^\t]+")
_SOURCE_MARK = re.compile(r"(?:\[\d{1,3}\]|【[^】]{1,40}】)+")
_KIND_WORD = {inline.CODE: "code", inline.HTML: "html", inline.MATH: "math"}
_STYLES = ("strong", "emphasis", "strike")


class Origins:
    """Source offsets of the positions of a text that was put together from stretches of the source."""

    __slots__ = ("_positions", "_sources")

    def __init__(self, stretches: Sequence[tuple[int, int]]) -> None:
        self._positions = [position for position, _ in stretches]
        self._sources = [source for _, source in stretches]

    def __call__(self, position: int) -> int:
        """The source offset of this position."""
        index = bisect_left(self._positions, position + 1) - 1
        return self._sources[index] + position - self._positions[index]


class _Builder:
    """Collects spans, joining what is one run in the source."""

    def __init__(self, base: str, origins: Origins) -> None:
        self.spans: list[Span] = []
        self._base = base
        self._origins = origins
        self._counts = dict.fromkeys(_STYLES, 0)
        self._links: list[tuple[str, bool]] = []
        self._written = 0
        self._entered: list[int] = []
        self._role = ""
        self._restyle()
        self._parts: list[str] = []
        self._part_role = ""
        self._part_link: str | None = None
        self._begin = self._next = 0

    def style(self, role: str, change: int) -> None:
        self._counts[role] += change
        self._restyle()

    def enter(self, target: str, *, image: bool) -> None:
        self.flush()
        self._links.append((target, image))
        self._entered.append(self._written)
        self._restyle()

    def leave(self) -> None:
        """End a link. An image without words shows its address."""
        _, image = self._links[-1]
        self.flush()
        if self._entered.pop() == self._written and image and self.link:
            self.spans.append(Span(self.link, self._role, self.link))
        self._links.pop()
        self._restyle()

    @property
    def link(self) -> str | None:
        """The outermost link is the one that counts: an image inside a link leads where the link leads."""
        return self._links[0][0] if self._links else None

    def _restyle(self) -> None:
        words = [self._base] if self._base else []
        if not any(image for _, image in self._links):
            words += [role for role in _STYLES if self._counts[role] > 0]
        if self._links:
            words.append("link")
        self._role = " ".join(words) or "text"

    def text(self, text: str, at: int) -> None:
        self._written += 1
        if self._parts and at == self._next and self._role == self._part_role and self.link == self._part_link:
            self._parts.append(text)
        else:
            self.flush()
            self._parts, self._part_role, self._part_link, self._begin = [text], self._role, self.link, at
        self._next = at + len(text)

    def alone(self, text: str, at: int, word: str) -> None:
        """A span of a kind of its own, or with an empty word just a span that joins nothing."""
        self._written += 1
        self.flush()
        if text:
            self._emit(text, _with_word(self._role, word) if word else self._role, self.link, at)

    def flush(self) -> None:
        if self._parts:
            self._emit("".join(self._parts), self._part_role, self._part_link, self._begin)
            self._parts = []

    def _emit(self, text: str, role: str, link: str | None, at: int) -> None:
        source = self._origins(at)
        if "\t" not in text:
            if text:
                self.spans.append(Span(text, role, link, source))
            return
        for match in _TABS.finditer(text):
            piece = match[0].replace("\t", TAB)
            self.spans.append(Span(piece, role, link, source + match.start()))


def read(
    text: str, references: Mapping[str, str], base: str, origins: Origins, *, open_end: bool = False
) -> tuple[list[Span], Set[str]]:
    """Read a text for its marks; return its spans and the labels that would be links if they were defined.

    Args:
        text: words of one block or cell, lines divided by newlines.
        references: link targets by normalised label.
        base: the role all words have (``"heading h1"``), empty for plain text.
        origins: where the text stands in the source.
        open_end: the text is still arriving.
    """
    if open_end:
        text = inline.without_dangling(text)
    if inline.is_plain(text):
        return ([Span(text, base or "text", None, origins(0))] if text else []), NOTHING
    found = inline.Inline(text, references, open_end=open_end)
    return build(found, base, origins), found.missing or NOTHING


def build(read: inline.Inline, base: str, origins: Origins) -> list[Span]:
    """The spans of a text; a hard break is a span ``"\\n"``.

    Args:
        read: the text, read.
        base: the role all its words have (``"heading h1"``), empty for plain text.
        origins: where the text stands in the source.
    """
    builder = _Builder(base, origins)
    for kind, text, at, run in read.nodes:
        if kind in (inline.TEXT, inline.FIXED):
            builder.text(text, at)
        elif run is not None:
            for role in run.closes:
                builder.style(role, -1)
            if run.left:
                used = sum(1 if role == "emphasis" else 2 for role in run.closes)
                builder.text(run.char * run.left, at + used)
            for role in run.opens:
                builder.style(role, 1)
        elif kind in (inline.LINK, inline.IMAGE):
            builder.enter(text, image=kind == inline.IMAGE)
        elif kind == inline.END:
            builder.leave()
        elif kind == inline.HARD:
            builder.flush()
            builder.spans.append(Span("\n", builder._role, None, origins(at)))
        elif kind == inline.SOFT:
            builder.alone(" ", at, "")
        else:
            _source(builder, kind, text, read.text[at : at + len(text)], at)
    builder.flush()
    return _link_urls(builder.spans) if "://" in read.text else builder.spans


def _source(builder: _Builder, kind: int, text: str, source: str, at: int) -> None:
    """Code, HTML and mathematics: shown as written, line by line; newlines in formulas stay."""
    word = _KIND_WORD[kind]
    if "\n" not in source:
        builder.alone(text, at, word)
        return
    for index, line in enumerate(source.split("\n")):
        if index:
            builder.alone("\n" if kind == inline.MATH else " ", at - 1, word)
        builder.alone(line, at, word)
        at += len(line) + 1


def _link_urls(spans: list[Span]) -> list[Span]:
    """Make bare URLs links: their text stays."""
    linked: list[Span] = []
    index = 0
    while index < len(spans):
        end = index + 1
        first = spans[index]
        if first.link is None and not _is_source(first.role):
            while end < len(spans) and spans[end].link is None and spans[end].role == first.role:
                end += 1
            linked += _link_group(spans[index:end])
        else:
            linked.append(first)
        index = end
    return linked


def _is_source(role: str) -> bool:
    return role.rpartition(" ")[2] in ("code", "html", "math")


def _link_group(spans: list[Span]) -> list[Span]:
    text = "".join([span.text for span in spans])
    found = [(match.start(), match.start() + _url_length(match[0])) for match in _URL.finditer(text)]
    if not found:
        return spans
    cut: list[Span] = []
    position = 0
    for span in spans:
        end = position + len(span.text)
        for begin, stop in [*found, (end, end)]:
            if stop <= position or begin > end:
                continue
            for left, right, target in ((position, begin, None), (begin, stop, text[begin:stop])):
                left, right = max(position, left), min(end, right)
                if left < right:
                    piece = span.text[left - position : right - position]
                    role = span.role if target is None else _with_word(span.role, "link")
                    cut.append(Span(piece, role, target, span.at + left - position))
                    span = Span(span.text[right - position :], span.role, None, span.at + right - position)
                    position = right
    return cut


def _with_word(role: str, word: str) -> str:
    return word if role == "text" else f"{role} {word}"


def _url_length(url: str) -> int:
    """Length without the punctuation that belongs to the sentence (GFM §6.9)."""
    surplus = url.count(")") - url.count("(")
    end = len(url)
    while end:
        last = url[end - 1]
        if last == ";":
            entity = _ENTITY_TAIL.search(url, max(0, end - 34), end)
            end = entity.start() if entity else end - 1
        elif last in _URL_TAIL:
            end -= 1
        elif last == ")" and surplus > 0:
            end -= 1
            surplus -= 1
        else:
            break
    return end


def cite(spans: Sequence[Span], citations: Iterable[Citation], source: str, offset: int) -> list[Span]:
    """Set numbered marks (see :class:`Citation`).

    Args:
        spans: of one block, with their source offsets.
        citations: sorted by start.
        source: the block's stretch of the source.
        offset: where that begins.
    """
    marked = list(spans)
    for citation in citations:
        words = source[max(0, citation.start - offset) : max(0, citation.end - offset)].strip()
        mark = Span(f"[{citation.number}]", "citation", citation.link, max(citation.start, citation.end - 1))
        if _is_markup(words):
            marked = _replace(marked, citation.start, citation.end, mark)
        else:
            marked = _replace(marked, citation.end, citation.end, mark)
    return marked


def _is_markup(words: str) -> bool:
    """Whether the stretch is only there to name the source: ``([site](https://…))``, ``[1]``, ``【1†source】``."""
    if _SOURCE_MARK.fullmatch(words):
        return True
    return words.endswith(")") and words.startswith(("[", "([")) and "](" in words


def _replace(spans: list[Span], begin: int, end: int, mark: Span) -> list[Span]:
    """Put a mark in place of what stands between two source offsets, if need be in front of the next word."""
    before: list[Span] = []
    after: list[Span] = []
    for span in spans:
        size = len(span.text)
        if span.at < 0 or span.role == "citation":
            (before if span.at < end else after).append(span)
            continue
        if span.at < begin:
            before.append(span._replace(text=span.text[: begin - span.at]))
        if span.at + size > end:
            cut = max(0, end - span.at)
            after.append(span._replace(text=span.text[cut:], at=span.at + cut))
    if before and before[-1].role != "citation" and not before[-1].text.endswith((" ", "\n", "(")):
        before.append(Span(" "))
    return [*before, mark, *after]
