"""Models that a run lends the agent of an episode: any agent gets them by its context."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay import Run
from smartplay.agents.methods.turn import ROLE
from smartplay.core.errors import AgentError, UsageError
from smartplay.models import open_model
from smartplay.records.folder import RunFolder
from tests.fake_server import Answer, FakeServer, openai_body
from tests.faults import choose, untimed
from tests.lent import lend

ROCK = "RockPaperScissorBasic"
ACTIONS = ("Rock", "Paper", "Scissors")

ASKING = """
class Asking:
    def __init__(self, context):
        self.model = context.models["player"]

    async def act(self, observation):
        calls = await self.model.chat([{"role": "user", "content": str(observation)}])
        return calls[0].text
"""

PANEL = """
from collections import Counter

class Panel:
    def __init__(self, context):
        self.context, self.steps = context, 0

    async def act(self, observation):
        self.steps += 1
        talk = [{"role": "user", "content": f"{self.steps}: {observation}"}]
        model = self.context.models["player"]
        calls = await model.chat(talk, samples=5, temperature=0.7, label="vote")
        assert [call.sample for call in calls] == [0, 1, 2, 3, 4]
        answers = [call.text.split()[-1] for call in calls]
        return "Answer: " + Counter(answers).most_common(1)[0][0]
"""


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def other() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


def define(folder: Path, code: str, name: str, roles: dict[str, dict[str, Any]]) -> str:
    """Write an agent and a definition that lends it models; returns the definition's path."""
    folder.mkdir(exist_ok=True)
    (folder / "mine.py").write_text(code)
    lines = [f'agent = "mine.py:{name}"']
    for role, settings in roles.items():
        lines.append(f"[models.{role}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (folder / "mine.toml").write_text("\n".join(lines) + "\n")
    return str(folder / "mine.toml")


def fake(server: FakeServer, **settings: Any) -> dict[str, Any]:
    """A role's settings: a model behind the server, which is asked only once for each reply."""
    return {"agent": "openai:fake", "base_url": server.url, "max_retries": 0} | settings


def play(agent: Any, out: Path, **options: Any) -> Run:
    given: dict[str, Any] = {"games": ROCK, "episodes": 2, "steps": 3, "progress": False}
    return smartplay.run(agent, out=out, **(given | options))


def command(agent: str, out: Path, *options: str) -> list[str]:
    told = [sys.executable, "-m", "smartplay", "run", agent, "--games", ROCK, "--out", str(out)]
    return [*told, "--episodes", "2", "--steps", "3", *options]


def by_hand(agent: str, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(command(agent, out, *options), capture_output=True, text=True, timeout=60)


def transcript(path: Path) -> dict[tuple[Any, ...], Any]:
    """All that the steps of a run say but times, by game, episode and repeat."""
    told = {}
    folder = RunFolder(path)
    for record in folder.results(folder.header()):
        if record.steps:
            lines = gzip.decompress(folder.trace(record.key)).splitlines()
            told[record.key] = timeless([json.loads(line) for line in lines])
    return told


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in ("seconds", "reused")}
    return [timeless(below) for below in value] if isinstance(value, list) else value


def replies(path: Path) -> list[list[str]]:
    """The texts of each episode's calls."""
    return [
        [
            call["text"]
            for step in steps
            for attempt in step["attempts"]
            for call in attempt.get("calls", [])
        ]
        for _, *steps in transcript(path).values()
    ]


def seeded(request: dict[str, Any]) -> str:
    """What a repeatable service says: it depends on the conversation and on the seed."""
    told = json.dumps([request["messages"], request.get("seed")]).encode()
    digest = hashlib.sha256(told).digest()
    return f"{digest.hex()[:6]}.\nAnswer: {ACTIONS[digest[0] % 3]}"


class Numbered:
    """Says something else to every call."""

    def __init__(self) -> None:
        self.count, self.lock = 0, threading.Lock()

    def __call__(self, request: dict[str, Any]) -> str:
        with self.lock:
            self.count += 1
            return f"Reply {self.count}.\nAnswer: {ACTIONS[self.count % 3]}"


def kill_at(server: FakeServer, told: list[str], call: int, reply: Callable[..., str]) -> None:
    """Kill a run when its call of that number has come in, a while after those before it."""
    lock, count = threading.Lock(), 0

    def deadly(request: dict[str, Any]) -> str:
        nonlocal count
        with lock:
            count += 1
            mine = count
        if mine < call:
            return reply(request)
        time.sleep(0.3)
        process.kill()
        time.sleep(0.3)  # what plays dies with the process that watches over it, not before
        return reply(request)

    server.answer(deadly)
    process = subprocess.Popen(told, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, error = process.communicate(timeout=60)
    assert process.returncode == -9, error.decode()
    server.answer(reply)


# Doors

DOORS = {
    "class": (ASKING, "Asking"),
    "class with the usual parameters too": (
        """
class Both:
    def __init__(self, manual, actions, seed, context):
        assert (manual, actions, seed) == (context.manual, context.actions, context.seed)
        self.model = context.models["player"]

    async def act(self, observation):
        return (await self.model.chat([{"role": "user", "content": observation}]))[0].text
""",
        "Both",
    ),
    "function of the prompt": (
        """
async def ask(prompt, context):
    return (await context.models["player"].chat([{"role": "user", "content": prompt}]))[0].text
""",
        "ask",
    ),
    "factory": (ASKING + "\ndef made(context):\n    return Asking(context)\n", "made"),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_lends_models(door: str, server: FakeServer, tmp_path: Path) -> None:
    code, name = DOORS[door]
    run = play(define(tmp_path, code, name, {"player": fake(server)}), tmp_path / "run")
    assert not run.unscored, run.unscored[0].error
    assert len(server.requests) == 6
    for record in run.episodes:
        assert (record.calls, record.usage.prompt, record.usage.completion) == (3, 300, 21)
        use = record.roles["player"]
        assert (use.model, use.calls, use.usage) == ("openai:fake", 3, record.usage)


def test_models_are_lent_to_an_object(server: FakeServer, tmp_path: Path) -> None:
    async def ask(prompt: str, context: Any) -> Any:
        calls = await context.models["player"].chat([{"role": "user", "content": prompt}])
        return calls[0].text

    settings = {"models": {"player": fake(server)}}
    run = play(ask, tmp_path / "run", agent_settings=settings)
    assert [record.calls for record in run.episodes] == [3, 3]


def test_options_for_models_reach_those_of_ones_own_agent(
    server: FakeServer, tmp_path: Path
) -> None:
    (tmp_path / "asking.py").write_text(ASKING)
    agent, out = f"{tmp_path / 'asking.py'}:Asking", tmp_path / "run"
    options = ("--model", "player=openai:fake", "--base-url", server.url, "--timeout", "9")
    done = by_hand(agent, out, *options)
    assert done.returncode == 0, done.stderr
    settings = smartplay.load_run(out).header.agent_settings
    assert list(settings) == ["models"]
    assert settings["models"]["player"]["timeout"] == 9


REUSING = """
import asyncio

class Reusing:
    def __init__(self, context):
        self.model, self.message = context.models["player"], {"role": "user", "content": ""}

    async def act(self, observation):
        self.message["content"] = f"What do you think of {observation}?"
        asking = asyncio.ensure_future(self.model.chat([self.message], label="think"))
        await asyncio.sleep(0)
        self.message["content"] = "What is your answer?"
        calls = await self.model.chat([self.message], label="answer")
        await asking
        return calls[0].text
"""


def test_what_is_kept_is_what_was_asked(server: FakeServer, tmp_path: Path) -> None:
    """Even if the agent writes its next question into the message of the last one."""
    agent = define(tmp_path, REUSING, "Reusing", {"player": fake(server)})
    run = play(agent, tmp_path / "run", episodes=1)
    [record] = run.scored
    _, steps = RunFolder(run.path).steps(record.game, record.episode)
    kept = [call.messages for step in steps for call in step.calls]
    sent = [request["messages"] for request in server.requests]
    assert len(kept) == 6
    assert sorted(map(str, kept)) == sorted(map(str, sent))
    assert sum("think" in str(messages) for messages in kept) == 3


@pytest.mark.parametrize("label", [None, 3])
def test_a_call_that_could_not_be_read_again_is_not_kept(
    label: Any, server: FakeServer, tmp_path: Path
) -> None:
    async def ask(prompt: str, context: Any) -> Any:
        talk = [{"role": "user", "content": prompt}]
        return (await context.models["player"].chat(talk, label=label))[0].text

    run = play(ask, tmp_path / "run", agent_settings={"models": {"player": fake(server)}})
    for record in run.episodes:
        assert record.error
        assert "label" in record.error
        RunFolder(run.path).steps(record.game, record.episode)


@pytest.mark.parametrize("right", [False, True])
def test_another_threads_loop_is_told_how_to_ask(
    right: bool, server: FakeServer, tmp_path: Path
) -> None:
    async def ask(prompt: str, context: Any) -> Any:
        chat, loop = context.models["player"].chat, asyncio.get_running_loop()
        talk = [{"role": "user", "content": prompt}]

        def elsewhere() -> Any:
            if right:
                return asyncio.run_coroutine_threadsafe(chat(talk), loop).result()
            return asyncio.run(chat(talk))

        return (await asyncio.to_thread(elsewhere))[0].text

    run = play(ask, tmp_path / "run", agent_settings={"models": {"player": fake(server)}})
    told = {"run_coroutine_threadsafe" in (record.error or "") for record in run.episodes}
    assert told == {not right}
    assert len(run.scored) == 2 * right


@pytest.mark.parametrize("talk", ["Now?", {"content": "Now?"}, [{"content": b"Now?"}], [None], 5])
def test_what_is_no_conversation_is_refused(talk: Any, server: FakeServer, tmp_path: Path) -> None:
    async def ask(prompt: str, context: Any) -> Any:
        return (await context.models["player"].chat(talk))[0].text

    run = play(ask, tmp_path / "run", agent_settings={"models": {"player": fake(server)}})
    assert {"list of messages" in (record.error or "") for record in run.episodes} == {True}


def test_messages_that_only_call_a_tool_need_no_text(server: FakeServer, tmp_path: Path) -> None:
    """OpenAI's own messages of that kind have null for a text, or none."""
    call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    talk = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "A door."},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "Another."},
    ]

    async def ask(prompt: str, context: Any) -> Any:
        return (await context.models["player"].chat(talk))[0].text

    run = play(ask, tmp_path / "run", agent_settings={"models": {"player": fake(server)}})
    assert not run.unscored, run.unscored[0].error
    assert server.requests[0]["messages"][1]["tool_calls"] == [call]


def test_the_older_doors(tmp_path: Path) -> None:
    class Classic:
        def __init__(self, manual: str, actions: list[str], seed: int) -> None:
            self.actions = actions

        def act(self, observation: str) -> str:
            return f"Answer: {self.actions[0]}"

    class Own(Classic):
        def __init__(self, manual: str, actions: list[str], seed: int, depth: int = 1) -> None:
            super().__init__(manual, actions, seed)
            assert depth == 2

    async def waiting(prompt: str) -> str:
        await asyncio.sleep(0)
        return "Rock"

    for number, (agent, settings) in enumerate(
        [(Classic, {}), (Own, {"depth": 2}), (waiting, {}), (lambda prompt: "Rock", {}),
         (lambda prompt: 0, {})]
    ):  # fmt: skip
        run = play(agent, tmp_path / f"{number}", agent_settings=settings)
        assert [(r.status, r.invalid) for r in run.episodes] == [("scored", {})] * 2, run.episodes


def test_a_context_says_what_is_played(tmp_path: Path) -> None:
    seen: list[Any] = []

    class Seeing:
        def __init__(self, context: Any) -> None:
            seen.append(context)

        def act(self, observation: str) -> int:
            return 0

    run = play(Seeing, tmp_path / "run", concurrency=1)
    assert [(c.game, c.episode, c.repeat, c.steps) for c in seen] == [
        ("smartplay/RockPaperScissorBasic-v0", k, 0, 3) for k in range(2)
    ]
    assert [c.seed for c in seen] == [record.agent_seed for record in run.episodes]
    heads = [told[0] for told in transcript(run.path).values()]
    assert [(c.manual, list(c.actions)) for c in seen] == [
        (h["manual"], h["actions"]) for h in heads
    ]
    assert all(c.title and c.memory is None and not c.models for c in seen)
    assert set(map(type, (seen[0].seed, seen[0].steps))) == {int}


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
    assert transcript(run.path) == transcript(calm.path)
    assert [untimed(r) for r in run.episodes] == [untimed(r) for r in calm.episodes]


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


# What is refused


@pytest.mark.slow
@pytest.mark.parametrize("roles", [("judge",), ()])
def test_a_role_that_is_not_there(
    roles: tuple[str, ...], server: FakeServer, tmp_path: Path
) -> None:
    agent = define(tmp_path, ASKING, "Asking", {role: fake(server) for role in roles})
    done = by_hand(agent, tmp_path / "run")
    assert done.returncode == 2, done.stderr
    assert "player" in done.stderr
    assert all(role in done.stderr for role in roles)
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    "table",
    [
        '[models.player]\nbase_url = "http://127.0.0.1:9/v1"',
        '[models.player]\nagent = "random"',
        '[models.player]\nagent = "nonsense:x"',
        '[models.player]\nagent = "openai:"',
        '[models.player]\nagent = "openai:fake"\nsurprise = 1',
        '[models.player]\nagent = "openai:fake"\ntemperature = "hot"',
        '[models]\nagent = "openai:fake"',
        "[models]\nplayer = 3",
    ],
)
def test_a_table_of_models_that_cannot_be(table: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(ASKING)
    (tmp_path / "mine.toml").write_text(f'agent = "mine.py:Asking"\n{table}\n')
    with pytest.raises(UsageError) as refused:
        play(str(tmp_path / "mine.toml"), tmp_path / "run")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_models_are_for_agents_that_can_wait(server: FakeServer, tmp_path: Path) -> None:
    code = ASKING.replace("async def", "def").replace("await ", "")
    agent = define(tmp_path, code, "Asking", {"player": fake(server)})
    with pytest.raises(UsageError, match="async"):
        play(agent, tmp_path / "run")


# Without a run


def test_a_model_of_ones_own(server: FakeServer) -> None:
    server.answer(Numbered())
    model = open_model("openai:fake", base_url=server.url, temperature=1.0)

    async def body() -> list[str]:
        try:
            calls = await model.chat([{"role": "user", "content": "Now?"}], samples=3)
        finally:
            await model.aclose()
        return [call.text for call in calls]

    assert len(set(asyncio.run(body()))) == 3
    assert len(server.requests) == 3
    with pytest.raises(UsageError, match="nonsense"):
        open_model("nonsense:x")


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
