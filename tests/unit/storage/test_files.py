"""Large payloads: out of the rows, into files of their own, and back byte for byte."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.model import Turn
from poe_tui.storage.connection import connect
from poe_tui.storage.files import KEY, THRESHOLD, Files, StoredFile
from poe_tui.storage.store import Store
from tests.unit.storage.help import add_thread, done, make_turn, tmpfs

RAW = bytes(range(256)) * 400
BASE64 = base64.b64encode(RAW).decode()
URL = f"data:image/png;base64,{BASE64}"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "poe-tui.db") as opened:
        yield opened


def with_image(store: Store, url: str = URL, **fields: Any) -> Turn:
    turn = make_turn(add_thread(store))
    part = {"type": "input_image", "image_url": url, "detail": "auto", **fields}
    turn.input[0]["content"].append(part)
    turn.output.append({"type": "image_generation_call", "id": "ig_1", "result": BASE64})
    done(store.end_turn(turn))
    return turn


async def test_a_payload_becomes_a_file_and_comes_back(store: Store, tmp_path: Path) -> None:
    turn = with_image(store, filename="cat.png")
    sha = hashlib.sha256(RAW).hexdigest()
    assert [file.name for file in (tmp_path / "files").iterdir()] == [sha]
    assert (tmp_path / "files" / sha).read_bytes() == RAW
    assert await store.path(turn.id) == [turn]
    assert await store.turn(turn.id) == turn
    assert await store.tree(turn.thread_id) == [turn]
    (light,) = await store.path(turn.id, with_files=False)
    assert light.output[1]["result"] == {KEY: sha, "prefix": "", "size": len(RAW)}
    assert light.input[0]["content"][1]["image_url"]["prefix"] == "data:image/png;base64,"
    assert (await store.turns([turn.id]))[0].output == light.output
    with contextlib.closing(connect(tmp_path / "poe-tui.db")) as db:
        assert db.execute("SELECT sha256, media_type, name, size FROM files").fetchall() == [
            (sha, "image/png", "cat.png", len(RAW))
        ]
        assert db.execute("SELECT max(length(input_json)) FROM turns").fetchone()[0] < 2000


@pytest.mark.parametrize(
    "value",
    [
        BASE64[: THRESHOLD - 4],
        "A" * (THRESHOLD + 1),
        "A" * THRESHOLD + "AB==",
        "not base64, just long " * 10_000,
        "data:text/plain," + "x" * 100_000,
        "data:;base64," + BASE64[:-1],
        URL + "\n",
    ],
)
async def test_what_would_not_come_back_the_same_stays(store: Store, tmp_path: Path, value: str) -> None:
    turn = make_turn(add_thread(store))
    turn.output.append({"type": "x", "result": value})
    done(store.end_turn(turn))
    assert not (tmp_path / "files").exists()
    assert await store.path(turn.id) == [turn]


async def test_keys_like_ours_survive(store: Store, tmp_path: Path) -> None:
    turn = make_turn(add_thread(store))
    hostile = {KEY: "../../../etc/passwd", "prefix": "x", "$" + KEY: 1, "poe_file": {KEY: ["a"]}, "big": BASE64}
    turn.output.append({"type": "x", "nested": [hostile, {KEY: hashlib.sha256(RAW).hexdigest()}]})
    done(store.end_turn(turn))
    assert await store.path(turn.id) == [turn]


async def test_a_file_that_is_gone_comes_back_empty(store: Store, tmp_path: Path) -> None:
    turn = with_image(store)
    (file,) = (tmp_path / "files").iterdir()
    file.unlink()
    (kept,) = await store.path(turn.id)
    assert kept.input[0]["content"][1]["image_url"] == "data:image/png;base64,"
    assert kept.output[1]["result"] == ""
    file.symlink_to("/etc/passwd")
    (kept,) = await store.path(turn.id)
    assert kept.output[1]["result"] == ""
    with contextlib.closing(connect(tmp_path / "poe-tui.db")) as db:
        db.execute("UPDATE turns SET output_json = replace(output_json, ?, '../../x')", (file.name,))
    (kept,) = await store.path(turn.id)
    assert kept.output[1]["result"] == ""


async def test_a_link_in_the_place_of_a_file_is_replaced(store: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(RAW)
    files = tmp_path / "files"
    files.mkdir(mode=0o700)
    link = files / hashlib.sha256(RAW).hexdigest()
    link.symlink_to(elsewhere)
    turn = with_image(store)
    assert not link.is_symlink()
    assert await store.path(turn.id) == [turn]


async def test_purging_removes_files_nobody_needs(store: Store, tmp_path: Path) -> None:
    turn, other = with_image(store), with_image(store)
    done(store.delete_thread(turn.thread_id))
    assert done(store.purge(time.time() + 1)) == 1
    assert await store.flush() is True
    assert await store.path(other.id) == [other]
    done(store.delete_thread(other.thread_id))
    (tmp_path / "files" / "notes.txt").write_text("not ours")
    assert done(store.purge(time.time() + 1)) == 1
    assert await store.flush() is True
    (tmp_path / "files" / "notes.txt").unlink()
    assert list((tmp_path / "files").iterdir()) == []


async def test_in_memory_payloads_stay_in_the_rows() -> None:
    with Store.open(None) as store:
        turn = with_image(store)
        assert await store.path(turn.id) == [turn]


async def test_a_disk_too_full_for_the_file(tmp_path: Path) -> None:
    with tmpfs(tmp_path / "disk", "1m") as disk, Store.open(disk / "poe-tui.db") as store:
        turn = make_turn(add_thread(store))
        done(store.begin_turn(make_turn(await _thread(store), answer=None)))
        turn.output.append({"type": "x", "result": base64.b64encode(os.urandom(3_000_000)).decode()})
        error = store.end_turn(turn).exception(timeout=20)
        assert str(error) == "disk full"
        assert list((disk / "files").iterdir()) == []
        assert await store.path(turn.id) == [turn]


async def _thread(store: Store) -> Any:
    return (await store.threads())[0]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(BASE64) | st.just(URL),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([KEY, "$" + KEY, "$$" + KEY, "poe_file", "a", "filename"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(value=_JSON)
def test_extract_and_restore_are_inverse(value: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    files = Files(tmp_path_factory.getbasetemp() / "shared-files")
    found: list[StoredFile] = []
    stored = files.extract(value, found)
    assert files.restore(stored) == value
    assert len(str(stored)) < THRESHOLD
