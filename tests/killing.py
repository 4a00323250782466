"""One run killed again and again with SIGKILL: `python -m tests.killing [TIMES] [SEED]`.

Plays a run undisturbed, and the same run killed at random moments until it is finished. Shows
that the records are equal, times aside, that no process outlives its run, and that a language
model is asked again for no more than what was under way at each kill. Linux only (`/proc`).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from smartplay.records.folder import RunFolder
from tests.fake_server import FakeServer
from tests.faults import choose
from tests.folders import without
from tests.games import unique, write_game

MARK = "SMARTPLAY_TEST_MARK"
CONCURRENCY, STEPS = 4, 10
ROCK = "RockPaperScissorBasic"
SLOW = """
import time

class Slow:
    def __init__(self, manual, actions, seed):
        self.actions, self.seed, self.steps = actions, seed, 0

    def act(self, observation):
        time.sleep(0.02)
        self.steps += 1
        return self.actions[(self.seed + self.steps) % len(self.actions)]
"""


class Killed(NamedTuple):
    """What happened to a run.

    Attributes:
        kills: How often it was killed.
        early: How many of these came before its first new result.
        results: Its lines at the end.
        seconds: How long it took in all.
    """

    kills: int
    early: int
    results: int
    seconds: float


def content(path: Path) -> Any:
    """Every record of a run and its steps, but for times."""
    folder = RunFolder(path)
    told = [
        (record, *folder.steps(record.game, record.episode))
        for record in folder.results(folder.header())
    ]
    return without(msgspec.to_builtins(told), "seconds")


def lines(out: Path) -> int:
    """Complete lines of results."""
    path = out / "episodes.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def start(command: list[str], mark: str, place: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a run whose processes can be told by a mark in their environment."""
    environment = os.environ | {MARK: mark}
    return subprocess.Popen(
        command, env=environment, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def left_over(mark: str) -> list[int]:
    """Processes that bear a mark."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (place / "environ").read_bytes():
                found.append(int(place.name))
        except OSError:
            continue
    return found


def no_orphans(mark: str) -> None:
    """Wait until all processes of a run are gone.

    Raises:
        AssertionError: If one stays.
    """
    deadline = time.monotonic() + 20
    while left_over(mark):
        assert time.monotonic() < deadline, f"processes outlive their run: {left_over(mark)}"
        time.sleep(0.02)


def finish(command: list[str]) -> float:
    """Run to the end; returns the seconds it took."""
    mark, began = uuid.uuid4().hex, time.monotonic()
    process = start(command, mark)
    _, told = process.communicate(timeout=600)
    assert process.returncode == 0, told.decode()
    no_orphans(mark)
    return time.monotonic() - began


def kill_again_and_again(command: list[str], out: Path, times: int, draw: random.Random) -> Killed:
    """Kill a run at random moments, then let it finish."""
    kills = early = 0
    began, patience = time.monotonic(), 1.0
    while kills < times:
        before, mark = lines(out), uuid.uuid4().hex
        process = start(command, mark)
        moment = time.monotonic() + draw.uniform(0, 2 * patience)
        first = None
        while time.monotonic() < moment and process.poll() is None:
            if first is None and lines(out) > before:
                first = time.monotonic()
            time.sleep(0.005)
        finished = process.poll() is not None
        process.kill()
        _, told = process.communicate(timeout=60)
        if finished:
            assert process.returncode == 0, told.decode()
            break
        kills += 1
        early += first is None
        patience = min(5.0, patience * (1.1 if first is None else 0.95))
        no_orphans(mark)
    finish(command)
    return Killed(kills, early, lines(out), time.monotonic() - began)


def run_command(agent: list[str], games: str, episodes: int) -> list[str]:
    """The command of a run, but for its folder."""
    command = [sys.executable, "-m", "smartplay", "run", *agent, "--games", games, "--json"]
    command += ["--episodes", str(episodes), "--steps", str(STEPS)]
    return [*command, "--concurrency", str(CONCURRENCY)]


def prove(
    folder: Path, agent: list[str], games: str, episodes: int, times: int, seed: int
) -> Killed:
    """Hold a killed run against an undisturbed one.

    Raises:
        AssertionError: If they differ.
    """
    out, calm = folder / "killed", folder / "calm"
    command = run_command(agent, games, episodes)
    finish([*command, "--out", str(calm)])
    told = kill_again_and_again([*command, "--out", str(out)], out, times, random.Random(seed))
    assert content(out) == content(calm), "the kills show in the records"
    assert lines(out) == lines(calm), "an episode was counted twice"
    rest = sorted(path.name for path in out.iterdir())
    assert rest == sorted(path.name for path in calm.iterdir()), rest
    return told


def scripted(folder: Path, times: int, seed: int, episodes: int = 0) -> Killed:
    """A scripted agent, in threads and, for a CPU-heavy game, in worker processes.

    Args:
        folder: Where to play.
        times: How often to kill.
        seed: Of the moments.
        episodes: Of each game; by default enough to be killed so often.
    """
    (folder / "slow.py").write_text(SLOW)
    game = write_game(folder, heavy=True, name=unique(folder))
    games = f"{game},BanditTwoArmedHighLowFixed,Hanoi3Disk"
    return prove(folder, [f"{folder / 'slow.py'}:Slow"], games, episodes or 6 * times, times, seed)


def _slowly(request: dict[str, Any]) -> str:
    time.sleep(0.02)
    return choose(request)


def language_model(
    folder: Path, times: int, seed: int, episodes: int = 0
) -> tuple[Killed, int, int]:
    """A language model behind HTTP; returns also the calls of the records and those made."""
    episodes = episodes or 5 * times
    with FakeServer() as server:
        server.answer(_slowly)
        agent = ["openai:fake", "--base-url", server.url]
        told = prove(folder, agent, ROCK, episodes, times, seed)
        calls = episodes * STEPS
        made = len(server.requests) - calls
    assert calls <= made <= calls + told.kills * CONCURRENCY, (
        f"{made} calls were made where {calls} and {CONCURRENCY} a kill would do"
    )
    return told, calls, made


PROOFS: dict[str, Callable[[Path, int, int], Any]] = {
    "scripted agent": scripted,
    "language model": language_model,
}

if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    chance = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    os.environ.pop("OPENAI_API_KEY", None)
    for name, proof in PROOFS.items():
        with tempfile.TemporaryDirectory(prefix="smartplay-killing-") as place:
            print(f"{name}: {proof(Path(place), number, chance)}", flush=True)
