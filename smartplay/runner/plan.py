"""Resolves what a run is to play, before anything is played."""

from __future__ import annotations

import contextlib
import hashlib
import operator
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np

from smartplay import parsing
from smartplay.agents.catalog import AgentSource
from smartplay.cards.capabilities import Capability
from smartplay.cards.card import GameCard
from smartplay.core.errors import (
    CardError,
    RunFolderError,
    SmartPlayError,
    UnknownNameError,
    UsageError,
    known_name,
)
from smartplay.core.version import __version__
from smartplay.games.registry import cards, get_card, packs, register_cards
from smartplay.models.base import WITHOUT_EFFECT
from smartplay.records import CANARY, GameHeader, Measurement, RunHeader
from smartplay.records.encoding import checked, encode
from smartplay.records.replay import RESERVED
from smartplay.runner.episode import one_line
from smartplay.runner.jobs import MOST_RETRIES, SEED_RULE, SPLITS

QUICK_EPISODES = 2
QUICK_STEPS = 5
LARGEST = 2**31 - 1
RECORDED_PACKAGES = ("gymnasium", "numpy", "crafter", "xllamacpp")
DECIDES_NOTHING = ("python", "xllamacpp")
"""No result depends on these versions; a run is not resumed if any other version has changed."""

PLAYING = ("agents", "cards", "core", "games", "models", "parsing", "records", "runner", "scores")
"""The rooms of SmartPlay whose code may change what is played or written down."""
CODED = (".py", ".toml", ".lua")

TOLD = 4  # differences that a message lists
LONGEST_VALUE = 60  # characters of a value in a message
LONGEST_SLUG = 80  # bytes of an agent's name in a folder's name


def select_games(selection: str | Iterable[str | Path]) -> list[GameCard]:
    """The cards that a selection names.

    Args:
        selection: `core`, `all` (of SmartPlay's own), families, packs, ids, or paths of card
            files: a list of them, or a text that joins them by commas.

    Raises:
        UnknownNameError: If a part names nothing.
        UsageError: If a named game is data only, or nothing is selected.
    """
    found: dict[str, GameCard] = {}
    for part in _parts(selection):
        for card in _select(part):
            found[card.id] = card
    if not found:
        raise UsageError("no game selected; name some with --games core, all, or ids")
    return list(found.values())


def _parts(selection: str | Iterable[str | Path]) -> Iterator[str]:
    parts = selection.split(",") if isinstance(selection, str) else map(str, selection)
    return filter(None, map(str.strip, parts))


def _select(part: str) -> list[GameCard]:
    if part.endswith(".toml"):
        return [_playable(card) for card in register_cards(Path(part))]
    playable = [card for card in cards() if card.playable]
    fixed = [card for card in playable if not card.parametric]
    groups = {"core": [card for card in playable if card.core]}
    groups["all"] = [card for card in fixed if not card.package]
    for card in fixed:
        groups.setdefault(card.family, []).append(card)
    groups |= {
        pack.name: [card for card in fixed if card.package == pack.package] for pack in packs()
    }
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


def select_dials(
    selection: str | Iterable[str | Path], capabilities: str | Iterable[str]
) -> list[str]:
    """The ids whose dials are to be measured.

    Args:
        selection: Families, packs, ids, or paths of card files: a list of them, or a text that
            joins them by commas. Of a family, a pack or a file, those that have a dial.
        capabilities: Names of the capabilities to measure, given likewise; empty for all.

    Raises:
        UnknownNameError: If a game or a capability is not known.
        UsageError: If nothing is selected, a game has no dial, or two measure the same capability.
    """
    known = [each.key for each in Capability]
    wanted = [each.lower().replace(" ", "_") for each in _parts(capabilities)]
    for each in wanted:
        known_name("capability", each, known)
    found: dict[str, str] = {}
    for part in _parts(selection):
        for card in _dials(part):
            key = card.dial.capability if card.dial else ""
            if wanted and key not in wanted:
                continue
            if found.setdefault(key, card.id) != card.id:
                raise UsageError(f"{found[key]} and {card.id} both measure {key}; choose one")
    if not found:
        raise UsageError("no game with a dial is selected; name some with --games")
    return list(found.values())


def _dials(part: str) -> list[GameCard]:
    if part.endswith(".toml"):
        group = register_cards(Path(part))
    else:
        named = {pack.package for pack in packs() if pack.name == part}
        group = [card for card in cards() if card.family == part or card.package in named]
    found = [card for card in group or [get_card(part)] if card.dial is not None]
    if not found:
        raise UsageError(f"{part} has no dial to be measured on; `smartplay run` plays it")
    return [_playable(card) for card in found]


def plan_run(
    source: AgentSource,
    selection: list[GameCard],
    *,
    episodes: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    retries: int = 1,
    repeats: int = 1,
    quick: bool = False,
    settings: Mapping[str, Mapping[str, Any]] = {},
    arguments: Mapping[str, Any] = {},
    suite: str = "",
    measurement: Measurement | None = None,
    split: str = "",
) -> RunHeader:
    """Resolve a run into the header under which it will be played.

    Args:
        source: Who plays.
        selection: The games.
        episodes: Episodes per game; the card's number by default.
        steps: Step limit; the card's by default. It may exceed the card's.
        seed: The suite seed, 0 or more.
        retries: How often the agent is asked again after an invalid reply.
        repeats: How often every episode is played.
        quick: Play at most `QUICK_EPISODES` episodes of at most `QUICK_STEPS` steps.
        settings: Settings by a game's name or family.
        arguments: The arguments as given, for the record.
        suite: The hash of the private suite to play; then `seed` is 0.
        measurement: How levels are chosen, if thresholds are to be measured.
        split: The split of `SPLITS` that the episodes are drawn from; empty for a suite.

    Raises:
        UnknownNameError: If there is no such split.
        UsageError: If a number is out of range, a setting belongs to no selected game, or a game
            cannot be made as it is to be played.
    """
    episodes = None if episodes is None else whole_number("episodes", episodes, 1)
    steps = None if steps is None else whole_number("steps", steps, 1)
    repeats = whole_number("repeats", repeats, 1)
    seed = whole_number("seed", seed, 0)
    retries = whole_number("retries", retries, 0, MOST_RETRIES)
    for key in settings:
        if not any(key in names_of(card) for card in selection):
            raise UsageError(f"settings given for {key!r}, which is not among the selected games")
    if suite and seed:
        raise UsageError("a private suite has its own seeds; leave the suite seed out")
    if split:
        known_name("split", split, SPLITS)
    if suite and split:
        raise UsageError("a private suite has its own seeds; leave the split out")
    if measurement is not None and (repeats != 1 or source.games):
        raise UsageError("a measurement plays each episode once; leave repeats and attempts out")
    games = {}
    for card in selection:
        own = _plain(f"settings of {card.id}", source.games | _settings(card, settings))
        _try_to_make(card, own)
        if own.get("observation") == "image" and (source.reference or ("",))[0] == "reference":
            raise UsageError(
                f"the agent reference reads texts, and {card.id} would show it pictures only; play "
                "with observation=both, or let another agent play"
            )
        usual = card.episodes, card.steps
        if measurement is not None:
            usual = _most_episodes(card, own, steps or card.steps, measurement), card.steps
        elif quick:
            usual = min(card.episodes, QUICK_EPISODES), min(card.steps, QUICK_STEPS)
        games[card.id] = GameHeader(
            card=card.source,
            digest=card.digest,
            settings=own,
            episodes=episodes or usual[0],
            steps=steps or usual[1],
            history=own.get("history", card.history),
        )
    header = RunHeader(
        agent=source.name,
        agent_settings=_plain("settings of the agent", source.settings),
        agent_digest=source.digest,
        arguments=dict(arguments),
        games=games,
        seed=seed,
        retries=retries,
        repeats=repeats,
        parser=parsing.VERSION,
        seed_rule=SEED_RULE,
        suite=suite,
        measurement=measurement,
        split=split,
        versions=versions_of(source, selection),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        canary=CANARY,
    )
    try:
        checked(header)
    except msgspec.ValidationError as error:
        raise UsageError(f"the run cannot be written down: {error}") from error
    return header


def whole_number(name: str, given: Any, least: int, most: int = LARGEST) -> int:
    """A number that a user gave, which may be one of NumPy's.

    Raises:
        UsageError: If it is no whole number, or not from `least` to `most`.
    """
    try:
        number = operator.index(given)
    except TypeError:
        raise UsageError(f"{name} must be a whole number, not {given!r}") from None
    if not least <= number <= most:
        bound = f"{least} or more" if number < least else f"{most} or less"
        raise UsageError(f"{name} must be {bound}, not {number}")
    return number


def _most_episodes(
    card: GameCard, settings: dict[str, Any], steps: int, measurement: Measurement
) -> int:
    """The most episodes that a measurement can play of a game."""
    if card.dial is None:
        raise UsageError(f"{card.id} has no dial to be measured on; `smartplay run` plays it")
    if "level" in settings:
        raise UsageError(f"the level of {card.id} is chosen by the measurement; leave it out")
    if card.as_played(steps, settings) is not card:
        raise UsageError(
            f"the dial of {card.id} holds for the steps and settings of its card; leave others out"
        )
    if measurement.width >= (len(card.dial.values) - 1) / 2:
        raise UsageError(
            f"every threshold within the dial of {card.id} is known to ±{measurement.width:g} "
            "levels before anything is played; ask for less with --width"
        )
    if measurement.calls < card.steps:
        raise UsageError(
            f"an episode of {card.id} takes {card.steps} calls; allow as many or more with "
            "--max-calls"
        )
    return measurement.calls // card.steps


def names_of(card: GameCard) -> tuple[str, ...]:
    """The names that settings may address a game by, from the widest to the narrowest."""
    return card.family, card.name, card.id.removeprefix("smartplay/"), card.id


def _settings(card: GameCard, given: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {key: value for name in names_of(card) for key, value in given.get(name, {}).items()}


def _plain(what: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    try:
        plain: dict[str, Any] = msgspec.json.decode(encode(settings))
    except (TypeError, OverflowError, RecursionError) as error:
        raise UsageError(f"{what} must be values that JSON can hold: {error}") from error
    return plain


def _try_to_make(card: GameCard, settings: dict[str, Any]) -> None:
    """Make sure that a game can be made, rather than find out in every episode."""
    for key in RESERVED:
        if key in settings:
            raise UsageError(f"{key} cannot be set for {card.id}: the run decides it")
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


def check_same_run(path: Path, old: RunHeader, new: RunHeader) -> None:
    """Make sure that a folder may be continued.

    Raises:
        RunFolderError: If the folder holds another run than the one asked for; the message says
            what differs.
    """
    found = list(differences(_identity(old), _identity(new)))
    if found:
        more = f" (and {len(found) - TOLD} more)" if len(found) > TOLD else ""
        if any("digest differs" in each for each in found):
            more += " (a digest stands for code and all that it imports, or for a card)"
        raise RunFolderError(
            f"{path} holds another run: {'; '.join(found[:TOLD])}{more}. Choose another folder "
            "with --out"
        )


def differences(there: Any, here: Any, name: str = "") -> Iterator[str]:
    """The differences between two pieces of plain data, place by place."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in there | here:
            yield from differences(there.get(key), here.get(key), f"{name} {key}".strip())
    elif there != here:
        yield f"{name} differs ({_shown(there)} there, {_shown(here)} here)"


def _shown(value: Any) -> str:
    text = "nothing" if value is None or value == "" else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _identity(header: RunHeader) -> dict[str, Any]:
    """What identifies a run: all that its results depend on, without places on a disk."""
    plain = msgspec.to_builtins(header)
    games = {
        game: {key: value for key, value in plan.items() if key != "card"}
        for game, plan in plain["games"].items()
    }
    return {
        "agent": _placeless(header.agent),
        "agent_settings": lasting(plain["agent_settings"]),
        "agent_digest": header.agent_digest,
        "games": games,
        "seed": header.suite or header.seed,
        "split": header.split,
        "retries": header.retries,
        "repeats": header.repeats,
        "parser": header.parser,
        "seed_rule": header.seed_rule,
        "measurement": plain["measurement"],
        "versions": {k: v for k, v in header.versions.items() if k not in DECIDES_NOTHING},
    }


def lasting(settings: Mapping[str, Any], *left_out: str) -> dict[str, Any]:
    """The settings that replies depend on, also those of models in roles, except those left out."""
    return {
        key: lasting(value, *left_out) if isinstance(value, dict) else value
        for key, value in settings.items()
        if key not in (*WITHOUT_EFFECT, *left_out)
    }


def asking(run: RunHeader) -> list[Any]:
    """Who played a run, and what its replies depend on, wherever its models are served."""
    return [run.agent, run.agent_digest, lasting(run.agent_settings, "base_url")]


def _placeless(agent: str) -> str:
    """An agent's name without the folder of its file."""
    place, colon, name = agent.partition(".py:")
    return f"{Path(place).name}{colon}{name}"


def default_folder(header: RunHeader, resumable: bool = True) -> Path:
    """A folder for a run, named after the agent and a digest of what is played.

    Args:
        header: The run.
        resumable: Whether the same run always gets the same folder; else each gets a new one, which
            is made at once, as other processes may look for one at the same moment.
    """
    same = list(_identity(header).values())
    digest = hashlib.sha256(msgspec.json.encode(same, order="sorted")).hexdigest()[:8]
    place, colon, name = _placeless(header.agent).partition(".py:")
    words = f"{place}-{name}" if colon else place
    base = Path("runs") / f"{slug(words)}-{digest}"
    if resumable:
        return base
    for k in count(1):
        path = base.with_name(f"{base.name}-{k}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError:  # whoever writes there says why it cannot be written
            pass
        return path
    raise AssertionError("unreachable")


def slug(words: str) -> str:
    """Words as part of a file's name, at most `LONGEST_SLUG` bytes."""
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in words)
    return safe.encode()[:LONGEST_SLUG].decode(errors="ignore")


def versions_of(source: AgentSource, games: Sequence[GameCard]) -> dict[str, str]:
    """Versions of all that may affect results, such as packages that the user's code imports."""
    found = {"smartplay": __version__, "python": platform.python_version(), "code": own_digest()}
    played = {card.package for card in games}
    found |= {pack.distribution: pack.version for pack in packs() if pack.package in played}
    imported = [
        *source.packages,
        *(p for card in games for code in card.code for p in code.packages),
    ]
    own = metadata.packages_distributions() if imported else {}
    packages = [name for each in imported for name in own.get(each, [])]
    for package in [*RECORDED_PACKAGES, *sorted(set(packages))]:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    promotion = getattr(np, "_get_promotion_state", lambda: "weak")()
    return found if promotion == "weak" else found | {"numpy-promotion": promotion}


@cache
def own_digest(rooms: tuple[str, ...] = PLAYING, suffixes: tuple[str, ...] = CODED) -> str:
    """SHA-256, 16 hexadecimal digits, of SmartPlay's files; tells versions between releases apart.

    Args:
        rooms: The folders they are in; by default those that may change what is played.
        suffixes: Which files count.
    """
    digest, own = hashlib.sha256(), Path(__file__).parents[1]
    for room in rooms:
        for file in sorted((own / room).rglob("*")):
            if file.suffix in suffixes:
                content = file.read_bytes().replace(b"\r\n", b"\n")
                digest.update(file.relative_to(own).as_posix().encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:16]
