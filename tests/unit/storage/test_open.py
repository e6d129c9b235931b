"""Opening: private files, refused paths, disks that cannot be written to, the journal that is safe."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from poe_tui.model import Thread, new_id
from poe_tui.storage import connection, database, leases
from poe_tui.storage.connection import choose_journal, connect, on_network, set_journal, wal_is_safe
from poe_tui.storage.errors import IndexSuspected, Refused, Trouble, store_error, trouble
from poe_tui.storage.store import Store, StoreError
from tests.unit.storage.help import add_thread, add_turn, done, make_turn, read, tmpfs


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_everything_is_private_under_any_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "share" / "poe-tui" / "poe-tui.db"
    with Store.open(path, journal="wal") as store:
        thread = add_thread(store)
        payload = "data:image/png;base64," + "QUJD" * 20_000
        turn = make_turn(thread)
        turn.input[0]["content"].append({"type": "input_image", "image_url": payload})
        done(store.end_turn(turn))
        files = [file for file in path.parent.rglob("*") if file.is_file()]
        assert {file.name for file in files} > {path.name, f"{path.name}-wal", f"{path.name}-shm"}
        assert {oct(mode(file)) for file in files} == {"0o600"}
        folders = [path.parent, *(file for file in path.parent.rglob("*") if file.is_dir())]
        assert len(folders) == 3
        assert {oct(mode(folder)) for folder in folders} == {"0o700"}


def test_a_rollback_journal_is_private_too(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path, journal="delete") as store:
        add_thread(store)
        with contextlib.closing(connect(path)) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("UPDATE threads SET title = 'x'")
            assert mode(path.with_name("poe-tui.db-journal")) == 0o600
            db.execute("ROLLBACK")


def test_loose_files_are_tightened(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    Store.open(path).close()
    path.chmod(0o644)
    tmp_path.chmod(0o755)
    Store.open(path).close()
    assert (mode(path), mode(tmp_path)) == (0o600, 0o700)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_a_symbolic_link_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "data" / "poe-tui.db"
    Store.open(path).close()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    link = path.with_name(path.name + suffix)
    link.unlink(missing_ok=True)
    link.symlink_to(elsewhere)
    with Store.open(path) as store:
        assert store.file is None
        assert "symbolic link" in store.notices[0] and str(link) in store.notices[0]
        add_turn(store, add_thread(store))
    assert elsewhere.read_bytes() == b"precious"
    assert link.is_symlink()


def test_a_linked_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "real")
    with Store.open(tmp_path / "data" / "poe-tui.db") as store:
        assert store.read_only_reason is not None and "symbolic link" in store.read_only_reason
    assert list((tmp_path / "real").iterdir()) == []


def test_something_else_than_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "poe-tui.db").mkdir()
    with Store.open(tmp_path / "poe-tui.db") as store:
        assert "not a regular file" in store.notices[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_somebody_elses_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data" / "poe-tui.db"
    Store.open(path).close()
    os.chown(path, 65534, 65534)
    with Store.open(path) as store:
        assert "belongs to another user" in store.notices[0]
    os.chown(path, 0, 0)
    os.chown(path.parent, 65534, 65534)
    with Store.open(path) as store:
        assert "belongs to another user" in store.notices[0]


def test_two_parents_missing(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a" / "b" / "poe-tui.db") as store:
        assert store.notices == []


def test_a_home_that_cannot_exist() -> None:
    with Store.open(Path("/proc/nothing/poe-tui/poe-tui.db")) as store:
        assert store.file is None
        assert store.notices[0].startswith("Nothing of this session will be saved: ")
        assert "Traceback" not in store.notices[0]
        thread = add_thread(store)
        turn = add_turn(store, thread)
        assert len(read(lambda: store.path(turn.id))) == 1


def test_a_file_where_a_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with Store.open(tmp_path / "file" / "poe-tui.db") as store:
        assert store.read_only_reason is not None


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_read_only_disk_shows_what_is_on_it(tmp_path: Path, journal: connection.Journal) -> None:
    with tmpfs(tmp_path / "disk", "2m") as disk:
        path = disk / "poe-tui" / "poe-tui.db"
        with Store.open(path, journal=journal) as store:
            thread = add_thread(store)
            payload = "QUJD" * 20_000
            turn = make_turn(thread, "written before")
            turn.output.append({"type": "image_generation_call", "result": payload})
            done(store.end_turn(turn))
        before = {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with Store.open(path) as store:
            assert store.file is None
            assert "will be saved" in store.notices[0] and "Earlier threads can be read." in store.notices[0]
            (kept,) = read(lambda: store.path(turn.id))
            assert kept.output[1]["result"] == payload
            assert [hit.turn_id for hit in read(lambda: store.search("written"))] == [turn.id]
            later = make_turn(thread, "in memory only", parent_id=turn.id)
            later.output.append({"type": "image_generation_call", "result": payload})
            done(store.end_turn(later))
            assert read(lambda: store.path(later.id))[1].output[1]["result"] == payload
        assert {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()} == before


def test_an_empty_read_only_disk(tmp_path: Path) -> None:
    with tmpfs(tmp_path / "disk", "1m") as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with Store.open(disk / "poe-tui" / "poe-tui.db") as store:
            assert "read-only file system" in store.notices[0]
            assert "Earlier threads" not in store.notices[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_without_write_permission(tmp_path: Path) -> None:
    path = tmp_path / "data" / "poe-tui.db"
    with Store.open(path) as store:
        thread = add_thread(store)
    path.parent.chmod(0o500)
    with Store.open(path) as store:
        assert store.file is None
        assert [kept.id for kept in read(store.threads)] == [thread.id]
    path.parent.chmod(0o700)


def test_a_disk_that_is_full_from_the_start(tmp_path: Path) -> None:
    with tmpfs(tmp_path / "disk", "1m") as disk:
        with contextlib.suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
            while ballast.write(b"x" * 4096):
                pass
        with Store.open(disk / "poe-tui" / "poe-tui.db") as store:
            assert store.file is None
            assert "disk full" in store.notices[0] or "no space" in store.notices[0]
            add_turn(store, add_thread(store))
        (disk / "ballast").unlink()
        with Store.open(disk / "poe-tui" / "poe-tui.db") as store:
            assert store.notices == []


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (id INTEGER)")
    before = path.read_bytes()
    with Store.open(path) as store:
        assert "another program" in store.notices[0]
    assert path.read_bytes() == before


def test_a_lock_that_is_never_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "poe-tui.db"
    Store.open(path).close()
    monkeypatch.setattr(database, "_LOCK_SECONDS", 0.05)
    monkeypatch.setattr(database, "_OPEN_BUSY_MS", 50)
    with leases.exclusive(tmp_path / ".poe-tui.db.lock", 0.0) as held:
        assert held
        with Store.open(path) as store:
            assert "another poe-tui is working on the database" in store.notices[0]
    with contextlib.closing(connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with Store.open(path) as store:
            assert "another program is holding the database" in store.notices[0]


VERSIONS = [
    ((3, 7, 0), False), ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 44, 9), True),
    ((3, 45, 0), False), ((3, 50, 6), False), ((3, 50, 7), True), ((3, 50, 12), True), ((3, 51, 0), False),
    ((3, 51, 2), False), ((3, 51, 3), True), ((3, 52, 0), True), ((4, 0, 0), True),
]  # fmt: skip


@pytest.mark.parametrize(("version", "safe"), VERSIONS)
def test_wal_only_where_it_is_safe(tmp_path: Path, version: tuple[int, int, int], safe: bool) -> None:
    assert wal_is_safe(version) is safe
    assert choose_journal(tmp_path, version) == ("wal" if safe else "delete")


def test_the_linked_library_decides(tmp_path: Path) -> None:
    with Store.open(tmp_path / "poe-tui.db") as store:
        linked = tuple(int(part) for part in sqlite3.sqlite_version.split("."))[:3]
        assert store.journal_mode == ("wal" if wal_is_safe((linked[0], linked[1], linked[2])) else "delete")
        with contextlib.closing(connect(tmp_path / "poe-tui.db")) as db:
            assert db.execute("PRAGMA synchronous").fetchone() == (2,)
            assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)
            assert db.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_the_journal_can_be_chosen_and_changed(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    for journal in ("wal", "delete", "wal"):
        with Store.open(path, journal=journal) as store:
            assert store.journal_mode == journal


def test_while_others_have_it_open_the_journal_stays(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path, journal="wal") as first, Store.open(path) as second:
        assert first.journal_mode == second.journal_mode == "wal"
        add_thread(second)
        assert len(read(first.threads)) == 1


def test_a_journal_mode_that_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    Store.open(path, journal="delete").close()
    with contextlib.closing(connect(path)) as other, contextlib.closing(connect(path, busy_ms=10)) as db:
        other.execute("BEGIN IMMEDIATE")
        assert set_journal(db, "wal") == "delete"


def test_network_file_systems(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"rootfs / ext4 rw 0 0\nserver:/home {tmp_path} nfs4 rw 0 0\nx {tmp_path}/my\\040disk ext4 rw 0 0\nbroken\n"
    )
    assert on_network(tmp_path / "data", mounts) is True
    assert on_network(tmp_path / "my disk" / "data", mounts) is False
    assert on_network(Path("/somewhere"), mounts) is False
    assert on_network(tmp_path, tmp_path / "missing") is False


def test_awkward_names(tmp_path: Path) -> None:
    path = tmp_path / "a b?c#d%20é" / "poe tui?.db"
    with Store.open(path) as store:
        add_thread(store)
    with Store.open(path) as store:
        assert len(read(store.threads)) == 1
    assert path.is_file()


def test_the_directory_may_be_removed_while_running(tmp_path: Path) -> None:
    path = tmp_path / "data" / "poe-tui.db"
    with Store.open(path) as store:
        thread = add_thread(store)
        first = add_turn(store, thread)
        shutil.rmtree(path.parent)
        second = add_turn(store, thread, "goes on", parent_id=first.id)
        assert [turn.id for turn in read(lambda: store.path(second.id))] == [second.id]
    with Store.open(path) as store:
        assert [turn.input_text for turn in read(lambda: store.tree(thread.id))] == ["goes on"]


def test_a_restored_backup_is_noticed(tmp_path: Path) -> None:
    path, backup = tmp_path / "poe-tui.db", tmp_path / "backup"
    with Store.open(path) as store:
        add_thread(store, "old")
    shutil.copy(path, backup)
    with Store.open(path) as store:
        add_thread(store, "new")
        assert len(read(store.threads)) == 2
        backup.replace(path)
        assert [thread.title for thread in read(store.threads)] == ["old"]
        add_thread(store, "newer")
        assert len(read(store.threads)) == 2


def test_a_file_system_whose_numbers_change_is_not_compared_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(1_000_000))
    monkeypatch.setattr(database.Database, "_identify", lambda self: (1, next(numbers)))
    with Store.open(tmp_path / "poe-tui.db") as store:
        threads = [add_thread(store, str(number)) for number in range(20)]
        assert len(read(store.threads)) == len(threads)
        assert store.notices == []


def test_a_vanished_disk_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "data" / "poe-tui.db"
    store = Store.open(path)
    shutil.rmtree(path.parent)
    path.parent.write_text("in the way")
    with pytest.raises(StoreError) as failed:
        done(store.add_thread(Thread(new_id())))
    assert failed.value.kind == "io" and "directory" in failed.value.reason
    with pytest.raises(StoreError, match="directory"):
        read(store.threads)
    assert store.close() is False


# --- the parts behind it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "x"), Trouble.FULL),
        (OSError(errno.EDQUOT, "x"), Trouble.FULL),
        (OSError(errno.EROFS, "x"), Trouble.READONLY),
        (OSError(errno.EIO, "x"), Trouble.IO),
        (ValueError("x"), Trouble.INVALID),
        (sqlite3.OperationalError("made by Python, without a code"), Trouble.INVALID),
        (IndexSuspected("x"), Trouble.INDEX_DAMAGED),
    ],
)
def test_troubles(error: Exception, kind: Trouble) -> None:
    assert trouble(error) is kind
    assert "Error" not in store_error(error).reason or kind is Trouble.INVALID


def test_troubles_by_code_and_not_by_text() -> None:
    for code, kind in (
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Trouble.BUSY),
        (sqlite3.SQLITE_IOERR_FSYNC, Trouble.IO),
        (sqlite3.SQLITE_READONLY_DBMOVED, Trouble.READONLY),
        (sqlite3.SQLITE_CORRUPT_VTAB, Trouble.INDEX_DAMAGED),
        (sqlite3.SQLITE_CORRUPT_INDEX, Trouble.DAMAGED),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, Trouble.INVALID),
    ):
        error = sqlite3.DatabaseError("any text")
        error.sqlite_errorcode = code
        assert trouble(error) is kind
    assert store_error(StoreError("as it is", "full")).reason == "as it is"
    assert store_error(Refused("in words")).reason == "in words"


def test_a_large_database_is_checked_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path) as store:
        add_turn(store, add_thread(store))
    monkeypatch.setattr(database, "_CHECK_SECONDS", -1.0)
    monkeypatch.setattr(database, "_CHECK_STEPS", 1)
    with Store.open(path) as store:
        assert store.notices == [] and len(read(store.threads)) == 1


def test_a_copy_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "poe-tui.db"
    Store.open(path).close()
    copy = database.memory_copy(path)
    assert copy is not None
    copy.close()
    monkeypatch.setattr(database, "_LARGEST_COPY", 100)
    assert database.memory_copy(path) is None
    assert database.memory_copy(tmp_path / "missing") is None
    (tmp_path / "junk").write_bytes(b"junk")
    assert database.memory_copy(tmp_path / "junk") is None


def test_what_no_start_can_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: database.Database, db: sqlite3.Connection) -> None:
        raise database.Damaged("was damaged")

    monkeypatch.setattr(database.Database, "_inspect", never)
    with Store.open(tmp_path / "poe-tui.db") as store:
        assert store.file is None and store.read_only_reason is not None


def test_renewing_what_was_renewed(tmp_path: Path) -> None:
    with Store.open(tmp_path / "poe-tui.db") as store:
        thread = add_thread(store)
        opened = store._opened.database
        assert opened is not None
        opened.renew(opened.generation - 1, damaged=True)
        assert [kept.id for kept in read(store.threads)] == [thread.id]
        assert not opened.replaced


def test_mending_the_index_of_a_sound_database(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path) as store:
        turn = add_turn(store, add_thread(store), "ichthyosaurus")
        with contextlib.closing(connect(path)) as db:
            db.execute("DELETE FROM turns_fts_docsize")
            database._mend_or_raise(db)
        assert [hit.turn_id for hit in read(lambda: store.search("ichthy"))] == [turn.id]


def test_mending_the_index_of_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path, journal="delete") as store:
        thread = add_thread(store)
        for number in range(40):
            add_turn(store, thread, f"{number} " * 50)
    with contextlib.closing(connect(path)) as db:
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'turns'").fetchone()[0]
    content = bytearray(path.read_bytes())
    content[root * 4096 - 2000 : root * 4096 - 1000] = b"\xff" * 1000
    content[(root - 1) * 4096 + 8 : (root - 1) * 4096 + 40] = b"\xff" * 32
    path.write_bytes(content)
    with contextlib.closing(connect(path)) as db:
        with pytest.raises((database.Damaged, sqlite3.DatabaseError)):
            database._mend_or_raise(db)
        assert not db.in_transaction
