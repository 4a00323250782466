"""What a step, a reset, a snapshot and going back to it cost, beside an earlier version.

A node is what tree search does: going back, a step and a snapshot. It tells what a snapshot leaves
to the step that follows, such as copying random numbers.

    python -m tools.speed --before v0.1.0 --games minedojo

Measures this tree with numba and without, and the tree of another commit if one is named, in a
process each; they take turns, so that what else the machine does weighs on all alike. Times are of
the processor, medians over the rounds; ratios are to the first of them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
KEPT = 0.9  # how probable it is that an action is the one before
TIMED = ("step", "reset", "snapshot", "restore", "node")


def main(games: list[str], before: str | None, rounds: int, steps: int) -> None:
    """Measure and print."""
    import smartplay

    cards = [card.id for card in smartplay.cards() if card.playable and _named(card, games)]
    with ExitStack() as stack:
        trees = {"now": (ROOT, True), "now, no numba": (ROOT, False)}
        if before:
            trees = {before: (stack.enter_context(checked_out(before)), True)} | trees
        sides = {
            name: stack.enter_context(_started(tree, numba))
            for name, (tree, numba) in trees.items()
        }
        print(f"{'id':<34}{'':<16}" + "".join(f"{name + ' us':>20}" for name in TIMED))
        for game in cards:
            found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
            for number in range(rounds + 1):
                for name, side in sides.items():
                    times = _ask(side, game, number, steps)
                    if number:  # the first round warms up
                        found[name].append(times)
            _show(game, found)


def _named(card: Any, games: list[str]) -> bool:
    return not games or card.family in games or card.name in games


def _show(game: str, found: dict[str, list[dict[str, float]]]) -> None:
    middle = {
        name: {what: statistics.median(times[what] for times in rounds) for what in TIMED}
        for name, rounds in found.items()
    }
    base = next(iter(middle.values()))
    for name, values in middle.items():
        cells = [f"{values[what] * 1e6:,.1f} ({base[what] / values[what]:.1f}x)" for what in TIMED]
        print(f"{game:<34}{name:<16}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """The package as a commit has it, in a folder of its own."""
    packed = subprocess.run(
        ["git", "archive", commit, "smartplay", "games", "leaderboard/prices.toml"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


@contextmanager
def _started(tree: Path, numba: bool) -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "-P", __file__, "--answer", *([] if numba else ["--no-numba"])],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.communicate()


def _ask(process: Any, *question: Any) -> dict[str, float]:
    process.stdin.write(json.dumps(question) + "\n")
    process.stdin.flush()
    answer: dict[str, float] = json.loads(process.stdout.readline())
    return answer


def answer(numba: bool) -> None:
    """Measure what is asked for on standard input, a line each."""
    if not numba:
        sys.modules["numba"] = None  # type: ignore[assignment]
    import gymnasium as gym

    import smartplay  # noqa: F401

    envs: dict[str, Any] = {}
    for line in sys.stdin:
        game, number, steps = json.loads(line)
        env = envs.setdefault(game, gym.make(game))
        print(json.dumps(_measured(env, number, steps)), flush=True)


def _measured(env: Any, number: int, steps: int) -> dict[str, float]:
    draw = random.Random(number)
    resets, action, count, spent = [], 0, 0, 0.0
    over = True
    while count < steps:
        if over:
            began = time.process_time()
            env.reset(seed=draw.getrandbits(30))
            resets.append(time.process_time() - began)
        if draw.random() > KEPT:
            action = draw.randrange(int(env.action_space.n))
        began = time.process_time()
        *_, terminated, truncated, _ = env.step(action)
        spent += time.process_time() - began
        over = terminated or truncated
        count += 1
    search = env.unwrapped if not hasattr(env, "snapshot") else env
    times = {"step": spent / count, "reset": statistics.fmean(resets)}
    kept = search.snapshot()

    def node() -> None:
        search.restore(kept)
        env.step(action)
        search.snapshot()

    for what, do, repeats in (
        ("snapshot", search.snapshot, 200),
        ("restore", lambda: search.restore(kept), 200),
        ("node", node, 40),
    ):
        began = time.process_time()
        for _ in range(repeats):
            do()
        times[what] = (time.process_time() - began) / repeats
    return times


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--games", nargs="*", default=[], help="families or names (default: all)")
    parser.add_argument("--before", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=200, help="per round")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--no-numba", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.answer:
        answer(not chosen.no_numba)
    else:
        main(chosen.games, chosen.before, chosen.rounds, chosen.steps)
