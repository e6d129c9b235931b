"""Running a declared command: argv without a shell, arguments on stdin, everything of it gone afterwards.

A command gets a session and a process group of its own, without a terminal. Whatever ends it (itself, its time limit,
Esc), the whole group is ended: first asked (SIGTERM), then made to (SIGKILL), so that nothing it started outlives it.
Output beyond the limit is read and dropped; a command that floods is stopped.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

from poe_tui.engine import tool_outcome
from poe_tui.engine.tool_outcome import Outcome, Written
from poe_tui.tool_config import ToolConfig

GRACE: Final = 1.0
"""Seconds between being asked to end and being made to."""
LATE_OUTPUT: Final = 0.5
"""Seconds that are waited for the rest of the output once the command has ended: its children may hold the pipes."""
FLOOD: Final = 16_000_000
"""Bytes that are read and dropped beyond the limit before the command is stopped."""
_POLL: Final = 0.02


def environment(environ: Mapping[str, str], secret: str = "") -> dict[str, str]:
    """Return ``environ`` without anything of Poe's: names that begin with POE_, and values that hold the key."""
    return {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith("POE_") and not (secret and secret in value)
    }


async def run(
    tool: ToolConfig, values: Mapping[str, Any], directory: Path | None, environ: Mapping[str, str]
) -> Outcome:
    """Run ``tool``'s command and return how it ended. Cancelling ends the command and everything it started.

    Args:
        tool: with a command.
        values: the arguments, already checked; they go to stdin as one JSON object.
        directory: where it runs, unless the tool says so itself.
        environ: the whole environment it gets.
    """
    folder = tool.directory or directory
    if folder is None or not folder.is_dir():
        return tool_outcome.not_started(f"the directory {folder or 'it should run in'} is not there")
    started = time.monotonic()
    listener = Listener(tool.output_limit)
    try:
        transport, _ = await asyncio.get_running_loop().subprocess_exec(
            lambda: listener, *tool.command, cwd=folder, env=dict(environ), start_new_session=True
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no command"
        return tool_outcome.not_started(f"{tool.command[0]}: {reason}")
    group = transport.get_pid()
    try:
        async with asyncio.timeout(tool.timeout):
            _feed(transport, values)
            await asyncio.wait({listener.exited, listener.flooded}, return_when=asyncio.FIRST_COMPLETED)
            if not listener.flooded.done():
                await asyncio.wait({listener.silent}, timeout=LATE_OUTPUT)
    except TimeoutError:
        return tool_outcome.timed_out(listener.written(), tool.timeout)
    finally:
        try:
            await end_group(group, GRACE)
            await asyncio.wait({listener.exited}, timeout=LATE_OUTPUT)
        finally:
            transport.close()
    seconds = time.monotonic() - started
    code = transport.get_returncode()
    if listener.flooded.done() or code is None:
        return tool_outcome.flooded(listener.written(), seconds)
    return tool_outcome.finished(listener.written(), code, seconds)


async def end_group(group: int, grace: float) -> None:
    """End every process of a group: asked first, made to after ``grace`` seconds, or at once when cancelled.

    Processes that left for a session of their own are ended as well, as long as their parents can be followed to the
    group's leader: on Linux, while the leader lives.
    """
    strays = _strays(group)
    try:
        deadline = time.monotonic() + grace
        alive = _signal(group, strays, signal.SIGTERM)
        while alive and time.monotonic() < deadline:
            await asyncio.sleep(_POLL)
            alive = _signal(group, strays, 0)
    finally:
        _signal(group, strays, signal.SIGKILL)


def _signal(group: int, strays: Mapping[int, str], number: int) -> bool:
    """Send a signal to a group and to those that left it; whether there is anybody who takes it."""
    taken = _sent(os.killpg, group, number)
    for process, started in strays.items():
        # The number may be another process's by now; the time it was started at tells.
        if _stat(process)[2] == started:
            taken = _sent(os.kill, process, number) or taken
    return taken


def _sent(send: Callable[[int, int], None], process: int, number: int) -> bool:
    try:
        send(process, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _strays(leader: int) -> dict[int, str]:
    """Return the descendants of a process that are not in its group, with the times they were started at."""
    if not _stat(leader)[2]:
        return {}
    found = {int(entry.name): _stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    family: set[int] = {leader}
    strays: dict[int, str] = {}
    # Children mostly have higher numbers than their parents; where numbers began anew, another round finds them.
    for _ in range(3):
        for process, (parent, group, started) in sorted(found.items()):
            if parent in family and process not in family:
                family.add(process)
                if group != leader:
                    strays[process] = started
    return strays


def _stat(process: int) -> tuple[int, int, str]:
    """Return parent, group and start time of a process; zeros when there is none, or it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0, 0, ""
    if len(fields) < 20 or fields[0] in (b"Z", b"X"):
        return 0, 0, ""
    return int(fields[1]), int(fields[2]), fields[19].decode()


def _feed(transport: asyncio.SubprocessTransport, values: Mapping[str, Any]) -> None:
    """Write the arguments; a command that does not read them loses nothing."""
    stdin = cast("asyncio.WriteTransport | None", transport.get_pipe_transport(0))
    if stdin is not None:
        # ASCII only: half surrogates, which a model may well send, stay escapes.
        stdin.write(json.dumps(values).encode("ascii") + b"\n")
        with suppress(OSError, NotImplementedError):
            stdin.write_eof()


class Listener(asyncio.SubprocessProtocol):
    """Keeps what a process writes, up to a limit, and tells when it has ended."""

    def __init__(self, limit: int) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.silent: asyncio.Future[None] = loop.create_future()
        """Both output pipes are closed."""
        self.flooded: asyncio.Future[None] = loop.create_future()
        self._limit = limit
        self._kept = {1: bytearray(), 2: bytearray()}
        self._open = {1, 2}
        self._size = 0

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """The process wrote something."""
        room = self._limit - sum(map(len, self._kept.values()))
        self._kept[fd] += data[: max(0, room)]
        self._size += len(data)
        if self._size > self._limit + FLOOD:
            _settle(self.flooded)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """A pipe is closed; of the one to the process that is no news."""
        self._open.discard(fd)
        if not self._open:
            _settle(self.silent)

    def process_exited(self) -> None:
        """The process itself has ended; its children may go on."""
        _settle(self.exited)

    def written(self) -> Written:
        """Return what was kept."""
        cut = self._size > self._limit
        # A character that the limit cut in two is left out, not shown broken.
        texts = [
            codecs.getincrementaldecoder("utf-8")("replace").decode(bytes(self._kept[fd]), not cut) for fd in (1, 2)
        ]
        return Written(texts[0], texts[1], self._size, self._limit)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
