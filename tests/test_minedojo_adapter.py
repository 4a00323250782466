"""The MineDojo adapter, on a fake of the shape of MineDojo's observations and actions."""

from __future__ import annotations

import re
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from smartplay.core.errors import GameError, MissingPackageError
from smartplay.games.minedojo import engines
from smartplay.games.minedojo.minedojo_engine import BIOME_NUMBERS, TASKS, MinedojoEngine
from smartplay.games.minedojo.protocol import Stride, view_angles
from smartplay.games.minedojo.voxel.climate import GOALS

EYES = 1.62


class Actions:
    """The action space: eight numbers, the camera's rest at 12."""

    def no_op(self) -> Any:
        return np.array([0, 0, 0, 12, 12, 0, 0, 0])


class FakeMineDojo:
    """Flat grass at y = 64 with a cow ahead in the north; plains from x = 30 on."""

    action_space = Actions()

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.closed = False
        self.position = np.array([0.5, 64.0, 0.5])
        self.yaw = 0.0
        self.done = False

    def reset(self) -> dict[str, Any]:
        return self._observe()

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, dict[str, Any]]:
        self.yaw = (self.yaw + (action[4] - 12) * 15.0 + 180.0) % 360.0 - 180.0
        speed = (0.28 if action[2] == 3 else 0.216) * (action[0] == 1)
        side = {0: 0.0, 1: 0.1, 2: -0.1}[int(action[1])]
        ahead = np.array([-np.sin(np.radians(self.yaw)), 0.0, np.cos(np.radians(self.yaw))])
        left = np.array([ahead[2], 0.0, -ahead[0]])
        self.position = self.position + ahead * speed + left * side * (action[0] == 1)
        return self._observe(), 0.0, self.done, {}

    def close(self) -> None:
        self.closed = True

    def _observe(self) -> dict[str, Any]:
        names = np.full((9, 9, 9), "air", dtype="<U16")
        names[:, :4] = "grass"
        names[:, :3] = "dirt"
        names[6, 4, 4] = "tallgrass"
        biome = 1 if self.position[0] > 30 else 4
        stats = {
            "pos": self.position.astype(np.float32),
            "yaw": np.array([self.yaw], dtype=np.float32),
            "pitch": np.zeros(1, dtype=np.float32),
            "biome_id": np.array(biome),
        }
        return {"location_stats": stats, "voxels": {"block_name": names}, "rays": self._rays()}

    def _rays(self) -> dict[str, Any]:
        pitch, yaw = np.array(self.settings["lidar_rays"])[:, :2].T
        turned = yaw + np.radians(self.yaw)
        with np.errstate(divide="ignore"):
            distance = np.where(pitch > 0, EYES / np.sin(pitch), np.inf)
        hits = distance < 48
        flat = np.where(hits, distance, 0.0) * np.cos(pitch)
        cow = (np.abs(yaw) < 0.07) & (np.abs(pitch) < 0.15) & (abs(abs(self.yaw) - 180.0) < 1.0)
        return {
            "block_name": np.where(hits, "grass", "air"),
            "block_distance": np.where(hits, distance, -1.0).astype(np.float32),
            "entity_name": np.where(cow, "cow", "null"),
            "entity_distance": np.where(cow, 5.0, -1.0).astype(np.float32),
            "ray_pitch": pitch.astype(np.float32),
            "ray_yaw": yaw.astype(np.float32),
            "traced_block_x": np.floor(self.position[0] - flat * np.sin(turned)),
            "traced_block_y": np.full(len(pitch), 63.0),
            "traced_block_z": np.floor(self.position[2] + flat * np.cos(turned)),
        }


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeMineDojo]:
    """Environments the adapter has made."""
    all_made: list[FakeMineDojo] = []

    def make(**settings: Any) -> FakeMineDojo:
        all_made.append(FakeMineDojo(**settings))
        return all_made[-1]

    class Adapter(MinedojoEngine):
        def __init__(self) -> None:
            super().__init__(make)

    monkeypatch.setattr(engines, "load_object", lambda _: Adapter)
    return all_made


def test_a_missing_minedojo_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "minedojo", None)
    with pytest.raises(MissingPackageError, match=r"docs\.minedojo\.org"):
        gym.make("smartplay/MinedojoCreative0-v0", engine="minedojo")


def test_the_goals_are_those_of_the_game() -> None:
    assert set(TASKS) == set(BIOME_NUMBERS) == set(GOALS) == set(MinedojoEngine.goals)


def test_minedojo_is_asked_for_what_the_game_needs(made: list[FakeMineDojo]) -> None:
    env = gym.make("smartplay/MinedojoCreative0-v0", engine="minedojo")
    env.reset(seed=1)
    settings = made[0].settings
    assert settings["task_id"] == "creative:0"
    assert settings["use_voxel"]
    assert settings["use_lidar"]
    assert settings["voxel_size"]["xmin"] == -settings["voxel_size"]["zmax"] == -4
    assert [ray[:2] for ray in settings["lidar_rays"]] == view_angles()
    assert {ray[2] for ray in settings["lidar_rays"]} == {48.0}
    env.close()
    assert made[0].closed


def test_the_describer_reads_minedojos_observation(made: list[FakeMineDojo]) -> None:
    env = gym.make("smartplay/MinedojoCreative0-v0", engine="minedojo", render_mode="rgb_array")
    text, info = env.reset(seed=1)
    assert "You are at x = 0.50, y = 64.00, z = 0.50, facing north." in text
    assert "- grass: 1.0 blocks straight down; 81 together" in text
    assert "- tallgrass: 2.0 blocks east; a single one" in text
    assert re.search(r"You aim at: cow, 5\.\d blocks north, [12] higher\.", text)
    assert re.search(r"- grass: \d\.\d blocks north[-\w]*, 1 lower; 4\d% of the view", text)
    assert info["state"]["goal_distance"] is None
    assert info["state"]["engine"] == "minedojo"
    assert env.render().shape == (400, 400, 3)  # type: ignore[union-attr]


def test_walking_turns_and_stops_in_the_goal(made: list[FakeMineDojo]) -> None:
    env = gym.make("smartplay/MinedojoCreative0-v0", engine="minedojo")
    env.reset(seed=1)
    text = env.step(3)[0]
    assert text.startswith("You moved west for 50 ticks and got 1")
    assert made[0].yaw == 90.0
    for _ in range(5):
        text, reward, terminated, _, info = env.step(1)
        if terminated:
            break
    assert terminated
    assert reward == 1.0
    assert info["completed"]
    assert "You found what you were looking for: plains." in text
    assert info["state"]["biome"] == "plains"


def test_an_episode_minedojo_ends_is_an_error(made: list[FakeMineDojo]) -> None:
    env = gym.make("smartplay/MinedojoCreative0-v0", engine="minedojo")
    env.reset(seed=1)
    made[0].done = True
    with pytest.raises(GameError, match="MineDojo ended the episode"):
        env.step(0)


def test_a_start_in_the_goal_is_drawn_anew() -> None:
    begun = []

    def make(**settings: Any) -> FakeMineDojo:
        begun.append(FakeMineDojo(**settings))
        begun[-1].position[0] = 40.5 if len(begun) < 3 else 0.5
        return begun[-1]

    engine = MinedojoEngine(make)
    engine.reset(1, "plains", 200, 450)
    assert len(begun) == 3
    assert all(env.closed for env in begun[:2])
    assert not engine.walk(0, [Stride(False, 0)]).found
