"""Measure the speed of the games and of the runner."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from smartplay.cli.output import OK, print_json, print_table
from smartplay.errors import UsageError

if TYPE_CHECKING:
    from smartplay.bench import Speed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to measure and for how long."""
    add = parser.add_argument
    add("--games", default="all", help="as for run (default: all)")
    add("--seconds", type=float, default=1.0, help="per measurement (default: 1)")
    add("--vectors", action="store_true", help="measure vectors of 1, 64 and 256 environments")
    add("--runner", action="store_true", help="measure the runner as well (a minute or two)")


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    from smartplay import bench, bench_vectors
    from smartplay.runner.plan import select_games

    if not options.seconds > 0:
        raise UsageError(f"seconds must be above 0, not {options.seconds:g}")
    cards = select_games(options.games)
    speeds = [bench.game_speed(card, options.seconds) for card in cards]
    if any(card.family == "crafter" for card in cards):
        speeds += bench.crafter_package_speeds(options.seconds)
    sizes = bench_vectors.SIZES if options.vectors else ()
    vectors = [
        bench_vectors.vector_speed(card, size, options.seconds) for card in cards for size in sizes
    ]
    overhead, waits = None, []
    if options.runner:
        overhead = bench.runner_overhead()
        kinds = [(n, kind) for n in (1, 4, 16, 64) for kind in (True, False)]
        waits = [bench.runner_speed(*kind) for kind in kinds]
    if options.json:
        print_json(
            {"games": speeds, "vectors": vectors, "overhead_per_step": overhead, "runner": waits}
        )
        return OK
    rows = [(s.game, f"{s.steps:,.0f}", f"{s.resets:,.1f}", _microseconds(s)) for s in speeds]
    heads = ("id", "steps/s", "resets/s", "snapshot and restore")
    print_table("Speed on one core, text and info included", heads, rows)
    if vectors:
        found = [(v.game, str(v.envs), f"{v.steps:,.0f}") for v in vectors]
        print_table("Vectors of environments on one core", ("id", "envs", "steps/s"), found)
    if overhead is not None:
        print(f"The runner adds {1000 * overhead:.3f} ms to a step.")
        times = [(f"{w.concurrency}", w.agent, f"{w.seconds:.2f}", f"{w.ideal:.2f}") for w in waits]
        title = f"{bench.EPISODES} episodes of {bench.STEPS} steps, {bench.PAUSE} s a reply"
        print_table(title, ("concurrency", "agent", "seconds", "ideal"), times)
    return OK


def _microseconds(speed: Speed) -> str:
    return "-" if speed.snapshot is None else f"{1e6 * speed.snapshot:,.0f} us"
