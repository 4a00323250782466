"""How much of a score is the prompt, and how much the parser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from smartplay.agents.prompts import find_variant
from smartplay.cards.bounds import Bounds
from smartplay.core.errors import UsageError
from smartplay.games.registry import get_card
from smartplay.records.folder import RunFolder
from smartplay.runner import Played, run
from smartplay.scores.intervals import Interval, mean_interval
from smartplay.scores.scoring import episode_means
from smartplay.validity.study import bounds_over_chance


class PromptShare(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a score is the prompt.

    Attributes:
        mean: The mean score over all variants.
        variants: The mean score of each variant.
        spread: The highest less the lowest of them.
        deviation: Standard deviation between variants, less what chance alone would make of it.
        share: That variance as a share of all variance of an episode's score; 0 if there is none.
    """

    mean: float
    variants: dict[str, Interval]
    spread: float
    deviation: float
    share: float


def prompt_share(
    scores: Mapping[str, Sequence[float]],
    bounds: Bounds = Bounds(),  # noqa: B008
) -> PromptShare:
    """Tell apart what comes from the prompt and what from the episode and chance.

    A two-way analysis of variance, variants by episodes (of the same seeds), with one value each:
    the variance between variants is (mean square of variants - mean square of the rest) / episodes.

    Args:
        scores: Per variant its episodes' scores, in the order of the same seeds; two variants and
            two episodes or more.
        bounds: What scores can be.
    """
    table = np.array(list(scores.values()), dtype=np.float64)
    variants, episodes = table.shape
    by_variant, by_episode = table.mean(axis=1), table.mean(axis=0)
    rest = table - by_variant[:, None] - by_episode[None, :] + table.mean()
    rest_square = float((rest**2).sum() / ((variants - 1) * (episodes - 1)))
    between = max(0.0, float(by_variant.var(ddof=1)) - rest_square / episodes)
    among = max(0.0, float(by_episode.var(ddof=1)) - rest_square / variants)
    total = between + among + rest_square
    return PromptShare(
        mean=float(table.mean()),
        variants={name: mean_interval(list(row), bounds) for name, row in scores.items()},
        spread=float(by_variant.max() - by_variant.min()),
        deviation=between**0.5,
        share=between / total if total else 0.0,
    )


class Parsing(msgspec.Struct, frozen=True, kw_only=True):
    """What another parser would have made of the same replies.

    Attributes:
        replies: How many replies decided a step.
        otherwise: The share of them that the original's parser, which takes the first action of
            the list whose name occurs in the reply and else the first of all, reads as another
            action than the one that was executed.
        invalid: The share of them that named no valid action.
    """

    replies: int
    otherwise: float
    invalid: float


class Sensitivity(msgspec.Struct, frozen=True, kw_only=True):
    """What a sensitivity study found.

    Attributes:
        agent: Who played.
        variants: The variants, with what is different in each.
        runs: The run folder of each variant.
        episodes: Episodes per variant, those that every variant played to the end.
        overall: Over all games, by scores over chance.
        games: Game by game.
        parsing: What another parser would have made of it, over all variants.
    """

    agent: str
    variants: dict[str, str]
    runs: dict[str, str]
    episodes: int
    overall: PromptShare
    games: dict[str, PromptShare]
    parsing: Parsing


def study_prompts(
    agent: str | Callable[..., Any],
    variants: Sequence[str],
    games: str,
    out: Path,
    settings: Mapping[str, Any],
    **options: Any,
) -> Sensitivity:
    """Play an agent under variants of the prompt, all on the same seeds.

    Args:
        agent: As for `smartplay.run`.
        variants: Names of two variants or more.
        games: As for `smartplay.run`; games without a random score or a best one are of no use.
        out: A folder; each variant's run goes into one of its name in there.
        settings: Settings of the agent.
        **options: Further options of `smartplay.run`.

    Raises:
        UsageError: If something asked for does not exist, or too few episodes were scored.
    """
    found = [find_variant(name) for name in dict.fromkeys(variants)]
    if len(found) < 2:
        raise UsageError("name two variants of the prompt or more")
    runs: dict[str, Played] = {}
    for name in (variant.name for variant in found):
        own = {key: value for key, value in settings.items() if key != "prompt"}
        own |= {} if name == "plain" else {"prompt": name}
        runs[name] = run(agent, games, out=out / name, agent_settings=own, **options)
    scores = {name: scores_over_chance(played) for name, played in runs.items()}
    common = [key for key in scores[found[0].name] if all(key in row for row in scores.values())]
    per_game = {game: [key for key in common if key[0] == game] for game, _ in common}

    def share_of(keys: Sequence[tuple[str, int]]) -> PromptShare:
        bounds = bounds_over_chance([get_card(game) for game in dict(keys)])
        rows = {name: [row[key] for key in keys] for name, row in scores.items()}
        return prompt_share(rows, bounds)

    if len(common) < 2:
        raise UsageError(
            "too few episodes have a score over chance under every variant; play more of them, "
            "with the steps and settings of their cards"
        )
    return Sensitivity(
        agent=runs[found[0].name].header.agent,
        variants={variant.name: variant.summary for variant in found},
        runs={name: str(played.path) for name, played in runs.items()},
        episodes=len(common),
        overall=share_of(common),
        games={game: share_of(keys) for game, keys in per_game.items() if len(keys) > 1},
        parsing=_parsing(list(runs.values())),
    )


def scores_over_chance(played: Played) -> dict[tuple[str, int], float]:
    """Scores over chance by game and episode; of one played several times the mean."""
    plans = played.header.games.items()
    cards = {game: get_card(game).as_played(plan.steps, plan.settings) for game, plan in plans}
    return episode_means(
        ((record.game, record.episode), cards[record.game].corrected(record.score))
        for record in played.episodes
        if record.score is not None
    )


def _parsing(runs: Sequence[Played]) -> Parsing:
    replies = otherwise = invalid = 0
    for played in runs:
        folder = RunFolder(played.path)
        for record in played.episodes:
            if record.status != "scored":
                continue
            header, steps = folder.steps(record.game, record.episode, repeat=record.repeat)
            for step in steps:
                replies += 1
                invalid += not step.valid
                otherwise += first_named(step.attempts[-1].reply, header.actions) != step.action
    total = max(1, replies)
    return Parsing(replies=replies, otherwise=otherwise / total, invalid=invalid / total)


def first_named(reply: str, actions: Sequence[str]) -> int:
    """The action the original's parser would have executed.

    The first of the list whose name occurs anywhere in the reply, whatever its case; the first of
    all if there is none.
    """
    text = reply.lower()
    return next((k for k, name in enumerate(actions) if name.lower() in text), 0)
