"""A study file, written before anything is played: TOML.

```toml
games = ["Hanoi3Disk", "bandit"]
episodes = 40
baseline = "one call"   # the arm that every other one is compared with
margin = 0.05           # how much worse than it an arm may be and still do

[[arms]]
name = "vote"
agent = "openai:small"  # as for `smartplay run`; files are looked for beside the study
[arms.settings]
method = "majority"

[sweep]                 # an arm for each value, in place of the one that is named
arm = "vote"
setting = "samples"
values = [3, 5]
```
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from smartplay.agents.catalog import (
    AgentSource,
    beside,
    controls_of,
    definition_of,
    located,
    read_agent,
)
from smartplay.agents.methods import Arm as Control
from smartplay.core.errors import UnknownNameError, UsageError
from smartplay.core.toml_file import nested, overlay, read_toml
from smartplay.models.base import wrong_setting
from smartplay.records.prices import Prices, read_prices
from smartplay.runner.plan import lasting, slug
from smartplay.runner.rehearse import source_of

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Margin = Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]
Name = Annotated[str, msgspec.Meta(min_length=1)]
Whole = Annotated[int, msgspec.Meta(ge=0)]
Setting = str | int | float | bool | list[Any] | dict[str, Any]


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """An arm as the file has it.

    Attributes:
        agent: As for `smartplay.run`; a file is looked for beside the study, then where the
            command is run.
        name: Its name in tables; by default its method, or its agent.
        settings: Settings of the agent.
        models: The models of its roles.
        expected: The share of right steps that theory predicts, shown beside the measured one.
    """

    agent: Name
    name: str = ""
    settings: dict[str, Any] = {}
    models: dict[str, dict[str, Any]] = {}
    expected: Share | None = None

    @property
    def called(self) -> str:
        """Its name, or what stands for one."""
        method = self.settings.get("method", self.settings.get("protocol"))
        return self.name or str(method or Path(self.agent.partition(".py:")[0]).stem)


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """A setting with an arm for each of its values.

    Attributes:
        arm: The arm whose place these take.
        setting: The setting; a path such as `models.weak.temperature` leads into tables.
        values: What it is set to.
        expected: As for an arm, one for each value.
    """

    arm: Name
    setting: Name
    values: list[Setting]
    expected: list[Share] = []


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """The question of a study and how it is to be answered.

    Attributes:
        games: As for `smartplay.run`.
        baseline: The arm that every other one is compared with.
        margin: How much lower than the baseline's a score may be and still count as not inferior.
        arms: Who plays.
        primary: The arm whose comparison with the baseline is the study's question; empty if all
            comparisons are.
        title: What the study is called.
        episodes: As for `smartplay.run`; likewise `steps`, `seed`, `retries`, `repeats` and
            `game_settings`.
        sweep: A setting that is turned into arms.
        prices: The file of prices, beside the study.
    """

    games: str | list[str]
    baseline: Name
    margin: Margin
    arms: list[Declared]
    primary: str = ""
    title: str = ""
    episodes: Whole | None = None
    steps: Whole | None = None
    seed: Whole = 0
    retries: Whole = 1
    repeats: Whole = 1
    game_settings: dict[str, dict[str, Any]] = {}
    sweep: Sweep | None = None
    prices: str = ""

    @property
    def options(self) -> dict[str, Any]:
        """The options that every arm is played with, as for `smartplay.run`."""
        names = ("games", "episodes", "steps", "seed", "retries", "repeats", "game_settings")
        return {name: getattr(self, name) for name in names}

    def read_prices(self) -> Prices | None:
        """What tokens cost; None if the study names no prices."""
        return read_prices(self.prices) if self.prices else None


class StudyArm(NamedTuple):
    """An arm of a study with its agent; it plays all episodes.

    Attributes:
        name: Its name in tables.
        agent: The agent's name, resolved from any definition file.
        settings: Its settings.
        source: The agent, with stand-ins for its models.
        kind: Whether the file names it, a method demands it, or it is a vote that takes as much.
        of: The arms that it is shown beside.
        oracle: Whether it knows what a player cannot know; then it is not ranked.
        expected: As in the file.
    """

    name: str
    agent: str
    settings: dict[str, Any]
    source: AgentSource
    kind: Literal["arm", "control", "matched"] = "arm"
    of: tuple[str, ...] = ()
    oracle: bool = False
    expected: float | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """What identifies the arm, as plain data."""
        agent = self.agent.rpartition("/")[2] if ".py:" in self.agent else self.source.name
        settings = lasting(msgspec.to_builtins(self.source.settings))
        return {"agent": agent, "settings": settings, "code": self.source.digest}

    @property
    def folder(self) -> str:
        """The name of its run folder."""
        return slug(self.name).strip(".") or "arm"


def read_study(path: Path) -> Study:
    """Read a study, its sweep turned into arms.

    Raises:
        UsageError: If it cannot be read or makes no sense; the message says what to change.
    """
    data = read_toml(path, "study")
    for key in ("games", "arms", "baseline", "margin"):
        if data.get(key) in (None, "", [], {}):
            raise UsageError(f"study {path} has no {key}; {_LACKING[key]}")
    arms = data["arms"] if isinstance(data["arms"], list) else []
    tables: list[tuple[str, type[msgspec.Struct], Any]] = [("a study", Study, data)]
    tables += [("an arm", Declared, arm) for arm in arms]
    if "sweep" in data:
        tables.append(("the sweep", Sweep, data["sweep"]))
    for called, kind, table in tables:
        known = list(kind.__struct_fields__)
        for key in table if isinstance(table, dict) else ():
            if key not in known:
                raise UnknownNameError(f"key of {called} in {path}", key, known)
    try:
        study = msgspec.convert(data, Study)
    except msgspec.ValidationError as error:
        raise UsageError(f"study {path}: {wrong_setting(str(error))}") from error
    games = study.games.split(",") if isinstance(study.games, str) else study.games
    located_study = msgspec.structs.replace(
        study,
        arms=[_located(each, path.parent) for each in _swept(study, path)],
        games=[beside(each.strip(), path.parent) for each in games],
        prices=beside(study.prices, path.parent),
        title=study.title or path.stem,
    )
    seen = set[str]()
    for arm in located_study.arms:
        if (folder := slug(arm.called).casefold()) in seen:
            raise UsageError(
                f"study {path}: two arms are called {arm.called!r}; give each a name of its own"
            )
        seen.add(folder)
    return located_study


_LACKING = {
    "games": 'write games = ["Hanoi3Disk"], or what else is to be played',
    "arms": 'add a table [[arms]] with agent = "…" for each',
    "baseline": "name the arm that all others are to be compared with",
    "margin": "say how much lower than the baseline's a score may be, such as margin = 0.05",
}


def _swept(study: Study, path: Path) -> Iterator[Declared]:
    """The arms, with those of the sweep in the place of the one that is swept."""
    sweep, names = study.sweep, [arm.called for arm in study.arms]
    if sweep is not None and sweep.arm not in names:
        raise UnknownNameError(f"arm of the sweep in {path}", sweep.arm, names)
    if sweep is not None and not sweep.values:
        raise UsageError(f"study {path}: the sweep of {sweep.setting} has no values")
    if sweep is not None and sweep.expected and len(sweep.expected) != len(sweep.values):
        raise UsageError(f"study {path}: the sweep needs as many expected shares as values")
    for arm in study.arms:
        if sweep is None or arm.called != sweep.arm:
            yield arm
            continue
        for value, expected in zip_longest(sweep.values, sweep.expected):
            table = nested(sweep.setting, value)
            yield msgspec.structs.replace(
                arm,
                name=f"{arm.called} ({sweep.setting} = {_told(value)})",
                models=overlay(arm.models, table.pop("models", {})),
                settings=overlay(arm.settings, table),
                expected=expected,
            )


def _told(value: Setting) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _located(arm: Declared, folder: Path) -> Declared:
    agent, own = located(arm.agent, {"models": arm.models}, folder)
    return msgspec.structs.replace(arm, name=arm.called, agent=agent, models=own["models"])


def arms_of(study: Study) -> list[StudyArm]:
    """All arms that play: those of the file, then the controls that they demand.

    An arm that plays as another one does is played once.

    Raises:
        UsageError: If an agent or a setting is wrong, or there is no such baseline.
    """
    found: dict[bytes, StudyArm] = {}
    for each in study.arms:
        settings = each.settings | ({"models": each.models} if each.models else {})
        try:
            agent, whole = read_agent(each.agent, settings)
            arm = StudyArm(each.name, agent, whole, source_of(agent, whole))
        except UsageError as error:
            raise UsageError(f"arm {each.name!r}: {error}") from error
        other = found.setdefault(_key(arm), arm._replace(expected=each.expected))
        if other.name != each.name:
            raise UsageError(f"the arms {other.name!r} and {each.name!r} play alike; leave one out")
    for arm in list(found.values()):
        for control in controls_of(arm.agent, arm.settings):
            add_control(found, arm, control, "control")
    names = [arm.name for arm in found.values()]
    for what in ("baseline", "primary"):
        name = getattr(study, what)
        if name and name not in names:
            raise UnknownNameError(f"arm as the {what}", name, names)
    return list(found.values())


def by_identity(arms: Iterable[StudyArm]) -> dict[bytes, StudyArm]:
    """Arms by how they play, as `add_control` takes them."""
    return {_key(arm): arm for arm in arms}


def add_control(
    arms: dict[bytes, StudyArm],
    arm: StudyArm,
    control: Control,
    kind: Literal["control", "matched"],
) -> str:
    """Add the control of an arm, unless an arm plays so already; returns its name.

    Args:
        arms: The arms so far, by how they play; the control is added to them.
        arm: The arm.
        control: The control.
        kind: Why it is shown beside the arm.
    """
    agent, settings = definition_of(control, arm.agent, arm.settings)
    own = StudyArm(control.name, agent, settings, source_of(agent, settings), kind,
                   oracle=control.oracle)  # fmt: skip
    taken = {each.folder.casefold() for each in arms.values()}
    if own.folder.casefold() in taken and _key(own) not in arms:
        own = own._replace(name=f"{control.name}, for {arm.name}")
    there = arms.get(_key(own), own)
    of = there.of if arm.name in (*there.of, there.name) else (*there.of, arm.name)
    arms[_key(own)] = there._replace(of=of)
    return there.name


def _key(arm: StudyArm) -> bytes:
    return msgspec.json.encode(arm.identity, order="sorted")


class Frozen(msgspec.Struct, frozen=True):
    """What is fixed before anything is played.

    Attributes:
        digest: SHA-256, 16 hexadecimal digits, of all that the results depend on.
        study: The same, as plain data.
    """

    digest: str
    study: dict[str, Any]


def freeze(study: Study, arms: Iterable[StudyArm]) -> Frozen:
    """Gather all that a study's results depend on, without places on a disk."""
    prices = study.read_prices()
    plan = {
        **msgspec.to_builtins(study),
        "games": [Path(name).name if name.endswith(".toml") else name for name in study.games],
        "prices": None if prices is None else msgspec.to_builtins(prices),
        "sweep": None,
        "arms": {arm.name: arm.identity | {"expected": arm.expected} for arm in arms},
    }
    digest = hashlib.sha256(msgspec.json.encode(plan, order="sorted")).hexdigest()[:16]
    return Frozen(digest, msgspec.json.decode(msgspec.json.encode(plan)))
