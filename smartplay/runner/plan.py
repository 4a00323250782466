"""Resolves what a run is to play, before anything is played."""

from __future__ import annotations

import contextlib
import hashlib
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np

from smartplay._version import __version__
from smartplay.agents.catalog import AgentSource
from smartplay.card import GameCard
from smartplay.errors import (
    CardError,
    RunFolderError,
    SmartPlayError,
    UnknownNameError,
    UsageError,
)
from smartplay.records import GameHeader, RunHeader
from smartplay.registry import cards, get_card, register_cards
from smartplay.run_folder import encode
from smartplay.runner.episode import Job, one_line

QUICK_EPISODES = 2
QUICK_STEPS = 5
LARGEST = 2**31 - 1
NO_SETTINGS = ("environment", "describer", "render_mode")
IDENTITY = ("agent", "agent_settings", "agent_digest", "seed", "retries", "games")
WITHOUT_EFFECT = ("timeout", "max_retries")  # settings of agents that no reply depends on
RECORDED_PACKAGES = ("gymnasium", "numpy", "crafter", "aiohttp", "xllamacpp")


def select_games(selection: str) -> list[GameCard]:
    """The cards a selection names.

    Args:
        selection: Parts joined by commas: `core`, `all`, a family, an id, or a card file's path.

    Raises:
        UnknownNameError: If a part names nothing.
        UsageError: If a named game is data only, or nothing is selected.
    """
    found: dict[str, GameCard] = {}
    for part in filter(None, (part.strip() for part in selection.split(","))):
        for card in _select(part):
            found[card.id] = card
    if not found:
        raise UsageError("no game selected; name some with --games core, all, or ids")
    return list(found.values())


def _select(part: str) -> list[GameCard]:
    if part.endswith(".toml"):
        return [_playable(card) for card in register_cards(Path(part))]
    playable = [card for card in cards() if card.playable]
    groups = {"core": [card for card in playable if card.core]}
    groups["all"] = [card for card in playable if not card.parametric]
    for card in groups["all"]:
        groups.setdefault(card.family, []).append(card)
    if part in groups:
        return groups[part]
    try:
        card = get_card(part)
    except UnknownNameError:
        raise UnknownNameError("game", part, [*groups, *(c.name for c in cards())]) from None
    return [_playable(card)]


def _playable(card: GameCard) -> GameCard:
    if not card.playable:
        raise UsageError(f"{card.id} is data only in this version: it can be scored, not played")
    return card


def plan_run(
    source: AgentSource,
    selection: list[GameCard],
    *,
    episodes: int | None,
    steps: int | None,
    seed: int,
    retries: int,
    quick: bool,
    settings: Mapping[str, Mapping[str, Any]],
    arguments: dict[str, Any],
) -> RunHeader:
    """Write down a run as it will be played.

    Args:
        source: Who plays.
        selection: The games.
        episodes: Episodes per game; the card's number by default.
        steps: Step limit; the card's by default. A larger one than the card's is allowed.
        seed: The suite seed, 0 or more.
        retries: How often an invalid reply is complained of.
        quick: Play at most `QUICK_EPISODES` episodes of at most `QUICK_STEPS` steps.
        settings: Settings by a game's name or family.
        arguments: The arguments as given, to be kept.

    Raises:
        UsageError: If a number is out of range, a setting belongs to no selected game, or a game
            cannot be made as it is to be played.
    """
    numbers = [("episodes", episodes, 1), ("steps", steps, 1), ("seed", seed, 0)]
    for name, number, least in [*numbers, ("retries", retries, 0)]:
        if number is not None and not least <= number <= LARGEST:
            bound = f"{least} or more" if number < least else f"{LARGEST} or less"
            raise UsageError(f"{name} must be {bound}, not {number}")
    for key in settings:
        if not any(key in _names(card) for card in selection):
            raise UsageError(f"settings given for {key!r}, which is not among the selected games")
    games = {}
    for card in selection:
        most = (QUICK_EPISODES, QUICK_STEPS) if quick else (card.episodes, card.steps)
        own = _plain(f"settings of {card.id}", _settings(card, settings))
        _try_to_make(card, own)
        games[card.id] = GameHeader(
            card=card.source,
            digest=card.digest,
            settings=own,
            episodes=episodes or min(card.episodes, most[0]),
            steps=steps or min(card.steps, most[1]),
            history=own.get("history", card.history),
        )
    return RunHeader(
        agent=source.name,
        agent_settings=_plain("settings of the agent", source.settings),
        agent_digest=source.digest,
        arguments=arguments,
        games=games,
        seed=seed,
        retries=retries,
        versions=_versions(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _names(card: GameCard) -> tuple[str, ...]:
    """What a game can be called by, its settings' places from the widest to the narrowest."""
    return card.family, card.name, card.id.removeprefix("smartplay/"), card.id


def _settings(card: GameCard, given: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {key: value for name in _names(card) for key, value in given.get(name, {}).items()}


def _plain(what: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    try:
        plain: dict[str, Any] = msgspec.json.decode(encode(settings))
    except (TypeError, OverflowError, RecursionError) as error:
        raise UsageError(f"{what} must be values that JSON can hold: {error}") from error
    return plain


def _try_to_make(card: GameCard, settings: dict[str, Any]) -> None:
    """Find out now, rather than in every episode, that a game cannot be made."""
    for key in NO_SETTINGS:
        if key in settings:
            raise UsageError(f"{key} is no setting of {card.id}; a run decides it")
    if settings.get("observation") == "native":
        raise UsageError("agents read texts and pictures, not observation=native; see gym.make")
    try:
        env = gym.make(card.id, disable_env_checker=True, **settings)
    except SmartPlayError:
        raise
    except Exception as error:
        told = f" with {settings}" if settings else ""
        cause = one_line(error.__cause__ or error)  # gymnasium repeats all its keywords
        raise UsageError(f"cannot make {card.id}{told}: {cause}") from error
    actions = int(getattr(env.action_space, "n", 0))
    env.close()
    if card.fallback >= actions:
        raise CardError(
            f"card {card.source}: the fallback of {card.id} is action {card.fallback}, counted "
            f"from 0, but there are only {actions} actions"
        )


def jobs_of(header: RunHeader) -> list[Job]:
    """Every episode of a run."""
    jobs = []
    for game, plan in header.games.items():
        stream = get_card(game).seed_stream
        for episode in range(plan.episodes):
            seed, agent_seed = episode_seeds(header.seed, stream, episode)
            jobs.append(
                Job(
                    game=game,
                    card=plan.card if plan.card.endswith(".toml") else "",
                    settings=plan.settings,
                    steps=plan.steps,
                    episode=episode,
                    seed=seed,
                    agent_seed=agent_seed,
                    retries=header.retries,
                )
            )
    return jobs


def episode_seeds(suite_seed: int, stream: str, episode: int) -> tuple[int, int]:
    """The seeds of an episode's environment and agent, each below 2**31.

    They depend on the three arguments alone (`numpy.random.SeedSequence` over the suite seed, the
    SHA-256 of the stream and the episode's number), so no order of playing changes them. A card's
    `seed_stream` is its id, but for contrasts.
    """
    digest = hashlib.sha256(stream.encode()).digest()
    words = [int.from_bytes(digest[k : k + 4], "little") for k in range(0, 16, 4)]
    state = np.random.SeedSequence([suite_seed, *words, episode]).generate_state(2)
    return int(state[0] >> 1), int(state[1] >> 1)


def check_same_run(path: Path, old: RunHeader, new: RunHeader) -> None:
    """Make sure a folder may be continued.

    Raises:
        RunFolderError: If the folder holds another run than the one asked for.
    """
    before, after = _identity(old), _identity(new)
    for field in before:
        if before[field] != after[field]:
            raise RunFolderError(
                f"{path} holds another run ({field} differs); choose another folder with --out"
            )


def _identity(header: RunHeader) -> dict[str, Any]:
    """What makes a run this run: all that its results depend on."""
    settings = {k: v for k, v in header.agent_settings.items() if k not in WITHOUT_EFFECT}
    same = [header.agent, settings, header.agent_digest, header.seed, header.retries, header.games]
    return dict(zip(IDENTITY, msgspec.to_builtins(same), strict=True))


def default_folder(header: RunHeader) -> Path:
    """A folder name that the same run always gets: agent, and a digest of what is played."""
    same = list(_identity(header).values())
    digest = hashlib.sha256(msgspec.json.encode(same, order="sorted")).hexdigest()[:8]
    stem = Path(header.agent.rpartition(":")[0] or header.agent).stem or "agent"
    kind = header.agent if ".py:" not in header.agent else f"{stem}-{header.agent.split(':')[-1]}"
    slug = "".join(c if c.isalnum() or c in "-_." else "-" for c in kind)
    return Path("runs") / f"{slug}-{digest}"


def _versions() -> dict[str, str]:
    found = {"smartplay": __version__, "python": platform.python_version()}
    for package in RECORDED_PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found
