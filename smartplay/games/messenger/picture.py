"""Messenger as a picture: the grid, the others by their looks, and the agent."""

from __future__ import annotations

from functools import lru_cache

from smartplay.games.drawing import RED, SHADE, SIZE, Canvas
from smartplay.games.messenger import world
from smartplay.games.messenger.icons import AGENT, ICONS, LETTER, Dot, Icon, Shape
from smartplay.games.messenger.world import World

_MARGIN = 10
_SQUARE = (SIZE - 2 * _MARGIN) / world.SIZE
_ICON = 1.2 * _SQUARE  # over the lines, so that looks can be told apart at 400 pixels


def draw(scene: World) -> Canvas:
    """Draw everyone where they are, to the half square; roles are not shown."""
    canvas = Canvas(_ground())
    for being in scene.beings:
        _draw_icon(canvas, ICONS[being.name], being.x, being.y)
    _draw_icon(canvas, AGENT, scene.x, scene.y)
    if scene.has_message:
        _draw_icon(canvas, LETTER, scene.x, scene.y)
    if not scene.alive:
        _cross_out(canvas, scene.x, scene.y)
    return canvas


@lru_cache
def _ground() -> Canvas:
    """The squares."""
    canvas = Canvas()
    for row in range(world.SIZE):
        for column in range(world.SIZE):
            left, top = _corner(2 * column, 2 * row)
            canvas.box(left + 1, top + 1, _SQUARE - 2, _SQUARE - 2, SHADE, radius=4)
            canvas.box(left + 2, top + 2, _SQUARE - 4, _SQUARE - 4, "#f3f1ea", radius=3)
    return canvas


def _corner(x: int, y: int) -> tuple[float, float]:
    """The top left corner of a lattice position, in pixels."""
    return _MARGIN + x * _SQUARE / 2, _MARGIN + y * _SQUARE / 2


def _draw_icon(canvas: Canvas, icon: Icon, x: int, y: int) -> None:
    left, top = (side + (_SQUARE - _ICON) / 2 for side in _corner(x, y))
    for part in icon:
        if isinstance(part, Dot):
            canvas.circle(
                left + part.x * _ICON, top + part.y * _ICON, part.radius * _ICON, part.color
            )
            continue
        points = [(left + px * _ICON, top + py * _ICON) for px, py in part.points]
        if isinstance(part, Shape):
            canvas.shape(points, part.color)
        else:
            canvas.line(points, part.color, part.width * _ICON)


def _cross_out(canvas: Canvas, x: int, y: int) -> None:
    left, top = _corner(x, y)
    right, bottom = left + _SQUARE, top + _SQUARE
    canvas.line([(left, top), (right, bottom)], RED, 4)
    canvas.line([(left, bottom), (right, top)], RED, 4)
