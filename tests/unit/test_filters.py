"""Filter words and the fuzzy scorer of the model picker and of ``poe-tui models``."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.filters import WORDS, fuzzy_match, fuzzy_score, parse_filter
from poe_tui.model import ModelInfo, Price

NOW = 1_800_000_000.0
DAY = 86_400.0


def model(name: str, **fields: Any) -> ModelInfo:
    return ModelInfo(id=name.lower(), name=name, **fields)


SONNET = model(
    "Claude-Sonnet-4.5", owner="Anthropic", input_modalities=("text", "image"), output_modalities=("text",),
    features=("tools", "web_search"), price=Price(2.6e-6, 1.3e-5), context_length=200_000, reasons=True,
    created=NOW - 100 * DAY,
)  # fmt: skip
FLASH = model(
    "Gemini-3-Flash", owner="Google", input_modalities=("text", "image", "video", "audio"),
    output_modalities=("text",), features=("tools",), price=Price(4e-7, 5e-6), context_length=1_000_000,
    efforts=("low", "high"), created=NOW - 3 * DAY,
)  # fmt: skip
FLUX = model("Flux-Kontext", owner="Poe Tools", input_modalities=("text",), output_modalities=("image",),
             price=Price(request=600.0))  # fmt: skip
GIFT = model("Gemma-Gift", owner="Google", input_modalities=("text",), output_modalities=("text",),
             price=Price(request=0.0), context_length=8_000)  # fmt: skip
WEB = model("Web-Search", owner="Poe")
ALL = (SONNET, FLASH, FLUX, GIFT, WEB)


def names(words: str, favourites: tuple[str, ...] = ()) -> list[str]:
    return [found.name.split("-")[0] for found in parse_filter(words).apply(ALL, favourites, NOW)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["Claude", "Gemini", "Flux", "Gemma", "Web"]),
        ("img", ["Claude", "Gemini", "Flux"]),
        ("image", ["Claude", "Gemini", "Flux"]),
        ("in:img", ["Claude", "Gemini"]),
        ("out:image", ["Flux"]),
        ("video", ["Gemini"]),
        ("vid audio", ["Gemini"]),
        ("tools", ["Claude", "Gemini"]),
        ("web", ["Claude"]),
        ("think", ["Claude", "Gemini"]),
        ("free", ["Gemma"]),
        ("<5", []),
        ("<=5", ["Gemini"]),
        ("<$13", ["Gemini"]),
        (">=.5", ["Claude", "Gemini"]),
        ("-<5", ["Claude", "Gemini"]),
        ("ctx>200k", ["Gemini"]),
        ("ctx>=200k", ["Claude", "Gemini"]),
        ("ctx<1m", ["Claude", "Gemma"]),
        ("CTX<=8000", ["Gemma"]),
        ("by:google", ["Gemini", "Gemma"]),
        ("by:POETOOLS", ["Flux"]),
        ("-by:google -img", ["Web"]),
        ("new", ["Gemini"]),
        ("!new -img", ["Gemma", "Web"]),
        ("-free", ["Claude", "Gemini", "Flux", "Web"]),
        ("fav", ["Flux"]),
        ("-flash gem", ["Gemma"]),
        ("img <5 by:google", []),
        ("img <=5 by:google", ["Gemini"]),
    ],
)
def test_words(words: str, found: list[str]) -> None:
    assert names(words, favourites=("flux-kontext",)) == found


@pytest.mark.parametrize(
    "half", ["<", "<$", "ctx", "ctx>", "ctx>=", "by:", "-", "!", "-i", "-im", "-b", "in:", "out:im"]
)
def test_a_half_typed_word_does_not_empty_the_list(half: str) -> None:
    assert len(names(half)) == len(ALL)
    assert parse_filter(half).understood == ()


def test_quotes_make_a_text_of_a_word() -> None:
    assert parse_filter('"web" -img').text == "web"
    assert names('"web')[0] == "Web"
    assert names('"web" out:img') == []


def test_understood_words_are_marked_where_they_stand() -> None:
    line = "  img son -tools  ctx>1m"
    parsed = parse_filter(line)
    assert [line[start:end] for start, end in parsed.understood] == ["img", "-tools", "ctx>1m"]
    assert parsed.text == "son"


def test_every_offered_word_is_a_word() -> None:
    for word in WORDS:
        parsed = parse_filter(f"{word}x" if word == "by:" else word)
        assert parsed.understood and not parsed.text


def test_the_best_fit_comes_first_and_makers_count_less() -> None:
    models = [model("Deep-Gemstone"), model("GEM", owner="x"), model("Gemini-3-Pro"), model("Alpha", owner="Gem Inc")]
    assert [one.name for one in parse_filter("gem").apply(models)] == ["GEM", "Gemini-3-Pro", "Deep-Gemstone", "Alpha"]
    assert [one.name for one in parse_filter("gem inc").apply(models)] == ["Alpha"]


def test_an_id_that_differs_from_the_name_counts_too() -> None:
    one = ModelInfo(id="o3-mini-high", name="Thinker")
    assert parse_filter("o3").score(one) is not None
    assert parse_filter("zz").score(one) is None


def test_now_is_the_default() -> None:
    fresh = model("Fresh", created=time.time() - DAY)
    assert parse_filter("new").matches(fresh)
    assert not parse_filter("new").matches(SONNET, now=NOW)


@pytest.mark.parametrize(
    ("query", "text", "positions"),
    [
        ("cs45", "Claude-Sonnet-4.5", (0, 7, 14, 16)),
        ("son", "Claude-Sonnet-4.5", (7, 8, 9)),
        ("g5", "GPT-5", (0, 4)),
        ("GF", "Gemini-3-Flash", (0, 9)),
        ("an", "Nano-Banana", (1, 2)),
        ("s 4", "Claude-Sonnet-4.5", (7, 14)),
        ("", "anything", ()),
    ],
)
def test_letters_fall_on_the_best_places(query: str, text: str, positions: tuple[int, ...]) -> None:
    match = fuzzy_match(query, text)
    assert match is not None
    assert match.positions == positions


def test_scores_are_ordered_as_a_person_expects() -> None:
    def best(query: str, *texts: str) -> list[str]:
        scores = {text: fuzzy_score(query, text) for text in texts}
        return sorted((text for text in texts if scores[text] is not None), key=lambda text: -(scores[text] or 0.0))

    assert best("gpt5", "GPT-5.2", "GPT-5", "Chat-GPT-Old-5") == ["GPT-5", "GPT-5.2", "Chat-GPT-Old-5"]
    assert best("opus", "Oratory-Plus", "Claude-Opus-4.5", "zzz") == ["Claude-Opus-4.5", "Oratory-Plus"]
    assert fuzzy_score("xyz", "GPT-5") is None
    assert fuzzy_score("tpg", "GPT") is None


_NAMES = st.text("aAbB-. 5é\u0130ß", max_size=14)


@settings(max_examples=200, deadline=None)
@given(_NAMES, _NAMES)
def test_a_match_holds_the_querys_letters_in_order(query: str, text: str) -> None:
    match = fuzzy_match(query, text)
    wanted = [letter for letter in query if letter != " "]
    if match is None:
        return
    assert len(match.positions) == len(wanted)
    assert list(match.positions) == sorted(set(match.positions))
    assert all(text[place].lower() == letter.lower() for place, letter in zip(match.positions, wanted, strict=True))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text('img-!<>5k:by"ctx. freew', max_size=25))
def test_any_line_is_understood_somehow(line: str) -> None:
    parsed = parse_filter(line)
    assert parsed.source == line
    for start, end in parsed.understood:
        assert line[start:end].strip() == line[start:end] != ""
    for one in ALL:
        assert isinstance(parsed.matches(one, (), NOW), bool)
        parsed.score(one)


def test_four_hundred_models_are_filtered_between_two_key_presses() -> None:
    many = [model(f"Model-{n}-Sonnet-Flash-{n % 7}.{n % 5}-Preview", owner="Somebody") for n in range(400)]
    fuzzy_match.cache_clear()
    started = time.perf_counter()
    found = parse_filter("mf3p").apply(many)
    assert found
    # Measured 12 ms with every name a scattered match, on one of two shared cores; the limit is for slips of order.
    assert time.perf_counter() - started < 0.5
