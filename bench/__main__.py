"""``python -m bench [NAME…] [--n N] [--quick]``: measure, and print the table. Exit code 1 when not all was reached."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial

from bench import micro, resting, startup, streaming, threads
from bench.figures import Figure, table
from bench.published import DATE
from bench.terminal import NeverCame

ROUNDS = 5
_COSTLY = 3
"""Rounds of what takes minutes, unless ``--n`` says otherwise."""


def groups(n: int | None, *, quick: bool) -> dict[str, Callable[[], list[Figure]]]:
    """Return what can be measured, in the order of the table."""
    cheap = n or (1 if quick else ROUNDS)
    costly = n or (1 if quick else _COSTLY)
    return {
        "start": partial(startup.start, cheap),
        "fast": partial(streaming.fast, cheap),
        "slow": partial(streaming.slow, costly, quick=quick),
        "long": partial(streaming.long, costly),
        "threads": partial(threads.threads, cheap, quick=quick),
        "rest": partial(resting.rest, costly, quick=quick),
        "sse": partial(micro.sse, cheap),
        "markdown": partial(micro.markdown_frames, cheap),
        "diff": partial(micro.frame_diff, cheap),
        "search": partial(micro.search, cheap, quick=quick),
    }


def main(argv: list[str] | None = None) -> int:
    """Measure what was asked for."""
    names = list(groups(1, quick=True))
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(names)}; all without one")
    parser.add_argument("--n", type=int, help="rounds of each")
    parser.add_argument("--quick", action="store_true", help="one short round: does it work at all?")
    asked = parser.parse_args(argv)
    unknown = [name for name in asked.names if name not in names]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there is {', '.join(names)}")
    chosen = groups(asked.n, quick=asked.quick)
    figures: list[Figure] = []
    began = time.monotonic()
    for name in asked.names or names:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            figures += chosen[name]()
        except (NeverCame, OSError) as trouble:  # The others may well be measured.
            figures.append(Figure(name, [], note=f"could not be measured: {trouble}"[:400]))
    print(table(figures))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\n{time.monotonic() - began:.0f} s on {os.cpu_count()} cores, load {load}. Peers as published, {DATE}.")
    return 1 if any(figure.reached is False or not figure.known for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
