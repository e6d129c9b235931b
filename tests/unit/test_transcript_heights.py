"""HeightIndex against a plain list."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.transcript.heights import HeightIndex

heights = st.lists(st.integers(0, 40), max_size=60)


@settings(max_examples=150, deadline=None)
@given(heights, heights, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 40)), max_size=20))
def test_it_answers_like_a_list(start: list[int], more: list[int], changes: list[tuple[int, int]]) -> None:
    index, plain = HeightIndex(start), list(start)
    for height in more:
        index.append(height)
        plain.append(height)
    for where, height in changes:
        if plain:
            position = where % len(plain)
            assert index.set(position, height) == height - plain[position]
            plain[position] = height
    index.truncate(len(plain) * 2 // 3)
    del plain[len(plain) * 2 // 3 :]
    for height in (3, 0, 5):
        index.append(height)
        plain.append(height)
    assert index.total == sum(plain)
    assert len(index) == len(plain)
    assert [index.before(i) for i in range(len(plain) + 1)] == [sum(plain[:i]) for i in range(len(plain) + 1)]
    for row in range(index.total):
        position, line = index.locate(row)
        assert index.before(position) + line == row
        assert 0 <= line < plain[position]


def test_rows_outside_are_clamped() -> None:
    index = HeightIndex([3, 0, 2])
    assert index.locate(-5) == (0, 0)
    assert index.locate(99) == (2, 1)
    assert HeightIndex().locate(4) == (0, 0)
