"""Show what capability scores can distinguish, and test that each contrast measures its own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from smartplay.cli.output import OK, print_json, print_table
from smartplay.core.errors import UsageError

if TYPE_CHECKING:
    from smartplay.validity.attacks import Attack, Attacks
    from smartplay.validity.degrees import DegreeStudy, TableStudy
    from smartplay.validity.matrix import AblationMatrix, ClassicAblations

ABLATION_SEEDS, ATTACK_SEEDS = 100, 200
CLASSIC = 20
"""Episodes per game of the classic scoring, at most."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the games and whether to play the ablated agents."""
    add = parser.add_argument
    add("--games", default="core", help="whose degrees to look at, as for run (default: core)")
    add("--ablations", "--lesions", action="store_true",
        help="play nine ablated agents over the nine contrasts (about half a minute)")  # fmt: skip
    add("--classic", action="store_true",
        help="with --ablations: the same ablations under the classic scoring, too")  # fmt: skip
    add("--attack", action="store_true",
        help="let shortcuts and shallow learners play the hard settings (needs scikit-learn; about "
        "six minutes)")  # fmt: skip
    add("--seeds", type=int, metavar="N",
        help="episodes per setting (default: 100 for --ablations, 200 for --attack)")  # fmt: skip
    add("--svg", type=Path, metavar="FILE", help="with --ablations: draw the matrix into a file")


def run(options: argparse.Namespace) -> int:
    """Compute and print."""
    from smartplay.cards.published import published_table
    from smartplay.runner.plan import select_games
    from smartplay.scores.scoring import WEIGHTS
    from smartplay.validity.attacks import stored_attacks, study_attacks
    from smartplay.validity.degrees import study_degrees, study_table

    _check(options)
    cards = select_games(options.games)
    degrees = {weights: study_degrees(cards, weights) for weights in WEIGHTS}
    published = {weights: study_table(published_table(), weights) for weights in WEIGHTS}
    found: dict[str, Any] = {"degrees": degrees, "published": published}
    matrix = classic = None
    if options.ablations:
        from smartplay.validity.study import study_ablations, study_classic

        seeds = options.seeds or ABLATION_SEEDS
        matrix = study_ablations(seeds)
        found |= msgspec.to_builtins(matrix)
        if options.classic:
            classic = {weights: study_classic(min(seeds, CLASSIC), weights) for weights in WEIGHTS}
            found["classic"] = classic
        if options.svg:
            _draw(matrix, options.svg)
    attacks = study_attacks(options.seeds or ATTACK_SEEDS) if options.attack else stored_attacks()
    found["attacks"] = attacks
    if options.json:
        print_json(found)
        return OK
    for degree_study in degrees.values():
        _print_degrees(degree_study)
    for table_study in published.values():
        _print_table(table_study)
    _print_attacks(attacks)
    if matrix:
        _print_matrix(matrix)
    for classic_study in (classic or {}).values():
        _print_classic(classic_study)
    return OK


def _check(options: argparse.Namespace) -> None:
    if options.seeds is not None and options.seeds < 2:
        raise UsageError(f"seeds must be 2 or more, not {options.seeds}")
    for name in ("classic", "svg"):
        if getattr(options, name) and not options.ablations:
            raise UsageError(f"--{name} goes with --ablations")


def _draw(matrix: AblationMatrix, path: Path) -> None:
    from smartplay.report.matrix import matrix_svg

    try:
        path.write_text(matrix_svg(matrix), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _print_degrees(found: DegreeStudy) -> None:
    groups = [" = ".join(group) for group in found.groups]
    condition = "-" if found.condition is None else f"{found.condition:.1f}"
    rows = [
        ("games", str(len(found.games))),
        ("independent scores (rank)", f"{found.rank} of 9"),
        ("condition", condition),
        ("always equal", "; ".join(groups) or "none"),
        ("determined by the others", ", ".join(found.determined) or "none"),
        ("not covered", ", ".join(found.uncovered) or "none"),
    ]
    print_table(f"\nDegrees of these games, weights as {_meant(found.weights)}", ("", ""), rows)


def _meant(weights: str) -> str:
    return {"shipped": "in the code (degree minus one)", "paper": "in the paper (degree)"}[weights]


def _print_table(found: TableStudy) -> None:
    rows = [
        ("models", str(found.models)),
        ("independent scores (rank)", f"{found.rank} of 9"),
        ("lowest correlation of two capabilities", f"{found.lowest:.3f}"),
        ("median of these correlations", f"{found.median:.3f}"),
        ("variance along one direction", f"{100 * found.component:.1f} %"),
    ]
    title = f"\nThe published table of SmartPlay, weights as {_meant(found.weights)}"
    print_table(title, ("", ""), rows)


def _print_attacks(found: Sequence[Attacks]) -> None:
    rows = [
        (
            each.capability,
            _attack(each.shortcut),
            _attack(each.learner),
            _attack(each.reported),
        )
        for each in found
    ]
    print_table(
        f"\nThe worst attacks on each hard setting, over chance, {found[0].episodes} episodes: who "
        "combines prize and chance is reported, the others ought to be near 0",
        ("capability", "shortcut", "shallow learner", "reported"),
        rows,
    )


def _attack(found: Attack | None) -> str:
    return "-" if found is None else f"{found.name}\n{found.score}"


def _print_matrix(found: AblationMatrix) -> None:
    from smartplay.report.matrix import SHORT

    header = ("ablation", *(SHORT[name] for name in found.capabilities), "clean")
    rows = [
        (
            ablation,
            *(_cell(found, row, k) for k in range(len(found.capabilities))),
            "yes" if found.clean[row] else "NO",
        )
        for row, ablation in enumerate(found.ablations)
    ]
    print_table(
        f"\nRetention (hard divided by easy) and its 95 % interval, {found.seeds} seeds: "
        "what each ablation leaves of each contrast",
        header,
        rows,
    )


def _cell(found: AblationMatrix, row: int, column: int) -> str:
    mean, low, high = (part[row][column] for part in (found.retention, found.low, found.high))
    if mean is None or low is None or high is None:
        return "not measurable"
    from smartplay.report.matrix import two_digits

    return f"{two_digits(mean)}\n{two_digits(low)} {two_digits(high)}"


def _print_classic(found: ClassicAblations) -> None:
    games = [game.split("/")[-1].rsplit("-v", 1)[0] for game in found.games]
    from smartplay.agents.ablations import NINE

    rows = []
    for row, ablation in enumerate(NINE):
        own = found.drops[row][row]
        rows.append(
            (
                f"{ablation.name} ({ablation.capability})",
                *("-" if loss is None else f"{loss:.2f}" for loss in found.lost[row]),
                "-" if own is None else f"{own:.2f}",
                _suspects(found.suspected[row]),
                "yes" if found.told[row] else "no",
            )
        )
    header = ("ablation", *games, "its own score", "falls most", "identified")
    print_table(
        "\nThe same ablations under the classic scoring: what is lost of each game's normalised "
        f"score, weights as {_meant(found.weights)}; - where the game's agent has no such faculty",
        header,
        rows,
    )


def _suspects(names: Sequence[str]) -> str:
    return " = ".join(names) or "none"
