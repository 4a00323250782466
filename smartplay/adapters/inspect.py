"""SmartPlay as tasks of Inspect AI.

```
inspect eval smartplay/core --model openai/gpt-4o-mini -T episodes=5
smartplay import logs/….eval --out runs/mine && smartplay report runs/mine
```

There is a task for the headline games (`core`), one for every family, `games` for any choice
(`-T games=Hanoi3Disk,bandit`), and `thresholds`, which measures by levels. A sample is an episode,
an epoch a repeat. What a sample leaves in its log is what a run folder keeps of an episode.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from anyio import CancelScope
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.scorer import SampleScore, Score, mean, metric, scorer
from inspect_ai.solver import TaskState, solver

from smartplay.adapters.inspect_logs import STORE, keep, kept
from smartplay.agents.catalog import AgentSource, find_agent
from smartplay.agents.context import Context, Observation
from smartplay.agents.methods import METHODS
from smartplay.core.errors import AgentError, UsageError, known_name
from smartplay.games.registry import cards
from smartplay.models.base import Settings, together
from smartplay.models.lending import RunModels
from smartplay.models.providers.inspect import InspectModel
from smartplay.models.rehearsal import rehearsal
from smartplay.records import EpisodeRecord, Measurement, RunHeader
from smartplay.records.encoding import encode
from smartplay.records.folder import RunFolder
from smartplay.report.build import summary, thresholds_of
from smartplay.results import DIALS, MAX_CALLS, WIDTH
from smartplay.runner.budget import Budget, Limits
from smartplay.runner.episode import Outcome, play_episode
from smartplay.runner.jobs import Job, job_of, jobs_of
from smartplay.runner.plan import plan_run, select_dials, select_games
from smartplay.runner.streams import sweeps
from smartplay.scores.thresholds import RULE

STAND_IN = "inspect:model"
ENDED = "Inspect ended the sample before the episode was over"
OF_MODELS = (*Settings.__struct_fields__, "model", "models")


class EvaluatedModel(InspectModel):
    """The model that Inspect evaluates; the sample shows what it was asked last.

    Args:
        model: The model.
        state: The state of the sample.

    Attributes:
        failure: What it raised, if it did.
    """

    def __init__(self, model: Any, state: TaskState) -> None:
        super().__init__(f"inspect:{model}", model, Settings(temperature=None, max_tokens=None))
        self._state = state
        self.failure: Exception | None = None

    async def generate(self, messages: list[Any], **asked: Any) -> Any:
        """Ask it, under the settings of the evaluation."""
        try:
            output = await super().generate(messages, **asked)
        except Exception as error:
            self.failure = error
            raise
        self._state.messages, self._state.output = [*messages, output.message], output
        return output


class CutOff:
    """An agent whose episode ends as unscored where Inspect cancels its sample, at a time limit.

    Args:
        agent: Who plays.
    """

    def __init__(self, agent: Any) -> None:
        self._agent = agent

    async def act(self, observation: Observation) -> Any:
        """Reply; a cancelled agent has failed, so that what it played is kept."""
        try:
            return await self._agent.act(observation)
        except asyncio.CancelledError as error:
            raise AgentError(ENDED) from error


def play_games(
    games: str | Sequence[str],
    episodes: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    split: str = "",
    method: str = "direct",
    agent_settings: Mapping[str, Any] | None = None,
    observation: str = "text",
    retries: int = 1,
) -> Task:
    """A task that plays games.

    Args:
        games: As for `smartplay.run`.
        episodes: Episodes per game; the card's number by default.
        steps: Step limit per episode; the card's by default.
        seed: The suite seed.
        split: `train`, `dev` or `test`, to play its seeds instead of the suite's.
        method: How the model is asked; those that remember earlier episodes are not for samples.
        agent_settings: Settings of the method, and `prompt`, `aid`, `ablation`.
        observation: What is shown: `text`, `image` or `both`.
        retries: How often the agent is asked again after an invalid reply.
    """
    selection = select_games(games)
    shown = {} if observation == "text" else {"observation": observation}
    source = _source(method, agent_settings or {})
    header = plan_run(
        source,
        selection,
        episodes=episodes,
        steps=steps,
        seed=seed,
        split=split,
        retries=retries,
        settings={card.id: shown for card in selection} if shown else {},
    )
    jobs = sorted(jobs_of(header), key=lambda job: (job.episode, job.steps))
    samples = [
        Sample(
            id=f"{job.game.removeprefix('smartplay/')}/{job.episode}",
            input=f"Play {job.game}, episode {job.episode}.",
            metadata={"game": job.game, "episode": job.episode},
        )
        for job in jobs
    ]

    async def play(state: TaskState, found: list[Outcome]) -> None:
        key = state.metadata["game"], state.metadata["episode"], state.epoch - 1
        await _play(job_of(header, key), source, state, found)

    return _task(header, source, samples, play, _scores(header))


def measure_thresholds(
    games: str | Sequence[str] = DIALS,
    capabilities: Sequence[str] = (),
    width: float = WIDTH,
    max_calls: int = MAX_CALLS,
    seed: int = 0,
    method: str = "direct",
    agent_settings: Mapping[str, Any] | None = None,
    retries: int = 1,
) -> Task:
    """A task that measures up to where capabilities reach; one sample, as levels depend on it all.

    Args:
        games: As for `smartplay.measure`, as are the others.
        capabilities: Those to measure; by default all.
        width: Half the width of an interval, in levels, at which a threshold is done.
        max_calls: Most rounds, over all games.
        seed: The suite seed.
        method: How the model is asked.
        agent_settings: Settings of the method, and `prompt`, `aid`, `ablation`.
        retries: How often the agent is asked again after an invalid reply.
    """
    source = _source(method, agent_settings or {})
    header = plan_run(
        source,
        select_games(select_dials(games, capabilities)),
        seed=seed,
        retries=retries,
        measurement=Measurement(width=width, calls=max_calls, rule=RULE),
    )

    async def play(state: TaskState, found: list[Outcome]) -> None:
        with TemporaryDirectory() as place:
            folder = RunFolder(Path(place))
            folder.create(header)
            for streams in sweeps(header, jobs_of(header), None, folder):
                jobs = [job for each in streams for job in each.missing]
                for outcome in await together([_play(job, source, state, found) for job in jobs]):
                    folder.add(outcome.record, outcome.trace)

    sample = Sample(id="thresholds", input=f"Measure thresholds on {', '.join(header.games)}.")
    return _task(header, source, [sample], play, _levels(header))


def _source(method: str, settings: Mapping[str, Any]) -> AgentSource:
    """The agent, with stand-ins for the models that the evaluation has in their roles."""
    _, *others = METHODS[known_name("method", method, METHODS)].roles
    models = {role: {"agent": STAND_IN} for role in others}
    with rehearsal():
        source = find_agent(STAND_IN, {"method": method, "models": models, **settings})
    if source.learn is not None:
        raise UsageError(
            f"{method} remembers earlier episodes; in Inspect every sample stands alone"
        )
    told = {key: source.settings[key] for key in source.settings if key not in OF_MODELS}
    settings = told | {"adapter": "inspect"}
    return msgspec.structs.replace(source, settings=settings, packages=["inspect_ai"])


async def _play(job: Job, source: AgentSource, state: TaskState, found: list[Outcome]) -> Outcome:
    """Play an episode with the models of the evaluation, by role, and add what came of it.

    What a model raises is raised again, so that Inspect does with the sample what it was told to.
    """
    models = {role: EvaluatedModel(get_model(role=role), state) for role in source.models}
    lent = RunModels(models, Budget(Limits())).lend(job.agent_seed, job.repeat)

    def make(context: Context) -> CutOff:
        return CutOff(source.make(context))

    outcome = await play_episode(job, make, lent)
    found.append(outcome)
    failures = [model.failure for model in models.values() if model.failure]
    if failures and outcome.record.score is None:
        raise failures[0]
    return outcome


def _task(
    header: RunHeader,
    source: AgentSource,
    samples: list[Sample],
    play: Callable[[TaskState, list[Outcome]], Awaitable[None]],
    scores: Any,
) -> Task:
    def play_episodes() -> Any:
        async def solve(state: TaskState, generate: Any) -> TaskState:
            found: list[Outcome] = []
            playing = asyncio.ensure_future(play(state, found))
            try:
                await asyncio.wait([playing])
            finally:
                playing.cancel()  # once: Inspect cancels again and again, through all clearing up
                with CancelScope(shield=True):
                    await asyncio.wait([playing])
                keep(state.store, found)
            playing.result()
            return state

        return solve

    stand_in = next(iter(source.models.values())).settings
    return Task(
        dataset=MemoryDataset(samples),
        solver=solver(name="play")(play_episodes)(),
        scorer=scores,
        config=GenerateConfig(temperature=stand_in.temperature, max_tokens=stand_in.max_tokens),
        metadata={STORE: encode(header).decode()},
    )


def _scores(header: RunHeader) -> Any:
    """Scores of episodes; means by game, by capability and over all as in a report."""

    def figures() -> Any:
        def compute(scores: list[SampleScore]) -> dict[str, float]:
            records = [
                EpisodeRecord(
                    game=each.sample_metadata["game"],
                    episode=each.sample_metadata["episode"],
                    seed=0,
                    agent_seed=0,
                    status="scored",
                    score=each.score.as_float(),
                )
                for each in scores
                if each.sample_metadata
            ]
            found = summary(header, records)
            told = {"overall": found.overall}
            told |= {g.game.removeprefix("smartplay/"): g.score for g in found.games}
            told |= {each.capability: each.scores["shipped"] for each in found.capabilities}
            return {name: value.mean for name, value in told.items() if value}

        return compute

    def episode_score() -> Any:
        async def score(state: TaskState, target: Any) -> Score:
            found = kept(state.store)
            if not found or found[0][0].score is None:
                cause = found[0][0].error if found else "the episode was not played to its end"
                return Score.unscored(explanation=cause)
            [(record, _)] = found
            return Score(
                value=record.score,
                answer=state.output.completion,
                explanation=str(record),
                metadata={"steps": record.steps, "completed": record.completed,
                          "invalid": record.invalid},
            )  # fmt: skip

        return score

    measured = metric(name="figures")(figures)
    return scorer(metrics=[measured()], name="score")(episode_score)()


def _levels(header: RunHeader) -> Any:
    """The thresholds, in levels, by capability; that of a dial beyond its range is left out."""

    def levels() -> Any:
        async def score(state: TaskState, target: Any) -> Score:
            found = thresholds_of(header, [record for record, _ in kept(state.store)])
            levels = {each.capability: each.level.mean for each in found}
            return Score(
                value={name: level for name, level in levels.items() if level is not None},
                explanation="\n".join(map(str, found)),
            )

        return score

    return scorer(metrics={"*": [mean()]}, name="levels")(levels)()


def _choice(name: str, games: str) -> None:
    """Register a task that plays a choice of games."""

    def play(**options: Any) -> Task:
        return play_games(games, **options)

    own = signature(play_games)
    play.__name__, play.__doc__ = name, play_games.__doc__
    play.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=list(own.parameters.values())[1:]
    )
    task(name=name)(play)


for _name in ("core", *sorted({card.family for card in cards() if card.playable})):
    _choice(_name, _name)
task(name="games")(play_games)
task(name="thresholds")(measure_thresholds)
