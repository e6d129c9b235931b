"""Lists: a table for a person, tabs for a pipe, an array for a program; every text harmless."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from poe_tui import paths
from poe_tui.cli.output import Column, cells, cut, table
from poe_tui.cli.threads import SHORTEST_ID, unique_length
from poe_tui.demo.server import DemoServer
from poe_tui.model import Thread, Turn
from poe_tui.storage.store import Store
from tests.cli.running import here, poe_in_a_terminal

HOSTILE = "evil \x1b]0;owned\x07 \u202etitle\nsecond\tline \U0001f600"


@pytest.fixture
def server(demo_server_thread: DemoServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoServer]:
    """The demo server as the one that every command talks to, with a key."""
    monkeypatch.setenv("POE_BASE_URL", demo_server_thread.base_url)
    monkeypatch.setenv("POE_API_KEY", "demo-key")
    yield demo_server_thread


@pytest.fixture
def threads(home: Path) -> list[str]:
    """Two threads in the database: a hostile one and, later, a calm one."""
    ids = ["0" * 7 + "a" * 25, "0" * 7 + "b" * 25]
    with Store.open(paths.database_file()) as store:
        for number, (id_, title) in enumerate(zip(ids, (HOSTILE, "Trip to Tokyo"), strict=True)):
            store.add_thread(Thread(id_, title, model="GPT-5.2", created_at=1e9, updated_at=1e9 + number)).result(10)
            turn = Turn(
                f"{number:032x}", id_, model="GPT-5.2", status="completed", created_at=1e9,
                input=[{"type": "message", "role": "user", "content": f"Where is Tokyo?\n{title}"}],
                output=[
                    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": HOSTILE}]}
                ],
                usage={"output_tokens": 7},
            )  # fmt: skip
            store.begin_turn(turn).result(10)
            store.end_turn(turn).result(10)
            store.update_thread(id_, updated_at=1e9 + number).result(10)
    return ids


def harmless(text: str) -> bool:
    return all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf") for c in text)


def test_models_for_a_pipe(server: DemoServer) -> None:
    told = here("models", env={"POE_API_KEY": ""})
    assert (told.code, told.err) == (0, "")
    rows = {row[0]: row for row in told.rows}
    assert len(rows) > 30
    assert {len(row) for row in told.rows} == {9}
    assert rows["claude-haiku-4.5"][1:6] == ["Claude-Haiku-4.5", "Anthropic", "0.85", "4.3", "200000"]
    assert harmless(told.out)


def test_models_by_filter_words(server: DemoServer) -> None:
    told = here("models", "in:img", "<5", "-web", "by:meta", "--json")
    assert told.code == 0
    found = json.loads(told.out)
    assert all(one["id"] and "image" in one["input_modalities"] for one in found)
    assert all("web_search" not in one["supported_features"] for one in found)
    told = here("models", "qqqqzz")
    assert (told.code, told.out) == (0, "")
    assert "no model fits 'qqqqzz'" in told.err


def test_models_for_a_person(server: DemoServer) -> None:
    wide = poe_in_a_terminal("models", "haiku", columns=130).out
    assert "Model" in wide and "$ in / out, 1M" in wide and "─" in wide
    assert "0.85 /   4.30" in wide
    assert "text img" in wide
    narrow = poe_in_a_terminal("models", columns=60).out
    assert max(cells(row) for row in narrow.splitlines() if not row.startswith("poe-tui: ")) <= 60
    assert "/   4.30" in narrow


def test_models_work_offline_from_the_list_of_last_time() -> None:
    with DemoServer.in_thread(speed=0) as server:
        env = {"POE_BASE_URL": server.base_url}
        assert here("models", env=env).code == 0
        asked = len(server.requests)
        again = here("models", env=env)
        assert again.code == 0
        assert "this is the list of a moment ago; --refresh fetches it." in again.err
        assert len(server.requests) == asked
        assert here("models", "--refresh", env=env).err == ""
        assert len(server.requests) == asked + 1
    cached = here("models", "haiku", env=env)
    assert (cached.code, len(cached.rows)) == (0, 1)
    stale = here("models", "--refresh", "haiku", env=env)
    assert stale.code == 1
    assert stale.out == cached.out
    assert "Cannot connect" in stale.err and "this is the list of a moment ago" in stale.err


def test_models_without_a_list_and_without_a_server() -> None:
    told = here("models", env={"POE_BASE_URL": "http://127.0.0.1:9/v1"})
    assert (told.code, told.out) == (1, "")
    assert "could not be fetched from http://127.0.0.1:9/v1: Cannot connect" in told.err


def test_models_with_a_key_that_cannot_be_one(server: DemoServer) -> None:
    told = here("models", "haiku", env={"POE_API_KEY": "sk-canary sk-canary"})
    assert told.code == 0
    assert "POE_API_KEY cannot be used." in told.err
    assert "canary" not in told.out + told.err


def test_threads(threads: list[str]) -> None:
    told = here("threads")
    assert (told.code, told.err) == (0, "")
    assert [row[0] for row in told.rows] == threads[::-1]
    assert told.rows[0][1:] == ["2001-09-09T01:46:41Z", "GPT-5.2", "Trip to Tokyo"]
    assert {len(row) for row in told.rows} == {4}
    assert harmless(told.out)
    listed = json.loads(here("threads", "--json", "--limit", "1").out)
    assert [one["id"] for one in listed] == threads[1:]
    seen = poe_in_a_terminal("threads", columns=80).out
    assert threads[0][:8] in seen and threads[0][:9] not in seen
    assert harmless(seen)


def test_no_threads_yet() -> None:
    told = here("threads")
    assert (told.code, told.out) == (0, "")
    assert "there are no threads yet" in told.err
    assert here("threads", "--json").out == "[]\n"


def test_show(threads: list[str]) -> None:
    told = here("show", "Tokyo")
    assert told.code == 0
    assert told.out.startswith(
        "Trip to Tokyo\n\n> Where is Tokyo?\n> Trip to Tokyo\n\nGPT-5.2 · 7 tok\n\nevil ␛]0;owned"
    )
    assert harmless(told.out)
    by_id = json.loads(here("show", threads[0][:9], "--json").out)
    assert by_id["id"] == threads[0]
    assert by_id["turns"][0]["output"][0]["content"][0]["text"] == HOSTILE
    raw = here("show", threads[0], "--json").out
    assert harmless(raw)
    missing = here("show", "no\x1bthing")
    assert (missing.code, missing.out) == (2, "")
    assert missing.err == "poe-tui: there is no thread 'no␛thing'. poe-tui threads lists them.\n"


def test_search(threads: list[str]) -> None:
    told = here("search", "toky")
    assert told.code == 0
    assert {row[0] for row in told.rows} == set(threads)
    assert harmless(told.out)
    found = json.loads(here("search", "owned", "--json").out)
    assert all(one["id"] and one["thread_id"] in threads for one in found)
    assert "Trip to Tokyo" in poe_in_a_terminal("search", "tokyo").out
    assert "nothing found for 'zzzz'" in here("search", "zzzz").err


def test_usage(server: DemoServer) -> None:
    told = here("usage", "--limit", "5")
    assert told.code == 0
    assert len(told.rows) == 5
    assert told.err == f"poe-tui: {server.balance:,} points are left.\n".replace(",", " ")
    body = json.loads(here("usage", "--json", "--limit", "2").out)
    assert body["balance"] == server.balance
    assert all(one["id"] for one in body["entries"])
    assert "points are left." in poe_in_a_terminal("usage").out


def test_usage_without_a_key_or_with_a_bad_one(server: DemoServer) -> None:
    told = here("usage", env={"POE_API_KEY": ""})
    assert (told.code, told.out) == (3, "")
    assert "there is no key for http://127.0.0.1" in told.err and "poe-tui login" in told.err
    told = here("usage", env={"POE_API_KEY": "bad-key"})
    assert (told.code, told.out) == (3, "")
    assert "does not take this key" in told.err


def test_keys() -> None:
    assert here("config", "set", "keys.model.pick", "F5").code == 0
    rows = {row[0]: row for row in here("keys").rows}
    assert rows["model.pick"][1:3] == ["f5", "model"]
    listed = {one["id"]: one for one in json.loads(here("keys", "--json").out)}
    assert listed["model.pick"]["keys"] == ["f5"] and listed["model.pick"]["changed"]
    assert "F5" in poe_in_a_terminal("keys").out


def test_a_table_cuts_names_and_never_values() -> None:
    columns = (Column(""), Column("Name", gives_way=True), Column("Maker", leaves=1), Column("Price", right=True))
    rows = [["", "A-very-long-name-that-goes-on-and-on", "Somebody", "12.50"], ["", "漢字の名前", "Other", "?"]]
    assert table(columns, rows, 80)[2:] == [
        "A-very-long-name-that-goes-on-and-on   Somebody   12.50",
        "漢字の名前                             Other          ?",
    ]
    assert table(columns, rows, 40) == [
        "Name                               Price",
        "────────────────────────────────────────",
        "A-very-long-name-that-goes-on-a…   12.50",
        "漢字の名前                             ?",
    ]
    assert table(columns, rows, 5)[2] == "A-very-long…   12.50"
    assert cut("漢字の名前", 6) == "漢字…"
    assert cells("e\u0301👍🏽") >= 3


def test_ids_are_shown_as_long_as_they_must_be() -> None:
    assert unique_length([]) == unique_length(["a" * 32]) == SHORTEST_ID
    assert unique_length(["a" * 31 + "b", "a" * 31 + "c"]) == 32
    assert unique_length(["a" * 32, "a" * 32]) == 32
