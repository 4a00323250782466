"""The MCP server, by the client of MCP's own package: `nox -s "adapters(mcp)"`."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smartplay import cards
from smartplay.leaderboard.verify import verify_run
from smartplay.records.folder import RunFolder
from tests.outside import GAMES, STEPS, check_as_the_runner, reply, serving

pytest.importorskip("mcp.server.mcpserver", reason="needs smartplay[mcp]")  # none in MCP 1
mcp = pytest.importorskip("mcp")

FROZEN_LAKE = Path(__file__).parents[1] / "games" / "frozen_lake" / "frozen_lake.toml"
MODES = ("auto", "legacy")
"""Without a handshake, as the protocol is since July 2026, and with one."""

Play = Callable[[Any], Awaitable[Any]]


def make(out: Path | None = None, **how: Any) -> tuple[Any, Any]:
    from smartplay.adapters.mcp import Games, make_server

    games = Games(out, **how)
    return games, make_server(games)


async def connect(server: Any, play: Play, mode: str = "auto", name: str = "me") -> Any:
    """Let a client play: in memory, at an address, or of a command."""
    from mcp_types import Implementation

    info = Implementation(name=name, version="1")
    async with mcp.Client(server, mode=mode, client_info=info) as client:
        return await play(client)


def with_client(server: Any, play: Play, mode: str = "auto", name: str = "me") -> Any:
    return asyncio.run(connect(server, play, mode, name))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    place = tmp_path_factory.mktemp("server")
    with serving("--mcp", "--http", cwd=place) as (url, _):
        yield url, place


async def call(client: Any, tool: str, **arguments: Any) -> Any:
    """What a tool answers; its text says the same."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content[0].text
    if tool != "list_games":
        assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


async def refused(client: Any, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content[0].text)


async def play_on(client: Any, game: str) -> list[Any]:
    """Play an episode to its end with the scripted replies; all that was told."""
    told = [await call(client, "start", game=game)]
    while not told[-1]["over"]:
        action = reply(len(told) - 1)
        told.append(await call(client, "act", episode=told[0]["episode"], action=action))
    return told


def command(*options: str, cwd: Path) -> Any:
    return mcp.StdioServerParameters(
        command=sys.executable, args=["-m", "smartplay", "serve", "--mcp", *options], cwd=cwd
    )


def test_every_game_is_played_as_the_runner_plays_it(tmp_path: Path) -> None:
    games, server = make(tmp_path / "served", steps=STEPS)
    told = {}

    async def play(client: Any) -> None:
        for game in GAMES:
            told[game] = await play_on(client, game)

    with_client(server, play)
    games.close()
    check_as_the_runner(tmp_path / "served", "mcp", "tools", GAMES, tmp_path / "ran")
    folder = RunFolder(tmp_path / "ran")
    for record in folder.episodes():
        _, steps = folder.steps(record.game, record.episode)
        first, *later, last = told[record.game.split("/")[1].rpartition("-")[0]]
        talk = steps[-1].calls[-1].messages
        assert first["told"] == f"{talk[0]['content']}\n\n{talk[1]['content']}"
        results = [each["content"] for each in talk if each["role"] == "tool"]
        assert [each["told"] for each in later] == results
        assert last == {"told": "The episode is over.", "over": True}
        assert set(first) == {"episode", "told", "actions", "over"}
        assert all(set(each) == {"told", "over"} for each in later)


@pytest.mark.parametrize("mode", MODES)
def test_the_tools_say_what_they_are_for(mode: str) -> None:
    _, server = make()

    async def play(client: Any) -> Any:
        games = (await call(client, "list_games"))["result"]
        return (await client.list_tools()).tools, games

    tools, games = with_client(server, play, mode)
    assert {tool.name: set(tool.input_schema["properties"]) for tool in tools} == {
        "list_games": set(), "start": {"game"}, "act": {"episode", "action"}}  # fmt: skip
    assert all(tool.description for tool in tools)
    assert [game["game"] for game in games] == [card.name for card in cards() if card.playable]
    assert set(games[0]) == {"game", "title", "steps"}


@pytest.mark.parametrize("mode", MODES)
def test_over_standard_input(mode: str, tmp_path: Path) -> None:
    """Two clients at once, each a server of its own, in the same folder; then they leave."""

    async def play(client: Any) -> None:
        async def other(other_client: Any) -> None:
            later = play_on(other_client, "Hanoi3Disk")
            await asyncio.gather(play_on(client, "MessengerL1"), later)
            await call(client, "start", game="Hanoi3Disk")

        async with mcp.Client(command("--steps", "3", cwd=tmp_path), mode=mode) as second:
            await other(second)

    with_client(command("--steps", "3", cwd=tmp_path), play, mode, "claude code")
    runs = {RunFolder(path).header().agent: path for path in (tmp_path / "runs").iterdir()}
    assert set(runs) == {"mcp:claude code", "mcp:mcp"}
    for path in runs.values():
        assert verify_run(path, workers=1).verified
    played = RunFolder(runs["mcp:claude code"]).episodes()
    assert [(r.game.split("/")[1], r.status) for r in played] == [
        ("MessengerL1-v0", "scored"), ("Hanoi3Disk-v0", "unscored")]  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(number: int, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "smartplay", "serve", "--mcp"]
    pipe = subprocess.PIPE
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "me", "version": "1"}}}  # fmt: skip
    start = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "start", "arguments": {"game": "Hanoi3Disk"}}}  # fmt: skip
    with subprocess.Popen(
        arguments, cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for message in (hello, {"jsonrpc": "2.0", "method": "notifications/initialized"}, start):
            process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert "Tower of Hanoi" in str(answers[1])
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
    (run,) = (tmp_path / "runs").iterdir()
    (record,) = RunFolder(run).episodes()
    assert record.status == "unscored"
    assert verify_run(run, workers=1).verified


def test_over_http(tmp_path: Path) -> None:
    """Two clients of two names at once, on one server; and one that vanishes."""
    with serving("--mcp", "--http", "--steps", "3", cwd=tmp_path) as (url, process):
        assert url.endswith("/mcp")

        async def play(client: Any) -> None:
            async with mcp.Client(url, mode="legacy") as second:
                await asyncio.gather(
                    play_on(client, "Hanoi3Disk"), play_on(second, "Hanoi3Disk"),
                    play_on(client, "MessengerL1"), play_on(second, "Hanoi3Disk"),
                )  # fmt: skip
            await call(client, "start", game="MessengerL1")

        with_client(url, play, name="me")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    runs = {RunFolder(path).header().agent: path for path in (tmp_path / "runs").iterdir()}
    counts = {}
    for agent, path in runs.items():
        assert verify_run(path, workers=1).verified
        counts[agent] = [record.status for record in RunFolder(path).episodes()]
    assert counts == {"mcp:me": ["scored", "scored", "unscored"], "mcp:mcp": ["scored", "scored"]}


@pytest.mark.parametrize("mode", MODES)
def test_wrong_calls_say_what_to_do(mode: str, tmp_path: Path) -> None:
    games, server = make(tmp_path)

    async def play(client: Any) -> None:
        assert "unknown game 'Chess'" in await refused(client, "start", game="Chess")
        assert "did you mean Hanoi3Disk" in await refused(client, "start", game="Hanoi3Disc")
        for other in ("messenger", str(FROZEN_LAKE)):
            assert f"unknown game {other!r}" in await refused(client, "start", game=other)
        for game in (None, 3, ["Hanoi3Disk"]):
            await refused(client, "start", game=game)
        begun = await call(client, "start", game="MessengerL1")
        name = begun["episode"]
        for other in ("", "x", name.upper() + "x", "\x1b[31m", "x" * 10**5):
            told = await refused(client, "act", episode=other, action="1")
            assert "start another one" in told
            assert len(told) < 300
        assert "act" in await refused(client, "act", episode=name)
        await refused(client, "act", episode=name, action=1.5)
        assert "at most" in await refused(client, "act", episode=name, action="x" * 100_001)
        wrong = await call(client, "act", episode=name, action="fly away")
        assert "did not name one of the actions" in wrong["told"]
        assert not wrong["over"]
        while not (await call(client, "act", episode=name, action=begun["actions"][0]))["over"]:
            pass
        assert "it is over" in await refused(client, "act", episode=name, action="1")
        await refused(client, "stop")

    with_client(server, play, mode)
    games.close()
    (record,) = RunFolder(tmp_path).episodes()
    assert record.rejected == {"unparsable": 1}
    assert verify_run(tmp_path, workers=1).complete


def test_nobody_acts_in_the_episode_of_another_client(tmp_path: Path) -> None:
    games, server = make(tmp_path, steps=4)

    async def play(client: Any) -> None:
        name = (await call(client, "start", game="MessengerL1"))["episode"]

        async def meddle(other: Any) -> None:
            told = await refused(other, "act", episode=name, action="1")
            assert "start another one" in told

        await connect(server, meddle, name="you")
        both = [call(client, "act", episode=name, action=action) for action in ("1", "2")]
        assert not any(each["over"] for each in await asyncio.gather(*both))

    with_client(server, play, name="me")
    games.close()
    (record,) = RunFolder(tmp_path).episodes()
    _, steps = RunFolder(tmp_path).steps(record.game, record.episode)
    assert [step.action for step in steps] == [0, 1], "calls at once are taken one by one"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'{"jsonrpc": "2.0"}', b"\xff\xfe",
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "act"}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": '
        b'{"name": "start", "arguments": {"game": "Hanoi3Disk"}}}',
    ],
)  # fmt: skip
def test_requests_of_no_client_start_nothing(body: bytes, address: tuple[str, Path]) -> None:
    url, place = address
    kind = {"Content-Type": "application/json", "Mcp-Session-Id": "made-up",
            "Accept": "application/json, text/event-stream"}  # fmt: skip
    request = urllib.request.Request(url, body, kind)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=30)
    with refusal.value as answer:
        assert 400 <= answer.code < 500
        assert b"Traceback" not in answer.read()
    assert not (place / "runs").exists()


def test_a_failure_inside_tells_the_client_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    games, server = make()

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("/home/someone/secret.txt")

    monkeypatch.setattr(games, "start", fail)

    async def play(client: Any) -> str:
        return await refused(client, "start", game="Hanoi3Disk")

    assert "secret" not in with_client(server, play)


def test_episodes_that_are_forgotten_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smartplay.adapters import mcp as adapter

    monkeypatch.setattr(adapter, "UNDER_WAY", 2)
    games, server = make(tmp_path)

    async def play(client: Any) -> None:
        first = await call(client, "start", game="Hanoi3Disk")
        await call(client, "start", game="Hanoi3Disk")
        assert "2 episodes are under way" in await refused(client, "start", game="Hanoi3Disk")
        monkeypatch.setattr(adapter, "IDLE", 0.05)
        await asyncio.sleep(0.1)
        await call(client, "act", episode=first["episode"], action="1")
        third = await call(client, "start", game="Hanoi3Disk")
        for episode in (first, third):
            await call(client, "act", episode=episode["episode"], action="2")

    with_client(server, play)
    assert [record.episode for record in RunFolder(tmp_path).episodes()] == [1]
    games.close()
    assert {record.episode for record in RunFolder(tmp_path).episodes()} == {0, 1, 2}
    assert {record.status for record in RunFolder(tmp_path).episodes()} == {"unscored"}


@pytest.mark.parametrize(
    ("name", "agent"),
    [
        ("claude-ai", "mcp:claude-ai"),
        ("  \n", "mcp:unnamed"),
        ("\u200b\u3164", "mcp:unnamed"),
        ("../../etc", "mcp:..-..-etc"),
        ("c:\\con", "mcp:c--con"),
        ("two\nlines", "mcp:two lines"),
        ("x" * 5000, "mcp:" + "x" * 64),
        ("agent.py:Name", "mcp:agent.py-Name"),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_a_clients_name_is_cleaned(
    name: str, agent: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    games, server = make(steps=1)

    async def play(client: Any) -> None:
        await play_on(client, "Hanoi3Disk")

    with_client(server, play, mode, name)
    games.close()
    (run,) = (tmp_path / "runs").iterdir()
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    assert run.name.startswith("mcp-")
    assert RunFolder(run).header().agent == agent
    assert verify_run(run, workers=1).verified


def test_a_name_moves_no_cursor(tmp_path: Path) -> None:
    games, server = make(tmp_path, steps=1)

    async def play(client: Any) -> None:
        await play_on(client, "Hanoi3Disk")

    with_client(server, play, name="\x1b[2J\u202eme")
    games.close()
    assert RunFolder(tmp_path).header().agent.isprintable()


def test_there_are_not_too_many_clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from smartplay.adapters import mcp as adapter

    monkeypatch.setattr(adapter, "CLIENTS", 2)
    monkeypatch.chdir(tmp_path)
    games, server = make(steps=1)

    async def play(client: Any) -> None:
        await play_on(client, "Hanoi3Disk")

    async def try_to_play(client: Any) -> str:
        return await refused(client, "start", game="Hanoi3Disk")

    for name in ("a", "b", "a"):
        with_client(server, play, name=name)
    assert "records of 2 clients" in with_client(server, try_to_play, name="c")
    games.close()


def test_a_folder_is_of_one_client(tmp_path: Path) -> None:
    games, server = make(tmp_path, steps=1)

    async def play(client: Any) -> None:
        await play_on(client, "Hanoi3Disk")

    async def try_to_play(client: Any) -> str:
        return await refused(client, "start", game="Hanoi3Disk")

    with_client(server, play, name="a")
    begun = time.monotonic()
    assert "--out" in with_client(server, try_to_play, name="b")
    assert time.monotonic() - begun < 5
    games.close()
    assert verify_run(tmp_path, workers=1).complete


def test_a_port_that_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from smartplay.cli import main

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--mcp", "--http", "--port", port]) == 2
        assert "--port" in capsys.readouterr().err
    for port in ("-1", "70000"):
        assert main(["serve", "--mcp", "--http", "--port", port]) == 2
    assert main(["serve", "--mcp", "--http", "--host", "no.such.host.invalid"]) == 2
    assert "cannot listen at no.such.host.invalid" in capsys.readouterr().err
