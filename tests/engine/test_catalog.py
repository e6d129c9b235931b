"""The model list: fetched, cached, old, damaged, absent."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from poe_tui.engine import catalog as catalog_module
from poe_tui.engine.catalog import Catalog
from tests.engine.conftest import Bench


@pytest.fixture
def catalog(bench: Bench) -> Catalog:
    """Return a catalogue that has nothing yet."""
    return bench.runtime.catalog


def again(bench: Bench) -> Catalog:
    """Return a catalogue as the next start has it."""
    return Catalog(bench.runtime.client, bench.cache, bench.runtime.store)


async def test_at_first_there_is_nothing(catalog: Catalog) -> None:
    assert (catalog.models, catalog.age, catalog.error) == ([], None, None)
    assert catalog.stale
    assert catalog.get("Claude-Sonnet-4.5") is None
    assert catalog.near("Claude") == []
    assert catalog.efforts("Claude") == ()
    assert not await catalog.load_cached()


async def test_fetching_and_looking_up(catalog: Catalog) -> None:
    assert await catalog.refresh()
    assert len(catalog.models) >= 40
    assert catalog.age is not None
    assert catalog.age < 60
    assert not catalog.stale
    info = catalog.get(" CLAUDE-sonnet-4.5 ")
    assert info is not None
    assert info.name == "Claude-Sonnet-4.5"
    assert catalog.get("no-such-model") is None
    assert catalog.efforts("Demo-Reasoning") == ("low", "medium", "high")


async def test_the_list_is_there_offline_with_its_age(
    bench: Bench, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await catalog.refresh()
    assert stat.S_IMODE(bench.cache.stat().st_mode) == 0o600
    assert stat.S_IMODE(bench.cache.parent.stat().st_mode) == 0o700
    await bench.server.stop()
    now = catalog_module.time.time()
    monkeypatch.setattr(catalog_module.time, "time", lambda: now + 7200)
    later = again(bench)
    assert await later.load_cached()
    assert [info.id for info in later.models] == [info.id for info in catalog.models]
    assert later.age == pytest.approx(7200, abs=60)
    assert later.stale
    assert not await later.refresh()
    assert later.error is not None
    assert "127.0.0.1" in later.error
    assert len(later.models) == len(catalog.models)


async def test_a_fetched_list_is_not_replaced_by_the_cache(bench: Bench, catalog: Catalog) -> None:
    await catalog.refresh()
    document = json.loads(bench.cache.read_bytes())
    bench.cache.write_text(json.dumps({**document, "data": document["data"][:3]}))
    await catalog.load_cached()
    assert len(catalog.models) >= 40


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"{}", b'{"fetched_at": "x", "data": []}', b'{"fetched_at": 1, "data": 7}',
     b"[" * 100_000, b'{"fetched_at": 1, "data": [1, null, {"id": null}, {"x": 1}]}'],
)  # fmt: skip
async def test_a_damaged_cache_is_as_good_as_none(bench: Bench, catalog: Catalog, content: bytes) -> None:
    bench.cache.parent.mkdir(parents=True)
    bench.cache.write_bytes(content)
    await catalog.load_cached()
    assert catalog.models == []
    assert await catalog.refresh()
    assert await again(bench).load_cached()


async def test_ids_that_come_twice_count_once(bench: Bench, catalog: Catalog) -> None:
    bench.cache.parent.mkdir(parents=True)
    entries = [{"id": "a"}, {"id": "A", "owned_by": "x"}, {"id": "b", "metadata": {"display_name": "A"}}]
    bench.cache.write_text(json.dumps({"fetched_at": 1.0, "data": entries}))
    await catalog.load_cached()
    assert [info.id for info in catalog.models] == ["a", "b"]
    found = catalog.get("A")
    assert found is not None
    assert found.id == "a", "an id goes before a display name"


async def test_an_empty_list_is_no_list(bench: Bench, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    await catalog.refresh()

    async def nothing() -> list[object]:
        return []

    monkeypatch.setattr(bench.runtime.client, "models", nothing)
    assert not await catalog.refresh()
    assert catalog.error == "The server sent an empty model list."
    assert catalog.models


async def test_a_cache_that_cannot_be_written_is_told_and_costs_nothing(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    blocked = Catalog(bench.runtime.client, tmp_path / "file" / "models" / "x.json", bench.runtime.store)
    assert await blocked.refresh()
    assert blocked.models
    assert blocked.error is None
    assert blocked.cache_error


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("claude-sonet-4.5", "Claude-Sonnet-4.5"),
        ("Claude Sonnet 4.5", "Claude-Sonnet-4.5"),
        ("gpt52", "GPT-5.2"),
        ("gemini", "Gemini-3-Pro"),
        ("anthropic/claude-haiku-4.5", "Claude-Haiku-4.5"),
    ],
)
async def test_near_names(catalog: Catalog, name: str, nearest: str) -> None:
    await catalog.refresh()
    found = catalog.near(name)
    assert nearest in found
    assert len(found) <= 3


async def test_names_that_are_near_nothing(catalog: Catalog) -> None:
    await catalog.refresh()
    assert catalog.near("zzzzzzzz") == []
    assert catalog.near("…") == []
    assert "GPT-5.2" not in catalog.near("gpt-5.2")
