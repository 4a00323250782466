"""Episodes of a language model that are dealt out to several processes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from smartplay.agents.catalog import find_agent
from smartplay.agents.llm_factory import LLMFactory
from smartplay.errors import RunFolderError
from smartplay.records import Usage
from smartplay.runner import Limits, Run
from smartplay.runner.spread import PER_PROCESS, Spread, processes_for
from tests.fake_server import Answer, FakeServer
from tests.faults import choose, play, untimed

CALLS = 120  # in 6 episodes
TOKENS = 107


@pytest.fixture(autouse=True)
def two_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if two episodes at once were as many as one process can take, and there were two."""
    monkeypatch.setattr("smartplay.runner.spread.PER_PROCESS", 2)
    monkeypatch.setattr("smartplay.runner.spread.processors", lambda: 2)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def server(server: FakeServer) -> FakeServer:
    server.answer(choose)
    return server


@pytest.fixture
def spreads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What each spread says of itself, at each step it hears of."""
    told: list[str] = []
    whole = Spread.play

    async def listened(self: Spread, jobs: Any, keep: Any, watch: Any, tick: Any) -> None:
        def heard(*step: Any) -> None:
            told.append(str(self))
            tick(*step)

        await whole(self, jobs, keep, watch, heard)

    monkeypatch.setattr(Spread, "play", listened)
    return told


def lines(run: Run) -> list[Any]:
    return [untimed(record) for record in run.episodes]


@pytest.mark.parametrize(
    ("agent", "concurrency", "episodes", "processes"),
    [
        ("openai:fake", 8, 100, 1),
        ("openai:fake", PER_PROCESS, 1000, 1),
        ("openai:fake", PER_PROCESS + 1, 1000, 2),
        ("openai:fake", 1000, PER_PROCESS, 1),
        ("openai:fake", 10**6, 10**6, 4),
        ("random", 1000, 1000, 1),
    ],
)
def test_few_episodes_need_one_process(
    monkeypatch: pytest.MonkeyPatch, agent: str, concurrency: int, episodes: int, processes: int
) -> None:
    monkeypatch.setattr("smartplay.runner.spread.PER_PROCESS", PER_PROCESS)
    monkeypatch.setattr("smartplay.runner.spread.processors", lambda: 4)
    settings = {"base_url": "http://127.0.0.1:9"} if ":" in agent else {}
    assert processes_for(find_agent(agent, settings), concurrency, episodes) == processes


def test_the_records_are_those_of_one_process(
    server: FakeServer, tmp_path: Path, spreads: list[str]
) -> None:
    apart = play(server, tmp_path / "apart", CALLS)
    assert set(spreads[-5:]) <= {f"{n} of 32 calls at once" for n in range(1, 33)}
    assert len(spreads) == CALLS
    together = play(server, tmp_path / "together", CALLS, concurrency=1)
    assert len(spreads) == CALLS, "one at a time needs no other process"
    assert lines(apart) == lines(together)
    assert len(server.requests) == 2 * CALLS
    assert not (apart.path / "replies.sqlite").exists()


def test_a_limit_stops_all_processes(server: FakeServer, tmp_path: Path) -> None:
    calm = play(server, tmp_path / "calm", CALLS, concurrency=1)
    server.requests.clear()
    options: dict[str, Any] = {"concurrency": 4}
    stopped = play(server, tmp_path / "run", CALLS, limits=Limits(tokens=30 * TOKENS), **options)
    assert "tokens are spent of at most" in str(stopped.stopped)
    assert 30 <= len(server.requests) < CALLS
    whole = play(server, tmp_path / "run", CALLS, **options)
    assert lines(whole) == lines(calm)
    assert len(server.requests) == CALLS, "a reply was paid for twice"


def test_a_failed_episode_goes_on_from_its_replies(server: FakeServer, tmp_path: Path) -> None:
    server.fail(0.05, [Answer(500)], seed=3)
    settings = {"max_retries": 0}
    first = play(server, tmp_path / "run", CALLS, agent_settings=settings)
    assert first.unscored
    failures = len(first.unscored)
    server.fail(0.0, [], seed=0)
    whole = play(server, tmp_path / "run", CALLS, agent_settings=settings)
    assert not whole.unscored
    assert len(server.requests) == CALLS + failures


def test_a_service_out_of_order_stops_all_processes(server: FakeServer, tmp_path: Path) -> None:
    server.then(*[Answer(401)] * 500)
    run = play(server, tmp_path / "run", CALLS, concurrency=4)
    assert "wants another key" in str(run.stopped)
    assert len(server.requests) < 10


def test_a_cache_serves_all_processes(server: FakeServer, tmp_path: Path) -> None:
    cache = tmp_path / "cache.sqlite"
    first = play(server, tmp_path / "first", CALLS, cache=cache)
    again = play(server, tmp_path / "again", CALLS, cache=cache)
    assert len(server.requests) == CALLS
    assert [r.usage for r in again.episodes] == [r.reused for r in again.episodes]
    assert [r.score for r in first.episodes] == [r.score for r in again.episodes]


def test_what_a_process_fails_of_is_told(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the processes look at the cache, which is a folder."""
    whole = LLMFactory.prepare

    def without_cache(self: LLMFactory, *told: Any) -> Usage:
        concurrency, meter, replies, _ = told
        return whole(self, concurrency, meter, replies)

    monkeypatch.setattr(LLMFactory, "prepare", without_cache)
    cache = tmp_path / "cache.sqlite"
    cache.mkdir()
    with pytest.raises(RunFolderError, match="cannot use the replies in"):
        play(server, tmp_path / "run", CALLS, cache=cache)


def test_the_environment_reaches_the_processes(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-very-secret")
    run = play(server, tmp_path / "run", CALLS, agent_settings={"api_key_env": "TEST_KEY"})
    assert not run.unscored
    assert {headers.get("authorization") for headers in server.headers} == {"Bearer sk-very-secret"}
    assert os.environ["TEST_KEY"] not in (run.path / "run.json").read_text()


def test_a_process_imports_what_the_run_does_and_nothing_beside(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the folder one happens to be in must not stand for a package."""
    (tmp_path / "tenacity.py").write_text("raise RuntimeError('imported from the wrong place')")
    monkeypatch.chdir(tmp_path)
    run = play(server, tmp_path / "run", CALLS)
    assert [record.error for record in run.episodes] == [None] * 6
