"""Plays a recorded episode again: its pictures and texts, at any step."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from smartplay.errors import SmartPlayError, UsageError
from smartplay.foreign import costly_setting
from smartplay.games.drawing import Picture
from smartplay.records import EpisodeHeader, GameHeader, StepRecord
from smartplay.registry import find_card

KEPT = 200
"""Pictures kept in memory; older ones are made again."""


class Mirror:
    """A second copy of an episode that is being played, to take pictures of.

    It plays the same actions from the same seed, so that taking pictures cannot touch the episode
    itself. The card has to be registered already: the file that a run names may be a stranger's.

    Args:
        plan: What the run plays of the game.
        game: The full id.
        seed: The seed of the episode.

    Attributes:
        text: The present observation.
        score: The present score.

    Raises:
        UsageError: If the game cannot be made with pictures.
    """

    def __init__(self, plan: GameHeader, game: str, seed: int) -> None:
        card = find_card(game)
        if card is None:
            raise UsageError(
                f"{game} has no card here; if the game is your own, name its card file with "
                "--card, or use --as text"
            )
        settings = {k: v for k, v in plan.settings.items() if k != "observation"}
        try:
            self._env = gym.make(
                card.id,
                max_episode_steps=plan.steps,
                disable_env_checker=True,
                render_mode="rgb_array",
                **settings,
            )
        except SmartPlayError:
            raise
        except Exception as error:
            raise UsageError(f"{game} has no picture ({error}); use --as text") from error
        self._seed = seed
        self.restart()

    def restart(self) -> None:
        """Go back to the start."""
        _, info = self._env.reset(seed=self._seed)
        self._take(info)

    def step(self, action: int) -> None:
        """Take an action."""
        *_, info = self._env.step(action)
        self._take(info)

    def picture(self) -> Picture:
        """The present picture, uint8 of shape (height, width, 3)."""
        return np.asarray(self._env.render(), dtype=np.uint8)

    def close(self) -> None:
        """Free what the game holds."""
        self._env.close()

    def _take(self, info: dict[str, Any]) -> None:
        self.text: str = info["obs"]
        self.score = float(info["score"])


class Replay:
    """The pictures of a recorded episode.

    Args:
        plan: What the run played of the game.
        header: The episode's header.
        steps: Its steps.

    Attributes:
        departed: The first step whose text is not the recorded one, as far as replayed; None if
            all were. From there on the pictures are not those of the record.
    """

    def __init__(
        self, plan: GameHeader, header: EpisodeHeader, steps: Sequence[StepRecord]
    ) -> None:
        card = find_card(header.game)
        reason = "" if card is None else costly_setting(card, plan.settings)
        if reason:
            raise UsageError(f"the run is not replayed: {reason}; watch it with --as text")
        self._mirror = Mirror(plan, header.game, header.seed)
        self._actions = [step.action for step in steps]
        self._texts = [header.observation, *(step.observation for step in steps)]
        self._now = 0
        self._pictures: OrderedDict[int, Picture] = OrderedDict()
        self.departed: int | None = None
        self._compare()

    def picture(self, number: int) -> Picture:
        """The picture after so many steps."""
        if number in self._pictures:
            return self._pictures[number]
        if number < self._now:
            self._mirror.restart()
            self._now = 0
        while self._now < number:
            self._mirror.step(self._actions[self._now])
            self._now += 1
            self._compare()
        while len(self._pictures) >= KEPT:
            self._pictures.popitem(last=False)
        self._pictures[number] = self._mirror.picture()
        return self._pictures[number]

    def close(self) -> None:
        """Free what the game holds."""
        self._mirror.close()

    def _compare(self) -> None:
        if self.departed is None and self._mirror.text != self._texts[self._now]:
            self.departed = self._now
