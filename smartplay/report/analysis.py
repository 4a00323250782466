"""Analyses finished runs: compares what the models said with the truth from a replay.

An agent marks the calls that are answers by their label; see `docs/analyses.md`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import gymnasium as gym
import msgspec

from smartplay.agents.context import Observation
from smartplay.agents.methods.turn import ANSWER
from smartplay.agents.reference import reference
from smartplay.cards.bounds import Bounds
from smartplay.cards.card import GameCard
from smartplay.core import printable
from smartplay.core.errors import RunFolderError
from smartplay.core.loading import load_object
from smartplay.core.shown import Shown
from smartplay.games.base import Truth, attempt_in
from smartplay.games.registry import find_card, register_cards
from smartplay.parsing import parse_action
from smartplay.records import (
    Attempt,
    Call,
    EpisodeHeader,
    EpisodeRecord,
    GameHeader,
    RunHeader,
    StepRecord,
)
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Prices
from smartplay.records.replay import PRIVATE, Replay, refusal
from smartplay.report.costs import model_uses
from smartplay.runner.plan import asking
from smartplay.scores.analyses import (
    UNITS,
    Agreement,
    Answer,
    EpisodeLength,
    Flips,
    Hierarchy,
    JudgedStep,
    Length,
    Modality,
    Played,
    Right,
    agreement,
    episode_lengths,
    flips,
    hierarchy,
    lengths,
    modality,
    right_steps,
)


class GameAnalysis(msgspec.Struct, frozen=True, kw_only=True):
    """What a run's steps of one game show.

    Attributes:
        game: The full id.
        truth: What counts as right; None if unknown.
        episodes: Scored episodes.
        right: How often the action played was right.
        flips: What became of first answers, where models were asked.
        agreement: How well agreement predicts being right, where there are samples.
        lengths: Whether longer replies are better, within the same state.
        episode_lengths: Whether episodes with longer replies end better.
    """

    game: str
    truth: Truth | None
    episodes: int
    right: Right | None
    flips: Flips | None
    agreement: Agreement | None
    lengths: list[Length]
    episode_lengths: list[EpisodeLength]


class RunAnalysis(msgspec.Struct, frozen=True, kw_only=True):
    """What a run's steps show.

    Attributes:
        run: The folder.
        agent: Who played.
        games: By game.
        notes: What could not be analysed, and why.
    """

    run: str
    agent: str
    games: list[GameAnalysis]
    notes: list[str]


class Analysis(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What runs show one by one, and in comparison.

    Attributes:
        runs: Each run.
        modalities: By game, pairs of runs that saw text, pictures or both.
        hierarchies: By game, what two runs score together, each run with the next one.
    """

    runs: list[RunAnalysis]
    modalities: dict[str, list[Modality]]
    hierarchies: dict[str, list[Hierarchy]]

    def __str__(self) -> str:
        return f"of {', '.join(run.agent for run in self.runs)}"


def analyze_runs(
    paths: Sequence[str | Path],
    own_cards: Sequence[str | Path] = (),
    prices: Prices | None = None,
) -> Analysis:
    """Analyse runs.

    Args:
        paths: Their folders; to compare agents, from the cheapest to the dearest.
        own_cards: Card files of your own that they were played with; their code is run.
        prices: What tokens cost.

    Raises:
        RunFolderError: If a folder cannot be read, or a game no longer plays as it was recorded.
    """
    for card in own_cards:
        register_cards(card)
    folders = [RunFolder(Path(path)) for path in paths]
    played = [_played(folder, prices) for folder in folders]
    games = list(dict.fromkeys(game for each in played for game in each))
    modalities: dict[str, list[Modality]] = {}
    hierarchies: dict[str, list[Hierarchy]] = {}
    for game in games:
        alike = [each[game] for each in played if game in each]
        pairs = [(a, b) for (one, a), (other, b) in combinations(alike, 2) if one == other]
        modalities[game] = [found for a, b in pairs if (found := modality(a, b))]
        rows = [(a, b) for (one, a), (other, b) in pairwise(alike) if one == other]
        hierarchies[game] = [both for a, b in rows if (both := hierarchy(a, b))]
    return Analysis(
        runs=[_analysis(folder) for folder in folders],
        modalities={game: found for game, found in modalities.items() if found},
        hierarchies={game: found for game, found in hierarchies.items() if found},
    )


def _analysis(folder: RunFolder) -> RunAnalysis:
    header = folder.header()
    results = folder.results(header)
    found, notes = [], []
    for game, plan in header.games.items():
        records = [r for r in results if r.game == game and r.score is not None]
        if not records:
            notes.append(f"{game}: no episode was scored")
            continue
        reason, truth = _truth(game, plan, records)
        if reason:
            notes.append(f"{game}: {reason}")
        steps: list[JudgedStep] = []
        for record in records:
            truth, judged = _judged(folder, plan.at(record.level), record, truth)
            steps += judged
        returns = {record.key: record.return_ for record in records}
        found.append(
            GameAnalysis(
                game=game,
                truth=truth,
                episodes=len(records),
                right=right_steps(steps),
                flips=flips(steps),
                agreement=agreement(steps),
                lengths=[each for unit in UNITS if (each := lengths(steps, unit))],
                episode_lengths=[
                    whole for unit in UNITS if (whole := episode_lengths(steps, returns, unit))
                ],
            )
        )
    return RunAnalysis(run=str(folder.path), agent=header.agent, games=found, notes=notes)


def _truth(
    game: str, plan: GameHeader, records: Sequence[EpisodeRecord]
) -> tuple[str, Truth | None]:
    """Why a game's steps are not judged, or else what its truth is."""
    reason = refusal(game, plan) or (PRIVATE if records[0].seed < 0 else "")
    if reason:
        return f"the steps are not judged: {reason}", None
    truth: Truth | None = load_object(gym.spec(game).kwargs["describer"]).truth
    return ("" if truth else "nobody knows which of its actions are best"), truth


def _judged(
    folder: RunFolder, plan: GameHeader, record: EpisodeRecord, truth: Truth | None
) -> tuple[Truth | None, list[JudgedStep]]:
    """An episode's steps, and its truth under the settings that it was played with."""
    header, steps = folder.steps(record.game, record.episode, record.steps, record.repeat)
    best: list[frozenset[int] | None] = [None] * len(steps)
    if truth:
        truth, best = _replayed(folder, plan, header, steps)
    return truth, [
        JudgedStep(
            record.key,
            step.step,
            right,
            step.action if step.valid else None,
            list(_answers(step.attempts[0], header.actions)) if step.attempts else [],
        )
        for step, right in zip(steps, best, strict=True)
    ]


def _replayed(
    folder: RunFolder, plan: GameHeader, header: EpisodeHeader, steps: Sequence[StepRecord]
) -> tuple[Truth | None, list[frozenset[int] | None]]:
    """The truth of an episode, and the best actions before each of its steps."""
    texts = [header.observation, *(step.observation for step in steps)]
    actions = [step.action for step in steps]
    best: list[frozenset[int] | None] = []
    with Replay(header.game, plan, header.seed, actions, texts=texts) as replay:
        told = replay.moment.info
        agent = (
            reference(told["manual"], told["actions"], header.agent_seed)
            if replay.truth == "agreement"
            else None
        )
        for moment in replay:
            if moment.number == len(steps):
                break
            if agent is None:
                best.append(replay.best_actions())
            else:
                ended, text = attempt_in(moment.text)
                if ended is not None:
                    agent = reference(told["manual"], told["actions"], header.agent_seed)
                taken = str(agent.act(Observation(text)))
                best.append(frozenset({told["actions"].index(taken)}))
        if replay.departed is not None:
            raise RunFolderError(
                f"{folder.path}: {header.game}, episode {header.episode} no longer plays as it was "
                f"recorded, from step {replay.departed} on; `smartplay verify` says more"
            )
        return replay.truth, best


def _answers(attempt: Attempt, actions: Sequence[str]) -> Iterator[Answer]:
    """The replies to the step's first question.

    Without any call labelled `ANSWER`, that is the last question without a label, or else the last
    of all. If a single call answers and no other follows, the agent's own reply names the action:
    the call may also hold examples, or call a function.
    """
    labelled = [call for call in attempt.calls if call.label == ANSWER]
    calls = labelled or [call for call in attempt.calls if not call.label] or attempt.calls[-1:]
    if len(calls) == 1 and calls[0] is attempt.calls[-1]:
        yield _answer(calls[0], actions, attempt.reasoning_tags, attempt)
        return
    question = calls[0 if labelled else -1] if calls else None
    for call in calls:
        if question and (call.role, call.messages) == (question.role, question.messages):
            yield _answer(call, actions, attempt.reasoning_tags)


def _answer(
    call: Call, actions: Sequence[str], tags: Sequence[str], attempt: Attempt | None = None
) -> Answer:
    text = call.text if attempt is None else attempt.reply
    named = parse_action(text, actions, call.finish == "length", tags).action
    named = None if attempt is not None and attempt.cause is not None else named
    return Answer(named, len(call.text) + len(call.reasoning), call.usage.completion)


def _cost(
    records: Sequence[EpisodeRecord], header: RunHeader, prices: Prices | None
) -> float | None:
    """What episodes cost; None where that is not known."""
    costs = [use.cost for use in model_uses(records, header, prices)]
    known = [cost for cost in costs if cost is not None]
    return math.fsum(known) if known and len(known) == len(costs) else None


def _bounds(card: GameCard | None, plan: GameHeader) -> Bounds:
    if card is None:
        return Bounds()
    return card.as_played(plan.steps, plan.settings).bounds_within(plan.steps)


def _played(folder: RunFolder, prices: Prices | None) -> dict[str, tuple[GameHeader, Played]]:
    """By game, how a run played it, apart from what was seen, and what came of it.

    Nothing where levels were chosen: two such runs met other levels on the same seeds.
    """
    header = folder.header()
    results = folder.results(header) if header.measurement is None else []
    found = {}
    for game, plan in header.games.items():
        episodes: dict[int, list[EpisodeRecord]] = defaultdict(list)
        for record in results:
            if record.game == game and record.score is not None and record.seed >= 0:
                episodes[record.seed].append(record)
        if not episodes:
            continue
        card = find_card(game)
        whole = (card.settings if card else {}) | plan.settings
        seen, picture = str(whole.get("observation") or "text"), whole.get("picture", "own")
        if seen != "text" and picture != "own":
            seen += f" ({printable.line(str(picture), 20)} picture)"
        settings = {k: v for k, v in plan.settings.items() if k not in ("observation", "picture")}
        records = [record for each in episodes.values() for record in each]
        played = Played(
            run=str(folder.path),
            seen=seen,
            scores={
                seed: sum(record.score or 0.0 for record in each) / len(each)
                for seed, each in episodes.items()
            },
            completed={seed: all(r.completed for r in each) for seed, each in episodes.items()},
            tokens={
                seed: sum(record.usage.total for record in each) / len(each)
                for seed, each in episodes.items()
            },
            read=sum(record.usage.prompt for record in records),
            steps=sum(record.steps for record in records),
            cost=_cost(records, header, prices),
            bounds=_bounds(card, plan),
            agent=msgspec.json.encode(asking(header), order="sorted"),
        )
        same = msgspec.structs.replace(plan, settings=settings, episodes=1)
        found[game] = same, played
    return found
