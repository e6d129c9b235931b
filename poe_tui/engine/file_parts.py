"""Files in a request that a server or a model does not take: texts go as text, the rest is said in words. Pure.

Few servers behind a Responses API take every file (observed on Poe). A text file
loses nothing by being sent as text, so that is done at once and remembered; a PDF would lose its pages, so a person is
told. In a replay to a model that reads no images, each one leaves its name behind: the same words every time. To a
model that makes images, the last one it made is shown again.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from poe_tui.media import image_of
from poe_tui.model import Item, ModelInfo, Turn

REFUSED: Final = "text_files"
"""The feature name under which it is remembered that text files are refused."""

_STATUSES: Final = (None, 400, 404, 415, 422, 500, 501)
_NAMES_FILES: Final = re.compile(
    r"\binput_file\b|\bfile_data\b|\bfile_(type|format|id|url)\b|\bmime\b|\bmedia[ _]types?\b|\bcontent[ _]types?\b"
    r"|\bdocuments?\b|\battachments?\b|\bpdfs?\b|\bfiles?\b.{0,60}\b(support|allow|accept|valid|invalid|type|format)"
    r"|\b(support|allow|accept|valid|invalid|unknown)\w*\b.{0,60}\bfiles?\b",
    re.IGNORECASE | re.DOTALL,
)
_NAMES_IMAGES: Final = re.compile(
    r"\binput_image\b|\bimage_url\b|\bimages?\b.{0,60}\b(support|allow|accept)"
    r"|\b(support|allow|accept)\w*\b.{0,60}\b(images?|vision|multimodal)\b",
    re.IGNORECASE | re.DOTALL,
)
_SIZE: Final = re.compile(
    r"\btoo (large|big|long|many)\b|\bexceed|\bmaximum\b.{0,40}\b(size|length|tokens?|bytes)\b"
    r"|\bcontext (window|length)\b",
    re.IGNORECASE | re.DOTALL,
)
_PLACE: Final = re.compile(r"(?:input|messages)\W+(\d+)\W+content\W+(\d+)", re.IGNORECASE)
_FENCE: Final = re.compile(r"`{3,}")


def holds_text_file(items: Iterable[Item]) -> bool:
    """Whether any of the input items has a file that could go as text."""
    return any(_text(part) is not None for part in _parts(items))


def holds_pdf(items: Iterable[Item]) -> bool:
    """Whether any of the input items has a PDF."""
    return any(part.get("type") == "input_file" and _text(part) is None for part in _parts(items))


def holds_image(items: Iterable[Item]) -> bool:
    """Whether any of the input items has an image."""
    return any(part.get("type") == "input_image" for part in _parts(items))


def as_text(item: Item) -> Item:
    """Return the item with its text files as text; the very item where it has none."""
    content = item.get("content")
    if not isinstance(content, list) or not holds_text_file([item]):
        return item
    return {**item, "content": [_in_words(part) for part in content]}


def without_images(item: Item) -> Item:
    """Return the item with the name of each image in its place; the very item where it has none."""
    content = item.get("content")
    if not isinstance(content, list) or not holds_image([item]):
        return item
    return {**item, "content": [_name_of(part) for part in content]}


def reads_images(model: ModelInfo | None) -> bool:
    """Whether a model reads images, as far as anybody knows."""
    return model is None or not model.input_modalities or "image" in model.input_modalities


def last_image(path: Sequence[Turn], model: ModelInfo | None) -> Item | None:
    """Return the output item of the last image of a path, for a model that both makes and reads images.

    No server takes an ``image_generation_call`` back, yet "make it blue" needs the picture that is meant. The one of
    before that is enough, and cheaper.
    """
    modalities = (model.output_modalities, model.input_modalities) if model is not None else ()
    if not modalities or not all("image" in kinds for kinds in modalities):
        return None
    made = [item for turn in path for item in turn.output if item.get("type") == "image_generation_call"]
    return next((item for item in reversed(made) if seen_again(item) is not None), None)


def seen_again(item: Item) -> Item | None:
    """Return an image of an answer as a user's message, the only place where an image may stand."""
    image = image_of(item)
    if image is None or not image.payload or image.format is None:
        return None
    url = f"data:{image.format.media_type};base64,{image.payload}"
    words = {"type": "input_text", "text": "[The image you made:]"}
    return {"type": "message", "role": "user", "content": [words, {"type": "input_image", "image_url": url}]}


def refused(error: Mapping[str, Any], items: Iterable[Item]) -> bool:
    """Whether an error says that the server or the model does not take a file of these input items."""
    items = list(items)
    if not _is_refusal(error):
        return False
    kind = _named_part(error, items)
    if kind is not None:
        return kind == "input_file"
    return bool(_NAMES_FILES.search(str(error.get("message") or "")))


def verdict(error: Mapping[str, Any], items: Iterable[Item]) -> str:
    """Return what to do about a turn that failed for what was attached to it; empty where it failed for another reason.

    Said beside the server's own words, which often name an upstream model and a field nobody typed.
    """
    items = list(items)
    if not _is_refusal(error):
        return ""
    kind, message = _named_part(error, items), str(error.get("message") or "")
    if holds_pdf(items) and (kind == "input_file" or (kind is None and _NAMES_FILES.search(message))):
        return "This model does not take the PDF. Attach its text instead, or ask another model."
    if holds_image(items) and (kind == "input_image" or (kind is None and _NAMES_IMAGES.search(message))):
        return "This model does not take the image. Ask another model, or take the image off."
    return ""


def _is_refusal(error: Mapping[str, Any]) -> bool:
    message = str(error.get("message") or "")
    return error.get("http_status") in _STATUSES and not _SIZE.search(message)


def _named_part(error: Mapping[str, Any], items: list[Item]) -> str | None:
    """The type of the part that an error names by its place, ``input[2].content[1]``; ``None`` where it names none."""
    found = _PLACE.search(str(error.get("param") or "")) or _PLACE.search(str(error.get("message") or ""))
    if found is None:
        return None
    place, number = int(found[1]), int(found[2])
    content = items[place].get("content") if place < len(items) else None
    if not isinstance(content, list) or number >= len(content) or not isinstance(content[number], dict):
        return None
    kind = content[number].get("type")
    return {"file": "input_file", "image_url": "input_image"}.get(str(kind), str(kind))


def _parts(items: Iterable[Item]) -> Iterable[dict[str, Any]]:
    for item in items:
        content = item.get("content")
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict):
                yield part


def _text(part: Mapping[str, Any]) -> str | None:
    """The text of a text file; ``None`` for any other part."""
    data = part.get("file_data")
    if part.get("type") != "input_file" or not isinstance(data, str) or not data.startswith("data:text/"):
        return None
    try:
        return base64.b64decode(data.partition(",")[2], validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None


def _in_words(part: Any) -> Any:
    text = _text(part) if isinstance(part, dict) else None
    if text is None:
        return part
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    end = "" if text.endswith("\n") else "\n"
    return {"type": "input_text", "text": f"{part.get('filename') or 'File'}:\n{fence}\n{text}{end}{fence}"}


def _name_of(part: Any) -> Any:
    if not isinstance(part, dict) or part.get("type") != "input_image":
        return part
    name = part.get("filename")
    called = f", {name}," if isinstance(name, str) and name else ""
    return {"type": "input_text", "text": f"[An image{called} that this model cannot see.]"}
