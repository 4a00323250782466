"""The report as tables in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

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
    table = _table("\nGames: means with 95 % intervals")
    for column in ("game", "episodes", "score", "normalised", "over chance", "invalid"):
        table.add_column(column, no_wrap=column == "game")
    for game in report.games:
        cells = (
            wording.played(game),
            wording.episodes(game),
            wording.interval(game.score),
            wording.interval(game.normalized),
            wording.interval(game.corrected),
            wording.invalid(game),
        )
        table.add_row(*map(_shown, cells))
    return table


def _capabilities(report: Report) -> Table:
    table = _table("\nCapabilities: 1 is the human score; by weights of degree - 1, and degree")
    for column in ("capability", "degree - 1", "degree", "random play", "games"):
        table.add_column(column, no_wrap=column == "capability")
    for score in report.capabilities:
        chance = report.chance["shipped"].get(score.capability)
        cells = (
            score.capability,
            wording.interval(score.scores["shipped"]),
            wording.interval(score.scores["paper"]),
            wording.NONE if chance is None else f"{chance:.2f}",
            str(len(score.covers)),
        )
        table.add_row(*map(_shown, cells))
    return table


def _contrasts(report: Report) -> Table:
    table = _table("\nContrasts: scores over chance without and with the demand, and what is left")
    for column in ("capability", "easy", "hard", "retention", "pairs"):
        table.add_column(column, no_wrap=column == "capability")
    for score in report.contrasts:
        cells = (
            score.capability,
            wording.interval(score.easy),
            wording.interval(score.hard),
            wording.retention(score),
            str(score.pairs),
        )
        table.add_row(*map(_shown, cells))
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, pad_edge=False)


def _shown(text: str) -> Text:
    """Text as it is: no markup, and no control character reaches the terminal."""
    return Text(wording.visible(text))
