"""Psychometric curves: the share of right rounds at each level, with the fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from smartplay.report.svg import Scale, dot, figure, line, path, series, text
from smartplay.scores.thresholds import Threshold

WIDTH, HEIGHT = 360, 190
LEFT, RIGHT, TOP, BOTTOM = 30, 352, 24, 152
LEAST_RADIUS, MOST_RADIUS = 2.0, 5.0
COLUMNS = 3
REACH = 5.0
"""Pixels between the intervals of several runs."""
STYLE = """
svg{font-family:Helvetica,Arial,sans-serif;font-size:11px;fill:#1b1b1b;--c:#0072b2}
.note{fill:#5c5a55;font-size:10px}.grid{stroke:#e3e0d8}.axis{stroke:#5c5a55}
.trail{fill:none;stroke:var(--c);stroke-width:2}.dot{fill:var(--c);fill-opacity:.55}
.reach{stroke:var(--c);stroke-width:3}.chance{stroke:#5c5a55;stroke-dasharray:3 3}
"""


def psychometric(thresholds: Mapping[int, Threshold]) -> Markup:
    """The curves of one capability as a figure of the page.

    Args:
        thresholds: By run; all of the same game.
    """
    found = list(thresholds.values())
    told = "; ".join(each.sentence for each in found)
    label = f"{found[0].capability}: share of right rounds by level; {told}"
    return figure(WIDTH, HEIGHT, label, _parts(thresholds))


def curves_by_game(reports: Iterable[Sequence[Threshold]]) -> list[dict[int, Threshold]]:
    """Group the thresholds that share a picture, by run: those measured on one dial.

    Args:
        reports: The thresholds of each run.
    """
    found: dict[str, dict[int, Threshold]] = {}
    for run, thresholds in enumerate(reports):
        for each in thresholds:
            found.setdefault(each.game, {})[run] = each
    return list(found.values())


def thresholds_svg(thresholds: Sequence[Threshold]) -> str:
    """All curves of a run as one picture."""
    rows = -(-len(thresholds) // COLUMNS)
    cells = [
        Markup('<g transform="translate({} {})">{}</g>').format(
            place % COLUMNS * (WIDTH + 20),
            place // COLUMNS * (HEIGHT + 20),
            Markup("\n").join(_parts({0: threshold})),
        )
        for place, threshold in enumerate(thresholds)
    ]
    return (
        Markup('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img">\n').format(
            COLUMNS * (WIDTH + 20), rows * (HEIGHT + 20)
        )
        + Markup("<title>Thresholds</title><style>{}</style>\n").format(Markup(STYLE))
        + Markup("\n").join(cells)
        + Markup("\n</svg>\n")
    )


def _parts(thresholds: Mapping[int, Threshold]) -> list[Markup]:
    first = next(iter(thresholds.values()))
    dial, most = first.dial, len(first.dial.values)
    x, y = Scale(1, most, LEFT + 6, RIGHT - 6), Scale(0, 1, BOTTOM, TOP)
    parts = [text(LEFT, 12, first.capability, "label", "start")]
    for share in (0.0, 0.5, 1.0):
        parts += [line(LEFT, y(share), RIGHT, y(share), "grid")]
        parts += [text(LEFT - 5, y(share) + 4, f"{share:g}", "note", "end")]
    parts.append(line(LEFT, y(dial.chance), RIGHT, y(dial.chance), "chance"))
    for place, (run, threshold) in enumerate(thresholds.items()):
        parts += _curve(threshold, series(run), x, y, BOTTOM - REACH * place)
    ticks = sorted({1, (most + 1) // 2, most})
    parts += [text(x(t), BOTTOM + 14, f"{dial.values[t - 1]:g}", "note") for t in ticks]
    told = first.sentence if len(thresholds) == 1 else f"{len(thresholds)} runs"
    return [*parts, text((LEFT + RIGHT) / 2, BOTTOM + 29, told, "note")]


def _curve(threshold: Threshold, own: str, x: Scale, y: Scale, foot: float) -> list[Markup]:
    """The interval of a threshold at the foot, its fit, and the rounds it rests on."""
    low = threshold.level.low or 1.0
    high = threshold.level.high or float(len(threshold.dial.values))
    parts = [line(x(low), foot, x(high), foot, f"reach {own}")]
    curve = [(x(level), y(share)) for level, share in enumerate(threshold.curve, start=1)]
    parts.append(path(curve, f"trail {own}"))
    largest = max(each.played for each in threshold.data)
    for each in threshold.data:
        radius = LEAST_RADIUS + (MOST_RADIUS - LEAST_RADIUS) * each.played / largest
        tip = f"Level {each.level}: {each.right} of {each.played} rounds right"
        place = x(each.level), y(each.right / each.played)
        parts.append(dot(*place, round(radius, 1), f"dot {own}", tip))
    return parts
