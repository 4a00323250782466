"""What many small episodes take on a disk, and their report in memory: `python -m tools.disk`.

Plays a run, then gives the room on the disk (`du`), the bytes of the files' content and the number
of files: as the run lies there, and with a file for each episode's steps, as folders had it before
(docs/decisions/0016-steps-in-few-files.md). Then what finding all episodes in the files takes, and
what reading the steps of one does. Last, the most memory that a process takes which writes the
report, as Linux counts it, libraries included; `--episodes 20` tells how much of it they are.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import smartplay
from smartplay.records.folder import RunFolder, own_steps_name

REPORT = """
import sys
from smartplay.cli import main
try:
    code = main(["report", *sys.argv[1:]])
except SystemExit as error:
    code = error.code
assert not code
print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0], file=sys.stderr)
"""
GAMES = "BanditTwoArmedHighLowFixed,Hanoi3Disk"


def main(episodes: int, rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        settings = {"episodes": episodes // 2, "progress": False, "concurrency": 1}
        smartplay.run("random", GAMES, out=run, **settings)
        print(f"{episodes} episodes:            {_taken(run)}", flush=True)
        records = RunFolder(run).episodes()
        finding, reading = [], []
        for number in range(rounds):
            folder, began = RunFolder(run), time.process_time()
            for game in {record.game for record in records}:
                folder.members(game)
            found = time.process_time()
            record = records[number * len(records) // rounds]
            folder.steps(record.game, record.episode)
            finding.append(found - began)
            reading.append(time.process_time() - found)
        before = Path(place) / "before"
        shutil.copytree(run, before, ignore=shutil.ignore_patterns("steps"))
        for record in records:
            path = before / own_steps_name(*record.key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(folder.trace(record.key))
        print(f"with a file per episode: {_taken(before)}")
        for options in ([], ["--html"]):
            taken = _memory(run, options)
            print(f"smartplay {' '.join(['report', *options])}: at most {taken:.0f} MB of memory")
    times = [statistics.median(each) * 1000 for each in (finding, reading)]
    print("finding all episodes {:.1f} ms, reading one {:.2f} ms of one core".format(*times))


def _memory(run: Path, options: list[str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *options, str(run)],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    return int(done.stderr.split()[-1]) * 1024 / 1e6


def _taken(folder: Path) -> str:
    found = [path.stat() for path in folder.rglob("*") if path.is_file()]
    room = sum(each.st_blocks * 512 for each in found) / 1e6
    content = sum(each.st_size for each in found) / 1e6
    return f"{room:6.2f} MB on the disk, {content:6.2f} MB of content, {len(found)} files"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--episodes", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    main(chosen.episodes, chosen.rounds)
