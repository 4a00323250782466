"""Crafter's batch against the package and against the single environment."""

from __future__ import annotations

import copy
import pickle
from importlib.util import find_spec
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import smartplay  # noqa: F401
from smartplay.core.errors import MissingPackageError, UsageError
from smartplay.games.crafter import batch as batch_module
from smartplay.games.crafter.batch import CrafterBatch
from smartplay.games.crafter.env import CrafterEnv
from smartplay.games.crafter.render import picture
from smartplay.games.crafter.rules import ITEMS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed"),
    pytest.mark.timeout(1200),  # the first to run waits for the compiler
]
WORLDS = 6


def test_a_batch_plays_the_package_s_games() -> None:
    from tests.crafter_batch_proof import prove

    seen = prove(8000, worlds=14)
    for what in ("night", "asleep", "deaths", "pictures", "place_table", "place_plant"):
        assert seen[what] > 5, f"the proof saw too little of: {what}"


def test_other_sizes_play_the_package_s_games() -> None:
    from tests.crafter_batch_proof import prove

    seen = prove(2400, worlds=7, area=(40, 31), view=(6, 8))
    assert seen["night"] > 5, "the proof saw no night"


@pytest.mark.parametrize("describe", ["nearest", "full"])
def test_a_world_shows_what_the_environment_shows(describe: str) -> None:
    batch = CrafterBatch(WORLDS, length=90)
    envs: list[Any] = [
        gym.make("smartplay/Crafter-v0", describe=describe, length=90) for _ in range(WORLDS)
    ]
    seen = batch.reset(seed=20)
    told = [env.reset(seed=20 + i)[0] for i, env in enumerate(envs)]
    rng, over, ends = np.random.default_rng(1), [False] * WORLDS, 0
    for step in range(300):
        for i, env in enumerate(envs):
            native = env.unwrapped
            for key, value in native._told()[0].items():
                assert np.array_equal(np.ravel(value), np.ravel(seen[key][i])), (step, i, key)
            assert batch.text(i, describe) == told[i], f"step {step}, world {i}"
            if step % 40 == i:
                true = picture(native.game, (9, 9), (180, 180))
                assert np.array_equal(batch.picture(i, 180), true), f"step {step}, world {i}"
                assert np.array_equal(batch.game(i).semantic(), native.game.semantic())
            if rng.random() < 0.1:
                given = {"health": 9, "wood": 5, "sapling": 3}
                native.game.player.inventory.update(given)
                env.describer._before = native.game.moment()
                for item, amount in given.items():
                    batch.worlds["inventory"][i, ITEMS.index(item)] = amount
        actions = rng.integers(17, size=WORLDS)
        seen, rewards, terminations, truncations = batch.step(actions)
        for i, env in enumerate(envs):
            if over[i]:
                told[i], over[i] = env.reset()[0], False
                assert (rewards[i], terminations[i], truncations[i]) == (0, False, False)
            else:
                told[i], reward, terminated, truncated, _ = env.step(int(actions[i]))
                assert (rewards[i], terminations[i], truncations[i]) == (
                    reward,
                    terminated,
                    truncated,
                )
                over[i] = terminated or truncated
                ends += over[i]
    assert ends > WORLDS, "too few episodes ended"


def test_copies_and_kept_worlds_go_on_alike() -> None:
    batch = CrafterBatch(WORLDS)
    batch.reset(seed=[5] * WORLDS)
    actions = np.random.default_rng(2).integers(17, size=(2, 200, WORLDS))
    for row in actions[0]:
        batch.step(row)
    twin, kept = copy.deepcopy(batch), batch.worlds.copy()
    played = [[batch.step(row)[1] for row in actions[1]]]
    played.append([twin.step(row)[1] for row in actions[1]])
    batch.worlds[:] = kept
    played.append([batch.step(row)[1] for row in actions[1]])
    assert np.array_equal(played[0], played[1]), "a copy went on otherwise"
    assert np.array_equal(played[0], played[2]), "a kept moment went on otherwise"


def test_a_batch_says_what_it_cannot_play() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        CrafterBatch(0)
    batch = CrafterBatch(2)
    with pytest.raises(UsageError, match="call reset"):
        batch.step([0, 0])
    with pytest.raises(UsageError, match="do not fit 2 worlds"):
        batch.reset(seed=[1, 2, 3])
    with pytest.raises(UsageError, match="at least 0"):
        batch.reset(seed=-3)
    for actions in ([0], [0.0, 1.0], [[0, 0]]):
        with pytest.raises(UsageError, match="takes 2 integers"):
            batch.step(actions)
    for actions in ([0, 17], [-1, 0]):
        with pytest.raises(UsageError, match="from 0 to 16"):
            batch.step(actions)


def test_a_batch_needs_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_module, "compiled_kernels", lambda: None)
    with pytest.raises(MissingPackageError, match="fast"):
        CrafterBatch(2)


def test_the_compiled_engine_plays_as_the_one_of_objects_and_takes_its_moments() -> None:
    from smartplay.games.crafter.record import PortableEngine
    from smartplay.games.crafter.single import CompiledEngine

    sizes = (64, 64), (9, 9), (64, 64)
    plain, compiled = PortableEngine(*sizes), CompiledEngine(PortableEngine(*sizes))
    for seed in range(4):
        rng = np.random.default_rng(seed)
        plain.reset(seed, 1)
        compiled.reset(seed, 1)
        action = 0
        for _ in range(500):
            assert plain.moment() == compiled.moment()
            assert plain.unlocked == compiled.unlocked
            assert np.array_equal(plain.semantic(), compiled.semantic())
            if rng.random() < 0.05:
                given = dict.fromkeys(("health", "food", "drink", "sapling", "wood", "stone"), 9)
                plain.player.inventory.update(given)
                compiled.set_state(plain.state())
            if rng.random() < 0.02:
                plain.set_state(compiled.state())
            if rng.random() < 0.02:
                compiled = copy.deepcopy(compiled)
            action = int(rng.integers(17)) if rng.random() > 0.8 else action
            assert plain.step(action) == compiled.step(action)


def test_whoever_asks_for_the_objects_plays_on_with_them() -> None:
    env, twin = CrafterEnv(), CrafterEnv()
    for each in (env, twin):
        each.reset(seed=3)
        for action in range(17):
            each.step(action)
    env.game.player.inventory["diamond"] = 7
    info = env.step(0)[-1]
    assert info["inventory"]["diamond"] == 7
    expected = twin.step(0)[-1]["semantic"]
    assert np.array_equal(info["semantic"], expected), "the world went on otherwise"


def test_a_compiled_moment_may_go_where_there_is_no_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    env = CrafterEnv()
    env.reset(seed=4)
    packed = pickle.dumps(env)
    expected = [env.step(action % 17)[1:3] for action in range(200)]
    monkeypatch.setattr("smartplay.games.crafter.record.compiled_kernels", lambda: None)
    monkeypatch.setattr("smartplay.games.crafter.twister.compiled_kernels", lambda: None)
    twin = pickle.loads(packed)
    assert type(twin._playing).__name__ == "PortableEngine"
    assert [twin.step(action % 17)[1:3] for action in range(200)] == expected
