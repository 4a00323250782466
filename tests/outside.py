"""Who plays from outside, over a server, held against the runner with the same replies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

import smartplay
from smartplay import cards
from smartplay.agents.catalog import AgentSource
from smartplay.agents.llm import LLMAgent
from smartplay.agents.methods import METHODS
from smartplay.leaderboard.verify import verify_run
from smartplay.models.base import Settings
from smartplay.models.pace import Pace
from smartplay.records import Call, EpisodeRecord, ToolCall
from smartplay.records.folder import RunFolder
from tests.faults import untimed
from tests.folders import without

GAMES = [card.name for card in cards() if card.playable and card.shipped]
"""Every game that SmartPlay ships and that can be played."""
REPLIES = ("I wonder.", "1", "", "Answer: 2", "Answer: nothing of the kind", "1", "2")
"""One after the other and from the start again: valid ones, and of each kind that is not."""
STEPS = 6


def reply(number: int) -> str:
    """What is said to the question of that number."""
    return REPLIES[number % len(REPLIES)]


class Scripted:
    """A model of a run that says the same, as text or as a call."""

    notes: list[str] = []
    concurrency = 1

    def __init__(self, name: str, calls: bool) -> None:
        self.name, self._calls, self._number = name, calls, -1
        self.settings, self.pace = Settings(temperature=None, max_tokens=None), Pace()

    async def chat(self, messages: list[Any], **_: Any) -> list[Call]:
        """Say what is next; a conversation of one question is a new episode's."""
        new = not any(message["role"] == "assistant" for message in messages)
        self._number = 0 if new else self._number + 1
        text = reply(self._number)
        if not self._calls:
            return [Call(messages=messages, text=text)]
        arguments = msgspec.json.encode({"action": text}).decode()
        return [Call(messages=messages, text="", tools=[ToolCall("", "act", arguments)])]

    async def aclose(self) -> None:
        """Nothing is held."""


def check_as_the_runner(
    folder: Path, adapter: str, protocol: str, games: Iterable[str], out: Path
) -> None:
    """Hold what a server left behind against a run with the same replies, but for times.

    Args:
        folder: What the server left.
        adapter: The server, whose client called itself `me`.
        protocol: How its client is talked to.
        games: The games of which it played the first episode, for `STEPS` steps.
        out: Where the runner plays.
    """
    name = f"{adapter}:me"
    source = AgentSource(
        name=name,
        settings={"protocol": protocol, "adapter": adapter},
        make=lambda context: LLMAgent(context, METHODS[protocol]()),
        models={"player": Scripted(name, protocol == "tools")},
        asynchronous=True,
    )
    smartplay.run(source, games, episodes=1, steps=STEPS, out=out, progress=False, concurrency=1)
    served, ran = RunFolder(folder), RunFolder(out)
    header = ran.header()
    for field in ("agent", "agent_settings", "games", "seed", "split", "retries", "repeats"):
        assert getattr(served.header(), field) == getattr(header, field), field
    records = served.results(served.header())
    assert list(map(untimed, records)) == list(map(untimed, ran.results(header)))
    for record in records:
        assert _steps(served, record) == _steps(ran, record), record.game
    verification = verify_run(folder, workers=1)
    assert verification.complete, str(verification)


def _steps(folder: RunFolder, record: EpisodeRecord) -> Any:
    return without(msgspec.to_builtins(folder.steps(record.game, record.episode)), "seconds")


@contextmanager
def serving(*options: str, cwd: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`smartplay serve` over HTTP in a process of its own: its address, and the process."""
    command = [sys.executable, "-m", "smartplay", "serve", *options, "--port", "0"]
    with subprocess.Popen(
        command, cwd=cwd, env=os.environ | {"PYTHONWARNINGS": ""}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()
