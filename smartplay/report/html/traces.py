"""The episodes of a page: what stands in the page, and what in files beside it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path

import msgspec

from smartplay.core import printable
from smartplay.core.errors import MissingStepsError, RunFolderError
from smartplay.core.untrusted import own_path
from smartplay.core.whole_files import write_atomically
from smartplay.records import GameHeader
from smartplay.records.folder import RunFolder
from smartplay.report import wording
from smartplay.report.content import Report
from smartplay.report.details import EpisodeDetail
from smartplay.report.html.packing import pack_episode, packed_size
from smartplay.report.html.pictures import address, draw_episode, why_no_pictures

STEPS_BYTES = 3_200_000
EPISODE_BYTES = 600_000
PICTURES_BYTES = 1_500_000

Key = tuple[int, str, int, int]
"""A run, a game, an episode and which play of it."""


class Place(msgspec.Struct, frozen=True, rename="camel"):
    """Where the viewer finds an episode's steps.

    Attributes:
        id: The id of the page's element that holds them; empty if they are in a file.
        file: The file beside the page; empty if they are in the page.
        missing: Why there are none; empty if there are.
    """

    id: str = ""
    file: str = ""
    missing: str = ""


NOWHERE = Place(missing="No steps of this episode were kept.")


class Traces(msgspec.Struct):
    """All episodes of a page.

    Attributes:
        places: Where each episode is, by run, game, episode and repeat.
        packed: The packed episodes of the page by their element's id.
        thumbnails: A picture per game, as a data address.
        aside: How many episodes are in files beside the page.
        undrawn: How many episodes have no pictures for want of room.
        steps_room: Bytes that are left for steps.
        pictures_room: Bytes that are left for pictures.
    """

    places: dict[Key, Place] = {}
    packed: dict[str, str] = {}
    thumbnails: dict[str, str] = {}
    aside: int = 0
    undrawn: int = 0
    steps_room: int = 0
    pictures_room: int = 0


def collect_traces(reports: Sequence[Report], folders: Sequence[Path], aside: Path) -> Traces:
    """Pack the episodes of all runs, the first of each game before the second of any.

    Args:
        reports: A report per run.
        folders: The run folders.
        aside: The folder for what finds no room in the page; made when needed, and emptied of
            what an earlier report left there.

    Raises:
        RunFolderError: If the folder for them is a link, which would lead out of the run folder.
        OSError: If a file cannot be written.
    """
    own_path(aside.parent, aside.name)
    for old in aside.glob("[0-9]*-*-[0-9]*.js"):
        old.unlink()
    traces = Traces(steps_room=STEPS_BYTES, pictures_room=PICTURES_BYTES)
    episodes = [
        (place, run, folder, report.run.games[detail.game], detail.game, episode)
        for run, (report, folder) in enumerate(zip(reports, map(RunFolder, folders), strict=True))
        for detail in report.details
        for place, episode in enumerate(detail.episodes)
    ]
    for _, run, folder, plan, game, episode in sorted(episodes, key=itemgetter(0)):
        _collect(traces, aside, run, folder, plan.at(episode.level), game, episode)
    return traces


def _collect(
    traces: Traces,
    aside: Path,
    run: int,
    folder: RunFolder,
    plan: GameHeader,
    game: str,
    episode: EpisodeDetail,
) -> None:
    key = (run, game, *episode.key)
    try:
        header, steps = folder.steps(game, episode.episode, episode.steps, episode.repeat)
    except MissingStepsError:
        traces.places[key] = NOWHERE
        return
    except RunFolderError as error:
        traces.places[key] = Place(missing=printable.line(str(error), printable.TEXT))
        return
    refused = why_no_pictures(game, plan)
    pictures: dict[int, str] = {}
    if not refused and traces.pictures_room > 0:
        pictures = draw_episode(plan, header, steps)
        traces.pictures_room -= packed_size(pictures.values())
        if pictures:
            if game not in traces.thumbnails:
                traces.thumbnails[game] = address([*pictures.values()][len(pictures) // 3])
        else:
            refused = "The game could not be drawn, or no longer does what was recorded."
    elif not refused:
        refused = "There is no room for pictures of this episode; lower episodes have some."
        traces.undrawn += 1
    packed = pack_episode(header, steps, pictures, refused)
    name = f"{run}-{wording.name(game)}-{episode.label}"
    if len(packed) <= min(traces.steps_room, EPISODE_BYTES):
        traces.steps_room -= len(packed)
        traces.packed[f"steps-{name}"] = packed
        traces.places[key] = Place(id=f"steps-{name}")
        return
    aside.mkdir(exist_ok=True)
    write_atomically(aside / f"{name}.js", f'smartplaySteps("{name}","{packed}");\n'.encode())
    traces.places[key] = Place(id=name, file=f"{aside.name}/{name}.js")
    traces.aside += 1
