"""The allow-list: which bytes may reach a terminal. Everything else in a program's output is foreign."""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC
    rb"|\x1b[P_^X][^\x1b]*(?:\x1b\\)?"  # DCS, APC, PM, SOS
    rb"|\x1b[ -/]*[0-~]?"  # anything else that begins with ESC
)
_OUR_MODES = rb"(?:7|25|1002|1004|1006|1049|2004|2026|2048)"
_ALLOWED = re.compile(
    rb"\x1b\[[\d;:]*m"  # SGR
    rb"|\x1b\[\d*(?:;\d*)?H|\x1b\[\d*C"  # cursor position
    rb"|\x1b\[K|\x1b\[\d+X"  # erase
    rb"|\x1b\[(?:\d+;\d+)?r|\x1bM"  # scroll region
    rb"|\x1b\[\?" + _OUR_MODES + rb"[hl]"
    rb"|\x1b\[\?2026\$p"  # asks for synchronized output
    rb"|\x1b\[>\d+u|\x1b\[<u"  # kitty keyboard
    rb"|\x1b\]8;[^;]*;(?:https?://[!-~]*)?\x1b\\"  # links
)
_CONTROLS = re.compile(rb"[\x00-\x09\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
_UNICODE = re.compile(
    "[\x80-\x9f\u200b\u202a-\u202e\u2060-\u2065\ufeff\ufff9-\ufffb\U000e0000-\U000e01ef]"
)  # C1, bidi overrides, invisible characters, the tag block


def foreign(output: bytes) -> list[bytes]:
    """Return every sequence, control and invisible character that no frame of ours needs."""
    found = [sequence for sequence in _SEQUENCE.findall(output) if not _ALLOWED.fullmatch(sequence)]
    rest = _SEQUENCE.sub(b"", output)
    found += _CONTROLS.findall(rest)
    found += [character.encode() for character in _UNICODE.findall(rest.decode("utf-8", "replace"))]
    return found
