"""Whether a diagnosis finds what an agent lacks.

Scripted agents with a faculty missing play without help and with each aid, on the same episodes and
with slips of their own. Each try draws from the played episodes, with replacement, and diagnoses
what it drew.

    python -m tools.diagnosis                        all cases, 100 tries of 40 episodes
    python -m tools.diagnosis --lapse 0.5            the faculty is missing in half of the steps
    python -m tools.diagnosis --only Hanoi --pool 60
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np

from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Context, Observation
from smartplay.cli.output import print_table
from smartplay.scores.aids import NONE, Gains, gains
from smartplay.validity.diagnosis import ARMS, CAPABILITIES

SLIP = 0.05
"""How often an agent takes an action by chance, in each arm on other occasions."""


class Case(msgspec.Struct, frozen=True):
    """An agent that lacks something, and what should help it.

    Attributes:
        lacks: The faculty, or the ablation as `ablation:NAME`; `attention` for an agent that any
            words wake up.
        game: The id's name.
        right: The aids that should be named; several where no test can tell them apart.
        steps: Step limit.
        settings: Settings of the game.
    """

    lacks: str
    game: str
    right: tuple[str, ...]
    steps: int
    settings: dict[str, Any] = {}


CASES = (
    Case("ablation:truncate-manual", "MessengerL1", ("excerpt",), 4),
    Case("inferences", "RockPaperScissorBasic", ("conclusions",), 50),
    Case("rules", "Crafter", ("rules",), 200),
    Case("lookahead", "Hanoi3Disk", ("subgoal",), 30),
    Case("lookahead", "Crafter", ("subgoal",), 200),
    Case("names", "MessengerL1", ("glossary",), 4),
    Case("odds", "RockPaperScissorBasic", ("odds",), 50),
    Case("memory", "Crafter", ("digest",), 200),
    Case("checking", "Hanoi3Disk", ("check",), 30, {"noise": 0.2}),
    Case("axes", "Crafter", ("map",), 200),
    Case("rules", "Hanoi3Disk", ("rules", "subgoal"), 30),
    Case("ablation:no-history", "BanditTwoArmedHighLowFixed", ("digest", "odds"), 50),
    Case("attention", "Hanoi3Disk", (), 30),
)


class Tries(msgspec.Struct, frozen=True):
    """How a case came out.

    Attributes:
        tries: Diagnoses made.
        first: Of them, those that named one of the right aids first, or none if none is right.
        alone: Of them, those that named a right aid and nothing else but right ones.
        named: How often each aid was named first; `none` where none was.
        gain: Mean gain by the right aid, over all played episodes; 0 if none is right.
    """

    tries: int
    first: int
    alone: int
    named: dict[str, int]
    gain: float


def play(
    case: Case, pool: int, lapse: float = 1.0
) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """Scores of every arm in the same episodes."""
    env: Any = gym.make(
        f"smartplay/{case.game}-v0",
        disable_env_checker=True,
        max_episode_steps=case.steps,
        **case.settings,
    )
    return {
        arm: np.array([_episode(env, case, arm, seed, lapse) for seed in range(pool)])
        for arm in ARMS
    }


def _episode(env: Any, case: Case, arm: str, seed: int, lapse: float) -> float:
    text, info = env.reset(seed=seed)
    actions = list(info["actions"])
    aid = {} if arm == NONE else {"aid": arm}
    lacking, whole = [
        find_agent("reference", settings | aid).make(
            Context(manual=info["manual"], actions=actions, seed=seed)
        )
        for settings in (_lack(case), {})
    ]
    rng = random.Random(f"{arm} {seed}")
    while True:
        seen = Observation(text, info["history"])
        replies: list[Any] = [lacking.act(seen), whole.act(seen) if lapse < 1 else ""]
        reply = replies[rng.random() >= lapse]
        asleep = case.lacks == "attention" and arm == NONE
        slips = rng.random() < (1 if asleep else SLIP)
        action = rng.randrange(len(actions)) if slips else actions.index(reply)
        text, _, terminated, truncated, info = env.step(action)
        if terminated or truncated:
            return float(info["score"])


def _lack(case: Case) -> dict[str, Any]:
    kind, _, ablation = case.lacks.partition(":")
    return {"ablation": ablation} if ablation else {"without": kind}


def diagnose(scores: Mapping[str, Any], chosen: Any) -> Gains:
    """The diagnosis of some of the episodes."""
    drawn = {arm: row[chosen] for arm, row in scores.items()}
    everything = np.concatenate(list(drawn.values()))
    return gains(drawn, CAPABILITIES, float(np.ptp(everything)))


def try_often(case: Case, pool: int, tries: int, episodes: int, lapse: float = 1.0) -> Tries:
    """Diagnose a case again and again."""
    scores, rng = play(case, pool, lapse), np.random.default_rng(0)
    found = [diagnose(scores, rng.integers(pool, size=episodes)).named for _ in range(tries)]
    firsts = [(named or [NONE])[0] for named in found]
    right = case.right or (NONE,)
    return Tries(
        tries,
        sum(first in right for first in firsts),
        sum(set(named or [NONE]) <= set(right) for named in found),
        dict(Counter(firsts)),
        float((scores[right[0]] - scores[NONE]).mean()),
    )


def main() -> None:
    """Print how each case came out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--episodes", type=int, default=40)
    parser.add_argument("--pool", type=int, default=80, help="episodes that tries draw from")
    parser.add_argument("--lapse", type=float, default=1.0,
                        help="share of the steps in which the faculty is missing")  # fmt: skip
    parser.add_argument("--only", default="", help="cases whose game or faculty has this in it")
    options = parser.parse_args()
    rows = []
    for case in CASES:
        if options.only in f"{case.game} {case.lacks}":
            began = time.monotonic()
            found = try_often(case, options.pool, options.tries, options.episodes, options.lapse)
            named = ", ".join(f"{name} {count}" for name, count in found.named.items())
            rows.append(
                (case.lacks, case.game, " or ".join(case.right) or NONE, f"{found.gain:+.2f}",
                 f"{found.first} of {found.tries}", str(found.alone), named,
                 f"{time.monotonic() - began:.0f} s")
            )  # fmt: skip
    header = ("lacks", "game", "right", "gain", "right first", "alone", "named first", "time")
    print_table(f"{options.tries} tries of {options.episodes} episodes", header, rows)


if __name__ == "__main__":
    main()
