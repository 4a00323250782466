"""Harbor Days: that each kind is as told, balanced and equally long, and how its agent plays."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import pairwise
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Context, Observation
from smartplay.agents.reference.harbor import HarborReference
from smartplay.agents.simple import RandomAgent
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.games.harbor.bells import Bells
from smartplay.games.harbor.env import KINDS, HarborEnv
from smartplay.games.harbor.kind import MOVES, ROUNDS
from smartplay.games.harbor.market import TRADERS
from smartplay.games.registry import cards, get_card

CARDS = [card for card in cards() if card.family == "harbor" and card.dial]
each_kind = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
DAYS = KINDS["reasoning"].actions


def moves(card: GameCard, level: int, seed: int, number: int = 6) -> list[dict[str, Any]]:
    """What each counted move tells, with the right action; the right ones are taken."""
    env = gym.make(card.id, level=level, disable_env_checker=True)
    text, info = env.reset(seed=seed)
    told: list[dict[str, Any]] = []
    while len(told) < number:
        now = text.rpartition("\nRound ")[2] if "\nRound " in text else text
        right = info["state"]["right"]
        if "Practice" not in text:
            told.append({"text": now, "manual": info["manual"], "right": info["actions"][right]})
        text, *_, info = env.step(right)
    return told


def score(card: GameCard, level: int, make: Any, seeds: range) -> float:
    """Mean share of right rounds."""
    env = gym.make(card.id, level=level, disable_env_checker=True)
    total = 0.0
    for seed in seeds:
        text, info = env.reset(seed=seed)
        actions, over = info["actions"], False
        agent = make(info["manual"], actions, seed + 1000)
        while not over:
            text, _, over, _, info = env.step(
                actions.index(agent.act(Observation(text, info["history"])))
            )
        total += info["score"]
    return total / len(seeds) / ROUNDS


def card_of(capability: str) -> GameCard:
    return next(card for card in CARDS if card.dial and card.dial.capability == capability)


# The dial


def test_there_is_a_dial_for_each_capability_and_one_id_for_all() -> None:
    assert [card.dial.capability for card in CARDS if card.dial] == [k.key for k in Capability]
    env: Any = gym.make("smartplay/Harbor-v0", capability="planning", level=4)
    own: Any = gym.make("smartplay/HarborPlanning-v0", level=4)
    assert env.reset(seed=3)[0] == own.reset(seed=3)[0]


@each_kind
def test_the_card_says_what_the_levels_are(card: GameCard) -> None:
    assert card.dial
    kind = KINDS[card.dial.capability]
    assert list(kind.values) == card.dial.values
    assert card.dial.rounds == ROUNDS
    assert card.dial.chance == pytest.approx(len(kind.actions) ** -MOVES, abs=1e-4)
    assert card.steps == kind.practice + MOVES * ROUNDS
    assert card.parametric


def test_levels_and_capabilities_that_are_not_there_are_named() -> None:
    with pytest.raises(UnknownNameError, match="planning"):
        HarborEnv("plannin")
    for level in (0, 13, True, 1.0):
        with pytest.raises(UsageError, match="level must be a whole number from 1 to 12"):
            HarborEnv("planning", level)  # type: ignore[arg-type]


@pytest.mark.slow
@each_kind
def test_texts_of_all_levels_are_equally_long(card: GameCard) -> None:
    assert card.dial
    lengths = []
    for level in range(1, len(card.dial.values) + 1):
        told = [each for seed in range(6) for each in moves(card, level, seed)]
        words = [len(each["text"].split()) for each in told]
        lengths.append(float(np.mean(words)))
        if card.dial.capability == "long_text_understanding":
            log = told[0]["manual"].partition("The log:\n")[2]
            assert abs(len(log.split()) / card.dial.values[level - 1] - 1) < 0.06
    assert max(lengths) / min(lengths) < 1.05, lengths


@each_kind
def test_a_round_counts_if_all_its_moves_are_right(card: GameCard) -> None:
    env = gym.make(card.id, level=5, disable_env_checker=True)
    _, info = env.reset(seed=2)
    practice = env.unwrapped.kind.practice  # type: ignore[attr-defined]
    wrong = {4, 8, 9, 10, 35}
    rewards = []
    for k in range(-practice, MOVES * ROUNDS):
        right = info["state"]["right"]
        action = (right + 1) % len(info["actions"]) if k in wrong else right
        _, reward, over, _, info = env.step(action)
        rewards.append(float(reward))
        assert over == (k == MOVES * ROUNDS - 1)
    lost = {k // MOVES for k in wrong}
    assert info["score"] == ROUNDS - len(lost) == sum(rewards)
    assert not info["completed"]
    assert {k // MOVES for k, reward in enumerate(rewards[practice:]) if reward} == (
        set(range(ROUNDS)) - lost
    )


@pytest.mark.slow
@each_kind
def test_right_actions_are_balanced(card: GameCard) -> None:
    assert card.dial
    found: Counter[str] = Counter()
    again = 0
    level = len(card.dial.values)
    for seed in range(60):
        told = moves(card, level, seed, 36)
        found.update(each["right"] for each in told)
        again += sum(a["right"] == b["right"] for a, b in pairwise(told))
    shares = [found[name] / (60 * 36) for name in KINDS[card.dial.capability].actions]
    assert max(shares) < 1.35 / len(shares), shares
    assert again / (60 * 35) < 0.34, "the last action is too often right again"


@each_kind
def test_forms_of_sentences_vary(card: GameCard) -> None:
    plain = set()
    for seed in range(8):
        told = moves(card, 6, seed, 1)[0]
        text = told["manual"].partition("The log:")[2] or told["text"].partition("move")[2]
        plain |= {" ".join(sentence.split()[:2]) for sentence in re.split(r"[.;\n] ?", text)}
    assert len(plain) >= (3 if card.dial and card.dial.capability == "planning" else 8)


# Each kind, checked by other means than the game's own


def test_days_follow_from_the_facts() -> None:
    spans = {"one day": 1, "two days": 2, "three days": 3}
    for level in (1, 7, 12):
        for told in moves(card_of("reasoning"), level, level):
            facts, _, asked = told["text"].partition(" On which day is the ")
            links: list[tuple[str, str, int]] = []
            day_of = {}
            for fact in re.findall(r"[A-Z][^.]*\.", facts.partition(". ")[2]):
                names = re.findall(
                    r"(?:[Tt]he |of the )((?!day\b|same\b)[a-z ]+?)"
                    r"(?= is | and | comes | share | takes | precedes | by |\.| one | two "
                    r"| three )",
                    fact,
                )
                day = re.search("|".join(DAYS), fact)
                if day:
                    day_of[names[0]] = DAYS.index(day[0])
                    continue
                span = next((n for word, n in spans.items() if word in fact.lower()), 0)
                first, second = names
                if re.match(r"(One|Two|Three|On) ", fact) or "followed" in fact:
                    first, second = second, first
                back = any(word in fact for word in ("before", "earlier", "precedes"))
                links.append((first, second, -span if back else span))
            for _ in links:
                for one, other, away in links:
                    if other in day_of:
                        day_of.setdefault(one, (day_of[other] + away) % 6)
                    if one in day_of:
                        day_of.setdefault(other, (day_of[one] - away) % 6)
            assert DAYS[day_of[asked.rstrip("?")]] == told["right"]


def test_orders_lead_to_the_berth_and_each_decides() -> None:
    count = {"one": 1, "two": 2, "three": 3}
    for level in (1, 6, 12):
        for told in moves(card_of("instruction_following"), level, level):
            *lines, boat = told["text"].split("\n")[1:]
            states = dict(re.findall(r"[Tt]he (\w+) is (\w+)", boat))
            place = int(boat[-2]) - 1
            given = [line for line in lines if line.startswith("Order")]
            assert len(given) == level
            assert len(lines) == 12
            for line in given:
                sign, state = re.search(r"the (\w+) (?:is|be) (\w+)", line).groups()  # type: ignore[union-attr]
                ways = re.findall(r"(\w+) berths? (on|back)", line)
                number, way = ways[states[sign] != state]
                assert count[number]
                place += count[number] * (1 if way == "on" else -1)
            assert told["right"] == f"Berth {place % 6 + 1}"


def market_of(text: str) -> tuple[dict[str, dict[str, str]], str, str]:
    """Per thing what each trader gives for it, what the sailor has, and what he wants."""
    _, *lines, asked = text.lower().split("\n")
    trades: dict[str, dict[str, str]] = {}
    for line in lines:
        trader = next(name for name in TRADERS if name in line)
        for given, taken in re.findall(r"(\w+) for (\w+)", line):
            trades.setdefault(taken, {})[trader] = given
    has, wanted = (
        next(word for words in re.findall(form, asked) for word in words if word)
        for form in (r"has (\w+)()", r"wants (\w+)|^(\w+) for|like (\w+)")
    )
    return trades, has, wanted


def distances(trades: dict[str, dict[str, str]], wanted: str) -> dict[str, int]:
    """Trades from each thing to what is wanted."""
    far = {wanted: 0}
    for _ in trades:
        for thing, given in trades.items():
            near = [far[each] + 1 for each in given.values() if each in far]
            far[thing] = min([*near, far.get(thing, len(trades))])
    return far


def test_what_is_wanted_is_as_far_as_the_level_says_and_one_trader_begins_the_way() -> None:
    for level in (1, 5, 12):
        for told in moves(card_of("planning"), level, level):
            trades, has, wanted = market_of(told["text"])
            far = distances(trades, wanted)
            assert far[has] == level
            assert set(trades[has]) == set(TRADERS)
            best = [trader for trader, thing in trades[has].items() if far[thing] == level - 1]
            assert [f"See the {trader}" for trader in best] == [told["right"]]


@pytest.mark.slow
def test_no_branch_of_a_market_stands_out() -> None:
    given: Counter[bool] = Counter()
    for seed in range(40):
        for told in moves(card_of("planning"), 8, seed, 36)[::3]:
            trades, has, _ = market_of(told["text"])
            counts = Counter(thing for ways in trades.values() for thing in ways.values())
            least = min(trades[has], key=lambda each: (counts[trades[has][each]], each))
            given[f"See the {least}" == told["right"]] += 1
    assert abs(given[True] / given.total() - 1 / 6) < 0.06, "the rarest thing begins the way"


def test_tunes_follow_from_examples_and_the_word_was_never_shown() -> None:
    for level in (1, 5, 12):
        for told in moves(card_of("generalization"), level, level, 3):
            text = told["text"]
            word = re.search(r"Now ring ([\w-]+)", text)[1]  # type: ignore[index]
            stem, *endings = word.split("-")
            assert len(endings) == 12
            silent = re.search(r"ending (\w+) changes nothing", text)[1]  # type: ignore[index]
            assert len(endings) - endings.count(silent) == level
            assert f"{stem}-" not in text.replace(word, "")
            shown = set(re.findall(r"\w+-(\w+)\b(?!-)", text.replace(word, "")))
            assert set(endings) <= shown | {silent}


def test_an_example_fits_one_change_only() -> None:
    from smartplay.games.harbor.bells import BELLS, SWAPS, TUNES, TURNS, changed

    changes = [*SWAPS, *TURNS, *range(1, BELLS)]
    for tune in TUNES:
        assert len({changed(tune, change) for change in changes}) == len(changes)
    assert len(Bells.actions) == BELLS


def test_the_right_urn_pays_most_and_every_rank_is_equally_often_best() -> None:
    ranks: Counter[int] = Counter()
    for level, ratio in ((1, 0.35), (12, 0.96)):
        for seed in range(8):
            for told in moves(card_of("understanding_the_odds"), level, seed, 36):
                urns = {}
                for part in told["text"].split(". ")[1:]:
                    urn = re.search(r"(\w+) urn", part)
                    if not urn or "coins" not in part:
                        continue
                    coins = int(re.search(r"(\d+) coins", part)[1])  # type: ignore[index]
                    balls = int(re.search(r"(\d+) balls", part)[1])  # type: ignore[index]
                    rest = {int(n) for n in re.findall(r"\d+", part)} - {coins, balls}
                    white = rest.pop() if rest else min(coins, balls)
                    urns[urn[1]] = (coins, coins * white / balls)
                assert len(urns) == 6
                best = max(urns, key=lambda urn: urns[urn][1])
                assert told["right"] == f"Draw from the {best} urn"
                second = sorted(worth for _, worth in urns.values())[-2]
                assert abs(second / urns[best][1] - ratio) < 0.2 * (1 - ratio) + 1e-9
                ranks[sorted(urns, key=lambda urn: urns[urn][0]).index(best)] += 1
    total = sum(ranks.values())
    assert all(abs(ranks[rank] / total - 1 / 6) < 0.06 for rank in range(6)), ranks


def test_every_bird_is_seen_in_practice_and_the_fish_are_where_told() -> None:
    count = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
    for level in (1, 5, 12):
        env = gym.make("smartplay/HarborLearningFromInteractions-v0", level=level)
        text, info = env.reset(seed=level)
        pools: dict[str, int] = {}
        for k in range(60):
            birds = set(re.findall(r"[a-z]+", text.split("move")[-1])) & set(_birds())
            (bird,) = birds
            if k >= 24:
                assert pools[bird] == info["state"]["right"]
            action = k % 6 if k < 24 else info["state"]["right"]
            text, *_, info = env.step(action)
            told = text.split("\n")[0]
            assert ("shoal" in told or "fish" in told or "net" in told) == (k < 24)
            if k < 24:
                away = re.search(r"(\w+) pools? further on", told)
                pools[bird] = (action + (count[away[1]] if away else 0)) % 6
        assert len(pools) == KINDS["learning_from_interactions"].values[level - 1]


def _birds() -> tuple[str, ...]:
    from smartplay.games.harbor.pools import SIGNS

    return SIGNS


def test_three_steps_went_astray_and_only_where_in_doubt() -> None:
    moved = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0), "wait": (0, 0)}
    for level in (1, 6, 12):
        told = moves(card_of("error_handling"), level, level, 9)
        for k, each in enumerate(told):
            _, orders, after, doubt = each["text"].split("\n")[-4:]
            given = re.findall(r"\d+ (\w+)", orders)
            start = re.search(r"began at (\w+)", each["text"])[1]  # type: ignore[index]
            squares = [(ord(s[0]), int(s[1:])) for s in (start, *re.findall(r"[A-Z]\d+", after))]
            wrong = [
                step
                for step, order in enumerate(given)
                if moved[order]
                != (
                    squares[step + 1][0] - squares[step][0],
                    squares[step + 1][1] - squares[step][1],
                )
            ]
            first, last = re.search(r"teps (\d+) to (\d+)", doubt).groups()  # type: ignore[union-attr]
            assert len(wrong) == 3
            assert int(first) <= wrong[0] + 1
            assert wrong[-1] + 1 <= int(last)
            assert int(last) - int(first) + 1 == KINDS["error_handling"].values[level - 1]
            assert each["right"] == f"Order: {given[wrong[(k + 1) % MOVES]]}"
            made = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(squares)]
            assert Counter(made) == Counter(moved[order] for order in given)


@pytest.mark.slow
def test_a_part_of_the_work_is_worth_nothing() -> None:
    """Endings or turns left out, or taken in another order: at chance, which is one in six."""
    from smartplay.games.harbor.bells import rung
    from smartplay.games.harbor.dive import Dive, faced

    bells, dives = Bells(random.Random(3), 8), Dive(random.Random(3), 8)
    alike: Counter[str] = Counter()
    for _ in range(1500):
        bells.draw()
        changes = {ending: change for *_, ending, change in bells._examples}
        word = [ending for ending in bells._word if ending in changes]
        for name, part in {
            "but the first": word[1:],
            "but the last": word[:-1],
            "backwards": word[::-1],
            "sorted": sorted(word),
            "ones": [each for each in word if isinstance(changes[each], int)],
        }.items():
            tune = rung(bells._tune, [changes[each] for each in part])
            alike[f"endings {name}"] += tune[0] == bells.plan[0]
        dives.draw()
        start, told = dives._dives[0]
        turns = [turn for turn, _ in told if turn >= 0]
        for name, part in {
            "but the first": turns[1:],
            "first": turns[:1],
            "left and right": [turn for turn in turns if turn < 2],
            "up and down": [turn for turn in turns if turn >= 2],
        }.items():
            alike[f"turns {name}"] += faced(start, part) == dives.plan[0]
    over = {name: (number / 1500 - 1 / 6) * 6 / 5 for name, number in alike.items()}
    assert max(over.values()) < 0.08, over


def test_dives_end_as_rotations_say() -> None:
    faces = {"north": (0, 1, 0), "east": (1, 0, 0), "up": (0, 0, 1)}
    faces |= {"south": (0, -1, 0), "west": (-1, 0, 0), "down": (0, 0, -1)}
    for level in (1, 4, 12):
        for told in moves(card_of("spatial_reasoning"), level, level):
            start = re.search(r"starts facing (\w+)", told["text"])[1]  # type: ignore[index]
            turns = re.findall(r"turns (left|right)|tilts (up|down)", told["text"])
            face, crown = np.array(faces[start]), np.array(faces["up"])
            assert len(turns) == level
            for level_turn, tilt in turns:
                right = np.cross(face, crown)
                if level_turn:
                    face = right if level_turn == "right" else -right
                else:
                    face, crown = (crown, -face) if tilt == "up" else (-crown, face)
            assert faces[told["right"].split()[1]] == tuple(face)


def test_each_third_of_a_log_is_needed() -> None:
    card = card_of("long_text_understanding")
    told = moves(card, 6, 1, 1)[0]["manual"]
    rules, _, log = told.partition("The log:\n")
    words = log.split(" ")
    third = len(words) // 3
    for gone in range(3):
        left = words[: gone * third] + words[(gone + 1) * third :]
        cut = f"{rules}The log:\n{' '.join(left)}"
        env = gym.make(card.id, level=6, disable_env_checker=True)
        text, info = env.reset(seed=1)
        agent = HarborReference(cut, info["actions"], 1)
        right = 0
        for _ in range(36):
            right += info["actions"].index(agent.act(text)) == info["state"]["right"]
            text, *_, info = env.step(info["state"]["right"])
        assert right <= 20, f"{right} of 36 moves are right without third {gone + 1}"


# The agent


@pytest.mark.slow
@each_kind
def test_the_reference_is_right_at_every_level(card: GameCard) -> None:
    assert card.dial
    for level in range(1, len(card.dial.values) + 1):
        assert score(card, level, HarborReference, range(2)) == 1.0


@pytest.mark.slow
@each_kind
def test_random_play_stays_at_the_chance_of_the_card(card: GameCard) -> None:
    assert card.dial
    share = score(card, 3, RandomAgent, range(60))
    assert abs(share - card.dial.chance) < 4 * (card.dial.chance / (60 * ROUNDS)) ** 0.5


def test_an_ablated_reference_lacks_one_faculty() -> None:
    names = {
        "one-inference": "reasoning", "first-rule": "instruction_following",
        "one-move": "planning", "usual-names": "generalization",
        "prizes-only": "understanding_the_odds", "no-history": "learning_from_interactions",
        "no-checking": "error_handling", "one-axis": "spatial_reasoning",
        "truncate-manual": "long_text_understanding",
    }  # fmt: skip
    for name, capability in names.items():
        maker = find_agent("reference", {"ablation": name}).make

        def make(manual: str, actions: list[str], seed: int, maker: Any = maker) -> Any:
            return maker(Context(manual=manual, actions=list(actions), seed=seed))

        for card in (card_of(capability), card_of("planning"), card_of("reasoning")):
            assert card.dial
            share = score(card, 5, make, range(1))
            assert share == (
                1.0 if card.dial.capability != capability else pytest.approx(0, abs=0.2)
            )


@each_kind
def test_other_names_for_the_actions_cost_nothing(card: GameCard) -> None:
    maker = find_agent("reference", {"ablation": "rename"}).make

    def make(manual: str, actions: list[str], seed: int) -> Any:
        return maker(Context(manual=manual, actions=list(actions), seed=seed))

    assert score(card, 6, make, range(1)) == 1


def test_the_general_id_is_reached_by_its_name() -> None:
    assert get_card("Harbor").id == "smartplay/Harbor-v0"
