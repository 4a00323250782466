"""Cards: what is read, what is refused and in which words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.cards.anchors import Anchors, Measured
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard, read_cards
from smartplay.core.errors import CardError, UsageError
from smartplay.games.registry import cards, get_card
from tests.games import write_game
from tests.golden import all_cards


def card_with(tmp_path: Path, own: str = "", **options: Any) -> GameCard:
    return read_cards(write_game(tmp_path, own=own, **options))[0]


def changed(card: GameCard, **fields: Any) -> GameCard:
    return msgspec.structs.replace(card, **fields)


# What is shipped

FACTS = {
    # id: steps, episodes, min, human, then the nine degrees in the order of the paper
    "BanditTwoArmedHighLowFixed": (50, 20, 0, 45, "111123211"),
    "RockPaperScissorBasic": (50, 20, 0, 43, "213123311"),
    "Hanoi3Disk": (30, 10, 0, 3, "232311121"),
    "MessengerL1": (4, 100, -1, 1, "312122112"),
    "MessengerL2": (64, 100, -1, 1, "322222112"),
    "Crafter": (10_000, 10, 0, 2680, "433332432"),
    "MinedojoCreative0": (200, 20, 0, 1, "112132123"),
}
RANDOM = {"BanditTwoArmedHighLowFixed": 0.556, "RockPaperScissorBasic": 0.388, "Hanoi3Disk": 0.27}


@pytest.mark.parametrize("name", FACTS)
def test_published_settings(name: str) -> None:
    card = get_card(name)
    steps, episodes, low, human, degrees = FACTS[name]
    assert card.core
    assert (card.steps, card.episodes) == (steps, episodes)
    assert (card.anchors.min, card.anchors.human) == (low, human)
    assert card.anchors.human_source, "a human score needs its source"
    assert card.anchors.random is not None
    assert "".join(str(card.degree(capability)) for capability in Capability) == degrees


def test_core_is_the_originals_seven() -> None:
    assert {card.name for card in cards() if card.core} == set(FACTS)


@pytest.mark.parametrize("name", RANDOM)
def test_measured_random_play_is_near_the_known_figures(name: str) -> None:
    card = get_card(name)
    assert card.anchors.random is not None
    assert card.normalized(card.anchors.random.mean) == pytest.approx(RANDOM[name], abs=0.012)


@pytest.mark.parametrize("card", all_cards(), ids=lambda card: card.name)
def test_anchors_are_in_order(card: GameCard) -> None:
    anchors = card.anchors
    for measured in (anchors.random, anchors.nothing, anchors.reference, anchors.trivial):
        if measured is not None:
            assert measured.low is None or measured.low != measured.high
            assert anchors.min <= measured.mean
            if anchors.optimum is not None:
                assert measured.mean <= anchors.optimum
    if anchors.human is not None and anchors.optimum is not None:
        assert anchors.human <= anchors.optimum


# Reading


def test_an_ids_table_is_laid_over_the_defaults(tmp_path: Path) -> None:
    card = card_with(tmp_path, "steps = 7\ndegrees = { reasoning = 3 }\nanchors.human = 5")
    assert card.steps == 7
    assert card.episodes == 3
    assert card.degree(Capability.REASONING) == 3
    assert card.degree(Capability.PLANNING) == 1
    assert card.anchors == Anchors(human=5.0)
    assert card.id.startswith("smartplay/Ticks")
    assert card.source == str(tmp_path / "ticks.toml")


def test_two_ids_share_nothing_but_the_defaults(tmp_path: Path) -> None:
    path = write_game(tmp_path, own="settings = { a = 1 }")
    path.write_text(path.read_text() + "[ids.Other-v3]\nsettings = { b = 2 }\n")
    one, other = read_cards(path)
    assert (one.settings, other.settings) == ({"a": 1}, {"b": 2})
    assert other.name == "Other"


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("stepz = 3", "unknown field `stepz`"),
        ("steps = 0", ">= 1 - at `$.steps`"),
        ("steps = 1.5", "Expected `int`"),
        ('steps = "ten"', "Expected `int`"),
        ("history = -1", ">= 0"),
        ("fallback = -1", ">= 0"),
        ("degrees = { reasoning = 0 }", ">= 1"),
        ("degrees = { reasoning = 5 }", "<= 4"),
        ("degrees = { reasoning = 4 }", "degree 4 of reasoning is above 3"),
        ("degrees = { charm = 1 }", "unknown charm"),
        ("degrees = 3", "Expected `object`"),
        ("anchors = { human = 0 }", "anchors.human must be above anchors.min"),
        ("anchors = { human = -3 }", "anchors.human must be above anchors.min"),
        ("anchors = { human = nan }", "finite"),
        ("anchors = { min = -inf, human = 3 }", "finite"),
        ("anchors = { optimum = inf }", "finite"),
        ("anchors = { reference_steps = { mean = inf, solved = 1, episodes = 1 } }", "finite"),
        ("anchors = { baseline = { mean = 1, low = 2, high = 3 } }", "low, mean, high"),
        ("bounds = { low = 0, high = 1 }\nanchors = { optimum = -1 }", "within the bounds, 0 to 1"),
        ("bounds = { high = 1 }\nanchors = { human = 7 }", "within the bounds, -inf to 1"),
        ("anchors.random = { mean = 1, low = 2, episodes = 3 }", "low, mean, high in that order"),
        ("core = true", "core and contrast are for SmartPlay's own games"),
        ('contrast = { capability = "planning", level = "easy" }', "core and contrast are for"),
        ("anchors = { best = 3 }", "unknown field `best`"),
        ("anchors = { random = 3 }", "Expected `object | null`"),
        ("anchors = { random = { mean = 1, low = 0, high = 2 } }", "episodes"),
        ("anchors = { random = { mean = 3, low = 0, high = 2, episodes = 9 } }", "low, mean, high"),
        ("anchors = { random = { mean = nan, low = 0, high = 2, episodes = 9 } }", "finite"),
        ('describer = ""', "an environment needs a describer"),
        ('id = "x"\nsteps = true', "Expected `int`"),
    ],
)
def test_a_wrong_card_says_where_and_what(own: str, words: str, tmp_path: Path) -> None:
    path = write_game(tmp_path, own=own)
    with pytest.raises(CardError) as caught:
        read_cards(path)
    told = str(caught.value)
    assert words in told
    assert str(path) in told
    assert "[ids.Ticks" in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no id"),
        ("ids = 3", "names no id"),
        ("[ids]", "names no id"),
        ("defaults = 3\n[ids.X-v0]", "names no id"),
        ("[ids.X-v0]\n[extra]", "unknown table or key 'extra'"),
        ("[ids.X]", "an id is letters and digits and a version"),
        ('[ids."smartplay/X-v0"]', "an id is letters and digits and a version"),
        ('[ids."X-v0\\n"]', "an id is letters and digits and a version"),
        ("[ids]\nX-v0 = 3", "expected a table"),
        ("[ids.X-v0]", "missing required field"),
        ("[ids.X-v0", "not valid TOML"),
        ("a = 1\na = 2", "not valid TOML"),
        ("a = " + "[" * 5000, "not valid TOML"),
        pytest.param("a = " + "9" * 5000, "not valid TOML: Exceeds the limit", id="digits"),
        pytest.param("#" * (2**23 + 1), "is larger than 8 MB: refused", id="large"),
        ("\x00", "not valid TOML"),
    ],
)
def test_a_file_that_is_no_card(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text(text)
    with pytest.raises(CardError, match=re.escape(words)) as caught:
        read_cards(path)
    assert str(path) in str(caught.value)


DIAL = {
    "capability": '"planning"',
    "phrase": '"looks {} doors ahead"',
    "values": "[1, 2, 4]",
    "rounds": "1",
    "chance": "0.25",
}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("capability", '"cooking"', "dial.capability is not one of the nine"),
        ("phrase", '"looks ahead"', "dial.phrase needs one {}"),
        ("values", "[1, 1]", "dial.values must ascend"),
        ("values", "[2, 1]", "dial.values must ascend"),
        ("values", "[1]", "length >= 2"),
        ("values", "[1, inf]", "dial.values must be finite"),
        ("values", "[-1e308, 1e308]", "dial.values must be finite"),
        ("rounds", "0", ">= 1"),
        ("rounds", "1001", "<= 1000"),
        ("rounds", "999", "more than an episode has steps"),
        ("chance", "1", "< 1"),
    ],
)
def test_levels_of_a_card(key: str, value: str, words: str, tmp_path: Path) -> None:
    def own(fields: dict[str, str]) -> str:
        return f"dial = {{ {', '.join(f'{k} = {v}' for k, v in fields.items())} }}"

    dial = card_with(tmp_path, own(DIAL)).dial
    assert dial is not None
    assert dial.values == [1, 2, 4]
    with pytest.raises(CardError, match=re.escape(words)):
        card_with(tmp_path, own(DIAL | {key: value}))


@pytest.mark.parametrize("kind", ["missing", "folder", "binary"])
def test_a_file_that_cannot_be_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    if kind == "folder":
        path.mkdir()
    if kind == "binary":
        path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CardError, match=re.escape(str(path))):
        read_cards(path)


def test_a_card_error_is_a_usage_error() -> None:
    assert issubclass(CardError, UsageError)


@pytest.mark.slow
@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "replace"))
    with pytest.raises(CardError):
        read_cards(path)


# Digest


def test_the_digest_covers_what_decides_an_episode_and_nothing_else(tmp_path: Path) -> None:
    card = card_with(tmp_path)
    same = changed(card, anchors=Anchors(human=9.0), episodes=99)
    assert same.digest == card.digest
    shipped = changed(card, source="shipped")
    assert changed(shipped, title="X").digest == shipped.digest, "a version says as much"
    for fields in (
        {"title": "X"},
        {"id": "smartplay/Y-v0"},
        {"describer": "x:Y"},
        {"environment": "x:Y"},
        {"fallback": 1},
        {"history": 0},
        {"settings": {"a": 1}},
        {"steps": 11},
    ):
        assert changed(card, **fields).digest != card.digest, f"{fields} went unnoticed"
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert changed(card, settings=one).digest == changed(card, settings=other).digest


# Scales


@given(
    st.floats(-1e3, 1e3), st.floats(0.1, 1e4), st.floats(-1e5, 1e5)
)  # fmt: skip
def test_normalising(low: float, reach: float, score: float) -> None:
    card = changed(get_card("Hanoi3Disk"), anchors=Anchors(min=low, human=low + reach))
    assert card.normalized(low) == 0
    assert card.normalized(low + reach) == pytest.approx(1)
    value = card.normalized(score)
    assert value is not None
    assert low + value * reach == pytest.approx(score, rel=1e-6, abs=1e-3)


def test_scales_that_are_not_known_are_none() -> None:
    card = get_card("Hanoi3Disk")
    level = Measured(mean=1.0, low=0.5, high=1.5, episodes=100)
    assert changed(card, anchors=Anchors()).normalized(1) is None
    assert changed(card, anchors=Anchors()).corrected(1) is None
    assert changed(card, anchors=Anchors(random=level)).corrected(1) is None
    assert changed(card, anchors=Anchors(human=3.0)).corrected(1) is None
    assert changed(card, anchors=Anchors(human=3.0, random=level)).corrected(2) == 0.5
    assert changed(card, anchors=Anchors(human=3.0, optimum=5.0, random=level)).corrected(3) == 0.5


@pytest.mark.parametrize("best", [1.0, 0.5])
def test_a_best_score_no_better_than_chance_gives_no_scale(best: float) -> None:
    level = Measured(mean=1.0, low=0.5, high=1.5, episodes=100)
    card = changed(get_card("Hanoi3Disk"), anchors=Anchors(optimum=best, random=level))
    assert card.corrected(1.0) is None
