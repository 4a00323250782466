"""The Crafter engine against the package itself, and its noise against opensimplex."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import opensimplex
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.core.errors import GameError
from smartplay.games.crafter import noise, twister
from smartplay.games.crafter.engine import Engine, episode_seed
from smartplay.games.crafter.env import CrafterEnv
from smartplay.games.crafter.fast import compiled_kernels
from smartplay.games.crafter.package import PackageEngine
from smartplay.games.crafter.render import picture
from smartplay.games.crafter.rules import ACHIEVEMENTS
from tests.crafter_proof import (
    SHAPES,
    Duel,
    Player,
    achiever,
    at_random,
    careful,
    immortal,
    play,
    rich,
    sleeper,
    starving,
    worlds,
)

DEFAULT = SHAPES[0]
GAMES: list[tuple[Player, int, Any, int]] = [
    (careful, 1, DEFAULT, 10_000),
    (achiever, 2, DEFAULT, 1500),
    (sleeper, 3, DEFAULT, 2000),
    (rich, 4, DEFAULT, 2000),
    (starving, 5, DEFAULT, 1200),
    (at_random, 6, DEFAULT, 1000),
    (rich, 7, SHAPES[3], 800),
    (achiever, 8, SHAPES[4], 600),
    (immortal, 9, SHAPES[5], 800),
    (sleeper, 10, SHAPES[6], 600),
]


def test_other_memory_of_numpys_numbers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twister, "_memory", lambda bits: np.zeros(twister.KEY_WORDS + 1, np.uint32))
    twister._check_form.cache_clear()
    with pytest.raises(GameError, match="in a form that Crafter does not know"):
        twister.NumpyWords()


@pytest.mark.slow
@pytest.mark.timeout(1200)  # it may wait for the compiler
def test_engine_plays_the_package_games() -> None:
    seen: Counter[str] = Counter()
    for player, seed, (area, view, size), steps in GAMES:
        duel = Duel(seed, area, view, size)
        play(duel, player, steps)
        assert steps < 10_000 or duel.episode == 1, "the full episode ended early; another seed"
        seen.update(duel.seen)
    assert seen["steps"] >= 20_000
    missing = [name for name in ACHIEVEMENTS if not seen[name]]
    assert not missing, f"never unlocked: {missing}"
    for what in ("night", "asleep", "deaths", "pictures"):
        assert seen[what] > 5, f"the proof saw too little of: {what}"


@pytest.mark.slow
def test_worlds_are_bit_equal() -> None:
    worlds(range(1000, 1012))


@pytest.mark.slow
def test_worlds_are_bit_equal_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartplay.games.crafter.worldgen.compiled_kernels", lambda: None)
    monkeypatch.setattr("smartplay.games.crafter.twister.compiled_kernels", lambda: None)
    worlds(range(2000, 2004))
    duel = Duel(11)
    play(duel, immortal, 400)
    assert duel.seen["night"] > 50


@given(st.integers(0, 2**61 - 2), st.integers(1, 2**31))
def test_episode_seed_is_the_hash_of_the_pair(seed: int, episode: int) -> None:
    assert episode_seed(seed, episode) == hash((seed, episode)) % (2**31 - 1)


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True])
def test_noise_is_opensimplex(compiled: bool) -> None:
    kernels = compiled_kernels()
    if compiled and kernels is None:
        pytest.skip("numba is not installed")
    points = np.random.default_rng(3).uniform(0, 14, (3, 4000))
    points[:, :800] = np.floor(points[:, :800])
    points[0, 800:1600] = np.floor(points[0, 800:1600])
    points[2] = np.floor(points[2])
    for seed in (0, 1, 2**31 - 2):
        theirs = opensimplex.OpenSimplex(seed)
        expected = [theirs.noise3(*point) for point in points.T.tolist()]
        perm = noise.permutation(seed)
        if compiled and kernels:
            ours = [kernels.simplex_at(perm, *point) for point in points.T.tolist()]
        else:
            ours = noise.simplex(perm, *points).tolist()
        assert ours == expected


@pytest.mark.slow
def test_doubt_reaches_as_far_as_opensimplex_leaves_out() -> None:
    """Gradients are taken at their worst here: each lattice point adds the most it could."""
    pytest.importorskip("numba")
    from smartplay.games.crafter.compiled_worldgen import OFF

    def most(away: noise.Floats) -> noise.Floats:
        parts = np.abs(away)
        reached = np.maximum(2 - (away**2).sum(0), 0)
        return np.asarray(reached**4 * (4 * parts.sum(0) + 7 * parts.max(0)))

    rng = np.random.default_rng(0)
    points, worst = rng.uniform(0, 6, (3, 20_000)), 0.0
    for spread in (0.05, 0.02, 0.01):
        corner = np.floor(points + points.sum(0) * noise.STRETCH)
        summed = noise.reach(*points)
        left_out = -np.bincount(summed.points, most(summed.away), summed.size) / noise.NORM
        for offset in np.ndindex(6, 6, 6):
            place = corner + np.reshape(offset, (3, 1)) - 2
            at = place + place.sum(0) * noise.SQUISH
            left_out += most(points - at) / noise.NORM
        worst = max(worst, left_out.max())
        far = np.argsort(left_out)[-20:]
        points = np.repeat(points[:, far], 200, 1) + rng.normal(0, spread, (3, 4000))
    assert 1e-4 < worst < OFF


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_twister_draws_as_random_state(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not compiled:
        monkeypatch.setattr(twister, "compiled_kernels", lambda: None)
    elif compiled_kernels() is None:
        pytest.skip("numba is not installed")
    plan = np.random.default_rng(5)
    for seed in (0, 1, 4711, 2**32 - 1):
        ours, theirs = twister.Twister(seed), np.random.RandomState(seed)
        for _ in range(600):
            kind = plan.integers(4)
            if kind == 0:
                assert ours.random() == theirs.uniform()
            elif kind == 1:
                bound = int(plan.choice([1, 2, 4, 5, 144, 2**31 - 1]))
                assert ours.below(bound) == theirs.randint(0, bound)
            elif kind == 2:
                count = int(plan.integers(0, 2000))
                ours.skip(2 * count)
                theirs.uniform(size=count)
            state: Any = theirs.get_state()
            *own_key, own_position = ours.key().tolist()
            assert own_position == state[2]
            assert np.array_equal(own_key, state[1])


@pytest.mark.slow
def test_engines_look_alike() -> None:
    ours, theirs = Engine(*DEFAULT), PackageEngine(*DEFAULT)
    ours.reset(21, 1)
    theirs.reset(21, 1)
    rng = np.random.default_rng(0)
    for step in range(340):
        for engine in (ours, theirs):
            engine.player.inventory.update(health=9, sapling=9)
        action = int(rng.choice([1, 2, 3, 4, 5, 10]))
        assert ours.step(action) == theirs.step(action)
        assert ours.look() == theirs.look()
        assert ours.front() == theirs.front()
        assert ours.player.unlocked == theirs.player.unlocked
        assert sorted(ours.scene()[1]) == sorted(theirs.scene()[1])
        if step % 20 == 0:
            for size in ((64, 64), (200, 150)):
                own, true = picture(ours, (9, 9), size), picture(theirs, (9, 9), size)
                assert np.array_equal(own, true), f"picture of size {size} at step {step}"


@pytest.mark.slow
def test_large_pictures_are_the_package_s_by_day() -> None:
    theirs = PackageEngine(*DEFAULT)
    theirs.reset(3, 1)
    for size in ((300, 300), (333, 450), (576, 576)):
        true = theirs.env.render(size=size)
        assert np.array_equal(picture(theirs, (9, 9), size), true), f"size {size}"


@pytest.mark.slow
def test_rendering_does_not_change_the_game() -> None:
    plain, shown = CrafterEnv(), CrafterEnv(render_mode="rgb_array", size=64)
    plain.reset(seed=5)
    shown.reset(seed=5)
    for step in range(320):
        for env in (plain, shown):
            env.game.player.inventory["health"] = 9
            env.step(np.int64(step % 6))
        frame = shown.render()
        again = shown.render()
        assert frame is not None
        assert again is not None
        assert np.array_equal(frame, again), f"two pictures of step {step} differ"
    assert np.array_equal(plain.game.semantic(), shown.game.semantic())
    assert plain.game.world.random.random() == shown.game.world.random.random()
