"""The parts of the conversation screen that are drawn from values: rows, groups, matches, history, live facts."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.screens.live_facts import LiveFacts
from poe_tui.widgets import header, status_line
from poe_tui.widgets.bindings import bar, bindings, keymap, keys_of, label_of
from poe_tui.widgets.cells import cut
from poe_tui.widgets.command_menu import is_path, matching, parse
from poe_tui.widgets.header import HeaderFacts
from poe_tui.widgets.prompt import BULK, PromptHistory
from poe_tui.widgets.status_line import StatusFacts
from poe_tui.widgets.thread_list import DAY, Entry, lines_of

FACTS = HeaderFacts("Trip to Tokyo", "Claude-Sonnet-4.5", "high", True, "12 480 pts")


# --- header -----------------------------------------------------------------------------------------------------------
def test_the_header_stands_on_the_grid() -> None:
    row = header.draw(FACTS, 120).plain
    assert row[3:10] == "poe-tui"
    assert row[31:44] == "Trip to Tokyo"
    assert row[:117].endswith("Claude-Sonnet-4.5 · high · web     12 480 pts")
    narrow = header.draw(FACTS._replace(sidebar=False), 80).plain
    assert narrow.startswith("   Trip to Tokyo")
    assert narrow[:77].endswith("· high · web   12 480 pts")


def test_what_goes_first_when_space_runs_out() -> None:
    long = FACTS._replace(title="A rather long title of a thread", sidebar=False)
    rows = {width: header.draw(long, width).plain for width in range(20, 121)}
    assert "web" in rows[90]
    without_web = max(width for width, row in rows.items() if "web" not in row)
    without_effort = max(width for width, row in rows.items() if "high" not in row)
    assert without_effort <= without_web
    assert all("12 480 pts" in row for width, row in rows.items() if width >= 30)


@given(st.text(max_size=60), st.text(max_size=40), st.integers(10, 200), st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_header_never_overflows(title: str, model: str, width: int, sidebar: bool, demo: bool) -> None:
    facts = HeaderFacts(title, model, "high", True, "12 480 pts", sidebar=sidebar and width >= 90, demo=demo)
    assert header.draw(facts, width).cell_length <= max(width, 16)


# --- status -----------------------------------------------------------------------------------------------------------
KEYS = (("Esc", "stop"), ("^O", "model"), ("^R", "search"), ("^Y", "copy"), ("/", "commands"))


def test_the_status_stands_on_the_grid() -> None:
    facts = StatusFacts("84 tok/s", context="12 %", thread="133 pts", keys=KEYS)
    row = status_line.draw(facts, 120).plain
    assert row.startswith(" ● 84 tok/s   context 12 %   thread 133 pts")
    assert row[:117].endswith("Esc stop   ^O model   ^R search   ^Y copy   / commands")
    narrow = status_line.draw(facts, 80).plain
    assert narrow.startswith(" ● 84 tok/s  context 12 %  133 pts")
    assert narrow[:77].endswith("Esc stop  ^O model  ^Y copy  / commands")
    small = status_line.draw(facts, 59).plain
    assert small[:56].endswith("Esc stop  / commands")


def test_facts_alone_begin_at_the_text_column() -> None:
    assert status_line.draw(StatusFacts(thread="22 pts", keys=KEYS), 120).plain.startswith("   thread 22 pts")


@given(st.integers(8, 200), st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_status_never_overflows(width: int, notice: str) -> None:
    facts = StatusFacts("84 tok/s", context="12 %", thread="≈ 133 pts", next_turn="≈ 3 pts", notice=notice, keys=KEYS)
    assert status_line.draw(facts, width).cell_length <= max(width, 14)


@given(st.text(max_size=40), st.integers(0, 40))
@settings(max_examples=200, deadline=None)
def test_cut_fits(text: str, width: int) -> None:
    from rich.cells import cell_len

    assert cell_len(cut(text, width)) <= width


# --- threads ----------------------------------------------------------------------------------------------------------
def test_threads_are_grouped_by_day() -> None:
    now = time.mktime((2026, 3, 10, 12, 0, 0, 0, 0, -1))
    ages = {"pinned": 90, "today": 0.2, "yesterday": 1, "week": 4, "month": 20, "old": 300}
    entries = [Entry(name, name, now - age * DAY, pinned=name == "pinned") for name, age in ages.items()]
    lines = lines_of(entries, now)
    groups = [line.group for line in lines if line.group]
    assert groups == ["Pinned", "Today", "Yesterday", "Last week", "Last month", "Older"]
    assert sum(line == (("", None)) for line in lines) == len(groups) - 1
    compact = lines_of(entries, now, compact=True)
    assert len(compact) == len(lines) - len(groups) + 1


# --- commands ---------------------------------------------------------------------------------------------------------
def test_parsing_commands() -> None:
    action, argument = parse("/rename My title") or pytest.fail("no command")
    assert (action.id, argument) == ("thread.rename", "My title")
    assert parse("/new thread") is None  # Takes no argument.
    assert parse("/modle") is None
    assert parse("rename x") is None
    assert parse("/new\nand more") is None


def test_matching_commands() -> None:
    assert matching("/mod")[0].id == "model.pick"
    assert [action.id for action in matching("/rename Some title")] == ["thread.rename"]
    assert "thread.new" in [action.id for action in matching("/")]
    assert matching("/change the") and matching("/change the")[0].id == "app.theme"
    assert matching("/no such words") == []


@pytest.mark.parametrize(("text", "is_one"), [("/usr/bin", True), ("// note", True), ("/ x", True), ("/model", False)])
def test_paths_are_no_commands(text: str, is_one: bool) -> None:
    assert is_path(text) is is_one


# --- keys -------------------------------------------------------------------------------------------------------------
def test_keys_come_from_the_table_and_from_the_person() -> None:
    own = {"thread.new": "f8,f9", "model.pick": ""}
    assert keys_of("thread.new", own) == ["f8", "f9"]
    assert label_of("thread.new", own) == "F8"
    assert label_of("model.pick", own) == "/model"
    assert bar(["thread.new", "model.pick", "thread.search"], own) == [
        ("F8", "new"), ("/model", "model"), ("^R", "search"),
    ]  # fmt: skip
    assert keymap(own) == {"thread.new": "f8,f9", "model.pick": "unbound-model-pick"}
    ids = [binding.id for binding in bindings("conversation", "composer")]  # type: ignore[union-attr]
    assert "thread.new" in ids and "composer.send" not in ids


# --- history ----------------------------------------------------------------------------------------------------------
def test_history_keeps_the_draft() -> None:
    past = PromptHistory()
    past.replace(["one", "", "two", "two"])
    assert past.older("draft") == "two"
    assert past.older("two") == "one"
    assert past.older("one") is None
    assert past.newer() == "two"
    assert past.newer() == "draft"
    assert past.newer() is None


def test_a_draft_left_behind_becomes_an_entry() -> None:
    past = PromptHistory()
    past.replace(["one"])
    past.older("draft")
    past.edited()
    assert past.older("changed") == "draft"


def test_bulk_is_the_same_figure_everywhere() -> None:
    from poe_tui.terminal import driver

    assert driver.BULK == BULK


# --- live facts -------------------------------------------------------------------------------------------------------
class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def event(kind: str, **fields: Any) -> Any:
    return SimpleNamespace(type=kind, **fields)


def test_live_facts() -> None:
    clock = Clock()
    live = LiveFacts(clock)
    assert not live.active
    live.see(event("turn.started"))
    assert live.words() == ("sent", False)
    clock.now += 3
    assert live.words() == ("waiting 3 s", False)
    live.see(event("request.retry_scheduled", at=clock.now, delay=4.0))
    assert live.words() == ("again in 4 s", True)
    live.see(event("response.created"))
    live.see(event("response.reasoning_summary_text.delta", delta="hm"))
    assert live.words() == ("thinking", False)
    live.see(event("response.web_search_call.searching"))
    assert live.words() == ("searching", False)
    for _ in range(10):
        clock.now += 0.5
        live.see(event("response.output_text.delta", delta="x" * 160))
        words, waiting = live.words()
    assert (words, waiting) == ("80 tok/s", False)
    live.see(event("turn.ended"))
    assert not live.active
