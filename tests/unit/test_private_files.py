"""Small private files: whole or not at all, 0600, never blocking."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from poe_tui import private_files
from poe_tui.private_files import FileRefused, locked, read_regular, write_private


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_private(file, b"one")
    write_private(file, b"two")
    assert read_regular(file, 3) == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(FileRefused, match="larger") as raised:
        read_regular(file, 2)
    assert raised.value.path == file


def test_a_long_name_has_room_for_its_temporary(tmp_path: Path) -> None:
    file = tmp_path / ("n" * 250)
    write_private(file, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["n" * 250]


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(FileRefused, match="not a regular file"):
            read_regular(path, 10)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", 10)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    write_private(file, b"old")

    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(private_files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_private(file, b"new")
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_a_killed_save_left_is_swept(tmp_path: Path) -> None:
    old, young, other = (tmp_path / name for name in (".file.aa.tmp", ".file.bb.tmp", ".other.cc.tmp"))
    for path in (old, young, other):
        path.write_text("half")
    os.utime(old, (1, 1))
    os.utime(other, (1, 1))
    write_private(tmp_path / "file", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".file.bb.tmp", ".other.cc.tmp", "file"]


def test_a_lock_keeps_another_one_waiting(tmp_path: Path) -> None:
    order: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait(5)
        with locked(tmp_path):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with locked(tmp_path):
        inside.set()
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_a_lock_that_never_opens_is_not_waited_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_files, "LOCK_WAIT", 0.05)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        started = time.monotonic()
        with locked(tmp_path):
            assert time.monotonic() - started >= 0.05
    finally:
        os.close(descriptor)


def test_a_file_system_without_locks_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(descriptor: int, how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(private_files.fcntl, "flock", none)
    with locked(tmp_path):
        pass
