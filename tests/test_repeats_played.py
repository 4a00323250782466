"""The same episode several times: the luck of the sampling told from the luck of the seed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from smartplay.cli import main
from smartplay.core.errors import RunFolderError, UsageError
from smartplay.records import Usage
from smartplay.records.folder import RunFolder
from smartplay.report import build_report
from smartplay.runner import Limits
from tests.asking import (
    ASKING,
    PANEL,
    Numbered,
    by_hand,
    command,
    define,
    fake,
    kill_at,
    play,
    replies,
    same,
    seeded,
    transcript,
)
from tests.fake_server import Answer, FakeServer
from tests.faults import untimed

TOKENS = 107


def test_a_repeat_is_the_same_game_and_another_agent(tmp_path: Path) -> None:
    run = play("random", tmp_path / "run", repeats=3, games="Hanoi3Disk,bandit")
    once = play("random", tmp_path / "once", games="Hanoi3Disk,bandit")
    keys = [(r.game, r.episode, r.repeat) for r in run.episodes]
    assert len(set(keys)) == len(keys) == 3 * len(once.episodes)
    for first in once.episodes:
        repeats = [r for r in run.episodes if (r.game, r.episode) == (first.game, first.episode)]
        assert {r.seed for r in repeats} == {first.seed}, "another game"
        assert len({r.agent_seed for r in repeats}) == 3, "the same agent"
        assert [untimed(r) for r in repeats if r.repeat == 0] == [untimed(first)]
    told = transcript(run.path)
    assert sorted(told) == sorted(keys), "repeats share a file of steps"
    assert len({str(steps) for steps in told.values()}) > len(once.episodes)


@pytest.mark.slow
def test_repeats_on_the_command_line(tmp_path: Path) -> None:
    done = by_hand("random", tmp_path / "run", "--repeats", "3")
    assert done.returncode == 0, done.stderr
    folder = RunFolder(tmp_path / "run")
    assert folder.header().repeats == 3
    results = folder.results(folder.header())
    assert sorted((r.episode, r.repeat) for r in results) == [
        (episode, repeat) for episode in range(2) for repeat in range(3)
    ]
    assert main(["verify", str(tmp_path / "run")]) == 0
    assert main(["report", "--html", str(tmp_path / "run")]) == 0


def test_verify_looks_at_every_repeat(tmp_path: Path) -> None:
    play("random", tmp_path / "run", repeats=2)
    lines = (tmp_path / "run" / "episodes.jsonl").read_text().splitlines()
    for number, line in enumerate(lines):
        record = json.loads(line)
        if (record["episode"], record["repeat"]) == (1, 1):
            lines[number] = json.dumps(record | {"score": record["score"] + 1})
    (tmp_path / "run" / "episodes.jsonl").write_text("\n".join(lines) + "\n")
    assert main(["verify", str(tmp_path / "run")]) != 0, "a forged repeat was verified"


@pytest.mark.parametrize("repeats", [0, -1, 2**60])
def test_no_number_of_repeats(repeats: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="repeat"):
        play("random", tmp_path / "run", repeats=repeats)


def test_a_shared_cache_keeps_repeats_apart(server: FakeServer, tmp_path: Path) -> None:
    server.answer(Numbered())
    agent = define(tmp_path, PANEL, "Panel", {"player": fake(server)})
    options: dict[str, Any] = {"cache": tmp_path / "cache.sqlite", "steps": 2}
    play(agent, tmp_path / "one", repeats=3, **options)
    assert len(server.requests) == 2 * 3 * 2 * 5, "a repeat was given another's reply"
    texts = [text for episode in replies(tmp_path / "one") for text in episode]
    assert len(set(texts)) == len(texts)
    play(agent, tmp_path / "two", repeats=3, **options)
    assert len(server.requests) == len(texts), "cached replies were paid for again"
    assert transcript(tmp_path / "one") == transcript(tmp_path / "two")
    play(agent, tmp_path / "less", **options)
    assert len(server.requests) == len(texts)
    play(agent, tmp_path / "more", repeats=4, **options)
    assert len(server.requests) == len(texts) * 4 // 3


def test_repeats_are_not_given_the_replies_of_their_own_run(
    server: FakeServer, tmp_path: Path
) -> None:
    """Even where all of them ask the same and no cache is shared."""
    server.answer(Numbered())
    code = ASKING.replace("str(observation)", '"Now?"')
    agent = define(tmp_path, code, "Asking", {"player": fake(server)})
    play(agent, tmp_path / "run", repeats=3)
    assert len(server.requests) == 2 * 3 * 3


@pytest.mark.slow
@pytest.mark.parametrize("call", [3, 8])
def test_killed_among_repeats(call: int, server: FakeServer, tmp_path: Path) -> None:
    server.answer(seeded)
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server, seed="episode")})
    calm = play(agent, tmp_path / "calm", repeats=3)
    seeds = {request["seed"] for request in server.requests}
    assert len(seeds) >= 6, "repeats are asked with the same seed"
    server.requests.clear()
    line = command(agent, tmp_path / "run", "--repeats", "3", "--concurrency", "1")
    kill_at(server, line, call, seeded)
    run = play(agent, tmp_path / "run", repeats=3)
    assert len(server.requests) == 18 + 1
    same(run, calm)


def test_repeats_are_the_same_however_they_are_played(server: FakeServer, tmp_path: Path) -> None:
    server.answer(seeded)
    agent = define(tmp_path, PANEL, "Panel", {"player": fake(server, seed="episode")})
    calm = play(agent, tmp_path / "calm", repeats=2, concurrency=1)
    play(agent, tmp_path / "four", repeats=2, concurrency=4)
    with ThreadPoolExecutor(2) as pool:
        play(agent, tmp_path / "elsewhere", repeats=2, executor=pool)
    server.then(*[Answer(500)] * 2)
    assert play(agent, tmp_path / "failed", repeats=2).unscored
    for name in ("four", "elsewhere", "failed"):
        run = play(agent, tmp_path / name, repeats=2)
        same(run, calm)


def test_another_number_of_repeats_in_the_folder(tmp_path: Path) -> None:
    play("random", tmp_path / "run", repeats=2)
    with pytest.raises(RunFolderError, match="repeats"):
        play("random", tmp_path / "run", repeats=3)


def test_repeats_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = {play("random", None, repeats=repeats).path for repeats in (1, 2, 1, 2)}  # type: ignore[arg-type]
    assert len(paths) == 2


def test_limits_count_repeats(server: FakeServer, tmp_path: Path) -> None:
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    limits = Limits(tokens=7 * TOKENS)
    run = play(agent, tmp_path / "run", repeats=4, limits=limits, concurrency=1)
    assert run.stopped == f"{7 * TOKENS} tokens are spent of at most {7 * TOKENS}"
    whole = play(agent, tmp_path / "run", repeats=4)
    assert len(server.requests) == 24
    assert sum((r.usage for r in whole.episodes), Usage()).prompt == 2400


def test_a_report_counts_repeats(tmp_path: Path) -> None:
    play("random", tmp_path / "run", repeats=3)
    assert build_report(tmp_path / "run").games[0].episodes == 6


LEARNING = """
class Learning:
    def __init__(self, context):
        assert (context.memory or b"").count(b".") == context.episode, context.memory

    def act(self, observation):
        return 0

    @staticmethod
    def learn(memory, trajectory):
        return (memory or b"") + b"."
"""


def test_each_repeat_remembers_for_itself(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(LEARNING)
    run = play(f"{tmp_path / 'mine.py'}:Learning", tmp_path / "run", repeats=3, episodes=3)
    assert not run.unscored, run.unscored[0].error
    assert len(run.episodes) == 9
