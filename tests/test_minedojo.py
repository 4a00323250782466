"""The biome game on the embedded engine: the world, the start, the text, who finds the goal."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import deque
from itertools import product
from math import floor
from random import Random
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from smartplay.agents.reference.minedojo import MinedojoReference
from smartplay.core.errors import GameError, UnknownNameError, UsageError
from smartplay.games.base import CHARACTERS
from smartplay.games.minedojo.env import MinedojoEnv
from smartplay.games.minedojo.groups import nearest_groups
from smartplay.games.minedojo.protocol import (
    AROUND,
    EYES,
    STRETCHES,
    VIEW_RANGE,
    Stride,
    turn,
    view_directions,
)
from smartplay.games.minedojo.text import MinedojoText, whereabouts
from smartplay.games.minedojo.voxel import (
    climate,
    fast,
    noise,
    plants,
    terrain,
)
from smartplay.games.minedojo.voxel.climate import GOALS, Climate
from smartplay.games.minedojo.voxel.engine import MATTER, VoxelEngine
from smartplay.games.minedojo.voxel.lands import BIOMES, CELL, PEAK
from smartplay.games.minedojo.voxel.noise import gradient_noise
from smartplay.games.minedojo.voxel.region import FLOOR, LEVELS, SIZE, tops_of
from smartplay.games.minedojo.voxel.sight import boxed, cast
from smartplay.games.minedojo.voxel.start import find_start, goal_numbers
from smartplay.games.minedojo.voxel.terrain import Terrain
from smartplay.games.minedojo.voxel.world import KEPT, World
from tests.minedojo_players import IDS, Guide, Player, Result, Straight, Wanderer, play

PLAINS = "smartplay/MinedojoCreative0-v0"
each_id = pytest.mark.parametrize("env_id", IDS)


def digest(*arrays: NDArray[Any]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]


# --- the world


def test_the_world_has_the_same_bytes_on_every_machine() -> None:
    region = Terrain(7).region(3 * SIZE, -2 * SIZE, SIZE, SIZE)
    assert digest(region.blocks, region.biome) == "0d986bfba5c1f854"


def test_noise_is_zero_at_lattice_points_and_bounded() -> None:
    axis = np.arange(-200, 200, 10)
    grid = axis[None, :, None], axis[None, None]
    made = gradient_noise(np.array([5]), *grid, np.array([50.0]))[0]
    assert not made[::5, ::5].any()
    assert 0.3 < np.abs(made).max() <= 1.0


@pytest.mark.parametrize("goal", GOALS)
def test_a_search_for_biomes_finds_what_the_fields_say(goal: str) -> None:
    numbers = goal_numbers(goal)
    xs, zs = np.arange(-1500, 1500, 60), np.arange(-2100, 900, 60)
    for seed in (3, 4):
        climate = Climate(seed)
        expected = np.isin(climate.fields(xs, zs).biome, numbers)
        assert (climate.where(numbers, xs, zs) == expected).all()


def _with(kernels: Any, patch: pytest.MonkeyPatch) -> None:
    """Use these kernels, or none, wherever the game asks for them."""
    find_start.cache_clear()
    for name, module in list(sys.modules.items()):
        if name.startswith("smartplay.games.minedojo") and hasattr(module, "compiled_kernels"):
            patch.setattr(module, "compiled_kernels", lambda: kernels)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(16))
def test_numba_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where one walks and what one sees, nor where nobody gets: in the air, under all."""
    pytest.importorskip("numba")
    told: list[list[Any]] = []
    for kernels in (fast.compiled_kernels(), None):
        _with(kernels, monkeypatch)
        random, engine = Random(seed), VoxelEngine()
        engine.reset(seed, list(GOALS)[seed % len(GOALS)], 40, 900)
        told.append([])
        for _ in range(24):
            if random.random() < 0.15:
                _displace(engine, random)
            gait = [Stride(random.random() < 0.5, random.randint(-1, 1)) for _ in range(STRETCHES)]
            walk, sight = engine.walk(random.randrange(4), gait), engine.look()
            fields = (field for field in sight if isinstance(field, np.ndarray))
            told[-1] += [walk, engine.state(), *(field.tobytes() for field in fields)]
            told[-1] += [sight.creatures, nearest_groups(sight.around)]
    assert told[0] == told[1]


def _displace(engine: VoxelEngine, random: Random) -> None:
    body, world = engine._body, engine._world
    body.x += random.uniform(-12, 12)
    body.z += random.uniform(-12, 12)
    world.need(body.x - 2, body.z - 2, body.x + 2, body.z + 2)
    body.y = random.choice([body.y + random.uniform(0, 9), body.y + 3, FLOOR, 61.5, 62.0, 140.0])


@pytest.mark.slow
def test_numba_changes_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    told = []
    for kernels in (fast.compiled_kernels(), None):
        _with(kernels, monkeypatch)
        env = gym.make("smartplay/MinedojoCreative1-v0")
        texts = [env.reset(seed=4)[0], *(env.step(step // 4 % 4)[0] for step in range(24))]
        told.append(texts)
    assert told[0] == told[1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_regions_are_the_same_compiled(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    pytest.importorskip("numba")
    draw = Random(seed)
    sides = [SIZE * draw.randint(1, 3) for _ in range(2)]
    places = [(seed * 5 * SIZE, -seed * 3 * SIZE, *sides)]
    places += [((-40_000 + seed) * SIZE, 90_000 * seed * SIZE, *reversed(sides))]
    compiled = [Terrain(seed * 7919).region(*place) for place in places]
    for module in (climate, noise, terrain):
        monkeypatch.setattr(module, "compiled_kernels", lambda: None)
    for place, region in zip(places, compiled, strict=True):
        fields: list[tuple[NDArray[Any], NDArray[Any]]]
        fields = list(zip(region, Terrain(seed * 7919).region(*place), strict=True))
        for field, expected in fields:
            assert field.dtype == expected.dtype
            assert field.tobytes() == expected.tobytes()


def test_regions_that_share_places_in_the_ring_are_made_again() -> None:
    world, fresh = World(Terrain(5), MATTER), World(Terrain(5), MATTER)
    for rx, rz in ((0, 0), (1, 0), (0, KEPT), (1, 0), (0, 0)):
        world.need(rx * SIZE, rz * SIZE, rx * SIZE, rz * SIZE)
    fresh.need(0, 0, SIZE, 0)
    for x in range(0, 2 * SIZE, 7):
        for z in range(0, SIZE, 5):
            assert world.land(x, z) == fresh.land(x, z)
            assert [world.block(x, y, z) for y in range(50, 90)] == [
                fresh.block(x, y, z) for y in range(50, 90)
            ]


def test_a_survey_agrees_with_the_regions() -> None:
    terrain = Terrain(11)
    region = terrain.region(-SIZE, 2 * SIZE, SIZE, SIZE)
    axis = np.arange(0, SIZE, 4)
    fields = terrain.climate.fields(axis - SIZE, axis + 2 * SIZE)
    assert (region.biome[::4, ::4] == fields.biome).all()


@pytest.mark.parametrize("seed", [45, 46, 50, 52])
def test_land_is_the_same_in_one_piece_and_in_several(seed: int) -> None:
    """Forests, a jungle, taigas with and without snow, swamps, rivers and a beach lie there."""
    terrain, x, z = Terrain(seed), -3 * SIZE, 5 * SIZE
    whole = terrain.region(x, z, 2 * SIZE, 3 * SIZE)
    assert (whole.tops == tops_of(whole.blocks)).all()
    for i, j in product(range(2), range(3)):
        piece = terrain.region(x + i * SIZE, z + j * SIZE, SIZE, SIZE)
        for name, expected in piece._asdict().items():
            field: NDArray[Any] = getattr(whole, name)
            cut = field[i * SIZE : (i + 1) * SIZE, j * SIZE : (j + 1) * SIZE]
            assert cut.tobytes() == expected.tobytes()


def test_no_plant_reaches_further_aside_than_land_is_looked_at_for_plants() -> None:
    assert np.abs(plants.PIECES.offsets[:, ::2]).max() <= terrain.PAD
    assert terrain.PAD % CELL == 0


def test_no_plant_reaches_above_the_levels_of_a_region() -> None:
    ground = floor(PEAK + 1.2) - 1  # small ups and downs add at most 1.2; see `terrain`
    tallest = int(plants.PIECES.offsets[:, 1].max())
    assert ground + 1 + tallest < FLOOR + LEVELS


def test_trees_continue_over_the_edges_of_regions() -> None:
    """A jungle's leaves at an edge have their other half beyond it."""
    start = find_start(3, "jungle", 200, 450)
    x, z = (int(value) // SIZE * SIZE for value in start.goals[0])
    places = [(x, z), (x + SIZE, z)]
    west, east = (Terrain(start.world).region(*place, SIZE, SIZE).blocks for place in places)
    leaves = [number for number, name in enumerate(VoxelEngine.block_names) if "leaves" in name]
    left, right = (np.isin(side, leaves) for side in (west[-1], east[0]))
    assert left.any()
    assert (left & right).sum() > 0.5 * min(left.sum(), right.sum())


def test_every_goal_exists_and_names_are_consistent() -> None:
    assert set(VoxelEngine.goals) == set(GOALS)
    counts = np.zeros(len(BIOMES), dtype=int)
    axis = np.arange(0, 12_000, 60)
    for seed in range(6):
        counts += np.bincount(Climate(seed).fields(axis, axis).biome.ravel(), minlength=len(BIOMES))
    assert counts.min() > 0, f"never made: {[BIOMES[i] for i in np.flatnonzero(counts == 0)]}"


def test_cold_lies_near_cold() -> None:
    """Next to ice spikes there is never hot land."""
    hot = [BIOMES.index(name) for name in ("desert", "jungle", "savanna", "badlands")]
    spikes = BIOMES.index("ice spikes")
    axis = np.arange(0, 8000, 20)
    for seed in range(4):
        biome = Climate(seed).fields(axis, axis).biome
        for x, z in np.argwhere(biome[3:-3, 3:-3] == spikes)[::17]:
            assert not np.isin(biome[x : x + 7, z : z + 7], hot).any()


# --- the start


@each_id
def test_the_start_is_at_the_stated_distance_and_never_in_the_goal(env_id: str) -> None:
    env = gym.make(env_id)
    native = env.unwrapped
    assert isinstance(native, MinedojoEnv)
    for seed in range(6):
        _, info = env.reset(seed=seed)
        state = info["state"]
        assert state["biome"] not in GOALS[native.goal]
        # the body stands up to a few blocks beside the place drawn
        assert native.nearest - 10 <= state["goal_distance"] <= native.farthest + 10
        assert not info["completed"]


def test_no_goal_is_hidden_nearer_than_the_survey_sees() -> None:
    for seed in range(4):
        start = find_start(seed, "beach", 200, 450)
        span = np.arange(-24, 25) * 4
        biome = Climate(start.world).fields(start.x + span, start.z + span).biome
        x, z = np.nonzero(np.isin(biome, goal_numbers("beach")))
        assert (np.hypot(span[x], span[z]) >= 96).all()


@pytest.mark.slow
def test_distances_that_cannot_be_had_are_an_error() -> None:
    env = gym.make(PLAINS, nearest=1990.0, farthest=2000.0)
    with pytest.raises(GameError, match="widen the range"):
        env.reset(seed=0)
    for nearest, farthest in ((500.0, 400.0), (5.0, 100.0), (100.0, 9000.0)):
        with pytest.raises(UsageError, match="nearest < farthest"):
            gym.make(PLAINS, nearest=nearest, farthest=farthest)
    with pytest.raises(UnknownNameError, match="did you mean voxel"):
        gym.make(PLAINS, engine="voxell")
    with pytest.raises(UnknownNameError, match="did you mean forest"):
        gym.make(PLAINS, goal="forrest")


# --- who finds it


@pytest.mark.slow
@each_id
def test_whoever_knows_where_the_goal_is_gets_there_in_time(env_id: str) -> None:
    env = gym.make(env_id)
    for seed in range(4):
        text, info = env.reset(seed=100 + seed)
        result = play(env, Guide(env, seed), text, info["actions"])
        assert result.found, f"{env_id} with seed {100 + seed} was not found by the guide"
        assert re.search(r"You found what you were looking for: [a-z ]+\.$", _first(result))


def _first(result: Result) -> str:
    return result.texts[-1].split("\n")[0]


@pytest.mark.slow
def test_reading_beats_going_straight_beats_wandering() -> None:
    found = {"reference": 0, "straight": 0, "random": 0}
    for env_id in (IDS[5], IDS[7]):  # ice spikes and desert: hard to find by chance
        env = gym.make(env_id)
        for seed in (1, 2, 3, 4):
            for name in found:
                text, info = env.reset(seed=seed)
                reader = MinedojoReference(info["manual"], info["actions"], seed)
                players: dict[str, Player] = {
                    "reference": reader,
                    "straight": Straight(seed),
                    "random": Wanderer(seed),
                }
                player = players[name]
                found[name] += play(env, player, text, info["actions"]).found
    assert found["reference"] >= found["straight"] + 2 > found["random"] + 2, found


# --- determinism

_PROGRAM = """
import hashlib, gymnasium as gym, smartplay.games.registry
env = gym.make("smartplay/MinedojoCreative8-v0", render_mode={mode!r})
digest = hashlib.sha256(env.reset(seed=4)[0].encode())
for step in range(40):
    text, reward, *_ , info = env.step(step * 7 % 4)
    digest.update(f"{{text}} {{reward}} {{info['state']}}".encode())
    {extra}
print(digest.hexdigest())
"""


@pytest.mark.slow
def test_a_seed_decides_everything_and_looking_changes_nothing() -> None:
    plain = _PROGRAM.format(mode=None, extra="")
    drawn = _PROGRAM.format(mode="rgb_array", extra="env.render()")
    results = set()
    for program, hash_seed in ((plain, "0"), (plain, "1"), (drawn, "2")):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        results.add(done.stdout)
    assert len(results) == 1


def test_memory_is_bounded() -> None:
    world = World(Terrain(1), MATTER)
    size = world.blocks.nbytes
    for step in range(12):
        world.need(step * SIZE, 0, step * SIZE, 0)
    assert world.blocks.nbytes == size
    assert len(world._holds) <= KEPT * KEPT


# --- the text


@pytest.mark.slow
@each_id
def test_texts_are_plain_and_never_name_the_land(env_id: str) -> None:
    env = gym.make(env_id)
    for seed in range(2):
        text, info = env.reset(seed=seed)
        result = play(env, Straight(seed), text, info["actions"])
        limit = env.observation_space.max_length  # type: ignore[attr-defined]
        for told in [info["manual"], *result.texts]:
            assert set(told) <= set(CHARACTERS)
        for told in result.texts[: -1 if result.found else None]:
            assert len(told) <= limit
            named = [name for name in BIOMES if re.search(rf"\b{name}\b", told)]
            assert not named, f"the text names {named}: {told}"


def test_the_text_tells_what_the_move_did() -> None:
    env = gym.make(PLAINS)
    env.reset(seed=2)
    native = env.unwrapped
    assert isinstance(native, MinedojoEnv)
    for action in (0, 1, 2, 3) * 5:
        text = env.step(action)[0]
        (x0, _, z0), (x1, y1, z1) = native.path[-2:]
        heading, ticks, far = re.findall(r"moved (\w+) for (\d+) ticks and got (\S+) blocks", text)[
            0
        ]
        assert heading == ("north", "east", "south", "west")[action]
        assert int(ticks) == 50
        ahead = ((z0 - z1), (x1 - x0), (z1 - z0), (x0 - x1))[action]
        assert float(far) == pytest.approx(ahead, abs=0.051)
        assert f"x = {x1:.2f}, y = {y1:.2f}, z = {z1:.2f}, facing {heading}" in text


def test_directions_in_words() -> None:
    assert whereabouts((0, 0, 0)) == "in the block you are in"
    assert whereabouts((0, -1, 0)) == "1.0 blocks straight down"
    assert whereabouts((0, 2, 0)) == "2.0 blocks straight up"
    assert whereabouts((3, 0, -3)) == "4.2 blocks north-east"
    assert whereabouts((0, 1, 4)) == "4.1 blocks south, 1 higher"
    assert whereabouts((-5, -2, 2)) == "5.7 blocks west-south-west, 2 lower"


def test_the_manual_tells_the_goal_and_the_limit() -> None:
    env = gym.make("smartplay/MinedojoCreative7-v0")
    manual = env.reset(seed=0)[1]["manual"]
    assert manual.startswith("Finding a biome\n")
    assert "find this land: ice spikes." in manual
    assert manual.endswith("You have at most 200 moves.")
    native = env.unwrapped
    assert isinstance(native, MinedojoEnv)
    assert "moves." not in MinedojoText(native).manual(None)[-20:]


def _slow_groups(around: NDArray[Any]) -> dict[int, tuple[int, int]]:
    """Per number: squared distance of the nearest block, size of its group."""
    found: dict[int, tuple[int, int]] = {}
    middle = AROUND
    cells = [tuple(cell) for cell in np.argwhere(around > 0).tolist()]
    cells.sort(key=lambda cell: (sum((c - middle) ** 2 for c in cell), cell))
    for cell in cells:
        number = int(around[cell])
        if number in found:
            continue
        group, queue = {cell}, deque([cell])
        while queue:
            here = queue.popleft()
            for axis in range(3):
                for step in (-1, 1):
                    near = tuple(c + step * (a == axis) for a, c in enumerate(here))
                    inside = min(near) >= 0 and max(near) <= 2 * AROUND
                    if inside and near not in group and around[near] == number:
                        group.add(near)
                        queue.append(near)
        found[number] = sum((c - middle) ** 2 for c in cell), len(group)
    return found


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_groups_are_the_connected_components(seed: int, kinds: int) -> None:
    draw = np.random.default_rng(seed)
    around = draw.integers(0, kinds + 1, (9, 9, 9)).astype(np.uint16)
    told = {g.number: (sum(c * c for c in g.offset), g.size) for g in nearest_groups(around)}
    assert told == _slow_groups(around)


# --- the eyes


@pytest.mark.slow
def test_rays_meet_the_first_block_on_their_way() -> None:
    engine = VoxelEngine()
    for seed, heading in ((1, 0), (2, 1), (3, 2), (4, 3)):
        engine.reset(seed, "desert", 200, 450)
        engine.walk(heading, [Stride(True, 0)] * 5)
        sight = engine.look()
        x, y, z = (int(np.floor(value)) for value in sight.position)
        world = engine._world
        hits = cast(world, x, y + EYES, z, heading)
        rays = turn(view_directions(), heading).reshape(-1, 3)
        for ray, number, offset, distance in zip(rays, *hits, strict=True):
            reach = min(float(distance), VIEW_RANGE)
            for far in np.arange(0.75, reach - 0.02, 0.37):
                cell = np.floor(np.array([0.5, 0.5, 0.5]) + ray * far).astype(int)
                if cell.any():
                    seen = world.block(x + cell[0], y + EYES + cell[1], z + cell[2])
                    assert seen == 0, "a ray went through a block"
            if number:
                dx, dy, dz = offset.tolist()
                assert world.block(x + dx, y + EYES + dy, z + dz) == number
                assert np.abs(ray * distance - offset).max() < 0.5 + 1e-5


@pytest.mark.parametrize("heading", range(4))
@pytest.mark.parametrize("compiled", [True, False])
def test_a_box_is_met_by_the_rays_that_lead_through_it(
    heading: int, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checked for every ray, where the eyes look for those that may lead there first."""
    if not compiled:
        _with(None, monkeypatch)
    draw, met = Random(heading), 0
    rays = turn(view_directions(), heading).reshape(-1, 3)
    with np.errstate(divide="ignore"):
        share = 1.0 / np.where(rays == 0.0, 1e-12, rays)
    for number in range(400):
        reach = 4 if number < 200 else 51
        x, y, z = (draw.randint(-reach, reach) for _ in "xyz")
        limit = np.array([draw.choice([3.0, 20.0, np.inf]) for _ in rays])
        one, other = (np.array([x, y, z]) + np.array([[[-0.5]], [[0.5]]])) * share
        enter, leave = np.minimum(one, other).max(axis=1), np.maximum(one, other).min(axis=1)
        expected = (enter < np.minimum(limit, VIEW_RANGE)) & (enter + 1e-9 < leave) & (enter > 0)
        told = boxed(heading, (x, y, z), limit)
        assert (told is None) == (not expected.any()), (x, y, z)
        if told is not None:
            met += 1
            assert (told == expected).all(), (x, y, z)
    assert met > 20


def test_shares_of_the_view_add_up() -> None:
    env = gym.make(PLAINS)
    text = env.reset(seed=5)[0]
    native = env.unwrapped
    assert isinstance(native, MinedojoEnv)
    sight = native.sight
    assert sight.view.shape == sight.meets.shape == (15, 25)
    assert not ((sight.view > 0) & (sight.meets >= 0)).any()
    percent = [int(share) for share in re.findall(r"(\d+)% of the view", text)]
    assert 90 <= sum(percent) <= 110
