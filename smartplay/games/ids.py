"""Registers ids with Gymnasium from no more of a card than that takes.

Each id is registered twice: as `smartplay/NAME-v0`, and without the namespace as `NAME-v0`, so that
`gym.make("smartplay:NAME-v0")` works as it did in the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import WrapperSpec

from smartplay.cards.tables import HISTORY, TEXT_LIMIT, id_tables
from smartplay.games.vectors import GameSpec

GROUP = "smartplay.games"
"""The group of entry points by which other packages bring games."""


@cache
def shipped_tables() -> dict[Path, dict[str, dict[str, Any]]]:
    """The tables of the card files that come with SmartPlay, by file; they are read once."""
    return {path: id_tables(path) for path in sorted(Path(__file__).parent.glob("**/*.toml"))}


def register_shipped() -> None:
    """Register the ids of the shipped games; their cards are read when one is asked for."""
    for tables in shipped_tables().values():
        for name, table in tables.items():
            if "environment" in table:
                register_id(
                    f"smartplay/{name}",
                    table["environment"],
                    table["describer"],
                    table["steps"],
                    table.get("settings", {}),
                    table.get("history", HISTORY),
                    table.get("text_limit", TEXT_LIMIT),
                )


def register_id(
    card_id: str,
    environment: str,
    describer: str,
    steps: int,
    settings: Mapping[str, Any],
    history: int,
    text_limit: int,
) -> None:
    """Register an id with and without its namespace, unless it is registered already.

    Args:
        card_id: The full id, such as `smartplay/Hanoi3Disk-v0`.
        environment: The native environment, `module:Class` or `file.py:Class` with its folder.
        describer: What puts it into words, likewise.
        steps: Step limit of an episode.
        settings: Keyword settings of both.
        history: How many past observations a prompt shows.
        text_limit: The longest observation in characters.
    """
    words = {"describer": describer, "history": history, "text_limit": text_limit}
    wrapper = WrapperSpec("TextGame", "smartplay.games.base:put_into_words", words)
    for env_id in (card_id, card_id.removeprefix("smartplay/")):
        if env_id not in gym.registry:
            gym.registry[env_id] = GameSpec(
                id=env_id,
                entry_point="smartplay.games.base:make_native",
                max_episode_steps=steps,
                kwargs={"environment": environment, "describer": describer, **settings},
                additional_wrappers=(wrapper,),
                vector_entry_point="smartplay.games.vectors:make_vector",
            )
