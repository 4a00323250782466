"""Measure the speed of the games and of the runner."""

from __future__ import annotations

import argparse
import sys
from itertools import product
from math import inf

from rich.console import Console
from rich.progress import Progress, TextColumn

from smartplay.cli.output import OK, print_json, print_table
from smartplay.core.errors import UsageError
from smartplay.core.printable import plural


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
    if options.seconds == inf:
        raise UsageError("seconds must be a finite number")
    cards = select_games(options.games)
    crafter = any(card.family == "crafter" for card in cards)
    sizes = bench_vectors.SIZES if options.vectors else ()
    kinds = [(n, kind) for n in (1, 4, 16, 64) for kind in (True, False)] if options.runner else []
    total = len(cards) * (1 + len(sizes)) + crafter + bool(kinds) + len(kinds)
    speeds, vectors, overhead, waits = [], [], None, []
    bar = Progress(
        TextColumn("Measuring {task.completed}/{task.total}: {task.description}"),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    task = bar.add_task("", total=total)

    def begin(what: str) -> None:
        bar.update(task, advance=1, description=what, refresh=True)

    with bar:
        for card in cards:
            begin(card.name)
            speeds.append(bench.game_speed(card, options.seconds))
        if crafter:
            begin("the package crafter")
            speeds += bench.crafter_package_speeds(options.seconds)
        for card, size in product(cards, sizes):
            begin(f"{card.name}, {plural(size, 'environment')}")
            vectors.append(bench_vectors.vector_speed(card, size, options.seconds))
        if kinds:
            begin("what the runner adds to a step")
            overhead = bench.runner_overhead()
        for number, asynchronous in kinds:
            kind = "asynchronous" if asynchronous else "synchronous"
            begin(f"the runner, {plural(number, f'{kind} episode')} at once")
            waits.append(bench.runner_speed(number, asynchronous))
    if options.json:
        print_json(
            {"games": speeds, "vectors": vectors, "overhead_per_step": overhead, "runner": waits}
        )
        return OK
    rows = []
    for s in speeds:
        again = s.snapshot and f"{1e6 * s.snapshot:,.0f} us"
        rows.append((s.game, f"{s.steps:,.0f}", f"{s.resets:,.1f}", again))
    heads = ("id", "steps/s", "resets/s", "snapshot and restore")
    print_table("Speed on one core, text and info included", heads, rows)
    found = [(v.game, v.envs, f"{v.steps:,.0f}", f"{v.single:.2f}") for v in vectors]
    columns = ("id", "envs", "steps/s", "single environments = 1")
    print_table("Vectors of environments on one core, resets included", columns, found)
    if overhead is not None:
        print(f"The runner adds {1000 * overhead:.3f} ms to a step.")
        times = [(w.concurrency, w.agent, w.seconds, w.ideal) for w in waits]
        title = f"{bench.EPISODES} episodes of {bench.STEPS} steps, {bench.PAUSE} s a reply"
        print_table(title, ("concurrency", "agent", "seconds", "ideal"), times, ".2f")
    return OK
