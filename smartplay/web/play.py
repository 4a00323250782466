"""The pages on which people play.

A run belongs to the browser that began it: the end of its folder's name is a digest of the
browser's cookie. So it is found again after a restart of the server, and by nobody else.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from smartplay.agents.context import prompt_pages
from smartplay.core.errors import UsageError
from smartplay.games.registry import cards, get_card
from smartplay.play import human
from smartplay.play.keys import bindings
from smartplay.play.sitting import Sitting
from smartplay.records import RunHeader
from smartplay.records.folder import RunFolder
from smartplay.runner.episode import PICTURE_ONLY
from smartplay.runner.plan import default_folder
from smartplay.web.gate import digest
from smartplay.web.pages import BusyError, NotHereError, go, page

MOST_SITTINGS, IDLE = 200, 60.0
"""Runs that are held open at once, and seconds after which one may make room for another."""
NAME = re.compile(r"[\w.-]{1,200}")
LATE = "That step had been taken already. This is where the game stands now."


class Sittings:
    """The runs that are being played, by folder; one that was let go is taken up when asked for."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open: OrderedDict[Path, tuple[Sitting, float]] = OrderedDict()

    def take(self, path: Path, header: RunHeader | None = None) -> Sitting:
        """The sitting of a run.

        Args:
            path: The run folder.
            header: What is played, if it is a new run.

        Raises:
            NotHereError: If there is no run there.
            BusyError: If no room is left.
        """
        with self._lock:
            if path in self._open and not self._open[path][0].folder.exists:
                self._open.pop(path)[0].close()  # whoever deleted the run need not have asked us
            if path in self._open:
                sitting, _ = self._open.pop(path)
            else:
                self._make_room()
                sitting = _sit_down(path, header)
            self._open[path] = (sitting, time.monotonic())
            return sitting

    def drop(self, folder: Path) -> None:
        """Let go of the runs in a folder."""
        with self._lock:
            for path in [path for path in self._open if path.is_relative_to(folder)]:
                self._open.pop(path)[0].close()

    def close(self) -> None:
        """Let go of all; what was done is on the disk."""
        while self._open:
            self._open.popitem()[1][0].close()

    def _make_room(self) -> None:
        while len(self._open) >= MOST_SITTINGS:
            path, (sitting, used) = next(iter(self._open.items()))
            if time.monotonic() - used < IDLE:
                raise BusyError
            del self._open[path]
            sitting.close()


def _sit_down(path: Path, header: RunHeader | None) -> Sitting:
    if header is None:
        folder = RunFolder(path)
        if not folder.exists:
            raise NotHereError
        old = folder.header()
        player = human.player_of(old)
        given, games = old.arguments, [get_card(game).id for game in old.games]
        header, _ = human.plan(
            games, player, old.seed, given["episodes"], given["steps"], path,
            split=old.split, measurement=old.measurement,
        )  # fmt: skip
    return Sitting(header, path, human.player_of(header))


class PlayPages:
    """Starting games, and playing them.

    Args:
        root: The folder of the runs.
        sittings: The runs that are held open.
    """

    def __init__(self, root: Path, sittings: Sittings) -> None:
        self._root, self._sittings = root, sittings

    def begin(self, request: Request) -> Response:
        """Start a run, or take up the one this browser has begun of the same."""
        form = request.scope["form"]
        shown = form.get("shown", "text")
        seed = _whole(form.get("seed", ""), "seed")
        player = human.source(form.get("name", "").strip() or "anonymous", shown)
        mine = digest("run", request.scope["owner"])[:12]

        def place(header: RunHeader) -> Path:
            return self._root / f"{default_folder(header).name}-{mine}"

        episodes = _whole(form.get("episodes", "").strip() or "1", "episodes")
        game = get_card(form.get("game", "")).id  # a card file could name any code
        header, path = human.plan(game, player, seed, episodes, None, None, place=place)
        self._sittings.take(path, header)
        return go(f"/play/{path.name}")

    def show(self, request: Request) -> Response:
        """Where a run stands."""
        sitting = self._find(request)
        return page(request, "play", s=scene(sitting, request), run=sitting.folder.path.name)

    def act(self, request: Request) -> Response:
        """Start an episode or take an action; what comes late or twice changes nothing."""
        sitting = self._find(request)
        taken = take_turn(sitting, request.scope["form"])
        return go(f"/play/{sitting.folder.path.name}{'' if taken else '?late=1'}")

    def _find(self, request: Request) -> Sitting:
        name = request.path_params["run"]
        mine = digest("run", request.scope["owner"])[:12]
        if not NAME.fullmatch(name) or not name.endswith(f"-{mine}"):
            raise NotHereError
        return self._sittings.take(self._root / name)


def take_turn(sitting: Sitting, form: dict[str, str]) -> bool:
    """What a form asks of a sitting; says whether it was the present turn.

    Raises:
        UsageError: If the action is none.
    """
    turn, action = form.get("turn", ""), _whole(form.get("action", ""), "action")
    return sitting.start(turn) if action is None else sitting.act(turn, action)


def scene(sitting: Sitting, request: Request) -> dict[str, Any]:
    """What a page shows of a sitting: what an agent reads, and nothing else until the end."""
    with sitting.lock:
        job, observation, steps = sitting.job, sitting.observation, sitting.steps
        told: dict[str, Any] = {
            "title": get_card(job.game).title if job else "The run is over",
            "playing": observation is not None,
            "over": job is None,
            "ended": sitting.ended,
            "number": sitting.finished + 1,
            "planned": sitting.header.planned,
            "measured": sitting.header.measurement is not None,
            "most": job.steps if job else 0,
            "turn": sitting.turn,
            "notice": LATE if "late" in request.query_params else "",
        }
        if job is None or observation is None:
            return told
        pages = prompt_pages(observation, steps)
        if sitting.player_shown == "picture":
            pages = [(pages[-1][0], PICTURE_ONLY)]
        return told | {
            "manual": sitting.manual,
            "pages": pages,
            "picture": sitting.picture(),
            "actions": list(zip(bindings(sitting.actions), sitting.actions, strict=True)),
            "steps": steps,
            "left": job.steps - steps,
        }


def game_choices() -> dict[str, list[tuple[str, str]]]:
    """Every game that can be played, by family: its short id, and its title with it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for card in cards():
        if card.playable:
            label = f"{card.title} ({card.id.split('/')[-1]})"
            found.setdefault(card.family, []).append((card.id, label))
    return found


def _whole(text: str, what: str) -> int | None:
    """A number of a form, or a UsageError; None for an empty field."""
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise UsageError(f"{what} must be a whole number, not {text[:40]!r}")
    return int(text)
