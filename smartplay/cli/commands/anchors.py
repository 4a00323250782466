"""Measure the anchors of games of your own into their cards, and write golden playthroughs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smartplay.cli.output import FAILED, OK, print_json, say
from smartplay.core.errors import UsageError

if TYPE_CHECKING:
    from smartplay.cards.anchors import Anchors
    from smartplay.cards.card import GameCard


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the games, how long to measure, and where playthroughs go."""
    add = parser.add_argument
    add("games", nargs="+", help="packs, families or ids of games that are not SmartPlay's own, "
        "or card files")  # fmt: skip
    add("--episodes", type=int, default=200, metavar="N",
        help="episodes for each anchor (default: 200)")  # fmt: skip
    add("--golden", type=Path, metavar="DIR",
        help="write a golden playthrough of each game into this folder")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Check, measure and write; 1 if something is wrong with a game, which is not measured then."""
    from smartplay.runner.plan import select_games
    from smartplay.validity.card_anchors import card_file, measure_card, write_anchors
    from smartplay.validity.conformance import check_game

    selected = [(card, card_file(card)) for card in select_games(options.games)]
    found: dict[str, Any] = {}
    wrong = False
    for card, path in selected:
        problems = check_game(card.id)
        wrong = wrong or bool(problems)
        found[card.id] = problems
        if not problems:
            found[card.id] = anchors = measure_card(card, options.episodes)
            command = f"smartplay anchors {card.name} --episodes {options.episodes}"
            try:
                write_anchors(path, card, anchors, command)
                _write_golden(card, options.golden)
            except OSError as error:
                raise UsageError(f"cannot write {error.filename}: {error.strerror}") from error
        if not options.json:
            for line in problems or [f"{_in_words(anchors)}; written to {path}"]:
                say(f"{card.name}: {line}")
    if options.json:
        print_json(found)
    return FAILED if wrong else OK


def _write_golden(card: GameCard, folder: Path | None) -> None:
    from smartplay.validity.conformance import SEED, transcript

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{card.id.partition('/')[2]}.txt"
        path.write_text(transcript(card, SEED), encoding="utf-8")


def _in_words(anchors: Anchors) -> str:
    means = {kind: getattr(anchors, kind) for kind in ("random", "reference", "trivial")}
    told = [f"{kind} {each.mean:g}" for kind, each in means.items() if each is not None]
    best = "not known" if anchors.optimum is None else f"{anchors.optimum:g}"
    return ", ".join([*told, f"optimum {best}"])
