"""Checks a run by replay: every number in it must follow from seeds and actions.

A check shows that these actions, in these games, from these seeds, bring these scores. It does not
show who chose the actions; no replay can (`docs/trust.md`). A run folder is data from strangers:
the check loads no code that it names, follows no path in it, and reads no file beyond a limit.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from smartplay import parsing
from smartplay.cards.card import HUMANS
from smartplay.core import printable
from smartplay.core.errors import RunFolderError
from smartplay.core.garbage import rare_collections
from smartplay.core.untrusted import HEADER_LIMIT, own_path
from smartplay.core.version import __version__
from smartplay.core.whole_files import PART
from smartplay.games.registry import find_card, get_card, register_cards
from smartplay.leaderboard.checks import (
    LONGEST_TEXT,
    Problem,
    check_bounds,
    describe,
    differences,
    problem_of,
)
from smartplay.leaderboard.claims import entry_digest, read_info, replays_name
from smartplay.leaderboard.workers import Task, check_tasks, time_limit
from smartplay.records import EpisodeRecord, Key, RunHeader
from smartplay.records.folder import (
    RunFolder,
    in_order,
    member_name,
    misfit,
    own_steps_name,
    steps_name,
)
from smartplay.records.replay import refusal
from smartplay.runner.jobs import MOST_RETRIES, SEED_RULE, job_of, tracks_of
from smartplay.runner.suite import Suite
from smartplay.scores.thresholds import RULE, choices

MOST_PROBLEMS = 20
PRICED = ("cost", "cost_solved")
"""Fields of a report that depend on a file of prices, which lies outside of the run."""
MOST_PLANNED = 100_000
"""The most episodes of a run that is checked before it is complete."""
MOST_PACKAGES = 1000  # a name such as google may be that of a hundred
NOT_NUMBERED = ("code", "numpy-promotion")
NEEDED_VERSIONS = ("smartplay", "python", "gymnasium", "numpy")
_PACKAGE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_VERSION = re.compile(r"[0-9]+([.+!-]?[A-Za-z0-9_]+){0,12}\+?")  # 3.14.0a1+ is no release


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """The result of checking a run.

    Attributes:
        path: The run folder.
        verified: Whether everything in it follows from seeds and actions.
        levels: How many levels were chosen anew and match the record.
        complete: Whether all planned episodes are there and scored.
        incomplete: Whether planned episodes are missing, or the record of one that was just being
            written, and nothing else is wrong.
        sealed: Whether only the replay is missing, which needs the secret of a private suite.
        suite: The hash of the private suite it was played on; empty for a public one.
        episodes: Episodes replayed.
        steps: Steps replayed.
        unscored: Episodes that failed by the run's account; the part that was played was replayed,
            but the cause cannot be checked.
        seconds: Seconds the check took.
        played: Seconds the episodes took when they were played, by the run's account.
        again: Episodes that were played again after a try that failed or was broken off.
        problems: What is wrong; at most `MOST_PROBLEMS`.
        notes: What else a reader should know.
    """

    path: str
    verified: bool
    complete: bool
    incomplete: bool = False
    sealed: bool = False
    suite: str = ""
    episodes: int = 0
    steps: int = 0
    unscored: int = 0
    levels: int = 0
    seconds: float = 0.0
    played: float = 0.0
    again: int = 0
    problems: list[Problem] = []
    notes: list[str] = []

    def __str__(self) -> str:
        """The result of the check, one fact per line, printable characters only."""
        path = printable.line(self.path, printable.TEXT)
        episodes = printable.plural(self.episodes, "episode")
        notes = [f"  note: {note}" for note in self.notes]
        if self.problems:
            head = f"{path}: NOT verified"
            return "\n".join([head, *(f"  {problem}" for problem in self.problems), *notes])
        if self.sealed:
            head = f"{path}: not verified yet: what is recorded of {episodes} agrees"
            return "\n".join([head, *notes])
        times = self.played / self.seconds if self.seconds > 0 else 0.0
        speed = f" ({times:.0f} times as fast as it was played)" if times >= 2 else ""
        steps = printable.plural(self.steps, "step")
        head = f"{path}: verified: {episodes}, {steps} replayed in {self.seconds:.1f} s{speed}"
        head += f", {self.levels} choices of level recomputed" if self.levels else ""
        return "\n".join([head, *notes])


def verify_run(
    path: str | Path,
    *,
    cards: Sequence[str | Path] = (),
    workers: int | None = None,
    tick: Callable[[int, int], None] | None = None,
    suites: Sequence[Suite] = (),
) -> Verification:
    """Check a run by replay.

    Args:
        path: A run folder, or an entry of the leaderboard.
        cards: Card files of your own that the run may have been played with; they name code that
            is run. Other games than these and the shipped ones are refused.
        workers: Processes for the games that need much computing; by default one per core.
        tick: Called with the episodes checked so far and their number.
        suites: Private suites whose secret is known.

    Raises:
        CardError: If one of `cards` cannot be read.
    """
    started = time.perf_counter()
    folder = RunFolder(Path(path))
    for card in cards:
        register_cards(card)
    check = _Check(folder, [str(card) for card in cards], suites)
    try:
        with rare_collections():
            check.run(workers, tick or (lambda done, number: None))
    except RunFolderError as error:
        check.problems.append(Problem(what=str(error)))
    problems = [*check.missing, *check.problems][:MOST_PROBLEMS]
    told = ("suite", "episodes", "steps", "unscored", "levels", "played", "again", "notes")
    return Verification(
        path=str(path),
        verified=not problems and not check.sealed,
        complete=not problems and not check.unscored and not check.unfinished,
        incomplete=bool(check.missing) and not check.problems and not check.sealed,
        sealed=not check.problems and check.sealed,
        seconds=time.perf_counter() - started,
        problems=problems,
        **{name: getattr(check, name) for name in told},
    )


class _Check:
    """The check of one run, part by part; each part runs only if those before found nothing."""

    def __init__(self, folder: RunFolder, cards: list[str], suites: Sequence[Suite]) -> None:
        self.folder, self.cards, self.suites = folder, cards, suites
        self.suite, self.sealed, self.again = "", False, 0
        self.problems: list[Problem] = []
        self.missing: list[Problem] = []
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
        self.suite = header.suite
        suite = next((each for each in self.suites if each.hash == self.suite), None)
        self.sealed = bool(self.suite) and suite is None
        old = header.seed_rule < SEED_RULE
        if old:
            self.notes.append(
                "version 0.1 recorded it: its agents' seeds follow an older rule, and if it is "
                "packed an erased reply would not show"
            )
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
                digests=not old,
                seed=None if self.sealed else job_of(header, record.key, suite).seed,
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
            self._check_files(header, records, old)
        if self.missing and not self.problems and not self.sealed:
            self.notes.append(
                f"the {self.episodes} episodes that are there replay; the leaderboard lists such a "
                "run as incomplete"
            )
        if self.sealed:
            self.notes.append(
                f"it was played on the private suite {self.suite}; its scores can be replayed when "
                "that is revealed: name its file or its secret with --suite"
            )

    def _records(self, header: RunHeader) -> list[EpisodeRecord]:
        """The records that count, in order, if no planned episode has more than one."""
        lines = self.folder.lines()
        self.problems += list(check_lines(lines, header))
        self.missing = list(missing_episodes(lines, header))
        if self.missing and header.planned > MOST_PLANNED:
            self.problems += self.missing
            self.missing = []
        self.problems += list(check_seeds(lines, header)) if not self.problems else []
        latest = {record.key: record for record in lines}
        if not self.problems:
            self._check_levels(header, list(latest.values()))
        self.again = len(lines) - len(latest)
        if self.again and not self.problems:
            times = printable.plural(self.again, "time")
            self.notes.append(f"unscored episodes were played again {times}")
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
        # Reports draw on most of the package: every process that replays would load it.
        from smartplay.report import build_report
        from smartplay.report.costs import UNPRICED

        human = found.get("human") if isinstance(found, dict) else None
        report = build_report(self.folder.path, human=human if human in HUMANS else "published")
        expected = msgspec.json.decode(msgspec.json.encode(report))
        if isinstance(found, dict) and isinstance(found.get("notes"), list):
            found["notes"] = [n for n in found["notes"] if not str(n).startswith(UNPRICED)]
        for place, one, other in differences(expected, found):
            if not {*place.split(".")} & {*PRICED}:
                what = f"report.json, {place}, differs"
                self.problems.append(
                    Problem(what=what, expected=describe(one), found=describe(other))
                )
        if self.problems:
            self.notes.append(
                f"`smartplay report {self.folder.path}` makes the report anew, "
                "as a change of a card's anchors asks for"
            )

    def _check_files(self, header: RunHeader, records: list[EpisodeRecord], old: bool) -> None:
        """Refuse files of episodes that no record mentions: a record was taken out.

        A published entry may hold no other files either, and its digest shows changes after
        packing.
        """
        packed, root = self.folder.is_packed, self.folder.path
        published = packed or (root / "entry.json").exists()
        if packed:
            known = {replays_name(record.game) for record in records}
        else:
            known = self._check_members(header, records, published)
        if published:
            known |= {"entry.json", "run.json", "episodes.jsonl"}
        found = []
        for base in [root] if published else [own_path(root, "steps"), own_path(root, "replays")]:
            for path in sorted(base.rglob("*")):
                name = path.relative_to(root).as_posix()
                left_behind = name.endswith(PART) and not published
                if path.is_dir() and not path.is_symlink():
                    continue
                found.append(name)
                if name not in known and not left_behind:
                    self.problems.append(Problem(what=f"{name} belongs to no recorded episode"))
        if published and not self.problems and not (old and packed):
            told = read_info(root).digest
            own = entry_digest(root, (name for name in found if name != "entry.json"))
            if told != own:
                what = "the entry was changed after it was packed: its digest differs"
                self.problems.append(Problem(what=what, expected=own, found=told))

    def _check_members(
        self, header: RunHeader, records: Sequence[EpisodeRecord], published: bool
    ) -> set[str]:
        """Check the files of steps; returns their names, also those of older versions.

        A run that is being played, or was killed, may lack one record: steps are written first. If
        they are of an episode that failed before, no planned episode is missing for it.
        """
        games = sorted({record.game for record in records} if published else header.games)
        files = {game: self.folder.members(game) for game in games}
        if not published:
            records = self.folder.lines()  # read after the files, for a run may be going on
        numbers: dict[str, set[str]] = {}
        known = {steps_name(game) for game in files}
        for record in records:
            name = member_name(record.episode, record.repeat)
            numbers.setdefault(record.game, set()).add(name)
            if not (published and name in files[record.game].found):
                known.add(own_steps_name(*record.key))
        lacking = {problem.game for problem in self.missing}
        found = {} if published else {game: self.folder.rest(game, records) for game in files}
        rests = {game: rest.name for game, rest in found.items() if rest}
        for game, members in files.items():
            file, own = steps_name(game), numbers.get(game, set())
            begun = game in lacking or header.measurement is not None
            for name in sorted(members.found.keys() - own):
                stray = Problem(what=f"{file}, {name} belongs to no recorded episode")
                (self.missing if begun and rests == {game: name} else self.problems).append(stray)
            strays = []
            if rests.get(game) in own:
                again = f"{rests[game]} is being played again, and its new line is not written"
                if len(rests) == 1:
                    self.notes.append(f"{file}, {again}")
                else:
                    strays.append(again)
            if members.damage is not None:
                strays.append(f"damaged at byte {members.damage}")
            elif published and members.is_cut_off:
                strays.append(f"damaged at byte {members.end}")
            if published and len(members.parts) > len(members.found):
                strays.append("an episode is in it twice")
            self.problems += [Problem(what=f"{file}, {stray}") for stray in strays]
        return known


def check_header(header: RunHeader, own_cards: Sequence[str]) -> list[Problem]:
    """Check that a run was played with games and settings that may be replayed here."""
    problems = [Problem(what=reason) for reason in _impossible(header)]
    if header.measurement is not None:
        problems += check_measurement(header)
    for game, plan in header.games.items():
        reason = refusal(game, plan, guarded=True)
        if not reason and not own_cards and plan.card != get_card(game).source:
            reason = f"the game's card has another name: {get_card(game).source}"
        if not reason and not own_cards and get_card(game).source.endswith(".toml"):
            reason = "SmartPlay does not ship the game; name its card with --card"
        if reason:
            problems.append(Problem(what=reason, game=game))
    return problems


def _impossible(header: RunHeader) -> Iterator[str]:
    """Values in a header that no real run has."""
    if not header.games:
        yield "the run plays no game"
    if header.seed < 0 or not 0 <= header.retries <= MOST_RETRIES:
        yield f"the suite seed must be 0 or more, the retries 0 to {MOST_RETRIES}"
    if header.suite and (header.seed or header.seed_rule < SEED_RULE):
        yield "a run on a private suite has no suite seed of its own"
    if header.split and (header.suite or header.seed_rule < SEED_RULE):
        yield "a run on a split plays no private suite and no old seeds"
    try:
        datetime.fromisoformat(header.started)
    except ValueError:
        yield "the run says no time when it was begun"
    versions = header.versions
    named = all(map(_PACKAGE.fullmatch, versions)) and all(
        (_PACKAGE if name in NOT_NUMBERED else _VERSION).fullmatch(version)
        for name, version in versions.items()
    )
    if not named or len(versions) > MOST_PACKAGES or not {*NEEDED_VERSIONS} <= versions.keys():
        yield "impossible versions of Python and packages"
    elif _release(versions["smartplay"]) > _release(__version__):
        yield f"played by SmartPlay {versions['smartplay']}, newer than this one ({__version__})"
    if not (header.parser <= parsing.VERSION and 1 <= header.seed_rule <= SEED_RULE):
        yield "played with a parser or a rule for seeds that this version does not know"
    if max(map(len, (header.agent, header.agent_digest, header.canary))) > LONGEST_TEXT:
        yield f"a text of more than {LONGEST_TEXT} characters"


def _release(version: str) -> list[int]:
    return [int(number[:9]) for number in re.findall("[0-9]+", version)[:3]]


def check_measurement(header: RunHeader) -> list[Problem]:
    """Check that a run's levels can be chosen anew."""
    assert header.measurement is not None
    found = {game: find_card(game) for game in header.games}
    problems = [
        Problem(what="a measurement needs a game with a dial", game=game)
        for game, card in found.items()
        if card is not None and card.dial is None
    ]
    problems += [
        Problem(what="its dial holds for other steps or settings", game=game)
        for game, card in found.items()
        if card is not None
        and card.as_played(header.games[game].steps, header.games[game].settings) is not card
    ]
    if header.measurement.rule != RULE:
        what, found_rule = "its levels were chosen by another rule", str(header.measurement.rule)
        problems.append(Problem(what=what, expected=str(RULE), found=found_rule))
    if header.repeats != 1:
        problems.append(Problem(what="a measurement plays each episode once"))
    return problems


def check_lines(lines: Sequence[EpisodeRecord], header: RunHeader) -> Iterator[Problem]:
    """Check that records are of planned episodes, plausible, and none comes after a score."""
    scored: set[Key] = set()
    for record in lines:
        reason = misfit(header, record)
        if reason:
            yield problem_of(record, reason)
            continue
        if record.key in scored:
            yield problem_of(record, "the episode is recorded again after it was scored")
        yield from check_bounds(record)
        if record.status == "scored":
            scored.add(record.key)


def missing_episodes(lines: Sequence[EpisodeRecord], header: RunHeader) -> Iterator[Problem]:
    """The games with planned episodes that have no record; if levels are chosen, any may."""
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
    for record in lines:
        job = job_of(header, record.key)
        seeds, found = [job.seed, job.agent_seed], [record.seed, record.agent_seed]
        if seeds != found:
            yield problem_of(record, "the seeds do not follow from the suite seed", seeds, found)
