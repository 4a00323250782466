"""What verifying an entry costs, and building a leaderboard of many entries again.

    python -m tools.rebuild --entries 100 --before v0.1.0

Verifies one entry in this tree, and in the tree of another commit if one is named, with numba and
without: processor time of a process that replays one episode after the other, and of its own
processes. Then builds a board of that many copies of the entries of `leaderboard/`, made to look
like different runs that verified, twice: the second build remembers them all. With 0 entries or
rounds it does one of both.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import msgspec

from tools.speed import ROOT, checked_out

BOARD = ROOT / "leaderboard"
VERIFY = """
import os, sys
from smartplay.leaderboard.verify import verify_run
assert verify_run(sys.argv[1], workers=1).episodes
print(sum(os.times()[:4]))  # heavy games are replayed in a process of their own
"""


def main(entries: int, before: str | None, entry: Path, rounds: int) -> None:
    """Measure and print."""
    if rounds:
        _verify(before, entry, rounds)
    if entries:
        _build(entries)


def _verify(before: str | None, entry: Path, rounds: int) -> None:
    with checked_out(before) if before else nullcontext(None) as tree:
        trees = ({before: tree} if before and tree else {}) | {"now": ROOT}
        sides = {(name, numba): place for numba in (True, False) for name, place in trees.items()}
        found: dict[tuple[str, bool], list[float]] = {side: [] for side in sides}
        for _ in range(rounds):
            for side, place in sides.items():
                found[side].append(_verified(place, entry, side[1]))
    middle = {side: statistics.median(times) for side, times in found.items()}
    for (name, numba), time in middle.items():
        ratio = middle[next(iter(trees)), numba] / time
        how = "numba" if numba else "no numba"
        print(f"verify {entry.name}, {name}, {how}: {time:.2f} s ({ratio:.1f}x)", flush=True)


def _build(entries: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SMARTPLAY_CACHE"] = str(Path(folder) / "cache")
        root = Path(folder) / "board"
        _fill(root, entries)
        for what in ("first build, pages drawn", "build again"):
            print(f"{entries} entries, {what}: {_built(root):.1f} s of one core", flush=True)


def _verified(tree: Path, entry: Path, numba: bool) -> float:
    with tempfile.TemporaryDirectory() as hiding:
        if not numba:  # for the processes that it starts, too
            (Path(hiding) / "numba.py").write_text("raise ImportError", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", VERIFY, str(entry)],
            cwd=tree, env=os.environ | {"PYTHONPATH": os.pathsep.join([hiding, str(tree)])},
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    return float(done.stdout)


def _fill(root: Path, number: int) -> None:
    """Copy the entries, each under another name, and remember each as another run."""
    from smartplay.leaderboard.claims import Play
    from smartplay.leaderboard.remembered import digest_of, keep
    from smartplay.leaderboard.rows import read_entry
    from smartplay.records.prices import read_prices

    prices = read_prices(BOARD / "prices.toml")
    root.mkdir(parents=True)
    shutil.copy(BOARD / "prices.toml", root)
    originals = sorted((BOARD / "entries").iterdir())
    verified = [(path, *read_entry(path, (), prices)) for path in originals]
    for copy in range(number):
        path, row, verification = verified[copy % len(verified)]
        place = root / "entries" / f"{path.name}-{copy:03}"
        shutil.copytree(path, place)
        row = msgspec.structs.replace(row, key=place.name, play=Play(str(copy), ""))
        keep(digest_of(place, (), prices), (row, verification))


def _built(root: Path) -> float:
    started = sum(os.times()[2:4])  # of the processes that were waited for
    subprocess.run(
        [sys.executable, "-m", "smartplay", "leaderboard", "build", "--root", str(root)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    return sum(os.times()[2:4]) - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=100)
    parser.add_argument("--before", help="the commit to compare with")
    parser.add_argument("--entry", type=Path, default=BOARD / "entries" / "2026-11-23_random")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    main(chosen.entries, chosen.before, chosen.entry.resolve(), chosen.rounds)
