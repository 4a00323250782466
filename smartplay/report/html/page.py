"""Puts reports into the page's templates."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from smartplay.core import printable
from smartplay.report import figures, svg, wording
from smartplay.report.build import Report
from smartplay.report.details import GameDetail
from smartplay.report.html.entries import cost_unit
from smartplay.report.html.traces import Place, Traces
from smartplay.report.radar import NAMES, chance_of, outlines, radar
from smartplay.report.thresholds import psychometric
from smartplay.scores.comparison.results import Comparison, Difference
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
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            reports=list(zip(range(len(reports)), names, reports, strict=True)),
            first=reports[0],
            one=len(reports) == 1,
            measured=any(map(wording.measured, reports)),
            same_games=_same_games(reports),
            games=_games(reports, names),
            radar=radar(
                outlines(reports[0])
                if len(reports) == 1
                else [outlines(report)[0] for report in reports],
                chance_of(reports[0]) if _same_games(reports) else [None] * len(NAMES),
            ),
            comparison=comparison,
            cost_unit=cost_unit(reports),
            cautions=_cautions(reports, names),
            traces=traces,
            data=_json(_viewer_data(reports, names, traces)),
            script=Markup(script),
            style=Markup(style),
            script_hash=_hash(script),
            style_hash=_hash(style),
        )
    )


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = templates("smartplay.report.html")
    environment.globals.update(
        figures=figures, psychometric=psychometric, series=svg.series, wording=wording
    )
    environment.filters.update(
        interval=wording.interval,
        share=wording.share,
        name=wording.name,
        p=p_value,
        seconds=seconds,
        short=svg.short,
        moment=moment,
        json_line=json_line,
        label=difference_label,
        pair_rows=pair_rows,
        games_differ=games_differ,
        threshold_rows=threshold_rows,
        gap=wording.gap,
    )
    return environment


def templates(package: str, autoescape: bool = True) -> Environment:
    """A package's templates, of pages that need no network and obey nothing they are given."""
    return Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=shown,
    )


def shown(value: Any) -> Any:
    """A value as a page shows it: text as a printable line, marks, which are our own, as such."""
    return printable.line(value, printable.TEXT) if type(value) is str else value


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


def difference_label(difference: Difference) -> str:
    """What a difference amounts to, in words."""
    if difference.mean is None or difference.corrected is None:
        return "no common episodes"
    if difference.corrected >= 0.05:
        return "cannot be told apart"
    return "higher" if difference.mean.mean > 0 else "lower"


def pair_rows(
    comparison: Comparison, place: int, games: bool = False
) -> list[tuple[str, Difference]]:
    """The labelled differences of the pair of runs at a place: overall and by capability."""
    subjects = comparison.games if games else [comparison.overall, *comparison.capabilities]
    return [("Overall" if s.name == "overall" else s.name, s.differences[place]) for s in subjects]


def games_differ(comparison: Comparison, place: int) -> list[tuple[str, Difference]]:
    """The differences of a pair of runs by game."""
    rows = pair_rows(comparison, place, games=True)
    return [(wording.name(game), difference) for game, difference in rows]


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
            "curved": any(_rises(p.detail) for p in played),
            "causes": sorted({cause for p in played for cause in p.score.invalid}),
        }
        for game, played in found.items()
    ]


def _rises(detail: GameDetail) -> bool:
    """Whether there is anything to see in a curve of the score."""
    return detail.curve is not None and any(point.mean for point in detail.curve.gain)


def _cautions(reports: Sequence[Report], names: Sequence[str]) -> list[str]:
    """What to know before quoting a number; said once where it holds for all runs."""
    lines: dict[str, list[str]] = {}
    for report, name in zip(reports, names, strict=True):
        for caution in wording.cautions(report):
            lines.setdefault(caution, []).append(name)
    everyone = len(names)
    return [
        text if len(whose) == everyone else f"{', '.join(whose)}: {text}"
        for text, whose in lines.items()
    ]


def _viewer_data(
    reports: Sequence[Report], names: Sequence[str], traces: Traces
) -> list[dict[str, Any]]:
    return [
        {
            "name": printable.line(name),
            "games": [
                {
                    "id": wording.name(detail.game),
                    "episodes": [
                        _viewer_episode(
                            e, traces.places.get((run, detail.game, e.episode, e.repeat))
                        )
                        for e in detail.episodes
                    ],
                }
                for detail in report.details
                if detail.episodes
            ],
        }
        for run, (report, name) in enumerate(zip(reports, names, strict=True))
    ]


def _viewer_episode(episode: Any, place: Place | None) -> dict[str, Any]:
    place = place or Place(missing="No steps of this episode were kept.")
    return {
        "number": episode.label,
        "score": episode.score,
        "steps": episode.steps,
        "invalid": episode.invalid,
        "error": printable.line(episode.error, printable.TEXT) if episode.error else None,
        "id": place.id,
        "file": place.file,
        "missing": printable.line(place.missing, printable.TEXT),
    }


def _json(value: Any) -> Markup:
    """JSON that can stand in a script element: none of its characters can end the element."""
    text = json.dumps(value, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _asset(name: str) -> str:
    return (resources.files("smartplay.report.html") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The source that allows this very text in a content security policy."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
