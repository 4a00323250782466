"""Second attempts, and the hierarchy with memory: mechanism against formula, through the runner."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import pytest

import smartplay
from smartplay import Run, models
from smartplay.agents.catalog import find_agent, place_in_order
from smartplay.core.errors import UsageError
from smartplay.games.base import attempt_in
from smartplay.leaderboard.tracks import track_of
from smartplay.leaderboard.verify import verify_run
from smartplay.models.base import Settings
from smartplay.models.pace import Pace
from smartplay.records import Call, Message, Usage
from smartplay.records.folder import RunFolder
from smartplay.runner import Limits
from tests.asking import same, transcript
from tests.games import CARD, unique

HANOI = "smartplay/Hanoi3Disk-v0"

KINDS = """
import gymnasium as gym
from smartplay.games.base import Describer, Description

NAMES = ("copper", "ivory", "marble", "silver", "walnut", "velvet")


class KindsEnv(gym.Env):
    metadata = {"render_modes": []}

    def __init__(self, render_mode=None):
        self.observation_space = gym.spaces.Discrete(100)
        self.action_space = gym.spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.kind = int(self.np_random.integers(len(NAMES)))
        self.right = int(self.np_random.integers(4))
        self.done = self.won = False
        return 0, {}

    def step(self, action):
        self.done, self.won = True, action == self.right
        return 0, float(self.won), True, False, {}


class KindsText(Describer):
    actions = ("red", "blue", "green", "yellow")

    def manual(self, steps):
        return "TITLE\\n\\nChoose the right door."

    def describe(self, turn):
        env = self.env
        end = f" You were {'right' if env.won else 'wrong'}." if env.done else ""
        text = f"A {NAMES[env.kind]} door. Right is {'!' * env.right}?{end}"
        return Description(text, float(env.won), env.won, {})
"""


class Habits(Settings, frozen=True, kw_only=True):
    """How often a model is right: p, or `shown` with an example of the same kind; as a judge."""

    p: float = 0.3
    shown: float = -1.0
    judges: float = 1.0


class Habitual:
    """A model of such habits; what it draws depends on what it is asked and with which seed."""

    kind, summary, needs_name = "habit", "a model whose law is known", True
    settings_type = Habits
    concurrency = 64
    asked: ClassVar[list[tuple[str, str]]] = []
    told: ClassVar[bool] = False
    """Whether a model was ever told of an attempt before."""

    def __init__(self, name: str, settings: Habits) -> None:
        self.name, self.settings = f"habit:{name}", settings
        self.notes: list[str] = []
        self.pace = Pace()

    async def chat(
        self, messages: list[Message], *, seed: int | None = None, label: str = "", **_: Any
    ) -> list[Call]:
        Habitual.asked.append((self.name, label))
        told = json.dumps([self.name, seed, label, messages]).encode()
        draw = random.Random(hashlib.sha256(told).digest())
        text = self._say(str(messages[-1]["content"]), label, draw)
        return [Call(messages=messages, text=text, usage=Usage(10, 0, 1))]

    async def aclose(self) -> None:
        pass

    def _say(self, asked: str, label: str, draw: random.Random) -> str:
        laws = self.settings
        if label == "verdict":
            won = "You were right" in asked
            return (
                ("Yes." if won else "no") if draw.random() < laws.judges else "no" if won else "yes"
            )
        page, _, example = asked.partition("that was won:")
        before, _, page = page.rpartition("begins again:\n\n")
        Habitual.told |= bool(before)
        [(kind, right)] = re.findall(r"A (\w+) door\. Right is (!*)\?", page)
        p = laws.shown if kind in example and laws.shown >= 0 else laws.p
        names = ["red", "blue", "green", "yellow"]
        name = names.pop(len(right))
        return f"Answer: {name if draw.random() < p else draw.choice(names)}"


@pytest.fixture
def habits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    found = EntryPoints([EntryPoint("habit", f"{__name__}:Habitual", models.GROUP)])
    monkeypatch.setattr(models, "plugins", lambda group: found.select(group=group))
    Habitual.asked.clear()
    Habitual.told = False
    return Habitual.asked


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    (tmp_path / "kinds.py").write_text(KINDS)
    card = tmp_path / "kinds.toml"
    environment = 'environment = "kinds.py:KindsEnv"\ndescriber = "kinds.py:KindsText"'
    card.write_text(
        CARD.format(name=unique(tmp_path), title="Kinds", environment=environment, history=10,
                    fallback=0, steps=1, heavy="false", own="")
    )  # fmt: skip
    return card


def play(card: Path, out: Path, agent: str = "eco", **settings: Any) -> Run:
    options: dict[str, Any] = {"episodes": 60}
    options |= {k: settings.pop(k) for k in ("executor", "limits", "cache", "seed", "episodes")
               if k in settings}  # fmt: skip
    tables = {
        "weak": {"agent": "habit:weak", "p": 0.3, "shown": settings.pop("shown", 0.9)},
        "strong": {"agent": "habit:strong", "p": 0.9},
    }
    if judges := settings.pop("judges", None):
        tables["judge"] = {"agent": "habit:judge", "judges": judges}
    told = {"models": tables, "seed": "episode"} | settings
    return smartplay.run(agent, str(card), out=out, agent_settings=told, progress=False,
                         **options)  # fmt: skip


def success(runs: list[Run]) -> float:
    records = [record for run in runs for record in run.episodes]
    assert all(record.score is not None for record in records), [r.error for r in records][:3]
    return sum(record.completed for record in records) / len(records)


def strong_calls(runs: list[Run]) -> float:
    """Calls of the strong model an episode; the weak one makes one in each."""
    records = [record for run in runs for record in run.episodes]
    calls = Counter[str]()
    for record in records:
        calls.update({role: use.calls for role, use in record.roles.items()})
    assert calls["weak"] == len(records)
    return calls["strong"] / len(records)


def near(found: float, expected: float, number: int, spread: float | None = None) -> bool:
    """Within 3.5 standard errors of a share."""
    variance = expected * (1 - expected) if spread is None else spread
    assert abs(found - expected) < 3.5 * math.sqrt(variance / number), (found, expected)
    return True


# The hierarchy


@pytest.mark.slow
def test_with_memory(habits: Any, kinds: Path, tmp_path: Path) -> None:
    """Six kinds, each known once it was solved: u = (1 - s/6)^k after k episodes."""
    runs = [play(kinds, tmp_path / f"run{k}", seed=k) for k in range(6)]
    a, b, s = 0.3, 0.9, 0.9
    solved = a + (1 - a) * s
    unknown = sum((1 - solved / 6) ** k for k in range(60)) / 60
    score = unknown * solved + (1 - unknown) * (b + (1 - b) * s)
    assert score == pytest.approx(0.9835, abs=0.0001)
    cost = 1 + 10 * (unknown * (1 - a) + (1 - unknown) * (1 - b))
    assert cost == pytest.approx(2.645, abs=0.001)
    near(success(runs), score, 360)
    near(strong_calls(runs), (cost - 1) / 10, 360)
    first = [r for run in runs for r in run.episodes if r.episode < 3]
    later = [r for run in runs for r in run.episodes if r.episode >= 40]
    unknown = sum((1 - solved / 6) ** k for k in range(3)) / 3
    asked = unknown * (1 - a) + (1 - unknown) * (1 - b)
    near(sum("strong" in r.roles for r in first) / len(first), asked, len(first))
    near(sum("strong" in r.roles for r in later) / len(later), 1 - b, len(later))


@pytest.mark.slow
def test_without_memory(habits: Any, kinds: Path, tmp_path: Path) -> None:
    run = play(kinds, tmp_path / "run", memory=False, episodes=200, seed=1)
    near(success([run]), 0.93, 200)
    near(strong_calls([run]), 0.7, 200)
    assert not Habitual.told, "the strong model begins from nothing"
    assert {head["memory"] for head, *_ in transcript(run.path).values()} == {""}


@pytest.mark.slow
def test_it_follows_from_two_runs(habits: Any, kinds: Path, tmp_path: Path) -> None:
    """What the analysis makes of two ordinary runs without memory is what is played."""
    from smartplay.report.analysis import analyze_runs

    for role, p in (("weak", 0.3), ("strong", 0.9)):
        smartplay.run(f"habit:{role}", str(kinds), out=tmp_path / role, episodes=240,
                      progress=False, agent_settings={"p": p, "seed": "episode"})  # fmt: skip
    found = analyze_runs([tmp_path / "weak", tmp_path / "strong"], [kinds])
    [[both]] = found.hierarchies.values()
    near(both.completed[2], 0.93, 240)
    near(both.passed_on, 0.7, 240)


@pytest.mark.slow
def test_equal_attempts(habits: Any, kinds: Path, tmp_path: Path) -> None:
    """The control: a model that may try twice is right with 1 - (1 - p)^2."""
    run = smartplay.run("habit:weak", str(kinds), out=tmp_path / "run", episodes=240,
                        progress=False,
                        agent_settings={"p": 0.3, "seed": "episode", "attempts": 2})  # fmt: skip
    assert run.header.agent_settings["attempts"] == 2
    [plan] = run.header.games.values()
    assert (plan.settings, plan.most_steps) == ({"attempts": 2}, 2 * plan.steps)
    assert track_of(run.header).attempts == 2
    near(success([run]), 1 - 0.7**2, 240)
    assert Habitual.told, "other methods see how the first attempt ended"


@pytest.mark.slow
@pytest.mark.parametrize("judges", [1.0, 0.8])
def test_a_model_says_who_failed(judges: float, habits: Any, kinds: Path, tmp_path: Path) -> None:
    """What it calls won stands, right or wrong; of the rest the strong model is right with s."""
    run = play(kinds, tmp_path / "run", memory=False, verdict="model", judges=judges, episodes=240)
    a, s, j = 0.3, 0.9, judges
    near(success([run]), a * (j + (1 - j) * s) + (1 - a) * j * s, 240)
    near(strong_calls([run]), a * (1 - j) + (1 - a) * j, 240)
    assert sum(record.roles["judge"].calls for record in run.episodes) == 240
    assert all(record.steps == 2 for record in run.episodes)


def test_a_judged_run_is_verified(habits: Any, kinds: Path, tmp_path: Path) -> None:
    run = play(kinds, tmp_path / "run", verdict="model", judges=0.8, episodes=4)
    assert not run.unscored
    verify(run, kinds)


def verify(run: Run, *cards: Path) -> None:
    found = verify_run(run.path, cards=cards)
    assert not found.problems, found.problems[0]


@pytest.mark.slow
def test_it_resumes_elsewhere_and_from_a_cache(habits: Any, kinds: Path, tmp_path: Path) -> None:
    """The same memories, the same replies, none paid for twice."""
    cache = tmp_path / "replies.sqlite"
    calm = play(kinds, tmp_path / "calm", cache=cache, episodes=8)
    calls = len(habits)
    half = Limits(tokens=sum(record.usage.total for record in calm.episodes) // 2)
    assert play(kinds, tmp_path / "broken", limits=half, episodes=8).stopped
    assert 0 < len(habits) - calls < calls
    again = play(kinds, tmp_path / "broken", episodes=8)
    assert len(habits) == 2 * calls
    with ThreadPoolExecutor(2) as pool:
        spread = play(kinds, tmp_path / "spread", executor=pool, episodes=8)
    cached = play(kinds, tmp_path / "cached", cache=cache, episodes=8)
    assert len(habits) == 3 * calls
    for run in (again, spread, cached):
        same(run, calm)
    heads = [head["memory"] for head, *_ in transcript(calm.path).values()]
    assert len(set(heads)) > 4


# Orders


def order_of(run: Run) -> list[int]:
    """The episodes of a run as they were played, by what they remember."""
    lines = (run.path / "episodes.jsonl").read_text().splitlines()
    return [json.loads(line)["episode"] for line in lines]


@pytest.mark.slow
def test_a_shuffled_order(habits: Any, kinds: Path, tmp_path: Path) -> None:
    plain = play(kinds, tmp_path / "plain", episodes=9)
    runs = {
        seed: play(kinds, tmp_path / f"run{seed}", episodes=9, episode_order=f"shuffled:{seed}")
        for seed in (1, 2)
    }
    assert order_of(plain) == list(range(9))
    for seed, run in runs.items():
        assert sorted(order_of(run)) == list(range(9))
        assert order_of(run) != list(range(9))
        assert run.header.agent_settings["episode_order"] == f"shuffled:{seed}"
        [first] = [h for h, *_ in transcript(run.path).values() if not h["memory"]]
        assert first["episode"] == order_of(run)[0]
        assert [r.seed for r in run.episodes] == [r.seed for r in plain.episodes], "same worlds"
    verify(runs[1], kinds)
    assert order_of(runs[1]) != order_of(runs[2])
    with pytest.raises(smartplay.SmartPlayError, match="episode_order differs"):
        play(kinds, tmp_path / "run1", episodes=9, episode_order="shuffled:2")
    half = Limits(tokens=sum(record.usage.total for record in runs[1].episodes) // 2)
    assert play(kinds, tmp_path / "half", episodes=9, episode_order="shuffled:1",
                limits=half).stopped  # fmt: skip
    again = play(kinds, tmp_path / "half", episodes=9, episode_order="shuffled:1")
    assert transcript(again.path) == transcript(runs[1].path)


def test_an_order_does_not_depend_on_the_number_of_episodes() -> None:
    few, many = (sorted(range(n), key=lambda k: place_in_order("shuffled:3", "g", k))
                 for n in (5, 50))  # fmt: skip
    assert [k for k in many if k < 5] == few
    other = sorted(range(50), key=lambda k: place_in_order("shuffled:3", "h", k))
    assert other != many, "each game has its own"


def test_agents_of_ones_own_have_orders_too(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "class Mine:\n"
        "    def __init__(self, context): ...\n"
        "    def act(self, observation):\n        return 0\n"
        "    @staticmethod\n"
        "    def learn(memory, trajectory):\n"
        "        return (memory or b'') + b'%d,' % trajectory.episode\n"
    )
    agent, told = f"{tmp_path / 'mine.py'}:Mine", {"episode_order": "shuffled:4"}
    run = smartplay.run(agent, "BanditTwoArmedHighLowFixed", episodes=5, steps=1,
                        out=tmp_path / "run", agent_settings=told, progress=False)  # fmt: skip
    expected = sorted(range(5), key=lambda k: place_in_order("shuffled:4", run.episodes[0].game, k))
    memories = {h["episode"]: h["memory"] for h, *_ in transcript(run.path).values()}
    for place, episode in enumerate(expected):
        memory = "".join(f"{k}," for k in expected[:place]).encode()
        assert memories[episode] == (hashlib.sha256(memory).hexdigest()[:16] if place else "")


@pytest.mark.parametrize(
    ("agent", "settings", "told"),
    [
        ("random", {"episode_order": "shuffled:1"}, "remembers no episodes"),
        ("random", {"episode_order": "backwards"}, "must be numbered or, say, shuffled:1"),
        ("random", {"episode_order": 3}, "must be numbered or, say, shuffled:1"),
        ("random", {"attempts": 0}, "attempts must be a number from 1 to 20, not 0"),
        ("random", {"attempts": True}, "attempts must be a number from 1 to 20"),
        ("random", {"attempts": 2, "again": "never"}, "unknown again 'never'; known: lost, always"),
    ],
)
def test_what_is_refused(agent: str, settings: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=told):
        smartplay.run(agent, "Hanoi3Disk", out=tmp_path / "run", agent_settings=settings,
                      progress=False)  # fmt: skip


# Attempts at a game


def hanoi(**settings: Any) -> gym.Env[Any, Any]:
    return gym.make(HANOI, disable_env_checker=True, max_episode_steps=3, **settings)


def walk(env: gym.Env[Any, Any], actions: list[int], seed: int | None = 3) -> list[Any]:
    found: list[Any] = [env.reset(seed=seed)]
    for action in actions:
        shown, reward, terminated, truncated, info = env.step(action)
        found.append((shown, reward, terminated, truncated, info))
    return found


def test_a_second_attempt_begins_in_the_same_world() -> None:
    env = gym.make("smartplay/ContrastReasoningEasy-v1", max_episode_steps=2, attempts=3,
                   disable_env_checker=True)  # fmt: skip
    (first, _), *steps = walk(env, [0, 0] * 3)
    begun = [attempt_in(step[0]) for step in steps]
    assert [text[1] for text in begun if text[0] is not None] == [first] * 2
    assert "The game is over." in str(begun[1][0])
    assert [step[3] for step in steps] == [False] * 5 + [True]
    assert [len(step[4]["history"]) for step in walk(hanoi(attempts=2), [0] * 6)[1:]] == [
        1, 2, 0, 1, 2, 3,
    ]  # fmt: skip
    assert env.observation_space.contains(steps[1][0])


def test_a_won_attempt_ends_the_episode_unless_it_is_always_tried_again() -> None:
    right = gym.make("smartplay/ContrastReasoningEasy-v1", max_episode_steps=1,
                     disable_env_checker=True)  # fmt: skip
    action = right.reset(seed=5)[1]["state"]["right"]
    for again, ends in (("lost", True), ("always", False)):
        env = gym.make("smartplay/ContrastReasoningEasy-v1", max_episode_steps=1, attempts=2,
                       again=again, disable_env_checker=True)  # fmt: skip
        env.reset(seed=5)
        *_, terminated, truncated, info = env.step(action)
        assert (terminated or truncated) == ends
        assert info["completed"] == ends


def test_attempts_are_in_snapshots_and_pickles() -> None:
    env = hanoi(attempts=2)
    walk(env, [0, 0])
    text = env.get_wrapper_attr("snapshot")()
    copied = pickle.loads(pickle.dumps(env))
    after = [env.step(a)[:4] for a in (0, 1, 2, 3)]
    env.get_wrapper_attr("restore")(text)
    assert [env.step(a)[:4] for a in (0, 1, 2, 3)] == after
    assert [copied.step(a)[:4] for a in (0, 1, 2, 3)] == after
    assert after[-1][3]


def test_without_a_seed_the_world_is_the_same_too() -> None:
    env = gym.make("smartplay/ContrastReasoningEasy-v1", max_episode_steps=1, attempts=2,
                   disable_env_checker=True)  # fmt: skip
    env.reset(seed=1)
    first, _ = env.reset()
    for action in range(4):
        shown, _, terminated, truncated, _ = env.step(action)
        if not (terminated or truncated):
            assert attempt_in(shown)[1] == first
            break


def test_several_attempts_need_a_text() -> None:
    for observation in ("native", "image"):
        with pytest.raises(UsageError, match="use text or both"):
            hanoi(attempts=2, observation=observation)


def test_attempts_are_verified_and_no_more_steps_than_these_can_have(tmp_path: Path) -> None:
    run = smartplay.run("random", "Hanoi3Disk", episodes=2, steps=4, out=tmp_path / "run",
                        agent_settings={"attempts": 3}, progress=False)  # fmt: skip
    assert [record.steps for record in run.episodes] == [12, 12]
    verify(run)
    header = RunFolder(run.path).header()
    assert header.games[HANOI].most_steps == 12
    assert np.mean([record.score for record in run.episodes]) >= 0
    assert find_agent("random", {"attempts": 3}).games == {"attempts": 3}


def test_one_attempt_and_the_usual_order_are_as_if_nothing_was_said() -> None:
    plain = find_agent("random", {})
    for settings in ({"attempts": 1}, {"attempts": 1, "again": "always"}):
        source = find_agent("random", settings)
        assert (source.settings, source.games) == (plain.settings, plain.games)
    models = {role: {"agent": "openai:x", "base_url": "http://127.0.0.1:9/v1"}
              for role in ("weak", "strong")}  # fmt: skip
    eco = find_agent("eco", {"models": models, "verdict": "model", "attempts": 3})
    assert eco.games == {"attempts": 3, "again": "always"}
    assert {key: eco.settings[key] for key in eco.games} == eco.games
    once = find_agent("eco", {"models": models, "attempts": 1, "episode_order": "numbered"})
    assert once.games == {}
    assert not {"attempts", "episode_order"} & set(once.settings)
