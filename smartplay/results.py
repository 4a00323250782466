"""Runs as Python objects: what `smartplay.run` returns and a notebook shows."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from smartplay import runner
from smartplay.agents.catalog import AgentSource
from smartplay.cards.card import Human
from smartplay.core import printable
from smartplay.core.errors import RunFolderError, SmartPlayError, UsageError
from smartplay.core.shown import html_table
from smartplay.games.native import number
from smartplay.games.registry import register_cards
from smartplay.records import EpisodeRecord, Measurement
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Prices, read_prices
from smartplay.report import Report, Scores, build_report, keep_report
from smartplay.report.content import entries_of
from smartplay.report.frame import frame_of
from smartplay.runner.plan import select_dials, whole_number
from smartplay.scores.comparison import Comparison
from smartplay.scores.comparison import compare as compare_entries
from smartplay.scores.contrasts import ContrastScore
from smartplay.scores.power import DETECT, check_detect
from smartplay.scores.scoring import CapabilityScore, GameScore
from smartplay.scores.thresholds import RULE, Threshold

if TYPE_CHECKING:
    import pandas

P = ParamSpec("P")
DIALS = "contrast"
WIDTH, MAX_CALLS = 0.5, 900


class Run:
    """A run folder. What it says is read when it is asked for, so an unfinished run stays current.

    Two are equal if they are of the same run in the same folder.

    Args:
        path: The folder.
        stopped: Why the run stopped before its end, if it did; the same call takes it up again.

    Attributes:
        header: What is played. The others are as above.

    Raises:
        RunFolderError: If there is no run, or it cannot be read.
    """

    def __init__(self, path: str | Path, stopped: str | None = None) -> None:
        self.path, self.stopped = Path(path), stopped
        self.header = RunFolder(self.path).header()
        self._last: tuple[list[EpisodeRecord], Report] | None = None

    @property
    def episodes(self) -> list[EpisodeRecord]:
        """The finished episodes, by game and number.

        Raises:
            RunFolderError: If they cannot be read, or the folder holds another run by now.
        """
        folder = RunFolder(self.path)
        if folder.header() != self.header:
            raise RunFolderError(
                f"{self.path} now holds another run; read it with smartplay.load_run"
            )
        return folder.results(self.header)

    @property
    def scored(self) -> list[EpisodeRecord]:
        """Those that were played to their end."""
        return [record for record in self.episodes if record.status == "scored"]

    @property
    def unscored(self) -> list[EpisodeRecord]:
        """Those that failed."""
        return [record for record in self.episodes if record.status == "unscored"]

    @property
    def scores(self) -> Scores[GameScore]:
        """The score of each game, by id, with its interval and what it is held against."""
        report = self._report
        return Scores({each.game: each for each in report.games}, report, "Games")

    @property
    def capabilities(self) -> Scores[CapabilityScore]:
        """The score of each capability, by name."""
        report = self._report
        found = {each.capability: each for each in report.capabilities}
        return Scores(found, report, "Capabilities")

    @property
    def contrasts(self) -> Scores[ContrastScore]:
        """What is left of each capability when it is demanded; empty if no contrast was played."""
        report = self._report
        found = {each.capability: each for each in report.contrasts}
        return Scores(found, report, "Contrasts")

    @property
    def thresholds(self) -> Scores[Threshold]:
        """Up to where each capability reaches; empty if the run did not measure that."""
        report = self._report
        found = {each.capability: each for each in report.thresholds}
        return Scores(found, report, "Thresholds")

    def report(
        self,
        keep: bool = True,
        human: Human = "published",
        prices: str | Path | Prices | None = None,
    ) -> Report:
        """Score the run.

        Args:
            keep: Whether to write `report.md`, `report.json` and `radar.svg` into the folder too;
                a folder that cannot be written is warned of.
            human: The human scores to normalise by, as for the command `report`.
            prices: What tokens cost, or the file that says so.

        Raises:
            UsageError: If the folder or the prices cannot be read.
        """
        if isinstance(prices, (str, Path)):
            prices = read_prices(prices)
        report = build_report(self.path, prices, human)
        if keep:
            try:
                keep_report(report, self.path)
            except RunFolderError as error:
                warnings.warn(f"the report is not kept: {error}", stacklevel=2)
        return report

    def to_frame(self) -> pandas.DataFrame:
        """One row per finished episode, as a pandas data frame.

        Its columns, `smartplay.report.frame.COLUMNS`, have the names of `EpisodeRecord` and
        `Usage`: `agent` tells runs apart in joined frames, `normalized` is the score where 1 is
        human, `invalid` and `rejected` are counts, `reused_tokens` cost this run nothing. The
        games' further scores and achievements follow as `scores.NAME` (float) and `unlocked.NAME`
        (boolean). What an episode has no value for is missing (NaN, None).

        Raises:
            MissingPackageError: If pandas is not installed.
        """
        return frame_of(self.header, self.episodes)

    @property
    def _report(self) -> Report:
        episodes = self.episodes
        if self._last is None or self._last[0] != episodes:
            self._last = episodes, build_report(self.path)
        return self._last[1]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Run):
            return NotImplemented
        return (self.path.absolute(), self.header) == (other.path.absolute(), other.header)

    def __hash__(self) -> int:
        return hash(self.path.absolute())

    def __repr__(self) -> str:
        """One line: who, how far, where."""
        try:
            scored, unscored = len(self.scored), len(self.unscored)
            of = "" if self.header.measurement else f" of {self.header.planned}"
            played = printable.plural(scored, "episode") if not of else f"{scored}{of} episodes"
            played += f", {unscored} unscored" if unscored else ""
        except SmartPlayError as error:
            played = str(error)
        return f"<{printable.line(f'Run of {self.header.agent}: {played}, {self.path}')}>"

    def _repr_html_(self) -> str:
        """A table of the games' scores, as notebooks show it, and what went wrong."""
        lines = [repr(self)[1:-1]]
        try:
            report = self._report
            table = self.scores._repr_html_()
            lines += [f"{count} unscored: {cause}" for cause, count in report.unscored.items()]
        except SmartPlayError as error:
            table = ""
            lines.append(str(error))
        if self.stopped:
            lines.append(f"stopped: {self.stopped}")
        return html_table((), [[line] for line in lines]) + table


def _giving_results(play: Callable[P, runner.Played]) -> Callable[P, Run]:
    """The same function, its run as a notebook likes it."""

    @wraps(play, assigned=("__name__", "__qualname__", "__doc__"))
    def run(*arguments: P.args, **options: P.kwargs) -> Run:
        played = play(*arguments, **options)
        return Run(played.path, played.stopped)

    signature = inspect.signature(play).replace(return_annotation=Run)
    run.__signature__ = signature  # type: ignore[attr-defined]
    return run


run = _giving_results(runner.run)


def measure(
    agent: str | Callable[..., Any] | AgentSource,
    games: str | Iterable[str | Path] = DIALS,
    *,
    capabilities: str | Iterable[str] = (),
    width: float = WIDTH,
    max_calls: int = MAX_CALLS,
    **options: Any,
) -> Run:
    """Measure up to where an agent's capabilities reach, at levels chosen as it plays.

    Args:
        agent: As for `run`.
        games: Games with a dial, one per capability; by default the nine of Four Doors.
        capabilities: Those to measure; by default all that the games have a dial for.
        width: Half the width of a threshold's interval, in levels, 0 or more, at which it is done.
        max_calls: Most rounds, over all games.
        options: As for `run`: `out`, `seed`, `limits`, `cache` and the others.

    Returns:
        The run; `thresholds` holds what was found.

    Raises:
        UsageError: If something asked for does not exist or cannot be done.
        RunFolderError: If the folder cannot be written, or another run is writing it.
    """
    half = number(width)
    if not half >= 0:  # nor a NaN
        raise UsageError(f"the width must be a number of 0 or more, not {width!r}")
    calls = whole_number("the most calls", max_calls, 1)
    measurement = Measurement(width=half, calls=calls, rule=RULE)
    return run(agent, select_dials(games, capabilities), measurement=measurement, **options)


def load_run(path: str | Path, cards: str | Path | Sequence[str | Path] = ()) -> Run:
    """A run that was played before.

    Args:
        path: Its folder.
        cards: The card file of your own that it was played with, or several.

    Raises:
        RunFolderError: If there is no run, or it cannot be read.
        CardError: If a card cannot be read.
    """
    for card in [cards] if isinstance(cards, (str, Path)) else cards:
        register_cards(card)
    found = Run(path)
    _ = found.episodes
    return found


def compare(runs: Iterable[Run | str | Path], detect: float = DETECT) -> Comparison:
    """Compare two runs or more, paired by the seeds of their episodes.

    Args:
        runs: The runs or their folders.
        detect: The difference of which to say how many episodes it takes to tell it, on the scale
            on which 1 is human.

    Raises:
        UsageError: If there are fewer than two, or no difference is to be told.
        RunFolderError: If one cannot be read.
    """
    given = [runs] if isinstance(runs, (str, Path, Run)) else list(runs)
    if len(given) < 2:
        raise UsageError(f"compare takes a list of two or more runs, not {len(given)}")
    check_detect(detect)
    found = [each if isinstance(each, Run) else load_run(each) for each in given]
    return compare_entries(entries_of([each._report for each in found]), detect)
