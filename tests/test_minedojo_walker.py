"""The body of the biome game: climbing, falling, swimming, being stopped, getting unstuck."""

from __future__ import annotations

from random import Random

import gymnasium as gym
import numpy as np
import pytest

from smartplay.games.minedojo.env import MinedojoEnv
from smartplay.games.minedojo.protocol import Stride
from smartplay.games.minedojo.voxel import walker as walking
from smartplay.games.minedojo.voxel.blocks import NUMBER, STONE, WATER
from smartplay.games.minedojo.voxel.engine import MATTER
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS, SIZE, Region, tops_of
from smartplay.games.minedojo.voxel.walker import SPRINTING, WALKING, Walker
from smartplay.games.minedojo.voxel.world import World
from tests.minedojo_players import IDS, Wanderer, play

WALK = [Stride(False, 0)] * 5
GROUND = 70


class Flat:
    """Flat stone, with columns of other blocks set on it: (x, z) -> blocks from the ground up."""

    def __init__(self, columns: dict[tuple[int, int], list[int]] | None = None) -> None:
        self.columns = columns or {}

    def region(self, west: int, north: int, width: int, length: int) -> Region:
        blocks = np.zeros((width, length, LEVELS), dtype=np.uint8)
        blocks[:, :, : GROUND - FLOOR + 1] = STONE
        biome = np.zeros((width, length), dtype=np.uint8)
        for (x, z), pile in self.columns.items():
            if 0 <= x - west < width and 0 <= z - north < length:
                for level, number in enumerate(pile):
                    blocks[x - west, z - north, GROUND - FLOOR + 1 + level] = number
                if x >= 40:
                    biome[x - west, z - north] = 3
        ground = np.full((width, length), GROUND, dtype=np.int16)
        return Region(blocks, biome, ground, tops_of(blocks))


def body(columns: dict[tuple[int, int], list[int]], y: float = GROUND + 1.0) -> Walker:
    world = World(Flat(columns), MATTER)
    world.need(0, 0, SIZE - 1, SIZE - 1)
    return Walker(world, 10.5, y, 20.5, frozenset({3}))


def wall(x: int, pile: list[int]) -> dict[tuple[int, int], list[int]]:
    return {(x, z): pile for z in range(SIZE)}


def test_walks_and_sprints_at_the_stated_speed() -> None:
    walker = body({})
    assert walker.walk(1, WALK) == (50, False)
    assert walker.x == pytest.approx(10.5 + 50 * WALKING)
    runner = body({})
    runner.walk(1, [Stride(True, 0)] * 5)
    assert runner.x == pytest.approx(10.5 + 50 * SPRINTING)
    drifter = body({})
    drifter.walk(1, [Stride(False, 1)] * 5)
    assert drifter.z == pytest.approx(20.5 + 25 * WALKING)


def test_strolls_as_tick_by_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "compiled_kernels", lambda: None)
    random = Random(0)
    piles = {
        (x, z): [WATER] * 2 if (x // 6 + z // 9) % 2 else [STONE] * random.choice([0, 0, 0, 1, 2])
        for x in range(40)
        for z in range(SIZE)
    }
    strolls, ticks = body(piles), body(piles)
    monkeypatch.setattr(ticks, "_stroll", lambda *stride: 0)
    for _ in range(60):
        heading = random.randrange(4)
        gait = [Stride(random.random() < 0.5, random.choice([-1, 0, 1])) for _ in range(5)]
        strolls.take((min(max(strolls.x, 14), 50), strolls.y, min(max(strolls.z, 14), 50), 0.0, 0))
        ticks.take(strolls.posture())
        assert strolls.walk(heading, gait) == ticks.walk(heading, gait)
        assert strolls.posture() == ticks.posture()


@pytest.mark.parametrize(
    ("heading", "axis", "sign"), [(0, "z", -1), (1, "x", 1), (2, "z", 1), (3, "x", -1)]
)
def test_each_heading_leads_its_way(heading: int, axis: str, sign: int) -> None:
    walker = body({})
    before = getattr(walker, axis)
    walker.walk(heading, WALK[:1])
    assert (getattr(walker, axis) - before) * sign > 2


def test_climbs_one_block_and_is_stopped_by_two() -> None:
    walker = body(wall(15, [STONE]))
    walker.walk(1, WALK)
    assert walker.x > 16
    assert walker.y == GROUND + 1
    stopped = body(wall(15, [STONE, STONE]))
    stopped.walk(1, WALK)
    assert 14.4 < stopped.x <= 14.7
    assert stopped.y == GROUND + 1


def test_a_low_ceiling_stops_a_climb() -> None:
    walker = body(wall(15, [STONE, 0, STONE]))
    walker.walk(1, WALK)
    assert walker.x < 15


def test_plants_do_not_stop_but_trunks_do_and_drifting_goes_round() -> None:
    walker = body(wall(15, [NUMBER["tall grass"]]))
    walker.walk(1, WALK)
    assert walker.x > 18
    trunk = {(15, 20): [NUMBER["oak log"]] * 4}
    stopped = body(trunk)
    stopped.walk(1, WALK)
    assert stopped.x < 15
    drifting = body(trunk)
    drifting.walk(1, [Stride(False, 1)] * 5)
    assert drifting.x > 16


def test_falls_without_harm() -> None:
    walker = body({}, y=GROUND + 20.0)
    walker.walk(1, WALK)
    assert walker.y == GROUND + 1


def test_swims_at_the_surface_and_climbs_out() -> None:
    pool = {(x, z): [WATER] * 3 for x in range(12, 30) for z in range(SIZE)}
    shore = {(x, z): [STONE] * 3 for x in range(30, 40) for z in range(SIZE)}
    walker = body(pool | shore, y=GROUND + 4.0)
    for _ in range(2):
        walker.walk(1, WALK)
    assert 12 < walker.x < 30
    assert GROUND + 3 <= walker.y < GROUND + 4, "a swimmer keeps to the surface"
    while walker.x < 31:
        walker.walk(1, WALK[:1])
    assert walker.y == GROUND + 4


def test_stops_at_once_in_the_goal() -> None:
    walker = body({(x, z): [] for x in range(40, SIZE) for z in range(SIZE)})
    walker.x = 38.0
    walk = walker.walk(1, WALK)
    assert walk.found
    assert walk.ticks == 10
    assert 40 <= walker.x < 40 + SPRINTING


@pytest.mark.slow
def test_no_place_holds_a_wanderer_for_good() -> None:
    """Whoever keeps trying all directions comes away from anywhere."""
    for env_id in IDS[:2]:
        env = gym.make(env_id)
        for seed in range(2):
            text, info = env.reset(seed=seed)
            play(env, Wanderer(seed), text, info["actions"])
            native = env.unwrapped
            assert isinstance(native, MinedojoEnv)
            places = np.array(native.path)[:, [0, 2]]
            for first in range(0, len(places) - 20, 20):
                span = np.ptp(places[first : first + 20], axis=0).max()
                assert span > 5, f"{env_id}, seed {seed}: stuck from step {first}"
