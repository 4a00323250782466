"""The report as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from smartplay import printable
from smartplay.report import wording
from smartplay.report.build import Report


def print_report(report: Report, console: Console) -> None:
    """Print a report: headline, games, capabilities, cautions."""
    for line in wording.headline(report):
        console.print(_shown(line))
    console.print(_games(report))
    console.print(_capabilities(report))
    if report.contrasts:
        console.print(_contrasts(report))
    for line in wording.cautions(report):
        console.print(_shown(f"Note: {line}"))


def _games(report: Report) -> Table:
    rows = (
        (
            wording.played(game),
            wording.episodes(game),
            wording.interval(game.score),
            wording.interval(game.normalized),
            wording.interval(game.corrected),
            wording.invalid(game),
        )
        for game in report.games
    )
    header = ("game", "episodes", "score", "normalised", "over chance", "invalid")
    return _table("Games: means with 95 % intervals", header, rows)


def _capabilities(report: Report) -> Table:
    title = "Capabilities: 1 is the human score; by weights of degree - 1, and degree"
    rows = (
        (*wording.capability(report, score), str(len(score.covers)))
        for score in report.capabilities
    )
    return _table(title, ("capability", "degree - 1", "degree", "random play", "games"), rows)


def _contrasts(report: Report) -> Table:
    title = "Contrasts: scores over chance without and with the demand, and what is left"
    rows = map(wording.contrast, report.contrasts)
    return _table(title, ("capability", "easy", "hard", "retention", "pairs"), rows)


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", box=None, pad_edge=False)
    for place, column in enumerate(header):
        table.add_column(column, no_wrap=place == 0)
    for row in rows:
        table.add_row(*map(_shown, row))
    return table


def _shown(text: str) -> Text:
    """Text as it is: no markup, and no control character reaches the terminal."""
    return Text(printable.line(text, printable.TEXT))
