"""The nine capabilities as a picture file of its own, `radar.svg`."""

from __future__ import annotations

from html import escape

from markupsafe import Markup

from smartplay.report.build import Report
from smartplay.report.figures_radar import HEIGHT, WIDTH, outlines, radar
from smartplay.report.svg import line, text
from smartplay.report.wording import plain

STYLE = """
text { fill: #1d1c1a; font-size: 11.5px }
.label { font-size: 12px }
.note { fill: #5a5750; font-size: 10.5px; paint-order: stroke; stroke: #fbfaf7; stroke-width: 3px }
.ring { stroke: #dedad0; fill: none }
.ring.human { stroke: #1d1c1a; stroke-width: 1.4 }
.chance { stroke: #5a5750; stroke-width: 2; stroke-dasharray: 4 4 }
.trail { stroke: #0072b2; stroke-width: 2.2 }
.reach { stroke: #0072b2; stroke-width: 4; stroke-linecap: round; opacity: .55 }
.area { fill: #0072b2; opacity: .1 }
.dot { fill: #0072b2; stroke: #fbfaf7 }
.trail.s1, .reach.s1 { stroke: #d55e00 }
.area.s1, .dot.s1 { fill: #d55e00 }
"""
LEGEND = 34
CLASSIC, CONTRAST = "classic weighted score", "contrast: hard over easy"
NAME_LENGTH = 24


def radar_svg(report: Report) -> str:
    """Draw the capability scores of a report (weights: degree less one) and its contrasts."""
    chance = [report.chance["shipped"].get(s.capability) for s in report.capabilities]
    shown = outlines(report)
    height = HEIGHT + LEGEND
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'font-family="Helvetica, Arial, sans-serif">',
        f"<title>Capabilities of {escape(plain(report.agent))}</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fbfaf7"/>',
        f'<svg width="{WIDTH}" height="{HEIGHT}">{radar(shown, chance)}</svg>',
        *_legend(report.agent, len(shown) > 1, any(value is not None for value in chance)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend(agent: str, contrasts: bool, chance: bool) -> list[Markup]:
    agent = plain(agent)
    name = agent if len(agent) <= NAME_LENGTH else agent[: NAME_LENGTH - 3] + "..."
    y = HEIGHT + 14.0
    parts = [line(16, y, 40, y, "trail")]
    if contrasts:
        parts += [
            text(46, y + 4, CLASSIC, "label", "start"),
            line(180, y, 204, y, "trail s1"),
            text(210, y + 4, CONTRAST, "label", "start"),
            text(8, 16, f"{name}, with 95 % intervals", "label", "start"),
        ]
    else:
        parts.append(text(46, y + 4, f"{name}, with 95 % intervals", "label", "start"))
        parts += [line(290, y, 312, y, "ring human"), text(317, y + 4, "human", "label", "start")]
    if chance:
        parts += [line(366, y, 388, y, "chance"), text(393, y + 4, "random play", "label", "start")]
    return parts
