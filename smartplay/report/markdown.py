"""The report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from smartplay.core import printable
from smartplay.report import wording
from smartplay.report.content import Report, agent_name


def to_markdown(report: Report) -> str:
    """The whole report; the radar is referred to as `radar.svg` beside it."""
    parts = [
        f"# SmartPlay report: {escape(agent_name(report))}",
        bullets(wording.headline(report)),
    ]
    if wording.measured(report) or report.contrasts:
        parts.append("![Capabilities](radar.svg)")
    if report.thresholds:
        parts.append("![Thresholds](thresholds.svg)")
    for table in wording.tables(report):
        parts += [f"## {table.title}", escape(table.about), table_lines(table.header, table.rows)]
    parts += _further(report)
    cautions = wording.cautions(report)
    if cautions:
        parts += ["## Read this before you quote a number", bullets(cautions)]
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Text that Markdown and HTML show as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>()#!|&])", r"\\\1", printable.line(text, printable.TEXT))


def bullets(lines: Iterable[str]) -> str:
    """Lines of plain text as a list."""
    return "\n".join(f"- {escape(line)}" for line in lines)


def table_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of plain text as a table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(map(escape, row)) + " |" for row in rows]
    return "\n".join(lines)


def _further(report: Report) -> list[str]:
    parts = []
    for game in report.games:
        rows = [(label, wording.interval(value)) for label, value in game.further.items()]
        if game.success_score is not None:
            rows.append(("score over the episodes (geometric mean)", f"{game.success_score:.2f} %"))
        rates = game.success.items()
        rows += [(f"unlocked: {label}", wording.share(rate)) for label, rate in rates]
        if rows:
            parts += [
                f"## {escape(game.title)}: further scores",
                table_lines(("Score", "Mean"), rows),
            ]
    return parts
