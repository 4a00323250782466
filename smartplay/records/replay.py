"""Plays a recorded episode again, from its seed and its actions, without any agent.

Verification, watching, pages and films all use `Replay`, so the same checks apply. A run folder may
come from anyone. So only games known here are played, nothing that the folder names is loaded, and
a setting must be one of the game's own and plain data.
"""

from __future__ import annotations

import inspect
import os
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from smartplay.cards.card import WRAPPER_SETTINGS, GameCard
from smartplay.core.errors import GameError, SmartPlayError, UsageError
from smartplay.core.loading import load_object
from smartplay.games.base import GYM_ID, Describer, Truth, describer_settings
from smartplay.games.native import NativeEnv
from smartplay.games.registry import find_card
from smartplay.records import LARGEST_REAL, EpisodeHeader, GameHeader, StepRecord
from smartplay.records.encoding import whole

KEPT = 200
"""Most pictures kept in memory; older ones are drawn again."""
UNKNOWN = (
    "has no card here; this version has no such game; if it comes in a package, install that; if "
    "it is your own, name its card file with --card"
)
PRIVATE = "its seed is a secret of the private suite it was played on"
OTHER_CARD = "played with another version of the game's card"
LARGEST = 2**31 - 1
_WORD = re.compile(r"[\w -]{0,64}")
RESERVED = ("environment", "describer", "render_mode")
"""Settings that a run decides, and no agent, user or record."""
_MOST_NUMBERS = 1000
_LARGEST_DRAWN, _MOST_DRAWN = 100, 100
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")


class Moment(NamedTuple):
    """The state after an action; number 0 is the start.

    Attributes:
        number: Steps taken so far.
        text: The observation as text, even if the agent was shown a picture.
        reward: The reward of the step.
        score: The score so far.
        terminated: Whether the game has ended by its rules.
        truncated: Whether it has ended by the step limit.
        info: Gymnasium's `info` of the step.
    """

    number: int
    text: str
    reward: float
    score: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]

    @property
    def over(self) -> bool:
        """Whether no step can follow."""
        return self.terminated or self.truncated


class Replay:
    """An episode's game, played again.

    Args:
        game: The full id.
        plan: How the run plays it.
        seed: The seed of the episode.
        actions: The recorded actions.
        texts: The recorded observations, from the start on, to find where the replay departs.
        pictured: Whether pictures will be asked for.
        guarded: Whether something ends this process when it takes too much time or memory, so that
            settings may ask for a large world.

    Attributes:
        moment: The present moment.
        departed: The first replayed moment whose text differs from the record; None if none does.
            From there on the replay shows another episode.

    Raises:
        UsageError: If the episode must not be replayed, or its game has no pictures.
    """

    def __init__(
        self,
        game: str,
        plan: GameHeader,
        seed: int,
        actions: Sequence[int] = (),
        *,
        texts: Sequence[str] = (),
        pictured: bool = False,
        guarded: bool = False,
    ) -> None:
        reason = refusal(game, plan, guarded) or (PRIVATE if seed < 0 else "")
        if reason:
            raise UsageError(f"{game} is not played again: {reason}")
        settings = {key: value for key, value in plan.settings.items() if key != "observation"}
        if pictured:
            settings["render_mode"] = "rgb_array"
        try:
            self._env: gym.Env[Any, Any] = gym.make(
                game, max_episode_steps=plan.steps, disable_env_checker=True, **settings
            )
        except SmartPlayError:
            raise
        except Exception as error:
            raise UsageError(f"{game} cannot be made as it was played: {error}") from error
        self._seed, self._actions, self._texts = seed, actions, texts
        self._pictures: OrderedDict[int, npt.NDArray[np.uint8]] = OrderedDict()
        self.departed: int | None = None
        try:
            self.restart()
        except BaseException:
            self.close()
            raise

    @classmethod
    def of(cls, plan: GameHeader, header: EpisodeHeader, steps: Sequence[StepRecord]) -> Replay:
        """The replay of a recorded episode, with pictures."""
        texts = [header.observation, *(step.observation for step in steps)]
        actions = [step.action for step in steps]
        return cls(header.game, plan, header.seed, actions, texts=texts, pictured=True)

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Moment]:
        """The moments from the present one to the one after the last recorded action."""
        yield self.moment
        while self.moment.number < len(self._actions):
            yield self.step(self._actions[self.moment.number])

    @property
    def truth(self) -> Truth | None:
        """The kind of truth that the game's best actions have; None if they are unknown."""
        return self._describer.truth

    def best_actions(self) -> frozenset[int] | None:
        """The best actions at the present moment; see `Describer.best_actions`."""
        return self._describer.best_actions()

    @property
    def _describer(self) -> Describer[Any]:
        describer: Describer[Any] = self._env.get_wrapper_attr("describer")
        return describer

    def restart(self) -> None:
        """Go back to the start."""
        _, info = self._env.reset(seed=self._seed)
        self._arrive(Moment(0, whole(info["obs"]), 0.0, float(info["score"]), False, False, info))

    def step(self, action: int) -> Moment:
        """Take an action."""
        _, reward, terminated, truncated, info = self._env.step(action)
        number, score = self.moment.number + 1, float(info["score"])
        text = whole(info["obs"])
        self._arrive(Moment(number, text, float(reward), score, terminated, truncated, info))
        return self.moment

    def picture(self, number: int | None = None) -> npt.NDArray[np.uint8]:
        """The picture of a moment, by default the present one: uint8, shape (height, width, 3)."""
        if number is None:
            return self._render()
        if number not in self._pictures:
            if number < self.moment.number:
                self.restart()
            while self.moment.number < number:
                self.step(self._actions[self.moment.number])
            while len(self._pictures) >= KEPT:
                self._pictures.popitem(last=False)
            self._pictures[number] = self._render()
        return self._pictures[number]

    def thumbnail(self, side: int) -> Any:
        """The present moment for a page; see `NativeEnv.thumbnail`."""
        native = self._env.unwrapped
        if not isinstance(native, NativeEnv):
            return self._render()
        with _without_display():
            return native.thumbnail(side)

    def close(self) -> None:
        """Free what the game holds."""
        self._env.close()

    def _render(self) -> npt.NDArray[np.uint8]:
        with _without_display():
            return np.asarray(self._env.render(), dtype=np.uint8)

    def _arrive(self, moment: Moment) -> None:
        self.moment = moment
        number = moment.number
        if self.departed is None and number < len(self._texts):
            self.departed = number if moment.text != self._texts[number] else None


@contextmanager
def _without_display() -> Iterator[None]:
    """Keep games that draw with pygame from looking for a display where there is none."""
    if any(map(os.environ.get, _DISPLAYS)):
        yield
        return
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    try:
        yield
    finally:
        os.environ.pop("SDL_VIDEODRIVER", None)


def refusal(game: str, plan: GameHeader, guarded: bool = False) -> str:
    """Why a game of a run is not replayed here; empty if it may be.

    Args:
        game: The full id.
        plan: How the run plays it.
        guarded: See `Replay`.
    """
    card = find_card(game)
    if card is None:
        return UNKNOWN
    if not card.playable:
        return "the game cannot be played in this version"
    if plan.card.endswith(".toml") and not card.source.endswith(".toml"):
        return "played with a card of its own, not the shipped one"
    if not card.has_digest(plan.digest):
        return OTHER_CARD
    drawn = {key: value for key, value in plan.settings.items() if key != "history"}
    reason = refused_setting(card, plan.settings) or (
        "" if guarded else costly_setting(card, drawn)
    )
    if reason:
        return reason
    history = plan.settings.get("history", card.history)
    if plan.history != history or not 1 <= plan.steps <= LARGEST or plan.episodes < 1:
        return "impossible history, steps or episodes"
    return ""


def refused_setting(card: GameCard, settings: dict[str, Any]) -> str:
    """Why a game must not be built with untrusted settings; empty if it may.

    A setting must be one of the game's own and plain data: numbers, words or lists of them. Paths,
    addresses and references to code are not allowed.
    """
    if not settings:
        return ""
    built = gym.spec(card.id).kwargs
    described = describer_settings(load_object(built["describer"]))
    known = {*built, *WRAPPER_SETTINGS, *described, *_defaults(built["environment"])}
    for key, value in settings.items():
        if key not in known or key in RESERVED:
            return f"{key!r} is not a setting of the game"
        if key == "observation" and value == "native":
            return "an agent reads no native observations"
        if value != card.settings.get(key) and not _is_plain(value):
            return f"the setting {key!r} is neither numbers nor plain words"
    return ""


def costly_setting(card: GameCard, settings: dict[str, Any]) -> str:
    """Why a game is not drawn with untrusted settings; empty if it may be.

    This process draws the pictures, and nothing stops it when a world of nine million cells takes
    minutes. So a setting may hold few numbers, and none far above the game's own.
    """
    own = _own(card) if settings else {}
    for key, value in settings.items():
        most = max([_LARGEST_DRAWN, *map(abs, _numbers(own.get(key)))])
        numbers = list(_numbers(value))
        if len(numbers) > _MOST_DRAWN or any(abs(number) > most for number in numbers):
            return f"the setting {key!r} may ask for more than can be drawn"
    return ""


def other_engine(card: GameCard, settings: dict[str, Any]) -> str:
    """The engine named for a game's world, if it is not the game's own; some are servers."""
    engine = settings.get("engine")
    return "" if engine is None or engine == _own(card).get("engine") else str(engine)


def _own(card: GameCard) -> dict[str, Any]:
    """A game's settings without those of a run."""
    return _defaults(gym.spec(card.id).kwargs["environment"]) | card.settings


def _defaults(environment: str) -> dict[str, Any]:
    """The settings an environment's class takes, with their defaults."""
    if GYM_ID.fullmatch(environment):
        return {}
    parameters = inspect.signature(load_object(environment)).parameters
    return {name: parameter.default for name, parameter in parameters.items()}


def _numbers(value: Any) -> Iterator[int | float]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int | float):
        yield value


def _is_plain(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list):
        few = len(value) <= _MOST_NUMBERS and depth < 3
        return few and all(_is_plain(item, depth + 1) for item in value)
    if isinstance(value, str):
        return bool(_WORD.fullmatch(value))
    return value is None or isinstance(value, bool | int | float)


def told_by_game(info: dict[str, Any]) -> dict[str, Any]:
    """What a game reports of an episode besides its score, as fields of the episode's record."""
    state = info.get("state", {})
    unlocked = state.get("unlocked", ())
    return {
        "completed": bool(info.get("completed", False)),
        "engine": str(state.get("engine", "")),
        "scores": {k: finite(k, value) for k, value in state.get("scores", {}).items()},
        "unlocked": {name: name in unlocked for name in state.get("unlockable", ())},
    }


def finite(what: str, value: Any) -> float:
    """A number that a game gives; a `GameError` if it is beyond the bounds of records."""
    number = float(value)
    if not abs(number) <= LARGEST_REAL:
        raise GameError(f"the game's {what} is {number}, which is not a score")
    return number
