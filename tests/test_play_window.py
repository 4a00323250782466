"""The window: posted events under SDL's dummy driver, and a real one under Xvfb."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from smartplay.cards.card import GameCard
from smartplay.core.errors import UsageError
from smartplay.games.drawing import Picture
from smartplay.play import human
from smartplay.play.journal import Journal
from smartplay.play.view import View
from smartplay.play.watch import Recording, watch
from smartplay.play.window import HEAD, MARGIN, SIZE, Window
from smartplay.records.folder import RunFolder
from tests.golden import all_cards, first_of_code
from tests.players import recorded_run
from tests.test_play import hanoi_keys

ROOT = Path(__file__).parents[1]
SIDE = min(SIZE[1] - HEAD - 2 * MARGIN, (SIZE[0] - 2 * MARGIN) * 3 // 5)


@pytest.fixture
def pygame(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    import pygame

    return pygame


@pytest.fixture
def window(pygame: Any) -> Iterator[Window]:
    with Window() as opened:
        yield opened


def press(pygame: Any, *keys: str) -> None:
    """Post the events of keys, by the names of the window system or what they print."""
    for name in keys:
        code = pygame.key.key_code(name)
        typed = name if len(name) == 1 else ""
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=code, mod=0, unicode=typed))


def view_of(picture: Picture | None, text: str = "text", **more: Any) -> View:
    return View(title="A game", status=["step 1"], text=text, beside=text, picture=picture, **more)


def flat(color: tuple[int, int, int]) -> Picture:
    return np.full((400, 400, 3), color, dtype=np.uint8)


def picture_area(window: Window) -> Picture:
    top = HEAD + MARGIN
    return window.pixels()[top : top + SIDE, MARGIN : MARGIN + SIDE]


@pytest.mark.parametrize(
    ("named", "meant"),
    [("up", "up"), ("left", "left"), ("space", "space"), ("return", "enter"), (".", "."),
     ("escape", "escape"), ("a", "a"), ("7", "7"), ("backspace", "backspace")],
)  # fmt: skip
def test_keys_have_the_names_of_the_terminal(
    window: Window, pygame: Any, named: str, meant: str
) -> None:
    press(pygame, named)
    assert window.ask(view_of(None), 5) == meant


def test_closing_the_window_is_leaving(window: Window, pygame: Any) -> None:
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert window.ask(view_of(None), 5) == "escape"


def test_time_runs_out(window: Window) -> None:
    assert window.ask(view_of(None), 0.02) is None


def test_the_picture_is_shown_and_tab_switches(window: Window, pygame: Any) -> None:
    view = view_of(flat((0, 114, 178)))
    window.ask(view, 0)
    assert (picture_area(window) == (0, 114, 178)).all(), "the picture does not fill its place"
    press(pygame, "tab")
    window.ask(view, 0.05)
    assert not (picture_area(window) == (0, 114, 178)).all(axis=-1).any()
    press(pygame, "tab")
    window.ask(view, 0.05)
    assert (picture_area(window) == (0, 114, 178)).all()


def test_long_texts_scroll(window: Window, pygame: Any) -> None:
    view = view_of(None, "\n".join(f"line {k}" for k in range(200)))
    window.ask(view, 0)
    end = window.pixels()
    press(pygame, "home")
    window.ask(view, 0.05)
    top = window.pixels()
    press(pygame, "page down")
    window.ask(view, 0.05)
    assert (top != end).any()
    assert (window.pixels() != top).any()


def test_it_can_be_made_small(pygame: Any, window: Window) -> None:
    pygame.display.set_mode((120, 90), pygame.RESIZABLE)
    window.ask(view_of(flat((0, 0, 0)), "word " * 500), 0)
    assert window.pixels().shape == (90, 120, 3)


def test_hostile_texts_do_no_harm(window: Window) -> None:
    hostile = "\x00\x1b[2J\u202e" + "x" * 5000 + "\ud800"
    view = view_of(None, hostile, notice=hostile, keys=[("1", hostile)])
    window.ask(view, 0)


def play_in_window(out: Path, game: str) -> bool:
    player = human.source("ann", True, False)
    header, path = human.plan(game, player, 0, 1, None, out)
    with Window() as window:
        return human.play(window, header, path, player)


def test_a_game_is_played_in_the_window(pygame: Any, tmp_path: Path, monkeypatch: Any) -> None:
    keys = iter(["return", *hanoi_keys(), "return"])
    shown: list[Picture] = []
    ask = Window.ask

    def pressing(self: Window, view: View, timeout: float | None = None) -> str | None:
        if view.picture is not None:
            shown.append(view.picture)
        press(pygame, next(keys))
        return ask(self, view, timeout)

    monkeypatch.setattr(Window, "ask", pressing)
    assert play_in_window(tmp_path / "run", "Hanoi3Disk")
    (record,) = RunFolder(tmp_path / "run").episodes()
    assert (record.score, record.steps) == (3.0, 7)
    recording = Recording(tmp_path / "run", None, 0, True)
    replayed = [recording.view(number).picture for number in range(len(recording))]
    assert len(shown) == len(replayed) == 8
    for one, other in zip(shown, replayed, strict=True):
        assert other is not None
        assert (one == other).all(), "the window shows another picture than the record's"
    recording.close()


@pytest.mark.parametrize("card", first_of_code(all_cards()))
def test_every_game_has_its_picture_in_the_window(
    card: GameCard, window: Window, pygame: Any
) -> None:
    env = gym.make(card.id, render_mode="rgb_array", disable_env_checker=True)
    env.reset(seed=0)
    picture = np.asarray(env.render(), dtype=np.uint8)
    env.close()
    window.ask(view_of(picture), 0)
    area = picture_area(window).astype(np.float64)
    assert area.std() > 1, f"nothing of {card.id} is to be seen"
    assert abs(area.mean() - picture.mean()) < 12, "the picture is cut or covered"


def test_a_recording_is_watched_in_the_window(
    pygame: Any, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded_run(tmp_path / "run")
    recording = Recording(tmp_path / "run", None, 0, True)
    keys = iter(["space", "right", "right", "left", "e", "0", "escape"])
    ask = window.ask

    def press_and_ask(view: View, timeout: float | None) -> str | None:
        name, key = next(keys), None
        while key is None:  # a game that quits pygame elsewhere may take a posted event with it
            press(pygame, name)
            key = ask(view, 1.0)
        return key

    monkeypatch.setattr(window, "ask", press_and_ask)
    watch(window, recording, 2.0)
    recording.close()
    assert next(keys, None) is None, "the watcher left before the last key"


def test_without_a_display_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(UsageError, match=r"no display .* --as text"):
        Window()


def test_a_display_that_does_not_answer(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")}
    found = subprocess.run(
        [sys.executable, "-m", "smartplay", "play", "Hanoi3Disk", "--as", "picture", "--out", "r"],
        cwd=tmp_path, env=env | {"DISPLAY": ":987", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert found.returncode == 2, found.stderr
    assert "there is no display for a window" in found.stderr.splitlines()[-1]
    assert not (tmp_path / "r").exists(), "a run was begun that nobody can play"


KILLED = """
import os
from pathlib import Path
from smartplay.play import human
from smartplay.play.window import Window
import pygame

player = human.source("ann", True, False)
header, path = human.plan("Hanoi3Disk", player, 0, 1, None, Path("run"))
with Window() as window:
    keys, ask = ["enter", "1", "2"], window.ask
    def pressing(view, timeout=None):
        if not keys:
            os.kill(os.getpid(), 9)
        key = keys.pop(0)
        code = pygame.key.key_code({"enter": "return"}.get(key, key))
        event = {"key": code, "mod": 0, "unicode": key if len(key) == 1 else ""}
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, **event))
        return ask(view, timeout)
    window.ask = pressing
    human.play(window, header, path, player)
"""


def test_what_was_done_in_a_killed_window_is_on_the_disk(tmp_path: Path) -> None:
    env = os.environ | {"SDL_VIDEODRIVER": "dummy", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=tmp_path, env=env, capture_output=True, check=False
    )
    assert done.returncode == -9, done.stderr
    run = RunFolder(tmp_path / "run")
    moves = Journal(run).moves(("smartplay/Hanoi3Disk-v0", 0, 0))
    assert [(move.step, move.action) for move in moves] == [(0, None), (1, 0), (2, 1)]
    assert run.episodes() == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_a_real_window_under_xvfb(tmp_path: Path) -> None:
    """Open it on a real X server, and look at what the server shows, not at what we drew."""
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-fbdir", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        display = f":{server.stdout.readline().strip()}"
        recorded_run(tmp_path / "run")
        env = {k: v for k, v in os.environ.items() if k != "SDL_VIDEODRIVER"}
        command = [sys.executable, "-m", "smartplay", "watch", str(tmp_path / "run"), "--as",
                   "picture", "--speed", "100"]  # fmt: skip
        child = subprocess.Popen(command, cwd=ROOT, env=env | {"DISPLAY": display})
        try:
            assert wait_for_rods(tmp_path / "Xvfb_screen0"), "three disks never stood on rod C"
        finally:
            child.terminate()
            child.wait(60)
    finally:
        server.terminate()
        server.communicate(timeout=60)


def wait_for_rods(path: Path) -> bool:
    """Wait until the screen shows the smallest disk above the largest, on the last rod."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        screen = screenshot(path)
        if screen is not None:
            left = np.nonzero(screen.any(axis=(0, 2)))[0][0]  # of the window, on a black screen
            blue = np.nonzero((screen == (0, 114, 178)).all(axis=-1))[1]
            green = np.nonzero((screen == (0, 158, 115)).all(axis=-1))[1]
            seen = len(blue) > 500 and len(green) > 1000
            if seen and blue.mean() - left > 400 and abs(blue.mean() - green.mean()) < 5:
                return True
        time.sleep(0.2)
    return False


def screenshot(path: Path) -> Picture | None:
    """The screen of an Xvfb with `-fbdir`, which keeps it as an XWD file of 32 bits a pixel."""
    data = path.read_bytes()
    head = np.frombuffer(data[:100], dtype=">u4")
    size, width, height, per_line, colors = head[0], head[4], head[5], head[12], head[19]
    start = int(size) + 12 * int(colors)
    rows = np.frombuffer(data, np.uint8, int(per_line) * int(height), start)
    pixels = rows.reshape(int(height), int(per_line) // 4, 4)[:, : int(width), 2::-1]
    return pixels if pixels.any() else None
