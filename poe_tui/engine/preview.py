"""The request preview: the exact request that a draft would become, for a person to read. Pure.

The body is the one that leaves, byte for byte, but for the white space of :attr:`RequestPreview.json`. The key is not
known here and is shown as ``***``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from poe_tui.api.chat import PATHS
from poe_tui.api.client import encode
from poe_tui.api.headers import request_headers
from poe_tui.engine.request import BuiltRequest
from poe_tui.engine.tool_preview import harmless
from poe_tui.model import Chain
from poe_tui.request_fields import FieldProblem

LONGEST_TEXT: Final = 2000
"""Characters of one text in the short form: base64 is of no use to a reader."""


@dataclass(slots=True, frozen=True)
class RequestPreview:
    """A request that was not sent."""

    url: str
    headers: tuple[tuple[str, str], ...]
    """In the order in which they leave; the key masked."""
    body: dict[str, Any]
    chain: Chain
    estimated_tokens: int
    notes: tuple[str, ...] = ()
    """What the transcript would be told of this request."""
    problems: tuple[FieldProblem, ...] = ()
    """Fields out of bounds: as long as there are some, nothing is sent."""
    method: str = "POST"

    @property
    def size(self) -> int:
        """Bytes of the body on the wire."""
        return len(encode(self.body))

    @property
    def json(self) -> str:
        """The whole body, indented; may go to a terminal as it is, and parses to the very body."""
        return harmless(json.dumps(json.loads(encode(self.body)), ensure_ascii=False, indent=2))

    @property
    def short_json(self) -> str:
        """The same with long texts cut, each with the number of characters that are left out."""
        return harmless(json.dumps(_shortened(json.loads(encode(self.body))), ensure_ascii=False, indent=2))


def preview(
    built: BuiltRequest, server: str, problems: Sequence[FieldProblem] = (), *, has_key: bool = True
) -> RequestPreview:
    """Return the preview of a built request to ``server``, its base URL."""
    headers = request_headers(len(encode(built.body)))
    if has_key:
        headers["authorization"] = "Bearer ***"
    return RequestPreview(
        url=f"{server}/{PATHS[built.endpoint]}",
        headers=tuple(headers.items()),
        body=built.body,
        chain=built.chain,
        estimated_tokens=built.estimated_tokens,
        notes=built.notes,
        problems=tuple(problems),
    )


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_shortened(entry) for entry in value]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        kept = value[: LONGEST_TEXT // 10]
        return f"{kept}… ({len(value) - len(kept)} more characters)"
    return value
