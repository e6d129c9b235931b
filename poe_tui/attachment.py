"""Attachment: a file that goes along with a prompt, as a value. What may become one is the engine's to say."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Final

from poe_tui.formats import Format

_PIXELS_PER_TOKEN: Final = 750
_IMAGE_TOKENS: Final = (85, 1_600)
"""What vendors count an image as: its pixels over 750, within these bounds (Anthropic's rule; OpenAI's is near)."""
_PAGE_TOKENS: Final = 2_000
_PAGE_BYTES: Final = 60_000
_PAGE: Final = re.compile(rb"/Type\s*/Page\b(?!s)")
_BYTES_PER_TOKEN: Final = 4


@dataclass(slots=True, frozen=True)
class Attachment:
    """One file."""

    name: str
    """The file's own name on one line, cleaned; what the model is told and the chip shows."""
    format: Format
    data: bytes = field(repr=False)
    """As it is sent: a text is UTF-8 already."""
    pixels: tuple[int, int] | None = None
    """Width and height of an image, where its header tells them."""
    path: str = ""
    """Where it was read, cleaned, for a person to look at; empty for what came another way."""

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    @property
    def tokens(self) -> int:
        """About how many tokens it weighs. Vendors differ by a factor of two, so every price made of it is ``≈``."""
        match self.format.kind:
            case "image":
                width, height = self.pixels or (1024, 1024)
                low, high = _IMAGE_TOKENS
                return max(low, min(high, math.ceil(width * height / _PIXELS_PER_TOKEN)))
            case "pdf":
                pages = sum(1 for _ in _PAGE.finditer(self.data)) or math.ceil(self.size / _PAGE_BYTES)
                return max(1, pages) * _PAGE_TOKENS
        return math.ceil(self.size / _BYTES_PER_TOKEN)
