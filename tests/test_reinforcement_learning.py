"""The examples of docs/reinforcement_learning.md run as they are written."""

from __future__ import annotations

import importlib
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from smartplay import bench, get_card

PAGE = Path(__file__).parents[1] / "docs" / "reinforcement_learning.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
LEARNS = [example for example in EXAMPLES if "stable_baselines3" in example]
BATCHES = [example for example in EXAMPLES if "CrafterBatch" in example]
TRAINS = [example for example in EXAMPLES if example.startswith("# TRL")]
QUICK = [example for example in EXAMPLES if example not in LEARNS + BATCHES + TRAINS]


def ran(example: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(example, str(PAGE), "exec"), names)
    return names


@pytest.mark.parametrize("example", QUICK)
def test_an_example_runs(example: str) -> None:
    names = ran(example)
    if "snapshot" in example:
        assert names["rewards"] == [0.0, 0.0, -1.0, -1.0, -1.0, -1.0]
    elif "make_vec" in example:
        assert (names["envs"].num_envs, len(names["infos"]["score"])) == (16, 16)
    else:
        assert names["observation"].tolist() == [2, 0, 0]


@pytest.mark.slow
@pytest.mark.timeout(1200)  # it waits for the compiler
def test_a_batch_plays() -> None:
    pytest.importorskip("numba")
    (example,) = BATCHES
    names = ran(example)
    assert names["frame"].shape == (576, 576, 3)
    assert names["observations"]["view"].shape == (256, 9, 7)


@pytest.mark.slow
def test_ppo_learns_two_games(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own
        learner = pytest.importorskip("stable_baselines3")
        example, _ = LEARNS
        model = ran(example)["model"]
    assert isinstance(model, learner.PPO)
    assert model.num_timesteps == 256
    assert re.findall(r"^(\w+)-v0 -?\d+\.\d", capsys.readouterr().out, re.M) == [
        "Hanoi3Disk",
        "BanditTwoArmedHighLowFixed",
    ]


@pytest.mark.slow
def test_ppo_learns_on_a_vector() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own
        pytest.importorskip("stable_baselines3")
        _, example = LEARNS
        model = ran(example)["model"]
    assert model.n_envs == 4
    assert model.num_timesteps == 256


def test_the_trl_example_is_written_for_what_there_is() -> None:
    """It needs weights from a hub, so only its form and its names are checked here."""
    (example,) = TRAINS
    compile(example, str(PAGE), "exec")
    used = re.findall(r"^from (smartplay[\w.]*) import (.+)$", example, re.M)
    assert used
    for module, names in used:
        for name in names.split(", "):
            assert hasattr(importlib.import_module(module), name), name


def test_a_learner_is_told_what_to_read_instead() -> None:
    learner = pytest.importorskip("stable_baselines3")
    import gymnasium as gym

    from smartplay.core.errors import UsageError

    with pytest.raises(UsageError, match='observation="native"'):
        learner.PPO("MlpPolicy", gym.make("smartplay/Hanoi3Disk-v0"))


@pytest.mark.parametrize(("name", "limit"), [("Hanoi3Disk", 0.002), ("Crafter", 0.02)])
def test_snapshots_are_fast(name: str, limit: float) -> None:
    """Loose guards: a fiftieth of that is usual."""
    taken = [bench.game_speed(get_card(name), 0.02).snapshot or 1.0 for _ in range(3)]
    assert min(taken) < limit, f"{name}: {1e6 * min(taken):.0f} us for a snapshot and a restore"
