"""What a run cost: calls, tokens and money by role and model, and what each game got for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from smartplay.cards.anchors import GoalSteps
from smartplay.cards.bounds import Bounds
from smartplay.cards.card import GameCard
from smartplay.core.printable import plural
from smartplay.records import EpisodeRecord, RoleUse, RunHeader, Usage
from smartplay.records.prices import Price, Prices, money
from smartplay.scores.intervals import Interval, mean_interval
from smartplay.scores.scoring import episode_means, spent

UNPRICED = "The given prices name no price for"


class ModelUse(msgspec.Struct, frozen=True, kw_only=True):
    """The calls to the model in one role.

    Attributes:
        role: The role; empty for calls that the agent reports by itself.
        model: The model as configured.
        calls: Calls.
        usage: Their tokens.
        served: The models that really answered, as the service names them.
        notes: What else a reader should know about how it was called.
        cost: What the calls cost; None if unknown.
        reported: Whether the service reported tokens in every episode.
    """

    role: str
    model: str
    calls: int
    usage: Usage
    served: list[str]
    notes: list[str]
    cost: float | None
    reported: bool = True


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What the calls cost.

    Attributes:
        currency: What amounts are counted in.
        date: The day of the prices (ISO 8601).
        source: Where the prices come from.
        prices: The prices by model.
        games: The cost by game.
        total: Their sum.
    """

    currency: str
    date: str
    source: str
    prices: dict[str, Price]
    games: dict[str, float]
    total: float


def model_uses(
    records: Iterable[EpisodeRecord], header: RunHeader, prices: Prices | None
) -> list[ModelUse]:
    """The calls of each role to its model."""
    found: dict[tuple[str, str], list[RoleUse]] = {}
    for record in records:
        roles = record.roles
        if record.calls and not roles:  # version 0.1 recorded only the sum
            roles = {"": RoleUse(calls=record.calls, usage=record.usage, reused=record.reused)}
        for role, use in roles.items():
            found.setdefault((role, use.model or header.agent), []).append(use)
    result = []
    for (role, model), uses in sorted(found.items()):
        usage, price = sum((use.usage for use in uses), Usage()), _price(model, header, prices)
        reported = all(use.usage.total for use in uses if use.calls)
        result.append(
            ModelUse(
                role=role,
                model=model,
                calls=sum(use.calls for use in uses),
                usage=usage,
                served=sorted({name for use in uses for name in use.served if name}),
                notes=sorted({note for use in uses for note in use.notes}),
                reported=reported,
                cost=price.of(usage) if price is not None and reported else None,
            )
        )
    return result


def _price(model: str, header: RunHeader, prices: Prices | None) -> Price | None:
    own = header.agent_settings if model == header.agent else {}
    return prices.find(model, own) if prices else None


def cost_of(
    records: Sequence[EpisodeRecord], header: RunHeader, prices: Prices | None
) -> Cost | None:
    """The cost of a run's episodes; None without prices, or if one of its models has no price."""
    uses = model_uses(records, header, prices)
    if prices is None or not uses or any(use.cost is None for use in uses):
        return None
    by_game: dict[str, list[EpisodeRecord]] = {game: [] for game in header.games}
    for record in records:
        by_game[record.game].append(record)
    games = {
        game: sum(use.cost or 0.0 for use in model_uses(played, header, prices))
        for game, played in by_game.items()
    }
    return Cost(
        currency=prices.currency,
        date=prices.date.isoformat(),
        source=prices.source,
        prices={u.model: p for u in uses if (p := _price(u.model, header, prices)) is not None},
        games=games,
        total=sum(games.values()),
    )


def compile_notes(header: RunHeader, episodes: int, prices: Prices | None) -> list[str]:
    """Notes on the calls that compiling the agent's program took, beyond the run's own calls.

    Args:
        header: The run.
        episodes: How many scored episodes it is spread over.
        prices: What tokens cost.
    """
    compiled = header.agent_settings.get("compiled")
    if not isinstance(compiled, dict) or not compiled.get("calls"):
        return []
    try:
        calls = int(compiled["calls"])
        usage = msgspec.convert(compiled["usage"], Usage)
    except (KeyError, TypeError, ValueError, msgspec.ValidationError):
        return ["What compiling the agent's program took cannot be read from the run's header."]
    price = prices and prices.find(str(compiled.get("model", "")), {})
    told = f", {money(price.of(usage), prices.currency)}" if price and prices else ""
    each = f": {usage.total / episodes:.0f} tokens an episode played" if episodes else ""
    return [
        f"Compiling the agent's program took {plural(calls, 'call')} before the run "
        f"({usage}{told}{each}), which its calls, tokens and cost leave out."
    ]


def cost_notes(uses: Sequence[ModelUse], prices: Prices | None) -> list[str]:
    """What a reader must know of the models before quoting a number."""
    notes = []
    unpriced = sorted({use.model for use in uses if use.reported and use.cost is None})
    if unpriced and prices:
        notes.append(f"{UNPRICED} {', '.join(unpriced)}: the cost is not known.")
    silent = sorted({use.model for use in uses if not use.reported})
    if silent:
        notes.append(
            f"Not all calls to {', '.join(silent)} came with a number of tokens: their tokens and "
            "cost are not known."
        )
    for use in uses:
        notes += use.notes
        if len(use.served) > 1:
            role = f" in the role {use.role}" if use.role else ""
            notes.append(
                f"What answered as {use.model}{role} changed within the run: "
                f"{', '.join(use.served)}."
            )
    return notes


class Efficiency(msgspec.Struct, frozen=True, kw_only=True):
    """What a game's scored episodes cost, and what they achieved.

    Attributes:
        game: The full id.
        episodes: Scored episodes.
        solved: Of these, those that reached the game's goal; None where it has none.
        steps: Steps to the goal, over the solved episodes alone; None if none was solved.
        reference: The shipped scripted agent's steps to the goal, where they were measured.
        human: People's steps to the goal, likewise.
        calls: Calls to language models per episode; None without episodes.
        tokens: Tokens read and written per episode; None also where they were not reported.
        cost: Price per episode; None if unknown.
        cost_solved: The price of all episodes divided by the number solved; None if none was.
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
    """Sum up what a game's episodes cost.

    Args:
        card: The game's card, with the anchors that hold for the settings played with.
        records: Its episodes, scored or not.
        cost: What the scored episodes of the run cost.
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
