"""`python -m tools.population [WORKERS]` measures the synthetic agents and keeps the result.

`--table` prints what is kept instead, as the table of `docs/validity.md`.
"""

from __future__ import annotations

import argparse
import os

from smartplay.validity.mtmm import Mtmm
from smartplay.validity.population import (
    STORED,
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
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workers", nargs="?", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--table", action="store_true", help="print what is kept")
    arguments = parser.parse_args()
    if arguments.table:
        print(table(matrix_of(stored_population())))
    else:
        measured = study_population(draw_population(), workers=arguments.workers)
        store_population(measured, STORED)
