"""Rows of the table, from verified entries and from the published results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, get_args

import msgspec

from smartplay.cards.published import published_table
from smartplay.core.errors import SmartPlayError
from smartplay.games.registry import cards
from smartplay.leaderboard.claims import EntryInfo, Play, claims_of, play_of, read_info
from smartplay.leaderboard.remembered import digest_of, keep, recall
from smartplay.leaderboard.tracks import Track, track_of
from smartplay.leaderboard.verify import Verification, verify_run
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Prices
from smartplay.records.replay import OTHER_CARD
from smartplay.report import build_report
from smartplay.report.content import invalid_causes
from smartplay.report.costs import Cost
from smartplay.runner.suite import Suite, find_suite
from smartplay.scores.intervals import Interval
from smartplay.scores.scoring import analyze_capabilities
from smartplay.scores.thresholds import Threshold

Status = Literal["verified", "incomplete", "committed", "published"]
STATUSES: tuple[Status, ...] = get_args(Status)
"""The statuses, in the order of a table's rows."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's result.

    Attributes:
        key: The entry's folder name.
        info: The submitter's statement.
        status: `verified`; `incomplete` if it replays but some episodes are missing or unscored;
            `committed` if it was played on a private suite that is still to be revealed;
            `published` if it was printed and cannot be replayed.
        track: How it was played; None for published results.
        play: What was played, to tell copies by.
        overall: Mean of the normalised scores, each game alike and none above 1.
        games: Normalised scores by full id; 1 is human.
        thresholds: Thresholds by full id, of a run that measured them.
        capabilities: Capability scores (weights: degree less one) by name.
        samples: Normalised scores of the scored episodes by full id and seed.
        invalid: Share of steps without a valid answer; None if not known.
        causes: The same by cause.
        steps: Steps taken.
        calls: Calls to a language model.
        read: Tokens read.
        written: Tokens written.
        coverage: Scored episodes of those planned, such as `280/280`.
        again: Tries at episodes that failed or were broken off before the one that counts.
        suite: `public`, or the private suite's hash, and whether it is revealed.
        ties: Letters of the groups of agents it cannot be told apart from.
        rank: Its place among the complete rows of its table; None for other rows.
        cost: What its calls cost by the leaderboard's prices; None if unknown.
    """

    key: str
    info: EntryInfo
    status: Status
    track: Track | None
    play: Play = Play("", "")
    overall: Interval | None
    games: dict[str, Interval | None]
    capabilities: dict[str, Interval | None]
    thresholds: dict[str, Threshold] = {}
    samples: dict[str, dict[int, float]] = {}
    invalid: float | None = None
    causes: dict[str, float] = {}
    steps: int = 0
    calls: int = 0
    read: int = 0
    written: int = 0
    coverage: str = ""
    again: int = 0
    suite: str = ""
    ties: str = ""
    rank: int | None = None
    cost: Cost | None = None

    @property
    def is_baseline(self) -> bool:
        """Whether no language model played."""
        return self.track is not None and not self.track.method

    @property
    def reaches(self) -> dict[str, Threshold]:
        """Thresholds by capability, of a run that measured them."""
        return {found.capability: found for found in self.thresholds.values()}

    @property
    def price_dates(self) -> list[str]:
        """The days on which the prices behind its cost were read."""
        prices = self.cost.prices.values() if self.cost else ()
        return sorted({str(price.date or (self.cost and self.cost.date)) for price in prices})


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that does not count.

    Attributes:
        key: The entry's folder name.
        stale: Whether it was played with other games than this version's.
        reasons: What is wrong with it.
    """

    key: str
    stale: bool
    reasons: list[str]


def read_entries(
    folder: Path,
    tick: Callable[[str, Verification | None], None] | None = None,
    suites: Sequence[Suite] = (),
    prices: Prices | None = None,
) -> tuple[list[Row], list[Refused]]:
    """Verify all entries.

    Args:
        folder: The folder of all entries.
        tick: Called with each entry's name and what its check found; None if it has no row.
        suites: The private suites that were revealed.
        prices: What tokens cost.

    Returns:
        A row per entry that replays, and the others with the reasons.
    """
    rows: list[Row] = []
    refused: list[Refused] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(".") or path.name.endswith(".part") or path.is_file():
            continue
        found, verification = read_entry(path, suites, prices)
        if isinstance(found, Row):
            first = next((row.key for row in rows if row.play.is_same(found.play)), None)
            if first is not None:
                found = _refused(path, [f"the same run as {first}"])
        if isinstance(found, Row):
            rows.append(found)
        else:
            refused.append(found)
            verification = None
        if tick:
            tick(path.name, verification)
    return rows, refused


def read_suites(folder: Path) -> list[Suite]:
    """The private suites that were revealed, one per file; other files are skipped."""
    found = []
    for path in sorted(folder.glob("*.json")):
        with suppress(SmartPlayError):
            found.append(find_suite(path))
    return found


def read_entry(
    path: Path, suites: Sequence[Suite] = (), prices: Prices | None = None
) -> tuple[Row | Refused, Verification | None]:
    """Verify one entry and make its row, or recall what an earlier build made of it."""
    if path.is_symlink():
        return _refused(path, ["the entry is a link"]), None
    digest = digest_of(path, suites, prices)
    known = recall(digest, tuple[Row, Verification])
    if known is not None:
        return known
    found, verification = _checked(path, suites, prices)
    if isinstance(found, Row):
        keep(digest, (found, verification))
    return found, verification


def _checked(
    path: Path, suites: Sequence[Suite], prices: Prices | None
) -> tuple[Row | Refused, Verification | None]:
    try:
        info = read_info(path)
        verification = verify_run(path, suites=suites)
        if verification.verified or verification.incomplete or verification.sealed:
            return _row(path, info, verification, prices), verification
    except SmartPlayError as error:
        return _refused(path, [str(error)]), None
    stale = any(problem.what == OTHER_CARD for problem in verification.problems)
    return _refused(path, list(map(str, verification.problems)), stale), verification


def _refused(path: Path, reasons: list[str], stale: bool = False) -> Refused:
    """Say what is wrong, without the entry's place on this machine."""
    plain = [reason.replace(f"{path}/", "").replace(str(path), path.name) for reason in reasons]
    return Refused(key=path.name, stale=stale, reasons=plain)


def _row(
    path: Path, info: EntryInfo, verification: Verification, prices: Prices | None
) -> Row | Refused:
    report = build_report(path, prices)
    if not report.episodes:
        return _refused(path, ["it has no scored episode"])
    folder = RunFolder(path)
    claims = claims_of(folder, report.run, folder.results(report.run))
    memory = any(claim.memory for own in claims.values() for claim in own)
    status: Status = "verified" if verification.complete else "incomplete"
    suite, revealed = verification.suite, "revealed"
    if verification.sealed:
        status = revealed = "committed"
    return Row(
        key=path.name,
        info=info,
        status=status,
        track=track_of(report.run, report.calls > 0, memory),
        play=play_of(claims),
        overall=report.overall,
        games={game.game: game.normalized for game in report.games},
        capabilities={c.capability: c.scores["shipped"] for c in report.capabilities},
        thresholds={found.game: found for found in report.thresholds},
        samples={d.game: d.by_seed("normalized") for d in report.details},
        invalid=report.invalid,
        causes=invalid_causes(report),
        steps=sum(game.steps for game in report.games),
        calls=report.calls,
        read=report.usage.prompt,
        written=report.usage.completion,
        cost=report.cost,
        coverage=f"{report.episodes}/{report.planned}",
        again=verification.again,
        suite=f"private {suite[:8]}, {revealed}" if suite else "public",
    )


def published_rows() -> list[Row]:
    """The printed results: single means, no intervals, nothing to replay."""
    table = published_table()
    known = {card.id: card for card in cards()}
    rows = []
    for model, printed in table.models.items():
        games = dict(zip(table.ids, printed, strict=True))
        pairs = [(known[game], score) for game, score in games.items() if game in known]
        found = analyze_capabilities(pairs, "shipped")
        info = EntryInfo(agent=model, model=model, date=table.date, link=table.link, version="")
        rows.append(
            Row(
                key=f"published {model}",
                info=info,
                status="published",
                track=None,
                overall=Interval(sum(min(score, 1.0) for score in printed) / len(printed)),
                games={game: Interval(score) for game, score in games.items()},
                capabilities={k: None if v is None else Interval(v) for k, v in found.items()},
            )
        )
    return rows
