"""argparse with calm words: one line that says what is wrong, one that says where to read more."""

from __future__ import annotations

import argparse
from typing import NoReturn

from poe_tui.cli.exits import USAGE, Failure
from poe_tui.sanitize import clean


class Parser(argparse.ArgumentParser):
    """A parser for one command. Errors are ``Failure``s with exit code 2; long options are never guessed."""

    def __init__(self, command: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=f"poe-tui {command}".strip(),
            description=description,
            epilog=epilog or None,
            formatter_class=_Formatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """End the command: argparse quotes what was typed, so it is cleaned first."""
        words = clean(message, single_line=True)
        raise Failure(f"{words}. {self.prog} --help tells more.", USAGE)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=100)
