"""What an engine is to the game: a body that walks in a world of blocks and looks around.

Coordinates are blocks: x grows to the east, y upwards, z to the south. The block a body is in is
the one that holds its feet. All offsets count from that block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from smartplay.core.errors import UsageError

HEADINGS = ("north", "east", "south", "west")
STEPS = ((0, -1), (1, 0), (0, 1), (-1, 0))  # (x, z) of one block ahead, per heading

AROUND = 4  # the neighbourhood reaches this far each way: 9 x 9 x 9 blocks
VIEW_RANGE = 48  # how far a body sees, in blocks
VIEW_WIDTH, VIEW_HEIGHT = 90, 56  # degrees from the leftmost to the rightmost ray, top to bottom
VIEW_COLUMNS, VIEW_ROWS = 25, 15
EYES = 1  # the eyes are in the block above the feet

STRETCHES, STRETCH_TICKS = 5, 10  # an action is up to 5 stretches of 10 ticks


class Stride(NamedTuple):
    """How a body walks for one stretch.

    Attributes:
        sprint: Whether it runs.
        strafe: Sideways drift while walking: -1 left, 0 none, 1 right.
    """

    sprint: bool
    strafe: int


class Walk(NamedTuple):
    """What came of a walk.

    Attributes:
        ticks: How long it lasted, in ticks of 1/20 s.
        found: Whether it ended in the goal biome.
    """

    ticks: int
    found: bool


class Creature(NamedTuple):
    """An entity in view.

    Attributes:
        name: Its kind.
        offset: The block it is in, (x, y, z) from the body's.
    """

    name: str
    offset: tuple[int, int, int]


class Sight(NamedTuple):
    """What a body knows of where it is. Block numbers index the engine's `block_names`.

    Attributes:
        position: x, y and z of the feet.
        heading: Index into `HEADINGS`.
        around: Block numbers of the neighbourhood, shape `(9, 9, 9)`, indexed `[x, y, z]`; the
            body's block is in the middle.
        view: Block number each ray meets first, shape `(VIEW_ROWS, VIEW_COLUMNS)`, the top row
            and the leftmost column first; 0 where it meets none, or a creature first.
        offsets: Block each ray meets, (x, y, z) from the body's, shape `(rows, columns, 3)`.
        meets: Index into `creatures` of what each ray meets first, -1 if no creature, int16
            `(rows, columns)`.
        creatures: The entities in view, nearest first.
    """

    position: tuple[float, float, float]
    heading: int
    around: NDArray[np.uint16]
    view: NDArray[np.uint16]
    offsets: NDArray[np.int16]
    meets: NDArray[np.int16]
    creatures: Sequence[Creature]


class Ground(NamedTuple):
    """The surface about the body, for a picture.

    Attributes:
        colours: Red, green and blue of the topmost blocks, uint8 `(n, n, 3)`, indexed `[x, z]`.
        heights: y of the topmost blocks, `(n, n)`.
        creatures: Offsets (x, z) of the entities there.
    """

    colours: NDArray[np.uint8]
    heights: NDArray[np.int16]
    creatures: Sequence[tuple[int, int]]


class Engine(Protocol):
    """A world of blocks with one body in it.

    Attributes:
        name: How `gym.make(..., engine=...)` calls it.
        block_names: Name of each block number; 0 is air. May grow while the engine runs.
        goals: What can be looked for, and what it looks like: a sentence for the manual.
        lore: Sentences for the manual on what tells the lands apart and what lies near what.
    """

    name: str
    block_names: Sequence[str]
    goals: dict[str, str]
    lore: Sequence[str]

    def reset(self, seed: int, goal: str, nearest: float, farthest: float) -> None:
        """Put the body into the world of that seed.

        Args:
            seed: Decides everything that follows, together with the walks.
            goal: One of `goals`.
            nearest: The goal is at least this far from the start, in blocks.
            farthest: And at most this far.

        Raises:
            GameError: If no such place was found, or the engine failed.
        """

    def walk(self, heading: int, gait: Sequence[Stride]) -> Walk:
        """Turn to a heading and walk the gait's stretches; stop on reaching the goal.

        Raises:
            GameError: If the engine failed.
        """

    def look(self) -> Sight:
        """What the body sees and feels now."""

    def biome(self) -> str:
        """Name of the biome the body is in."""

    def goal_distance(self) -> float | None:
        """Blocks to the nearest goal known to the engine; None where it knows none."""

    def ground(self, radius: int) -> Ground | None:
        """The surface up to `radius` blocks about the body, or None where it cannot be had."""

    def state(self) -> Any:
        """All that decides what follows, plain and small.

        Raises:
            UsageError: If a server holds the world.
        """

    def set_state(self, state: Any) -> None:
        """Go back to what `state` gave, of this engine or of another one of its kind."""

    def close(self) -> None:
        """Free what the engine holds; it can be reset again afterwards."""


class ServedEngine:
    """What engines share whose world a server holds: it cannot be copied or gone back to."""

    name: str

    def _running(self) -> bool:
        """Whether there is a server."""
        raise NotImplementedError

    def state(self) -> Any:
        """Refuse."""
        raise UsageError(
            f"the world of engine {self.name} lives in a server and cannot be copied; "
            'use engine="voxel" for copies and snapshots'
        )

    def set_state(self, state: Any) -> None:
        """Refuse."""
        self.state()

    def __getstate__(self) -> dict[str, Any]:
        if self._running():
            self.state()
        return vars(self)


def view_angles() -> list[tuple[float, float]]:
    """Pitch (down is positive) and yaw (right is positive) of the rays, in radians, by rows."""
    yaws = np.radians(np.linspace(-VIEW_WIDTH / 2, VIEW_WIDTH / 2, VIEW_COLUMNS)).tolist()
    pitches = np.radians(np.linspace(-VIEW_HEIGHT / 2, VIEW_HEIGHT / 2, VIEW_ROWS)).tolist()
    return [(pitch, yaw) for pitch in pitches for yaw in yaws]


def view_directions() -> NDArray[np.float64]:
    """Unit vectors of the rays of a body facing north, shape `(VIEW_ROWS, VIEW_COLUMNS, 3)`.

    Rounded to six decimals, so that they are the same on every machine.
    """
    down, yaw = np.array(view_angles()).T.reshape(2, VIEW_ROWS, VIEW_COLUMNS)
    east, north, up = np.cos(down) * np.sin(yaw), np.cos(down) * np.cos(yaw), -np.sin(down)
    directions: NDArray[np.float64] = np.round(np.stack([east, up, -north], axis=-1), 6)
    return directions + 0.0


def turn(vectors: NDArray[Any], heading: int) -> NDArray[Any]:
    """Turn vectors (x, y, z) on the last axis from facing north to a heading."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    turned = ((x, y, z), (-z, y, x), (-x, y, -z), (z, y, -x))[heading]
    return np.stack(turned, axis=-1)
