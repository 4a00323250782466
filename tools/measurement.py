"""How well `smartplay measure` measures: `python -m tools.measurement`.

Synthetic agents have nine thresholds, each with a slope and a lapse rate, and a slip rate: the
share of rounds that they guess whatever the level. Their levels are chosen and their thresholds
estimated by the very code of the command. Each line is a population: what the 95 % intervals cover
(where an end lies beyond the range, the one-sided interval), how wide they are, what they cost.

`--prompts` builds the prompts that an agent with one call per move reads instead, and counts their
characters by capability and level, and over a whole measurement of a mind in the middle of the
dials.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from smartplay import measure
from smartplay.agents.context import Context, Observation
from smartplay.agents.prompts import PLAIN
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import Dial
from smartplay.games.registry import get_card
from smartplay.records import Measurement
from smartplay.scores.statistics import Floats
from smartplay.scores.thresholds import (
    RULE,
    Threshold,
    Track,
    ends,
    next_sweep,
    posteriors,
    thresholds,
)
from smartplay.validity.minds import Limit, LimitedMind
from smartplay.validity.population import dial_cards
from smartplay.validity.study import play

LEVELS, ROUNDS, CHANCE = 12, 12, 0.25


class Population(NamedTuple):
    """What synthetic agents are drawn from, each uniformly.

    Attributes:
        name: What to call it.
        thetas: Thresholds, in levels.
        slips: The largest slip rate.
        apart: Whether each capability has a slip rate of its own, instead of one per agent.
        slopes: Slopes.
        lapses: Lapse rates.
        by_step: In how many of the nine each step may fail, so that x of them go well with a chance
            of 2^(-x / threshold).
    """

    name: str
    thetas: tuple[float, float]
    slips: float = 0.0
    apart: bool = False
    slopes: tuple[float, float] = (0.3, 1.5)
    lapses: tuple[float, float] = (0.0, 0.08)
    by_step: int = 0


POPULATIONS = (
    Population("inside the range, 1 to 10", (1, 10)),
    Population("inside the range, 1 to 12", (1, 12)),
    Population("inside, slips up to .5", (1, 12), slips=0.5),
    Population("inside, slips apart", (1, 12), slips=0.5, apart=True),
    Population("below the range", (-2, 1)),
    Population("beyond the range", (12, 15)),
    Population("inside, every step may fail", (1, 10), slips=0.3, by_step=9),
    Population("inside, so in four of nine", (1, 10), slips=0.3, by_step=4),
)


class Found(NamedTuple):
    """What came of measuring a population.

    Attributes:
        half_width: Mean half-width of the intervals in levels, with what lies beyond the range.
        within: The same of the parts within the range.
        coverage: Share of the thresholds that their intervals hold.
        bias: Mean of estimate minus truth, of those that have an estimate.
        error: Root mean square of the same.
        calls: Mean of the rounds an agent played, and the most.
    """

    half_width: float
    within: float
    coverage: float
    bias: float
    error: float
    calls: tuple[float, int]


def simulate(
    population: Population, agents: int, measurement: Measurement, rng: np.random.Generator
) -> Found:
    """Measure the agents of a population."""
    pairs: list[tuple[float, Threshold]] = []
    halves, within, calls = [], [], []
    for _ in range(agents):
        truths, tracks = _measure(population, measurement, rng)
        pairs += zip(truths, thresholds(tracks), strict=True)
        for track, posterior in zip(
            tracks.values(), posteriors(list(tracks.values())), strict=True
        ):
            low, high = ends(track.dial, posterior)
            halves.append((high - low) / 2)
            within.append(max(0.0, min(high, LEVELS) - max(low, 1)) / 2)
        calls.append(sum(int(track.played.sum()) for track in tracks.values()))
    errors = [t.level.mean - true for true, t in pairs if t.level.mean is not None] or [np.nan]
    return Found(
        half_width=float(np.mean(halves)),
        within=float(np.mean(within)),
        coverage=float(np.mean([_holds(threshold, true) for true, threshold in pairs])),
        bias=float(np.mean(errors)),
        error=float(np.mean(np.square(errors)) ** 0.5),
        calls=(float(np.mean(calls)), max(calls)),
    )


def _measure(
    population: Population, measurement: Measurement, rng: np.random.Generator
) -> tuple[Floats, dict[str, Track]]:
    """The true thresholds of an agent, and what it played."""
    thetas, slopes, lapses = (
        rng.uniform(*ends, len(Capability))
        for ends in (population.thetas, population.slopes, population.lapses)
    )
    slips = rng.uniform(0, population.slips, len(Capability) if population.apart else 1)
    slips = np.broadcast_to(slips, len(Capability))
    values = [float(level) for level in range(1, LEVELS + 1)]
    tracks = {
        each.key: Track(Dial(each.key, "reaches {} levels", values, ROUNDS, CHANCE))
        for each in Capability
    }
    played = list(tracks.values())
    while sweep := next_sweep(played, measurement):
        for place, level in sweep.items():
            falling = 1 / (1 + np.exp((level - thetas[place]) / slopes[place]))
            if place < population.by_step:
                falling = 2 ** (-level / thetas[place])
            awake = CHANCE + (1 - CHANCE - lapses[place]) * falling
            share = (1 - slips[place]) * awake + slips[place] * CHANCE
            right = rng.binomial(ROUNDS, share)
            played[place].add(level, int(right))
    return thetas, tracks


def _holds(threshold: Threshold, true: float) -> bool:
    """Whether the truth lies in the interval; an open end holds all that lies beyond the range."""
    low, high = threshold.level.low, threshold.level.high
    return (low is None or low <= true) and (high is None or true <= high)


class _Counting:
    """Plays with a mind in the middle of its dials and counts what it reads."""

    read: Counter[str] = Counter()
    calls: Counter[str] = Counter()

    def __init__(self, context: Context) -> None:
        card = get_card(context.game)
        limits = {
            capability: Limit((1 + len(each.dial.values)) / 2, 0.6, each.dial.values)
            for capability, each in zip(Capability, dial_cards(card.family), strict=True)
            if each.dial
        }
        actions = list(context.actions)
        self._mind = LimitedMind(
            card.family, "graded", context.manual, actions, context.seed, limits
        )
        self._told, self._game = (context.manual, actions), card.id

    def act(self, observation: Observation) -> str:
        self.calls[self._game] += 1
        told = PLAIN.prompt(*self._told, observation, self.calls[self._game])
        self.read[self._game] += len(told)
        return self._mind.act(observation)


def count_prompts(family: str) -> None:
    """Print characters of prompts, by capability."""
    print(f"{'characters of a prompt at level':34}{'1':>7}{'6':>7}{'last':>7}   whole measurement")
    per_level: dict[str, list[int]] = {}
    for card in dial_cards(family):
        assert card.dial
        for level in (1, 6, len(card.dial.values)):
            _Counting.read.clear()
            _Counting.calls.clear()
            for seed in range(4):
                play(card, _Counting, seed, seed, level)
            per_level.setdefault(card.id, []).append(
                round(_Counting.read[card.id] / _Counting.calls[card.id])
            )
    _Counting.read.clear()
    _Counting.calls.clear()
    with TemporaryDirectory() as folder:
        measure(_Counting, family, out=Path(folder) / "run", progress=False)
    for game, characters in per_level.items():
        print(
            f"{game.split('/')[-1]:34}{''.join(f'{each:7}' for each in characters)}"
            f"{_Counting.calls[game]:6} calls{_Counting.read[game]:10} characters"
        )
    print(f"{'all':55}{_Counting.calls.total():6} calls{_Counting.read.total():10} characters")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line per population."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=400, help="per population (default: 400)")
    parser.add_argument("--max-calls", type=int, default=900)
    parser.add_argument("--width", type=float, default=0.5)
    parser.add_argument("--prompts", metavar="FAMILY", help="count prompts of this family instead")
    options = parser.parse_args(arguments)
    if options.prompts:
        count_prompts(options.prompts)
        return
    measurement = Measurement(width=options.width, calls=options.max_calls, rule=RULE)
    print(
        f"{options.agents} agents with {len(Capability)} thresholds each, {LEVELS} levels, at most "
        f"{measurement.calls} calls, a capability done at ±{measurement.width:g} levels"
    )
    print(f"{'population':28}±levels  within  coverage   bias   RMSE  calls (most)  seconds")
    for place, population in enumerate(POPULATIONS):
        started = time.perf_counter()
        found = simulate(population, options.agents, measurement, np.random.default_rng(place))
        print(
            f"{population.name:28}{found.half_width:7.3f}{found.within:8.3f}"
            f"{found.coverage:10.3f}{found.bias:+7.2f}{found.error:7.2f}"
            f"{found.calls[0]:7.0f} ({found.calls[1]}){time.perf_counter() - started:9.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
