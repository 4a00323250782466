"""Play the contrasts under variants of the prompt and say how much of the score the prompt decides.

With `--probes`, say instead how much of it is owed to public seeds and to the usual names.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from smartplay.agents.prompts import VARIANTS
from smartplay.cli.options import add_agent_settings, add_shared, agent_settings
from smartplay.cli.output import OK, print_json, print_table

if TYPE_CHECKING:
    from smartplay.validity.probes import Probes
    from smartplay.validity.sensitivity import Sensitivity

EPISODES = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add who plays what, and under which variants."""
    names = [variant.name for variant in VARIANTS]
    add = parser.add_argument
    add("agent", help="as for run")
    add("--games", default="contrast", help="as for run (default: contrast)")
    add("--variants", default=",".join(names), help=f"some of {', '.join(names)} (default: all)")
    add("--probes", action="store_true",
        help="play public and private seeds, and these with invented names")  # fmt: skip
    add("--episodes", type=int, default=EPISODES, metavar="N",
        help=f"episodes per game and variant (default: {EPISODES})")  # fmt: skip
    add("--out", type=Path, metavar="DIR",
        help="where the runs go, a folder each (default: one under runs/)")  # fmt: skip
    add_shared(parser, "--steps", "--seed", "--concurrency")
    add_agent_settings(parser)


def run(options: argparse.Namespace) -> int:
    """Play what is missing, compute, print."""
    from smartplay.runner.plan import slug
    from smartplay.validity.probes import study_probes
    from smartplay.validity.sensitivity import study_prompts

    kind = "probes" if options.probes else "sensitivity"
    out = options.out or Path("runs") / f"{kind}-{slug(options.agent)}"
    how = {each: getattr(options, each) for each in ("episodes", "steps", "seed", "concurrency")}
    how["progress"] = True
    settings = agent_settings(options)
    if options.probes:
        probes = study_probes(options.agent, options.games, out, settings, **how)
        print_json(probes) if options.json else _print_probes(probes)
        return OK
    variants = [name.strip() for name in options.variants.split(",")]
    found = study_prompts(options.agent, variants, options.games, out, settings, **how)
    print_json(found) if options.json else _print(found)
    return OK


def _print_probes(found: Probes) -> None:
    rows = [
        (name.split("/")[-1], owed.episodes, str(owed.seeds), str(owed.names))
        for name, owed in [*found.games.items(), ("all", found.overall)]
    ]
    print_table(
        f"\n{found.agent}: what its scores over chance owe to seeds and names, with 95 % "
        "intervals; 0 is to be expected",
        ("game", "episodes", "public less private seeds", "usual less invented names"),
        rows,
    )


def _print(found: Sensitivity) -> None:
    means = found.overall.variants
    rows = [(name, summary, f"{means[name]:.3f}") for name, summary in found.variants.items()]
    title = f"\n{found.agent}: scores over chance on {found.episodes} episodes, by variant"
    print_table(title, ("variant", "what is different", "score"), rows)
    games = [
        (game.split("/")[-1], part.mean, part.spread, part.deviation, f"{100 * part.share:.0f} %")
        for game, part in found.games.items()
    ]
    header = ("game", "mean", "spread", "deviation", "of the variance")
    print_table("\nWhat the prompt makes of it, game by game", header, games, ".2f")
    overall, parsing = found.overall, found.parsing
    print(
        f"\nThe prompt moves the score by {overall.deviation:.3f} (standard deviation between "
        f"variants, chance taken off) and {overall.spread:.3f} (best less worst): "
        f"{100 * overall.share:.1f} % of all variance of an episode's score.\n"
        f"Of {parsing.replies} replies {100 * parsing.invalid:.1f} % named no valid action; the "
        f"original's parser would have executed another action in {100 * parsing.otherwise:.1f} %."
    )
