"""Pens: how a cell is drawn, and the fewest bytes that turn one pen into another.

A pen holds attributes, colours as SGR parameters and a link. Pens are interned, so that two equal cells share one
object and comparing rows of cells is comparing pointers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.color import Color, ColorSystem
    from rich.style import Style

_ON = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")
"""SGR parameters that switch an attribute on, by Rich's attribute bit: bold, dim, italic, underline, …, overline."""
_OFF = ("22", "22", "23", "24", "25", "25", "27", "28", "29", "24", "54", "54", "55")
"""SGR parameters that switch it off (ECMA-48 §8.3.117); 22, 24, 25 and 54 switch two off at once."""
_PAIRS = ((0, 1), (3, 9), (4, 5), (10, 11))
"""Attributes that one parameter switches off together."""
_SHOWS_ON_BLANKS = sum(1 << bit for bit in (3, 4, 5, 6, 8, 9, 10, 11, 12))
"""Underline, blink, reverse, strike, frames, overline: attributes that show on a space."""

_KEPT = 8192
"""Styles remembered by identity; beyond that the memory starts anew."""


class Pen:
    """How a cell is drawn. Compare by identity; make them with ``PenBox.pen``."""

    __slots__ = ("attributes", "background", "foreground", "link", "plain_blank", "steps")

    def __init__(self, attributes: int, foreground: str, background: str, link: str | None) -> None:
        self.attributes = attributes
        self.foreground = foreground
        self.background = background
        self.link = link
        self.plain_blank = not attributes & _SHOWS_ON_BLANKS and link is None
        """Whether a space in this pen shows nothing but its background, so that erasing may draw it."""
        self.steps: dict[Pen, str] = {}
        """The bytes to each pen that was ever needed after this one."""

    def step(self, other: Pen) -> str:
        """Return the bytes that turn a terminal in this pen into one in ``other``."""
        known = self.steps.get(other)
        if known is None:
            known = self.steps[other] = self._sgr(other) + self._link(other)
        return known

    def _sgr(self, other: Pen) -> str:
        colours: list[str] = []
        if self.foreground != other.foreground:
            colours.append(other.foreground)
        if self.background != other.background:
            colours.append(other.background)
        kept = self.attributes
        changes: list[str] = []
        for bit in range(len(_ON)):
            if kept & ~other.attributes & (1 << bit):
                changes.append(_OFF[bit])
                kept &= ~_switched_off(bit)
        changes += [_ON[bit] for bit in range(len(_ON)) if other.attributes & ~kept & (1 << bit)]
        by_change = ";".join(changes + colours)
        if not by_change:
            return ""
        by_reset = ";".join(["0", *other.parameters])
        return f"\x1b[{by_reset if len(by_reset) < len(by_change) else by_change}m"

    @property
    def parameters(self) -> list[str]:
        """The SGR parameters that make this pen after a reset."""
        found = [_ON[bit] for bit in range(len(_ON)) if self.attributes & (1 << bit)]
        found += [self.foreground] if self.foreground != "39" else []
        return found + ([self.background] if self.background != "49" else [])

    def _link(self, other: Pen) -> str:
        return "" if self.link == other.link else f"\x1b]8;;{other.link or ''}\x1b\\"


def _switched_off(bit: int) -> int:
    for pair in _PAIRS:
        if bit in pair:
            return 1 << pair[0] | 1 << pair[1]
    return 1 << bit


class PenBox:
    """Makes pens of Rich styles for one colour system; holds one object for each different pen."""

    def __init__(self, colour_system: ColorSystem | None) -> None:
        self.colour_system = colour_system
        self._pens: dict[tuple[int, str, str, str | None], Pen] = {}
        self._by_value: dict[Any, Pen] = {}
        self._by_identity: dict[int, tuple[Style | None, Pen]] = {}
        self.reset = self._intern(0, "39", "49", None)
        """The pen after ``ESC [ 0 m``."""

    def pen(self, style: Style | None) -> Pen:
        """Return the pen of ``style``; its meta data does not matter."""
        # By identity first: Textual hands out the same style objects frame after frame, and hashing one is slow. The
        # entry holds the style, so its identity cannot be taken by another meanwhile.
        known = self._by_identity.get(id(style))
        if known is not None:
            return known[1]
        if len(self._by_identity) > _KEPT:
            self._by_identity.clear()
            self._by_value.clear()
        pen = self.reset if style is None else self._of(style)
        self._by_identity[id(style)] = (style, pen)
        return pen

    def _of(self, style: Style) -> Pen:
        attributes = style._attributes & style._set_attributes
        value = (style.color, style.bgcolor, attributes, style.link)
        pen = self._by_value.get(value)
        if pen is None:
            pen = self._intern(
                attributes, self._colour(style.color, "39", True), self._colour(style.bgcolor, "49", False), style.link
            )
            self._by_value[value] = pen
        return pen

    def _colour(self, colour: Color | None, default: str, foreground: bool) -> str:
        if colour is None or self.colour_system is None:
            return default
        return ";".join(colour.downgrade(self.colour_system).get_ansi_codes(foreground)) or default

    def _intern(self, attributes: int, foreground: str, background: str, link: str | None) -> Pen:
        key = (attributes, foreground, background, link)
        pen = self._pens.get(key)
        if pen is None:
            pen = self._pens[key] = Pen(attributes, foreground, background, link)
        return pen
