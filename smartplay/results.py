"""Runs as Python objects: what `smartplay.run` returns and a notebook shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, wraps
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smartplay import runner
from smartplay.card import Human
from smartplay.errors import MissingPackageError, UsageError
from smartplay.records import EpisodeRecord, RunHeader
from smartplay.report import Report, build_report, keep_report
from smartplay.run_folder import RunFolder

if TYPE_CHECKING:
    import pandas

    from smartplay.comparison.results import Comparison
    from smartplay.scoring import CapabilityScore, GameScore


class Run:
    """A run folder, read when something of it is asked for.

    Args:
        path: The folder.
        stopped: Why the run stopped before its end; None if it did not.
        cards: Card files of your own that it was played with.

    Attributes:
        path: As above.
        stopped: As above. The same call takes a stopped run up again.
    """

    def __init__(
        self, path: str | Path, stopped: str | None = None, cards: Iterable[str | Path] = ()
    ) -> None:
        self.path, self.stopped = Path(path), stopped
        self._cards = list(cards)

    @cached_property
    def header(self) -> RunHeader:
        """What was played."""
        return RunFolder(self.path).header()

    @cached_property
    def episodes(self) -> list[EpisodeRecord]:
        """The finished episodes, by game and number."""
        return RunFolder(self.path).results(self.header)

    @property
    def scored(self) -> list[EpisodeRecord]:
        """Episodes that were played to their end."""
        return [record for record in self.episodes if record.status == "scored"]

    @property
    def unscored(self) -> list[EpisodeRecord]:
        """Episodes that failed."""
        return [record for record in self.episodes if record.status == "unscored"]

    @property
    def scores(self) -> dict[str, GameScore]:
        """The score of each game, by id, with its interval and what it is held against."""
        return {game.game: game for game in self._report.games}

    @property
    def capabilities(self) -> dict[str, CapabilityScore]:
        """The score of each capability, by name."""
        return {each.capability: each for each in self._report.capabilities}

    def report(self, keep: bool = True, human: Human = "published") -> Report:
        """Score the run.

        Args:
            keep: Whether to write `report.md`, `report.json` and `radar.svg` into the folder too.
            human: The human scores to normalise by, as for the command `report`.

        Raises:
            RunFolderError: If the folder cannot be read, or written.
        """
        report = build_report(self.path, human=human, own_cards=self._cards)
        if keep:
            keep_report(report, self.path)
        return report

    def to_frame(self) -> pandas.DataFrame:
        """One row per episode: what `episodes.jsonl` holds, tokens and invalid steps in columns.

        Raises:
            MissingPackageError: If pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise MissingPackageError(
                'a data frame needs the package "pandas": pip install pandas'
            ) from error
        return pandas.DataFrame([_row(record) for record in self.episodes])

    @cached_property
    def _report(self) -> Report:
        return self.report(keep=False)

    def __repr__(self) -> str:
        """One line: who, how far, where."""
        planned = sum(plan.episodes for plan in self.header.games.values()) * self.header.repeats
        failed = f", {len(self.unscored)} unscored" if self.unscored else ""
        played = f"{len(self.scored)} of {planned} episodes{failed}"
        return f"<Run of {self.header.agent}: {played}, {self.path}>"

    def _repr_html_(self) -> str:
        """A table of the games' scores, as notebooks show it."""
        rows = [
            f"<tr><td>{escape(game.title)}</td><td>{game.episodes}</td>"
            f"<td>{_interval(game.score)}</td><td>{_interval(game.normalized)}</td></tr>"
            for game in self._report.games
        ]
        head = "<tr><th>game</th><th>episodes</th><th>score</th><th>of human</th></tr>"
        stopped = f"<p>stopped: {escape(self.stopped)}</p>" if self.stopped else ""
        return f"<p>{escape(repr(self)[1:-1])}</p><table>{head}{''.join(rows)}</table>{stopped}"


def _interval(found: Any) -> str:
    if found is None:
        return "–"
    whole = found.low is not None and found.high is not None
    return f"{found.mean:.3g}" + (f" [{found.low:.3g}, {found.high:.3g}]" if whole else "")


def _row(record: EpisodeRecord) -> dict[str, Any]:
    plain = {name: getattr(record, name) for name in record.__struct_fields__}
    usage, invalid = plain.pop("usage"), plain.pop("invalid")
    for name in ("scores", "unlocked", "roles", "rejected", "reused"):
        plain.pop(name)
    plain["return"] = plain.pop("return_")
    return plain | {
        "invalid": sum(invalid.values()),
        "prompt_tokens": usage.prompt,
        "cached_tokens": usage.cached,
        "completion_tokens": usage.completion,
        "reasoning_tokens": usage.reasoning,
        **record.scores,
    }


@wraps(runner.run)
def run(*arguments: Any, **options: Any) -> Run:
    """See `smartplay.runner.run`, whose documentation this takes over."""
    played = runner.run(*arguments, **options)
    games = played.header.games.values()
    return Run(played.path, played.stopped, [g.card for g in games if g.card.endswith(".toml")])


def load_run(path: str | Path, cards: Sequence[str | Path] = ()) -> Run:
    """A run that was played before.

    Args:
        path: Its folder.
        cards: Card files of your own that it was played with.

    Raises:
        RunFolderError: If there is no run, or it cannot be read.
    """
    found = Run(path, cards=cards)
    _ = found.episodes
    return found


def compare(runs: Iterable[Run | str | Path]) -> Comparison:
    """Compare two runs or more, paired by the seeds of their episodes.

    Args:
        runs: The runs or their folders.

    Raises:
        UsageError: If there are fewer than two.
        RunFolderError: If one cannot be read.
    """
    from smartplay.comparison import compare as compare_entries
    from smartplay.report.html.entries import entries_of

    found = [each if isinstance(each, Run) else load_run(each) for each in runs]
    if len(found) < 2:
        raise UsageError(f"two runs or more can be compared, not {len(found)}")
    return compare_entries(entries_of([each.report(keep=False) for each in found]))
