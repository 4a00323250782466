"""What a report holds, and what a comparison takes from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from smartplay.cards.bounds import Bounds
from smartplay.cards.card import Human
from smartplay.core import printable
from smartplay.core.shown import Shown
from smartplay.games.registry import find_card
from smartplay.records import RunHeader, Usage
from smartplay.report.costs import Cost, Efficiency, ModelUse
from smartplay.report.details import GameDetail
from smartplay.scores.contrasts import ContrastScore
from smartplay.scores.entries import Entry
from smartplay.scores.intervals import Interval
from smartplay.scores.power import OWN_SCORE, scale_of
from smartplay.scores.repeats import RepeatScore
from smartplay.scores.scoring import CapabilityScore, GameScore, Separability
from smartplay.scores.thresholds import Threshold

OWN_FILE = re.compile(r"^.*[/\\](?=[^/\\]+\.(py:\w+|toml)$)")


class Report(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What `report.json` holds.

    Attributes:
        agent: Who played.
        run: What was played, as in `run.json`.
        episodes: Scored episodes.
        planned: Episodes of the run.
        unscored: Failed episodes, by cause.
        missing: Episodes not played yet.
        invalid: Share of all steps in scored episodes without a valid answer; None without steps.
        calls: Calls to a language model.
        usage: Their tokens.
        overall: The headline: mean of the games' normalised scores, each game weighted alike and
            capped at 1, the human score. None without such a score, or if a game that could have
            one is still to be played or was not played as its card says. Without ends if every
            game's interval is above 1.
        uncapped: The same without the cap, as in the paper.
        games: A score per game.
        capabilities: A score per capability, by its weights.
        contrasts: The retention of each capability when it is demanded; empty if no contrast was
            played.
        repeats: What the repeats of episodes show, by game; empty if each was played once.
        thresholds: How far each capability reaches; empty if the run did not measure that.
        chance: The capability scores of random play on the same games, by weighting; None if a
            game's random score is unknown.
        separability: The capabilities that the games cannot tell apart, by weighting.
        notes: What a reader must know before quoting a number.
        details: The episodes of each game.
        models: Calls and tokens by role and model.
        cost: What the calls cost; None if no prices were given or a model has none.
        efficiency: What each game's episodes cost, and what they achieved.
        human: The human scores used where a game has both: `"published"` or `"baseline"`.
    """

    agent: str
    run: RunHeader
    episodes: int
    planned: int
    unscored: dict[str, int]
    missing: int
    invalid: float | None
    calls: int
    usage: Usage
    overall: Interval | None
    uncapped: Interval | None
    games: list[GameScore]
    capabilities: list[CapabilityScore]
    contrasts: list[ContrastScore]
    chance: dict[str, dict[str, float | None]]
    separability: dict[str, Separability]
    notes: list[str]
    details: list[GameDetail] = []
    models: list[ModelUse] = []
    cost: Cost | None = None
    human: Human = "published"
    thresholds: list[Threshold] = []
    repeats: list[RepeatScore] = []
    efficiency: list[Efficiency] = []

    def __str__(self) -> str:
        overall = "" if self.overall is None else f", overall {self.overall}"
        return f"of {self.agent}: {self.episodes} of {self.planned} episodes{overall}"


def entries_of(reports: Sequence[Report]) -> list[Entry]:
    """An entry per report. Cost is money where prices were given to all, else tokens."""
    return [
        Entry(
            name=name,
            scores={detail.game: detail.by_seed("score") for detail in _compared(report)},
            normalized={detail.game: detail.by_seed("normalized") for detail in _compared(report)},
            conditions={game: _conditions(report, game) for game in report.run.games},
            units={
                detail.game: scale.unit
                for detail in report.details
                if (scale := scale_of(detail.anchors)).name != OWN_SCORE
            },
            bounds=_bounds(report),
            weights={score.capability: score.covers for score in report.capabilities},
            overall=None if report.overall is None else report.overall.mean,
            cost=_money(report) if _priced(reports) else float(report.usage.total),
            agent=_plain([report.agent, report.run.agent_settings]),
            suite=report.run.suite,
            thresholds=report.thresholds,
        )
        for report, name in zip(reports, names_of(reports), strict=True)
    ]


def _bounds(report: Report) -> dict[str, Bounds]:
    """The possible scores of each game, as it was played."""
    known = ((find_card(game), plan) for game, plan in report.run.games.items())
    return {
        card.id: card.as_played(plan.steps, plan.settings).bounds_within(plan.steps)
        for card, plan in known
        if card is not None
    }


def agent_name(report: Report) -> str:
    """Who played, with the models behind it where the agent's name does not say.

    These are the models that answered, as services name them, or else those in the settings. The
    name of an agent from a file leaves out the folder.
    """
    agent = OWN_FILE.sub("", report.agent)
    served = {name for use in report.models for name in use.served}
    models = [name for name in sorted(served or _set_models(report)) if name not in report.agent]
    return f"{agent} ({', '.join(models)})" if models else agent


def invalid_causes(report: Report) -> dict[str, float]:
    """The share of all steps without a valid answer, by cause."""
    steps = sum(game.steps for game in report.games)
    return {
        cause: sum(game.invalid.get(cause, 0.0) * game.steps for game in report.games) / steps
        for cause in dict.fromkeys(cause for game in report.games for cause in game.invalid)
    }


def _set_models(report: Report) -> set[str]:
    """The models that the agent's settings name: its own, or those of its roles."""
    settings = report.run.agent_settings
    roles = settings.get("models")
    each = [settings, *(roles.values() if isinstance(roles, dict) else ())]
    names = [own.get("model") for own in each if isinstance(own, dict)]
    return {name for name in names if isinstance(name, str)}


def names_of(reports: Sequence[Report]) -> list[str]:
    """The agents' names, numbered where two are equal."""
    agents = [printable.line(agent_name(report)) for report in reports]
    seen: Counter[str] = Counter()
    names = []
    for agent in agents:
        seen[agent] += 1
        names.append(f"{agent} ({seen[agent]})" if agents.count(agent) > 1 else agent)
    return names


def cost_unit(reports: Sequence[Report]) -> str:
    """What `Entry.cost` counts, in words."""
    costs = [report.cost for report in reports if report.cost is not None]
    if costs and _priced(reports):
        return f"cost of the run in {costs[0].currency}, prices of {costs[0].date}"
    return "tokens read and written in the run"


def _priced(reports: Sequence[Report]) -> bool:
    return all(report.cost is not None or not report.calls for report in reports)


def _money(report: Report) -> float:
    return 0.0 if report.cost is None else report.cost.total


def _conditions(report: Report, game: str) -> dict[str, str | None]:
    """What may move a score besides the agent; the parser only if there were replies to read."""
    plan = report.run.games[game]
    score = next(each for each in report.games if each.game == game)
    read = bool(report.calls or any(each.rejected for each in report.games))
    return {
        "card": plan.digest,
        "engine": score.engine or None,
        "history": str(plan.history),
        "parser": str(report.run.parser) if read else None,
        "retries": str(report.run.retries) if read else None,
        "settings": _plain(plan.settings) if plan.settings else "the card's",
        "steps": str(plan.steps),
    }


def _plain(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _compared(report: Report) -> list[GameDetail]:
    """The games whose scores can be compared: not those whose levels were chosen."""
    return report.details if report.run.measurement is None else []
