"""The runner: seeds, retries, failures, leaks, concurrency, worker processes."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import smartplay
from smartplay.agents.context import Observation, Reply
from smartplay.core.errors import AgentError, UsageError
from smartplay.leaderboard.verify import verify_run
from smartplay.records import Call, Usage
from smartplay.records.folder import RunFolder
from smartplay.results import Run
from smartplay.runner.episode import judge
from smartplay.runner.jobs import episode_seeds, jobs_of, seed_of_agent
from smartplay.runner.plan import QUICK_EPISODES, QUICK_STEPS, select_games
from tests.faults import untimed
from tests.games import unique, write_game

BANDIT, ROCK, HANOI = "BanditTwoArmedHighLowFixed", "RockPaperScissorBasic", "Hanoi3Disk"
FIRST = "Pull slot machine 1"


def play(agent: Any, out: Path, games: str = BANDIT, **options: Any) -> Run:
    options = {"episodes": 2, "steps": 5, "progress": False} | options
    return smartplay.run(agent, games, out=out, **options)


def only_error(run: Run) -> str:
    errors = {record.error for record in run.episodes}
    assert len(errors) == 1, f"expected one cause, got {errors}"
    error = errors.pop()
    assert error is not None, "the episodes count although something failed"
    return error


class Keeps:
    """Keeps every instance and all it was given."""

    made: list[Keeps] = []

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self.manual, self.actions, self.seed = manual, actions, seed
        self.seen: list[Observation] = []
        Keeps.made.append(self)

    def act(self, observation: Observation) -> str:
        self.seen.append(observation)
        return self.actions[0]


@pytest.fixture(autouse=True)
def _forget() -> None:
    Keeps.made = []


# Seeds


@pytest.mark.parametrize(("rule", "agent_seed"), [(1, 254478643), (2, 56443566)])
def test_seeds_are_fixed_for_good(rule: int, agent_seed: int, tmp_path: Path) -> None:
    header = play("random", tmp_path / "run", HANOI, episodes=1).header
    assert header.seed_rule == 2
    (job,) = jobs_of(msgspec.structs.replace(header, seed_rule=rule))
    found = job.seed, job.agent_seed
    assert found == (1835713226, agent_seed), "results of earlier versions cannot be repeated"


def test_seeds_differ_between_suites_games_episodes_and_repeats() -> None:
    games = [card.id for card in smartplay.cards()]
    episodes = list(itertools.product(range(3), games, range(20)))
    drawn = [seed for episode in episodes for seed in episode_seeds(*episode)]
    drawn += [seed_of_agent(*episode, repeat) for episode in episodes for repeat in range(2)]
    assert len(set(drawn)) == len(drawn)
    assert all(0 <= seed < 2**31 for seed in drawn)


def test_neither_order_nor_concurrency_matters(tmp_path: Path) -> None:
    runs = [
        play("random", tmp_path / f"{n}", games, episodes=4, steps=20, concurrency=concurrency)
        for n, (games, concurrency) in enumerate(
            [(f"{BANDIT},{HANOI},{ROCK}", 1), (f"{ROCK},{BANDIT},{HANOI}", 7)]
        )
    ]
    one, other = ({(r.game, r.episode): untimed(r) for r in run.episodes} for run in runs)
    assert one == other
    assert len(one) == 12
    for run in runs:
        assert [r.game for r in run.episodes] == [g for g in run.header.games for _ in range(4)]
        assert [r.episode for r in run.episodes] == [0, 1, 2, 3] * 3
    for game, episode in one:
        steps = [
            [
                (s.action, s.observation, s.reward, s.score)
                for s in RunFolder(run.path).steps(game, episode)[1]
            ]
            for run in runs
        ]
        assert steps[0] == steps[1]


def test_an_episode_is_the_same_in_a_longer_run_and_another_suite_differs(tmp_path: Path) -> None:
    few = play("random", tmp_path / "a", episodes=2)
    many = play("random", tmp_path / "b", episodes=6)
    other = play("random", tmp_path / "c", episodes=2, seed=1)
    assert [untimed(r) for r in few.episodes] == [untimed(r) for r in many.episodes[:2]]
    assert few.episodes[0].seed != other.episodes[0].seed


# What an agent is given, and what leaks


def test_one_agent_per_episode_and_nothing_shared(tmp_path: Path) -> None:
    run = play(Keeps, tmp_path / "run", episodes=3, steps=4, concurrency=1)
    assert len(Keeps.made) == 3
    assert [agent.seed for agent in Keeps.made] == [r.agent_seed for r in run.episodes]
    assert len({id(agent.actions) for agent in Keeps.made}) == 3
    for agent in Keeps.made:
        assert agent.manual.startswith("Slot Machines\n")
        assert len(agent.seen) == 4
        assert agent.seen[0].history == []
        for number, observation in enumerate(agent.seen):
            assert list(observation.history) == [str(o) for o in agent.seen[:number]]


def test_an_agent_that_spoils_what_it_is_given_spoils_nothing(tmp_path: Path) -> None:
    class Vandal(Keeps):
        def act(self, observation: Observation) -> str:
            observation.history.clear()  # type: ignore[attr-defined]
            self.actions[:] = ["rubbish"]
            return FIRST

    run = play(Vandal, tmp_path / "run", steps=6)
    assert not run.unscored
    header, steps = RunFolder(run.path).steps(f"smartplay/{BANDIT}-v0", 1)
    assert header.actions == [FIRST, "Pull slot machine 2"]
    assert [step.name for step in steps] == [FIRST] * 6


def test_agents_do_not_see_the_truth(tmp_path: Path) -> None:
    prompts: list[str] = []

    def agent(prompt: str) -> str:
        prompts.append(prompt)
        return FIRST

    play(agent, tmp_path / "run", episodes=1)
    assert not any(word in prompt for prompt in prompts for word in ("0.8", "optimal", "state"))


def test_a_prompt_grows_at_its_end_and_numbers_steps_truly(tmp_path: Path) -> None:
    prompts: list[str] = []

    def agent(prompt: str) -> str:
        prompts.append(prompt)
        return FIRST

    game = write_game(tmp_path, history=2)
    play(agent, tmp_path / "run", str(game), episodes=1, steps=5)
    last = prompts[-1]
    assert "Tick 2." in last
    assert "Tick 1." not in last, "more history than the card keeps"
    for number in (2, 3):
        assert f"Step {number}:\nTick {number}." in last, "a past observation has a wrong number"
    prompts.clear()
    play(agent, tmp_path / "other", BANDIT, episodes=1, steps=5)
    for before, after in itertools.pairwise(prompts):
        assert after.startswith(f"{before}\n\n"), "the prompt changed at its start"


# Replies


def test_an_invalid_reply_is_complained_of_then_played_by_the_fallback(tmp_path: Path) -> None:
    class Stubborn(Keeps):
        def act(self, observation: Observation) -> str:
            self.seen.append(observation)
            return "I will think about it."

    run = play(Stubborn, tmp_path / "run", episodes=1, steps=3, retries=2)
    seen = Keeps.made[0].seen
    assert len(seen) == 9
    assert [bool(o.complaint) for o in seen] == [False, True, True] * 3
    for observation in seen:
        assert str(observation).startswith(observation.text)
        assert str(observation).endswith(observation.complaint)
    assert "did not name one of the actions" in seen[1].complaint
    record = run.episodes[0]
    assert record.status == "scored"
    assert record.invalid == {"unparsable": 3}
    assert record.rejected == {"unparsable": 9}
    _, steps = RunFolder(run.path).steps(record.game, 0)
    assert [(s.action, s.name, s.valid, len(s.attempts)) for s in steps] == [
        (0, FIRST, False, 3)
    ] * 3


def test_a_mended_reply_counts_as_valid(tmp_path: Path) -> None:
    class Careless(Keeps):
        def act(self, observation: Observation) -> str:
            return "Pull slot machine 2" if observation.complaint else ""

    record = play(Careless, tmp_path / "run", episodes=1, steps=3).episodes[0]
    assert record.invalid == {}
    assert record.rejected == {"empty": 3}


def test_without_retries_nothing_is_complained_of(tmp_path: Path) -> None:
    class Silent(Keeps):
        def act(self, observation: Observation) -> str:
            assert not observation.complaint
            return " "

    record = play(Silent, tmp_path / "run", episodes=1, steps=3, retries=0).episodes[0]
    assert record.invalid == record.rejected == {"empty": 3}


def test_the_cards_fallback_is_played(tmp_path: Path) -> None:
    game = write_game(tmp_path, fallback=1)
    run = play(lambda prompt: "", tmp_path / "run", str(game), episodes=1, steps=2)
    _, steps = RunFolder(run.path).steps(f"smartplay/{unique(tmp_path)}", 0)
    assert [(s.action, s.valid) for s in steps] == [(1, False)] * 2


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        ("", "empty"),
        (Reply("I think that", truncated=True), "truncated"),
        ("What a day", "unparsable"),
        ("Answer: pull slot machine 1 and pull slot machine 2", "ambiguous"),
        (2, "unparsable"),
        (-1, "unparsable"),
    ],
)
def test_causes(reply: Any, cause: str) -> None:
    action, attempt = judge(reply, [FIRST, "Pull slot machine 2"])
    assert (action, attempt.cause) == (None, cause)


@pytest.mark.parametrize("reply", [1, np.int64(1), np.uint8(1), "Pull slot machine 2", Reply("2")])
def test_kinds_of_replies(reply: Any) -> None:
    action, attempt = judge(reply, [FIRST, "Pull slot machine 2"])
    assert (action, attempt.cause) == (1, None)
    assert type(action) is int


@pytest.mark.parametrize("reply", [None, 1.0, True, b"1", ["1"], {"text": "1"}])
def test_a_reply_of_another_kind_is_an_agents_error(reply: Any) -> None:
    with pytest.raises(AgentError, match="expected text"):
        judge(reply, [FIRST])


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": None},
        {"text": b"1"},
        {"reasoning": None},
        {"calls": ["1"]},
        {"reasoning_tags": [1]},
    ],
)
def test_a_reply_of_wrong_parts_is_refused_in_the_line_that_makes_it(
    wrong: dict[str, Any], tmp_path: Path
) -> None:
    def wrong_reply(prompt: str) -> Reply:
        return Reply(**({"text": "1"} | wrong))

    [record, *_] = play(wrong_reply, tmp_path).unscored
    assert f"AgentError: {next(iter(wrong))} of a reply takes" in (record.error or "")
    assert record.traceback.endswith("in wrong_reply")


def test_calls_and_tokens_are_counted_and_kept(tmp_path: Path) -> None:
    class Model(Keeps):
        async def act(self, observation: Observation) -> Reply:  # type: ignore[override]
            usage = Usage(prompt=10, cached=4, completion=3, reasoning=1)
            call = Call([{"role": "user", "content": str(observation)}], FIRST, usage=usage)
            return Reply(FIRST if observation.complaint else "", "because", calls=[call, call])

    record = play(Model, tmp_path / "run", episodes=1, steps=3).episodes[0]
    assert record.calls == 3 * 2 * 2
    assert record.usage == Usage(120, 48, 36, 12)
    _, steps = RunFolder(tmp_path / "run").steps(record.game, 0)
    assert steps[0].attempts[1].reasoning == "because"
    assert "did not name" not in steps[0].attempts[0].calls[0].messages[0]["content"]
    assert "empty" in steps[0].attempts[1].calls[0].messages[0]["content"]


class Text(str):
    """Not quite a `str`."""


@pytest.mark.parametrize(
    "reply",
    [
        "lone \ud800",
        Text(FIRST),
        "\0\x1b[2J",
        "x" * 1_000_000,
        Reply(Text("z"), Text("\udfff")),
    ],
    ids=["surrogate", "subclass", "control", "long", "reply"],
)
def test_any_text_can_be_kept(reply: Any, tmp_path: Path) -> None:
    run = play(lambda prompt: reply, tmp_path / "run", episodes=1, steps=2)
    assert not run.unscored, run.unscored[0].error
    assert len(RunFolder(run.path).steps(run.episodes[0].game, 0)[1]) == 2


def test_an_agent_that_repeats_what_it_reads(tmp_path: Path) -> None:
    class Echo(Keeps):
        def act(self, observation: Observation) -> str:
            return observation

    assert not play(Echo, tmp_path / "run").unscored


# Failures


def failing(error: BaseException) -> Callable[[str], str]:
    def agent(prompt: str) -> str:
        raise error

    return agent


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("the service\nis  down"),
        KeyError("x"),
        RecursionError("deep"),
        SystemExit(0),
        asyncio.CancelledError("gone"),
        ValueError("lone \ud800 and \x1b[31m red"),
        StopIteration(),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_failing_agent_costs_its_episode_only(
    error: BaseException, mode: str, tmp_path: Path
) -> None:
    async def waiting(prompt: str) -> str:
        await asyncio.sleep(0)
        raise error

    agent = failing(error) if mode == "sync" else waiting
    run = play(agent, tmp_path / "run", episodes=3)
    assert len(run.unscored) == 3
    cause = only_error(run)
    assert type(error).__name__ in cause or isinstance(error, StopIteration)
    assert cause.isprintable(), f"not one clean line: {cause!r}"
    assert all(record.score is None for record in run.episodes)
    assert RunFolder(run.path).results(run.header) == run.episodes


def test_the_cause_is_one_line_of_bearable_length(tmp_path: Path) -> None:
    run = play(failing(ValueError("spam\n" * 100_000)), tmp_path / "run", episodes=1)
    assert only_error(run).startswith("ValueError: spam spam")
    assert len(only_error(run)) < 2000


def test_an_error_without_words(tmp_path: Path) -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("not even this")

    assert only_error(play(failing(MuteError()), tmp_path / "run")) == "MuteError"


def test_the_others_go_on_and_only_the_failed_are_played_again(tmp_path: Path) -> None:
    mark = str(tmp_path / "broken")  # on the disk: what an agent closes over is part of it
    Path(mark).touch()

    class Sometimes(Keeps):
        def act(self, observation: Observation) -> str:
            if self.seed % 2 and Path(mark).exists():
                raise RuntimeError("odd")
            return super().act(observation)

    run = play(Sometimes, tmp_path / "run", episodes=10, concurrency=3)
    odd = [record.episode for record in run.episodes if record.agent_seed % 2]
    assert 0 < len(odd) < 10
    assert [record.episode for record in run.unscored] == odd
    Path(mark).unlink()
    Keeps.made = []
    again = play(Sometimes, tmp_path / "run", episodes=10)
    assert len(Keeps.made) == len(odd), "finished episodes were played again"
    assert not again.unscored
    fresh = play(Keeps, tmp_path / "fresh", episodes=10)
    assert [untimed(r) for r in again.episodes] == [untimed(r) for r in fresh.episodes]


def test_a_failure_in_the_middle_keeps_the_steps_before(tmp_path: Path) -> None:
    class Tired(Keeps):
        def act(self, observation: Observation) -> str:
            if len(self.seen) == 3:
                raise RuntimeError("tired")
            return super().act(observation)

    run = play(Tired, tmp_path / "run", episodes=1)
    record = run.episodes[0]
    assert (record.steps, record.score, record.status) == (3, None, "unscored")
    assert len(RunFolder(run.path).steps(record.game, 0)[1]) == 3


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("reset", "RuntimeError: reset"),
        ("step", "RuntimeError: step"),
        ("score", "score"),
        ("reward", "reward"),
        ("state", ""),
    ],
)
def test_a_failing_game_costs_its_episode_only(fault: str, cause: str, tmp_path: Path) -> None:
    game = write_game(tmp_path, fault=fault)
    run = play("random", tmp_path / "run", f"{game},{BANDIT}", episodes=2)
    assert [record.status for record in run.episodes] == ["unscored"] * 2 + ["scored"] * 2
    assert cause in str(run.episodes[0].error)
    assert RunFolder(run.path).episodes()


def test_further_scores_may_be_of_numpy(tmp_path: Path) -> None:
    run = play("random", tmp_path / "run", str(write_game(tmp_path, fault="further")), episodes=1)
    assert not run.unscored, run.unscored[0].error
    assert run.episodes[0].scores == {"ticks": 5.0}


def test_truth_values_of_numpy_are_recorded_and_replayed(tmp_path: Path) -> None:
    card = write_game(tmp_path, steps=3)
    code = (tmp_path / "ticks.py").read_text()
    ends = "np.bool_(False), np.bool_(self.ticks > 1)"
    (tmp_path / "ticks.py").write_text(code.replace("False, False, {", f"{ends}, {{"))
    played = play("random", tmp_path / "run", str(card), episodes=1)
    assert [(record.steps, record.time_limit) for record in played.episodes] == [(2, True)]
    assert verify_run(tmp_path / "run", cards=[card]).verified


# Concurrency


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("concurrency", [1, 4, 30])
def test_no_more_episodes_than_asked_for_are_under_way(
    mode: str, concurrency: int, tmp_path: Path
) -> None:
    now, most, lock = 0, 0, threading.Lock()

    class Counted(Keeps):
        def __init__(self, **given: Any) -> None:
            nonlocal now, most
            super().__init__(**given)
            with lock:
                now += 1
                most = max(most, now)

        def act(self, observation: Observation) -> Any:
            return self._wait() if mode == "async" else self._sleep()

        def _sleep(self) -> str:
            time.sleep(0.01)
            return self._done()

        async def _wait(self) -> str:
            await asyncio.sleep(0.01)
            return self._done()

        def _done(self) -> str:
            nonlocal now
            self.seen.append(Observation(""))
            if len(self.seen) == 2:
                with lock:
                    now -= 1
            return FIRST

        asynchronous = mode == "async"

    play(
        lambda manual, actions, seed: Counted(manual=manual, actions=actions, seed=seed),
        tmp_path / "run",
        episodes=12,
        steps=2,
        concurrency=concurrency,
    )
    assert most <= min(concurrency, 12)
    assert most > 1 or concurrency == 1, "nothing ran at the same time"


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_waiting_agents_wait_together(mode: str, tmp_path: Path) -> None:
    threads, tasks = threading.Barrier(20, timeout=30), asyncio.Barrier(20)

    def sleeping(prompt: str) -> str:
        threads.wait()
        return FIRST

    async def waiting(prompt: str) -> str:
        async with asyncio.timeout(30):
            await tasks.wait()
        return FIRST

    agent = sleeping if mode == "sync" else waiting
    run = play(agent, tmp_path / "run", episodes=20, steps=5, concurrency=20)
    assert not run.unscored, "fewer than 20 agents waited at once"


def test_from_within_a_running_event_loop(tmp_path: Path) -> None:
    async def notebook() -> Run:
        return play("random", tmp_path / "run")

    assert not asyncio.run(notebook()).unscored


@pytest.mark.parametrize("seconds", [None, 60.0])
@pytest.mark.parametrize("executor", [False, True])
def test_a_synchronous_agent_may_run_a_loop_of_its_own(
    executor: bool, seconds: float | None, tmp_path: Path
) -> None:
    async def first() -> str:
        await asyncio.sleep(0)
        return "Answer: 1"

    def runs(prompt: str) -> Any:
        return asyncio.run(first())

    def hands_on(prompt: str) -> Any:
        return first()

    with ThreadPoolExecutor(1) as pool:
        how: Any = {"executor": pool if executor else None, "episode_seconds": seconds}
        for agent in (runs, hands_on):
            assert not play(agent, tmp_path / agent.__name__, episodes=1, **how).unscored


def test_a_game_in_a_file_is_loaded_once_by_many_threads(tmp_path: Path) -> None:
    game = write_game(tmp_path, slow_to_load=0.2)
    run = play("random", tmp_path / "run", str(game), episodes=8, concurrency=8)
    assert not run.unscored, run.unscored[0].error


# Worker processes

PROCESS = """
import os

class Pid:
    def __init__(self, manual, actions, seed, ends=-1):
        self.ends = ends if seed % 3 == 0 else -1

    def act(self, observation):
        if self.ends >= 0:
            os._exit(self.ends)
        return f"No action, but process {os.getpid()}"
"""


def processes(run: Run) -> set[int]:
    folder = RunFolder(run.path)
    replies = [
        step.attempts[-1].reply
        for record in run.episodes
        for step in folder.steps(record.game, record.episode)[1]
    ]
    return {int(reply.rpartition(" ")[2]) for reply in replies}


@pytest.mark.slow
def test_heavy_games_are_played_in_worker_processes(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(PROCESS)
    game = write_game(tmp_path, heavy=True)
    agent = f"{tmp_path / 'agent.py'}:Pid"
    heavy = play(agent, tmp_path / "heavy", str(game), episodes=2)
    assert not heavy.unscored, heavy.unscored[0].error
    assert os.getpid() not in processes(heavy)
    light = play(agent, tmp_path / "light", BANDIT, episodes=1)
    assert processes(light) == {os.getpid()}


@pytest.mark.slow
def test_a_worker_that_dies_costs_no_more_than_what_it_played(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(PROCESS)
    game = write_game(tmp_path, heavy=True, name="TicksWorker-v0")
    agent = f"{tmp_path / 'agent.py'}:Pid"
    run = play(agent, tmp_path / "run", str(game), episodes=6, concurrency=1, seed=2,
               agent_settings={"ends": 9})  # fmt: skip
    dead = [record for record in run.episodes if record.agent_seed % 3 == 0]
    assert 0 < len(dead) < 6, "choose another seed"
    assert run.unscored == dead
    assert "process" in str(dead[0].error)


# Bad requests


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"concurrency": 0}, "concurrency must be 1 or more"),
        ({"concurrency": 2.5}, "concurrency must be a whole number"),
        ({"executor": "tcp://10.0.0.1:8786"}, "no method submit, .* what cluster takes"),
        ({"episodes": 0}, "episodes must be 1 or more"),
        ({"steps": -3}, "steps must be 1 or more"),
        ({"seed": -1}, "seed must be 0 or more"),
        ({"seed": 2**70}, "seed must be"),
        ({"episodes": 10**12}, "episodes must be"),
        ({"episodes": 1.5}, r"episodes must be a whole number, not 1\.5"),
        ({"seed": "7"}, "seed must be a whole number, not '7'"),
        ({"games": HANOI, "game_settings": {HANOI: {"history": 10**19}}}, "cannot make .*Overflow"),
        ({"games": HANOI, "game_settings": {HANOI: {"describer": "os:x"}}}, "cannot be set for"),
        ({"retries": -1}, "retries must be 0 or more"),
        ({"episode_seconds": "5"}, "seconds or more, not '5'"),
        ({"episode_seconds": float("nan")}, "seconds or more, not nan"),
        ({"games": ""}, "no game selected"),
        ({"games": "Hanoi3Dsk"}, "did you mean Hanoi3Disk"),
        ({"games": HANOI, "game_settings": {HANOI: {"disk": 4}}}, "unknown setting 'disk'"),
        ({"games": HANOI, "game_settings": {HANOI: {"disks": "many"}}}, "whole number"),
        ({"games": HANOI, "game_settings": {BANDIT: {}}}, "not among the selected games"),
        ({"games": HANOI, "game_settings": {HANOI: {"noise": object()}}}, "JSON"),
        ({"agent_settings": {"x": 1}}, "unknown setting of agent"),
        ({"agent_settings": {"action": object()}}, "JSON"),
    ],
)
def test_bad_requests_leave_nothing_behind(
    options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        play("constant", tmp_path / "run", **({"games": BANDIT} | options))
    assert not (tmp_path / "run").exists()


def test_games_that_come_only_once_are_recorded(tmp_path: Path) -> None:
    games: Any = (name for name in [BANDIT, HANOI])
    run = play("constant", tmp_path / "run", games, quick=True)
    assert run.header.arguments["games"] == [BANDIT, HANOI]


def test_numbers_may_be_numpys(tmp_path: Path) -> None:
    episodes, seed = np.arange(2, 4)
    run = play("constant", tmp_path / "run", BANDIT, episodes=episodes, steps=episodes, seed=seed)
    assert (run.header.seed, len(run.episodes)) == (3, 2)


@pytest.mark.parametrize("key", [HANOI, f"{HANOI}-v0", f"smartplay/{HANOI}-v0", "hanoi"])
def test_settings_of_a_game_by_any_of_its_names(key: str, tmp_path: Path) -> None:
    run = play("random", tmp_path / "run", HANOI, game_settings={key: {"disks": 5}}, episodes=1)
    assert "5 disks" in RunFolder(run.path).steps(run.episodes[0].game, 0)[0].manual


def test_a_game_that_cannot_be_loaded_is_told_before_anything_is_played(tmp_path: Path) -> None:
    game = write_game(tmp_path, fault="import")
    with pytest.raises(UsageError, match="no module named 'no_such_package'"):
        play("random", tmp_path / "run", str(game))
    assert not (tmp_path / "run").exists()


def test_a_card_that_is_data_only_cannot_be_played(tmp_path: Path) -> None:
    game = write_game(tmp_path, name="Told-v0", environment="")
    with pytest.raises(UsageError, match="data only"):
        select_games(str(game))


def test_selections() -> None:
    core = {card.name for card in select_games("core")}
    assert core == {card.name for card in smartplay.cards() if card.core and card.playable}
    everything = select_games("all")
    assert not any(card.parametric for card in everything)
    assert [c.name for c in select_games(" Hanoi3Disk , hanoi,")] == ["Hanoi3Disk", "Hanoi4Disk"]
    assert [c.name for c in select_games("smartplay:Hanoi-v0")] == ["Hanoi"]


def test_quick(tmp_path: Path) -> None:
    run = smartplay.run("random", f"{BANDIT},{HANOI}", quick=True, out=tmp_path, progress=False)
    plans = run.header.games.values()
    assert {(plan.episodes, plan.steps) for plan in plans} == {(QUICK_EPISODES, QUICK_STEPS)}


def test_progress_is_shown_on_standard_error_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("smartplay.runner.progress.PLAIN_FIRST", 0.0)
    play("random", tmp_path / "run", progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "2/2 episodes" in shown.err
    play("random", tmp_path / "quiet", progress=False)
    assert capsys.readouterr() == ("", "")


def test_nothing_is_left_in_the_module_table(tmp_path: Path) -> None:
    before = set(sys.modules)
    play("random", tmp_path / "run")
    assert not {name for name in set(sys.modules) - before if name.startswith("tests")}


def script(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import smartplay\n{code}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("piped", [False, True])
def test_a_script_that_plays_in_worker_processes_needs_no_guard(
    tmp_path: Path, piped: bool
) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        "import smartplay\nprint('begun')\n"
        "print(smartplay.run('random', 'Crafter', episodes=2, steps=3, out='run').unscored)\n"
    )
    place = "-" if piped else str(own)
    done = subprocess.run(
        [sys.executable, place], cwd=tmp_path, input=own.read_text(), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["begun", "[]"], done.stderr


@pytest.mark.slow
def test_another_source_is_another_run(tmp_path: Path) -> None:
    def played(number: int, out: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "own.py").write_text(f"def own(prompt):\n    return {number}\n")
        code = f"""
run = smartplay.run("own.py:own", "Hanoi3Disk", episodes=1, steps=1, out={out})
folder = smartplay.records.folder.RunFolder(run.path)
print(run.path, folder.steps("smartplay/Hanoi3Disk-v0", 0)[1][0].action)
"""
        return script(tmp_path, code)

    first, second = (played(number, "None").stdout.split() for number in (1, 2))
    assert first[0] != second[0]
    assert (first[1], second[1]) == ("1", "2")
    assert played(3, "'out'").returncode == 0
    assert "agent_digest differs" in played(4, "'out'").stderr


def test_a_plug_in_imports_what_lies_beside_it(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "beside_it_lies.py").write_text("ANSWER = 'Answer: 1'\n")
    (own / "plug_in.py").write_text(
        "from beside_it_lies import ANSWER\ndef plug(prompt):\n    return ANSWER\n"
    )
    done = script(tmp_path, "smartplay.run('own/plug_in.py:plug', 'Hanoi3Disk', episodes=1)")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("own", [(700, 10, 10), (90_000, 7, 3), (0, 10, 10)])
def test_a_run_looks_for_garbage_less_often_and_leaves_it_as_it_was(
    tmp_path: Path, own: tuple[int, int, int]
) -> None:
    met = []

    def agent(prompt: str) -> str:
        met.append(gc.get_threshold()[0])
        return FIRST

    before = gc.get_threshold()
    gc.set_threshold(*own)
    try:
        smartplay.run(agent, BANDIT, episodes=1, steps=1, out=tmp_path, progress=False)
        assert gc.get_threshold() == own
    finally:
        gc.set_threshold(*before)
    assert met == [50_000 if own[0] == 700 else own[0]]
