"""The text wrapper: a native environment on one side, what an agent reads on the other.

A game is a native Gymnasium environment (numbers in, numbers out) and a `Describer` that puts it
into words. `TextGame` joins the two: its observation is the text (or the picture, or both), its
action an index into the list of action names, and its `info` carries the manual, the history and
the score.
"""

from __future__ import annotations

import copy
import inspect
import re
import string
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs
from gymnasium.wrappers import TimeLimit

from smartplay.cards.card import WRAPPER_SETTINGS
from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.core.loading import load_module, load_object
from smartplay.games.native import (
    Adapted,
    NativeEnv,
    Screen,
    checked_action,
    forget_drawings,
    refuse_options,
    warn_of_no_render_mode,
)
from smartplay.games.snapshots import (
    Snapshot,
    random_state,
    set_random_state,
    set_state,
    state_of,
)
from smartplay.games.spaces import TextSpace

CHARACTERS = string.digits + string.ascii_letters + string.punctuation + " \n"
GYM_ID = re.compile(r"([\w.-]+[:/])*[\w.-]+-v[0-9]+")
OBSERVATIONS = ("text", "image", "both", "native")
PICTURES = ("own", "blank", "other")
AGAIN = ("lost", "always")
MOST_ATTEMPTS = 20
BEGINS_AGAIN = "\n\nThis was attempt {} of {}. The game begins again:\n\n"
"""What stands between the end of an attempt and the beginning of the next one."""
_BEGINS_AGAIN = re.compile(re.escape(BEGINS_AGAIN).replace(r"\{\}", r"\d+"))
OTHER_WORLD = 2**31
"""What tells the seed of the other world, whose picture is shown, from that of the episode."""
RENDER_MODES = ("ansi", "human", "rgb_array")

Truth = Literal["right", "informed", "agreement"]
"""What it means to take one of a game's best actions.

- right: no other action is as good.
- informed: so it is for who knows what a player has to find out; early exploring is no mistake.
- agreement: it is what the reference agent does, which need not be best.
"""

EnvT = TypeVar("EnvT", bound=gym.Env[Any, Any])


class Turn(NamedTuple):
    """What a describer is told of one reset or step.

    Attributes:
        action: Index of the action just taken; None after a reset.
        observation: The native observation.
        reward: The native reward of this step; 0 after a reset.
        terminated: Whether the game is over by its rules.
        total: Sum of the rewards since the reset.
        step: Steps taken since the reset.
        info: The native info.
    """

    action: int | None
    observation: Any
    reward: float
    terminated: bool
    total: float
    step: int
    info: dict[str, Any]


class Description(NamedTuple):
    """What a describer makes of a turn.

    Attributes:
        text: What the agent reads: characters of `CHARACTERS` only, never empty.
        score: The score of the episode so far, in the card's unit.
        completed: Whether the game's goal is reached.
        state: The game's own truth for analysis, never shown to an agent. At the end of an episode
            these keys, where there are any, go into its record: `engine` (what played the world),
            `scores` (name to number: further scores), `unlocked` and `unlockable` (names of
            achievements).
    """

    text: str
    score: float
    completed: bool
    state: dict[str, Any]


class Describer(ABC, Generic[EnvT]):
    """Puts one native environment into words; subclass it once per game.

    Keyword arguments of a subclass's constructor after `env` are settings open to `gym.make`. What
    it keeps between turns belongs to its own attributes: snapshots hold those, but for `env` and
    `actions`, and by value, but for those named in `KEPT`, whose values nothing may change.

    Attributes:
        env: The native environment, unwrapped.
        actions: Names of the native actions, in order; set by the subclass.
        truth: What `best_actions` are; None for a game of which nobody knows them.
    """

    actions: Sequence[str]
    truth: Truth | None = None
    KEPT: ClassVar[tuple[str, ...]] = ()

    def __init__(self, env: EnvT) -> None:
        self.env = env

    def best_actions(self) -> frozenset[int] | None:
        """The best actions now, as `truth` has it, for analysis alone; no agent gets to know them.

        Returns:
            Their indices; None where nothing can be said of this moment, or where the reference
            agent is to be asked.
        """
        return None

    @abstractmethod
    def manual(self, steps: int | None) -> str:
        """The rules, complete and true, as the agent reads them before an episode.

        Called after each reset of the native environment, before `describe`.

        Args:
            steps: The step limit, or None where there is none.
        """

    @abstractmethod
    def describe(self, turn: Turn) -> Description:
        """Put the state after a reset or step into words."""


class TextGame(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """A native environment as text.

    `info` of `reset` and `step` holds `manual` (str), `obs` (str, the observation), `history`
    (list of str: the last observations before this one, oldest first), `score` (float),
    `completed` (bool), `actions` (list of str) and `state` (dict, never to be shown to an agent).
    `obs` and `history` are texts whatever the observation is.

    What the describer and the wrapper take of the keywords given to `gym.make` is read from the
    environment's spec: the describer's own settings, `render_mode`, and what every game has:

    - `history`: how many past observations are shown, in place of the card's number.
    - `observation`: `"text"` (the default), `"image"` (the picture, uint8, shape (height, width,
      3)) or `"both"` (a dict of `text` and `image`).
    - `picture`: `"own"` (the default), or as controls `"blank"` (all black) or `"other"` (of a
      world with another seed in which the same actions are taken).
    - `attempts`: how often the episode may be tried from its beginning, in the same world; the
      last attempt counts. The step limit is that of an attempt, the history begins anew.
    - `again`: whether there is another attempt only if the goal was not reached (`"lost"`, the
      default), which lets an agent know, or `"always"`.

    An environment in mid-episode can be copied and pickled; the copy goes on in the same way, its
    random numbers included. For tree search, `snapshot` and `restore` do so in microseconds.

    Args:
        env: The native environment as `gym.make` built it; its actions are `Discrete`.
        describer: What puts it into words, as `module:Class` or `file.py:Class`.
        history: How many past observations `info["history"]` keeps.
        text_limit: The longest observation in characters.
    """

    def __init__(
        self, env: gym.Env[Any, Any], describer: str, history: int, text_limit: int
    ) -> None:
        RecordConstructorArgs.__init__(
            self, describer=describer, history=history, text_limit=text_limit
        )
        gym.Wrapper.__init__(self, env)
        native = env.unwrapped
        given = native.spec.kwargs if native.spec else {}
        describer_class = load_object(describer)
        own = {k: v for k, v in given.items() if k in describer_settings(describer_class)}
        self.describer: Describer[Any] = describer_class(native, **own)
        self._native = native
        self._observation: str = given.get("observation", "text")
        self.action_space = spaces.Discrete(len(self.describer.actions))
        self.metadata = env.metadata | {"render_modes": sorted(_render_modes(env))}
        self._render_mode: str | None = given.get("render_mode")
        self._actions = list(self.describer.actions)
        self._past: deque[str] = deque(maxlen=_checked_history(given.get("history", history)))
        self._text = self._manual = ""
        self._total, self._steps = 0.0, 0
        self._attempt, self._attempts = 1, _checked_attempts(given.get("attempts", 1))
        self._again = _one_of("again", given.get("again", "lost"), AGAIN)
        self._picture = _one_of("picture", given.get("picture", "own"), PICTURES)
        pictured = self._observation in ("image", "both")
        self._other = copy.deepcopy(env) if pictured and self._picture == "other" else None
        self._other_ended = False
        self._seed: int | None = None
        longest = text_limit if self._attempts == 1 else 2 * text_limit + len(BEGINS_AGAIN)
        self.observation_space = self._space(TextSpace(longest, charset=CHARACTERS))
        around = list(_wrappers(env))
        self._limits: list[Any] = [each for each in around if isinstance(each, TimeLimit)]
        inner = [number for number, each in enumerate(around) if isinstance(each, Adapted)]
        self._wrappers = around[inner[0] + 1 :] if inner else []
        self._limit = min((each._max_episode_steps for each in self._limits), default=None)
        shown = ("render_mode", "observation")
        settings = sorted((k, v) for k, v in given.items() if k not in shown)
        self._game = "\n".join(f"{k} {v!r}" for k, v in [*settings, ("steps", self._limit)])
        places = [str(name).rpartition(":")[0] for name in (given.get("environment"), describer)]
        self._files = [place for place in places if place.endswith(".py")]

    @property
    def render_mode(self) -> str | None:  # type: ignore[override]
        """The render mode this environment was made with."""
        return self._render_mode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode; everything in it follows from `seed`.

        Raises:
            UsageError: If SmartPlay's own game is given options: it has none.
        """
        if isinstance(self._native, NativeEnv):
            refuse_options(options)
        if seed is None and (self._attempts > 1 or self._other):
            seed = int(self._native.np_random.integers(2**31))
        self._attempt, self._seed = 1, seed
        observation, info = self.env.reset(seed=seed, options=options)
        return self._begun(observation, info)

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Take the action of that index in the list of action names.

        Raises:
            UsageError: If it is no integer or out of range; nothing has changed then.
        """
        if type(action) is not int:
            action = checked_action(action, len(self._actions))
        observation, reward, terminated, truncated, info = self.env.step(action)
        reward = float(reward)
        self._total += reward
        self._steps += 1
        self._past.append(self._text)
        turn = Turn(action, observation, reward, terminated, self._total, self._steps, info)
        if self._other and not self._other_ended:
            self._other_ended = any(self._other.step(action)[2:4])
        shown, info = self._tell(turn)
        if (terminated or truncated) and self._goes_on(info["completed"]):
            before = self._text + BEGINS_AGAIN.format(self._attempt, self._attempts)
            self._attempt += 1
            shown, info = self._begun(*self.env.reset(seed=self._seed), before)
            terminated = truncated = False
        return shown, reward, terminated, truncated, info

    def render(self) -> Any:
        """The text under `"ansi"`, else what the native environment renders."""
        if self._render_mode is None:
            warn_of_no_render_mode(self._native.spec.id if self._native.spec else "...")
            return None
        return self._text if self._render_mode == "ansi" else self.env.render()

    def snapshot(self) -> Snapshot:
        """This moment of the episode, to go back to as often as wanted.

        The spaces' own random numbers, from which `action_space.sample()` draws, do not belong to
        it: a search that goes back samples other actions.

        Raises:
            UsageError: Before the first reset, if the game is played by a server, or if the
                picture of another world is shown.
        """
        if self._other:
            raise UsageError('there are no snapshots with picture = "other"')
        if not self._manual:
            raise UsageError("there is no episode to take a snapshot of; call reset first")
        if not isinstance(self._native, NativeEnv):
            forget_drawings(self._native)
        return Snapshot(
            self._game,
            random_state(self._native),
            tuple([limit._elapsed_steps for limit in self._limits]),
            (
                tuple(self._past),
                self._text,
                self._manual,
                self._total,
                self._steps,
                self._attempt,
                self._seed,
            ),
            state_of(self._native, self.describer, self._wrappers),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a moment; the next step goes on from there.

        Args:
            snapshot: What `snapshot` gave, of this environment or of another one that was made
                alike, in this process or another. It can be restored again and again.

        Raises:
            UsageError: If it is no snapshot, or of another game, of other settings or of another
                step limit.
        """
        if not isinstance(snapshot, Snapshot):
            raise UsageError(f"restore takes what snapshot() returned, not {snapshot!r}")
        if snapshot.game != self._game:
            there, here = snapshot.game.split("\n"), self._game.split("\n")
            theirs = ", ".join(each for each in there if each not in here) or "the default"
            ours = ", ".join(each for each in here if each not in there) or "the default"
            raise UsageError(f"the snapshot is of another game: of {theirs}, not of {ours}")
        if not self._manual:
            self.reset()  # Gymnasium's wrappers take no step before one
        set_state(self._native, self.describer, self._wrappers, snapshot.state)
        set_random_state(self._native, snapshot.random)
        for limit, elapsed in zip(self._limits, snapshot.elapsed, strict=True):
            limit._elapsed_steps = elapsed
        past, self._text, self._manual, self._total, self._steps, *attempt = snapshot.text
        self._attempt, self._seed = attempt
        self._past = deque(past, self._past.maxlen)

    def __reduce__(self) -> tuple[Any, ...]:
        """All of it, and what to load before."""
        return _blank, (type(self), self._files), vars(self)

    def _space(self, text: TextSpace) -> spaces.Space[Any]:
        if self._observation == "text":
            return text
        trial = copy.deepcopy(self.env.unwrapped)  # the picture's size, without touching the game
        trial.reset(seed=0)
        shape = np.asarray(trial.render()).shape
        image = spaces.Box(0, 255, shape, np.uint8)
        return image if self._observation == "image" else spaces.Dict(text=text, image=image)

    def _begun(
        self, observation: Any, info: dict[str, Any], before: str = ""
    ) -> tuple[Any, dict[str, Any]]:
        """What is told at the beginning of an attempt, after what stands before it."""
        if self._other:
            self._other.reset(seed=(self._seed or 0) ^ OTHER_WORLD)
            self._other_ended = False
        self._past.clear()
        self._total, self._steps = 0.0, 0
        self._manual = self.describer.manual(self._limit)
        return self._tell(Turn(None, observation, 0.0, False, 0.0, 0, info), before)

    def _goes_on(self, completed: bool) -> bool:
        """Whether another attempt follows the one that has ended."""
        return self._attempt < self._attempts and (self._again == "always" or not completed)

    def _show(self) -> Any:
        drawn = self._other.unwrapped if self._other else self._native
        image = np.asarray(drawn.render(), dtype=np.uint8)
        image = np.zeros_like(image) if self._picture == "blank" else image
        return image if self._observation == "image" else {"text": self._text, "image": image}

    def _tell(self, turn: Turn, before: str = "") -> tuple[Any, dict[str, Any]]:
        text, score, completed, state = self.describer.describe(turn)
        self._text = text = before + text
        shown = text if self._observation == "text" else self._show()
        return shown, {
            "manual": self._manual,
            "obs": text,
            "history": list(self._past),
            "score": score,
            "completed": completed,
            "actions": self._actions.copy(),
            "state": state,
        }


def _blank(kind: type[TextGame], files: list[str]) -> TextGame:
    """An empty environment to unpickle into; another process has to load its game's files first."""
    for file in files:
        load_module(file)
    return kind.__new__(kind)


def make_native(
    environment: str, describer: str, render_mode: str | None = None, **settings: Any
) -> gym.Env[Any, Any]:
    """Build the native side of a game; the entry point of every registered id.

    Args:
        environment: `module:Class`, `file.py:Class` or the id of a Gymnasium environment.
        describer: What will put it into words; its settings are left to `TextGame`.
        render_mode: `"ansi"`, a mode of the native environment, `"human"` for a window where
            there are pictures, or None.
        **settings: Settings of the environment, the describer and the wrapper together.

    Raises:
        UnknownNameError: If a setting is none of theirs, or there is no such observation or
            render mode.
    """
    observation = settings.get("observation", "text")
    if observation not in OBSERVATIONS:
        raise UnknownNameError("observation", str(observation), OBSERVATIONS)
    if observation in ("native", "image") and settings.get("attempts", 1) != 1:
        raise UsageError(
            f"several attempts are told apart by the text, which observation={observation} leaves "
            "out; use text or both"
        )
    words = {*describer_settings(load_object(describer)), *WRAPPER_SETTINGS}
    native = {key: value for key, value in settings.items() if key not in words}
    native_mode = None if render_mode == "ansi" and observation != "native" else render_mode
    if render_mode == "human" or observation in ("image", "both"):
        native_mode = "rgb_array"
    env = _build(environment, native_mode, native, words)
    for mode in (native_mode, render_mode):
        _check_render_mode(mode, env)
    return Screen(env) if render_mode == "human" else env


make_native.metadata = {"render_modes": list(RENDER_MODES)}  # type: ignore[attr-defined]
"""What lets `gym.make` collect pictures under `"rgb_array_list"`."""


def put_into_words(env: gym.Env[Any, Any], **words: Any) -> gym.Env[Any, Any]:
    """Wrap a native environment as `TextGame` does, unless its observation is to be `"native"`."""
    spec = env.unwrapped.spec
    assert spec is not None
    spec.vector_entry_point = None  # `make_vec` of this environment's spec makes its wrappers anew
    return env if spec.kwargs.get("observation") == "native" else TextGame(env, **words)


def _build(
    environment: str, render_mode: str | None, settings: dict[str, Any], words: set[str]
) -> gym.Env[Any, Any]:
    # An environment need not know of render modes.
    mode: dict[str, Any] = {} if render_mode is None else {"render_mode": render_mode}
    if GYM_ID.fullmatch(environment):
        return Adapted(gym.make(environment, max_episode_steps=-1, **mode, **settings))
    env_class = load_object(environment)
    known = _keywords(env_class) - {"render_mode"}
    for key in settings:
        if key not in known:
            raise UnknownNameError("setting", key, sorted(known | words))
    if isinstance(getattr(env_class, "metadata", None), dict):  # a wrapper knows them when made
        _check_render_mode(render_mode, env_class)
    env: gym.Env[Any, Any] = env_class(**mode, **settings)
    return env if isinstance(env, NativeEnv) else Adapted(env)


def _check_render_mode(mode: str | None, env: gym.Env[Any, Any] | type[gym.Env[Any, Any]]) -> None:
    if mode is not None and mode not in (modes := _render_modes(env)):
        raise UnknownNameError("render mode", mode, sorted(modes))


def _render_modes(env: gym.Env[Any, Any] | type[gym.Env[Any, Any]]) -> set[str]:
    """What a text environment can be rendered as: in a window wherever there are pictures."""
    modes = {"ansi", *env.metadata.get("render_modes", [])}
    return modes | {"human"} if "rgb_array" in modes else modes


def _wrappers(env: gym.Env[Any, Any]) -> Iterator[gym.Wrapper[Any, Any, Any, Any]]:
    """The wrappers around an environment, from the outermost to the innermost."""
    while isinstance(env, gym.Wrapper):
        yield env
        env = env.env


def describer_settings(describer: type[Describer[Any]]) -> frozenset[str]:
    """Names of the settings a describer class takes."""
    return _keywords(describer) - {"env"}


def attempt_in(text: str) -> tuple[str | None, str]:
    """An observation without what it tells of an attempt before.

    Returns:
        How that attempt ended, None if no attempt begins here; and the observation.
    """
    found = _BEGINS_AGAIN.search(text)
    return (text[: found.start()], text[found.end() :]) if found else (None, text)


def _checked_attempts(attempts: Any) -> int:
    if type(attempts) is int and 1 <= attempts <= MOST_ATTEMPTS:
        return attempts
    raise UsageError(f"attempts must be a number from 1 to {MOST_ATTEMPTS}, not {attempts!r}")


def _one_of(setting: str, value: Any, known: Sequence[str]) -> str:
    if value in known:
        return str(value)
    raise UnknownNameError(setting, str(value), known)


def _checked_history(history: Any) -> int | None:
    if history is None or (isinstance(history, int) and history >= 0):
        return history
    raise UsageError(f"history must be a number of observations, 0 or more, or None: {history!r}")


@lru_cache(maxsize=256)
def _keywords(constructor: type) -> frozenset[str]:
    return frozenset(inspect.signature(constructor).parameters)
