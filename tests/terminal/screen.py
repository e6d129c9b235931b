"""Screen: a terminal as a value. It reads the bytes we write and knows every cell: cluster, attributes, colours, link.

Stricter than a terminal: a sequence it does not know is an error, so it is an allow-list as well. Widths are Rich's
(grapheme clusters), because pyte drops text behind ZWJ and VS16. It is checked against pyte on plain text and against
tmux in ``test_screen.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rich.cells import cell_len, split_graphemes
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

_SEQUENCE = re.compile(
    r"\x1b\[(?P<private>[?>=<]?)(?P<parameters>[\d;:]*)(?P<middle>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b(?P<escape>[M78=>])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
    r"|(?P<stray>.)",
    re.DOTALL,
)

ATTRIBUTES = {
    "1": "bold", "2": "dim", "3": "italic", "4": "underline", "5": "blink", "6": "blink2", "7": "reverse",
    "8": "conceal", "9": "strike", "21": "underline2", "51": "frame", "52": "encircle", "53": "overline",
}  # fmt: skip
CLEARED = {
    "22": {"bold", "dim"}, "23": {"italic"}, "24": {"underline", "underline2"}, "25": {"blink", "blink2"},
    "27": {"reverse"}, "28": {"conceal"}, "29": {"strike"}, "54": {"frame", "encircle"}, "55": {"overline"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """What one column of one line shows; ``text`` is empty in the second half of a wide cluster."""

    text: str = " "
    attributes: frozenset[str] = frozenset()
    foreground: str = "39"
    background: str = "49"
    link: str = ""


class Screen:
    """Feed it what is written to a terminal; read ``cells`` and ``cursor``."""

    def __init__(self, width: int, height: int, *, erase_with_colour: bool = True) -> None:
        self.width, self.height = width, height
        self.erase_with_colour = erase_with_colour
        self.cells = [[Cell()] * width for _ in range(height)]
        self.x = self.y = 0
        self.pen = Cell()
        self.top, self.bottom = 0, height - 1
        self.modes: set[str] = set()
        self.foreign: list[str] = []
        """Sequences that no screen of ours needs."""

    @property
    def cursor(self) -> tuple[int, int]:
        return self.x, self.y

    def text(self) -> list[str]:
        """The lines without trailing blanks."""
        return ["".join(cell.text for cell in line).rstrip() for line in self.cells]

    def feed(self, data: str) -> None:
        for match in _SEQUENCE.finditer(data):
            kind = match.lastgroup
            if match["text"] is not None:
                self._write(match["text"])
            elif match["osc"] is not None:
                self._osc(match["osc"])
            elif match["final"] is not None:
                self._csi(match["private"], match["parameters"], match["final"], match.group())
            elif match["escape"] == "M":
                self._reverse_index()
            elif match["control"] == "\n":
                self._line_feed()
            elif match["control"] == "\r":
                self.x = 0
            else:
                self.foreign.append(f"{kind}: {match.group()!r}")

    def _write(self, text: str) -> None:
        spans, _ = split_graphemes(text)
        for start, end, width in spans:
            cluster = text[start:end]
            line = self.cells[self.y]
            if width == 0:
                at = max(0, self.x - 1)
                at -= 1 if line[at].text == "" and at else 0
                line[at] = replace(line[at], text=line[at].text + cluster)
                continue
            if self.x + width > self.width:
                self.x = self.width - width
            self._clear_halves(line, self.x, self.x + width)
            line[self.x] = replace(self.pen, text=cluster)
            if width == 2:
                line[self.x + 1] = replace(self.pen, text="")
            self.x += width
            before = line[self.x - 2].text if self.x > 1 else ""
            if _is_flag_half(cluster) and _is_flag_half(before) and start:
                line[self.x - 2] = replace(line[self.x - 2], text=before + cluster)
                line[self.x - 1] = replace(self.pen, text="")

    def _clear_halves(self, line: list[Cell], start: int, end: int) -> None:
        if line[start].text == "" and start:
            line[start - 1] = replace(line[start - 1], text=" ")
        if end < self.width and line[end].text == "":
            line[end] = replace(line[end], text=" ")

    def _osc(self, body: str) -> None:
        if body.startswith("8;"):
            self.pen = replace(self.pen, link=body.split(";", 2)[2])
        elif not body.startswith(("52;", "0;", "2;")):
            self.foreign.append(f"osc: {body!r}")

    def _csi(self, private: str, parameters: str, final: str, whole: str) -> None:
        numbers = [int(part) if part else 0 for part in parameters.split(";")] if ":" not in parameters else [0]
        first = max(1, numbers[0])
        if private == "?" and final in "hl":
            for part in parameters.split(";"):
                (self.modes.add if final == "h" else self.modes.discard)(part)
        elif private:
            self.foreign.append(repr(whole))
        elif final == "m":
            self._sgr(parameters)
        elif final == "H":
            self.y = min(first, self.height) - 1
            self.x = min(max(1, numbers[1] if len(numbers) > 1 else 1), self.width) - 1
        elif final == "C":
            self.x = min(self.x + first, self.width - 1)
        elif final == "K" and numbers[0] == 0:
            self._erase(self.x, self.width)
        elif final == "X":
            self._erase(self.x, min(self.width, self.x + first))
        elif final == "J" and numbers[0] == 2:
            for y in range(self.height):
                self.cells[y] = [self._blank()] * self.width
        elif final == "r":
            self.top = first - 1
            self.bottom = (numbers[1] if len(numbers) > 1 and numbers[1] else self.height) - 1
            self.x = self.y = 0
        else:
            self.foreign.append(repr(whole))

    def _blank(self) -> Cell:
        return Cell(background=self.pen.background if self.erase_with_colour else "49")

    def _erase(self, start: int, end: int) -> None:
        line = self.cells[self.y]
        if start < end:
            self._clear_halves(line, start, end)
        line[start:end] = [self._blank()] * (end - start)

    def _line_feed(self) -> None:
        self.x = 0  # Textual leaves OPOST and ONLCR on.
        if self.y == self.bottom:
            del self.cells[self.top]
            self.cells.insert(self.bottom, [self._blank()] * self.width)
        else:
            self.y = min(self.y + 1, self.height - 1)

    def _reverse_index(self) -> None:
        if self.y == self.top:
            del self.cells[self.bottom]
            self.cells.insert(self.top, [self._blank()] * self.width)
        else:
            self.y = max(0, self.y - 1)

    def _sgr(self, parameters: str) -> None:
        parts = (parameters or "0").split(";")
        while parts:
            code = parts.pop(0) or "0"
            if code == "0":
                self.pen = Cell(link=self.pen.link)
            elif code in ATTRIBUTES:
                self.pen = replace(self.pen, attributes=self.pen.attributes | {ATTRIBUTES[code]})
            elif code in CLEARED:
                self.pen = replace(self.pen, attributes=self.pen.attributes - CLEARED[code])
            elif code in ("38", "48"):
                count = 4 if parts[0] == "2" else 2
                colour = ";".join([code, *parts[:count]])
                del parts[:count]
                self._colour(colour, foreground=code == "38")
            elif code == "39" or code in {*map(str, range(30, 38)), *map(str, range(90, 98))}:
                self._colour(code, foreground=True)
            elif code == "49" or code in {*map(str, range(40, 48)), *map(str, range(100, 108))}:
                self._colour(code, foreground=False)
            else:
                self.foreign.append(f"sgr: {code}")

    def _colour(self, colour: str, *, foreground: bool) -> None:
        self.pen = replace(self.pen, foreground=colour) if foreground else replace(self.pen, background=colour)


def look(cell: Cell) -> Cell:
    """What a person sees of a cell: of a blank one the background, unless an attribute shows on blanks."""
    if cell.text == " " and not cell.link and not cell.attributes - {"bold", "dim", "italic", "conceal"}:
        return Cell(background=cell.background)
    return cell


def _is_flag_half(text: str) -> bool:
    return len(text) == 1 and "\U0001f1e6" <= text <= "\U0001f1ff"


def expected(segments: list[Segment], width: int, system: ColorSystem | None) -> list[Cell]:
    """The cells that segments of the compositor stand for, found without any code of the diff."""
    line: list[Cell] = []
    for text, style, control in segments:
        if control:
            continue
        pen = _cell_of(style or Style.null(), system)
        spans, total = split_graphemes(text)
        assert total == cell_len(text)
        for start, end, cells in spans:
            if cells == 0:  # A mark that would change the width of its cell cannot be drawn.
                at = len(line) - (1 if line and line[-1].text else 2)
                if at >= 0 and cell_len(line[at].text + text[start:end]) == len(line) - at:
                    line[at] = replace(line[at], text=line[at].text + text[start:end])
                continue
            second = start > 0 and _is_flag_half(text[start:end]) and _is_flag_half(line[-1].text)
            if second:
                line[-1] = replace(line[-1], text=line[-1].text + text[start:end])
            line.append(replace(pen, text="" if second else text[start:end]))
            if cells == 2:
                line.append(replace(pen, text=""))
    line = line[:width]
    if len(line) == width and line[-1].text and cell_len(line[-1].text) == 2:
        line[-1] = replace(line[-1], text=" ")
    return line + [Cell()] * (width - len(line))


def _cell_of(style: Style, system: ColorSystem | None) -> Cell:
    names = ("bold", "dim", "italic", "underline", "blink", "blink2", "reverse", "conceal", "strike", "underline2",
             "frame", "encircle", "overline")  # fmt: skip
    foreground = background = None
    if system is not None:
        foreground = style.color and ";".join(style.color.downgrade(system).get_ansi_codes())
        background = style.bgcolor and ";".join(style.bgcolor.downgrade(system).get_ansi_codes(foreground=False))
    return Cell(
        attributes=frozenset(name for name in names if getattr(style, name)),
        foreground=foreground or "39", background=background or "49", link=style.link or "",
    )  # fmt: skip
