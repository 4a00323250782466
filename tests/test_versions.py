"""What the package admits is what `.ci/run` tests, and gives the same numbers."""

from __future__ import annotations

from importlib.metadata import requires, version

import gymnasium as gym
import pytest

from smartplay.scores.intervals import mean_interval
from tests.golden import all_cards
from tools.least_versions import CONFIG, least_versions

# Student's t for 0.975, by degrees of freedom, as printed in tables of it.
T_TABLE = {1: 12.706205, 2: 4.302653, 5: 2.570582, 9: 2.262157, 38: 2.024394, 100: 1.983972}


def test_every_core_dependency_is_pinned_to_its_least_version() -> None:
    config = "[options]\ninstall_requires =\n    rich>=14.3\n    ruamel.yaml>=0.17\n"
    assert least_versions(config) == ["rich==14.3", "ruamel.yaml==0.17"]
    pinned = {line.split("==")[0] for line in least_versions(CONFIG.read_text(encoding="utf-8"))}
    required = [line for line in requires("smartplay") or () if "extra ==" not in line]
    assert pinned == {line.split(">=")[0] for line in required}


@pytest.mark.parametrize("requirement", ["numpy", "numpy<3", "numpy>=1.25,<3", "numpy==1.25"])
def test_a_dependency_without_a_least_version_is_refused(requirement: str) -> None:
    with pytest.raises(ValueError, match="names no least version"):
        least_versions(f"[options]\ninstall_requires =\n    rich>=13\n    {requirement}\n")


@pytest.mark.parametrize("freedom", T_TABLE)
def test_intervals_are_the_same_with_every_scipy(freedom: int) -> None:
    values = [0.0] * freedom + [freedom + 1.0]  # mean 1, standard error 1
    found = mean_interval(values)
    assert found.high == pytest.approx(1 + T_TABLE[freedom], rel=1e-15), version("scipy")


def test_rewards_of_others_environments_are_floats_with_every_gymnasium() -> None:
    for card in all_cards():
        env = gym.make(card.id, observation="native")
        env.reset(seed=0)
        assert type(env.step(0)[1]) is float, card.id
        env.close()
