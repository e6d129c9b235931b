"""The images, films and sounds that an answer holds: found in its output items, told apart, each once. Pure.

Poe's media bots answer in several ways: an ``image_generation_call`` with bare base64, a Markdown image
whose alt text is the prompt, brackets and newlines included, with the same URL bare below it, or a bare URL without any
extension, whose path says what it is. Nothing is fetched here, and no base64 is decoded but the head that tells an
image's size.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from poe_tui.formats import HEAD, Format, image_size, sniff
from poe_tui.sanitize import clean, clean_url

MediaKind = Literal["image", "video", "audio"]

MOST: Final = 100
"""Media of one answer."""

_EXTENSIONS: Final[Mapping[str, MediaKind]] = {
    "png": "image", "jpg": "image", "jpeg": "image", "webp": "image", "gif": "image",
    "mp4": "video", "webm": "video", "mov": "video", "m4v": "video",
    "mp3": "audio", "wav": "audio", "ogg": "audio", "oga": "audio", "opus": "audio", "m4a": "audio", "flac": "audio",
}  # fmt: skip
_KINDS: Final[tuple[MediaKind, ...]] = ("image", "video", "audio")
_POE_HOSTS: Final = ("poecdn.net", "poe.com")
_SIGNED: Final = re.compile(r"(?:^|&)(?:sig|se|X-Amz-Signature|X-Amz-Expires|X-Goog-Signature|Expires)=", re.IGNORECASE)
_IMAGE: Final = re.compile(r"\]\(\s{0,20}<?((?:https?:|data:image/)[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)")
"""From the end of an alt text on; its start is looked for backwards."""
_LONGEST_ALT: Final = 4_000
_URL: Final = re.compile(r"https?://[^\s<>\"'`\]|\\^{}]+")
_TRAILING: Final = ".,;:!?)*_"
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_ALT: Final = 200


@dataclass(slots=True, frozen=True)
class Media:
    """One image, film or sound of an answer."""

    kind: MediaKind
    url: str = ""
    """Where it is, cleaned; empty for one that came with the answer."""
    payload: str = field(default="", repr=False)
    """Its base64, for one that came with the answer and is at hand."""
    format: Format | None = None
    """As its bytes say; ``None`` until they are here."""
    size: int | None = None
    """Bytes; ``None`` until they are here."""
    pixels: tuple[int, int] | None = None
    alt: str = ""
    """What the answer calls it, on one line, cleaned; often the prompt."""
    expires: bool = False
    """Whether its address is signed and dies after a while."""

    @property
    def facts(self) -> tuple[str, ...]:
        """What is known of it besides its size in bytes: ``PNG``, ``1024 × 1024``."""
        label = self.format.label if self.format is not None else ""
        size = f"{self.pixels[0]} × {self.pixels[1]}" if self.pixels is not None else ""
        return tuple(fact for fact in (label, size) if fact)

    @property
    def host(self) -> str:
        """Where it would be fetched from."""
        return (urlsplit(self.url).hostname or "") if self.url else ""

    def data(self) -> bytes:
        """Decode what came with the answer; costs some milliseconds a megabyte. Empty where that is no base64."""
        try:
            return base64.b64decode(self.payload, validate=True)
        except (binascii.Error, ValueError):
            return b""


def find_media(output: Sequence[Mapping[str, Any]]) -> list[Media]:
    """Return what the output items of an answer hold, in order, each address once."""
    found: dict[str, Media] = {}
    for media in islice((media for item in output for media in _in_item(item)), 4 * MOST):
        found.setdefault(media.url or f"embedded {len(found)}", media)
    return list(found.values())[:MOST]


def _in_item(item: Mapping[str, Any]) -> Iterator[Media]:
    if item.get("type") == "image_generation_call":
        made = image_of(item)
        if made is not None:
            yield made
    elif item.get("type") == "message":
        content = item.get("content")
        for part in content if isinstance(content, list) else ():
            text = part.get("text") if isinstance(part, dict) else None
            if isinstance(text, str):
                yield from in_text(text)


def image_of(item: Mapping[str, Any]) -> Media | None:
    """Return the image of an ``image_generation_call``: its base64, a reference to a stored file, or an address."""
    result = item.get("result")
    alt = _alt(item.get("revised_prompt"))
    if isinstance(result, dict):
        size = result.get("size")
        return Media("image", size=size if isinstance(size, int) else None, alt=alt)
    if not isinstance(result, str) or not result:
        return None
    if result.startswith(("http://", "https://")):
        url = clean_url(result)
        return Media("image", url, alt=alt, expires=_expires(url)) if url is not None else None
    return _embedded(result, alt)


def in_text(text: str) -> Iterator[Media]:
    """Yield the media of an answer's text: Markdown images, and addresses that say that they are media.

    Code is left out: an address in a program is part of the program. A bare address with a media extension counts only
    alone on its line; in a sentence it is a link like any other.
    """
    if "http" not in text and "data:image/" not in text:
        return
    plain = _without_code(text)
    for match in _IMAGE.finditer(plain):
        start = plain.rfind("![", max(0, match.start() - _LONGEST_ALT), match.start())
        if start < 0:
            continue
        target, alt = match[1], _alt(plain[start + 2 : match.start()])
        if target.startswith("data:"):
            yield _embedded(target, alt)
        elif (url := clean_url(target)) is not None:
            yield Media(kind_of(url) or "image", url, alt=alt, expires=_expires(url))
    for line in plain.split("\n"):
        if "http" in line:
            yield from _bare(line)


def _bare(line: str) -> Iterator[Media]:
    alone = line.strip().strip("<>")
    for found in _URL.finditer(line):
        address = found[0].rstrip(_TRAILING)
        if alone != address and "/base/" not in address and not any(host in address for host in _POE_HOSTS):
            continue
        url = clean_url(address)
        kind = (_poe_kind(url) or (kind_of(url) if alone == address else None)) if url is not None else None
        if url is not None and kind is not None:
            yield Media(kind, url, expires=_expires(url))


def kind_of(url: str) -> MediaKind | None:
    """Return what an address says it leads to: by Poe's path segment, then by its extension."""
    poe = _poe_kind(url)
    if poe is not None:
        return poe
    name = urlsplit(url).path.rpartition("/")[2]
    return _EXTENSIONS.get(name.rpartition(".")[2].lower()) if "." in name else None


def _poe_kind(url: str) -> MediaKind | None:
    """``https://pfst.cf2.poecdn.net/base/video/<hex>``: no extension, the segment tells (observed on Poe)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    segments = parts.path.split("/")
    own = any(host == name or host.endswith(f".{name}") for name in _POE_HOSTS)
    if not own and not re.fullmatch(r"/base/(image|video|audio)/[0-9a-f]{64}", parts.path):
        return None
    return next((kind for kind in _KINDS if kind in segments), None)


def _expires(url: str) -> bool:
    return bool(_SIGNED.search(urlsplit(url).query))


def _alt(value: Any) -> str:
    return " ".join(clean(value[:_ALT], single_line=True).split()) if isinstance(value, str) else ""


def _embedded(encoded: str, alt: str) -> Media:
    """An image that came as base64, bare or as a data URL. Only its head is decoded."""
    payload = encoded.partition(",")[2] if encoded.startswith("data:") else encoded
    head = _head(payload)
    found = sniff(head) if head else None
    if found is not None and found.kind != "image":
        found = None
    size = len(payload) * 3 // 4 - payload[-2:].count("=")
    return Media("image", payload=payload, format=found, size=size, pixels=image_size(head), alt=alt)


def _head(payload: str) -> bytes:
    """The first bytes of a base64: those of nearly every format suffice, a photo's camera data may take more."""
    for length in (4_096, HEAD * 4 // 3 // 4 * 4):
        try:
            head = base64.b64decode(payload[:length])
        except (binascii.Error, ValueError):
            return b""
        if image_size(head) is not None or len(payload) <= length:
            return head
    return head


def _without_code(text: str) -> str:
    """The text with its fenced code blanked."""
    if "```" not in text and "~~~" not in text:
        return text
    kept: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            if mark is not None and mark[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
            kept.append("")
        elif mark is not None:
            fence = mark[1]
            kept.append("")
        else:
            kept.append(line)
    return "\n".join(kept)
