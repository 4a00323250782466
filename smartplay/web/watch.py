"""The pages on which runs are watched: what there is, how far a run is, reports, films."""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from smartplay.core import printable
from smartplay.core.errors import SmartPlayError, UsageError
from smartplay.games.registry import find_card
from smartplay.play.film import make_film
from smartplay.play.watch import Recording
from smartplay.records import EpisodeRecord, RunHeader, Usage
from smartplay.records.folder import RunFolder, in_order
from smartplay.records.prices import Prices
from smartplay.report import build_report
from smartplay.report.costs import cost_of
from smartplay.report.html import write_html
from smartplay.report.listing import DEPTH, Listed, list_runs
from smartplay.runner.live import LIVE, Live, read_live
from smartplay.web.pages import NotHereError, go, page
from smartplay.web.play import game_choices

PART = re.compile(r"(?!\.)[^/\\\0]{1,255}")
POLL, LISTED, MOST_COMPARED, FILM_SPEED = 2, 100, 50, 2.0
MOST_MADE = 200
"""Reports and films that are kept for the next who asks; the oldest go first."""


class WatchPages:
    """Looking at the runs of a folder.

    Args:
        root: The folder of the runs.
        made: An empty folder for reports and films, which is removed at the end.
        board: Whether there is a leaderboard.
        prices: What tokens cost.
    """

    def __init__(self, root: Path, made: Path, board: bool, prices: Prices | None) -> None:
        self._root, self._made, self._board, self._prices = root, made, board, prices
        self._making = threading.Lock()

    def close(self) -> None:
        """Remove what was made."""
        shutil.rmtree(self._made, ignore_errors=True)

    def home(self, request: Request) -> Response:
        """What can be played, and the runs there are."""
        found = list(list_runs(self._root)) if self._root.is_dir() else []
        return page(
            request,
            "home",
            games=game_choices(),
            runs=[(self._name(run), _listed(run.games), run) for run in found if not run.problem],
            problems=[(self._name(each), each.problem) for each in found if each.problem],
            root=str(self._root),
            board=self._board,
        )

    def run(self, request: Request) -> Response:
        """How far a run is, what it plays now, and the way to its replays."""
        folder = self._find(request.path_params["run"])
        header = folder.header()
        ended = folder.ended(header)
        records = in_order(header, ended)
        scored = [record for record in records if record.status == "scored"]
        by_game = {game: [r for r in scored if r.game == game] for game in header.games}
        cost = cost_of(scored, header, self._prices)
        live, age = _live(folder)
        title = {game: card.title if (card := find_card(game)) else "" for game in header.games}
        return page(
            request,
            "run",
            name=request.path_params["run"],
            header=header,
            title=title,
            short=lambda game: game.split("/")[-1],
            scored=len(scored),
            unscored=len(records) - len(scored),
            planned=header.planned,
            poll=0 if len(scored) >= header.planned else POLL,
            games=[_line(header, game, by_game[game]) for game in header.games],
            invalid=sum(sum(record.invalid.values()) for record in scored),
            steps=sum(record.steps for record in scored),
            calls=sum(record.calls for record in scored),
            usage=sum((record.usage for record in scored), Usage()),
            cost=cost,
            live=live.episodes,
            age=age,
            episodes=_latest(ended[-LISTED:]),
        )

    def report(self, request: Request) -> Response:
        """The report of a run, made now unless it was made before."""
        return self._report([self._find(request.path_params["run"])])

    def compare(self, request: Request) -> Response:
        """The report of several runs."""
        names = request.query_params.getlist("run")
        if not 2 <= len(set(names)) <= MOST_COMPARED:
            raise UsageError(f"choose from 2 to {MOST_COMPARED} runs to compare")
        return self._report([self._find(name) for name in dict.fromkeys(names)])

    def film(self, request: Request) -> Response:
        """A film of an episode."""
        folder = self._find(request.path_params["run"])
        asked = request.query_params
        game, numbers = asked.get("game", ""), (asked.get("episode", ""), asked.get("repeat", "0"))
        if not all(re.fullmatch("[0-9]{1,9}", number) for number in numbers):
            raise UsageError("name the game and the number of the episode")
        episode, repeat = map(int, numbers)
        key = self._key([folder], f"film {game} {episode} {repeat}")

        def make(out: Path) -> None:
            recording = Recording(folder.path, game or None, episode, True, repeat=repeat)
            with closing(recording):
                make_film(recording, out, FILM_SPEED)

        return self._once(f"{key}/film.gif", make)

    def _report(self, folders: list[RunFolder]) -> Response:
        def make(out: Path) -> None:
            reports = [build_report(folder.path, self._prices) for folder in folders]
            write_html(reports, [folder.path for folder in folders], out)

        return self._once(f"{self._key(folders, 'report')}/report.html", make)

    def _once(self, name: str, make: Callable[[Path], None]) -> Response:
        """Lead to what is made now, unless it was made before; the oldest of all is forgotten."""
        with self._making:
            if not (self._made / name).exists():
                make(self._made / name)
                kept = sorted(self._made.iterdir(), key=lambda path: path.stat().st_mtime)
                for path in kept[:-MOST_MADE]:
                    shutil.rmtree(path, ignore_errors=True)
        return go(f"/made/{name}")

    def _key(self, folders: list[RunFolder], what: str) -> str:
        """A digest of what is made, and of the content it is made from."""
        found = hashlib.sha256(what.encode())
        for folder in folders:
            folder.results(folder.header())  # in the bounds of what is read of a stranger's folder
            found.update(str(folder.path).encode())
            for name in ("run.json", "episodes.jsonl"):
                with suppress(FileNotFoundError):
                    found.update(hashlib.sha256((folder.path / name).read_bytes()).digest())
        return found.hexdigest()[:32]

    def _find(self, name: str) -> RunFolder:
        """A run of the folder that is served, by its path in it; no link leads out of it."""
        parts = name.split("/")
        if len(parts) > DEPTH or not all(PART.fullmatch(part) for part in parts):
            raise NotHereError
        path = self._root
        for part in parts:
            path /= part
            if path.is_symlink():
                raise NotHereError
        try:
            if not RunFolder(path).exists:
                raise NotHereError
        except SmartPlayError as error:
            raise NotHereError from error
        return RunFolder(path)

    def _name(self, each: Listed) -> str:
        return Path(each.path).relative_to(self._root).as_posix()


def _listed(games: Sequence[str]) -> str:
    names = [game.split("/")[-1] for game in games]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")


def _line(header: RunHeader, game: str, records: list[EpisodeRecord]) -> dict[str, Any]:
    """What the page says of a game, as far as it was played."""
    scores = [record.score for record in records if record.score is not None]
    told = scores and header.measurement is None  # a mean over chosen levels says nothing
    return {
        "game": game,
        "played": len(records),
        "score": sum(scores) / len(scores) if told else None,
        "steps": sum(record.steps for record in records),
        "invalid": sum(sum(record.invalid.values()) for record in records),
    }


def _live(folder: RunFolder) -> tuple[Live, int]:
    """What a run plays now, and the seconds since it said so; a sitting says nothing."""
    try:
        live = read_live(folder)
        return live, max(0, round(time.time() - (folder.path / LIVE).lstat().st_mtime))
    except (SmartPlayError, OSError):
        return Live([]), 0


def _latest(ended: list[EpisodeRecord]) -> list[dict[str, Any]]:
    """What the page says of episodes, the newest first."""
    return [
        {
            "game": record.game.split("/")[-1],
            "id": record.game,
            "number": f"{record.episode}" + (f"-r{record.repeat}" if record.repeat else ""),
            "episode": record.episode,
            "repeat": record.repeat,
            "score": "-" if record.score is None else f"{record.score:.4g}",
            "steps": record.steps,
            "invalid": sum(record.invalid.values()),
            "error": printable.line(record.error or ""),
        }
        for record in reversed(ended)
    ]
