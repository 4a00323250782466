"""What holds for every id; a new game is covered as soon as its card is there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from smartplay.cards.card import GameCard
from tests.golden import GAMES, all_cards, first_of_code

NUMBER = re.compile(r"-?\d+(\.\d+)?").fullmatch

CARDS = all_cards()
each_card = pytest.mark.parametrize("card", CARDS, ids=[card.name for card in CARDS])
each_code = pytest.mark.parametrize("card", first_of_code(CARDS))
INFO = {"manual", "obs", "history", "score", "completed", "actions", "state"}


def steps(env: gym.Env[Any, Any], seed: int, number: int) -> Iterator[tuple[Any, ...]]:
    """Play `number` pseudo-random steps, starting anew after each end."""
    yield env.reset(seed=seed)
    draw = np.random.default_rng(seed)
    over = False
    for _ in range(number):
        if over:
            yield env.reset()
        result = env.step(int(draw.integers(env.action_space.n)))  # type: ignore[attr-defined]
        over = bool(result[2] or result[3])
        yield result


def plain(value: Any) -> Any:
    """JSON of a state, arrays as lists."""
    return json.dumps(value, default=lambda array: np.asarray(array).tolist(), sort_keys=True)


@each_code
def test_check_env(card: GameCard) -> None:
    env = gym.make(card.id)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*is different from the unwrapped version")
        check_env(env)
    env.close()


@each_code
def test_native_environment_checks(card: GameCard) -> None:
    native = gym.make(card.id).unwrapped
    check_env(native, skip_render_check=True)
    native.close()


@each_card
def test_info(card: GameCard) -> None:
    env = gym.make(card.id)
    for result in steps(env, 3, 30):
        text, info = result[0], result[-1]
        assert set(info) == INFO
        assert text == info["obs"]
        assert env.observation_space.contains(text), f"outside the space: {text!r}"
        assert isinstance(info["completed"], bool)
        assert isinstance(info["score"], float)
        assert info["manual"].startswith(card.title + "\n"), "the manual starts with the title"
        assert len(info["actions"]) == env.action_space.n  # type: ignore[attr-defined]
        assert isinstance(info["state"], dict)
        plain(info["state"])
    env.close()


@each_card
def test_history(card: GameCard) -> None:
    env = gym.make(card.id)
    text, info = env.reset(seed=5)
    seen: list[str] = []
    assert info["history"] == []
    for _ in range(min(card.steps, card.history + 5)):
        seen.append(text)
        text, _, terminated, truncated, info = env.step(0)
        assert info["history"] == seen[max(0, len(seen) - card.history) :]
        if terminated or truncated:
            break
    env.close()


@each_code
def test_the_seed_decides_everything(card: GameCard) -> None:
    first, second = gym.make(card.id), gym.make(card.id)
    for one, other in zip(steps(first, 7, 40), steps(second, 7, 40), strict=True):
        assert plain(one[-1]) == plain(other[-1])
        assert one[:-1] == other[:-1]
    first.close()
    second.close()


@pytest.mark.slow
def test_other_processes_hash_seeds_and_versions_give_the_same_bytes() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "tests.digest"],
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout.splitlines()
    known = Path(__file__).with_name("digests.txt").read_text(encoding="utf-8").splitlines()
    different = {line.split()[0] for line in set(found) ^ set(known)}
    assert not different, "if that is meant: python -m tests.digest > tests/digests.txt"


@each_card
def test_the_step_limit_is_the_cards(card: GameCard) -> None:
    assert gym.spec(card.id).max_episode_steps == card.steps
    env = gym.make(card.id, max_episode_steps=1)
    _, info = env.reset(seed=0)
    assert f"{card.steps}" == "1" or info["manual"] != gym.make(card.id).reset(seed=0)[1]["manual"]
    assert not re.search(r"\b1 (rounds|moves|steps)\b", info["manual"])
    assert env.step(0)[3], "the step limit did not truncate"
    env.close()


def test_the_originals_spelling() -> None:
    for card in CARDS:
        if card.source.endswith(".toml"):
            continue
        env = gym.make(f"smartplay:{card.id.removeprefix('smartplay/')}")
        assert env.spec is not None
        env.close()


@each_code
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vector_environments(card: GameCard, mode: str) -> None:
    single = gym.make(card.id)
    start, info = single.reset(seed=11)
    after = single.step(0)
    vector = gym.make_vec(card.id, num_envs=2, vectorization_mode=mode)
    try:
        texts, infos = vector.reset(seed=[11, 11])  # type: ignore[arg-type]
        assert tuple(texts) == (start, start)
        assert list(infos["obs"]) == [start, start]
        assert infos["manual"][1] == info["manual"]
        texts, rewards, *_ = vector.step(np.array([0, 0]))
        assert tuple(texts) == (after[0], after[0])
        assert rewards.tolist() == [after[1], after[1]]
    finally:
        vector.close()
        single.close()


@each_code
def test_pictures(card: GameCard) -> None:
    words = gym.make(card.id, render_mode="ansi")
    text, _ = words.reset(seed=1)
    assert words.render() == text
    words.close()
    pictured, blind = gym.make(card.id, render_mode="rgb_array"), gym.make(card.id)
    for one, other in zip(steps(pictured, 1, 3), steps(blind, 1, 3), strict=True):
        picture: Any = pictured.render()
        assert picture.dtype == np.uint8
        assert picture.shape[2] == 3
        assert min(picture.shape[:2]) >= 200
        assert np.asarray(picture).std() > 1, "the picture shows nothing"
        assert plain(one[-1]) == plain(other[-1]), "drawing changed the game"
    pictured.close()
    blind.close()


@each_card
def test_the_dossier(card: GameCard) -> None:
    folder = GAMES / card.family
    assert (folder / "README.md").is_file(), f"games/{card.family}/README.md is missing"
    assert (folder / "picture.png").is_file(), f"games/{card.family}/picture.png is missing"


@each_card
def test_the_dossier_has_the_best_trivial_policy(card: GameCard) -> None:
    """In the row of the id, or in a row of its own where the table is of one id."""
    trivial = card.anchors.trivial
    if trivial is None:
        return
    text = (GAMES / card.family / "README.md").read_text()
    assert "trivial" in text.lower()
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")]
    name = card.name.rsplit("-v", 1)[0].removesuffix("Fixed")
    heads = [(row[0].strip(), row[1:]) for row in rows]
    own = [row for head, row in heads if head == "trivial" or (head and name.endswith(head))]
    found = [cell.strip().split(" ")[0] for row in own for cell in row]
    shown = [(float(cell), 10.0 ** -len(cell.partition(".")[2])) for cell in found if NUMBER(cell)]
    if own:  # a dossier may name settings otherwise
        assert any(abs(value - trivial.mean) < 0.6 * digit for value, digit in shown)
