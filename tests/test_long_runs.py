"""Runs that meet a failing service, a limit, an interruption or a full disk."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

import smartplay
from smartplay.agents.catalog import find_agent
from smartplay.agents.context import Observation, Reply
from smartplay.core.errors import RunFolderError, TransientError, UsageError
from smartplay.models.base import Settings
from smartplay.models.lending import EpisodeModel
from smartplay.models.pace import Pace
from smartplay.models.replies import Replies
from smartplay.records import Call, Usage
from smartplay.records.folder import RunFolder
from smartplay.results import Run
from smartplay.runner import Limits
from smartplay.runner.worker import _source
from tests.fake_server import Answer, FakeServer, error_body, openai_body
from tests.faults import choose, compare, play, untimed
from tests.games import write_game
from tests.lent import lend

KEY = "sk-very-secret-0123456789"
TOKENS = 107  # of one call, as the server reports them


@pytest.fixture
def server(server: FakeServer) -> FakeServer:
    server.answer(choose)
    return server


@pytest.fixture
def calm(tmp_path: Path) -> Run:
    """The undisturbed run of 80 calls in 4 episodes."""
    with FakeServer() as fake:
        fake.answer(choose)
        return play(fake, tmp_path / "calm", 80)


# A failing service


@pytest.mark.slow
def test_faults_change_nothing_but_time(tmp_path: Path) -> None:
    told = compare(tmp_path, calls=80, rate=0.3, timeout=0.5, retries=1)
    assert told["sessions"] > 1, "no episode was broken off, so nothing was shown"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (Answer(401, error_body(f"bad key {KEY}")), "no call can succeed: .* wants another key"),
        (Answer(404, error_body("no such model")), "no call can succeed: .* has no model 'fake'"),
        (Answer(429, error_body("pay", "insufficient_quota")), "no call can succeed: the credit"),
        (Answer(429, headers=(("Retry-After", "86400"),)), "5 episodes failed .*86400 seconds"),
        (Answer(500, error_body("oops")), "5 episodes failed and none succeeded: .*status 500"),
    ],
    ids=["key", "model", "credit", "day", "500"],
)
def test_a_service_out_of_order_stops_the_run(
    server: FakeServer, answer: Answer, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    server.then(*[answer] * 500)
    settings = {"max_retries": 0, "api_key_env": "TEST_KEY"}
    run = play(server, tmp_path / "run", 200, agent_settings=settings, concurrency=2)
    assert run.stopped is not None, "the run burned every episode"
    assert re.search(cause, run.stopped), run.stopped
    assert len(server.requests) < 10
    server._next.clear()
    assert not play(server, tmp_path / "run", 200, agent_settings=settings).unscored


def test_an_unreachable_service_stops_the_run(tmp_path: Path) -> None:
    settings = {"base_url": "http://127.0.0.1:9/v1", "max_retries": 0}
    run = smartplay.run(
        "openai:fake", "RockPaperScissorBasic", out=tmp_path / "run", agent_settings=settings
    )
    assert "cannot reach the service at http://127.0.0.1:9/v1" in str(run.stopped)
    assert len(run.episodes) == 1, "what fails after the stop is left for later"


def test_a_fault_in_the_middle_stops_nothing(server: FakeServer, calm: Run, tmp_path: Path) -> None:
    server.then(*[Answer(500)] * 3)
    settings = {"max_retries": 0}
    first = play(server, tmp_path / "run", 80, agent_settings=settings)
    assert first.stopped is None
    assert [r.error for r in first.unscored] == [
        f"TransientError: the service at {server.url} failed with status 500"
    ] * len(first.unscored)
    again = play(server, tmp_path / "run", 80, agent_settings=settings)
    assert [untimed(r) for r in again.episodes] == [untimed(r) for r in calm.episodes]
    assert len(server.requests) == 80 + 3


def test_an_agent_that_fails_by_itself_stops_nothing(tmp_path: Path) -> None:
    def agent(prompt: str) -> str:
        raise RuntimeError("mine")

    run = smartplay.run(agent, "RockPaperScissorBasic", episodes=12, out=tmp_path / "run")
    assert run.stopped is None
    assert len(run.unscored) == 12


def test_replies_that_are_no_answer_are_scored(server: FakeServer, tmp_path: Path) -> None:
    server.then(
        Answer(body=openai_body(None, refusal="I cannot.")),
        Answer(body=openai_body("Answer: Ro", "length")),
        Answer(body=openai_body("")),
        Answer(body=openai_body("x" * 900_000)),
    )
    run = play(server, tmp_path / "run", 20, retries=0)
    assert not run.unscored
    assert run.episodes[0].invalid == {
        "withheld": 1,
        "truncated": 1,
        "empty": 1,
        "unparsable": 1,
    }


def test_a_key_is_nowhere(
    server: FakeServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    quoting = error_body(f"you sent {KEY}")
    statuses = (400, 401, 402, 403, 404, 429, 500)
    wrong: list[Any] = [Answer(status, quoting) for status in statuses]
    wrong += [Answer(status, KEY.encode()) for status in statuses]
    wrong += [Answer(body=f'{{"choices": "{KEY}"}}'.encode()), Answer(body=KEY.encode(), cut=True)]
    wrong += [Answer(302, headers=(("Location", f"http://127.0.0.1:9/{KEY}"),))]
    for number, answer in enumerate(wrong):
        server.then(answer)
        settings = {"max_retries": 0}
        out = tmp_path / "runs" / f"{number}"
        run = play(server, out, 20, agent_settings=settings)
        assert run.unscored, f"{answer} was taken for a reply"
        told = run.unscored[0].error or ""
        assert KEY not in told
        assert KEY not in str(run)
    server.then(Answer(body=openai_body(f"You are {KEY}.", reasoning_content=KEY)))
    play(server, tmp_path / "runs" / "told", 20)
    for file in (tmp_path / "runs").rglob("*"):
        assert not file.is_file() or KEY.encode() not in unpacked(file), file
    assert KEY not in "".join(capfd.readouterr())


def unpacked(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def test_a_service_that_says_nothing_stops_the_run(server: FakeServer, tmp_path: Path) -> None:
    """Well before every call was tried as often as a fault that passes deserves."""
    server.then(*[Answer(delay=1.0)] * 500)
    began = time.monotonic()
    run = play(server, tmp_path / "run", 400, agent_settings={"timeout": 0.2}, concurrency=8)
    assert re.search(r"no whole reply within 0\.2 seconds, and to nobody for", str(run.stopped))
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("limit", ["tokens", "cost", "seconds"])
def test_a_limit_that_is_no_number(limit: str) -> None:
    for given in (float("nan"), "5"):
        with pytest.raises(UsageError, match=f"must be more than 0, not {given!r}"):
            Limits(**{limit: given}).find_prices(None, [])  # type: ignore[arg-type]


@pytest.mark.slow
def test_what_a_cache_gives_is_not_spent(server: FakeServer, tmp_path: Path) -> None:
    cache = tmp_path / "cache.sqlite"
    play(server, tmp_path / "first", 40, cache=cache)
    options: dict[str, Any] = {"cache": cache, "concurrency": 1}
    out, limits = tmp_path / "second", Limits(tokens=15 * TOKENS)
    stopped = play(server, out, 80, limits=limits, **options)
    assert "tokens are spent" in str(stopped.stopped)
    assert len(server.requests) == 40 + 15
    again = play(server, out, 80, limits=Limits(tokens=30 * TOKENS), **options)
    assert len(server.requests) == 40 + 30, "cached replies were counted as spent"
    assert "tokens are spent" in str(again.stopped)
    whole = play(server, out, 80, **options)
    assert len(server.requests) == 80
    told = [(r.usage.prompt, r.reused.prompt) for r in whole.episodes]
    assert told == [(2000, 2000), (2000, 2000), (2000, 0), (2000, 0)]


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", [1, 32], ids=["one go", "small shares"])
def test_what_failed_on_an_executor_counts(
    concurrency: int, server: FakeServer, tmp_path: Path
) -> None:
    """Its replies are kept as those of any episode, so that no session pays for them again."""
    server.then(*[Answer(body=openai_body("Answer: Rock"))] * 19, Answer(500))
    told = []
    for most, requests in ((60, 20), (19, 20), (60, 21)):
        with ThreadPoolExecutor(1) as pool:
            run = play(
                server,
                tmp_path / "run",
                20,
                agent_settings={"max_retries": 0},
                limits=Limits(tokens=most * TOKENS),
                executor=pool,
                concurrency=concurrency,
            )
        told.append((run.stopped, len(run.unscored)))
        assert len(server.requests) == requests
    spent = 19 * TOKENS
    assert told == [(None, 1), (f"{spent} tokens are spent of at most {spent}", 1), (None, 0)]


# Pace


def test_the_pace_halves_then_creeps() -> None:
    async def body() -> None:
        pace, start = Pace(128), 64

        async def call(error: TransientError | None = None) -> None:
            with contextlib.suppress(TransientError):
                await pace.call(reply, error)

        async def reply(error: TransientError | None) -> None:
            await asyncio.sleep(0)
            if error:
                raise error

        await asyncio.gather(*(call() for _ in range(start)))
        assert pace.limit == 2 * start, "it cannot start or grow beyond the most"
        busy = TransientError("busy", busy=True)
        await asyncio.gather(*(call(busy) for _ in range(10)))
        assert pace.limit == start, "it halved more than once for calls of the same time"
        await asyncio.gather(*(call() for _ in range(start)))
        assert start < pace.limit <= start + 1
        await asyncio.gather(*(call(TransientError("oops")) for _ in range(10)))
        assert pace.limit > start, "a fault that has nothing to do with the pace slowed it down"
        for _ in range(20):
            await call(busy)
        assert pace.limit == 1

    asyncio.run(body())


@pytest.mark.parametrize("capacity", [3, 20])
def test_the_pace_finds_what_the_service_can_take(capacity: int) -> None:
    """A service that refuses what is more than it can take: most calls pass at the first go."""

    async def body() -> tuple[int, int, int]:
        pace, under_way, refused, most = Pace(64), 0, 0, 0

        async def call() -> None:
            nonlocal refused
            while True:
                try:
                    return await pace.call(reply)
                except TransientError:
                    refused += 1
                    await asyncio.sleep(0)

        async def reply() -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            try:
                if under_way > capacity:
                    raise TransientError("429", busy=True)
                await asyncio.sleep(0.001)
            finally:
                under_way -= 1

        await asyncio.gather(*(call() for _ in range(2000)))
        assert pace._under_way == 0
        return refused, int(pace.limit), most

    refused, limit, most = asyncio.run(body())
    assert most <= 64
    assert capacity / 2 - 1 <= limit <= capacity + 2  # grown while the last calls left room
    assert refused < 800, "the pace did not learn"


def test_a_cancelled_wait_gives_its_place_away() -> None:
    async def body() -> None:
        pace = Pace(1)
        gate = asyncio.Event()

        tasks = [asyncio.ensure_future(pace.call(gate.wait)) for _ in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        tasks[0].cancel()
        await asyncio.sleep(0)
        tasks[2].cancel()
        gate.set()
        await asyncio.wait_for(tasks[3], 1)
        assert pace._under_way == 0

    asyncio.run(body())


# Recorded replies


class Counting:
    """A model that counts its calls."""

    name, settings, concurrency, pace = "counting", Settings(), 8, Pace()
    notes: list[str] = []

    def __init__(self) -> None:
        self.calls: list[bool] = []

    async def chat(self, messages: Any, *, fresh: bool = False, **_: Any) -> list[Call]:
        self.calls.append(fresh)
        return [Call(messages, f"reply {len(self.calls)}", usage=Usage(1, 0, 2, 0), seconds=0.5)]

    async def aclose(self) -> None:
        pass


TALK = [{"role": "user", "content": "Now?"}]


def ask(model: Counting, store: Replies, times: int, seed: int = 1) -> list[str]:
    """Ask the same several times in an episode."""

    async def body() -> list[str]:
        lent: EpisodeModel = lend(model, seed=seed, stores=[store])["player"]
        calls = [call for _ in range(times) for call in await lent.chat(TALK)]
        assert all(call.messages == TALK for call in calls)
        return [call.text for call in calls]

    return asyncio.run(body())


def test_recorded_replies_come_back_in_their_order(tmp_path: Path) -> None:
    counting = Counting()
    with Replies(tmp_path / "replies.sqlite") as store:
        assert ask(counting, store, 2) == ["reply 1", "reply 2"]
        assert ask(counting, store, 3) == ["reply 1", "reply 2", "reply 3"]
        assert counting.calls == [True, False, True], "what recorded replies left is not warm"
        assert ask(counting, store, 1, seed=2) == ["reply 4"], "repeats are not free"
        assert sum(store.uses()["counting"], Usage()) == Usage(4, 0, 8, 0)


def test_other_settings_other_replies(tmp_path: Path) -> None:
    counting = Counting()
    with Replies(tmp_path / "replies.sqlite") as store:
        ask(counting, store, 1)
        for settings, calls in (
            (Settings(timeout=1.0, max_retries=9), 1),
            (Settings(temperature=1.0), 2),
            (Settings(extra={"top_k": 1}), 3),
            (Settings(base_url="http://127.0.0.1:1"), 4),
        ):
            counting.settings = settings
            ask(counting, store, 1)
            assert len(counting.calls) == calls, settings


@pytest.mark.parametrize("content", [b"no database at all" * 100, None])
def test_a_file_that_is_no_cache(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(RunFolderError, match="cannot use the replies in"):
        Replies(path)


def test_a_cache_serves_other_runs(server: FakeServer, calm: Run, tmp_path: Path) -> None:
    cache = tmp_path / "cache.sqlite"
    first = play(server, tmp_path / "first", 80, cache=cache)
    assert len(server.requests) == 80
    second = play(server, tmp_path / "second", 80, cache=cache)
    assert len(server.requests) == 80, "cached replies were paid for again"
    other = play(server, tmp_path / "other", 80, cache=cache, seed=1)
    assert len(server.requests) == 160, "episodes of another seed are no repeats"
    for run in (first, second):
        assert [untimed(r) for r in run.episodes] == [untimed(r) for r in calm.episodes]
    assert [r.score for r in other.episodes] != [r.score for r in first.episodes]


def test_a_cache_is_for_language_models(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a cache is for language models"):
        smartplay.run("random", "Hanoi3Disk", out=tmp_path / "run", cache=tmp_path / "c")
    assert not (tmp_path / "run").exists()


def test_the_record_of_replies_ends_with_the_run(server: FakeServer, tmp_path: Path) -> None:
    limits = Limits(tokens=30 * TOKENS)
    path = play(server, tmp_path / "run", 80, limits=limits).path
    assert (path / "replies.sqlite").exists()
    play(server, path, 80)
    kept = ["episodes.jsonl", "run.json", "sessions.jsonl", "steps"]
    assert sorted(file.name for file in path.iterdir()) == kept


# Limits


def test_tokens_are_limited_and_nothing_is_paid_twice(
    server: FakeServer, calm: Run, tmp_path: Path
) -> None:
    for most in (10, 33, 33, 70):
        limits = Limits(tokens=most * TOKENS)
        before = len(server.requests)
        run = play(server, tmp_path / "run", 80, limits=limits, concurrency=4)
        assert str(run.stopped).endswith(f" tokens are spent of at most {most * TOKENS}")
        assert most <= len(server.requests) < most + 4, "calls went on after the limit"
        assert before < most or len(server.requests) == before, "it was spent already"
    run = play(server, tmp_path / "run", 80)
    assert run.stopped is None
    assert len(server.requests) == 80, "a resumed run paid twice"
    assert [untimed(r) for r in run.episodes] == [untimed(r) for r in calm.episodes]


def test_money_is_limited(server: FakeServer, tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(
        'currency = "USD"\ndate = 2026-11-01\n[models.fake]\nprompt = 1\ncached = 0.5\n'
        "completion = 10\n"
    )
    each = (40 * 1 + 60 * 0.5 + 7 * 10) / 1e6
    limits = Limits(cost=25 * each, prices=prices)
    run = play(server, tmp_path / "run", 80, limits=limits, concurrency=1)
    assert run.stopped == f"{25 * each:.4g} USD are spent of at most {25 * each:g} USD"
    assert len(server.requests) == 25
    for wrong, told in (
        (Limits(cost=1.0), "needs a file of prices"),
        (Limits(tokens=0), "more than 0"),
    ):
        with pytest.raises(UsageError, match=told):
            play(server, tmp_path / "other", 80, limits=wrong)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["sync", "async", "elsewhere"])
def test_time_is_limited(mode: str, tmp_path: Path) -> None:
    def sleeping(prompt: str) -> str:
        time.sleep(0.02)
        return "Rock"

    async def waiting(prompt: str) -> str:
        await asyncio.sleep(0.02)
        return "Rock"

    (tmp_path / "slow.py").write_text(
        "import time\ndef slow(prompt):\n    time.sleep(0.02)\n    return 'Rock'\n"
    )
    agent: Any = {"sync": sleeping, "async": waiting, "elsewhere": f"{tmp_path}/slow.py:slow"}[mode]
    games = str(write_game(tmp_path, heavy=True, steps=3)) if mode == "elsewhere" else "Hanoi3Disk"
    began = time.monotonic()
    run = smartplay.run(
        agent, games, episodes=2000, concurrency=2, out=tmp_path / "run",
        limits=Limits(seconds=0.5),
    )  # fmt: skip
    assert run.stopped == "the 0.5 seconds it was given are over"
    assert time.monotonic() - began < 20
    assert len(run.episodes) < 2000


def test_tokens_of_other_agents_are_counted(tmp_path: Path) -> None:
    class Model:
        def __init__(self, manual: str, actions: list[str], seed: int) -> None: ...

        def act(self, observation: Observation) -> Reply:
            return Reply("Rock", calls=[Call([], "Rock", usage=Usage(90, 0, 10))])

    limits = Limits(tokens=1000)
    run = smartplay.run(
        Model, "RockPaperScissorBasic", steps=4, out=tmp_path / "run", limits=limits, concurrency=1
    )
    assert run.stopped == "1000 tokens are spent of at most 1000"
    again = smartplay.run(
        Model, "RockPaperScissorBasic", steps=4, out=tmp_path / "run", limits=limits, concurrency=1
    )
    assert len(again.episodes) == 2, "the limit is not that of the whole run"


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_an_episode_that_takes_too_long_is_unscored(mode: str, tmp_path: Path) -> None:
    def sleeping(prompt: str) -> str:
        time.sleep(0.1)
        return "Rock"

    async def hanging(prompt: str) -> str:
        await asyncio.sleep(60)
        return "Rock"

    run = smartplay.run(
        sleeping if mode == "sync" else hanging,
        "RockPaperScissorBasic",
        episodes=2,
        episode_seconds=0.25,
        out=tmp_path / "run",
    )
    assert [record.error for record in run.episodes] == [
        "AgentError: the episode took longer than 0.25 seconds"
    ] * 2


def test_an_agents_own_timeout_is_its_own(tmp_path: Path) -> None:
    async def agent(prompt: str) -> str:
        raise TimeoutError("mine")

    run = smartplay.run(
        agent, "RockPaperScissorBasic", episodes=1, episode_seconds=60, out=tmp_path / "run"
    )
    assert run.episodes[0].error == "TimeoutError: mine"


@pytest.mark.slow
def test_the_command_tells_of_limits(server: FakeServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "smartplay", "run", "openai:fake", "--base-url", server.url]
    command += ["--games", "RockPaperScissorBasic", "--episodes", "4", "--steps", "20"]
    command += ["--concurrency", "1", "--out", str(tmp_path / "run"), "--timeout", "9"]
    limited = [*command, "--max-tokens-total", str(25 * TOKENS)]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=60)
    assert done.returncode == 4, done.stderr
    assert done.stderr == (
        f"smartplay: stopped: {25 * TOKENS} tokens are spent of at most {25 * TOKENS}; "
        "1 episode finished, and the same command goes on with the others\n"
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, len(server.requests)) == (0, 80), done.stderr


# Disks and folders


def test_two_runs_on_one_folder(server: FakeServer, tmp_path: Path) -> None:
    out = tmp_path / "run"

    def intruder(request: dict[str, Any]) -> str:
        if len(server.requests) == 5:
            with pytest.raises(RunFolderError, match="another run is writing"):
                smartplay.run("random", "Hanoi3Disk", out=out)
            seen.append(True)
        return choose(request)

    seen: list[bool] = []
    server.answer(intruder)
    assert not play(server, out, 20).unscored
    assert seen


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
from smartplay.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("most", [300, 9_000, 40_000])
def test_a_full_disk_stops_the_run_and_spoils_nothing(
    most: int, server: FakeServer, calm: Run, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    arguments = ["run", "openai:fake", "--base-url", server.url, "--games", "RockPaperScissorBasic"]
    arguments += ["--episodes", "4", "--steps", "20", "--out", str(out), "--concurrency", "32"]
    command = [sys.executable, "-c", LIMITED.format(most=most), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("smartplay: cannot "), done.stderr
    assert str(out) in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    run = play(server, out, 80)
    assert [untimed(r) for r in run.episodes] == [untimed(r) for r in calm.episodes]


# Elsewhere


@pytest.mark.slow
def test_language_models_are_played_on_any_executor(
    server: FakeServer, calm: Run, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(3) as pool:
        run = play(server, tmp_path / "run", 80, executor=pool)
        assert [untimed(r) for r in run.episodes] == [untimed(r) for r in calm.episodes]
        limits = Limits(tokens=30 * TOKENS)
        stopped = play(server, tmp_path / "short", 80, executor=pool, limits=limits, concurrency=1)
    assert stopped.stopped == f"{30 * TOKENS} tokens are spent of at most {30 * TOKENS}"
    assert RunFolder(tmp_path / "short").episodes()


def test_an_agent_is_built_once_per_worker() -> None:
    reference = msgspec.json.encode(("random", {}))
    assert _source(reference) is _source(reference)
    assert find_agent("random", {}).reference == ("random", {})
