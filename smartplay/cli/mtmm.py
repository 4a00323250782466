"""Prints the multitrait-multimethod matrix."""

from __future__ import annotations

from smartplay.cli.output import print_table, say
from smartplay.validity.mtmm import Mtmm


def print_mtmm(found: Mtmm) -> None:
    """Print what holds trait by trait, then the matrix itself."""
    from smartplay.report.matrix import SHORT, two_digits

    header = ("", "methods agree", "largest other", *(f"truth, {m}" for m in found.methods),
              "other's truth", "holds")  # fmt: skip
    rows = [
        (
            trait.capability,
            str(trait.agree),
            two_digits(trait.rival.mean),
            *map(str, trait.true),
            two_digits(trait.stray.mean),
            "NO" if trait.failures else "yes",
        )
        for trait in found.traits
    ]
    title = (
        f"\nTwo methods, {' and '.join(found.methods)}: correlations of measured thresholds over "
        f"{found.agents} synthetic agents, with 95 % intervals"
    )
    print_table(title, header, rows)
    for capability, failures in found.failing.items():
        say(f"{capability}: {'; '.join(failures)}.")
    names = [SHORT[name] for name in found.capabilities]
    labels = [f"{method}: {name}" for method in found.methods for name in names]
    print_table(
        "\nThe multitrait-multimethod matrix",
        ("", *(str(k + 1) for k in range(len(labels)))),
        [
            (
                f"{k + 1} {labels[k]}",
                *(two_digits(each.mean).replace("0.", ".") for each in row[: k + 1]),
            )
            for k, row in enumerate(found.matrix)
        ],
    )
