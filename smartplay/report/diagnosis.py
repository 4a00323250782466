"""A diagnosis as people read it: Markdown, and the files that keep it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from smartplay.core.errors import RunFolderError
from smartplay.core.printable import plural
from smartplay.core.whole_files import write_atomically, writing
from smartplay.records.folder import pretty
from smartplay.report.markdown import escape, table_lines
from smartplay.scores.aids import HEADER, Gains
from smartplay.validity.diagnosis import Diagnosis

ABOUT = (
    "An aid does one thing for the agent, such as drawing a map; the placebo adds as many words "
    "that help nothing. A gain is the mean difference of scores in the same episodes. The 95 % "
    "intervals hold together. An aid is named if its gain and its gain over the placebo are both "
    "above 0."
)


def sections(found: Diagnosis) -> Iterator[tuple[str, Gains]]:
    """A title and the gains of each table: over all games if there are several, then each game."""
    if found.overall and len(found.games) > 1:
        yield "all games, normalised scores", found.overall
    for game, gains in found.games.items():
        unit = "raw" if found.units[game] == "raw" else "normalised"
        yield f"{game.removeprefix('smartplay/')}, {unit} scores", gains


def notes(found: Diagnosis) -> list[str]:
    """What limits the finding."""
    told = [f"{number} unscored in the arm {arm}" for arm, number in found.unscored.items()]
    return told + ([f"stopped: {found.stopped}"] if found.stopped else [])


def title(name: str, gains: Gains) -> str:
    """The heading of a table."""
    return f"{name}: {plural(gains.episodes, 'episode')}, {gains.score:.2f} without aid"


def to_markdown(found: Diagnosis) -> str:
    """The whole diagnosis as a section."""
    parts = [f"## What helps {escape(found.agent)}", ABOUT]
    for name, gains in sections(found):
        verdict = f"{gains.verdict[0].upper()}{gains.verdict[1:]}."
        parts += [f"### {escape(title(name, gains))}", escape(verdict)]
        parts.append(table_lines(HEADER, gains.rows()))
    return "\n\n".join(parts + [escape(note) for note in notes(found)]) + "\n"


def keep(found: Diagnosis, folder: Path) -> None:
    """Write `diagnosis.json` and `diagnosis.md`.

    Raises:
        RunFolderError: If the folder cannot be written.
    """
    with writing(f"into {folder}", RunFolderError):
        folder.mkdir(parents=True, exist_ok=True)  # nothing was played if it stopped before
        write_atomically(folder / "diagnosis.json", pretty(found))
        write_atomically(folder / "diagnosis.md", to_markdown(found).encode())
