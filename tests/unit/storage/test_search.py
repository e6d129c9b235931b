"""Search: the index follows the turns, no text is a syntax error, and without FTS5 it still finds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.storage import search as fts
from poe_tui.storage.connection import connect, connect_memory
from poe_tui.storage.migrations import migrate
from poe_tui.storage.store import SearchHit, Store
from tests.unit.storage.help import add_thread, add_turn, done, make_turn


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "poe-tui.db") as opened:
        yield opened


async def found(store: Store, query: str, limit: int = 50) -> list[str | None]:
    return [hit.turn_id for hit in await store.search(query, limit)]


async def test_prompts_and_answers_are_found_as_one_types(store: Store) -> None:
    thread = add_thread(store, "Lunch")
    turn = add_turn(store, thread, "Where is the fish market?", "The outer market of Tsukiji is still open.")
    for query in ("fish", "Tsuk", "TSUKIJI", "tsukiji market", "mar", '"outer market"', "fish tsukiji", "market?"):
        assert await found(store, query) == [turn.id], query
    for query in ("whale", "market whale", '"market outer"', "sukiji", "tsuk ", '"outer mark"'):
        assert await found(store, query) == [], query


async def test_diacritics_and_case(store: Store) -> None:
    turn = add_turn(store, add_thread(store, "x"), "Übergröße in Malmö", "naïve café")
    for query in ("uberg", "MALMO", "malmö", "cafe", "NAÏVE"):
        assert await found(store, query) == [turn.id], query


async def test_titles_come_first(store: Store) -> None:
    named = add_thread(store, "Zebra Überblick")
    turn = add_turn(store, add_thread(store, "other"), "a zebra crossing")
    hits = await store.search("zebra")
    assert [(hit.thread_id, hit.turn_id) for hit in hits] == [(named.id, None), (turn.thread_id, turn.id)]
    assert hits[0].snippet == "Zebra Überblick" and hits[0].spans == ((0, 5),)
    assert [hit.thread_id for hit in await store.search("überb")] == [named.id]
    assert len(await store.search("zebra", limit=1)) == 1
    assert await store.search("zebra", limit=0) == []


async def test_snippets_tell_where_the_words_are(store: Store) -> None:
    add_turn(store, add_thread(store, "t"), "x " * 200 + "the needle is \x02here\x03 " + "y " * 200)
    (hit,) = await store.search("need")
    assert "\x02" not in hit.snippet and "\x03" not in hit.snippet
    assert [hit.snippet[start:end] for start, end in hit.spans if hit.snippet[start:end].startswith("needle")]
    assert len(hit.snippet) < 200


async def test_a_turn_in_flight_is_not_found_until_it_ends(store: Store) -> None:
    thread = add_thread(store, "t")
    turn = make_turn(thread, "pterodactyl", None)
    done(store.begin_turn(turn))
    assert await found(store, "pterodactyl") == []
    turn.status = "stopped"
    done(store.end_turn(turn))
    assert await found(store, "pterodactyl") == [turn.id]
    changed = make_turn(thread, "stegosaurus")
    changed.id = turn.id
    done(store.end_turn(changed))
    assert await found(store, "pterodactyl") == []
    assert await found(store, "stegosaurus") == [turn.id]
    assert _sound(store)


def _sound(store: Store) -> bool:
    assert store.file is not None
    raw = connect(store.file)
    raw.execute("INSERT INTO turns_fts (turns_fts, rank) VALUES ('integrity-check', 1)")
    raw.close()
    return True


HOSTILE = (
    '"',
    '""',
    "*",
    "(",
    "a AND",
    "NEAR(a b)",
    "OR",
    "NOT x",
    "col:x",
    "^a",
    "a^2",
    "-x",
    "a*b",
    "'",
    "\0",
    "{x}",
)


@pytest.mark.parametrize("query", [*HOSTILE, "", "  ", "\ud800", "a" * 10_000, "w " * 500, "%", "_", "\\"])
async def test_any_text_is_a_query(store: Store, query: str) -> None:
    add_turn(store, add_thread(store), "plain a x")
    assert isinstance(await store.search(query), list)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("\"*()^:-+{}'% _\\a"), st.characters()), max_size=30))
def test_no_text_is_a_syntax_error(query: str) -> None:
    hits: list[SearchHit] = []
    for index in (True, False):
        hits += fts.search(_DB, query, index=index)
    assert all(isinstance(hit, SearchHit) for hit in hits)


def _database() -> sqlite3.Connection:
    db = connect_memory()
    migrate(db)
    fts.ensure_index(db)
    db.execute("INSERT INTO threads (id, title) VALUES ('t', 'Straße 100% sure_thing')")
    db.execute(
        "INSERT INTO turns (id, thread_id, status, input_text, output_text)"
        " VALUES ('a', 't', 'completed', '日本語の市場', 'The 100% snake_case answer'),"
        " ('b', 't', 'completed', 'b', 'ไทย ok'), ('c', 't', 'in_progress', 'hidden answer', '')"
    )
    return db


_DB = _database()


@pytest.fixture(scope="module", autouse=True)
def _close() -> Iterator[None]:
    yield
    _DB.close()


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("本語", ["a"]),
        ("市場 ", ["a"]),
        ("ไทย", ["b"]),
        ("snake_case", ["a"]),
        ("answer the", ["a"]),
        ("hidden", []),
    ],
)
def test_with_and_without_an_index(index: bool, query: str, ids: list[str]) -> None:
    assert [hit.turn_id for hit in fts.search(_DB, query, index=index)] == ids


def test_wildcards_of_like_mean_themselves() -> None:
    # A per cent sign is no word, so what is left of it is searched for; an underscore is one.
    assert [hit.turn_id for hit in fts.search(_DB, "e_c", index=False)] == ["a"]
    assert fts.search(_DB, "sXakeYcase", index=False) == []
    assert fts.search(_DB, "s_ake", index=False) == []


def test_places_are_right_where_folding_changes_lengths() -> None:
    (hit, *_) = fts.search(_DB, "sure", index=False)
    assert [hit.snippet[start:end] for start, end in hit.spans] == ["sure"]


def test_words_and_phrases() -> None:
    assert fts.words_of('one "two three" four') == ["one", "two three", "four"]
    assert fts.fts_query('one "two three"') == '"one" "two three"'
    assert fts.fts_query("one two") == '"one" "two"*'
    assert fts.fts_query("one two ") == '"one" "two"'
    assert fts.fts_query("c++") == '"c"*'
    assert fts.fts_query("?!") is None


def test_a_machine_without_fts5_can_still_write(tmp_path: Path) -> None:
    db = connect_memory()
    migrate(db)
    assert fts.ensure_index(db) is True
    assert fts.ensure_index(db, available=False) is False
    assert fts.ensure_index(db, available=False) is False
    db.execute("INSERT INTO threads (id, title) VALUES ('t', 'x')")
    db.execute("INSERT INTO turns (id, thread_id, status, input_text) VALUES ('a', 't', 'completed', 'word')")
    assert [hit.turn_id for hit in fts.search(db, "word", index=False)] == ["a"]
    # Back on the first machine: everything is indexed again.
    assert fts.ensure_index(db) is True
    assert [hit.turn_id for hit in fts.search(db, "word")] == ["a"]
    db.close()


def test_a_damaged_index_is_built_again(tmp_path: Path) -> None:
    db = connect_memory()
    migrate(db)
    fts.ensure_index(db)
    db.execute("INSERT INTO threads (id, title) VALUES ('t', 'x')")
    db.execute("INSERT INTO turns (id, thread_id, status, input_text) VALUES ('a', 't', 'completed', 'word')")
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_master SET sql = 'CREATE VIRTUAL TABLE turns_fts USING fts9(x)' WHERE name = 'turns_fts'")
    db.execute("PRAGMA writable_schema = RESET")
    assert fts.ensure_index(db) is True
    assert [hit.turn_id for hit in fts.search(db, "word")] == ["a"]
    db.close()


def test_a_failed_build_leaves_the_database_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    db = connect_memory()
    migrate(db)
    monkeypatch.setitem(fts._OBJECTS, "turns_done", "CREATE VIEW nonsense")
    with pytest.raises(sqlite3.OperationalError):
        fts.ensure_index(db)
    assert not db.in_transaction
    db.close()


async def test_damage_of_the_index_is_mended_while_running(store: Store) -> None:
    thread = add_thread(store, "t")
    turn = add_turn(store, thread, "brachiosaurus")
    assert store.file is not None
    raw = connect(store.file)
    raw.execute("DELETE FROM turns_fts_data WHERE id > 10")
    raw.close()
    assert await found(store, "brachio") == [turn.id]
    assert store.notices == []
    raw = connect(store.file)
    raw.execute("UPDATE turns_fts_data SET block = x'ff' WHERE id IN (1, 10)")
    raw.close()
    other = add_turn(store, thread, "diplodocus", parent_id=turn.id)
    assert await found(store, "diplodocus") == [other.id]
    assert [kept.id for kept in await store.path(other.id)] == [turn.id, other.id]
    assert store.notices == []
