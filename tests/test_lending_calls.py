"""The calls of lent models: kept, paid once, apart, and the same however a run is played."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from smartplay.agents.methods.turn import ROLE
from smartplay.core.errors import AgentError, UsageError
from smartplay.models import open_model
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
from tests.fake_server import Answer, FakeServer, openai_body
from tests.faults import choose, untimed
from tests.lent import lend


@pytest.fixture
def other() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


# What a lent model has without a line of the agent's own


def test_calls_say_for_whom_and_by_what(server: FakeServer, tmp_path: Path) -> None:
    server.answer(seeded)
    agent = define(tmp_path, PANEL, "Panel", {"player": fake(server, seed="episode")})
    run = play(agent, tmp_path / "run", episodes=1, steps=1)
    ((_, step),) = transcript(run.path).values()
    calls = step["attempts"][0]["calls"]
    assert [call.get("sample", 0) for call in calls] == [0, 1, 2, 3, 4]
    for call in calls:
        assert (call["role"], call["asked"], call["label"]) == ("player", "openai:fake", "vote")
        assert call["model"] == "fake-1"
        assert call["usage"]["prompt"] == 100
    assert [request["temperature"] for request in server.requests] == [0.7] * 5


@pytest.mark.slow
def test_a_cache_serves_a_plug_in(server: FakeServer, tmp_path: Path) -> None:
    server.answer(Numbered())
    agent = define(tmp_path, PANEL, "Panel", {"player": fake(server)})
    cache = str(tmp_path / "cache.sqlite")
    for out in ("first", "second"):
        done = by_hand(agent, tmp_path / out, "--cache", cache)
        assert done.returncode == 0, done.stderr
    assert len(server.requests) == 30, "cached replies were paid for again"
    assert transcript(tmp_path / "first") == transcript(tmp_path / "second")
    lines = (tmp_path / "second" / "episodes.jsonl").read_text().splitlines()
    for record in map(json.loads, lines):
        assert record["reused"] == record["usage"] == record["roles"]["player"]["reused"]
    texts = [text for episode in replies(tmp_path / "second") for text in episode]
    assert len(set(texts)) == 30, "samples share a cached reply"


def test_a_cache_serves_executors(server: FakeServer, tmp_path: Path) -> None:
    server.answer(Numbered())
    agent = define(tmp_path, PANEL, "Panel", {"player": fake(server)})
    cache = tmp_path / "cache.sqlite"
    with ThreadPoolExecutor(2) as pool:
        play(agent, tmp_path / "first", cache=cache, executor=pool)
        play(agent, tmp_path / "second", cache=cache, executor=pool)
    play(agent, tmp_path / "third", cache=cache)
    assert len(server.requests) == 30
    assert transcript(tmp_path / "first") == transcript(tmp_path / "second")
    assert transcript(tmp_path / "first") == transcript(tmp_path / "third")


@pytest.mark.slow
@pytest.mark.parametrize("call", [1, 2, 4])
def test_a_kill_inside_an_episode_costs_the_call_under_way(
    call: int, server: FakeServer, tmp_path: Path
) -> None:
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    told = command(agent, tmp_path / "run", "--concurrency", "1")
    numbered = Numbered()
    kill_at(server, told, call, numbered)
    assert len(server.requests) == call
    run = play(agent, tmp_path / "run")
    assert not run.unscored
    assert len(server.requests) == 6 + 1, "a reply was paid for again"
    texts = [text for episode in replies(run.path) for text in episode]
    assert len(set(texts)) == 6
    assert [t.split("\n")[0] for t in texts[: call - 1]] == [f"Reply {k}." for k in range(1, call)]


@pytest.mark.slow
def test_a_kill_between_five_samples(server: FakeServer, tmp_path: Path) -> None:
    server.answer(seeded)
    agent = define(tmp_path, PANEL, "Panel", {"player": fake(server, seed="episode")})
    calm = play(agent, tmp_path / "calm", episodes=1)
    assert len(server.requests) == 15
    server.requests.clear()
    told = [*command(agent, tmp_path / "run"), "--episodes", "1"]
    kill_at(server, told, 9, seeded)  # in the second step three of five have come
    assert len(server.requests) == 10
    run = play(agent, tmp_path / "run", episodes=1)
    assert len(server.requests) == 15 + 2, "more was paid again than was under way"
    same(run, calm)


GATHER = """
import asyncio, json
from pathlib import Path

async def asked(models, way):
    talk = [{"role": "user", "content": "Now?"}]
    if way == "chats":
        chats = [models["player"].chat(talk) for _ in range(5)]
    elif way == "roles":
        chats = [models[role].chat(talk) for role in ("player", "judge", "player", "judge")]
    else:
        chats = [models["player"].chat(talk, samples=5, temperature=1.0)]
    told = await asyncio.gather(*chats, return_exceptions=True)
    wrong = [each for each in told if isinstance(each, BaseException)]
    texts = [None if isinstance(calls, BaseException) else [call.text for call in calls]
             for calls in told]
    with Path(__file__).with_name("log").open("a") as file:
        file.write(json.dumps(texts) + "\\n")
    if wrong:
        raise wrong[0]
    return "Answer: Rock"

async def chats(prompt, context):
    return await asked(context.models, "chats")

async def roles(prompt, context):
    return await asked(context.models, "roles")

async def samples(prompt, context):
    return await asked(context.models, "samples")
"""


def said(number: int, delay: float) -> Answer:
    return Answer(body=openai_body(f"Reply {number}.\nAnswer: Rock"), delay=delay)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "executor"])
@pytest.mark.parametrize("way", ["chats", "roles", "samples"])
def test_what_came_of_calls_at_once_is_kept_in_its_place(
    way: str, elsewhere: bool, server: FakeServer, tmp_path: Path
) -> None:
    """Replies come in the wrong order, two calls fail; the next session makes these two alone."""
    broken = Answer(500, delay=0.4)
    answers = [said(1, 0.2), broken, said(3, 0.1), said(4, 0.0), broken]
    calls = 4 if way == "roles" else 5
    server.then(*answers[5 - calls :])
    server.answer(Numbered())
    roles = {"player": fake(server), "judge": fake(server)}
    agent = define(tmp_path, GATHER, way, roles)
    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            run = play(
                agent, tmp_path / "run", episodes=1, steps=1, executor=pool if elsewhere else None
            )
    assert not run.unscored, run.unscored[0].error
    assert len(server.requests) == calls + 2, "what had come was paid for again"
    first, second = map(json.loads, (tmp_path / "log").read_text().splitlines())
    texts = [text for each in second for text in each]
    assert len(set(texts)) == calls, f"two calls share a reply: {texts}"
    for before, after in zip(first, second, strict=True):
        assert before in (None, after), "a call got another's reply"
    assert [text for episode in replies(run.path) for text in episode] == texts


def test_two_roles_that_ask_the_same_are_two_calls(
    server: FakeServer, other: FakeServer, tmp_path: Path
) -> None:
    server.say("Answer: Rock")
    other.say("Answer: Paper")
    roles = {"player": fake(server), "judge": fake(other, agent="openai:judge")}
    run = play(define(tmp_path, GATHER, "roles", roles), tmp_path / "run", episodes=1, steps=2)
    assert (len(server.requests), len(other.requests)) == (4, 4)
    assert replies(run.path) == [["Answer: Rock", "Answer: Paper"] * 4]
    told = run.episodes[0].roles
    assert {role: (use.model, use.calls) for role, use in told.items()} == {
        "player": ("openai:fake", 4),
        "judge": ("openai:judge", 4),
    }
    assert run.episodes[0].calls == 8


# Samples


@pytest.mark.parametrize("seed", ["episode", 1])
def test_samples_have_seeds_of_their_own(seed: Any, server: FakeServer, tmp_path: Path) -> None:
    server.answer(seeded)
    agent = define(tmp_path, PANEL, "Panel", {"player": fake(server, seed=seed)})
    play(agent, tmp_path / "one", concurrency=1)
    seeds = [request["seed"] for request in server.requests]
    for step in range(6):
        assert len(set(seeds[5 * step : 5 * step + 5])) == 5, "samples share a seed"
    if seed == "episode":
        assert not set(seeds[:15]) & set(seeds[15:]), "episodes share a seed"
    server.requests.clear()
    play(agent, tmp_path / "four", concurrency=4)
    assert sorted(request["seed"] for request in server.requests) == sorted(seeds)


CHAT = """
async def agent(prompt, context):
    calls = await context.models["player"].chat(
        [{{"role": "user", "content": prompt}}], {options}
    )
    return calls[0].text
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "temperature"),
    [("samples=2", 0), ("samples=5, temperature=0", 1.0), ("samples=2, temperature=0.0", None)],
)
def test_samples_without_chance_are_refused(
    options: str, temperature: Any, server: FakeServer, tmp_path: Path
) -> None:
    role = fake(server) | ({} if temperature is None else {"temperature": temperature})
    agent = define(tmp_path, CHAT.format(options=options), "agent", {"player": role})
    done = by_hand(agent, tmp_path / "run")
    assert done.returncode == 2, done.stderr
    assert "temperature" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert not server.requests


def test_a_seed_of_a_chat_does_not_make_samples_alike(server: FakeServer, tmp_path: Path) -> None:
    options = "samples=3, temperature=1.0, seed=7"
    agent = define(tmp_path, CHAT.format(options=options), "agent", {"player": fake(server)})
    play(agent, tmp_path / "run", episodes=1, steps=1)
    assert len({request["seed"] for request in server.requests}) == 3


@pytest.mark.parametrize("samples", ["0", "-1"])
def test_no_number_of_samples(samples: str, server: FakeServer, tmp_path: Path) -> None:
    options = f"samples={samples}, temperature=1.0"
    agent = define(tmp_path, CHAT.format(options=options), "agent", {"player": fake(server)})
    with pytest.raises(UsageError, match="samples"):
        play(agent, tmp_path / "run", episodes=1, steps=1)


# The same run in any way


@pytest.mark.slow
def test_a_run_is_the_same_however_it_is_played(server: FakeServer, tmp_path: Path) -> None:
    server.answer(seeded)
    agent = define(tmp_path, PANEL, "Panel", {"player": fake(server, seed="episode")})
    options: dict[str, Any] = {"episodes": 4}
    calm = play(agent, tmp_path / "calm", concurrency=1, **options)
    assert not calm.unscored
    play(agent, tmp_path / "four", concurrency=4, **options)
    with ThreadPoolExecutor(2) as pool:
        play(agent, tmp_path / "elsewhere", executor=pool, **options)
    told = [*command(agent, tmp_path / "killed"), "--episodes", "4"]
    for call in (3, 8, 13):
        kill_at(server, told, call, seeded)
    play(agent, tmp_path / "killed", **options)
    told = [*command(agent, tmp_path / "failed"), "--episodes", "4"]
    sessions, seconds = 0, time.monotonic()
    server.fail(0.2, [Answer(500)], seed=3)
    while play(agent, tmp_path / "failed", **options).unscored:
        sessions += 1
        assert time.monotonic() - seconds < 30
    assert sessions
    for name in ("four", "elsewhere", "killed", "failed"):
        assert transcript(tmp_path / name) == transcript(tmp_path / "calm"), name
        records = [untimed(r) for r in play(agent, tmp_path / name, **options).episodes]
        assert records == [untimed(r) for r in calm.episodes], name


def test_a_hedged_call_moves_no_other(server: FakeServer, tmp_path: Path) -> None:
    """The slower of two calls is given up; those after it keep their replies on a resume."""
    code = """
import asyncio

class Hedging:
    def __init__(self, context):
        self.model, self.steps = context.models["player"], 0

    async def act(self, observation):
        self.steps += 1
        if self.steps == 1:
            talk = [{"role": "user", "content": "first"}]
            tasks = [asyncio.ensure_future(self.model.chat(talk)) for _ in range(2)]
            done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            return done.pop().result()[0].text
        talk = [{"role": "user", "content": "then"}]
        return (await self.model.chat(talk))[0].text
"""
    server.then(said(1, 0.2), said(2, 0.8), said(3, 0.0), Answer(500))
    server.answer(Numbered())
    agent = define(tmp_path, code, "Hedging", {"player": fake(server)})
    assert play(agent, tmp_path / "run", episodes=1).unscored
    server.then(said(5, 0.5))  # the call that was given up is made anew
    run = play(agent, tmp_path / "run", episodes=1)
    assert not run.unscored
    (texts,) = replies(run.path)
    assert [text.split("\n")[0] for text in texts[:2]] == ["Reply 1.", "Reply 3."]


AHEAD = """
import asyncio

class Ahead:
    # Asks while the game goes on, and uses the reply one step later.

    def __init__(self, context):
        self.model, self.waiting, self.left = context.models["player"], None, context.steps + {more}

    async def ask(self, left):
        return (await self.model.chat([{{"role": "user", "content": str(left)}}]))[0].text

    async def act(self, observation):
        text = await self.waiting if self.waiting else "Rock"
        self.left -= 1
        if self.left:
            self.waiting = asyncio.ensure_future(self.ask(self.left))
        await asyncio.sleep(0)
        return text
"""


def test_a_call_that_is_used_later_is_recorded(server: FakeServer, tmp_path: Path) -> None:
    agent = define(tmp_path, AHEAD.format(more=0), "Ahead", {"player": fake(server)})
    run = play(agent, tmp_path / "run", episodes=1, steps=4)
    assert run.episodes[0].status == "scored"
    assert len(server.requests) == 3
    assert run.episodes[0].calls == 3, "what is paid for is not told"
    assert len(replies(run.path)[0]) == 3


@pytest.mark.slow
def test_a_call_that_nobody_waits_for_ends_with_its_episode(
    server: FakeServer, tmp_path: Path
) -> None:
    server.then(*[Answer(body=openai_body("Answer: Rock"), delay=0.1)] * 8)
    agent = define(tmp_path, AHEAD.format(more=1), "Ahead", {"player": fake(server)})
    done = by_hand(agent, tmp_path / "run")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_plug_in_gets_what_a_shipped_agent_gets(server: FakeServer, tmp_path: Path) -> None:
    """The embedded prompt asked by hand and by the library: the same calls, tokens and scores."""
    server.answer(choose)
    shipped = play("openai:fake", tmp_path / "a", agent_settings={"base_url": server.url})
    asked = [request["messages"] for request in server.requests]
    server.requests.clear()
    code = """
from smartplay.agents.llm import LLMAgent

def made(context):
    return LLMAgent(context)
"""
    agent = define(tmp_path, code, "made", {"player": fake(server)})
    mine = play(agent, tmp_path / "b")
    assert sorted(map(str, asked)) == sorted(str(r["messages"]) for r in server.requests)
    assert [untimed(r) for r in mine.episodes] == [untimed(r) for r in shipped.episodes]
    files = [sorted(each.name for each in run.path.iterdir()) for run in (mine, shipped)]
    assert files[0] == files[1]


CLINGING = """
import asyncio, time
from pathlib import Path

LOG = Path(__file__).with_name("log")

async def agent(prompt, context):
    while context.episode == 1 and not LOG.exists():
        await asyncio.sleep(0.02)
    until = time.monotonic() + 2.8  # well after it was given up
    while context.episode == 0 and time.monotonic() < until:
        try:
            await asyncio.sleep(until - time.monotonic())
        except asyncio.CancelledError:
            pass
    if context.episode == 0:
        told = []
        for _ in range(3):
            try:
                await context.models["player"].chat([{"role": "user", "content": prompt}])
            except Exception as error:
                told.append(f"{type(error).__name__}: {error}")
        LOG.write_text("\\n".join(told))
    return "Rock"
"""


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "executor"])
def test_a_model_is_lent_until_the_episode_is_over(
    elsewhere: bool, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that swallows its cancellation can go on, but not with the run's models."""
    monkeypatch.setattr("smartplay.runner.awaited.OVERTIME", 0.2)
    agent = define(tmp_path, CLINGING, "agent", {"player": fake(server)})
    with ThreadPoolExecutor(1) as pool:
        run = play(
            agent, tmp_path / "run", episodes=2, steps=1, episode_seconds=2.0, concurrency=1,
            executor=pool if elsewhere else None,
        )  # fmt: skip
    assert [record.error for record in run.unscored] == ["the episode took longer than 2 seconds"]
    assert not server.requests
    refused = "AgentError: the episode to which the model 'player' was lent is over"
    assert (tmp_path / "log").read_text().splitlines() == [refused] * 3


def test_an_episode_that_has_ended_lends_nothing(server: FakeServer) -> None:
    models = lend(open_model("openai:fake", base_url=server.url))

    async def body() -> None:
        await models.end()
        with pytest.raises(AgentError, match="was lent is over"):
            await models[ROLE].chat([{"role": "user", "content": "Now?"}])

    asyncio.run(body())
    assert not server.requests
