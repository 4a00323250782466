"""Turn what people have played into a human score."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from smartplay.cli.options import add_shared
from smartplay.cli.output import OK, print_json, print_table, say
from smartplay.scores.intervals import Interval


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the runs, and where baselines are kept."""
    add = parser.add_argument
    add("run", nargs="+", type=Path, help="a run folder made by `smartplay play`")
    add("--games", type=Path, default=Path("games"), metavar="DIR",
        help="folder of the dossiers with human.jsonl in them (default: games)")  # fmt: skip
    add_shared(parser, "--card")


def run(options: argparse.Namespace) -> int:
    """Keep the episodes, and tell what follows from all that are kept of their games."""
    from smartplay.games.registry import get_card
    from smartplay.play import baseline
    from smartplay.play.human import TEXT

    episodes, left_out = [], Counter[str]()
    for path in options.run:
        counting, others = baseline.human_episodes(path, options.card)
        episodes += counting
        left_out += others
    kept = [line for path in baseline.keep(options.games, episodes) for line in baseline.read(path)]
    groups: dict[tuple[str, str], list[baseline.HumanEpisode]] = {}
    for line in kept:
        if line.digest == get_card(line.game).digest:
            groups.setdefault((line.game, line.shown), []).append(line)
    scores = [(*key, baseline.played(lines)) for key, lines in groups.items()]
    if options.json:
        keys = ("game", "shown", "score")
        found = [dict(zip(keys, values, strict=True)) for values in scores]
        print_json({"scores": found, "left_out": left_out})
        return OK
    rows = []
    for game, shown, score in scores:
        ends = Interval(score.mean, score.low, score.high).shown_ends or None
        human = get_card(game).anchors.human
        rows.append((game, shown, score.players, score.episodes, score.mean, ends, human))
    players = [(*key, *each) for key, lines in groups.items() for each in baseline.by_player(lines)]
    print_table(
        "Players",
        ("id", "shown", "player", "episodes", "score", "95 % interval"),
        [(*before, score.mean, score.shown_ends or None) for *before, score in players],
    )
    header = ("id", "shown", "players", "episodes", "score", "95 % interval", "published")
    print_table("What people score", header, rows)
    for game, shown, score in scores:
        if shown == TEXT:
            place = f"[ids.{game.split('/')[-1]}.anchors]"
            told = baseline.card_line(score), baseline.steps_line(groups[game, shown])
            for text in filter(None, told):
                print(f"For the card's {place}: {text}")
    for reason, count in left_out.items():
        say(f"Left out: {count} x {reason}")
    return OK
