"""List the games."""

from __future__ import annotations

import argparse

from smartplay.cli.output import OK, print_json, print_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


def run(options: argparse.Namespace) -> int:
    """List them with their anchors."""
    from smartplay.games.registry import cards

    found = [card for card in cards() if card.playable]
    if options.json:
        print_json(found)
        return OK
    header = ("id", "game", "core", "steps", "episodes", "min", "random", "human", "optimum")
    rows = []
    for card in found:
        anchors = card.anchors
        random = None if anchors.random is None else anchors.random.mean
        numbers = (anchors.min, random, anchors.human, anchors.optimum)
        shown = ["-" if number is None else f"{number:.4g}" for number in numbers]
        core = "yes" if card.core else ""
        rows.append((card.id, card.title, core, str(card.steps), str(card.episodes), *shown))
    print_table("Games", header, rows)
    return OK
