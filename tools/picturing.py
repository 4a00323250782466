"""What the pictures of `smartplay report --html` cost.

    python -m tools.picturing --before v0.1.0

Plays the reference agent, then writes the page in this tree and in that of another commit, turn
about: processor time of the whole command, and of drawing the pictures alone. The default run is of
27 episodes with 26 pictures each.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.speed import ROOT, checked_out

REPORT = """
import sys, time
from smartplay.cli import main
from smartplay.report.html import traces
draw, number, spent = traces.draw_episode, 0, 0.0
def timed(*args):
    global number, spent
    started = time.process_time()
    pictures = draw(*args)
    spent += time.process_time() - started
    number += len(pictures)
    return pictures
traces.draw_episode = timed
try:
    code = main(["report", "--html", "--json", "--out", sys.argv[2], sys.argv[1]])
except SystemExit as error:
    code = error.code
assert not code
print(number, spent, time.process_time(), file=sys.stderr)
"""


def main(before: str, games: str, episodes: int, rounds: int) -> None:
    """Measure and print."""
    with checked_out(before) as tree, tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        play = ["run", "reference", "--games", games, "--episodes", str(episodes), "--out", run]
        subprocess.run(
            [sys.executable, "-m", "smartplay", *play], cwd=ROOT, check=True, capture_output=True
        )
        sides = {before: tree, "now": ROOT}
        found: dict[str, list[list[float]]] = {name: [] for name in sides}
        for _ in range(rounds):
            for name, place in sides.items():
                found[name].append(_reported(place, run, Path(folder) / "page.html"))
    middles = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in found.items()
    }
    for name, (number, drawing, total) in middles.items():
        first = middles[before]
        print(
            f"{name}: {number:.0f} pictures in {drawing:.2f} s "
            f"({first[1] * number / (first[0] * drawing):.1f}x a picture); "
            f"the command {total:.2f} s ({first[2] / total:.1f}x)"
        )


def _reported(tree: Path, run: Path, page: Path) -> list[float]:
    """How many pictures were drawn, and seconds for them and for the whole command."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT, run, page],
        cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return [float(figure) for figure in done.stderr.splitlines()[-1].split()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--before", required=True, help="the commit to compare with")
    parser.add_argument("--games", default="smartplay/BanditTwoArmedHighLowFixed-v0")
    parser.add_argument("--episodes", type=int, default=27)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    main(chosen.before, chosen.games, chosen.episodes, chosen.rounds)
