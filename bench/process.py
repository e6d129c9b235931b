"""What ``/proc`` says of a program: CPU in nanoseconds, memory, how often it woke up. ``None`` where there is none."""

from __future__ import annotations

import contextlib
from pathlib import Path


def _tasks(pid: int) -> list[Path]:
    with contextlib.suppress(OSError):
        return list(Path(f"/proc/{pid}/task").iterdir())
    return []


def cpu(pid: int) -> float | None:
    """Return the CPU seconds of all threads that are alive, exact to the nanosecond (``schedstat``)."""
    spent = []
    for task in _tasks(pid):
        with contextlib.suppress(OSError):
            spent.append(int((task / "schedstat").read_text("ascii").split()[0]))
    return sum(spent) / 1e9 if spent else None


def resident(pid: int) -> float | None:
    """Return the resident memory in MB (10⁶ bytes)."""
    found = _status(Path(f"/proc/{pid}"), "VmRSS:")
    return None if found is None else found * 1024 / 1e6


def wakeups(pid: int) -> int | None:
    """Return how often any thread has gone to sleep and come back (voluntary context switches)."""
    found = [_status(task, "voluntary_ctxt_switches:") for task in _tasks(pid)]
    known = [number for number in found if number is not None]
    return sum(known) if known else None


def _status(folder: Path, name: str) -> int | None:
    with contextlib.suppress(OSError):
        for line in (folder / "status").read_text("ascii", "replace").splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return None
