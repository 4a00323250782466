"""Vector environments as reinforcement learning uses them.

`gym.make_vec` makes our own `GameVector`; Gymnasium's `SyncVectorEnv` says how it has to behave.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import RecordEpisodeStatistics

from smartplay import bench_vectors, cards, get_card
from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.games.vectors import TEXT_INFO, GameVector

HANOI = "smartplay/Hanoi3Disk-v0"
LEAN = ("score", "completed")
IDS = [card.id for card in cards() if card.playable]

Made = Callable[..., Any]


def plain(value: Any) -> Any:
    """Whatever a vector gives, as one can compare it."""
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, np.ndarray) and value.dtype != object:
        small = value.size < 100
        return str(value.dtype), value.shape, value.tolist() if small else hash(value.tobytes())
    if isinstance(value, tuple | list | np.ndarray):
        return [plain(each) for each in value]
    return value


def without_text(told: Any) -> Any:
    """The infos as they are when they are lean."""
    if not isinstance(told, dict):
        return told
    dropped = TEXT_INFO | {f"_{key}" for key in TEXT_INFO}
    return {key: without_text(value) for key, value in told.items() if key not in dropped}


def both(game: str, envs: int = 3, **given: Any) -> tuple[Any, Any]:
    """A vector of ours with full infos, and Gymnasium's."""
    ours = gym.make_vec(game, envs, infos="full", **given)
    theirs = gym.make_vec(game, envs, vectorization_mode="sync", **given)
    assert type(ours) is GameVector
    assert type(theirs) is SyncVectorEnv
    return ours, theirs


def assert_alike(ours: Any, theirs: Any, act: Made) -> Any:
    """Do the same to both; what comes of it is the same."""
    found: list[Any] = []
    for vector in (ours, theirs):
        try:
            found.append(act(vector))
        except Exception as error:
            found.append(type(error))
    assert plain(found[0]) == plain(found[1])
    return found[0]


def assert_play_alike(ours: Any, theirs: Any, steps: int, reset_ended: bool = False) -> int:
    """Play both at random; returns how many episodes ended."""
    actions = np.random.default_rng(5).integers(ours.single_action_space.n, size=(steps, 3))
    ended = 0
    for row in actions:
        *_, terminated, truncated, _ = assert_alike(ours, theirs, lambda v, row=row: v.step(row))
        over = terminated | truncated
        ended += over.sum()
        if reset_ended and over.any():
            assert_alike(ours, theirs, lambda v, m=over: v.reset(options={"reset_mask": m.copy()}))
    return int(ended)


@pytest.mark.parametrize("observation", ["text", "native"])
@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("game", [HANOI, "smartplay/MessengerL1-v0"])
def test_vectors_behave_as_gymnasiums(game: str, mode: AutoresetMode, observation: str) -> None:
    given: dict[str, Any] = {"observation": observation, "vector_kwargs": {"autoreset_mode": mode}}
    ours, theirs = both(game, max_episode_steps=3, **given)
    for seed in (4, [7, 8, 7], [None, 2, None], None):
        assert_alike(ours, theirs, lambda v, seed=seed: v.reset(seed=seed))
        assert assert_play_alike(ours, theirs, 11, mode is AutoresetMode.DISABLED) > 5
    for name in ("metadata", "observation_space", "action_space", "single_observation_space",
                 "single_action_space", "num_envs", "render_mode", "np_random_seed"):  # fmt: skip
        assert getattr(ours, name) == getattr(theirs, name)
    for vector in (ours, theirs):
        vector.close()
        assert vector.closed


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("game", IDS)
def test_vectors_of_every_game_behave_as_gymnasiums(game: str, mode: AutoresetMode) -> None:
    given = {"autoreset_mode": mode}
    ours, theirs = both(game, max_episode_steps=4, vector_kwargs=given)
    assert_alike(ours, theirs, lambda v: v.reset(seed=3))
    assert assert_play_alike(ours, theirs, 9, mode is AutoresetMode.DISABLED)


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_lean_infos_are_the_full_ones_without_what_is_told_elsewhere(mode: AutoresetMode) -> None:
    lean, full = (
        gym.make_vec(HANOI, 3, max_episode_steps=3, wrappers=[RecordEpisodeStatistics],
                     vector_kwargs={"autoreset_mode": mode}, infos=infos)
        for infos in ("lean", "full")
    )  # fmt: skip
    found = [vector.reset(seed=3)[1] for vector in (lean, full)]
    assert set(found[0]) == {f"{mark}{key}" for key in LEAN for mark in ("", "_")}
    assert set(found[1]) == {f"{mark}{key}" for key in {*TEXT_INFO, *LEAN} for mark in ("", "_")}
    episodes = 0
    for row in np.random.default_rng(5).integers(
        6, size=(3 if mode is AutoresetMode.DISABLED else 11, 3)
    ):
        one, other = lean.step(row), full.step(row)
        assert plain(one[:-1]) == plain(other[:-1])
        told = [plain(without_text(result[-1])) for result in (one, other)]
        for each in [*told, *(t.get("final_info", {}) for t in told)]:
            if "episode" in each:
                episodes += 1
                each["episode"].pop("t")  # seconds
        final = [np.array(r[-1].get("final_obs", ())) for r in (one, other)]
        assert plain(final[0]) == plain(final[1])
        assert told[0] == told[1]
    assert episodes


@pytest.mark.parametrize(
    "act",
    [
        lambda v: v.step([0, 1, 2]),
        lambda v: v.step((0, 1, 2)),
        lambda v: v.step(np.array([0, 1, 6])),
        lambda v: v.step(np.array([0.0, 1.0, 2.0])),
        lambda v: v.step(np.array([[0], [1], [2]])),
        lambda v: v.step(np.array([True, True, True])),
        lambda v: v.step(np.array([0, 1, 2], np.uint8)),
        lambda v: v.reset(seed=[1]),
        lambda v: v.reset(seed=1, options={"level": 2}),
        lambda v: v.reset(options={"reset_mask": [True, False, False]}),
        lambda v: v.reset(options={"reset_mask": np.zeros(3, bool)}),
        lambda v: v.reset(seed=[1, 2, 3], options={"reset_mask": np.array([True, False, True])}),
        lambda v: v.render(),
        lambda v: v.call("render"),
        lambda v: v.get_attr("render_mode"),
        lambda v: [v.set_attr("render_mode", "nothing"), v.get_attr("render_mode")],
    ],
)  # fmt: skip
def test_odd_calls_end_as_gymnasiums(act: Made) -> None:
    ours, theirs = both(HANOI, render_mode="ansi")
    assert_alike(ours, theirs, lambda v: v.reset(seed=3))
    assert_alike(ours, theirs, act)
    assert_alike(ours, theirs, lambda v: v.step(np.array([3, 1, 2])))


@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize("observation", ["text", "both", "native"])
def test_observations_are_copied_unless_told_otherwise(observation: str, copied: bool) -> None:
    vectors = both(HANOI, observation=observation, vector_kwargs={"copy": copied})
    same = []
    for vector in vectors:
        first = vector.reset(seed=1)[0]
        before = copy.deepcopy(first)
        second = vector.step(np.array([0, 0, 0]))[0]
        same.append(first is second)
        if copied or observation == "text":
            assert plain(first) == plain(before), "a step changed an observation given before"
    assert same[0] == same[1]


def test_a_vector_is_remade_from_its_spec() -> None:
    given = {"autoreset_mode": AutoresetMode.SAME_STEP}
    made = gym.make_vec(HANOI, 3, vector_kwargs=given, wrappers=[RecordEpisodeStatistics])
    again: Any = gym.make_vec(made.spec)  # type: ignore[arg-type]
    assert type(again) is GameVector
    assert again.num_envs == 3
    assert again.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert all(isinstance(env, RecordEpisodeStatistics) for env in again.envs)
    made = gym.make_vec(HANOI, 2)
    assert made.spec
    assert made.spec.to_json()
    assert str(made) == f"GameVector({HANOI}, num_envs=2)"


@pytest.mark.parametrize("observation", ["text", "native", "both"])
def test_the_spec_of_one_environment_makes_vectors(observation: str) -> None:
    env = gym.make(HANOI, observation=observation)
    assert env.spec
    vector: Any = gym.make_vec(env.spec, 2)
    first = vector.reset(seed=1)[0]
    other = gym.make_vec(gym.spec(HANOI), 2, observation=observation).reset(seed=1)[0]
    assert plain(first) == plain(other)


def test_a_registered_spec_can_be_copied_and_made() -> None:
    spec = copy.deepcopy(gym.spec(HANOI))
    made = gym.make(spec)
    assert made.spec
    assert type(made.spec.kwargs) is dict
    assert type(gym.make_vec(spec, 2)) is GameVector
    assert gym.spec(HANOI).additional_wrappers, "making a vector changed the registry"


def test_infos_may_stand_among_the_settings_of_the_vector() -> None:
    vector = gym.make_vec(HANOI, 2, vector_kwargs={"infos": "full"})
    assert "manual" in vector.reset(seed=1)[1]


def test_wrong_settings_are_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown infos 'all'; did you mean full"):
        gym.make_vec(HANOI, 2, infos="all")
    with pytest.raises(UnknownNameError, match="did you mean observation"):
        gym.make_vec(HANOI, 2, obsrvation="native")
    vector: Any = gym.make_vec(HANOI, 2)
    vector.reset(seed=1)
    with pytest.raises(UsageError, match="an action is an integer from 0 to 5, not 9"):
        vector.step(np.array([0, 9]))
    with pytest.raises(ValueError, match="shorter"):
        vector.step(np.array([0]))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["sync", "async", None])
def test_environments_of_a_group_start_alike_and_differ_by_their_actions(mode: str | None) -> None:
    envs = gym.make_vec("smartplay/RockPaperScissorBasic-v0", num_envs=6, vectorization_mode=mode)
    envs.reset(seed=[3, 3, 3, 4, 4, 4])  # type: ignore[arg-type]
    alike: list[np.ndarray] = []
    for _ in range(120):  # more than an episode: the next ones are alike as well
        told, rewards, *_ = envs.step(np.array([0, 0, 1, 0, 0, 1]))
        assert told[0] == told[1]
        assert told[3] == told[4]
        alike.append(rewards)
    envs.close()
    earned = np.array(alike)
    assert (earned[:, 0] == earned[:, 1]).all()
    assert (earned[:, 3] == earned[:, 4]).all()
    assert (earned[:, 0] != earned[:, 2]).any(), "actions make no difference"
    assert (earned[:, 0] != earned[:, 3]).any(), "seeds make no difference"


def test_the_speed_of_vectors_is_measured() -> None:
    speed = bench_vectors.vector_speed(get_card("Hanoi3Disk"), 4, 0.01)
    assert (speed.game, speed.envs) == (HANOI, 4)
    assert speed.steps > 4
    assert 0.01 < speed.single < 100
