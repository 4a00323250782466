"""Contexts and lent models for tests of an agent by itself, without a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smartplay.agents.context import Context
from smartplay.agents.methods.turn import ROLE
from smartplay.models.base import Model
from smartplay.models.lending import EpisodeModel, EpisodeModels, RunModels
from smartplay.models.replies import Store
from smartplay.runner.budget import Budget, Limits


def lend(
    model: Model | None = None, *, seed: int = 7, stores: Sequence[Store] = ()
) -> EpisodeModels:
    """Lend a model in the role of the player, or none, without a limit."""
    roles = {} if model is None else {ROLE: model}
    return RunModels(roles, Budget(Limits()), stores).lend(seed)


def context(
    manual: str = "The rules.",
    actions: Sequence[str] = ("Rock", "Paper", "Scissors"),
    seed: int = 7,
    models: Mapping[str, EpisodeModel] | None = None,
) -> Context:
    """What an agent is given."""
    return Context(manual=manual, actions=list(actions), seed=seed, models=models or {})
