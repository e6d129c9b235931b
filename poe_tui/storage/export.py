"""A thread as Markdown for people and as JSON for machines.

Both are files that somebody will ``cat``: Markdown goes through ``sanitize.clean``, JSON keeps every character but
writes those that a terminal could obey as ``\\uXXXX``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from poe_tui.model import Item, Thread, Turn
from poe_tui.sanitize import clean, clean_url

FORMAT: Final = "poe-tui.thread"
VERSION: Final = 1

_DERIVED: Final = {"sibling_index", "sibling_count"}
_OBEYED: Final = re.compile(
    "[\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e01ef]"
)
_OPENING: Final = re.compile(r" {0,3}(`{3,}(?!.*`)|~{3,})")
_TICKS: Final = re.compile("`+")
_ENDED: Final = {"completed", "in_progress"}

V = TypeVar("V", Thread, Turn)


def to_markdown(thread: Thread, path: Sequence[Turn]) -> str:
    """The conversation along one path for reading: front matter, sources as footnotes; every text cleaned.

    Args:
        thread: its title and dates head the text.
        path: ``await store.path(thread.tip_id)``.
    """
    sources = _Sources()
    blocks = [_front_matter(thread, path)]
    title = _line(thread.title)
    if title:
        blocks.append(f"# {title}")
    for turn in path:
        asked = [block for item in turn.input for block in _input_blocks(item)]
        if asked:
            blocks += ["## You", *asked]
        # What the text cites are its sources, else what the searches found; as on the screen.
        found = None if _cites(turn.output) else sources
        answered = [block for item in turn.output for block in _output_blocks(item, sources, found)]
        ending = _ending(turn)
        if answered or ending:
            blocks += [f"## {_line(turn.model) or 'Answer'}", *answered, *ending]
    if sources.urls:
        blocks.append("\n".join(sources.footnotes()))
    return "\n\n".join(blocks) + "\n"


def to_json(thread: Thread, turns: Sequence[Turn]) -> str:
    """Everything, as ``from_json`` reads it back. Give ``await store.tree(id)`` for the whole tree."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "thread": asdict(thread),
        "turns": [{key: value for key, value in asdict(turn).items() if key not in _DERIVED} for turn in turns],
    }
    text = json.dumps(document, ensure_ascii=False, indent=2, default=str)
    return _OBEYED.sub(lambda match: _escape(match.group()), text) + "\n"


def from_json(text: str) -> tuple[Thread, list[Turn]]:
    """Read ``to_json``'s text; keys of a later version are left out.

    Raises:
        ValueError: in words, what is wrong with it.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f'this is not an exported thread: "format" is not "{FORMAT}"')
    turns = document.get("turns")
    if not isinstance(turns, list):
        raise ValueError('"turns" is not a list')
    thread = _value(Thread, document.get("thread"), "thread")
    return thread, [_value(Turn, turn, f"turn {number}") for number, turn in enumerate(turns, 1)]


# --- Markdown -----------------------------------------------------------------------------------------------------


class _Sources:
    """The footnotes of a document: one number for each URL, in the order of first mention."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}

    def mark(self, annotation: Item) -> str:
        """The footnote mark of a citation, or nothing."""
        annotation = _citation(annotation)
        url = annotation.get("url")
        if not isinstance(url, str) or not url:
            return ""
        title = annotation.get("title")
        self.urls.setdefault(url, "")
        if isinstance(title, str) and not self.urls[url]:
            self.urls[url] = title
        return f"[^source-{list(self.urls).index(url) + 1}]"

    def footnotes(self) -> list[str]:
        """``[^source-1]: [title](url)``; a URL that is no http address stands there as code."""
        found = []
        for number, (url, title) in enumerate(self.urls.items(), 1):
            safe = clean_url(url)
            words = re.sub(r"([\[\]\\`<>])", r"\\\1", _line(title))
            link = _code(_line(url)) if safe is None else f"[{words or safe}](<{safe}>)"
            found.append(f"[^source-{number}]: {link}")
        return found


def _front_matter(thread: Thread, path: Sequence[Turn]) -> str:
    models = list(dict.fromkeys(_line(turn.model) for turn in path if turn.model))
    values = {
        "title": _line(thread.title),
        "id": _line(thread.id),
        "created": _date(thread.created_at),
        "updated": _date(thread.updated_at),
        "models": models,
        "turns": len(path),
    }
    # JSON is YAML: quoting by it leaves nothing to be interpreted.
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(["---", *lines, "---"])


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _line(text: str) -> str:
    return clean(text, single_line=True).strip()


def _input_blocks(item: Item) -> list[str]:
    if item.get("type") == "function_call_output":
        output = item.get("output")
        return ["*Tool result*", _fenced(output if isinstance(output, str) else _dump(output))]
    return [block for part in _parts(item) for block in _part(part, None)]


def _output_blocks(item: Item, sources: _Sources, found: _Sources | None) -> list[str]:
    """The blocks of an output item; ``found`` takes what a search found, where that is to be listed."""
    kind = item.get("type")
    if kind == "message":
        return [block for part in _parts(item) for block in _part(part, sources)]
    if kind == "reasoning":
        text = "\n\n".join(_thoughts(item))
        return [_quoted(f"*Reasoning*\n\n{clean(text)}")] if text else []
    if kind == "function_call":
        arguments = item.get("arguments")
        name = _code(_line(str(item.get("name", ""))))
        return [f"*Tool call* {name}", _fenced(arguments if isinstance(arguments, str) else "", "json")]
    if kind == "web_search_call":
        return [_searched(item, found)]
    return [f"*{_line(str(kind or 'item')).replace('_', ' ')}*"]


def _thoughts(item: Item) -> list[str]:
    """The texts of a reasoning item: its summary, then the reasoning itself, in whatever shape they are."""
    texts: list[str] = []
    for name in ("summary", "content"):
        value = item.get(name)
        texts += [value] if isinstance(value, str) else [_text(part) for part in _list(value)]
    return [text for text in texts if text]


def _searched(item: Item, found: _Sources | None) -> str:
    """What a web search did: searched, opened a page, looked for something in one; and what it found."""
    given = item.get("action")
    action = given if isinstance(given, dict) else {}
    url = _code(_line(action["url"])) if isinstance(action.get("url"), str) else ""
    if action.get("type") == "open_page":
        return f"*Opened* {url}".rstrip()
    if action.get("type") == "find_in_page":
        pattern = action.get("pattern")
        wanted = _code(_line(pattern)) if isinstance(pattern, str) else ""
        return " ".join(filter(None, ("*Looked for*", wanted, "*in*" if url else "", url)))
    query, queries = action.get("query"), action.get("queries")
    asked = queries if isinstance(queries, list) and not isinstance(query, str) else [query]
    words = ", ".join(_code(_line(one)) for one in asked if isinstance(one, str))
    marks = [found.mark({**source, "type": "url_citation"}) for source in _list(action.get("sources")) if found]
    return f"*Searched the web* {words}".rstrip() + "".join(dict.fromkeys(marks))


def _citation(annotation: Item) -> Item:
    """A URL citation, flat or in the shape of chat/completions; empty for any other annotation."""
    inner = annotation.get("url_citation")
    if annotation.get("type") != "url_citation":
        return {}
    return {**annotation, **inner} if isinstance(inner, dict) else annotation


def _cites(output: Sequence[Item]) -> bool:
    """Whether an answer cites anything."""
    parts = [part for item in output if item.get("type") == "message" for part in _list(item.get("content"))]
    return any(_citation(note).get("url") for part in parts for note in _list(part.get("annotations")))


def _parts(item: Item) -> list[Item]:
    content = item.get("content")
    return [{"type": "input_text", "text": content}] if isinstance(content, str) else _list(content)


def _part(part: Item, sources: _Sources | None) -> list[str]:
    kind = part.get("type")
    if kind in ("input_text", "output_text", "text"):
        text = _text(part)
        cited = text if sources is None else _with_marks(text, _list(part.get("annotations")), sources)
        return [_closed(clean(cited).strip("\n"))] if text.strip() else []
    if kind == "refusal":
        refusal = part.get("refusal")
        return [_quoted(f"*Refused* {clean(refusal)}")] if isinstance(refusal, str) else []
    name = part.get("filename")
    named = f" {_code(_line(name))}" if isinstance(name, str) and name else ""
    return [f"*{_line(str(kind or 'part')).removeprefix('input_')}*{named}"]


def _with_marks(text: str, annotations: list[Item], sources: _Sources) -> str:
    """Set the footnote marks behind what they stand for; a citation without a sensible place goes to the end."""
    marks: dict[int, list[str]] = {}
    for annotation in annotations:
        end = _citation(annotation).get("end_index")
        place = end if isinstance(end, int) and 0 < end <= len(text) else len(text)
        mark = sources.mark(annotation)
        if mark and mark not in marks.setdefault(place, []):
            marks[place].append(mark)
    pieces, last = [], 0
    for place in sorted(marks):
        pieces += [text[last:place], *marks[place]]
        last = place
    return "".join(pieces) + text[last:]


def _ending(turn: Turn) -> list[str]:
    message = (turn.error or {}).get("message")
    if turn.status in _ENDED and not message:
        return []
    words = f": {clean(message)}" if isinstance(message, str) and message else ""
    return [_quoted(f"*{_line(turn.status)}*{words}")]


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)


def _code(text: str) -> str:
    """Inline code that no backtick inside can end."""
    ticks = "`" * (_longest_ticks(text) + 1)
    space = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{space}{text}{space}{ticks}" if text else ""


def _fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any in the text."""
    fence = "`" * max(3, _longest_ticks(text) + 1)
    cleaned = clean(text).strip("\n")
    return f"{fence}{language}\n{cleaned}\n{fence}"


def _closed(text: str) -> str:
    """End a code block that the text leaves open (a stopped answer), or it would swallow the rest of the document."""
    fence = ""
    for line in text.split("\n"):
        if fence:
            bare = line.strip()
            closes = bare and set(bare) == {fence[0]} and len(bare) >= len(fence)
            if closes and len(line) - len(line.lstrip(" ")) <= 3:
                fence = ""
        elif match := _OPENING.match(line):
            fence = match.group(1)
    return f"{text}\n{fence}" if fence else text


def _text(part: Item) -> str:
    text = part.get("text")
    return text if isinstance(text, str) else ""


def _list(value: Any) -> list[Item]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


# --- JSON ---------------------------------------------------------------------------------------------------------


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _is_items(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _is_time(value: Any) -> bool:
    # Up to the year 10000: of anything else no date can be made.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 253_402_300_800


_CHECKS: Final[dict[str, Callable[[Any], bool]]] = {
    "str": lambda value: isinstance(value, str),
    "str | None": lambda value: value is None or isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "float": _is_time,
    "float | None": lambda value: value is None or _is_time(value),
    "dict[str, Any]": lambda value: isinstance(value, dict),
    "dict[str, Any] | None": lambda value: value is None or isinstance(value, dict),
    "list[Item]": _is_items,
    "TurnStatus": lambda value: isinstance(value, str),
    "Chain": lambda value: isinstance(value, str),
}
"""By the annotation of the dataclass field, which ``from __future__ import annotations`` keeps as text."""


def _value(kind: type[V], data: Any, where: str) -> V:
    if not isinstance(data, dict):
        raise ValueError(f"{where} is not an object")
    values: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in data and field.name not in _DERIVED:
            if not _CHECKS[str(field.type)](data[field.name]):
                raise ValueError(f'{where}: "{field.name}" is not of the right kind')
            values[field.name] = data[field.name]
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"{where}: an id is missing") from error
