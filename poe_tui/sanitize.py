"""The one sanitizer: what may reach a terminal, a clipboard or a file.

Textual passes ESC, C1 controls, bidi overrides and tag characters through to the terminal (measured on 8.2.8), so model
text could set the clipboard or the title. Dropping single *characters*, never matching whole sequences, has no state
that a split or nested sequence could fool.

- ESC becomes the visible ``␛`` so that an attempt shows; other C0 controls (but newline and tab), DEL and C1 go.
- CR LF, a lone CR, NEL, U+2028 and U+2029 become a newline.
- Bidi overrides and embeddings always go (CVE-2021-42574). Direction marks and isolates stay only behind a
  right-to-left letter on the same line, where Arabic and Hebrew need them.
- The tag block and the second block of variation selectors go (text smuggled past the reader's eye), as do the byte
  order mark, zero width space and the deprecated format characters. ZWJ, ZWNJ and VS15/VS16 stay: emoji and Persian.
- Half surrogates that belong together are joined, all others become U+FFFD.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit, urlunsplit

_REMOVED = (
    *range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0),
    0x180E, 0x200B, *range(0x202A, 0x202F), *range(0x2060, 0x2066), *range(0x206A, 0x2070),
    0xFEFF, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE01F0),
)  # fmt: skip
_MARKS = "\u061c\u200e\u200f\u2066\u2067\u2068\u2069"
"""ALM, LRM, RLM and the isolates: harmless beside right-to-left letters, a trick anywhere else."""

_TABLE: dict[int, str | None] = dict.fromkeys(_REMOVED)
_TABLE |= {0x1B: "␛", 0x0D: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
_LINE_TABLE = _TABLE | dict.fromkeys((9, 10, 13, 133, 8232, 8233), " ")
_LINE_TABLE |= dict.fromkeys(map(ord, _MARKS))

GATE: dict[int, str | None] = dict.fromkeys((*_REMOVED, 0x09, 0x0A, 0x0D, 0x2028, 0x2029, *range(0xD800, 0xE000)))
"""For the last gate before the terminal (``str.translate``): only characters of cell width 0, so layout stays."""

_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e01ef]"
)
_GATE_SUSPECT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u180e\u200b\u2028-\u202e\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e01ef]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_MARK = re.compile(f"[{_MARKS}]")


def clean(text: str, *, single_line: bool = False) -> str:
    """Return ``text`` fit for a terminal, a clipboard or a file; cleaning twice changes nothing.

    Args:
        text: anything, from any source.
        single_line: for titles, names, URLs and table cells: newlines and tabs become spaces, direction marks go.
    """
    if single_line:
        if not (_SUSPECT.search(text) or "\n" in text or "\t" in text):
            return text
        return _join(text).replace("\r\n", "\n").translate(_LINE_TABLE)
    if not _SUSPECT.search(text):
        return text
    cleaned = _join(text).replace("\r\n", "\n").translate(_TABLE)
    if _MARK.search(cleaned):
        cleaned, _ = _drop_stray_marks(cleaned, seen=False)
    return cleaned


class StreamCleaner:
    """Clean a text that arrives in pieces: any split gives what ``clean`` gives for the whole.

    A trailing CR or high surrogate waits for the piece after it; ``flush`` releases it at the end.
    """

    __slots__ = ("_held", "_rtl")

    def __init__(self) -> None:
        self._held = ""
        self._rtl = False

    def feed(self, piece: str) -> str:
        """Return the cleaned text of everything but a character that the next piece may complete."""
        text = self._held + piece
        self._held = ""
        if text and (text[-1] == "\r" or "\ud800" <= text[-1] <= "\udbff"):
            text, self._held = text[:-1], text[-1]
        return self._clean(text)

    def flush(self) -> str:
        """Return what was held back, cleaned. The cleaner is then as new."""
        text, self._held = self._held, ""
        cleaned = self._clean(text)
        self._rtl = False
        return cleaned

    def _clean(self, text: str) -> str:
        cleaned = _join(text).replace("\r\n", "\n").translate(_TABLE) if _SUSPECT.search(text) else text
        cleaned, self._rtl = _drop_stray_marks(cleaned, seen=self._rtl)
        return cleaned


def join_surrogates(text: str) -> str:
    """Join high and low halves that stand together; every other half becomes U+FFFD."""
    return _join(text)


def gate(text: str) -> str:
    """Drop what must not be written to a terminal from one piece of a line; widths in cells do not change."""
    return text.translate(GATE) if _GATE_SUSPECT.search(text) else text


def clean_url(url: str) -> str | None:
    """Return ``url`` if it may be shown and opened, else ``None``.

    Only http and https, with a host, without user information (``https://poe.com@evil.example``), white space,
    backslashes or control characters. A host that is not ASCII is given in its ``xn--`` form, so that look-alikes
    show.
    """
    if not url or url != clean(url, single_line=True) or re.search(r"[\s\\<>\"`]", url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
            return None
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return None
    shown = f"[{host}]" if ":" in host else host
    netloc = f"{shown}:{port}" if port is not None else shown
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, parts.fragment))


def _join(text: str) -> str:
    if not _SURROGATES.search(text):
        return text
    joined = _PAIR.sub(lambda pair: pair.group().encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)
    return _SURROGATES.sub("\ufffd", joined)


def _drop_stray_marks(text: str, *, seen: bool) -> tuple[str, bool]:
    """Drop direction marks with no right-to-left letter before them on their line; tell whether one is open."""
    kept: list[str] = []
    rtl = seen
    for index, line in enumerate(text.split("\n")):
        kept_line, rtl = _drop_marks_in_line(line, rtl=rtl and index == 0)
        kept.append(kept_line)
    return "\n".join(kept), rtl


def _drop_marks_in_line(line: str, *, rtl: bool) -> tuple[str, bool]:
    if line.isascii():
        return line, rtl
    characters: list[str] = []
    for character in line:
        if character in _MARKS:
            if rtl:
                characters.append(character)
            continue
        rtl = rtl or (character > "\u0590" and unicodedata.bidirectional(character) in ("R", "AL"))
        characters.append(character)
    return "".join(characters), rtl
