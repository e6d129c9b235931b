"""Search over titles and turns: a full-text index where the linked SQLite has FTS5, else a scan.

The index holds no text of its own: it reads the ``turns_done`` view, so a turn is in it exactly when it is no longer
in progress. Triggers keep it, and a missing, changed or damaged one is built again from the rows.

What a person types is never FTS5's query language: words are taken out of it and quoted, so there is nothing to
escape and no text that is a syntax error. The last word may be unfinished.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import Final

from poe_tui.storage.rows import seconds


@dataclass(slots=True, frozen=True)
class SearchHit:
    """A place in a thread that a query was found in. All text is raw: clean it before it is shown."""

    thread_id: str
    turn_id: str | None
    """For a title the thread's tip; ``None`` when it holds no turn yet."""
    title: str
    snippet: str
    """Some words around what was found; the title itself when that was found."""
    created_at: float
    spans: tuple[tuple[int, int], ...] = ()
    """Where in ``snippet`` the words stand: [start, end) in characters."""


_TABLE: Final = (
    "CREATE VIRTUAL TABLE turns_fts USING fts5(input_text, output_text, content='turns_done', content_rowid='seq',"
    " tokenize='unicode61 remove_diacritics 2', prefix='2 3')"
)
_VIEW: Final = "CREATE VIEW turns_done AS SELECT seq, input_text, output_text FROM turns WHERE status <> 'in_progress'"
_COLUMNS: Final = "rowid, input_text, output_text"
_ADD: Final = (
    f"INSERT INTO turns_fts ({_COLUMNS}) SELECT new.seq, new.input_text, new.output_text"
    " WHERE new.status <> 'in_progress';"
)
_REMOVE: Final = (
    f"INSERT INTO turns_fts (turns_fts, {_COLUMNS}) SELECT 'delete', old.seq, old.input_text, old.output_text"
    " WHERE old.status <> 'in_progress';"
)
_OBJECTS: Final = {
    "turns_done": _VIEW,
    "turns_fts": _TABLE,
    "turns_fts_insert": f"CREATE TRIGGER turns_fts_insert AFTER INSERT ON turns BEGIN {_ADD} END",
    "turns_fts_delete": f"CREATE TRIGGER turns_fts_delete AFTER DELETE ON turns BEGIN {_REMOVE} END",
    # One trigger for both halves: the order in which SQLite fires two is not defined.
    "turns_fts_update": "CREATE TRIGGER turns_fts_update AFTER UPDATE OF status, input_text, output_text ON turns"
    f" BEGIN {_REMOVE} {_ADD} END",
}
"""The index and what keeps it, in the order of creation."""
_TRIGGERS: Final = tuple(name for name, statement in _OBJECTS.items() if "TRIGGER" in statement)

_OPEN, _CLOSE = "\x02", "\x03"
_WORDS: Final = re.compile(r'"([^"]*)"|(\S+)')
_RUN: Final = re.compile(r"\w+")
# Scripts without spaces between words: the index knows whole runs only, so a scan finds what is meant.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)
_MOST_WORDS: Final = 24
_LONGEST_WORD: Final = 64
_SNIPPET: Final = 80


def has_fts5(db: sqlite3.Connection) -> bool:
    """Whether the linked SQLite can keep a full-text index."""
    return db.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None


def ensure_index(db: sqlite3.Connection, *, available: bool | None = None) -> bool:
    """Bring the index into its one right shape; returns whether there is one.

    A database that comes from a machine with FTS5 to one without loses its triggers, or no turn could be written; back
    on the first machine the index is built again.
    """
    able = has_fts5(db) if available is None else available
    found = {
        str(row[0]): row[1]
        for row in db.execute(
            f"SELECT name, sql FROM sqlite_master WHERE name IN ({', '.join('?' * len(_OBJECTS))})", tuple(_OBJECTS)
        ).fetchall()
    }
    if found == _OBJECTS if able else not found.keys() & set(_TRIGGERS):
        return able
    db.execute("BEGIN IMMEDIATE")
    try:
        if able:
            _build(db)
        else:
            _drop_triggers(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return able


def rebuild(db: sqlite3.Connection) -> None:
    """Build a damaged index again from the rows, inside the caller's transaction."""
    _build(db)


def _build(db: sqlite3.Connection) -> None:
    _drop_triggers(db)
    try:
        db.execute("DROP TABLE IF EXISTS turns_fts")
    except sqlite3.DatabaseError:
        _drop_by_force(db)
    db.execute("DROP VIEW IF EXISTS turns_done")
    for statement in _OBJECTS.values():
        db.execute(statement)
    db.execute("INSERT INTO turns_fts (turns_fts) VALUES ('rebuild')")


def _drop_triggers(db: sqlite3.Connection) -> None:
    for name in _TRIGGERS:
        db.execute(f"DROP TRIGGER IF EXISTS {name}")


def _drop_by_force(db: sqlite3.Connection) -> None:
    """Forget an index so damaged that FTS5 cannot open it even to drop it; its own tables are plain ones."""
    db.execute("PRAGMA writable_schema = ON")
    try:
        db.execute("DELETE FROM sqlite_master WHERE name = 'turns_fts'")
    finally:
        db.execute("PRAGMA writable_schema = RESET")
    for part in ("data", "idx", "docsize", "config", "content"):
        db.execute(f"DROP TABLE IF EXISTS turns_fts_{part}")


def words_of(query: str) -> list[str]:
    """The words and "quoted phrases" of what a person typed, each without anything that could be syntax."""
    found = []
    for match in _WORDS.finditer(query):
        runs = _RUN.findall(match.group(1) if match.group(1) is not None else match.group(2))
        if runs:
            found.append(" ".join(runs)[:_LONGEST_WORD].strip())
    return found[:_MOST_WORDS]


def fts_query(query: str) -> str | None:
    """The FTS5 query for what a person typed; ``None`` when there is no word in it.

    Every word must occur; the last one may go on, unless white space or a closing quote ends it.
    """
    words = words_of(query)
    if not words:
        return None
    unfinished = not query[-1].isspace() and not query.endswith('"')
    return " ".join(f'"{word}"' for word in words) + ("*" if unfinished else "")


def search(db: sqlite3.Connection, query: str, limit: int = 50, *, index: bool = True) -> list[SearchHit]:
    """Titles first, then turns. ``index=False`` scans: the linked SQLite has no FTS5."""
    words = [word.casefold() for word in words_of(query)]
    if not words or limit <= 0:
        return []
    hits = _titles(db, words, limit)
    rest = limit - len(hits)
    if rest > 0:
        asked = fts_query(query)
        if index and asked is not None and not _UNSPACED.search(query):
            hits += _indexed(db, asked, rest, short=sum(map(len, words)) < 3)
        else:
            hits += _scanned(db, words, rest)
    return hits


def _titles(db: sqlite3.Connection, words: list[str], limit: int) -> list[SearchHit]:
    # In Python: SQLite's LIKE knows the case of ASCII letters only. Titles are short and few.
    rows = db.execute(
        "SELECT id, tip_id, title, updated_at FROM threads WHERE deleted_at IS NULL ORDER BY updated_at DESC, seq DESC"
    ).fetchall()
    hits = []
    for thread_id, tip_id, title, updated_at in rows:
        folded = str(title).casefold()
        if all(word in folded for word in words):
            spans = _spans(str(title), words)
            hits.append(SearchHit(thread_id, tip_id, str(title), str(title), seconds(updated_at), spans))
            if len(hits) == limit:
                break
    return hits


def _indexed(db: sqlite3.Connection, query: str, limit: int, *, short: bool) -> list[SearchHit]:
    # One or two letters match half of everything: the latest then, because ranking would have to read it all.
    order = "turns_fts.rowid DESC" if short else "turns_fts.rank"
    rows = db.execute(
        "SELECT t.thread_id, t.id, h.title, snippet(turns_fts, -1, ?, ?, '…', 16), t.created_at"
        " FROM turns_fts JOIN turns t ON t.seq = turns_fts.rowid JOIN threads h ON h.id = t.thread_id"
        f" WHERE turns_fts MATCH ? AND h.deleted_at IS NULL ORDER BY {order} LIMIT ?",
        (_OPEN, _CLOSE, query, limit),
    ).fetchall()
    hits = []
    for thread_id, turn_id, title, marked, created_at in rows:
        snippet, spans = _unmark(str(marked or ""))
        hits.append(SearchHit(thread_id, turn_id, str(title), snippet, seconds(created_at), spans))
    return hits


def _scanned(db: sqlite3.Connection, words: list[str], limit: int) -> list[SearchHit]:
    condition = " AND ".join("(t.input_text LIKE ? ESCAPE '\\' OR t.output_text LIKE ? ESCAPE '\\')" for _ in words)
    patterns = [pattern for word in words for pattern in (f"%{_escape(word)}%",) * 2]
    rows = db.execute(
        "SELECT t.thread_id, t.id, h.title, t.created_at, t.input_text, t.output_text"
        " FROM turns t JOIN threads h ON h.id = t.thread_id"
        f" WHERE t.status <> 'in_progress' AND h.deleted_at IS NULL AND {condition} ORDER BY t.seq DESC LIMIT ?",
        (*patterns, limit),
    ).fetchall()
    hits = []
    for thread_id, turn_id, title, created_at, asked, answered in rows:
        text = str(asked) if words[0] in str(asked).casefold() else str(answered)
        snippet = _around(text, words[0])
        spans = _spans(snippet, words)
        hits.append(SearchHit(thread_id, turn_id, str(title), snippet, seconds(created_at), spans))
    return hits


def _escape(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


def _around(text: str, word: str) -> str:
    """Some words around the first place of ``word``."""
    at = max(text.casefold().find(word), 0)
    start, end = max(at - _SNIPPET // 2, 0), min(at + _SNIPPET, len(text))
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _spans(text: str, words: list[str]) -> tuple[tuple[int, int], ...]:
    folded = text.casefold()
    if len(folded) != len(text):  # "ß" folds to two characters: the places would not be those of the text.
        folded = text.lower() if len(text.lower()) == len(text) else text
    marked = [False] * len(text)
    for word in words:
        for match in re.finditer(re.escape(word), folded):
            marked[match.start() : match.end()] = [True] * (match.end() - match.start())
    return tuple((m.start(), m.end()) for m in re.finditer("x+", "".join(" x"[on] for on in marked)))


def _unmark(marked: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Take FTS5's marks out of a snippet and tell where they stood."""
    plain: list[str] = []
    spans: list[tuple[int, int]] = []
    length, start = 0, 0
    for piece in re.split(f"([{_OPEN}{_CLOSE}])", marked):
        if piece == _OPEN:
            start = length
        elif piece == _CLOSE:
            if length > start:
                spans.append((start, length))
            start = length
        else:
            plain.append(piece)
            length += len(piece)
    return "".join(plain), tuple(spans)
