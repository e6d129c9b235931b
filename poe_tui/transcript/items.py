"""What an output item is drawn as, besides text: one line each. Input items as prompts with their attachments.

Untrusted throughout: every value may be of any type, every string holds whatever a server or a model put there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from poe_tui import numbers
from poe_tui.model import Item, Turn
from poe_tui.sanitize import clean, clean_url
from poe_tui.transcript.calls import open_line
from poe_tui.transcript.lines import Span
from poe_tui.transcript.turn_blocks import Activity, Prompt, Source, arguments_line
from poe_tui.transcript.wrapping import cut

_NAME_LIMIT = 80
CALLS = ("function_call", "custom_tool_call")


# --- output -----------------------------------------------------------------------------------------------------------
def activity(item: Item, *, live: bool) -> Activity:
    """The line of an item that is neither text nor reasoning.

    Args:
        item: the output item, as much of it as has come.
        live: whether its turn is still running.
    """
    kind = word(item.get("type")) or "unknown item"
    running = live and item.get("status") not in ("completed", "failed", "incomplete")
    if kind == "web_search_call":
        return Activity((Span(search_words(item, running=running), "dim"),))
    if kind in CALLS:
        mark = Span("●", "accent") if running else Span("○", "warning" if live else "dim")
        return open_line(mark, *call_words(item), "" if live else "not run")
    if kind == "image_generation_call":
        return Activity((Span(_image_words(item, running=running), "dim"),))
    name = word(item.get("name"))
    return Activity((Span(f"{kind} · {name}" if name else kind, "dim"),))


def search_words(item: Item, *, running: bool) -> str:
    """``Searching: query…`` while it runs, ``Searched: query`` after."""
    action = item.get("action")
    action = action if isinstance(action, dict) else {}
    kind = action.get("type")
    if kind == "open_page":
        doing, done, what = "Reading", "Read", word(action.get("url"), 200)
    elif kind == "find_in_page":
        doing, done, what = "Looking into", "Looked into", word(action.get("url"), 200)
    else:
        queries = action.get("queries")
        query = action.get("query") or (queries[0] if isinstance(queries, list) and queries else "")
        doing, done, what = "Searching", "Searched", word(query, 200)
    if running:
        return f"{doing}: {what}…" if what else f"{doing}…"
    if item.get("status") == "failed":
        return f"Search failed: {what}" if what else "Search failed"
    return f"{done}: {what}" if what else f"{done} the web" if done == "Searched" else done


def call_words(item: Item) -> tuple[str, str]:
    """The name of what a call calls, and its arguments on one line."""
    arguments = item.get("input") if item.get("type") == "custom_tool_call" else item.get("arguments")
    if isinstance(arguments, dict):
        import json  # 6 ms at start-up that most threads never need

        arguments = json.dumps(arguments, ensure_ascii=False)
    return word(item.get("name")) or "function", arguments_line(arguments) if isinstance(arguments, str) else ""


def _image_words(item: Item, *, running: bool) -> str:
    count = payload_size(item.get("result"))
    if count:
        return f"Image · {numbers.size(count)}"
    if running:
        return "Making an image…"
    return "Image failed" if item.get("status") == "failed" else "Image"


def payload_size(value: Any) -> int:
    """Bytes of a base64 payload, or of the stored file that stands for one (``storage/files.py``); 0 if unknown."""
    if isinstance(value, str):
        encoded = value.partition(",")[2] if value.startswith("data:") else value
        return len(encoded) * 3 // 4
    if isinstance(value, dict) and isinstance(value.get("size"), int):
        return int(value["size"])
    return 0


def reasoning_texts(item: Item) -> list[str]:
    """The summary's parts, then the reasoning's own; empty ones left out."""
    texts: list[str] = []
    for field in ("summary", "content"):
        parts = item.get(field)
        for part in parts if isinstance(parts, list) else ():
            text = part.get("text") if isinstance(part, dict) else None
            if isinstance(text, str) and text:
                texts.append(text)
    return texts


def sources(annotations: Sequence[Mapping[str, Any]], searches: Sequence[Item]) -> list[Source]:
    """The web sources: what the text cites, in order and once each, else what the searches name."""
    found: dict[str, str] = {}
    for annotation in annotations:
        if annotation.get("type") == "url_citation":
            _note(found, annotation.get("url"), annotation.get("title"))
    if not found:
        for item in searches:
            action = item.get("action")
            listed = action.get("sources") if isinstance(action, dict) else None
            for source in listed if isinstance(listed, list) else ():
                if isinstance(source, dict):
                    _note(found, source.get("url"), source.get("title"))
    hosts = [domain(url) for url in found]
    return [
        Source(number, title, url, host if hosts.count(host) == 1 else host + _page(url))
        for number, ((url, title), host) in enumerate(zip(found.items(), hosts, strict=True), 1)
    ]


def _page(url: str) -> str:
    """What tells pages of one host apart: the end of the path."""
    path = [part for part in urlsplit(url).path.split("/") if part]
    last = cut(path[-1], 24) if path else ""
    return f"/…/{last}" if len(path) > 1 else f"/{last}" if last else ""


def _note(found: dict[str, str], url: Any, title: Any) -> None:
    shown = clean_url(url) if isinstance(url, str) else None
    if shown is not None:
        found[shown] = found.get(shown) or word(title, 200)


def domain(url: str) -> str:
    """The host without ``www.``, for the line of sources."""
    return (urlsplit(url).hostname or url).removeprefix("www.")


def word(value: Any, limit: int = _NAME_LIMIT) -> str:
    """A name or title as one short cleaned line; empty for what is no string."""
    if not isinstance(value, str):
        return ""
    return clean(value[: 4 * limit], single_line=True).strip()[:limit]


# --- input ------------------------------------------------------------------------------------------------------------
def prompts(turn: Turn) -> list[Prompt]:
    """The user messages of a turn's new input."""
    found = []
    for item in turn.input:
        if item.get("type", "message") != "message" or item.get("role") not in ("user", None):
            continue
        content = item.get("content")
        parts = content if isinstance(content, list) else [{"type": "input_text", "text": content}]
        texts: list[str] = []
        chips: list[tuple[str, str]] = []
        for part in parts:
            if not isinstance(part, dict):
                continue
            if part.get("type") in ("input_text", "text", "output_text"):
                if isinstance(part.get("text"), str):
                    texts.append(part["text"])
            else:
                chips.append(_chip(part))
        found.append(Prompt(clean("\n".join(texts)).strip("\n"), tuple(chips)))
    return found


def _chip(part: Mapping[str, Any]) -> tuple[str, str]:
    """Name and size of an attachment; never its content."""
    payload = part.get("file_data") or part.get("image_url") or part.get("file_url") or ""
    name = word(part.get("filename"))
    count = 0
    if isinstance(payload, dict) or (isinstance(payload, str) and payload.startswith("data:")):
        count = payload_size(payload)
    elif isinstance(payload, str) and payload:
        url = clean_url(payload)
        name = name or (domain(url) if url else "")
    kind = word(part.get("type"))
    fallback = {"input_image": "image", "input_file": "file"}.get(kind, kind or "file")
    return name or fallback, numbers.size(count) if count else ""
