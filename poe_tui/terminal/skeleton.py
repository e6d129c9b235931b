"""The first frame, written before Textual is imported: header, sidebar, composer, in the colours of last time.

Importing Textual is nearly all of the start-up time (measured); a person should see the app, not a
black screen, while it happens. Standard library only, and as little of it as possible: no dataclasses, no pathlib, no
json. The colours come from a line that the app left in the cache directory, ready to be written.

Typing is safe from the first moment: the terminal is set as Textual will set it, once, with TCSANOW. The default flush
would throw typed keys away, and leaving ICRNL on would turn Enter into ^J. The keys wait in the terminal's queue until
the driver reads them.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # Spelled so that not even typing is imported.
    from typing import Any

DEFAULTS = {
    "bg": "48;2;22;24;29", "surface": "48;2;29;32;39", "panel": "48;2;42;47;58", "ink": "38;2;211;215;222",
    "strong": "38;2;242;244;248", "dim": "38;2;143;151;168", "accent": "38;2;171;150;255", "sidebar": "auto",
    "density": "auto", "glyphs": "unicode", "colours": "truecolor",
}  # fmt: skip
"""poe-dark; what is drawn when the app never ran here before."""

ALTERNATE = "\x1b[?1049h"
"""The alternate screen; the driver must not switch to it a second time."""

_LIMIT = 4096
_OPTIONS_WITH_VALUE = ("-t", "--thread", "-m", "--model")
_OPTIONS = ("--demo", "-c", "--continue")

_original: list[Any] | None = None
"""The terminal's attributes from before, while the skeleton stands; ``None`` when there is none."""


def opens_app(arguments: list[str]) -> bool:
    """Whether these arguments open the full screen. Cheap and strict: in doubt there is no skeleton."""
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word in _OPTIONS_WITH_VALUE and left:
            left.pop(0)
        elif word not in _OPTIONS:
            return False
    return True


def show(*, demo: bool = False) -> bool:
    """Draw the first frame if stdin and stdout are a terminal that can show it. Never fails."""
    global _original
    if os.environ.get("TERM", "") in ("", "dumb", "unknown") or os.environ.get("POE_TUI_SKELETON") == "0":
        return False
    try:
        if not (os.isatty(0) and os.isatty(1)):
            return False
        width, height = os.get_terminal_size(1)
        if width < 20 or height < 6:
            return False
        import termios

        before = termios.tcgetattr(0)
        attributes = termios.tcgetattr(0)
        attributes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        attributes[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
        attributes[6][termios.VMIN] = 1
        termios.tcsetattr(0, termios.TCSANOW, attributes)
    except (OSError, ValueError, ImportError):
        return False
    _original = before
    _write(ALTERNATE + "\x1b[?25l" + frame(width, height, look(), demo=demo))
    return True


def taken_over() -> list[Any] | None:
    """The driver takes the terminal: return its attributes from before, ``None`` when no skeleton stands."""
    global _original
    before, _original = _original, None
    return before


def withdraw() -> None:
    """Take the skeleton away when the app does not come: before a message, at the end of the process."""
    before = taken_over()
    if before is not None:
        import termios

        _write("\x1b[?25h\x1b[?1049l")
        termios.tcsetattr(0, termios.TCSANOW, before)


def look() -> dict[str, str]:
    """Return the colours and shapes of last time, or the defaults."""
    try:
        with open(cache_file(), encoding="ascii") as file:
            pairs = [line.partition("=") for line in file.read(_LIMIT).splitlines()]
    except (OSError, ValueError):
        pairs = []
    found = {name: value for name, _, value in pairs if name in DEFAULTS and _harmless(value)}
    if len(found) < len(DEFAULTS):
        found = DEFAULTS
    if found["colours"] != colours():
        return {**found, **dict.fromkeys(("bg", "surface", "panel", "ink", "strong", "dim", "accent"), "")}
    return found


def remember(values: dict[str, str]) -> None:
    """Leave the colours and shapes for the next start. Failing is harmless: the defaults serve then."""
    text = "".join(f"{name}={values[name]}\n" for name in DEFAULTS)
    file = cache_file()
    try:
        with open(file, encoding="ascii") as old:
            if old.read(_LIMIT) == text:
                return
    except (OSError, ValueError):
        pass
    temporary = f"{file}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as new:
            new.write(text)
        os.replace(temporary, file)
    except (OSError, ValueError):
        return


def cache_file() -> str:
    """Return the path of the line; ``paths.cache_dir`` says the same but costs imports."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    if not root.startswith("/"):
        root = os.path.expanduser("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")
    return os.path.join(root, "poe-tui", "first-frame")


def colours() -> str:
    """Return the terminal's colours as far as the environment tells, by the rules that Rich has."""
    if os.environ.get("NO_COLOR"):
        return "none"
    if os.environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor"
    return "256" if os.environ.get("TERM", "").endswith("256color") else "16"


def frame(width: int, height: int, style: dict[str, str], *, demo: bool = False) -> str:
    """Return the bytes of the frame: what the app draws first, without what it does not know yet."""
    bar, dots = ("|", "...") if style["glyphs"] == "plain" else ("▌", "…")
    side = 28 if style["sidebar"] == "on" or (style["sidebar"] == "auto" and width >= 90) else 0
    side = side if width >= 90 else 0
    text, edge = side + 3, width - 3
    compact = height < 25 or style["density"] == "compact"
    surface, page = _pen(style["ink"], style["surface"]), _pen(style["ink"], style["bg"])
    dim, strong = _pen(style["dim"], style["surface"]), _pen(style["strong"], style["surface"], "1")
    accent = _pen(style["accent"], style["surface"])
    out = []
    for row in range(height):
        full = row == 0 or (row == height - 1 and height >= 25)
        left = f"{surface}{' ' * (width if full else side)}"
        out.append(f"\x1b[{row + 1}H{left}" + ("" if full else f"{page}{' ' * (width - side)}"))
    if width >= 90:
        out.append(f"\x1b[1;4H{dim}poe-tui")
    title = text
    if demo:
        chip = 12 if width >= 90 else 3
        title = text if width >= 90 else chip + 8
        out.append(f"\x1b[1;{chip + 1}H{_pen(style['ink'], style['panel'])} demo ")
    out.append(f"\x1b[1;{title + 1}H{strong}New thread")
    first, last = (height - 3, height - 2) if compact else (height - 7, height - 3)
    for row in range(first, last + 1):
        out.append(f"\x1b[{row + 1};{side + 2}H{accent}{bar}{surface}{' ' * (edge - side - 2)}")
    typed = first if compact else first + 1
    out.append(f"\x1b[{typed + 1};{text + 1}H{_swapped(style['ink'], style['bg'])}A{dim}sk anything{dots}")
    out.append(f"\x1b[0m\x1b[{typed + 1};{text + 1}H")
    return "".join(out)


def _pen(foreground: str, background: str, attribute: str = "") -> str:
    return f"\x1b[{';'.join(part for part in ('0', attribute, foreground, background) if part)}m"


def _swapped(foreground: str, background: str) -> str:
    """The caret: text in the page's colour on a cell of the text's."""
    if not foreground or not background:
        return "\x1b[0;7m"
    return _pen(_moved(background, -10), _moved(foreground, 10))


def _moved(parameter: str, by: int) -> str:
    """Turn a foreground parameter into a background one (38 to 48, 90 to 100), or back."""
    head, semicolon, rest = parameter.partition(";")
    return f"{int(head) + by}{semicolon}{rest}"


def _harmless(value: str) -> bool:
    return len(value) < 40 and all(character.isalnum() or character == ";" for character in value)


def _write(text: str) -> None:
    data = text.encode("utf-8", "replace")
    while data:
        try:
            data = data[os.write(1, data) :]
        except BlockingIOError:
            continue
        except OSError:
            return
