"""Limits on tokens and money hold to the call, however many calls are made at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartplay.core.errors import ModelError
from smartplay.models.base import Settings
from smartplay.models.lending import RunModels
from smartplay.models.pace import Pace
from smartplay.records import Call, Message, Usage
from smartplay.records.prices import Price
from smartplay.runner import Limits
from smartplay.runner.budget import Budget
from smartplay.runner.episode import Stopped
from tests.asking import ASKING, define, fake, play
from tests.fake_server import FakeServer
from tests.test_money import EACH, TOKENS, priced

PROMPT, WRITTEN = 400, 300  # the most that a call of `Random` takes


class Random:
    """A model whose calls take as many tokens as it likes, and fail now and then."""

    notes: list[str] = []
    name, concurrency, pace = "random", 300, Pace()

    def __init__(self, seed: int, failing: float = 0.0) -> None:
        self.settings = Settings(max_tokens=WRITTEN, temperature=None)
        self.draw, self.failing = random.Random(seed), failing
        self.spent: list[Usage] = []
        self.under_way = self.most = 0

    async def chat(self, messages: list[Message], *, samples: int = 1, **rest: Any) -> list[Call]:
        self.under_way += samples
        self.most = max(self.most, self.under_way)
        try:
            for _ in range(self.draw.randrange(4)):
                await asyncio.sleep(0)
            if self.draw.random() < self.failing:
                raise ModelError("no reply")
            usages = [self.usage() for _ in range(samples)]
            self.spent += usages
            return [Call([], "Rock", usage=usage) for usage in usages]
        finally:
            self.under_way -= samples

    def usage(self) -> Usage:
        prompt = self.draw.randint(1, PROMPT)
        return Usage(prompt, self.draw.randint(0, prompt), self.draw.randint(1, WRITTEN))

    async def aclose(self) -> None:
        pass


def spend_all(model: Random, budget: Budget, at_once: int, calls: int = 40) -> int:
    """Have many episodes ask until the budget stops them; how many of them it stopped."""

    async def episode(number: int) -> None:
        lent = RunModels({"player": model}, budget).lend(number)["player"]
        talk = [{"role": "user", "content": "x" * PROMPT}]
        for _ in range(calls):
            try:
                await lent.chat(talk, samples=1 + number % 2)
            except ModelError:
                continue

    async def body() -> Sequence[BaseException | None]:
        tasks = [asyncio.ensure_future(episode(number)) for number in range(at_once)]
        done, waiting = await asyncio.wait(tasks, timeout=30)
        assert not waiting, "some wait for ever"
        return [task.exception() for task in done]

    ends = asyncio.run(body())
    assert all(isinstance(end, Stopped | None) for end in ends), ends
    return sum(end is not None for end in ends)


AT_ONCE = st.integers(1, 300)
QUICK = settings(max_examples=25, deadline=None)


@pytest.mark.slow
@QUICK
@given(AT_ONCE, st.integers(1, 30_000), st.integers(0, 2**32), st.sampled_from([0.0, 0.3]))
def test_no_limit_on_tokens_is_passed_by_more_than_a_call(
    at_once: int, limit: int, seed: int, failing: float
) -> None:
    model, budget = Random(seed, failing), Budget(Limits(tokens=limit))
    stopped = spend_all(model, budget, at_once)
    spent = [usage.prompt + usage.completion for usage in model.spent]
    assert budget.tokens == sum(spent)
    assert budget.tokens <= limit + max(spent, default=0)
    if stopped:
        assert f"{budget.tokens} tokens are spent of at most {limit}" in str(budget.reason)
        assert limit - budget.tokens < 2 * (PROMPT + WRITTEN), "much was left unspent"
    else:
        assert budget.reason is None


@pytest.mark.slow
@QUICK
@given(AT_ONCE, st.integers(1, 100), st.integers(0, 2**32))
def test_no_limit_on_money_is_passed_by_more_than_a_call(
    at_once: int, calls: int, seed: int
) -> None:
    price = Price(prompt=3, cached=0.3, completion=15)
    limit = calls * price.of(Usage(PROMPT, 0, WRITTEN)) / 4
    model = Random(seed)
    budget = Budget(Limits(cost=limit), {"random": price}, "EUR")
    spend_all(model, budget, at_once)
    spent = [price.of(usage) for usage in model.spent]
    assert sum(spent) <= limit + max(spent, default=0.0)


def test_equal_calls_never_pass_a_limit() -> None:
    class Equal(Random):
        def usage(self) -> Usage:
            return Usage(100, 0, 7)

    model, budget = Equal(0), Budget(Limits(tokens=20_000))
    assert spend_all(model, budget, 300) == 300
    assert budget.tokens <= 20_000
    assert budget.tokens > 20_000 - 2 * 107
    assert budget.reason == (
        f"{budget.tokens} tokens are spent of at most 20000, and a further call would pass it"
    )
    assert model.most > 10, "calls went one by one although there was room"


def test_calls_larger_than_they_should_be_are_seen_at_the_first() -> None:
    """A service that writes more than max_tokens, as those that think do."""

    class Long(Random):
        def usage(self) -> Usage:
            return Usage(PROMPT, 0, 10 * WRITTEN)

    model, budget = Long(0), Budget(Limits(tokens=50_000))
    spend_all(model, budget, 300)
    assert budget.tokens <= 50_000


@pytest.mark.parametrize("usage", [Usage(), Usage(0, 0, 5), Usage(5)])
def test_no_more_than_one_call_is_made_whose_tokens_nobody_tells(usage: Usage) -> None:
    class Silent(Random):
        def usage(self) -> Usage:
            return usage

    model, budget = Silent(0), Budget(Limits(tokens=10**6))
    spend_all(model, budget, 300)
    assert len(model.spent) <= 2, "of two samples at most"
    assert "does not say how many tokens a call takes" in str(budget.reason)


def test_who_waits_for_room_can_be_cancelled() -> None:
    async def body() -> None:
        budget = Budget(Limits(tokens=1000))
        first = await budget.reserve("m", lambda: Usage(900))
        second = asyncio.ensure_future(budget.reserve("m", lambda: Usage(900)))
        third = asyncio.ensure_future(budget.reserve("m", lambda: Usage(100)))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        budget.settle("m", first, Usage(10))
        assert await third == Usage(100)
        budget.settle("m", Usage(100), None)
        assert (budget._under_way, budget._held_tokens, len(budget._waiting)) == (0, 0, 0)

    asyncio.run(body())


def test_the_end_of_the_time_wakes_who_waits() -> None:
    async def body() -> None:
        budget = Budget(Limits(tokens=1000, seconds=60))
        await budget.reserve("m", lambda: Usage(900))
        waiting = asyncio.ensure_future(budget.reserve("m", lambda: Usage(900)))
        await asyncio.sleep(0)
        budget.time_over()
        with pytest.raises(Stopped):
            await waiting

    asyncio.run(body())


@pytest.mark.parametrize("kind", ["tokens", "cost"])
def test_in_a_run_of_many_at_once(kind: str, server: FakeServer, tmp_path: Path) -> None:
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    limits = Limits(tokens=20 * TOKENS)
    if kind == "cost":
        limits = Limits(cost=20 * EACH, prices=priced(tmp_path))
    run = play(agent, tmp_path / "run", episodes=40, limits=limits, concurrency=40)
    assert len(server.requests) == 20
    assert "are spent of at most" in str(run.stopped)
    played = play(agent, tmp_path / "run", episodes=40)
    assert (played.stopped, len(server.requests)) == (None, 120), "a reply was paid for twice"


@pytest.mark.slow
@pytest.mark.parametrize("calls", [1, 2, 20])
@pytest.mark.parametrize("kind", ["tokens", "cost"])
def test_on_an_executor(kind: str, calls: int, server: FakeServer, tmp_path: Path) -> None:
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    limits = Limits(tokens=calls * TOKENS)
    if kind == "cost":
        limits = Limits(cost=calls * EACH, prices=priced(tmp_path))
    with ThreadPoolExecutor(4) as pool:
        where: dict[str, Any] = {"concurrency": 4, "executor": pool}
        run = play(agent, tmp_path / "run", episodes=30, limits=limits, **where)
        assert len(server.requests) == calls
        assert "are spent of at most" in str(run.stopped)
        again = play(agent, tmp_path / "run", episodes=30, limits=limits, **where)
        assert (again.stopped, len(server.requests)) == (run.stopped, calls), "paid beyond a limit"
        played = play(agent, tmp_path / "run", episodes=30, **where)
    assert (played.stopped, len(server.requests)) == (None, 90), "a reply was paid for twice"
