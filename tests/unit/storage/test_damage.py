"""Damaged databases: moved aside with a date, told with the path, never deleted, and a fresh one goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from poe_tui.storage.connection import connect
from poe_tui.storage.store import Store, StoreError
from tests.unit.storage.help import States, add_thread, add_turn, done, make_turn, read

FLIPS = int(os.environ.get("POE_TUI_FLIPS", "40"))
"""How many databases to damage; 500 once in a while."""

DATED = re.compile(r"poe-tui\.db\.damaged-\d{4}-\d\d-\d\d-\d{6}(-\d+)?$")


def grown(path: Path, turns: int = 60) -> bytes:
    """A database with something in it."""
    with Store.open(path) as store:
        thread = add_thread(store, "Damage")
        parent = None
        for number in range(turns):
            turn = make_turn(thread, f"question {number} " * 20, f"answer {number} " * 40, parent_id=parent)
            last = store.end_turn(turn)
            parent = turn.id
        done(last)
        done(store.set_favourite("GPT", True))
    return path.read_bytes()


def moved(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if DATED.search(file.name))


def use(path: Path) -> Store:
    """Open, read everything, write; nothing may be raised but a StoreError in words."""

    async def everything(store: Store) -> None:
        for thread in await store.threads(include_archived=True):
            await store.path(thread.tip_id)
            await store.outline(thread.tip_id)
            await store.tree(thread.id)
        await store.search("answer")
        await store.favourites()
        await store.hidden()
        await store.recent_models()
        await store.last_thread()
        await store.find_thread("Damage")

    store = Store.open(path)
    with contextlib.suppress(StoreError):
        asyncio.run(everything(store))
    with contextlib.suppress(StoreError):
        add_turn(store, add_thread(store, "after"))
    return store


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("empty", lambda whole: b""),
        ("zeros", lambda whole: bytes(len(whole))),
        ("garbage head", lambda whole: b"\xde\xad\xbe\xef" * 25 + whole[100:]),
        ("garbage", lambda whole: b"not a database at all, but longer than a header " * 300),
        ("truncated", lambda whole: whole[: len(whole) // 2]),
        ("one page", lambda whole: whole[:4096]),
        ("odd length", lambda whole: whole[: len(whole) * 2 // 3 + 77]),
        ("zeros inside", lambda whole: whole[:8192] + bytes(16384) + whole[24576:]),
        ("no version", lambda whole: whole[:60] + bytes(4) + whole[64:]),
        ("huge version", lambda whole: whole[:60] + b"\x40\0\0\0" + whole[64:]),
    ],
)
def test_damage_is_moved_aside_and_told(tmp_path: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "poe-tui.db"
    broken = damage(grown(path))
    path.write_bytes(broken)
    path.with_name("poe-tui.db-journal").write_bytes(b"left over")
    with Store.open(path) as store:
        (aside,) = moved(tmp_path)
        assert len(store.notices) == 1
        assert str(aside) in store.notices[0] and "nothing was deleted" in store.notices[0]
        assert read(store.threads) == []
        add_turn(store, add_thread(store))
    assert aside.read_bytes() == broken
    assert oct(aside.stat().st_mode)[-3:] == "600"
    with Store.open(path) as store:
        assert store.notices == [] and len(read(store.threads)) == 1


def test_a_second_one_in_the_same_second_gets_a_name_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    for content in (b"one" * 1000, b"two" * 1000, b"three" * 1000):
        path.write_bytes(content)
        Store.open(path).close()
    assert {file.read_bytes()[:3] for file in moved(tmp_path)} == {b"one", b"two", b"thr"}


def test_a_file_format_from_the_future_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    whole = grown(path)
    path.write_bytes(whole[:18] + b"\x03" + whole[19:])
    before = path.read_bytes()
    with Store.open(path) as store:
        assert "cannot be written to" in store.notices[0]
        add_turn(store, add_thread(store))
    assert path.read_bytes() == before


def test_flipped_bits(tmp_path: Path) -> None:
    """Whatever bits flip: no exception but StoreError, and the damaged file is still there, as it is or aside."""
    original = tmp_path / "original"
    original.mkdir()
    whole = grown(original / "poe-tui.db")
    aside = 0
    for seed in range(FLIPS):
        chance = random.Random(seed)
        folder = tmp_path / str(seed)
        folder.mkdir(mode=0o700)
        path = folder / "poe-tui.db"
        broken = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3, 20, 200))):
            place = chance.randrange(chance.choice((100, 4096, len(broken))))
            broken[place] ^= 1 << chance.randrange(8)
        path.write_bytes(broken)
        store = use(path)
        store.close()
        if moved(folder):
            aside += 1
            assert store.notices, seed
        again = Store.open(path)
        again.close()
        shutil.rmtree(folder)
    print(f"{FLIPS} damaged databases, {aside} moved aside")


async def test_damage_found_while_reading(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    broken = bytearray(grown(path, 200))
    for page in range(3, len(broken) // 4096):
        broken[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    states = States()
    with Store.open(path, on_state=states, journal="delete") as store:
        path.write_bytes(broken)
        for thread in await store.threads(include_archived=True):
            await store.tree(thread.id)
        (aside,) = moved(tmp_path)
        assert str(aside) in store.notices[0]
        assert any(state.kind == "damaged" and str(aside) in state.reason for state in states.seen)
        assert await store.threads() == []
        new = add_thread(store)
        turn = add_turn(store, new)
        assert [kept.id for kept in await store.path(turn.id)] == [turn.id]
    assert aside.read_bytes() == bytes(broken)


async def test_damage_found_while_writing_loses_no_turn(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path, journal="delete") as store:
        thread = add_thread(store)
        first = add_turn(store, thread)
        begun = make_turn(thread, "in flight", None, parent_id=first.id)
        done(store.begin_turn(begun))
        path.write_bytes(b"\xff" * path.stat().st_size)
        begun.status, begun.output = "completed", make_turn(thread).output
        done(store.end_turn(begun))
        (kept,) = await store.path(begun.id)
        assert (kept.status, kept.output_text, kept.parent_id) == ("completed", "Because.", None)
        assert "moved to" in store.notices[0]
        later = add_turn(store, thread, "goes on", parent_id=begun.id)
        assert [turn.id for turn in await store.path(later.id)] == [begun.id, later.id]


def test_damage_that_cannot_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "poe-tui.db"
    path.write_bytes(b"junk" * 1000)

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "rename", refuse)
    with Store.open(path) as store:
        assert store.file is None and "permission denied" in store.notices[0]
    assert path.read_bytes() == b"junk" * 1000


async def test_two_stores_meet_the_same_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second must not move away the fresh database that the first has begun."""
    path = tmp_path / "poe-tui.db"
    with Store.open(path, journal="delete") as first, Store.open(path, journal="delete") as second:
        thread = add_thread(first)
        add_turn(first, thread)
        path.write_bytes(b"\xff" * path.stat().st_size)
        mine = add_turn(first, add_thread(first, "after"))
        yours = add_turn(second, add_thread(second, "after too"))
        assert [len(await first.path(turn.id)) for turn in (mine, yours)] == [1, 1]
        assert [len(await second.path(turn.id)) for turn in (mine, yours)] == [1, 1]
    assert len(moved(tmp_path)) == 1


async def test_text_that_is_not_utf8_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path) as store:
        thread = add_thread(store, "fine")
        with contextlib.closing(connect(path)) as db:
            db.execute("UPDATE threads SET title = CAST(x'61ff62' AS TEXT)")
        (kept,) = await store.threads()
        assert (kept.id, kept.title) == (thread.id, "a\ufffdb")
