"""Messenger's rules: starts, moves, contacts, scores."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.core.errors import SmartPlayError
from smartplay.games.messenger import MessengerEnv, deal
from smartplay.games.messenger.world import LAST, MOVES, Being, World, directions

STAY = 4
LIMITS = {1: 4, 2: 64, 3: 128}
levels = st.sampled_from(deal.LEVELS)
seeds = st.integers(0, 2**32)


def world_with(*beings: Being, level: int = 2, agent: deal.Square = (5, 5)) -> World:
    """A world with given others, seen from a given square."""
    world = World(level, "test", Random(0))
    world.beings = list(beings)
    world.x, world.y = 2 * agent[0], 2 * agent[1]
    world.has_message = False
    return world


def still(role: str, square: deal.Square) -> Being:
    return Being("dog", role, "immovable", square)


@pytest.mark.parametrize(("split", "number"), [("test", 32), ("val", 32), ("train", 44)])
def test_the_casts_of_a_split(split: str, number: int) -> None:
    casts = deal.casts(split)
    assert len(set(casts)) == len(casts) == number
    assert all(len(set(cast)) == 3 and set(cast) <= set(deal.ENTITIES) for cast in casts)


def test_held_out_splits_share_no_cast() -> None:
    splits = [set(deal.casts(split)) for split in deal.SPLITS]
    assert not splits[0] & splits[1]
    assert not splits[2] & (splits[0] | splits[1])


def test_the_pairings_of_the_test_split() -> None:
    for enemy, message, goal in deal.casts("test"):
        straight = enemy in ("airplane", "scientist")
        at_sea = (message in ("robot", "dog")) == straight
        assert (goal in ("ship", "fish")) == at_sea


@pytest.mark.parametrize(
    ("level", "split", "number"),
    [(1, "test", 1), (2, "test", 27), (2, "val", 6), (2, "train", 6), (3, "test", 18)],
)
def test_the_variants(level: int, split: str, number: int) -> None:
    variants = deal.variants(level, split)
    assert len(set(variants)) == len(variants) == number
    for variant in variants if level == 3 else []:
        assert set(variant[:3]) == set(deal.MOVEMENTS)
        assert variant[3] != variant[1]
        assert variant[4] != variant[2]
        assert variant[3] != variant[4]


@pytest.mark.slow
@pytest.mark.parametrize(("level", "starts"), [(1, 24), (2, 24), (3, 720)])
def test_starts_and_variants_are_uniform(level: int, starts: int) -> None:
    episodes = 30 * max(starts, 100)
    rng = Random(5)
    places: Counter[Any] = Counter()
    movements: Counter[Any] = Counter()
    casts: Counter[Any] = Counter()
    for _ in range(episodes):
        world = World(level, "test", rng)
        places[tuple((b.x, b.y) for b in world.beings)] += 1
        movements[tuple(being.movement for being in world.beings)] += 1
        casts[world.cast] += 1
    variants = len(deal.variants(level, "test"))
    for found, kinds in ((places, starts), (movements, variants), (casts, 32)):
        assert len(found) == kinds
        expected = episodes / kinds
        chi2 = sum((count - expected) ** 2 / expected for count in found.values())
        assert chi2 < kinds + 5 * (2 * kinds) ** 0.5, f"not uniform: chi2 {chi2:.0f} over {kinds}"


def test_level_1_starts_with_the_message_one_time_in_five() -> None:
    rng = Random(1)
    held = sum(World(1, "test", rng).has_message for _ in range(20_000))
    assert 0.19 < held / 20_000 < 0.21


@given(level=levels, split=st.sampled_from(deal.SPLITS), seed=seeds)
def test_random_play_keeps_the_rules(level: int, split: str, seed: int) -> None:
    rng = Random(seed)
    world = World(level, split, rng)
    for _ in range(LIMITS[level]):
        before = {being.role: (being.x, being.y) for being in world.beings}
        movements = {being.role: being.movement for being in world.beings}
        agent, held = (world.x, world.y), world.has_message
        action = rng.randrange(len(MOVES))
        reward = world.step(action)
        assert world.x % 2 == world.y % 2 == 0, "the agent left the whole squares"
        assert all(0 <= c <= LAST for b in world.beings for c in (b.x, b.y, world.x, world.y))
        assert sum(being.role == "message" for being in world.beings) <= 1
        for being in world.beings:
            check_move(movements[being.role], before[being.role], (being.x, being.y), agent)
        check_contacts(world, held, reward)
        if world.over:
            break


def check_move(
    movement: str, old: tuple[int, int], new: tuple[int, int], agent: tuple[int, int]
) -> None:
    """Hold one being's step against what its movement allows."""
    step = (new[0] - old[0], new[1] - old[1])
    allowed = directions(movement, agent[0] - old[0], agent[1] - old[1])
    if step != (0, 0):
        assert step in allowed, f"a {movement} went {step}"
        return
    leaving = [
        way
        for way in allowed
        if not (0 <= old[0] + way[0] <= LAST and 0 <= old[1] + way[1] <= LAST)
    ]
    assert movement == "immovable" or leaving, f"a {movement} stood still inside the grid"


def check_contacts(world: World, held: bool, reward: float) -> None:
    """Whoever overlaps the agent must have acted, and nobody else."""
    overlapping = {
        b.role for b in world.beings if abs(b.x - world.x) < 2 and abs(b.y - world.y) < 2
    }
    acted = {contact.being.role for contact in world.contacts}
    taken = (
        {c.being.role for c in world.contacts if c.kind == "taken"} if world.level > 1 else set()
    )
    assert acted == overlapping | taken
    if taken:
        assert not held
        assert all(being.role != "message" for being in world.beings), "the message stayed"
    worth = {"killed": -1.0, "taken": 1.0 if world.level == 1 else 0.5, "reached": 1.0}
    assert reward == sum(worth[contact.kind] for contact in world.contacts)
    assert world.over == (not world.alive or world.reached or (world.level == 1 and bool(acted)))


@pytest.mark.parametrize(
    ("movement", "dx", "dy", "expected"),
    [
        ("chaser", 4, 3, {(1, 0), (0, 1)}),
        ("chaser", 0, -3, {(0, -1)}),
        ("chaser", 0, 0, {(0, -1), (0, 1), (-1, 0), (1, 0)}),
        ("fleeing", 4, 3, {(-1, 0), (0, -1)}),
        ("fleeing", 0, -3, {(0, 1), (1, 0), (-1, 0)}),
        ("immovable", 1, 1, set()),
    ],
)
def test_directions(movement: str, dx: int, dy: int, expected: set[tuple[int, int]]) -> None:
    assert set(directions(movement, dx, dy)) == expected


def test_half_an_overlap_is_a_contact() -> None:
    enemy = still("enemy", (5, 4))
    enemy.y += 1
    world = world_with(enemy)
    assert world.step(STAY) == -1
    assert not world.alive


def test_the_others_move_against_where_the_agent_was() -> None:
    chaser = Being("dog", "enemy", "chaser", (2, 5))
    world = world_with(chaser)
    world.step(0)
    assert (chaser.x, chaser.y) == (5, 10)


def test_one_that_would_leave_the_grid_stays() -> None:
    fleeing = Being("dog", "enemy", "fleeing", (0, 0))
    world = world_with(fleeing)
    for _ in range(20):
        world.step(STAY)
        assert (fleeing.x, fleeing.y) == (0, 0)


def test_fetch_and_deliver() -> None:
    world = world_with(still("message", (5, 4)), still("goal", (5, 2)))
    assert world.step(0) == 0.5
    assert world.has_message
    assert [being.role for being in world.beings] == ["goal"]
    assert world.step(0) == 0
    assert world.step(0) == 1
    assert world.won
    assert world.over


def test_the_goal_without_the_message_kills() -> None:
    world = world_with(still("message", (1, 1)), still("goal", (5, 4)))
    assert world.step(0) == -1
    assert world.over
    assert not world.won


@pytest.mark.parametrize("role", deal.DECOYS)
def test_decoys_kill(role: str) -> None:
    world = world_with(still(role, (5, 4)), level=3)
    world.has_message = True
    assert world.step(0) == -1
    assert not world.alive


@pytest.mark.parametrize(
    ("roles", "held", "reward"),
    [
        (("enemy", "goal"), False, -2),
        (("enemy", "message"), False, -0.5),
        (("goal", "message"), False, -0.5),
        (("enemy", "goal"), True, 0),
        (("enemy", "message_decoy", "goal_decoy"), False, -3),
    ],
)
def test_contacts_in_one_step_add_up(roles: tuple[str, ...], held: bool, reward: float) -> None:
    world = world_with(*[still(role, (5, 4)) for role in roles], level=3)
    world.has_message = held
    assert world.step(0) == reward
    assert not world.alive
    assert world.over
    assert not world.won


@pytest.mark.parametrize(
    ("role", "held", "reward"),
    [
        ("enemy", False, -1),
        ("enemy", True, -1),
        ("message", False, 1),
        ("message", True, -1),
        ("goal", False, -1),
        ("goal", True, 1),
    ],
)
def test_level_1_is_decided_by_the_first_touch(role: str, held: bool, reward: float) -> None:
    world = world_with(still(role, (5, 4)), level=1)
    world.has_message = held
    assert world.step(0) == reward
    assert world.over
    assert world.won == (reward > 0)


def test_the_edge_holds_the_agent() -> None:
    world = world_with(agent=(0, 0))
    world.step(0)
    assert (world.x, world.y) == (0, 0)
    assert world.blocked
    world.step(1)
    assert not world.blocked


@given(level=levels, seed=seeds)
def test_the_numbers_show_everyone_where_they_are(level: int, seed: int) -> None:
    env = MessengerEnv(level=level)
    grid, _ = env.reset(seed=seed)
    assert env.observation_space.contains(grid)
    world = env.world
    assert world is not None
    for layer in range(env.layers - 1):
        (row, column), number = np.argwhere(grid[:, :, layer])[0], grid[:, :, layer].max()
        name = deal.ENTITIES[number - 1]
        assert any((b.name, b.x, b.y) == (name, 2 * column, 2 * row) for b in world.beings)
    assert (grid[:, :, -1] > 0).sum() == 1


@pytest.mark.parametrize("settings", [{"level": 4}, {"split": "exam"}])
def test_wrong_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SmartPlayError, match=r"1, 2 or 3|unknown split"):
        gym.make("smartplay/MessengerL2-v0", **settings)


@pytest.mark.parametrize(
    ("level", "action", "low", "high"),
    [(1, None, 0.44, 0.48), (2, None, 0.22, 0.27), (1, STAY, 0.5, 0.5), (2, STAY, 0.23, 0.27)],
)
def test_the_floor_of_the_scale(level: int, action: int | None, low: float, high: float) -> None:
    rng, total, episodes = Random(3), 0.0, 3000
    for _ in range(episodes):
        world = World(level, "test", rng)
        reward = 0.0
        for _ in range(LIMITS[level]):
            reward = world.step(rng.randrange(5) if action is None else action)
            if world.over:
                break
        total += reward
    assert low <= (total / episodes + 1) / 2 <= high
