"""Measures the anchors of a game of your own and writes them into its card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import gymnasium as gym
import msgspec

from smartplay.cards.anchors import Anchors, Measured, Trivial
from smartplay.cards.card import GameCard, read_cards
from smartplay.core.errors import CardError, UsageError
from smartplay.core.version import __version__
from smartplay.core.whole_files import write_atomically
from smartplay.games.registry import packs
from smartplay.runner.jobs import episode_seeds
from smartplay.validity.anchors import SEED, measure

KINDS = ("random", "reference", "trivial")


def card_file(card: GameCard) -> Path:
    """Where the card of a game that is not shipped was read.

    Raises:
        UsageError: If it is a shipped one.
    """
    for pack in packs():
        if pack.package == card.package:
            return pack.folder / f"{card.source.rpartition('/')[2]}.toml"
    if card.shipped:
        raise UsageError(f"{card.id} is SmartPlay's own; name a game of yours or its card file")
    return Path(card.source)


def measure_card(card: GameCard, episodes: int) -> Anchors:
    """Measure a game's anchors, and its optimum where its best actions are known.

    Args:
        card: The game.
        episodes: How many to play for each, 2 or more.

    Raises:
        UsageError: For fewer episodes.
    """
    if episodes < 2:
        raise UsageError(f"anchors need 2 episodes or more, not {episodes}")
    found = measure(card, card.steps, {}, dict.fromkeys(KINDS, episodes))
    return msgspec.structs.replace(found, optimum=_optimum(card, episodes))


def _optimum(card: GameCard, episodes: int) -> float | None:
    """The mean score of taking a best action each time; None where none is known at some moment.

    What a bot does need not be best: it gives an optimum only if nothing could score more.
    """
    total, most = 0.0, card.bounds_within(card.steps).high
    with closing(gym.make(card.id, disable_env_checker=True)) as env:
        describer = env.get_wrapper_attr("describer")
        if describer.truth is None:
            return None
        for episode in range(episodes):
            seed, _ = episode_seeds(SEED, f"anchors of {card.id}", episode)
            _, info = env.reset(seed=seed)
            over = False
            while not over:
                best = describer.best_actions()
                if not best:
                    return None
                _, _, terminated, truncated, info = env.step(min(best))
                over = terminated or truncated
            total += float(info["score"])
        if describer.truth == "agreement" and (most is None or total != episodes * most):
            return None
    return total / episodes


def anchor_lines(anchors: Anchors, command: str) -> Iterator[tuple[str, str]]:
    """The keys of a card's table of anchors, each with its line.

    Args:
        anchors: What was measured; what is None has no line.
        command: What measured it.
    """
    if anchors.optimum is not None:
        yield "optimum", f"optimum = {anchors.optimum:.15g}"
    for kind in KINDS:
        found: Measured | None = getattr(anchors, kind)
        if found is None:
            continue
        parts = [
            f"{name} = {getattr(found, name):.15g}"
            for name in ("mean", "low", "high", "episodes")
            if getattr(found, name) is not None
        ]
        if isinstance(found, Trivial):
            policy = json.dumps(found.policy, ensure_ascii=False)  # names of actions hold anything
            parts = [f"policy = {policy}", *parts, f'command = "{command}"']
        yield kind, f"{kind} = {{ {', '.join(parts)} }}"


def write_anchors(path: Path, card: GameCard, anchors: Anchors, command: str) -> None:
    """Write anchors into a card file; all else in it stays as it is, comments too.

    Args:
        path: The card file.
        card: The game.
        anchors: What was measured of it.
        command: What measured it.

    Raises:
        CardError: If the file has the anchors in a form that this does not understand.
        OSError: If it cannot be written.
    """
    found = dict(anchor_lines(anchors, f"{command}, SmartPlay {__version__}"))
    old = path.read_text(encoding="utf-8")
    new = _with_lines(old, f"ids.{card.id.removeprefix('smartplay/')}", found)
    write_atomically(path, new.encode())
    try:
        read_cards(path)
    except CardError as error:
        write_atomically(path, old.encode())
        raise CardError(
            f"{error}; write these lines by hand: {'; '.join(found.values())}"
        ) from None


def _with_lines(text: str, table: str, found: dict[str, str]) -> str:
    """A card's text with lines in the sub-table `anchors` of a table, in place of older ones."""
    lines = text.rstrip("\n").split("\n")
    head = f"[{table}.anchors]"
    if head not in lines:
        heads = [k for k, line in enumerate(lines) if line.startswith(f"[{table}")]
        end = _end(lines, heads[-1]) if heads else len(lines)
        lines[end:end] = ["", head]
    start = lines.index(head) + 1
    end = _end(lines, start - 1)
    kept = [line for line in lines[start:end] if line.split("=")[0].strip() not in found]
    return "\n".join([*lines[:start], *kept, *found.values(), *lines[end:]]) + "\n"


def _end(lines: list[str], head: int) -> int:
    """Where a table ends, blank lines before the next one and their comments left out."""
    end = head + 1
    while end < len(lines) and not lines[end].startswith("["):
        end += 1
    while end > head + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end
