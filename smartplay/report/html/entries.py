"""What a comparison needs of each report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from smartplay.core import printable
from smartplay.report.build import Report
from smartplay.scores.comparison import Entry


def entries_of(reports: Sequence[Report]) -> list[Entry]:
    """An entry per report. Cost is money where prices were given to all, else tokens."""
    pairs = zip(reports, names_of(reports), strict=True)
    return [_entry(report, name, _priced(reports)) for report, name in pairs]


def cost_unit(reports: Sequence[Report]) -> str:
    """What `Entry.cost` counts, in words."""
    costs = [report.cost for report in reports if report.cost is not None]
    if costs and _priced(reports):
        return f"cost of the run in {costs[0].currency}, prices of {costs[0].date}"
    return "tokens read and written in the run"


def _priced(reports: Sequence[Report]) -> bool:
    return all(report.cost is not None or not report.calls for report in reports)


def names_of(reports: Sequence[Report]) -> list[str]:
    """The agents' names, numbered where two are equal."""
    agents = [printable.line(report.agent) for report in reports]
    seen: Counter[str] = Counter()
    names = []
    for agent in agents:
        seen[agent] += 1
        names.append(f"{agent} ({seen[agent]})" if agents.count(agent) > 1 else agent)
    return names


def _entry(report: Report, name: str, priced: bool) -> Entry:
    compared = report.details if report.run.measurement is None else []
    money = 0.0 if report.cost is None else report.cost.total
    return Entry(
        name=name,
        scores={detail.game: detail.by_seed("score") for detail in compared},
        normalized={detail.game: detail.by_seed("normalized") for detail in compared},
        conditions={game: _conditions(report, game) for game in report.run.games},
        weights={score.capability: score.covers for score in report.capabilities},
        overall=None if report.overall is None else report.overall.mean,
        cost=money if priced else float(report.usage.total),
        agent=_plain([report.agent, report.run.agent_settings]),
        suite=report.run.suite,
        thresholds=report.thresholds,
    )


def _conditions(report: Report, game: str) -> str:
    plan = report.run.games[game]
    conditions = [plan.digest, plan.settings, plan.steps, plan.history]
    return _plain(conditions)


def _plain(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
