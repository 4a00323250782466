"""The biome game on a real Minetest server; skipped where none is installed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from smartplay.core.errors import GameError, MissingPackageError, UnknownNameError
from smartplay.games.minedojo.env import MinedojoEnv
from smartplay.games.minedojo.minetest import server as servers
from smartplay.games.minedojo.minetest.engine import MinetestEngine
from smartplay.games.minedojo.minetest.nodes import BIOMES, GOAL_BIOMES, MATTER, NAMES, number_of
from smartplay.games.minedojo.minetest.server import Server, find_server
from tests.minedojo_players import Straight, play


def _installed() -> bool:
    try:
        find_server()
    except MissingPackageError:
        return False
    return True


needs_server = pytest.mark.skipif(
    not _installed(), reason="no Minetest server: apt-get install minetest-server minetest-data"
)


def make(goal: str = "plains", **settings: Any) -> gym.Env[Any, Any]:
    return gym.make("smartplay/MinedojoCreative0-v0", engine="minetest", goal=goal, **settings)


def engine_of(env: gym.Env[Any, Any]) -> MinetestEngine:
    native = env.unwrapped
    assert isinstance(native, MinedojoEnv)
    assert isinstance(native.engine, MinetestEngine)
    return native.engine


def running(env: gym.Env[Any, Any]) -> Server:
    server = engine_of(env)._server
    assert server is not None
    return server


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    for _ in range(500):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.01)
    return False


def test_a_missing_server_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "PLACES", ("no-such-minetest-server",))
    env = make()
    with pytest.raises(MissingPackageError, match=r"apt-get install .*minetest-server"):
        env.reset(seed=0)


def test_a_goal_minetest_has_not_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="goal of the engine minetest 'ice spikes'"):
        make("ice spikes")


def test_nodes_have_plain_names() -> None:
    assert NAMES[number_of("default:dry_grass_3")] == "dry grass"
    assert NAMES[number_of("default:river_water_source")] == "water"
    assert NAMES[number_of("some_mod:odd_thing")] == "unknown block"
    assert number_of("air") == number_of("ignore") == 0
    assert not MATTER.solid[0]
    assert MATTER.solid[number_of("default:stone")]
    assert not any(name in BIOMES for name in NAMES)
    assert {name for names in GOAL_BIOMES.values() for name in names} <= set(BIOMES)


@pytest.mark.slow
@needs_server
@pytest.mark.parametrize("goal", list(MinetestEngine.goals))
def test_every_goal_can_be_started_and_told(goal: str) -> None:
    env = make(goal)
    text, info = env.reset(seed=1)
    assert info["state"]["engine"] == "minetest"
    assert info["state"]["biome"] not in GOAL_BIOMES[goal]
    assert 150 <= info["state"]["goal_distance"] <= 500
    text = env.step(1)[0]
    assert text.startswith("You moved east for")
    assert "In view:" in text
    env.close()


@pytest.mark.slow
@needs_server
def test_equal_actions_meet_equal_worlds_side_by_side() -> None:
    """Two servers at once, stepped in turn, and a third one later."""

    def digest(*envs: gym.Env[Any, Any]) -> list[str]:
        hashes = [hashlib.sha256() for _ in envs]
        for env, found in zip(envs, hashes, strict=True):
            found.update(env.reset(seed=3)[0].encode())
        for step in range(40):
            for env, found in zip(envs, hashes, strict=True):
                text, *_, info = env.step((step // 12) % 4)
                found.update(f"{text} {info['state']}".encode())
        return [found.hexdigest() for found in hashes]

    one, two, third = make(), make(), make()
    both = digest(one, two)
    assert running(one).folder != running(two).folder
    assert {*both, *digest(third)} == {both[0]}
    for env in (one, two, third):
        env.close()


def _walk_on(env: gym.Env[Any, Any]) -> None:
    """Walk far enough to need land that is not made yet."""
    for step in range(100):
        env.step(step // 30 % 4)


@pytest.mark.slow
@needs_server
def test_a_killed_server_is_an_episode_error_and_the_next_reset_starts_anew() -> None:
    env = make()
    env.reset(seed=5)
    env.step(0)
    server = running(env)
    folder, (killed,) = server.folder, children(server.process.pid)
    os.kill(killed, signal.SIGKILL)
    assert gone(killed)
    with pytest.raises(GameError, match="server has stopped; reset"):
        _walk_on(env)
    text, _ = env.reset(seed=5)
    assert text.startswith("You are at")
    assert running(env) is not server
    assert not folder.exists()
    assert gone(server.process.pid)
    env.close()


@needs_server
def test_closing_leaves_neither_process_nor_folder() -> None:
    env = make()
    env.reset(seed=5)
    server = running(env)
    assert server.folder.exists()
    env.close()
    assert not server.folder.exists()
    assert server.process.poll() is not None
    env.close()


_PROGRAM = """
import os, sys, gymnasium as gym, smartplay.games.registry
env = gym.make("smartplay/MinedojoCreative0-v0", engine="minetest")
env.reset(seed=1)
server = env.unwrapped.engine._server
print(server.process.pid, server.folder, flush=True)
{end}
"""


@pytest.mark.slow
@needs_server
@pytest.mark.parametrize("end", ["pass", "os.kill(os.getpid(), 9)", "raise SystemExit(3)"])
def test_nothing_is_left_when_the_interpreter_ends(end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(end=end)],
        capture_output=True,
        text=True,
        check=False,
    )
    pid, folder = done.stdout.split()
    assert gone(int(pid)), "the server outlived the interpreter"
    assert not Path(folder).exists()


@needs_server
def test_the_body_can_reach_the_goal() -> None:
    """Going straight ahead finds some goal, and the last text says so."""
    for seed in range(6):
        env = make("beach", nearest=100.0, farthest=400.0)
        text, info = env.reset(seed=seed)
        result = play(env, Straight(seed), text, info["actions"])
        env.close()
        if result.found:
            assert "You found what you were looking for: beach." in result.texts[-1]
            return
    pytest.fail("no beach was found in six episodes")
