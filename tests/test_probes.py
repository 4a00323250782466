"""Probes find an agent that knows the public seeds by heart, and one that trusts names."""

from __future__ import annotations

import json
import random
from functools import lru_cache
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Agent, Context, Observation
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.games.registry import get_card
from smartplay.runner import run
from smartplay.runner.jobs import episode_seeds
from smartplay.scores.intervals import Interval
from smartplay.validity.probes import Probes, _bounds, study_probes

CARD = get_card("ContrastReasoningHard")
EPISODES = 6


@lru_cache(maxsize=1)
def by_heart() -> dict[str, str]:
    """The right action to every text of the public episodes."""
    known = {}
    env = gym.make(CARD.id, disable_env_checker=True)
    for k in range(EPISODES):
        text, info = env.reset(seed=episode_seeds(0, CARD.id, k)[0])
        over = False
        while not over:
            right = info["actions"][info["state"]["right"]]
            known[text.rpartition("Round")[2]] = right
            text, _, over, _, info = env.step(info["actions"].index(right))
    return known


class ByHeart:
    """Knows what it was shown before, and guesses elsewhere."""

    def __init__(self, context: Context) -> None:
        self._actions, self._random = context.actions, random.Random(context.seed)

    def act(self, observation: Observation) -> str:
        now = str(observation).rpartition("Round")[2]
        return by_heart().get(now) or self._random.choice(self._actions)


class TrustsNames:
    """The reference agent, which is lost where no door is red."""

    def __init__(self, context: Context) -> None:
        self._agent: Agent = find_agent("reference", {}).make(context)
        self._lost = not any("red" in name for name in context.actions)
        self._actions = context.actions

    def act(self, observation: Observation) -> Any:
        return self._actions[0] if self._lost else self._agent.act(observation)


def probe(agent: Any, out: Path) -> Probes:
    return study_probes(agent, CARD.name, out, {}, episodes=EPISODES, progress=False)


def spans(found: Interval, value: float) -> bool:
    assert found.low is not None
    assert found.high is not None
    return found.low <= value <= found.high


def test_an_agent_that_knows_the_seeds_by_heart_is_found(tmp_path: Path) -> None:
    found = probe(ByHeart, tmp_path).overall
    assert found.episodes == EPISODES
    assert found.seeds.mean > 0.7
    assert not spans(found.seeds, 0)
    assert spans(found.names, 0)


def test_an_agent_that_trusts_names_is_found(tmp_path: Path) -> None:
    found = probe(TrustsNames, tmp_path).overall
    assert found.names.mean > 0.7
    assert not spans(found.names, 0)
    assert spans(found.seeds, 0)


def test_the_private_seeds_stay_the_same_and_an_ablation_is_kept(tmp_path: Path) -> None:
    found = study_probes(
        "reference", CARD.name, tmp_path, {"ablation": "no-history"}, episodes=3, progress=False
    )
    first = (tmp_path / "suite.json").read_bytes()
    header = json.loads((tmp_path / "renamed" / "run.json").read_text())
    assert header["agent_settings"]["ablation"] == ["no-history", "rename"]
    assert header["suite"]
    again = study_probes(
        "reference", CARD.name, tmp_path, {"ablation": "no-history"}, episodes=3, progress=False
    )
    assert again == found
    assert (tmp_path / "suite.json").read_bytes() == first


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sensitivity", "reference", "--probes", "--games", f"{CARD.name},Hanoi3Disk"]
    arguments += ["--episodes", "2", "--out", str(tmp_path)]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["runs"]) == {"public", "private", "renamed"}
    assert found["games"][CARD.id]["seeds"]["mean"] == 0
    assert main(arguments) == 0
    assert "public less private seeds" in capsys.readouterr().out


def test_scores_can_be_as_far_apart_as_the_card_says(tmp_path: Path) -> None:
    """Messenger's begin at -1, not at 0."""
    played = run("random", "MessengerL1", episodes=1, out=tmp_path, progress=False)
    ends = get_card("MessengerL1").anchors.corrected
    assert ends is not None
    found = _bounds(played)
    assert (found.low, found.high) == pytest.approx((-2 / (ends[1] - ends[0]), -(found.low or 0)))


def test_too_few_episodes_are_no_probe(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too few episodes"):
        study_probes("random", CARD.name, tmp_path, {}, episodes=1, progress=False)
