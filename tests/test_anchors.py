"""Anchors measured on the spot, and the trivial policies among them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from smartplay.cards.anchors import Anchors, Trivial
from smartplay.games.registry import get_card, register_cards
from smartplay.records import GameHeader
from smartplay.validity import anchors as module
from smartplay.validity.anchors import anchors_of, measure
from smartplay.validity.card_anchors import anchor_lines, measure_card
from smartplay.validity.trivial import best_policy, play
from tests.games import write_game
from tests.golden import all_cards

BANDIT, HANOI, ROCK = "BanditTwoArmedHighLowFixed", "Hanoi3Disk", "RockPaperScissorBasic"


def plan(name: str, steps: int, **settings: Any) -> GameHeader:
    card = get_card(name)
    return GameHeader(
        card=card.source,
        digest=card.digest,
        settings=settings,
        episodes=2,
        steps=steps,
        history=card.history,
    )


def test_random_play_is_measured_for_exactly_the_length() -> None:
    card = get_card(BANDIT)
    for steps in (4, 8):
        found = anchors_of(card, plan(BANDIT, steps))
        assert (found.human, found.optimum) == (None, None)
        assert found.random is not None
        assert found.random.low is not None
        assert found.random.high is not None
        assert found.random.low <= steps / 2 <= found.random.high
        assert found.reference is not None
        assert found.random.mean < found.reference.mean <= steps


def test_anchors_are_the_same_each_time() -> None:
    first = anchors_of(get_card(ROCK), plan(ROCK, 6))
    module._measured.cache_clear()
    assert anchors_of(get_card(ROCK), plan(ROCK, 6)) == first


def test_settings_are_played_as_they_were() -> None:
    easy = anchors_of(get_card(HANOI), plan(HANOI, 12, disks=1))
    assert easy.random is not None
    assert easy.random.mean > 0.7, "one disk finds its rod by itself"


@pytest.mark.parametrize(
    ("name", "steps", "settings"),
    [
        ("Crafter", 5, {}),  # slow
        ("MinedojoCreative0", 5, {}),
        (BANDIT, 100_000, {}),  # long
        (HANOI, 10, {"disks": 10**6}),  # large
        (HANOI, 10, {"disks": "many"}),  # no game at all
        (HANOI, 10, {"environment": "os:system"}),
    ],
    ids=str,
)
def test_what_is_slow_or_strange_is_not_measured(
    name: str, steps: int, settings: dict[str, Any]
) -> None:
    assert anchors_of(get_card(name), plan(name, steps, **settings)) == Anchors()


def test_a_changed_game_is_not_measured() -> None:
    header = GameHeader(
        card="hanoi.toml", digest="0" * 16, settings={}, episodes=2, steps=5, history=30
    )
    assert anchors_of(get_card(HANOI), header) == Anchors()


def test_the_policy_is_chosen_by_other_episodes_than_it_is_measured_by() -> None:
    env = gym.make("smartplay/Bandit-v0", arms=[1.0, 0.0], max_episode_steps=10)
    policy, scores = best_policy(env, range(40))
    assert policy == "repeat what was rewarded, else the next"
    assert len(scores) == 30
    assert min(scores) >= 9, "one pull finds out"
    assert scores == [play(env, policy, seed) for seed in range(10, 40)]
    env.close()


def test_text_is_mirrored() -> None:
    """In rock, paper, scissors the option named last is the opponent's; the next one beats it."""
    env = gym.make("smartplay/RockPaperScissorBasic-v0", max_episode_steps=30)
    means = {
        name: sum(play(env, f"the action {name} in the text", seed) for seed in range(20)) / 20
        for name in ("named last", "after the one named last")
    }
    assert means["after the one named last"] > means["named last"] + 3
    env.close()


def test_the_tool_prints_lines_of_a_card() -> None:
    found = measure(get_card(HANOI), 30, {}, {"random": 20, "trivial": 8})
    lines = anchor_lines(found, "python -m tools.anchors Hanoi3Disk, SmartPlay 1")
    random, trivial = (line for _, line in lines)
    assert random.startswith("random = { mean = ")
    assert random.endswith("episodes = 20 }")
    assert trivial.startswith('trivial = { policy = "')
    assert trivial.endswith('command = "python -m tools.anchors Hanoi3Disk, SmartPlay 1" }')


def test_names_of_actions_and_great_scores_are_written_as_they_are() -> None:
    policy = 'always Say "no" \\ 走る\n'
    trivial = Trivial(policy=policy, mean=1234567.0125, episodes=9)
    written = anchor_lines(Anchors(optimum=1234567.5, trivial=trivial), "me")
    found = tomllib.loads("\n".join(line for _, line in written))
    assert found["optimum"] == 1234567.5
    assert found["trivial"] == {
        "policy": policy, "mean": 1234567.0125, "episodes": 9, "command": "me",
    }  # fmt: skip


def test_an_optimum_may_be_0(tmp_path: Path) -> None:
    """A bot that reaches the greatest score there is is optimal, 0 like any other."""
    path = write_game(tmp_path, own="bounds = { low = -9, high = 0 }", steps=2)
    code = (path.parent / "ticks.py").read_text()
    bot = """
    truth = "agreement"

    def best_actions(self):
        return frozenset({1})
"""
    code = code.replace("float(self.env.ticks)", "0.0", 1) + bot
    (path.parent / "ticks.py").write_text(code)
    (card,) = register_cards(path)
    assert measure_card(card, 2).optimum == 0


CLASSIC = [
    card.name
    for card in all_cards()
    if card.anchors.random and not card.contrast and not card.dial and not card.parametric
]


@pytest.mark.parametrize("name", CLASSIC)
def test_classic_games_say_what_the_best_trivial_policy_reaches(name: str) -> None:
    found = get_card(name).anchors
    assert found.trivial is not None
    assert found.trivial.command.startswith(f"python -m tools.anchors {name} --trivial ")
    assert found.reference is not None
    assert found.trivial.mean < found.reference.mean
