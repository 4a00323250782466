"""Tokens and money by role and model, and the limits that count them all."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from smartplay.agents.context import Reply
from smartplay.core.errors import UsageError
from smartplay.records import Call, Usage
from smartplay.records.folder import RunFolder
from smartplay.records.prices import read_prices
from smartplay.report import build_report, keep_report
from smartplay.runner import Limits
from tests.asking import ASKING, by_hand, define, fake, play, transcript
from tests.fake_server import Answer, FakeServer

TOKENS = 107  # of one call, as the server reports them
EACH = (40 * 1 + 60 * 0.5 + 7 * 10) / 1e6  # its price by PRICES

PRICES = """
currency = "USD"
date = 2026-11-01
[models.fake]
prompt = 1
cached = 0.5
completion = 10
"""
DEAR = "[models.dear]\nprompt = 100\ncached = 50\ncompletion = 1000\n"

TWO = """
class Two:
    def __init__(self, context):
        self.models = context.models

    async def act(self, observation):
        talk = [{"role": "user", "content": "Now?"}]
        for role in ("weak", "weak", "strong"):
            calls = await self.models[role].chat(talk)
        return calls[0].text
"""


def two(folder: Path, server: FakeServer) -> str:
    roles = {"weak": fake(server), "strong": fake(server, agent="openai:dear")}
    return define(folder, TWO, "Two", roles)


def priced(folder: Path, text: str = PRICES + DEAR) -> Path:
    path = folder / "prices.toml"
    path.write_text(text)
    return path


def answer(usage: Any, **body: Any) -> Answer:
    """A reply that reports such a usage; none at all if it is None."""
    message = {"role": "assistant", "content": "Answer: Rock"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    told = {"model": "fake-1", "choices": [choice], "usage": usage} | body
    if usage is None:
        del told["usage"]
    return Answer(body=json.dumps(told).encode())


# By role and model


def test_use_is_told_by_role(server: FakeServer, tmp_path: Path) -> None:
    run = play(two(tmp_path, server), tmp_path / "run")
    for record in run.episodes:
        told = {role: (u.model, u.calls, u.usage.prompt) for role, u in record.roles.items()}
        assert told == {"weak": ("openai:fake", 6, 600), "strong": ("openai:dear", 3, 300)}
        assert record.calls == sum(use.calls for use in record.roles.values())
        assert record.usage == sum((u.usage for u in record.roles.values()), Usage())


def test_a_report_tells_use_and_cost_by_role_and_model(server: FakeServer, tmp_path: Path) -> None:
    play(two(tmp_path, server), tmp_path / "run")
    report = build_report(tmp_path / "run", read_prices(priced(tmp_path)))
    keep_report(report, tmp_path / "run")
    told = (tmp_path / "run" / "report.json").read_text()
    assert all(f'"{word}"' in told for word in ("weak", "strong", "openai:fake", "openai:dear"))
    cost = build_report(tmp_path / "run", read_prices(priced(tmp_path))).cost
    assert cost is not None
    assert cost.total == pytest.approx(12 * EACH + 6 * 100 * EACH)


def test_calls_that_an_agent_declares_have_no_role(tmp_path: Path) -> None:
    def declaring(prompt: str) -> Reply:
        return Reply("Rock", calls=[Call([], "Rock", usage=Usage(90, 0, 10))])

    run = play(declaring, tmp_path / "run")
    for record in run.episodes:
        assert {role: use.calls for role, use in record.roles.items()} == {"": 3}
        assert record.usage == Usage(270, 0, 30)


# Limits


@pytest.mark.slow
def test_a_plug_in_is_limited_by_cost(server: FakeServer, tmp_path: Path) -> None:
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    options = ["--max-cost", f"{4 * EACH:.9f}", "--prices", str(priced(tmp_path))]
    done = by_hand(agent, tmp_path / "run", "--concurrency", "1", *options)
    assert done.returncode == 4, done.stderr
    assert "USD are spent of at most" in done.stderr
    assert len(server.requests) == 4
    done = by_hand(agent, tmp_path / "run", "--concurrency", "1")
    assert (done.returncode, len(server.requests)) == (0, 6), done.stderr


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "executor"])
def test_each_model_has_its_price(elsewhere: bool, server: FakeServer, tmp_path: Path) -> None:
    limits = Limits(cost=204 * EACH, prices=priced(tmp_path))  # two steps: 2 + 100, 2 + 100
    with ThreadPoolExecutor(1) as pool:
        run = play(
            two(tmp_path, server), tmp_path / "run", limits=limits, concurrency=1,
            executor=pool if elsewhere else None,
        )  # fmt: skip
    assert "USD are spent" in str(run.stopped)
    dear = [request["model"] for request in server.requests].count("dear")
    assert 2 <= dear <= (3 if elsewhere else 2)


@pytest.mark.parametrize("missing", ["fake", "dear"])
def test_a_model_without_a_price(missing: str, server: FakeServer, tmp_path: Path) -> None:
    prices = (PRICES + DEAR).replace(f"models.{missing}]", "models.another]")
    limits = Limits(cost=1.0, prices=str(priced(tmp_path, prices)))
    with pytest.raises(UsageError, match=missing):
        play(two(tmp_path, server), tmp_path / "run", limits=limits)
    assert not server.requests


@pytest.mark.parametrize("samples", [1, 5])
def test_no_more_is_overshot_than_was_under_way(
    samples: int, server: FakeServer, tmp_path: Path
) -> None:
    code = ASKING.replace("observation)}]", f"observation)}}], samples={samples}, temperature=1.0")
    agent = define(tmp_path, code, "Asking", {"player": fake(server)})
    limits = Limits(tokens=10 * TOKENS)
    play(agent, tmp_path / "run", episodes=8, limits=limits, concurrency=4)
    assert 10 <= len(server.requests) <= 9 + 4 * samples
    for _ in range(2):
        run = play(agent, tmp_path / "run", episodes=8, limits=limits, concurrency=4)
        assert "tokens are spent of at most 1070" in str(run.stopped)
        assert len(server.requests) <= 9 + 4 * samples, "a session began over"


def test_the_figure_of_a_stop_is_true(server: FakeServer, tmp_path: Path) -> None:
    """Calls that were under way at the stop are paid for, and told."""
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    limits = Limits(tokens=10 * TOKENS)
    run = play(agent, tmp_path / "run", episodes=8, limits=limits, concurrency=4)
    spent = re.search(r"(\d+) tokens are spent", str(run.stopped))
    assert spent is not None
    assert int(spent[1]) == len(server.requests) * TOKENS


def test_every_role_counts_over_sessions(server: FakeServer, tmp_path: Path) -> None:
    agent = two(tmp_path, server)
    for most in (4, 4, 11):
        limits = Limits(tokens=most * TOKENS)
        run = play(agent, tmp_path / "run", limits=limits, concurrency=1)
        assert run.stopped == f"{most * TOKENS} tokens are spent of at most {most * TOKENS}"
        assert len(server.requests) == most


FAILING = """
class Failing:
    def __init__(self, context):
        self.model, self.steps = context.models["player"], 0

    async def act(self, observation):
        self.steps += 1
        if self.steps == 3:
            raise RuntimeError("mine")
        return (await self.model.chat([{"role": "user", "content": "Now?"}]))[0].text
"""


def test_calls_of_failed_episodes_count(server: FakeServer, tmp_path: Path) -> None:
    agent = define(tmp_path, FAILING, "Failing", {"player": fake(server)})
    limits = Limits(tokens=4 * TOKENS)
    for _ in range(3):
        run = play(agent, tmp_path / "run", episodes=4, limits=limits, concurrency=1)
        assert run.stopped, "failed episodes were free"
    assert len(server.requests) == 4


@pytest.mark.parametrize("when", ["call", "later"])
def test_what_failed_agents_declare_counts(when: str, tmp_path: Path) -> None:
    """Four sessions of an agent that spends 100 tokens an episode before it fails."""

    class Spending:
        def __init__(self, manual: str, actions: list[str], seed: int) -> None:
            self.steps = 0

        def act(self, observation: str) -> Reply:
            self.steps += 1
            if self.steps == 2:
                raise RuntimeError("mine")
            return Reply("Rock", calls=[Call([], "Rock", usage=Usage(90, 0, 10))])

    limits, most = Limits(tokens=450), 0
    for _ in range(4):
        run = play(
            Spending, tmp_path / ("run" if when == "later" else "call"), limits=limits,
            episodes=3 if when == "later" else 12, concurrency=1,
        )  # fmt: skip
        most = max(most, sum(1 for _ in RunFolder(run.path).lines()))
    assert run.stopped == "500 tokens are spent of at most 450"
    assert most <= 6


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 905},
        {
            "prompt_tokens": 100,
            "completion_tokens": 5,
            "completion_tokens_details": {"reasoning_tokens": 800},
            "total_tokens": 905,
        },
    ],
)
def test_a_total_above_the_sum_counts(usage: Any, server: FakeServer, tmp_path: Path) -> None:
    server.then(*[answer(usage)] * 10)
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    limits = Limits(tokens=1800)
    run = play(agent, tmp_path / "run", limits=limits, concurrency=1)
    told = "905 tokens are spent of at most 1800, and a further call would pass it"
    assert run.stopped == told
    assert len(server.requests) == 1
    run = play(agent, tmp_path / "run", limits=limits, concurrency=1)
    assert (run.stopped, len(server.requests)) == (told, 1), "a session forgets how large calls are"


def test_a_total_below_the_sum_takes_nothing_away(server: FakeServer, tmp_path: Path) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 3}
    server.then(*[answer(usage)] * 10)
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    run = play(agent, tmp_path / "run", episodes=1)
    assert run.episodes[0].usage == Usage(300, 0, 15)


@pytest.mark.parametrize("usage", [None, {}, "none"])
@pytest.mark.parametrize("limit", ["tokens", "cost"])
def test_a_service_that_reports_no_usage_stops_a_limited_run(
    limit: str, usage: Any, server: FakeServer, tmp_path: Path
) -> None:
    server.then(*[answer(usage)] * 40)
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    prices = {"prices": priced(tmp_path)} if limit == "cost" else {}
    limits = Limits(**{limit: 1000}, **prices)  # type: ignore[arg-type]
    run = play(agent, tmp_path / "run", episodes=8, limits=limits, concurrency=1)
    assert run.stopped
    assert re.search("usage|tokens", run.stopped)
    assert "\n" not in run.stopped
    assert len(server.requests) <= 2
    free = play(agent, tmp_path / "run", episodes=8)
    assert not free.stopped
    assert not free.unscored, "without a limit nobody needs to know"


def test_a_limit_of_time_needs_no_usage(server: FakeServer, tmp_path: Path) -> None:
    server.then(*[answer(None)] * 6)
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    run = play(agent, tmp_path / "run", limits=Limits(seconds=60))
    assert run.stopped is None
    assert not run.unscored


def test_cached_tokens_above_the_prompt_give_nothing_back(
    server: FakeServer, tmp_path: Path
) -> None:
    details = {"cached_tokens": 10**6}
    usage = {"prompt_tokens": 100, "completion_tokens": 1, "prompt_tokens_details": details}
    server.then(*[answer(usage)] * 40)
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    limits = Limits(cost=3 * 60e-6, prices=priced(tmp_path))  # of 60e-6 if all of it was cached
    run = play(agent, tmp_path / "run", episodes=8, limits=limits, concurrency=1)
    assert run.stopped
    assert len(server.requests) <= 4


# Figures that cannot be


@pytest.mark.parametrize(
    "usage",
    [
        Usage(2**53, 0, 0),
        Usage(10**18, 0, 0),
        Usage(10**30, 0, 0),
        Usage(-(2**52), 0, 0),
        Usage(0, 0, -5),
        Usage(5, 10, 0),
        Usage(True, 0, 0),
        Usage(1.5, 0, 0),  # type: ignore[arg-type]
        Usage("many", 0, 0),  # type: ignore[arg-type]
        "none",
        None,
    ],
    ids=str,
)
def test_a_folder_stays_readable_whatever_is_declared(usage: Any, tmp_path: Path) -> None:
    def declaring(prompt: str) -> Reply:
        return Reply("Rock", calls=[Call([], "Rock", usage=usage)])

    run = play(declaring, tmp_path / "run", limits=Limits(tokens=10**9))
    folder = RunFolder(run.path)
    assert len(folder.results(folder.header())) == len(run.episodes)
    transcript(run.path)
    build_report(run.path)
    for record in run.episodes:
        assert record.status == "scored" or record.error
        assert 0 <= record.usage.cached <= max(0, record.usage.prompt)
        assert record.usage.completion >= 0


@pytest.mark.parametrize(
    "field",
    [
        {"text": "x", "seconds": float("nan")},
        {"text": "x", "seconds": -1e300},
        {"text": 5},
        {"text": "x", "messages": [{"content": object()}]},
        {"text": "\ud800"},
        {"text": "x", "finish": None},
    ],
    ids=["nan", "before", "number", "object", "surrogate", "none"],
)
def test_a_folder_stays_readable_whatever_a_call_says(field: Any, tmp_path: Path) -> None:
    def declaring(prompt: str) -> Reply:
        return Reply("Rock", calls=[Call(**({"messages": []} | field))])

    run = play(declaring, tmp_path / "run")
    folder = RunFolder(run.path)
    assert len(folder.results(folder.header())) == 2
    for record in run.episodes:
        if record.status == "scored":
            folder.steps(record.game, record.episode)
        else:
            assert record.error


# What was really served


def test_what_served_is_kept(server: FakeServer, tmp_path: Path) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 5}
    served = [("fake-1", "fp_a"), ("fake-1", "fp_b"), ("fake-2", None)]
    server.then(*[answer(usage, model=m, system_fingerprint=f) for m, f in served])
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    run = play(agent, tmp_path / "run", episodes=1)
    (_, *steps) = next(iter(transcript(run.path).values()))
    calls = [step["attempts"][0]["calls"][0] for step in steps]
    assert [(c["model"], c.get("fingerprint") or None) for c in calls] == served
    told = " ".join(run.episodes[0].roles["player"].served)
    assert all(word in told for word in ("fake-1", "fake-2", "fp_a", "fp_b"))


@pytest.mark.parametrize("changes", [True, False])
def test_a_report_tells_that_what_served_has_changed(
    changes: bool, server: FakeServer, tmp_path: Path
) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 5}
    prints = ["fp_a"] * 3 + ["fp_b" if changes else "fp_a"] * 3
    server.then(*[answer(usage, system_fingerprint=print_) for print_ in prints])
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    play(agent, tmp_path / "run", concurrency=1)
    told = " ".join(build_report(tmp_path / "run").notes)
    assert ("fp_a" in told and "fp_b" in told) is changes


@pytest.mark.parametrize("odd", [5, ["x"], {"a": 1}, "\u202e\x1b[31m", "x" * 10_000])
def test_odd_names_of_what_served_lose_no_reply(
    odd: Any, server: FakeServer, tmp_path: Path
) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 5}
    server.then(*[answer(usage, system_fingerprint=odd, model=odd)] * 6)
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    run = play(agent, tmp_path / "run")
    assert not run.unscored, run.unscored[0].error
    build_report(run.path)
