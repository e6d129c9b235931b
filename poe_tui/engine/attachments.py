"""Attachments: from a path, a pipe or bytes to input parts, and back.

What a file is, its bytes say: images go as ``input_image`` with a data URL as a plain string, PDFs and
texts as ``input_file``. A text may have any encoding; it is sent as UTF-8. The name stays with an image in the stored
item, for the chip; ``items.to_input`` keeps it off the wire, where an image has none.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from poe_tui.attachment import Attachment
from poe_tui.engine import chosen_file
from poe_tui.engine.chosen_file import NotTaken
from poe_tui.engine.items import user_message
from poe_tui.formats import HEAD, PDF, TEXT, Format, image_size, named, sniff, text_of
from poe_tui.model import Item, ModelInfo
from poe_tui.sanitize import clean, join_surrogates

MOST_PIXELS: Final = 40_000_000
"""Pixels of an image that is taken, from a person or from an answer."""
LIMIT: Final = 20_000_000
"""Bytes of one file, where no setting says otherwise."""
NAME_LENGTH: Final = 100

_TAKEN: Final = ("image", "pdf", "text")
_WANTED: Final = "PNG, JPEG, WebP and GIF images, PDFs and texts can be attached"
_NEAR: Final = 3


def load(path: str, limit: int = LIMIT) -> Attachment:
    """Read a file that a person named; blocks (``engine.aside``).

    Raises:
        NotTaken: in a sentence.
    """
    data = chosen_file.read(path, limit)
    where = str(Path(path).expanduser())
    return of_bytes(data, posixpath.basename(where.rstrip("/")), limit, path=where)


def of_bytes(data: bytes, name: str, limit: int = LIMIT, *, path: str = "") -> Attachment:
    """Make an attachment of bytes that came some way.

    Args:
        data: the whole file.
        name: what it is called; untrusted.
        limit: the most bytes it may have.
        path: where it was read, if it was.

    Raises:
        NotTaken: in a sentence.
    """
    called = clean_name(name)
    if len(data) > limit:
        raise NotTaken(called, f"is larger than the {limit / 1_000_000:g} MB that may be attached")
    found = sniff(data)
    if found is None or found.kind not in _TAKEN:
        what = found.words if found is not None else named(data)
        raise NotTaken(called, f"is {what}: {_WANTED}")
    pixels = image_size(data[:HEAD]) if found.kind == "image" else None
    if found.kind == "image":
        _check_pixels(called, found, pixels)
    if found is TEXT:
        data = (text_of(data) or "").encode("utf-8", "replace")
    return Attachment(called, found, data, pixels, clean(path, single_line=True))


def _check_pixels(name: str, found: Format, pixels: tuple[int, int] | None) -> None:
    if pixels is None or 0 in pixels:
        raise NotTaken(name, f"begins like {found.words} but is not a whole one")
    if pixels[0] * pixels[1] > MOST_PIXELS:
        size = f"{pixels[0]} × {pixels[1]} pixels"
        raise NotTaken(name, f"has {size}, more than the {MOST_PIXELS // 1_000_000} million that are taken")


def clean_name(name: str) -> str:
    """Return a file's name fit for a chip, a model and a file system: one line, no slashes, not too long."""
    plain = clean(name[:1_000], single_line=True).replace("/", "_").strip() or "file"
    if len(plain) <= NAME_LENGTH:
        return plain
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix) > 10:
        return plain[:NAME_LENGTH]
    return f"{stem[: NAME_LENGTH - len(suffix) - 2]}….{suffix}"


# --- items ------------------------------------------------------------------------------------------------------------


def part(attachment: Attachment) -> dict[str, Any]:
    """Return an attachment as a part of a user's message."""
    url = f"data:{attachment.format.media_type};base64,{base64.b64encode(attachment.data).decode('ascii')}"
    if attachment.format.kind == "image":
        return {"type": "input_image", "image_url": url, "filename": attachment.name}
    return {"type": "input_file", "filename": attachment.name, "file_data": url}


def message(text: str, attachments: Iterable[Attachment], more: Iterable[str] = ()) -> Item:
    """Return the input item of a prompt: its text, further texts, then the files. No part is empty."""
    item = user_message(text)
    texts = [join_surrogates(words) for words in (text, *more) if words.strip()]
    item["content"] = [
        *({"type": "input_text", "text": words} for words in texts),
        *(part(attachment) for attachment in attachments),
    ]
    return item


def of_part(part: Any) -> Attachment | None:
    """Return the attachment that a stored part was, to be sent again; ``None`` where it is none or its data is gone."""
    if not isinstance(part, dict):
        return None
    url = part.get("image_url") if part.get("type") == "input_image" else part.get("file_data")
    if not isinstance(url, str) or not url.startswith("data:"):
        return None
    _, _, payload = url.partition(",")
    try:
        data = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        return None
    found = sniff(data)
    if found is None or found.kind not in _TAKEN:
        return None
    usual = {"image": f"image{found.suffix}", "pdf": f"file{PDF.suffix}"}.get(found.kind, "file.txt")
    name = part.get("filename")
    pixels = image_size(data[:HEAD]) if found.kind == "image" else None
    return Attachment(clean_name(name) if isinstance(name, str) and name.strip() else usual, found, data, pixels)


def attachments_of(items: Iterable[Item]) -> list[Attachment]:
    """Return the attachments of stored input items."""
    parts = [part for item in items if isinstance(item.get("content"), list) for part in item["content"]]
    return [found for part in parts if (found := of_part(part)) is not None]


# --- what a model reads -----------------------------------------------------------------------------------------------


def unread(attachments: Iterable[Attachment], model: ModelInfo | None, models: Sequence[ModelInfo] = ()) -> str:
    """Return why a model cannot read what is attached, and who can; empty when it can or nobody knows.

    Only images need a model that reads them: PDFs and texts are turned into text on the way where need be.
    """
    images = [attachment for attachment in attachments if attachment.format.kind == "image"]
    if not images or model is None or not model.input_modalities or "image" in model.input_modalities:
        return ""
    names = clean(model.name, single_line=True), images[0].name
    words = f"{names[0]} reads {_reads(model)}, so it cannot see {names[1]}."
    others = [clean(other.name, single_line=True) for other in _seeing(model, models)]
    return f"{words} {_list(others)} can." if others else words


def _reads(model: ModelInfo) -> str:
    words = [clean(word, single_line=True) for word in model.input_modalities]
    return f"{words[0]} only" if len(words) == 1 else _list(words, "and")


def _list(words: Sequence[str], last: str = "or") -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _seeing(model: ModelInfo, models: Sequence[ModelInfo]) -> list[ModelInfo]:
    """Models that answer in text and read images: of the same maker first, as the list has them."""
    able = [other for other in models if "image" in other.input_modalities and "text" in other.output_modalities]
    return sorted(able, key=lambda other: other.owner.casefold() != model.owner.casefold())[:_NEAR]
