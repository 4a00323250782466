"""Builds what people look at: `leaderboard/README.md` and the static page `leaderboard/site/`.

The page is one file with data, style and script. It needs no network, and shows its tables even
without the script, which adds sorting, filtering and the radar. The page of each entry is one file
too: it can be sent and opened by itself, at the price of 30 kB of style and viewer.
"""

from __future__ import annotations

import hashlib
import os
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
from smartplay.core.whole_files import file_digest, write_atomically, writing
from smartplay.leaderboard.remembered import digest_of, keep, recall
from smartplay.leaderboard.rows import (
    STATUSES,
    Refused,
    Row,
    published_rows,
    read_entries,
    read_suites,
)
from smartplay.leaderboard.verify import Verification
from smartplay.records.prices import Prices, money, read_prices
from smartplay.report import build_report, wording
from smartplay.report.html import write_html
from smartplay.report.html.page import breakable
from smartplay.report.markdown import escape
from smartplay.report.radar import RIM, radar_of_choice
from smartplay.report.rendering import shown, templates
from smartplay.runner.suite import Suite
from smartplay.scores.comparison import letters, overall_ties
from smartplay.scores.entries import Entry
from smartplay.scores.intervals import Interval
from smartplay.scores.thresholds import Threshold

PRICES, PAGES = "prices.toml", "entries"
PLAIN = re.compile(r"(?!-)[A-Za-z0-9_-]{1,100}")
PRINTED = (
    f"The published rows are from {published_table().source}: means without intervals, not "
    "replayable and not ranked. They are of the original games, which were written anew here: "
    "compare with care."
)
ONLY_PRINTED = "Published results of the SmartPlay paper"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one track.

    Attributes:
        key: Names the table on the page.
        title: The track in words.
        details: What differs from the games' cards.
        replayable: Whether its rows were verified.
        games: The full ids of its columns.
        rows: Best first.
        tied: The groups of agents that cannot be told apart, each by its letter.
    """

    key: str
    title: str
    details: str
    replayable: bool
    games: list[str]
    rows: list[Row]
    tied: dict[str, list[str]] = {}


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """All that is on the page."""

    tables: list[Table]
    refused: list[Refused]
    capabilities: list[str]
    version: str


def build(root: Path, tick: Callable[[str, Verification | None], None] | None = None) -> Board:
    """Verify every entry and write the page and the README.

    Args:
        root: The leaderboard's folder, which holds `entries/`, `suites/` with the private suites
            that were revealed, and `prices.toml`.
        tick: Called with each entry's name and what its check found.

    Raises:
        UsageError: If there is no such folder, it cannot be written, or the prices cannot be read.
    """
    if not root.is_dir():
        raise UsageError(f"no folder {root}; name the leaderboard's folder with --root")
    prices = read_prices(root / PRICES) if os.path.lexists(root / PRICES) else None
    suites = read_suites(root / "suites")
    found = read_entries(root / "entries", tick, suites, prices)
    board = make_board(*found)
    with writing(f"into {root}"):
        (root / "site" / PAGES).mkdir(parents=True, exist_ok=True)
        _write_pages(root, board, suites, prices)
        write_atomically(root / "site" / "index.html", to_html(board).encode())
        write_atomically(root / "README.md", to_markdown(board).encode())
    return board


def make_board(rows: Sequence[Row], refused: Sequence[Refused]) -> Board:
    """Sort rows into tracks; the standard tracks come first, the published results last."""
    tracks = list(dict.fromkeys(row.track for row in rows if row.track))
    with_models = {track.without_method() for track in tracks if track.method}
    shown = [track for track in tracks if track.method or track not in with_models]
    shown.sort(key=lambda track: (not track.is_standard, track.is_trial, track.title))
    printed = _best_first(published_rows())
    tables = []
    for number, track in enumerate(shown, start=1):
        alike = (track, track.without_method())
        own = ranked(with_ties(_best_first([row for row in rows if row.track in alike])))
        beside = printed if track.is_as_published else []
        tables.append(_table(f"track-{number}", track.title, track.details, own, beside))
    if not any(track.is_as_published for track in shown):
        tables.append(_table("published", ONLY_PRINTED, "", [], printed))
    return Board(
        tables=tables,
        refused=list(refused),
        capabilities=[str(capability) for capability in Capability],
        version=__version__,
    )


def _table(key: str, title: str, details: str, own: Sequence[Row], beside: Sequence[Row]) -> Table:
    """A track's rows, and below them the published ones if they have the same games."""
    rows = [*own, *beside]
    return Table(
        key=key,
        title=title,
        details=" ".join(filter(None, [details, PRINTED if beside else ""])),
        replayable=bool(own),
        games=list(dict.fromkeys(game for row in rows for game in row.games)),
        rows=rows,
        tied=_tied(own),
    )


def with_ties(rows: Sequence[Row]) -> list[Row]:
    """Give each verified row of one track the letters of its groups.

    Rows that share a letter do not differ in their mean normalised score at the 5 % level, by a
    sign-flip test on the episodes both played, corrected for the number of pairs in the track.
    """
    entries = [
        Entry(name=row.key, normalized=row.samples) for row in rows if row.status == "verified"
    ]
    found = iter(overall_ties(entries))
    ties = [next(found) if row.status == "verified" else "" for row in rows]
    return [msgspec.structs.replace(row, ties=t) for row, t in zip(rows, ties, strict=True)]


def ranked(rows: Sequence[Row]) -> list[Row]:
    """Give the complete rows of one track, best first, their places; equal means share one."""
    found: list[Row] = []
    for place, row in enumerate(rows, start=1):
        rank = None
        if row.status == "verified" and row.overall:
            last = found[-1] if found else None
            same = last and last.overall and last.overall.mean == row.overall.mean
            rank = last.rank if last and same else place
        found.append(msgspec.structs.replace(row, rank=rank))
    return found


def _tied(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The rows that share each letter; rows without a partner are left out."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        for letter in letters(row.ties):
            groups.setdefault(letter, []).append(row.info.agent)
    return {letter: names for letter, names in groups.items() if len(names) > 1}


def page_name(key: str) -> str:
    """The file of an entry's page; plain letters, whatever the entry's folder is called."""
    if PLAIN.fullmatch(key):
        return f"{key}.html"
    return f"{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}.html"


def _write_pages(root: Path, board: Board, suites: Sequence[Suite], prices: Prices | None) -> None:
    """Write the report of each row's entry as a page, and remove those of entries that left."""
    pages = root / "site" / PAGES
    keys = [row.key for table in board.tables for row in table.rows if row.track]
    names = {page_name(key): root / "entries" / key for key in keys}
    for old in pages.glob("*.html"):
        if old.name not in names:
            old.unlink()
    for name, entry in names.items():
        known = digest_of(entry, suites, prices)
        digest = known and f"page-{known}"
        if recall(digest, str) != _digest_of_file(pages / name):
            write_html([build_report(entry, prices)], [entry], pages / name)
            keep(digest, _digest_of_file(pages / name))


def _digest_of_file(path: Path) -> str:
    return file_digest(path) if path.is_file() else "no file"


def _best_first(rows: Sequence[Row]) -> list[Row]:
    """Sort rows, best first; incomplete ones and those not replayed yet come last."""

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
        mean=mean,
        ends=ends,
        whisker=whisker,
        share=wording.share,
        count=lambda value: f"{value:,}".replace(",", " ") if value else "-",
        sort=lambda value: "" if value is None else f"{getattr(value, 'mean', value):.6f}",
        reach=reach,
        page=lambda row: f"{PAGES}/{page_name(row.key)}",
        money=lambda cost: "-" if cost is None else money(cost.total, cost.currency),
        short=short,
        wrapped=breakable,
    )
    return environment


def mean(value: Interval | None) -> str:
    """A score; without an interval in two decimals, as the published ones were printed."""
    if value is None:
        return "-"
    return value.shown_mean if value.shown_ends else f"{value.mean:.2f}"


def ends(value: Interval | None, printed: bool = False) -> str:
    """The interval of a score; `[unknown]` without one, unless it was printed without one."""
    if value is None:
        return ""
    return value.shown_ends or ("" if printed else "[unknown]")


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
