"""Models that a run lends the agent of an episode: any agent gets them by its context."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay.core.errors import UsageError
from smartplay.models import open_model
from smartplay.records.folder import RunFolder
from tests.asking import (
    ASKING,
    Numbered,
    by_hand,
    define,
    fake,
    play,
    transcript,
)
from tests.fake_server import FakeServer

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
