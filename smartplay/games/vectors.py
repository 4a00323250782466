"""Vectors of games, as `gym.make_vec` makes them: several environments in one process.

They behave as Gymnasium's own `SyncVectorEnv`, and leave out of the infos what costs most: see
`GameVector`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec, VectorizeMode
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.vector.utils import concatenate, iterate

from smartplay.core.errors import UnknownNameError

INFOS = ("lean", "full")
TEXT_INFO = frozenset({"manual", "obs", "history", "actions", "state"})
"""What the infos of a text leave out unless they are full."""


class GameVector(SyncVectorEnv):
    """Environments that are stepped one after the other in this process.

    Args:
        env_fns: What makes each environment.
        infos: Whether the infos of texts hold `score` and `completed` alone (`"lean"`: what an
            agent reads is the observation, and merging the rest takes longer than playing), or
            all that the environments tell (`"full"`). What wrappers and native environments tell
            is always there.
        **settings: `copy`, `observation_mode` and `autoreset_mode`, as `SyncVectorEnv` has them.

    Raises:
        UnknownNameError: If there are no such infos.
    """

    def __init__(
        self,
        env_fns: Sequence[Callable[[], gym.Env[Any, Any]]],
        infos: str = "lean",
        **settings: Any,
    ) -> None:
        if infos not in INFOS:
            raise UnknownNameError("infos", str(infos), INFOS)
        from smartplay.games.base import TextGame  # not when smartplay is imported

        super().__init__(env_fns, **settings)
        self._lean = infos == "lean"
        self._plain = self._lean and all(type(env) is TextGame for env in self.envs)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Take an action in each environment; see `SyncVectorEnv.step`."""
        at_once = self.autoreset_mode is AutoresetMode.SAME_STEP
        if self.autoreset_mode is AutoresetMode.DISABLED:
            assert not self._autoreset_envs.any(), f"{self._autoreset_envs=}: reset them first"
        ended = np.zeros(self.num_envs, bool) if at_once else self._autoreset_envs
        if isinstance(actions, np.ndarray) and actions.ndim == 1 and actions.dtype.kind in "iu":
            actions = actions.tolist()  # games are quicker with Python's integers
        rows = zip(self.envs, iterate(self.action_space, actions), ended.tolist(), strict=True)
        infos: dict[str, Any] = {}
        told = []  # a row for each: quicker than a list for each of what is told
        reward: SupportsFloat
        for i, (env, action, over) in enumerate(rows):
            if over:
                observation, info = env.reset()
                reward, terminated, truncated = 0.0, False, False
            else:
                observation, reward, terminated, truncated, info = env.step(action)
                if at_once and (terminated or truncated):
                    final = {"final_obs": observation, "final_info": info}
                    infos = self._add_info(infos, final, i)
                    observation, info = env.reset()
            score = completed = None
            if self._plain:
                score, completed = info["score"], info["completed"]
            else:
                infos = self._add_info(infos, info, i)
            told.append((observation, reward, terminated, truncated, score, completed))
        observations, rewards, terminations, truncations, scores, reached = zip(*told, strict=True)
        # arrays of whole lists: setting the elements one by one takes as long as a small game
        self._env_obs = list(observations)
        self._rewards = np.array(rewards, np.float64)
        self._terminations = np.array(terminations, np.bool_)
        self._truncations = np.array(truncations, np.bool_)
        self._autoreset_envs = np.logical_or(self._terminations, self._truncations)
        if self._plain:
            infos |= {"score": np.array(scores, np.float64), "completed": np.array(reached)}
            infos |= {f"_{key}": np.ones(self.num_envs, np.bool_) for key in ("score", "completed")}
        ends = self._terminations.copy(), self._truncations.copy()
        return self._gathered(), self._rewards, *ends, infos

    def _gathered(self) -> Any:
        """The observations of all environments together."""
        space = self.single_observation_space
        if isinstance(space, spaces.Text):  # nothing in them can change
            self._observations = tuple(self._env_obs)
            return self._observations
        self._observations = concatenate(space, self._env_obs, self._observations)
        return copy.deepcopy(self._observations) if self.copy else self._observations

    def _add_info(
        self, vector_infos: dict[str, Any], env_info: dict[str, Any], env_num: int
    ) -> dict[str, Any]:
        """Merge the infos of one environment into those of all."""
        if not self._lean or "manual" not in env_info:
            return super()._add_info(vector_infos, env_info, env_num)
        others = {key: value for key, value in env_info.items() if key not in TEXT_INFO}
        return super()._add_info(vector_infos, others, env_num)


class GameSpec(EnvSpec):
    """The spec of an id, whose vectors are `GameVector`s.

    `gym.make_vec` refuses a vector class for a spec with wrappers (the texts are one), and together
    with `wrappers` or `vector_kwargs` of the call. It asks the keywords of its copy of the spec for
    them first, though; so that copy sees to it that they reach `make_vector`.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> GameSpec:
        copied = copy.copy(self)
        copied.kwargs = _Keywords(copy.deepcopy(self.kwargs, memo))
        copied.kwargs.spec = copied
        return copied


class _Keywords(dict[str, Any]):
    """The keywords of a spec's copy; keeps what `gym.make_vec` asks for, if the vector is ours."""

    spec: GameSpec
    ours = False

    def pop(self, key: str, *default: Any) -> Any:
        value = super().pop(key, *default)
        if key == "vectorization_mode":
            self.ours = value in (None, "vector_entry_point", VectorizeMode.VECTOR_ENTRY_POINT)
            if self.ours:
                self["spec_id"] = self.spec.id
                self.spec.additional_wrappers = ()
        elif self.ours and key in ("vector_kwargs", "wrappers") and value:
            self[key] = value
            return ()
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy is a plain dict."""
        return dict, (dict(self),)


def make_vector(
    num_envs: int,
    spec_id: str,
    infos: str = "lean",
    vector_kwargs: dict[str, Any] | None = None,
    wrappers: Sequence[Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]] = (),
    **settings: Any,
) -> GameVector:
    """Build a vector of one game; the `vector_entry_point` of every registered id.

    Args:
        num_envs: How many environments.
        spec_id: The id, as it is registered.
        infos: As `GameVector` has it.
        vector_kwargs: Settings of `GameVector`; these come first.
        wrappers: What is put around each environment, the first one innermost.
        **settings: What `gym.make` takes.
    """

    def make() -> gym.Env[Any, Any]:
        env: gym.Env[Any, Any] = gym.make(spec_id, **settings)
        for wrapper in wrappers:
            env = wrapper(env)
        return env

    return GameVector([make] * num_envs, **{"infos": infos} | (vector_kwargs or {}))
