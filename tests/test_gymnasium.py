"""What Gymnasium asks of an environment, of every id: as text, as native, and as native by name."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pygame
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

import smartplay
from smartplay.cards.card import GameCard
from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.games.base import OBSERVATIONS, TextGame
from smartplay.games.registry import get_card
from smartplay.records.replay import refused_setting
from tests.games import write_game
from tests.golden import first_of_code
from tests.later import bits
from tests.test_conformance import CARDS, each_card, each_code

KINDS: dict[str, Callable[..., Any]] = {
    "text": lambda name, **settings: gym.make(name, **settings),
    "native": lambda name, **settings: gym.make(name, observation="native", **settings),
    "unwrapped": lambda name, **settings: gym.make(name, **settings).unwrapped,
}
each_kind = pytest.mark.parametrize("kind", KINDS)
OWN = [card for card in CARDS if not card.source.endswith(".toml")]
OTHERS = [card for card in CARDS if card not in OWN]
each_own = pytest.mark.parametrize("card", first_of_code(OWN))
FIRST_OF_FAMILY = list({card.family: card for card in reversed(OWN)}.values())
each_family = pytest.mark.parametrize("card", FIRST_OF_FAMILY, ids=lambda card: card.name)

NO_ACTIONS = [
    -1, 2**70, 1.0, 1.5, float("nan"), True, False, None, "a", "0", b"0", [0], (0,), {}, object(),
    np.True_, np.float64(1), np.int64(-1), np.array(1.0), np.array(True), np.array([0]),
    np.array([[0]]),
]  # fmt: skip


@each_own
@each_kind
def test_what_is_no_action_is_refused_and_changes_nothing(card: GameCard, kind: str) -> None:
    env, untouched = KINDS[kind](card.id), KINDS[kind](card.id)
    env.reset(seed=2)
    untouched.reset(seed=2)
    for action in [*NO_ACTIONS, int(env.action_space.n), np.uint8(env.action_space.n)]:
        with pytest.raises(UsageError, match="an action is an integer from 0 to"):
            env.step(action)
    for action in (1, 0):
        assert bits(env.step(action)) == bits(untouched.step(action))


@pytest.mark.parametrize("observation", ["text", "native"])
def test_what_is_no_action_is_refused_in_games_of_others_too(observation: str) -> None:
    env = gym.make("smartplay/FrozenLake-v0", observation=observation)
    env.reset(seed=0)
    for action in NO_ACTIONS:
        with pytest.raises(UsageError, match="an action is an integer from 0 to 3, not"):
            env.step(action)
    assert env.step(2)[0] is not None


@pytest.mark.parametrize(
    ("card", "kind"),
    [(card, kind) for card in FIRST_OF_FAMILY for kind in KINDS]
    + [(card, kind) for card in OTHERS for kind in ("text", "native")],
)
def test_all_integers_are_actions(card: GameCard, kind: str) -> None:
    results = []
    for one in (1, np.int64(1), np.uint8(1), np.array(1), np.array(1, np.int32)):
        env = KINDS[kind](card.id)
        env.reset(seed=2)
        results.append(bits(env.step(one)))
    assert all(result == results[0] for result in results)


@each_card
def test_native_observations_have_the_step_limit(card: GameCard) -> None:
    env: Any = gym.make(card.id, observation="native", max_episode_steps=3)
    observation, _ = env.reset(seed=4)
    unwrapped = gym.make(card.id).unwrapped
    assert bits(observation) == bits(unwrapped.reset(seed=4)[0])
    assert env.observation_space == unwrapped.observation_space
    ends = [False]
    while not any(ends):
        observation, _, *ends, _ = env.step(0)
        assert observation in env.observation_space
    assert ends[0] or env.get_wrapper_attr("_elapsed_steps") == 3
    assert gym.make(card.id, observation="native").spec.max_episode_steps == card.steps  # type: ignore[union-attr]
    again: Any = gym.make(env.spec)
    assert not isinstance(again, TextGame)
    assert again.spec == env.spec


@each_own
@pytest.mark.parametrize("kind", ["native", "unwrapped"])
def test_check_env_has_nothing_to_say(card: GameCard, kind: str) -> None:
    env = KINDS[kind](card.id)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="(?s).*is different from the unwrapped version")
        check_env(env)
    env.close()


@pytest.mark.slow
@each_card
@pytest.mark.parametrize("kind", ["text", "native"])
def test_every_render_mode(card: GameCard, kind: str) -> None:
    """All that the metadata name, and lists of them."""
    modes = KINDS[kind](card.id).metadata["render_modes"]
    assert {"rgb_array", "human"} <= set(modes) or kind == "native"
    for mode in modes:
        env = KINDS[kind](card.id, render_mode=mode)
        assert env.render_mode == mode
        env.reset(seed=0)
        drawn = [env.render()]
        env.step(0)
        drawn.append(env.render())
        for one in drawn:
            if mode == "human":
                assert one is None
            elif mode == "ansi":
                assert one
                assert isinstance(one, str)
            else:
                assert (one.dtype, one.shape[2]) == (np.uint8, 3)
        env.close()


def test_pictures_are_collected() -> None:
    env: Any = gym.make("smartplay/Hanoi3Disk-v0", render_mode="rgb_array_list")
    env.reset(seed=0)
    env.step(0)
    assert [picture.shape for picture in env.render()] == [(400, 400, 3)] * 2


@each_code
@each_kind
def test_without_a_render_mode_nothing_is_drawn(card: GameCard, kind: str) -> None:
    env = KINDS[kind](card.id)
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="without.* render mode"):
        assert env.render() is None


@pytest.mark.parametrize("observation", OBSERVATIONS)
@pytest.mark.parametrize("game", ["Hanoi3Disk", "FrozenLake"])
def test_an_unknown_render_mode_is_refused(game: str, observation: str) -> None:
    with (
        pytest.warns(UserWarning, match="not in the possible render_modes"),
        pytest.raises(UnknownNameError, match="unknown render mode 'rgb'; did you mean rgb_array"),
    ):
        gym.make(f"smartplay/{game}-v0", render_mode="rgb", observation=observation)


def test_a_native_environment_alone_is_no_text() -> None:
    native = type(gym.make("smartplay/Hanoi3Disk-v0").unwrapped)
    with pytest.raises(UnknownNameError, match="unknown render mode 'ansi'"):
        native(render_mode="ansi")  # type: ignore[call-arg]


def test_a_game_without_pictures_has_no_window(tmp_path: Any) -> None:
    (card,) = smartplay.register_cards(write_game(tmp_path))
    env = gym.make(card.id)
    assert env.metadata["render_modes"] == ["ansi"]
    for settings in ({"render_mode": "human"}, {"observation": "image"}):
        with pytest.raises(UnknownNameError, match="unknown render mode"):
            gym.make(card.id, **settings)  # type: ignore[arg-type]


def with_actions(folder: Path, space: str) -> str:
    """The id of a game whose native environment has that action space, and holds players to it."""
    card = write_game(folder)
    code = (folder / "ticks.py").read_text().replace("gym.spaces.Discrete(2)", space)
    checked = "assert self.action_space.contains(action)\n        self.ticks += 1"
    (folder / "ticks.py").write_text(code.replace("self.ticks += 1", checked))
    return smartplay.register_cards(card)[0].id


@pytest.mark.parametrize("observation", ["text", "native"])
def test_actions_are_counted_from_0_wherever_an_environment_begins(
    observation: str, tmp_path: Path
) -> None:
    env = gym.make(
        with_actions(tmp_path, "gym.spaces.Discrete(2, start=5)"), observation=observation
    )
    assert env.action_space == gym.spaces.Discrete(2)
    env.reset(seed=0)
    for action in range(2):
        assert env.step(action)[1] == 1
    with pytest.raises(UsageError, match="an integer from 0 to 1"):
        env.step(5)


PLAIN = """
if "/" in "{id}":
    gym.register("{id}", entry_point=TicksEnv)
"""
WRAPPED = """
from gymnasium.wrappers import TimeLimit, TransformReward


class Twice(gym.Wrapper):
    def __init__(self, render_mode=None):
        super().__init__(TransformReward(TimeLimit(TicksEnv(render_mode), 3), lambda pay: 2 * pay))
        self.paid = []

    def step(self, action):
        observation, pay, *ends = self.env.step(action)
        self.paid.append(pay)
        return observation, pay + len(self.paid), *ends


def twice(render_mode=None):
    return Twice(render_mode)


if "/" in "{id}":
    gym.register("{id}", entry_point=twice)
"""


@pytest.mark.parametrize("environment", ["ticks.py:Twice", "ticks.py:twice", "wrapped/Twice-v0"])
def test_an_environment_may_come_in_wrappers(environment: str, tmp_path: Path) -> None:
    card = write_game(tmp_path, environment=environment, steps=5)
    code = (tmp_path / "ticks.py").read_text().replace("A clock ticks.", "{steps} ticks.")
    (tmp_path / "ticks.py").write_text(code + WRAPPED.replace("{id}", environment))
    env = gym.make(smartplay.register_cards(card)[0].id)
    text, info = env.reset(seed=0)
    assert (text, info["manual"][-8:]) == ("Tick 0.", "3 ticks."), "the limit that holds"
    kept = env.get_wrapper_attr("snapshot")()
    for _ in range(2):
        env.get_wrapper_attr("restore")(kept)
        ends = [env.step(0)[1:4] for _ in range(3)]
        assert ends == [(3.0, False, False), (4.0, False, False), (5.0, False, True)]


@pytest.mark.parametrize("environment", ["ticks.py:TicksEnv", "wrapped/Plain-v0"])
def test_an_environment_may_know_of_no_render_mode(environment: str, tmp_path: Path) -> None:
    card = write_game(tmp_path, environment=environment)
    code = (tmp_path / "ticks.py").read_text().replace("(self, render_mode=None)", "(self)")
    (tmp_path / "ticks.py").write_text(code + PLAIN.replace("{id}", environment))
    env = gym.make(smartplay.register_cards(card)[0].id)
    assert env.reset(seed=0)[0] == "Tick 0."


@pytest.mark.parametrize("space", ["gym.spaces.Box(0, 1)", "gym.spaces.MultiBinary(2)"])
def test_actions_that_are_no_choice_are_refused_by_name(space: str, tmp_path: Path) -> None:
    game = with_actions(tmp_path, space)
    with pytest.raises(UsageError, match=r"discrete actions, not (Box|MultiBinary)\("):
        gym.make(game)


@pytest.mark.slow
@each_family
@pytest.mark.parametrize("observation", ["text", "both", "native"])
def test_a_window_shows_every_moment(card: GameCard, observation: str) -> None:
    seen: Any = gym.make(card.id, render_mode="human", observation=observation)
    drawn: Any = gym.make(card.id, render_mode="rgb_array", observation=observation)
    for one in (seen, drawn):
        one.reset(seed=1)
    for action in (0, 1):
        assert bits(seen.step(action)) == bits(drawn.step(action)), "the window changed the game"
        shown = pygame.surfarray.array3d(pygame.display.get_surface()).transpose(1, 0, 2)
        np.testing.assert_array_equal(shown, drawn.render())
    for twin in (copy.deepcopy(seen), pickle.loads(pickle.dumps(seen))):
        assert bits(twin.step(0)) == bits(copy.deepcopy(drawn).step(0))
    seen.close()
    assert not pygame.display.get_init()
    seen.close()
    seen.reset(seed=1)
    assert pygame.display.get_init()
    seen.close()


@each_own
@each_kind
def test_options_are_refused(card: GameCard, kind: str) -> None:
    env = KINDS[kind](card.id)
    env.reset(seed=1, options={})
    first = bits(env.step(0))
    env.reset(seed=1)
    with pytest.raises(UsageError, match=r"reset takes no options, but was given .*difficulty"):
        env.reset(options={"difficulty": 3})
    assert bits(env.step(0)) == first, "the refusal changed the episode"


@each_card
def test_text_has_no_shape_and_says_what_has(card: GameCard) -> None:
    """As a learner asks for the shape to make room for observations."""
    space = gym.make(card.id).observation_space
    assert not space.shape
    with pytest.raises(UsageError, match='observation="native"'):
        np.zeros((2, *space.shape))  # type: ignore[misc]
    assert copy.deepcopy(space) == space


@each_code
def test_vectors_of_native_environments(card: GameCard) -> None:
    single: Any = gym.make(card.id, observation="native")
    start = single.reset(seed=6)[0]
    after = single.step(0)
    vector: Any = gym.make_vec(card.id, num_envs=2, observation="native")
    observations, _ = vector.reset(seed=[6, 6])
    assert observations in vector.observation_space
    for row in gym.vector.utils.iterate(vector.observation_space, observations):
        assert bits(row) == bits(start) or np.array_equal(row, start)
    observations, rewards, *_ = vector.step(np.array([0, 0]))
    assert rewards.tolist() == [after[1], after[1]]
    vector.close()


@each_code
def test_vectors_sample_alike(card: GameCard) -> None:
    def seeded() -> Any:
        env: Any = gym.make(card.id)
        env.action_space.seed(123)
        env.reset(seed=123)
        return env

    vectors = [SyncVectorEnv([seeded] * 2) for _ in "ab"]
    for vector in vectors:
        vector.action_space.seed(5)
    for _ in range(20):
        one, other = (vector.action_space.sample() for vector in vectors)
        np.testing.assert_array_equal(one, other)
    for vector in vectors:
        vector.close()


def test_agents_are_not_given_native_observations() -> None:
    with pytest.raises(UsageError, match="not observation=native"):
        smartplay.run(
            "random", "Hanoi3Disk", game_settings={"Hanoi3Disk": {"observation": "native"}}
        )
    assert refused_setting(get_card("Hanoi3Disk"), {"observation": "native"})
    assert not refused_setting(get_card("Hanoi3Disk"), {"observation": "image"})


def test_the_reference_agent_is_not_played_with_pictures_alone(tmp_path: Path) -> None:
    def play(seen: str) -> smartplay.Run:
        how = {"hanoi": {"observation": seen}}
        return smartplay.run(
            "reference", "Hanoi3Disk", episodes=1, game_settings=how, out=tmp_path / seen
        )

    with pytest.raises(UsageError, match="reference reads texts"):
        play("image")
    assert not (tmp_path / "image").exists()
    assert play("both").episodes[0].score == 3
