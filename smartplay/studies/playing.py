"""Plays a study: every arm into a run folder of its own, then the votes that cost as much."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from smartplay.agents.catalog import ONE_CALL, find_agent
from smartplay.agents.methods import Arm as Control
from smartplay.core.errors import RunFolderError, UsageError
from smartplay.core.whole_files import write_atomically, writing
from smartplay.games.registry import get_card
from smartplay.records import EpisodeRecord, RunHeader
from smartplay.records.encoding import pretty
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Prices
from smartplay.report.costs import cost_of
from smartplay.report.estimate import Range, expected_use, figures, known_use
from smartplay.runner import Limits, run
from smartplay.runner.budget import OVER, SPENT, left_of, used_up
from smartplay.runner.plan import TOLD, differences, plan_run, select_games
from smartplay.runner.rehearse import rehearse
from smartplay.scores.power import OWN_SCORE, scale_of
from smartplay.scores.scoring import spent
from smartplay.studies.file import (
    Frozen,
    Study,
    StudyArm,
    add_control,
    arms_of,
    by_identity,
    freeze,
)

PLAN = "plan.json"
ARMS = "arms"
WITHIN = 0.05
"""How far a vote's use may be from the use that it matches, relative."""
MOST_SAMPLES = 1000


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What an arm will cost, as far as that can be known before.

    Attributes:
        arm: Its name.
        why: Whose control it is; empty for the arms of the file.
        done: Episodes that are played already.
        planned: Episodes of the arm.
        calls: Calls of the episodes that are left; None if they are unknown.
        read: Tokens these read; likewise.
        cached: Of these, tokens from the services' caches; likewise.
        written: Tokens they write; likewise.
        cost: Their price; None also without prices.
    """

    arm: str
    why: str
    done: int
    planned: int
    calls: float | None = None
    read: float | None = None
    cached: float | None = None
    written: Range | None = None
    cost: Range | None = None


class Use(NamedTuple):
    """Calls and tokens per step of an arm that has been played to its end."""

    calls: float
    tokens: float


class Opened(NamedTuple):
    """A study that may be played in a folder.

    Attributes:
        study: The study.
        arms: All arms that play, except the matched votes.
        folder: The study's folder.
        plan: What is fixed before anything is played.
        planned: Episodes of each arm, by game.
    """

    study: Study
    arms: list[StudyArm]
    folder: Path
    plan: Frozen
    planned: dict[str, int]

    def run_folder(self, arm: StudyArm) -> RunFolder:
        """The run folder of an arm."""
        return RunFolder(self.folder / ARMS / arm.folder)

    def records(self, arm: StudyArm) -> tuple[RunHeader | None, list[EpisodeRecord]]:
        """The header and the finished episodes of an arm."""
        folder = self.run_folder(arm)
        if not folder.exists:
            return None, []
        header = folder.header()
        return header, folder.results(header)


def open_study(study: Study, folder: Path) -> Opened:
    """Make sure that a study can be played in a folder; nothing is written.

    Raises:
        UsageError: If an arm is wrong, or the games have no scale in common.
        RunFolderError: If the folder holds another study; the message says what differs.
    """
    arms = arms_of(study)
    plan, planned = freeze(study, arms), _planned(study, arms[0])
    try:
        before = msgspec.json.decode((folder / PLAN).read_bytes(), type=Frozen)
    except FileNotFoundError:
        if (folder / ARMS).exists():
            raise RunFolderError(
                f"{folder} holds runs but no {PLAN}, so nobody knows what was fixed before they "
                "were played; choose another folder with --out"
            ) from None
    except (OSError, msgspec.DecodeError) as error:
        raise RunFolderError(f"cannot read {folder / PLAN}: {error}") from error
    else:
        found = list(differences(before.study, plan.study))
        if found:
            more = f" (and {len(found) - TOLD} more)" if len(found) > TOLD else ""
            raise RunFolderError(
                f"{folder} holds a study with another plan: "
                f"{'; '.join(found[:TOLD])}{more}. Play the changed study in another folder with "
                "--out"
            )
    return Opened(study, arms, folder, plan, planned)


def expected(opened: Opened) -> list[Expected]:
    """Estimate what is left to be played, without any service.

    Each arm rehearses a few episodes of random play with stand-ins for its models. The estimates of
    matched votes follow from those of the arms.

    Raises:
        UsageError: If a game cannot be played so.
    """
    arms, found, uses = by_identity(opened.arms), list[Expected](), dict[str, Use | None]()

    def reckon(arm: StudyArm) -> None:
        options = {key: opened.study.options[key] for key in ("steps", "seed", "game_settings")}
        records = rehearse(arm.source, ",".join(opened.study.games), options)[1]
        uses[arm.name] = _use(records) if arm.source.models else None
        found.append(_left_to_play(opened, arm, records))

    for arm in opened.arms:
        reckon(arm)
    for arm in opened.arms:
        for vote, _ in _votes(arms, arm, uses):
            if vote.name not in uses:
                reckon(vote)
    return found


def _left_to_play(opened: Opened, arm: StudyArm, rehearsed: Sequence[EpisodeRecord]) -> Expected:
    """What the episodes of an arm take that have no score yet."""
    done = [record for record in opened.records(arm)[1] if record.score is not None]
    told = Expected(
        arm=arm.name, why="; ".join(arm.of), done=len(done), planned=sum(opened.planned.values())
    )
    prices, parts = opened.study.read_prices(), []
    for game, planned in opened.planned.items():
        records = [r for r in rehearsed if r.game == game and r.score is not None]
        played = sum(record.game == game for record in done)
        rows = 0 if played else opened.study.repeats
        parts.append(expected_use(arm.source, records, planned - played, prices, rows=rows))
    return msgspec.structs.replace(told, **figures(known_use(parts)))


def _planned(study: Study, arm: StudyArm) -> dict[str, int]:
    """Episodes by game; refuses a mean over games whose scores do not go together."""
    options = {key: value for key, value in study.options.items()
               if key not in ("games", "game_settings")}  # fmt: skip
    header = plan_run(
        arm.source, select_games(study.games), quick=False, settings=study.game_settings,
        arguments={}, **options,
    )  # fmt: skip
    without = []
    for game, plan in header.games.items():
        card = get_card(game).as_played(plan.steps, plan.settings)
        if scale_of(card.anchors, card.bounds_within(plan.steps)).name == OWN_SCORE:
            without.append(game.split("/")[-1])
    if without and len(header.games) > 1:
        raise UsageError(
            f"no scale is known for {', '.join(without)} as played here, so there is no mean with "
            "the other games; make a study of each such game alone"
        )
    return {game: plan.episodes * study.repeats for game, plan in header.games.items()}


def play_study(
    opened: Opened, *, limits: Limits | None = None, **options: Any
) -> tuple[list[StudyArm], dict[str, str], str | None]:
    """Play what is missing of a study.

    Args:
        opened: The study.
        limits: What it may cost, over all its arms and sessions, and how long this session may
            take.
        options: Further options of `smartplay.run`.

    Returns:
        All arms that play, the arms that could not be played with the reason, and why the study
        stopped before its end, if it did.

    Raises:
        UsageError: If a model lacks a key or a package; then nothing is played.
        RunFolderError: If the folder cannot be written, or another process is playing in it.
    """
    _check_models(opened.arms)
    if limits is not None:
        limits.check()
        if limits.cost is not None:
            if not opened.study.prices:
                raise UsageError(
                    'a limit on the cost needs prices; write prices = "FILE" in the study'
                )
            limits = msgspec.structs.replace(limits, prices=opened.study.prices)
    with writing(opened.folder, RunFolderError):
        opened.folder.mkdir(parents=True, exist_ok=True)
        if not (opened.folder / PLAN).exists():
            write_atomically(opened.folder / PLAN, pretty(opened.plan))
    started, problems, arms = time.monotonic(), dict[str, str](), by_identity(opened.arms)

    def play(arm: StudyArm) -> str | None:
        left = None
        if limits is not None:
            others = (opened.run_folder(other) for other in arms.values() if other.name != arm.name)
            left = left_of(limits, others, time.monotonic() - started)
            if over := used_up(left):
                return f"the most {over} of the study is spent"
        try:
            reason = run(arm.agent, **(opened.study.options | options), limits=left,
                         agent_settings=arm.settings, out=opened.run_folder(arm).path,
                         ).stopped  # fmt: skip
        except RunFolderError:
            raise
        except UsageError as error:
            reason = str(error)
        if reason is None or SPENT in reason or OVER in reason:
            return reason
        problems[arm.name] = reason
        return None

    def votes() -> list[StudyArm]:
        """The votes beside the arms that are finished, from now on among all arms."""
        uses = {arm.name: finished_use(opened, arm) for arm in arms.values()}
        found = [vote for arm in opened.arms for vote, _ in _votes(arms, arm, uses)]
        return [vote for vote in found if vote.kind == "matched"]

    for arm in opened.arms:
        if stopped := play(arm):
            votes()
            return list(arms.values()), problems, f"{arm.name}: {stopped}"
    for vote in votes():
        if stopped := play(vote):
            return list(arms.values()), problems, f"{vote.name}: {stopped}"
    return list(arms.values()), problems, None


def _check_models(arms: Sequence[StudyArm]) -> None:
    """Find out now, rather than after hours, that a model lacks a key or a package."""
    seen = set[tuple[object, ...]]()
    for arm in arms:
        models = arm.source.models.values()
        keys = {(m.name, m.settings.base_url, m.settings.api_key_env) for m in models}
        if not keys <= seen:
            try:
                find_agent(arm.agent, arm.settings)
            except UsageError as error:
                raise UsageError(f"arm {arm.name!r}: {error}") from error
        seen |= keys


def price_of(record: EpisodeRecord, header: RunHeader, prices: Prices | None) -> float | None:
    """What an episode cost; None if unknown."""
    found = cost_of([record], header, prices)
    return found.total if found else None if record.calls or prices is None else 0.0


def _use(records: Sequence[EpisodeRecord]) -> Use | None:
    scored = [record for record in records if record.score is not None]
    steps = sum(record.steps for record in scored)
    if not steps:
        return None
    calls, usage = spent(scored)
    return Use(calls / steps, usage.total / steps)


def finished_use(opened: Opened, arm: StudyArm) -> Use | None:
    """What an arm took per step; None before all its episodes have a score, or without models."""
    header, records = opened.records(arm)
    scored = [record for record in records if record.score is not None]
    whole = header is not None and len(scored) == header.planned
    return _use(scored) if whole and arm.source.models else None


def _votes(
    arms: dict[bytes, StudyArm], arm: StudyArm, uses: dict[str, Use | None]
) -> Iterator[tuple[StudyArm, str]]:
    """The votes that take as many calls, and as many tokens, as an arm of the file; added to arms.

    The size of a vote is what the arm took per step over what one call takes, rounded.
    """
    own = uses.get(arm.name)
    if arm.kind != "arm" or own is None:
        return
    one_call = add_control(arms, arm, ONE_CALL, "control")
    one = uses.get(one_call)
    if one is None or one_call == arm.name:
        return
    # Names must not depend on which arms are finished: votes of all but the first model say whose.
    first = next(each for each in arms.values() if each.kind == "arm" and each.source.models)
    another = add_control(arms, first, ONE_CALL, "control") != one_call
    beside = next(each.of for each in arms.values() if each.name == one_call)
    whose = f", for {beside[0]}" if another else ""
    sizes = {"calls": own.calls}
    if one.tokens and own.tokens:
        sizes["tokens"] = own.tokens / one.tokens
    for budget, size in sizes.items():
        samples = max(1, min(MOST_SAMPLES, math.floor(size + 0.5)))
        vote = Control(f"majority of {samples}{whose}", "majority", {"samples": samples})
        name = add_control(arms, arm, vote if samples > 1 else ONE_CALL, "matched")
        yield next(each for each in arms.values() if each.name == name), budget


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A vote beside an arm.

    Attributes:
        budget: What the vote takes as much of as the arm: `"calls"` or `"tokens"`.
        vote: Its name.
        ratio: What it took over what the arm took, per step; None before both are finished.
    """

    budget: str
    vote: str
    ratio: float | None

    @property
    def matched(self) -> bool:
        """Whether the vote's use is within `WITHIN` of the arm's."""
        return self.ratio is not None and abs(self.ratio - 1) <= WITHIN


def matches(opened: Opened, arms: Sequence[StudyArm]) -> dict[str, list[Match]]:
    """The votes beside each arm, and how well they match it."""
    uses = {arm.name: finished_use(opened, arm) for arm in arms}
    there, found = by_identity(arms), dict[str, list[Match]]()
    for arm in opened.arms:
        for vote, budget in _votes(there, arm, uses):
            own, other = uses[arm.name], uses.get(vote.name)
            took = own and other and getattr(other, budget) / getattr(own, budget)
            found.setdefault(arm.name, []).append(
                Match(budget=budget, vote=vote.name, ratio=took or None)
            )
    return found
