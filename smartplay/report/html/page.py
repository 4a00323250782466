"""Puts reports into the page's templates."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from jinja2 import Template
from markupsafe import Markup

from smartplay.core import printable
from smartplay.report import figures, svg, wording
from smartplay.report.comparison import resolution
from smartplay.report.content import Report, cost_unit
from smartplay.report.details import GameDetail
from smartplay.report.html.traces import NOWHERE, Traces
from smartplay.report.listing import Listed
from smartplay.report.radar import NAMES, chance_of, outlines, radar
from smartplay.report.rendering import templates
from smartplay.report.repeats import repeat_tables
from smartplay.report.thresholds import psychometric
from smartplay.scores.comparison import Comparison, Difference, Subject
from smartplay.scores.scoring import GameScore


class Played(NamedTuple):
    """A run's part in a game."""

    run: int
    name: str
    score: GameScore
    detail: GameDetail
    cost: float | None


def render_page(
    reports: Sequence[Report],
    names: Sequence[str],
    comparison: Comparison | None,
    traces: Traces,
) -> str:
    """The page's HTML."""
    script, style = _asset("viewer.js"), _asset("style.css")
    one, first, same = len(reports) == 1, reports[0], _same_games(reports)
    return _template("page.html.j2").render(
        reports=list(zip(range(len(reports)), names, reports, strict=True)),
        first=first,
        one=one,
        measured=any(map(wording.measured, reports)),
        same_games=same,
        games=_games(reports, names),
        radar=radar(
            outlines(first) if one else [outlines(report)[0] for report in reports],
            chance_of(first) if same else [None] * len(NAMES),
        ),
        comparison=comparison,
        cost_unit=cost_unit(reports),
        cautions=_cautions(reports, names) + (comparison.notes if comparison else []),
        next=list(_look_next(first)) if one else [],
        traces=traces,
        data=_viewer_data(reports, names, traces),
        script=Markup(script),
        style=Markup(style),
        script_hash=_hash(script),
        style_hash=_hash(style),
    )


def render_index(runs: Sequence[tuple[str, str, Listed]], others: Sequence[tuple[str, str]]) -> str:
    """The HTML of a list of runs.

    Args:
        runs: The name of each, the address of its page (empty if there is none), and what it is.
        others: What is not listed, with the reason.
    """
    style = _asset("style.css")
    return _template("index.html.j2").render(
        runs=runs, others=others, style=Markup(style), style_hash=_hash(style)
    )


@lru_cache
def _template(file: str) -> Template:
    environment = templates("smartplay.report.html")
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.globals.update(
        figures=figures,
        psychometric=psychometric,
        repeat_tables=repeat_tables,
        resolution=resolution,
        series=svg.series,
        wording=wording,
    )
    named = (wording.interval, wording.share, wording.name, wording.gap, svg.short)
    own = (p_value, seconds, moment, json_line, pair_rows, threshold_rows)
    environment.filters.update({form.__name__: form for form in (*named, *own)})
    return environment.get_template(file)


def p_value(value: float | None) -> str:
    """A p-value, such as `0.03` or `< 0.001`."""
    if value is None:
        return wording.NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def seconds(value: float) -> str:
    """A time in a fitting unit."""
    if value < 0.001:
        return f"{1e6 * value:.0f} µs"
    if value < 1:
        return f"{1e3 * value:.3g} ms"
    if value < 120:
        return f"{value:.3g} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def moment(iso: str) -> str:
    """An ISO 8601 time as people read it, to the minute."""
    return iso[:16].replace("T", " ") + " UTC"


def json_line(value: Any) -> str:
    """A setting as it would be written in JSON; plain text without quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def pair_rows(subjects: Sequence[Subject], place: int) -> list[tuple[str, Difference]]:
    """The differences of the pair of runs at a place, each with its subject."""
    return [(subject.name, subject.differences[place]) for subject in subjects]


def threshold_rows(comparison: Comparison, place: int) -> list[tuple[str, Difference]]:
    """The differences of the thresholds of a pair of runs, of those that both measured."""
    rows = [(subject.name, subject.differences[place]) for subject in comparison.thresholds]
    return [(name, difference) for name, difference in rows if difference.mean is not None]


def _same_games(reports: Sequence[Report]) -> bool:
    """Whether the capability scores of all runs are made of the same games, played alike."""
    parts = [([score.covers for score in report.capabilities], report.chance) for report in reports]
    return all(part == parts[0] for part in parts)


def _games(reports: Sequence[Report], names: Sequence[str]) -> list[dict[str, Any]]:
    """Each game with the runs that played it, in the order of the runs."""
    found: dict[str, list[Played]] = {}
    for run, (report, name) in enumerate(zip(reports, names, strict=True)):
        for score, detail in zip(report.games, report.details, strict=True):
            cost = report.cost.games[score.game] if report.cost else None
            found.setdefault(score.game, []).append(Played(run, name, score, detail, cost))
    return [
        {
            "id": game,
            "played": played,
            "rows": [figures.Row(p.run, p.score.score, p.detail) for p in played],
            "measured": any(p.score.score is not None for p in played),
            "flat": all(figures.is_flat(p.detail) for p in played),
            "curved": any(p.detail.curve and p.detail.curve.rises for p in played),
            "causes": sorted({cause for p in played for cause in p.score.invalid}),
        }
        for game, played in found.items()
    ]


def _cautions(reports: Sequence[Report], names: Sequence[str]) -> list[str]:
    """What to know before quoting a number; said once where it holds for all runs."""
    lines: dict[str, list[str]] = {}
    for report, name in zip(reports, names, strict=True):
        for caution in [*_failures(report), *wording.cautions(report)]:
            lines.setdefault(caution, []).append(name)
    told = [
        text if len(whose) == len(names) else f"{', '.join(whose)}: {text}"
        for text, whose in lines.items()
    ]
    return sorted(told, key=lambda text: "Human scores of" in text)  # sources last


def _failures(report: Report) -> Iterator[str]:
    count = sum(report.unscored.values())
    if count:
        causes = "; ".join(f"{number} × {cause}" for cause, number in report.unscored.items())
        yield (
            f"{count} episode{'s' if count > 1 else ''} could not be scored. What is not scored is "
            f"left out of every score and does not count as zero. Causes: {causes}"
        )


def _look_next(report: Report) -> Iterator[tuple[str, str]]:
    """Places in the page to look at first, with words for each: failures, bad steps, low scores."""
    played = [
        (episode, game.title, f"0/{wording.name(game.game)}/{episode.label}")
        for game, detail in zip(report.games, report.details, strict=True)
        for episode in detail.episodes
    ]
    failed = [(title, address) for episode, title, address in played if episode.error is not None]
    for title, address in failed[:1]:
        yield f"{address}/Infinity", f"the first failed episode ({title})"
    worst = max(played, key=lambda own: own[0].invalid, default=None)
    if worst and worst[0].invalid:
        yield f"{worst[2]}/invalid", f"steps without a valid answer ({worst[1]})"
    levels = [(game.normalized.mean, game) for game in report.games if game.normalized]
    if len(levels) > 1:
        level, lowest = min(levels, key=itemgetter(0))
        yield f"game-{wording.name(lowest.game)}", f"the lowest score ({lowest.title}: {level:.2f})"
    elif len(report.details) == 1 and not figures.is_flat(report.details[0]):
        scored = [(e.score, address) for e, _, address in played if e.score is not None]
        score, address = min(scored)
        yield f"{address}/1", f"the episode with the lowest score ({svg.short(score)})"


def _viewer_data(
    reports: Sequence[Report], names: Sequence[str], traces: Traces
) -> list[dict[str, Any]]:
    """The runs, their games and episodes as the viewer lists them."""
    return [
        {
            "name": printable.line(name),
            "games": [
                {
                    "id": wording.name(detail.game),
                    "episodes": [
                        {
                            "number": episode.label,
                            "score": episode.score,
                            "steps": episode.steps,
                            "invalid": episode.invalid,
                            "error": printable.line(episode.error or "", printable.TEXT) or None,
                            **msgspec.to_builtins(
                                traces.places.get((run, detail.game, *episode.key), NOWHERE)
                            ),
                        }
                        for episode in detail.episodes
                    ],
                }
                for detail in report.details
                if detail.episodes
            ],
        }
        for run, (report, name) in enumerate(zip(reports, names, strict=True))
    ]


def _asset(name: str) -> str:
    return (resources.files("smartplay.report.html") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The source that allows this very text in a content security policy."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
