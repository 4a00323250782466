"""Messenger in words: true manuals, observations that hide nothing and reveal no roles."""

from __future__ import annotations

import re
from collections import Counter
from random import Random
from typing import Any

import gymnasium as gym
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.games.base import Turn
from smartplay.games.messenger import MessengerEnv, MessengerText, deal
from smartplay.games.messenger.reading import Reading, read
from smartplay.games.messenger.text import ACTIONS
from smartplay.games.messenger.world import Being, World

LINE = re.compile(r"- (\w+), (?:(\d+) steps? to the ([\w-]+)|on your square)")


def readings(manual: str) -> list[Reading]:
    return [read(line.removeprefix("- ")) for line in manual.split("\nReports:\n")[1].splitlines()]


def make(level: int, **settings: Any) -> gym.Env[Any, Any]:
    return gym.make(f"smartplay/MessengerL{level}-v0", **settings)


@pytest.mark.parametrize("split", deal.SPLITS)
@pytest.mark.parametrize("level", [1, 2])
def test_reports_are_true(level: int, split: str) -> None:
    env = make(level, split=split)
    untold = 0
    for seed in range(400):
        _, info = env.reset(seed=seed)
        state, found = info["state"], readings(info["manual"])
        assert {reading.role for reading in found} == set(deal.ROLES)
        for entity, role, movement in found:
            assert state["roles"][role] == entity
            assert movement in (deal.UNKNOWN, state["movements"][role])
            untold += movement == deal.UNKNOWN
    expected = 0.5 if level == 1 else 0.15
    assert abs(untold / 1200 - expected) < 0.045


def test_level_3_has_one_false_report() -> None:
    env = make(3)
    places: Counter[int] = Counter()
    for seed in range(300):
        _, info = env.reset(seed=seed)
        names, movements = info["state"]["roles"], info["state"]["movements"]
        truth = Counter(
            Reading(
                names[role].removesuffix(" decoy"),
                "enemy" if role in deal.DECOYS else role,
                movements[role],
            )
            for role in names
        )
        found = readings(info["manual"])
        false = list((Counter(found) - truth).elements())
        assert len(found) == 6
        assert len(false) == 1
        entity, role, movement = false[0]
        assert entity == names["enemy"]
        assert role in ("message", "goal")
        assert movement in deal.MOVEMENTS
        assert movement != movements["enemy"]
        places[found.index(false[0])] += 1
    assert set(places) == set(range(6)), "the false report is always in the same place"


@pytest.mark.parametrize("level", deal.LEVELS)
def test_the_manual_states_the_limit(level: int) -> None:
    assert f"You have {(4, 64, 128)[level - 1]} steps." in make(level).reset()[1]["manual"]
    assert "You have 9 steps." in make(level, max_episode_steps=9).reset()[1]["manual"]
    unlimited = make(level, max_episode_steps=-1).reset()[1]["manual"]
    assert "There is no limit to your steps." in unlimited


def test_the_manual_tells_the_starts_of_level_3() -> None:
    manual = make(3).reset()[1]["manual"]
    told = re.findall(r"column (\d+), row (\d+)", manual)
    assert {(int(x) - 1, int(y) - 1) for x, y in told} == set(deal.STARTS[3])


@given(level=st.sampled_from(deal.LEVELS), seed=st.integers(0, 10_000))
def test_the_observation_is_complete_and_true(level: int, seed: int) -> None:
    env = make(level, disable_env_checker=True)
    rng = Random(seed)
    text, info = env.reset(seed=seed)
    while True:
        check_observation(env.unwrapped.world, text, info["state"])  # type: ignore[attr-defined]
        action = rng.randrange(5)
        text, reward, terminated, truncated, info = env.step(action)
        assert f"You chose: {ACTIONS[action]}. " in text.splitlines()[0]
        assert info["score"] == reward
        if terminated or truncated:
            break
    check_observation(env.unwrapped.world, text, info["state"])  # type: ignore[attr-defined]
    ends = ("The game is won.", "You died. The game is lost.", "Your steps are used up.")
    assert sum(end in text for end in ends) == 1
    assert info["completed"] == ("The game is won." in text)


def check_observation(world: World, text: str, state: dict[str, Any]) -> None:
    """Hold an observation and the state against the engine."""
    seen = [line for line in text.splitlines() if line.startswith("- ")]
    x, y = world.x // 2, world.y // 2
    expected = []
    for being in world.beings:
        dx, dy = being.x // 2 - x, being.y // 2 - y
        way = "-".join(
            word
            for word, there in (
                ("north", dy < 0),
                ("south", dy > 0),
                ("west", dx < 0),
                ("east", dx > 0),
            )
            if there
        )
        expected.append((being.name, abs(dx) + abs(dy), way))
        name = state["roles"][being.role]
        assert state["cells"][name] == [being.x // 2, being.y // 2]
        assert state["lattice"][name] == [being.x, being.y]
    found = [LINE.fullmatch(line) for line in seen]
    assert all(found)
    told = [(line[1], int(line[2] or 0), line[3] or "") for line in found if line]
    assert sorted(told) == sorted(expected)
    assert [distance for _, distance, _ in told] == sorted(distance for _, distance, _ in told)
    assert state["cells"]["agent"] == [x, y]
    assert len(state["cells"]) == len(world.beings) + 1
    if world.alive:
        assert ("You have the message." in text) == world.has_message
        assert ("You do not have the message." in text) != world.has_message


def told_after(role: str, held: bool = False, level: int = 2) -> str:
    """What the text says when the agent steps onto a being of that role."""
    env = MessengerEnv(level=level)
    env.reset(seed=0)
    text = MessengerText(env)
    text.manual(64)
    world = env.world
    assert world is not None
    being = Being("dog", role, "immovable", (world.x // 2, world.y // 2))
    world.beings, world.has_message = [being], held
    _, reward, terminated, _, info = env.step(4)
    if role in deal.DECOYS:
        text._names[role] = "dog decoy"
    return text.describe(Turn(4, None, reward, terminated, reward, 1, info)).text


@pytest.mark.parametrize(
    ("role", "held", "level", "expected"),
    [
        ("enemy", False, 2, "You touched the dog, an enemy.\nYou died. The game is lost."),
        ("message_decoy", False, 3, "You touched the dog, a decoy.\nYou died. The game is lost."),
        ("message", False, 2, "You touched the dog and took the message.\nYou have the message."),
        ("goal", True, 2, "You came to the dog, the goal, with the message.\nThe game is won."),
        ("goal", False, 2, "You touched the dog, the goal, without the message.\nYou died."),
        ("message", False, 1, "You touched the dog and took the message.\nThe game is won."),
        ("message", True, 1, "the one who keeps the message, with it already in hand.\nYou died."),
        ("goal", True, 1, "You came to the dog, the goal, with the message.\nThe game is won."),
    ],
)
def test_what_happened_is_told(role: str, held: bool, level: int, expected: str) -> None:
    assert expected in told_after(role, held, level)


def test_the_order_of_the_lines_tells_no_role() -> None:
    """Those at the same distance are in the order of their names."""
    env = make(2)
    for seed in range(200):
        text, _ = env.reset(seed=seed)
        lines = [LINE.fullmatch(line) for line in text.splitlines() if line.startswith("- ")]
        keys = [(int(line[2]), line[1]) for line in lines if line]
        assert keys == sorted(keys)


def test_words_and_world_are_drawn_apart() -> None:
    """Another corpus or no text at all leaves the moves as they were."""
    native = MessengerEnv(level=3)
    native.reset(seed=4)
    env = make(3, disable_env_checker=True)
    env.reset(seed=4)
    for action in (0, 3, 4, 1, 2, 4):
        native.step(action)
        *_, terminated, _, info = env.step(action)
        assert native.world is not None
        roles = info["state"]["roles"]
        for being in native.world.beings:
            assert info["state"]["lattice"][roles[being.role]] == [being.x, being.y]
        if terminated:
            break


def test_state_of_an_old_step_stays_as_it_was() -> None:
    env = make(2)
    _, info = env.reset(seed=1)
    before = str(info["state"])
    info["state"]["roles"].clear()
    _, _, _, _, later = env.step(0)
    assert later["state"]["roles"]
    assert before != str(later["state"])
