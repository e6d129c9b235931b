"""The entry point of ``poe-tui`` and ``python -m poe_tui``: nothing heavy before it knows what was asked."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments in (["--version"], ["-V"]):
        from poe_tui import __version__

        print(f"poe-tui {__version__}")
        return 0
    from poe_tui.terminal import skeleton

    if skeleton.opens_app(arguments):
        skeleton.show(demo="--demo" in arguments)
    try:
        from poe_tui.cli.main import run

        return run(arguments)
    finally:
        skeleton.withdraw()


if __name__ == "__main__":
    sys.exit(main())
