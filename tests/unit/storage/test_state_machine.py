"""Random operations, closing and opening again, against a model of plain dictionaries."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
)

from poe_tui.model import Thread, Turn, new_id
from poe_tui.storage.store import Store
from tests.unit.storage.help import answered, asked, done, fast_folder

TEXTS = st.text(max_size=12)


class Model:
    """What the store should hold."""

    def __init__(self) -> None:
        self.threads: dict[str, dict[str, Any]] = {}
        self.turns: dict[str, dict[str, Any]] = {}
        """In the order of creation."""
        self.favourites: list[str] = []

    def children(self, parent: str | None, thread: str) -> list[str]:
        return [name for name, turn in self.turns.items() if (turn["parent"], turn["thread"]) == (parent, thread)]

    def path(self, tip: str | None) -> list[str]:
        path: list[str] = []
        while tip is not None:
            path.insert(0, tip)
            tip = self.turns[tip]["parent"]
        return path

    def select(self, turn: str) -> str:
        below = self.path(turn)
        for parent, child in itertools.pairwise(below):
            self.turns[parent]["chosen"] = child
        tip, thread = turn, self.turns[turn]["thread"]
        while family := self.children(tip, thread):
            chosen = self.turns[tip]["chosen"]
            tip = chosen if chosen in family else family[-1]
        self.threads[thread]["tip"] = tip
        return tip


class StoreMachine(RuleBasedStateMachine):
    """Each rule does the same to the store and to the model; each invariant compares them."""

    threads = Bundle("threads")
    turns = Bundle("turns")
    flying = Bundle("flying")

    def __init__(self) -> None:
        super().__init__()
        self.folder = fast_folder()
        self.model = Model()
        self.word = 0

    @initialize(journal=st.sampled_from(["delete", "wal"]))
    def begin(self, journal: Any) -> None:
        self.journal = journal
        self.store = Store.open(self.folder / "poe-tui.db", journal=journal)

    @rule(target=threads, title=TEXTS)
    def add_thread(self, title: str) -> str:
        thread = Thread(new_id(), title=title, updated_at=float(len(self.model.threads) + 1), created_at=1.0)
        done(self.store.add_thread(thread))
        self.model.threads[thread.id] = {"title": _stored(title), "tip": None, "deleted": False, "draft": ""}
        return thread.id

    @rule(thread=threads, title=TEXTS, draft=TEXTS)
    def change_thread(self, thread: str, title: str, draft: str) -> None:
        done(self.store.update_thread(thread, title=title, draft=draft))
        self.model.threads[thread] |= {"title": _stored(title), "draft": _stored(draft)}

    @rule(thread=threads)
    def delete_or_restore(self, thread: str) -> None:
        deleted = self.model.threads[thread]["deleted"]
        done(self.store.restore_thread(thread) if deleted else self.store.delete_thread(thread))
        self.model.threads[thread]["deleted"] = not deleted

    @rule(target=flying, thread=threads, prompt=TEXTS)
    def begin_root(self, thread: str, prompt: str) -> str:
        return self._begin(thread, None, prompt)

    @rule(target=flying, parent=turns, prompt=TEXTS)
    def begin_child(self, parent: str, prompt: str) -> str:
        return self._begin(self.model.turns[parent]["thread"], parent, prompt)

    def _begin(self, thread: str, parent: str | None, prompt: str) -> str:
        self.word += 1
        text = f"prompt{self.word} {prompt}"
        turn = Turn(new_id(), thread, parent_id=parent, input=[asked(text)], created_at=1.0)
        done(self.store.begin_turn(turn))
        self.model.turns[turn.id] = {
            "thread": thread, "parent": parent, "chosen": None, "status": "in_progress",
            "input": text, "output": "", "partial": "", "word": f"prompt{self.word}",
        }  # fmt: skip
        self.model.threads[thread]["tip"] = turn.id
        if parent is not None:
            self.model.turns[parent]["chosen"] = turn.id
        return turn.id

    @rule(turn=flying, text=TEXTS)
    def checkpoint(self, turn: str, text: str) -> None:
        done(self.store.append_partial(turn, text))
        if self.model.turns[turn]["status"] == "in_progress":
            self.model.turns[turn]["partial"] += _stored(text)

    @rule(target=turns, turn=consumes(flying), text=TEXTS, status=st.sampled_from(["completed", "stopped", "failed"]))
    def end(self, turn: str, text: str, status: Any) -> str:
        known = self.model.turns[turn]
        done(
            self.store.end_turn(
                Turn(
                    turn,
                    known["thread"],
                    parent_id=known["parent"],
                    status=status,
                    input=[asked(known["input"])],
                    output=[answered(text)],
                )
            )
        )
        known |= {"status": status, "output": text, "partial": ""}
        return turn

    @rule(turn=turns)
    def select(self, turn: str) -> None:
        assert done(self.store.select_turn(turn)) == self.model.select(turn)

    @rule(model=st.sampled_from("abc"))
    def favourite(self, model: str) -> None:
        on = model not in self.model.favourites
        done(self.store.set_favourite(model, on))
        if on:
            self.model.favourites.append(model)
        else:
            self.model.favourites.remove(model)

    @rule()
    def reopen(self) -> None:
        assert self.store.close() is True
        for known in self.model.turns.values():
            if known["status"] == "in_progress":
                known |= {"status": "interrupted", "output": known["partial"], "partial": ""}
        self.store = Store.open(self.folder / "poe-tui.db", journal=self.journal)
        assert self.store.notices == []

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def everything_is_equal(self) -> None:
        asyncio.run(self._compare())

    async def _compare(self) -> None:
        store, model = self.store, self.model
        listed = {thread.id: thread for thread in await store.threads()}
        assert set(listed) == {name for name, known in model.threads.items() if not known["deleted"]}
        assert await store.favourites() == model.favourites
        for name, known in model.threads.items():
            thread = await store.thread(name)
            assert thread is not None
            assert (thread.title, thread.tip_id, thread.draft) == (known["title"], known["tip"], known["draft"])
            path = await store.path(thread.tip_id)
            assert [turn.id for turn in path] == model.path(known["tip"])
            assert [line.id for line in await store.outline(thread.tip_id)] == model.path(known["tip"])
            assert await store.depth(thread.tip_id) == len(path)
            for turn in path:
                self._compare_turn(turn)

    def _compare_turn(self, turn: Turn) -> None:
        known = self.model.turns[turn.id]
        family = self.model.children(known["parent"], known["thread"])
        assert (turn.sibling_index, turn.sibling_count) == (family.index(turn.id) + 1, len(family))
        assert (turn.status, turn.chosen_child_id) == (known["status"], known["chosen"])
        assert (turn.input_text, turn.output_text) == (known["input"], known["output"])

    @rule(turn=turns)
    def search(self, turn: str) -> None:
        known = self.model.turns[turn]
        hits = asyncio.run(self.store.search(known["word"] + " "))
        found = [hit.turn_id for hit in hits if hit.turn_id in self.model.turns]
        assert (turn in found) is not self.model.threads[known["thread"]]["deleted"]

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
        shutil.rmtree(self.folder)


def _stored(text: str) -> str:
    return text.replace("\0", " ")


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
