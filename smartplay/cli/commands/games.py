"""List the games."""

from __future__ import annotations

import argparse

from smartplay.cli.output import OK, print_json, print_table


def run(options: argparse.Namespace) -> int:
    """List them with their anchors."""
    from smartplay.games.registry import cards, packs

    found = [card for card in cards() if card.playable]
    if options.json:
        print_json(found)
        return OK
    header = ["id", "game", "core", "steps", "episodes", "min", "random", "human", "optimum"]
    rows: list[list[object]] = []
    for card in found:
        known = card.anchors
        played = [card.id, card.title, "yes" if card.core else "", card.steps, card.episodes]
        random = known.random and known.random.mean
        rows.append([*played, known.min, random, known.human, known.optimum])
    pack_of = {pack.package: pack.name for pack in packs()}
    if pack_of:
        header.append("pack")
        for card, row in zip(found, rows, strict=True):
            row.append(pack_of.get(card.package, ""))
    print_table("Games", header, rows, ".4g")
    return OK
