"""The bench runs: its cheapest part once, its texts and its table. What it measures is not judged here."""

from __future__ import annotations

import pytest

from bench.__main__ import main
from bench.figures import NA, Figure, table
from bench.texts import FIRST, LAST, deltas, markdown


def test_the_cheapest_part_prints_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    main(["sse", "--n", "1", "--quick"])
    assert "events a second, bytes to builder" in capsys.readouterr().out


def test_a_part_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["nothing"])
    assert ended.value.code == 2


@pytest.mark.parametrize("length", [2_000, 50_000])
def test_a_text_has_its_length_and_its_marks_once(length: int) -> None:
    text = markdown(length)
    assert abs(len(text) - length) < 200
    assert text.count(FIRST) == text.count(LAST) == 1
    assert text.count("```") % 2 == 0
    assert "".join(deltas(text)) == text


def test_the_table_says_what_was_reached_and_what_is_missing() -> None:
    lines = table([
        Figure("low", [1.0, 3.0, 2.0], " s", 2.5),
        Figure("high", [1.0], " s", 2.0, at_least=True),
        Figure("missing", [None], " s", 1.0),
    ]).splitlines()  # fmt: skip
    assert lines[2].split() == ["low", "3", "2.00", "s", "1.00–3.00", "≤", "2.50", "s", "yes"]
    assert lines[3].split()[-1] == "NO"
    assert lines[4].split().count(NA) == 3
