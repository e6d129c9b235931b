"""What the storage tests share: threads and turns to write, and a fresh interpreter to kill."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from poe_tui.model import Item, Thread, Turn, new_id
from poe_tui.storage.store import Store, StoreState

ROOT = Path(__file__).resolve().parents[3]
T = TypeVar("T")


def fast_folder() -> Path:
    """A new directory in memory, or on the disk where there is no room for it."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 100_000_000
    return Path(tempfile.mkdtemp(prefix="poe-tui-", dir=memory if roomy else None))


def done(future: Future[T]) -> T:
    """The result of a write."""
    return future.result(timeout=20)


def asked(text: str) -> Item:
    """A user's message in wire shape."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def answered(text: str, **fields: Any) -> Item:
    """An assistant's message in wire shape."""
    part = {"type": "output_text", "text": text, "annotations": [], **fields}
    return {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def make_turn(thread: Thread, prompt: str = "Why?", answer: str | None = "Because.", **fields: Any) -> Turn:
    """A finished turn, or one in flight when there is no answer."""
    fields = {"created_at": 100.0} | fields
    if answer is not None:
        fields = {"status": "completed", "output": [answered(answer)], "response_id": f"resp_{prompt}"} | fields
    return Turn(new_id(), thread.id, model="Claude-Sonnet-4.5", input=[asked(prompt)], **fields)


def add_thread(store: Store, title: str = "Trip to Tokyo", **fields: Any) -> Thread:
    """A stored thread."""
    thread = Thread(new_id(), title=title, **fields)
    done(store.add_thread(thread))
    return thread


def add_turn(
    store: Store, thread: Thread, prompt: str = "Why?", answer: str | None = "Because.", **fields: Any
) -> Turn:
    """A stored turn, begun and ended as the engine does."""
    turn = make_turn(thread, prompt, answer, **fields)
    begun = make_turn(thread, prompt, None, parent_id=turn.parent_id)
    begun.id = turn.id
    done(store.begin_turn(begun))
    if answer is not None:
        done(store.end_turn(turn))
    return turn


def read(work: Callable[[], Awaitable[T]]) -> T:
    """Run one read in a loop of its own, for tests that are not coroutines."""

    async def run() -> T:
        return await work()

    return asyncio.run(run())


class States:
    """Collects what ``on_state`` is told, and waits for it without sleeping."""

    def __init__(self) -> None:
        self.seen: list[StoreState] = []
        self._waiting: list[tuple[str, Future[StoreState]]] = []

    def __call__(self, state: StoreState) -> None:
        """Take a state; called by a thread of the store."""
        self.seen.append(state)
        for kind, future in self._waiting:
            if state.kind == kind and not future.done():
                future.set_result(state)

    def expect(self, kind: str) -> Future[StoreState]:
        """The next state of that kind."""
        future: Future[StoreState] = Future()
        self._waiting.append((kind, future))
        return future


def python(script: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start a fresh interpreter on a script that can import the package."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        text=True,
        stdout=subprocess.PIPE,
        env=environment,
        **options,
    )


@contextmanager
def tmpfs(folder: Path, size: str, options: str = "") -> Iterator[Path]:
    """A small file system of its own, where that is possible."""
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        pytest.skip("only root may mount a file system")
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700{options}", "none", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"mount: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
