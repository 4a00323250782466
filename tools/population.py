"""`python -m tools.population [WORKERS]` measures the synthetic agents and keeps the result."""

from __future__ import annotations

import sys

from smartplay.validity.population import (
    STORED,
    draw_population,
    store_population,
    study_population,
)

if __name__ == "__main__":
    workers = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    store_population(study_population(draw_population(), workers=workers), STORED)
