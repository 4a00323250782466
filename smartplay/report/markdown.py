"""The report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from smartplay import printable
from smartplay.report import wording
from smartplay.report.build import Report
from smartplay.scoring import CapabilityScore


def to_markdown(report: Report) -> str:
    """The whole report; the radar is referred to as `radar.svg` beside it."""
    parts = [
        f"# SmartPlay report: {escape(report.agent)}",
        _bullets(wording.headline(report)),
        "![Capabilities](radar.svg)",
        "## Games",
        "Means over the scored episodes with 95 % intervals. *Normalised*: 0 is the game's "
        "minimum, 1 the human score. *Over chance*: 0 is random play, 1 the best possible (or, "
        "where that is not known, the human) score. *Invalid*: steps without a valid answer, "
        "played by the game's fallback action.",
        _games(report),
        *_further(report),
        "## Capabilities",
        "Weighted means of the normalised game scores. The weight of a game is the degree to "
        "which it demands the capability, less one (as the original's code has it) or as it is "
        "(as its paper has it).",
        _capabilities(report),
    ]
    if report.contrasts:
        parts += ["## Contrasts", wording.CONTRASTS, _contrasts(report)]
    cautions = wording.cautions(report)
    if cautions:
        parts += ["## Read this before you quote a number", _bullets(cautions)]
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Text that Markdown and HTML show as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>()#!|&])", r"\\\1", printable.line(text, printable.TEXT))


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escape(line)}" for line in lines)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(map(escape, row)) + " |" for row in rows]
    return "\n".join(lines)


def _games(report: Report) -> str:
    header = "Game,Episodes,Score,Normalised,Over chance,Goal reached,Invalid,Calls,Tokens read"
    return _table(
        [*header.split(","), "Tokens written"],
        (
            (
                wording.played(game),
                wording.episodes(game),
                wording.interval(game.score),
                wording.interval(game.normalized),
                wording.interval(game.corrected),
                wording.share(game.completed),
                wording.invalid(game),
                str(game.calls),
                str(game.usage.prompt),
                str(game.usage.completion),
            )
            for game in report.games
        ),
    )


def _further(report: Report) -> list[str]:
    parts = []
    for game in report.games:
        rows = [(label, wording.interval(value)) for label, value in game.further.items()]
        if game.success_score is not None:
            rows.append(("score over the episodes (geometric mean)", f"{game.success_score:.2f} %"))
        rates = game.success.items()
        rows += [(f"unlocked: {label}", wording.share(rate)) for label, rate in rates]
        if rows:
            parts += [f"### {escape(game.title)}: further scores", _table(("Score", "Mean"), rows)]
    return parts


def _capabilities(report: Report) -> str:
    def row(score: CapabilityScore) -> tuple[str, ...]:
        covers = [f"{wording.name(game)} x {weight}" for game, weight in score.covers.items()]
        return (*wording.capability(report, score), ", ".join(covers) or wording.NONE)

    header = ("Capability", "Weight: degree less one", "Weight: degree", "Random play", "Covers")
    return _table(header, map(row, report.capabilities))


def _contrasts(report: Report) -> str:
    header = ("Capability", "Easy", "Hard", "Retention", "Pairs of episodes")
    return _table(header, map(wording.contrast, report.contrasts))
