"""What goes along with a prompt of ``poe-tui ask``: files named by ``-a``, and whatever stdin holds."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from poe_tui.cli.exits import USAGE, Failure
from poe_tui.cli.output import say

if TYPE_CHECKING:
    from poe_tui.attachment import Attachment
    from poe_tui.engine.runtime import Runtime
    from poe_tui.model import Item

LONGEST_INPUT: Final = 64_000_000
"""Bytes of stdin; more is a mistake, such as a whole disk."""
WAIT_TOLD: Final = 1.0
"""Seconds of waiting for stdin before it is said."""
STDIN: Final = "-"


@dataclass(slots=True)
class Asked:
    """A prompt and its files."""

    text: str = ""
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def items(self) -> list[Item] | str:
        """What is sent: the text alone where there is nothing else."""
        if not self.attachments:
            return self.text
        # Imported here: most questions have no file.
        from poe_tui.engine.attachments import message

        return [message(self.text, self.attachments)]

    def check(self, runtime: Runtime, models: Sequence[str]) -> None:
        """Refuse what a model is known not to read, before anything is sent.

        Raises:
            Failure: in words that name a model which does (exit code 2).
        """
        if not self.attachments:
            return
        from poe_tui.engine.attachments import unread

        for model in models:
            words = unread(self.attachments, runtime.catalog.get(model), runtime.catalog.models)
            if words:
                raise Failure(words, USAGE)


def gather(words: Sequence[str], paths: Sequence[str], limit: int) -> Asked:
    """Return the prompt, what stdin holds behind it, and the files; ``-`` as a path is stdin as a file.

    Args:
        words: of the command line; ``-`` alone reads stdin.
        paths: of ``-a``.
        limit: bytes of a file.

    Raises:
        Failure: there is nothing to ask, or a file is not taken (exit code 2).
    """
    typed = "" if list(words) == [STDIN] else " ".join(words)
    wanted = (not typed and not paths) or list(words) == [STDIN] or STDIN in paths or is_piped()
    piped = read_stdin() if wanted else b""
    asked = Asked(typed)
    if STDIN in paths or (piped and _is_file(piped)):
        asked.attachments.append(_of_stdin(piped, limit))
    else:
        text = _text(piped).rstrip("\n")
        asked.text = "\n\n".join(part for part in (typed, text) if part.strip())
    asked.attachments += [_load(path, limit) for path in paths if path != STDIN]
    if not asked.text.strip() and not asked.attachments:
        raise Failure("there is nothing to ask: the prompt is empty.", USAGE)
    return asked


def _load(path: str, limit: int) -> Attachment:
    from poe_tui.engine.attachments import load
    from poe_tui.engine.chosen_file import NotTaken

    try:
        return load(path, limit)
    except NotTaken as refused:
        raise Failure(str(refused), USAGE) from None


def _of_stdin(data: bytes, limit: int) -> Attachment:
    from poe_tui.engine.attachments import of_bytes
    from poe_tui.engine.chosen_file import NotTaken
    from poe_tui.formats import sniff

    found = sniff(data)
    try:
        return of_bytes(data, f"stdin{found.suffix if found is not None else ''}", limit)
    except NotTaken as refused:
        raise Failure(str(refused), USAGE) from None


def _is_file(data: bytes) -> bool:
    """Whether stdin holds a file and no text; what is nearly text is text."""
    from poe_tui.formats import TEXT, sniff

    found = sniff(data)
    return found is not TEXT if found is not None else b"\x00" in data


def _text(data: bytes) -> str:
    from poe_tui.formats import text_of

    text = text_of(data)
    return text if text is not None else data.decode("utf-8-sig", "replace")


def is_piped() -> bool:
    """Whether stdin is a file or a FIFO: then somebody put something there on purpose."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISFIFO(mode)


def read_stdin() -> bytes:
    """Return all of stdin; a wait of more than a second is said.

    Raises:
        Failure: it cannot be read, or holds too much.
    """
    if sys.stdin is None:
        return b""
    waiting = threading.Timer(WAIT_TOLD, say, ["waiting for the prompt on stdin; ^D ends it, ^C gives up."])
    waiting.daemon = True
    waiting.start()
    try:
        data = sys.stdin.buffer.read(LONGEST_INPUT + 1)
    except OSError as error:
        raise Failure(f"stdin cannot be read: {error.strerror}.", USAGE) from None
    finally:
        waiting.cancel()
    if len(data) > LONGEST_INPUT:
        raise Failure(f"stdin holds more than {LONGEST_INPUT // 1_000_000} MB.", USAGE)
    return data
