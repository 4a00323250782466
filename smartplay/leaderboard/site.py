"""Builds what people look at: `leaderboard/README.md` and the static page `leaderboard/site/`.

The page is one file: data, style and script are in it, it needs no network, and its tables are
there without the script, which adds sorting, filtering and the radar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path

import msgspec
from jinja2 import Environment
from markupsafe import Markup

from smartplay.cards.capabilities import Capability
from smartplay.cards.published import published_table
from smartplay.core.errors import UsageError
from smartplay.core.version import __version__
from smartplay.core.whole_files import write_atomically
from smartplay.leaderboard.rows import (
    STATUSES,
    Refused,
    Row,
    published_rows,
    read_entries,
    read_suites,
)
from smartplay.leaderboard.verify import Verification
from smartplay.report.markdown import escape
from smartplay.report.radar import RIM, radar_of_choice
from smartplay.report.rendering import shown, templates
from smartplay.scores.comparison import Entry, compare
from smartplay.scores.intervals import Interval
from smartplay.scores.thresholds import Threshold

WORDS = re.compile(r"(?<=[a-z])(?=[A-Z0-9])")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one track.

    Attributes:
        key: Names the table on the page.
        title: The track in words.
        details: What is not as the games' cards say.
        replayable: Whether its rows were verified.
        games: The full ids of its columns.
        rows: Best first.
    """

    key: str
    title: str
    details: str
    replayable: bool
    games: list[str]
    rows: list[Row]


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """All that is on the page."""

    tables: list[Table]
    refused: list[Refused]
    capabilities: list[str]
    version: str


def build(root: Path, tick: Callable[[str, Verification | None], None] | None = None) -> Board:
    """Verify every entry and write the page and the README.

    Args:
        root: The leaderboard's folder, which holds `entries/`, and `suites/` with the private
            suites that were revealed.
        tick: Called with each entry's name and what its check found.

    Raises:
        UsageError: If there is no such folder, or it cannot be written.
    """
    if not root.is_dir():
        raise UsageError(f"no folder {root}; name the leaderboard's folder with --root")
    board = make_board(*read_entries(root / "entries", tick, read_suites(root / "suites")))
    try:
        (root / "site").mkdir(exist_ok=True)
        write_atomically(root / "site" / "index.html", to_html(board).encode())
        write_atomically(root / "README.md", to_markdown(board).encode())
    except OSError as error:
        raise UsageError(f"cannot write into {root}: {error.strerror or error}") from error
    return board


def make_board(rows: Sequence[Row], refused: Sequence[Refused]) -> Board:
    """Sort rows into tracks; the standard tracks come first, the published results last."""
    tracks = list(dict.fromkeys(row.track for row in rows if row.track))
    with_models = {track.without_method() for track in tracks if track.method}
    shown = [track for track in tracks if track.method or track not in with_models]
    shown.sort(key=lambda track: (not track.is_standard, track.is_trial, track.title))
    tables = []
    for number, track in enumerate(shown, start=1):
        alike = (track, track.without_method())
        own = with_ties(_best_first([row for row in rows if row.track in alike]))
        tables.append(
            Table(
                key=f"track-{number}",
                title=track.title,
                details=track.details,
                replayable=True,
                games=list(dict.fromkeys(game for row in own for game in row.games)),
                rows=own,
            )
        )
    printed = published_rows()
    tables.append(
        Table(
            key="published",
            title="Published results of the SmartPlay paper",
            details=f"{published_table().source}. Printed means of the original games, without "
            "intervals; not replayable. The games here are written anew: compare with care.",
            replayable=False,
            games=list(printed[0].games),
            rows=_best_first(printed),
        )
    )
    return Board(
        tables=tables,
        refused=list(refused),
        capabilities=[str(capability) for capability in Capability],
        version=__version__,
    )


def with_ties(rows: Sequence[Row]) -> list[Row]:
    """Give each verified row of one track the letters of its groups.

    Rows that share a letter do not differ in their mean normalised score at the 5 % level, by a
    sign-flip test on the episodes both played, corrected for the number of pairs in the track.
    """
    entries = [
        Entry(name=row.key, normalized=row.samples) for row in rows if row.status == "verified"
    ]
    letters = iter(compare(entries).overall.ties)
    ties = [next(letters) if row.status == "verified" else "" for row in rows]
    return [msgspec.structs.replace(row, ties=t) for row, t in zip(rows, ties, strict=True)]


def _best_first(rows: Sequence[Row]) -> list[Row]:
    """Best first; what is incomplete, or not replayed yet, stands below all that is not."""

    def place(row: Row) -> tuple[int, float, str]:
        return STATUSES.index(row.status), -row.overall.mean if row.overall else inf, row.key

    return sorted(rows, key=place)


def to_html(board: Board) -> str:
    """The page."""
    rows = {shown(f"{table.key}/{row.key}"): row for table in board.tables for row in table.rows}
    outlines = {
        key: [row.capabilities.get(name) for name in board.capabilities]
        for key, row in rows.items()
    }
    names = {key: shown(row.info.agent) for key, row in rows.items()}
    page = _environment(autoescape=True).get_template("index.html")
    return page.render(board=board, names=names, radar=radar_of_choice(outlines), rim=RIM)


def to_markdown(board: Board) -> str:
    """The README."""
    return _environment(autoescape=False).get_template("README.md").render(board=board)


def _environment(autoescape: bool) -> Environment:
    environment = templates("smartplay.leaderboard", autoescape)
    environment.filters.update(
        md=escape,
        mean=lambda value: "-" if value is None else value.shown_mean,
        ends=lambda value: "" if value is None else value.shown_ends,
        whisker=whisker,
        share=lambda value: "-" if value is None else f"{100 * value:.1f} %",
        count=lambda value: f"{value:,}".replace(",", " ") if value else "-",
        sort=lambda value: "" if value is None else f"{getattr(value, 'mean', value):.6f}",
        reach=reach,
        short=short,
        wrapped=lambda name: Markup("<wbr>").join(WORDS.split(name)),
    )
    return environment


def short(game: str) -> str:
    """An id without namespace and version."""
    return game.split("/")[-1].rsplit("-v", 1)[0]


def reach(found: Threshold) -> str:
    """A threshold's level, to sort by."""
    ends = {"below": 0, "beyond": len(found.dial.values) + 1}
    return f"{ends.get(found.beyond, found.level.mean):.6f}"


def whisker(value: Interval | None) -> Markup:
    """A mean with its interval on a line from 0 to 1.2, human play marked at 1."""
    if value is None:
        return Markup("")

    def place(number: float) -> str:
        return f"{4 + 96 * max(0.0, min(1.2, number)) / 1.2:.1f}"

    bar = ""
    if value.low is not None and value.high is not None:
        bar = f'<line class="bar" x1="{place(value.low)}" x2="{place(value.high)}" y1="7" y2="7"/>'
    return Markup(
        '<svg class="whisker" viewBox="0 0 104 14" width="104" height="14" aria-hidden="true">'
        f'<line class="base" x1="4" x2="100" y1="7" y2="7"/>'
        f'<line class="one" x1="{place(1)}" x2="{place(1)}" y1="2" y2="12"/>{bar}'
        f'<circle cx="{place(value.mean)}" cy="7" r="3.2"/></svg>'
    )
