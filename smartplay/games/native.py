"""What native environments share: checked actions, no reset options, and how they are drawn."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable
from operator import index
from typing import Any, ClassVar, TypeVar

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.wrappers import HumanRendering

from smartplay.core.errors import UnknownNameError, UsageError

ObsT = TypeVar("ObsT")
ActT = TypeVar("ActT")


def checked_action(action: Any, number: int) -> int:
    """The action as an `int`.

    Args:
        action: An integer: an `int`, one of NumPy's, or an array of no dimensions that holds one.
        number: How many actions there are.

    Raises:
        UsageError: If it is anything else (a `bool` and `1.0` are), or not from 0 to `number` - 1.
    """
    if type(action) is int and 0 <= action < number:
        return action
    place = whole(action)
    if not 0 <= place < number:
        raise UsageError(
            f"an action is an integer from 0 to {number - 1}, not {reprlib.repr(action)}"
        )
    return place


def whole(value: Any) -> int:
    """An integer as an `int`, also one of NumPy's; -1 for all else, a `bool` and `1.0` among it."""
    kind = getattr(getattr(value, "dtype", None), "kind", "i")
    try:
        return -1 if isinstance(value, bool) or kind not in "iu" else index(value)
    except TypeError:
        return -1


def checked_level(level: Any, most: int) -> int:
    """The level of a dial as an `int`, also one of NumPy's.

    Raises:
        UsageError: If it is no whole number from 1 to `most`.
    """
    number = whole(level)
    if not 1 <= number <= most:
        raise UsageError(f"level must be a whole number from 1 to {most}, not {level!r}")
    return number


def number(value: Any) -> float:
    """A number as a `float`; NaN, which lies in no range, for anything else."""
    try:
        return math.fsum([value])
    except (TypeError, OverflowError):
        return math.nan


def numbers(values: Any) -> list[float]:
    """A sequence as `float`s, each as `number` has it; [] for what is none."""
    return list(map(number, values)) if isinstance(values, Iterable) else []


def text_codes(text: str, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A text of ASCII characters as a native observation: their codes, 0 after the end."""
    codes = np.zeros(size, dtype=np.uint8)
    codes[: len(text)] = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return codes


class NativeEnv(gym.Env[ObsT, ActT]):
    """A native environment of SmartPlay; subclass it once per game.

    Its `step` begins with `checked_action`, before anything changes. It is drawn by `picture`.

    Args:
        render_mode: One of `metadata["render_modes"]`, or None.

    Raises:
        UnknownNameError: If there is no such render mode.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}
    PARTS: ClassVar[tuple[str, ...]] = ()
    """Attributes that snapshots take by their `state()` and bring back by `set_state(state)`."""
    KEPT: ClassVar[tuple[str, ...]] = ()
    """Attributes whose values never change but are replaced: snapshots hold them as they are."""

    def __init__(self, render_mode: str | None = None) -> None:
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise UnknownNameError("render mode", render_mode, self.metadata["render_modes"])
        self.render_mode = render_mode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsT, dict[str, Any]]:
        """Seed the random numbers; a subclass then begins an episode.

        Raises:
            UsageError: If options are given: there are none.
        """
        refuse_options(options)
        return super().reset(seed=seed)

    def picture(self) -> Any:
        """What the game looks like now: a `Canvas`, or uint8 of shape (height, width, 3)."""
        raise NotImplementedError

    def thumbnail(self, side: int) -> Any:
        """The same for a page that shows it about `side` pixels wide, where that is less work."""
        return self.picture()

    def render(self) -> Any:
        """The picture under `"rgb_array"`; without a render mode nothing, and a warning."""
        if self.render_mode is None:
            warn_of_no_render_mode(self.spec.id if self.spec else type(self).__name__)
            return None
        picture = self.picture()
        return picture if isinstance(picture, np.ndarray) else picture.pixels()


def refuse_options(options: dict[str, Any] | None) -> None:
    """Make sure that `reset` is given no options.

    Raises:
        UsageError: If it is given any.
    """
    if options:
        raise UsageError(
            f"reset takes no options, but was given {reprlib.repr(options)}; settings of a game go "
            "to gym.make"
        )


def warn_of_no_render_mode(name: str) -> None:
    """Warn, as the environments of Gymnasium do, that `render` was called for nothing."""
    gym.logger.warn(
        f"render draws nothing without a render mode; make the environment with one, such as "
        f'gym.make("{name}", render_mode="rgb_array")'
    )


def forget_drawings(native: gym.Env[Any, Any]) -> None:
    """Let an environment draw anew what pygame drew for it: surfaces and clocks cannot be copied.

    Gymnasium's environments load and open what is None when they are next rendered.
    """
    for name, value in vars(native).items():
        parts: Iterable[Any] = value if isinstance(value, list | tuple) else (value,)
        if any(type(part).__module__.startswith("pygame") for part in parts):
            setattr(native, name, None)


class Adapted(gym.Wrapper[Any, Any, Any, Any]):
    """An environment of others, with actions checked and copies made as in `NativeEnv`.

    Actions are counted from 0, wherever its own begin.

    Args:
        env: The environment; its actions are `Discrete`.

    Raises:
        UsageError: If they are not.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        own = env.action_space
        if not isinstance(own, spaces.Discrete):
            raise UsageError(
                f"a game has discrete actions, not {own}; wrap the environment so that its actions "
                "are numbers from 0 on"
            )
        self._number, self._first = int(own.n), int(own.start)
        if self._first:
            self.action_space = spaces.Discrete(self._number)

    @property
    def spec(self) -> Any:  # type: ignore[override]
        """The environment's own: wrappers that it comes in are part of it, not added to it."""
        return self.unwrapped.spec

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take an action; NumPy's numbers and truth values, which many give, become Python's."""
        taken = checked_action(action, self._number)
        observation, reward, terminated, truncated, info = self.env.step(taken + self._first)
        return observation, float(reward), bool(terminated), bool(truncated), info

    def __getstate__(self) -> dict[str, Any]:
        """All but what pygame holds."""
        forget_drawings(self.unwrapped)
        return vars(self)


class Screen(HumanRendering[Any, Any]):
    """Shows every moment of an environment that renders `"rgb_array"` in a window.

    A copy opens a window of its own.
    """

    @property
    def spec(self) -> Any:  # type: ignore[override]
        """The environment's own: a screen is made from its render mode, not added to it."""
        return self.env.spec

    def close(self) -> None:
        """Close the window; the next reset opens another."""
        window: Any = self.window
        self.window = self.clock = None
        if window:
            import pygame

            pygame.display.quit()
        super().close()  # type: ignore[no-untyped-call]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the window."""
        return vars(self) | {"window": None, "clock": None}
