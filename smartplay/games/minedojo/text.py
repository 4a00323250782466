"""Finding a biome, in words; the same for every engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from math import atan2, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartplay.core.printable import plural
from smartplay.games.base import Describer, Description, Turn
from smartplay.games.minedojo.env import MinedojoEnv
from smartplay.games.minedojo.groups import nearest_groups
from smartplay.games.minedojo.protocol import (
    AROUND,
    HEADINGS,
    STEPS,
    STRETCH_TICKS,
    STRETCHES,
    VIEW_COLUMNS,
    VIEW_HEIGHT,
    VIEW_RANGE,
    VIEW_ROWS,
    VIEW_WIDTH,
    Sight,
)
from smartplay.games.minedojo.voxel.fast import compiled_kernels

TITLE = "Finding a biome"
STUCK = 1.5  # blocks: whoever gets less far in a whole move was stopped by something

WINDS = ["north", "north-north-east", "north-east", "east-north-east"]
WINDS += ["east", "east-south-east", "south-east", "south-south-east"]
WINDS += ["south", "south-south-west", "south-west", "west-south-west"]
WINDS += ["west", "west-north-west", "north-west", "north-north-west"]

Offset = tuple[int, int, int]

_RAYS = np.arange(VIEW_ROWS * VIEW_COLUMNS)
_FARTHEST = 2**62


class Seen(NamedTuple):
    """A kind of thing in view: its nearest place, and how many rays meet it."""

    name: str
    offset: Offset
    rays: int


class MinedojoText(Describer[MinedojoEnv]):
    """The world as told to a walker; never names the land it is in."""

    actions = tuple(f"Move {heading.title()}" for heading in HEADINGS)
    KEPT = ("_path",)

    def __init__(self, env: MinedojoEnv) -> None:
        super().__init__(env)
        self._path: tuple[tuple[float, ...], ...] = ()

    def manual(self, steps: int | None) -> str:
        """The rules, the goal, and how lands are told apart in this engine's world."""
        goal, engine = self.env.goal, self.env.engine
        ticks = STRETCHES * STRETCH_TICKS
        parts = [
            TITLE,
            "You are in an endless world of blocks, each one long, wide and high. "
            f"Your goal is to find this land: {goal}. You win as soon as you set foot in it: your "
            "score is 1 if you find it and 0 if you do not.",
            engine.goals[goal],
            *engine.lore,
            "Places are given in blocks: x grows to the east, z to the south, y upwards. A move "
            f"turns you to its direction and walks that way for up to {ticks} ticks (a tick is "
            "1/20 second), now walking, now running, and drifting a little to the left or right "
            "at random. That is about 12 blocks on open ground and about 7 in water. You climb "
            "one block by yourself, swim, and fall without harm. Trees and steps of two blocks or "
            "more stop you: then go around them.",
            "Distances are from the block your feet are in to the middle of the other block, with "
            "the compass direction and how many blocks higher or lower it is. Around you every "
            f"block within {AROUND} blocks each way is known, behind others too; of each kind the "
            "nearest group of touching blocks is told. In view is what your eyes meet, up to "
            f"{VIEW_RANGE} blocks ahead, {VIEW_WIDTH} degrees wide and {VIEW_HEIGHT} high, with "
            "its share of the view; of each kind the nearest in view is told.",
        ]
        if steps is not None:
            parts.append(f"You have at most {plural(steps, 'move')}.")
        return "\n\n".join(parts)

    def describe(self, turn: Turn) -> Description:
        """Say what the last move did, where the body is and what is around and in view."""
        env = self.env
        found = env.last_walk is not None and env.last_walk.found
        lines = [_outcome(env, turn.action)] if turn.action is not None else []
        lines += [_place(env), _aim(env), *_around(env), *_in_view(env)]
        place = tuple(round(value, 2) for value in env.path[-1])
        self._path = (*(self._path if turn.action is not None else ()), place)
        return Description("\n".join(lines), float(found), found, self._state())

    def _state(self) -> dict[str, object]:
        env = self.env
        distance = env.engine.goal_distance()
        return {
            "engine": env.engine_name,
            "biome": env.engine.biome(),
            "goal": env.goal,
            "goal_distance": None if distance is None else round(distance, 1),
            "position": list(self._path[-1]),
            "path": self._path,
        }


def _outcome(env: MinedojoEnv, action: int) -> str:
    walk = env.last_walk
    assert walk is not None
    heading = HEADINGS[action]
    (x0, y0, z0), (x1, y1, z1) = env.path[-2:]
    ahead_x, ahead_z = STEPS[action]
    ahead = (x1 - x0) * ahead_x + (z1 - z0) * ahead_z
    aside = (x1 - x0) * -ahead_z + (z1 - z0) * ahead_x
    told = f"You moved {heading} for {walk.ticks} ticks and got {_go(ahead, heading)}"
    if abs(aside) >= 0.05:
        told += f" and {_go(abs(aside), HEADINGS[(action + (1 if aside > 0 else 3)) % 4])}"
    if abs(y1 - y0) >= 0.05:
        told += f", {abs(y1 - y0):.1f} {'higher' if y1 > y0 else 'lower'} than before"
    if walk.found:
        return f"{told}. You found what you were looking for: {env.goal}."
    stopped = ahead < STUCK and walk.ticks == STRETCHES * STRETCH_TICKS
    return f"{told}: something is in the way." if stopped else f"{told}."


def _go(distance: float, heading: str) -> str:
    return f"{distance + 0.0:.1f} blocks {heading}"


def _place(env: MinedojoEnv) -> str:
    x, y, z = env.sight.position
    heading = HEADINGS[env.sight.heading]
    return f"You are at x = {x:.2f}, y = {y:.2f}, z = {z:.2f}, facing {heading}."


def _aim(env: MinedojoEnv) -> str:
    sight, middle = env.sight, (VIEW_ROWS // 2, VIEW_COLUMNS // 2)
    number, creature = int(sight.view[middle]), int(sight.meets[middle])
    if creature >= 0:
        name, offset = sight.creatures[creature]
        return f"You aim at: {name}, {whereabouts(offset)}."
    if number:
        x, y, z = sight.offsets[middle].tolist()
        return f"You aim at: {env.engine.block_names[number]}, {whereabouts((x, y, z))}."
    return f"You aim at: nothing within {VIEW_RANGE} blocks."


def _around(env: MinedojoEnv) -> Iterator[str]:
    yield "Around you:"
    for number, offset, size in nearest_groups(env.sight.around):
        count = "a single one" if size == 1 else f"{size} together"
        yield f"- {env.engine.block_names[number]}: {whereabouts(offset)}; {count}"


def _in_view(env: MinedojoEnv) -> Iterator[str]:
    yield "In view:"
    total = VIEW_ROWS * VIEW_COLUMNS
    clear = total
    for name, offset, rays in sorted(_seen(env), key=lambda seen: _length(seen.offset)):
        clear -= rays
        yield f"- {name}: {whereabouts(offset)}; {_share(rays, total)} of the view"
    if clear:
        yield f"- nothing within {VIEW_RANGE} blocks: {_share(clear, total)} of the view"


def _seen(env: MinedojoEnv) -> Iterator[Seen]:
    sight = env.sight
    if sight.creatures:
        yield from _creatures(sight)
    numbers, offsets = sight.view.reshape(-1), sight.offsets.reshape(-1, 3)
    for number, ray, count in _kinds(numbers, offsets):
        x, y, z = offsets[ray].tolist()
        yield Seen(env.engine.block_names[number], (x, y, z), count)


def _creatures(sight: Sight) -> Iterable[Seen]:
    rays = np.bincount(sight.meets.reshape(-1) + 1, minlength=len(sight.creatures) + 1)
    kinds: dict[str, Seen] = {}
    for (name, offset), count in zip(sight.creatures, rays[1:].tolist(), strict=True):
        near = kinds.get(name)  # creatures come nearest first
        kinds[name] = (
            Seen(name, near.offset, near.rays + count) if near else Seen(name, offset, count)
        )
    return kinds.values()


def _kinds(numbers: NDArray[np.uint16], offsets: NDArray[np.int16]) -> Sequence[Sequence[int]]:
    """Number, first of the nearest rays and how many rays of each kind of block, by number."""
    kernels = compiled_kernels()
    if kernels:
        found = np.empty((len(numbers), 4), np.int64)
        return sorted(found[: kernels.kinds(numbers, offsets, found), :3].tolist())
    (x, y, z), kinds = offsets.astype(np.int64).T, numbers.astype(np.intp)
    near_then_first = ((x * x + y * y + z * z) << 16) + _RAYS
    count = np.bincount(kinds)
    least = np.full(len(count), _FARTHEST)
    np.minimum.at(least, kinds, near_then_first)  # with another index it is slower
    count[0] = 0
    met = count.nonzero()[0]
    first, rays = least.take(met) & 65535, count.take(met)
    return list(zip(met.tolist(), first.tolist(), rays.tolist(), strict=True))


def _share(rays: int, total: int) -> str:
    percent = round(100 * rays / total)
    return f"{percent}%" if percent else "under 1%"


def _length(offset: Offset) -> float:
    x, y, z = offset
    return sqrt(x * x + y * y + z * z)


@lru_cache(maxsize=65536)
def whereabouts(offset: Offset) -> str:
    """Distance and direction of a block, such as `3.3 blocks north-east, 1 higher`."""
    x, y, z = offset
    distance = f"{_length(offset):.1f} blocks"
    if x == y == z == 0:
        return "in the block you are in"
    if x == z == 0:
        return f"{distance} straight {'up' if y > 0 else 'down'}"
    wind = WINDS[round(atan2(x, -z) * 8 / pi) % 16]
    if y == 0:
        return f"{distance} {wind}"
    return f"{distance} {wind}, {abs(y)} {'higher' if y > 0 else 'lower'}"
