"""Compiles a DSPy program: chooses demonstrations on steps of episodes that no run plays.

Its unit is the step, and its metric says yes or no: is the action one of the best? An episode's
return would not do: DSPy's search takes any number but 0 for a success, even -1, and keeps only one
step of an episode.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import gymnasium as gym

from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Context, Observation
from smartplay.agents.methods.dspy_program import (
    Compiled,
    Engine,
    ProgramFile,
    asking,
    inputs,
    make_program,
    without_thoughts,
)
from smartplay.agents.methods.turn import ROLE, Prompt
from smartplay.agents.reference import reference
from smartplay.core.errors import UsageError, known_name
from smartplay.core.whole_files import write_atomically, writing
from smartplay.models.base import Model, together
from smartplay.models.lending import RunModels
from smartplay.models.replies import Replies, Store
from smartplay.parsing import parse_action
from smartplay.records import Call, GameHeader, Message, Usage
from smartplay.records.encoding import pretty
from smartplay.runner.budget import Budget, Limits
from smartplay.runner.jobs import SPLITS
from smartplay.runner.plan import plan_run, select_games
from smartplay.runner.session import run_to_end

TRAINING = SPLITS["train"][0]
"""The seed of the first training episode. Those of every public suite lie below."""

OPTIMIZERS = ("bootstrap", "labeled")


class Step(NamedTuple):
    """A step to learn from.

    Attributes:
        told: The program's inputs.
        best: The names of the best actions; the one that was taken comes first.
    """

    told: dict[str, Any]
    best: list[str]


def compile_program(
    agent: str,
    games: str,
    out: Path,
    *,
    episodes: int = 5,
    steps: int = 30,
    demos: int = 4,
    optimizer: str = "bootstrap",
    agent_settings: Mapping[str, Any] | None = None,
    game_settings: Mapping[str, Mapping[str, Any]] | None = None,
    cache: Path | None = None,
) -> ProgramFile:
    """Choose demonstrations for each game, and write them to a file with the calls they cost.

    Args:
        agent: The model, as for `smartplay.run`.
        games: As for `smartplay.run`.
        out: The file to write.
        episodes: Training episodes of each game, played by its reference agent.
        steps: Most steps of a game to learn from.
        demos: Most demonstrations of a game.
        optimizer: `"bootstrap"` keeps replies of the model whose action was one of the best;
            `"labeled"` takes steps with their best action, and asks nobody.
        agent_settings: Settings of the method dspy and of the model.
        game_settings: As for `smartplay.run`.
        cache: A file of the model's replies.

    Raises:
        UsageError: If something asked for does not exist or cannot be done.
        AgentError: If a game has no reference agent.
        ModelError: If the model gives no reply.
    """
    known_name("optimizer", optimizer, OPTIMIZERS)
    for name, number in (("episodes", episodes), ("steps", steps), ("demos", demos)):
        if not 1 <= number <= 1000:
            raise UsageError(f"{name} must be from 1 to 1000, not {number}")
    method = (agent_settings or {}).get("method", "dspy")
    if method != "dspy":
        raise UsageError(f"a compiled program needs the method dspy, not {method}")
    source = find_agent(agent, {**(agent_settings or {}), "method": "dspy"})
    if source.settings["program"]:
        raise UsageError("compiling starts without a program; leave program out")
    header = plan_run(
        source, select_games(games), episodes=episodes, retries=0, settings=game_settings or {}
    )
    with writing(out):  # known before any call is paid for
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        TemporaryFile(dir=out.parent).close()
    reasoning = bool(source.settings["reasoning"])
    found = {}
    with ExitStack() as stack:
        stores = [] if cache is None else [stack.enter_context(Replies(cache, shared=True))]
        for game, plan in header.games.items():
            seeds = [TRAINING + k for k in range(episodes)]
            examples = training_steps(game, plan, seeds, steps)
            kept, calls = run_to_end(
                _choose(source.models, stores, examples, reasoning, demos, optimizer)
            )
            usage = sum((call.usage for call in calls), Usage())
            found[game] = Compiled(
                demos=kept, seeds=seeds, steps=len(examples), calls=len(calls), usage=usage
            )
    program = ProgramFile(
        model=source.models[ROLE].name, optimizer=optimizer, reasoning=reasoning, games=found
    )
    with writing(out):
        write_atomically(out, pretty(program))
    return program


def training_steps(game: str, plan: GameHeader, seeds: Sequence[int], most: int) -> list[Step]:
    """Steps of episodes that the reference agent plays: as many per episode as fit into `most`.

    Args:
        game: The full id.
        plan: How it is played.
        seeds: Seeds of the episodes.
        most: Most steps in all.
    """
    env = gym.make(game, max_episode_steps=plan.steps, disable_env_checker=True, **plan.settings)
    describer = env.get_wrapper_attr("describer")
    found: list[Step] = []
    try:
        for place, seed in enumerate(seeds):
            share = (most - len(found)) // (len(seeds) - place)
            _, info = env.reset(seed=seed)
            manual, actions = info["manual"], info["actions"]
            agent = reference(manual, list(actions), seed)
            prompt = Prompt(Context(manual=manual, actions=actions, seed=seed))
            for _ in range(share):
                seen = Observation(info["obs"], info["history"])
                prompt.see(seen)
                told = agent.act(seen)
                action = told if isinstance(told, int) else actions.index(str(told))
                right = describer.best_actions() if describer.truth == "right" else None
                best = {actions[each] for each in right or {action}}
                told_best = sorted(best, key=lambda name: (name != actions[action], name))
                found.append(Step(inputs(prompt, manual, actions), told_best))
                _, _, terminated, truncated, info = env.step(action)
                if terminated or truncated:
                    break
    finally:
        env.close()
    return found


async def _choose(
    models: Mapping[str, Model],
    stores: Sequence[Store],
    examples: Sequence[Step],
    reasoning: bool,
    demos: int,
    optimizer: str,
) -> tuple[list[dict[str, Any]], list[Call]]:
    """The demonstrations, and the calls that choosing them took."""
    lent = RunModels(models, Budget(Limits()), stores).lend(TRAINING)
    loop = asyncio.get_running_loop()

    def ask(messages: list[Message]) -> Call:
        asked = lent[ROLE].chat(messages, label="compile")
        [call] = asyncio.run_coroutine_threadsafe(asked, loop).result()
        return without_thoughts(call, lent[ROLE].settings.reasoning_tags)

    try:
        kept = await asyncio.to_thread(_optimized, ask, examples, reasoning, demos, optimizer)
        return kept, lent.take()
    finally:
        lent.close()
        await together([model.aclose() for model in models.values()])  # they are of this loop


def _optimized(
    ask: Any, examples: Sequence[Step], reasoning: bool, demos: int, optimizer: str
) -> list[dict[str, Any]]:
    import dspy
    from dspy.teleprompt import BootstrapFewShot, LabeledFewShot

    trained = [
        dspy.Example(**step.told, action=step.best[0], best=step.best).with_inputs(*step.told)
        for step in examples
    ]
    search = LabeledFewShot(k=demos)
    if optimizer == "bootstrap":
        search = BootstrapFewShot(
            metric=_is_best, max_bootstrapped_demos=demos, max_labeled_demos=0, max_rounds=1,
            max_errors=len(trained) + 1,
        )  # fmt: skip
    with asking(Engine(ask)):
        program = search.compile(make_program(reasoning, []), trainset=trained)
    [predictor] = program.predictors()
    fields = (*examples[0].told, "reasoning", "action")
    return [{key: demo[key] for key in fields if key in demo} for demo in predictor.demos]


def _is_best(example: Any, prediction: Any, trace: Any = None) -> bool:
    """Whether the action that a program names is one of the best."""
    found = parse_action(str(prediction.action), example.actions).action
    return found is not None and example.actions[found] in example.best
