"""Crafter's environment, texts, scores and reference agent."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import smartplay  # noqa: F401
from smartplay.agents.reference.crafter import CrafterReference
from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.games.base import CHARACTERS
from smartplay.games.crafter.creatures import Arrow, Zombie
from smartplay.games.crafter.engine import daylight
from smartplay.games.crafter.env import CrafterEnv
from smartplay.games.crafter.plant import Plant
from smartplay.games.crafter.rules import ACHIEVEMENTS, ACTIONS, CODE, ITEMS, NAMES
from smartplay.games.crafter.words import ACTION_NAMES
from smartplay.scores.statistics import success_score

ID = "smartplay/Crafter-v0"
ACT = {name: index for index, name in enumerate(ACTION_NAMES)}


def make(**settings: Any) -> Any:
    env = gym.make(ID, **settings)
    env.reset(seed=0)
    return env


def put(env: Any, material: str) -> Any:
    """Change what the player faces, and let a step pass so that it has been told."""
    game = env.unwrapped.game
    game.world.set_material(game.player.front(), CODE[material])
    return env.step(0)


def give(env: Any, **items: int) -> None:
    env.unwrapped.game.player.inventory.update(items)


def said(env: Any, action: str) -> str:
    text: str = env.step(ACT[action])[0]
    return text.split("\n")[0]


def test_gymnasium_accepts_the_native_environment() -> None:
    check_env(CrafterEnv(), skip_render_check=True)
    check_env(make().unwrapped, skip_render_check=True)


@pytest.mark.slow
def test_reset_starts_the_package_s_worlds() -> None:
    from smartplay.games.crafter.package import OrderedEnv

    theirs, ours = OrderedEnv(seed=7), make()
    theirs.reset()
    info = ours.reset(seed=7)[1]
    assert np.array_equal(info["state"]["semantic"], theirs._sem_view())
    theirs.reset()
    info = ours.reset()[1]
    assert np.array_equal(info["state"]["semantic"], theirs._sem_view())
    assert info["state"]["semantic"].dtype == np.uint8


@pytest.mark.slow
def test_engines_tell_the_same_story() -> None:
    ours, theirs = make(), make(engine="crafter")
    assert ours.reset(seed=3)[0] == theirs.reset(seed=3)[0]
    rng = random.Random(0)
    for _ in range(250):
        action = rng.randrange(17)
        own, true = ours.step(action), theirs.step(action)
        assert own[:4] == true[:4]
        for key in ("score", "completed"):
            assert own[4][key] == true[4][key]
        own_state, true_state = own[4]["state"], true[4]["state"]
        assert own_state.keys() == true_state.keys()
        assert (own_state.pop("engine"), true_state.pop("engine")) == ("smartplay", "crafter")
        assert all(np.array_equal(own_state[key], true_state[key]) for key in own_state)
        if own[2]:
            break


@pytest.mark.slow
def test_same_seed_same_game_in_another_process() -> None:
    script = (
        "import gymnasium as gym, smartplay, random, hashlib\n"
        f"env = gym.make({ID!r})\n"
        "texts = [env.reset(seed=12)[0]]\n"
        "rng = random.Random(1)\n"
        "for _ in range(200):\n"
        "    texts.append(repr(env.step(rng.randrange(17))[:2]))\n"
        "print(hashlib.sha256('|'.join(texts).encode()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PATH": "", "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1, "the same seed gave two games"


def test_an_unseeded_reset_draws_a_seed() -> None:
    env = CrafterEnv()
    env.reset()
    first = env.game.semantic()
    env.reset()
    assert not np.array_equal(first, env.game.semantic())


def test_length_truncates_and_death_terminates() -> None:
    env = make(length=3)
    flags = [env.step(0)[2:4] for _ in range(3)]
    assert flags == [(False, False), (False, False), (False, True)]
    env = make()
    put(env, "lava")
    text, reward, terminated, truncated, _ = env.step(ACT["Move South"])
    assert (terminated, truncated) == (True, False)
    assert reward == pytest.approx(-0.9)
    assert "into lava" in text
    assert "You died." in text


@pytest.mark.slow
def test_many_environments_share_nothing() -> None:
    envs = [CrafterEnv() for _ in range(64)]
    for env in envs:
        env.reset(seed=9)
    for step in range(30):
        for number, env in enumerate(envs):
            env.step(np.int64((step * number) % 6))
    alone = CrafterEnv()
    alone.reset(seed=9)
    for step in range(30):
        alone.step(np.int64((step * 63) % 6))
    assert np.array_equal(alone.game.semantic(), envs[63].game.semantic())


@pytest.mark.parametrize("describe", ["nearest", "full"])
@pytest.mark.parametrize(
    "view",
    [(9, 9), (4, 8), *(pytest.param(v, marks=pytest.mark.slow) for v in ((7, 7), (3, 9), (16, 6)))],
)
def test_there_is_a_text_in_every_cell(describe: str, view: tuple[int, int]) -> None:
    env = make(describe=describe, view=view, area=(20, 14))
    game = env.unwrapped.game
    world, player = game.world, game.player
    for x in range(20):
        for y in range(14):
            cell = world.cell(x, y)
            if cell in world.at and world.at[cell] is not player:
                continue
            del world.at[player.cell]
            world.shown[player.cell] = world.cells[player.cell]
            player.x, player.y, player.cell = x, y, cell
            world.at[cell], world.shown[cell] = player, player.code
            player.inventory["health"] = 9
            for action in (0, 5, *range(7, 17)):
                text = env.step(action)[0]
                assert text in env.observation_space
                assert set(text) <= set(CHARACTERS)
                if env.unwrapped.game.player.health <= 0:
                    player.inventory["health"] = 9


@pytest.mark.parametrize("view", [9, 17])
def test_text_counts_and_places_what_is_in_view(view: int) -> None:
    env = make(view=view)
    width, height = env.unwrapped.grid
    rng = random.Random(4)
    for _ in range(200):
        give(env, health=9)
        text, _, _, _, info = env.step(rng.randrange(6))
        x, y = info["state"]["player_pos"]
        left, top = x - width // 2, y - height // 2
        west, north = max(0, left), max(0, top)
        window = info["state"]["semantic"][west : left + width, north : top + height]
        for kind, steps, count in re.findall(r"- (.+): (\d+) steps? .+; (\d+) in view", text):
            if kind in NAMES[1:19]:
                places = np.argwhere(window == NAMES.index(kind))
                assert len(places) == int(count), text
                assert np.abs(places - (x - west, y - north)).sum(1).min() == int(steps), text


def test_full_text_shows_each_cell() -> None:
    env = make(describe="full")
    text, _, _, _, info = env.step(ACT["Move West"])
    x, y = info["state"]["player_pos"]
    rows = [line.split(": ")[1].split(", ") for line in text.split("\n")[2:9]]
    for dy, row in enumerate(rows):
        for dx, word in enumerate(row):
            code = info["state"]["semantic"][x - 4 + dx, y - 3 + dy]
            assert word == ("you" if (dx, dy) == (4, 3) else NAMES[code])


def test_texts_say_why_nothing_happened() -> None:
    env = make()
    put(env, "stone")
    assert said(env, "Do") == (
        "You chose Do. Nothing happened: you need a wood pickaxe to collect stone."
    )
    assert said(env, "Move South") == (
        "You chose Move South. You now face south, but did not move: stone is in the way."
    )
    assert said(env, "Sleep") == "You chose Sleep. You stayed awake: your energy is full."
    assert said(env, "Place Table") == (
        "You chose Place Table. Nothing was placed: you face stone, and it takes grass, sand or "
        "path; you need 2 wood and have 0."
    )
    assert said(env, "Make Stone Pickaxe") == (
        "You chose Make Stone Pickaxe. Nothing was made: there is no table beside you; you need 1 "
        "wood and have 0; you need 1 stone and have 0."
    )
    put(env, "water")
    assert said(env, "Do") == "You chose Do. You drank water."
    put(env, "sand")
    assert said(env, "Do") == "You chose Do. Nothing happened: you can do nothing with sand."
    assert said(env, "Noop") == "You chose Noop. You did nothing."


def test_texts_tell_what_happened() -> None:
    env = make()
    put(env, "tree")
    text = env.step(ACT["Do"])[0]
    assert text.startswith(
        "You chose Do. You collected 1 wood.\nAchievement unlocked: collect wood."
    )
    give(env, wood=9)
    put(env, "tree")
    assert said(env, "Do").endswith("You collected wood, but you cannot carry more than 9.")
    put(env, "grass")
    assert said(env, "Place Table") == "You chose Place Table. You placed a table."
    assert said(env, "Make Wood Sword") == "You chose Make Wood Sword. You made a wood sword."
    assert "You carry: 6 wood, 1 wood sword." in env.step(0)[0]
    game = env.unwrapped.game
    game.player.facing = 0
    game.world.set_material(game.player.front(), CODE["path"])
    game.world.add(Zombie(game.world, game.player.x - 1, game.player.y, game.player))
    env.step(0)
    assert said(env, "Do") == "You chose Do. You hit the zombie."
    give(env, energy=5)
    assert "You are asleep." in env.step(ACT["Sleep"])[0]
    assert "so it was not carried out" in said(env, "Do")


def test_arrows_and_ripe_plants_are_told_apart() -> None:
    env = make()
    game = env.unwrapped.game
    x, y = game.player.x, game.player.y
    for dx in (-1, 0, 1):
        for dy in (-3, -2, 2, 3):
            game.world.set_material(game.world.cell(x + dx, y + dy), CODE["path"])
    game.world.add(Arrow(game.world, x, y - 2, 1))
    plant = Plant(game.world, x, y + 3)
    game.world.add(plant)
    plant.grown = 300
    text = env.step(0)[0]
    assert "- arrow flying east: 3 steps away (1 east, 2 north); 1 in view" in text
    assert "- ripe plant: 3 steps away (3 south); 1 in view" in text


def test_the_score_sums_achievements_over_steps() -> None:
    env = make()
    expected = 0
    for _ in range(30):
        expected += len(put(env, "tree")[4]["state"]["unlocked"])
        info = env.step(ACT["Do"])[4]
        expected += len(info["state"]["unlocked"])
        assert info["score"] == expected
    scores = info["state"]["scores"]
    assert scores["survival"] == 60
    assert scores["achievements"] == len(info["state"]["unlocked"]) >= 1
    assert not info["completed"]
    json.dumps({key: value for key, value in info["state"].items() if key != "semantic"})


def test_crafter_score_is_the_geometric_mean() -> None:
    assert success_score([100.0] * 22) == pytest.approx(100)
    assert success_score([0.0] * 22) == 0
    expected = math.exp((math.log(101) + math.log(51)) / 22) - 1
    assert success_score([100, 50, *[0] * 20]) == pytest.approx(expected)


def test_the_manual_holds_the_package_s_numbers() -> None:
    manual = make().reset(seed=0)[1]["manual"]
    for line in (
        "Crafter\n",
        "- Place Table: uses 2 wood; goes on grass, sand or path.",
        "- Place Furnace: uses 4 stone;",
        "- Make Iron Sword: uses 1 wood, 1 coal and 1 iron; needs a table and a furnace beside",
        "- grass: 1 sapling with a chance of 10 percent.",
        "It also ends after 10000 steps.",
        "8 wood and 7 stone",
    ):
        assert line in manual
    assert all(name.replace("_", " ") in manual for name in ACHIEVEMENTS)
    assert set(manual) <= set(CHARACTERS)
    short = make(length=500, area=(30, 40), view=7).reset(seed=0)[1]["manual"]
    assert "30 by 40 cells" in short
    assert "ends after 500 steps" in short
    assert "14 steps or more away" in short


@pytest.mark.parametrize(
    ("vital", "awake", "asleep"), [("food", 26, 51), ("drink", 21, 41), ("energy", 31, None)]
)
def test_the_manual_s_rates_of_living(vital: str, awake: int, asleep: int | None) -> None:
    env = CrafterEnv()
    env.reset(seed=0)
    player = env.game.player
    for _ in range(awake - 1):
        player.inventory["health"] = 9
        player.act(0)
    assert player.inventory[vital] == 9
    player.act(0)
    assert player.inventory[vital] == 8
    if asleep is not None:
        player.sleeping = True
        for _ in range(asleep):
            player.inventory["energy"] = 1
            player.act(0)
        assert player.inventory[vital] == 7


def test_bad_settings_say_what_to_do() -> None:
    with pytest.raises(UnknownNameError, match="unknown engine"):
        CrafterEnv(engine="crater")
    with pytest.raises(UnknownNameError, match="did you mean nearest"):
        make(describe="nearst")
    bad: list[dict[str, Any]] = [
        {"view": (9, 3)},
        {"area": (2, 64)},
        {"area": 3.5},
        {"area": None},
        {"area": True},
        {"area": [20, 20.0]},
        {"area": {}},
        {"area": [20, [20]]},
        {"length": 0},
        {"length": "10"},
        {"length": 1.5},
        {"size": "big"},
        {"view": 80},
        {"view": 10**9},
        {"view": 20, "size": 15},
    ]
    for settings in bad:
        with pytest.raises(UsageError, match=next(iter(settings))):
            CrafterEnv(**settings)


def test_sizes_may_be_numpys() -> None:
    given: list[Any] = [np.int64(20), np.array([9, 9]), np.int16(5), np.uint8(64)]
    env = CrafterEnv(*given)
    assert env.length is not None
    assert (env.area, env.view, env.length) == ((20, 20), (9, 9), 5)
    assert [type(side) for side in (*env.area, *env.view, env.length)] == [int] * 5


def test_names_follow_the_package_s_order() -> None:
    assert len(ACTION_NAMES) == len(ACTIONS) == 17
    assert ACTION_NAMES[:8] == (
        "Noop",
        "Move West",
        "Move East",
        "Move North",
        "Move South",
        "Do",
        "Sleep",
        "Place Stone",
    )
    assert len(ITEMS) == 16


def test_reference_agent_reaches_ten_achievements() -> None:
    reached = []
    for seed in range(4):
        env = gym.make(ID, length=3000)
        text, info = env.reset(seed=seed)
        agent, over = CrafterReference(info["manual"], info["actions"], seed), False
        while not over:
            text, _, terminated, truncated, info = env.step(ACT[agent.act(text)])
            over = terminated or truncated
        reached.append(len(info["state"]["unlocked"]))
    assert sum(reached) / len(reached) >= 10, f"achievements reached: {reached}"


def test_daylight_does_not_depend_on_the_version_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy 1.24 and 1.25 give other last bits of a cosine."""
    told = daylight.__wrapped__(37)
    monkeypatch.setattr(np, "cos", lambda _: 0.0)
    assert daylight.__wrapped__(37) == told
