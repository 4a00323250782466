"""Text, picture or both: readers of a known kind, on a game that tells the same in both ways."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import smartplay
from smartplay import Run
from smartplay.cli import main
from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.games.registry import get_card
from smartplay.leaderboard.tracks import track_of
from smartplay.leaderboard.verify import verify_run
from smartplay.report.analysis import analyze_runs
from smartplay.scores.analyses import Modality
from tests.games import CARD, unique

GAME = """
import gymnasium as gym
import numpy as np
from smartplay.games.base import Describer, Description


class LampEnv(gym.Env):
    metadata = {"render_modes": ["rgb_array"], "render_fps": 2}

    def __init__(self, render_mode=None):
        self.render_mode = render_mode
        self.observation_space = gym.spaces.Discrete(4)
        self.action_space = gym.spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.score = 0
        self.right = int(self.np_random.integers(4))
        return 0, {}

    def step(self, action):
        self.score += action == self.right
        reward = float(action == self.right)
        self.right = int(self.np_random.integers(4))
        return 0, reward, False, False, {}

    def render(self):
        return np.full((8, 8, 3), 50 * (self.right + 1), dtype=np.uint8)


class LampText(Describer):
    actions = ("red", "blue", "green", "yellow")

    def manual(self, steps):
        return "TITLE\\n\\nChoose what the lamp says."

    def describe(self, turn):
        return Description(f"The lamp says {self.env.right}.", float(self.env.score), False, {})
"""

READER = '''
from smartplay import Reply
from smartplay.records import Call, Usage


class Reader:
    """Follows the text, the picture, or the one first and else the other; knows neither, red."""

    def __init__(self, manual, actions, seed, follows="text"):
        self.actions, self.follows = actions, follows

    def act(self, observation):
        told = {}
        if "The lamp says" in observation.text:
            told["text"] = int(observation.text.split()[-1].strip("."))
        if observation.image is not None and observation.image[0, 0, 0]:
            told["image"] = int(observation.image[0, 0, 0]) // 50 - 1
        known = [told[each] for each in self.follows.split("+") if each in told]
        size = 10 + 100 * (observation.image is not None)
        call = Call([{"role": "user", "content": "?"}], "x", usage=Usage(size, 0, 1))
        return Reply(f"Answer: {self.actions[known[0] if known else 0]}", calls=[call])
'''
ARMS: dict[str, dict[str, Any]] = {
    "text": {},
    "image": {"observation": "image"},
    "both": {"observation": "both"},
    "both (blank picture)": {"observation": "both", "picture": "blank"},
    "both (other picture)": {"observation": "both", "picture": "other"},
}
STEPS, EPISODES = 10, 12
slow = partial(pytest.param, marks=pytest.mark.slow)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    (tmp_path / "lamp.py").write_text(GAME)
    (tmp_path / "reader.py").write_text(READER)
    environment = 'environment = "lamp.py:LampEnv"\ndescriber = "lamp.py:LampText"'
    path = tmp_path / "lamp.toml"
    path.write_text(
        CARD.format(name=unique(tmp_path), title="Lamp", environment=environment, history=0,
                    fallback=0, steps=STEPS, heavy="false", own="")
    )  # fmt: skip
    return path


def play(card: Path, arm: str, follows: str) -> Run:
    return smartplay.run(
        f"{card.parent / 'reader.py'}:Reader", str(card), episodes=EPISODES,
        out=card.parent / f"{follows} {arm}", agent_settings={"follows": follows},
        game_settings={"ticks": ARMS[arm]} if ARMS[arm] else {}, progress=False,
    )  # fmt: skip


def share(run: Run) -> float:
    assert not run.unscored, run.unscored[0].error
    return sum(record.score or 0 for record in run.episodes) / (STEPS * EPISODES)


@pytest.mark.parametrize(
    ("follows", "right"),
    [
        slow("text", ["text", "both", "both (blank picture)", "both (other picture)"]),
        slow("image", ["image", "both"]),
        slow("text+image", list(ARMS)),  # the other picture contradicts the text, which it follows
        slow("image+text", ["text", "image", "both", "both (blank picture)"]),
    ],
)
def test_who_reads_what(follows: str, right: list[str], card: Path) -> None:
    """Right in every step where what it follows is told, else in a quarter of them."""
    for arm in ARMS:
        found = share(play(card, arm, follows))
        if arm in right:
            assert found == 1, arm
        else:
            assert abs(found - 0.25) < 3.5 * (0.25 * 0.75 / (STEPS * EPISODES)) ** 0.5, arm


@pytest.mark.slow
def test_arms_are_compared_by_seed_tokens_and_price(
    card: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [play(card, arm, "image+text") for arm in ARMS]
    prices = card.parent / "prices.toml"
    agent = runs[0].header.agent
    prices.write_text(
        f'currency = "USD"\ndate = 2026-11-01\n[models.{agent!r}]\nprompt = 1e6\ncompletion = 0\n'
    )
    from smartplay.records.prices import read_prices

    found = analyze_runs([run.path for run in runs], [card], read_prices(prices))
    [pairs] = found.modalities.values()
    assert {(pair.first, pair.second) for pair in pairs} == set(combinations(ARMS, 2))
    by = {(pair.first, pair.second): pair for pair in pairs}
    assert by["text", "both (blank picture)"].difference.mean == 0
    disturbed: Modality = by["both", "both (other picture)"]
    assert disturbed.difference.mean > 6
    assert disturbed.p is not None
    assert disturbed.p < 0.01
    assert list(by["text", "both"].read) == [10, 110]
    assert list(by["text", "both"].cost) == [10, 110]
    line = ["analyze", *(str(run.path) for run in runs), "--card", str(card)]
    assert main([*line, "--prices", str(prices)]) == 0
    told = capsys.readouterr().out
    assert "The same episodes, seen otherwise" in told
    assert "picture)" in told, "a long name of a game wraps the rest"
    assert "USD" in told
    assert main(line) == 0
    assert "USD" not in capsys.readouterr().out


@pytest.mark.slow
def test_controls_are_tracks_of_their_own_and_replay(card: Path) -> None:
    runs = [play(card, arm, "text") for arm in ARMS]
    assert len({track_of(run.header) for run in runs}) == len(ARMS)
    for run in runs:
        assert not verify_run(run.path, cards=[card]).problems


PICTURED = ["Hanoi3Disk", "MessengerL1", "Crafter", "ContrastReasoningEasy"]


@pytest.mark.parametrize("game", PICTURED)
def test_the_pictures_of_our_games(game: str) -> None:
    """The text is its own whatever the picture; the blank one shows nothing."""
    shown = {}
    for picture in ("own", "blank", "other"):
        env = gym.make(get_card(game).id, observation="both", picture=picture,
                       disable_env_checker=True)  # fmt: skip
        env.reset(seed=4)
        for action in (1, 0, 1):
            observation, *_ = env.step(action)
        assert env.observation_space.contains(observation)
        shown[picture] = observation
        env.close()
    assert len({each["text"] for each in shown.values()}) == 1
    assert not shown["blank"]["image"].any()
    if game in ("MessengerL1", "Crafter"):  # others begin alike in every world
        assert not np.array_equal(shown["own"]["image"], shown["other"]["image"])


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown picture 'none'; did you mean own"):
        gym.make(get_card("Hanoi3Disk").id, observation="both", picture="none")
    env = gym.make(get_card("Hanoi3Disk").id, observation="both", picture="other")
    env.reset(seed=1)
    with pytest.raises(UsageError, match="no snapshots with picture"):
        env.get_wrapper_attr("snapshot")()
