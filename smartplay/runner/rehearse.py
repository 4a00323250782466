"""Estimates what a run will ask of its models by playing a few episodes without them."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from smartplay.agents.catalog import AgentSource, find_agent
from smartplay.agents.context import AgentMaker, AnyReply, Context, Observation
from smartplay.agents.simple import RandomAgent
from smartplay.models.rehearsal import rehearsal
from smartplay.records import EpisodeRecord, RunHeader
from smartplay.runner import run

EPISODES = 2
"""Episodes of each game that are rehearsed."""


def source_of(agent: str, settings: Mapping[str, Any]) -> AgentSource:
    """The agent with stand-ins for its models, so that it needs no key and no service.

    Raises:
        UsageError: If there is no such agent, or it does not take these settings.
    """
    with rehearsal():
        return find_agent(agent, settings)


def rehearse(
    source: AgentSource, games: str, options: Mapping[str, Any]
) -> tuple[RunHeader, list[EpisodeRecord]]:
    """Play a few episodes at random while the agent asks stand-ins for its models.

    An agent that is lent no models is not called, as it may ask a service by itself.

    Args:
        source: The agent, as `source_of` returns it.
        games: As for `run`.
        options: Further options of `run`: `steps`, `seed`, `quick`, `game_settings`.

    Returns:
        The run as it would be played, and its records with estimated tokens.
    """
    make = partial(_Rehearsed, source.make if source.models else None)
    standing_in = msgspec.structs.replace(
        source,
        make=make,
        learn=source.learn if source.models else None,
        reference=None,
        asynchronous=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        played = run(
            standing_in,
            games,
            episodes=EPISODES,
            retries=0,
            out=Path(folder) / "run",
            progress=False,
            **options,
        )
        return played.header, played.episodes


class _Rehearsed:
    """Asks as the agent does, and plays at random."""

    def __init__(self, make: AgentMaker | None, context: Context) -> None:
        self._agent = None if make is None else make(context)
        self._random = RandomAgent(context.manual, context.actions, context.seed)

    async def act(self, observation: Observation) -> AnyReply:
        if self._agent is not None:
            reply = self._agent.act(observation)
            if inspect.isawaitable(reply):
                await reply
        return self._random.act(observation)
