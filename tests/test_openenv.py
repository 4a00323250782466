"""The OpenEnv server, by OpenEnv's own client: `nox -s "adapters(openenv)"`."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.error
import urllib.request
import venv
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay.core.errors import UsageError
from smartplay.leaderboard.verify import verify_run
from smartplay.records.folder import RunFolder
from smartplay.runner.jobs import SPLITS, split_seed
from tests.outside import GAMES, STEPS, check_as_the_runner, reply, serving

openenv = pytest.importorskip("openenv.core", reason="needs smartplay[openenv]")
websockets = pytest.importorskip("websockets")

Play = Callable[[Any], Awaitable[Any]]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("server")
    with serving("--openenv", "--sessions", "24", cwd=place) as (url, _):
        yield url


def with_client(address: str, play: Play) -> Any:
    async def connected() -> Any:
        async with openenv.GenericEnvClient(base_url=address) as client:
            return await play(client)

    return asyncio.run(connected())


async def play_on(client: Any, result: Any) -> list[Any]:
    """Play an episode to its end with the scripted replies; all that was told."""
    told = [result]
    while not told[-1].done:
        told.append(await client.step({"reply": reply(len(told) - 1)}))
    return told


def ask(address: str, route: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        address + route, data, {"Content-Type": "application/json"} | headers
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode()
            return error.code, json.loads(text) if text.startswith("{") else text


def test_every_game_is_played_as_the_runner_plays_it(tmp_path: Path) -> None:
    out = tmp_path / "served"
    how = ("--out", str(out), "--split", "suite", "--steps", str(STEPS), "--agent", "me")

    async def play(client: Any) -> None:
        for game in GAMES:
            told = await play_on(client, await client.reset(game=game))
            talk: list[Any] = []
            for number, each in enumerate(told[:-1]):
                said = reply(number).strip() or "(no reply)"
                talk += [*each.observation["messages"], {"role": "assistant", "content": said}]
                heard[game] = talk[:-1]

    heard: dict[str, list[Any]] = {}
    with serving("--openenv", *how, cwd=tmp_path) as (url, process):
        with_client(url, play)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    check_as_the_runner(out, "openenv", "chat", GAMES, tmp_path / "ran")
    folder = RunFolder(tmp_path / "ran")
    for record in folder.episodes():
        _, steps = folder.steps(record.game, record.episode)
        assert heard[record.game.split("/")[1].rpartition("-")[0]] == steps[-1].calls[-1].messages


def test_rewards_and_the_end(address: str) -> None:
    async def play(client: Any) -> list[Any]:
        return await play_on(client, await client.reset(game="RockPaperScissorBasic", steps=3))

    first, *steps = with_client(address, play)
    assert first.reward is None
    assert first.observation["actions"] == ["Rock", "Paper", "Scissors"]
    assert [each.reward for each in steps[:1]] == [0.0]  # a complaint is no step
    assert "did not name one" in steps[0].observation["messages"][0]["content"]
    *before, last = steps
    assert all(each.metadata is None for each in before)
    assert last.metadata["score"] == sum(each.reward for each in steps)
    assert last.metadata["error"] is None
    assert last.observation["messages"] == []


def test_half_a_character_ends_no_session(address: str) -> None:
    async def play(client: Any) -> Any:
        await client.reset(game="RockPaperScissorBasic", steps=3)
        await client.step({"reply": "\ud83d"})
        return await client.step({"reply": "\ud83d Answer: Rock"})

    assert "Step 1" in with_client(address, play).observation["messages"][0]["content"]


def test_nothing_of_the_games_truth_leaves_before_the_end(address: str) -> None:
    async def play(client: Any) -> list[Any]:
        told = []
        result = await client.reset(game="BanditTwoArmedHighLowFixed", steps=5)
        while not result.done:
            told.append((vars(result), await client.state()))
            result = await client.step({"reply": "1"})
        return told

    told = with_client(address, play)
    assert len(told) == 5
    for number, (result, state) in enumerate(told):
        assert set(state) == {"episode_id", "step_count"}
        assert state["step_count"] == number
        assert set(result["observation"]) == {"messages", "actions", "metadata"}
        assert result["metadata"] is None
        assert result["observation"]["metadata"] == {}
        assert {tuple(each) for each in result["observation"]["messages"]} == {("role", "content")}


@pytest.mark.parametrize("split", [None, "suite", *SPLITS])
def test_seeds_are_episodes_of_a_split(address: str, split: str | None) -> None:
    named = {} if split is None else {"split": split}

    async def play(client: Any) -> list[Any]:
        worlds = []
        for seed in (5, 6, 5):
            result = await client.reset(game="MessengerL2", seed=seed, steps=3, **named)
            worlds.append([vars(each) for each in await play_on(client, result)])
        return worlds

    one, other, again = with_client(address, play)
    assert one == again
    assert one != other
    assert with_client(address, play) == [one, other, again]


def test_the_task_routes_list_what_reset_takes(address: str) -> None:
    _, splits = ask(address, "/smartplay/splits")
    assert {split["name"]: split["type"] for split in splits} == {
        "train": "train", "dev": "validation", "test": "test"}  # fmt: skip
    for split in ("train", "dev", "test"):
        _, number = ask(address, "/smartplay/num_tasks", {"split": split})
        status, found = ask(address, "/smartplay/tasks", {"split": split})
        assert status == 200
        tasks = found["tasks"]
        assert len(tasks) == number["num_tasks"] > 0
        assert len({tuple(task.values()) for task in tasks}) == len(tasks)
        assert {task["split"] for task in tasks} == {split}
        index = len(tasks) // 2 + 1
        _, one = ask(address, "/smartplay/task", {"split": split, "index": index})
        assert one["task"] == tasks[index]
        _, some = ask(address, "/smartplay/task_range", {"split": split, "start": 3, "stop": 5})
        assert some["tasks"] == tasks[3:5]
    assert {task["game"] for task in tasks} <= set(GAMES)

    async def play(client: Any) -> Any:
        return await client.reset(**tasks[0])

    assert with_client(address, play).observation["messages"]
    for wrong in (-1, number["num_tasks"]):
        assert ask(address, "/smartplay/task", {"split": split, "index": wrong})[0] == 400
    status, told = ask(address, "/smartplay/tasks", {"split": "exam"})
    assert (status, "unknown split 'exam'" in told["detail"]) == (400, True)


def test_without_a_session_a_step_is_refused(address: str) -> None:
    status, told = ask(address, "/step", {"action": {"reply": "1"}})
    assert status == 400
    assert "call reset first" in told["detail"]
    assert "/ws" in told["detail"]
    assert ask(address, "/reset", {"seed": 1, "game": "Hanoi3Disk"})[0] == 200
    assert ask(address, "/step", {"action": {"reply": "1"}})[0] == 400
    assert ask(address, "/state") == (200, {"episode_id": None, "step_count": 0})
    status, told = ask(address, "/reset", {"game": "Chess"})
    assert (status, "unknown game 'Chess'" in told["detail"]) == (400, True)

    async def play(client: Any) -> None:
        with pytest.raises(RuntimeError, match="call reset first"):
            await client.step({"reply": "1"})
        result = await client.reset(game="MessengerL1", steps=1)
        assert (await client.step({"reply": "1"})).done
        with pytest.raises(RuntimeError, match="the episode is over"):
            await client.step({"reply": "1"})
        result = await client.reset(game="MessengerL1", steps=1)
        assert not result.done

    with_client(address, play)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"game": "Chess"}, "unknown game 'Chess'"),
        ({"game": "Hanoi3Disc"}, "did you mean Hanoi3Disk"),
        ({"game": 3}, "Expected `str`, got `int`"),
        ({"seed": "one"}, r"got `str` - at `\$.seed`"),
        ({"seed": -1}, "number of an episode"),
        ({"seed": 2**31}, "number of an episode"),
        ({"seed": 1.5}, r"got `float` - at `\$.seed`"),
        ({"split": "exam"}, "unknown split 'exam'"),
        ({"steps": 0}, "steps must be 1 or more"),
        ({"speed": 3}, "'speed' is not a setting of the game"),
        ({"environment": "os:system"}, "'environment' is not a setting"),
        ({"game": "Hanoi", "disks": 10**7}, "'disks' may ask for more"),
    ],
)
def test_a_wrong_reset_says_why(address: str, asked: dict[str, Any], told: str) -> None:
    async def play(client: Any) -> Any:
        with pytest.raises(RuntimeError, match=told):
            await client.reset(**asked)
        return await client.reset(game="Hanoi3Disk", seed=0)  # the session goes on

    assert not with_client(address, play).done


def test_a_card_file_is_no_game_where_a_run_is_recorded_either(tmp_path: Path) -> None:
    from smartplay.adapters.openenv import Games

    games = Games("me", tmp_path / "run", "train")
    card = Path(__file__).parents[1] / "games" / "frozen_lake" / "frozen_lake.toml"
    with pytest.raises(UsageError, match="unknown game"):
        games.start(game=str(card), split="train", seed=0, steps=None, settings={})
    games.close()


def test_settings_are_parameters_of_reset(address: str) -> None:
    async def play(client: Any) -> list[str]:
        worlds = []
        for level in (1, 12):
            result = await client.reset(game="ContrastPlanning-v0", level=level, seed=1, steps=2)
            worlds.append(str(result.observation["messages"]))
        return worlds

    easy, hard = with_client(address, play)
    assert easy != hard


def test_sessions_side_by_side(address: str) -> None:
    async def play() -> list[list[Any]]:
        async def one(seed: int) -> list[Any]:
            async with openenv.GenericEnvClient(base_url=address) as client:
                result = await client.reset(game="MessengerL2", seed=seed, steps=8)
                return [vars(each) for each in await play_on(client, result)]

        return await asyncio.gather(*map(one, [1, 2, 3] * 8))

    played = asyncio.run(play())
    assert played[:3] * 8 == played
    assert played[0] != played[1]


def test_more_sessions_than_there_may_be(tmp_path: Path) -> None:
    how = ("--sessions", "2", "--host", "0.0.0.0")
    with serving("--openenv", *how, cwd=tmp_path) as (url, process):

        async def play() -> None:
            first, second, third, fourth = (
                openenv.GenericEnvClient(base_url=url) for _ in range(4)
            )
            for client in (first, second):
                await client.connect()
                await client.reset(seed=0)
            await third.connect()
            with pytest.raises(Exception, match=r"CAPACITY|capacity|closed|[Cc]onnection"):
                await third.reset(seed=0)
            await second.close()
            deadline = time.monotonic() + 10
            while True:
                try:
                    await fourth.connect()
                    await fourth.reset(seed=0)
                    break
                except Exception:
                    assert time.monotonic() < deadline, "a session left, and its place stays taken"
                    fourth = openenv.GenericEnvClient(base_url=url)
                    await asyncio.sleep(0.1)
            assert not (await first.step({"reply": "1"})).done
            for client in (first, third, fourth):
                await client.close()

        asyncio.run(play())
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert "anyone who can reach this machine" in process.stderr.read()


def test_sizes_are_bounded(address: str) -> None:
    for name, value, status in (
        ("Content-Length", str(2**20 + 1), 413), ("Transfer-Encoding", "chunked", 411)
    ):  # fmt: skip
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
        connection.putrequest("POST", "/reset")
        connection.putheader(name, value)
        connection.endheaders()  # the answer comes before any of the body
        assert connection.getresponse().status == status
        connection.close()

    async def play(client: Any) -> None:
        await client.reset(game="Hanoi3Disk")
        with pytest.raises(RuntimeError, match="VALIDATION_ERROR"):
            await client.step({"reply": "x" * 100_001})
        assert not (await client.step({"reply": "x" * 100_000 + "\nAnswer: 1"[:0]})).done
        with pytest.raises(Exception, match=r"1009|too big|closed"):
            await client.step({"reply": "x" * 2**20})

    with_client(address, play)


def test_pages_of_other_sites_are_refused(address: str) -> None:
    assert ask(address, "/health", Origin="http://elsewhere.test")[0] == 403
    assert ask(address, "/health", Host="elsewhere.test")[0] == 421
    assert ask(address, "/health", Origin=address)[0] == 200

    async def connect() -> None:
        place = address.replace("http", "ws") + "/ws"
        with pytest.raises(websockets.exceptions.InvalidStatus):
            async with websockets.connect(place, origin="http://elsewhere.test"):
                pass

    asyncio.run(connect())


def test_a_run_that_is_recorded_keeps_to_what_it_records(tmp_path: Path) -> None:
    out = tmp_path / "run"
    how = ("--out", str(out), "--split", "dev", "--steps", "4")
    with serving("--openenv", *how, cwd=tmp_path) as (url, process):

        async def play(client: Any) -> None:
            for other in ({"split": "suite"}, {"steps": 3}, {"disks": 4}):
                with pytest.raises(RuntimeError, match="records a run on the split dev"):
                    await client.reset(game="Hanoi3Disk", **other)
            await client.reset(game="Hanoi3Disk", split="dev")
            await client.step({"reply": "1"})
            for seed in (7, 7, None):
                await play_on(client, await client.reset(game="MessengerL1", seed=seed))
            await client.reset(game="MessengerL1", seed=0)  # and stays
            await vanish(url)
            while len(RunFolder(out).episodes()) < 5:
                await asyncio.sleep(0.05)
            process.terminate()
            assert await asyncio.to_thread(process.wait, 20) == 0

        with_client(url, play)
        assert process.stderr is not None
        assert process.stderr.read() == ""
    header = RunFolder(out).header()
    assert (header.agent, header.split) == ("openenv:client", "dev")
    records = RunFolder(out).results(header)
    assert [(r.game.split("/")[1], r.episode, r.repeat, r.status) for r in records] == [
        ("Hanoi3Disk-v0", 0, 0, "unscored"),
        ("Hanoi3Disk-v0", 1, 0, "unscored"),
        ("MessengerL1-v0", 0, 0, "unscored"),
        ("MessengerL1-v0", 7, 0, "scored"),
        ("MessengerL1-v0", 7, 1, "scored"),
        ("MessengerL1-v0", 8, 0, "scored"),
    ]
    for record in records:
        assert record.seed == split_seed("dev", 0, record.game, record.episode) >= 2**31
        assert record.score is not None or "given up" in (record.error or "")
    verification = verify_run(out, workers=1)
    assert verification.incomplete, str(verification)
    assert verification.episodes == 6


async def vanish(url: str) -> None:
    """Begin an episode, and be gone without a word."""
    socket = await websockets.connect(url.replace("http", "ws") + "/ws")
    await socket.send('{"type": "reset", "data": {"game": "Hanoi3Disk"}}')
    await socket.recv()
    socket.transport.abort()


def test_the_recipes_of_the_docs_play(address: str) -> None:
    text = (Path(__file__).parents[1] / "docs" / "serving.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S):
        exec(block.replace("http://127.0.0.1:8000", address), names)
    said = asyncio.run(names["play"](lambda talk: f"Answer: {1 + len(talk) % 3}"))
    assert 0 <= said <= 3
    game = names["Game"]()
    first = game.reset(game="MessengerL1", split="dev", seed=4)
    assert "Messenger" in first
    assert "Step 0" in first
    assert "did not name one" in game.act("fly")
    while not game.over:
        told = game.act("1")
    assert told == "The episode is over."
    assert game.get_reward() in (-1.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="over"):
        game.act("1")
    assert game.reset(game="MessengerL1", split="dev", seed=4) == first
    game.client.close()


INTEGRATION = Path(__file__).parents[1] / "integrations" / "openenv"


def test_the_resets_of_the_verifiers_file_are_played(address: str) -> None:
    asked = tomllib.loads((INTEGRATION / "verifiers.toml").read_text(encoding="utf-8"))
    taskset = asked["env"]["taskset"]
    assert taskset["id"] == "openenv"

    async def play(client: Any) -> None:
        for reset in taskset["resets"]:
            assert (await play_on(client, await client.reset(**reset)))[-1].done

    with_client(address, play)


@contextmanager
def started(command: list[str], cwd: Path, **environment: str) -> Iterator[str]:
    """A server's process; the address that its first line tells."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=cwd, env=os.environ | environment, stdout=pipe, stderr=subprocess.STDOUT,
        text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            told = (re.search(r"http://\S+:\d+", line) for line in process.stdout)
            yield next(filter(None, told))[0].replace("0.0.0.0", "127.0.0.1")
        finally:
            process.terminate()


def check_it_plays(url: str) -> None:
    async def play(client: Any) -> Any:
        return (await play_on(client, await client.reset(game="MessengerL1")))[-1]

    assert with_client(url, play).metadata["error"] is None


@pytest.mark.slow
def test_the_application_of_the_manifest_serves() -> None:
    manifest = (INTEGRATION / "openenv.yaml").read_text(encoding="utf-8")
    told = dict(line.split(": ", 1) for line in manifest.splitlines())
    assert told["version"] == smartplay.__version__
    command = [sys.executable, "-m", "uvicorn", told["app"], "--port", "0"]
    with started(command, INTEGRATION) as url:
        check_it_plays(url)


@pytest.mark.slow
def test_the_dockerfile_line_by_line(tmp_path: Path) -> None:
    """Its commands in a folder, as a container would run them, with the packages of this one."""
    pytest.importorskip("setuptools", minversion="70.1")
    python, places = tmp_path / "python", sysconfig.get_paths()
    venv.create(python, symlinks=True)
    commands = python / "bin"
    site = sysconfig.get_path("purelib", vars={"base": str(python)})
    (Path(site) / "outer.pth").write_text(places["purelib"])
    for name, does in {"pip": 'exec python -m pip "$@"', "useradd": "exit 0"}.items():
        (commands / name).write_text(f"#!/bin/sh\n{does}\n")
        (commands / name).chmod(0o755)
    environment = {
        "PATH": f"{commands}:{os.environ['PATH']}", "PYTHONPATH": "",
        "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0",
    }  # fmt: skip
    folder, command = tmp_path, [""]
    for line in (INTEGRATION / "Dockerfile").read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if word == "WORKDIR":
            folder = tmp_path / rest.lstrip("/")
            folder.mkdir(parents=True)
        elif word == "COPY":
            assert rest == ". ."
            left = shutil.ignore_patterns(".git", "build", "tests", "docs", "*.egg-info")
            shutil.copytree(INTEGRATION.parents[1], folder, ignore=left, dirs_exist_ok=True)
        elif word == "RUN":
            subprocess.run(rest, shell=True, cwd=folder, env=os.environ | environment, check=True)
        elif word == "CMD":
            command = json.loads(rest)
        else:
            assert word in ("#", "FROM", "USER", "EXPOSE"), line
    assert command[-2:] == ["--port", "8000"]
    inside = str(commands / command[0])
    with started([inside, *command[1:-1], "0"], folder, **environment) as url:
        check_it_plays(url)
