"""`python -m tools.population [WORKERS]` measures the synthetic agents and keeps the result.

`--table` prints what is kept instead, as the tables of `docs/validity.md`: the matrix capability by
capability, and by how many levels the measured thresholds of each architecture lie above the true
ones, mean and standard deviation.
"""

from __future__ import annotations

import argparse
import os

import numpy as np

from smartplay.cards.capabilities import Capability
from smartplay.report.matrix import SHORT
from smartplay.validity.minds import ARCHITECTURES
from smartplay.validity.mtmm import Mtmm
from smartplay.validity.population import (
    STORED,
    Population,
    dial_cards,
    draw_population,
    matrix_of,
    store_population,
    stored_population,
    study_population,
)


def table(found: Mtmm) -> str:
    """What holds, capability by capability, in Markdown."""
    names = [
        "Capability",
        "methods agree",
        "largest other",
        *(f"truth, {m}" for m in found.methods),
    ]
    header = [*names, "other's truth", "fails"]
    rows = [
        [
            each.capability,
            *(f"{value:.2f}" for value in (each.agree, each.rival, *each.true, each.stray)),
            "; ".join(each.failures) or "-",
        ]
        for each in found.traits
    ]
    return _markdown(header, rows)


def bias_table(found: Population) -> str:
    """Measured less true thresholds in levels, by architecture and game, in Markdown."""
    true, measured = np.array([agent.places for agent in found.agents]), np.array(found.measured)
    rows = []
    for architecture in ARCHITECTURES:
        own = [agent.architecture == architecture for agent in found.agents]
        for method, places in zip(found.methods, measured, strict=True):
            levels = [len(card.dial.values) - 1 for card in dial_cards(method) if card.dial]
            off = (places[own] - true[own]) * levels
            spread = zip(off.mean(axis=0), off.std(axis=0), strict=True)
            rows.append([architecture, method, *(f"{mean:+.1f} ± {sd:.1f}" for mean, sd in spread)])
    return _markdown(["mind", "game", *(SHORT[str(each)] for each in Capability)], rows)


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workers", nargs="?", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--table", action="store_true", help="print what is kept")
    arguments = parser.parse_args()
    if arguments.table:
        kept = stored_population()
        print(table(matrix_of(kept)), bias_table(kept), sep="\n\n")
    else:
        measured = study_population(draw_population(), workers=arguments.workers)
        store_population(measured, STORED)
