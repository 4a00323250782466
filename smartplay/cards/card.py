"""A game's data: one TOML file beside the game's module, one `GameCard` per environment id.

A card file has a table `[defaults]` and a table `[ids.NAME-v0]` for each id; an id's table is laid
over the defaults, key by key. A card without `environment` is data only: its scores can be
normalised and attributed, but it cannot be played.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from smartplay.cards.anchors import Anchors, Count, check_anchors
from smartplay.cards.bounds import Bounds, CardBounds, check_bounds
from smartplay.cards.capabilities import Capability
from smartplay.cards.tables import HISTORY, TEXT_LIMIT, id_tables
from smartplay.core.errors import CardError, known_name
from smartplay.core.loading import Code, code_of
from smartplay.core.printable import plural

SHOWN_SETTINGS = ("history", "observation", "picture")
"""Settings of every game that say what an agent is shown."""
WRAPPER_SETTINGS = (*SHOWN_SETTINGS, "attempts", "again")
"""Settings that every game has."""

Human = Literal["published", "baseline"]
HUMANS: tuple[Human, ...] = ("published", "baseline")

ID_PATTERN = re.compile(r"[A-Za-z0-9]+-v[0-9]+")

_DECIDES = ("id", "describer", "environment", "fallback", "history", "settings", "steps")
MOST_ROUNDS = 1000
"""Of many more, the ways to be right in half of them are beyond a float."""
Level = Literal["easy", "hard"]
Degree = Annotated[int, msgspec.Meta(ge=1, le=4)]


class Contrast(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of a pair of settings that differ in the demand on one capability.

    Attributes:
        capability: The capability, as cards spell it.
        level: Whether it is demanded.
    """

    capability: str
    level: Level


class Dial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The levels of difficulty of a game that demands more of one capability at each.

    An episode is played at one level, which is the game's setting `level`, counted from 1.

    Attributes:
        capability: The capability, as cards spell it.
        phrase: What an agent with a threshold of `{}` does, such as `follows {} facts in a row`.
        values: What each level is in the unit of the phrase, in ascending order.
        rounds: Rounds of an episode, 1000 at most; the score is the number that were right.
        chance: The share of rounds that random play has right.
    """

    capability: str
    phrase: str
    values: Annotated[list[float], msgspec.Meta(min_length=2)]
    rounds: Annotated[int, msgspec.Meta(ge=1, le=MOST_ROUNDS)]
    chance: Annotated[float, msgspec.Meta(ge=0, lt=1)]

    def phrased(self, value: str) -> str:
        """The phrase with a value in its place; all else in it stays, other braces too."""
        return self.phrase.replace("{}", value)


class GameCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """The data about one environment id.

    Attributes:
        id: The full id, such as `smartplay/Hanoi3Disk-v0`.
        title: The game's name for people.
        family: The game's module, and its folder in `games/`.
        source: Where the card was read: a shipped card's file stem, `package/stem` for a card of
            an installed pack, or a path.
        environment: The native environment, `module:Class`, `file.py:Class` (beside the card) or
            the id of any registered Gymnasium environment; empty for a card that is data only.
        describer: What puts it into words, `module:Class` or `file.py:Class`.
        reference: A scripted agent that reads only its text, likewise, for a game that is not
            shipped; the agent `reference` plays with it.
        settings: Keyword settings of the environment and the describer, all open to `gym.make`.
        steps: Step limit of an episode.
        episodes: Episodes of a full run.
        history: How many past observations a prompt shows.
        text_limit: The longest observation in characters.
        core: Whether the id belongs to the original's seven headline tasks.
        parametric: Whether the id is meant for the user's own settings; `all` leaves it out.
        heavy: Whether an episode costs enough computing to be played in a worker process.
        fallback: Index of the action taken when no valid answer came.
        score: What the score counts, in words.
        bounds: The scores that an episode can end with.
        goal: Whether there is a goal that an episode reaches or does not.
        anchors: The scores a result is held against.
        degrees: The degree to which each capability is demanded; 1 is the least.
        contrast: Which pair of contrast settings the id belongs to, if to any.
        dial: The levels at which the game can be played, if it has such.
    """

    id: str
    title: str
    family: str
    source: str
    environment: str = ""
    describer: str = ""
    reference: str = ""
    settings: dict[str, Any] = {}
    steps: Count
    episodes: Count
    history: Annotated[int, msgspec.Meta(ge=0)] = HISTORY
    text_limit: Count = TEXT_LIMIT
    core: bool = False
    parametric: bool = False
    heavy: bool = False
    fallback: Annotated[int, msgspec.Meta(ge=0)] = 0
    score: str
    bounds: CardBounds = CardBounds()
    goal: bool = True
    anchors: Anchors = Anchors()
    degrees: dict[str, Degree]
    contrast: Contrast | None = None
    dial: Dial | None = None

    @property
    def name(self) -> str:
        """The id without namespace and version, such as `Hanoi3Disk`."""
        return self.id.split("/")[-1].rsplit("-v", 1)[0]

    @property
    def playable(self) -> bool:
        """Whether the card names an environment to play."""
        return bool(self.environment)

    @property
    def shipped(self) -> bool:
        """Whether it comes with SmartPlay, rather than with a pack or as the user's file."""
        return not self.package and not self.source.endswith(".toml")

    @property
    def package(self) -> str:
        """The Python package of the pack it comes with; empty if it comes with none."""
        return "" if self.source.endswith(".toml") else self.source.rpartition("/")[0]

    def beside(self, reference: str) -> str:
        """`file.py:Name` with the file's path beside the card; any other reference unchanged."""
        place, _, name = reference.rpartition(":")
        return f"{Path(self.source).parent / place}:{name}" if place[-3:] == ".py" else reference

    def degree(self, capability: Capability) -> int:
        """The degree to which the game demands `capability`, from 1 (least) to 4."""
        return self.degrees[capability.key]

    def normalized(self, score: float) -> float | None:
        """The score on the scale where the card's minimum is 0 and the human score 1.

        As in the SmartPlay paper: (score - min) / (human - min). None without a human score.
        """
        low, high = self.anchors.min, self.anchors.human
        return None if high is None else (score - low) / (high - low)

    def held_to(self, human: Human) -> GameCard:
        """The same card with the requested human score, where there is one.

        Args:
            human: `"published"`, or `"baseline"` for the one recorded here; a card without such a
                baseline keeps the published score.
        """
        own = self.anchors.baseline
        if known_name("human scores", human, HUMANS) != "baseline" or own is None:
            return self
        source = (
            f"recorded here: {plural(own.players, 'player')}, {plural(own.episodes, 'episode')}"
        )
        anchors = msgspec.structs.replace(self.anchors, human=own.mean, human_source=source)
        return msgspec.structs.replace(self, anchors=anchors)

    def as_played(self, steps: int, settings: Mapping[str, Any] | None = None) -> GameCard:
        """The same card with the settings and anchors that hold for the way a run played it.

        Anchors were measured with the card's settings and its step limit; they hold all, or none.
        What an agent is shown of the game (`SHOWN_SETTINGS`) moves no end of the scale.

        Args:
            steps: The step limit played with.
            settings: The settings played with, over the card's.
        """
        own = {key: value for key, value in (settings or {}).items() if key not in SHOWN_SETTINGS}
        if steps == self.steps and own.items() <= self.settings.items():
            return self
        return msgspec.structs.replace(self, settings=self.settings | own, anchors=Anchors())

    def bounds_within(self, steps: int) -> Bounds:
        """The scores that an episode of at most so many steps can end with."""
        return self.bounds.within(steps, self.settings)

    def corrected(self, score: float) -> float | None:
        """The score on the scale where random play is 0 and the best known score 1.

        (score - random) / (best - random), where best is the optimum if it is known, else the
        human score. None without a measured random score, without either of the two, or if
        random play is no worse.
        """
        scale = self.anchors.corrected
        return None if scale is None else (score - scale[0]) / (scale[1] - scale[0])

    @cached_property
    def digest(self) -> str:
        """SHA-256, 16 hexadecimal digits, of all that decides an episode; anchors do not.

        For a card that is not shipped, that includes the title and the code that it names.
        """
        if self.shipped:
            return self._digest({})
        digests = [each.digest for each in self.code if each.files]
        return self._digest({"code": digests, "title": self.title})

    @cached_property
    def code(self) -> list[Code]:
        """The code that a card that is not shipped names, as it was at the first call."""
        if self.shipped:
            return []
        named = [self.beside(each) for each in (self.environment, self.describer)]
        places = {each.rpartition(":")[0] for each in named} - {""}
        return [code_of(each, self.package.partition(".")[0]) for each in sorted(places)]

    def has_digest(self, found: str) -> bool:
        """Whether a run was played on this card, as far as its digest tells.

        Version 0.1 left the code of files beside a card out.
        """
        return found in (self.digest, self._digest({}))

    def _digest(self, more: dict[str, Any]) -> str:
        content = {key: getattr(self, key) for key in _DECIDES} | more
        return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()[:16]


def read_cards(path: Path, source: str | None = None) -> list[GameCard]:
    """Read a card file.

    Args:
        path: The TOML file.
        source: What to note as the cards' source; the path by default.

    Returns:
        One card per `[ids.…]` table, in the file's order.

    Raises:
        CardError: If the file cannot be read or a card is malformed; says where and why.
    """
    return cards_of(id_tables(path), path, source or str(path))


def cards_of(tables: Mapping[str, dict[str, Any]], path: Path, source: str) -> list[GameCard]:
    """One card per table of a card file; see `read_cards`."""
    return [_read_one(path, source, *each) for each in tables.items()]


def _read_one(path: Path, source: str, name: str, table: dict[str, Any]) -> GameCard:
    where = f"card {path}, [ids.{name}]"
    if not ID_PATTERN.fullmatch(name):
        raise CardError(f"{where}: an id is letters and digits and a version, such as MyGame-v0")
    merged = table | {"id": f"smartplay/{name}", "source": source}
    try:
        card = msgspec.convert(merged, GameCard)
    except msgspec.ValidationError as error:
        raise CardError(f"{where}: {error}") from error
    _check(where, card)
    return card


def _check(where: str, card: GameCard) -> None:
    expected = {capability.key for capability in Capability}
    given = set(card.degrees)
    if given != expected:
        wrong = [f"missing {key}" for key in sorted(expected - given)]
        wrong += [f"unknown {key}" for key in sorted(given - expected)]
        raise CardError(f"{where}: degrees must name the nine capabilities: {', '.join(wrong)}")
    for capability in Capability:
        if card.degree(capability) > len(capability.degrees):
            raise CardError(
                f"{where}: degree {card.degree(capability)} of {capability.key} is above "
                f"{len(capability.degrees)}"
            )
    if (card.core or card.contrast) and not card.shipped:
        raise CardError(f"{where}: core and contrast are for SmartPlay's own games; leave them out")
    for name, about in (("contrast", card.contrast), ("dial", card.dial)):
        if about is not None and about.capability not in expected:
            raise CardError(f"{where}: {name}.capability is not one of the nine capabilities")
    if card.dial is not None:
        _check_dial(where, card.dial, card.steps)
    if card.environment and not card.describer:
        raise CardError(f"{where}: an environment needs a describer")
    check_bounds(where, card.bounds, card.settings, card.steps)
    check_anchors(where, card.anchors, card.bounds_within(card.steps))


def _check_dial(where: str, dial: Dial, steps: int) -> None:
    if dial.rounds > steps:
        raise CardError(f"{where}: dial.rounds are more than an episode has steps")
    if dial.values != sorted(set(dial.values)):
        raise CardError(f"{where}: dial.values must ascend")
    if not math.isfinite(dial.values[-1] - dial.values[0]):
        raise CardError(f"{where}: dial.values must be finite numbers")
    if dial.phrase.count("{}") != 1:
        raise CardError(f"{where}: dial.phrase needs one {{}} for the threshold")
