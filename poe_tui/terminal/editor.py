"""The prompt in the person's own editor: $VISUAL or $EDITOR as a command line, without a shell."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from poe_tui.paths import ensure_private_dir
from poe_tui.sanitize import clean

LIMIT = 4_000_000
"""Bytes of an edited prompt that are taken back."""


def editor_command(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the words of the editor's command line; ``vi`` where nothing is set. Raises ValueError for bad quotes."""
    return shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "") or ["vi"]


async def edit(app: App[Any], text: str, folder: Path) -> tuple[str | None, str]:
    """Let a person edit ``text``. Returns the new text, or ``None`` where it stays, and what went wrong in words.

    The file is private (0600, in a directory of our own) and removed in any case. An editor that ends with an error
    (``:cq``) keeps the old text.
    """
    path: Path | None = None
    try:
        command = editor_command()
        path = _write(text, folder)
        with app.suspend():
            process = await asyncio.create_subprocess_exec(*command, str(path))
            code = await process.wait()
        if code:
            return None, "The editor ended with an error. The prompt is as it was."
        data = await asyncio.to_thread(path.read_bytes)
        if len(data) > LIMIT:
            return None, "The edited text is too long. The prompt is as it was."
        return clean(data.decode("utf-8", "replace")).removesuffix("\n"), ""
    except ValueError:
        return None, "$EDITOR cannot be understood. The prompt is as it was."
    except SuspendNotSupported:
        return None, "This terminal cannot be handed to an editor."
    except OSError as error:
        return None, f"The editor could not be started: {error.strerror or error}. The prompt is as it was."
    finally:
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink()


def _write(text: str, folder: Path) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="prompt-", suffix=".md", dir=ensure_private_dir(folder))
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    return Path(name)
