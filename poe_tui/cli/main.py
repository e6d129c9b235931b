"""Which command was asked for, and what every command shares: exit codes, Ctrl+C, a closed pipe, private files.

Standard library only, and little of it: a command's own imports happen in its own module, once it is known which.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from poe_tui.cli.exits import CANCELLED, FAILED, OK, USAGE, Failure
from poe_tui.cli.text import COMMANDS, HELP
from poe_tui.terminal import skeleton

PRIVATE_UMASK = 0o077
"""Whatever a command writes is the person's own (measured)."""

_OUTPUT_TROUBLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def run(arguments: Sequence[str]) -> int:
    """Run ``poe-tui`` with these arguments and return the exit code."""
    _open_what_is_closed()
    _tolerate_any_text()
    if sys.platform == "win32":
        _say("native Windows is not supported: its consoles lack what the screen needs. Use WSL instead.")
        return USAGE
    os.umask(PRIVATE_UMASK)
    try:
        code = _dispatch(list(arguments))
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return CANCELLED
    except BrokenPipeError:
        _leave_stdout()
        return OK
    except Failure as failure:
        _say(str(failure))
        return failure.code
    except SystemExit as left:
        # argparse ends this way, for --help and for usage errors.
        return left.code if isinstance(left.code, int) else OK if left.code is None else USAGE
    except OSError as error:
        # Files and connections are somebody's business further down; what comes up here without a name is stdout.
        if error.filename is None and error.errno in _OUTPUT_TROUBLE:
            _leave_stdout()
            _say(f"the output could not be written: {error.strerror}.")
            return FAILED
        raise


def _dispatch(arguments: list[str]) -> int:
    first = arguments[0] if arguments else ""
    if first in ("-h", "--help", "help"):
        print(HELP, end="")
        return OK
    if first and not first.startswith("-"):
        if first not in COMMANDS:
            raise Failure(_unknown(first), USAGE)
        module = import_module(f"poe_tui.cli.{first.replace('-', '_')}")
        return int(module.run(arguments[1:]))
    from poe_tui.cli import app

    return app.run(arguments)


def _unknown(word: str) -> str:
    # Imported here: needed for a slip of the finger only.
    from difflib import get_close_matches

    from poe_tui.sanitize import clean

    near = get_close_matches(word, COMMANDS, 3, 0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else " poe-tui --help lists the commands."
    return f"there is no command {clean(word, single_line=True)[:60]!r}.{hint}"


def _say(text: str) -> None:
    skeleton.withdraw()  # The app does not come: its first frame would hide the words.
    print(f"poe-tui: {text}", file=sys.stderr)


def _open_what_is_closed() -> None:
    """Give a stream that the caller closed (``>&-``) to nothing, before a database takes its place as descriptor 1."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # Takes the lowest free number, which is this one.
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def _tolerate_any_text() -> None:
    """Let a terminal or a file that knows ASCII only show a ``?`` where a letter does not fit, instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _leave_stdout() -> None:
    """Point stdout at nothing, so that Python's own last flush has nothing to complain about."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
