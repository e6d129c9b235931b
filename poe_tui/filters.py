"""The filter-word language of the model picker and of ``poe-tui models``, and the fuzzy scorer behind its plain text.

    img video audio tools web think free new fav      what a model can do or is
    in:img out:img                                    reads it, makes it
    <5 >=0.5                                          US dollars per million output tokens
    ctx>200k ctx>=1m                                  context length in tokens
    by:google                                         its maker
    -img !free -mini                                  the opposite of any word
    "web"                                             a text, even if it is a word

Everything else is text that must fit the name or the maker, letters in order. A value the list does not know (price,
context) fits no comparison in either direction: unknown is not cheap and not small.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from poe_tui.model import ModelInfo

NEW_DAYS = 30
"""How long a model counts as new."""

WORDS = ("img", "video", "audio", "tools", "web", "think", "free", "<5", "ctx>200k", "by:", "new", "fav")
"""What the filter line offers as help, in this order."""

_KINDS = {"img": "image", "image": "image", "vid": "video", "video": "video", "aud": "audio", "audio": "audio"}
_TOKEN = re.compile(r'"(?P<quoted>[^"]*)"?|\S+')
_PRICE = re.compile(r"(?P<sign><=?|>=?)\$?(?P<number>\d+(?:\.\d*)?|\.\d+)\Z")
_CONTEXT = re.compile(r"ctx(?P<sign><=?|>=?)(?P<number>\d+(?:\.\d*)?)(?P<unit>[km]?)\Z")
_UNFINISHED = re.compile(r"[-!]?(?:[<>]=?\$?\.?|ctx(?:[<>]=?)?|by:|in:\w*|out:\w*)?\Z")
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}

Test = Callable[[ModelInfo, Collection[str], float], bool | None]
"""Takes a model, the favourites' ids and the time; ``None`` when the list does not say."""


@dataclass(slots=True, frozen=True)
class Word:
    """A filter word that was understood."""

    text: str
    """As typed, with its minus."""
    start: int
    end: int
    test: Test
    negated: bool = False


@dataclass(slots=True, frozen=True)
class Filter:
    """A filter line, understood. It holds no models and may be kept."""

    source: str
    words: tuple[Word, ...] = ()
    text: str = ""
    """What is left for the fuzzy search, single spaces between its terms."""

    @property
    def understood(self) -> tuple[tuple[int, int], ...]:
        """Start and end of each filter word in ``source``, for the accent colour."""
        return tuple((word.start, word.end) for word in self.words)

    def matches(self, model: ModelInfo, favourites: Collection[str] = (), now: float | None = None) -> bool:
        """Whether ``model`` satisfies every filter word; the text is not looked at.

        Args:
            model: an entry of the list.
            favourites: ids of the favourite models.
            now: seconds since the epoch, for ``new``; ``None`` is this moment.
        """
        moment = time.time() if now is None else now
        for word in self.words:
            found = word.test(model, favourites, moment)
            if found is None or found is word.negated:
                return False
        return True

    def score(self, model: ModelInfo) -> float | None:
        """How well the text fits the model's name or maker, higher is better; ``None`` when a term fits neither."""
        total = 0.0
        for term in self.text.split():
            by_name = fuzzy_score(term, model.name)
            if by_name is None and model.id.lower() != model.name.lower():
                by_name = fuzzy_score(term, model.id)
            # Any letters in order are in some maker's name: only whole pieces of it count.
            by_owner = fuzzy_score(term, model.owner) if term.lower() in model.owner.lower() else None
            scores = [by_name, None if by_owner is None else by_owner / 2]
            best = max((score for score in scores if score is not None), default=None)
            if best is None:
                return None
            total += best
        return total

    def apply(
        self, models: Iterable[ModelInfo], favourites: Collection[str] = (), now: float | None = None
    ) -> list[ModelInfo]:
        """Return the models that fit: in their own order, or the best fit first where there is text."""
        moment = time.time() if now is None else now
        fitting = [model for model in models if self.matches(model, favourites, moment)]
        if not self.text:
            return fitting
        scored = [(score, model) for model in fitting if (score := self.score(model)) is not None]
        scored.sort(key=lambda pair: -pair[0])
        return [model for _, model in scored]


def parse_filter(words: str) -> Filter:
    """Understand a filter line. Never fails: what is no filter word is text, a half-typed word is passed over."""
    found: list[Word] = []
    text: list[str] = []
    for token in _TOKEN.finditer(words):
        typed = token.group()
        if (quoted := token.group("quoted")) is not None:
            text += quoted.split()
            continue
        bare = typed[1:] if typed[0] in "-!" else typed
        negated = bare != typed
        test = _test(bare.lower())
        if test is None and negated and not _begins_word(bare.lower()):
            test = _excluded(bare.lower())
        if test is not None:
            found.append(Word(typed, token.start(), token.end(), test, negated))
        elif not negated and not _UNFINISHED.match(typed.lower()):
            text.append(typed)
    return Filter(words, tuple(found), " ".join(text))


@dataclass(slots=True, frozen=True)
class Match:
    """A fuzzy match: its score, and the indices in the text that the query's letters fell on, for highlighting."""

    score: float
    positions: tuple[int, ...]


def fuzzy_score(query: str, text: str) -> float | None:
    """Return how well the letters of ``query`` fit ``text`` in order, or ``None`` when they do not."""
    match = fuzzy_match(query, text)
    return None if match is None else match.score


@lru_cache(maxsize=16_384)
def fuzzy_match(query: str, text: str) -> Match | None:
    """Find the best place for the letters of ``query`` in ``text``, in order, whatever their case.

    Letters at the start of a word and letters that follow one another count more; of two equal fits the shorter text
    wins. Spaces in the query are left out.
    """
    wanted, held = _fold(query.replace(" ", "")), _fold(text)
    if not wanted:
        return Match(0.0, ())
    if not _in_order(wanted, held):
        return None
    starts = _word_starts(text)
    whole = _as_a_piece(wanted, held, starts)
    match = whole or _scattered(wanted, held, starts)
    return Match(match.score - 0.05 * len(held) + (10 if wanted == held else 0), match.positions)


_LETTER, _AT_START, _IN_A_ROW, _GAP = 1.0, 8.0, 6.0, 0.2


def _as_a_piece(wanted: str, held: str, starts: frozenset[int]) -> Match | None:
    """Take the first place where the query stands in one piece, at the start of a word if there is such a place."""
    places = [index for index in range(len(held) - len(wanted) + 1) if held.startswith(wanted, index)]
    if not places:
        return None
    place = next((index for index in places if index in starts), places[0])
    score = len(wanted) * (_LETTER + _IN_A_ROW) + (_AT_START if place in starts else 0) - 0.02 * place
    return Match(score, tuple(range(place, place + len(wanted))))


def _scattered(wanted: str, held: str, starts: frozenset[int]) -> Match:
    """Place the letters one after another so that the sum of their worth is greatest (dynamic programming).

    The caller knows that they fit. Row by row: ``best[j]`` is the worth of the letters so far with the last one at j.
    """
    impossible = float("-inf")
    best = [impossible] * len(held)
    back: list[list[int]] = []
    for index, letter in enumerate(wanted):
        row = [impossible] * len(held)
        origin = [-1] * len(held)
        reach, reach_from = impossible, -1
        for place, here in enumerate(held):
            if place > 1 and best[place - 2] > impossible and best[place - 2] >= reach:
                reach, reach_from = best[place - 2], place - 2
            if here == letter:
                worth = _LETTER + (_AT_START if place in starts else 0.0)
                row[place], origin[place] = _arrive(index, worth, place, best, (reach, reach_from))
            reach -= _GAP
        best = row
        back.append(origin)
    place = max(range(len(held)), key=best.__getitem__)
    score = best[place]
    positions = [place]
    for origin in reversed(back[1:]):
        place = origin[place]
        positions.append(place)
    return Match(score, tuple(reversed(positions)))


def _arrive(index: int, worth: float, place: int, best: list[float], reach: tuple[float, int]) -> tuple[float, int]:
    """Return the worth of putting the next letter at ``place``, and where the letter before it stands then."""
    if index == 0:
        return worth - 0.02 * place, -1
    after_gap = reach[0] + worth
    in_a_row = best[place - 1] + worth + _IN_A_ROW if place else float("-inf")
    return (in_a_row, place - 1) if in_a_row >= after_gap else (after_gap, reach[1])


def _in_order(wanted: str, held: str) -> bool:
    place = -1
    for letter in wanted:
        place = held.find(letter, place + 1)
        if place < 0:
            return False
    return True


@lru_cache(maxsize=4096)
def _fold(text: str) -> str:
    """Return ``text`` in small letters, index by index: the few letters that would become two stay as they are."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


@lru_cache(maxsize=4096)
def _word_starts(text: str) -> frozenset[int]:
    """Return where words begin: after anything but a letter or digit, at a capital, between letters and digits."""
    starts: set[int] = set()
    before = " "
    for index, here in enumerate(text):
        turn = here.isdigit() != before.isdigit() or (here.isupper() and before.islower())
        if here.isalnum() and (not before.isalnum() or turn):
            starts.add(index)
        before = here
    return frozenset(starts)


def _test(word: str) -> Test | None:
    simple = _SIMPLE.get(word)
    if simple is not None:
        return simple
    if (kind := _KINDS.get(word)) is not None:
        return lambda model, _, __: kind in model.input_modalities or kind in model.output_modalities
    if price := _PRICE.match(word):
        return _priced(price["sign"], float(price["number"]))
    if context := _CONTEXT.match(word):
        return _sized(context["sign"], float(context["number"]) * _UNITS[context["unit"]])
    key, _, value = word.partition(":")
    kind = _KINDS.get(value)
    if key == "in" and kind is not None:
        return lambda model, _, __: kind in model.input_modalities
    if key == "out" and kind is not None:
        return lambda model, _, __: kind in model.output_modalities
    if key == "by" and value:
        return lambda model, _, __: value in model.owner.lower().replace(" ", "")
    return None


def _excluded(piece: str) -> Test:
    return lambda model, _, __: piece in model.name.lower()


def _begins_word(piece: str) -> bool:
    """Whether ``piece`` may become a filter word: ``-im`` must not empty the list on its way to ``-img``."""
    if not piece or _UNFINISHED.match(piece):
        return True
    return any(word.startswith(piece) for word in (*_SIMPLE, *_KINDS, "by:", "in:", "out:", "ctx"))


def _priced(sign: str, bound: float) -> Test:
    def test(model: ModelInfo, _: Collection[str], __: float) -> bool | None:
        if model.price is None or model.price.completion is None:
            return None
        # Per million tokens, without the binary dust that would make 0.000005 × 1 000 000 unequal to 5.
        return _SIGNS[sign](round(model.price.completion * 1_000_000, 6), bound)

    return test


def _sized(sign: str, bound: float) -> Test:
    def test(model: ModelInfo, _: Collection[str], __: float) -> bool | None:
        return None if model.context_length is None else _SIGNS[sign](model.context_length, bound)

    return test


def _is_free(model: ModelInfo, _: Collection[str], __: float) -> bool:
    price = model.price
    known = (
        [] if price is None else [part for part in (price.prompt, price.completion, price.request) if part is not None]
    )
    return bool(known) and not any(known)


def _is_new(model: ModelInfo, _: Collection[str], now: float) -> bool:
    return model.created is not None and now - model.created <= NEW_DAYS * 86_400


_SIMPLE: dict[str, Test] = {
    "tools": lambda model, _, __: "tools" in model.features,
    "web": lambda model, _, __: "web_search" in model.features,
    "think": lambda model, _, __: model.reasons or bool(model.efforts),
    "free": _is_free,
    "new": _is_new,
    "fav": lambda model, favourites, _: model.id in favourites,
}
