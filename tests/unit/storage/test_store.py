"""Threads, turns and lists, on disk and in memory alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from poe_tui.model import DraftPart, Thread, Turn, new_id
from poe_tui.storage.store import Store, StoreError
from tests.unit.storage.help import add_thread, add_turn, answered, asked, done, make_turn


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data" / "poe-tui.db" if request.param == "file" else None) as opened:
        assert opened.notices == []
        yield opened


def test_where_it_lives(tmp_path: Path) -> None:
    path = tmp_path / "data" / "poe-tui.db"
    with Store.open(path) as on_disk, Store.open(None) as in_memory:
        assert (on_disk.file, on_disk.read_only_reason, on_disk.state.kind) == (path, None, "ok")
        assert (in_memory.file, in_memory.read_only_reason, in_memory.journal_mode) == (None, None, "memory")
    assert on_disk.journal_mode in ("delete", "wal")


async def test_thread_round_trip(store: Store) -> None:
    thread = Thread(
        new_id(),
        title="Tokyo",
        model="GPT-5.2",
        instructions="Be brief.",
        options={"temperature": 0.2, "metadata": {"a": "ä"}},
        draft="half a thou",
        scroll={"line": 3},
        unread=True,
        pinned=True,
        created_at=10.0,
        updated_at=20.0,
    )
    await asyncio.wrap_future(store.add_thread(thread))
    assert await store.thread(thread.id) == thread
    assert await store.thread("nobody") is None


async def test_new_thread_gets_its_time(store: Store) -> None:
    before = time.time()
    thread = add_thread(store)
    found = await store.thread(thread.id)
    assert found is not None
    assert before <= found.created_at == found.updated_at <= time.time()


async def test_update_thread(store: Store) -> None:
    thread = add_thread(store, updated_at=5.0, created_at=5.0)
    done(store.update_thread(thread.id, title="Kyoto", draft="…", options={"top_p": 1}, scroll={"a": 1}, unread=True))
    done(store.update_thread(thread.id))
    found = await store.thread(thread.id)
    assert found is not None
    assert (found.title, found.draft, found.options, found.scroll) == ("Kyoto", "…", {"top_p": 1}, {"a": 1})
    assert found.unread is True
    assert found.updated_at == 5.0
    with pytest.raises(TypeError, match="colour"):
        store.update_thread(thread.id, colour="red")
    with pytest.raises(StoreError, match="no such thread"):
        done(store.update_thread("nobody", title="x"))


async def test_order_of_threads(store: Store) -> None:
    old = add_thread(store, "old", updated_at=1.0)
    new = add_thread(store, "new", updated_at=3.0)
    pinned = add_thread(store, "pinned", updated_at=2.0, pinned=True)
    archived = add_thread(store, "archived", updated_at=9.0, archived=True)
    assert [thread.id for thread in await store.threads()] == [pinned.id, new.id, old.id]
    assert [thread.id for thread in await store.threads(limit=2)] == [pinned.id, new.id]
    assert archived.id in [thread.id for thread in await store.threads(include_archived=True)]


async def test_delete_can_be_undone(store: Store) -> None:
    thread = add_thread(store)
    turn = add_turn(store, thread, "rare word xylophone")
    done(store.delete_thread(thread.id))
    assert await store.threads() == []
    assert await store.search("xylophone") == []
    assert await store.last_thread() is None
    assert await store.find_thread("Tokyo") is None
    gone = await store.thread(thread.id)
    assert gone is not None and gone.deleted_at is not None
    done(store.restore_thread(thread.id))
    assert [found.id for found in await store.threads()] == [thread.id]
    assert [hit.turn_id for hit in await store.search("xylophone")] == [turn.id]


async def test_last_thread_holds_something(store: Store) -> None:
    assert await store.last_thread() is None
    add_thread(store, "empty", updated_at=9e9)
    assert await store.last_thread() is None
    drafted = add_thread(store, "draft", draft="typed before the crash", updated_at=2.0)
    last = await store.last_thread()
    assert last is not None and last.id == drafted.id
    talked = add_thread(store, "talked", updated_at=3.0)
    add_turn(store, talked)
    last = await store.last_thread()
    assert last is not None and last.id == talked.id


async def test_the_last_thread_was_on_screen_last(store: Store) -> None:
    shown = add_thread(store, "shown", draft="x", updated_at=1.0)
    turn = add_turn(store, add_thread(store, "answered", updated_at=2.0))
    done(store.show_thread(shown.id))
    done(store.end_turn(replace(turn, completed_at=9e9)))
    last = await store.last_thread()
    assert last is not None and last.id == shown.id


async def test_what_is_attached_to_a_draft_is_kept(store: Store) -> None:
    thread = add_thread(store, "with a paste")
    parts = [DraftPart("pasted", b"\xff\x00" * 9), DraftPart("file", b"%PDF", "a.pdf", "/home/me/a.pdf")]
    done(store.keep_parts(thread.id, parts))
    assert await store.parts(thread.id) == parts
    last = await store.last_thread()
    assert last is not None and last.id == thread.id
    done(store.keep_parts(thread.id, []))
    assert await store.parts(thread.id) == []
    done(store.keep_parts("nobody", parts))
    assert await store.parts("nobody") == []


async def test_find_thread(store: Store) -> None:
    older = add_thread(store, "Sorting in Python", updated_at=1.0)
    newer = add_thread(store, "Python", updated_at=2.0)
    assert (await _found(store, older.id)) == older.id
    assert (await _found(store, newer.id.upper())) == newer.id
    assert (await _found(store, "pYthon")) == newer.id
    assert (await _found(store, "python sort")) == older.id
    assert (await _found(store, older.id[:31])) == older.id
    for nothing in ("", "   ", "Java", older.id[:3]):
        assert (await _found(store, nothing)) is None


async def _found(store: Store, words: str) -> str | None:
    thread = await store.find_thread(words)
    return None if thread is None else thread.id


async def test_turn_round_trip(store: Store) -> None:
    thread = add_thread(store)
    turn = Turn(
        new_id(),
        thread.id,
        group_id="g",
        server="https://api.poe.com/v1",
        response_id="resp_1",
        model="Claude-Sonnet-4.5",
        upstream_model="claude-sonnet-4-5-20250929",
        status="incomplete",
        chain="replay",
        input=[asked("ünï 🦊"), {"type": "item_of_tomorrow", "nested": {"a": [1, None, True, 1.5]}}],
        output=[answered("text"), {"type": "unknown_call", "id": "x", "extra": {"deep": ["er"]}}],
        usage={"input_tokens": 1, "output_tokens": 2},
        options={"temperature": 0.0},
        error={"type": "max_output_tokens", "reason": "length"},
        timing={"total": 1.25},
        created_at=100.0,
        completed_at=101.0,
    )
    done(store.begin_turn(Turn(turn.id, thread.id, group_id="g", input=turn.input, created_at=100.0)))
    done(store.end_turn(turn))
    assert await store.turn(turn.id) == turn
    assert await store.turn("nobody") is None
    assert await store.turns([turn.id, "nobody", turn.id]) == [turn]


async def test_beginning_moves_the_tip(store: Store) -> None:
    thread = add_thread(store, updated_at=1.0)
    first = add_turn(store, thread)
    second = add_turn(store, thread, "And then?", None, parent_id=first.id)
    found = await store.thread(thread.id)
    assert found is not None and found.tip_id == second.id and found.updated_at > 1.0
    parent = await store.turn(first.id)
    assert parent is not None and parent.chosen_child_id == second.id
    begun = await store.turn(second.id)
    assert begun is not None and begun.status == "in_progress" and begun.output == []


async def test_beginning_beside_the_path(store: Store) -> None:
    thread = add_thread(store)
    first = add_turn(store, thread)
    done(store.begin_turn(make_turn(thread, "beside", None), tip=False))
    found = await store.thread(thread.id)
    assert found is not None and found.tip_id == first.id


async def test_beginning_twice_is_beginning_once(store: Store) -> None:
    thread = add_thread(store)
    turn = make_turn(thread, answer=None)
    done(store.begin_turn(turn))
    done(store.begin_turn(turn))
    done(store.add_thread(thread))
    assert len(await store.tree(thread.id)) == 1


async def test_turns_need_a_thread_and_a_parent(store: Store) -> None:
    with pytest.raises(StoreError, match="no such thread"):
        done(store.begin_turn(make_turn(Thread(new_id()))))
    thread = add_thread(store)
    with pytest.raises(StoreError, match="no such parent"):
        done(store.begin_turn(make_turn(thread, parent_id=new_id())))
    assert await store.tree(thread.id) == []
    assert await store.path(None) == []


async def test_ending_inserts_what_is_missing(store: Store) -> None:
    thread = add_thread(store)
    turn = make_turn(thread)
    done(store.end_turn(turn))
    found = await store.thread(thread.id)
    assert found is not None and found.tip_id == turn.id
    assert [kept.output_text for kept in await store.path(turn.id)] == ["Because."]


async def test_checkpoints_are_folded_away(store: Store) -> None:
    thread = add_thread(store)
    turn = make_turn(thread, answer=None)
    done(store.begin_turn(turn))
    for word in ("Be", "cau", "se."):
        store.append_partial(turn.id, word)
    store.append_partial(turn.id, "hm", "reasoning")
    assert await store.partial(turn.id) == ("Because.", "hm")
    turn.status, turn.output = "stopped", [answered("Because.")]
    done(store.end_turn(turn))
    assert await store.partial(turn.id) == ("", "")
    done(store.append_partial(turn.id, "late"))
    done(store.append_partial("nobody", "lost"))
    assert await store.partial(turn.id) == ("", "")


async def test_the_caller_may_go_on_with_its_turn(store: Store) -> None:
    thread = add_thread(store)
    turn = make_turn(thread, answer=None)
    written = store.begin_turn(turn)
    turn.input.append(asked("not yet"))
    done(written)
    found = await store.turn(turn.id)
    assert found is not None and len(found.input) == 1


async def test_an_unknown_status_is_kept(store: Store) -> None:
    thread = add_thread(store)
    turn = make_turn(thread, status="postponed")
    done(store.end_turn(turn))
    assert (await store.path(turn.id))[0].status == "postponed"


async def test_half_surrogates_and_nul_never_reach_sqlite(store: Store) -> None:
    thread = Thread(new_id(), title="a\ud800b\0c", draft="\ud83d\ude00", options={"k\udfff": "\ud83d"})
    done(store.add_thread(thread))
    turn = make_turn(thread, "half \udc00", "joined \ud83e\udd8a\0", response_id="r\ud800", error={"m": "\ud800"})
    done(store.end_turn(turn))
    found = await store.thread(thread.id)
    assert found is not None
    assert (found.title, found.draft, found.options) == ("a\ufffdb c", "😀", {"k\ufffd": "\ufffd"})
    kept = await store.turn(turn.id)
    assert kept is not None
    assert (kept.input_text, kept.output_text) == ("half \ufffd", "joined 🦊\0")
    assert (kept.response_id, kept.error) == ("r\ufffd", {"m": "\ufffd"})
    assert [hit.turn_id for hit in await store.search("joined")] == [turn.id]


async def test_what_is_not_json_is_kept_as_text(store: Store) -> None:
    thread = add_thread(store)
    turn = make_turn(thread, options={"odd": Path("/x")}, timing={1: 2.0})
    done(store.end_turn(turn))
    found = await store.turn(turn.id)
    assert found is not None and found.options == {"odd": "/x"} and found.timing == {"1": 2.0}


async def test_lists_of_models(store: Store) -> None:
    for model in ("b", "a", "c", "a"):
        done(store.set_favourite(model, True))
    done(store.set_favourite("c", False))
    done(store.set_hidden("z", True))
    done(store.set_hidden("y", True))
    done(store.set_hidden("y", False))
    assert await store.favourites() == ["b", "a"]
    assert await store.hidden() == {"z"}


async def test_refusals(store: Store) -> None:
    done(store.add_refusal("s", "m", "chain", 10.0))
    done(store.add_refusal("s", "m", "chain", 20.0))
    done(store.add_refusal("s", "m", "web_search", 5.0))
    done(store.add_refusal("other", "m", "chain", 1.0))
    assert await store.refusals("s") == {("m", "chain"): 20.0, ("m", "web_search"): 5.0}
    done(store.clear_refusal("s", "m", "chain"))
    assert await store.refusals("s") == {("m", "web_search"): 5.0}


async def test_recent_models(store: Store) -> None:
    thread = add_thread(store)
    for model in ("a", "b", "a", "", "c"):
        turn = make_turn(thread)
        turn.model = model
        done(store.end_turn(turn))
    assert await store.recent_models() == ["c", "a", "b"]
    assert await store.recent_models(1) == ["c"]


async def test_purge(store: Store) -> None:
    kept, gone, used = add_thread(store, "kept"), add_thread(store, "gone"), add_thread(store, "used")
    first = add_turn(store, gone)
    add_turn(store, gone, "next", parent_id=first.id)
    root = add_turn(store, used)
    add_turn(store, kept, "fork", parent_id=root.id)
    for thread in (gone, used):
        done(store.delete_thread(thread.id))
    assert done(store.purge(time.time() - 3600)) == 0
    assert done(store.purge(time.time() + 1)) == 1
    assert await store.thread(gone.id) is None
    assert await store.turn(first.id) is None
    assert await store.turn(root.id) is not None
    assert await store.search("Because") != []


async def test_after_closing(store: Store) -> None:
    assert store.close() is True
    assert store.close() is True
    with pytest.raises(StoreError, match="closed"):
        done(store.set_favourite("a", True))
    with pytest.raises(StoreError, match="closed"):
        await store.threads()


async def test_a_write_survives_the_task_that_waits_for_it(store: Store) -> None:
    thread = add_thread(store)
    turn = make_turn(thread)

    async def save() -> None:
        await asyncio.wrap_future(store.end_turn(turn))

    task = asyncio.create_task(save())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await store.flush() is True
    assert [kept.id for kept in await store.path(turn.id)] == [turn.id]


async def test_one_bad_write_takes_no_other_with_it(store: Store) -> None:
    good = [store.set_favourite(f"m{n}", True) for n in range(5)]
    bad = store.update_thread("nobody", title="x")
    good += [store.set_hidden(f"m{n}", True) for n in range(5)]
    for future in good:
        done(future)
    with pytest.raises(StoreError):
        done(bad)
    assert len(await store.favourites()) == len(await store.hidden()) == 5


async def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "poe-tui.db"
    with Store.open(path) as store:
        thread = add_thread(store)
        turn = add_turn(store, thread)
        for word in range(50):
            store.set_favourite(str(word), True)
    with Store.open(path) as store:
        assert store.notices == []
        assert [kept.id for kept in await store.path(turn.id)] == [turn.id]
        assert len(await store.favourites()) == 50
        assert [hit.turn_id for hit in await store.search("beca")] == [turn.id]
