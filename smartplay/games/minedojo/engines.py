"""The engines by name."""

from __future__ import annotations

from smartplay.core.errors import known_name
from smartplay.core.loading import load_object
from smartplay.games.minedojo.protocol import Engine

ENGINES = {
    "voxel": "smartplay.games.minedojo.voxel.engine:VoxelEngine",
    "minetest": "smartplay.games.minedojo.minetest.engine:MinetestEngine",
    "minedojo": "smartplay.games.minedojo.minedojo_engine:MinedojoEngine",
}


def build_engine(name: str, goal: str) -> Engine:
    """Build an engine for a goal.

    Raises:
        UnknownNameError: If there is no such engine, or the engine has no such goal.
        UsageError: If the engine needs something that is not installed; says what.
    """
    engine: Engine = load_object(ENGINES[known_name("engine", name, ENGINES)])()
    known_name(f"goal of the engine {name}", goal, engine.goals)
    return engine
