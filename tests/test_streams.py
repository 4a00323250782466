"""Rows of episodes each of which rests on the records of those before it."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import time
import warnings
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay import Run
from smartplay.agents.context import Trajectory
from smartplay.cli import main
from smartplay.records import EpisodeRecord
from tests.asking import (
    Numbered,
    by_hand,
    command,
    define,
    fake,
    kill_at,
    replies,
    same,
    seeded,
    transcript,
)
from tests.fake_server import Answer, FakeServer

BANDIT, HANOI, ROCK = "BanditTwoArmedHighLowFixed", "Hanoi3Disk", "RockPaperScissorBasic"
GAMES, EPISODES, STEPS = f"{BANDIT},{HANOI},{ROCK}", 4, 3

COUNTING = """
import hashlib, json, os, time
from pathlib import Path

HERE = Path(__file__).parent

def disturb(place):
    trouble = HERE / place
    if trouble.exists():
        trouble.unlink()
        os.kill(os.getpid(), 9)

class Counting:
    '''Its actions depend on all it remembers.'''

    def __init__(self, context):
        disturb("made")
        self.context, self.steps = context, 0

    def act(self, observation):
        context = self.context
        disturb("act")
        if (HERE / f"fail {context.title} {context.episode}").exists():
            raise RuntimeError("mine")
        time.sleep(0.003)
        self.steps += 1
        told = f"{context.memory} {context.seed} {self.steps}"
        return hashlib.sha256(told.encode()).digest()[0] % len(context.actions)

    @staticmethod
    def learn(memory, trajectory):
        disturb("learn")
        seen = json.loads(memory) if memory else []
        told = [trajectory.game, trajectory.episode, trajectory.observations, trajectory.taken,
                trajectory.score, trajectory.completed]
        return json.dumps([*seen, told]).encode()
"""


def counting(folder: Path, code: str = COUNTING) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "counting.py").write_text(code)
    return f"{folder / 'counting.py'}:Counting"


def play(agent: Any, out: Path, **options: Any) -> Run:
    given: dict[str, Any] = {
        "games": GAMES,
        "episodes": EPISODES,
        "steps": STEPS,
        "progress": False,
    }
    return smartplay.run(agent, out=out, **(given | options))


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The undisturbed run."""
    folder = tmp_path_factory.mktemp("calm")
    run = play(counting(folder), folder / "run", concurrency=1)
    assert not run.unscored, run.unscored[0].traceback
    return run


def digests(path: Path) -> dict[tuple[str, int], str]:
    """With which memory each episode began."""
    return {
        (game.removeprefix("smartplay/").removesuffix("-v0"), episode): told[0]["memory"]
        for (game, episode, _), told in transcript(path).items()
    }


def test_every_episode_begins_with_what_those_before_it_left(calm: Run) -> None:
    told = transcript(calm.path)
    records = {(r.game, r.episode): r for r in calm.episodes}
    for game in calm.header.games:
        memory: list[Any] = []
        for episode in range(EPISODES):
            head, *steps = told[game, episode, 0]
            digest = hashlib.sha256(json.dumps(memory).encode()).hexdigest()[:16]
            assert head["memory"] == (digest if episode else "")
            observations = [head["observation"], *(step["observation"] for step in steps)]
            taken = [step["name"] for step in steps]
            record = records[game, episode]
            memory.append([game, episode, observations, taken, record.score, record.completed])


def test_memory_is_seen_in_what_is_played(tmp_path: Path, calm: Run) -> None:
    """Otherwise nothing here is shown at all."""
    code = COUNTING.replace("{context.memory}", "nothing")
    other = play(counting(tmp_path, code), tmp_path / "run")
    assert [r.score for r in other.episodes] != [r.score for r in calm.episodes]


def test_an_agent_without_learn_begins_with_nothing(tmp_path: Path) -> None:
    run = play("random", tmp_path / "run")
    assert set(digests(run.path).values()) == {""}


def test_what_learn_is_shown_is_plain(tmp_path: Path) -> None:
    seen: list[Trajectory] = []

    class Noting:
        def __init__(self, context: Any) -> None: ...

        def act(self, observation: str) -> int:
            return 0

        @classmethod
        def learn(cls, memory: bytes | None, trajectory: Trajectory) -> bytes:
            seen.append(trajectory)
            return b""

    run = play(Noting, tmp_path / "run", games=BANDIT, episodes=3)
    assert {t.episode for t in seen} >= {0, 1}
    assert all(t.manual and t.actions and len(t.observations) == STEPS + 1 for t in seen)
    told = digests(run.path)
    assert told[BANDIT, 0] == ""
    assert told[BANDIT, 1] == hashlib.sha256(b"").hexdigest()[:16], "no memory and an empty one"


# Side by side

MEETING = """
import threading
meeting = threading.Barrier(3)

class Counting:
    def __init__(self, context):
        self.context = context

    def act(self, observation):
        meeting.wait(20)
        return 0

    @staticmethod
    def learn(memory, trajectory):
        return (memory or b"") + b"."
"""


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "executor"])
def test_streams_run_side_by_side(elsewhere: bool, tmp_path: Path) -> None:
    """No step is made before all three games have come to it."""
    with ThreadPoolExecutor(3) as pool:
        run = play(
            counting(tmp_path, MEETING), tmp_path / "run", episodes=2, concurrency=3,
            executor=pool if elsewhere else None,
        )  # fmt: skip
    assert not run.unscored, run.unscored[0].error


@pytest.mark.parametrize("concurrency", [None, 2, 8])
def test_concurrency_changes_nothing(concurrency: int | None, tmp_path: Path, calm: Run) -> None:
    same(play(counting(tmp_path), tmp_path / "run", concurrency=concurrency), calm)


def test_an_executor_changes_nothing(tmp_path: Path, calm: Run) -> None:
    with ThreadPoolExecutor(3) as pool:
        same(play(counting(tmp_path), tmp_path / "run", executor=pool), calm)


@pytest.mark.slow
def test_a_cluster_changes_nothing(tmp_path: Path, calm: Run) -> None:
    distributed: Any = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster:
            agent, address = counting(tmp_path), cluster.scheduler_address
            same(play(agent, tmp_path / "run", cluster=address), calm)


def test_the_order_of_games_changes_nothing(tmp_path: Path, calm: Run) -> None:
    games = f"{ROCK},{BANDIT},{HANOI}"
    play(counting(tmp_path), tmp_path / "run", games=games, concurrency=2)
    assert transcript(tmp_path / "run") == transcript(calm.path)


def test_asynchronous_agents_remember_too(tmp_path: Path, calm: Run) -> None:
    code = COUNTING.replace("def act", "async def act")
    run = play(counting(tmp_path, code), tmp_path / "run", concurrency=3)
    same(run, calm)


# Killed


def told(agent: str, out: Path) -> list[str]:
    return [
        *command(agent, out), "--games", GAMES, "--episodes", str(EPISODES), "--steps", str(STEPS)
    ]  # fmt: skip


@pytest.mark.slow
def test_killed_anywhere_and_taken_up(tmp_path: Path, calm: Run) -> None:
    """By the agent itself: when it is made, when it acts, when it learns; and from outside."""
    agent, draw = counting(tmp_path), random.Random(0)
    line = told(agent, tmp_path / "run")
    for place in ("learn", "act", "made"):
        (tmp_path / place).touch()
        done = subprocess.run(line, capture_output=True, timeout=60)
        assert done.returncode == -9, done.stderr.decode()
    for _ in range(2):
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lines = tmp_path / "run" / "episodes.jsonl"
        before = lines.read_bytes() if lines.exists() else b""
        while process.poll() is None and (not lines.exists() or lines.read_bytes() == before):
            time.sleep(0.002)
        time.sleep(draw.uniform(0, 0.03))
        process.kill()
        process.communicate()
    same(play(agent, tmp_path / "run"), calm)


def test_killed_inside_here_and_gone_on_elsewhere(tmp_path: Path, calm: Run) -> None:
    agent = counting(tmp_path)
    (tmp_path / "learn").touch()
    subprocess.run(told(agent, tmp_path / "run"), capture_output=True, timeout=60)
    with ThreadPoolExecutor(2) as pool:
        same(play(agent, tmp_path / "run", executor=pool), calm)


# Broken off


def failing(folder: Path, title: str, episode: int) -> Path:
    return folder / f"fail {title} {episode}"


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "executor"])
@pytest.mark.parametrize("episode", [0, 2])
def test_an_unscored_episode_stops_its_row(
    episode: int, elsewhere: bool, tmp_path: Path, calm: Run
) -> None:
    agent = counting(tmp_path)
    title = smartplay.get_card(HANOI).title
    mark = failing(tmp_path, title, episode)
    mark.touch()
    pool: Executor
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            run = play(agent, tmp_path / "run", executor=pool if elsewhere else None)
            assert [r.status for r in of(run, HANOI)] == ["scored"] * episode + ["unscored"]
            for game in (BANDIT, ROCK):
                assert [r.status for r in of(run, game)] == ["scored"] * EPISODES
        mark.unlink()
        same(play(agent, tmp_path / "run", executor=pool if elsewhere else None), calm)


def of(run: Run, game: str) -> list[EpisodeRecord]:
    return [record for record in run.episodes if record.game == f"smartplay/{game}-v0"]


@pytest.mark.slow
def test_the_command_goes_on_after_a_row_was_stopped(tmp_path: Path, calm: Run) -> None:
    agent = counting(tmp_path)
    mark = failing(tmp_path, smartplay.get_card(BANDIT).title, 1)
    mark.touch()
    done = subprocess.run(told(agent, tmp_path / "run"), capture_output=True, timeout=60)
    assert done.returncode == 3, done.stderr.decode()
    mark.unlink()
    done = subprocess.run(told(agent, tmp_path / "run"), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert transcript(tmp_path / "run") == transcript(calm.path)


@pytest.mark.parametrize(
    "body",
    ['raise RuntimeError("mine")', "return 'text'", "return None", "return bytearray(b'x')"],
)
def test_what_learn_must_not_do(body: str, tmp_path: Path) -> None:
    """The row ends there; no episode is played with a memory that is none."""
    code = f"""
class Counting:
    def __init__(self, context):
        assert context.memory is None or type(context.memory) is bytes

    def act(self, observation):
        return 0

    @staticmethod
    def learn(memory, trajectory):
        {body}
"""
    out = tmp_path / "run"
    for _ in range(2):
        try:
            run = play(counting(tmp_path, code), out, games=BANDIT)
        except smartplay.SmartPlayError as error:
            told = str(error)
            assert "learn" in told
        else:
            scored = [r.episode for r in run.episodes if r.status == "scored"]
            if "bytearray" not in body:
                assert scored == [0]
                assert "learn" in str([(r.error, r.traceback) for r in run.unscored])
    assert set(digests(out).values()) <= {"", hashlib.sha256(b"x").hexdigest()[:16]}


def test_a_run_with_memory_is_verified(calm: Run) -> None:
    assert main(["verify", str(calm.path)]) == 0


# With a model

REMEMBERING = """
class Remembering:
    def __init__(self, context):
        self.context = context

    async def act(self, observation):
        past = (self.context.memory or b"nothing").decode()
        talk = [{"role": "user", "content": f"{past} {observation}"}]
        model = self.context.models["player"]
        return (await model.chat(talk))[0].text

    @staticmethod
    def learn(memory, trajectory):
        return (memory or b"") + "".join(name[0] for name in trajectory.taken).encode() + b";"
"""


@pytest.mark.slow
def test_a_model_is_paid_once_in_a_row(server: FakeServer, tmp_path: Path) -> None:
    server.answer(seeded)
    agent = define(tmp_path, REMEMBERING, "Remembering", {"player": fake(server)})
    done = by_hand(agent, tmp_path / "calm")
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == 6
    server.requests.clear()
    for call in (2, 3):  # inside the first episode, then inside the second
        kill_at(server, command(agent, tmp_path / "run"), call, seeded)
    done = by_hand(agent, tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == 6 + 2
    assert transcript(tmp_path / "run") == transcript(tmp_path / "calm")


@pytest.mark.slow
def test_a_cache_knows_what_was_remembered(server: FakeServer, tmp_path: Path) -> None:
    server.answer(Numbered())
    agent = define(tmp_path, REMEMBERING, "Remembering", {"player": fake(server)})
    cache = str(tmp_path / "cache.sqlite")
    for out in ("a", "b"):
        assert by_hand(agent, tmp_path / out, "--cache", cache).returncode == 0
    assert len(server.requests) == 6
    assert replies(tmp_path / "a") == replies(tmp_path / "b")


def test_a_service_that_fails_ends_the_row_until_next_time(
    server: FakeServer, tmp_path: Path
) -> None:
    server.answer(seeded)
    agent = define(tmp_path, REMEMBERING, "Remembering", {"player": fake(server)})
    options: dict[str, Any] = {"games": ROCK, "episodes": 3}
    calm = play(agent, tmp_path / "calm", **options)
    server.requests.clear()
    server.fail(0.25, [Answer(500)], seed=1)
    sessions = 0
    while len((run := play(agent, tmp_path / "run", **options)).episodes) < 3 or run.unscored:
        sessions += 1
        assert sessions < 30
    assert sessions
    assert len(server.requests) == 9 + sessions, "a reply was paid for again"
    same(run, calm)
