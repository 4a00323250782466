"""The episodes of a run, and the seeds that they follow from."""

from __future__ import annotations

import hashlib
from itertools import product
from typing import Any

import msgspec
import numpy as np

from smartplay.core.errors import RunFolderError
from smartplay.games.registry import get_card
from smartplay.records import Key, RunHeader, Usage
from smartplay.records.prices import Price
from smartplay.runner.suite import Suite, seed_label
from smartplay.scores.thresholds import Track

MOST_RETRIES = 1000
"""How often an agent may be asked again at a step; a run with more is not believed."""
SEED_RULE = 2
"""The rule by which new runs draw their episodes' seeds. By rule 1, that of version 0.1, the
agent's seed comes from the same stream as the environment's; by rule 2 it is `seed_of_agent`."""

SPLITS = {"train": (2**31, 30), "dev": (2**31 + 2**30, 29), "test": (2**31 + 2**30 + 2**29, 29)}
"""Where the seeds of each split begin, and how many bits of them are drawn. Those of suites lie
below 2**31, so no split shares an episode with any suite, nor with another split; all are below
2**32, which is the most that every generator of the games takes."""


class Allowance(msgspec.Struct, frozen=True):
    """A share of the limits of a run, for an episode on an executor.

    Attributes:
        tokens: Most tokens; None for any number.
        cost: Most money; None for any amount.
        prices: What the tokens of each model cost.
        largest: The largest call of each model so far.
        seconds: Time that is left; None for any.
    """

    tokens: float | None = None
    cost: float | None = None
    prices: dict[str, Price] = {}
    largest: dict[str, Usage] = {}
    seconds: float | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One episode to play; plain data, so it can be sent to another process.

    Attributes:
        game: The full id.
        card: Path of the card file if it is not a shipped one, else empty.
        settings: Settings that replace the card's.
        steps: Step limit.
        episode: Number of the episode.
        repeat: Which of the repeats of the episode this is.
        seed: Seed of the environment.
        label: What is recorded instead of the seed, where that is a secret.
        agent_seed: Seed of the agent.
        retries: How often the agent is asked again after an invalid reply; then comes the fallback.
        seconds: Time the episode may take; None for any.
        memory: What the agent made of the episodes before it; None for nothing.
        allowance: What it may spend, if it is played on an executor.
        replies: The replies that are recorded already, if it is played on an executor.
        level: The level of the game's dial, among the settings too; 0 if none was chosen.
    """

    game: str
    card: str
    settings: dict[str, Any]
    steps: int
    episode: int
    repeat: int = 0
    seed: int
    label: int | None = None
    agent_seed: int
    retries: int
    seconds: float | None = None
    memory: bytes | None = None
    allowance: Allowance = Allowance()
    replies: dict[int, dict[bytes, bytes]] = {}
    level: int = 0

    @property
    def key(self) -> Key:
        """The episode's identity within its run."""
        return self.game, self.episode, self.repeat

    @property
    def recorded_seed(self) -> int:
        """The seed as records show it: its label where the seed is a secret."""
        return self.seed if self.label is None else self.label


def jobs_of(header: RunHeader, suite: Suite | None = None) -> list[Job]:
    """Every episode of a run.

    Args:
        header: The run.
        suite: The private suite it plays. Without the suite's secret its episodes have labels
            instead of seeds.
    """
    return [
        job_of(header, (game, episode, repeat), suite)
        for game, plan in header.games.items()
        for episode, repeat in product(range(plan.episodes), range(header.repeats))
    ]


def job_of(header: RunHeader, key: Key, suite: Suite | None = None) -> Job:
    """One episode of a run; see `jobs_of`."""
    game, episode, repeat = key
    plan, stream = header.games[game], get_card(game).id
    seed, agent_seed = episode_seeds(header.seed, stream, episode)
    if header.split:
        seed = split_seed(header.split, header.seed, stream, episode)
    if header.seed_rule > 1:
        origin = f"{header.split} {header.seed}" if header.split else header.suite or header.seed
        agent_seed = seed_of_agent(origin, game, episode, repeat)
    label = None
    if header.suite:
        label = seed_label(header.suite, stream, episode)
        seed = suite.seed(stream, episode) if suite else label
    return Job(
        game=game,
        card=plan.card if plan.card.endswith(".toml") else "",
        settings=plan.settings,
        steps=plan.steps,
        episode=episode,
        repeat=repeat,
        seed=seed,
        label=label,
        agent_seed=agent_seed,
        retries=header.retries,
    )


def split_seed(split: str, suite_seed: int, stream: str, episode: int) -> int:
    """The seed of an episode's environment in a split of `SPLITS`.

    It is drawn as the seeds of suites are (`episode_seeds`), but from the split's own range. So an
    agent that is trained on one split, tuned on another and tested on the third meets no episode
    twice, and none of a public suite.

    Args:
        split: The split.
        suite_seed: Chooses one of several sets of episodes within the split.
        stream: The game's id.
        episode: Number of the episode, from 0.
    """
    first, bits = SPLITS[split]
    return first + (episode_seeds(suite_seed, stream, episode)[0] >> (31 - bits))


def episode_seeds(suite_seed: int, stream: str, episode: int) -> tuple[int, int]:
    """The seed of an episode's environment, and that of its agent by rule 1; each below 2**31.

    They depend on the three arguments alone (`numpy.random.SeedSequence` over the suite seed, the
    SHA-256 of the stream and the episode's number), so no order of playing changes them. The stream
    is the game's id.
    """
    digest = hashlib.sha256(stream.encode()).digest()
    words = [int.from_bytes(digest[k : k + 4], "little") for k in range(0, 16, 4)]
    state = np.random.SeedSequence([suite_seed, *words, episode]).generate_state(2)
    return int(state[0] >> 1), int(state[1] >> 1)


def seed_of_agent(suite_seed: int | str, game: str, episode: int, repeat: int) -> int:
    """The seed of an episode's agent by rule 2, below 2**31.

    It is a digest, so it reveals nothing of the environment's seed and does not recur in other
    games, episodes or repeats.
    """
    told = f"agent {suite_seed} {game} {episode} {repeat}"
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:4], "big") >> 1


def tracks_of(header: RunHeader) -> dict[str, Track]:
    """Empty tracks of a measuring run, one per dial, by full id.

    Raises:
        RunFolderError: If a game has no dial.
    """
    tracks = {}
    for game, plan in header.games.items():
        dial = get_card(game).dial
        if dial is None:
            raise RunFolderError(f"the run measures {game}, which has no dial")
        tracks[game] = Track(dial, plan.steps)
    return tracks
