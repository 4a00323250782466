"""The package's picture of a moment, drawn from the package's textures.

At the package's own size it equals the package's frame; other sizes show the same picture in larger
or smaller cells.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from smartplay.games.crafter.rules import MATERIALS, package_folder

TEXTURE = 16
"""Width and height of a texture in pixels."""

Picture = np.ndarray[Any, np.dtype[Any]]


class Moment(Protocol):
    """What a picture needs to know of an engine."""

    grid: tuple[int, int]
    unit: tuple[int, int]

    @property
    def player(self) -> Any:
        """The player."""

    @property
    def daylight(self) -> float:
        """From 0 to 1."""

    def scene(self) -> tuple[bytes, list[tuple[int, int, str]]]:
        """Materials and things in view."""

    def night_noise(self) -> np.random.RandomState | None:
        """The random numbers of the night's noise."""


def picture(
    moment: Moment, view: tuple[int, int], size: tuple[int, int], grain: int = 1
) -> Picture:
    """Draw what the player sees.

    Args:
        moment: The engine.
        view: Width and height in cells, the inventory's rows included.
        size: Width and height in pixels.
        grain: Width and height in pixels of what is lit alike; divides those of a cell.

    Returns:
        Colours of shape [height, width, 3], uint8.
    """
    unit = np.array(size) // np.array(view)
    rows = view[1] - moment.grid[1]
    local = _local_view(moment, unit // grain).astype(np.uint8).transpose((1, 0, 2))
    items = _items(moment.player.inventory, (view[0], rows), unit).transpose((1, 0, 2))
    drawn = np.concatenate([local.repeat(grain, 1).repeat(grain, 0), items])
    x, y = (np.array(size) - unit * view) // 2
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    canvas[y : y + drawn.shape[0], x : x + drawn.shape[1]] = drawn
    return canvas


def _local_view(moment: Moment, unit: Picture) -> Picture:
    width, height = moment.grid
    materials, things = moment.scene()
    cells = _ground(int(unit[0]), int(unit[1]))[np.frombuffer(materials, np.uint8)]
    columns = cells.reshape(width, height, *cells.shape[1:]).swapaxes(1, 2)
    canvas = columns.reshape(width * unit[0], height * unit[1], 3)
    for x, y, name in things:
        _draw(canvas, np.array((x, y)) * unit, name, unit)
    lit = _light(canvas, np.float64(moment.daylight), _noise(moment, canvas.shape[:2]))
    return _asleep(lit) if moment.player.sleeping else lit


def _items(inventory: dict[str, int], grid: tuple[int, int], unit: Picture) -> Picture:
    canvas = np.zeros((grid[0] * unit[0], grid[1] * unit[1], 3), np.uint8)
    for index, (item, amount) in enumerate(inventory.items()):
        if amount < 1:
            continue
        corner = np.array((index % grid[0], index // grid[0])) * unit
        number = str(amount) if amount < 10 else "unknown"
        _draw(canvas, (corner + 0.1 * unit).astype(np.int32), item, 0.8 * unit)
        _draw(canvas, (corner + 0.4 * unit).astype(np.int32), number, 0.6 * unit)
    return canvas


def _noise(moment: Moment, shape: tuple[int, ...]) -> Picture | None:
    """The night's noise: the package's at its own size, the same in larger cells at others."""
    random = moment.night_noise()
    if random is None:
        return None
    drawn = [cells * pixels for cells, pixels in zip(moment.grid, moment.unit, strict=True)]
    noise = random.uniform(32, 127, drawn)
    columns, rows = (
        np.arange(wanted) * have // wanted for wanted, have in zip(shape, drawn, strict=True)
    )
    return noise[columns][:, rows]


def _light(canvas: Picture, daylight: np.float64, noise: Picture | None) -> Picture:
    night = canvas
    if noise is not None:
        mask = (2 * (0.5 - daylight) * _vignette(canvas.shape[0], canvas.shape[1]))[..., None]
        night = (1 - mask) * night + mask * noise[..., None]
    night = _tint(_fade(night, 0.4), (0, 16, 64), 0.5)
    return daylight * canvas + (1 - daylight) * night


def _asleep(canvas: Picture) -> Picture:
    return _tint(_fade(canvas, 0.0), (0, 0, 16), 0.5)


def _fade(canvas: Picture, colour: float) -> Picture:
    from PIL import Image, ImageEnhance

    image = Image.fromarray(canvas.astype(np.uint8))
    return np.array(ImageEnhance.Color(image).enhance(colour))


def _tint(canvas: Picture, colour: tuple[int, int, int], amount: float) -> Picture:
    return (1 - amount) * canvas + amount * np.array(colour)


@lru_cache(4)
def _vignette(width: int, height: int) -> Picture:
    xs, ys = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    return 1 - np.exp(-0.5 * (xs**2 + ys**2) / (0.5**2)).T


def _draw(canvas: Picture, at: Picture, name: str, size: Picture) -> None:
    texture = _texture(name, int(size[0]), int(size[1]))
    (x, y), (width, height) = at, texture.shape[:2]
    below = canvas[x : x + width, y : y + height]
    if texture.shape[-1] == 4:
        alpha = texture[..., 3:].astype(np.float32) / 255
        above = texture[..., :3].astype(np.float32) / 255
        blended = 255 * (alpha * above + (1 - alpha) * below.astype(np.float32) / 255)
        texture = blended.astype(np.uint8)
    below[:] = texture


@lru_cache(4)
def _ground(width: int, height: int) -> Picture:
    """The textures of all materials, of shape [material, width, height, 3]; none is grey."""
    found = [_texture(name, width, height)[..., :3] for name in MATERIALS[1:]]
    return np.stack([np.full_like(found[0], 127), *found])


@lru_cache(1024)
def _texture(name: str, width: int, height: int) -> Picture:
    """A texture of shape [width, height, 3 or 4], uint8."""
    from PIL import Image

    with Image.open(package_folder() / "assets" / f"{name}.png") as image:
        original = np.array(image).swapaxes(0, 1)
    if original.shape[:2] == (width, height):
        return original
    scaled = Image.fromarray(original).resize((height, width), resample=Image.Resampling.NEAREST)
    return np.array(scaled)
