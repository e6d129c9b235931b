"""What a file is, told by its first bytes and never by its name or by what a server says of it. Pure.

Two lists matter: what may be attached to a prompt (images, PDFs, text), and what is taken from an answer (images,
video, sound). Everything else has a name here at most, so that a refusal can say what it is.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["image", "video", "audio", "pdf", "text", "other"]

HEAD: Final = 262_144
"""Bytes from the start in which a picture tells its size; camera data before it may take some ten thousand."""


@dataclass(slots=True, frozen=True)
class Format:
    """A kind of file."""

    kind: Kind
    media_type: str
    suffix: str
    """With its dot."""
    words: str
    """What a sentence calls it: ``a PNG image``."""

    @property
    def label(self) -> str:
        """Its short name: ``PNG``, ``MP4``."""
        return self.suffix.removeprefix(".").upper()


PNG: Final = Format("image", "image/png", ".png", "a PNG image")
JPEG: Final = Format("image", "image/jpeg", ".jpg", "a JPEG image")
WEBP: Final = Format("image", "image/webp", ".webp", "a WebP image")
GIF: Final = Format("image", "image/gif", ".gif", "a GIF image")
PDF: Final = Format("pdf", "application/pdf", ".pdf", "a PDF")
MP4: Final = Format("video", "video/mp4", ".mp4", "an MP4 video")
WEBM: Final = Format("video", "video/webm", ".webm", "a WebM video")
MP3: Final = Format("audio", "audio/mpeg", ".mp3", "an MP3 recording")
WAV: Final = Format("audio", "audio/wav", ".wav", "a WAV recording")
OGG: Final = Format("audio", "audio/ogg", ".ogg", "an Ogg recording")
TEXT: Final = Format("text", "text/plain", ".txt", "a text")

IMAGES: Final = (PNG, JPEG, WEBP, GIF)
MEDIA: Final = (*IMAGES, MP4, WEBM, MP3, WAV, OGG)
"""What is taken from an answer."""

_HEADS: Final = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"ID3", MP3),
    (b"OggS", OGG),
)
_KNOWN_BY_NAME: Final = (
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"fLaC", "a FLAC recording"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
)
_BRANDS: Final = {
    b"avif": "an AVIF image", b"avis": "an AVIF image", b"heic": "a HEIC image", b"heix": "a HEIC image",
    b"hevc": "a HEIC image", b"mif1": "a HEIC image", b"msf1": "a HEIC image", b"M4A ": "an M4A recording",
    b"qt  ": "a QuickTime video",
}  # fmt: skip
"""Brands of the ISO container that are no MP4 video."""
_MP3_FRAME: Final = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]")
"""The first bytes of a frame of layer III, in the three versions of MPEG audio."""
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ODD: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""Controls that no text holds; form feed and ESC are met in texts."""
_MULTIBYTE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_LOOKED_AT: Final = 65_536
_FEW: Final = 0.01
"""The share of odd characters that a text in an old encoding may hold."""


def sniff(data: bytes) -> Format | None:
    """Return the format that the bytes show, ``None`` where they are none of ours. A text is one by being readable."""
    for head, found in _HEADS:
        if data.startswith(head):
            return found
    if data[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return None if data[8:12] in _BRANDS else MP4
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return WEBM if b"webm" in data[:64] else None
    if _MP3_FRAME.match(data):
        return MP3
    if data and text_of(data) is not None:
        return TEXT
    return PDF if b"%PDF-" in data[:1024] else None


def named(data: bytes) -> str:
    """Return what bytes are that are none of ours, for a sentence: ``a ZIP archive or an Office document``."""
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "a video")
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return "a Matroska video"
    return next((words for head, words in _KNOWN_BY_NAME if data.startswith(head)), "of no known kind")


def text_of(data: bytes) -> str | None:
    """Return the text that the bytes are: UTF-8, UTF-16 with its mark, or an old Western encoding; else ``None``.

    A bad byte here and there becomes U+FFFD.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            marked = data.decode(encoding, "replace")
            return marked if _is_readable(marked) and marked.count("\ufffd") <= len(marked) * _FEW + 1 else None
    if b"\x00" in data[:_LOOKED_AT]:
        return None
    text = _decoded(data, "utf-8")
    if text is None:
        # One bad byte does not make another encoding of it; none but bad ones do.
        text = data.decode("utf-8" if _MULTIBYTE.search(data) else "cp1252", "replace")
    return text if _is_readable(text) and text.count("\ufffd") <= len(text) * _FEW + 1 else None


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_readable(text: str) -> bool:
    head = text[:_LOOKED_AT]
    return sum(1 for _ in _ODD.finditer(head)) <= len(head) * _FEW


# --- the size of a picture --------------------------------------------------------------------------------------------


def image_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels as an image's header tells them; ``None`` where it does not.

    Nothing is decoded, so that a bomb is known by its head. ``data`` may be the first :data:`HEAD` bytes alone.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    return _jpeg_size(data) if data.startswith(b"\xff\xd8\xff") else None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 30:
        return None
    match data[12:16]:
        case b"VP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case b"VP8L" if data[20] == 0x2F:
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Walk the segments up to the start of frame (ITU-T T.81, B.2.2)."""
    at, end = 2, min(len(data), HEAD)
    while at + 9 <= end:
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        elif marker in (0x01, *range(0xD0, 0xD9)):  # no length follows
            at += 2
        else:
            length = int.from_bytes(data[at + 2 : at + 4])
            if length < 2:
                return None
            at += 2 + length
    return None
