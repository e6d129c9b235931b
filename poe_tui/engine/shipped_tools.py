"""The tools that come with the program: the time, a calculator, a text file, a web page. All are off until named.

Each is a description, a schema and a coroutine; what it cannot do it says by ``CannotDo``, in a sentence for the model.
What a tool alone needs is imported when it is called: 20 ms that every start would pay otherwise.
"""

from __future__ import annotations

import asyncio
import datetime
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from poe_tui import paths
from poe_tui.private_files import FileRefused, read_regular

if TYPE_CHECKING:
    from poe_tui.api.public_web import PublicWeb

LONGEST_EXPRESSION: Final = 2000
"""Characters, for the calculator."""
LARGEST_FILE: Final = 4_000_000
"""Bytes of a file that is read at all; what the model gets is bounded by the tool's output limit besides."""
_TEXT_TYPES: Final = ("application/json", "application/xml", "application/xhtml+xml", "application/javascript")


class CannotDo(Exception):
    """A shipped tool has no result; the text is a sentence."""


@dataclass(slots=True, frozen=True)
class Place:
    """What a shipped tool may use."""

    directory: Path | None
    """What relative paths are relative to."""
    proxy: str | None = None
    """As for ``PoeClient``."""
    web: PublicWeb | None = None
    """For tests: what pages are read by."""


@dataclass(slots=True, frozen=True)
class ShippedTool:
    """One of ours."""

    description: str
    parameters: Mapping[str, Any]
    run: Callable[[Mapping[str, Any], Place], Awaitable[str]]
    does: Callable[[Mapping[str, Any], Place], str] = lambda values, place: ""
    """What a call is about to do, in words, for the person who is asked."""
    is_covered: Callable[[Mapping[str, Any], Iterable[str]], bool] = lambda values, said: True
    """Whether a standing permission holds for a call, given what the person wrote in the thread. The others ask."""


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


# --- the time -------------------------------------------------------------------------------------------------------
async def _current_time(values: Mapping[str, Any], place: Place) -> str:
    now = datetime.datetime.now(datetime.UTC)
    name = values.get("timezone")
    if name is None:
        here = now.astimezone()
        return f"{here.isoformat(timespec='seconds')} {here:%A}, {here.tzname()}"
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        there = now.astimezone(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotDo(f"There is no time zone {name[:60]!r}; names are like Europe/Zurich.") from None
    return f"{there.isoformat(timespec='seconds')} {there:%A}, {name}"


# --- the calculator -------------------------------------------------------------------------------------------------
async def _calculator(values: Mapping[str, Any], place: Place) -> str:
    from poe_tui.engine.calculator import CannotCalculate, calculate

    try:
        return calculate(values["expression"])
    except CannotCalculate as refused:
        raise CannotDo(str(refused)) from None


# --- a file ---------------------------------------------------------------------------------------------------------
def _path(values: Mapping[str, Any], place: Place) -> Path:
    """Return the real path that a call names: links followed, ``~`` and relative paths resolved."""
    try:
        given = Path(values["path"]).expanduser()
        if not given.is_absolute():
            if place.directory is None:
                raise CannotDo("A relative path needs a directory, and there is none.")
            given = place.directory / given
        return Path(os.path.realpath(given))
    except (RuntimeError, ValueError, OSError):
        raise CannotDo("That is no path.") from None


async def _read_file(values: Mapping[str, Any], place: Place) -> str:
    return await asyncio.to_thread(_file_text, _path(values, place))


def _file_text(path: Path) -> str:
    try:
        if paths.credentials_file().exists() and path.samefile(paths.credentials_file()):
            raise CannotDo("That file holds the person's key. It is not read.")
        data = read_regular(path, LARGEST_FILE)
    except FileRefused as refused:
        raise CannotDo(f"{path} {refused.reason}.") from None
    except (OSError, ValueError) as refused:
        reason = refused.strerror if isinstance(refused, OSError) and refused.strerror else "it cannot be read"
        raise CannotDo(f"{path}: {reason}.") from None
    if b"\0" in data[:8192]:
        raise CannotDo(f"{path} is not a text file.")
    return data.decode("utf-8-sig", "replace")


def _reads(values: Mapping[str, Any], place: Place) -> str:
    try:
        return f"reads {_path(values, place)}"
    except CannotDo as refused:
        return str(refused)


def _is_named(values: Mapping[str, Any], said: Iterable[str]) -> bool:
    path = str(values.get("path", "")).strip()
    return bool(path) and any(path in text for text in said)


# --- a page ---------------------------------------------------------------------------------------------------------
async def _fetch_url(values: Mapping[str, Any], place: Place) -> str:
    from poe_tui.api.public_web import PublicWeb, WebRefused
    from poe_tui.engine.page_text import page_text

    web = place.web or PublicWeb(place.proxy)
    try:
        page = await web.get(values["url"])
    except WebRefused as refused:
        raise CannotDo(str(refused)) from None
    is_html = page.media_type in ("text/html", "application/xhtml+xml")
    is_text = page.media_type.startswith("text/") or page.media_type.endswith(("+json", "+xml"))
    if not (is_html or is_text or page.media_type in ("", *_TEXT_TYPES)) or b"\0" in page.data[:8192]:
        raise CannotDo(f"{page.url} is not text but {page.media_type or 'something else'}.")
    try:
        text = page.data.decode(page.charset, "replace")
    except LookupError:
        text = page.data.decode("utf-8", "replace")
    if is_html:
        text = await asyncio.to_thread(page_text, text)
    status = "" if page.status < 400 else f", answered with status {page.status}"
    more = ", cut: there is more" if page.cut else ""
    return f"{page.url}{status}{more}\n\n{text}"


SHIPPED: Final[Mapping[str, ShippedTool]] = {
    "current_time": ShippedTool(
        "The current date, time and weekday, on the person's computer or in a time zone.",
        _object(timezone={"type": "string", "description": "An IANA name such as Europe/Zurich; left out: local time"}),
        _current_time,
    ),
    "calculator": ShippedTool(
        "Exact arithmetic: + - * / // % ^ ! and parentheses, pi, e, sqrt, exp, ln, log(x, base), log10, log2, sin, "
        "cos, tan and the like (radians), abs, round(x, digits), floor, ceil, min, max, sum, mean, gcd, lcm, comb.",
        _object(
            "expression",
            expression={
                "type": "string",
                "maxLength": LONGEST_EXPRESSION,
                "description": "Such as (19.90 * 3) / 1.081",
            },
        ),
        _calculator,
    ),
    "read_file": ShippedTool(
        "The text of one file on the person's computer. Only for files the person named.",
        _object("path", path={"type": "string", "maxLength": 4096, "description": "As the person wrote it"}),
        _read_file,
        _reads,
        _is_named,
    ),
    "fetch_url": ShippedTool(
        "The text of a public web page or text file.",
        _object("url", url={"type": "string", "maxLength": 4096, "description": "An https URL"}),
        _fetch_url,
        lambda values, place: f"fetches {values.get('url')}",
    ),
}
