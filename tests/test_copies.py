"""Copies, pickles and snapshots of every id go on in mid-episode as the original does."""

from __future__ import annotations

import copy
import itertools
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.games.base import OBSERVATIONS
from smartplay.games.minedojo.protocol import ServedEngine
from tests.later import bits, later
from tests.test_conformance import CARDS, each_card, each_code

FIRST_OF_FAMILY = list({card.family: card for card in reversed(CARDS)}.values())
STEPS = {"text": 25, "native": 25, "image": 3, "both": 3}


def actions_of(card: GameCard, number: int) -> list[int]:
    env = gym.make(card.id)
    draw = random.Random(card.id)
    actions = [draw.randrange(env.action_space.n) for _ in range(number)]  # type: ignore[attr-defined]
    env.close()
    return actions


def begun(card: GameCard, **settings: Any) -> Any:
    """An environment in the middle of its second episode, or later."""
    env = gym.make(card.id, **settings)
    env.reset(seed=3)
    for action in actions_of(card, 2):
        env.step(action)
    env.reset()
    for action in actions_of(card, 12):
        *_, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return env


@pytest.mark.slow
@pytest.mark.parametrize(
    ("observation", "card"),
    [
        pytest.param(observation, card, id=f"{observation}-{card.name}")
        for observation in OBSERVATIONS
        for card in (CARDS if observation in ("text", "native") else FIRST_OF_FAMILY)
    ],
)
def test_a_copy_goes_on_alike(card: GameCard, observation: str) -> None:
    actions = actions_of(card, STEPS[observation])
    mode = None if observation == "both" else "rgb_array"
    env, untouched = (begun(card, observation=observation, render_mode=mode) for _ in "ab")
    if mode:
        env.render()
        untouched.render()
    env.action_space.seed(1)
    copies = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    samples = [[one.action_space.sample() for _ in range(9)] for one in (env, *copies)]
    assert samples[0] == samples[1] == samples[2]
    expected = later(untouched, actions)
    for one in (*copies, env):
        assert later(one, actions) == expected


@each_code
def test_a_copy_of_the_native_environment_goes_on_alike(card: GameCard) -> None:
    actions = actions_of(card, 25)
    native = begun(card).unwrapped
    copies = [copy.deepcopy(native), pickle.loads(pickle.dumps(native))]
    expected = later(native, actions)
    for one in copies:
        assert later(one, actions) == expected


@pytest.mark.slow
def test_copies_and_snapshots_go_on_alike_in_another_process(tmp_path: Path) -> None:
    sent, expected = [], []
    for card in CARDS:
        env, actions = begun(card), actions_of(card, 10)
        native = begun(card, observation="native")
        sent.append(([env, native], env.snapshot(), actions))
        told, numbers = later(copy.deepcopy(env), actions), later(copy.deepcopy(native), actions)
        expected.append(repr([told, numbers, told]))
    (tmp_path / "sent").write_bytes(pickle.dumps(sent))
    done = subprocess.run(
        [sys.executable, "-m", "tests.later", str(tmp_path / "sent")],
        capture_output=True,
        check=True,
        text=True,
    )
    for card, one, other in zip(CARDS, done.stdout.splitlines(), expected, strict=True):
        assert one == other, card.id


@pytest.mark.slow
@each_card
def test_a_snapshot_can_be_gone_back_to_again_and_again(card: GameCard) -> None:
    actions, other = actions_of(card, 25), actions_of(card, 40)[25:]
    env = begun(card)
    snapshot, packed = env.snapshot(), pickle.dumps(env.snapshot())
    expected = later(env, actions)
    assert pickle.dumps(snapshot) == packed, "playing on changed the snapshot"
    fresh: Any = gym.make(card.id)
    elsewhere = begun(card)
    elsewhere.reset(seed=99)
    for one in (env, env, fresh, elsewhere, fresh):
        one.restore(snapshot)
        assert later(one, actions) == expected
        later(one, other)
    assert pickle.dumps(snapshot) == packed, "playing on from the snapshot changed it"


@pytest.mark.parametrize("name", ["MessengerL2", "ContrastLearningFromInteractions", "Notices"])
def test_a_pickled_snapshot_brings_back_the_random_numbers(name: str) -> None:
    card = next(card for card in CARDS if card.name == name)
    env, actions = begun(card), actions_of(card, 20)
    snapshot, packed = env.snapshot(), pickle.dumps(env.snapshot())
    expected = later(env, actions)
    for kept in (pickle.loads(packed), snapshot, pickle.loads(packed)):
        env.restore(kept)
        assert later(env, actions) == expected


@pytest.mark.parametrize("observation", ["image", "both"])
def test_a_snapshot_holds_the_picture(observation: str) -> None:
    env: Any = gym.make("smartplay/MessengerL2-v0", observation=observation, render_mode="ansi")
    env.reset(seed=5)
    snapshot, text = env.snapshot(), env.render()
    expected = [bits(env.step(action)[0]) for action in (0, 3)]
    env.restore(snapshot)
    assert env.render() == text
    assert [bits(env.step(action)[0]) for action in (0, 3)] == expected


def test_a_snapshot_belongs_to_the_step_limit() -> None:
    env: Any = gym.make("smartplay/Hanoi3Disk-v0", max_episode_steps=4)
    env.reset(seed=0)
    env.step(0)
    snapshot = env.snapshot()
    for _ in range(3):
        env.restore(snapshot)
        assert [env.step(0)[3] for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize(
    ("name", "settings", "differs"),
    [
        ("BanditTwoArmedHighLowFixed", {}, True),
        ("RockPaperScissorBasic", {}, True),
        ("Hanoi3Disk", {"noise": 0.5}, True),
        ("MessengerL2", {}, False),
        ("Notices", {}, False),
    ],
)
def test_which_games_meet_other_luck_by_other_random_numbers(
    name: str, settings: dict[str, Any], differs: bool
) -> None:
    card = next(card for card in CARDS if card.name == name)
    env, told = begun(card, **settings), []
    snapshot = env.snapshot()
    for seed in range(4):
        env.restore(snapshot)
        env.unwrapped.np_random = np.random.default_rng(seed)
        told.append(str([env.step(0)[:4] for _ in range(10)]))
    assert (len(set(told)) > 1) is differs


def spoil(told: Any) -> None:
    """Change all that can be changed in an info."""
    if isinstance(told, dict):
        for value in told.values():
            spoil(value)
        told.update(dict.fromkeys(told, 99))
    elif isinstance(told, list):
        told.clear()
    elif isinstance(told, np.ndarray) and told.flags.writeable:
        told[...] = 0


@each_code
def test_who_changes_an_info_changes_nothing_else(card: GameCard) -> None:
    env, twin = begun(card), begun(card)
    snapshot, packed = env.snapshot(), pickle.dumps(env.snapshot())
    for action in actions_of(card, 6):
        result = env.step(action)
        assert bits(result) == bits(twin.step(action))
        spoil(result[-1])
        if result[2] or result[3]:
            break
    assert pickle.dumps(snapshot) == packed


def test_a_search_samples_other_actions_each_time() -> None:
    env = begun(CARDS[0])
    env.action_space.seed(0)
    snapshot = env.snapshot()
    drawn = []
    for _ in range(6):
        env.restore(snapshot)
        drawn.append([int(env.action_space.sample()) for _ in range(20)])
    assert len(set(map(tuple, drawn))) == 6


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("Hanoi4Disk", {}, "of disks 3, not of disks 4"),
        ("Hanoi3Disk", {"disks": 4}, "of disks 3, not of disks 4"),
        ("Hanoi3Disk", {"max_episode_steps": 7}, "of steps 30, not of steps 7"),
        ("Hanoi3Disk", {"attempts": 2}, "of the default, not of attempts 2"),
    ],
)
def test_a_snapshot_of_another_game_is_refused(
    name: str, settings: dict[str, Any], told: str
) -> None:
    env: Any = gym.make("smartplay/Hanoi3Disk-v0")
    other: Any = gym.make(f"smartplay/{name}-v0", **settings)
    env.reset(seed=0)
    other.reset(seed=0)
    with pytest.raises(UsageError, match=f"the snapshot is of another game: {told}$"):
        other.restore(env.snapshot())
    assert other.step(0)[0], "the refusal broke the episode"


def test_what_is_no_snapshot_is_refused() -> None:
    env: Any = gym.make("smartplay/Hanoi3Disk-v0")
    env.reset(seed=0)
    for given in (None, env.snapshot):
        with pytest.raises(UsageError, match=r"restore takes what snapshot\(\) returned"):
            env.restore(given)


def test_before_the_first_reset_there_is_no_snapshot() -> None:
    env: Any = gym.make("smartplay/Hanoi3Disk-v0")
    with pytest.raises(UsageError, match="call reset first"):
        env.snapshot()


@pytest.mark.slow
def test_the_package_of_crafter_can_be_copied_too() -> None:
    env: Any = gym.make("smartplay/Crafter-v0", engine="crafter", area=(20, 20))
    env.reset(seed=1)
    snapshot, twin = env.snapshot(), copy.deepcopy(env)
    actions = [action % 17 for action in range(30)]
    expected = later(env, actions)
    assert later(twin, actions) == expected
    env.restore(snapshot)
    assert later(env, actions) == expected


@pytest.mark.slow
def test_a_copy_of_crafter_may_go_where_there_is_no_numba(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from smartplay.games.crafter import fast, twister

    card = next(card for card in CARDS if card.family == "crafter")
    env, actions = begun(card), actions_of(card, 400)
    packed = pickle.dumps(env)
    expected = later(env, actions)
    for kernels in (None, fast.compiled_kernels()):
        monkeypatch.setattr(twister, "compiled_kernels", itertools.repeat(kernels).__next__)
        assert later(pickle.loads(packed), actions) == expected


def test_a_world_that_a_server_holds_says_that_it_cannot_be_copied() -> None:
    class Served(ServedEngine):
        name = "elsewhere"
        running = False

        def _running(self) -> bool:
            return self.running

    engine = Served()
    copy.deepcopy(engine)
    engine.running = True
    for action in (lambda: copy.deepcopy(engine), lambda: pickle.dumps(engine), engine.state):
        with pytest.raises(UsageError, match="engine elsewhere lives in a server"):
            action()
