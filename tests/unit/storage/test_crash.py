"""Killed processes and several at once: real SIGKILL, real interpreters."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from poe_tui.model import new_id
from poe_tui.storage import leases
from poe_tui.storage.connection import connect
from poe_tui.storage.leases import Lease, exclusive, is_locked
from poe_tui.storage.recovery import MESSAGE
from poe_tui.storage.store import Store
from tests.unit.storage.help import add_thread, add_turn, done, make_turn, python, read

ROUNDS = int(os.environ.get("POE_TUI_KILLS", "6"))
"""How many processes to kill in mid-stream; 200 once in a while."""

_STREAM = """
import sys
from pathlib import Path
from poe_tui.model import Thread, Turn, new_id
from poe_tui.storage.store import Store
store = Store.open(Path(sys.argv[1]), journal=sys.argv[2])
thread = Thread(new_id(), title="Killed")
store.add_thread(thread).result()
turn = Turn(new_id(), thread.id, model="m", input=[{"type": "message", "role": "user", "content": "prompt"}])
store.begin_turn(turn).result()
print(turn.id, flush=True)
number = 0
while True:
    store.append_partial(turn.id, f"hm{number} ", "reasoning")
    store.append_partial(turn.id, f"word{number} ").result()
    print(number, flush=True)
    number += 1
"""


def sound(path: Path) -> bool:
    db = connect(path)
    try:
        return db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        db.close()


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_killed_in_mid_stream(tmp_path: Path, journal: str) -> None:
    """Every acknowledged word is there afterwards, and the turn is interrupted."""
    path = tmp_path / "poe-tui.db"
    for seed in range(ROUNDS):
        process = python(_STREAM, path, journal)
        assert process.stdout is not None
        turn_id = process.stdout.readline().strip()
        acknowledged = -1
        for _ in range(random.Random(seed).randrange(1, 60)):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        for line in process.communicate(timeout=10)[0].splitlines():
            acknowledged = int(line) if line.isdecimal() else acknowledged
        with Store.open(path) as store:
            assert store.notices == []
            (turn,) = read(lambda store=store, turn_id=turn_id: store.path(turn_id))
            assert (turn.status, turn.input_text) == ("interrupted", "prompt")
            words = turn.output_text.split()
            assert words == [f"word{number}" for number in range(len(words))]
            assert len(words) >= acknowledged + 1
            reasoning, message = turn.output
            assert reasoning["type"] == "reasoning"
            assert reasoning["summary"][0]["text"].split()[0] == "hm0"
            assert message["content"][0]["type"] == "output_text"
            assert turn.error is not None and turn.error["message"] == MESSAGE
            assert turn.completed_at is not None and turn.completed_at >= turn.created_at
            assert read(lambda store=store, turn_id=turn_id: store.partial(turn_id)) == ("", "")
            assert turn_id in [hit.turn_id for hit in read(lambda store=store: store.search("word0", 1000))]
        assert sound(path)
    with Store.open(path) as store:
        assert len(read(store.threads)) == ROUNDS
    assert list((tmp_path / "live").iterdir()) == []


_SCRIPT = """
import json, os, signal, sys
from pathlib import Path
from poe_tui.model import Thread, Turn
from poe_tui.storage import connection, database
from poe_tui.storage.store import Store

PROMPT = [{"type": "message", "role": "user", "content": "prompt"}]
def answer(text):
    return [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}]

def script(store):
    # Waits for every write, so that each is a transaction of its own; yields what must be on disk from then on.
    store.add_thread(Thread("t", title="first", created_at=1.0)).result(); yield "thread"
    store.begin_turn(Turn("a", "t", input=PROMPT, created_at=2.0)).result(); yield "a"
    store.append_partial("a", "one ").result(); yield "a1"
    store.append_partial("a", "two ").result(); yield "a2"
    store.end_turn(Turn("a", "t", status="completed", input=PROMPT, output=answer("one two three"))).result(); yield "A"
    store.begin_turn(Turn("b", "t", parent_id="a", input=PROMPT, created_at=3.0)).result(); yield "b"
    store.append_partial("b", "four ").result(); yield "b1"
    store.update_thread("t", title="second").result(); yield "title"
    store.end_turn(Turn("b", "t", parent_id="a", status="stopped", output=answer("four five"))).result(); yield "B"

def victim(path, number, said):
    left = [number]
    def trace(statement):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    plain = database.connect
    def connect(file, **options):
        db = plain(file, **options)
        db.set_trace_callback(trace)
        return db
    database.connect = connect
    store = Store.open(path, journal=sys.argv[2])
    for step in script(store):
        os.write(said, (step + "\\n").encode())
    store.close()
    os._exit(0)

def witness(path, out):
    import asyncio
    store = Store.open(path)
    async def look():
        turns = {turn.id: [turn.status, turn.output_text, turn.parent_id] for turn in await store.tree("t")}
        thread = await store.thread("t")
        return {"notices": store.notices, "turns": turns, "thread": thread and [thread.title, thread.tip_id]}
    os.write(out, json.dumps(asyncio.run(look())).encode())
    assert store.close()
    db = connection.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.execute("INSERT INTO turns_fts (turns_fts, rank) VALUES ('integrity-check', 1)")
    db.close()
    os._exit(0)

def fork(work, path, *arguments):
    # Forked from an interpreter that has no threads: a fresh process for the price of a fork.
    inside, outside = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(inside)
        try:
            work(path, *arguments, outside)
        finally:
            os._exit(1)
    os.close(outside)
    with os.fdopen(inside) as file:
        text = file.read()
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, status
    return text, os.WIFSIGNALED(status)

number = 0
killed = True
while killed:
    number += int(sys.argv[3])
    path = Path(sys.argv[1]) / str(number) / "poe-tui.db"
    said, killed = fork(victim, path, number)
    seen, _ = fork(witness, path)
    print(json.dumps([said.split(), json.loads(seen)]), flush=True)
"""


@pytest.mark.parametrize(("journal", "stride"), [("delete", 1), ("wal", 4)])
def test_killed_before_each_statement(tmp_path: Path, journal: str, stride: int) -> None:
    """Old state or new state, never one between; and never older than what was acknowledged."""
    process = python(_SCRIPT, tmp_path, journal, stride)
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0
    outcomes = [json.loads(line) for line in output.splitlines()]
    assert len(outcomes) > 50 // stride
    for said, seen in outcomes:
        # Killed while the file was being created, it may be an empty one: moved aside, and nothing lost with it.
        assert seen["notices"] == [] or not said
        assert (seen["thread"] is not None) >= ("thread" in said)
        turns = seen["turns"]
        assert set(turns) >= {step for step in said if step in ("a", "b")}
        status, text, _ = turns.get("a", ["", "", None])
        assert (status, text) in [
            ("", ""),
            ("interrupted", ""),
            ("interrupted", "one "),
            ("interrupted", "one two "),
            ("completed", "one two three"),
        ]
        assert len(text) >= max((4 * ("a1" in said), 8 * ("a2" in said), 13 * ("A" in said)))
        status, text, parent = turns.get("b", ["", "", "a"])
        assert (status, text, parent) in [
            ("", "", "a"),
            ("interrupted", "", "a"),
            ("interrupted", "four ", "a"),
            ("stopped", "four five", "a"),
        ]
        assert len(text) >= max(5 * ("b1" in said), 9 * ("B" in said))
        if seen["thread"]:
            title, tip = seen["thread"]
            assert tip == ("b" if "b" in turns else "a" if "a" in turns else None)
            assert title == "second" or "title" not in said
    assert outcomes[-1][0][-1] == "B"


_WRITER = """
import sys
from pathlib import Path
from poe_tui.model import Thread, Turn, new_id
from poe_tui.storage.store import Store
store = Store.open(Path(sys.argv[1]))
assert store.notices == []
thread = Thread(new_id(), title=sys.argv[2])
store.add_thread(thread)
parent = None
for number in range(20):
    turn = Turn(new_id(), thread.id, parent_id=parent, input=[{"type": "message", "content": f"{number}"}])
    store.begin_turn(turn).result()
    for piece in range(3):
        store.append_partial(turn.id, f"{piece}").result()
    turn.status = "completed"
    turn.output = [{"type": "message", "content": [{"type": "output_text", "text": "012"}]}]
    store.end_turn(turn).result()
    parent = turn.id
assert store.close()
print(parent)
"""


def test_several_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    running = [python(_WRITER, path, f"process {number}") for number in range(3)]
    with Store.open(path) as store:
        own = add_thread(store, "mine")
        mine = [add_turn(store, own, str(number)) for number in range(20)]
        tips = []
        for process in running:
            output, _ = process.communicate(timeout=100)
            assert process.returncode == 0
            tips.append(output.strip())
        assert len(read(lambda: store.tree(own.id))) == len(mine)
        for tip in tips:
            turns = read(lambda tip=tip: store.path(tip))
            assert [turn.input_text for turn in turns] == [str(number) for number in range(20)]
            assert {(turn.status, turn.output_text) for turn in turns} == {("completed", "012")}
        assert len(read(store.threads)) == 4
    assert sound(path)


def test_a_live_instance_keeps_its_turns(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    process = python(_STREAM, path, "delete")
    assert process.stdout is not None
    turn_id = process.stdout.readline().strip()
    process.stdout.readline()
    for _ in range(3):
        with Store.open(path) as store:
            (turn,) = read(lambda store=store: store.path(turn_id))
            assert turn.status == "in_progress"
            text, reasoning = read(lambda store=store: store.partial(turn_id))
            assert text.startswith("word0 ") and reasoning.startswith("hm0 ")
    process.kill()
    process.communicate(timeout=10)
    with Store.open(path) as store:
        (turn,) = read(lambda: store.path(turn_id))
        assert turn.status == "interrupted"


def test_stores_of_one_process_are_instances_too(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path) as first:
        turn = make_turn(add_thread(first), answer=None)
        done(first.begin_turn(turn))
        with Store.open(path) as second:
            assert read(lambda: second.path(turn.id))[0].status == "in_progress"
    with Store.open(path) as third:
        found = read(lambda: third.path(turn.id))[0]
        assert (found.status, found.output) == ("interrupted", [])


def test_an_end_that_comes_after_all_wins(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path) as first:
        turn = make_turn(add_thread(first), answer=None)
        done(first.begin_turn(turn))
        with sqlite3.connect(path) as raw:
            raw.execute("UPDATE turns SET owner = 'somebody dead'")
        raw.close()
        with Store.open(path) as second:
            assert read(lambda: second.path(turn.id))[0].status == "interrupted"
        turn.status, turn.output = "completed", make_turn(add_thread(first)).output
        done(first.end_turn(turn))
        assert [(kept.status, kept.error) for kept in read(lambda: first.path(turn.id))] == [("completed", None)]


@pytest.mark.parametrize("owner", ["", "../../etc/passwd", "x" * 32, "0" * 32, None])
def test_owners_that_are_none(tmp_path: Path, owner: str | None) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path) as store:
        turn = make_turn(add_thread(store), answer=None)
        done(store.begin_turn(turn))
        with sqlite3.connect(path) as raw:
            raw.execute("UPDATE turns SET owner = ?", (owner,))
        raw.close()
    with Store.open(path) as store:
        assert read(lambda: store.path(turn.id))[0].status == "interrupted"


def test_recovery_waits_for_a_lock_but_opening_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poe_tui.storage.store._RECOVERY_SECONDS", 0.1)
    path = tmp_path / "poe-tui.db"
    with Store.open(path) as store:
        turn = make_turn(add_thread(store), answer=None)
        done(store.begin_turn(turn))
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    start = time.perf_counter()
    with Store.open(path) as store:
        assert time.perf_counter() - start < 5
        assert read(lambda: store.path(turn.id))[0].status == "in_progress"
        other.execute("ROLLBACK")
        other.close()
        assert read(store.flush) is True
        assert read(lambda: store.path(turn.id))[0].status == "interrupted"


# --- leases -------------------------------------------------------------------------------------------------------


def test_leases(tmp_path: Path) -> None:
    first, second = Lease(tmp_path / "live"), Lease(tmp_path / "live")
    assert not first.others() and not first.alive(second.owner)
    assert first.hold() and first.hold() and second.hold()
    assert first.others() and first.alive(second.owner) and first.alive(first.owner)
    assert {file.name for file in (tmp_path / "live").iterdir()} == {first.owner, second.owner}
    second.release()
    second.release()
    assert not first.others() and not first.alive(second.owner)
    (tmp_path / "live" / first.owner).unlink()
    assert first.hold() and is_locked(tmp_path / "live" / first.owner)
    first.release()
    assert list((tmp_path / "live").iterdir()) == []


def test_the_files_of_the_dead_are_tidied(tmp_path: Path) -> None:
    lease, other = Lease(tmp_path / "live"), Lease(tmp_path / "live")
    lease.hold()
    other.hold()
    dead, waiting, stale = (tmp_path / "live" / name for name in (new_id(), ".waiting", ".stale"))
    for file in (dead, waiting, stale):
        file.touch()
    os.utime(stale, (1, 1))
    lease.tidy()
    assert {file.name for file in (tmp_path / "live").iterdir()} == {lease.owner, other.owner, ".waiting"}
    lease.release()
    other.release()


def test_a_lease_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "live").write_text("in the way")
    lease = Lease(tmp_path / "live")
    assert lease.hold() is False
    assert lease.others() is False
    lease.tidy()
    with Store.open(tmp_path / "poe-tui.db") as store:
        add_turn(store, add_thread(store))
        assert store.notices == []


def test_a_lock_file_that_cannot_be_asked_counts_as_held(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert is_locked(tmp_path / "link") is True
    assert is_locked(tmp_path / "missing") is False


def test_waiting_for_the_lock_of_a_database(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    entered = threading.Event()

    def wait() -> None:
        with exclusive(file, 20) as held:
            assert held
            entered.set()

    with exclusive(file, 0) as held:
        assert held
        with exclusive(file, 0) as again:
            assert not again
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not entered.is_set()
    waiting.join(20)
    assert entered.is_set()


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(leases.fcntl, "flock", refuse)
    with exclusive(tmp_path / "lock", 0) as held:
        assert held
    lease = Lease(tmp_path / "live")
    assert lease.hold() is False
    assert list((tmp_path / "live").iterdir()) == []
    with Store.open(tmp_path / "poe-tui.db") as store:
        add_turn(store, add_thread(store))
