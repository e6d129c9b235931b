"""Schemas: from each version to the latest, a copy first, whole or not at all, and nothing newer is touched."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from poe_tui.storage import database, migrations
from poe_tui.storage.connection import connect, connect_memory, create_private
from poe_tui.storage.database import _COLUMNS
from poe_tui.storage.migrations import LATEST, MIGRATIONS, Migration, migrate, schema_version
from poe_tui.storage.store import Store
from tests.unit.storage.help import add_thread, add_turn, python, read, tmpfs

NEXT = (
    Migration(
        LATEST + 1,
        "a column and a table",
        (
            "ALTER TABLE threads ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'",
            "CREATE TABLE labels (name TEXT PRIMARY KEY)",
            "INSERT INTO labels SELECT title FROM threads",
        ),
    ),
    Migration(LATEST + 2, "rows", ("INSERT INTO labels VALUES ('second')",)),
)


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    """A database of the latest schema with a thread and a turn in it."""
    path = tmp_path / "data" / "poe-tui.db"
    with Store.open(path, journal="delete") as store:
        add_turn(store, add_thread(store, "Kept"))
    return path


def be_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Become the program of a later day, with two more migrations."""
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, *NEXT))
    monkeypatch.setattr(database, "LATEST", LATEST + 2)


def backups(path: Path) -> list[Path]:
    return [file for file in path.parent.iterdir() if ".schema-" in file.name]


def test_numbers_are_in_order() -> None:
    assert [migration.number for migration in MIGRATIONS] == list(range(1, LATEST + 1))
    assert all(migration.name and migration.statements for migration in MIGRATIONS)


@pytest.mark.parametrize("version", range(LATEST + 1))
def test_from_each_version(version: int) -> None:
    with contextlib.closing(connect_memory()) as db:
        migrate(db, MIGRATIONS[:version])
        assert schema_version(db) == version
        migrate(db)
        migrate(db)
        assert schema_version(db) == LATEST
        for table, columns in _COLUMNS.items():
            assert [row[1] for row in db.execute(f"PRAGMA table_info({table})")] and db.execute(
                f"SELECT {columns} FROM {table}"
            ).fetchall() == []
            found = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
            assert found == set(columns.split(", ")), table


def test_an_older_database_is_copied_first(grown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_later(monkeypatch)
    with contextlib.closing(connect(grown)) as db:
        before = db.execute("SELECT * FROM threads").fetchall()
    with Store.open(grown) as store:
        assert store.notices == []
        assert [thread.title for thread in read(store.threads)] == ["Kept"]
    with contextlib.closing(connect(grown)) as db:
        assert schema_version(db) == LATEST + 2
        assert db.execute("SELECT name FROM labels ORDER BY name").fetchall() == [("Kept",), ("second",)]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    (backup,) = backups(grown)
    assert backup.name.startswith(f"poe-tui.db.schema-{LATEST}-")
    assert oct(backup.stat().st_mode)[-3:] == "600"
    with contextlib.closing(connect(backup)) as db:
        assert schema_version(db) == LATEST
        assert db.execute("SELECT * FROM threads").fetchall() == before
    Store.open(grown).close()
    assert len(backups(grown)) == 1


def test_a_fresh_database_needs_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_later(monkeypatch)
    path = tmp_path / "data" / "poe-tui.db"
    with Store.open(path) as store:
        add_thread(store)
    assert backups(path) == []


@pytest.mark.parametrize(
    "broken", ["CREATE TABLE threads (id)", "NONSENSE", "INSERT INTO partials VALUES ('x',1,'',0,'')"]
)
def test_a_migration_that_fails_changes_nothing(grown: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    before = sha(grown)
    bad = Migration(LATEST + 1, "bad", ("CREATE TABLE extra (x)", broken))
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, bad))
    monkeypatch.setattr(database, "LATEST", LATEST + 1)
    with Store.open(grown) as store:
        assert "could not be brought up to date" in store.notices[0]
        assert store.file is None
        assert [thread.title for thread in read(store.threads)] == ["Kept"]
    assert sha(grown) == before
    with contextlib.closing(connect(grown)) as db:
        assert schema_version(db) == LATEST
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_newer_database_is_not_touched(tmp_path: Path, journal: str) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path, journal="delete" if journal == "delete" else "wal") as store:
        turn = add_turn(store, add_thread(store, "Kept"))
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {LATEST + 1}")
        db.execute("ALTER TABLE threads ADD COLUMN mood TEXT")
        db.commit()
    before = sha(path)
    with Store.open(path) as store:
        assert store.file is None
        assert store.read_only_reason is not None and "newer poe-tui" in store.read_only_reason
        assert str(path) in store.notices[0]
        assert [kept.id for kept in read(lambda: store.path(turn.id))] == [turn.id]
        add_turn(store, add_thread(store, "not kept"))
    assert sha(path) == before


def test_a_newer_database_that_makes_no_sense_to_us(grown: Path) -> None:
    with contextlib.closing(sqlite3.connect(grown)) as db:
        db.execute(f"PRAGMA user_version = {LATEST + 1}")
        db.execute("ALTER TABLE threads RENAME COLUMN title TO heading")
    before = sha(grown)
    with Store.open(grown) as store:
        assert "newer poe-tui" in store.notices[0] and "Earlier threads" not in store.notices[0]
        add_turn(store, add_thread(store))
    assert sha(grown) == before


def test_a_disk_too_full_for_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_later(monkeypatch)
    with tmpfs(tmp_path / "disk", "1m") as disk:
        path = disk / "poe-tui.db"
        with contextlib.closing(_old(path)):
            pass
        with contextlib.suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
            while ballast.write(b"x" * 4096):
                pass
        before = sha(path)
        with Store.open(path) as store:
            assert "disk full" in store.notices[0] or "no space" in store.notices[0]
            assert store.file is None
        assert sha(path) == before
        assert backups(path) == []


def _old(path: Path) -> sqlite3.Connection:
    create_private(path)
    db = connect(path)
    migrate(db)
    return db


def test_two_processes_at_once(grown: Path) -> None:
    script = (
        _LATER
        + "from poe_tui.storage.store import Store\nstore = Store.open(Path(sys.argv[1]))\n"
        + ("print(store.notices)\nassert store.close()\n")
    )
    running = [python(script, grown) for _ in range(3)]
    for process in running:
        output, _ = process.communicate(timeout=60)
        assert (process.returncode, output.strip()) == (0, "[]")
    with contextlib.closing(connect(grown)) as db:
        assert schema_version(db) == LATEST + 2
        assert db.execute("SELECT count(*) FROM labels").fetchone() == (2,)
    assert len(backups(grown)) == 1


_LATER = """
import os, signal, sys
from pathlib import Path
from poe_tui.storage import connection, database, migrations
from poe_tui.storage.migrations import LATEST, MIGRATIONS, Migration
NEXT = (
    Migration(LATEST + 1, "a", (
        "ALTER TABLE threads ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'",
        "CREATE TABLE labels (name TEXT PRIMARY KEY)",
        "INSERT INTO labels SELECT title FROM threads")),
    Migration(LATEST + 2, "b", ("INSERT INTO labels VALUES ('second')",)),
)
database.MIGRATIONS = (*MIGRATIONS, *NEXT)
database.LATEST = LATEST + 2
"""

_KILLED = (
    _LATER
    + """
import shutil
from poe_tui.storage.store import Store
original, scratch = Path(sys.argv[1]), Path(sys.argv[2])

def at_statement(number):
    # In a child of its own: it dies by SIGKILL as its connection begins that statement.
    left = [number]
    def trace(statement):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    whole = database.migrate
    def migrate(db, steps):
        db.set_trace_callback(trace)
        whole(db, steps)
    database.migrate = migrate
    Store.open(path).close()

number = 0
while True:
    number += 1
    path = scratch / str(number) / "poe-tui.db"
    path.parent.mkdir(mode=0o700)
    shutil.copy(original, path)
    child = os.fork()
    if child == 0:
        at_statement(number)
        os._exit(0)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    db = connection.connect(path)
    version = migrations.schema_version(db)
    colours = "colour" in {row[1] for row in db.execute("PRAGMA table_info(threads)")}
    labels = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'labels'").fetchone()[0]
    assert (colours, bool(labels)) == ((version > LATEST),) * 2, (number, version)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    store = Store.open(path)
    assert store.notices == [], store.notices
    store.close()
    db = connection.connect(path)
    assert migrations.schema_version(db) == LATEST + 2
    assert db.execute("SELECT count(*) FROM labels").fetchone() == (2,)
    db.close()
    if not killed:
        print(number)
        break
"""
)


def test_killed_at_each_statement(grown: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir(mode=0o700)
    process = python(_KILLED, grown, scratch)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert int(output) > 10
    shutil.rmtree(scratch)


def test_a_broken_reference_is_noticed() -> None:
    with contextlib.closing(connect_memory()) as db:
        migrate(db)
        bad = Migration(LATEST + 1, "bad", ("INSERT INTO partials VALUES ('nobody', 1, 'text', 0, 'x')",))
        with pytest.raises(sqlite3.IntegrityError, match="breaks a reference"):
            migrations.migrate(db, [bad])
        assert schema_version(db) == LATEST
        assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)
