"""A run against a service that fails: `python -m tests.faults [CALLS] [RATE]`.

Plays the same episodes twice, with and without faults, and compares. Shows that every episode is
finished or unscored with its cause, that none is lost or counted twice, and that the scores are
those of the run without faults.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

import smartplay
from smartplay.records import EpisodeRecord, Usage
from smartplay.results import Run
from tests.fake_server import FakeServer, faults

GAME, STEPS, CONCURRENCY = "RockPaperScissorBasic", 20, 32
ACTIONS = ("Rock", "Paper", "Scissors")


def choose(request: dict[str, Any]) -> str:
    """An action that depends on the whole conversation, as a model's does."""
    told = json.dumps(request["messages"]).encode()
    return f"Answer: {ACTIONS[hashlib.sha256(told).digest()[0] % len(ACTIONS)]}"


def play(server: FakeServer, out: Path, calls: int, **options: Any) -> Run:
    """Play as many episodes as take so many calls."""
    settings = {"base_url": server.url} | options.pop("agent_settings", {})
    return smartplay.run(
        "openai:fake",
        GAME,
        steps=STEPS,
        episodes=calls // STEPS,
        concurrency=options.pop("concurrency", CONCURRENCY),
        out=out,
        progress=False,
        agent_settings=settings,
        **options,
    )


def untimed(record: EpisodeRecord) -> tuple[Any, ...]:
    """All a record says but how long it took, and what of it a cache gave."""
    roles = {
        role: msgspec.structs.replace(use, reused=Usage()) for role, use in record.roles.items()
    }
    plain = msgspec.structs.replace(record, seconds=0.0, reused=Usage(), roles=roles)
    return msgspec.structs.astuple(plain)


def compare(folder: Path, calls: int, rate: float, timeout: float, retries: int) -> dict[str, Any]:
    """Play with and without faults.

    Returns:
        Figures for the reader.

    Raises:
        AssertionError: If the runs do not leave the same behind.
    """
    with FakeServer() as server:
        server.answer(choose)
        smooth = play(server, folder / "smooth", calls)
        assert not smooth.unscored
        assert len(server.requests) == calls
        server.requests.clear()
        server.fail(rate, faults(hang=3 * timeout), seed=1)
        unscored: list[int] = []
        sessions, began = 0, time.perf_counter()
        settings = {"timeout": timeout, "max_retries": retries}
        while not sessions or unscored[-1]:
            rough = play(server, folder / "rough", calls, agent_settings=settings)
            sessions += 1
            assert rough.stopped or len(rough.episodes) == calls // STEPS, "an episode is lost"
            assert all(record.error for record in rough.unscored), "an episode has no cause"
            unscored.append(calls // STEPS - len(rough.episodes) + len(rough.unscored))
            assert sessions < 30, f"episodes stay unscored: {unscored}"
        seconds, requests = time.perf_counter() - began, len(server.requests)
    assert [untimed(r) for r in rough.episodes] == [untimed(r) for r in smooth.episodes], (
        "faults of the service have changed what was recorded"
    )
    assert sum(record.calls for record in rough.episodes) == calls
    return {
        "calls": calls,
        "requests": requests,
        "sessions": sessions,
        "unscored after each": unscored,
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    os.environ.pop("OPENAI_API_KEY", None)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    share = float(sys.argv[2]) if len(sys.argv) > 2 else 0.3
    with tempfile.TemporaryDirectory(prefix="smartplay-faults-") as place:
        for patience in (6, 1):
            print(
                f"{patience} retries:",
                compare(Path(place) / f"{patience}", count, share, 1.0, patience),
            )
