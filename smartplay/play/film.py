"""Makes a film of a recorded episode, without a display."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from smartplay.core.errors import UsageError
from smartplay.core.loading import optional
from smartplay.core.whole_files import writing
from smartplay.games.drawing import INK, PAPER, SHADE, SIZE, Picture
from smartplay.play.view import View, displayed, wrapped
from smartplay.play.watch import Recording

KINDS = (".gif", ".mp4")
PANEL, FOOT = 400, 32
WIDTH, HEIGHT = SIZE + PANEL, SIZE + FOOT
TYPE, STEP = 15, 19
LAST_SECONDS = 3.0
COLORS, SAMPLES = 255, 16
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
    part = path.with_name(f".{path.stem}.{secrets.token_hex(8)}.part{kind}")  # no link in wait
    with writing(path), ExitStack() as stack:
        path.parent.mkdir(parents=True, exist_ok=True)
        stack.callback(part.unlink, missing_ok=True)
        if kind == ".gif":
            _gif(recording, part, speed)
        else:
            _mp4(_frames(recording), part, speed)
        part.replace(path)
    return len(recording)


def _frames(recording: Recording) -> Iterator[Picture]:
    return (frame(recording.view(number, keys=())) for number in range(len(recording)))


def frame(view: View) -> Picture:
    """A moment as a picture of shape (432, 800, 3): the game on the left, the words beside it."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    if view.picture is not None:
        picture = Image.fromarray(view.picture)
        image.paste(picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, SIZE, WIDTH, HEIGHT), SHADE)
    font = _font()
    foot = "   ".join([displayed(view.title), *view.status, displayed(view.notice)])
    draw.text((10, SIZE + FOOT / 2), foot, INK, font, "lm")
    most = (SIZE - 16) // STEP
    fitting = wrapped(displayed(view.text), PANEL - 24, font.getlength)
    lines = list(islice(fitting, most + 1))
    if len(lines) > most:
        lines = [*lines[: most - 1], "(...)"]
    for place, line in enumerate(lines):
        draw.text((SIZE + 12, 8 + place * STEP), line, INK, font)
    return np.asarray(image, dtype=np.uint8)


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(TYPE)


def _gif(recording: Recording, path: Path, speed: float) -> None:
    """Write a .gif whose frames share their colours, so that only what changes is stored."""
    last = len(recording) - 1
    chosen = sorted({round(k * last / (SAMPLES - 1)) for k in range(SAMPLES)})
    samples = [frame(recording.view(number, keys=()))[::2, ::2] for number in chosen]
    colors = Image.fromarray(np.concatenate(samples)).quantize(COLORS, Image.Quantize.FASTOCTREE)
    images = (
        Image.fromarray(shown).quantize(palette=colors, dither=Image.Dither.NONE)
        for shown in _frames(recording)
    )
    times = [max(20, round(1000 / speed))] * last + [round(1000 * LAST_SECONDS)]
    first = next(images)
    first.save(path, save_all=True, append_images=images, duration=times, loop=0)


def _mp4(frames: Iterator[Picture], path: Path, speed: float) -> None:
    needed = 'an .mp4 needs another package: pip install "smartplay[film]" (a .gif does not)'
    optional("imageio_ffmpeg", needed)
    import imageio

    writer: Any = imageio.get_writer(path, format="FFMPEG", mode="I", fps=speed, quality=9)
    with writer:
        for shown in frames:
            writer.append_data(shown)
        for _ in range(round(LAST_SECONDS * speed) - 1):
            writer.append_data(shown)
