"""Four Doors: what its levels share and do not share, and that each round is as described."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import smartplay
from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Agent, Context
from smartplay.agents.reference.contrast import ContrastReference
from smartplay.agents.simple import RandomAgent
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.games.contrast.env import COUNTED, KINDS, ContrastEnv
from smartplay.games.contrast.house import DOORS
from smartplay.games.registry import cards
from smartplay.scores.intervals import mean_interval
from smartplay.validity.study import contrast_cards, over_chance, play_scores, reference_maker

SEEDS = 40
LEVELS = 12
PAIRS = contrast_cards()
CARDS = [card for pair in PAIRS for card in pair]
DIALS = {card.dial.capability: card for card in cards() if card.dial and card.title == "Four Doors"}
each_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
each_pair = pytest.mark.parametrize(
    "pair", PAIRS, ids=[str(capability.key) for capability in Capability]
)
each_capability = pytest.mark.parametrize("capability", KINDS)
seeds = st.integers(0, 2**32 - 1)
levels = st.integers(1, LEVELS)
LONG, LEARNING, ERRORS = (
    Capability.LONG_TEXT_UNDERSTANDING.key,
    Capability.LEARNING_FROM_INTERACTIONS.key,
    Capability.ERROR_HANDLING.key,
)


def made(capability: str, level: int) -> gym.Env[Any, Any]:
    return gym.make(
        "smartplay/Contrast-v0", capability=capability, level=level, disable_env_checker=True
    )


def rounds(capability: str, level: int, seed: int, number: int = COUNTED) -> list[dict[str, Any]]:
    """What each round tells, with the right door; the right doors are chosen."""
    env = made(capability, level)
    text, info = env.reset(seed=seed)
    told = []
    for _ in range(number):
        before, _, now = text.rpartition("Round ")
        told.append({"before": before, "text": now.partition(". ")[2], "manual": info["manual"],
                     "right": info["state"]["right"]})  # fmt: skip
        text, *_, info = env.step(info["state"]["right"])
    return told


def named(text: str) -> list[int]:
    """The doors a text names."""
    return [DOORS.index(word) for word in re.findall(r"\w+", text.lower()) if word in DOORS]


# The cards


@each_pair
def test_the_settings_of_a_pair_differ_in_the_level_alone(pair: tuple[GameCard, GameCard]) -> None:
    easy, hard = pair
    assert easy.contrast
    assert hard.contrast
    capability = easy.contrast.capability
    assert hard.contrast.capability == capability
    for field in ("steps", "episodes", "history", "fallback", "title"):
        assert getattr(easy, field) == getattr(hard, field), field
    assert easy.id.endswith("Easy-v1")
    assert hard.id.endswith("Hard-v1")
    assert easy.settings == {"capability": capability, "level": 1}
    assert hard.settings == {"capability": capability, "level": 8}
    assert easy.anchors.optimum == hard.anchors.optimum == COUNTED
    assert easy.anchors.human is None, "contrasts must not enter the classic weighted scores"
    assert easy.degrees[capability] == 1
    assert hard.degrees[capability] > easy.degrees[capability]
    assert easy.steps <= 30


@each_capability
def test_every_capability_has_a_dial(capability: str) -> None:
    card = DIALS[capability]
    assert card.dial
    assert card.parametric
    assert card.name == "Contrast" + CARDS_BY_CAPABILITY[capability].removesuffix("Easy")
    assert tuple(card.dial.values) == KINDS[capability].values
    assert len(card.dial.values) == LEVELS
    assert card.dial.rounds == COUNTED
    assert card.dial.chance == 1 / len(DOORS)
    assert gym.make(card.id).unwrapped.level == 1  # type: ignore[attr-defined]


CARDS_BY_CAPABILITY = {
    pair[0].contrast.capability: pair[0].name.removeprefix("Contrast")
    for pair in PAIRS
    if pair[0].contrast
}


def test_a_run_plays_no_two_settings_in_one_world(tmp_path: Path) -> None:
    games = [card.id for card in PAIRS[1]]
    run = smartplay.run("random", games, episodes=3, steps=1, seed=7, out=tmp_path, progress=False)
    assert len({record.seed for record in run.episodes}) == 6
    assert len({record.agent_seed for record in run.episodes}) == 6


@pytest.mark.parametrize("level", [0, 13, 1.5, True, "3", None])
def test_other_levels_are_refused(level: Any) -> None:
    with pytest.raises(UsageError, match="from 1 to 12"):
        ContrastEnv("reasoning", level)


def test_an_unknown_capability_is_named() -> None:
    with pytest.raises(UnknownNameError, match="reasoning"):
        ContrastEnv("reasonin")


# The levels


@each_capability
def test_every_level_tells_as_much(capability: str) -> None:
    lengths = []
    for level in (1, 2, 5, 8, 12):
        total = 0
        for seed in range(4):
            env = made(capability, level)
            text, info = env.reset(seed=seed)
            total += len(info["manual"])
            over = False
            while not over:
                total += len(text)
                text, _, terminated, truncated, info = env.step(seed % len(DOORS))
                over = terminated or truncated
        lengths.append(total)
    if capability == LONG:
        assert all(after > 1.05 * before for before, after in pairwise(lengths))
    else:
        assert max(lengths) < 1.05 * min(lengths), lengths


@pytest.mark.slow
@each_capability
def test_levels_share_no_answers(capability: str) -> None:
    right = {
        level: [told["right"] for seed in range(20) for told in rounds(capability, level, seed)]
        for level in (1, 2, 8, 12)
    }
    for one, other in ((1, 2), (1, 8), (2, 8), (8, 12)):
        agreement = np.mean(np.equal(right[one], right[other]))
        assert abs(agreement - 0.25) < 0.12, f"{one} and {other}: {agreement:.2f}"
    shares = np.bincount(right[8], minlength=4) / len(right[8])
    assert abs(shares - 0.25).max() < 0.12


@pytest.mark.slow
def test_capabilities_share_no_answers() -> None:
    found = [
        [told["right"] for seed in range(20) for told in rounds(key, 8, seed)] for key in KINDS
    ]
    for k, one in enumerate(found):
        for other in found[k + 1 :]:
            assert abs(np.mean(np.equal(one, other)) - 0.25) < 0.13


@each_card
def test_what_is_needed_stands_in_the_first_60_words_or_the_observation(card: GameCard) -> None:
    """The reference agent is right in every round with no more of the manual than that."""
    if card.name == "ContrastLongTextUnderstandingHard":
        pytest.skip("there the long text is the demand")
    whole = reference_maker()

    def hasty(context: Context) -> Agent:
        return whole(replace(context, manual=" ".join(context.manual.split(" ")[:60])))

    assert play_scores(card, hasty, range(5)) == [12.0] * 5


@each_capability
def test_the_native_observation_holds_what_is_read(capability: str) -> None:
    env = made(capability, 8)
    text, info = env.reset(seed=4)
    native = gym.make("smartplay/Contrast-v0", capability=capability, level=8, observation="native")
    codes, _ = native.reset(seed=4)
    told = bytes(codes[codes > 0]).decode()
    assert text.removeprefix("Round 1. ") in told
    if capability == LONG:
        assert info["manual"].endswith(told.rpartition("\n")[0])


# The floor and the ceiling


@each_capability
def test_reference_is_always_right_at_every_level(capability: str) -> None:
    for level in range(1, LEVELS + 1):
        for seed in range(2):
            assert played(capability, level, seed) == COUNTED, f"level {level}, seed {seed}"


def played(capability: str, level: int, seed: int, **settings: Any) -> float:
    """The score of a reference agent."""
    env = made(capability, level)
    text, info = env.reset(seed=seed)
    agent = ContrastReference(info["manual"], info["actions"], seed + 1000, **settings)
    over = False
    while not over:
        action = info["actions"].index(agent.act(text))
        text, _, terminated, truncated, info = env.step(action)
        over = terminated or truncated
    return float(info["score"])


@pytest.mark.slow
@each_card
def test_random_play_stays_at_chance(card: GameCard) -> None:
    found = mean_interval([card.corrected(s) or 0.0 for s in play_scores(
        card, lambda given: RandomAgent(given.manual, given.actions, given.seed + 10_000),
        range(SEEDS))])  # fmt: skip
    assert found.low is not None
    width = found.mean - found.low
    assert abs(found.mean) <= 1.6 * width, f"{card.name}: {found}"
    measured = card.anchors.random
    assert measured
    assert measured.low is not None
    assert abs(measured.mean - 3) <= 1.6 * (measured.mean - measured.low)


@pytest.mark.slow
@pytest.mark.parametrize("door", range(len(DOORS)))
def test_always_the_same_door_stays_at_chance_too(door: int) -> None:
    for card in CARDS:
        scores = play_scores(card, find_agent("constant", {"action": door + 1}).make, range(30))
        assert abs(np.mean(scores) - 3) < 1, f"{card.name}: {np.mean(scores)}"


# Error handling

MENDS = {
    (2, 4): "two .* four", (4, 2): "four .* two", (2, 3): "two .* three", (3, 2): "three .* two",
}  # fmt: skip


def test_who_never_checks_has_nothing_but_what_it_is_told() -> None:
    easy, hard = PAIRS[list(KINDS).index(ERRORS)]
    make = find_agent("reference", {"ablation": "no-checking"}).make
    assert over_chance(easy, make, SEEDS).mean() == 1
    assert abs(over_chance(hard, make, SEEDS).mean()) < 0.1


@settings(max_examples=20)
@given(seeds, st.integers(2, LEVELS))
def test_one_repair_mends_the_log_and_the_log_alone_tells_nothing(seed: int, level: int) -> None:
    value = int(KINDS[ERRORS].values[level - 1])
    for told in rounds(ERRORS, level, seed, 3):
        plan, log = (
            re.findall(r"\w+", line.partition(":")[2]) for line in told["text"].split("\n")[:2]
        )
        wrong = [
            k for k, (done, planned) in enumerate(zip(log, plan, strict=False)) if done != planned
        ]
        first = wrong[0]
        assert first + 1 in (value - 1, value)
        assert wrong == [*range(first, first + 9)], "as many as ever"
        assert len({*plan[max(0, first - 1) : first + 10]}) >= 10
        assert all(one != other for one, other in pairwise(plan))
        assert Counter(log) == Counter(plan[: len(log)])
        early = 9 - plan[first : first + 9].index(log[first])
        late = log[first : first + 9][::-1].index(plan[first]) + 1
        parts = re.search(r"Repairs: (.*)\.", told["text"])
        assert parts
        right = [
            named(part)[0] for part in parts[1].split("; ") if re.search(MENDS[late, early], part)
        ]
        assert right == [told["right"]]


def test_what_can_be_counted_in_a_log_tells_nothing_of_its_fault() -> None:
    """How many neighbours it has that the plan has not, in pairs and in threes, by the repair."""
    counts: dict[str, list[tuple[int, int]]] = {}
    for seed in range(100):
        for told in rounds(ERRORS, 8, seed, 12):
            plan, log = (
                re.findall(r"\w+", line.partition(":")[2]) for line in told["text"].split("\n")[:2]
            )
            pairs = len({*pairwise(log)} - {*pairwise(plan)})
            threes = {*zip(log, log[1:], log[2:], strict=False)}
            new = len(threes - {*zip(plan, plan[1:], plan[2:], strict=False)})
            parts = re.search(r"Repairs: (.*)\.", told["text"])
            assert parts
            repair = next(p for p in parts[1].split("; ") if named(p)[0] == told["right"])
            kind = next(form for form in MENDS.values() if re.search(form, repair))
            counts.setdefault(kind, []).append((pairs, new))
    means = np.array([np.mean(each, axis=0) for each in counts.values()])
    assert len(means) == 4
    assert np.ptp(means, axis=0).max() < 0.25, means


# Each kind, checked by other means than the game's own


@settings(max_examples=20)
@given(seeds, levels)
def test_boxes_lead_to_the_right_door(seed: int, level: int) -> None:
    for told in rounds("reasoning", level, seed, 2):
        *facts, question = re.findall(r"[^.?]+[.?]", told["text"])
        holder = {}
        for fact in facts:
            one, other = re.findall(r"(\w+) (?:box|door)", fact)
            turned = re.search(r"holds|contains|hides|Inside|In |Open|Behind", fact)
            holder[other if turned else one] = one if turned else other
        asked = re.search(r"(\w+) box", question)
        assert asked
        thing, hops = asked[1], 0
        while thing not in DOORS:
            thing, hops = holder[thing], hops + 1
        assert DOORS.index(thing) == told["right"]
        assert hops == level
        assert len(holder) == 48


@settings(max_examples=20)
@given(seeds, levels)
def test_the_moves_of_the_rules_add_up(seed: int, level: int) -> None:
    moves = {
        "stay where it is": 0,
        "go one door on": 1,
        "go two doors on": 2,
        "go one door back": 3,
    }
    for told in rounds("instruction_following", level, seed, 3):
        first, *lines = told["text"].split("\n")
        door = named(first)[0]
        now = first.partition("Now ")[2]
        assert len(lines) == 12
        rules = [line for line in lines if "key" in line]
        for rule in rules:
            plain = re.sub("|".join(moves), lambda found: f"<{moves[found[0]]}>", rule)
            signal = re.search(r"(?:if|If|while|While|when|When) the (\w+) is", plain)
            assert signal
            state = re.search(rf"the {signal[1]} is (\w+)", now)
            assert state
            halves = re.split(r"[;,] ?(?:but |and )?", plain)
            holds = [part for part in halves if re.search(rf"is {state[1]}\b", part)]
            assert len(holds) == 1 or len(halves) > 2
            found = re.findall(r"<(\d)>", holds[0]) or re.findall(
                r"<(\d)>", halves[halves.index(holds[0]) + 1]
            )
            door += int(found[0])
        assert len(rules) == level
        assert door % 4 == told["right"]


@settings(max_examples=20)
@given(seeds, levels)
def test_the_right_room_door_alone_begins_a_shortest_way(seed: int, level: int) -> None:
    for told in rounds("planning", level, seed, 2):
        at = re.search(r"in the (\w+)\. Your target is the (\w+)\.", told["text"])
        assert at
        ways = {}
        for line in told["text"].split("\n")[1:]:
            doors = re.findall(r"(red|green|blue|yellow) (\w+)", line)
            room = re.match(r"(?:from the )?(\w+)", line)
            assert room
            ways[room[1]] = [dict(doors)[door] for door in DOORS]
        assert len(ways) == 49
        far = [_distance(ways, there, at[2]) for there in ways[at[1]]]
        assert far.index(min(far)) == told["right"]
        assert far.count(min(far)) == 1
        assert min(far) + 1 == level


def _distance(ways: dict[str, list[str]], start: str, goal: str) -> int:
    edge, seen = deque([(start, 0)]), {start}
    while edge:
        room, far = edge.popleft()
        if room == goal:
            return far
        for there in ways[room]:
            if there not in seen:
                seen.add(there)
                edge.append((there, far + 1))
    return 10**6


@pytest.mark.slow
def test_the_wings_of_a_house_are_named_alike() -> None:
    """Whatever the room by the right door is like, the others are like it."""
    counts = np.zeros(4)
    for seed in range(25):
        for told in rounds("planning", 8, seed):
            here = told["text"].split(" ", 5)[4].strip(".")
            line = next(x for x in told["text"].split("\n")[1:]
                        if re.match(rf"(from the )?{here}\b", x))  # fmt: skip
            ways = dict(re.findall(r"(red|green|blue|yellow) (\w+)", line))
            often = [told["text"].count(ways[door]) for door in DOORS]
            counts[sorted(range(4), key=lambda door: (often[door], door)).index(told["right"])] += 1
    assert abs(counts / counts.sum() - 0.25).max() < 0.08, "by how often the rooms are named"


@settings(max_examples=20)
@given(seeds, levels)
def test_the_examples_tell_what_a_new_call_means(seed: int, level: int) -> None:
    for told in rounds("generalization", level, seed, 3):
        *examples, call = re.findall(r'[^"]*"[a-z ]+"[^".]*\.', told["text"])
        shown = {tuple(re.findall(r'"(.*)"', each)[0].split()): named(each)[0] for each in examples}
        words = re.findall(r'"(.*)"', call)[0].split()
        assert len(words) == level == len(set(words))
        door = shown[tuple(words[:1])]
        for word in words[1:]:
            (pair,) = (each for each in shown if each[1:] == (word,))
            door += shown[pair] - shown[pair[:1]]
        assert door % 4 == told["right"]
        assert (tuple(words) in shown) == (level == 1), "a call that was shown is no new one"


@settings(max_examples=20)
@given(seeds, levels)
def test_the_right_offer_is_best_by_the_ratio_of_the_level(seed: int, level: int) -> None:
    value = KINDS["understanding_the_odds"].values[level - 1]
    for told in rounds("understanding_the_odds", level, seed, 3):
        offers = {}
        for sentence in told["text"].split(". ")[:4]:
            coins = re.search(r"(\d+) coins", sentence)
            chance = re.search(r"(\d+) (?:times )?in 100", sentence)
            assert coins
            assert chance
            offers[named(sentence)[0]] = (int(coins[1]), int(chance[1]))
        means = [coins * chance for coins, chance in (offers[door] for door in range(4))]
        second, best = sorted(means)[-2:]
        assert means.index(best) == told["right"]
        assert abs(best / second - 1 - 1 / value) < 0.03 / value + 0.002
        by_prize = sorted(range(4), key=lambda door: offers[door][0])
        by_chance = sorted(range(4), key=lambda door: -offers[door][1])
        if level > 1:
            assert by_prize == by_chance, "the larger prize has the smaller chance"
        else:
            assert len({chance for _, chance in offers.values()}) == 1


@settings(max_examples=20)
@given(seeds, levels)
def test_the_walk_ends_on_the_right_colour(seed: int, level: int) -> None:
    compass = {"north": -1j, "east": 1, "south": 1j, "west": -1}
    ordinals = ["first", "second", "third", "fourth"]
    for told in rounds("spatial_reasoning", level, seed, 3):
        floor = np.array(named(told["text"])).reshape(4, 4)
        for line in (*floor, *floor.T):
            assert sorted(line) == [0, 1, 2, 3]
        even = Counter(int(floor[k, j]) for k in range(4) for j in range(4) if (k + j) % 2 == 0)
        assert set(even.values()) == {2}, "the number of steps alone tells a colour"
        at = re.search(r"on the (\w+) tile of the (\w+) row and face (\w+)\. The walk: (.*)\.",
                       told["text"])  # fmt: skip
        assert at
        place = complex(ordinals.index(at[1]), ordinals.index(at[2]))
        heading = complex(compass[at[3]])
        turns = 0
        for piece in at[4].split(", "):
            words = piece.split()
            if words[0] == "turn":
                heading *= 1j if words[1] == "right" else -1j
                turns += 1
            elif words[0] != "look":
                steps = ["", "one", "two", "three"].index(words[1])
                place += steps * heading * (1 if words[2] == "ahead" else -1)
                assert 0 <= place.real <= 3
                assert 0 <= place.imag <= 3
        assert floor[int(place.imag), int(place.real)] == told["right"]
        assert turns == KINDS["spatial_reasoning"].values[level - 1]


@settings(max_examples=20)
@given(seeds, levels)
def test_the_bell_tells_of_every_mask_twice_and_neither_time_suffices(
    seed: int, level: int
) -> None:
    told = rounds(LEARNING, level, seed, 19)
    rings = {"not at all": 0, "once": 1, "twice": 2, "three times": 3}
    chosen: dict[str, int] = {}
    total: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for before, after in pairwise(told[:8]):
        for times, mask in re.findall(rf"({'|'.join(rings)}) for the (\w+) mask", after["before"]):
            chosen.setdefault(mask, before["right"])
            total[mask] += rings[times]
            met[mask] += 1
    learned = int(KINDS[LEARNING].values[level - 1])
    assert set(met.values()) == {2}
    assert len(met) == (learned or 18)
    assert "mask" not in told[6]["text"], "the last outcome can be of no use"
    for part in told[7:]:
        shown = re.search(r"the (\w+) mask", part["text"])
        assert shown
        assert (chosen[shown[1]] + total[shown[1]]) % 4 == part["right"]
        assert (named(part["text"]) == [part["right"]]) == (level == 1)


def test_practice_does_not_count() -> None:
    env = gym.make("smartplay/ContrastLearningFromInteractionsHard-v1")
    _, info = env.reset(seed=1)
    over = False
    for k in range(19):
        assert not over
        _, reward, over, _, info = env.step(info["state"]["right"])
        assert reward == (k >= 7)
    assert over
    assert info["score"] == COUNTED
    assert info["completed"]


@settings(max_examples=20)
@given(seeds, levels)
def test_the_story_is_as_long_as_said_and_names_every_animal(seed: int, level: int) -> None:
    words = KINDS[LONG].values[level - 1]
    told = rounds(LONG, level, seed, 12)
    story = told[0]["manual"].split("\n\n", 2)[2]
    assert abs(len(story.split()) / words - 1) < 0.2
    assert story.isascii()
    shown = Counter(part["text"].split()[-1].strip(".") for part in told)
    assert len(shown) == 8
    assert set(shown.values()) == {1, 2}
    assert all(f"the {animal}" in story.lower() for animal in shown)
    doors = {part["text"]: part["right"] for part in told}
    assert set(Counter(doors.values()).values()) == {2}, "two animals for each door"
