"""Minds with limited faculties: they fail beyond their limits, and in ways of their own."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from smartplay.agents.context import Agent, Context
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.validity import minds
from smartplay.validity.minds import ARCHITECTURES, NOTHING, WORLDS, Limit, LimitedMind
from smartplay.validity.minds.stores import cells, kept, passes, roughly
from smartplay.validity.population import dial_cards
from smartplay.validity.study import play

CARDS = [card for family in WORLDS for card in dial_cards(family)]
HOPELESS = Limit(-1e9, 1.0, [1.0])
each_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


def capability_of(card: GameCard) -> Capability:
    assert card.dial
    return next(k for k in Capability if k.key == card.dial.capability)


def share(
    card: GameCard,
    level: int,
    architecture: str,
    limits: Mapping[Capability, Limit],
    seeds: int,
    slip: float = 0.0,
) -> float:
    """Mean share of right rounds."""

    def make(context: Context) -> Agent:
        return LimitedMind(
            card.family, architecture, context.manual, context.actions, context.seed, limits, slip
        )

    right = [play(card, make, seed, seed + 1000, level) for seed in range(seeds)]
    assert card.dial
    return sum(right) / seeds / card.dial.rounds


@pytest.mark.slow
@each_card
@each_architecture
def test_a_faculty_fails_beyond_its_limit_and_not_before(card: GameCard, architecture: str) -> None:
    assert card.dial
    own, top = capability_of(card), len(card.dial.values)
    limit = {own: Limit(5.5, 0.3, card.dial.values)}
    assert share(card, 1, architecture, limit, 2) >= 0.9
    assert share(card, top, architecture, limit, 3) <= card.dial.chance + 0.25
    others = {key: HOPELESS for key in Capability if key != own}
    assert share(card, top, architecture, others, 1) == 1


@each_card
def test_no_rule_of_thumb_does_the_work_at_the_hard_end(card: GameCard) -> None:
    assert card.dial
    found = share(card, len(card.dial.values), "shallow", {capability_of(card): HOPELESS}, 8)
    assert found <= card.dial.chance + 0.1


def test_half_of_the_rounds_go_well_at_the_threshold_and_slips_spoil_them() -> None:
    card = next(card for card in CARDS if card.name == "HarborReasoning")
    assert card.dial
    limit = {Capability.REASONING: Limit(6.0, 0.7, card.dial.values)}
    assert abs(share(card, 6, "graded", limit, 30) - 0.5) < 0.09
    assert abs(share(card, 12, "graded", {}, 20, slip=0.3) - 0.7) < 0.1


def test_a_limit_is_translated_to_the_unit_of_the_dial() -> None:
    limit = Limit(2.0, 0.5, [3.0, 5.0, 9.0])
    assert limit.reach(0.5) == 5
    assert limit.reach(1 / (1 + math.exp(-1))) == pytest.approx(7)
    assert limit.reach(0.01) == NOTHING
    assert limit.reach(1.0) == math.inf


def test_architectures_share_no_faculty() -> None:
    """But those that differ only by what is done where a limit ends the work."""
    for world in WORLDS.values():
        for table in (world.stepwise, world.frugal, world.thumbs):
            assert set(table) == set(Capability)
        assert not {*world.stepwise.values()} & {*world.frugal.values()}


def test_minds_know_neither_the_games_nor_their_levels() -> None:
    for path in Path(minds.__file__).parent.glob("*.py"):
        assert "smartplay.games" not in path.read_text()


def test_unknown_minds_are_refused() -> None:
    for family, architecture in (("hanoi", "graded"), ("harbor", "gifted")):
        with pytest.raises(UsageError, match=f"no {architecture} mind for {family}"):
            LimitedMind(family, architecture, "", [], 0, {})


# Small stores


def test_so_many_things_are_kept_and_others_lost() -> None:
    rng = random.Random(1)
    assert kept("abc", 3, rng) == list("abc")
    assert kept("abc", 0.9, rng) == []
    found = [kept("abcdef", 2.5, rng) for _ in range(300)]
    assert {len(each) for each in found} == {2}
    lost = [sum(letter not in each for each in found) for letter in "abcdef"]
    assert min(lost[:-1]) > 30, "each but the last may be lost"


def test_passes_are_as_long_as_they_reach() -> None:
    assert "".join(passes("abcd", 3)) == "abcdab"
    rows = []
    for seed in range(200):
        facts = random.Random(seed).sample(range(8), 8)
        known = 0
        for fact in passes(facts, 5):
            known += fact == known
        rows.append(known)
    assert 4 < sum(rows) / len(rows) < 6.5, "so many facts in a row are found, about"
    assert len(list(passes("abc", math.inf))) == 9


def test_cells_are_shared_where_there_are_few() -> None:
    names = [f"bird {k}" for k in range(12)]
    assert len(set(cells(names, math.inf, random.Random(1)).values())) == 12
    assert len(set(cells(names, 4, random.Random(1)).values())) <= 5


def test_worths_that_are_alike_cannot_be_told_apart() -> None:
    rng = random.Random(1)
    assert roughly({"a": 3.0, "b": 3.1}, 0, rng) == "b"
    chosen = [roughly({"a": 30.0, "b": 31.0, "c": 2.0}, 1.0, rng) for _ in range(100)]
    assert set(chosen) == {"a", "b"}
