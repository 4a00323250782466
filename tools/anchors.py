"""Measures what games are held against: `python -m tools.anchors GAME... [--random N] ...`.

Prints, for each id, the lines of its card's table of anchors: random play, the reference agent that
reads only the text, and the best trivial policy (`smartplay/validity/trivial.py`).
"""

from __future__ import annotations

import argparse

from smartplay.core.version import __version__
from smartplay.games.registry import get_card
from smartplay.validity.anchors import measure
from smartplay.validity.card_anchors import KINDS, anchor_lines


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("games", nargs="+", help="ids")
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, default=0, help="episodes (default: none)")
    options = parser.parse_args()
    for game in options.games:
        card = get_card(game)
        episodes = {kind: getattr(options, kind) for kind in KINDS if getattr(options, kind)}
        given = " ".join(f"--{kind} {number}" for kind, number in episodes.items())
        command = f"python -m tools.anchors {card.name} {given}, SmartPlay {__version__}"
        print(f"[ids.{card.id.split('/')[-1]}.anchors]")
        for _, line in anchor_lines(measure(card, card.steps, {}, episodes), command):
            print(line, flush=True)


if __name__ == "__main__":
    main()
