"""The laws of the tree: paths, siblings, the chosen way, forks; and how long a long one takes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from poe_tui.model import Thread, Turn, new_id
from poe_tui.storage.store import Store, StoreError
from tests.unit.storage.help import add_thread, add_turn, done, make_turn


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "poe-tui.db") as opened:
        yield opened


def chain(store: Store, thread: Thread, length: int, parent: Turn | None = None) -> list[Turn]:
    """``length`` finished turns below each other."""
    turns: list[Turn] = []
    for number in range(length):
        above = turns[-1] if turns else parent
        turn = make_turn(thread, f"q{number}", f"a{number}", parent_id=above.id if above else None)
        turns.append(turn)
        last = store.end_turn(turn)
    done(last)
    return turns


async def texts(store: Store, tip_id: str | None) -> list[str]:
    """The prompts along a path."""
    return [turn.input_text for turn in await store.path(tip_id)]


async def test_path_from_root_to_tip(store: Store) -> None:
    thread = add_thread(store)
    turns = chain(store, thread, 5)
    assert [turn.id for turn in await store.path(turns[-1].id)] == [turn.id for turn in turns]
    assert [turn.id for turn in await store.path(turns[2].id)] == [turn.id for turn in turns[:3]]
    assert [turn.id for turn in await store.path(turns[-1].id, limit=2)] == [turn.id for turn in turns[3:]]
    assert await store.path(turns[-1].id, limit=0) == []
    assert await store.path("nobody") == []
    assert await store.depth(turns[-1].id) == 5
    assert await store.depth("nobody") == await store.depth(None) == 0


async def test_siblings(store: Store) -> None:
    thread = add_thread(store)
    root = add_turn(store, thread, "root")
    family = [add_turn(store, thread, f"child {n}", parent_id=root.id) for n in range(3)]
    found = await store.siblings(family[1].id)
    assert [turn.id for turn in found] == [turn.id for turn in family]
    assert [(turn.sibling_index, turn.sibling_count) for turn in found] == [(1, 3), (2, 3), (3, 3)]
    path = await store.path(family[1].id)
    assert [(turn.sibling_index, turn.sibling_count) for turn in path] == [(1, 1), (2, 3)]
    assert await store.siblings("nobody") == []


async def test_roots_of_a_thread_are_siblings(store: Store) -> None:
    thread, other = add_thread(store), add_thread(store)
    add_turn(store, thread, "first wording")
    add_turn(store, other, "not of this thread")
    second = add_turn(store, thread, "second wording")
    assert [(turn.sibling_index, turn.sibling_count) for turn in await store.path(second.id)] == [(2, 2)]


async def test_a_sibling_shows_its_own_continuation(store: Store) -> None:
    thread = add_thread(store)
    root = add_turn(store, thread, "root")
    left = chain(store, thread, 3, root)
    right = chain(store, thread, 2, root)
    found = await store.thread(thread.id)
    assert found is not None and found.tip_id == right[-1].id
    assert done(store.select_turn(left[0].id)) == left[-1].id
    found = await store.thread(thread.id)
    assert found is not None and found.tip_id == left[-1].id
    assert done(store.select_turn(right[0].id)) == right[-1].id
    assert done(store.select_turn(root.id)) == right[-1].id


async def test_the_chosen_child_wins_over_the_latest(store: Store) -> None:
    thread = add_thread(store)
    root = add_turn(store, thread, "root")
    first = add_turn(store, thread, "first", parent_id=root.id)
    add_turn(store, thread, "second", parent_id=root.id)
    done(store.select_turn(first.id))
    edited = add_turn(store, thread, "another root")
    assert done(store.select_turn(edited.id)) == edited.id
    assert done(store.select_turn(root.id)) == first.id
    with pytest.raises(StoreError, match="no such turn"):
        done(store.select_turn("nobody"))


async def test_a_missing_choice_falls_back_to_the_latest(store: Store) -> None:
    thread = add_thread(store)
    root = add_turn(store, thread, "root")
    add_turn(store, thread, "first", parent_id=root.id)
    second = make_turn(thread, "second", parent_id=root.id)
    done(store.begin_turn(second))
    done(store.end_turn(second))
    with sqlite3.connect(store.file or "") as raw:
        raw.execute("UPDATE turns SET chosen_child_id = 'gone'")
    raw.close()
    assert done(store.select_turn(root.id)) == second.id


async def test_a_fork_goes_on_in_another_thread(store: Store) -> None:
    thread, fork = add_thread(store, "whole"), add_thread(store, "fork")
    turns = chain(store, thread, 3)
    branch = add_turn(store, fork, "elsewhere", parent_id=turns[1].id)
    assert await texts(store, branch.id) == ["q0", "q1", "elsewhere"]
    assert [turn.sibling_count for turn in await store.path(branch.id)] == [1, 1, 1]
    assert [turn.sibling_count for turn in await store.path(turns[-1].id)] == [1, 1, 1]
    assert done(store.select_turn(turns[0].id)) == turns[-1].id
    assert [turn.id for turn in await store.tree(fork.id)] == [branch.id]


async def test_tree_is_every_turn(store: Store) -> None:
    thread = add_thread(store)
    root = add_turn(store, thread, "root")
    left, right = chain(store, thread, 2, root), chain(store, thread, 2, root)
    assert {turn.id for turn in await store.tree(thread.id)} == {turn.id for turn in [root, *left, *right]}


async def test_outline(store: Store) -> None:
    thread = add_thread(store)
    root = add_turn(store, thread, "one\ntwo", "a\nb\nc")
    tip = add_turn(store, thread, "three", None, parent_id=root.id)
    outline = await store.outline(tip.id)
    assert [line.id for line in outline] == [root.id, tip.id]
    first, second = outline
    assert (first.input_length, first.input_lines, first.output_length, first.output_lines) == (7, 2, 5, 3)
    assert (second.status, second.depth, second.parent_id, second.output_lines) == ("in_progress", 2, root.id, 0)
    assert (first.sibling_index, first.sibling_count, first.model) == (1, 1, "Claude-Sonnet-4.5")
    assert await store.outline(None) == await store.outline("nobody") == []


async def test_odd_values_in_rows_do_not_crash(store: Store) -> None:
    thread = add_thread(store)
    turn = add_turn(store, thread, "asked", "said")
    with sqlite3.connect(store.file or "") as raw:
        raw.execute(
            "UPDATE turns SET output_json = '[{', input_json = '7', usage_json = '[]', options_json = 'x', model = 5,"
            " created_at = 1e300, depth = 'deep', input_lines = 'many', timing_json = '[1]', error_json = '\"e\"'"
        )
        raw.execute("UPDATE threads SET options_json = '[]', scroll_json = x'00', updated_at = 'now', draft = 4")
    raw.close()
    found = (await store.path(turn.id))[0]
    assert (found.output_text, found.input, found.usage, found.options) == ("said", [], None, {})
    assert (found.model, found.created_at, found.timing, found.error) == ("5", 0.0, {}, None)
    outline = (await store.outline(turn.id))[0]
    assert (outline.depth, outline.input_lines, outline.model) == (1, 0, "5")
    assert await store.depth(turn.id) == 0
    kept = await store.thread(thread.id)
    assert kept is not None and (kept.options, kept.scroll, kept.updated_at, kept.draft) == ({}, {}, 0.0, "4")
    with sqlite3.connect(store.file or "") as raw:
        raw.execute("UPDATE turns SET output_text = '', output_json = '{}'")
    raw.close()
    assert (await store.path(turn.id))[0].output == []


async def test_a_circle_of_parents_ends(store: Store) -> None:
    thread = add_thread(store)
    turns = chain(store, thread, 3)
    with sqlite3.connect(store.file or "") as raw:
        raw.execute("UPDATE turns SET parent_id = ? WHERE id = ?", (turns[2].id, turns[0].id))
        raw.execute("UPDATE turns SET chosen_child_id = ? WHERE id = ?", (turns[0].id, turns[2].id))
    raw.close()
    assert len(await store.path(turns[2].id)) == 3
    assert done(store.select_turn(turns[0].id)) == turns[2].id


async def test_turns_by_id_keep_the_order_asked_for(store: Store) -> None:
    thread = add_thread(store)
    turns = chain(store, thread, 1200)
    wanted = [turn.id for turn in reversed(turns)]
    assert [turn.id for turn in await store.turns(wanted)] == wanted


async def test_opening_the_end_of_a_long_thread_costs_what_a_short_one_costs(tmp_path: Path) -> None:
    """The tail is found by walking up; the whole outline and path cost in proportion to their length."""
    with Store.open(tmp_path / "long.db") as store:
        short = chain(store, add_thread(store), 100)[-1].id
        long = chain(store, add_thread(store), 5000)[-1].id

        async def fastest(work: Callable[[], Awaitable[object]]) -> float:
            times = []
            for _ in range(9):
                start = time.perf_counter()
                await work()
                times.append(time.perf_counter() - start)
            return min(times) * 1000

        figures = {
            name: (await fastest(read_short), await fastest(read_long))
            for name, read_short, read_long in (
                ("last 40", lambda: store.path(short, limit=40), lambda: store.path(long, limit=40)),
                ("depth", lambda: store.depth(short), lambda: store.depth(long)),
                ("outline", lambda: store.outline(short), lambda: store.outline(long)),
                ("path", lambda: store.path(short), lambda: store.path(long)),
            )
        }
        assert len(await store.path(long)) == len(await store.outline(long)) == 5000
        for name, (few, many) in figures.items():
            print(f"{name}: 100 turns {few:.2f} ms, 5000 turns {many:.2f} ms, ratio {many / few:.1f}")
        assert figures["last 40"][1] < 4 * figures["last 40"][0] + 2  # generous: the machine is shared
        assert figures["path"][1] < 150 * figures["path"][0]


async def test_ids_need_not_exist_when_asked_for(store: Store) -> None:
    assert await store.turns([]) == []
    assert await store.turns([new_id()]) == []
    assert await store.partial(new_id()) == ("", "")
