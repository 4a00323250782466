"""Show what capability scores can distinguish, and how the contrasts were tested.

Without options the figures that were stored when this version was made are shown. `--all` computes
every one of them anew, which takes about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from smartplay.cli.output import OK, print_json, print_table, say
from smartplay.core.errors import UsageError

if TYPE_CHECKING:
    from smartplay.validity.attacks import Attack, Attacks
    from smartplay.validity.degrees import DegreeStudy, TableStudy
    from smartplay.validity.matrix import AblationMatrix, ClassicAblations
    from smartplay.validity.mtmm import Mtmm

ABLATION_SEEDS, ATTACK_SEEDS = 100, 200
CLASSIC = 20
"""Episodes per game of the classic scoring, at most."""
MEANT = {"shipped": "in the code (degree minus one)", "paper": "in the paper (degree)"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the games and what to compute anew."""
    add = parser.add_argument
    add("--games", default="core", help="whose degrees to look at, as for run (default: core)")
    add("--ablations", "--lesions", action="store_true",
        help="play nine ablated agents over the nine contrasts (two to three minutes)")  # fmt: skip
    add("--classic", action="store_true",
        help="with --ablations: the same ablations under the classic scoring, too")  # fmt: skip
    add("--mtmm", action="store_true",
        help="insist on the matrix of two methods, as last measured: fail if none was measured "
        "with the present versions of its two games")  # fmt: skip
    add("--attack", action="store_true",
        help="let shortcuts and shallow learners play the hard settings of both games (needs "
        "scikit-learn; about a quarter of an hour)")  # fmt: skip
    add("--all", action="store_true",
        help="compute every figure anew: the ablations, the classic scoring, the attacks, and the "
        "synthetic agents of the two methods (needs scikit-learn; about half an hour on "
        "two cores)")  # fmt: skip
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

    if options.all:
        options.ablations = options.classic = options.attack = True
    _check(options)
    cards = select_games(options.games)
    workers = os.cpu_count() or 1
    seeds = options.seeds or ATTACK_SEEDS
    attacks = study_attacks(seeds, workers=workers) if options.attack else stored_attacks()
    two_methods, absent = _two_methods(options)
    degrees = {weights: study_degrees(cards, weights) for weights in WEIGHTS}
    published = {weights: study_table(published_table(), weights) for weights in WEIGHTS}
    found: dict[str, Any] = {"degrees": degrees, "published": published}
    matrix, classic = None, {}
    if options.ablations:
        from smartplay.validity.study import study_ablations, study_classic

        seeds = options.seeds or ABLATION_SEEDS
        matrix = study_ablations(seeds)
        found |= msgspec.to_builtins(matrix)
        if options.classic:
            episodes = min(seeds, CLASSIC)
            classic = {weights: study_classic(episodes, weights) for weights in WEIGHTS}
            found["classic"] = classic
        if options.svg:
            _draw(matrix, options.svg)
    found |= {"attacks": attacks, "mtmm": two_methods}
    if options.json:
        print_json(found)
        return OK
    for weights in WEIGHTS:
        _print_degrees(degrees[weights])
    for weights in WEIGHTS:
        _print_table(published[weights])
    _print_attacks(attacks)
    if matrix:
        _print_matrix(matrix)
    for study in classic.values():
        _print_classic(study)
    if two_methods:
        _print_mtmm(two_methods)
    else:
        say(f"Two methods: {absent}.")
    return OK


def _two_methods(options: argparse.Namespace) -> tuple[Mtmm | None, str]:
    """The matrix of two methods; None, and why, if there is none and it is not insisted on."""
    from smartplay.validity import population

    try:
        if options.all:
            agents = population.draw_population()
            found = population.study_population(agents, workers=os.cpu_count() or 1)
        else:
            found = population.stored_population()
    except UsageError as error:
        if options.mtmm or options.all:
            raise
        return None, str(error)
    return population.matrix_of(found), ""


def _check(options: argparse.Namespace) -> None:
    if options.seeds is not None and options.seeds < 2:
        raise UsageError(f"seeds must be 2 or more, not {options.seeds}")
    for name in ("classic", "svg"):
        if getattr(options, name) and not options.ablations:
            raise UsageError(f"--{name} goes with --ablations")
    if options.seeds is not None and not (options.ablations or options.attack):
        raise UsageError("--seeds goes with --ablations or --attack: nothing else is played")


def _draw(matrix: AblationMatrix, path: Path) -> None:
    from smartplay.core.whole_files import writing
    from smartplay.report.matrix import matrix_svg

    with writing(path):
        path.write_text(matrix_svg(matrix), encoding="utf-8")


def _print_degrees(found: DegreeStudy) -> None:
    rows = {
        "games": len(found.games),
        "independent scores (rank)": f"{found.rank} of 9",
        "condition": found.condition and f"{found.condition:.1f}",
        "always equal": "; ".join(map(" = ".join, found.groups)) or "none",
        "determined by the others": ", ".join(found.determined) or "none",
        "not covered": ", ".join(found.uncovered) or "none",
    }
    title = f"\nDegrees of these games, weights as {MEANT[found.weights]}"
    print_table(title, ("", ""), rows.items())


def _print_table(found: TableStudy) -> None:
    rows = {
        "models": found.models,
        "independent scores (rank)": f"{found.rank} of 9",
        "lowest correlation of two capabilities": f"{found.lowest:.3f}",
        "median of these correlations": f"{found.median:.3f}",
        "variance along one direction": f"{100 * found.component:.1f} %",
    }
    title = f"\nThe published table of SmartPlay, weights as {MEANT[found.weights]}"
    print_table(title, ("", ""), rows.items())


def _print_attacks(found: Sequence[Attacks]) -> None:
    rows = [
        (
            each.game.split("/")[-1],
            _attack(each.shortcut),
            _attack(each.learner),
            _attack(each.reported),
        )
        for each in found
    ]
    print_table(
        f"\nThe worst attacks on each hard setting, over chance, {found[0].episodes} episodes (in "
        "Harbor Days the first moves of rounds): those that do most of what is demanded are "
        "reported, the others ought to be near 0",
        ("setting", "shortcut", "shallow learner", "reported"),
        rows,
    )


def _attack(found: Attack | None) -> str:
    return "-" if found is None else f"{found.name}\n{found.score}"


def _print_matrix(found: AblationMatrix) -> None:
    from smartplay.report.matrix import SHORT, two_digits

    def cell(mean: float | None, low: float | None, high: float | None) -> str:
        if mean is None or low is None or high is None:
            return "not measurable"
        return f"{two_digits(mean)}\n{two_digits(low)} {two_digits(high)}"

    header = ("ablation", *(SHORT[name] for name in found.capabilities), "clean")
    parts = zip(found.ablations, found.retention, found.low, found.high, found.clean, strict=True)
    print_table(
        f"\nRetention (hard divided by easy) and its 95 % interval, {found.seeds} seeds: "
        "what each ablation leaves of each contrast",
        header,
        [(name, *map(cell, *ends), "yes" if clean else "NO") for name, *ends, clean in parts],
    )


def _print_classic(found: ClassicAblations) -> None:
    from smartplay.agents.ablations import NINE

    rows = [
        (
            f"{ablation.name} ({ablation.capability})",
            *found.lost[row],
            found.drops[row][row],
            " = ".join(found.suspected[row]) or "none",
            "yes" if found.told[row] else "no",
        )
        for row, ablation in enumerate(NINE)
    ]
    games = [game.split("/")[-1].rsplit("-v", 1)[0] for game in found.games]
    print_table(
        "\nThe same ablations under the classic scoring: what is lost of each game's normalised "
        f"score, weights as {MEANT[found.weights]}; - where the game's agent has no such faculty",
        ("ablation", *games, "its own score", "falls most", "identified"),
        rows,
        ".2f",
    )


def _print_mtmm(found: Mtmm) -> None:
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
