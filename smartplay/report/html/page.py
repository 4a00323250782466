"""Puts reports into the page's templates."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from jinja2 import Template
from markupsafe import Markup

from smartplay.core import printable
from smartplay.records import CANARY
from smartplay.records.prices import money
from smartplay.report import figures, svg, wording
from smartplay.report.comparison import p_value, resolution
from smartplay.report.content import Report, cost_unit
from smartplay.report.details import GameDetail
from smartplay.report.html import compared
from smartplay.report.html.traces import NOWHERE, Traces
from smartplay.report.listing import Listed
from smartplay.report.radar import NAMES, chance_of, outlines, radar
from smartplay.report.rendering import templates
from smartplay.report.repeats import repeat_tables
from smartplay.report.tables import Table
from smartplay.report.thresholds import curves_by_game, psychometric
from smartplay.scores.comparison import Comparison
from smartplay.scores.entries import some_of
from smartplay.scores.intervals import Interval
from smartplay.scores.scoring import GameScore

WORDS = re.compile(r"(?<=[a-z])(?=[A-Z0-9])")
LONG_NAME = 48
"""Letters of a name that a sentence has room for."""


class Played(NamedTuple):
    """A run's part in a game; its label is its number where runs go by numbers."""

    run: int
    name: str
    label: str
    score: GameScore
    detail: GameDetail
    cost: float | None


def render_page(
    reports: Sequence[Report],
    names: Sequence[str],
    comparison: Comparison | None,
    traces: Traces,
) -> Iterator[str]:
    """The page's HTML, part after part."""
    script = _asset("viewer.js")
    one, first, same = len(reports) == 1, reports[0], _same_games(reports)
    order = compared.best_first(reports, same)
    labels = {run: str(number) for number, run in enumerate(order, start=1)}
    if len(reports) <= compared.NUMBERED:
        labels = dict.fromkeys(order, "")
    return _template("page.html.j2").generate(
        measured_curves=curves_by_game(report.thresholds for report in reports),
        reports=[(run, names[run], reports[run]) for run in order],
        labels=labels,
        first=first,
        one=one,
        measured=any(map(wording.measured, reports)),
        unmeasured=_unmeasured(reports),
        same_games=same,
        games=_games(reports, names, labels),
        radar=_radar(reports, same),
        currency=next((report.cost.currency for report in reports if report.cost), ""),
        data=_viewer_data(reports, names, traces),
        cautions=_cautions(reports, names, comparison.notes if comparison else []),
        next=list(
            _look_next(first, traces) if one else _look_next_compared(reports, names, comparison)
        ),
        traces=traces,
        canary=CANARY,
        script=Markup(script),
        script_hash=_hash(script),
        **(_compared(comparison, reports, order) if comparison else {"comparison": None}),
    )


def render_index(runs: Sequence[tuple[str, str, Listed]], others: Sequence[tuple[str, str]]) -> str:
    """The HTML of a list of runs.

    Args:
        runs: The name of each, the address of its page (empty if there is none), and what it is.
        others: What is not listed, with the reason.
    """
    return _template("index.html.j2").render(runs=runs, others=others)


def render_tables(
    title: str, facts: Sequence[str], picture: Markup | None, tables: Sequence[Table]
) -> str:
    """The HTML of a page of tables.

    Args:
        title: Its heading.
        facts: Sentences under it.
        picture: A figure after them.
        tables: What follows.
    """
    return _template("tables.html.j2").render(
        title=title, facts=facts, picture=picture, tables=tables
    )


def _compared(
    comparison: Comparison, reports: Sequence[Report], order: Sequence[int]
) -> dict[str, Any]:
    """What the page shows of a comparison only."""
    behind = compared.behind(comparison, order[0])
    costs = [p for p in comparison.cost_points if _is_cost_known(reports[p.run])]
    return {
        "comparison": comparison,
        "blocks": compared.blocks(comparison, reports, order),
        "capabilities": compared.capability_lines(comparison, reports, order),
        "behind": behind,
        "behind_span": compared.span_of(behind),
        "tied": compared.tied_with(comparison, order[0], order),
        "costs": costs if len(costs) > 1 and max(point.cost for point in costs) > 0 else [],
        "cost_unit": cost_unit(reports),
    }


def _is_cost_known(report: Report) -> bool:
    """A service that was asked may not have said how many tokens it took."""
    return not report.calls or report.usage.total > 0


def _radar(reports: Sequence[Report], same: bool) -> Markup | None:
    """The radar of a few runs; more would hide one another."""
    if len(reports) > compared.NUMBERED:
        return None
    own = outlines(reports[0]) if len(reports) == 1 else [outlines(each)[0] for each in reports]
    if not any(value for outline in own for value in outline):
        return None
    return radar(own, chance_of(reports[0]) if same else [None] * len(NAMES))


@lru_cache
def _template(file: str) -> Template:
    environment, style = templates("smartplay.report.html"), _asset("style.css")
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.globals.update(
        compared=compared,
        figures=figures,
        psychometric=psychometric,
        repeat_tables=repeat_tables,
        resolution=resolution,
        series=svg.series,
        style=Markup(style),
        style_hash=_hash(style),
        wording=wording,
    )
    named = (wording.interval, wording.share, wording.name, wording.signed, p_value, money)
    own = (ends, seconds, moment, json_line, breakable)
    environment.filters.update({form.__name__: form for form in (*named, *own)}, short=grouped)
    return environment.get_template(file)


def ends(value: Interval) -> str:
    """The interval in words, such as `0.19 to 0.74`."""
    return value.shown_ends.strip("[]").replace(", ", " to ") or "unknown"


def grouped(value: float) -> str:
    """As `svg.short`, in a form that is not broken at the end of a line."""
    return svg.short(value).replace(" ", "\xa0")


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


def breakable(name: str) -> Markup:
    """A name of words that are written together, with places to break a line."""
    return Markup("<wbr>").join(WORDS.split(name))


def _unmeasured(reports: Sequence[Report]) -> str:
    """Why no capability has a score; nothing where thresholds or contrasts stand for them."""
    if any(report.thresholds or report.contrasts for report in reports):
        return ""
    return " ".join(wording.unmeasured(reports[0]))


def _same_games(reports: Sequence[Report]) -> bool:
    """Whether the capability scores of all runs are made of the same games, played alike."""
    parts = [([score.covers for score in report.capabilities], report.chance) for report in reports]
    return all(part == parts[0] for part in parts)


def _games(
    reports: Sequence[Report], names: Sequence[str], labels: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Each game with the runs that played it, in the order of the labels."""
    found: dict[str, list[Played]] = {}
    for run, label in labels.items():
        report = reports[run]
        for score, detail in zip(report.games, report.details, strict=True):
            cost = report.cost.games[score.game] if report.cost else None
            own = Played(run, names[run], label, score, detail, cost)
            found.setdefault(score.game, []).append(own)
    return [
        {
            "id": game,
            "played": played,
            "rows": [figures.Row(p.run, p.label, p.score.score, p.detail) for p in played],
            "measured": any(p.score.score is not None for p in played),
            "flat": all(figures.is_flat(p.detail) for p in played),
            "curved": any(p.detail.curve and p.detail.curve.rises for p in played)
            and len(played) <= svg.SERIES,
            "causes": sorted({cause for p in played for cause in p.score.invalid}),
        }
        for game, played in found.items()
    ]


def _cautions(
    reports: Sequence[Report], names: Sequence[str], not_compared: Sequence[str]
) -> list[str]:
    """What to know before quoting a number: failures, what was not compared, then the rest."""
    others = _once(names, map(wording.cautions, reports))
    others.sort(key=lambda text: "Human scores of" in text)  # sources last
    return [*_once(names, map(_failures, reports)), *not_compared, *others]


def _once(names: Sequence[str], sentences: Iterable[Iterable[str]]) -> list[str]:
    """The sentences of runs, each once: of whom, if it does not hold for all."""
    whose: dict[str, list[str]] = {}
    for name, own in zip(names, sentences, strict=True):
        for sentence in own:
            whose.setdefault(sentence, []).append(name)
    return [
        sentence if len(found) == len(names) else f"{_some(found)}: {sentence}"
        for sentence, found in whose.items()
    ]


def _some(names: Sequence[str]) -> str:
    """The first names of some, each cut to what one can read."""
    return some_of([n if len(n) <= LONG_NAME else f"{n[: LONG_NAME - 1]}…" for n in names])


def _failures(report: Report) -> Iterator[str]:
    count = sum(report.unscored.values())
    if count:
        causes = "; ".join(f"{number} × {cause}" for cause, number in report.unscored.items())
        yield (
            f"{count} episode{'s' if count > 1 else ''} could not be scored. What is not scored is "
            f"left out of every score and does not count as zero. Causes: {causes}"
        )


def _look_next(report: Report, traces: Traces) -> Iterator[tuple[str, str]]:
    """Places in the page to look at first, with words for each: failures, bad steps, low scores.

    Single steps are among them only where the page has any.
    """
    played = [
        (episode, game.title, f"0/{wording.name(game.game)}/{episode.label}")
        for game, detail in zip(report.games, report.details, strict=True)
        for episode in detail.episodes
        if traces.packed or traces.aside
    ]
    failed = [(title, address) for episode, title, address in played if episode.error is not None]
    for title, address in failed[:1]:
        yield f"{address}/Infinity", f"the first failed episode ({title})"
    worst = max(played, key=lambda own: own[0].invalid, default=None)
    if worst and worst[0].invalid:
        yield f"{worst[2]}/invalid", f"steps without a valid answer ({worst[1]})"
    levels = [(game.normalized, game) for game in report.games if game.normalized]
    scored = [(e.score, address) for e, _, address in played if e.score is not None]
    if len(levels) > 1:
        level, lowest = min(levels, key=lambda own: own[0].mean)
        told = f"the lowest score ({lowest.title}: {level.shown_mean})"
        yield f"game-{wording.name(lowest.game)}", told
    elif scored and len(report.details) == 1 and not figures.is_flat(report.details[0]):
        score, address = min(scored)
        yield f"{address}/1", f"the episode with the lowest score ({svg.short(score)})"
    elif scored and not failed:
        yield f"{scored[0][1]}/1", "the first episode, step by step"
    elif not played:
        yield "games", "the games, one by one"


def _look_next_compared(
    reports: Sequence[Report], names: Sequence[str], comparison: Comparison | None
) -> Iterator[tuple[str, str]]:
    """The same for several runs: a failure, and the game that tells most pairs apart."""
    failed = (
        (f"{run}/{wording.name(detail.game)}/{episode.label}/Infinity", names[run])
        for run, report in enumerate(reports)
        for detail in report.details
        for episode in detail.episodes
        if episode.error is not None
    )
    for address, name in islice(failed, 1):
        yield address, f"the first failed episode ({_some([name])})"
    apart = {
        game.name: sum(each.apart for each in game.differences)
        for game in (comparison.games if comparison else ())
    }
    game = max(apart, key=lambda name: apart[name], default="")
    if game and apart[game]:
        pairs = "" if len(reports) == 2 else f", {printable.plural(apart[game], 'pair')} of runs"
        yield (
            f"game-{wording.name(game)}",
            f"the game that tells most apart ({wording.name(game)}{pairs})",
        )
    elif game:
        yield "comparison", "the games one by one: none tells the runs apart"


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
