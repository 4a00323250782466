"""What an agent's success took: steps to the goal, calls, tokens and money."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from smartplay.cards.anchors import GoalSteps
from smartplay.cards.bounds import Bounds
from smartplay.cards.card import GameCard
from smartplay.records import EpisodeRecord
from smartplay.report.costs import Cost
from smartplay.scores.intervals import Interval, mean_interval
from smartplay.scores.scoring import episode_means, spent


class Efficiency(msgspec.Struct, frozen=True, kw_only=True):
    """What a game's scored episodes took, and what came of it.

    Attributes:
        game: The full id.
        episodes: Scored episodes.
        solved: Of these, those that reached the game's goal; None where it has none.
        steps: Steps to the goal, over the solved episodes alone; None if none was solved.
        reference: Steps to the goal of the shipped scripted agent, where they were measured.
        human: Those of people, likewise.
        calls: Calls to language models per episode; None without episodes.
        tokens: Tokens read and written per episode; None also where they were not reported.
        cost: Price per episode; None where that is not known.
        cost_solved: The price of all episodes divided by the number that were solved; None if
            none was.
    """

    game: str
    episodes: int
    solved: int | None
    steps: Interval | None
    reference: GoalSteps | None
    human: GoalSteps | None
    calls: float | None
    tokens: float | None
    cost: float | None
    cost_solved: float | None


def efficiency_of(
    card: GameCard, records: Sequence[EpisodeRecord], cost: Cost | None
) -> Efficiency:
    """Sum up what a game's episodes took.

    Args:
        card: The game's card, with the anchors that hold for the settings played with.
        records: Its episodes, scored or not.
        cost: What the run cost.
    """
    scored = [record for record in records if record.status == "scored"]
    solved = [record for record in scored if record.completed]
    steps = episode_means((record.episode, float(record.steps)) for record in solved)
    calls, usage = spent(scored)
    number = len(scored)
    reported = all(record.usage.total for record in scored if record.calls)
    price = cost.games.get(card.id) if cost and calls else None
    return Efficiency(
        game=card.id,
        episodes=number,
        solved=len(solved) if card.goal else None,
        steps=mean_interval(list(steps.values()), Bounds(0.0)) if steps else None,
        reference=card.anchors.reference_steps,
        human=card.anchors.human_steps,
        calls=calls / number if number else None,
        tokens=usage.total / number if number and reported else None,
        cost=price / number if price is not None and number else None,
        cost_solved=price / len(solved) if price is not None and solved else None,
    )
