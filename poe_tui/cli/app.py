"""``poe-tui [--demo] [-c | -t THREAD] [-m MODEL]``: look at the terminal, then run the app.

argv is read by hand: argparse and pydantic cost time that the first frame does not have. Settings,
key and store are opened by the app itself, after that frame.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from poe_tui import servers
from poe_tui.cli.exits import USAGE, Failure
from poe_tui.launch import Launch
from poe_tui.sanitize import clean

_POOR_TERMINALS = frozenset({"", "dumb", "unknown"})
_FLAGS = {"--demo": "demo", "-c": "resume", "--continue": "resume"}
_VALUES = {"-t": "thread", "--thread": "thread", "-m": "model", "--model": "model"}


def run(argv: Sequence[str]) -> int:
    """Run the app and end the process with its exit code.

    Raises:
        Failure: the arguments, the terminal or ``POE_BASE_URL`` do not fit (exit code 2).
    """
    launch = parse(argv)
    _check_terminal()
    if not launch.demo:
        _check_server()
    from poe_tui.terminal import pauses

    pauses.begin()
    # Imported here: Textual is most of the start-up time and nothing before this line needs it.
    from poe_tui import paths
    from poe_tui.app import PoeApp
    from poe_tui.early import early
    from poe_tui.terminal import signals

    mouse = early(paths.config_file()).mouse == "on"
    signals.leave(PoeApp(launch).run_to_code(mouse=mouse))


def parse(argv: Sequence[str]) -> Launch:
    """Return what the arguments ask for.

    Raises:
        Failure: they cannot be understood (exit code 2).
    """
    found: dict[str, str | bool] = {}
    left = list(argv)
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if not equals and not word.startswith("--") and word[:2] in _VALUES and len(word) > 2:
            name, equals, value = word[:2], "=", word[2:]
        if name in _FLAGS and not equals:
            found[_FLAGS[name]] = True
        elif name in _VALUES:
            if not equals and not left:
                raise Failure(f"{name} needs a value. poe-tui --help tells more.", USAGE)
            found[_VALUES[name]] = value if equals else left.pop(0)
        else:
            raise Failure(f"cannot make sense of {_shown(word)}. poe-tui --help tells more.", USAGE)
    thread, model = found.get("thread"), found.get("model")
    if thread is not None and "resume" in found:
        raise Failure("-c and -t exclude each other.", USAGE)
    for flag, text in (("-t", thread), ("-m", model)):
        if isinstance(text, str) and not text.strip():
            raise Failure(f"{flag} needs a value. poe-tui --help tells more.", USAGE)
    return Launch(
        demo="demo" in found,
        resume="resume" in found,
        thread=str(thread) if thread is not None else None,
        model=str(model).strip() if model is not None else None,
    )


def _check_terminal() -> None:
    for stream, name in ((sys.stdin, "stdin"), (sys.stdout, "stdout")):
        if stream is None or stream.closed or not stream.isatty():
            raise Failure(
                f"{name} is not a terminal, and the app needs one. For pipes and scripts there is poe-tui ask.", USAGE
            )
    terminal = os.environ.get("TERM", "")
    if terminal in _POOR_TERMINALS:
        named = f"TERM={terminal}" if terminal else "TERM is not set: it"
        raise Failure(f"{named} cannot show a full screen. poe-tui ask works anywhere.", USAGE)


def _check_server() -> None:
    url = os.environ.get("POE_BASE_URL", "").strip()
    try:
        if url:
            servers.normalise(url)
    except servers.BadServer as refused:
        raise Failure(f"POE_BASE_URL cannot be used. {refused}", USAGE) from None


def _shown(word: str) -> str:
    return repr(clean(word, single_line=True)[:60])
