"""Prints the multitrait-multimethod matrix."""

from __future__ import annotations

from collections.abc import Sequence

from smartplay.cli.output import print_table
from smartplay.validity.mtmm import Correlation, Mtmm


def print_mtmm(found: Mtmm) -> None:
    """Print what holds trait by trait, then the matrix itself."""
    from smartplay.report.matrix import SHORT, two_digits

    header = ("", "methods agree", "largest other", *(f"truth, {m}" for m in found.methods),
              "other's truth", "holds")  # fmt: skip
    rows = [
        (
            trait.capability,
            _with_interval(trait.agree),
            two_digits(trait.rival.r),
            *map(_with_interval, trait.true),
            two_digits(trait.stray.r),
            "; ".join(trait.failures) or "yes",
        )
        for trait in found.traits
    ]
    title = (
        f"\nTwo methods, {' and '.join(found.methods)}: correlations of measured thresholds over "
        f"{found.agents} synthetic agents, with 95 % intervals"
    )
    print_table(title, header, rows)
    names = [SHORT[name] for name in found.capabilities]
    labels = [f"{method}: {name}" for method in found.methods for name in names]
    print_table(
        "\nThe multitrait-multimethod matrix",
        ("", *(str(k + 1) for k in range(len(labels)))),
        [(f"{k + 1} {labels[k]}", *_row(row[: k + 1])) for k, row in enumerate(found.matrix)],
    )


def _with_interval(found: Correlation) -> str:
    return f"{found.r:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _row(found: Sequence[Correlation]) -> list[str]:
    return [f"{each.r:.2f}" for each in found]
