"""Probes: whether scores hold on seeds nobody knows, and with other names for the same things."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from smartplay.agents.ablations import Renamed
from smartplay.agents.context import AgentMaker
from smartplay.agents.wrappers import make_filtered
from smartplay.cards.bounds import Bounds
from smartplay.cards.card import GameCard
from smartplay.runner.plan import episode_seeds
from smartplay.scores.intervals import Interval, mean_interval
from smartplay.validity.population import play

PUBLIC = 0
"""The suite seed that is played if none is given."""

GAPS = Bounds(-1, 1)
"""What the difference of two shares can be."""


class Probes(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent's share of right rounds owes to seeds and names; 0 is to be expected of both.

    Attributes:
        game: The full id.
        episodes: Episodes per level and condition.
        seeds: Its share on the public suite seed less that on a private one, at the same levels.
        names: Its share with the names of the game less that with invented words for the actions,
            on the same episodes of the private seed.
    """

    game: str
    episodes: int
    seeds: Interval
    names: Interval


def probe(
    make: AgentMaker, card: GameCard, levels: Sequence[int], episodes: int, private: int
) -> Probes:
    """Play an agent on public and private seeds, and renamed.

    Args:
        make: Makes the agent, which answers at once and with the name of an action.
        card: A game with a dial.
        levels: The levels to play.
        episodes: Episodes per level and condition, two in all or more.
        private: A suite seed that was told nobody.
    """
    assert card.dial
    seeds, names = [], []
    for level in levels:
        for k in range(episodes):
            stream = f"{card.id}, level {level}"
            known, unknown = (episode_seeds(suite, stream, k) for suite in (PUBLIC, private))
            public = play(card, level, make, *known)
            plain = play(card, level, make, *unknown)
            renamed = play(card, level, partial(make_filtered, make, [Renamed]), *unknown)
            seeds.append((public - plain) / card.dial.rounds)
            names.append((plain - renamed) / card.dial.rounds)
    return Probes(
        game=card.id,
        episodes=episodes,
        seeds=mean_interval(seeds, GAPS),
        names=mean_interval(names, GAPS),
    )
