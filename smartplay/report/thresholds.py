"""Psychometric curves: the share of right rounds at each level, with the fit."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from smartplay.report.svg import Scale, dot, figure, line, path, series, text
from smartplay.scores.thresholds import Threshold

WIDTH, HEIGHT = 360, 190
LEFT, RIGHT, TOP, BOTTOM = 30, 352, 24, 152
LEAST_RADIUS, MOST_RADIUS = 2.0, 5.0
COLUMNS = 3
STYLE = """
svg{font-family:Helvetica,Arial,sans-serif;font-size:11px;fill:#1b1b1b;--c:#0072b2}
.note{fill:#5c5a55;font-size:10px}.grid{stroke:#e3e0d8}.axis{stroke:#5c5a55}
.trail{fill:none;stroke:var(--c);stroke-width:2}.dot{fill:var(--c);fill-opacity:.55}
.reach{stroke:var(--c);stroke-width:3}.chance{stroke:#5c5a55;stroke-dasharray:3 3}
"""


def psychometric(threshold: Threshold, run: int = 0) -> Markup:
    """The curve of a threshold as a figure of the page."""
    label = f"{threshold.capability}: share of right rounds by level; {threshold.sentence}"
    return figure(WIDTH, HEIGHT, label, _parts(threshold, run))


def thresholds_svg(thresholds: Sequence[Threshold]) -> str:
    """All curves of a run as one picture."""
    rows = -(-len(thresholds) // COLUMNS)
    cells = [
        Markup('<g transform="translate({} {})">{}</g>').format(
            place % COLUMNS * (WIDTH + 20),
            place // COLUMNS * (HEIGHT + 20),
            Markup("\n").join(_parts(threshold, 0)),
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


def _parts(threshold: Threshold, run: int) -> list[Markup]:
    dial, most = threshold.dial, len(threshold.dial.values)
    x, y = Scale(1, most, LEFT + 6, RIGHT - 6), Scale(0, 1, BOTTOM, TOP)
    own = series(run)
    parts = [text(LEFT, 12, threshold.capability, "label", "start")]
    for share in (0.0, 0.5, 1.0):
        parts += [line(LEFT, y(share), RIGHT, y(share), "grid")]
        parts += [text(LEFT - 5, y(share) + 4, f"{share:g}", "note", "end")]
    parts.append(line(LEFT, y(dial.chance), RIGHT, y(dial.chance), "chance"))
    low, high = threshold.level.low or 1.0, threshold.level.high or float(most)
    parts.append(line(x(low), BOTTOM, x(high), BOTTOM, f"reach {own}"))
    curve = [(x(level), y(share)) for level, share in enumerate(threshold.curve, start=1)]
    parts.append(path(curve, f"trail {own}"))
    largest = max(each.played for each in threshold.data)
    for each in threshold.data:
        radius = LEAST_RADIUS + (MOST_RADIUS - LEAST_RADIUS) * each.played / largest
        tip = f"Level {each.level}: {each.right} of {each.played} rounds right"
        place = x(each.level), y(each.right / each.played)
        parts.append(dot(*place, round(radius, 1), f"dot {own}", tip))
    ticks = sorted({1, (most + 1) // 2, most})
    parts += [text(x(t), BOTTOM + 14, f"{dial.values[t - 1]:g}", "note") for t in ticks]
    return [*parts, text((LEFT + RIGHT) / 2, BOTTOM + 29, threshold.sentence, "note")]
