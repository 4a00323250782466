"""Agents that ask lent models, services that answer them, and what such runs say."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import smartplay
from smartplay import Run
from smartplay.records.folder import RunFolder
from tests.fake_server import FakeServer
from tests.faults import untimed
from tests.folders import without

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
            told[record.key] = without([json.loads(line) for line in lines], "seconds", "reused")
    return told


def same(run: Run, calm: Run) -> None:
    """Hold a run against the undisturbed one.

    Raises:
        AssertionError: If they differ in a record, a step or a memory.
    """
    assert [untimed(r) for r in run.episodes] == [untimed(r) for r in calm.episodes], run.path
    assert transcript(run.path) == transcript(calm.path), run.path


def replies(path: Path) -> list[list[str]]:
    """The texts of each episode's calls."""
    folder = RunFolder(path)
    played = [record.key for record in folder.results(folder.header()) if record.steps]
    kept = [folder.steps(*key[:2], repeat=key[2])[1] for key in played]
    return [[call.text for step in steps for call in step.calls] for steps in kept]


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
