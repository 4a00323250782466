"""Checks a run by replay: every number in it must follow from seeds and actions.

What is proved: these actions, in these games, from these seeds, bring these scores. Who chose the
actions is not; no replay can tell. A run folder is data from strangers: nothing in it names code
that is loaded, no path in it is followed, and no file in it can grow beyond a limit.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from smartplay import parsing
from smartplay.cards.card import HUMANS
from smartplay.core import printable
from smartplay.core.errors import RunFolderError
from smartplay.core.untrusted import HEADER_LIMIT, own_path
from smartplay.core.whole_files import PART
from smartplay.games.registry import find_card, get_card, register_cards
from smartplay.leaderboard.checks import differences
from smartplay.leaderboard.claims import replays_name
from smartplay.leaderboard.problems import Problem, describe, problem_of
from smartplay.leaderboard.workers import Task, check_tasks, time_limit
from smartplay.records import EpisodeRecord, Key, RunHeader
from smartplay.records.folder import RunFolder, in_order, misfit, steps_name
from smartplay.records.replay import refusal
from smartplay.report import build_report
from smartplay.runner.plan import SEED_RULE, jobs_of, tracks_of
from smartplay.scores.thresholds import RULE, choices

MOST_PROBLEMS = 20
UNREPRODUCIBLE = ("cost",)
"""Fields of a report that depend on files outside of the run."""


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What came of checking a run.

    Attributes:
        path: The run folder.
        verified: Whether everything in it follows from seeds and actions.
        levels: Levels that were chosen anew and found as recorded.
        complete: Whether all planned episodes are there and scored.
        episodes: Episodes replayed.
        steps: Steps replayed.
        unscored: Episodes the run has as failed; what was played of them was replayed, but why
            they failed cannot be checked.
        seconds: Time the check took.
        played: Time the episodes took when they were played, as the run has it.
        problems: What is wrong; at most `MOST_PROBLEMS`.
        notes: What a reader should know besides.
    """

    path: str
    verified: bool
    complete: bool
    episodes: int = 0
    steps: int = 0
    unscored: int = 0
    levels: int = 0
    seconds: float = 0.0
    played: float = 0.0
    problems: list[Problem] = []
    notes: list[str] = []

    def __str__(self) -> str:
        """What came of the check, one fact per line, printable characters only."""
        path = printable.line(self.path, printable.TEXT)
        notes = [f"  note: {note}" for note in self.notes]
        if self.problems:
            head = f"{path}: NOT verified"
            return "\n".join([head, *(f"  {problem}" for problem in self.problems), *notes])
        times = self.played / self.seconds if self.seconds > 0 else 0.0
        speed = f" ({times:.0f} times as fast as it was played)" if times >= 2 else ""
        head = (
            f"{path}: verified: {self.episodes} episodes, {self.steps} steps "
            f"replayed in {self.seconds:.1f} s{speed}"
        )
        head += f", {self.levels} choices of level recomputed" if self.levels else ""
        return "\n".join([head, *notes])


def verify_run(
    path: str | Path,
    *,
    cards: Sequence[str | Path] = (),
    workers: int | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> Verification:
    """Check a run by replay.

    Args:
        path: A run folder, or an entry of the leaderboard.
        cards: Card files of your own that the run may have been played with; they name code that
            is run. Other games than these and the shipped ones are refused.
        workers: Processes for the games that need much computing; by default one per core.
        tick: Called with the episodes checked so far and their number.

    Raises:
        CardError: If one of `cards` cannot be read.
    """
    started = time.perf_counter()
    folder = RunFolder(Path(path))
    for card in cards:
        register_cards(card)
    check = _Check(folder, [str(card) for card in cards])
    try:
        check.run(workers, tick or (lambda done, number: None))
    except RunFolderError as error:
        check.problems.append(Problem(what=str(error)))
    problems = check.problems[:MOST_PROBLEMS]
    return Verification(
        path=str(path),
        verified=not problems,
        complete=not problems and not check.unscored and not check.unfinished,
        episodes=check.episodes,
        steps=check.steps,
        unscored=check.unscored,
        levels=check.levels,
        seconds=time.perf_counter() - started,
        played=check.played,
        problems=problems,
        notes=check.notes,
    )


class _Check:
    """The check of one run, part by part; each needs that those before found nothing."""

    def __init__(self, folder: RunFolder, cards: list[str]) -> None:
        self.folder, self.cards = folder, cards
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.episodes = self.steps = self.unscored = self.levels = 0
        self.unfinished = False
        self.played = 0.0

    def run(self, workers: int | None, tick: Callable[[int, int], None]) -> None:
        """Check everything."""
        header = self.folder.header()
        self.problems += check_header(header, self.cards)
        if self.problems:
            return
        records = self._records(header)
        if self.problems:
            return
        self.unscored = sum(record.status == "unscored" for record in records)
        self.played = sum(record.seconds for record in records)
        if self.unscored:
            self.notes.append(
                f"{self.unscored} of {len(records)} episodes are unscored; that they failed "
                "cannot be checked, and their scores are missing from the means"
            )
        if header.seed_rule < SEED_RULE:
            self.notes.append("its agents' seeds follow the rule of version 0.1")
        if header.parser != parsing.VERSION:
            by = f"version {header.parser} of the parser" if header.parser else "an older parser"
            self.notes.append(
                f"{by} read its replies, not version {parsing.VERSION}: only actions were checked"
            )
        tasks = [
            Task(
                path=str(self.folder.path),
                plan=header.games[record.game].at(record.level),
                record=record,
                retries=header.retries,
                cards=self.cards,
                planned=header.games[record.game].episodes * header.repeats,
                limit=time_limit(record),
                replies=header.parser == parsing.VERSION,
            )
            for record in records
        ]
        for done, (record, problems) in enumerate(check_tasks(tasks, workers), start=1):
            self.episodes += 1
            self.steps += record.steps
            self.problems += problems
            tick(done, len(tasks))
            if len(self.problems) >= MOST_PROBLEMS:
                self.notes.append("the check stopped here; there may be more that is wrong")
                return
        if not self.problems:
            self._check_report()
            self._look_for_strays(records)

    def _records(self, header: RunHeader) -> list[EpisodeRecord]:
        """The records that count, in order, if each planned episode has exactly one."""
        lines = self.folder.lines()
        self.problems += list(check_lines(lines, header))
        self.problems += list(check_seeds(lines, header)) if not self.problems else []
        latest = {record.key: record for record in lines}
        if not self.problems:
            self._check_levels(header, list(latest.values()))
        again = len(lines) - len(latest)
        if again:
            self.notes.append(f"{again} unscored episodes were played again")
        return [] if self.problems else in_order(header, latest.values())

    def _check_levels(self, header: RunHeader, records: Sequence[EpisodeRecord]) -> None:
        """Choose every level anew, from the records of the sweeps before it."""
        expected: list[tuple[EpisodeRecord, int | None]] = [(record, 0) for record in records]
        if header.measurement is not None:
            made, missing = choices(tracks_of(header), header.measurement, records)
            expected = [(record, made.get((record.game, record.episode))) for record in records]
            self.levels, self.unfinished = len(records), bool(missing)
            if self.unfinished:
                self.notes.append(
                    "the measurement was stopped before its end: its intervals are wider than "
                    "they were to be"
                )
        self.problems += [
            problem_of(
                record,
                "the level does not follow from the records before",
                "no such episode" if level is None else level,
                record.level,
            )
            for record, level in expected
            if record.level != level
        ]

    def _check_report(self) -> None:
        """Compare `report.json`, if there is one, with a report made anew."""
        try:
            found = self.folder.read("report.json", object, 8 * HEADER_LIMIT)
        except FileNotFoundError:
            return
        human = found.get("human") if isinstance(found, dict) else None
        report = build_report(self.folder.path, human=human if human in HUMANS else "published")
        expected = msgspec.json.decode(msgspec.json.encode(report))
        for place, one, other in differences(expected, found):
            if place.split(".")[0] not in UNREPRODUCIBLE:
                what = f"report.json, {place}, differs"
                self.problems.append(
                    Problem(what=what, expected=describe(one), found=describe(other))
                )

    def _look_for_strays(self, records: list[EpisodeRecord]) -> None:
        """Refuse files of episodes that no record mentions: something was taken out.

        In an entry, which is published, nothing else may lie about either.
        """
        packed = self.folder.is_packed
        known = {replays_name(r.game) if packed else steps_name(*r.key) for r in records}
        root = self.folder.path
        published = (root / "entry.json").exists()
        if published:
            known |= {"entry.json", "run.json", "episodes.jsonl"}
        for base in [root] if published else [own_path(root, "steps"), own_path(root, "replays")]:
            for path in sorted(base.rglob("*")):
                name = path.relative_to(root).as_posix()
                left_behind = name.endswith(PART) and not published
                folder = path.is_dir() and not path.is_symlink()
                if name not in known and not left_behind and not folder:
                    self.problems.append(Problem(what=f"{name} belongs to no recorded episode"))


def check_header(header: RunHeader, own_cards: Sequence[str]) -> list[Problem]:
    """Check that a run was played with games and settings that may be replayed here."""
    problems = []
    if not header.games:
        problems.append(Problem(what="the run plays no game"))
    if header.measurement is not None:
        problems += check_measurement(header)
    if header.seed < 0 or header.retries < 0:
        problems.append(Problem(what="the suite seed and the retries must be 0 or more"))
    for game, plan in header.games.items():
        reason = refusal(game, plan, guarded=True)
        if not reason and not own_cards and get_card(game).source.endswith(".toml"):
            reason = "the game is no shipped one; name its card with --card"
        if reason:
            problems.append(Problem(what=reason, game=game))
    return problems


def check_measurement(header: RunHeader) -> list[Problem]:
    """Check that a run's levels can be chosen anew."""
    assert header.measurement is not None
    found = {game: find_card(game) for game in header.games}
    problems = [
        Problem(what="a measurement needs a game with a dial", game=game)
        for game, card in found.items()
        if card is not None and card.dial is None
    ]
    if header.measurement.rule != RULE:
        what, found_rule = "its levels were chosen by another rule", str(header.measurement.rule)
        problems.append(Problem(what=what, expected=str(RULE), found=found_rule))
    if header.repeats != 1:
        problems.append(Problem(what="a measurement plays each episode once"))
    return problems


def check_lines(lines: Sequence[EpisodeRecord], header: RunHeader) -> Iterator[Problem]:
    """Check that there is a record for each planned episode, and none after its score."""
    scored: set[Key] = set()
    for record in lines:
        reason = misfit(header, record)
        if reason:
            yield problem_of(record, reason)
            continue
        if record.key in scored:
            yield problem_of(record, "the episode is recorded again after it was scored")
        if record.status == "scored":
            scored.add(record.key)
    if header.measurement is not None:
        return
    played = Counter(game for game, _, _ in {record.key for record in lines})
    for game, plan in header.games.items():
        planned = plan.episodes * header.repeats
        if played[game] < planned:
            yield Problem(
                what="episodes are missing",
                game=game,
                expected=str(planned),
                found=str(played[game]),
            )


def check_seeds(lines: Sequence[EpisodeRecord], header: RunHeader) -> Iterator[Problem]:
    """Check that the seeds of planned episodes follow from the suite seed."""
    planned = {job.key: [job.seed, job.agent_seed] for job in jobs_of(header)}
    for record in lines:
        seeds, found = planned[record.key], [record.seed, record.agent_seed]
        if seeds != found:
            yield problem_of(record, "the seeds do not follow from the suite seed", seeds, found)
