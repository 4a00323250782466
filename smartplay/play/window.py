"""Shows views in a window: the picture with what belongs to it, or the text alone."""

from __future__ import annotations

import io
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from smartplay.core.errors import UsageError
from smartplay.games.drawing import GREY, INK, PAPER, SHADE, Picture
from smartplay.play.view import QUIT, SCROLLING, SWITCH, View, displayed, wrapped

if TYPE_CHECKING:
    import pygame

SIZE = (1040, 640)
LEAST = (640, 400)
MARGIN, HEAD = 14, 40
TYPE, LINE = 15, 23
TICK = 1 / 60
UNSEEN = ("dummy", "offscreen", "evdev")
"""Drivers that SDL falls back to although nobody can see them."""
NO_DISPLAY = (
    "there is no display for a window; play in the terminal with --as text, or over SSH connect "
    "with -X"
)


class Window:
    """A resizable window.

    Raises:
        UsageError: If there is no display.
    """

    def __init__(self) -> None:
        self._pygame = _load()
        self._full = False
        self._top: int | None = None
        self._most = self._page = 0

    def __enter__(self) -> Window:
        self._open(SIZE)
        return self

    def __exit__(self, *error: object) -> None:
        self._pygame.display.quit()

    def ask(self, view: View, timeout: float | None = None) -> str | None:
        """Show a view until a key is pressed; see `Display`."""
        end = None if timeout is None else time.monotonic() + timeout
        self._top = 0 if view.from_top else None
        if not self._pygame.display.get_surface():
            self._open(self._size)  # a game that draws with pygame has ended it
        self._draw(view)
        while True:
            for event in self._pygame.event.get():
                key = self._key(event)
                if key == SWITCH:
                    self._full = not self._full
                elif key in SCROLLING:
                    self._scroll(key)
                elif key is not None:
                    return key
                self._draw(view)
            if end is not None and time.monotonic() >= end:
                return None
            time.sleep(TICK)

    def pixels(self) -> Picture:
        """What the window shows, uint8 of shape (height, width, 3)."""
        shown = self._pygame.surfarray.array3d(self._surface)
        return np.ascontiguousarray(shown.transpose(1, 0, 2), dtype=np.uint8)

    def _open(self, size: tuple[int, int]) -> None:
        pygame = self._pygame
        try:
            pygame.display.init()
            if pygame.display.get_driver() in UNSEEN and not os.environ.get("SDL_VIDEODRIVER"):
                raise pygame.error("the display does not answer")
            self._surface = pygame.display.set_mode(size, pygame.RESIZABLE)
            self._size = size
        except pygame.error as error:
            raise UsageError(f"{NO_DISPLAY} ({error})") from error
        pygame.font.init()
        pygame.display.set_caption("SmartPlay")
        pygame.key.set_repeat(400, 60)
        self._fonts = {size: _font(pygame, size) for size in (TYPE, TYPE + 1, TYPE + 4)}

    def _key(self, event: pygame.event.Event) -> str | None:
        pygame = self._pygame
        if event.type == pygame.QUIT:
            return QUIT
        if event.type == pygame.MOUSEWHEEL:
            return "pageup" if event.y > 0 else "pagedown"
        if event.type != pygame.KEYDOWN:
            return None
        named = _NAMES.get(pygame.key.name(event.key))
        if named is not None:
            return named
        if event.mod & pygame.KMOD_CTRL:
            return QUIT if event.key == pygame.K_c else None
        typed: str = event.unicode
        return typed if len(typed) == 1 and typed.isascii() and typed.isprintable() else None

    def _scroll(self, key: str) -> None:
        top = self._most if self._top is None else min(self._top, self._most)
        page = max(1, self._page - 2)
        moved = {"pageup": top - page, "pagedown": top + page, "home": 0, "end": self._most}[key]
        self._top = min(max(0, moved), self._most)

    def _draw(self, view: View) -> None:
        pygame = self._pygame
        self._surface = surface = pygame.display.get_surface()
        self._size = surface.get_size()
        width, height = (max(a, b) for a, b in zip(surface.get_size(), LEAST, strict=True))
        surface.fill(PAPER)
        pygame.draw.rect(surface, INK, (0, 0, width, HEAD))
        self._line(displayed(view.title), (MARGIN, 9), TYPE + 4, PAPER, width - 2 * MARGIN)
        status = "    ".join(view.status)
        self._line(
            status, (width - MARGIN - self._width(status, TYPE + 1), 11), TYPE + 1, PAPER, width
        )
        area = pygame.Rect(0, HEAD, width, height - HEAD).inflate(-2 * MARGIN, -2 * MARGIN)
        if view.picture is None or self._full:
            left = self._keys(view, area, TYPE + 1)
            self._text(view.text, left)
        else:
            side = min(area.height, area.width * 3 // 5)
            self._picture(view.picture, pygame.Rect(area.x, area.y, side, side))
            rest = pygame.Rect(
                area.x + side + MARGIN, area.y, area.width - side - MARGIN, area.height
            )
            self._text(view.beside, self._keys(view, rest, TYPE))
        pygame.display.flip()

    def _keys(self, view: View, area: pygame.Rect, size: int) -> pygame.Rect:
        """Draw the notice and the keys at the bottom; returns the area that is left."""
        pygame = self._pygame
        step = size + 9
        extra = [("Tab", "text or picture")] if view.picture is not None else []
        cells = [(f" {key} ", displayed(what)) for key, what in [*view.keys, *extra]]
        wide = max([60, *(self._width(k + w, size) + 24 for k, w in cells)])
        across = max(1, area.width // wide)
        rows = -(-len(cells) // across)
        top = area.bottom - step * rows
        for place, (key, what) in enumerate(cells):
            x, y = area.x + (place % across) * wide, top + (place // across) * step
            box = pygame.Rect(x, y, self._width(key, size), step - 3)
            pygame.draw.rect(self._surface, SHADE, box, border_radius=4)
            self._line(key, (x, y + 1), size, INK, area.right - x)
            self._line(what, (box.right + 6, y + 1), size, INK, area.right - box.right - 6)
        self._line(displayed(view.notice), (area.x, top - step - 2), size, INK, area.width)
        left = area.copy()
        left.height = max(step, top - step - 8 - area.y)
        return left

    def _text(self, text: str, area: pygame.Rect) -> None:
        step = LINE
        lines = list(wrapped(displayed(text), area.w, lambda part: self._width(part, TYPE + 1)))
        self._page = max(1, area.height // step)
        self._most = max(0, len(lines) - self._page)
        top = self._most if self._top is None else min(self._top, self._most)
        for place, line in enumerate(lines[top : top + self._page]):
            self._line(line, (area.x, area.y + step * place), TYPE + 1, INK, area.width)
        if self._most:
            self._bar(area, top, len(lines))

    def _bar(self, area: pygame.Rect, top: int, lines: int) -> None:
        """A scroll bar at the right edge."""
        x, scale = area.right + 4, area.height / lines
        self._pygame.draw.rect(self._surface, SHADE, (x, area.y, 6, area.height), border_radius=3)
        mark = (x, area.y + top * scale, 6, max(12, self._page * scale))
        self._pygame.draw.rect(self._surface, GREY, mark, border_radius=3)

    def _picture(self, picture: Picture, area: pygame.Rect) -> None:
        pygame = self._pygame
        height, width = picture.shape[:2]
        scale = min(area.width / width, area.height / height)
        size = (round(width * scale), round(height * scale))
        surface = pygame.surfarray.make_surface(picture.transpose(1, 0, 2))
        scaled = pygame.transform.smoothscale(surface, size)
        self._surface.blit(scaled, scaled.get_rect(center=area.center))

    def _line(
        self, text: str, place: tuple[float, float], size: int, color: str, width: float
    ) -> None:
        text = text.replace("\n", " ")
        if text and width > 0:
            drawn = self._fonts[size].render(text, True, color)
            self._surface.blit(drawn, place, (0, 0, width, drawn.get_height()))

    def _width(self, text: str, size: int) -> int:
        return int(self._fonts[size].size(text)[0])


_NAMES = {
    "up": "up", "down": "down", "left": "left", "right": "right", "space": "space",
    "return": "enter", "enter": "enter", "tab": "tab", "escape": "escape",
    "backspace": "backspace", "page up": "pageup", "page down": "pagedown", "home": "home",
    "end": "end",
}  # fmt: skip
"""Keys as the window system calls them."""


def _font(pygame: Any, size: int) -> Any:
    """The type of the pictures; the window system's own where Pillow cannot hand it over."""
    from PIL import ImageFont

    source = getattr(ImageFont.load_default(size), "path", None)
    if not isinstance(source, io.BytesIO):
        return pygame.font.Font(None, size + 6)
    return pygame.font.Font(io.BytesIO(source.getvalue()), size)


def _load() -> Any:
    """Import pygame if a window can be opened here."""
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, displays)):
        raise UsageError(NO_DISPLAY)
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import pygame

    return pygame
