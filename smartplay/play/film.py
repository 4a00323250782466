"""Makes a film of a recorded episode, without a display."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from smartplay.errors import MissingPackageError, UsageError
from smartplay.games.drawing import INK, PAPER, SHADE, SIZE, Picture
from smartplay.play.view import View, displayed
from smartplay.play.watch import Recording

KINDS = (".gif", ".mp4")
PANEL, FOOT = 400, 32
WIDTH, HEIGHT = SIZE + PANEL, SIZE + FOOT
TYPE, STEP = 15, 19
LAST_SECONDS = 3.0
MOST_IN_GIF = 2000
"""Moments of a .gif, which is put together in memory; an .mp4 has no limit."""


def make_film(recording: Recording, path: Path, speed: float) -> int:
    """Write a film, one frame per moment; the last one stays for three seconds.

    Args:
        recording: What to film, with pictures.
        path: `.gif` or `.mp4`.
        speed: Steps per second.

    Returns:
        How many moments it shows.

    Raises:
        UsageError: If the file cannot be written, or is of another kind.
        MissingPackageError: If an `.mp4` is asked for without what writes it.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise UsageError(f"a film is a {' or '.join(KINDS)} file, not {path.name!r}")
    if kind == ".gif" and len(recording) > MOST_IN_GIF:
        raise UsageError(
            f"{len(recording)} moments are too many for a .gif ({MOST_IN_GIF}); write an .mp4"
        )
    frames = (frame(recording.view(number, keys=())) for number in range(len(recording)))
    part = path.with_name(f".{path.stem}.{secrets.token_hex(8)}.part{kind}")  # no link in wait
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    try:
        if kind == ".gif":
            _gif(frames, len(recording), part, speed)
        else:
            _mp4(frames, part, speed)
        part.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return len(recording)


def frame(view: View) -> Picture:
    """A moment as a picture of shape (432, 800, 3): the game on the left, the words beside it."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    if view.picture is not None:
        image.paste(_fitted(view.picture), (0, 0))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, SIZE, WIDTH, HEIGHT), SHADE)
    font = ImageFont.load_default(TYPE)
    foot = "   ".join([displayed(view.title), *view.status, displayed(view.notice)])
    draw.text((10, SIZE + FOOT / 2), foot, INK, font, "lm")
    lines = _lines(displayed(view.beside), font, PANEL - 24)
    most = (SIZE - 16) // STEP
    if len(lines) > most:
        lines = [*lines[: most - 1], "(...)"]
    for place, line in enumerate(lines):
        draw.text((SIZE + 12, 8 + place * STEP), line, INK, font)
    return np.asarray(image, dtype=np.uint8)


def _fitted(picture: Picture) -> Image.Image:
    image = Image.fromarray(picture)
    if image.size == (SIZE, SIZE):
        return image
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def _lines(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        now = ""
        for word in line.split(" "):
            longer = f"{now} {word}" if now else word
            if now and font.getlength(longer) > width:
                lines.append(now)
                longer = word
            while font.getlength(longer) > width:  # a word wider than the panel
                fits = max(1, int(len(longer) * width / font.getlength(longer)))
                lines.append(longer[:fits])
                longer = longer[fits:]
            now = longer
        lines.append(now)
    return lines


def _gif(frames: Iterator[Picture], number: int, path: Path, speed: float) -> None:
    times = [max(20, round(1000 / speed))] * (number - 1) + [round(1000 * LAST_SECONDS)]
    images = map(Image.fromarray, frames)
    first = next(images)
    first.save(path, save_all=True, append_images=images, duration=times, loop=0)


def _mp4(frames: Iterator[Picture], path: Path, speed: float) -> None:
    try:
        import imageio_ffmpeg  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            'an .mp4 needs another package: pip install "smartplay[film]" (a .gif does not)'
        ) from error
    import imageio

    writer: Any = imageio.get_writer(path, format="FFMPEG", mode="I", fps=speed, quality=9)
    with writer:
        for shown in frames:
            writer.append_data(shown)
        for _ in range(round(LAST_SECONDS * speed) - 1):
            writer.append_data(shown)
