"""Options that several commands take, each written once, and what is read from them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from smartplay.agents.ablations import ABLATIONS
from smartplay.agents.aids import AIDS, PLACEBO
from smartplay.agents.methods import METHODS
from smartplay.cards.card import HUMANS
from smartplay.core.errors import UsageError
from smartplay.core.toml_file import nested, overlay

SHARED: dict[str, dict[str, Any]] = {
    "--steps": {"type": int, "metavar": "N",
                "help": "step limit per episode (default: the card's)"},
    "--seed": {"type": int, "default": 0, "metavar": "S", "help": "suite seed (default: 0)"},
    "--concurrency": {"type": int, "metavar": "N", "help": "episodes at once (default: by agent)"},
    "--retries": {"type": int, "default": 1, "metavar": "N", "help": "how often the agent is asked "
                  "again after an invalid reply (default: 1)"},
    "--max-tokens-total": {"type": int, "metavar": "N", "help": "stop before N tokens are spent"},
    "--max-cost": {"type": float, "metavar": "X",
                   "help": "stop before X is spent, in the currency of the prices"},
    "--prices": {"type": Path, "metavar": "FILE", "help": "a TOML file of what tokens cost"},
    "--max-time": {"type": float, "metavar": "S", "help": "stop after S seconds"},
    "--timeout": {"type": float, "metavar": "S", "help": "seconds for one reply of a service"},
    "--episode-timeout": {"type": float, "metavar": "S", "help": "seconds an episode may take; one "
                          "that takes longer is unscored"},
    "--cache": {"type": Path, "metavar": "FILE", "help": "keep a model's replies and use them in "
                "other runs of the same episodes"},
    "--cluster": {"metavar": "ADDRESS",
                  "help": "play on a Dask cluster, such as tcp://host:8786"},
    "--base-url": {"metavar": "URL", "help": "address of an OpenAI-compatible service"},
    "--model": {"action": "append", "default": [], "metavar": "ROLE=AGENT", "help": "a model in a "
                "role of the method or of your agent, as judge=openai:NAME"},
    "--set": {"action": "append", "default": [], "metavar": "KEY=VALUE", "help": "a setting of the "
              "agent; KEY may be a path: models.judge.temperature"},
    "--game-set": {"action": "append", "default": [], "metavar": "GAME.KEY=VALUE",
                   "help": "a setting of a game or family"},
    "--card": {"action": "append", "default": [], "type": Path, "metavar": "FILE",
               "help": "a card of your own that a run was played with; its code may be run"},
    "--human": {"choices": HUMANS, "default": "published", "help": "human scores to normalise by: "
                "the published ones, or those recorded here where there are any (default: "
                "published)"},
}  # fmt: skip
LIMITS = ("--max-tokens-total", "--max-cost", "--max-time", "--episode-timeout", "--cache")
"""Options that stop a run or an episode early, and the cache that saves paying twice."""
PASSED_ON = ("seed", "concurrency", "out", "retries", "cache", "cluster")
"""Options that `smartplay.run` takes as they are."""


def add_shared(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add options of `SHARED`."""
    for name in names:
        parser.add_argument(name, **SHARED[name])


def add_playing(parser: argparse.ArgumentParser) -> None:
    """Add who plays, at what cost, and where it is kept: what `playing_options` reads."""
    parser.add_argument("agent", help="random, constant, reference, local, openai:MODEL, "
        "anthropic:MODEL, file.py:Name or definition.toml")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR",
        help="run folder (default: one under runs/)")  # fmt: skip
    add_shared(parser, "--seed", "--concurrency", "--retries", *LIMITS)
    add_shared(parser, "--prices", "--timeout", "--cluster")
    add_agent_settings(parser)
    add_shared(parser, "--game-set")


def add_agent_settings(parser: argparse.ArgumentParser) -> None:
    """Add what `agent_settings` reads."""
    add = parser.add_argument
    add("--method", metavar="NAME", help=f"how the model is asked: {', '.join(METHODS)}")
    add("--aid", action="append", default=[], metavar="NAME",
        help=f"help the agent: {', '.join(aid.name for aid in (*AIDS, PLACEBO))}")  # fmt: skip
    add_models(parser)


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add the agent's settings apart from how it is asked or helped."""
    parser.add_argument("--ablation", "--lesion", action="append", default=[], metavar="NAME",
        help=f"take something away: {', '.join(each.name for each in ABLATIONS)}")  # fmt: skip
    add_shared(parser, "--base-url", "--model", "--set")


def playing_options(options: argparse.Namespace) -> dict[str, Any]:
    """What `add_playing` added, as arguments of `smartplay.run`."""
    from smartplay.runner import Limits

    return {
        **{name: getattr(options, name) for name in PASSED_ON},
        "agent_settings": agent_settings(options),
        "game_settings": game_settings(options.game_set),
        "limits": Limits(
            tokens=options.max_tokens_total,
            cost=options.max_cost,
            prices=options.prices,
            seconds=options.max_time,
        ),
        "episode_seconds": options.episode_timeout,
        "progress": True,
    }


def agent_settings(options: argparse.Namespace) -> dict[str, Any]:
    """The agent's settings among a command's options."""
    settings: dict[str, Any] = {}
    for text in options.model:
        role, equals, name = text.partition("=")
        if not (role and equals and name):
            example = "ROLE=AGENT, such as judge=openai:NAME"
            raise UsageError(f"{text!r} names no model; write {example}")
        settings = overlay(settings, {"models": {role: {"agent": name}}})
    for key, value in map(_setting, options.set):
        settings = overlay(settings, nested(key, value))
    named = {key: getattr(options, key, None) for key in ("method", "base_url", "timeout")}
    listed = {key: getattr(options, key, None) or None for key in ("ablation", "aid")}
    return settings | {key: value for key, value in (named | listed).items() if value is not None}


def _setting(text: str) -> tuple[str, Any]:
    """Read KEY=VALUE; the value as JSON if it is valid JSON, else as text."""
    key, equals, value = text.partition("=")
    if not equals or not all(key.split(".")):
        raise UsageError(f"{text!r} is not a setting; write KEY=VALUE")
    try:
        return key, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return key, value


def game_settings(texts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The settings of games among a command's options."""
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        place, value = _setting(text)
        game, dot, key = place.partition(".")
        if not dot or value == "":
            raise UsageError(f"{text!r} is not a game setting; write GAME.KEY=VALUE")
        found = overlay(found, {game: nested(key, value)})
    return found
