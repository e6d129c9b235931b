"""markdown-it's reading of a text as plain blocks, to hold our own against (not a test module).

A straightforward walk over the tokens of one full parse. Where we differ on purpose, the parser is told: footnote-like
definitions define nothing, mathematics stays as it is, the heads of a table do not begin with another block's marker.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import reference as reference_rule
from markdown_it.rules_block import table as table_rule

from poe_tui.transcript import blocks, starts
from poe_tui.transcript.blocks import Item, Quote
from poe_tui.transcript.grid import TablePiece
from poe_tui.transcript.inline import MATH, Inline
from poe_tui.transcript.lines import Span
from poe_tui.transcript.markdown import MarkdownRenderer
from poe_tui.transcript.prose import ProsePiece
from poe_tui.transcript.spans import _link_urls

Runs = tuple[tuple[str, frozenset[str], str | None], ...]
_SPACES = re.compile(r"[ \t\n\xa0]+")


@dataclass(frozen=True)
class Block:
    """One block: what must be equal."""

    path: tuple[tuple[int, str], ...]
    """Containers: running number and marker (``>`` for quotes)."""
    kind: str
    detail: str
    runs: tuple[Runs, ...]
    gap: int


# --- markdown-it ------------------------------------------------------------------------------------------------
def _table(state: Any, start: int, end: int, silent: bool) -> bool:
    position = state.bMarks[start] + state.tShift[start]
    line = state.src[position : state.eMarks[start]]
    if silent and state.sCount[start] < state.blkIndent:
        return False
    if line and starts.interrupts(line, numbers_from_one=False) and not state.is_code_block(start):
        return False
    if state.sCount[start] < 0:
        return False
    return table_rule(state, start, end, silent)


def _reference(state: Any, start: int, end: int, silent: bool) -> bool:
    position = state.bMarks[start] + state.tShift[start]
    if state.src.startswith("[^", position):
        return False
    return reference_rule(state, start, end, silent)


def _math(state: Any, silent: bool) -> bool:
    text, position = state.src, state.pos
    if text[position] not in "\\$":
        return False
    follows = text[position - 1 : position] == "$" and text[position - 2 : position - 1] != "\\"
    if text[position] == "$" and follows and getattr(state, "math_end", -1) != position:
        return False
    # Our own reading from here decides what a formula is; the text before it decides nothing.
    reading = Inline(text[position : state.posMax], {})
    first = reading.nodes[0] if reading.nodes else None
    if first is None or first.kind != MATH:
        return False
    if not silent:
        token = state.push("math", "", 0)
        token.content = first.text
    state.pos += len(first.text)
    state.math_end = state.pos
    return True


@cache
def parser() -> MarkdownIt:
    """markdown-it as we read Markdown."""
    md = MarkdownIt("commonmark", {"maxNesting": 400}).enable(["table", "strikethrough"])
    md.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    md.block.ruler.at("reference", _reference)
    md.inline.ruler.before("escape", "math", _math)
    return md


def reference_blocks(text: str) -> list[Block]:
    """The blocks markdown-it finds."""
    return _Walk(text).blocks


class _Walk:
    def __init__(self, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
        self.source = text.split("\n")
        self.blocks: list[Block] = []
        self.stack: list[dict[str, Any]] = []
        self.lists: list[dict[str, Any]] = []
        self.previous: dict[str, Any] | None = None
        self.number = 0
        self.code = 0
        self.environment: dict[str, Any] = {}
        tokens = parser().parse(text, self.environment)
        index = 0
        while index < len(tokens):
            index = self.token(tokens, index)

    def token(self, tokens: list[Any], index: int) -> int:
        token = tokens[index]
        kind = token.type
        if kind == "blockquote_open":
            self.stack.append({"mark": ">", "line": token.map[0], "used": True, "list": None})
        elif kind in ("bullet_list_open", "ordered_list_open"):
            start = int(token.attrs.get("start", 1)) if kind[0] == "o" else -1
            self.lists.append({"start": start, "char": token.markup, "count": 0})
        elif kind == "list_item_open":
            current = self.lists[-1]
            number = current["start"] + current["count"]
            mark = "•" if current["start"] < 0 else f"{number}{current['char']}"
            current["count"] += 1
            self.stack.append({"mark": mark, "line": token.map[0], "used": False, "list": current})
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
        elif kind == "list_item_close":
            if not self.stack[-1]["used"]:
                line = self.stack[-1]["line"]
                self.add("paragraph", "", ((),), (line, line + 1))
            self.stack.pop()
        elif kind == "blockquote_close":
            self.stack.pop()
        elif kind in ("paragraph_open", "heading_open"):
            inline = tokens[index + 1]
            words, level = kind[:-5], token.tag if kind[0] == "h" else ""
            self.prose(words, level, inline, token)
            return index + 3
        elif kind in ("fence", "code_block"):
            self.code += 1
            content = token.content
            if content and not content.endswith("\n"):
                content += "\n"
            language = (token.info.split() or [""])[0]
            self.add("code", f"{self.code}|{language}|{content}", (), token.map)
        elif kind == "html_block":
            lines = "\n".join(line.expandtabs(4).rstrip() for line in token.content.split("\n")).rstrip("\n")
            self.add("html", lines, (), token.map)
        elif kind == "hr":
            self.add("rule", "", (), token.map)
        elif kind == "table_open":
            return self.table(tokens, index)
        return index + 1

    def prose(self, kind: str, level: str, inline: Any, token: Any) -> None:
        runs = runs_of(inline.children)
        item = self.stack[-1] if self.stack else None
        if item and not item["used"] and item["mark"] == "•" and token.markup[:1] != "#":
            task = re.match(r"\[([ xX])\][ \t]+(?=[^ \t])", inline.content)
            if task and not re.match(r"\[[ xX]\][ \t]*\n", inline.content):
                item["mark"] = f"[{task[1].lower()}]"
                child = parser().parseInline(inline.content[task.end() :], self.environment)[0]
                runs = runs_of(child.children)
        self.add(kind, level, (runs,), token.map)

    def table(self, tokens: list[Any], index: int) -> int:
        extent = tokens[index].map
        cells: list[Runs] = []
        shape: list[str] = []
        while tokens[index].type != "table_close":
            token = tokens[index]
            if token.type in ("th_open", "td_open"):
                shape.append(str(token.attrs.get("style", "")).removeprefix("text-align:") if token.tag == "th" else "")
            elif token.type == "inline":
                cells.append(runs_of(token.children))
            elif token.type == "tr_close":
                shape.append("/")
            index += 1
        self.add("table", ",".join(shape), tuple(cells), extent)
        return index + 1

    def add(self, kind: str, detail: str, runs: tuple[Runs, ...], extent: Sequence[int]) -> None:
        line, end = extent
        heads = [entry for entry in self.stack if not entry["used"]]
        if heads:
            line = min(line, min(entry["line"] for entry in heads))
        for entry in self.stack:
            entry["used"] = True
            if "number" not in entry:
                self.number += 1
                entry["number"] = self.number
        since = self.previous["end"] if self.previous else 0
        blank = any(not text.strip(" \t>") for text in self.source[since:line])
        path = tuple(self.stack)
        gap = 0 if self.previous is None else self.gap(path, kind, blank)
        self.previous = {"path": path, "kind": kind, "end": end}
        shown = tuple((entry["number"], entry["mark"]) for entry in path)
        self.blocks.append(Block(shown, kind, detail, runs, gap))

    def gap(self, path: tuple[dict[str, Any], ...], kind: str, blank: bool) -> int:
        before = self.previous
        assert before is not None
        words = ("paragraph", "heading")
        if blank or kind not in words or before["kind"] not in words:
            return 1
        other = before["path"]
        shared = 0
        while shared < min(len(path), len(other)) and path[shared] is other[shared]:
            shared += 1
        rest = (*path[shared:], *other[shared:])
        if any(entry["list"] is None for entry in rest):
            return 1
        if any(entry["list"] is not None for entry in path[:shared]):
            return 0
        both = path[shared:] and other[shared:]
        return 0 if both and path[shared]["list"] is other[shared]["list"] else 1


def runs_of(children: list[Any] | None) -> Runs:
    """Inline tokens as runs."""
    spans: list[Span] = []
    _collect(children or [], spans, [], [], image=False)
    return merged(_link_urls(spans))


def _collect(children: list[Any], spans: list[Span], styles: list[str], links: list[str], *, image: bool) -> None:
    for token in children:
        kind = token.type
        words = [] if image else sorted(set(styles))
        if links:
            words = [*words, "link"]
        link = links[0] if links else None
        role = " ".join(words) or "text"
        if kind == "text":
            spans.append(Span(token.content, role, link))
        elif kind == "softbreak":
            spans.append(Span(" ", role, link))
        elif kind == "hardbreak":
            spans.append(Span("\n", role, None))
        elif kind in ("code_inline", "html_inline", "math"):
            word = {"code_inline": "code", "html_inline": "html"}.get(kind, kind)
            lines = token.content.split("\n") if word == "math" else [token.content.replace("\n", " ")]
            for number, line in enumerate(lines):
                if number:
                    spans.append(Span("\n", " ".join([*words, word]), link))
                spans.append(Span(line.lstrip(" ") if number else line, " ".join([*words, word]), link))
        elif kind in ("strong_open", "em_open", "s_open"):
            styles.append({"strong_open": "strong", "em_open": "emphasis", "s_open": "strike"}[kind])
        elif kind in ("strong_close", "em_close", "s_close"):
            styles.remove({"strong_close": "strong", "em_close": "emphasis", "s_close": "strike"}[kind])
        elif kind == "link_open":
            links.append(str(token.attrs["href"]))
        elif kind == "link_close":
            links.pop()
        elif kind == "image":
            inner = [*links, str(token.attrs["src"])]
            before = len(spans)
            _collect(token.children or [], spans, [], inner, image=True)
            if not "".join(span.text for span in spans[before:]):
                spans.append(Span(inner[0], "link", inner[0]))


def merged(spans: list[Span]) -> Runs:
    """Spans as runs: neighbours of one role joined, white space made one space."""
    runs: list[tuple[str, frozenset[str], str | None]] = []
    for span in spans:
        if not span.text:
            continue
        words = frozenset(span.role.split()) - {"text", "heading", "table-head", "h1", "h2", "h3", "h4", "h5", "h6"}
        text = span.text
        if text != "\n":
            text = _SPACES.sub(" ", text)
        link = parser().normalizeLink(span.link) if span.link else None
        if runs and runs[-1][1:] == (words, link):
            runs[-1] = (runs[-1][0] + text, words, link)
        else:
            runs.append((text, words, link))
    squeezed = [(re.sub(" +", " ", text), words, link) for text, words, link in runs]
    # Indentation of a line inside code: we drop it as cmark does, markdown-it keeps it.
    squeezed = [(text.strip(" ") if words & {"code", "math"} else text, words, link) for text, words, link in squeezed]
    if squeezed:
        squeezed[-1] = (squeezed[-1][0].rstrip(" "), *squeezed[-1][1:])
        squeezed[0] = (squeezed[0][0].lstrip(" "), *squeezed[0][1:])
    return tuple(run for run in squeezed if run[0])


# --- ours -------------------------------------------------------------------------------------------------------
def our_blocks(renderer: MarkdownRenderer) -> list[Block]:
    """The blocks a finished renderer holds."""
    found: list[Block] = []
    numbers: dict[int, int] = {}
    for piece in renderer.pieces:
        leaf = piece.leaf
        assert len(piece.lines) == piece.height
        path = []
        for container in leaf.path:
            number = numbers.setdefault(id(container), len(numbers) + 1)
            path.append((number, ">" if isinstance(container, Quote) else container.marker))
        detail, runs = _detail(piece, leaf)
        found.append(Block(tuple(path), leaf.kind, detail, runs, leaf.gap))
    return found


def _detail(piece: Any, leaf: blocks.Leaf) -> tuple[str, tuple[Runs, ...]]:
    if isinstance(piece, ProsePiece):
        return (f"h{leaf.level}" if leaf.kind == "heading" else ""), (merged(piece._spans),)
    if isinstance(piece, TablePiece):
        rows = [piece._columns.head, *piece._body]
        cells: list[Runs] = []
        shape: list[str] = []
        for index, row in enumerate(rows):
            for column in range(len(leaf.aligns)):
                shape.append(leaf.aligns[column] if index == 0 else "")
                cells.append(merged(row.cells[column].spans) if column < len(row.cells) else ())
            shape.append("/")
        return ",".join(shape), tuple(cells)
    if leaf.kind == "code":
        content = "".join(text + "\n" for text, _ in leaf.lines)
        return f"{leaf.number}|{(leaf.info.split() or [''])[0]}|{content}", ()
    if leaf.kind == "html":
        return "\n".join(text.expandtabs(4).rstrip() for text, _ in leaf.lines).rstrip("\n"), ()
    return "", ()


__all__ = ["Block", "Item", "our_blocks", "reference_blocks"]
