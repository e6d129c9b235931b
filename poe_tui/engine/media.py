"""Taking the media of an answer: checked by their bytes, saved beside whatever is there already.

Nothing in here runs by itself. A person presses a key, or has said in the settings that it should be done.
"""

from __future__ import annotations

import errno
import os
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from poe_tui.api.public_web import PublicWeb, WebRefused
from poe_tui.engine.aside import aside
from poe_tui.engine.attachments import MOST_PIXELS
from poe_tui.formats import HEAD, MEDIA, Format, image_size, named, sniff
from poe_tui.media import Media
from poe_tui.sanitize import clean

LIMIT: Final = 100_000_000
"""Bytes of one film, sound or image that is fetched, where no setting says otherwise."""
SECONDS: Final = 300.0
"""How long fetching one may take."""
NAME_LENGTH: Final = 60
MOST_NAMES: Final = 1_000
"""Files of one name that are stepped past."""

_ONE: Final = {"image": "an image", "video": "a video", "audio": "a recording"}
_NO_NAME: Final = re.compile(r"[^\w]+")
_REASONS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOTDIR: "that is no directory",
}


class MediaRefused(Exception):
    """Media that are not taken, or cannot be. The text is a sentence, fit to be shown."""


@dataclass(slots=True, frozen=True)
class Taken:
    """Media whose bytes are here and are what they should be."""

    media: Media
    data: bytes

    @property
    def format(self) -> Format:
        """As the bytes say."""
        assert self.media.format is not None
        return self.media.format

    def bytes(self) -> bytes:
        """The file, as :meth:`Media.data` gives that of what came with an answer."""
        return self.data


def downloader(*, limit: int = LIMIT, proxy: str | None = None, own: str = "") -> PublicWeb:
    """Return what fetches media.

    Args:
        limit: bytes.
        proxy: as in the settings.
        own: the origin of the built-in demo server, where that is what is talked to.
    """
    return PublicWeb(proxy, limit, SECONDS, accept="image/*, video/*, audio/*, */*;q=0.1", what="file", own=own)


async def take(media: Media, web: PublicWeb) -> Taken:
    """Return the bytes of media: those that came with the answer, else fetched.

    Raises:
        MediaRefused: the answer's base64 is none; the address is not public, or does not answer; what came is no image,
            film or sound, or too large.
    """
    if not media.url:
        data = await aside(media.data)
        if not data:
            raise MediaRefused("The answer's image cannot be read: it is no base64.")
        return checked(media, data)
    try:
        page = await web.get(media.url)
    except WebRefused as refused:
        raise MediaRefused(str(refused)) from None
    host = clean(media.host, single_line=True)
    if page.status in (401, 403, 404, 410):
        gone = "its address was signed and has expired" if media.expires else "it is not there any more"
        raise MediaRefused(f"{host} answered {page.status}: {gone}.")
    if not 200 <= page.status < 300:
        raise MediaRefused(f"{host} answered {page.status}.")
    if page.cut:
        raise MediaRefused(f"The {media.kind} at {host} is larger than {len(page.data) / 1_000_000:.0f} MB.")
    return checked(media, page.data, page.media_type)


def checked(media: Media, data: bytes, media_type: str = "") -> Taken:
    """Return media with what their bytes say of them.

    Raises:
        MediaRefused: they are no image, film or sound that is known, or fetched and of too many pixels.
    """
    if not data:
        raise MediaRefused(f"{clean(media.host, single_line=True) or 'The answer'} sent nothing.")
    found = sniff(data)
    if found is None or found not in MEDIA:
        what = found.words if found is not None else named(data)
        said = f" ({clean(media_type[:60], single_line=True)})" if media_type else ""
        raise MediaRefused(f"What came is {what}{said}, not {_ONE[media.kind]} that can be saved.")
    pixels = image_size(data[:HEAD]) if found.kind == "image" else None
    if media.url and pixels is not None and pixels[0] * pixels[1] > MOST_PIXELS:
        size = f"{pixels[0]} × {pixels[1]}"
        raise MediaRefused(f"The image has {size} pixels, more than {MOST_PIXELS // 1_000_000} million.")
    known = replace(media, format=found, size=len(data), pixels=pixels)
    return Taken(known, data)


# --- saving -----------------------------------------------------------------------------------------------------------


def stem_of(media: Media, prompt: str = "") -> str:
    """Return a file's name without its suffix: what the answer calls it, else the prompt, in letters and digits."""
    named_so = re.sub(r"\.\w{2,5}$", "", media.alt)
    for words in (named_so, prompt[:1_000]):
        plain = unicodedata.normalize("NFKC", clean(words, single_line=True))
        stem = _NO_NAME.sub("-", plain).strip("-_")[:NAME_LENGTH].strip("-_").lower()
        if stem:
            return stem
    return media.kind


def save(taken: Taken, folder: str, stem: str) -> Path:
    """Write media into a folder under a name that nothing has yet, readable by their owner alone; blocks.

    Raises:
        MediaRefused: it cannot be written; nothing is left behind.
    """
    try:
        place = Path(folder).expanduser().absolute()
        place.mkdir(parents=True, exist_ok=True)
        return _write(place, stem, taken)
    except (OSError, RuntimeError) as error:
        number = error.errno if isinstance(error, OSError) else None
        reason = (
            _REASONS.get(number or 0) or (isinstance(error, OSError) and error.strerror) or "there is no such place"
        )
        raise MediaRefused(f"{clean(folder, single_line=True)} cannot be written to: {reason.lower()}.") from None


def _write(place: Path, stem: str, taken: Taken) -> Path:
    flags = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC
    for number in range(1, MOST_NAMES):
        path = place / f"{stem}{'' if number == 1 else f'-{number}'}{taken.format.suffix}"
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            continue
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(taken.data)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
        return path
    raise OSError(errno.EEXIST, "there are too many files of that name")
