"""The writer when things go wrong: full disks, long locks, closing in the middle. Real disks, real locks."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Literal

import pytest

from poe_tui.model import Thread, new_id
from poe_tui.storage import reader, writer
from poe_tui.storage.connection import connect
from poe_tui.storage.database import memory_database
from poe_tui.storage.store import Store, StoreError, StoreState
from poe_tui.storage.writer import Job, Writer
from tests.unit.storage.help import States, add_thread, add_turn, answered, asked, done, make_turn, read, tmpfs

Kind = Literal["write", "partial", "end", "read", "mark"]


@contextlib.contextmanager
def locked(path: Path, how: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
    """Another program that holds the database."""
    with contextlib.closing(connect(path)) as other:
        other.execute(f"BEGIN {how}")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


class Ballast:
    """Fills a disk, and frees it again."""

    def __init__(self, disk: Path) -> None:
        self._file = disk / "ballast"

    def fill(self) -> None:
        with contextlib.suppress(OSError), self._file.open("ab", buffering=0) as file:
            for size in (65536, 4096, 512, 64):
                with contextlib.suppress(OSError):
                    while file.write(b"x" * size):
                        pass

    def free(self) -> None:
        self._file.unlink()


def limit_pages(store: Store, spare: int | None) -> None:
    """Make the database full for its writer: a real SQLITE_FULL on any machine."""

    def work(db: sqlite3.Connection) -> None:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {1_000_000 if spare is None else pages + spare}")

    store._writer.submit(Job(work, kind="read")).result(timeout=10)


def failure(future: Future[None]) -> str:
    with pytest.raises(StoreError) as failed:
        done(future)
    return failed.value.reason


@pytest.mark.parametrize("journal", ["delete", "wal"])
async def test_a_disk_that_fills_while_streaming(tmp_path: Path, journal: str) -> None:
    states = States()
    with (
        tmpfs(tmp_path / "disk", "4m") as disk,
        Store.open(disk / "poe-tui.db", journal="wal" if journal == "wal" else "delete", on_state=states) as store,
    ):
        ballast = Ballast(disk)
        thread = add_thread(store)
        first = add_turn(store, thread, "before")
        turn = make_turn(thread, "streaming", None, parent_id=first.id)
        done(store.begin_turn(turn))
        ballast.fill()
        unsaved = states.expect("unsaved")
        told = [store.append_partial(turn.id, "word " * 4000) for _ in range(8)]
        assert {failure(future) for future in told if future.exception(timeout=20)} == {"disk full"}
        state = unsaved.result(timeout=10)
        assert (state.reason, store.state.kind) == ("disk full", "unsaved")
        turn.status, turn.output = "completed", [answered("word " * 32_000)]
        assert failure(store.end_turn(turn)) == "disk full"
        # The thread goes on all the same: what is not on disk is read from memory.
        path = await store.path(turn.id)
        assert [kept.input_text for kept in path] == ["before", "streaming"]
        assert path[1].status == "completed" and len(path[1].output_text) == 160_000
        next_turn = make_turn(thread, "next", None, parent_id=turn.id)
        failure(store.begin_turn(next_turn))
        assert len(await store.path(next_turn.id)) == 3
        assert len(await store.path(next_turn.id, limit=1)) == 1
        assert await store.flush() is False
        ballast.free()
        ok = states.expect("ok")
        done(store.set_favourite("GPT", True))
        assert ok.result(timeout=10) == StoreState() and store.state.kind == "ok"
        assert await store.flush() is True
        assert store.close() is True
        with Store.open(disk / "poe-tui.db") as again:
            assert again.notices == []
            saved = await again.path(next_turn.id)
            assert [len(kept.output_text) for kept in saved] == [8, 160_000, 0]
            assert await again.favourites() == ["GPT"]


async def test_space_that_comes_back_is_noticed_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_RETRY_SECONDS", 0.05)
    states = States()
    with Store.open(tmp_path / "poe-tui.db", on_state=states) as store:
        thread = add_thread(store)
        limit_pages(store, 0)
        turn = make_turn(thread, "x", "y" * 100_000)
        assert failure(store.end_turn(turn)) == "disk full"
        assert failure(store.append_partial(turn.id, "z")) == "disk full"
        ok = states.expect("ok")
        # Not by the same queue: that would be a write. A second connection cannot lift the limit of the first.
        held = store._writer._connection
        assert held is not None
        held.execute("PRAGMA max_page_count = 1000000")
        ok.result(timeout=10)
        assert [kept.output_text for kept in await store.path(turn.id)] == ["y" * 100_000]


async def test_what_fits_is_saved_in_order(tmp_path: Path) -> None:
    with Store.open(tmp_path / "poe-tui.db") as store:
        thread = add_thread(store)
        limit_pages(store, 2)
        small = store.update_thread(thread.id, title="small")
        large = store.update_thread(thread.id, draft="x" * 1_000_000)
        after = store.update_thread(thread.id, title="after")
        done(small)
        assert failure(large) == failure(after) == "disk full"
        assert [kept.title for kept in await store.threads()] == ["small"]
        limit_pages(store, None)
        done(store.set_favourite("a", True))
        found = await store.thread(thread.id)
        assert found is not None and (found.title, len(found.draft)) == ("after", 1_000_000)


def test_a_full_disk_at_the_end_is_not_forgotten_silently(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "poe-tui.db")
    thread = add_thread(store)
    limit_pages(store, 0)
    failure(store.end_turn(make_turn(thread, "x", "y" * 100_000)))
    assert store.close() is False


async def test_an_existing_database_on_a_full_disk(tmp_path: Path) -> None:
    with tmpfs(tmp_path / "disk", "1m") as disk:
        path, ballast = disk / "poe-tui" / "poe-tui.db", Ballast(disk)
        with Store.open(path) as store:
            thread = add_thread(store, "kept")
            done(store.begin_turn(make_turn(thread, "left in flight", None)))
        ballast.fill()
        with Store.open(path) as store:
            assert store.file == path and store.notices == []
            assert [kept.title for kept in await store.threads()] == ["kept"]
            failure(store.update_thread(thread.id, draft="x" * 100_000))
            ballast.free()
            done(store.update_thread(thread.id, title="saved"))
        with Store.open(path) as store:
            (kept,) = await store.threads()
            assert (kept.title, len(kept.draft)) == ("saved", 100_000)
            assert [turn.status for turn in await store.tree(thread.id)] == ["interrupted"]


def test_the_backlog_is_bounded() -> None:
    """Checkpoints of ended turns go for nothing; then the oldest checkpoints, then the oldest writes."""
    states = States()
    made = Writer(None, memory_database(), states, most_kept=10_000)
    full, gone, written = threading.Event(), [], []
    full.set()

    def job(name: str, size: int, kind: Kind = "write", turn: str = "") -> Future[None]:
        def work(db: sqlite3.Connection) -> None:
            if full.is_set():
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            written.append(name)

        return made.submit(Job(work, size=size, kind=kind, turn_id=turn, after=lambda: gone.append(name)))

    futures = [
        job("begin", 1000),
        job("p1", 3000, "partial", "a"),
        job("p2", 3000, "partial", "b"),
        job("p3", 3000, "partial", "b"),
        job("end a", 2000, "end", "a"),
        job("last", 2000),
        job("big", 5000),
    ]
    for future in futures:
        assert failure(future) == "disk full"
    assert states.seen[-1].unsaved == 4
    assert gone == ["p2", "p3"]  # p1 was not needed any more: "end a" holds all of it
    full.clear()
    done(made.run(lambda db: None))
    assert written == ["begin", "end a", "last", "big"]
    full.set()
    futures = [job("old", 6000), job("new", 6000)]
    for future in futures:
        failure(future)
    full.clear()
    done(made.run(lambda db: None))
    assert written[4:] == ["new"]
    assert made.close(2.0) is True


def test_a_listener_that_fails_does_not_stop_the_writer(tmp_path: Path) -> None:
    def fail(state: StoreState) -> None:
        raise RuntimeError("the app is gone")

    with Store.open(tmp_path / "poe-tui.db", on_state=fail) as store:
        limit_pages(store, 0)
        failure(store.add_thread(Thread(new_id(), draft="x" * 100_000)))
        limit_pages(store, None)
        add_thread(store)


async def test_a_short_lock_is_waited_out(tmp_path: Path) -> None:
    states = States()
    with Store.open(tmp_path / "poe-tui.db", on_state=states) as store:
        thread = add_thread(store)
        with locked(tmp_path / "poe-tui.db"):
            turn = make_turn(thread)
            saving = store.end_turn(turn)
            start = time.perf_counter()
            assert (await store.path(turn.id))[0].output_text == "Because."
            assert [kept.id for kept in await store.threads()] == [thread.id]
            assert time.perf_counter() - start < 3
            assert not saving.done()
        done(saving)
        assert states.seen == []


async def test_a_long_lock_is_told_and_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_BUSY_NOTICE", 0.1)
    states = States()
    with Store.open(tmp_path / "poe-tui.db", on_state=states) as store:
        thread = add_thread(store)
        busy = states.expect("busy")
        with locked(tmp_path / "poe-tui.db"):
            saving = store.end_turn(make_turn(thread))
            state = await asyncio.wait_for(asyncio.wrap_future(busy), 10)
            assert state.reason == "another program is holding the database"
            assert store.state.kind == "busy"
            new = Thread(new_id(), title="not on disk yet")
            store.add_thread(new)
            store.begin_turn(make_turn(new, answer=None))
            found = await store.threads()
            assert [kept.title for kept in found] == ["not on disk yet", "Trip to Tokyo"]
            assert found[0].tip_id is not None
            assert (await store.thread(new.id)) is not None
            assert not saving.done()
        done(saving)
        assert await store.flush() is True
        assert store.state.kind == "ok"


async def test_the_event_loop_never_waits(tmp_path: Path) -> None:
    """The longest pause of the loop while reads and writes wait for an exclusive lock."""
    with Store.open(tmp_path / "poe-tui.db", journal="delete") as store:
        thread = add_thread(store)
        longest = 0.0
        with locked(tmp_path / "poe-tui.db", "EXCLUSIVE") as other:
            tasks = [asyncio.create_task(store.threads()) for _ in range(3)]
            saving = [store.update_thread(thread.id, title=str(number)) for number in range(50)]
            for _ in range(200):
                start = time.perf_counter()
                await asyncio.sleep(0)
                longest = max(longest, time.perf_counter() - start)
            assert not any(task.done() for task in tasks)
            other.execute("ROLLBACK")
        assert [len(found) for found in await asyncio.gather(*tasks)] == [1, 1, 1]
        for future in saving:
            done(future)
        assert longest < 0.1


async def test_a_read_gives_up_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_PATIENCE", 0.1)
    with Store.open(tmp_path / "poe-tui.db", journal="delete") as store:
        with locked(tmp_path / "poe-tui.db", "EXCLUSIVE"), pytest.raises(StoreError) as failed:
            await store.threads()
        assert (failed.value.kind, "locked" in failed.value.reason) == ("busy", False)
        assert await store.threads() == []


async def test_a_cancelled_read_is_skipped(tmp_path: Path) -> None:
    with Store.open(tmp_path / "poe-tui.db", journal="delete") as store:
        add_thread(store)
        with locked(tmp_path / "poe-tui.db", "EXCLUSIVE") as other:
            first, second = asyncio.create_task(store.threads()), asyncio.create_task(store.threads())
            await asyncio.sleep(0)
            second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second
            other.execute("ROLLBACK")
        assert len(await first) == 1


def test_closing_while_another_holds_the_database(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    store = Store.open(path)
    thread = add_thread(store)
    with locked(path):
        saving = store.update_thread(thread.id, title="x")
        start = time.perf_counter()
        assert store.close(timeout=1.0) is False
        assert time.perf_counter() - start < 2.5
    assert failure(saving) in ("another program is holding the database", "there was no time left to save it")


def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    store = Store.open(path)
    thread = add_thread(store)
    futures = [store.set_favourite(str(number), True) for number in range(1000)]
    turn = make_turn(thread)
    store.end_turn(turn)
    assert store.close() is True
    assert all(future.done() for future in futures)
    with Store.open(path) as again:
        assert len(read(again.favourites)) == 1000
        assert len(read(lambda: again.path(turn.id))) == 1


async def test_a_write_that_ends_the_transaction_harms_only_itself(tmp_path: Path) -> None:
    with Store.open(tmp_path / "poe-tui.db") as store:
        with locked(tmp_path / "poe-tui.db"):  # so that all of them are one batch
            before = store.set_favourite("before", True)
            rogue = store._writer.run(lambda db: db.execute("COMMIT"))
            after = store.set_favourite("after", True)
        done(before)
        assert "savepoint" in failure(rogue)
        done(after)
        assert await store.favourites() == ["before", "after"]


async def test_damage_that_cannot_be_put_right_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "poe-tui.db"
    store = Store.open(path, journal="delete")
    thread = add_thread(store)

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        path.write_bytes(b"\xff" * path.stat().st_size)
        turn = make_turn(thread)
        assert failure(store.end_turn(turn)) in ("the database is damaged", "permission denied", "read-only")
        assert store.state.kind == "unsaved"
        with pytest.raises(StoreError):
            await store.threads()
    done(store.set_favourite("a", True))
    assert [kept.id for kept in await store.path(turn.id)] == [turn.id]
    assert store.close() is True


def test_a_queue_too_long_for_the_time_left(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    store = Store.open(path)
    with locked(path):
        futures = [store.set_favourite(str(number), True) for number in range(1000)]
        assert store.close(timeout=0.9) is False
        reasons = {failure(future) for future in futures}
    assert "there was no time left to save it" in reasons


def test_a_bug_leaves_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path / "poe-tui.db") as store:

        def bug(db: sqlite3.Connection) -> None:
            raise ZeroDivisionError("oops")

        assert "ZeroDivisionError" in failure(store._writer.run(bug))
        with monkeypatch.context() as patch:
            patch.setattr(store._writer, "_write", lambda new: 1 / 0)
            assert "ZeroDivisionError" in failure(store.set_favourite("a", True))
        done(store.set_favourite("a", True))
        with pytest.raises(StoreError, match="ZeroDivisionError"):
            read(lambda: store._read(lambda db: 1 / 0))


def test_a_bug_in_memory_is_told_too() -> None:
    with Store.open(None) as store, pytest.raises(StoreError, match="ZeroDivisionError"):
        read(lambda: store._read(lambda db: 1 / 0))


async def test_many_writers_of_one_process(tmp_path: Path) -> None:
    with Store.open(tmp_path / "poe-tui.db") as first, Store.open(tmp_path / "poe-tui.db") as second:
        threads = [add_thread(store, str(number)) for number, store in enumerate((first, second))]
        futures = []
        for number in range(100):
            for store, thread in zip((first, second), threads, strict=True):
                futures.append(store.end_turn(make_turn(thread, f"{number}")))
        for future in futures:
            done(future)
        assert [len(await first.tree(thread.id)) for thread in threads] == [100, 100]
        assert len(await second.threads()) == 2


async def test_items_stay_apart_from_pending_ones(tmp_path: Path) -> None:
    """What is laid over the rows goes as soon as the row says the same."""
    with Store.open(tmp_path / "poe-tui.db") as store:
        thread = add_thread(store)
        turn = add_turn(store, thread)
        changed = make_turn(thread, "changed", "new")
        changed.id, changed.input = turn.id, [asked("changed")]
        with locked(tmp_path / "poe-tui.db"):
            saving = store.end_turn(changed)
            (kept,) = await store.turns([turn.id])
            assert (kept.output_text, kept.sibling_count) == ("new", 1)
        done(saving)
        assert store._pending.above(turn.id) == [] and store._pending.threads() == []
        assert (await store.path(turn.id))[0].output_text == "new"
