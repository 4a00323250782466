"""The games hold what SmartPlay asks of every game; their text tells what is seen, no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import smartplay
from smartplay.validity.conformance import check_game

from smartplay_minigrid.reference import MiniGridReference, parts

ROOT = Path(__file__).parents[1]
CARDS = [
    card
    for path in sorted((ROOT / "smartplay_minigrid").glob("*.toml"))
    for card in smartplay.register_cards(path)
]
each_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


@each_card
def test_it_conforms_and_plays_as_it_did(card: smartplay.GameCard) -> None:
    golden = ROOT / "golden" / f"{card.id.partition('/')[2]}.txt"
    assert check_game(card.id, golden) == []


@each_card
def test_the_text_follows_from_what_is_seen(card: smartplay.GameCard) -> None:
    """All that the player does not see may change, and no word does."""
    env = gym.make(card.id, disable_env_checker=True)
    env.reset(seed=1)
    native: Any = env.unwrapped
    describer = env.get_wrapper_attr("describer")
    draw = np.random.default_rng(0)
    for step in range(1, 30):
        observation, reward, over, *_ = native.step(int(draw.integers(6)))
        if over:
            break
        turn = smartplay.games.base.Turn(0, observation, float(reward), over, 0.0, step, {})
        before = describer._before
        text = describer.describe(turn).text
        seen = {tuple(map(int, place)) for place in _seen(native)}
        kept = native.grid.copy()
        for x, y in np.ndindex(native.grid.width, native.grid.height):
            if (x, y) not in seen:
                native.grid.set(x, y, None)
        describer._before = before
        assert describer.describe(turn).text == text
        native.grid = kept
    env.close()


def _seen(native: Any) -> list[tuple[int, int]]:
    _, mask = native.gen_obs_grid()
    size = native.agent_view_size
    ahead, right = native.dir_vec, native.right_vec
    corner = native.agent_pos + ahead * (size - 1) - right * (size // 2)
    return [tuple(corner - ahead * j + right * i) for i, j in np.ndindex(size, size) if mask[i, j]]


@each_card
def test_the_best_actions_fulfil_the_mission(card: smartplay.GameCard) -> None:
    env = gym.make(card.id, disable_env_checker=True)
    for seed in range(3):
        _, info = env.reset(seed=100 + seed)
        over = False
        while not over:
            best = env.get_wrapper_attr("describer").best_actions()
            assert best, f"no best action in the world of seed {100 + seed}"
            _, _, terminated, truncated, info = env.step(min(best))
            over = terminated or truncated
        assert info["completed"]
        assert info["score"] == 1.0
    env.close()


@each_card
def test_the_reference_agent_wins_by_the_text_alone(card: smartplay.GameCard) -> None:
    env = gym.make(card.id, disable_env_checker=True)
    steps = 0
    for seed in range(5):
        text, info = env.reset(seed=2000 + seed)
        agent = MiniGridReference(info["manual"], info["actions"], seed)
        over = False
        while not over:
            action = info["actions"].index(agent.act(text))
            text, _, terminated, truncated, info = env.step(action)
            over, steps = terminated or truncated, steps + 1
        assert info["score"] == 1.0, f"lost in the world of seed {2000 + seed}"
    env.close()
    assert steps < 5 * card.steps / 2


@pytest.mark.parametrize(
    ("mission", "verbs"),
    [
        ("get to the green goal square", [["goal"]]),
        ("use the key to open the door and then get to the goal", [["goal"]]),
        ("go to the matching object at the end of the hallway", [["match"]]),
        ("pick up the grey key behind you", [["pick up"]]),
        ("put the green ball next to a key", [["put"]]),
        ("open the red door, then open the blue door", [["open"], ["open"]]),
        ("go to a box and go to the red ball, then open a door", [["go to", "go to"], ["open"]]),
        ("open a door after you pick up a key", [["pick up"], ["open"]]),
    ],
)
def test_missions_are_read(mission: str, verbs: list[list[str]]) -> None:
    assert [[order.verb for order in stage] for stage in parts(mission)] == verbs


def test_other_processes_give_the_same_bytes() -> None:
    code = (
        "import hashlib, sys, gymnasium as gym, smartplay;"
        "smartplay.register_cards(sys.argv[1]); smartplay.register_cards(sys.argv[2]);"
        "from smartplay.validity.conformance import transcript;"
        "told = ''.join(transcript(c, 5) for c in smartplay.cards() if c.title in "
        "('MiniGrid', 'BabyAI'));"
        "print(len(told), hashlib.sha256(told.encode()).hexdigest())"
    )
    cards = [str(ROOT / "smartplay_minigrid" / f"{name}.toml") for name in ("babyai", "minigrid")]
    found = {
        subprocess.run(
            [sys.executable, "-c", code, *cards],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_a_run_is_played_and_verified(tmp_path: Path) -> None:
    from smartplay.leaderboard.verify import verify_run

    run = smartplay.run("random", "MiniGridEmpty,BabyAIGoToObj", episodes=2, out=tmp_path / "run")
    assert len(run.scored) == 4
    run = smartplay.run(
        "reference", "MiniGridDoorKey,BabyAIPickupLoc", episodes=2, out=tmp_path / "b"
    )
    assert [record.score for record in run.scored] == [1.0] * 4
    own = [each.source for each in CARDS if each.source.endswith(".toml")]
    assert verify_run(tmp_path / "run", cards=sorted(set(own))).verified


def test_there_are_settings_with_degrees() -> None:
    assert len(CARDS) >= 12
    for card in CARDS:
        assert set(card.degrees) == {each.key for each in smartplay.Capability}
        assert card.anchors.random is not None
        assert card.anchors.reference is not None
        assert card.anchors.reference.mean > (card.anchors.random.high or 1.0)
        assert card.anchors.optimum == 1.0
